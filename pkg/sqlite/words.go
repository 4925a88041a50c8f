package sqlite

import (
	"cmp"
	"iter"
	"strings"
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
	leadOfSharpS      = 0xC3 // ß, the only other one that the index has otherwise
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
		if !isOfWord(r) || isSpaceless(r) != spaceless && !unicode.IsMark(r) {
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
			for letter, spelled := range letters(text[start:end]) {
				b.WriteString(cmp.Or(spelled, letter))
			}
		}
		written, touches = end, spaceless
		return true
	})
	b.WriteString(text[written:])
	return b.String(), true
}

// spelling returns what a letter is written as in the text index, where the
// tokenizer does not take it for what people do: ß, which is SS in capitals,
// ligatures, which come from PDF files, and the wide forms of East Asian writing.
// Of others it returns "".
func spelling(r rune) string {
	switch {
	case r == 'ß' || r == 'ẞ':
		return "ss"
	case firstLigature <= r && r <= 'ﬆ', '０' <= r && r <= '９', 'Ａ' <= r && r <= 'Ｚ', 'ａ' <= r && r <= 'ｚ':
		return norm.NFKC.String(string(r))
	default:
		return ""
	}
}

const firstLigature = 'ﬀ'

// letters yields the characters of a word, each with its spelling.
func letters(word string) iter.Seq2[string, string] {
	return func(yield func(letter, spelled string) bool) {
		for i := 0; i < len(word); {
			r, n := utf8.DecodeRuneInString(word[i:])
			if !yield(word[i:i+n], spelling(r)) {
				return
			}
			i += n
		}
	}
}

// respelled returns a text with all letters as spelling has them.
func respelled(text string) string {
	if standsAsIs(text) {
		return text
	}
	var b strings.Builder
	for letter, spelled := range letters(text) {
		b.WriteString(cmp.Or(spelled, letter))
	}
	return b.String()
}

func appendPairs(b *strings.Builder, run string) {
	last := ""
	for pair := range pairs(run) {
		b.WriteString(pair)
		last = pair[character(pair):]
		if last != "" {
			b.WriteByte(' ')
		}
	}
	b.WriteString(last)
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
		if !unicode.IsMark(r) {
			break
		}
		end += n
	}
	return end
}

// standsAsIs reports whether the text index has a text as it stands.
func standsAsIs(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c != leadOfSharpS && (c < leadOfSpaceless || c == leadOfPunctuation) {
			continue
		}
		if r, _ := utf8.DecodeRuneInString(text[i:]); isSpaceless(r) || spelling(r) != "" {
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
		r, n := utf8.DecodeRuneInString(word[i:])
		i += n
		switch spelled := spelling(r); {
		case spelled != "":
			dst = append(dst, strings.ToLower(spelled)...)
		case !isDiacritic(r):
			dst = utf8.AppendRune(dst, foldRune(r))
		}
	}
	return dst
}

// foldRune folds a character beyond ASCII. Diacritics are removed from Latin
// letters only.
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
