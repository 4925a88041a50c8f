package extract

import (
	"bytes"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// page reads an HTML document: what its main part holds, if it says which that
// is, else all but its navigation, its foot, and mostly its head (see layout).
func page(b *builder, source string) {
	xml := strings.HasPrefix(source, "<?xml")
	newPageReader(b, source, pageOptions{xml: xml, first: 1}).read()
}

// xhtml reads a document whose empty elements may end in their own tag.
func xhtml(b *builder, source string) {
	newPageReader(b, source, pageOptions{xml: true, first: 1}).read()
}

// fragment reads HTML inside a document of another format, which has no parts
// beside its main one.
func fragment(b *builder, source string, first int) {
	newPageReader(b, source, pageOptions{fragment: true, first: first}).read()
}

type pageOptions struct {
	xml      bool
	fragment bool
	first    int // line of the document at which the source begins
}

// pageReader reads the tags of a page one after another. It makes no tree; the
// elements that are open are enough to know what a piece of text is.
type pageReader struct {
	b    *builder
	opt  pageOptions
	tags *html.Tokenizer
	open elements
	line int // at which the tag or text in hand begins

	start, end int    // lines of the open block
	pre        []byte // text of the open pre element or listing
	breaks     int    // line breaks since the last text
	bar        bool   // the open block is a bar of links to other pages

	layout layout
}

func newPageReader(b *builder, source string, opt pageOptions) *pageReader {
	r := &pageReader{b: b, opt: opt, tags: html.NewTokenizer(strings.NewReader(source)), line: opt.first}
	if opt.fragment {
		r.open.now.region = inMain
	}
	return r
}

func (r *pageReader) read() {
	for {
		token := r.tags.Next()
		next := r.line + bytes.Count(r.tags.Raw(), []byte("\n"))
		switch token {
		case html.ErrorToken:
			r.flush()
			if !r.opt.fragment {
				r.layout.choose(r.b)
				r.shortenTitle()
			}
			return
		case html.TextToken:
			r.text()
		case html.StartTagToken, html.SelfClosingTagToken:
			r.startTag(token == html.SelfClosingTagToken)
		case html.EndTagToken:
			name, _ := r.tags.TagName()
			r.endTag(atom.Lookup(name))
		}
		r.line = next
	}
}

// shortenTitle leaves the title of the page itself, which is a heading of level 1
// or the first heading, if the title names the site beside it.
func (r *pageReader) shortenTitle() {
	first := true
	for block := range r.b.doc.All() {
		if block.Kind != Heading {
			continue
		}
		if (first || entitles(&block)) && besideSite(r.b.doc.Title, block.Text) {
			r.b.doc.Title = block.Text
			return
		}
		first = false
	}
}

// besideSite reports whether a title is a heading and the name of a site. What
// stands before the heading is one only if it ends in a colon: the heading may be
// the name of the site itself, as in "Page — Site".
func besideSite(title, heading string) bool {
	if site, found := strings.CutSuffix(title, heading); found && strings.HasSuffix(site, ": ") {
		return true
	}
	site, found := strings.CutPrefix(title, heading)
	return found && slices.ContainsFunc(siteSeparators, func(s string) bool { return strings.HasPrefix(site, s) })
}

// siteSeparators stand between the title of a page and the name of its site.
var siteSeparators = []string{
	" - ", " – ", " — ", " | ", ": ", " : ", " :: ", " · ", " • ", " » ", " « ", " › ", " ‹ ", " > ", " < ", " / ", " ~ ", " (", "｜", "：",
}

// text reads the text between two tags.
func (r *pageReader) text() {
	in := r.open.now
	if in.hidden && in.tag != atom.Title {
		return
	}
	raw := r.tags.Raw()
	lead := len(raw) - len(bytes.TrimLeftFunc(raw, unicode.IsSpace))
	start := r.line + bytes.Count(raw[:lead], []byte("\n"))
	end := r.line + bytes.Count(bytes.TrimRightFunc(raw, unicode.IsSpace), []byte("\n"))
	breaks := bytes.Count(raw, []byte("\n"))
	text := r.tags.Text() // in the place of raw
	r.b.from(r.line, r.line)
	if bytes.Count(text, []byte("\n")) != breaks { // some stand there as references
		r.b.from(r.line, r.line+breaks)
		r.b.still = true
		defer func() { r.b.still = false }()
	}
	switch {
	case in.tag == atom.Title:
		if !r.open.has(atom.Svg) {
			r.b.title(string(text), start, end)
		}
	case in.pre:
		r.markCode(text)
		r.pre = append(r.pre, text...)
		if !blank(string(text)) {
			r.lines(start, end)
		}
	case lead == len(raw):
		r.b.part(space)
		if bytes.IndexByte(raw, '\n') >= 0 {
			r.b.part(newline)
		}
	default:
		r.beside()
		r.lines(start, end)
		r.breaks = 0
		r.b.fold(string(text))
	}
}

// markCode notes the lines of code that is to be added.
func (r *pageReader) markCode(text []byte) {
	at := len(r.pre)
	for line := range bytes.Lines(text) {
		r.b.mark(at)
		r.b.lineBreak()
		at += len(line)
	}
}

// beside ends the code of a listing before text that is in none of its lines.
func (r *pageReader) beside() {
	if len(r.pre) > 0 {
		r.flush()
	}
}

// lines adds text that comes from some lines to the open block.
func (r *pageReader) lines(start, end int) {
	if r.start == 0 {
		r.start = start
	}
	r.end = end
}

// flush makes a block of the text since the last one.
func (r *pageReader) flush() {
	in, before := r.open.now, r.b.count
	switch {
	case len(r.pre) > 0:
		text, cut := cutEmptyLines(string(r.pre))
		lost := 0
		for range cut {
			lost += bytes.IndexByte(r.pre[lost:], '\n') + 1
		}
		r.b.codeBetween(text, r.start, r.end, lost)
		r.pre = r.pre[:0]
	case in.heading > 0:
		r.b.text = bytes.TrimRight(r.b.text, " §¶") // marks for linking to it
		r.b.flush(Heading, int(in.heading), r.start, r.end)
	case r.bar:
		r.b.drop()
	case in.row:
		r.b.flush(Row, 0, r.start, r.end)
	case in.lists > 0:
		r.b.flush(Item, int(in.lists), r.start, r.end)
	default:
		r.b.flush(Paragraph, 0, r.start, r.end)
	}
	if r.b.count > before && !r.opt.fragment {
		r.layout.add(in.region, &r.b.doc.Blocks[len(r.b.doc.Blocks)-1])
	}
	r.start, r.end, r.breaks, r.bar = 0, 0, 0, false
}

// startTag reads a tag that begins an element.
func (r *pageReader) startTag(selfClosing bool) {
	name, hasAttributes := r.tags.TagName()
	tag := atom.Lookup(name)
	a := attributes{}
	if hasAttributes {
		a = r.attributes(tag)
	}
	foreign := tag == atom.Svg || tag == atom.Math
	if selfClosing && (r.opt.xml || r.open.now.foreign || foreign) {
		r.tags.NextIsNotRawText()
		if !void(tag) {
			return
		}
	}
	switch {
	case tag == atom.Br:
		r.lineBreak()
		return
	case tag == atom.Img && !r.open.now.hidden && !a.hidden && a.alt != "":
		r.alt(a.alt)
		return
	case void(tag):
		if tag == atom.Hr && !r.open.now.hidden {
			r.flush()
		}
		return
	}
	r.bar = r.bar || a.step && r.open.now.mayBar
	unseen := r.unseen(tag, a)
	inline := phrasing(tag) || tag == atom.Button
	hidden := a.hidden || unseen || !r.opt.fragment && r.besides(tag, a.role)
	if tag == 0 || inline && !hidden && !r.open.now.hidden {
		return
	}
	switch {
	case inline || unseen || r.open.now.pre || tag == atom.Div && len(r.pre) > 0:
	case a.listing, a.line && r.open.now.listing:
		r.boundary(atom.Pre)
	default:
		r.boundary(tag)
	}
	around := r.open.now.region
	r.open.push(tag, func(in *state) {
		in.hidden = in.hidden || hidden
		in.foreign = in.foreign || foreign
		in.enter(tag, a)
	})
	if r.open.now.region == inArticle && around != inArticle {
		r.layout.nextArticle = true
	}
}

// lineBreak reads br: one is a line break, two are the end of a paragraph.
func (r *pageReader) lineBreak() {
	if r.open.now.hidden {
		return
	}
	r.breaks++
	switch {
	case r.open.now.pre:
		r.pre = append(r.pre, '\n')
	case r.open.now.row:
		r.b.part(space)
	case r.breaks > 1:
		r.flush()
	default:
		r.b.part(hardBreak)
	}
}

// alt reads the text that stands for an image.
func (r *pageReader) alt(text string) {
	if r.open.now.pre {
		return
	}
	r.beside()
	end := r.line + bytes.Count(r.tags.Raw(), []byte("\n"))
	r.lines(r.line, end)
	r.b.from(r.line, end)
	r.breaks = 0
	r.b.part(space)
	r.b.foldPlain(text)
	r.b.part(space)
}

// boundary ends what the start of an element ends: the block before it, and
// elements whose end tag was left out. Inside of what is hidden there is no block
// to end, and what is open around that goes on.
func (r *pageReader) boundary(tag atom.Atom) {
	hidden := r.open.now.hidden
	switch tag {
	case atom.Td, atom.Th:
		r.close(atom.Td, atom.Tr)
		r.close(atom.Th, atom.Tr)
		if r.open.now.row && !r.open.now.hidden {
			r.b.part(nextCell)
			return
		}
	case atom.P, atom.Div:
		if r.open.now.row && !hidden {
			r.b.part(space)
			return
		}
	}
	if !hidden {
		r.flush()
	}
	r.close(atom.P, atom.Td)
	switch tag {
	case atom.Li:
		r.close(atom.Li, atom.Ul)
	case atom.Dt, atom.Dd:
		r.close(atom.Dt, atom.Dl)
		r.close(atom.Dd, atom.Dl)
	case atom.Tr:
		r.close(atom.Tr, atom.Table)
	}
}

// close ends the nearest open element of a kind whose end tag was left out.
func (r *pageReader) close(tag, within atom.Atom) {
	r.open.pop(r.open.find(tag, within))
}

// endTag reads a tag that ends an element.
func (r *pageReader) endTag(tag atom.Atom) {
	if !r.open.has(tag) {
		if tag == atom.P {
			r.flush()
		}
		return
	}
	n := r.open.upTo(tag)
	for ; n > 0 && r.open.now.hidden; n-- {
		r.open.pop(1) // what was not read is not part of a block
	}
	if n == 0 {
		return
	}
	switch in, around := r.open.now, r.open.outer[len(r.open.outer)-n]; {
	case in.pre && around.pre:
	case around.listing && len(r.pre) > 0:
		if in.pre {
			r.pre = append(r.pre, '\n')
		}
	case in.row && (tag == atom.Td || tag == atom.Th || tag == atom.P || tag == atom.Div):
		r.b.part(space)
	default:
		r.flush()
	}
	r.open.pop(n)
}
