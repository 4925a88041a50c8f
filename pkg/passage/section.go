package passage

import (
	"slices"

	"github.com/seed16713943/btools/pkg/extract"
)

// place is where a block of a document is.
type place struct{ part, block int }

// sections makes the passages of a document, one section after another.
//
// It goes from the last piece of a section to the first. Each piece makes the
// first passage longer, which is then cut in two where that is cheapest, or not at
// all if that is cheaper. What is behind the first passage is settled, whatever
// text may be before it, but that a tiny passage is joined with one that is being
// settled. So a piece more at the top changes the first two passages at most, and
// leaves two in their place at most.
//
// Of a section with very many blocks, the pieces are made part by part, and only
// those are there whose passages are not settled.
type sections struct {
	doc      *extract.Document
	passages []Passage // that have not been given

	pieces []piece // of the first passages; the last one stands for all that is behind
	ends   []int   // of these passages, the first one's last

	room  []extract.Block
	spare []piece
}

// add adds the passages of the section between two places, of which the blocks of
// the later one's part are given.
func (s *sections) add(from, to place, blocks []extract.Block, path *headings) {
	before := len(s.passages)
	s.pieces, s.ends = append(s.pieces[:0], piece{}), append(s.ends[:0], 0)
	var heading []string
	blocks = blocks[:to.block]
	for part := to.part; part >= from.part; part-- {
		if part < to.part {
			blocks = s.doc.Part(part, &s.room)
		}
		if part == from.part {
			blocks = blocks[from.block:]
		}
		more := s.spare[:0]
		for _, b := range blocks {
			if !blank(b) {
				more = appendBlock(more, s.doc, b)
			}
		}
		if len(more) == 0 {
			continue
		}
		if heading == nil {
			heading = path.texts()
		}
		s.cut(more)
		s.settle(2, heading)
	}
	if len(s.pieces) > 1 {
		s.settle(0, heading)
	}
	slices.Reverse(s.passages[before:])
}

// give yields the passages, and reports whether more are wanted.
func (s *sections) give(yield func(Passage) bool) bool {
	for _, p := range s.passages {
		if !yield(p) {
			return false
		}
	}
	s.passages = s.passages[:0]
	return true
}

// cut cuts the passages of pieces that are before those that are there.
func (s *sections) cut(more []piece) {
	n := len(more)
	s.pieces, s.spare = append(more, s.pieces...), s.pieces
	for i := range s.ends {
		s.ends[i] += n
	}
	pieces, ends := s.pieces, s.ends
	for i := n - 1; i >= 0; i-- {
		pieces[i].left = pieces[i].runes + len(pieces[i+1].glue) + pieces[i+1].left
		first := len(ends) - 1
		cut := cheapest(pieces, i, ends[first])
		switch {
		case cut == 0:
		case first > 0 && joins(pieces, cut, ends[first], ends[first-1]):
			ends[first] = cut
		default:
			ends = append(ends, cut)
		}
	}
	s.ends = ends
}

// settle makes the passages but for the first few.
func (s *sections) settle(but int, heading []string) {
	n := max(0, len(s.ends)-but)
	for i, end := range s.ends[:n] {
		begin := 0
		if i+1 < len(s.ends) {
			begin = s.ends[i+1]
		}
		s.passages = append(s.passages, join(s.pieces[begin:end], heading))
	}
	if n < len(s.ends) {
		s.pieces = s.pieces[:s.ends[n]+1]
	}
	s.ends = append(s.ends[:0], s.ends[n:]...)
}
