package extract

import "strings"

// leaf is a block with text that is open.
type leaf uint8

const (
	nothing leaf = iota
	ofText       // a paragraph or an item
	ofCode       // code that stands in
)

// item is an open item of a list.
type item struct{ column int } // at which its text begins

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

// base is the column at which the text of the innermost item begins.
func (s *simple) base() int {
	if len(s.items) == 0 {
		return 0
	}
	return s.items[len(s.items)-1].column
}

// empty reads an empty line.
func (s *simple) empty(line string) bool {
	if s.leaf == ofCode {
		if len(s.items) == 0 {
			line, _ = cutColumns(line, codeColumns)
			s.code = append(s.code, line...)
		}
		s.code = append(s.code, '\n')
		return true
	}
	return s.finish()
}

// line reads a line that is not empty.
func (s *simple) line(line string, column int, text string) bool {
	in, base := 0, 0 // of the open items it stays in those
	for in < len(s.items) && column >= s.items[in].column {
		base = s.items[in].column
		in++
	}
	if in > 0 && strings.Contains(line[:len(line)-len(text)], " \t") {
		return false // the parser has columns of its own there
	}
	inside := in == len(s.items)
	switch {
	case column-base >= codeColumns:
		if s.leaf == ofText {
			return s.more(text)
		}
		if s.leaf == nothing || !inside {
			s.finish()
			s.items = s.items[:in]
			s.leaf, s.start, s.code = ofCode, s.l.n, s.code[:0]
		}
		line, ok := cutColumns(line, base+codeColumns)
		s.code = append(append(s.code, line...), '\n')
		return ok
	case s.leaf != ofText:
	case inside && underlines(text):
		level := 1
		if text[0] == '-' {
			level = 2
		}
		return s.finishAs(Heading, level)
	case !interrupts(text, inside):
		return s.more(text)
	}
	if !s.finish() {
		return false
	}
	s.items = s.items[:in]
	return s.begin(column, text)
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
		case text[0] < ' ', text[0] == '>', mayBeHTML(text):
			return false
		case ruled(text):
			return true
		case text[0] == '#' && headingLevel(text) > 0:
			return s.heading(text)
		case fenceOf(text) != "":
			return s.fence(fenceOf(text), column)
		case mark == "":
			return s.paragraph(text)
		case rest == "":
			return false
		}
		column += len(mark)
		switch space := text[len(mark) : len(text)-len(rest)]; {
		case space == "\t" && len(s.items) == 0:
			column += 4 - column%4
		case len(space) > codeColumns, strings.Contains(space, "\t"):
			return false
		default:
			column += len(space)
		}
		s.items = append(s.items, item{column})
		if text = rest; checkBox(text) {
			text = strings.TrimLeft(text[3:], " \t")
			return text != "" && rest[3] == ' ' && s.paragraph(text)
		}
	}
}

// checkBox reports whether the text of an item begins with a box to check.
func checkBox(text string) bool {
	return len(text) > 2 && text[0] == '[' && text[2] == ']' && strings.IndexByte(" \txX", text[1]) >= 0
}

// paragraph begins a paragraph.
func (s *simple) paragraph(text string) bool {
	s.leaf, s.start, s.breaks = ofText, s.l.n, false
	s.from = s.here.rest[s.width-len(text):]
	return s.more(text)
}

// more adds a line to the open paragraph, unless it may make a table of it.
func (s *simple) more(text string) bool {
	s.end, s.to = s.l.n, len(s.l.rest)
	s.breaks = s.breaks || strings.HasSuffix(text, "  ")
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
	case s.leaf == ofText && len(s.items) > 0:
		return s.finishAs(Item, len(s.items))
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
	ok := s.text.write(s.b, strings.TrimRight(s.from[:len(s.from)-s.to], " \t\n"), s.breaks)
	s.b.flush(kind, level, s.start, s.end)
	s.leaf = nothing
	return ok
}

// heading reads a heading that begins with its level.
func (s *simple) heading(text string) bool {
	level := headingLevel(text)
	text = strings.Trim(text[level:], " \t")
	if cut := strings.TrimRight(text, "#"); cut == "" || strings.IndexByte(" \t", cut[len(cut)-1]) >= 0 {
		text = strings.TrimRight(cut, " \t")
	}
	ok := s.text.write(s.b, text, false)
	s.b.flush(Heading, level, s.l.n, s.l.n)
	return ok && (len(s.items) == 0 || !checkBox(text))
}

// fence reads code up to the line that ends it.
func (s *simple) fence(fence string, column int) bool {
	base, begin, end := s.base(), s.l, s.l
	s.code = s.code[:0]
	for {
		end = s.l
		line, ok := s.l.next()
		at, text := indentation(line)
		if text != "" && at < base {
			s.l = end // the item ends, and the code with it
			break
		}
		if !ok || at-base < codeColumns && endsFence(text, fence) {
			break
		}
		if column == 0 {
			continue // as it is
		}
		switch {
		case text == "" && base > 0:
			line = ""
		case text == "" && at < column: // as it is
		default:
			if line, ok = cutColumns(line, column); !ok {
				return false
			}
		}
		s.code = append(append(s.code, line...), '\n')
	}
	if column == 0 {
		s.b.code(span(begin, end), begin.n+1)
	} else {
		s.b.code(string(s.code), begin.n+1)
	}
	return true
}

// interrupts reports whether a line may begin another block below a paragraph,
// which is inside of the same item or not.
func interrupts(text string, inside bool) bool {
	switch c := text[0]; {
	case c >= 'A' && c != '_' && c != '`' && c != '~':
		return false
	case c == '#':
		return headingLevel(text) > 0
	case c == '>', mayBeHTML(text), ruled(text), fenceOf(text) != "":
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

func endsFence(text, fence string) bool {
	return strings.HasPrefix(text, fence) && strings.TrimLeft(strings.TrimRight(text, " \t"), fence[:1]) == ""
}

// underlines reports whether a line makes a heading of the paragraph above it.
func underlines(text string) bool {
	return strings.IndexByte("=-", text[0]) >= 0 && strings.TrimLeft(strings.TrimRight(text, " \t"), text[:1]) == ""
}

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
	for n < len(text) && (alphanumeric(text[n]) || text[n] == '-') {
		n++
	}
	return n == len(text) || strings.IndexByte(" \t>/!?", text[n]) >= 0
}
