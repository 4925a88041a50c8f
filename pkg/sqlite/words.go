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
// scripts without spaces between words are told apart. Words are looked for in
// composed text.

// wordsVersion is the version of these rules. It grows when the text index would
// have other words of the same text.
const wordsVersion = 2

// spacelessScripts are those whose runs of letters are indexed as pairs.
// Korean has spaces, but not between a word and its particles.
var spacelessScripts = rangetable.Merge(
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
	rangetable.New('ー', 'ｰ'), // long vowels, of Hiragana and Katakana alike
)

// firstSpaceless is the first letter of spacelessScripts, and so is its lead
// byte that of no letter before.
const (
	firstSpaceless  = 0x0E01
	leadOfSpaceless = 0xE0
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
// composed, letters as spelling has them, and runs of spaceless writing as
// overlapping pairs of characters and the last character alone, 检索增强 as
// 检索 索增 增强 强, so that a word inside is a phrase of pairs, and any character
// the beginning of a word.
func indexed(text string) (string, bool) {
	if standsAsIs(text) {
		return text, false
	}
	text = composed(text)
	var b strings.Builder
	if !strings.ContainsFunc(text, isSpaceless) {
		b.Grow(len(text))
		appendLetters(&b, text)
		return b.String(), true
	}
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

// composed returns a text in its composed form (NFC): texts that only differ in
// whether a letter and its marks are one character, as й, が and 한 can be, become
// the same. Macs write file names with the marks apart.
func composed(text string) string {
	for i := asciiPrefix(text); i < len(text); i++ {
		if !mayDiffer[text[i]] {
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		if isLoose(r) {
			return norm.NFC.String(text)
		}
		i += n - 1
	}
	return text
}

// isLoose reports whether a text may not be composed because it has a character.
func isLoose(r rune) bool {
	if r < 0x0300 || 0x3100 <= r && r < 0xA640 || 0xAC00 <= r && r < 0xF900 { // most letters that there are
		return false
	}
	return unicode.Is(looseCharacters, r)
}

// looseCharacters are marks, letters that join the one before, and those that are
// others when they are composed; some characters between them are none of these.
// Spaces are left out.
var looseCharacters = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x0300, 0x037F, 1}, {0x0387, 0x0387, 1}, // of all scripts; Greek
		{0x0483, 0x0487, 1}, {0x0591, 0x05C7, 1}, {0x0610, 0x061A, 1}, {0x064B, 0x0670, 1}, // Cyrillic, Hebrew, Arabic
		{0x06D6, 0x1DFF, 1}, {0x1F00, 0x1FFF, 1}, // India, Jamo and others; Greek
		{0x20D0, 0x20FF, 1}, {0x2126, 0x212B, 1}, {0x2329, 0x232A, 1}, {0x2ADC, 0x2ADC, 1}, // symbols
		{0x2CEF, 0x2DFF, 1},                      // Coptic and others
		{0x302A, 0x302F, 1}, {0x3099, 0x309A, 1}, // East Asia
		{0xA66F, 0xABFF, 1}, {0xF900, 0xFB4F, 1}, {0xFE20, 0xFE2F, 1},
	},
	R32: []unicode.Range32{{0x10000, 0x1EFFF, 1}, {0x2F800, 0x2FA1F, 1}},
}

// spelling returns what a character is written as in the text index, where the
// tokenizer does not take it for what people do, and reports whether that is so.
func spelling(r rune) (spelled string, other bool) {
	if r < firstSpelled || lastFewSpelled < r && r < firstManySpelled {
		return "", false
	}
	all := spellings()
	if r <= lastFewSpelled && all.few[r/64]>>(r%64)&1 == 0 {
		return "", false
	}
	spelled, other = all.words[r]
	return spelled, other
}

// Where characters that are spelled otherwise are.
const (
	firstSpelled     = 'Æ'
	lastFewSpelled   = 0x1FFF
	firstManySpelled = 'ﬀ'
)

// spellingTable has what characters are written as, and of those up to
// lastFewSpelled, which most letters of most scripts are among, a bit each.
type spellingTable struct {
	words map[rune]string
	few   [(lastFewSpelled + 1) / 64]uint64
}

// spellings has ß, which is SS in capitals, letters that people also write as
// others, ligatures, which come from PDF files, the wide and half-width forms of
// East Asian writing, and what the tokenizer does not know for accents: those of
// Greek, which capitals go without, the dots of ё, which are mostly left out, and
// the points and signs for vowels of Hebrew and Arabic.
var spellings = sync.OnceValue(func() *spellingTable {
	all := map[rune]string{
		'ß': "ss", 'ẞ': "ss",
		'æ': "ae", 'Æ': "ae", 'œ': "oe", 'Œ': "oe", 'ø': "o", 'Ø': "o", 'đ': "d", 'Đ': "d", 'ł': "l", 'Ł': "l",
		'\u0313': "", '\u0314': "", '\u0342': "", '\u0343': "", '\u0344': "", '\u0345': "", '\u0670': "",
	}
	each := func(first, last rune, spell func(r rune, letter string)) {
		for r := first; r <= last; r++ {
			spell(r, string(r))
		}
	}
	baseOf := func(letter string) rune {
		base, _ := utf8.DecodeRuneInString(norm.NFD.String(letter))
		return base
	}
	for _, r := range "ǢǣǼǽǾǿ" {
		all[r] = all[baseOf(string(r))]
	}
	for _, wide := range [][2]rune{{'ﬀ', 'ﬆ'}, {'０', '９'}, {'Ａ', 'Ｚ'}, {'ａ', 'ｚ'}, {'ｦ', halfSemiVoiced}} {
		each(wide[0], wide[1], func(r rune, letter string) { all[r] = norm.NFKC.String(letter) })
	}
	bare := func(r rune, letter string) {
		if base := baseOf(letter); base != r && unicode.IsLetter(r) && unicode.IsLetter(base) {
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
	table := &spellingTable{words: all}
	for r := range all {
		if r <= lastFewSpelled {
			table.few[r/64] |= 1 << (r % 64)
		}
	}
	return table
})

// spell returns the length of the first character of a text, what it is written
// as, and whether that is another one. Half-width kana has its voiced sound mark
// as a character of its own: ｶﾞ is written as ガ.
func spell(text string) (size int, written string, other bool) {
	r, n := utf8.DecodeRuneInString(text)
	if written, other = spelling(r); !other {
		written = text[:n]
	}
	if r < firstSpaceless || n == len(text) || text[n] != leadOfHalfWidth && !other {
		return n, written, other
	}
	switch mark, m := utf8.DecodeRuneInString(text[n:]); mark {
	case halfVoiced, halfSemiVoiced, '\u3099', '\u309A':
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

// respelled returns a text composed and with all letters as spelling has them.
func respelled(text string) string {
	if standsAsIs(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	appendLetters(&b, composed(text))
	return b.String()
}

func appendLetters(b *strings.Builder, text string) {
	done := 0
	for i := 0; i < len(text); {
		if !mayDiffer[text[i]] {
			i++
			continue
		}
		n, written, other := spell(text[i:])
		if other {
			b.WriteString(text[done:i])
			b.WriteString(written)
			done = i + n
		}
		i += n
	}
	b.WriteString(text[done:])
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

// mayDiffer says of bytes whether a letter that the text index has otherwise, or a
// loose character, may begin with one.
var mayDiffer = func() (may [256]bool) {
	for c := leadOfSpaceless; c < len(may); c++ {
		may[c] = true
	}
	for _, c := range []byte{
		0xC3, 0xC4, 0xC5, 0xC7, // ß, æ, ø, đ, ł, œ, ǽ
		0xCC, 0xCD, 0xCE, 0xCF, 0xD0, 0xD1, 0xD2, // marks, Greek, Cyrillic
		0xD6, 0xD7, 0xD8, 0xD9, 0xDB, // Hebrew, Arabic
		0xDC, 0xDD, 0xDF, // Syriac and others
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
	loose := false
	for i := asciiPrefix(text); i < len(text); i++ {
		if !mayDiffer[text[i]] {
			continue
		}
		r, _ := utf8.DecodeRuneInString(text[i:])
		if '\u2010' <= r && r <= '\u203F' { // dashes, quotes: there may be many
			continue
		}
		if _, other := spelling(r); other || isSpaceless(r) {
			return false
		}
		loose = loose || isLoose(r)
	}
	return !loose || norm.NFC.IsNormalString(text)
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
