package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
