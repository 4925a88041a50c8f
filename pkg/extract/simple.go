package extract

import (
	"slices"
	"strings"
)

// simple reads the Markdown that most documents mostly consist of, at many times
// the speed of the parser and with the same result: headings, paragraphs, fenced
// code, and lists that are not nested, with running text in them that simpleLine
// reads. All else is left to the parser.
//
// It goes by stretches, each from a line that begins a block at the outermost
// level to an empty line before the next one of these. A stretch is read in whole
// or not at all, and what it means does not depend on the others, as long as none
// of them leaves anything open.
type simple struct {
	b *builder
	l lines // where reading goes on

	kind  Kind // of the open block: Paragraph or Item
	level int
	start int    // its first line; 0 if none is open
	end   int    // its last line
	list  string // the end of the marks of the list that is open; "" if none is
}

// simpleMarkdown reads a segment, and gives what the parser has to read to parse.
func simpleMarkdown(b *builder, segment string, first int, parse func(text string, first int)) {
	s := simple{b: b, l: lines{rest: segment, n: first - 1}}
	left := s.l // to the parser, as far as s.l
	if strings.Contains(segment, "]:") {
		s.l.rest = "" // definitions and footnotes, which may change what is said elsewhere
	}
	for s.l.rest != "" {
		before, known := s.l, len(b.doc.Blocks)
		if s.stretch() {
			if left.n < before.n {
				read := slices.Clone(b.doc.Blocks[known:])
				b.doc.Blocks = b.doc.Blocks[:known]
				parse(span(left, before), left.n+1)
				b.doc.Blocks = append(b.doc.Blocks, read...)
			}
			left = s.l
			continue
		}
		b.doc.Blocks, b.text, b.gap = b.doc.Blocks[:known], b.text[:0], noGap
		s.l = before
		if !s.pass() {
			s.l.rest = ""
		}
	}
	if left.rest != "" {
		parse(left.rest, left.n+1)
	}
}

// stretch reads a stretch, and reports whether it could.
func (s *simple) stretch() bool {
	s.start, s.list = 0, ""
	for {
		line, ok := s.l.next()
		text := strings.TrimLeft(line, " \t")
		switch {
		case !ok, text == "":
			s.finish()
			return s.atOutermost()
		case s.list == "" && s.start == 0 && len(text) < len(line): // after code or a heading
			return false
		case line[0] == '#':
			s.finish()
			if s.list = ""; !s.heading(line) {
				return false
			}
		case strings.HasPrefix(line, "```"):
			s.finish()
			if s.list = ""; !s.fence(line) {
				return false
			}
		case !s.running(line, text):
			return false
		}
	}
}

// atOutermost passes over empty lines, and reports whether the next line begins a
// block at the outermost level.
func (s *simple) atOutermost() bool {
	for {
		line, ok := s.l.peek()
		switch {
		case !ok:
			return true
		case strings.TrimLeft(line, " \t") != "":
			return line[0] > ' '
		}
		s.l.next()
	}
}

// pass passes over a stretch that was not read. It reports whether the lines after
// it mean the same without it.
func (s *simple) pass() bool {
	for {
		line, ok := s.l.next()
		text := strings.TrimLeft(line, " \t")
		switch {
		case !ok, text == "" && s.atOutermost():
			return true
		case strings.HasPrefix(text, "```"), strings.HasPrefix(text, "~~~"), rawEnd(text) != "":
			return false
		}
	}
}

// finish ends the open paragraph or item.
func (s *simple) finish() {
	if s.start > 0 {
		s.b.flush(s.kind, s.level, s.start, s.end)
	}
	s.start = 0
}

func (s *simple) heading(line string) bool {
	text := strings.TrimLeft(line, "#")
	level := len(line) - len(text)
	if level > 6 || text == "" || text[0] != ' ' || strings.TrimRight(text, " \t") == "" || strings.HasSuffix(strings.TrimRight(text, " \t"), "#") {
		return false
	}
	ok := simpleLine(s.b, text)
	s.b.flush(Heading, level, s.l.n, s.l.n)
	return ok
}

// fence reads code up to the line that ends it.
func (s *simple) fence(line string) bool {
	info := strings.TrimLeft(line, "`")
	fence := line[:len(line)-len(info)]
	if strings.Contains(info, "`") {
		return false
	}
	begin := s.l
	for {
		before := s.l
		line, ok := s.l.next()
		if !ok {
			return false
		}
		text := strings.TrimLeft(line, " ")
		if len(line)-len(text) < 4 && strings.HasPrefix(text, fence) && strings.TrimLeft(strings.TrimRight(text, " \t"), "`") == "" {
			s.b.code(span(begin, before), begin.n+1)
			return true
		}
	}
}

// running reads a line of a paragraph or an item.
func (s *simple) running(line, text string) bool {
	if mark, rest := simpleMark(line); mark != "" {
		ordered := mark[0] >= '0' && mark[0] <= '9'
		kind := mark[len(mark)-1:]
		if s.list != "" && s.list != kind || s.list == "" && s.start > 0 && ordered || rest[0] == '[' {
			return false
		}
		s.finish()
		s.kind, s.level, s.list, s.start = Item, 1, kind, s.l.n
		text = rest
	} else if s.start == 0 {
		s.kind, s.level, s.start = Paragraph, 0, s.l.n
	} else {
		s.b.part(newline)
	}
	s.end = s.l.n
	return beginsText(text) && !strings.HasSuffix(text, "  ") && simpleLine(s.b, text)
}

// simpleMark cuts the mark of an item off a line with one space after it; "" if it
// has none.
func simpleMark(line string) (mark, text string) {
	mark, _ = bullet(line, "-*+")
	if len(mark)+1 >= len(line) || mark == "" || mark[0] == '#' || mark[0] > '9' || line[len(mark)] != ' ' {
		return "", ""
	}
	return mark, line[len(mark)+1:]
}

// beginsText reports whether a line without the white space before it is running
// text and could be nothing else.
func beginsText(line string) bool {
	switch c := line[0]; {
	case c >= '0' && c <= '9':
		mark, _ := bullet(line, "")
		return mark == ""
	case c == '*':
		return len(line) > 1 && line[1] > ' '
	case c == '`':
		return !strings.HasPrefix(line, "```")
	}
	return line[0] > ' ' && line[0] != 0x7f && strings.IndexByte(`#+-:<=>\_|~`, line[0]) < 0
}
