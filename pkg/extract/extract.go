// Package extract turns the bytes of a document into plain text with its
// structure: headings, paragraphs, items of lists, code and rows of tables, each
// with the lines of the source that it comes from.
//
// It reads Markdown, HTML, reStructuredText, AsciiDoc, Org and plain text, in
// UTF-8, UTF-16 or Windows-1252 (HTML in whatever encoding it declares), and whatever
// else is text as it stands. Formats that are none, such as PDF, are the matter of a
// Filter, a program of the user's that writes plain text.
//
// Whatever the bytes are, it does not panic, takes time in proportion to their
// number, and holds a small multiple of them in memory. What a document's markup
// does not allow to be read in that time is read as plain text.
//
//	doc, err := extract.Extract("docs/guide.md", content)
//	if err != nil {
//		return err // a *kb.Fault: unsupported, binary, extract
//	}
//	for block := range doc.All() {
//		fmt.Println(block.Start, block.Kind, block.Text)
//	}
package extract

import (
	"path"
	"strings"

	"github.com/seed16713943/btools/pkg/kb"
)

// Version is the version of what this package makes of documents. Text made by
// another one is still right, but may differ from what is made now.
const Version = 5

// Failed is the code of a filter or an extractor that failed; the other faults of
// this package are kb.Unsupported and kb.Binary.
const Failed kb.Code = "extract"

// Document is the text of a document with its structure, in reading order.
type Document struct {
	// Title is what the document calls itself: the title of its front matter or
	// head, without the name of the site if a heading says the rest, else its first
	// heading of level 1, else its first heading; "" if it has none. A title of front
	// matter or head is in no block, unless there is no other text: then it is a heading.
	Title string
	// Meta has the scalars of front matter, by their names in lower case; the
	// members of a list are joined with ", ". It is not text to search; nil if
	// there is none.
	Meta map[string]string
	// Blocks are its blocks, or the last of very many: All has them all.
	Blocks []Block

	parts []part         // the blocks before those
	marks map[Block]kept // of long blocks
}

// Kind is what a block is.
type Kind int

// The kinds of blocks.
const (
	Paragraph Kind = iota // running text
	Heading               // a heading, with its level
	Item                  // an item of a list, or one paragraph of it; a term, or its definition
	Code                  // text whose line breaks and indentation count
	Row                   // a row of a table; its cells are separated by tabs, empty ones left out
)

// String gives the name of a kind.
func (k Kind) String() string {
	return [...]string{"paragraph", "heading", "item", "code", "row"}[k]
}

// Block is a piece of a document. Blocks are in the order of their Start.
type Block struct {
	Kind  Kind
	Level int // of a heading, 1 to 6; of an item, how deep it is nested, from 1; else 0
	// Text is UTF-8 without markup and never empty. White space is one space
	// between words; a newline is a line break that the author asked for. In Code
	// all white space is as in the source.
	Text string
	// Start and End are the first and last line of the source that it comes from,
	// from 1, inclusive.
	Start, End int
}

// extractor reads text into b.
type extractor func(b *builder, text string)

// formats has the extractor of each extension. A format without one needs a
// filter, even where its bytes happen to be text.
var formats = map[string]extractor{
	"md": markdown, "markdown": markdown, "mkd": markdown, "mdown": markdown, "qmd": markdown, "rmd": markdown, "mdx": mdx,
	"html": page, "htm": page, "xhtml": xhtml, "xht": xhtml,
	"rst": restructured, "rest": restructured,
	"adoc": asciidoc, "asciidoc": asciidoc, "asc": asciidoc,
	"org": org,
	"":    prose, "txt": prose, "text": prose,
	"pdf": nil, "ps": nil, "eps": nil, "rtf": nil, "djvu": nil, "epub": nil, "mobi": nil,
	"doc": nil, "docx": nil, "odt": nil, "xls": nil, "xlsx": nil, "ods": nil, "ppt": nil, "pptx": nil, "odp": nil,
	"pages": nil, "numbers": nil, "key": nil, "one": nil, "msg": nil, "chm": nil,
}

// Extract gives the text of a document. Its format follows from the extension of
// the path; text of an unknown one is taken as it is, with its line breaks.
//
// The error is a *kb.Fault of the class validation for a format that needs a
// filter (kb.Unsupported) and for bytes that are no text (kb.Binary), and of the class
// processing for an extractor that failed (Failed).
func Extract(path string, content []byte) (doc *Document, err error) {
	ext := Extension(path)
	extract, known := formats[ext]
	if known && extract == nil {
		return nil, kb.NewFault(kb.Validation, kb.Unsupported, "text of .%s files needs a filter", ext)
	}
	if !known {
		extract = verbatim
	}
	text, err := decode(content, declaredCharset(ext, content))
	if err != nil {
		return nil, err
	}
	defer func() {
		if cause := recover(); cause != nil {
			doc, err = nil, kb.NewFault(kb.Processing, Failed, "extract .%s: %v", ext, cause)
		}
	}()
	b := builders.Get().(*builder)
	extract(b, withoutTerminal(text))
	b.settleTitle()
	return b.done(), nil
}

// NeedsFilter reports whether the format of a path is one whose text only a Filter
// can make, whatever the bytes are.
func NeedsFilter(path string) bool {
	extract, known := formats[Extension(path)]
	return known && extract == nil
}

// Extension gives the extension of a path in lower case, without its dot.
func Extension(name string) string {
	base := path.Base(name)
	ext := path.Ext(base)
	if len(ext) == len(base) {
		return "" // a dotfile
	}
	return strings.ToLower(strings.TrimPrefix(ext, "."))
}
