package sqlite_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
)

// FuzzMutated changes the bytes of a knowledge base, and asks it everything, checks
// it and recovers it: whatever the answers, nobody crashes, hangs or writes to it.
func FuzzMutated(f *testing.F) {
	sqlite.SmallBlocks(f)
	dir := f.TempDir()
	path := filepath.Join(dir, "kb.sqlite")
	moments := history(f, path, 12)
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	pages := uint32(len(whole) / 4096)
	for n := uint32(0); n < pages; n += 9 { // what matters most of a page is at its beginning
		f.Add(n*4096, []byte{0x0d, 0x7f, 0xff, 0x00}, n*4096+8, []byte{0xff, 0xff})
	}
	f.Add(uint32(18), []byte{1, 1}, uint32(28), []byte{0, 0, 0, 1}) // the journal mode, the number of pages
	f.Fuzz(func(t *testing.T, at uint32, change []byte, at2 uint32, change2 []byte) {
		mutated := bytes.Clone(whole)
		for _, c := range []struct {
			at     uint32
			change []byte
		}{{at, change}, {at2, change2}} {
			if int64(c.at) < int64(len(mutated)) {
				copy(mutated[c.at:], c.change)
			}
		}
		path := filepath.Join(t.TempDir(), "kb.sqlite")
		if err := os.WriteFile(path, mutated, 0o600); err != nil {
			t.Fatal(err)
		}
		ask(path, moments[len(moments)-1:])
		if k, err := sqlite.OpenChecker(t.Context(), path); err == nil {
			_, _ = k.Check(t.Context(), everything, func(sqlite.Finding) error { return nil })
			_ = k.Close()
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, mutated) {
			t.Errorf("reading has changed the file: %v", err)
		}
		_, err := sqlite.Recover(t.Context(), path, path+".recovered", time.Now, func(sqlite.Finding) error { return nil }, nil)
		if err != nil {
			t.Errorf("recover: %v", err)
		}
		// What writes to it may fail, and no more.
		if store, err := sqlite.Open(t.Context(), path, sqlite.Options{BusyTimeout: time.Millisecond}); err == nil {
			_ = store.Update(t.Context(), func(tx ingest.Tx) error {
				state, err := tx.Path("docs/new.md")
				if err == nil {
					err = tx.AddVersion(state.ID, 1, &kb.Version{Path: "docs/new.md", Gone: true, ValidFrom: 1}, nil)
				}
				return err
			})
			_ = store.Close()
		}
	})
}
