package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// smallBlocks makes blocks so small that a test meets their borders, and has
// vectors compared by their codes where more than few passages are in scope.
func smallBlocks(t *testing.T, few int) {
	block, interval, inFull, vectors, blocks := blockSize, intervalSize, comparedInFull, maxVectors, maxBlocks
	blockSize, intervalSize, comparedInFull, maxVectors, maxBlocks = 8, 4, few, 5, 2
	t.Cleanup(func() {
		blockSize, intervalSize, comparedInFull, maxVectors, maxBlocks = block, interval, inFull, vectors, blocks
	})
}

// vectorModel is what a store should hold.
type vectorModel struct {
	vectors  map[int64][]int8 // by text
	passages map[int64]passageRow
}

func (m *vectorModel) clone() vectorModel {
	c := vectorModel{make(map[int64][]int8), make(map[int64]passageRow)}
	for text, v := range m.vectors {
		c.vectors[text] = v
	}
	for id, p := range m.passages {
		c.passages[id] = p
	}
	return c
}

// nearest compares the query with the vector of every passage in scope.
func (m *vectorModel) nearest(query []float32, scope asof.Scope, n int) []asof.Near {
	best := []asof.Near{}
	for id, p := range m.passages {
		v, found := m.vectors[p.text]
		if !found || p.from > scope.At || p.to <= scope.At || scope.Paths != nil && !scope.Paths(p.path) {
			continue
		}
		var dot, own, norm float64
		for i, x := range v {
			dot += float64(query[i]) * float64(x)
			own += float64(x) * float64(x)
			norm += float64(query[i]) * float64(query[i])
		}
		if own > 0 {
			best = append(best, asof.Near{Place: asof.Place{Passage: id, Text: p.text, Path: p.path}, Cosine: dot / math.Sqrt(own*norm)})
		}
	}
	slices.SortFunc(best, byCosine)
	return best[:min(n, len(best))]
}

// sameNear compares cosines only as far as float32 is exact, and passages where
// their cosines tell them apart.
func sameNear(got, want []asof.Near) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d passages, want %d", len(got), len(want))
	}
	for i := range got {
		if math.Abs(got[i].Cosine-want[i].Cosine) > 1e-5 {
			return fmt.Errorf("place %d: %v, want %v", i, got[i], want[i])
		}
		clear := (i == 0 || want[i-1].Cosine-want[i].Cosine > 1e-5) && (i+1 == len(want) || want[i].Cosine-want[i+1].Cosine > 1e-5)
		if clear && (got[i].Passage != want[i].Passage || got[i].Text != want[i].Text || got[i].Path != want[i].Path) && i+1 < len(want) {
			return fmt.Errorf("place %d: %v, want %v", i, got[i], want[i])
		}
	}
	return nil
}

const testDim = 70 // not in whole words

// step does one random thing to the store and the model.
func (m *vectorModel) step(rt *rapid.T, t *tx, vectors *rapid.Generator[[]int8]) error {
	interval := func(p *passageRow) {
		p.from = kb.Instant(rapid.Int64Range(0, 9).Draw(rt, "from"))
		p.to = kb.Forever
		if rapid.Bool().Draw(rt, "closed") {
			p.to = p.from + kb.Instant(rapid.Int64Range(0, 5).Draw(rt, "length"))
		}
	}
	switch what := rapid.IntRange(0, 9).Draw(rt, "what"); {
	case what < 6: // a passage, often of a text that stands elsewhere too
		text := rapid.Int64Range(1, 60).Draw(rt, "text")
		p := passageRow{id: int64(len(m.passages) + 1), path: rapid.Int64Range(1, 5).Draw(rt, "path"), text: text}
		interval(&p)
		m.passages[p.id] = p
		_, err := t.exec("INSERT INTO passage (id, path, text, valid_from, valid_to) VALUES (?, ?, ?, ?, ?)", p.id, p.path, p.text, p.from, p.to)
		if err != nil || m.vectors[text] == nil {
			return err
		}
		return t.addPassageVector(p)
	case what < 8: // other bounds
		if len(m.passages) == 0 {
			return nil
		}
		p := m.passages[rapid.Int64Range(1, int64(len(m.passages))).Draw(rt, "passage")]
		interval(&p)
		m.passages[p.id] = p
		_, err := t.exec("UPDATE passage SET valid_from = ?, valid_to = ? WHERE id = ?", p.from, p.to, p.id)
		if err != nil || m.vectors[p.text] == nil {
			return err
		}
		return t.setPassageVector(p)
	default: // the vector of a text, which may stand somewhere already
		text := rapid.Int64Range(1, 60).Draw(rt, "text")
		if m.vectors[text] != nil {
			return nil
		}
		m.vectors[text] = vectors.Draw(rt, "vector")
		return t.addVector(text, m.vectors[text])
	}
}

// openForVectors makes a store with five paths and sixty texts.
func openForVectors(path string) (*Store, error) {
	store, err := Open(context.Background(), path, Options{})
	if err != nil {
		return nil, err
	}
	_, err = store.write.exec(`WITH n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5)
		INSERT OR IGNORE INTO path (id, name) SELECT i, CAST(i AS BLOB) FROM n`)
	if err == nil {
		_, err = store.write.exec(`WITH n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 60)
			INSERT OR IGNORE INTO text (id, key, heading, body, embedding) SELECT i, CAST(printf('%016d', i) AS BLOB), '', '', 0 FROM n`)
	}
	return store, err
}

var errUndone = errors.New("undone")

// TestNearestIsWhatComparingAllFinds changes vectors, passages and their bounds in
// several transactions, some of which fail, and compares what is found.
func TestNearestIsWhatComparingAllFinds(t *testing.T) {
	smallBlocks(t, comparedInFull)
	vectors := rapid.SliceOfN(rapid.Int8Range(-127, 127), testDim, testDim)
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		comparedInFull = rapid.SampledFrom([]int{0, 1000}).Draw(rt, "compared in full") // more are likely than there are
		path := filepath.Join(dir, fmt.Sprint(n))
		m := vectorModel{make(map[int64][]int8), make(map[int64]passageRow)}
		for range rapid.IntRange(1, 4).Draw(rt, "transactions") {
			store, err := openForVectors(path)
			if err != nil {
				rt.Fatal(err)
			}
			trial, fails := m.clone(), rapid.IntRange(0, 3).Draw(rt, "fails") == 0
			err = store.Update(context.Background(), func(it ingest.Tx) error {
				for range rapid.IntRange(0, 40).Draw(rt, "steps") {
					if err := trial.step(rt, it.(*tx), vectors); err != nil {
						return err
					}
					if w := it.(*tx).vectors; len(w.recent) > maxVectors || len(w.blocks) > maxBlocks {
						return fmt.Errorf("%d vectors and %d blocks are in memory", len(w.recent), len(w.blocks))
					}
				}
				if err := it.(*tx).packVectors(); err != nil || !fails {
					return err
				}
				return errUndone
			})
			if !fails {
				m = trial
			} else if errors.Is(err, errUndone) {
				err = nil
			}
			if err = errors.Join(err, store.Close()); err != nil {
				rt.Fatal(err)
			}
			m.check(rt, path)
		}
	})
}

// check asks a reader random questions.
func (m *vectorModel) check(rt *rapid.T, path string) {
	r, err := OpenReader(context.Background(), path)
	if err != nil {
		rt.Fatal(err)
	}
	defer r.Close()
	for range 3 {
		query := rapid.SliceOfN(rapid.Float32Range(-1, 1), testDim, testDim).Draw(rt, "query")
		query[0] = 1
		scope := asof.Scope{At: kb.Instant(rapid.Int64Range(-1, 15).Draw(rt, "at"))}
		if wanted := rapid.Int64Range(0, 4).Draw(rt, "paths"); wanted > 0 {
			scope.Paths = func(path int64) bool { return path <= wanted }
		}
		n := rapid.SampledFrom([]int{0, 1, 3, 1000}).Draw(rt, "n")
		want := m.nearest(query, scope, n)
		got, err := r.Nearest(context.Background(), query, scope, n, false)
		if err = errors.Join(err, sameNear(got, want)); err != nil {
			rt.Fatalf("nearest %d at %d: %v", n, scope.At, err)
		}
		got, err = r.Nearest(context.Background(), query, scope, n, true)
		if err = errors.Join(err, sameNear(got, want)); err != nil {
			rt.Fatalf("exactly nearest %d at %d: %v", n, scope.At, err)
		}
		m.checkOwnSQL(rt, r, scope)
	}
}

// checkOwnSQL holds passage_vec to the passages in force.
func (m *vectorModel) checkOwnSQL(rt *rapid.T, r *Reader, scope asof.Scope) {
	dim, err := r.dimension()
	if err != nil || dim == 0 {
		return
	}
	scope.Paths = nil
	var want, got int
	query := make([]float32, testDim)
	query[0] = 1
	want = len(m.nearest(query, scope, len(m.passages)))
	one := make([]byte, testDim)
	one[0] = 1
	_, err = r.row(`SELECT count(*) FROM (SELECT passage FROM passage_vec
		WHERE embedding MATCH vec_int8(?) AND k = 1000 AND valid_from <= ? AND valid_to > ?)`, []any{one, scope.At, scope.At}, &got)
	if err != nil || got != want {
		rt.Fatalf("passage_vec has %d passages at %d, want %d (%v)", got, scope.At, want, err)
	}
}
