package sqlite

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed16713943/btools/pkg/sqlite/tokens"
)

// mostBegun is how many words are asked for in the place of a beginning, at most. Few
// are, since most words have a stem with the same beginning. Of more, the longest are
// not looked for: among the names in programs there may be so many.
const mostBegun = 256

// afterBeginning are characters that a word may go on with.
const afterBeginning = "abcdefghijklmnopqrstuvwxyz0123456789"

// begun returns strings of FTS5's for the words that begin with some letters, folded. The
// text index has their stems, which may end before the letters do, as instal does for
// installation and installa, or go on otherwise, as retri for retry. So those words
// are asked for that are in the table of words and whose stem does not have the
// beginning: all but words with digits, and very long ones.
func (r *Reader) begun(beginning string) ([]string, error) {
	tok, err := tokens.New(tokens.NewKnown(), tokenizer...)
	if err != nil {
		return nil, err
	}
	defer tok.Close()
	own, err := tok.Stem(beginning)
	if err != nil {
		return nil, err
	}
	heads, err := headsOf(tok, beginning, 2)
	if err != nil {
		return nil, err
	}
	var list []string
	if own != beginning {
		list = append(list, quoted(beginning))
	}
	for _, head := range heads {
		list = append(list, quoted(head)+"*")
	}
	words, err := r.wordsBeside(tok, beginning, heads, own)
	if err != nil || own == beginning && len(words) == 0 {
		return nil, err
	}
	return append(list, words...), nil
}

// headsOf returns beginnings of stems that only words have which begin with some letters.
// FTS5 stems what stands before a * too: where that changes it, one more letter may keep
// it as it is, or two.
func headsOf(tok *tokens.Tokenizer, beginning string, more int) (heads []string, err error) {
	stem, err := tok.Stem(beginning)
	switch {
	case err != nil:
		return nil, err
	case stem == beginning:
		return []string{beginning}, nil
	case more == 0:
		return nil, nil
	}
	for _, next := range afterBeginning {
		longer, err := headsOf(tok, beginning+string(next), more-1)
		if err != nil {
			return nil, err
		}
		heads = append(heads, longer...)
	}
	return heads, nil
}

// wordsBeside returns strings for the words that begin with some letters and whose stem
// neither has one of the heads nor is the stem of the letters: one for each stem.
func (r *Reader) wordsBeside(tok *tokens.Tokenizer, beginning string, heads []string, own string) (list []string, err error) {
	known := map[string]bool{own: true}
	for length := utf8.RuneCountInString(beginning); length <= maxWordLength; length++ {
		var lines string
		_, err := r.row(`
			SELECT coalesce(group_concat(word, char(10)), '') FROM word
			WHERE length = ? AND word >= ? AND word < ?`, []any{length, beginning, beginning + string(utf8.MaxRune)}, &lines)
		if err != nil {
			return nil, err
		}
		for word := range strings.FieldsSeq(lines) {
			stem, err := tok.Stem(word)
			if err != nil {
				return nil, err
			}
			if known[stem] || slices.ContainsFunc(heads, func(head string) bool { return strings.HasPrefix(stem, head) }) {
				continue
			}
			if len(list) == mostBegun {
				return list, nil
			}
			known[stem] = true
			list = append(list, quoted(word))
		}
	}
	return list, nil
}
