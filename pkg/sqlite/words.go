package sqlite

import (
	"encoding/binary"
	"iter"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/unicode/rangetable"
)

// What a word is here is what one is to the tokenizer of text_fts, but that
// scripts without spaces between words are told apart.

// spacelessScripts are those whose runs of letters are indexed as pairs.
// Korean has spaces, but not between a word and its particles.
var spacelessScripts = rangetable.Merge(
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
	rangetable.New('ー', 'ｰ'), // long vowels, of Hiragana and Katakana alike
)

// firstSpaceless is the first letter of spacelessScripts, and so is its lead
// byte that of no letter before; punctuation begins with the other one.
const (
	firstSpaceless    = 0x0E01
	leadOfSpaceless   = 0xE0
	leadOfPunctuation = 0xE2 // U+2000 to U+2FFF, where no such letter is
)

func isSpaceless(r rune) bool {
	return r >= firstSpaceless && unicode.Is(spacelessScripts, r) && (unicode.IsLetter(r) || unicode.Is(unicode.Nl, r))
}

// isOfWord reports whether the tokenizer takes a character for a part of a
// word.
func isOfWord(r rune) bool {
	if r < utf8.RuneSelf {
		return asciiOfWord[r]
	}
	return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.Co) && !isPresentation(r)
}

// isMark reports whether a character belongs to the letter before. The voiced
// sound marks of half-width Katakana are letters to Unicode.
func isMark(r rune) bool { return unicode.IsMark(r) || r == halfVoiced || r == halfSemiVoiced }

const (
	halfVoiced     = 'ﾞ'
	halfSemiVoiced = 'ﾟ'
)

// isPresentation reports whether a character says how to draw the one before.
func isPresentation(r rune) bool { return r == '\uFE0E' || r == '\uFE0F' }

// asciiOfWord says the same by bytes, and nothing of those of other characters.
var asciiOfWord = func() (is [256]bool) {
	for c := range is {
		is[c] = '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
	}
	return is
}()

// eachWord calls fn for each word of a text, which is text[start:end], until fn
// returns false. A run of spaceless writing is a word of its own.
func eachWord(text string, fn func(start, end int, spaceless bool) bool) {
	for i := 0; i < len(text); {
		start, spaceless := i, false
		if c := text[i]; c < utf8.RuneSelf {
			i++
			if !asciiOfWord[c] {
				continue
			}
		} else {
			r, n := utf8.DecodeRuneInString(text[i:])
			i += n
			if !isOfWord(r) {
				continue
			}
			spaceless = isSpaceless(r)
		}
		i = wordEnd(text, i, spaceless)
		if !fn(start, i, spaceless) {
			return
		}
	}
}

// wordEnd returns the end of a word of which text[:i] is all or a part.
func wordEnd(text string, i int, spaceless bool) int {
	for !spaceless && i < len(text) && asciiOfWord[text[i]] {
		i++
	}
	for i < len(text) && (text[i] >= utf8.RuneSelf || asciiOfWord[text[i]]) {
		r, n := utf8.DecodeRuneInString(text[i:])
		if !isOfWord(r) || isSpaceless(r) != spaceless && !isMark(r) {
			break
		}
		i += n
	}
	return i
}

// indexed returns a text as the text index has it, and whether that differs:
// letters as spelling has them, and runs of spaceless writing as overlapping
// pairs of characters and the last character alone, 检索增强 as 检索 索增 增强 强,
// so that a word inside is a phrase of pairs, and any character the beginning of
// a word.
func indexed(text string) (string, bool) {
	if standsAsIs(text) {
		return text, false
	}
	var b strings.Builder
	b.Grow(3 * len(text))
	written := 0
	touches := false // what was written last was a run
	eachWord(text, func(start, end int, spaceless bool) bool {
		b.WriteString(text[written:start])
		if start == written && start > 0 && (spaceless || touches) {
			b.WriteByte(' ')
		}
		if spaceless {
			appendPairs(&b, text[start:end])
		} else {
			appendLetters(&b, text[start:end])
		}
		written, touches = end, spaceless
		return true
	})
	b.WriteString(text[written:])
	return b.String(), true
}

// spelling returns what a character is written as in the text index, where the
// tokenizer does not take it for what people do, and reports whether that is so.
func spelling(r rune) (spelled string, other bool) {
	if r < firstSpelled {
		return "", false
	}
	spelled, other = spellings()[r]
	return spelled, other
}

const firstSpelled = 'ß'

// spellings has ß, which is SS in capitals, ligatures, which come from PDF files,
// the wide and half-width forms of East Asian writing, and what the tokenizer does
// not know for accents: those of Greek, which capitals go without, the dots of ё, which are
// mostly left out, and the points and signs for vowels of Hebrew and Arabic.
var spellings = sync.OnceValue(func() map[rune]string {
	all := map[rune]string{'ß': "ss", 'ẞ': "ss", '\u0342': "", '\u0343': "", '\u0344': "", '\u0345': "", '\u0670': ""}
	each := func(first, last rune, spell func(r rune, letter string)) {
		for r := first; r <= last; r++ {
			spell(r, string(r))
		}
	}
	for _, wide := range [][2]rune{{'ﬀ', 'ﬆ'}, {'０', '９'}, {'Ａ', 'Ｚ'}, {'ａ', 'ｚ'}, {'ｦ', halfSemiVoiced}} {
		each(wide[0], wide[1], func(r rune, letter string) { all[r] = norm.NFKC.String(letter) })
	}
	bare := func(r rune, letter string) {
		base, _ := utf8.DecodeRuneInString(norm.NFD.String(letter))
		if base != r && unicode.IsLetter(r) && unicode.IsLetter(base) {
			all[r] = string(base)
		}
	}
	each('\u0370', '\u03FF', bare) // Greek
	each('\u1F00', '\u1FFF', bare)
	for _, r := range "ЀЁЍѐёѝ" { // й and ї are letters of their own
		bare(r, string(r))
	}
	mark := func(r rune, _ string) {
		if unicode.Is(unicode.Mn, r) {
			all[r] = ""
		}
	}
	each('\u0591', '\u05C7', mark) // Hebrew
	each('\u064B', '\u0655', mark) // Arabic
	return all
})

// spell returns the length of the first character of a text, what it is written
// as, and whether that is another one. Half-width kana has its voiced sound mark
// as a character of its own: ｶﾞ is written as ガ.
func spell(text string) (size int, written string, other bool) {
	r, n := utf8.DecodeRuneInString(text)
	if written, other = spelling(r); !other {
		written = text[:n]
	}
	if r < firstSpaceless || n == len(text) || text[n] != leadOfHalfWidth {
		return n, written, other
	}
	switch mark, m := utf8.DecodeRuneInString(text[n:]); mark {
	case halfVoiced, halfSemiVoiced:
		voiced := norm.NFKC.String(written + string(mark))
		if utf8.RuneCountInString(voiced) == 1 {
			return n + m, voiced, true
		}
	}
	return n, written, other
}

const leadOfHalfWidth = 0xEF

// letters yields the characters of a text, each with what it is written as.
func letters(text string) iter.Seq2[string, string] {
	return func(yield func(letter, written string) bool) {
		for text != "" {
			n, written, _ := spell(text)
			if !yield(text[:n], written) {
				return
			}
			text = text[n:]
		}
	}
}

// respelled returns a text with all letters as spelling has them.
func respelled(text string) string {
	if standsAsIs(text) {
		return text
	}
	var b strings.Builder
	appendLetters(&b, text)
	return b.String()
}

func appendLetters(b *strings.Builder, text string) {
	for _, written := range letters(text) {
		b.WriteString(written)
	}
}

func appendPairs(b *strings.Builder, run string) {
	last := ""
	for pair := range pairs(run) {
		appendLetters(b, pair)
		last = pair[character(pair):]
		if last != "" {
			b.WriteByte(' ')
		}
	}
	appendLetters(b, last)
}

// pairs yields the overlapping pairs of characters of a run, or the run itself
// if it is one character.
func pairs(run string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for first := character(run); ; {
			second := character(run[first:])
			if !yield(run[:first+second]) || first+second == len(run) {
				return
			}
			run, first = run[first:], second
		}
	}
}

// character returns the length of the first letter of a text and the marks that
// belong to it.
func character(text string) int {
	_, end := utf8.DecodeRuneInString(text)
	for end < len(text) {
		r, n := utf8.DecodeRuneInString(text[end:])
		if !isMark(r) {
			break
		}
		end += n
	}
	return end
}

// mayDiffer says of bytes whether a letter that the text index has otherwise may
// begin with one.
var mayDiffer = func() (may [256]bool) {
	for c := leadOfSpaceless; c < len(may); c++ {
		may[c] = c != leadOfPunctuation
	}
	for _, c := range []byte{
		0xC3,                         // ß
		0xCD, 0xCE, 0xCF, 0xD0, 0xD1, // Greek, Cyrillic
		0xD6, 0xD7, 0xD9, // Hebrew, Arabic
	} {
		may[c] = true
	}
	return may
}()

// asciiPrefix returns how many bytes of ASCII a text begins with, in eights.
func asciiPrefix(text string) (n int) {
	const tops = 0x8080808080808080
	for n+8 <= len(text) && binary.LittleEndian.Uint64([]byte(text[n:]))&tops == 0 {
		n += 8
	}
	return n
}

// standsAsIs reports whether the text index has a text as it stands.
func standsAsIs(text string) bool {
	for i := asciiPrefix(text); i < len(text); i++ {
		if !mayDiffer[text[i]] {
			continue
		}
		r, _ := utf8.DecodeRuneInString(text[i:])
		if _, other := spelling(r); other || isSpaceless(r) {
			return false
		}
	}
	return true
}

// fold returns a word in lower case and without diacritics, as the tokenizer
// folds what the text index has of it.
func fold(word string) string { return string(appendFold(nil, word)) }

func appendFold(dst []byte, word string) []byte {
	for i := 0; i < len(word); {
		if c := word[i]; c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		n, written, other := spell(word[i:])
		i += n
		for _, r := range written {
			if other || !isDiacritic(r) {
				dst = utf8.AppendRune(dst, foldRune(r))
			}
		}
	}
	return dst
}

// foldRune folds a character as the tokenizer does, which removes diacritics from
// Latin letters only.
func foldRune(r rune) rune {
	if r != 'ı' { // which is no i to the tokenizer
		r = unicode.ToLower(unicode.ToUpper(r)) // the one way for all forms, such as σ and ς
	}
	if base := norm.NFD.PropertiesString(string(r)).Decomposition(); len(base) > 0 && base[0] < utf8.RuneSelf {
		return rune(base[0])
	}
	return r
}

// isDiacritic reports whether the tokenizer drops a combining mark. The masks
// are those of sqlite3Fts5UnicodeIsdiacritic.
func isDiacritic(r rune) bool {
	const first, last = 0x300, 0x331
	const dropped = 0x361F8<<32 | 0x08029FDF
	return first <= r && r <= last && dropped>>(r-first)&1 == 1
}
