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
type taken map[string]*kb.History

// newTaken puts the scans together that a knowledge base has taken in whole. One
// that began in the middle of a line counts where another has come so far. A
// commit's name stands for all that came before it, and so other histories in
// the same knowledge base do not get mixed up with this one.
func newTaken(scans []kb.Scan, now *kb.Scan) taken {
	t := make(taken)
	rules := rulesKey(now)
	scans = slices.DeleteFunc(slices.Clone(scans), func(s kb.Scan) bool { return s.History == nil || rulesKey(&s) != rules })
	for grown := true; grown; {
		grown = false
		for i := range scans {
			grown = t.add(scans[i].History) || grown
		}
	}
	return t
}

// add takes note of a scan, if it is known where it begins, and reports whether
// that says something new.
func (t taken) add(h *kb.History) bool {
	base := h
	if h.Since != "" {
		if base = t[h.Since]; base == nil {
			return false
		}
	}
	if had := t[h.Commit]; had != nil && (base.Shallow || !had.Shallow) {
		return false
	}
	whole := *h
	whole.First, whole.Shallow = base.First, base.Shallow
	t[h.Commit] = &whole
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
func (t taken) watch(watched map[string]bool) {
	for id, h := range t {
		watched[id] = true
		if h.Shallow {
			watched[h.First] = true
		}
	}
}

// last returns the last commit of the line up to which all that the repository
// has was taken in, with the place that it was given then: a clone that is
// shallow counts from another commit today. It is zero if there is none.
func (t taken) last(now *kb.History, s *survey) commit {
	for _, c := range slices.Backward(s.met) {
		h := t[c.id]
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

// heard are the scans of this history of which the knowledge base has heard, in the
// order in which they were begun: those under the same rules that are from the same
// folder, or of a line that begins with the same commit.
func (h *History) heard() []kb.Scan {
	rules := rulesKey(&h.scan)
	scans := slices.DeleteFunc(slices.Clone(h.opts.Heard), func(s kb.Scan) bool {
		return rulesKey(&s) != rules || s.Dir != h.scan.Dir && s.History.First != h.scan.History.First
	})
	slices.SortStableFunc(scans, func(a, b kb.Scan) int { return cmp.Compare(a.StartedAt, b.StartedAt) })
	return scans
}

// newest returns the last of some scans, but for what it is only an earlier part
// of: what a commit has said is in force until a later one says something else. If
// some asked for the same revision, it is one of these: others are other lines, or
// other parts of one, on purpose.
func (h *History) newest(ctx context.Context, scans []kb.Scan) *kb.Scan {
	other := func(s kb.Scan) bool { return s.History.Rev != h.scan.History.Rev }
	if same := slices.DeleteFunc(slices.Clone(scans), other); len(same) > 0 {
		scans = same
	}
	var newest *kb.Scan
	asked := make(map[string]bool)
	for i := range slices.Backward(scans) {
		if newest == nil {
			newest = &scans[i]
			continue
		}
		now, past := endOf(newest), endOf(&scans[i])
		if !now.before(&past) || asked[past.id] {
			continue
		}
		if asked[past.id] = true; h.isAncestor(ctx, now.id, past.id) {
			newest = &scans[i]
		}
	}
	return newest
}

// tellOfTaken warns where the commits of which the knowledge base has heard last
// are not on the line any more. From other folders, that is what came after the last
// scan from this one.
func (h *History) tellOfTaken(ctx context.Context, s *survey) {
	var here, elsewhere []kb.Scan
	for _, past := range h.heard() {
		if past.Dir == h.scan.Dir {
			here, elsewhere = append(here, past), nil
		} else {
			elsewhere = append(elsewhere, past)
		}
	}
	for _, scans := range [][]kb.Scan{here, elsewhere} {
		past := h.newest(ctx, scans)
		if past == nil || past.Dir != h.scan.Dir && h.onBranch(ctx, past.History.Commit) {
			continue // it may be taken in from there on purpose
		}
		if h.tellOfLeft(ctx, past.History, s) {
			return
		}
	}
}

// tellOfLeft warns, and reports so, where the last commit of an earlier scan is not on
// the line.
func (h *History) tellOfLeft(ctx context.Context, past *kb.History, s *survey) bool {
	if _, onLine := s.find(past.Commit); onLine {
		return false
	}
	if h.isAncestor(ctx, h.scan.History.Commit, past.Commit) {
		if past.Rev != h.scan.History.Rev {
			return false // the user asks for an earlier part of the same line
		}
		h.opts.Warn(fmt.Sprintf("commit %s, up to which this history was taken in, comes after %s, which is an earlier commit now", past.Commit, h.opts.Rev),
			"what the commits that were taken back said stays in the knowledge base, and in force until a later commit says something else; "+
				"to have this line alone, take it into a new one, or under another -prefix")
		return true
	}
	// Before what a shallow clone has of the line, it may well be there.
	last := commit{at: past.At, seq: past.Seq}
	if h.scan.History.Shallow && (h.from.id == "" || !h.from.before(&last)) {
		return false
	}
	again := "all of it is taken in again"
	if h.from.id != "" {
		again = "what came after " + h.from.id + " is taken in again"
	}
	h.opts.Warn(fmt.Sprintf("commit %s, up to which this history was taken in, is not on the line of %s: it was rewritten, or this is another branch; %s",
		past.Commit, h.opts.Rev, again),
		"what the commits that have left the line said stays in the knowledge base; to have this line alone, take it into a new one, or under another -prefix")
	return true
}

// isAncestor reports whether a commit is one of those before another, as far as the
// repository has them.
func (h *History) isAncestor(ctx context.Context, one, other string) bool {
	_, err := h.git.output(ctx, "merge-base", "--is-ancestor", one, other)
	return err == nil
}

// onBranch reports whether a branch or a tag of the repository has a commit.
func (h *History) onBranch(ctx context.Context, commit string) bool {
	refs, err := h.git.output(ctx, "for-each-ref", "--count=1", "--contains="+commit)
	return err == nil && len(refs) > 0
}
