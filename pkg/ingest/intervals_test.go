package ingest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

// moments are all that the tests of intervals know, but for what lies beyond.
const moments = 12

// anyInstant draws a moment, or the end of time.
func anyInstant(t *rapid.T, label string) kb.Instant {
	if i := rapid.IntRange(0, moments).Draw(t, label); i < moments {
		return kb.Instant(i)
	}
	return kb.Forever
}

func anyKeys(t *rapid.T) []passage.Key {
	var keys []passage.Key
	for b := range byte(5) {
		if rapid.Bool().Draw(t, "holds") {
			keys = append(keys, passage.Key{b})
		}
	}
	return keys
}

// rowsInForce says which passages are in force at each moment.
func rowsInForce(rows []Interval) (at [moments]map[passage.Key]bool) {
	for i := range at {
		at[i] = make(map[passage.Key]bool)
		for _, row := range rows {
			if row.From <= kb.Instant(i) && kb.Instant(i) < row.To {
				at[i][row.Key] = true
			}
		}
	}
	return at
}

// store does with changed rows what a store does.
func store(t *rapid.T, rows, changed []Interval) []Interval {
	rows = slices.Clone(rows)
	for _, row := range changed {
		if row.ID == 0 {
			if row.From >= row.To {
				t.Fatalf("a new row that is never in force: %+v", row)
			}
			row.ID = int64(len(rows) + 1)
			rows = append(rows, row)
			continue
		}
		old := &rows[row.ID-1]
		if old.Key != row.Key || *old == row {
			t.Fatalf("%+v becomes %+v", *old, row)
		}
		*old = row
	}
	return rows
}

// TestRevise gives any rows and any spans to revise, and looks at every moment.
func TestRevise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []Interval
		for i := range rapid.IntRange(0, 8).Draw(t, "rows") {
			a, b := anyInstant(t, "from"), anyInstant(t, "to")
			key := passage.Key{rapid.Byte().Draw(t, "key") % 5}
			rows = append(rows, Interval{ID: int64(i + 1), Key: key, From: min(a, b), To: max(a, b)})
		}
		var bounds []kb.Instant
		for range 2 * rapid.IntRange(0, 3).Draw(t, "spans") {
			bounds = append(bounds, anyInstant(t, "bound"))
		}
		slices.Sort(bounds)
		var spans []span
		for pair := range slices.Chunk(bounds, 2) {
			if pair[0] < pair[1] {
				spans = append(spans, span{pair[0], pair[1], anyKeys(t)})
			}
		}
		want := rowsInForce(rows)
		for _, sp := range spans {
			for i := sp.from; i < min(sp.to, moments); i++ {
				want[i] = make(map[passage.Key]bool)
				for _, key := range sp.keys {
					want[i][key] = true
				}
			}
		}
		spans = rapid.Permutation(spans).Draw(t, "spans in any order")
		after := store(t, rows, revise(rows, spans))
		if got := rowsInForce(after); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("rows %v\nand spans %v\ngive %v:\n%v\nwant\n%v", rows, spans, after, got, want)
		}
		checkMaximal(t, after)
		if len(after) > len(rows) {
			for _, row := range after[:len(rows)] {
				if row.From == row.To && slices.ContainsFunc(after[len(rows):], func(o Interval) bool { return o.Key == row.Key }) {
					t.Errorf("row %+v was left out, and yet there are new ones: %v", row, after)
				}
			}
		}
	})
}

// checkMaximal checks that intervals of one passage neither overlap nor meet.
func checkMaximal(t *rapid.T, rows []Interval) {
	for i, a := range rows {
		for j, b := range rows {
			if i != j && a.Key == b.Key && a.From < a.To && b.From < b.To && a.From <= b.To && b.From <= a.To {
				t.Errorf("%+v and %+v meet", a, b)
			}
		}
	}
}

// TestReviseInAnyOrder lets the versions of a path arrive in any order, some of
// them together, and compares with all of them arriving at once.
func TestReviseInAnyOrder(t *testing.T) {
	type version struct {
		from kb.Instant
		rank int // decides between those of one moment
		keys []passage.Key
	}
	reign := func(v version, all []version) span {
		sp := span{v.from, kb.Forever, v.keys}
		for _, o := range all {
			switch {
			case o.from > v.from:
				sp.to = min(sp.to, o.from)
			case o.from == v.from && o.rank > v.rank:
				return span{v.from, v.from, nil}
			}
		}
		return sp
	}
	arrive := func(t *rapid.T, rows []Interval, there, arriving []version) []Interval {
		var spans []span
		for _, v := range arriving {
			if sp := reign(v, append(slices.Clone(there), arriving...)); sp.from < sp.to {
				spans = append(spans, sp)
			}
		}
		return store(t, rows, revise(rows, spans))
	}
	inForce := func(rows []Interval) []Interval {
		rows = slices.DeleteFunc(slices.Clone(rows), func(row Interval) bool { return row.From == row.To })
		for i := range rows {
			rows[i].ID = 0
		}
		slices.SortFunc(rows, func(a, b Interval) int {
			return cmp.Or(slices.Compare(a.Key[:], b.Key[:]), cmp.Compare(a.From, b.From))
		})
		return rows
	}
	rapid.Check(t, func(t *rapid.T) {
		var versions []version
		for rank := range rapid.IntRange(1, 8).Draw(t, "versions") {
			from := kb.Instant(rapid.IntRange(0, moments-1).Draw(t, "from"))
			versions = append(versions, version{from, rank, anyKeys(t)})
		}
		want := inForce(arrive(t, nil, nil, versions))
		var rows []Interval
		shuffled := rapid.Permutation(versions).Draw(t, "order")
		for n := 0; n < len(shuffled); {
			end := rapid.IntRange(n+1, len(shuffled)).Draw(t, "together")
			rows = arrive(t, rows, shuffled[:n], shuffled[n:end])
			n = end
		}
		if got := inForce(rows); !slices.Equal(got, want) {
			t.Errorf("%v in the order %v gives\n%v\nand at once\n%v", versions, shuffled, got, want)
		}
	})
}

// TestReviseKeepsRows has the cases that happen every day.
func TestReviseKeepsRows(t *testing.T) {
	a, b, c := passage.Key{1}, passage.Key{2}, passage.Key{3}
	forever := kb.Forever
	for _, test := range []struct {
		name  string
		rows  []Interval
		spans []span
		want  []Interval
	}{
		{"the first version", nil, []span{{1, forever, []passage.Key{b, a}}}, []Interval{{0, b, 1, forever}, {0, a, 1, forever}}},
		{"nothing new", []Interval{{7, a, 1, forever}}, []span{{3, forever, []passage.Key{a}}}, nil},
		{"one goes and one comes", []Interval{{7, a, 1, forever}, {8, b, 1, forever}}, []span{{3, forever, []passage.Key{b, c}}},
			[]Interval{{7, a, 1, 3}, {0, c, 3, forever}}},
		{"one comes back", []Interval{{7, a, 1, 3}}, []span{{5, forever, []passage.Key{a}}}, []Interval{{0, a, 5, forever}}},
		{"one comes back at the moment at which it went", []Interval{{7, a, 1, 3}}, []span{{3, forever, []passage.Key{a}}}, []Interval{{7, a, 1, forever}}},
		{"a version in the middle without it", []Interval{{7, a, 1, forever}}, []span{{3, 5, nil}}, []Interval{{7, a, 1, 3}, {0, a, 5, forever}}},
		{"what stood is not so", []Interval{{7, a, 3, forever}}, []span{{3, forever, nil}}, []Interval{{7, a, 3, 3}}},
		{"and is so after all", []Interval{{7, a, 3, 3}}, []span{{5, forever, []passage.Key{a}}}, []Interval{{7, a, 5, forever}}},
		{"a row that is right is left alone", []Interval{{7, a, 1, 3}, {8, a, 5, forever}}, []span{{1, 3, nil}}, []Interval{{7, a, 1, 1}}},
		{"a gap is closed", []Interval{{7, a, 1, 3}, {8, a, 5, forever}}, []span{{3, 5, []passage.Key{a}}}, []Interval{{7, a, 1, forever}, {8, a, 5, 5}}},
	} {
		if got := revise(test.rows, test.spans); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
