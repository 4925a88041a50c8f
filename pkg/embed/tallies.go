package embed

import "math/bits"

// tallies keeps the tallies of words that were met lately: most words of a text
// are in the texts around it, too. It has places for 16,384 words in sets of
// four; a word that is new takes the place of one of its set that was not met
// since others were.
type tallies struct {
	hashes [tallySets][4]uint64
	recent [tallySets]uint8 // the bit of each place in a set that was met lately
	words  [tallySets][4]wordTally
}

// tallySets makes tallies of 5 MB.
const tallySets = 1 << 12

// wordTally has the features of a word: itself and its n-grams.
type wordTally struct {
	text             [longestTallied]byte
	length, features uint8 // no features in a free place
	tally            tally
}

// longestTallied is the length in bytes of the longest word that is kept. Its
// features are fewer than mostTallied.
const longestTallied = 30

// of gives the place of a word, which it has to be put in unless it is known.
func (t *tallies) of(hash uint64, text []byte) (place *wordTally, known bool) {
	set := mix(hash) % tallySets
	hashes, words := &t.hashes[set], &t.words[set]
	for i, h := range hashes {
		if h == hash && string(words[i].text[:words[i].length]) == string(text) {
			t.met(set, i)
			return &words[i], true
		}
	}
	i := bits.TrailingZeros8(^t.recent[set])
	t.met(set, i)
	hashes[i] = hash
	words[i].length = uint8(copy(words[i].text[:], text))
	return &words[i], false
}

// met remembers that a place of a set was met.
func (t *tallies) met(set uint64, place int) {
	const all = 1<<4 - 1
	recent := t.recent[set] | 1<<place
	if recent == all {
		recent = 1 << place
	}
	t.recent[set] = recent
}
