package render

import (
	"math"
	"time"

	"gonum.org/v1/plot"
)

// A plot has room for mostDates ticks on its axis of dates, or for as many as
// dateRoom points hold the labels of, each of its characters as wide as a figure.
const (
	mostDates  = 5
	dateRoom   = 300
	dateLetter = 6
	dateGap    = 10
)

// dateStep is a distance between ticks of a calendar: a number of months, or a
// length of time up to two weeks.
type dateStep struct {
	length time.Duration
	months int
}

// dateSteps begin with the shortest. None is so much longer than the one before
// that where the shorter gives too many ticks, it gives too few.
var dateSteps = func() []dateStep {
	const day = 24 * time.Hour
	var steps []dateStep
	for _, by := range clockSteps {
		steps = append(steps, dateStep{length: time.Duration(by) * time.Second})
	}
	for _, days := range []time.Duration{1, 2, 4, 7, 14} {
		steps = append(steps, dateStep{length: days * day})
	}
	for _, months := range []int{1, 2, 3, 6} {
		steps = append(steps, dateStep{months: months})
	}
	for years := 1; years <= 1000; years *= 10 {
		steps = append(steps, dateStep{months: 12 * years}, dateStep{months: 24 * years}, dateStep{months: 60 * years})
	}
	return steps
}()

// before is the last tick that is not after t. A length of time is counted from
// the first moment of the year 1, a Monday.
func (s dateStep) before(t time.Time) time.Time {
	if s.months == 0 {
		return t.Truncate(s.length)
	}
	months := 12*t.Year() + int(t.Month()) - 1
	return time.Date(0, time.Month(1+months-months%s.months), 1, 0, 0, 0, 0, time.UTC)
}

func (s dateStep) after(t time.Time) time.Time { return t.AddDate(0, s.months, 0).Add(s.length) }

// label names a tick so far as its neighbours differ.
func (s dateStep) label(t time.Time) string {
	const day = 24 * time.Hour
	midnight := t.Equal(t.Truncate(day))
	switch {
	case s.months >= 12:
		return t.Format("2006")
	case s.months > 0:
		return t.Format("Jan 2006")
	case s.length >= day, s.length >= time.Minute && midnight:
		return t.Format("2 Jan")
	case s.length > 6*time.Hour: // there are several days
		return t.Format("2 Jan 15:04")
	case s.length >= time.Minute:
		return t.Format("15:04")
	}
	return t.Format("15:04:05")
}

// ticks are those between two times, and whether they fit and can be told apart.
func (s dateStep) ticks(from, to float64) (ticks []plot.Tick, fit bool) {
	longest := 0
	seen := make(map[string]bool)
	for t := s.before(time.Unix(int64(math.Floor(from)), 0).UTC()); float64(t.Unix()) <= to; t = s.after(t) {
		if float64(t.Unix()) < from {
			continue
		}
		label := s.label(t)
		if len(ticks) == mostDates || seen[label] {
			return nil, false
		}
		ticks, seen[label], longest = append(ticks, plot.Tick{Value: float64(t.Unix()), Label: label}), true, max(longest, len(label))
	}
	return ticks, len(ticks)*(dateLetter*longest+dateGap) <= dateRoom+dateGap
}

// wholeSeconds widens an axis that is too short for two ticks.
func wholeSeconds(from, to float64) (float64, float64) {
	if to-from >= 2 {
		return from, to
	}
	from = math.Floor(from)
	return from, max(math.Ceil(to), from+1)
}

// dateTicks are where something of the calendar begins, in UTC, between two times
// in seconds since 1970 that wholeSeconds gave.
func dateTicks(from, to float64) []plot.Tick {
	var ticks []plot.Tick
	for _, s := range dateSteps {
		var fit bool
		if ticks, fit = s.ticks(from, to); fit {
			break
		}
	}
	return ticks
}
