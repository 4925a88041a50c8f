package tool

import (
	"fmt"
	"os"
	"regexp"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/when"
)

// useZone makes the zone that TZ describes by its rules the local one, as the C library
// does; package time knows zones by their names alone, and takes UTC for all others.
func useZone() {
	if zone, known := zoneOf(os.Getenv("TZ")); !known {
		if loc := when.POSIX(zone); loc != nil {
			time.Local = loc
		}
	}
}

// WarnZone warns where TZ is a zone that nobody knows. date takes UTC without a word then.
func WarnZone(c *cli.Context) {
	if zone, known := zoneOf(os.Getenv("TZ")); !known {
		Warn(c, WithHint(fmt.Errorf("TZ: no zone %q is known; times are read and days begin in UTC", zone),
			"zones are named as in TZ=Europe/Berlin"))
	}
}

// zoneOf reports whether the local zone is the one that a value of TZ names.
func zoneOf(tz string) (zone string, known bool) {
	return tz, tz == "" || time.Local.String() != "UTC" || namesUTC().MatchString(tz)
}

// namesUTC matches the names and rules of UTC.
var namesUTC = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^:?(etc/)?(utc|uct|gmt|z|zulu|universal|greenwich)?([-+]?0+(:0+)*)?$`)
})
