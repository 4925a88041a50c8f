package kb_test

import (
	"math"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
)

func FuzzInstantRoundTrip(f *testing.F) {
	for _, sec := range []int64{0, -1, 1736935200, -62135596800, -62135596801, 253402300799, 253402300800, math.MinInt64, math.MaxInt64} {
		f.Add(sec, int64(999_999_999), int64(1))
	}
	f.Fuzz(func(t *testing.T, sec, nsec, step int64) {
		i := kb.InstantOf(time.Unix(sec, nsec))
		got, err := kb.ParseInstant(i.String())
		if err != nil || got != i {
			t.Fatalf("%d is written %s and read as %d, %v", i, i, got, err)
		}
		text, err := i.MarshalText()
		if err != nil || string(text) != i.String() {
			t.Fatalf("%d as text is %s, %v, want %s", i, text, err, i)
		}
		// The order of the strings is that of the instants.
		j := kb.InstantOf(time.Unix(sec, nsec).Add(time.Duration(step)))
		if (i < j) != (i.String() < j.String()) {
			t.Fatalf("%d and %d are written %s and %s", i, j, i, j)
		}
	})
}

func TestInstantOfTruncatesDown(t *testing.T) {
	for _, test := range []struct {
		time time.Time
		want string
	}{
		{time.Unix(0, 1_999), "1970-01-01T00:00:00.000001Z"},
		{time.Unix(-1, 999_999_999), "1969-12-31T23:59:59.999999Z"},
		{time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), "0001-01-01T00:00:00.000000Z"},
		{time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC), "9999-12-31T23:59:59.999999Z"},
		{time.Date(10000, 1, 1, 0, 30, 0, 0, time.FixedZone("", 3600)), "9999-12-31T23:30:00.000000Z"},
		{time.Date(1, 1, 1, 0, 30, 0, 0, time.FixedZone("", 3600)), "0001-01-01T00:00:00.000000Z"},
	} {
		if got := kb.InstantOf(test.time).String(); got != test.want {
			t.Errorf("InstantOf(%v) is %s, want %s", test.time, got, test.want)
		}
	}
}

func TestParseInstant(t *testing.T) {
	for text, want := range map[string]string{
		"2025-01-15T10:00:00Z":              "2025-01-15T10:00:00.000000Z",
		"2025-01-15T10:00:00.1234567+01:00": "2025-01-15T09:00:00.123456Z",
		"1969-12-31T23:59:59.9999999Z":      "1969-12-31T23:59:59.999999Z",
		"9999-12-31T23:59:59.999999Z":       "9999-12-31T23:59:59.999999Z",
	} {
		if got, err := kb.ParseInstant(text); err != nil || got.String() != want {
			t.Errorf("ParseInstant(%q) is %v, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "now", "2025-01-15", "2025-01-15T10:00:00", "2025-02-30T10:00:00Z", "0000-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-01:00", "10000-01-01T00:00:00Z"} {
		if got, err := kb.ParseInstant(text); err == nil {
			t.Errorf("ParseInstant(%q) is %v, want an error", text, got)
		}
	}
}

func TestInstantThatCannotBeWritten(t *testing.T) {
	if text, err := kb.Forever.MarshalText(); err == nil {
		t.Errorf("Forever is written %s, which ParseInstant does not read", text)
	}
}
