package githist

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
)

// A shallow clone does not have the beginning of its line, and so cannot count
// from there. With a knowledge base, it counts on from what that has:
//
//   - A commit of the line that is known there keeps its place, or comes later.
//   - What is listed comes after all that older commits have said of the same
//     documents. Older are the commits that are not in the clone, up to the first
//     of the line that is known, or all of them where none is.
//   - What older commits have said is there, and is not when the clone begins,
//     is gone then: the commits that deleted it may be cut off.
//
// So the state at the end of the line is the one in force, whatever clocks said.

// before reports whether c has an earlier place than o.
func (c *commit) before(o *commit) bool {
	return c.at < o.at || c.at == o.at && c.seq < o.seq
}

// places are those that a knowledge base has of commits: the last one of each.
type places map[string]commit

func (p places) add(c commit) {
	if had, ok := p[c.id]; !ok || had.before(&c) {
		p[c.id] = c
	}
}

// raise gives c its known place, if that is later.
func (p places) raise(c *commit) {
	if known, ok := p[c.id]; ok && c.before(&known) {
		*c = known
	}
}

// lost are documents of which the commits that are cut off may have said that
// they are gone.
type lost struct {
	paths map[string]bool // of records
	of    int             // that were there
	told  int             // that were listed as gone
	akin  bool            // all that the knowledge base has under the prefix comes from this repository
}

// placeLine has the line counted on from what the knowledge base has, where the
// line or an earlier scan of it began in the middle. It returns what is to be
// said of it.
func (h *History) placeLine(ctx context.Context, parent string) (note string, err error) {
	hist := h.scan.History
	began := func(s kb.Scan) bool { return s.History.Shallow }
	if h.opts.Versions == nil || !hist.Shallow && !slices.ContainsFunc(h.opts.Heard, began) {
		return "", nil
	}
	var line []string
	err = h.walk(ctx, commit{}, func(c commit) error {
		line = append(line, c.id)
		return nil
	})
	if err != nil {
		return "", err
	}
	onLine := make(map[string]bool, len(line))
	for _, id := range line {
		onLine[id] = true
	}
	known := make(places)
	for _, s := range h.opts.Taken {
		if c := endOf(&s); onLine[c.id] || c.id == parent {
			known.add(c)
		}
	}
	err = h.opts.Versions(ctx, func(v *kb.Version) error {
		if c := commitOf(v); onLine[c.id] || c.id == parent {
			known.add(c)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if h.known = known; h.from.id != "" {
		known.raise(&h.from)
		note = "; what came after commit " + h.from.id + " is listed"
	} else if hist.Shallow {
		if note, err = h.beginAfter(ctx, parent, line, onLine); err != nil {
			return "", err
		}
	}
	last := h.from
	if last.id != hist.Commit {
		err = h.walk(ctx, h.from, func(c commit) error { last = c; return nil })
	}
	hist.At, hist.Seq = last.at, last.seq
	return note, err
}

// beginAfter has the line begin after what older commits have said.
func (h *History) beginAfter(ctx context.Context, parent string, line []string, onLine map[string]bool) (string, error) {
	var first *commit // of the line that is known
	for _, id := range slices.Concat([]string{parent}, line) {
		if c, ok := h.known[id]; ok {
			first = &c
			break
		}
	}
	older := func(c *commit) bool { return c.id != "" && !onLine[c.id] && (first == nil || !first.before(c)) }
	var begin commit
	rules := rulesKey(&h.scan)
	for _, s := range h.opts.Taken {
		if c := endOf(&s); rulesKey(&s) == rules && older(&c) && begin.before(&c) {
			begin = c
		}
	}
	latest, inside := make(map[string]kb.Version), h.prefixesInside()
	err := h.opts.Versions(ctx, func(v *kb.Version) error {
		c := commitOf(v)
		p, taken := h.rules.takeRecord(v.Path)
		if !taken || !older(&c) || slices.ContainsFunc(inside, func(prefix string) bool { return scan.Below(prefix, v.Path) }) {
			return nil
		}
		h.rules.note(p, entry{mode: kindFile})
		if begin.before(&c) {
			begin = c
		}
		if had, ok := latest[v.Path]; !ok || v.After(&had) {
			latest[v.Path] = *v
		}
		return nil
	})
	if err != nil || begin == (commit{}) {
		return "", err
	}
	h.from = commit{at: begin.at, seq: begin.seq}
	akin, err := h.akin(ctx, parent, onLine)
	if err != nil {
		return "", err
	}
	h.lost = &lost{paths: make(map[string]bool), akin: akin}
	for p, v := range latest {
		if !v.Gone {
			h.lost.paths[p] = true
		}
	}
	h.lost.of = len(h.lost.paths)
	if first != nil {
		return "; times and places go on from commit " + first.id + ", which the knowledge base knows", nil
	}
	return "; the knowledge base knows no commit of it, and all that it brings counts as later than what is known of the same documents", nil
}

// akin reports whether all the histories under the prefix come from this
// repository, which still has one of their commits then. That they come from its
// folder says nothing: another one may have been there.
func (h *History) akin(ctx context.Context, parent string, onLine map[string]bool) (bool, error) {
	var pasts []*kb.History
	for i := range h.opts.Heard {
		past := &h.opts.Heard[i]
		if past.Prefix == h.scan.Prefix && !slices.ContainsFunc(ends(past.History), func(id string) bool { return onLine[id] || id == parent }) {
			pasts = append(pasts, past.History)
		}
	}
	if len(pasts) == 0 {
		return true, nil
	}
	if h.git.isPartial(ctx) { // it would ask a server for what it does not have
		return false, nil
	}
	var ids strings.Builder // there may be more than a command line holds
	for _, past := range pasts {
		ids.WriteString(strings.Join(ends(past), "\n") + "\n")
	}
	there, err := h.git.outputOf(ctx, ids.String(), "rev-list", "--no-walk=unsorted", "--ignore-missing", "--stdin")
	if err != nil {
		return false, err
	}
	has := func(id string) bool { return bytes.Contains(there, []byte(id)) }
	return !slices.ContainsFunc(pasts, func(past *kb.History) bool { return !slices.ContainsFunc(ends(past), has) }), nil
}

// ends are the commits that a history names.
func ends(past *kb.History) []string {
	return slices.DeleteFunc([]string{past.Commit, past.Since, past.First}, func(id string) bool { return id == "" })
}

// roots counts the beginnings of whole histories under the prefix.
func (h *History) roots() int {
	roots := make(map[string]bool)
	for _, s := range h.opts.Heard {
		if s.Prefix == h.scan.Prefix && !s.History.Shallow {
			roots[s.History.First] = true
		}
	}
	return len(roots)
}

// prefixesInside are those below this one that other histories were given, to
// be kept apart.
func (h *History) prefixesInside() []string {
	inside := make(map[string]bool)
	for _, s := range h.opts.Heard {
		if s.Prefix != h.scan.Prefix && (h.scan.Prefix == "" || scan.Below(h.scan.Prefix, s.Prefix)) {
			inside[s.Prefix] = true
		}
	}
	return slices.Collect(maps.Keys(inside))
}

// endOf is the last commit of a scan that was taken in.
func endOf(s *kb.Scan) commit {
	return commit{id: s.History.Commit, at: s.History.At, seq: s.History.Seq}
}

// commitOf is the commit that a version comes from; zero if it is none.
func commitOf(v *kb.Version) commit {
	id, ok := strings.CutPrefix(v.Source, kb.CommitSource)
	if !ok || id == "" {
		return commit{}
	}
	return commit{id: id, at: v.ValidFrom, seq: v.Seq}
}

// lose lists as gone what was there before the commit with which the clone
// begins, and is not there then. Where it may be another repository's, nothing
// is listed if that is more than half, as when files are scanned.
func (l *lister) lose(ctx context.Context, at *commit) error {
	if l.lost == nil || at.id != l.scan.History.First {
		return nil
	}
	if !l.lost.akin && (2*len(l.lost.paths) > l.lost.of || l.roots() > 1) {
		return nil
	}
	for _, record := range slices.Sorted(maps.Keys(l.lost.paths)) {
		p, _ := l.rules.takeRecord(record)
		if err := l.put(ctx, l.record(kb.Gone, at, p)); err != nil {
			return err
		}
		l.lost.told++
	}
	return nil
}

// tellOfLost warns of documents that the commits which are cut off may have
// deleted.
func (h *History) tellOfLost() {
	if h.lost == nil {
		return
	}
	first := h.scan.History.First
	if h.lost.told > 0 {
		h.opts.Warn(fmt.Sprintf("documents of the knowledge base that commit %s does not have any more: %d; they are listed as gone from then on", first, h.lost.told),
			"git fetch --unshallow brings the commits that say since when, where clocks went forward")
	} else if n := len(h.lost.paths); n > 0 {
		h.opts.Warn(fmt.Sprintf("documents of the knowledge base that commit %s does not have: %d; they may be another repository's, and are not listed as gone", first, n),
			"git fetch --unshallow brings the commits that say what was deleted; repositories are kept apart by -prefix")
	}
}
