package when

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestAgainstGNUDate compares the forms that both understand, around changes of clocks in several zones.
func TestAgainstGNUDate(t *testing.T) {
	if out, err := exec.Command("date", "--version").Output(); err != nil || !strings.Contains(string(out), "GNU") {
		t.Skip("date is not GNU date")
	}
	bases := []string{"2025-03-29 02:30:00", "2025-03-30 02:15:00", "2025-10-26 02:15:00", "2025-11-02 01:30:00",
		"2025-01-31 12:00:00", "2024-02-29 23:59:59", "2025-07-15 08:00:00"}
	steps := []string{"1 day ago", "-2 days", "1 week ago", "-3 weeks", "last week", "1 month ago", "6 months ago",
		"last year", "-1 year", "+1 month"}
	absolute := []string{"2025-01-15", "2018-11-04", "2025-03-09 02:30", "2025-01-15 10:00", "2025-01-15T10:00:05.123",
		"2025-01-15T10:00:00Z", "2025-01-15 10:00:00 +0545", "2025-01-15 10:00 UTC", "@1736899200", "@1736899200.5",
		"@-86400", "2025-02-29", "2025-01-15 24:00", "1900-01-01", "2200-07-01 12:00"}
	for _, name := range []string{"Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe",
		"Asia/Kathmandu", "UTC", "UTC-9", "<+0530>-5:30", "EST5EDT,M3.2.0,M11.1.0", ":NZST-12NZDT,M9.5.0,M4.1.0/3", "AAA3BBB,J60/2,300"} {
		loc := zone(t, name)
		for _, expr := range absolute {
			compareWithDate(t, name, expr, expr, time.Time{})
		}
		for _, base := range bases {
			for _, hours := range []string{"36 hours ago", "-90 minutes", "+1 hour", "100 seconds ago"} {
				now := gnuDate(t, "UTC", base)
				asked := hours + now.UTC().Format(" 2006-01-02 15:04:05 UTC")
				compareWithDate(t, name, hours, asked, now)
			}
			clock, err := time.Parse(time.DateTime, base)
			if err != nil {
				t.Fatal(err)
			}
			shown, _ := instants(clock, loc)
			if len(shown) != 1 {
				continue // date refuses the base, or silently picks one
			}
			for _, step := range steps {
				// The step comes first: date takes "02:30 -2 days" for 02:30 in the zone -2.
				compareWithDate(t, name, step, step+" "+base, shown[0])
			}
			for word, step := range map[string]string{"today": "", "yesterday": "-1 day ", "tomorrow": "+1 day "} {
				compareWithDate(t, name, word+" "+clock.Format(time.TimeOnly), step+base, shown[0])
			}
		}
	}
}

// compareWithDate asks Parse for expr at now, and date for asked.
func compareWithDate(t *testing.T, zoneName, expr, asked string, now time.Time) {
	t.Helper()
	got, err := Parse(expr, now, zone(t, zoneName))
	want := gnuDate(t, zoneName, asked)
	switch {
	case want.IsZero():
		// date refuses what does not exist; a date that merely begins after midnight it refuses too.
		if err == nil && got.Note == "" && got.Time.Hour() == 0 {
			t.Errorf("%s in %s: got %v, where date refuses %q", expr, zoneName, got.Time, asked)
		}
	case err != nil:
		t.Errorf("%s in %s: %v; date says %v", expr, zoneName, err, want)
	case strings.Contains(got.Note, "in "+zoneName):
		if d := got.Time.Sub(want).Abs(); d > time.Hour {
			t.Errorf("%s in %s: got %v (%s), date says %v to %q", expr, zoneName, got.Time, got.Note, want, asked)
		}
	case !got.Time.Equal(want):
		t.Errorf("%s in %s at %v: got %v, date says %v to %q", expr, zoneName, now, got.Time, want, asked)
	}
}

// gnuDate is what date makes of expr; zero if it refuses.
func gnuDate(t *testing.T, zoneName, expr string) time.Time {
	t.Helper()
	cmd := exec.Command("date", "-u", "-d", `TZ="`+zoneName+`" `+expr, "+%Y-%m-%dT%H:%M:%S.%NZ")
	out, err := cmd.Output()
	if err != nil {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	return at
}
