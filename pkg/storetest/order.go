package storetest

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/kb"
)

// testOrder takes the same records, which carry their valid time and seq, into
// two stores: in two orders, some of them twice, and split over runs as it
// comes. What was so at any moment, as known today, has to be the same.
func testOrder(t *testing.T, open Open) {
	parent := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		one, two := newWorld(t, open, parent), newWorld(t, open, parent)
		records := untied(t, one)
		one.takeRecords(t, rapid.Permutation(records).Draw(t, "one"))
		one.takeRecords(t, records[:rapid.IntRange(0, len(records)).Draw(t, "once more")])
		two.takeRecords(t, rapid.Permutation(records).Draw(t, "two"))
		moments := one.moments(func(v kb.Version) kb.Instant { return v.ValidFrom })
		if got, want := two.answers(moments), one.answers(moments); !slices.Equal(got, want) {
			t.Errorf("in one order:\n%q\nin another:\n%q", want, got)
		}
		one.compare()
	})
}

// untied draws records of which no two claim the same place in time.
func untied(t *rapid.T, w *world) []kb.Record {
	type place struct {
		path string
		from kb.Instant
		seq  int64
	}
	var records []kb.Record
	taken := make(map[place]bool)
	for range rapid.IntRange(1, 20).Draw(t, "records") {
		rec := w.statement(t)
		at := place{rec.Path, *rec.ValidFrom, rec.Seq}
		if !taken[at] {
			taken[at] = true
			records = append(records, rec)
		}
	}
	return records
}

// takeRecords takes records in, some in each run.
func (w *world) takeRecords(t *rapid.T, records []kb.Record) {
	for len(records) > 0 {
		n := rapid.IntRange(1, len(records)).Draw(t, "records in a run")
		w.scans++
		w.pass()
		w.run([]piece{{scan: w.newScan(rules{}), records: records[:n]}})
		records = records[n:]
	}
}

// answers lists what existed at each moment.
func (w *world) answers(moments []kb.Instant) []string {
	s, err := w.store.Snapshot()
	if err != nil {
		w.t.Fatal(err)
	}
	var lines []string
	for _, valid := range moments {
		for v, err := range s.List(background, "", kb.Point{Valid: valid, Known: kb.Forever}) {
			if err != nil {
				w.t.Fatal(err)
			}
			lines = append(lines, fmt.Sprintf("%s %s %s", rel(valid), v.Path, state(&v)))
		}
	}
	if err := s.Close(); err != nil {
		w.t.Error(err)
	}
	return lines
}
