package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// testScans checks the promises of ingest.Tx that are about scans.
func testScans(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		run  func(*bench)
	}{
		{"a scan is registered once", registerScan},
		{"a root that comes from another folder is told once", otherFolder},
		{"all is listed when all distinct paths are", allListed},
		{"unlisted are those that no later scan has seen", unlisted},
		{"a closed scan stays closed", closeScan},
		{"closed scans come with what they covered", closedScans},
		{"the last listing lies before a moment", lastListing},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(newBench(t, open)) })
	}
}

func registerScan(b *bench) {
	var first ingest.ScanState
	b.update(func(tx ingest.Tx) error {
		first = b.scan(tx, "s1", epoch+3, "docs")
		if first.ID == 0 || first.StartedAt != epoch+3 || first.Expected != nil || first.Closed {
			b.t.Errorf("a new scan: %+v", first)
		}
		return tx.EndScan(first.ID, &kb.End{Paths: 7, Unread: []string{"docs/\xff", "docs/x"}})
	})
	b.update(func(tx ingest.Tx) error {
		again := b.scan(tx, "s1", epoch+3, "docs")
		if again.ID != first.ID || again.Expected == nil || *again.Expected != 7 ||
			!slices.Equal(again.Unread, []string{"docs/\xff", "docs/x"}) || again.Closed {
			b.t.Errorf("the scan again: %+v", again)
		}
		if other := b.scan(tx, "s2", epoch+3, "docs"); other.ID == first.ID {
			b.t.Error("two scans have one number")
		}
		return nil
	})
}

func otherFolder(b *bench) {
	b.update(func(tx ingest.Tx) error {
		register := func(id, dir, prefix string, roots ...string) string {
			s, err := tx.Scan(&kb.Scan{ID: id, Dir: dir, Prefix: prefix, Roots: roots, StartedAt: epoch})
			b.check(err)
			return s.OtherDir
		}
		for _, test := range []struct{ id, dir, prefix, root, want string }{
			{"s1", "/one", "", "docs", ""},
			{"s2", "/one", "", "docs", ""},
			{"s3", "/two", "", "docs", "/one"},
			{"s3", "/two", "", "docs", ""}, // told once
			{"s4", "/two", "", "docs", ""},
			{"s5", "/one", "", "wiki", ""},
			{"s6", "/one", "wiki", "docs", ""}, // another name
			{"s7", "/three", "", "/abs/docs", ""},
			{"s8", "/four", "", "/abs/docs", ""}, // wherever one stands
		} {
			if got := register(test.id, test.dir, test.prefix, test.root); got != test.want {
				b.t.Errorf("%+v: the other folder is %q", test, got)
			}
		}
		return nil
	})
}

func allListed(b *bench) {
	step := func(list []string, end int64, want bool) {
		b.t.Helper()
		b.update(func(tx ingest.Tx) error {
			s := b.scan(tx, "s1", epoch, "docs")
			b.check(tx.List(s.ID, b.ids(tx, list...), true))
			if end > 0 {
				b.check(tx.EndScan(s.ID, &kb.End{Paths: end}))
			}
			got, err := tx.AllListed(s.ID)
			if got != want {
				b.t.Errorf("after %q: %t", list, got)
			}
			return err
		})
	}
	step([]string{"docs/a.md", "docs/b.md"}, 0, false)
	step([]string{"docs/a.md", "docs/b.md"}, 3, false) // the same again
	step([]string{"docs/b.md", "docs/b.md"}, 0, false)
	step([]string{"docs/c.md"}, 0, true)
	step([]string{"docs/d.md"}, 0, true)
}

func unlisted(b *bench) {
	for _, path := range []string{"listed.md", "lost.md", "by hand.md", "later.md", "earlier.md"} {
		b.put(path, "one", epoch, 0)
	}
	b.put("gone.md", "", epoch, 0)
	b.put("future.md", "one", b.clock+3600*second, 0)
	see := func(tx ingest.Tx, s ingest.ScanState, paths ...string) {
		ids := b.ids(tx, paths...)
		b.check(tx.List(s.ID, ids, true))
		for _, id := range ids {
			b.check(tx.See(id, ingest.Sighting{Scan: s.ID}))
		}
	}
	b.update(func(tx ingest.Tx) error {
		before, s, after := b.scan(tx, "s1", epoch+1, "."), b.scan(tx, "s2", epoch+2, "."), b.scan(tx, "s3", epoch+3, ".")
		see(tx, before, "earlier.md", "lost.md", "gone.md")
		see(tx, s, "listed.md")
		see(tx, after, "later.md")
		b.check(tx.List(s.ID, b.ids(tx, "by hand.md"), true)) // listed, and nobody looked at the file
		got, err := sortedNames(func(fn func(ingest.PathState) error) error { return tx.Unlisted(s, fn) })
		if got != "[earlier.md lost.md]" {
			b.t.Errorf("unlisted: %s", got)
		}
		b.check(err)
		if err := tx.Unlisted(s, func(ingest.PathState) error { return errTest }); !errors.Is(err, errTest) {
			b.t.Errorf("the error of the function became %v", err)
		}
		return nil
	})
}

func closeScan(b *bench) {
	b.update(func(tx ingest.Tx) error {
		s := b.scan(tx, "s1", epoch, "docs")
		b.check(tx.List(s.ID, b.ids(tx, "docs/a.md"), true))
		b.check(tx.EndScan(s.ID, &kb.End{Paths: 1}))
		return tx.CloseScan(s.ID, 3)
	})
	b.put("docs/b.md", "one", epoch, 0)
	b.update(func(tx ingest.Tx) error {
		s := b.scan(tx, "s1", epoch, "docs")
		if !s.Closed || s.Withheld != 3 {
			b.t.Errorf("a closed scan: %+v", s)
		}
		b.check(tx.List(s.ID, b.ids(tx, "docs/b.md"), true)) // a run that does it again
		got, err := sortedNames(func(fn func(ingest.PathState) error) error { return tx.Unlisted(s, fn) })
		if all, err := tx.AllListed(s.ID); !all || err != nil || got != "[]" {
			b.t.Errorf("all listed: %t, %v; unlisted: %s", all, err, got)
		}
		return errors.Join(err, tx.CloseScan(s.ID, 0))
	})
	b.update(func(tx ingest.Tx) error {
		if s := b.scan(tx, "s1", epoch, "docs"); !s.Closed || s.Withheld != 0 {
			b.t.Errorf("a scan closed again: %+v", s)
		}
		return nil
	})
}

func closedScans(b *bench) {
	var moments []kb.Instant
	for i := range 3 {
		b.update(func(tx ingest.Tx) error {
			s := b.scan(tx, fmt.Sprint("s", i), epoch+kb.Instant(i), "docs")
			b.scan(tx, fmt.Sprint("open", i), epoch, "docs")
			b.check(tx.EndScan(s.ID, &kb.End{Unread: []string{fmt.Sprint("docs/", i)}}))
			moments = append(moments, tx.Now())
			return tx.CloseScan(s.ID, 0)
		})
	}
	b.update(func(tx ingest.Tx) error {
		for i, after := range append([]kb.Instant{0}, moments...) {
			closed, err := tx.ClosedScans(after)
			b.check(err)
			if len(closed) != 3-i {
				b.t.Fatalf("%d scans closed after number %d", len(closed), i)
			}
			slices.SortFunc(closed, func(x, y ingest.ClosedScan) int { return int(x.ClosedAt - y.ClosedAt) })
			for n, c := range closed {
				want := fmt.Sprint("docs/", i+n)
				if !slices.Equal(c.Unread, []string{want}) || c.Scan.StartedAt != epoch+kb.Instant(i+n) ||
					!slices.Equal(c.Scan.Covers.Trees, []string{"docs"}) || c.ClosedAt != moments[i+n] {
					b.t.Errorf("closed scan %d: %+v", i+n, c)
				}
			}
		}
		return nil
	})
}

func lastListing(b *bench) {
	b.update(func(tx ingest.Tx) error {
		id := b.ids(tx, "docs/a.md", "docs/b.md")
		for i, s := range []struct {
			paths []int64
			live  bool
			close bool
		}{
			{id[:1], true, true}, {id[1:], true, false}, {id, false, true}, {id[:1], true, false},
		} {
			state := b.scan(tx, fmt.Sprint("s", i), epoch+10*kb.Instant(i), "docs")
			b.check(tx.List(state.ID, s.paths, s.live))
			if s.close {
				b.check(tx.EndScan(state.ID, &kb.End{}))
				b.check(tx.CloseScan(state.ID, 0))
			}
		}
		for _, test := range []struct {
			path   int64
			before kb.Instant
			want   kb.Instant
			found  bool
		}{
			{id[0], kb.Forever, epoch + 30, true},
			{id[0], epoch + 30, epoch, true}, // the one at 20 is a history
			{id[0], epoch, 0, false},
			{id[1], kb.Forever, epoch + 10, true},
			{id[1], epoch + 10, 0, false},
		} {
			got, found, err := tx.LastListing(test.path, test.before)
			b.check(err)
			if found != test.found || found && got != test.want {
				b.t.Errorf("%+v: %s, %t", test, rel(got), found)
			}
		}
		return nil
	})
}
