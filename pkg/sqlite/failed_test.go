package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// failedAt lists what stands in a file, as one who may not change it sees it.
func failedAt(t *testing.T, path string) string {
	t.Helper()
	r, err := OpenReader(t.Context(), path)
	must(t, err)
	var got []string
	for f, err := range r.Failed(t.Context()) {
		must(t, err)
		dir := ""
		if f.Scan != nil {
			dir = f.Scan.Dir
		}
		at := int64(-1)
		if f.ValidFrom != nil {
			at = int64(*f.ValidFrom)
		}
		got = append(got, fmt.Sprintf("%s %s %d/%d %s", f.Path, f.Again, at, f.Seq, dir))
	}
	must(t, r.Close())
	return fmt.Sprint(got)
}

// TestStatements tells the failures of one path apart.
func TestStatements(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store := openStore(t, path)
	run, err := store.BeginRun(t.Context(), ingest.RunStart{})
	must(t, err)
	live, five := ingest.Statement{}, kb.Instant(5)
	then, later := ingest.Statement{ValidFrom: &five}, ingest.Statement{ValidFrom: &five, Seq: 1}
	fail := func(s ingest.Statement, again kb.Kind) func(ingest.Tx, int64) error {
		return func(tx ingest.Tx, path int64) error {
			return tx.AddFailure(ingest.Failure{Run: run, PathID: path, Statement: s, Again: again, Class: kb.Processing, Code: kb.IO})
		}
	}
	clears := func(s ingest.Statement) func(ingest.Tx, int64) error {
		return func(tx ingest.Tx, path int64) error { return tx.ClearFailure(path, s) }
	}
	for _, step := range []struct {
		do   func(ingest.Tx, int64) error
		want string
	}{
		{fail(live, kb.File), "[a.md file -1/0 ]"},
		{fail(then, kb.File), "[a.md file -1/0  a.md file 5/0 ]"},
		{fail(later, kb.Skipped), "[a.md file -1/0  a.md file 5/0  a.md skip 5/1 ]"},
		{fail(live, kb.Gone), "[a.md file 5/0  a.md skip 5/1  a.md gone -1/0 ]"},
		{clears(live), "[a.md file 5/0  a.md skip 5/1 ]"},
		{clears(live), "[a.md file 5/0  a.md skip 5/1 ]"},
		{clears(then), "[a.md skip 5/1 ]"},
		{clears(later), "[]"},
	} {
		must(t, store.Update(t.Context(), func(tx ingest.Tx) error {
			p, err := tx.Path("a.md")
			must(t, err)
			return step.do(tx, p.ID)
		}))
		if got := failedAt(t, path); got != step.want {
			t.Errorf("%s, not %s", got, step.want)
		}
	}
}
