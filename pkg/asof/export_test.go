package asof

import "bytes"

// SearchNarrowly lets searches look at few passages and texts at first, so that
// small collections make them look wider.
func SearchNarrowly() { firstLook, rowsAtFirst = 1, 1 }

// BoundRenames bounds how many documents, and how many pairs of them, renames are
// looked for among, until what it returns is called.
func BoundRenames(documents, pairs int) (restore func()) {
	before := [2]int{mostRenamed, mostCompared}
	mostRenamed, mostCompared = documents, pairs
	return func() { mostRenamed, mostCompared = before[0], before[1] }
}

// Steps returns how many steps lie between two words, or a number greater than
// most.
func Steps(a, b string, most int) int {
	d := distance{word: []rune(a), most: most}
	return d.to(b)
}

// ReplaceWord is replaceWord.
var ReplaceWord = replaceWord

// LinesOf returns the lines from first to last of a text that comes in pieces,
// and how many it has.
func LinesOf(pieces [][]byte, first, last int) (string, int64) {
	var count lineCount
	for _, p := range pieces {
		count.Write(p)
	}
	end, n := count.lines()
	var out bytes.Buffer
	w := lineWriter{w: &out, end: end, first: first, last: last}
	for _, p := range pieces {
		w.Write(p)
	}
	return out.String(), n
}
