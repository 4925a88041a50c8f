package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	longestHeading = 80 // characters of a line of plain text that is taken for a heading
	codeIndent     = 4  // columns by which lines of plain text stand in if they are not running text
)

// verbatim reads text whose line breaks count: source code, data, logs. Each
// stretch of lines without an empty one is a block.
func verbatim(b *builder, text string) {
	for l := (lines{rest: text}); ; {
		start := l.n + 1
		stretch := l.takeWhile(func(line string) bool { return !blank(line) })
		b.code(stretch, start)
		if _, ok := l.next(); !ok {
			return
		}
	}
}

// prose reads plain text that people wrote to be read: paragraphs between empty
// lines, items that begin with a mark, and the few headings that are sure to be
// some.
func prose(b *builder, text string) {
	r := proseReader{b: b, l: lines{rest: text}, base: -1}
	r.read()
}

// roughMarkdown reads Markdown line by line. It is for what a parser would take
// too long over.
func roughMarkdown(b *builder, text string, first int) {
	r := proseReader{b: b, l: lines{rest: text, n: first - 1}, base: -1, markdown: true}
	r.read()
}

type proseReader struct {
	b        *builder
	l        lines
	p        paragraph
	nest     nest
	base     int // least column at which running text began so far; -1 before any
	markdown bool
}

func (r *proseReader) read() {
	for {
		before := r.l
		line, ok := r.l.next()
		if !ok {
			r.close()
			return
		}
		if strings.IndexByte(line, '\f') >= 0 { // a page ends
			r.close()
			line = strings.ReplaceAll(line, "\f", " ")
		}
		switch {
		case blank(line):
			r.close()
		case !r.p.open() && (r.heading(line) || r.code(before, line)):
		default:
			r.text(line)
		}
	}
}

func (r *proseReader) close() {
	if r.p.open() {
		r.b.add(r.p.kind, r.p.level, string(r.p.text), r.p.start, r.p.end)
	}
	r.p = paragraph{text: r.p.text[:0]}
}

// text reads a line of running text or of a list.
func (r *proseReader) text(line string) {
	indent, text := indentOf(line), strings.TrimSpace(line)
	mark, rest := bullet(text, "-*+")
	switch {
	case r.markdown && text[0] == '|':
		r.close()
		r.row(text)
		return
	case mark != "" && mark != "#." && rest != "" && !r.numberInText(mark, indent):
		r.close()
		r.p.begin(Item, r.nest.enter(indent), indent+len(mark)+1, r.l.n)
		text = rest
	case !r.p.open() && len(r.nest) > 0 && indent > r.nest[0]:
		r.nest.leave(indent)
		r.p.begin(Item, len(r.nest), indent, r.l.n)
	case !r.p.open():
		r.nest = r.nest[:0]
		r.p.begin(Paragraph, 0, indent, r.l.n)
		if r.base < 0 || indent < r.base {
			r.base = indent
		}
	}
	r.p.line(text, r.l.n)
}

// numberInText reports whether a mark with a number, which stands at a column, is
// text: it is in a paragraph or in the text of an item, which only an item with
// the number 1 may end.
func (r *proseReader) numberInText(mark string, column int) bool {
	if !r.p.open() || r.p.kind == Item && column < r.p.indent || mark[0] < '0' || mark[0] > '9' {
		return false
	}
	return strings.TrimLeft(mark[:len(mark)-1], "0") != "1"
}

// row reads a line of a Markdown table.
func (r *proseReader) row(text string) {
	if strings.Trim(text, "|-: \t") == "" {
		return
	}
	for cell := range strings.SplitSeq(text, "|") {
		r.b.part(nextCell)
		r.b.fold(cell)
	}
	r.b.flush(Row, 0, r.l.n, r.l.n)
}

// heading reads a line that is a heading because of the line below it, or because
// it is all in capitals with nothing beside it.
func (r *proseReader) heading(line string) bool {
	text := strings.TrimSpace(line)
	if r.markdown && text[0] == '#' {
		title := strings.TrimLeft(text, "#")
		if level := len(text) - len(title); level <= 6 && strings.HasPrefix(title, " ") {
			r.b.add(Heading, level, withoutAttributes(strings.TrimRight(title, "# ")), r.l.n, r.l.n)
			return true
		}
	}
	if len(text) > longestHeading*utf8.UTFMax || utf8.RuneCountInString(text) > longestHeading {
		return false
	}
	below, _ := r.l.peek()
	if level := underline(text, trimRight(below)); level > 0 && indentOf(line) == 0 {
		r.l.next()
		r.b.add(Heading, level, text, r.l.n-1, r.l.n)
		return true
	}
	if indentOf(line) > 0 || !blank(below) || !capitals(text) {
		return false
	}
	r.b.add(Heading, 1, text, r.l.n, r.l.n)
	return true
}

// underline gives the level of a heading by the line below it; 0 if that is no
// underline of it.
func underline(text, below string) int {
	if len(below) < 3 || len(below)*2 < utf8.RuneCountInString(text) || bulleted(text) {
		return 0
	}
	switch {
	case strings.Trim(below, "=") == "":
		return 1
	case strings.Trim(below, "-") == "":
		return 2
	}
	return 0
}

func bulleted(text string) bool {
	mark, _ := bullet(text, "-*+")
	return mark != ""
}

// capitals reports whether a line has some letters and they are all capitals.
func capitals(text string) bool {
	n := 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			if !unicode.IsUpper(r) {
				return false
			}
			n++
		}
	}
	last, _ := utf8.DecodeLastRuneInString(text)
	return n >= 4 && !strings.ContainsRune(".,;", last)
}

// code reads a stretch of lines that all stand in from the running text around
// them, outside of lists.
func (r *proseReader) code(before lines, line string) bool {
	if r.base < 0 || len(r.nest) > 0 || indentOf(line) < r.base+codeIndent || bulleted(strings.TrimSpace(line)) {
		return false
	}
	after := before
	stretch := after.takeWhile(func(line string) bool {
		return !blank(line) && indentOf(line) >= r.base+codeIndent && strings.IndexByte(line, '\f') < 0
	})
	if next, ok := after.peek(); ok && !blank(next) {
		return false
	}
	r.l = after
	r.b.code(dedent(stretch), before.n+1)
	return true
}
