package asof

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/kb"
)

// SearchMode says what a search goes by.
type SearchMode string

// The modes of searches.
const (
	Hybrid SearchMode = "hybrid" // both, by the sum of their scores
	Text   SearchMode = "text"   // words, by BM25
	Vector SearchMode = "vector" // the cosine of vectors
)

// Search is a question for passages.
type Search struct {
	Words    string
	Syntax   bool // Words is in the query syntax of FTS5, rather than plain words; a hybrid search then goes by it alone
	Strict   bool // words that no text holds are not corrected, and those that only ask are not left out
	Mode     SearchMode
	Exact    bool     // compare with all vectors in full, rather than with the likeliest
	Prefixes []string // documents, and folders that they are below; none for all
	At       kb.Point
	Now      kb.Instant // what Hit.Current is about
	Limit    int        // of hits
}

// Found is the answer to a Search.
type Found struct {
	Hits []Hit
	// Corrected has the words that no text in scope holds, with those that were
	// searched for in their place.
	Corrected []Correction
	// QuestionWords has the words of a question that only ask, and were left out.
	QuestionWords []string
	// Waiting is how many of the passages in force have no vector yet and were
	// found by their words alone, where the search goes by vectors.
	Waiting int64
	// Unindexed is how many passages in force could not be found, since their text
	// is not in the index; only those of the past as it was known then.
	Unindexed int64
	// Behind says that versions were taken in that the index does not know.
	Behind bool
	// Degraded says why a hybrid search went by words alone; nil if it did not.
	Degraded error
	// More says that there is more than Limit allows.
	More bool
}

// Correction is a word that no text in scope holds.
type Correction struct {
	Word    string
	Nearest []string // the words it was taken for; empty if none is near

	// Elsewhere says that a text out of scope holds it: another document, or at
	// another time.
	Elsewhere bool
}

// Current says what became of a passage.
type Current string

// What a passage is today.
const (
	Same    Current = "same"    // it stands
	Changed Current = "changed" // its document is there, without it
	Gone    Current = "gone"    // its document is gone
)

// Hit is a passage that a search found.
type Hit struct {
	Version    kb.Version // that held the passage then
	Heading    []string   // the path of headings, outermost first
	Text       string
	Start, End int        // lines of the version, or of Filtered; from 1, inclusive; 0 if it cannot be told
	Filtered   *kb.Hash   // of the text that a filter made of the version, where that was searched
	Marks      Marks      // what of it matches words of the search
	From, To   kb.Instant // since when and until when the passage stands there; To is kb.Forever if open

	Score     float64  // what hits are in the order of
	TextScore *float64 // share of the best possible BM25, 0 to 1; nil where the search does not go by words
	Cosine    *float64 // nil without a vector, and where the search does not go by vectors

	Current Current
	Now     *kb.Version // what the path holds today; nil where it is gone
}

// Marks are the byte ranges of a passage that match a search, in their order.
type Marks struct {
	Heading [][2]int // of the headings, which are joined by line ends
	Text    [][2]int
}

// Errors that callers tell apart.
var (
	// ErrNoIndex: the documents were taken in by a version of this program that
	// made no index.
	ErrNoIndex = errors.New("there is no index to search yet")
	// ErrNoVectors: the index has none.
	ErrNoVectors = errors.New("there are no vectors to search by")
)

// QueryError says what is wrong with a query in the syntax of FTS5.
type QueryError struct {
	Query string
	Err   error
}

func (e *QueryError) Error() string { return fmt.Sprintf("query %.80q: %v", e.Query, e.Err) }

// Unwrap returns what the text index says of the query.
func (e *QueryError) Unwrap() error { return e.Err }

// EmbedderError says that the vectors are of another embedder than the query's.
type EmbedderError struct {
	Index, Query string // names; Query is "" for no embedder
}

func (e *EmbedderError) Error() string {
	return fmt.Sprintf("the vectors are of the embedder %s, and cannot be compared with those of %s", e.Index, orNone(e.Query))
}

func orNone(name string) string {
	if name == "" {
		return embed.None{}.Name()
	}
	return name
}

// Find searches the passages in force at a point. Which passages are eligible
// is exact; ranking uses statistics over all stored text. The embedder has to
// be the one that made the vectors; without vectors, and in Text mode, it may
// be nil.
func Find(ctx context.Context, store SearchStore, embedder embed.Embedder, s Search) (*Found, error) {
	if s.Mode == Vector && s.Syntax {
		return nil, &QueryError{s.Words, errors.New("the syntax is one of words, and says nothing about vectors")}
	}
	index, err := store.SearchIndex(ctx)
	switch {
	case err != nil:
		return nil, fmt.Errorf("search: %w", err)
	case index.Empty:
		return &Found{}, nil
	case !index.Recorded:
		return nil, ErrNoIndex
	}
	s.Words = norm.NFC.String(visible.Replace(s.Words)) // as SplitWords has words
	f := &finder{store: store, Search: s, index: index, found: &Found{Behind: index.Behind}}
	if f.Syntax {
		f.Mode = Text
	}
	if err := f.find(ctx, embedder); err != nil {
		var query *QueryError
		if errors.As(err, &query) {
			return nil, query
		}
		return nil, fmt.Errorf("search: %w", err)
	}
	return f.found, nil
}

// visible leaves out what the text of documents is without: soft hyphens, which
// come with what is copied from a page, and characters that take no room.
var visible = strings.NewReplacer("\u00ad", "", "\u200b", "", "\ufeff", "")

// finder is a search under way.
type finder struct {
	Search
	store  SearchStore
	index  SearchIndex
	scope  Scope
	vector []float32 // of the query; nil where vectors play no part
	words  *byWords  // nil where words play no part
	past   *past     // nil where the index says what is in force
	found  *Found

	documents map[int64]*document // that were read, by their paths
}

func (f *finder) find(ctx context.Context, embedder embed.Embedder) error {
	if len(f.store.SplitWords(f.Words)) == 0 && !f.Syntax {
		return nil
	}
	paths, err := f.store.PathsUnder(ctx, f.Prefixes)
	if err != nil {
		return err
	}
	f.scope = Scope{At: f.At.Valid, Paths: paths}
	if err := f.lookBack(ctx); err != nil {
		return err
	}
	if f.Mode != Vector || embed.IsBuiltin(f.index.Embedder) {
		query, err := f.query(ctx)
		if err != nil {
			return err
		}
		if f.Mode != Vector {
			f.words = &byWords{store: f.store, query: query, scope: f.scope}
		}
	}
	if f.Mode != Text {
		if err := f.embed(ctx, embedder); err != nil {
			return err
		}
	}
	best, err := f.rank(ctx, f.Limit+1)
	if err != nil {
		return err
	}
	if len(best) > f.Limit {
		best, f.found.More = best[:f.Limit], true
	}
	return f.describe(ctx, best)
}

// embed makes the vector of the query. A hybrid search can do without.
func (f *finder) embed(ctx context.Context, embedder embed.Embedder) error {
	if f.index.Embedder == "" || f.index.Embedder == (embed.None{}).Name() {
		return f.without(ErrNoVectors)
	}
	name := ""
	if embedder != nil {
		name = embedder.Name()
	}
	if name != f.index.Embedder {
		return &EmbedderError{Index: f.index.Embedder, Query: name}
	}
	var err error
	if f.found.Waiting, err = f.store.CountWaiting(ctx, f.scope); err != nil {
		return err
	}
	if f.index.Dim == 0 {
		return f.without(ErrNoVectors)
	}
	vectors, err := embedder.Embed(ctx, []string{f.textToEmbed()})
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil && vectors[0] != nil && len(vectors[0]) != f.index.Dim:
		err = fmt.Errorf("the embedder %s gives %w", name, &embed.DimensionError{Has: len(vectors[0]), Had: f.index.Dim})
	}
	if err != nil {
		if f.Mode == Hybrid {
			f.found.Degraded = err
		}
		return f.without(err)
	}
	f.vector = vectors[0]
	return nil
}

// textToEmbed returns what is embedded: the words as they were typed, except that an
// embedder that matches wording gets corrected ones, since nothing is worded as
// the others are.
func (f *finder) textToEmbed() string {
	words := f.Words
	if !embed.IsBuiltin(f.index.Embedder) {
		return words
	}
	for _, c := range f.found.Corrected {
		if len(c.Nearest) > 0 {
			words = replaceWord(words, c.Word, c.Nearest[0])
		}
	}
	return words
}

// without is what a search without vectors comes to.
func (f *finder) without(err error) error {
	if f.Mode == Vector {
		return err
	}
	return nil
}
