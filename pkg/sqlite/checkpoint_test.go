package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/ingest"
)

// TestCheckpoints makes many times as many transactions as the log has pages when a
// checkpoint begins. The log stays short, but for a time in which somebody reads an
// old state, and the file has everything.
func TestCheckpoints(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store, err := Open(t.Context(), path, Options{})
	must(t, err)
	store.checkpoints.pages = 50
	documents, most := 0, int64(0)
	puts := func(n int) {
		for range n {
			must(t, put(store, fmt.Sprintf("document %d", documents)))
			documents++
			log, err := os.Stat(path + "-wal")
			must(t, err)
			most = max(most, log.Size())
		}
	}
	puts(500)
	if pages := most / 4096; pages > 1000 {
		t.Errorf("the log has up to %d pages", pages)
	}
	r, err := OpenReader(t.Context(), path)
	must(t, err)
	want := listOf(t, r)
	puts(300)
	if got := listOf(t, r); got != want {
		t.Error("an old state has changed")
	}
	must(t, r.Close())
	puts(300)
	left, err := store.write.checkpoint("NOOP")
	if must(t, err); left > 500 {
		t.Errorf("%d pages are left in the log", left)
	}
	must(t, store.Close())
	if _, err := os.Stat(path + "-wal"); !os.IsNotExist(err) {
		t.Errorf("after the last one has closed, there is a log (%v)", err)
	}
	if n := strings.Count(listOf(t, openReaderAt(t, path)), "document"); n != documents {
		t.Errorf("%d of %d documents are there", n, documents)
	}
}

// TestVacuumDuringCheckpoint gives space back while a checkpoint is under way that has
// more to do than what is left takes.
func TestVacuumDuringCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store := openStore(t, path)
	run := func(query string) {
		t.Helper()
		must(t, store.Update(t.Context(), func(open ingest.Tx) error {
			_, err := open.(*tx).exec(query)
			return err
		}))
	}
	run("CREATE TABLE filler AS WITH n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 64) SELECT randomblob(1 << 20) FROM n")
	store.checkpoints.pages = 1
	run("DROP TABLE filler")
	must(t, store.Vacuum(t.Context()))
	if info, err := os.Stat(path); err != nil || info.Size() > 1<<20 {
		t.Errorf("the file has %d bytes afterwards (%v)", info.Size(), err)
	}
}
