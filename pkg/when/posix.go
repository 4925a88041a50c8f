package when

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"time"
)

// POSIX returns the zone that a value of TZ describes by its rules, as in
// CET-1CEST,M3.5.0,M10.5.0/3 or <+09>-9, rather than by its name. It is nil where the value
// does not begin as such.
//
// Source: POSIX.1-2024, 8.3, "Other Environment Variables".
func POSIX(tz string) *time.Location {
	rules := strings.TrimPrefix(tz, ":")
	if strings.ContainsAny(rules, "\n\x00") {
		return nil
	}
	// Package time reads such rules at the end of a file of zones (RFC 9636), and takes
	// nothing of those that it cannot read: then the zone before them goes on, which has
	// the name unread.
	loc, err := time.LoadLocationFromTZData(rules, zoneFile(rules))
	if err != nil {
		return nil
	}
	for month := time.January; month <= time.December; month++ {
		if name, _ := time.Date(2024, month, 15, 0, 0, 0, 0, loc).Zone(); name == unread {
			return nil
		}
	}
	return loc
}

const unread = "unread"

// zoneFile returns a file of zones that has one, which ends long ago, and rules for all
// times after it.
func zoneFile(rules string) []byte {
	var file bytes.Buffer
	header := func(counts ...uint32) {
		file.WriteString("TZif2")
		file.Write(make([]byte, 15))
		for _, n := range counts {
			file.Write(binary.BigEndian.AppendUint32(nil, n))
		}
	}
	header(0, 0, 0, 0, 0, 0) // the part for readers of version 1
	// Counts: of times in UT, in standard time, of leap seconds, of transitions, of zones, of
	// the bytes of their names.
	header(0, 0, 0, 1, 1, uint32(len(unread)+1))
	longAgo := int64(math.MinInt64 / 2)
	file.Write(binary.BigEndian.AppendUint64(nil, uint64(longAgo)))
	file.WriteByte(0)           // the zone after that transition,
	file.Write(make([]byte, 6)) // which has no offset
	file.WriteString(unread + "\x00\n" + rules + "\n")
	return file.Bytes()
}
