package sqlite

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// TestAhead asks of paths ahead of transactions, while two stores write of them and the
// clock goes back and forth, and compares what a transaction then knows with what one
// finds that was told nothing.
func TestAhead(t *testing.T) {
	taken := 0
	for seed := range uint64(100) {
		w := newAheadWorld(t, seed)
		for step := range 60 {
			switch w.random.IntN(6) {
			case 0, 1:
				w.ask()
			case 2:
				must(t, w.one.Update(t.Context(), func(tx ingest.Tx) error {
					w.ask()
					w.write(tx)
					return nil
				}))
			case 3:
				store := w.one
				if w.random.IntN(4) == 0 {
					store = w.other
				}
				must(t, store.Update(t.Context(), func(tx ingest.Tx) error {
					w.write(tx)
					return nil
				}))
			case 4:
				w.clock = w.clock.Add(time.Duration(w.random.IntN(13)-6) * time.Second)
			case 5:
				names := w.some()
				got, n := w.known(w.one, names)
				taken += n
				if want, _ := w.known(w.other, names); got != want {
					t.Fatalf("seed %d, step %d: what is known\n%sis not what is there\n%s", seed, step, got, want)
				}
			}
		}
	}
	if taken < 100 {
		t.Errorf("only %d answers were of use", taken)
	}
}

// TestAheadIsBounded has more answers and more paths than are remembered.
func TestAheadIsBounded(t *testing.T) {
	a := newAhead()
	first := aheadAnswer{state: ingest.PathState{ID: 1, Name: "first"}, until: kb.Forever, mark: a.mark()}
	a.keep([]aheadAnswer{first})
	for i := range int64(2 * maxWritten) {
		a.keep([]aheadAnswer{{state: ingest.PathState{ID: i, Name: fmt.Sprint(i)}}})
		a.end([]int64{i + 1})
	}
	if len(a.answers) > maxAhead || len(a.written) > maxWritten+1 {
		t.Errorf("%d answers and %d paths are remembered", len(a.answers), len(a.written))
	}
	rest := a.take([]string{"first"}, 0, func(aheadAnswer) { t.Error("an answer from before a path was written of is taken") })
	if len(rest) != 1 {
		t.Errorf("%q are to be asked for", rest)
	}
}

// aheadWorld is a knowledge base of a few paths, with two stores.
type aheadWorld struct {
	t          *testing.T
	random     *rand.Rand
	clock      time.Time
	one, other *Store
	scans      int
}

func newAheadWorld(t *testing.T, seed uint64) *aheadWorld {
	w := &aheadWorld{t: t, random: rand.New(rand.NewPCG(seed, 0)), clock: time.Unix(1_000_000, 0)}
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	for _, store := range []**Store{&w.one, &w.other} {
		var err error
		*store, err = Open(t.Context(), path, Options{Clock: func() time.Time { return w.clock }})
		must(t, err)
		t.Cleanup(func() { must(t, (*store).Close()) })
	}
	return w
}

// some returns some of the names, at least one.
func (w *aheadWorld) some() []string {
	names := []string{"a", "b", "c", "d"}
	w.random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return names[:1+w.random.IntN(len(names))]
}

func (w *aheadWorld) ask() {
	_, err := w.one.InForce(w.t.Context(), w.some())
	must(w.t, err)
}

// write has a path seen, or gives it a version, which may be of the past or of the future.
func (w *aheadWorld) write(tx ingest.Tx) {
	name := w.some()[0]
	p, err := tx.Path(name)
	must(w.t, err)
	if w.random.IntN(2) == 0 {
		w.scans++
		scan, err := tx.Scan(&kb.Scan{ID: fmt.Sprint(w.scans), StartedAt: kb.Instant(w.scans)})
		must(w.t, err)
		must(w.t, tx.See(p.ID, ingest.Sighting{Scan: scan.ID}))
		return
	}
	text := []byte(w.some()[0])
	c := content.NewEncoder().EncodeAfter(content.Base{}, kb.HashOf(text), text)
	v := &kb.Version{Path: name, SHA256: c.SHA256, Size: c.Size, ValidFrom: kb.InstantOf(w.clock.Add(time.Duration(w.random.IntN(13)-3) * time.Second))}
	must(w.t, tx.AddVersion(p.ID, 1, v, c))
}

// known returns what a transaction knows of paths and of their contents, and for how many
// of them it did not have to ask.
func (w *aheadWorld) known(store *Store, names []string) (answer string, taken int) {
	var all strings.Builder
	err := store.Update(w.t.Context(), func(open ingest.Tx) error {
		tx := open.(*tx)
		for _, name := range names {
			if answer, found := tx.ahead.answers[name]; found && tx.ahead.holds(answer, tx.now) {
				taken++
			}
		}
		if store == w.one {
			must(w.t, tx.Look(append(slices.Clone(names), names[0])))
		}
		for _, name := range names {
			p, err := tx.Path(name)
			must(w.t, err)
			if p.New {
				fmt.Fprintf(&all, "%s is new\n", name)
				continue
			}
			fmt.Fprintf(&all, "%s %d, seen by %d at %d", name, p.ID, p.SeenBy, p.SeenAt)
			if v := p.InForce; v != nil {
				fmt.Fprintf(&all, ", holds %d from %d: %s, %+v", v.ID, v.ValidFrom, v.SHA256, tx.held[v.SHA256])
			}
			all.WriteByte('\n')
		}
		return errNothing
	})
	if !errors.Is(err, errNothing) {
		w.t.Fatal(err)
	}
	return all.String(), taken
}

var errNothing = errors.New("nothing is to be written")
