package embed

import (
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// word is something of a text that is counted: a word, a pair of neighbouring
// words, an ideograph, or a pair of those.
type word struct {
	hash       uint64
	count      int32
	weight     int32 // when it occurs once
	start, end int32 // of a word, in words.folded; else nothing
}

// words takes texts apart.
type words struct {
	list   []word // of the last text, in the order of their first occurrence
	folded []byte // that text
	index  []int32

	// The state of reading.
	open      bool   // inside a word
	start     int    // of that word, in folded
	length    int    // characters of it so far
	hash      uint64 // of those
	before    uint64 // the word before; 0 for none
	ideograph rune   // the character before, if it is one; else 0

	folder folder
	// kinds has those of the characters that were met, but for ASCII.
	kinds [1 << 16]kind
}

// The kinds of words are seeds of their hashes, so that equal characters of
// different kinds are different features.
const (
	wordSeed          = 0x8f3b1c6d52e9a07b
	wordPairSeed      = 0xc2b2ae3d27d4eb4f
	ideographSeed     = 0x2545f4914f6cdd1d
	ideographPairSeed = 0x9fb21c651e98df25
)

// read lists the words of a text.
func (w *words) read(text string) {
	w.folded = w.folder.fold(text)
	w.list, w.before, w.ideograph = w.list[:0], 0, 0
	w.clearIndex()
	for i := 0; i < len(w.folded); {
		if asciiLetter[w.folded[i]] {
			w.begin(i)
			i += w.asciiLetters(w.folded[i:])
			continue
		}
		r, size := rune(w.folded[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(w.folded[i:])
		}
		switch w.kindOf(r) {
		case ideograph:
			w.finish(i)
			w.pairIdeograph(r)
		case letter:
			w.begin(i)
			w.hash = hash(w.hash, r)
			w.length++
		default:
			w.finish(i)
			w.ideograph = 0
		}
		i += size
	}
	w.finish(len(w.folded))
}

// asciiLetters adds the letters and digits of ASCII that a text begins with to the
// open word, and returns how many they are.
func (w *words) asciiLetters(text []byte) int {
	n, h := 0, w.hash
	for n < len(text) && asciiLetter[text[n]] {
		h = hash(h, rune(text[n]))
		n++
	}
	w.hash = h
	w.length += n
	return n
}

// begin opens a word, unless one is open.
func (w *words) begin(at int) {
	if !w.open {
		w.open, w.start, w.length, w.hash, w.ideograph = true, at, 0, wordSeed, 0
	}
}

// finish counts the open word, if there is one, and its pair with the word
// before.
func (w *words) finish(end int) {
	if !w.open {
		return
	}
	w.open = false
	weight := int32(full)
	if w.length <= shortWord {
		weight = half
	}
	w.count(word{hash: w.hash, weight: weight, start: int32(w.start), end: int32(end)})
	if w.before != 0 {
		w.count(word{hash: (w.before^wordPairSeed)*0x9e3779b97f4a7c15 ^ w.hash, weight: half})
	}
	w.before = w.hash
}

// pairIdeograph counts a character of a script that is written without spaces,
// and its pair with the one before, which is what comes nearest to a word.
func (w *words) pairIdeograph(r rune) {
	w.count(word{hash: hash(ideographSeed, r), weight: half})
	if w.ideograph != 0 {
		w.count(word{hash: hash(hash(ideographPairSeed, w.ideograph), r), weight: full})
	}
	w.ideograph, w.before = r, 0
}

// clearIndex empties the index, which has for each hash its place in list, from
// 1, or in the next free slot. It has more slots than the text can have words.
func (w *words) clearIndex() {
	n := 1 << bits.Len(uint(len(w.folded)))
	if cap(w.index) < n {
		w.index = make([]int32, n)
	}
	w.index = w.index[:n]
	clear(w.index)
}

// count counts one occurrence.
func (w *words) count(occurrence word) {
	last := uint64(len(w.index) - 1)
	for slot := mix(occurrence.hash); ; slot++ {
		at := &w.index[slot&last]
		if *at == 0 {
			occurrence.count = 1
			w.list = append(w.list, occurrence)
			*at = int32(len(w.list))
			return
		}
		if seen := &w.list[*at-1]; seen.hash == occurrence.hash {
			seen.count++
			return
		}
	}
}

// kind is what a character is to words.
type kind uint8

const (
	letter    kind = iota + 1 // letters, digits, and marks, which words are made of
	ideograph                 // characters of Chinese, Japanese and Korean
	other                     // what stands between words
)

// kindOf gives the kind of a character.
func (w *words) kindOf(r rune) kind {
	switch {
	case r < utf8.RuneSelf:
		if asciiLetter[r] {
			return letter
		}
		return other
	case int(r) >= len(w.kinds):
		return kindOf(r)
	}
	if w.kinds[r] == 0 {
		w.kinds[r] = kindOf(r)
	}
	return w.kinds[r]
}

func kindOf(r rune) kind {
	switch {
	case r >= 0x3040 && (r <= 0x30ff || unicode.In(r, unicode.Han, unicode.Hangul, unicode.Katakana)):
		return ideograph
	case unicode.IsLetter(r), unicode.IsNumber(r), unicode.IsMark(r):
		return letter
	}
	return other
}

// asciiLetter has the letters and digits of folded text, each for its byte.
var asciiLetter = func() (is [256]bool) {
	for c := range is {
		is[c] = 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
	}
	return is
}()
