package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lines reads a text line by line. A copy of it looks ahead.
type lines struct {
	rest string
	n    int // number of the line read last
}

// next gives the next line without its end.
func (l *lines) next() (line string, ok bool) {
	if l.rest == "" {
		return "", false
	}
	l.n++
	end := strings.IndexByte(l.rest, '\n')
	if end < 0 {
		line, l.rest = l.rest, ""
		return line, true
	}
	line, l.rest = l.rest[:end], l.rest[end+1:]
	return line, true
}

// peek gives the line that next will give.
func (l lines) peek() (line string, ok bool) { return l.next() }

func blank(line string) bool { return strings.TrimSpace(line) == "" }

func trimRight(line string) string { return strings.TrimRightFunc(line, unicode.IsSpace) }

const tabStop = 8

// indentOf gives the columns of white space before the text of a line.
func indentOf(line string) int {
	column := 0
	for i := range len(line) {
		switch line[i] {
		case ' ':
			column++
		case '\t':
			column += tabStop - column%tabStop
		default:
			return column
		}
	}
	return column
}

// widestLine is how many bytes a line may have whose tabs mean columns.
const widestLine = 1 << 12

// expandTabs gives a line with spaces in the place of its tabs; one that is wider
// than any table as it is.
func expandTabs(line string) string {
	if len(line) > widestLine || strings.IndexByte(line, '\t') < 0 {
		return line
	}
	expanded := make([]byte, 0, len(line)+tabStop)
	column := 0
	for _, char := range line {
		if char != '\t' {
			expanded = utf8.AppendRune(expanded, char)
			column++
			continue
		}
		for next := column + tabStop - column%tabStop; column < next; column++ {
			expanded = append(expanded, ' ')
		}
	}
	return string(expanded)
}

// cutIndent takes up to n columns of white space off a line.
func cutIndent(line string, n int) string {
	column := 0
	for i := range len(line) {
		if column >= n {
			return line[i:]
		}
		switch line[i] {
		case ' ':
			column++
		case '\t':
			column += tabStop - column%tabStop
			if column > n {
				return strings.Repeat(" ", column-n) + line[i+1:]
			}
		default:
			return line[i:]
		}
	}
	return ""
}

// dedent takes off what white space all lines begin with.
func dedent(text string) string {
	least := -1
	for l := (lines{rest: text}); ; {
		line, ok := l.next()
		if !ok {
			break
		}
		if !blank(line) && (least < 0 || indentOf(line) < least) {
			least = indentOf(line)
		}
	}
	if least <= 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for l := (lines{rest: text}); ; {
		line, ok := l.next()
		if !ok {
			return b.String()
		}
		b.WriteString(cutIndent(line, least))
		b.WriteByte('\n')
	}
}

// span gives the text between two positions of a reader of lines, the later one
// being after.
func span(before, after lines) string {
	return before.rest[:len(before.rest)-len(after.rest)]
}

// takeWhile reads lines as long as they are wanted and gives them as one text.
func (l *lines) takeWhile(want func(line string) bool) string {
	before := *l
	for {
		line, ok := l.peek()
		if !ok || !want(line) {
			return span(before, *l)
		}
		l.next()
	}
}

// takeDeeper reads the lines that are indented by more than n columns, and the
// empty ones between them.
func (l *lines) takeDeeper(n int) string {
	before, last := *l, *l
	for {
		line, ok := l.next()
		if !ok || !blank(line) && indentOf(line) <= n {
			*l = last
			return span(before, last)
		}
		if !blank(line) {
			last = *l
		}
	}
}

// nest knows how deep an item of a list is by the columns at which the items
// around it begin.
type nest []int

// enter gives the depth of an item that begins at a column, from 1.
func (n *nest) enter(column int) int {
	n.leave(column)
	*n = append(*n, column)
	return len(*n)
}

// leave forgets the items that begin at a column or after it.
func (n *nest) leave(column int) {
	for len(*n) > 0 && (*n)[len(*n)-1] >= column {
		*n = (*n)[:len(*n)-1]
	}
}

// bullet cuts the mark of an item off a line without white space before it: one
// of the marks, or a number or letter with "." or ")". It is "" if the line is
// no item.
func bullet(line, marks string) (mark, text string) {
	if line == "" {
		return "", ""
	}
	end := 0
	switch c := line[0]; {
	case strings.IndexByte(marks, c) >= 0:
		end = 1
	case c == '#':
		end = 2
	case c >= '0' && c <= '9':
		for end < len(line) && end < 9 && line[end] >= '0' && line[end] <= '9' {
			end++
		}
		end++
	case strings.HasPrefix(line, "•"):
		end = len("•")
	default:
		return "", ""
	}
	if end > len(line) || end > 1 && line[0] != "•"[0] && line[end-1] != '.' && line[end-1] != ')' {
		return "", ""
	}
	text = line[end:]
	if text != "" && text[0] != ' ' && text[0] != '\t' {
		return "", ""
	}
	return line[:end], strings.TrimLeft(text, " \t")
}

// paragraph gathers the lines of running text before its markup is taken off.
type paragraph struct {
	text       []byte
	kind       Kind
	level      int
	indent     int // column of its text
	start, end int
}

func (p *paragraph) open() bool { return p.start > 0 }

// begin makes it a paragraph of a kind; its first line is to come.
func (p *paragraph) begin(kind Kind, level, indent, start int) {
	*p = paragraph{p.text[:0], kind, level, indent, start, start}
}

func (p *paragraph) line(text string, n int) {
	if len(p.text) > 0 {
		p.text = append(p.text, '\n')
	}
	p.text = append(p.text, text...)
	p.end = n
}
