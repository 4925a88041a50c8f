package passage

import (
	"math"
	"slices"
)

// The shape of passages. A passage costs by how far its length is from the best
// one, a cut by what it separates and by a share of chance that is the same
// wherever its text stands. With a large share the cuts fall into place again
// soon after an edit, with a small one lengths are more even. These values,
// measured on a book and on a large manual, give a mean of 1,000 characters where
// headings are far between.
const (
	best  = 600 // characters; less than the mean, since every cut costs too
	short = 250 // characters; what is shorter costs extra
	tiny  = 200 // characters; what is shorter is joined to any neighbour that has room

	shortCost = 500  // enough for a tiny passage to cost more than making any other longer
	chance    = 3000 // above the share of chance in the cost of any cut
	hashed    = 64   // bytes at either end of a text that its share of chance is drawn from
)

// What a cut costs besides, by the place where it would be.
const (
	atParagraph = 0
	atItem      = 1000 // before an item, a table row or code, which lean on what is before
	atGap       = 1000 // between lines of code, where one is empty
	atLine      = 2000 // between lines of code
	atSentence  = 2500
	atWord      = 4000
	inWord      = 6000
)

// cuts returns where the passages of a section end: for each the number of pieces
// before its end.
//
// It goes from the last piece to the first. Each piece makes the first passage
// longer, which is then cut in two where that is cheapest, or not at all if that
// is cheaper. What is behind the first passage is settled, whatever text may be
// before it, but that a tiny passage is joined with one that is being settled.
// So a piece more at the top changes the first two passages at most, and leaves
// two in their place at most.
func cuts(pieces []piece) []int {
	n := len(pieces)
	if n == 0 {
		return nil
	}
	pieces = append(pieces, piece{}) // stands for the end
	ends := make([]int, 1, 4)        // of the passages, the first one's last
	ends[0] = n
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
	slices.Reverse(ends)
	return ends
}

// cheapest returns where the pieces from first to end are best cut in two, or 0
// if they are best left in one. Where they are too long for one, a cut after the
// first of them is always possible, if the others are one passage.
func cheapest(pieces []piece, first, end int) (cut int) {
	least := int64(math.MaxInt64)
	if n := length(pieces, first, end); n <= Max {
		least = shape(n)
	}
	for i := first + 1; i < end; i++ {
		before, after := length(pieces, first, i), length(pieces, i, end)
		if before > Max {
			break
		}
		if after > Max {
			continue
		}
		if cost := shape(before) + pieces[i].cost + shape(after); cost < least {
			least, cut = cost, i
		}
	}
	return cut
}

// joins reports whether the passages from first to mid and from mid to end are
// to be one, since one of them is tiny and the other has room for it.
func joins(pieces []piece, first, mid, end int) bool {
	return min(length(pieces, first, mid), length(pieces, mid, end)) < tiny &&
		length(pieces, first, end) <= Max
}

// length returns the characters of a passage of the pieces from first to end.
func length(pieces []piece, first, end int) int {
	return pieces[first].left - pieces[end].left - len(pieces[end].glue)
}

// shape is what a passage of this many characters costs.
func shape(length int) int64 {
	off := int64(length - best)
	cost := off * off / 1000
	if length < short {
		cost += shortCost
	}
	return cost
}
