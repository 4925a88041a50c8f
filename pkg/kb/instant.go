package kb

import (
	"fmt"
	"math"
	"time"
)

// Instant is a moment in microseconds since the Unix epoch, UTC. It is the unit
// in which every time is stored and compared.
type Instant int64

// Forever is later than every instant that a record can carry. It closes the
// interval of what is still in force, and as a bound it means "everything".
const Forever Instant = math.MaxInt64

// The instants that RFC 3339 can write: the years 1 to 9999.
var (
	minInstant = Instant(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro())
	maxInstant = Instant(time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC).UnixMicro())
)

// InstantOf truncates t to microseconds. Times outside the years 1 to 9999,
// which file systems do hand out, become the nearest instant inside.
func InstantOf(t time.Time) Instant {
	switch year := t.UTC().Year(); {
	case year < 1:
		return minInstant
	case year > 9999:
		return maxInstant
	}
	return Instant(t.UnixMicro())
}

// Time returns i as a time.Time in UTC.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).UTC() }

// String returns i in RFC 3339, in UTC, with all six digits of its
// microseconds, so that the order of the strings is the order of the instants.
func (i Instant) String() string { return string(i.append(nil)) }

// append appends i as String writes it.
func (i Instant) append(b []byte) []byte {
	t := i.Time()
	b = t.AppendFormat(b, time.RFC3339) // which takes a fourth of the time of a layout of ours
	b = b[:len(b)-len("Z")]
	b = append(b, '.')
	micros := t.Nanosecond() / 1000
	for place := 100_000; place > 0; place /= 10 {
		b = append(b, '0'+byte(micros/place%10))
	}
	return append(b, 'Z')
}

// ParseInstant reads RFC 3339 with any offset and any number of fractional
// digits; what is finer than a microsecond is cut off.
func ParseInstant(s string) (Instant, error) {
	var i Instant
	err := i.UnmarshalText([]byte(s))
	return i, err
}

// AppendText appends i as String writes it. An instant outside the years 1 to
// 9999, which RFC 3339 cannot write, is an error.
func (i Instant) AppendText(b []byte) ([]byte, error) {
	if i < minInstant || i > maxInstant {
		return b, fmt.Errorf("instant %d is outside the years 1 to 9999", int64(i))
	}
	return i.append(b), nil
}

// MarshalText returns what AppendText appends.
func (i Instant) MarshalText() ([]byte, error) { return i.AppendText(nil) }

// UnmarshalText reads what ParseInstant reads.
func (i *Instant) UnmarshalText(text []byte) error {
	var t time.Time
	if err := t.UnmarshalText(text); err != nil { // which reads most, and takes no memory
		if t, err = time.Parse(time.RFC3339Nano, string(text)); err != nil {
			return fmt.Errorf("%.40q is not an RFC 3339 time such as 2025-01-15T10:00:00Z", text)
		}
	}
	read := Instant(t.UnixMicro())
	if read < minInstant || read > maxInstant {
		return fmt.Errorf("%q is outside the years 1 to 9999", text)
	}
	*i = read
	return nil
}

// Interval is the half-open span of instants [From, To).
type Interval struct {
	From Instant
	To   Instant // Forever while it is open
}

// Point is a place on both time axes: what was so at Valid, as it was known at
// Known.
type Point struct {
	Valid Instant
	Known Instant // Forever for all that is known; the zero value is 1970, when nothing was
	// Seq bounds what is valid from the very moment Valid, where that began in
	// steps, as when several commits have one time: later steps do not count. nil
	// for all of them.
	Seq *int64
}

// LastSeq returns the last step of the moment Valid that counts.
func (p Point) LastSeq() int64 {
	if p.Seq == nil {
		return math.MaxInt64
	}
	return *p.Seq
}

// Begun reports whether a version counts at the point, as one that has begun and
// was known.
func (p Point) Begun(v *Version) bool {
	return (v.ValidFrom < p.Valid || v.ValidFrom == p.Valid && v.Seq <= p.LastSeq()) && v.RecordedAt <= p.Known
}

// Clock tells the current time. Programs use time.Now; tests use their own.
type Clock func() time.Time
