package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// testReigns adds versions in any order, with ties of all kinds, and asks for
// each, and then for all, in which time they decide.
func testReigns(t *testing.T, open Open) {
	rapid.Check(t, func(r *rapid.T) {
		b := newBench(t, open)
		var m model
		for range rapid.IntRange(1, 4).Draw(r, "transactions") {
			b.update(func(tx ingest.Tx) error {
				for range rapid.IntRange(0, 6).Draw(r, "versions") {
					m.addTo(r, b, tx)
				}
				return nil
			})
		}
		want := make(map[string]string)
		for _, path := range m.paths() {
			if reigns, held := m.reigns(path); held {
				want[path] = fmt.Sprint(reigns)
			}
		}
		got := make(map[string]string)
		b.check(b.Reigns(context.Background(), func(name string, reigns []ingest.Reign) error {
			if got[name] != "" {
				r.Errorf("%s comes twice", name)
			}
			got[name] = fmt.Sprint(plain(reigns))
			return nil
		}))
		if !maps.Equal(got, want) {
			r.Errorf("reigns are\n%v\nnot\n%v", got, want)
		}
		err := b.Reigns(context.Background(), func(string, []ingest.Reign) error { return errTest })
		if len(want) > 0 && !errors.Is(err, errTest) {
			r.Errorf("the error of the function became %v", err)
		}
	})
}

// plain leaves the numbers of paths out.
func plain(reigns []ingest.Reign) []ingest.Reign {
	for i := range reigns {
		reigns[i].Path = 0
	}
	return reigns
}

// addTo adds a version to the model and the store, which then has to say the
// same of its reign.
func (m *model) addTo(r *rapid.T, b *bench, tx ingest.Tx) {
	path := rapid.SampledFrom([]string{"b.md", "a.md", "c.md"}).Draw(r, "path")
	v := kb.Version{
		Path: path, ValidFrom: kb.Instant(rapid.IntRange(-2, 4).Draw(r, "from")),
		Seq: int64(rapid.IntRange(-1, 1).Draw(r, "seq")), Gone: rapid.IntRange(0, 2).Draw(r, "gone") == 0,
	}
	id := b.ids(tx, path)[0]
	stored := v
	if v.Gone {
		b.check(tx.AddVersion(id, b.run, &stored, nil))
	} else {
		c := encode(b.t, []byte(rapid.SampledFrom([]string{"A", "B"}).Draw(r, "content")))
		v.SHA256, v.Size = c.SHA256, c.Size
		stored = v
		b.check(tx.AddVersion(id, b.run, &stored, c))
	}
	for _, earlier := range m.versions {
		if earlier.ID >= stored.ID {
			r.Fatalf("version %d follows version %d", stored.ID, earlier.ID)
		}
	}
	v.ID = stored.ID
	m.add(v)
	for _, v := range m.versions {
		if v.Path != path {
			continue
		}
		got, err := tx.Reign(id, &v)
		b.check(err)
		if want := m.reign(v); got.Path != id || plain([]ingest.Reign{got})[0] != want {
			r.Errorf("the reign of %+v is %+v, not %+v", v, got, want)
		}
	}
}

// reign is the time in which a version decides.
func (m *model) reign(v kb.Version) ingest.Reign {
	reign := ingest.Reign{From: v.ValidFrom, To: kb.Forever, SHA256: v.SHA256, Gone: v.Gone}
	for _, o := range m.versions {
		if o.Path == v.Path && o.ValidFrom > v.ValidFrom {
			reign.To = min(reign.To, o.ValidFrom)
		}
	}
	if best, _ := m.at(v.Path, kb.Point{Valid: v.ValidFrom, Known: kb.Forever}); best.ID != v.ID {
		reign.To = reign.From
	}
	return reign
}

// reigns are those of a path, and whether it ever held content.
func (m *model) reigns(path string) (reigns []ingest.Reign, held bool) {
	versions := slices.Clone(m.versions)
	slices.SortFunc(versions, func(a, b kb.Version) int {
		return cmp.Or(cmp.Compare(a.ValidFrom, b.ValidFrom), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.ID, b.ID))
	})
	for _, v := range versions {
		if v.Path == path {
			reigns = append(reigns, m.reign(v))
			held = held || !v.Gone
		}
	}
	return reigns, held
}
