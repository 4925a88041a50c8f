package ingest

import (
	"slices"
	"strings"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
)

// liveInstant decides from when on a live record is so. The modification time
// of the file is taken where nothing contradicts it; a file that was moved in,
// or whose time was set back, is valid from the start of the scan that found
// it.
func (a *applier) liveInstant(mtime *kb.Instant, path *PathState) (kb.Instant, error) {
	start := a.scan.StartedAt
	if mtime == nil || *mtime > a.tx.Now() {
		return start, nil
	}
	if v := path.InForce; v != nil && *mtime <= v.ValidFrom {
		return start, nil
	}
	listed, ok, err := a.lastListing(path)
	if err != nil || ok && *mtime <= listed {
		return start, err
	}
	if covered, ok := a.closed.lastCovering(path.Name, a.scan.StartedAt); ok && *mtime <= covered {
		return start, nil
	}
	return *mtime, nil
}

// lastListing returns the start of the last scan before this one that listed
// the path.
func (a *applier) lastListing(path *PathState) (kb.Instant, bool, error) {
	switch {
	case path.SeenBy == 0:
		return 0, false, nil
	case path.SeenAt < a.scan.StartedAt:
		return path.SeenAt, true, nil
	default: // this scan, or one that started later: the one in question lies before
		return a.tx.LastListing(path.ID, a.scan.StartedAt)
	}
}

// closedScans remembers the complete scans. Scans of the same coverage are kept
// together, since a nightly scan makes many of them.
type closedScans struct {
	upTo   kb.Instant // all scans closed until then are in
	groups map[string]*closedGroup
}

type closedGroup struct {
	covers *scan.Coverage
	unread []string
	starts []kb.Instant
}

// refresh adds what has been closed since the last time.
func (c *closedScans) refresh(tx Tx) error {
	added, err := tx.ClosedScans(c.upTo)
	if err != nil {
		return err
	}
	for i := range added {
		closed := &added[i]
		c.upTo = max(c.upTo, closed.ClosedAt)
		if len(closed.Scan.Covers.Trees) == 0 {
			continue // a list or a history: it covers nothing
		}
		key, err := coverageKey(closed)
		if err != nil {
			return err
		}
		group := c.groups[key]
		if group == nil {
			covers, err := scan.NewCoverage(&closed.Scan)
			if err != nil {
				return err
			}
			group = &closedGroup{covers: covers, unread: closed.Unread}
			if c.groups == nil {
				c.groups = make(map[string]*closedGroup)
			}
			c.groups[key] = group
		}
		group.starts = append(group.starts, closed.Scan.StartedAt)
	}
	return nil
}

// coverageKey tells scans apart that do not cover the same paths.
func coverageKey(closed *ClosedScan) (string, error) {
	same := closed.Scan
	same.ID, same.Dir, same.Roots, same.StartedAt = "", "", nil, 0
	body, err := same.MarshalJSON()
	return string(body) + "\x00" + strings.Join(closed.Unread, "\x00"), err
}

// lastCovering returns the start of the last complete scan before the given
// moment that covered the path, whether the path was there or not.
func (c *closedScans) lastCovering(path string, before kb.Instant) (kb.Instant, bool) {
	var last kb.Instant
	found := false
	for _, group := range c.groups {
		start, ok := group.lastBefore(before)
		if ok && (!found || start > last) && group.judges(path) {
			last, found = start, true
		}
	}
	return last, found
}

// lastBefore returns the latest start before a moment. They stand in the order
// in which the scans were registered, which may be another.
func (g *closedGroup) lastBefore(moment kb.Instant) (last kb.Instant, found bool) {
	for _, start := range g.starts {
		if start < moment && (!found || start > last) {
			last, found = start, true
		}
	}
	return last, found
}

// judges reports whether the scans can tell that a path is not there.
func (g *closedGroup) judges(path string) bool {
	return g.covers.Covers(path) && !belowAny(g.unread, path)
}

// belowAny reports whether path is one of the folders or lies below one.
func belowAny(folders []string, path string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool { return scan.Below(folder, path) })
}
