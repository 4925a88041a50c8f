package asof

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"

	"github.com/seed16713943/btools/pkg/embed"
)

// ranked is a passage with its scores.
type ranked struct {
	Place
	score  float64
	text   float64
	cosine *float64
}

// sortRanked puts the best first. Equal scores are in one order until settle puts
// them in theirs.
func sortRanked(list []ranked) {
	slices.SortFunc(list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.Passage, b.Passage))
	})
}

// The weights of the cosine beside the share of the best possible BM25. What
// matches wording adds little to words, and more of it would make their order
// worse.
const (
	weightOfWording = 0.05
	weightOfMeaning = 1.0
)

// noiseOfWording is a cosine that texts with nothing in common may have by
// chance: four standard deviations of 1/√256.
const noiseOfWording = 0.25

// weightOf returns the weight of an embedder's cosine, and the cosine below
// which a passage without any word of the search is left out.
func weightOf(embedder string) (weight, noise float64) {
	if embed.IsBuiltin(embedder) {
		return weightOfWording, noiseOfWording
	}
	return weightOfMeaning, 0
}

// rank returns the best n passages, in order.
func (f *finder) rank(ctx context.Context, n int) ([]ranked, error) {
	var list []ranked
	var err error
	switch {
	case f.words == nil && f.vector == nil:
	case f.vector == nil:
		list, err = f.words.top(ctx, n)
	case f.words == nil:
		list, err = f.nearestAll(ctx, n)
	default:
		list, err = f.fuse(ctx, n)
	}
	if err != nil {
		return nil, err
	}
	return f.settle(ctx, list, n)
}

// nearestAll returns the n nearest passages, and all that are as near as the last
// of them, unless those are very many.
func (f *finder) nearestAll(ctx context.Context, n int) ([]ranked, error) {
	for look := n + 1; ; look *= lookWider {
		list, _, err := f.nearestTo(ctx, look)
		if err != nil {
			return nil, err
		}
		if len(list) < look || list[look-1].score < list[n-1].score || look > max(n, mostAlike) {
			return withEquals(list, n), nil
		}
	}
}

// mostAlike is among how many passages all are looked for that are equally near.
const mostAlike = 1000

// nearestTo returns the n nearest passages, and a bound of the cosines of all
// others; some of these may be as near as the last.
func (f *finder) nearestTo(ctx context.Context, n int) ([]ranked, float64, error) {
	near, err := f.store.Nearest(ctx, f.vector, f.scope, n, f.Exact)
	if err != nil {
		return nil, 0, err
	}
	list := make([]ranked, 0, len(near))
	for _, p := range near {
		list = append(list, ranked{Place: p.Place, score: p.Cosine, cosine: &p.Cosine})
	}
	sortRanked(list)
	if len(list) < n {
		return list, 0, nil
	}
	return list, max(list[len(list)-1].score, 0), nil
}

// Variables for tests alone, which make them small.
var (
	firstLook         = 100    // passages looked at of both lists
	rowsAtFirst int64 = 50_000 // texts whose BM25 is asked for, unless the rarest word alone is in more
)

const (
	lookWider = 4   // times as many, each time that these do not tell
	batch     = 256 // texts whose passages are looked for at once, at least
)

// fuse returns the n passages with the greatest sums of both scores, and all that
// are as good as the last of them. It takes the best of both lists, completes their
// scores, and is done when no passage outside of both can be better: one has at
// most the scores that the lists end with (Fagin's threshold algorithm).
func (f *finder) fuse(ctx context.Context, n int) ([]ranked, error) {
	weight, noise := weightOf(f.index.Embedder)
	for look := max(firstLook, n); ; look *= lookWider {
		byText, err := f.words.top(ctx, look)
		if err != nil {
			return nil, err
		}
		byText = byText[:min(look, len(byText))]
		byVector, bound, err := f.nearestTo(ctx, look)
		if err != nil {
			return nil, err
		}
		switch {
		case len(byText) == look:
			bound = byText[look-1].text + weight*bound
		case bound < noise: // what is outside of both lists is left out
			bound = 0
		default:
			bound *= weight
		}
		all, err := f.complete(ctx, byText, byVector)
		if err != nil {
			return nil, err
		}
		for i := range all {
			cosine := 0.0
			if all[i].cosine != nil {
				cosine = max(*all[i].cosine, 0)
			}
			if all[i].text > 0 || cosine >= noise {
				all[i].score = all[i].text + weight*cosine
			} else {
				all[i].score = 0
			}
		}
		all = slices.DeleteFunc(all, func(r ranked) bool { return r.score <= 0 })
		sortRanked(all)
		if bound <= 0 || len(all) >= n && all[n-1].score > bound {
			return withEquals(all, n), nil
		}
	}
}

// complete puts two lists together and fills in the score that each lacks.
func (f *finder) complete(ctx context.Context, byText, byVector []ranked) ([]ranked, error) {
	all := slices.Clone(byText)
	listed := make(map[int64]bool, len(all)) // passages
	lack := make(map[int64]bool)             // texts
	for _, r := range all {
		listed[r.Passage] = true
		lack[r.Text] = true
	}
	near := make(map[int64]*float64, len(byVector)) // by text, which may stand in more passages than the nearest
	var others []int64                              // texts that are near, and not in the list by words
	for _, r := range byVector {
		near[r.Text] = r.cosine
		delete(lack, r.Text)
		if listed[r.Passage] {
			continue
		}
		others = append(others, r.Text)
		all = append(all, r)
	}
	scores, err := f.words.of(ctx, others)
	if err != nil {
		return nil, err
	}
	for i := len(byText); i < len(all); i++ {
		all[i].text = scores[all[i].Text]
	}
	cosines, err := f.store.Cosines(ctx, f.vector, slices.Sorted(maps.Keys(lack)))
	if err != nil {
		return nil, err
	}
	for i := range byText {
		if cosine, ok := cosines[all[i].Text]; ok {
			all[i].cosine = &cosine
		} else {
			all[i].cosine = near[all[i].Text]
		}
	}
	return all, nil
}

// byWords ranks passages by their words. It begins with texts that hold the
// rarest words of the query, and takes in those that hold more frequent ones
// alone only where these could be among the best (as MaxScore does).
type byWords struct {
	store SearchStore
	query *query
	scope Scope

	matched bool     // matches are there
	among   int      // words that they hold at least one of
	rest    float64  // score that a text holding none of these can have
	matches []Match  // the best first, with shares for scores
	placed  int      // of matches, whose passages are in list
	list    []ranked // in order
}

// top returns the best n passages in scope that match the query, and all that are
// as good as the last of them.
func (b *byWords) top(ctx context.Context, n int) ([]ranked, error) {
	if len(b.query.words) == 0 && b.query.syntax == "" {
		return nil, nil
	}
	for {
		if !b.matched {
			if err := b.widen(ctx); err != nil {
				return nil, err
			}
		}
		if err := b.place(ctx, n); err != nil {
			return nil, err
		}
		if b.rest == 0 || len(b.list) >= n && b.list[n-1].score > b.rest {
			return withEquals(b.list, n), nil
		}
		b.matched = false
	}
}

// widen matches texts that hold more frequent words.
func (b *byWords) widen(ctx context.Context) error {
	words := b.query.words
	var rows int64
	for _, w := range words[:b.among] {
		rows += w.count
	}
	most := max(rowsAtFirst, lookWider*rows)
	for n := b.among; b.among < len(words) && (b.among == n || rows+words[b.among].count <= most); b.among++ {
		rows += words[b.among].count
	}
	matches, err := b.store.Matches(ctx, b.query.forIndex(b.among))
	if err != nil {
		return err
	}
	b.query.raise(matches)
	for i := range matches {
		matches[i].Score = b.query.share(matches[i].Score)
	}
	slices.SortFunc(matches, func(x, y Match) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.Text, y.Text))
	})
	b.rest = 0
	if b.among < len(words) {
		b.rest = b.query.rest(b.among)
	}
	b.matched, b.matches, b.placed, b.list = true, matches, 0, nil
	return nil
}

// place finds passages of the best texts until there are n, and all that are as
// good as the last of them.
func (b *byWords) place(ctx context.Context, n int) error {
	for b.placed < len(b.matches) && (len(b.list) < n || b.matches[b.placed].Score >= b.list[n-1].score) {
		some := b.matches[b.placed:min(len(b.matches), b.placed+max(batch, n-len(b.list)))]
		b.placed += len(some)
		texts := make([]int64, len(some))
		scores := make(map[int64]float64, len(some))
		for i, m := range some {
			texts[i], scores[m.Text] = m.Text, m.Score
		}
		places, err := b.store.PassagesOf(ctx, texts, b.scope)
		if err != nil {
			return err
		}
		for _, p := range places {
			score := scores[p.Text]
			b.list = append(b.list, ranked{Place: p, score: score, text: score})
		}
		sortRanked(b.list)
	}
	return nil
}

// of returns the scores of those of the texts that match the query. It is
// called after top.
func (b *byWords) of(ctx context.Context, texts []int64) (map[int64]float64, error) {
	scores := make(map[int64]float64, len(texts))
	if len(texts) == 0 || len(b.query.words) == 0 {
		return scores, nil
	}
	if b.rest == 0 { // all matches are there
		for _, m := range b.matches {
			scores[m.Text] = m.Score
		}
		return scores, nil
	}
	q := b.query.forIndex(math.MaxInt)
	q.Texts = texts
	matches, err := b.store.Matches(ctx, q)
	for _, m := range matches {
		scores[m.Text] = b.query.share(m.Score)
	}
	return scores, err
}
