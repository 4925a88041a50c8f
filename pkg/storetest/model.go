package storetest

import (
	"hash/fnv"
	"path"
	"slices"
	"strings"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// model says once more from when on things are so, so short that it can be seen to
// be right. It keeps everything that it was ever told and works every answer
// out from the beginning. It shares no code with what it is compared to.
type model struct {
	now      kb.Instant // of the transaction in hand
	versions []kb.Version
	scans    map[string]*modelScan
	unread   map[string]kb.Instant // paths that could not be read by the scan that saw them last: since when

	lastSighting map[string]*modelScan // by path, the latest started scan that saw it; of equal starts, what came last
}

type modelScan struct {
	start             kb.Instant
	rules             rules
	listed            map[string]bool
	sighted           map[string]bool // looked at as a file; true if it could be read
	end               *kb.End
	complete, refused bool // refused: complete, but more would have gone than may
}

// at is the version that a path held at (valid, known): the greatest by valid
// time, then by seq, then by the order of recording.
func (m *model) at(path string, p kb.Point) (best kb.Version, found bool) {
	for _, v := range m.versions {
		begun := v.ValidFrom < p.Valid || v.ValidFrom == p.Valid && (p.Seq == nil || v.Seq <= *p.Seq)
		if v.Path == path && begun && v.RecordedAt <= p.Known &&
			(!found || v.ValidFrom > best.ValidFrom || v.ValidFrom == best.ValidFrom && v.Seq >= best.Seq) {
			best, found = v, true
		}
	}
	return best, found
}

func (m *model) current(path string) (kb.Version, bool) {
	return m.at(path, kb.Point{Valid: m.now, Known: kb.Forever})
}

func (m *model) add(v kb.Version) {
	v.RecordedAt = m.now
	m.versions = append(m.versions, v)
}

// explicit takes in a record that carries its valid time. It reports whether
// that was there already.
func (m *model) explicit(v kb.Version) bool {
	known := slices.ContainsFunc(m.versions, func(o kb.Version) bool {
		return o.Path == v.Path && o.ValidFrom == v.ValidFrom && o.Seq == v.Seq && same(o, v)
	})
	if !known {
		m.add(v)
	}
	return known
}

// live takes in a record of what a scan saw. It reports whether that was in
// force already.
func (m *model) live(v kb.Version, s *modelScan) bool {
	now, known := m.current(v.Path)
	if known && same(now, v) || !known && v.Gone {
		return true
	}
	v.ValidFrom = s.start
	if t := v.MTime; t != nil && *t <= m.now && (!known || *t > now.ValidFrom) && *t > m.lastLook(v.Path, s.start) {
		v.ValidFrom = *t
	}
	if known && v.ValidFrom == now.ValidFrom {
		v.Seq = now.Seq // what is seen now wins such a tie
	}
	m.add(v)
	m.reassert(v, now, known, s)
	return false
}

// reassert settles a case of its own: what a later scan saw stays in force from
// its start on when an earlier scan's record arrives after it.
func (m *model) reassert(v, before kb.Version, known bool, s *modelScan) {
	later := m.lastSighting[v.Path]
	if !known || later == nil || !later.sighted[v.Path] || later.start <= s.start ||
		v.ValidFrom < before.ValidFrom || v.ValidFrom >= later.start {
		return
	}
	before.ValidFrom, before.Seq = min(later.start, m.now), 0
	if before.ValidFrom == v.ValidFrom {
		before.Seq = v.Seq
	}
	m.add(before)
}

// lastLook is the start of the last scan before the given moment that saw the
// path, or that would have seen it.
func (m *model) lastLook(path string, before kb.Instant) kb.Instant {
	last := kb.Instant(-1 << 63)
	for _, s := range m.scans {
		if _, seen := s.sighted[path]; s.start < before && (seen || s.complete && s.judges(path)) {
			last = max(last, s.start)
		}
	}
	return last
}

// sight keeps whether the latest scan could read a path.
func (m *model) sight(path string, s *modelScan, readable bool) {
	if since, already := m.unread[path]; readable {
		if since <= s.start { // else a later scan could not look for it
			delete(m.unread, path)
		}
	} else if !already || s.start < since { // a later scan could not look for it either
		m.unread[path] = s.start
	}
}

// stale reports whether a path could not be read by the scan that saw it last, and
// nothing is known of it since. A path of which nothing is known at all is not.
func (m *model) stale(path string) bool {
	_, unread := m.unread[path]
	if !unread || !slices.Contains(m.paths(), path) {
		return false
	}
	looked := max(m.unread[path], m.lastSighting[path].start)
	now, known := m.current(path)
	return !known || now.ValidFrom <= looked
}

// settle records as gone what a complete scan covers and did not list. It
// returns how many there were and how many were too many to go.
func (m *model) settle(s *modelScan, maxDelete float64, again bool) (gone, withheld int64) {
	if s.end == nil || int64(len(s.listed)) < s.end.Paths || s.complete && !(s.refused && again) {
		return 0, 0
	}
	var lost []kb.Version
	covered := 0
	for _, path := range m.paths() {
		v, known := m.current(path)
		if !known || v.Gone {
			continue
		}
		last := m.lastSighting[path]
		if s.misses(path) && !s.listed[path] && last != nil && last.start <= s.start {
			if since, missed := m.unread[path]; !missed || since < v.ValidFrom {
				m.unread[path] = s.start
			}
		}
		if !s.judges(path) {
			continue
		}
		covered++
		// A case of its own: what is valid from a moment after the scan
		// began is not for it to judge.
		if v.ValidFrom <= s.start && !s.listed[path] && (last == nil || last.start <= s.start) {
			lost = append(lost, v)
		}
	}
	s.complete, s.refused = true, float64(len(lost)) > maxDelete*float64(covered)
	if s.refused {
		return 0, int64(len(lost))
	}
	for _, v := range lost {
		gone := kb.Version{Path: v.Path, Gone: true, ValidFrom: s.start}
		if gone.ValidFrom == v.ValidFrom {
			gone.Seq = v.Seq
		}
		m.add(gone)
	}
	return int64(len(lost)), 0
}

func (m *model) paths() []string {
	var paths []string
	for _, v := range m.versions {
		paths = append(paths, v.Path)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// unit takes in what one transaction holds.
func (m *model) unit(u *piece, maxDelete float64) (c ingest.Counts, withheld int64) {
	s := m.scans[u.scan.ID]
	if s == nil {
		s = &modelScan{start: min(u.scan.StartedAt, m.now), rules: u.rules, listed: map[string]bool{}, sighted: map[string]bool{}}
		m.scans[u.scan.ID] = s
	}
	for i := range u.records {
		m.record(s, &u.records[i], &c)
	}
	if u.end != nil {
		s.end = u.end
	}
	gone, withheld := m.settle(s, maxDelete, u.end != nil)
	c.Deleted += gone
	return c, withheld
}

// record takes in one record and counts it.
func (m *model) record(s *modelScan, r *kb.Record, c *ingest.Counts) {
	wrong := r.SHA256 != nil && *r.SHA256 != kb.HashOf(r.Content)
	if r.Kind != kb.Gone {
		s.listed[r.Path] = true
		// A case of its own: a record that carries its valid time tells of a
		// history, unless it comes from a scan that looks at the path.
		if r.Live() || s.rules.covers(r.Path) {
			readable := r.Kind == kb.File && !wrong
			s.sighted[r.Path] = readable
			if last := m.lastSighting[r.Path]; last == nil || last.start <= s.start {
				m.lastSighting[r.Path] = s
				m.sight(r.Path, s, readable)
			}
		}
	}
	v := kb.Version{Path: r.Path, Gone: r.Kind == kb.Gone, Seq: r.Seq, MTime: r.MTime}
	if !v.Gone {
		v.SHA256, v.Mode = kb.HashOf(r.Content), r.Mode
	}
	known := false
	switch {
	case r.Kind == kb.Skipped:
		c.Skipped++
		return
	case r.Kind == kb.Failed || r.Kind == kb.File && wrong:
		c.Failed++
		return
	case r.Live():
		v.Seq = 0
		known = m.live(v, s)
	default:
		v.ValidFrom = *r.ValidFrom
		known = m.explicit(v)
	}
	switch {
	case known:
		c.Unchanged++
	case v.Gone:
		c.Deleted++
	default:
		c.Stored++
	}
}

// same compares what two versions say, as they are.
func same(a, b kb.Version) bool {
	return state(&a) == state(&b)
}

// rules are those of a scan.
type rules struct {
	prefix  string
	trees   []string
	ext     string // "*" for all
	hidden  bool
	exclude string // the name of a folder or a file, at any depth; "" for none
	shard   kb.Shard
}

func (s *modelScan) judges(path string) bool { return !s.unread(path) && s.rules.covers(path) }

// misses reports whether the scan would have told of a path, but could not read a folder
// above it, or did not find the root that it is below.
func (s *modelScan) misses(path string) bool {
	return s.unread(path) && (s.rules.covers(path) || !s.rules.inTree(path))
}

func (s *modelScan) unread(path string) bool {
	return slices.ContainsFunc(s.end.Unread, func(folder string) bool {
		return path == folder || strings.HasPrefix(path, folder+"/")
	})
}

// inTree reports whether a record is below one of the trees.
func (r rules) inTree(record string) bool {
	return slices.ContainsFunc(r.trees, func(tree string) bool {
		return tree == "." || strings.HasPrefix(record, r.record(tree)+"/")
	})
}

// covers reports whether the scan would have listed the file, had it been there.
func (r rules) covers(record string) bool {
	file := record
	if r.prefix != "" {
		var below bool
		if file, below = strings.CutPrefix(record, r.prefix+"/"); !below {
			return false
		}
	}
	deepest, rel := -1, ""
	for _, tree := range r.trees {
		rest, below := strings.CutPrefix(file, tree+"/")
		if tree == "." {
			rest, below = file, true
		}
		if below && len(tree) > deepest {
			deepest, rel = len(tree), rest
		}
	}
	if deepest < 0 {
		return false
	}
	for name := range strings.SplitSeq(rel, "/") {
		if name[0] == '.' && !r.hidden || name == r.exclude {
			return false
		}
	}
	if r.shard.Count > 1 {
		sum := fnv.New64a()
		sum.Write([]byte(record))
		if sum.Sum64()%uint64(r.shard.Count) != uint64(r.shard.Index-1) {
			return false
		}
	}
	return r.ext == "*" || path.Ext(file) == r.ext
}
