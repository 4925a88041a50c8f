package sqlite

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

func randomVector(random *rand.Rand, dim int) []float32 {
	v := make([]float32, dim)
	for i := range v {
		v[i] = float32(random.NormFloat64())
	}
	return v
}

// updateVectors runs fn in a transaction of its own.
func updateVectors(t *testing.T, store *Store, fn func(*tx) error) error {
	t.Helper()
	return store.Update(t.Context(), func(it ingest.Tx) error {
		if err := fn(it.(*tx)); err != nil {
			return err
		}
		return it.(*tx).packVectors()
	})
}

// TestNearestFindsMostByCodes has more passages than are compared in full.
func TestNearestFindsMostByCodes(t *testing.T) {
	smallBlocks(t, 100)
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store := openStore(t, path)
	random := rand.New(rand.NewPCG(1, 2))
	const passages, questions, n = 6000, 20, 10
	must(t, updateVectors(t, store, func(x *tx) error {
		for id := int64(1); id <= passages; id++ {
			p := passageRow{id: id, path: id%7 + 1, text: id, to: kb.Forever}
			if err := insertPassage(x, p, randomVector(random, 256)); err != nil {
				return err
			}
		}
		return nil
	}))
	r := openReaderAt(t, path)
	found := 0
	for range questions {
		q, scope := randomVector(random, 256), asof.Scope{At: 5, Paths: func(path int64) bool { return path != 3 }}
		want, err := r.Nearest(t.Context(), q, scope, n, true)
		must(t, err)
		got, err := r.Nearest(t.Context(), q, scope, n, false)
		must(t, err)
		if len(got) != n || len(want) != n {
			t.Fatalf("found %d and %d passages", len(got), len(want))
		}
		wanted := make(map[int64]bool)
		for _, p := range want {
			wanted[p.Passage] = true
		}
		for _, p := range got {
			if p.Path == 3 {
				t.Error("found a passage of a path that is not in scope")
			}
			if wanted[p.Passage] {
				found++
			}
		}
	}
	if recall := float64(found) / (questions * n); recall < .95 {
		t.Errorf("recall is %.3f", recall)
	}
}

// TestMovedTwice moves a passage several times in one transaction: what was said last
// counts everywhere.
func TestMovedTwice(t *testing.T) {
	smallBlocks(t, 4)
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store := openStore(t, path)
	const passages = 10 // eight of them packed
	texts := make([]*ingest.Text, passages)
	for i := range texts {
		texts[i] = text(lettersOf(i))
		texts[i].Vector = []int8{127, int8(i)}
	}
	must(t, store.Update(t.Context(), func(x ingest.Tx) error {
		state, err := x.Path("a.md")
		must(t, errors.Join(err, x.AddTexts(texts)))
		for _, text := range texts {
			must(t, x.PutInterval(state.ID, ingest.Interval{Key: text.Key, From: 10, To: kb.Forever}))
		}
		return nil
	}))
	bounds := [][2]kb.Instant{{10, 20}, {5, 30}, {5, 40}, {10, 50}, {7, 60}, {10, 70}, {10, 80}, {9, 90}, {9, 95}, {10, 99}}
	must(t, store.Update(t.Context(), func(x ingest.Tx) error {
		found, err := x.Intervals(1, 0)
		must(t, err)
		for at := range found {
			for n := range bounds[at:] {
				last := bounds[len(bounds)-1-n]
				found[at].From, found[at].To = last[0], last[1]
				must(t, x.PutInterval(1, found[at]))
			}
		}
		return nil
	}))
	db := openDB(dsn(path, nil), readerPragmas)
	for _, table := range []string{"passage_vec v ON v.passage = p.id", "passage v ON v.id = p.id"} {
		got, err := stringsOf(db, `SELECT v.valid_from || '-' || v.valid_to FROM passage p JOIN `+table+` ORDER BY p.id`)
		must(t, err)
		if fmt.Sprint(got) != "[10-20 5-30 5-40 10-50 7-60 10-70 10-80 9-90 9-95 10-99]" {
			t.Errorf("%s: %v", table, got)
		}
	}
	must(t, db.Close())
}

// TestVectorsOfAnotherDimension are refused, until those that were there are
// dropped.
func TestVectorsOfAnotherDimension(t *testing.T) {
	smallBlocks(t, comparedInFull)
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store, err := openForVectors(path)
	must(t, err)
	defer store.Close()
	fill := func(dim int) error {
		return updateVectors(t, store, func(x *tx) error {
			for i := int64(1); i <= 20; i++ {
				if err := x.addVector(i, embed.Int8(randomVector(rand.New(rand.NewPCG(1, uint64(i))), dim))); err != nil {
					return err
				}
			}
			return nil
		})
	}
	must(t, updateVectors(t, store, func(x *tx) error {
		_, err := x.exec(`INSERT INTO passage (id, path, text, valid_from, valid_to) SELECT id, 1, id, 0, ? FROM text`, kb.Forever)
		return err
	}))
	must(t, fill(8))
	if err := updateVectors(t, store, func(x *tx) error { return x.addVector(30, make([]int8, 9)) }); err == nil {
		t.Error("a vector of another dimension was stored")
	}
	if err := updateVectors(t, store, func(x *tx) error { return x.addVector(30, nil) }); err == nil {
		t.Error("an empty vector was stored")
	}
	must(t, updateVectors(t, store, func(x *tx) error { return x.dropVectors() }))
	query := randomVector(rand.New(rand.NewPCG(9, 9)), 130)
	r := openReaderAt(t, path)
	if list, err := r.Nearest(t.Context(), query, asof.Scope{}, 10, false); err != nil || len(list) > 0 {
		t.Errorf("found %v after all was dropped (%v)", list, err)
	}
	must(t, fill(130))
	r = openReaderAt(t, path)
	for _, exact := range []bool{false, true} {
		if list, err := r.Nearest(t.Context(), query, asof.Scope{}, 100, exact); err != nil || len(list) != 20 {
			t.Errorf("found %v (%v)", list, err)
		}
		for _, bad := range [][]float32{nil, query[:8], make([]float32, 130), append([]float32{float32(math.NaN())}, query[1:]...)} {
			if _, err := r.Nearest(t.Context(), bad, asof.Scope{}, 100, exact); err == nil {
				t.Errorf("a query of %.3f was answered", bad)
			}
		}
	}
}

// TestCosines are those of texts with vectors; a vector of zeros has none and is
// near to nothing.
func TestCosines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store, err := openForVectors(path)
	must(t, err)
	defer store.Close()
	must(t, updateVectors(t, store, func(x *tx) error {
		for text, v := range map[int64][]int8{1: {0, 127}, 2: {127, 127}, 3: {0, 0}, 4: {0, -127}} {
			if err := x.addVector(text, v); err != nil {
				return err
			}
			p := passageRow{text, 1, text, 0, kb.Forever}
			_, err := x.exec("INSERT INTO passage (id, path, text, valid_from, valid_to) VALUES (?, ?, ?, ?, ?)", p.id, p.path, p.text, p.from, p.to)
			if err != nil {
				return err
			}
			if err := x.addPassageVector(p); err != nil {
				return err
			}
			if err := x.setPassageVector(p); err != nil {
				return err
			}
		}
		return nil
	}))
	r := openReaderAt(t, path)
	got, err := r.Cosines(t.Context(), []float32{0, 1}, []int64{1, 2, 3, 4, 5})
	must(t, err)
	if len(got) != 3 || got[1] != 1 || math.Abs(got[2]-math.Sqrt(.5)) > 1e-6 || got[4] != -1 {
		t.Errorf("cosines %v", got)
	}
	list, err := r.Nearest(t.Context(), []float32{0, 1}, asof.Scope{}, 10, false)
	must(t, err)
	if len(list) != 3 || list[0].Passage != 1 || list[1].Passage != 2 || list[2].Passage != 4 {
		t.Errorf("nearest %v", list)
	}
}
