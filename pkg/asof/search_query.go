package asof

import (
	"cmp"
	"context"
	"math"
	"slices"
)

const (
	maxQueryWords = 1000 // different words of a query that are looked at
	maxIndexWords = 64   // that are searched for: the rarest

	// manyTexts is from how many texts on words in more than half of them are
	// left out: to look at all that hold them takes long and changes nothing.
	manyTexts = 20_000
)

// query is what a search asks the text index for.
type query struct {
	words  []weighted // the rarest first
	syntax string
	best   float64 // what the score of a text cannot be greater than
}

// weighted is a word with what it adds to the BM25 of a text at most.
type weighted struct {
	text  string
	count int64 // texts that hold it
	most  float64
}

// forIndex returns the query for texts that hold any of the first n words.
func (q *query) forIndex(n int) Query {
	if q.syntax != "" {
		return Query{Syntax: q.syntax}
	}
	var all Query
	for _, w := range q.words {
		all.Words = append(all.Words, w.text)
	}
	if n < len(all.Words) {
		all.Among = all.Words[:n]
	}
	return all
}

// raise raises the best possible score to that of the best match, where the words
// of an expression do not tell it: a phrase may be rarer than each of its words.
func (q *query) raise(matches []Match) {
	if q.syntax == "" {
		return
	}
	for _, m := range matches {
		q.best = max(q.best, m.Score)
	}
}

// share returns a BM25 as a share of the best possible one.
func (q *query) share(bm25 float64) float64 { return min(max(bm25/q.best, 0), 1) }

// rest returns what words other than the first n add to a score at most.
func (q *query) rest(n int) float64 {
	sum := 0.0
	for _, w := range q.words[min(n, len(q.words)):] {
		sum += w.most
	}
	return q.share(sum)
}

// queryBuilder makes a query of words.
type queryBuilder struct {
	*finder
	texts  int64
	common int64 // a word in more texts than this tells none of them from others
	held   []weighted
	sum    float64 // of what each word of the search can add
}

// query makes the query of a search. Words that only ask are left out, those that
// no text in scope holds are taken for the nearest that one does, and a run of
// writing without spaces for the pairs of characters in it.
func (f *finder) query(ctx context.Context) (*query, error) {
	texts, err := f.store.CountTexts(ctx)
	if err != nil {
		return nil, err
	}
	a := &queryBuilder{finder: f, texts: texts, common: texts / 2}
	words := different(f.store.SplitWords(f.Words))
	if !f.Syntax && !f.Strict {
		if words, err = f.dropQuestionWords(ctx, words); err != nil {
			return nil, err
		}
	}
	var unknown []Word
	for _, word := range words {
		known, err := a.add(ctx, word)
		if err != nil {
			return nil, err
		}
		if !known {
			unknown = append(unknown, word)
		}
	}
	if f.Syntax {
		a.sum += float64(len(unknown)) * a.weight(0)
		return &query{syntax: f.Words, best: max(a.sum, leastWeight)}, nil
	}
	if err := a.correct(ctx, unknown); err != nil {
		return nil, err
	}
	return a.choose(), nil
}

// different returns the words of a search, each once.
func different(words []Word) []Word {
	seen := make(map[string]bool)
	var once []Word
	for _, word := range words {
		if !seen[word.Text] && len(once) < maxQueryWords {
			seen[word.Text] = true
			once = append(once, word)
		}
	}
	return once
}

// mostLooked is of how many texts with a word it is looked whether any is in scope. A
// word in more of them is no misspelled one.
const mostLooked = 200

// holding returns how many texts hold words that follow each other, up to a number, and
// the first of them; none if none of them is in scope. What came in later, or elsewhere,
// must not keep a word from being corrected, nor be what it is taken for.
func (f *finder) holding(ctx context.Context, words string, most int64) (count, first int64, err error) {
	count, first, err = f.store.Holding(ctx, words, max(most, mostLooked+1))
	if err != nil || count == 0 || count > mostLooked {
		return min(count, most), first, err
	}
	matches, err := f.store.Matches(ctx, Query{Words: []string{words}})
	if err != nil {
		return 0, 0, err
	}
	texts := make([]int64, 0, len(matches))
	for _, m := range matches {
		texts = append(texts, m.Text)
	}
	places, err := f.store.PassagesOf(ctx, texts, f.scope)
	if err != nil || len(places) == 0 {
		return 0, 0, err
	}
	return min(count, most), first, nil
}

// add adds a word if texts in scope hold it, and reports whether they do.
func (a *queryBuilder) add(ctx context.Context, word Word) (bool, error) {
	holding := a.holding
	if a.Syntax { // where FTS5 says what is searched for
		holding = a.store.Holding
	}
	count, _, err := holding(ctx, word.Text, a.common+1)
	if err != nil {
		return false, err
	}
	if count > 0 {
		a.hold(word.Text, count)
		a.sum += a.weight(count)
		return true, nil
	}
	if len(word.Pairs) == 0 {
		return false, nil
	}
	held := false
	for _, pair := range word.Pairs[:min(len(word.Pairs), maxIndexWords)] {
		if count, _, err = a.store.Holding(ctx, pair, a.common+1); err != nil {
			return false, err
		}
		a.sum += a.weight(count)
		if count > 0 {
			a.hold(pair, count)
			held = true
		}
	}
	// That a document holds the pairs and not the run is told who is strict alone: a
	// whole sentence, which runs often are, is seldom in a document.
	if !a.Syntax && (a.Strict || !held) {
		a.found.Corrected = append(a.found.Corrected, Correction{Word: word.Typed})
	}
	return true, nil
}

func (a *queryBuilder) hold(word string, count int64) {
	same := func(w weighted) bool { return w.text == word }
	if !slices.ContainsFunc(a.held, same) {
		a.held = append(a.held, weighted{word, count, a.weight(count)})
	}
}

// leastWeight is what FTS5 gives a word that is in half of the texts or more.
const leastWeight = 2.2e-6

// weight returns what a word in so many texts can add to the BM25 of one: its
// inverse document frequency as FTS5 has it, times k₁ + 1.
func (a *queryBuilder) weight(count int64) float64 {
	n := float64(count)
	return max(2.2*math.Log((float64(a.texts)-n+0.5)/(n+0.5)), leastWeight)
}

// correct looks for words in the place of those that no text in scope holds.
func (a *queryBuilder) correct(ctx context.Context, unknown []Word) error {
	for _, word := range unknown {
		count, _, err := a.store.Holding(ctx, word.Text, 1)
		if err != nil {
			return err
		}
		correction := Correction{Word: word.Typed, Elsewhere: count > 0}
		most := a.weight(0)
		if !a.Strict && correctable(word) && len(a.found.Corrected) < mostCorrected {
			near, err := a.nearest(ctx, word.Text, a.common+1)
			if err != nil {
				return err
			}
			for i, w := range near {
				a.hold(w.text, w.count)
				correction.Nearest = append(correction.Nearest, w.text)
				if i == 0 || a.weight(w.count) > most {
					most = a.weight(w.count)
				}
			}
		}
		a.sum += most
		a.found.Corrected = append(a.found.Corrected, correction)
	}
	return nil
}

// choose makes a query of the rarest words.
func (a *queryBuilder) choose() *query {
	slices.SortStableFunc(a.held, func(x, y weighted) int { return cmp.Compare(x.count, y.count) })
	n := min(len(a.held), maxIndexWords)
	for a.texts >= manyTexts && n > 0 && a.held[n-1].count > a.common && a.held[0].count <= a.common {
		n--
	}
	for _, w := range a.held[n:] {
		a.sum -= w.most
	}
	return &query{words: a.held[:n], best: max(a.sum, leastWeight)}
}
