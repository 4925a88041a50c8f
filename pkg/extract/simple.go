package extract

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// simple reads the Markdown that most documents mostly consist of, at many times
// the speed of the parser and with the same result. What it does not know is left
// to the parser.
//
// It goes by stretches, each from a line at which no block is open to an empty
// line before the next one of these. A stretch is read in whole or not at all, and
// what it means does not depend on the others, as long as none of them leaves
// anything open.
type simple struct {
	b     *builder
	l     lines // where reading goes on
	here  lines // where the line begins that was read last
	width int   // how many bytes it has

	columns []int // at which the text of open blocks begins: the document, and the items of lists
	leaf    leaf
	start   int    // the first line of the leaf
	code    []byte // its text, if it is code

	// If it is a paragraph.
	end  int    // its last line
	from string // the text from its beginning
	to   int    // how much of that comes after it
	text running
}

// readers keeps what readers allocate, which for small documents is as much as
// what they make.
var readers = sync.Pool{New: func() any { return new(simple) }}

// simpleMarkdown reads a segment of a document that may have link definitions
// elsewhere, and gives what the parser has to read to parse, in one piece: what is
// defined in a part of that may be used in another.
func simpleMarkdown(b *builder, segment string, first int, defined bool, parse func(text string, first int)) {
	s := readers.Get().(*simple)
	defer s.done()
	s.b, s.l, s.text.defined = b, lines{rest: segment, n: first - 1}, defined || strings.Contains(segment, "]:")
	b.putAway()
	b.whole = true
	defer func() { b.whole = false }()
	begin := len(b.doc.Blocks)
	var left []byte // to the parser
	last := 0       // the line at which that ends
	for s.l.rest != "" {
		before, known := s.l, len(b.doc.Blocks)
		if s.stretch() {
			continue
		}
		b.doc.Blocks = b.doc.Blocks[:known]
		b.drop()
		s.l = before
		if !s.pass() {
			s.l.rest = ""
		}
		if left == nil {
			first = before.n + 1
		} else if last < before.n {
			left = append(left, "***"...) // which ends all that is open
			left = append(left, strings.Repeat("\n", before.n-last)...)
		}
		left, last = append(left, span(before, s.l)...), s.l.n
	}
	if left != nil {
		parse(string(left), first)
		slices.SortStableFunc(b.doc.Blocks[begin:], func(x, y Block) int { return cmp.Compare(x.Start, y.Start) })
	}
}

// done gives the room to the next document, and keeps nothing of this one.
func (s *simple) done() {
	pieces := s.text.pieces[:cap(s.text.pieces)]
	clear(pieces)
	*s = simple{columns: s.columns[:0], code: s.code[:0], text: running{pieces: pieces[:0], open: s.text.open[:0]}}
	readers.Put(s)
}

// stretch reads a stretch, and reports whether it could.
func (s *simple) stretch() bool {
	s.columns, s.leaf = append(s.columns[:0], 0), nothing
	for {
		s.here = s.l
		line, ok := s.l.next()
		s.width = len(line)
		column, text := indentation(line)
		switch {
		case !ok:
			return s.finish()
		case text == "":
			if !s.empty(line) {
				return false
			}
			if s.atEnd() {
				return s.finish()
			}
		case !s.line(line, column, text):
			return false
		}
	}
}

// atEnd reports, after an empty line, whether the next one is at the beginning of
// a stretch.
func (s *simple) atEnd() bool {
	line, _ := s.l.peek()
	column, text := indentation(line)
	return text != "" && (column == 0 || s.depth() == 0 && (s.leaf == nothing || column < codeColumns))
}

// pass passes over a stretch that was not read. It reports whether the lines after
// it mean the same without it.
func (s *simple) pass() bool {
	empty := false
	for {
		before := s.l
		line, ok := s.l.next()
		column, text := indentation(line)
		switch {
		case !ok:
			return true
		case empty && text != "" && column == 0:
			s.l = before
			return true
		case strings.HasPrefix(text, "```"), strings.HasPrefix(text, "~~~"), rawEnd(text) != "":
			return false
		}
		empty = text == ""
	}
}
