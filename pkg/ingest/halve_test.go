package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	sqlite3 "github.com/mattn/go-sqlite3"
	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
)

// sql changes the knowledge base behind the back of the store.
func (b *bench) sql(statements string) {
	b.t.Helper()
	conn, err := new(sqlite3.SQLiteDriver).Open(b.path)
	b.check(err)
	_, err = conn.(*sqlite3.SQLiteConn).Exec(statements, nil)
	b.check(errors.Join(err, conn.Close()))
}

// refuses makes the knowledge base refuse rows of a table, by a condition on the
// new row.
func (b *bench) refuses(table, condition string) {
	b.t.Helper()
	b.sql("CREATE TRIGGER refuses_" + table + " BEFORE INSERT ON " + table + " WHEN " + condition +
		" BEGIN SELECT RAISE(ABORT, 'no " + table + " like that'); END")
}

// TestCulprit has the knowledge base refuse what comes of one record, at each of
// the places where it can: the others are stored as if it had not been there.
func TestCulprit(t *testing.T) {
	const culprit = "docs/7.md"
	for _, test := range []struct {
		table, condition string
		want             string // the failure; "" where it is stored without text
	}{
		{"version", "new.source = 'poison'", culprit + " processing/rejected"},
		{"text", "new.body LIKE '%poison%'", ""},
		{"passage", "(SELECT body FROM text WHERE id = new.text) LIKE '%poison%'", ""},
		{"seen", "(SELECT name FROM path WHERE id = new.path) = CAST('" + culprit + "' AS BLOB) AND new.stale_since IS NULL", culprit + " processing/rejected"},
		{"path", "new.name = CAST('" + culprit + "' AS BLOB)", "processing/rejected"},
	} {
		t.Run(test.table, func(t *testing.T) {
			b := newBench(t)
			b.opts.ChunkSize, b.opts.Together = 6, 1000 // chunks of one transaction are parted again
			var records []string
			for i := range 20 {
				text := sections(fmt.Sprintf("%c", 'A'+i))
				rec := kb.Record{Kind: kb.File, Path: fmt.Sprintf("docs/%d.md", i), HasContent: true}
				if rec.Path == culprit {
					rec.Source, text = "poison", text+"\n\nThis is poison.\n"
				}
				rec.Content = []byte(text)
				records = append(records, line(rec))
			}
			b.refuses(test.table, test.condition)
			in := tree{id: "1", start: 1}.whole(records...)
			for now := range int64(2) { // and the next run goes as well
				sum := b.run(10+now, in)
				if got := b.failures(sum.Run); got != test.want {
					t.Errorf("run %d: failures %q, not %q", now, got, test.want)
				}
				failed := int64(0)
				if test.want != "" {
					failed = 1
				}
				if sum.Counts.Failed != failed || sum.Counts.Total() != 20 {
					t.Errorf("run %d: counted %+v", now, sum.Counts)
				}
				if now == 0 && (sum.Counts.Stored != 20-failed || sum.Textless[kb.Rejected] != 1-failed) {
					t.Errorf("counted %+v, without text %v", sum.Counts, sum.Textless)
				}
			}
			if n := strings.Count(b.list()+"\n", "\n"); n != 20 && test.want == "" || n != 19 && test.want != "" {
				t.Errorf("there are %d documents:\n%s", n, b.list())
			}
			b.checkPassages(t, "docs/6.md")
			b.checkPassages(t, "docs/8.md")
		})
	}
}

// picky is a store that refuses to commit certain documents, whatever is done to
// them but to record their failure.
type picky struct {
	*sqlite.Store
	refuses map[string]bool
	updates int
}

func (p *picky) Update(ctx context.Context, fn func(ingest.Tx) error) error {
	p.updates++
	return p.Store.Update(ctx, func(tx ingest.Tx) error {
		watch := &watchedTx{Tx: tx, names: make(map[int64]string)}
		if err := fn(watch); err != nil {
			return err
		}
		for _, name := range watch.added {
			if p.refuses[name] {
				return fmt.Errorf("commit: %w", kb.NewFault(kb.Processing, kb.Rejected, "not this one"))
			}
		}
		return nil
	})
}

// watchedTx knows what has been added.
type watchedTx struct {
	ingest.Tx
	names map[int64]string
	added []string
}

func (w *watchedTx) Path(name string) (ingest.PathState, error) {
	state, err := w.Tx.Path(name)
	w.names[state.ID] = name
	return state, err
}

func (w *watchedTx) See(path int64, s ingest.Sighting) error {
	if s.StaleSince == nil {
		w.added = append(w.added, w.names[path])
	}
	return w.Tx.See(path, s)
}

// TestHalving lets any of the documents be refused at the commit, where nobody
// says which of them is to blame, and compares the outcome with a store to which
// these never came.
func TestHalving(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b, spared := newBench(t), newBench(t)
		b.opts.ChunkSize = rapid.IntRange(1, 20).Draw(rt, "chunk size")
		spared.opts.ChunkSize = b.opts.ChunkSize
		store := &picky{Store: b.store, refuses: make(map[string]bool)}
		var all, good, bad []string
		for i := range rapid.IntRange(1, 30).Draw(rt, "documents") {
			name := fmt.Sprintf("docs/%02d.md", i)
			record := file(name, fmt.Sprint(i), 5)
			all = append(all, record)
			if rapid.IntRange(0, 5).Draw(rt, "refused") == 0 {
				store.refuses[name] = true
				bad = append(bad, name+" processing/rejected")
			} else {
				good = append(good, record)
			}
		}
		b.now = 10
		sum, err := ingest.Run(t.Context(), store, strings.NewReader(tree{id: "1", start: 1}.whole(all...)), b.opts)
		if err != nil || sum.Status != ingest.Complete {
			rt.Fatalf("the run is %s: %v", sum.Status, err)
		}
		spared.run(10, tree{id: "1", start: 1}.whole(good...))
		if got, want := b.list(), spared.list(); got != want {
			rt.Errorf("there is\n%s\nnot\n%s", got, want)
		}
		failed := strings.Split(b.failures(sum.Run), ", ")
		slices.Sort(failed)
		if got := strings.Join(failed, ", "); got != strings.Join(bad, ", ") {
			rt.Errorf("failures %q, not %q", got, bad)
		}
		if sum.Counts.Failed != int64(len(bad)) || sum.Counts.Stored != int64(len(good)) {
			rt.Errorf("counted %+v", sum.Counts)
		}
		// Each culprit costs the transactions of its halves, and three of its own.
		if most := 2 + len(all) + len(bad)*(3+2*6); store.updates > most {
			rt.Errorf("%d transactions for %d documents, %d refused", store.updates, len(all), len(bad))
		}
	})
}

// TestStoreIsNotHalved ends the run where it is the store that fails.
func TestStoreIsNotHalved(t *testing.T) {
	for _, fault := range []error{sqlite.ErrFull, sqlite.ErrDamaged, sqlite.ErrReadOnly, errDisk, kb.NewFault(kb.ExceptionAfterRetries, kb.Busy, "busy")} {
		b := newBench(t)
		store := &flaky{Store: b.store, busy: 1 << 30, fault: fault}
		b.now = 10
		sum, err := ingest.Run(t.Context(), store, strings.NewReader(tree{id: "1", start: 1}.whole(file("docs/a.md", "A", 1), file("docs/b.md", "B", 1))), b.opts)
		if !errors.Is(err, fault) || sum.Status != ingest.Errored || sum.Counts.Total() != 0 || store.tried > b.opts.Retry.Attempts {
			t.Errorf("%v: the run is %s after %d updates, %+v: %v", fault, sum.Status, store.tried, sum.Counts, err)
		}
	}
}
