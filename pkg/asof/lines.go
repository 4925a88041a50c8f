package asof

import (
	"slices"

	"github.com/aymanbagabas/go-udiff/lcs"
)

// exactEdits is how many lines the library finds to have come or gone without
// missing any that stayed: beyond a limit of 100 it gives up looking for the best.
const exactEdits = 50

// matchLines returns for each line of after which line of before it is, or -1 if it
// is new. As many lines as can be keep their order and are none of the new ones.
func matchLines(before, after []string) []int {
	match := make([]int, len(after))
	for i := range match {
		match[i] = -1
	}
	m := matcher{before, after, match}
	m.match(0, len(before), 0, len(after))
	return match
}

// matcher matches parts of two texts.
type matcher struct {
	before, after []string
	to            []int
}

// match matches the lines from a to aEnd with those from b to bEnd.
func (m *matcher) match(a, aEnd, b, bEnd int) {
	for a < aEnd && b < bEnd && m.before[a] == m.after[b] {
		m.to[b] = a
		a, b = a+1, b+1
	}
	for a < aEnd && b < bEnd && m.before[aEnd-1] == m.after[bEnd-1] {
		aEnd, bEnd = aEnd-1, bEnd-1
		m.to[bEnd] = aEnd
	}
	if a == aEnd || b == bEnd {
		return
	}
	edits, kept := m.diff(a, aEnd, b, bEnd)
	if edits <= exactEdits {
		m.keep(kept)
		return
	}
	anchors := m.anchors(a, aEnd, b, bEnd)
	if len(anchors) == 0 {
		m.keep(kept)
		return
	}
	for _, at := range append(anchors, [2]int{aEnd, bEnd}) {
		m.match(a, at[0], b, at[1])
		if at[1] < bEnd {
			m.to[at[1]] = at[0]
		}
		a, b = at[0]+1, at[1]+1
	}
}

// diff returns the pairs of lines that the library keeps, and how many lines of
// both it does not.
func (m *matcher) diff(a, aEnd, b, bEnd int) (edits int, kept [][2]int) {
	x, y := 0, 0
	for _, d := range append(lcs.DiffLines(m.before[a:aEnd], m.after[b:bEnd]), lcs.Diff{Start: aEnd - a, End: aEnd - a, ReplStart: bEnd - b, ReplEnd: bEnd - b}) {
		for ; x < d.Start; x, y = x+1, y+1 {
			kept = append(kept, [2]int{a + x, b + y})
		}
		edits += d.End - d.Start + d.ReplEnd - d.ReplStart
		x, y = d.End, d.ReplEnd
	}
	return edits, kept
}

func (m *matcher) keep(pairs [][2]int) {
	for _, p := range pairs {
		m.to[p[1]] = p[0]
	}
}

// anchors returns pairs of lines that are once in either part: the most that are
// in the same order in both (as patience diff does).
func (m *matcher) anchors(a, aEnd, b, bEnd int) [][2]int {
	const twice = -1
	place := make(map[string]int, aEnd-a) // in before
	for i := a; i < aEnd; i++ {
		if _, seen := place[m.before[i]]; seen {
			place[m.before[i]] = twice
		} else {
			place[m.before[i]] = i
		}
	}
	times := make(map[string]int, bEnd-b)
	for _, line := range m.after[b:bEnd] {
		times[line]++
	}
	// The longest increasing subsequence: of those of a length, the one that ends
	// first, and before each of its lines the one that it follows.
	type link struct{ a, b, previous int }
	var links []link
	var ends []int // links, by length
	for i := b; i < bEnd; i++ {
		at, found := place[m.after[i]]
		if !found || at == twice || times[m.after[i]] > 1 {
			continue
		}
		n, _ := slices.BinarySearchFunc(ends, at, func(end, at int) int { return links[end].a - at })
		l := link{at, i, -1}
		if n > 0 {
			l.previous = ends[n-1]
		}
		links = append(links, l)
		if n == len(ends) {
			ends = append(ends, 0)
		}
		ends[n] = len(links) - 1
	}
	anchors := make([][2]int, len(ends))
	next := -1
	if len(ends) > 0 {
		next = ends[len(ends)-1]
	}
	for n := len(ends) - 1; n >= 0; n-- {
		anchors[n] = [2]int{links[next].a, links[next].b}
		next = links[next].previous
	}
	return anchors
}
