package extract

import (
	"bytes"
	"cmp"
	"html"
	"slices"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extended "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdownParser parses GitHub's dialect. Bare addresses need no parsing, since
// their text is the address; footnotes are left where they stand.
var markdownParser = sync.OnceValue(func() parser.Parser {
	return goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList),
		goldmark.WithParserOptions(
			parser.WithBlockParsers( // each before the one in its place
				util.Prioritized(headingBlock{parser.NewSetextHeadingParser()}, 99),
				util.Prioritized(headingBlock{parser.NewATXHeadingParser()}, 599),
				util.Prioritized(footnoteBlock{extension.NewFootnoteBlockParser()}, 999),
			),
			parser.WithInlineParsers(util.Prioritized(footnoteMark{}, 101)),
		),
	).Parser()
})

// footnoteBlock parses the text of a footnote and leaves it in its place; the
// parser inside would gather all of them in one list.
type footnoteBlock struct{ parser.BlockParser }

func (footnoteBlock) Close(ast.Node, text.Reader, parser.Context) {}

// footnoteMark parses the mark of a footnote in running text, of which nothing is
// to be read.
type footnoteMark struct{}

func (footnoteMark) Trigger() []byte { return []byte{'['} }

func (footnoteMark) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	if len(line) < 4 || line[1] != '^' {
		return nil
	}
	end := bytes.IndexAny(line, "] \t\n")
	if end < 3 || line[end] != ']' {
		return nil
	}
	block.Advance(end + 1)
	return ast.NewString(nil)
}

// markdown reads Markdown: front matter, then segment by segment, so that neither
// memory nor time grows faster than the text does.
func markdown(b *builder, source string) { markdownBody(b, frontMatter(b, source)) }

// markdownBody reads what comes after front matter.
func markdownBody(b *builder, l lines) {
	segments := segmenter{l: l}
	refs := definitions(l.rest)
	for {
		segment, first, ok := segments.next()
		if !ok {
			return
		}
		if len(segment) > largestSegment || hostile(segment) {
			roughMarkdown(b, segment, first)
			continue
		}
		simpleMarkdown(b, segment, first, refs != nil, func(text string, first int) { parseMarkdown(b, text, first, refs) })
	}
}

// parseMarkdown reads Markdown with the parser.
func parseMarkdown(b *builder, source string, first int, refs map[string]parser.Reference) {
	m := markdownReader{b: b, source: source, bytes: []byte(source), first: first}
	pc := references{parser.NewContext(), refs}
	whole := b.whole
	b.whole = true
	defer func() { b.whole = whole }()
	known := len(b.doc.Blocks)
	m.blocks(markdownParser().Parse(text.NewReader(m.bytes), parser.WithContext(pc)), 0)
	// The parser puts a table that ends a paragraph before what is left of it, if a
	// line below makes that a heading.
	slices.SortStableFunc(b.doc.Blocks[known:], func(x, y Block) int { return cmp.Compare(x.Start, y.Start) })
}

// references knows the link definitions of the whole document.
type references struct {
	parser.Context
	refs map[string]parser.Reference
}

func (c references) Reference(label string) (parser.Reference, bool) {
	if ref, ok := c.refs[label]; ok {
		return ref, true
	}
	return c.Context.Reference(label)
}

// markdownReader reads the parsed form of a segment.
type markdownReader struct {
	b      *builder
	source string
	bytes  []byte // the same
	first  int    // line of the document at which the segment begins

	end int // the last line of the long text that is read; 0 for others

	// Where lines were counted last.
	offset, passed int
}

// line gives the line of the document that an offset is on. Offsets come mostly
// in order, and then each line is counted once.
func (m *markdownReader) line(offset int) int {
	offset = min(offset, len(m.bytes))
	if offset >= m.offset {
		m.passed += bytes.Count(m.bytes[m.offset:offset], []byte("\n"))
	} else {
		m.passed -= bytes.Count(m.bytes[offset:m.offset], []byte("\n"))
	}
	m.offset = offset
	return m.first + m.passed
}

// span gives the lines that a block comes from.
func (m *markdownReader) span(segments *text.Segments) (start, end int) {
	start = m.line(segments.At(0).Start)
	last := segments.At(segments.Len() - 1)
	return start, m.line(max(last.Stop-1, last.Start))
}

// blocks reads the blocks inside a node at a depth of lists.
func (m *markdownReader) blocks(parent ast.Node, depth int) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Heading:
			m.text(n, Heading, n.Level)
		case *ast.Paragraph, *ast.TextBlock:
			if depth > 0 {
				m.text(n, Item, depth)
			} else {
				m.text(n, Paragraph, 0)
			}
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			m.code(n)
		case *ast.HTMLBlock:
			m.html(n)
		case *ast.List:
			m.blocks(n, depth+1)
		case *extended.Table:
			m.table(n)
		case *ast.LinkReferenceDefinition:
		default:
			m.blocks(n, depth)
		}
	}
}

// text reads a block of running text.
func (m *markdownReader) text(n ast.Node, kind Kind, level int) {
	if n.Lines().Len() == 0 {
		return
	}
	start, end := m.span(n.Lines())
	if lines := n.Lines(); lines.At(lines.Len()-1).Stop-lines.At(0).Start > LinesKept {
		m.end = end
	}
	m.inlines(n)
	m.end = 0
	m.b.flush(kind, level, start, end)
}

func (m *markdownReader) code(n ast.Node) {
	if n.Lines().Len() == 0 {
		return
	}
	var code []byte
	for _, s := range n.Lines().Sliced(0, n.Lines().Len()) {
		code = append(code, s.Value(m.bytes)...)
	}
	m.b.code(string(code), m.line(n.Lines().At(0).Start))
}

// html reads a block of HTML for its text.
func (m *markdownReader) html(n *ast.HTMLBlock) {
	var raw []byte
	for _, s := range n.Lines().Sliced(0, n.Lines().Len()) {
		raw = append(raw, s.Value(m.bytes)...)
	}
	if n.HasClosure() {
		raw = append(raw, n.ClosureLine.Value(m.bytes)...)
	}
	if trimmed := bytes.TrimSpace(raw); bytes.HasPrefix(trimmed, []byte("<")) && bytes.IndexByte(trimmed, '>') == len(trimmed)-1 && imageText(string(trimmed)) == "" {
		return // one tag or comment
	}
	first := n.ClosureLine.Start
	if n.Lines().Len() > 0 {
		first = n.Lines().At(0).Start
	}
	fragment(m.b, string(raw), m.line(first))
}

func (m *markdownReader) table(table *extended.Table) {
	for row := table.FirstChild(); row != nil; row = row.NextSibling() {
		start := 0
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			if start == 0 && cell.Lines().Len() > 0 {
				start = m.line(cell.Lines().At(0).Start)
			}
			m.b.part(nextCell)
			m.inlines(cell)
		}
		m.b.flush(Row, 0, start, start)
	}
}

// inlines writes the running text inside a node.
func (m *markdownReader) inlines(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			m.plain(n)
		case *ast.AutoLink:
			if m.end > 0 { // after the text before it, wherever that ends
				m.b.from(m.b.lo, m.end)
			}
			m.b.fold(string(n.Label(m.bytes)))
		case *ast.RawHTML:
			m.tag(n)
		default:
			m.inlines(n)
		}
	}
}

// tag reads a tag of HTML in running text.
func (m *markdownReader) tag(n *ast.RawHTML) {
	tag := n.Segments.Value(m.bytes)
	if breaksLine(tag) {
		m.b.part(hardBreak)
	}
	text := imageText(string(tag))
	if text == "" {
		return
	}
	if m.end > 0 {
		m.b.from(m.span(n.Segments))
	}
	m.b.part(space)
	m.b.foldPlain(text)
	m.b.part(space)
}

func breaksLine(tag []byte) bool {
	return len(tag) > 3 && strings.EqualFold(string(tag[:3]), "<br") && strings.IndexByte(" />", tag[3]) >= 0
}

// plain writes a piece of text without the backslashes that keep it from being
// markup.
func (m *markdownReader) plain(n *ast.Text) {
	if n.Segment.Padding > 0 {
		m.b.part(space)
	}
	if m.end > 0 {
		line := m.line(n.Segment.Start)
		m.b.from(line, line)
	}
	value := m.source[n.Segment.Start:n.Segment.Stop]
	if !n.IsRaw() && n.Parent().Kind() != ast.KindCodeSpan {
		value = unescape(value)
	}
	m.b.foldPlain(value)
	switch {
	case n.HardLineBreak():
		m.b.part(hardBreak)
	case n.SoftLineBreak():
		m.b.part(newline)
	}
}

// unescape resolves backslashes and character references.
func unescape(value string) string {
	if strings.IndexByte(value, '\\') < 0 && strings.IndexByte(value, '&') < 0 {
		return value
	}
	plain := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c == '\\' && i+1 < len(value) && util.IsPunct(value[i+1]) {
			i++
			c = value[i]
		} else if c == '&' {
			if end := strings.IndexByte(value[i:min(len(value), i+longestReference)], ';'); end > 0 {
				plain = append(plain, html.UnescapeString(value[i:i+end+1])...)
				i += end
				continue
			}
		}
		plain = append(plain, c)
	}
	return string(plain)
}

// longestReference is the length of &CounterClockwiseContourIntegral;.
const longestReference = 33
