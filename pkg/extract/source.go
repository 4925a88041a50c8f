package extract

import (
	"encoding/binary"
	"strings"
)

// LinesKept is the length in bytes of a text above which it is kept from which
// lines its parts come. What is not longer is not cut into several passages.
const LinesKept = 2000

// marks notes from which lines of the source the parts of the open block come. An
// extractor says where it reads with from; a block of which it does not say so is
// as far as anyone knows all over its lines.
//
// A mark is how many bytes it is after the one before, and whether it begins the
// next line; if not, how its first and last line differ from those before.
type marks struct {
	lo, hi int  // the first and last line that what is read may be on; 0 if nothing is known
	still  bool // line breaks that are read are not those of the source

	written     []byte
	at          int // of the last mark
	first, last int // lines of it
	unknown     bool
}

// from says on which line what is read next is, or between which lines.
func (m *marks) from(lo, hi int) { m.lo, m.hi = lo, hi }

// lineBreak passes over the end of a line.
func (m *marks) lineBreak() {
	if m.lo > 0 && !m.still {
		m.lo, m.hi = m.lo+1, m.hi+1
	}
}

// mark notes that the text from a place on is from the lines that are read.
func (m *marks) mark(at int) {
	if m.lo == m.first && m.hi == m.last {
		m.unknown = m.unknown || m.lo == 0
		return
	}
	if m.lo == 0 {
		m.unknown = true
		return
	}
	step := uint64(at-m.at) << 1
	if m.lo == m.first+1 && m.hi == m.last+1 {
		m.written = binary.AppendUvarint(m.written, step|1)
	} else {
		m.written = binary.AppendUvarint(m.written, step)
		m.written = binary.AppendVarint(m.written, int64(m.lo-m.first))
		m.written = binary.AppendVarint(m.written, int64(m.hi-m.last))
	}
	m.at, m.first, m.last = at, m.lo, m.hi
}

// forget begins a block of whose lines nothing is known.
func (m *marks) forget() { *m = marks{written: m.written[:0]} }

// keep keeps the marks of a block that is long enough, whose text has lost some
// bytes at its beginning.
func (b *builder) keep(block Block, lost int) {
	m := &b.marks
	if len(block.Text) > LinesKept && !m.unknown && len(m.written) > 0 {
		if b.doc.marks == nil {
			b.doc.marks = map[Block]kept{}
		}
		// Of equal blocks on the same lines one ends where the other begins, and so
		// both are on one line.
		b.doc.marks[block] = kept{string(m.written), lost}
	}
}

// kept is the marks of a block.
type kept struct {
	marks string
	lost  int // bytes of text before the block's that they count too
}

// Lines tells from which lines of the source the parts of a block's text come.
type Lines struct {
	text        string
	exact       bool // the text has the line breaks of the source
	first, last int  // of the part that was told last
	at          int  // the place told last

	marks string // those that are left
	known int    // the place of the last mark
	lo    int    // its lines
	hi    int
}

// Lines returns what tells the lines of a block of this document.
func (d *Document) Lines(b Block) Lines {
	l := Lines{text: b.Text, first: b.Start, last: b.End}
	if k, ok := d.marks[b]; ok {
		l.marks, l.known = k.marks, -k.lost
	} else if b.Kind == Code && strings.Count(b.Text, "\n") == b.End-b.Start {
		l.exact, l.last = true, b.Start
	}
	return l
}

// Of returns the first and the last line that the byte at a place of the text may
// come from, which are one where that is known. Places must not come before those
// asked for earlier.
func (l *Lines) Of(at int) (first, last int) {
	if l.exact {
		n := strings.Count(l.text[l.at:at], "\n")
		l.first, l.last, l.at = l.first+n, l.last+n, at
	}
	for l.marks != "" {
		step, n := uvarint(l.marks)
		if l.known+int(step>>1) > at {
			break
		}
		l.marks, l.known = l.marks[n:], l.known+int(step>>1)
		lo, hi := int64(1), int64(1)
		if step&1 == 0 {
			lo, n = varint(l.marks)
			l.marks = l.marks[n:]
			hi, n = varint(l.marks)
			l.marks = l.marks[n:]
		}
		l.lo, l.hi = l.lo+int(lo), l.hi+int(hi)
		l.first, l.last = l.lo, l.hi
	}
	return l.first, l.last
}

// uvarint reads a number as binary.Uvarint does.
func uvarint(s string) (x uint64, n int) {
	for shift := 0; ; shift += 7 {
		c := s[n]
		n++
		if x |= uint64(c&0x7f) << shift; c < 0x80 {
			return x, n
		}
	}
}

// varint reads a number as binary.Varint does.
func varint(s string) (int64, int) {
	x, n := uvarint(s)
	return int64(x>>1) ^ -int64(x&1), n
}
