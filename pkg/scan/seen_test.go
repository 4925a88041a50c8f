package scan_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
)

// TestSeen scans files of which something else is said than they hold: most are
// not read, and of the few that are read all the same the scan tells.
func TestSeen(t *testing.T) {
	const files = 4000
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Mkdir("docs", 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range files {
		if err := os.WriteFile(filepath.Join("docs", fmt.Sprintf("%d.md", i)), []byte("held\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	held, said := kb.HashOf([]byte("held\n")), kb.HashOf([]byte("said\n"))
	first := list(t, scan.Options{Roots: []string{"docs"}})
	known := make(map[string]scan.Stat)
	for path, rec := range first {
		known[path] = scan.Stat{Size: *rec.Size, MTime: *rec.MTime, CTime: *rec.CTime, Inode: *rec.Inode}
	}
	other := known["docs/1.md"]
	other.CTime++
	known["docs/1.md"] = other
	var mu sync.Mutex
	distrusted := make(map[string]bool)
	again := list(t, scan.Options{
		Roots: []string{"docs"},
		Seen:  func(path string, stat scan.Stat) (kb.Hash, bool) { return said, known[path] == stat },
		Distrust: func(path string) {
			mu.Lock()
			defer mu.Unlock()
			distrusted[path] = true
		},
	})
	for path, rec := range again {
		want := said
		if distrusted[path] || path == "docs/1.md" {
			want = held
		}
		if *rec.SHA256 != want || *rec.Size != 5 || *rec.MTime != *first[path].MTime {
			t.Errorf("%s: %s of %d bytes, trusted: %t", path, rec.SHA256, *rec.Size, !distrusted[path])
		}
	}
	if n := len(distrusted); n == 0 || n > files/32 || distrusted["docs/1.md"] {
		t.Errorf("%d of %d files were read to see", n, files)
	}
}

// list returns the records of a scan by their paths.
func list(t *testing.T, opts scan.Options) map[string]kb.Record {
	t.Helper()
	scanner, err := scan.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	sink := make(lister)
	if _, err := scanner.Run(context.Background(), sink); err != nil {
		t.Fatal(err)
	}
	return sink
}

type lister map[string]kb.Record

func (l lister) Scan(*kb.Scan) error { return nil }
func (l lister) End(*kb.End) error   { return nil }

func (l lister) Record(rec *kb.Record) error {
	own := *rec
	size, mtime, ctime, inode, sum := *rec.Size, *rec.MTime, *rec.CTime, *rec.Inode, *rec.SHA256
	own.Size, own.MTime, own.CTime, own.Inode, own.SHA256 = &size, &mtime, &ctime, &inode, &sum
	l[rec.Path] = own
	return nil
}
