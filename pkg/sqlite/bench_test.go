package sqlite

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/storetest"
)

func TestStore(t *testing.T) {
	fewerHistories(t)
	storetest.Run(t, func(dir string, clock kb.Clock) (*storetest.Store, error) {
		path := filepath.Join(dir, "kb.sqlite")
		store, err := Open(context.Background(), path, Options{Clock: clock})
		if err != nil {
			return nil, err
		}
		return &storetest.Store{
			Store:    store,
			Snapshot: func() (storetest.Snapshot, error) { return OpenReader(context.Background(), path) },
			Close:    store.Close,
		}, nil
	})
}

// fewerHistories has rapid draw a quarter of its histories under the race detector,
// which make test runs beside all of them without it. A number that was asked for
// stays.
func fewerHistories(t *testing.T) {
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if checks := flag.Lookup("rapid.checks"); Raced && !asked && os.Getenv("BTOOLS_TORTURE") == "" {
		usual := checks.Value.String()
		must(t, checks.Value.Set("25"))
		t.Cleanup(func() { must(t, checks.Value.Set(usual)) })
	}
}

var always = kb.Point{Valid: kb.Forever, Known: kb.Forever}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// openStore opens a store that does not wait for others; it is closed with the
// test.
func openStore(t *testing.T, path string) *Store {
	t.Helper()
	store, err := Open(t.Context(), path, Options{BusyTimeout: time.Millisecond})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	return store
}

func openReaderAt(t *testing.T, path string) *Reader {
	t.Helper()
	r, err := OpenReader(t.Context(), path)
	must(t, err)
	t.Cleanup(func() { must(t, r.Close()) })
	return r
}

// put stores documents, each with its name for content, in one transaction.
func put(store *Store, names ...string) error {
	run, err := store.BeginRun(context.Background(), ingest.RunStart{})
	if err != nil {
		return err
	}
	return store.Update(context.Background(), func(tx ingest.Tx) error {
		for _, name := range names {
			if err := add(tx, run, name, name); err != nil {
				return err
			}
		}
		return tx.AddChunk(ingest.ChunkResult{Run: run})
	})
}

func add(tx ingest.Tx, run int64, name, text string) error {
	path, err := tx.Path(name)
	if err != nil {
		return err
	}
	c, err := content.NewEncoder().Encode(bytes.NewReader([]byte(text)))
	if err != nil {
		return err
	}
	return tx.AddVersion(path.ID, run, &kb.Version{ValidFrom: tx.Now(), SHA256: c.SHA256, Size: c.Size}, c)
}

// listOf returns the names of what there is now, after checking every content.
func listOf(t *testing.T, r *Reader) string {
	t.Helper()
	var names []string
	for v, err := range r.List(t.Context(), "", always) {
		must(t, err)
		var out bytes.Buffer
		must(t, r.WriteContent(t.Context(), &out, v.SHA256))
		if out.String() != v.Path {
			t.Errorf("%.40q holds %.40q", v.Path, out.String())
		}
		names = append(names, v.Path)
	}
	return fmt.Sprint(names)
}
