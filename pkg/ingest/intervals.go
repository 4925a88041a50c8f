package ingest

import (
	"cmp"
	"slices"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

// span is a time in which one version decides which passages a path has.
type span struct {
	from, to kb.Instant // to is exclusive
	keys     []passage.Key
}

// revise makes the passages of a path those that its spans say, and leaves them
// as they are outside of the spans. It returns the intervals to be stored for
// that: those of rows that change, and new ones.
//
// The spans must not overlap, and the rows are all that touch any of them, and
// any others. An interval ends where its passage goes, and nowhere else, so that
// the outcome depends on the versions alone, and not on the order in which they
// arrived. A row that is not needed any more is in force at no time, and is taken
// again before there is a new one.
func revise(rows []Interval, spans []span) []Interval {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	stays := make(map[passage.Key]*stay)
	var order []passage.Key
	of := func(key passage.Key) *stay {
		s := stays[key]
		if s == nil {
			s = new(stay)
			stays[key] = s
			order = append(order, key)
		}
		return s
	}
	for _, row := range rows {
		s := of(row.Key)
		s.rows = append(s.rows, row)
		s.times = appendOutside(s.times, row.From, row.To, spans)
	}
	for _, sp := range spans {
		for _, key := range sp.keys {
			s := of(key)
			s.times = append(s.times, kb.Interval{From: sp.from, To: sp.to})
		}
	}
	var changed []Interval
	for _, key := range order {
		changed = stays[key].appendChanges(changed, key)
	}
	return changed
}

// appendOutside appends the parts of an interval that lie in no span. The spans
// are in order.
func appendOutside(times []kb.Interval, from, to kb.Instant, spans []span) []kb.Interval {
	first, _ := slices.BinarySearchFunc(spans, from, func(sp span, from kb.Instant) int {
		if sp.to <= from {
			return -1
		}
		return 1
	})
	for _, sp := range spans[first:] {
		if sp.from >= to {
			break
		}
		if from < sp.from {
			times = append(times, kb.Interval{From: from, To: sp.from})
		}
		from = sp.to
	}
	if from < to {
		times = append(times, kb.Interval{From: from, To: to})
	}
	return times
}

// stay is when a passage is in force, and the rows that say so.
type stay struct {
	rows  []Interval
	times []kb.Interval
}

// appendChanges appends what has to be stored so that the rows are the times.
func (s *stay) appendChanges(changed []Interval, key passage.Key) []Interval {
	s.times = joined(s.times)
	rows, taken := s.assign()
	for i, t := range s.times {
		row := Interval{Key: key, From: t.From, To: t.To}
		if at := rows[i]; at >= 0 {
			row.ID = s.rows[at].ID
			if row == s.rows[at] {
				continue
			}
		}
		changed = append(changed, row)
	}
	for at, row := range s.rows {
		if !taken[at] && row.From < row.To {
			row.To = row.From
			changed = append(changed, row)
		}
	}
	return changed
}

// assign gives each of the times a row, or -1: one that begins with it if there
// is one, so that most rows only change their end, else one that is left.
func (s *stay) assign() (rows []int, taken []bool) {
	rows, taken = make([]int, len(s.times)), make([]bool, len(s.rows))
	begins := make(map[kb.Instant]int, len(s.rows))
	for at, row := range s.rows {
		if had, ok := begins[row.From]; !ok || s.rows[had].To < row.To {
			begins[row.From] = at
		}
	}
	for i, t := range s.times {
		rows[i] = -1
		if at, ok := begins[t.From]; ok {
			rows[i], taken[at] = at, true
		}
	}
	next := 0
	for i := range rows {
		for rows[i] < 0 && next < len(taken) {
			if !taken[next] {
				rows[i], taken[next] = next, true
			}
			next++
		}
	}
	return rows, taken
}

// joined sorts intervals and makes one of those that meet.
func joined(times []kb.Interval) []kb.Interval {
	slices.SortFunc(times, func(a, b kb.Interval) int { return cmp.Compare(a.From, b.From) })
	n := 0
	for _, t := range times {
		if n > 0 && t.From <= times[n-1].To {
			times[n-1].To = max(times[n-1].To, t.To)
			continue
		}
		times[n] = t
		n++
	}
	return times[:n]
}
