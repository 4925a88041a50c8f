package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// bench is a store on a clock that the test moves, with what makes a test of
// it short. Whatever fails ends the test.
type bench struct {
	*Store
	t     *testing.T
	clock kb.Instant
	run   int64
}

func newBench(t *testing.T, open Open) *bench {
	b := &bench{t: t, clock: epoch}
	store, err := open(t.TempDir(), func() time.Time { return b.clock.Time() })
	if err != nil {
		t.Fatal(err)
	}
	b.Store = store
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	b.run, err = store.BeginRun(context.Background(), ingest.RunStart{At: b.clock, Host: "host", PID: 1})
	b.check(err)
	return b
}

func (b *bench) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// update runs a transaction that has to succeed.
func (b *bench) update(fn func(tx ingest.Tx) error) {
	b.t.Helper()
	b.check(b.Update(context.Background(), func(tx ingest.Tx) error {
		return errors.Join(fn(tx), tx.AddChunk(ingest.ChunkResult{Run: b.run}))
	}))
}

// write is a version with its content; "" makes one that is gone.
func (b *bench) write(tx ingest.Tx, path, text string, from kb.Instant, seq int64) error {
	state, err := tx.Path(path)
	if err != nil {
		return err
	}
	v := &kb.Version{Path: path, ValidFrom: from, Seq: seq, Gone: text == ""}
	if v.Gone {
		return tx.AddVersion(state.ID, b.run, v, nil)
	}
	c := encode(b.t, []byte(text))
	v.SHA256, v.Size = c.SHA256, c.Size
	return tx.AddVersion(state.ID, b.run, v, c)
}

// put writes one version in a transaction of its own.
func (b *bench) put(path, text string, from kb.Instant, seq int64) {
	b.t.Helper()
	b.update(func(tx ingest.Tx) error { return b.write(tx, path, text, from, seq) })
}

func encode(t *testing.T, plain []byte) *content.Content {
	t.Helper()
	c, err := content.NewEncoder().Encode(bytes.NewReader(plain))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// snapshot opens what is committed; it is closed with the test.
func (b *bench) snapshot() Snapshot {
	b.t.Helper()
	s, err := b.Snapshot()
	b.check(err)
	b.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.t.Error(err)
		}
	})
	return s
}

// text returns what a version holds, "gone", or "nothing" for nil.
func (b *bench) text(s Snapshot, v *kb.Version) string {
	b.t.Helper()
	if v == nil || v.Gone {
		return state(v)
	}
	var out bytes.Buffer
	b.check(s.WriteContent(context.Background(), &out, v.SHA256))
	return out.String()
}

// everything is a point at which everything is valid and known.
var everything = kb.Point{Valid: kb.Forever, Known: kb.Forever}

// holds checks what a path holds at a point.
func (b *bench) holds(path string, at kb.Point, want string) {
	b.t.Helper()
	s := b.snapshot()
	v, err := s.InForce(context.Background(), path, at)
	b.check(err)
	if got := b.text(s, v); got != want {
		b.t.Errorf("%s at (%s, %s) holds %q, not %q", path, rel(at.Valid), rel(at.Known), got, want)
	}
}

// scan registers a scan that begins at a moment.
func (b *bench) scan(tx ingest.Tx, id string, start kb.Instant, trees ...string) ingest.ScanState {
	b.t.Helper()
	s, err := tx.Scan(&kb.Scan{
		ID: id, Dir: "/home/docs", Roots: trees, StartedAt: start,
		Covers: kb.Coverage{Trees: trees, Extensions: []string{"*"}},
	})
	b.check(err)
	return s
}

// ids registers paths and returns their numbers.
func (b *bench) ids(tx ingest.Tx, paths ...string) []int64 {
	b.t.Helper()
	ids := make([]int64, len(paths))
	for i, path := range paths {
		state, err := tx.Path(path)
		b.check(err)
		ids[i] = state.ID
	}
	return ids
}

// sortedNames collects the names of the paths that a walk meets.
func sortedNames(walk func(fn func(ingest.PathState) error) error) (string, error) {
	var names []string
	err := walk(func(p ingest.PathState) error {
		names = append(names, p.Name)
		return nil
	})
	slices.Sort(names)
	return fmt.Sprint(names), err
}
