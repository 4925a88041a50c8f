package when

import (
	"fmt"
	"slices"
	"sort"
	"time"
)

// searchSpan is how far from the same reading of a clock in UTC an instant can lie: no zone has been further from
// UTC than 16 hours, nor skipped more than a day.
const searchSpan = 41 * time.Hour

// instants finds when a clock in loc shows what clock, which is in UTC, shows: once, twice where clocks were set
// back, or never where they were set forward. In the last case jump is the instant at which they were.
//
// It samples hour by hour, since no zone changes twice within one, and does not use Time.ZoneBounds, whose end is
// wrong late in some leap years, such as on 4000-12-31 in Europe/Berlin, and no change of the zone at all.
func instants(clock time.Time, loc *time.Location) (shown []time.Time, jump time.Time) {
	try := func(offset time.Duration) {
		if t := clock.Add(-offset).In(loc); offsetAt(t) == offset {
			shown = append(shown, t)
		}
	}
	t := clock.Truncate(time.Second).Add(-searchSpan).In(loc) // clocks are changed at whole seconds
	before := offsetAt(t)
	try(before)
	for ; t.Before(clock.Add(searchSpan)); t = t.Add(time.Hour) {
		after := offsetAt(t.Add(time.Hour))
		if after == before {
			continue
		}
		change := t.Add(time.Duration(sort.Search(60*60, func(second int) bool {
			return offsetAt(t.Add(time.Duration(second)*time.Second)) == after
		})) * time.Second)
		if !clock.Add(-before).Before(change) && clock.Add(-after).Before(change) {
			jump = change
		}
		try(after)
		before = after
	}
	slices.SortFunc(shown, time.Time.Compare)
	return slices.CompactFunc(shown, time.Time.Equal), jump
}

// offsetAt is how far ahead of UTC clocks are at t.
func offsetAt(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}

// resolve gives the instant at which clocks in loc show what clock, which is in UTC, shows. A time that they skip is
// moved on by as much as they were set forward. Of two instants it is the one with the offset from UTC that is
// preferred, in seconds, if that is given and one has it, else the first.
func resolve(clock time.Time, loc *time.Location, preferred *int) Result {
	shown, jump := instants(clock, loc)
	switch len(shown) {
	case 0:
		t := clock.Add(-offsetAt(jump.Add(-time.Nanosecond))).In(loc)
		return Result{Time: t, Note: fmt.Sprintf("%s does not exist in %s; %s was taken",
			reading(clock), zoneName(loc), takenAs(t, clock))}
	case 1:
		return Result{Time: shown[0]}
	}
	taken, which := shown[0], "first"
	if preferred != nil && offsetAt(shown[1]) == time.Duration(*preferred)*time.Second {
		taken, which = shown[1], "second"
	}
	return Result{Time: taken, Note: fmt.Sprintf("%s exists twice in %s; the %s, %s, was taken",
		reading(clock), zoneName(loc), which, takenAs(taken, clock))}
}

// startOfDay gives the first instant of the day that begins at midnight, which is in UTC. Which instant that is
// leaves nothing to decide, even where clocks skip midnight or show it twice, unless they skip the whole day.
func startOfDay(midnight time.Time, loc *time.Location) Result {
	shown, jump := instants(midnight, loc)
	if len(shown) > 0 {
		return Result{Time: shown[0]}
	}
	r := Result{Time: jump}
	if jump.Day() != midnight.Day() {
		r.Note = fmt.Sprintf("%s does not exist in %s; %s was taken",
			midnight.Format(time.DateOnly), zoneName(loc), takenAs(jump, midnight))
	}
	return r
}

// zoneName names loc in a sentence.
func zoneName(loc *time.Location) string {
	if loc.String() == "Local" {
		return "the local zone"
	}
	return loc.String()
}

// reading writes a date and time of day as short as it can be.
func reading(t time.Time) string { return t.Format(time.DateOnly) + " " + timeOfDay(t) }

func timeOfDay(t time.Time) string {
	switch {
	case t.Nanosecond() != 0:
		return t.Format("15:04:05.999999")
	case t.Second() != 0:
		return t.Format(time.TimeOnly)
	}
	return t.Format("15:04")
}

// takenAs writes t with the abbreviation of its zone, and its date where that is not the one asked for.
func takenAs(t, asked time.Time) string {
	s := timeOfDay(t) + " " + t.Format("MST")
	if date := t.Format(time.DateOnly); date != asked.Format(time.DateOnly) {
		s = date + " " + s
	}
	return s
}
