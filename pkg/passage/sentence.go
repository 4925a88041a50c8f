package passage

import (
	"unicode"
	"unicode/utf8"
)

// sentence returns the length of the first sentence of a text, with the white
// space after it. A line break ends a sentence. So does a terminator with
// whatever closes after it, if white space and no small letter follow, which
// tells it from most abbreviations; those of scripts that are written without
// spaces need none after them.
//
// The rules are a part of those of Unicode (UAX #29), without the look ahead for
// a letter that makes them quadratic in a text of brackets.
func sentence(text string) int {
	var ended, spaced, wide bool
	for i, r := range text {
		terminal := terminates(r)
		switch {
		case r == '\n':
			return i + 1
		case unicode.IsSpace(r):
			spaced = ended
		case ended && !spaced && (terminal || closes(r)):
			wide = wide || terminal && r >= firstWide
		case spaced && !unicode.IsLower(r) && !unicode.IsMark(r), wide && !spaced:
			return i
		default:
			ended, spaced, wide = terminal, false, terminal && r >= firstWide
		}
	}
	return len(text)
}

// firstWide begins the punctuation of Chinese and Japanese.
const firstWide = 0x3000

// terminates reports characters that end a sentence.
func terminates(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '.' || r == '!' || r == '?'
	}
	return unicode.Is(unicode.Sentence_Terminal, r)
}

// closes reports characters that belong to the sentence before: brackets, quotes,
// and marks.
func closes(r rune) bool {
	return r == '"' || r == '\'' || unicode.In(r, unicode.Pe, unicode.Pf, unicode.Pi, unicode.M, unicode.Cf)
}
