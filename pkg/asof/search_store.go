package asof

import (
	"context"
	"io"
	"iter"

	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

// SearchStore is what searches ask of a store. A text is the wording of
// passages, stored once; a passage is its stay in one document.
type SearchStore interface {
	Store

	// SearchIndex returns the state of the index.
	SearchIndex(ctx context.Context) (SearchIndex, error)
	// PathsUnder returns a test for paths under any of the prefixes, or nil if all
	// paths are: if there is no prefix, or one is "".
	PathsUnder(ctx context.Context, prefixes []string) (func(path int64) bool, error)

	// SplitWords returns the words of a text in their order, as the text index
	// has them.
	SplitWords(text string) []Word
	// CountTexts returns how many texts there are.
	CountTexts(ctx context.Context) (int64, error)
	// Holding returns how many texts hold a word, counted up to most, and the
	// first of them.
	Holding(ctx context.Context, word string, most int64) (count, first int64, err error)
	// Vocabulary returns the words of so many characters, one a line.
	Vocabulary(ctx context.Context, length int) (string, error)
	// Matches returns the BM25 of texts that match a query, in no order. The error
	// is a *QueryError if the query has a mistake in its syntax.
	Matches(ctx context.Context, q Query) ([]Match, error)
	// Marks returns what of a text matches a query.
	Marks(ctx context.Context, q Query, text int64) (Marks, error)
	// PassagesOf returns the passages in scope with one of the texts.
	PassagesOf(ctx context.Context, texts []int64, scope Scope) ([]Place, error)

	// Nearest returns n passages in scope, those with the greatest cosines, in
	// this order; fewer only if no more in scope have vectors. Unless exact, it
	// may take others for a few of them.
	Nearest(ctx context.Context, query []float32, scope Scope, n int, exact bool) ([]Near, error)
	// Cosines returns the cosines of those of the texts that have vectors.
	Cosines(ctx context.Context, query []float32, texts []int64) (map[int64]float64, error)
	// CountWaiting returns how many passages in scope still wait for a vector.
	CountWaiting(ctx context.Context, scope Scope) (int64, error)

	// Passage returns what a passage is and whether its text stands in its
	// document at now. One with the number 0 is in no index, and has no times.
	Passage(ctx context.Context, place Place, now kb.Instant) (Passage, error)
	// Sayings walks the stays of passages that have a phrase in their heading or
	// body, by path and time.
	Sayings(ctx context.Context, phrase string, prefixes []string) iter.Seq2[Saying, error]
	// Says returns a test for passages that have a phrase in their heading or
	// body.
	Says(phrase string) func(heading []string, body string) bool

	// Revised walks the paths under any of the prefixes, or all without any, of
	// which versions are known that do not count at a point though they begin at
	// its moment or were recorded after it, in the byte order of their names. It
	// is of no other paths that passages could be others at that point.
	Revised(ctx context.Context, prefixes []string, at kb.Point) iter.Seq2[string, error]
	// PathNames returns the names of paths by their numbers.
	PathNames(ctx context.Context, ids []int64) (map[int64]string, error)
	// PathID returns the number of a path, or 0 if it is not known.
	PathID(ctx context.Context, name string) (int64, error)
	// TextsOf returns the texts with the given keys; one with the number 0 is not
	// stored.
	TextsOf(ctx context.Context, keys []passage.Key) ([]TextRef, error)

	// HasContent reports whether there is a content with the given hash.
	HasContent(ctx context.Context, hash kb.Hash) (bool, error)
	// IsReplacedText reports whether there is a content with the given hash that no
	// version holds: what a filter made once, and made another text of later.
	IsReplacedText(ctx context.Context, hash kb.Hash) (bool, error)
	// FilteredText returns the hash of the text that a filter for the extension made
	// of a content; nil if none did.
	FilteredText(ctx context.Context, hash kb.Hash, extension string) (*kb.Hash, error)
	// ReadText writes the content with the given hash, verified, or what a filter
	// for the extension made of it, if there is such.
	ReadText(ctx context.Context, w io.Writer, hash kb.Hash, extension string) (filtered bool, err error)
	// WithoutText reports whether no text could be had from a content under an
	// extension, so that the index has none of it.
	WithoutText(ctx context.Context, hash kb.Hash, extension string) (bool, error)
}

// SearchIndex is the state of an index.
type SearchIndex struct {
	Empty    bool   // nothing was ever taken in
	Recorded bool   // there is an index
	Behind   bool   // there are versions that it does not know
	Embedder string // that made its vectors
	Dim      int    // of the vectors; 0 if there are none

	Extractor, Splitter int64 // the versions of those that made its passages

	OtherWords bool // it has some words otherwise than this version asks for them
}

// Foreign reports whether the passages are those of another version of btools,
// so that what is split now may differ from them.
func (i *SearchIndex) Foreign() bool {
	return i.Recorded && (i.Extractor != extract.Version || i.Splitter != passage.Version)
}

// Scope is which passages are searched.
type Scope struct {
	At    kb.Instant
	Paths func(path int64) bool // nil for all
}

// Word is a word of a text, folded as the text index folds words.
type Word struct {
	Text  string // as the text index has it
	Typed string
	// Pairs has the pairs of characters of a run of writing without spaces that
	// is longer than a pair, since nobody says where in it words begin.
	Pairs     []string
	Spaceless bool
}

// Query asks for texts that hold any of some words, or match an expression.
type Query struct {
	Words  []string
	Syntax string // in the query syntax of FTS5, in the place of words

	// Among are the words of which texts have to hold at least one; the others
	// only add to their BM25. nil for all words.
	Among []string
	// Texts are those that are looked at; nil for all.
	Texts []int64
}

// Match is a text that matches a query.
type Match struct {
	Text  int64
	Score float64 // BM25; greater is better
}

// Place is a passage.
type Place struct{ Passage, Text, Path int64 }

// Near is a passage with the cosine of its vector to the query's.
type Near struct {
	Place
	Cosine float64
}

// Passage is what a passage is.
type Passage struct {
	Path     string
	Heading  []string
	Body     string
	From, To kb.Instant // To is exclusive
	Now      bool       // the same text stands in the same document now
}

// TextRef is a text that is stored.
type TextRef struct {
	ID      int64
	Waiting bool // for its vector
}
