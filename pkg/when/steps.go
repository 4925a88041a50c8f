package when

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxSeconds is more than lies between any two instants of the years 1 to 9999, and small enough that adding it to
// one of them cannot overflow.
const maxSeconds = 10000 * 366 * secondsOfDay

// maxMonths is as many as the years 1 to 9999 have, and more.
const maxMonths = 10000 * 12

const secondsOfDay = 24 * 60 * 60

// unit is one step of a relative time: so many seconds exactly, or so many days or months of the calendar.
type unit struct {
	seconds, days, months int64
}

var units = map[string]unit{
	"s": {seconds: 1}, "sec": {seconds: 1}, "second": {seconds: 1},
	"m": {seconds: 60}, "min": {seconds: 60}, "minute": {seconds: 60},
	"h": {seconds: 3600}, "hr": {seconds: 3600}, "hour": {seconds: 3600},
	"d": {days: 1}, "day": {days: 1},
	"w": {days: 7}, "week": {days: 7},
	"mo": {months: 1}, "month": {months: 1},
	"y": {months: 12}, "year": {months: 12},
}

// unitNamed finds the unit by its letter, word or plural.
func unitNamed(name string) (unit, bool) {
	if len(name) > 2 {
		name = strings.TrimSuffix(name, "s")
	}
	u, ok := units[name]
	return u, ok
}

// longest is the most that n steps of the unit may amount to before they leave the years 1 to 9999 for certain.
func (u unit) longest() int64 {
	switch {
	case u.seconds > 0:
		return maxSeconds / u.seconds
	case u.days > 0:
		return maxSeconds / (u.days * secondsOfDay)
	default:
		return maxMonths / u.months
	}
}

// parseSteps goes sign times the terms (count, unit) from now: first along the calendar, then by the clock, as GNU
// date does whatever their order.
func parseSteps(terms [][2]string, sign int, now time.Time) (Result, error) {
	var sum unit
	for _, term := range terms {
		u, ok := unitNamed(term[1])
		if !ok {
			return Result{}, reason(fmt.Sprintf("%q is no unit of time", term[1]))
		}
		n, err := strconv.ParseInt(term[0], 10, 64)
		if err != nil || n > u.longest() {
			return Result{}, errRange
		}
		n *= int64(sign)
		sum.seconds += n * u.seconds
		sum.days += n * u.days
		sum.months += n * u.months
		if abs(sum.seconds) > maxSeconds || abs(sum.days) > maxSeconds/secondsOfDay || abs(sum.months) > maxMonths {
			return Result{}, errRange
		}
	}
	r := Result{Time: now}
	if sum.days != 0 || sum.months != 0 {
		r = stepCalendar(now, int(sum.months), int(sum.days))
	}
	// Not Time.Add: a Duration ends after 292 years.
	r.Time = time.Unix(r.Time.Unix()+sum.seconds, int64(r.Time.Nanosecond()))
	return r, nil
}

func abs(n int64) int64 { return max(n, -n) }

// stepCalendar moves the date of now by months, then days, and keeps the time of day.
func stepCalendar(now time.Time, months, days int) Result {
	year, month, day := now.Date()
	hour, minute, second := now.Clock()
	target := time.Date(year, month+time.Month(months), day, hour, minute, second, now.Nanosecond(), time.UTC)
	note := ""
	if target.Day() != day {
		first := time.Date(year, month+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
		note = fmt.Sprintf("%s-%02d does not exist; %s was taken",
			first.Format("2006-01"), day, target.Format(time.DateOnly))
	}
	_, offset := now.Zone()
	r := resolve(target.AddDate(0, 0, days), now.Location(), &offset)
	if note != "" && r.Note != "" {
		note += "; "
	}
	r.Note = note + r.Note
	return r
}
