package asof

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// scores is a store in which texts, each of which stands in some passages, have
// drawn scores.
type scores struct {
	SearchStore
	copies  []int       // of each text
	words   [][]float64 // the BM25 of each text by each word
	cosines []float64
}

func (s *scores) Matches(_ context.Context, q Query) ([]Match, error) {
	var matches []Match
	for text, words := range s.words {
		among, sum := q.Among == nil, 0.0
		for word, score := range words {
			sum += score
			if score > 0 && slices.Contains(q.Among, string(rune('a'+word))) {
				among = true
			}
		}
		if sum > 0 && among && (q.Texts == nil || slices.Contains(q.Texts, int64(text))) {
			matches = append(matches, Match{int64(text), sum})
		}
	}
	return matches, nil
}

// mostTexts is a number that no text has.
const mostTexts = 40

// places returns the passages of a text.
func (s *scores) places(text int64) (places []Place) {
	for i := range s.copies[text] {
		id := text + int64(i)*mostTexts
		places = append(places, Place{Passage: id, Text: text, Path: id})
	}
	return places
}

// PathNames gives names in another order than that of the passages.
func (s *scores) PathNames(_ context.Context, ids []int64) (map[int64]string, error) {
	names := make(map[int64]string)
	for _, id := range ids {
		names[id] = fmt.Sprintf("%03d", 999-id)
	}
	return names, nil
}

func (s *scores) PassagesOf(_ context.Context, texts []int64, _ Scope) ([]Place, error) {
	var places []Place
	for _, text := range texts {
		places = append(places, s.places(text)...)
	}
	return places, nil
}

func (s *scores) Nearest(_ context.Context, _ []float32, _ Scope, n int, _ bool) ([]Near, error) {
	var near []Near
	for text, cosine := range s.cosines {
		for _, place := range s.places(int64(text)) {
			near = append(near, Near{place, cosine})
		}
	}
	slices.SortStableFunc(near, func(a, b Near) int { return cmp.Compare(b.Cosine, a.Cosine) })
	return near[:min(n, len(near))], nil
}

func (s *scores) Cosines(_ context.Context, _ []float32, texts []int64) (map[int64]float64, error) {
	cosines := make(map[int64]float64)
	for _, text := range texts {
		cosines[text] = s.cosines[text]
	}
	return cosines, nil
}

// TestFuse compares the best passages, found by looking at as few as possible,
// with the best of all.
func TestFuse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, mostTexts).Draw(t, "texts")
		sixteenths := func(most int) *rapid.Generator[float64] {
			return rapid.Map(rapid.IntRange(-most/2, most), func(n int) float64 { return float64(n) / 16 })
		}
		s := &scores{copies: rapid.SliceOfN(rapid.IntRange(1, 3), n, n).Draw(t, "copies"), cosines: rapid.SliceOfN(sixteenths(16), n, n).Draw(t, "cosines")}
		q := &query{best: 4}
		for i := range 3 {
			q.words = append(q.words, weighted{string(rune('a' + i)), int64(10 * i), float64(3-i) / 2})
		}
		for range n {
			var words []float64
			for _, w := range q.words {
				words = append(words, max(0, min(w.most, sixteenths(24).Draw(t, "score"))))
			}
			s.words = append(s.words, words)
		}
		var want []ranked
		for i, words := range s.words {
			text := (words[0] + words[1] + words[2]) / 4
			if score := text + max(s.cosines[i], 0); score > 0 {
				for _, place := range s.places(int64(i)) {
					want = append(want, ranked{Place: place, score: score})
				}
			}
		}
		slices.SortFunc(want, func(a, b ranked) int {
			return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.Passage, a.Passage))
		})
		k := rapid.IntRange(1, 10).Draw(t, "limit")
		f := &finder{store: s, vector: []float32{1}, words: &byWords{store: s, query: q}}
		got, err := f.rank(context.Background(), k)
		if err != nil || len(got) != min(k, len(want)) {
			t.Fatalf("%d of %d, %v", len(got), len(want), err)
		}
		for i := range got {
			if got[i].Passage != want[i].Passage || got[i].score != want[i].score {
				t.Fatalf("place %d: passage %d of %f, not %d of %f", i, got[i].Passage, got[i].score, want[i].Passage, want[i].score)
			}
		}
	})
}
