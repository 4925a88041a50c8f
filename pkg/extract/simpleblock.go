package extract

import (
	"strings"

	"github.com/yuin/goldmark/util"
)

// leaf is a block with text that is open.
type leaf uint8

const (
	nothing leaf = iota
	ofText       // a paragraph or an item
	ofCode       // code that stands in
)

// codeColumns is by how much code stands in from the text around it.
const codeColumns = 4

// indentation gives the columns of white space before the text of a line of
// Markdown.
func indentation(line string) (column int, text string) {
	for i := range len(line) {
		switch line[i] {
		case ' ':
			column++
		case '\t':
			column += 4 - column%4
		default:
			return column, line[i:]
		}
	}
	return column, ""
}

// empty reads an empty line.
func (s *simple) empty(line string) bool {
	if s.leaf != ofCode {
		return s.finish()
	}
	if s.depth() == 0 {
		line, _ = cutColumns(line, codeColumns)
		s.code = append(s.code, line...)
	}
	s.code = append(s.code, '\n')
	return true
}

// depth counts the open items.
func (s *simple) depth() int { return len(s.columns) - 1 }

// line reads a line that is not empty.
func (s *simple) line(line string, column int, text string) bool {
	in := 1 // which of the open blocks it stays in
	for in < len(s.columns) && column >= s.columns[in] {
		in++
	}
	inside, base := in == len(s.columns), s.columns[in-1]
	switch {
	case in > 1 && strings.Contains(line[:len(line)-len(text)], " \t"):
		return false // the parser counts columns in its own way there
	case s.leaf == ofText && inside && column-base < codeColumns && underlines(text):
		return s.finishAs(Heading, 1+strings.Count(text[:1], "-"))
	case s.leaf == ofText && (column-base >= codeColumns || !interrupts(text, inside)):
		return s.more(text)
	case column-base < codeColumns:
		if !s.finish() {
			return false
		}
		s.columns = s.columns[:in]
		return s.begin(column, text)
	case s.leaf == nothing || !inside:
		s.finish()
		s.columns = s.columns[:in]
		s.leaf, s.start, s.code = ofCode, s.l.n, s.code[:0]
	}
	line, ok := cutColumns(line, base+codeColumns)
	s.code = append(append(s.code, line...), '\n')
	return ok
}

// cutColumns takes n columns of white space off a line, or all that it has. It
// reports whether none of it was a part of a tab, or a tab inside of an item.
func cutColumns(line string, n int) (rest string, ok bool) {
	column := 0
	for i := range len(line) {
		switch {
		case column >= n:
			return line[i:], column == n
		case line[i] == ' ':
			column++
		case line[i] == '\t' && n%4 == 0:
			column += 4 - column%4
		default:
			return line[i:], line[i] != '\t'
		}
	}
	return "", true
}

// begin reads a line that begins blocks.
func (s *simple) begin(column int, text string) bool {
	for {
		mark, rest := simpleMark(text)
		switch {
		case strings.HasPrefix(text, "<!--") && s.depth() == 0:
			return s.comment(s.here.rest[s.width-len(text):])
		case text[0] < ' ', text[0] == '>', strings.HasPrefix(text, "[^"), mayBeHTML(text):
			return false
		case ruled(text):
			return true
		case headingLevel(text) > 0:
			return s.heading(text, headingLevel(text))
		case fenceOf(text) != "":
			return s.fence(fenceOf(text), column)
		case mark == "":
			return s.paragraph(text)
		case rest == "":
			return false
		}
		spaces := len(text) - len(mark) - len(rest)
		if spaces > codeColumns || strings.Contains(text[:len(mark)+spaces], "\t") || checkBox(rest) {
			return false
		}
		column += len(mark) + spaces
		s.columns = append(s.columns, column)
		text = rest
	}
}

// comment reads a comment, if it has nothing beside it and every parser of HTML
// ends it at the same place.
func (s *simple) comment(rest string) bool {
	end := strings.Index(rest, "-->") + len("-->")
	if end < len("<!---->") || strings.IndexByte(">-", rest[4]) >= 0 || strings.Contains(rest[:end], "--!") {
		return false
	}
	for rest = rest[end:]; len(s.l.rest) > len(rest); {
		s.l.next()
	}
	line := rest[:len(rest)-len(s.l.rest)]
	return strings.Trim(line, " \t\n") == ""
}

// checkBox reports whether the text of an item begins with a box to check.
func checkBox(text string) bool {
	return len(text) > 2 && text[0] == '[' && text[2] == ']' && strings.IndexByte(" \txX", text[1]) >= 0
}

// paragraph begins a paragraph.
func (s *simple) paragraph(text string) bool {
	s.leaf, s.start = ofText, s.l.n
	s.from = s.here.rest[s.width-len(text):]
	return s.more(text)
}

// more adds a line to the open paragraph, unless it may make a table of it.
func (s *simple) more(text string) bool {
	s.end, s.to = s.l.n, len(s.l.rest)
	return s.end == s.start || text[0] != '-' && text[0] != ':' && text[0] != '|' || !delimiters(text)
}

// delimiters reports whether a line may be the one below the head of a table.
func delimiters(text string) bool {
	return strings.Trim(text, "-:| \t") == "" && strings.Contains(text, "-") &&
		(strings.ContainsAny(text, ":|") || !strings.ContainsAny(strings.TrimRight(text, " \t"), " \t"))
}

// finish ends the open paragraph, item or code.
func (s *simple) finish() bool {
	switch {
	case s.leaf == ofText && s.depth() > 0:
		return s.finishAs(Item, s.depth())
	case s.leaf == ofText:
		return s.finishAs(Paragraph, 0)
	case s.leaf == ofCode:
		s.b.code(string(s.code), s.start)
	}
	s.leaf = nothing
	return true
}

// finishAs ends the open paragraph, which is of a kind.
func (s *simple) finishAs(kind Kind, level int) bool {
	text := strings.TrimRight(s.from[:len(s.from)-s.to], " \t\n")
	if kind == Heading {
		text = withoutAttributes(text)
	}
	ok := s.text.write(s.b, text, s.start)
	s.b.flush(kind, level, s.start, s.end)
	s.leaf = nothing
	return ok
}

// heading reads a heading that begins with its level.
func (s *simple) heading(text string, level int) bool {
	text = strings.Trim(text[level:], " \t")
	if cut := strings.TrimRight(text, "#"); cut == "" || strings.IndexByte(" \t", cut[len(cut)-1]) >= 0 {
		text = strings.TrimRight(cut, " \t")
	}
	ok := s.text.write(s.b, withoutAttributes(text), s.l.n)
	s.b.flush(Heading, level, s.l.n, s.l.n)
	return ok && (s.depth() == 0 || !checkBox(text))
}

// fence reads code up to the line that ends it, or the item that it is in.
func (s *simple) fence(fence string, column int) bool {
	base, first := s.columns[s.depth()], s.l.n+1
	s.code = s.code[:0]
	for {
		before := s.l
		line, ok := s.l.next()
		at, text := indentation(line)
		outside := text != "" && at < base
		if outside {
			s.l = before
		}
		switch {
		case outside, !ok, at-base < codeColumns && strings.HasPrefix(text, fence) && only(text, fence[:1]):
			s.b.code(string(s.code), first)
			return true
		case text == "" && base > 0:
			line = ""
		case text != "" || at >= column:
			if line, ok = cutColumns(line, column); !ok {
				return false
			}
		}
		s.code = append(append(s.code, line...), '\n')
	}
}

// interrupts reports whether a line may begin another block below a paragraph,
// which is inside of the same item or not.
func interrupts(text string, inside bool) bool {
	switch c := text[0]; {
	case c >= 'A' && strings.IndexByte("[_`~", c) < 0:
		return false
	case c == '>', strings.HasPrefix(text, "[^"), headingLevel(text) > 0, mayBeHTML(text), ruled(text), fenceOf(text) != "":
		return true
	}
	mark, rest := simpleMark(text)
	switch {
	case mark == "":
		return false
	case !inside:
		return true
	}
	return rest != "" && (len(mark) == 1 || strings.TrimLeft(mark[:len(mark)-1], "0") == "1")
}

// simpleMark cuts the mark of an item off a line; "" if it has none.
func simpleMark(text string) (mark, rest string) {
	if strings.IndexByte("-*+0123456789", text[0]) < 0 {
		return "", ""
	}
	return bullet(text, "-*+")
}

// headingLevel counts the signs before a heading; 0 if it is none.
func headingLevel(text string) int {
	if text[0] != '#' {
		return 0
	}
	n := len(text) - len(strings.TrimLeft(text, "#"))
	if n > 6 || n < len(text) && text[n] != ' ' && text[n] != '\t' {
		return 0
	}
	return n
}

// fenceOf gives the fence that a line begins code with; "" if it does not.
func fenceOf(text string) string {
	if !strings.HasPrefix(text, "```") && !strings.HasPrefix(text, "~~~") {
		return ""
	}
	info := strings.TrimLeft(text, text[:1])
	if text[0] == '`' && strings.Contains(info, "`") {
		return ""
	}
	return text[:len(text)-len(info)]
}

// only reports whether a line has nothing but a sign and white space after it.
func only(text, sign string) bool {
	return strings.TrimLeft(strings.TrimRight(text, " \t"), sign) == ""
}

// underlines reports whether a line makes a heading of the paragraph above it.
func underlines(text string) bool { return (text[0] == '=' || text[0] == '-') && only(text, text[:1]) }

// ruled reports whether a line is a rule between blocks.
func ruled(text string) bool {
	return strings.IndexByte("-*_", text[0]) >= 0 && strings.Count(text, text[:1]) > 2 && strings.Trim(text, text[:1]+" \t") == ""
}

// mayBeHTML reports whether a line may begin a block of HTML.
func mayBeHTML(text string) bool {
	if len(text) < 2 || text[0] != '<' {
		return false
	}
	n := 1
	for n < len(text) && (util.IsAlphaNumeric(text[n]) || text[n] == '-') {
		n++
	}
	return n == len(text) || text[n] <= ' ' || strings.IndexByte(">/!?", text[n]) >= 0
}
