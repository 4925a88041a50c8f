package githist

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/seed16713943/btools/pkg/kb"
)

// taken is what a knowledge base has of a history: for some commits, that the
// line up to them was taken in whole, under the rules in question.
type taken struct {
	upTo   map[string]*kb.History
	newest *kb.History // of those from the same folder
}

// newTaken puts the scans together that a knowledge base has taken in whole. One
// that began in the middle of a line counts where another has come so far. A
// commit's name stands for all that came before it, and so other histories in
// the same knowledge base do not get mixed up with this one.
func newTaken(scans []kb.Scan, now *kb.Scan) *taken {
	t := &taken{upTo: make(map[string]*kb.History)}
	rules := rulesKey(now)
	scans = slices.DeleteFunc(slices.Clone(scans), func(s kb.Scan) bool { return s.History == nil || rulesKey(&s) != rules })
	for grown := true; grown; {
		grown = false
		for i := range scans {
			grown = t.add(scans[i].History) || grown
		}
	}
	slices.SortStableFunc(scans, func(a, b kb.Scan) int { return cmp.Compare(a.StartedAt, b.StartedAt) })
	for i := range scans {
		if h := t.upTo[scans[i].History.Commit]; h != nil && scans[i].Dir == now.Dir {
			t.newest = h
		}
	}
	return t
}

// add takes note of a scan, if it is known where it begins, and reports whether
// that says something new.
func (t *taken) add(h *kb.History) bool {
	base := h
	if h.Since != "" {
		if base = t.upTo[h.Since]; base == nil {
			return false
		}
	}
	if had := t.upTo[h.Commit]; had != nil && (base.Shallow || !had.Shallow) {
		return false
	}
	whole := *h
	whole.First, whole.Shallow = base.First, base.Shallow
	t.upTo[h.Commit] = &whole
	return true
}

// rulesKey tells scans apart that do not list the same paths of a line.
func rulesKey(s *kb.Scan) string {
	takes := s.History.Takes
	takes.Extensions = slices.Sorted(slices.Values(takes.Extensions))
	takes.Trees = slices.Sorted(slices.Values(takes.Trees))
	key, _ := json.Marshal(kb.Scan{ // nothing in it can fail
		Prefix: s.Prefix, Follow: s.Follow, History: &kb.History{Takes: takes, MaxSize: s.History.MaxSize},
	})
	return string(key)
}

// watch adds to what a survey has to look for.
func (t *taken) watch(watched map[string]bool) {
	for id, h := range t.upTo {
		watched[id] = true
		if h.Shallow {
			watched[h.First] = true
		}
	}
}

// last returns the last commit of the line up to which all that the repository
// has was taken in, with the place that it was given then: a clone that is
// shallow counts from another commit today. It is zero if there is none.
func (t *taken) last(now *kb.History, s *survey) commit {
	for _, c := range slices.Backward(s.met) {
		h := t.upTo[c.id]
		if h == nil {
			continue
		}
		// A line that began later than this one has not told of what lies before.
		if _, begins := s.find(h.First); begins && h.Shallow && h.First != now.First {
			continue
		}
		return commit{id: c.id, at: h.At, seq: h.Seq}
	}
	return commit{}
}

// tellOfTaken warns where the commits that were taken in last are not on the
// line any more.
func (h *History) tellOfTaken(ctx context.Context, t *taken, s *survey) {
	if t.newest == nil {
		return
	}
	if _, onLine := s.find(t.newest.Commit); onLine {
		return
	}
	// Before what a shallow clone has of the line, it may well be there.
	newest := commit{at: t.newest.At, seq: t.newest.Seq}
	if h.scan.History.Shallow && (h.from.id == "" || !h.from.before(&newest)) {
		return
	}
	// Nothing is wrong where the user asks for an earlier part of the same line.
	if _, err := h.git.output(ctx, "merge-base", "--is-ancestor", h.scan.History.Commit, t.newest.Commit); err == nil {
		return
	}
	again := "all of it is taken in again"
	if h.from.id != "" {
		again = "what came after " + h.from.id + " is taken in again"
	}
	h.opts.Warn(fmt.Sprintf("commit %s, up to which this history was taken in, is not on the line of %s: it was rewritten, or this is another branch; %s",
		t.newest.Commit, h.opts.Rev, again),
		"what the commits that have left the line said stays in the knowledge base; to have this line alone, take it into a new one, or under another -prefix")
}
