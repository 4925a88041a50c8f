package render

import (
	"fmt"
	"testing"
	"time"

	"gonum.org/v1/plot"
	"pgregory.net/rapid"
)

// TestDateTicks demands of any span that its ticks are where something of the
// calendar begins, that they have the labels of just that, each of its own, and
// that there are enough of them, and no more than fit.
func TestDateTicks(t *testing.T) {
	const first, last = -62135596800, 253402300799 // of the years that a report can have
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Float64Range(first, last).Draw(t, "from")
		unit := rapid.SampledFrom([]float64{1e-6, 1, 60, 3600, 86400, 7 * 86400, 30 * 86400, 365 * 86400, 1e9, 1e11}).Draw(t, "unit")
		if rapid.Bool().Draw(t, "round") {
			from = float64(int64(from/86400)) * 86400
		}
		to := min(last, from+rapid.Float64Range(0, 60).Draw(t, "units")*unit)
		from, to = wholeSeconds(from, to)
		checkDates(t, from, to, dateTicks(from, to))
	})
}

func checkDates(t *rapid.T, from, to float64, ticks []plot.Tick) {
	var labels []string
	var starts []time.Time
	for _, tick := range ticks {
		if tick.Value < from || tick.Value > to {
			t.Fatalf("%v is not within %v and %v", tick.Value, from, to)
		}
		labels, starts = append(labels, tick.Label), append(starts, time.Unix(int64(tick.Value), 0).UTC())
	}
	span := fmt.Sprintf("%s to %s: %q at %v", time.Unix(int64(from), 0).UTC(), time.Unix(int64(to), 0).UTC(), labels, starts)
	if n := len(ticks); n < 2 || n > 5 {
		t.Fatalf("%d ticks: %s", n, span)
	}
	seen := make(map[string]bool)
	room := 0
	for i, start := range starts {
		if i > 0 && !starts[i-1].Before(start) {
			t.Fatalf("ticks do not rise: %s", span)
		}
		if seen[labels[i]] {
			t.Fatalf("a label stands twice: %s", span)
		}
		seen[labels[i]] = true
		room += 6*len(labels[i]) + 6
		if !begins(start, labels[i]) {
			t.Fatalf("%q is not at its beginning, %s: %s", labels[i], start, span)
		}
	}
	if room > 310 {
		t.Fatalf("labels of %d points: %s", room, span)
	}
	if weeks := starts[1].Sub(starts[0]).Hours() / (7 * 24); (weeks == 1 || weeks == 2) && starts[0].Weekday() != time.Monday {
		t.Fatalf("weeks begin on a %s: %s", starts[0].Weekday(), span)
	}
}

// begins reports whether a label is that of a time, and leaves nothing of it out.
func begins(start time.Time, label string) bool {
	day := start.Format("2006-01-02")
	for layout, exact := range map[string]time.Time{
		"2006":        time.Date(start.Year(), 1, 1, 0, 0, 0, 0, time.UTC),
		"Jan 2006":    time.Date(start.Year(), start.Month(), 1, 0, 0, 0, 0, time.UTC),
		"2 Jan":       start.Truncate(24 * time.Hour),
		"2 Jan 15:04": start.Truncate(time.Minute),
		"15:04":       start.Truncate(time.Minute),
		"15:04:05":    start,
	} {
		if start.Format(layout) == label {
			return exact.Equal(start) && exact.Format("2006-01-02") == day
		}
	}
	return false
}

// TestDateTicksOf are spans as people have them.
func TestDateTicksOf(t *testing.T) {
	for _, test := range []struct {
		from, to string
		want     []string // labels and where they are
	}{
		{"2022-06-01T00:00:00Z", "2026-06-01T00:00:00Z", []string{"2023 2023-01-01", "2024 2024-01-01", "2025 2025-01-01", "2026 2026-01-01"}},
		{"2026-01-01T00:00:00Z", "2026-11-16T00:00:00Z", []string{"Jan 2026 2026-01-01", "Apr 2026 2026-04-01", "Jul 2026 2026-07-01", "Oct 2026 2026-10-01"}},
		{"2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z", []string{"5 Jan 2026-01-05", "19 Jan 2026-01-19", "2 Feb 2026-02-02", "16 Feb 2026-02-16"}},
		{"2026-01-01T10:00:00Z", "2026-01-03T08:00:00Z", []string{"1 Jan 12:00 2026-01-01", "2 Jan 2026-01-02", "2 Jan 12:00 2026-01-02", "3 Jan 2026-01-03"}},
		{"2026-01-01T21:50:00Z", "2026-01-02T02:10:00Z", []string{"22:00 2026-01-01", "23:00 2026-01-01", "2 Jan 2026-01-02", "01:00 2026-01-02", "02:00 2026-01-02"}},
	} {
		var got []string
		for _, tick := range dateTicks(seconds1970(t, test.from), seconds1970(t, test.to)) {
			got = append(got, tick.Label+" "+time.Unix(int64(tick.Value), 0).UTC().Format("2006-01-02"))
		}
		if fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%s to %s: got %q", test.from, test.to, got)
		}
	}
}

func seconds1970(t *testing.T, text string) float64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return float64(at.Unix())
}
