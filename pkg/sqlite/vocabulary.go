package sqlite

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed16713943/btools/pkg/sqlite/tokens"
)

const (
	maxNewWords = 4096 // words that a transaction gathers to store them at once

	// Characters of a word that is worth correcting to.
	minWordLength = 3
	maxWordLength = 40
)

// vocabulary remembers words that the table of words is known to hold; most words of
// a text are among them. It keeps their hashes: two words with the same would cost one
// of them its place in that table, which only corrections of misspelled words stand on.
// Its methods are used within transactions, but for unknown and those of known.
type vocabulary struct {
	known *tokens.Known
	drops int64 // how often the index had been dropped when they were stored
}

func newVocabulary() *vocabulary { return &vocabulary{known: tokens.NewKnown()} }

// learn reports whether a word is not known to be there, and takes it for known
// from now on.
func (v *vocabulary) learn(hash uint64) bool {
	if v.known.Has(hash) {
		return false
	}
	v.known.Add(hash)
	return true
}

// unknown returns the words of a composed text, folded, that are not known.
func (v *vocabulary) unknown(text string) []tokens.Word {
	words := []tokens.Word{}
	var folded []byte
	eachWord(text, func(start, end int, spaceless bool) bool {
		if word := text[start:end]; !spaceless {
			folded = appendFold(folded[:0], word)
			if hash := tokens.Hash(folded); !v.known.Has(hash) {
				words = append(words, tokens.Word{Hash: hash, Text: string(folded)})
			}
		}
		return true
	})
	return words
}

// addWords adds words to the table of words, at the latest when the transaction ends.
// They are unknown since checkWords.
func (t *tx) addWords(words []tokens.Word) error {
	t.wordsAdded = true
	for _, word := range words {
		if t.words.learn(word.Hash) && isCorrection(word.Text) {
			t.newWords = append(t.newWords, word.Text)
		}
	}
	if len(t.newWords) < maxNewWords {
		return nil
	}
	return t.storeWords()
}

// addWordsOf adds the words of a text.
func (t *tx) addWordsOf(text string) error {
	if err := t.checkWords(); err != nil {
		return err
	}
	return t.addWords(t.words.unknown(composed(text)))
}

// isCorrection reports whether a folded word is worth correcting another to:
// neither numbers nor the names that are made with them are.
func isCorrection(word string) bool {
	if strings.ContainsAny(word, "0123456789") {
		return false
	}
	length := utf8.RuneCountInString(word)
	return length >= minWordLength && length <= maxWordLength
}

// storeWords stores the words that were gathered. No letter, mark or digit has
// to be escaped in JSON.
func (t *tx) storeWords() error {
	if len(t.newWords) == 0 {
		return nil
	}
	slices.SortFunc(t.newWords, func(a, b string) int { // about as the table has them: neighbours are on one page
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	})
	list := `["` + strings.Join(slices.Compact(t.newWords), `","`) + `"]`
	t.newWords = t.newWords[:0]
	_, err := t.exec(`
		INSERT INTO word (length, word) SELECT length(value), value FROM json_each(?) WHERE true
		ON CONFLICT DO NOTHING`, list)
	return err
}

// checkWords forgets the words if somebody dropped the index since they were
// stored. It asks once in a transaction.
func (t *tx) checkWords() error {
	if t.dropsKnown {
		return nil
	}
	var drops int64
	_, err := t.row("SELECT coalesce((SELECT value FROM meta WHERE key = 'index_drops'), 0)", nil, &drops)
	if err != nil {
		return err
	}
	if drops != t.words.drops {
		t.words.known.Clear()
		t.words.drops = drops
	}
	t.dropsKnown = true
	return nil
}
