// Package when turns what people type for a time into an instant.
//
//	r, err := when.Parse("2 weeks ago", time.Now(), time.Local)
//	if err != nil {
//		return err // a *when.Error; its text shows what is accepted
//	}
//	fmt.Println(r.Time, r.Note)
//
// It understands, in any letter case:
//
//	2025-01-15T10:00:00.5Z, 2025-01-15 10:00:00 +0100   RFC 3339, and what git and date print
//	2025-01-15 10:00, 2025-01-15T10:00:05.123           a time of day in the zone
//	2025-01-15, 2025-01, today, yesterday, tomorrow     the first instant of that day or month in the zone
//	yesterday 17:30                                     a time of day on such a day
//	@1736899200, @1736899200.5                          seconds since 1970-01-01T00:00:00Z
//	now, 2 weeks ago, 2.weeks.ago, an hour ago, last month
//	-36h, -90m, -2d, -1w, -1d12h, +1h, -2 weeks         s m h d w mo y, or whole words
//
// A history that was taken in from git can also be asked as of one of its commits, which only the history can place
// in time: Commit reads the form, and Parse refuses it.
//
//	@3f0c2ab, @git:1234567                              the digits that a commit begins with, at least 4 of them
//
// Days, weeks, months and years are steps in the calendar of the zone, as GNU date takes them from a given date: they
// keep the time of day, and a day that the month does not have runs over into the next month (and Result.Note says
// so). Hours, minutes and seconds are exact durations.
//
// Where this package and GNU date differ, it is on purpose. Today, yesterday and tomorrow are dates without a time,
// so the beginning of that day; date and git keep the time of day. A time of day that the zone skips or shows twice
// is resolved and said in Result.Note; date refuses the first and silently picks one of the second. A day that does
// not begin at midnight begins when it begins; date refuses it. "2 weeks" alone, a future time to date, is refused.
//
// Parse promises an instant whose year is 1 to 9999 both in UTC and in the zone, so that it has an RFC 3339 form.
// It reads neither the clock nor the environment. Whoever wants zone names to work on machines without a zone
// database imports time/tzdata in the main package.
package when

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Result is the instant that an expression stands for.
type Result struct {
	Time time.Time // in the zone given to Parse; finer digits than microseconds are cut off
	Note string    // what had to be decided, one clause for people; empty where there was nothing to decide
}

// Error says that an expression is not a time, and shows what would be one.
type Error struct {
	Expr   string // as it was given
	Reason string // what is wrong with it; may be empty
}

func (e *Error) Error() string {
	reason := ""
	if e.Reason != "" {
		reason = ": " + e.Reason
	}
	return fmt.Sprintf("%q is not a time%s; try 2025-01-15, \"2025-01-15 10:00\", 2025-01-15T10:00:00Z, @1736899200, "+
		"yesterday, \"2 weeks ago\", -36h", e.Expr, reason)
}

// The forms, matched against the expression in lower case with single spaces.
var (
	absoluteForm = lazy(`^(?:(\d{4})-(\d\d)(?:-(\d\d))?|(today|yesterday|tomorrow))` +
		`(?:[t ](\d\d?):(\d\d)(?::(\d\d)([.,]\d+)?)? ?(z|utc|[+-]\d\d(?::?\d\d)?)?)?$`)
	unixForm     = lazy(`^@(-?)(\d+)(\.\d+)?$`)
	agoForm      = lazy(`^(\d+|an?|one)[ .]?([a-z]+)[ .]ago$`)
	lastForm     = lazy(`^last[ .](second|minute|hour|day|week|month|year)$`)
	signedForm   = lazy(`^([+-]) ?((?:\d+ ?[a-z]+ ?)+)$`)
	signedTerm   = lazy(`(\d+) ?([a-z]+)`)
	unsignedForm = lazy(`^\d+ ?[a-z]+$`)
	digitsForm   = lazy(`^\d+(\.\d+)?$`)
	commitForm   = lazy(`^@(git:)?([0-9a-f]{4,64})$`)
	nearlyCommit = lazy(`^@(?:git:)?[0-9a-f]+$`)
)

// lazy compiles a pattern when it is first matched: a program that reads one time, or none, needs few of them.
func lazy(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// mostUnixDigits is how many digits the seconds since 1970 have at most, up to the year 9999.
const mostUnixDigits = 12

// Commit returns the hexadecimal digits, in lower case, of an expression that names a commit, or "" if it does not.
// Digits alone are seconds since 1970, unless they are too many for that or git: says otherwise: what a script
// writes for a time never becomes a commit because there is one. It is then not sure, and a caller may look whether
// there is.
func Commit(expr string) (digits string, sure bool) {
	s := strings.ToLower(strings.TrimSpace(expr))
	if !strings.HasPrefix(s, "@") {
		return "", false
	}
	m := commitForm().FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	return m[2], m[1] != "" || len(m[2]) > mostUnixDigits || !digitsForm().MatchString(m[2])
}

// Seconds returns how to write an expression that has the digits of milliseconds since 1970, from 2001 to 2286, or of
// microseconds or nanoseconds, from 1973 on, or "". Parse refuses it, and Commit takes it for one.
func Seconds(expr string) string {
	digits, found := strings.CutPrefix(strings.TrimSpace(expr), "@")
	if !found || len(digits) <= mostUnixDigits || !digitsForm().MatchString(digits) {
		return ""
	}
	for _, finer := range []int{3, 6, 9} {
		if whole := len(digits) - finer; whole == 9 || whole == 10 {
			return "@" + digits[:whole] + "." + digits[whole:]
		}
	}
	return ""
}

// Parse gives the instant that expr stands for when it is now, and times of day are those of loc. Its errors are
// of type *Error.
func Parse(expr string, now time.Time, loc *time.Location) (Result, error) {
	s := strings.ToLower(strings.Join(strings.Fields(expr), " "))
	r, err := parse(s, now.In(loc))
	if err != nil {
		return Result{}, &Error{Expr: expr, Reason: err.Error()}
	}
	r.Time = r.Time.In(loc).Truncate(time.Microsecond)
	for _, t := range []time.Time{r.Time, r.Time.UTC()} {
		if !inRange(t) {
			return Result{}, &Error{Expr: expr, Reason: errRange.Error()}
		}
	}
	return r, nil
}

// inRange tells whether RFC 3339 can write t.
func inRange(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }

// reason is why an expression is refused; the text of Error is made of it.
type reason string

func (r reason) Error() string { return string(r) }

const (
	errUnknown = reason("")
	errRange   = reason("the years 1 to 9999 can be asked for")
)

func parse(s string, now time.Time) (Result, error) {
	if s == "now" {
		return Result{Time: now}, nil
	}
	if m := absoluteForm().FindStringSubmatch(s); m != nil {
		return parseAbsolute(m, now)
	}
	if seconds := Seconds(s); seconds != "" {
		return Result{}, reason("seconds since 1970 are written " + seconds)
	}
	if m := unixForm().FindStringSubmatch(s); m != nil {
		return parseUnix(m[1] == "-", m[2], m[3])
	}
	if m := agoForm().FindStringSubmatch(s); m != nil {
		count := m[1]
		if count[0] < '0' || count[0] > '9' {
			count = "1"
		}
		return parseSteps([][2]string{{count, m[2]}}, -1, now)
	}
	if m := lastForm().FindStringSubmatch(s); m != nil {
		return parseSteps([][2]string{{"1", m[1]}}, -1, now)
	}
	if m := signedForm().FindStringSubmatch(s); m != nil {
		sign := 1
		if m[1] == "-" {
			sign = -1
		}
		var terms [][2]string
		for _, t := range signedTerm().FindAllStringSubmatch(m[2], -1) {
			terms = append(terms, [2]string{t[1], t[2]})
		}
		return parseSteps(terms, sign, now)
	}
	return Result{}, refusal(s)
}

// refusal helps with what is nearly a time.
func refusal(s string) error {
	if digitsForm().MatchString(s) {
		switch {
		case len(s) == 4:
			return reason("a year needs a month, as in " + s + "-01")
		case len(s) == 8:
			return reason("dates are written " + s[:4] + "-" + s[4:6] + "-" + s[6:])
		case len(s) > 8:
			return reason("seconds since 1970 are written @" + s)
		}
	}
	switch {
	case commitForm().MatchString(s):
		return reason("a commit is no time here")
	case nearlyCommit().MatchString(s):
		return reason("a commit is named by 4 to 64 of its digits")
	}
	if m := unsignedForm().FindString(s); m != "" {
		if _, ok := unitNamed(strings.TrimLeft(m, "0123456789 ")); ok {
			return reason(fmt.Sprintf("say \"%s ago\" or +%s", m, strings.ReplaceAll(m, " ", "")))
		}
	}
	return errUnknown
}

// parseAbsolute reads a match of absoluteForm: year, month, day or a word, then hour, minute, second, fraction, zone.
func parseAbsolute(m []string, now time.Time) (Result, error) {
	year, month, day, err := parseDate(m[1], m[2], m[3], m[4], now)
	if err != nil {
		return Result{}, err
	}
	if m[5] == "" {
		return startOfDay(time.Date(year, month, day, 0, 0, 0, 0, time.UTC), now.Location()), nil
	}
	if m[4] == "" && m[3] == "" {
		return Result{}, reason("a time of day needs the day of the month")
	}
	hour, minute, second := number(m[5]), number(m[6]), number(m[7])
	if hour > 23 || minute > 59 || second > 59 {
		return Result{}, reason("the times of a day are 00:00:00 to 23:59:59")
	}
	clock := time.Date(year, month, day, hour, minute, second, nanoseconds(m[8]), time.UTC)
	if m[9] == "" {
		return resolve(clock, now.Location(), nil), nil
	}
	offset, err := parseOffset(m[9])
	if err != nil {
		return Result{}, err
	}
	return Result{Time: clock.Add(-offset)}, nil
}

// parseDate reads a date in digits, or the word for a day; a month without a day is its first day.
func parseDate(year, month, day, word string, now time.Time) (int, time.Month, int, error) {
	if word != "" {
		y, m, d := now.Date()
		switch word {
		case "yesterday":
			d--
		case "tomorrow":
			d++
		}
		return y, m, d, nil
	}
	y, m, d := number(year), number(month), 1
	if day != "" {
		d = number(day)
	}
	if y == 0 {
		return 0, 0, 0, errRange
	}
	if m < 1 || m > 12 {
		return 0, 0, 0, reason("the months are 01 to 12")
	}
	if last := time.Date(y, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day(); d < 1 || d > last {
		return 0, 0, 0, reason(fmt.Sprintf("%s-%s has the days 01 to %d", year, month, last))
	}
	return y, time.Month(m), d, nil
}

// parseOffset reads z, utc, ±hh, ±hhmm or ±hh:mm.
func parseOffset(s string) (time.Duration, error) {
	if s == "z" || s == "utc" {
		return 0, nil
	}
	digits := strings.ReplaceAll(s[1:], ":", "")
	hours, minutes := number(digits[:2]), number(digits[2:])
	if hours > 23 || minutes > 59 {
		return 0, reason("offsets from UTC are -23:59 to +23:59")
	}
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if s[0] == '-' {
		offset = -offset
	}
	return offset, nil
}

func parseUnix(negative bool, seconds, fraction string) (Result, error) {
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || n > maxSeconds {
		return Result{}, errRange
	}
	nsec := int64(nanoseconds(fraction))
	if negative {
		n, nsec = -n, -nsec
	}
	return Result{Time: time.Unix(n, nsec)}, nil
}

// number reads digits that a form has matched, so few that they fit; none are zero.
func number(digits string) int {
	n := 0
	for _, c := range digits {
		n = n*10 + int(c-'0')
	}
	return n
}

// nanoseconds reads a fraction of a second such as ".5" to the microsecond, or
// ",5" as date -Ins and ISO 8601 have it.
func nanoseconds(fraction string) int {
	digits := (strings.TrimLeft(fraction, ".,") + "000000")[:6]
	return number(digits) * int(time.Microsecond)
}
