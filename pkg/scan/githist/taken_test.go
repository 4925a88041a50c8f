package githist_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/scan/githist"
)

// night takes in what is new, and wants one warning with all of some texts, or none
// where there are no texts.
func (b base) night(opts githist.Options, want ...string) {
	b.t.Helper()
	_, end, warnings := b.takeNew(opts)
	lacks := func(text string) bool { return !strings.Contains(strings.Join(warnings, ""), text) }
	if len(warnings) != min(len(want), 1) || slices.ContainsFunc(want, lacks) {
		b.t.Errorf("up to %s: warnings %q, want %q", end.Scan.History.Commit, warnings, want)
	}
}

// TestTakenBack takes in commits that are taken back afterwards: what they said stays
// in force, and that is said until the line goes another way.
func TestTakenBack(t *testing.T) {
	r, ids := linear(t, 4)
	r.run("", "update-ref", "refs/heads/other", ids[1])
	r.grow("other", 9, 10)
	after := strings.TrimSpace(r.run("", "rev-parse", "other"))
	r.run("", "update-ref", "-d", "refs/heads/other")
	head := githist.Options{Dir: r.dir}
	back, left := []string{ids[3], "comes after HEAD", "in force"}, []string{ids[3], "is not on the line of HEAD"}
	to := func(commit string, opts githist.Options) githist.Options { r.main(commit); return opts }

	t.Run("by a push", func(t *testing.T) {
		b := newBase(t)
		b.night(to(ids[3], head))
		b.night(to(ids[1], head), back...)
		b.night(head, back...)
		b.night(to(after, head), left...)
		b.night(head)
	})
	t.Run("and all of it is listed", func(t *testing.T) {
		b := newBase(t)
		b.night(to(ids[3], head))
		all := to(ids[1], head)
		all.Again = true
		b.night(all, back...)
		b.night(to(after, all), left...)
	})
	t.Run("in another clone", func(t *testing.T) {
		b := newBase(t)
		b.night(to(ids[3], head))
		clone := func(commit string) githist.Options {
			r.main(commit)
			return githist.Options{Dir: r.clone(t.TempDir(), 100)}
		}
		b.night(clone(ids[3]))
		b.night(clone(ids[1]), left...)
		b.night(clone(after))
	})
	t.Run("with a failure every night", func(t *testing.T) {
		b := newBase(t)
		broken := func(commit string) {
			text, _ := list(t, to(commit, head))
			b.take(strings.Replace(text, `"content":"main"`, `"sha256":"`+strings.Repeat("0", 64)+`","content":"main"`, 1))
		}
		broken(ids[3])
		b.night(to(ids[1], head), back...)
		broken(ids[1])
		b.night(to(after, head), left...)
	})
	t.Run("of a revision by name", func(t *testing.T) {
		b := newBase(t)
		named := githist.Options{Dir: r.dir, Rev: "main"}
		b.night(to(ids[3], named))
		b.night(to(ids[1], named), ids[3], "comes after main")
	})
}

// TestTakenOnPurpose takes in several lines, or parts of one, night after night: nothing
// is wrong with any.
func TestTakenOnPurpose(t *testing.T) {
	r, ids := linear(t, 6)
	r.run("", "update-ref", "refs/heads/next", ids[4])
	r.run("", "update-ref", "refs/heads/stable", ids[1])
	r.grow("stable", 9, 11)
	r.main(ids[2])
	head, next := githist.Options{Dir: r.dir}, githist.Options{Dir: r.dir, Rev: "next"}
	stable := githist.Options{Dir: r.dir, Rev: "stable"}

	b := newBase(t)
	b.night(next)
	b.night(head)
	b.night(stable, "or this is another branch") // said the first time
	for _, commit := range ids[2:4] {
		r.main(commit)
		b.night(next)
		b.night(head)
		b.night(stable)
		b.night(githist.Options{Dir: r.dir, Rev: ids[0]})
		b.night(githist.Options{Dir: r.dir, Prefix: "p", Rev: ids[0]})
	}

	// Two folders of one repository, each with a branch of its own.
	b = newBase(t)
	trees := githist.Options{Dir: t.TempDir() + "/stable"}
	r.run("", "worktree", "add", "--quiet", trees.Dir, "stable")
	for _, commit := range ids[2:4] {
		r.main(commit)
		b.night(head)
		b.night(trees)
	}
}
