package passage

import "math"

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
