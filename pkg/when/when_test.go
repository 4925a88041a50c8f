package when

import (
	"errors"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests need zones wherever they run
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	if loc, err := time.LoadLocation(name); err == nil {
		return loc
	}
	loc := POSIX(name)
	if loc == nil {
		t.Fatalf("no zone %q is known", name)
	}
	return loc
}

func TestParse(t *testing.T) {
	const berlin, saoPaulo, lordHowe = "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe"
	const summer = "2025-07-15T14:30:15.1234567+02:00" // in Berlin
	tests := []struct {
		expr, zone, now string
		want, note      string
	}{
		// Instants that depend on neither the zone nor the clock.
		{"2025-01-15T10:00:00Z", berlin, summer, "2025-01-15T11:00:00+01:00", ""},
		{"2025-01-15t10:00:00.123456z", berlin, summer, "2025-01-15T11:00:00.123456+01:00", ""},
		{"2025-01-15T10:00:00.1234569Z", berlin, summer, "2025-01-15T11:00:00.123456+01:00", ""},
		{"2025-01-15 10:00:00 +0530", berlin, summer, "2025-01-15T05:30:00+01:00", ""},
		{"2025-01-15 10:00 UTC", berlin, summer, "2025-01-15T11:00:00+01:00", ""},
		{"2025-03-30T02:30:00-08:00", berlin, summer, "2025-03-30T12:30:00+02:00", ""},
		{"@1736899200", berlin, summer, "2025-01-15T01:00:00+01:00", ""},
		{"@1736899200.5", berlin, summer, "2025-01-15T01:00:00.5+01:00", ""},
		{"@-1.5", berlin, summer, "1970-01-01T00:59:58.5+01:00", ""},

		// Dates and times of day in the zone.
		{"2025-01-15", berlin, summer, "2025-01-15T00:00:00+01:00", ""},
		{"2025-07", berlin, summer, "2025-07-01T00:00:00+02:00", ""},
		{" 2025-01-15   9:05 ", berlin, summer, "2025-01-15T09:05:00+01:00", ""},
		{"2025-01-15T10:00:05.123", berlin, summer, "2025-01-15T10:00:05.123+01:00", ""},
		{"2025-01-15T10:00:05,123456789+00:00", berlin, summer, "2025-01-15T11:00:05.123456+01:00", ""}, // date -Ins
		{"4001-01", berlin, summer, "4001-01-01T00:00:00+01:00", ""},                                    // after a leap year; see instants
		{"4000-12-31 12:00", berlin, summer, "4000-12-31T12:00:00+01:00", ""},
		{"0001-01-02", "UTC", summer, "0001-01-02T00:00:00Z", ""},
		{"9999-12-31 23:59:59.999999", "UTC", summer, "9999-12-31T23:59:59.999999Z", ""},
		{"now", berlin, summer, "2025-07-15T14:30:15.123456+02:00", ""},
		{"today", berlin, summer, "2025-07-15T00:00:00+02:00", ""},
		{"Yesterday", berlin, summer, "2025-07-14T00:00:00+02:00", ""},
		{"tomorrow", berlin, summer, "2025-07-16T00:00:00+02:00", ""},
		{"yesterday 17:30", berlin, summer, "2025-07-14T17:30:00+02:00", ""},
		{"yesterday", "Pacific/Auckland", "2025-07-14T23:00:00Z", "2025-07-14T00:00:00+12:00", ""},

		// Steps: the calendar keeps the time of day, durations do not.
		{"6 months ago", berlin, summer, "2025-01-15T14:30:15.123456+01:00", ""},
		{"2 weeks ago", berlin, summer, "2025-07-01T14:30:15.123456+02:00", ""},
		{"2.weeks.ago", berlin, summer, "2025-07-01T14:30:15.123456+02:00", ""},
		{"a week ago", berlin, summer, "2025-07-08T14:30:15.123456+02:00", ""},
		{"last month", berlin, summer, "2025-06-15T14:30:15.123456+02:00", ""},
		{"an hour ago", berlin, summer, "2025-07-15T13:30:15.123456+02:00", ""},
		{"-1d", berlin, "2025-03-30T12:00:00+02:00", "2025-03-29T12:00:00+01:00", ""},
		{"-24h", berlin, "2025-03-30T12:00:00+02:00", "2025-03-29T11:00:00+01:00", ""},
		{"-1d12h", berlin, "2025-03-30T12:00:00+02:00", "2025-03-29T00:00:00+01:00", ""},
		{"-90m", berlin, summer, "2025-07-15T13:00:15.123456+02:00", ""},
		{"-2 weeks", berlin, summer, "2025-07-01T14:30:15.123456+02:00", ""},
		{"+1h", berlin, summer, "2025-07-15T15:30:15.123456+02:00", ""},
		{"-1y", "UTC", "2024-02-29T08:00:00Z", "2023-03-01T08:00:00Z", "2023-02-29 does not exist; 2023-03-01 was taken"},
		{"-1mo", "UTC", "2025-03-31T08:00:00Z", "2025-03-03T08:00:00Z", "2025-02-31 does not exist; 2025-03-03 was taken"},
		{"-4000000h", "UTC", "2025-01-01T00:00:00Z", "1568-09-07T08:00:00Z", ""},

		// Clocks set forward: a time that does not exist moves on, a date is its first instant.
		{"2025-03-30 02:30", berlin, summer, "2025-03-30T03:30:00+02:00",
			"2025-03-30 02:30 does not exist in Europe/Berlin; 03:30 CEST was taken"},
		{"2025-03-30 02:00", berlin, summer, "2025-03-30T03:00:00+02:00",
			"2025-03-30 02:00 does not exist in Europe/Berlin; 03:00 CEST was taken"},
		{"2025-03-30 01:59:59.5", berlin, summer, "2025-03-30T01:59:59.5+01:00", ""},
		{"2025-03-30 03:00", berlin, summer, "2025-03-30T03:00:00+02:00", ""},
		{"-1d", berlin, "2025-03-31T02:30:05+02:00", "2025-03-30T03:30:05+02:00",
			"2025-03-30 02:30:05 does not exist in Europe/Berlin; 03:30:05 CEST was taken"},
		{"2018-11-04", saoPaulo, summer, "2018-11-04T01:00:00-02:00", ""},
		{"2018-11-04 00:30", saoPaulo, summer, "2018-11-04T01:30:00-02:00",
			"2018-11-04 00:30 does not exist in America/Sao_Paulo; 01:30 -02 was taken"},
		{"2025-10-05 02:15", lordHowe, summer, "2025-10-05T02:45:00+11:00",
			"2025-10-05 02:15 does not exist in Australia/Lord_Howe; 02:45 +11 was taken"},
		{"2011-12-30", "Pacific/Apia", summer, "2011-12-31T00:00:00+14:00",
			"2011-12-30 does not exist in Pacific/Apia; 2011-12-31 00:00 +14 was taken"},
		{"2011-12-30 10:00", "Pacific/Apia", summer, "2011-12-31T10:00:00+14:00",
			"2011-12-30 10:00 does not exist in Pacific/Apia; 2011-12-31 10:00 +14 was taken"},

		// Clocks set back: the first of two, but a step keeps the offset that it starts from.
		{"2025-10-26 02:30", berlin, summer, "2025-10-26T02:30:00+02:00",
			"2025-10-26 02:30 exists twice in Europe/Berlin; the first, 02:30 CEST, was taken"},
		{"2025-10-26 03:00", berlin, summer, "2025-10-26T03:00:00+01:00", ""},
		{"-1d", berlin, "2025-10-27T02:30:00+01:00", "2025-10-26T02:30:00+01:00",
			"2025-10-26 02:30 exists twice in Europe/Berlin; the second, 02:30 CET, was taken"},
		{"+1d", berlin, "2025-10-25T02:30:00+02:00", "2025-10-26T02:30:00+02:00",
			"2025-10-26 02:30 exists twice in Europe/Berlin; the first, 02:30 CEST, was taken"},
		{"-0d", berlin, "2025-10-26T02:30:00+01:00", "2025-10-26T02:30:00+01:00", ""},
		{"2025-11-02", "America/Havana", summer, "2025-11-02T00:00:00-04:00", ""},
		{"2018-02-18", saoPaulo, summer, "2018-02-18T00:00:00-03:00", ""},
		{"2025-04-06 01:45", lordHowe, summer, "2025-04-06T01:45:00+11:00",
			"2025-04-06 01:45 exists twice in Australia/Lord_Howe; the first, 01:45 +11, was taken"},
	}
	for _, test := range tests {
		t.Run(test.expr+" in "+test.zone, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339Nano, test.now)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Parse(test.expr, now, zone(t, test.zone))
			if err != nil {
				t.Fatal(err)
			}
			if s := got.Time.Format(time.RFC3339Nano); s != test.want || got.Note != test.note {
				t.Errorf("got  %s %q\nwant %s %q", s, got.Note, test.want, test.note)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ expr, reason string }{
		{"", ""},
		{"foo", ""},
		{"2025", "a year needs a month, as in 2025-01"},
		{"20250115", "dates are written 2025-01-15"},
		{"1736899200", "seconds since 1970 are written @1736899200"},
		{"2 weeks", `say "2 weeks ago" or +2weeks`},
		{"36h", `say "36h ago" or +36h`},
		{"5 apples", ""},
		{"5 apples ago", `"apples" is no unit of time`},
		{"-500ms", `"ms" is no unit of time`},
		{"-2 days ago", ""},
		{"1 day 2 hours ago", ""},
		{"2025-13-01", "the months are 01 to 12"},
		{"2025-02-29", "2025-02 has the days 01 to 28"},
		{"2024-02-30", "2024-02 has the days 01 to 29"},
		{"2025-01-00", "2025-01 has the days 01 to 31"},
		{"2025-01 10:00", "a time of day needs the day of the month"},
		{"2025-01-15 24:00", "the times of a day are 00:00:00 to 23:59:59"},
		{"2016-12-31T23:59:60Z", "the times of a day are 00:00:00 to 23:59:59"},
		{"2025-01-15T10:00:00+24:00", "offsets from UTC are -23:59 to +23:59"},
		{"2025-01-15Z", ""},
		{"01/15/2025", ""},
		{"0000-01-01", string(errRange)},
		{"0001-01-01", string(errRange)}, // still year 0 in UTC
		{"9999-12-31T23:59:59-01:00", string(errRange)},
		{"9999 years ago", string(errRange)},
		{"-10000y", string(errRange)},
		{"+99999999999999999999s", string(errRange)},
		{"-316000000000s 316000000000s", string(errRange)},
		{"@9999999999999999999", "seconds since 1970 are written @9999999999.999999999"},
		{"@99999999999999999999", string(errRange)},
		{"@253402300800", string(errRange)},
		{"@1736899200000", "seconds since 1970 are written @1736899200.000"},
		{"@1736899200000000", "seconds since 1970 are written @1736899200.000000"},
		{"@99999999999999999", string(errRange)},
		{"@3f0c2ab", "a commit is no time here"},
		{"@git:1234567", "a commit is no time here"},
		{"@abc", "a commit is named by 4 to 64 of its digits"},
	}
	now := time.Date(2025, 7, 15, 12, 0, 0, 0, time.UTC)
	for _, test := range tests {
		t.Run(test.expr, func(t *testing.T) {
			r, err := Parse(test.expr, now, zone(t, "Europe/Berlin"))
			var refused *Error
			if !errors.As(err, &refused) {
				t.Fatalf("got %v, %v; want an *Error", r, err)
			}
			if refused.Expr != test.expr || refused.Reason != test.reason {
				t.Errorf("got %q: %q; want the reason %q", refused.Expr, refused.Reason, test.reason)
			}
		})
	}
}

func TestCommit(t *testing.T) {
	full := strings.Repeat("0123456789", 4)
	for _, test := range []struct {
		expr, digits string
		sure         bool
	}{
		{"@3f0c2ab", "3f0c2ab", true},
		{" @3F0C2AB ", "3f0c2ab", true},
		{"@beef", "beef", true},
		{"@git:beef", "beef", true},
		{"@git:1234567", "1234567", true},
		{"@1234567", "1234567", false},
		{"@123456789012", "123456789012", false},
		{"@1234567890123", "1234567890123", true}, // no time of the years up to 9999
		{"@" + full, full, true},
		{"@" + full + full, "", false},
		{"@bee", "", false}, {"3f0c2ab", "", false}, {"@3f0c2ag", "", false}, {"@1.5", "", false}, {"@-1234", "", false}, {"now", "", false},
	} {
		if digits, sure := Commit(test.expr); digits != test.digits || sure != test.sure {
			t.Errorf("%q: %q, %t; want %q, %t", test.expr, digits, sure, test.digits, test.sure)
		}
	}
}

func TestErrorShowsExamples(t *testing.T) {
	now := time.Date(2025, 7, 15, 12, 0, 0, 0, time.UTC)
	_, err := Parse("foo", now, time.UTC)
	const want = `"foo" is not a time; try 2025-01-15, "2025-01-15 10:00", 2025-01-15T10:00:00Z, @1736899200, ` +
		`yesterday, "2 weeks ago", -36h`
	if err == nil || err.Error() != want {
		t.Fatalf("got  %v\nwant %s", err, want)
	}
	_, examples, _ := strings.Cut(want, "try ")
	for _, example := range strings.Split(examples, ", ") {
		if _, err := Parse(strings.Trim(example, `"`), now, time.UTC); err != nil {
			t.Errorf("the example is refused: %v", err)
		}
	}
}

// Every quarter of an hour around the changes of clocks, found by trying all instants, must be what resolve finds.
func TestResolveAgainstSearch(t *testing.T) {
	changes := map[string][]string{
		"Europe/Berlin":       {"2025-03-30", "2025-10-26"},
		"America/New_York":    {"2025-03-09", "2025-11-02"},
		"America/Sao_Paulo":   {"2018-11-04", "2018-02-18"},
		"America/St_Johns":    {"2010-03-14", "2010-11-07"}, // at one minute past midnight
		"Australia/Lord_Howe": {"2025-10-05", "2025-04-06"},
		"Pacific/Apia":        {"2011-12-30"},
		"Asia/Kathmandu":      {"1986-01-01"},
		"Africa/Monrovia":     {"1972-01-07"}, // by 44 minutes and 30 seconds
	}
	for name, days := range changes {
		loc := zone(t, name)
		for _, day := range days {
			midnight, err := time.Parse(time.DateOnly, day)
			if err != nil {
				t.Fatal(err)
			}
			shown := map[string][]time.Time{}
			for at := midnight.Add(-48 * time.Hour); at.Before(midnight.Add(72 * time.Hour)); at = at.Add(30 * time.Second) {
				clock := at.In(loc).Format(time.DateTime)
				shown[clock] = append(shown[clock], at)
			}
			for clock := midnight.Add(-6 * time.Hour); clock.Before(midnight.Add(30 * time.Hour)); clock = clock.Add(15 * time.Minute) {
				want := shown[clock.Format(time.DateTime)]
				got, jump := instants(clock, loc)
				if len(got) != len(want) || (len(got) == 0) == jump.IsZero() {
					t.Fatalf("%s in %s: got %v, want %v; jump %v", clock, name, got, want, jump)
				}
				for i := range got {
					if !got[i].Equal(want[i]) {
						t.Errorf("%s in %s: got %v, want %v", clock, name, got, want)
					}
				}
				const half = time.Second / 2
				whole, fraction := resolve(clock, loc, nil).Time, resolve(clock.Add(half), loc, nil).Time
				if !fraction.Equal(whole.Add(half)) {
					t.Errorf("%s in %s: it is %v, and half a second later %v", clock, name, whole, fraction)
				}
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"now", "2025-01-15", "2025-01-15T10:00:00.1234567+05:45", "@-1.5", "2 weeks ago",
		"-1d12h", "yesterday 17:30", "last month", "0001-01-01", "+9999y", "2025-03-30 02:30", "36h", "20250115"} {
		f.Add(seed, int64(1752582615), uint8(0))
	}
	zones := []*time.Location{time.UTC}
	for _, name := range []string{"Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia"} {
		zones = append(zones, zone(f, name))
	}
	f.Fuzz(func(t *testing.T, expr string, unix int64, which uint8) {
		loc := zones[int(which)%len(zones)]
		now := time.Unix(unix%maxSeconds, 0)
		r, err := Parse(expr, now, loc)
		if err != nil {
			var refused *Error
			if !errors.As(err, &refused) || refused.Expr != expr {
				t.Fatalf("%q: the error is %#v", expr, err)
			}
			return
		}
		for _, form := range []string{r.Time.Format(time.RFC3339Nano), r.Time.UTC().Format(time.RFC3339Nano)} {
			again, err := Parse(form, now, loc)
			// RFC 3339 has no seconds in offsets, which zones had before they were standardized.
			if offsetAt(r.Time)%time.Minute != 0 && !strings.HasSuffix(form, "Z") {
				continue
			}
			if err != nil || !again.Time.Equal(r.Time) || again.Note != "" {
				t.Fatalf("%q is %s, which is %v (%q), %v", expr, form, again.Time, again.Note, err)
			}
		}
	})
}

// TestPOSIX refuses what describes no zone.
func TestPOSIX(t *testing.T) {
	for _, tz := range []string{"", "Europe/Berln", "Mars", "UTC-9x", "EST5EDT,M3.2.0", "CET-1CEST,M13.5.0,M10.5.0", "<+09-9", "UTC-9\nUTC-8", "5"} {
		if loc := POSIX(tz); loc != nil {
			t.Errorf("%q is taken for a zone", tz)
		}
	}
}
