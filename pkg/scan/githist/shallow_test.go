package githist_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan/githist"
)

// clone clones so much of the main branch into a folder, in place of what is there.
func (r repo) clone(folder string, depth int) string {
	r.t.Helper()
	if err := os.RemoveAll(folder); err != nil {
		r.t.Fatal(err)
	}
	r.run("", "clone", "--quiet", "--bare", "--depth", fmt.Sprint(depth), "--branch", "main", "file://"+r.dir, folder)
	return folder
}

// deepen brings a clone up to date, with another depth. It keeps the commits that it had.
func (r repo) deepen(folder string, depth int) string {
	r.t.Helper()
	if _, err := os.Stat(folder); err != nil {
		return r.clone(folder, depth)
	}
	repo{t: r.t, dir: folder}.run("", "fetch", "--quiet", "--depth", fmt.Sprint(depth), "origin", "+main:main")
	return folder
}

// onlyShallow reports whether that a clone is shallow is all there was to say.
func onlyShallow(warnings []string) bool {
	return len(warnings) == 1 && strings.Contains(warnings[0], "is a shallow clone") && strings.Contains(warnings[0], "git fetch --unshallow")
}

// written makes a line of commits at the seconds given, of which each writes its
// number into the documents named, or removes those with a minus.
func written(t testing.TB, commits ...string) (repo, []string) {
	r := newRepo(t, "sha1")
	var w importer
	for n, text := range commits {
		from := ""
		if n > 0 {
			from = fmt.Sprintf(":%d", n)
		}
		f := strings.Fields(text)
		var second int64
		fmt.Sscan(f[0], &second)
		w.commit("main", 1_500_000_000+second, from, "")
		for _, name := range f[1:] {
			if gone, ok := strings.CutPrefix(name, "-"); ok {
				w.remove(gone)
			} else {
				w.file(name, "100644", fmt.Sprint(n))
			}
		}
	}
	r.run(w.String(), "fast-import", "--quiet")
	var ids []string
	for _, p := range r.line() {
		ids = append(ids, p.id)
	}
	return r, ids
}

// endsAs wants the end of a knowledge base to be that of the line.
func (b base) endsAs(r repo, h *hashes, commit string) {
	b.t.Helper()
	compare(b.t.(*testing.T), r, h, b.reader(), commit, kb.Forever)
}

// TestShallowNights takes a clone in as the line grows, each night with another
// depth, and wants the end of the line to be what git shows.
func TestShallowNights(t *testing.T) {
	for seed := range uint64(4) {
		r := randomRepo(t, "sha1", 300+seed, 60)
		line, h := r.line(), &hashes{r, make(map[string]kb.Hash)}
		rng := rand.New(rand.NewPCG(seed, 9))
		b := newBase(t)
		folder := filepath.Join(t.TempDir(), "clone")
		for n := 0; n < len(line); n += 1 + rng.IntN(6) {
			r.main(line[n].id)
			depth := 1 + rng.IntN(5)
			if rng.IntN(6) == 0 {
				depth = 100
			}
			opts := githist.Options{Dir: r.deepen(folder, depth)}
			switch rng.IntN(4) {
			case 0: // a run that is interrupted
				b.index(&opts)
				text, _ := list(t, opts)
				lines := strings.SplitAfter(text, "\n")
				b.take(strings.Join(lines[:1+rng.IntN(len(lines)-1)], ""))
			case 1: // one under other rules
				b.takeNew(githist.Options{Dir: folder, Extensions: []string{"md"}})
			}
			opts.Again = rng.IntN(6) == 0
			_, end, warnings := b.takeNew(opts)
			if end.Scan.History.Shallow != slices.ContainsFunc(warnings, func(w string) bool { return strings.Contains(w, "is a shallow clone") }) {
				t.Errorf("seed %d, up to %d: %+v, but it says %q", seed, n, end.Scan.History, warnings)
			}
			if b.endsAs(r, h, line[n].id); t.Failed() {
				t.Fatalf("seed %d, up to commit %d with a depth of %d", seed, n, depth)
			}
			if again, end, _ := b.takeNew(githist.Options{Dir: folder}); len(again) > 0 || end.Scan.History.Commit != end.Scan.History.Since {
				t.Fatalf("seed %d, again up to %d: %d records, %+v", seed, n, len(again), end.Scan.History)
			}
		}
	}
}

// TestShallowSince is refused: what is cut off decides times and places.
func TestShallowSince(t *testing.T) {
	r, ids := written(t, "0 p.md", "90 p.md", "50 q.md", "51 p.md")
	for _, since := range []string{ids[2], ids[3]} {
		text, _, err := tryList(githist.Options{Dir: r.clone(t.TempDir(), 2), Since: since})
		if mustBe(t, err, "", "is a shallow clone"); text != "" {
			t.Errorf("it wrote %q all the same", text)
		}
	}
	if text, _ := list(t, githist.Options{Dir: r.clone(t.TempDir(), 100), Since: ids[2]}); len(records(t, text)) != 1 {
		t.Errorf("of a whole clone: %q", text)
	}
}

// TestShallowPlaces has times and places that a clone cannot count by itself.
func TestShallowPlaces(t *testing.T) {
	r, ids := written(t, "0 a.md", "90 b.md", "50 c.md", "51 d.md", "51 e.md -a.md", "51 d.md")
	whole, _ := list(t, githist.Options{Dir: r.dir})
	all := say(records(t, whole))
	from := func(known int, depth int) (b base, fresh []kb.Record, warnings []string) {
		b = newBase(t)
		r.main(ids[known])
		b.takeNew(githist.Options{Dir: r.clone(t.TempDir(), 100)})
		r.main(ids[5])
		fresh, _, warnings = b.takeNew(githist.Options{Dir: r.clone(t.TempDir(), depth)})
		return b, fresh, warnings
	}
	h := &hashes{r, make(map[string]kb.Hash)}

	// The last commit that was taken in is on the line.
	b, fresh, warnings := from(2, 4)
	if got := say(fresh); !slices.Equal(got, all[3:]) || !onlyShallow(warnings) || !strings.Contains(warnings[0], ids[2]) {
		t.Errorf("from a commit of the line on: %q, want %q; %q", got, all[3:], warnings)
	}
	b.endsAs(r, h, ids[5])

	// It is the one before the line.
	b, fresh, warnings = from(4, 1)
	if got := say(fresh); !slices.Contains(got, all[len(all)-1]) || len(got) != 4 || !onlyShallow(warnings) || !strings.Contains(warnings[0], ids[4]) {
		t.Errorf("from the commit before the line on: %q, want %q as of the whole line; %q", got, all[len(all)-1], warnings)
	}
	b.endsAs(r, h, ids[5])

	// There is a gap, in which a document was deleted.
	b, fresh, warnings = from(2, 1)
	if len(warnings) != 2 || !strings.Contains(warnings[0], "knows no commit of it") || !strings.Contains(warnings[1], "any more: 1;") {
		t.Errorf("over a gap: %q", warnings)
	}
	for _, rec := range fresh {
		if *rec.ValidFrom != r.line()[1].at || rec.Seq != 4 || rec.Source != "git:"+ids[5] || (rec.Kind == kb.Gone) != (rec.Path == "a.md") {
			t.Errorf("over a gap: %q", say(fresh))
		}
	}
	b.endsAs(r, h, ids[5])
	// The whole line fits in with what was said without knowing it.
	if fresh, _, _ = b.takeNew(githist.Options{Dir: r.clone(t.TempDir(), 100)}); !slices.Equal(say(fresh), all[3:]) {
		t.Errorf("the whole line after a gap: %q", say(fresh))
	}
	b.endsAs(r, h, ids[5])
}

// TestShallowAfterNoDocument goes on from commits that changed none, of which the
// scans that ended with them tell.
func TestShallowAfterNoDocument(t *testing.T) {
	r, ids := written(t, "0 a.md", "90", "50 a.md", "51 a.md")
	for depth, want := range map[int]string{1: "knows no commit of it", 2: "go on from commit " + ids[1]} {
		b := newBase(t)
		r.main(ids[1])
		b.takeNew(githist.Options{Dir: r.clone(t.TempDir(), 100)})
		r.main(ids[3])
		fresh, _, warnings := b.takeNew(githist.Options{Dir: r.clone(t.TempDir(), depth)})
		if len(fresh) != depth || *fresh[0].ValidFrom != r.line()[1].at || fresh[0].Seq != 3 || !onlyShallow(warnings) || !strings.Contains(warnings[0], want) {
			t.Errorf("with a depth of %d: %q, %q", depth, say(fresh), warnings)
		}
	}
}

// TestShallowBehind takes in what a knowledge base is ahead of: nothing of it is
// newer for that.
func TestShallowBehind(t *testing.T) {
	r, ids := written(t, "0 a.md b.md", "10 a.md", "20 b.md", "20 a.md", "20 c.md")
	h := &hashes{r, make(map[string]kb.Hash)}
	b := newBase(t)
	b.takeNew(githist.Options{Dir: r.dir})
	for _, opts := range []githist.Options{{Extensions: []string{"md"}}, {Again: true}, {Rev: "HEAD~1", Again: true}} {
		r.main(ids[3])
		opts.Dir = r.clone(t.TempDir(), 2)
		fresh, _, warnings := b.takeNew(opts)
		if len(fresh) == 0 || !onlyShallow(warnings) || !strings.Contains(warnings[0], "go on from commit") {
			t.Errorf("%+v: %q, %q", opts, say(fresh), warnings)
		}
		b.endsAs(r, h, ids[4])
	}
}

// TestShallowUnderOtherRules goes on from the latest place of a commit, whichever
// scan gave it that.
func TestShallowUnderOtherRules(t *testing.T) {
	r, ids := written(t, "0 a.md", "90 b.md", "50 a.md", "51 a.md")
	b := newBase(t)
	md := []string{"md"}
	r.main(ids[2])
	b.takeNew(githist.Options{Dir: r.clone(t.TempDir(), 1), Extensions: md})
	b.takeNew(githist.Options{Dir: r.clone(t.TempDir(), 100)})
	r.main(ids[3])
	b.takeNew(githist.Options{Dir: r.clone(t.TempDir(), 2), Extensions: md})
	b.endsAs(r, &hashes{r, make(map[string]kb.Hash)}, ids[3])
}

// TestShallowAfterRewriting has places of commits that were rewritten, and are
// later than those that the whole line gives.
func TestShallowAfterRewriting(t *testing.T) {
	r, ids := written(t, "0 a.md", "10 a.md", "500 a.md")
	h := &hashes{r, make(map[string]kb.Hash)}
	folder := t.TempDir()
	b := newBase(t)
	b.takeNew(githist.Options{Dir: r.clone(folder, 100)})
	r.run("", "update-ref", "refs/heads/other", ids[0])
	r.grow("other", 1, 4)
	var w importer
	w.commit("other", 1_500_000_004, "refs/heads/other^0", "")
	w.file("3.md", "100644", "later")
	r.run(w.String(), "fast-import", "--quiet")
	other := strings.Fields(r.run("", "rev-list", "--first-parent", "--reverse", "other"))
	r.main(other[3])
	_, _, warnings := b.takeNew(githist.Options{Dir: r.clone(folder, 1)})
	if !onlyShallow(warnings[:1]) || strings.Contains(fmt.Sprint(warnings), "rewritten") {
		t.Errorf("warnings %q", warnings)
	}
	b.endsAs(r, h, other[3])
	r.main(other[4])
	b.takeNew(githist.Options{Dir: r.clone(folder, 100)})
	b.endsAs(r, h, other[4])
}

// TestShallowAmongOthers leaves the documents of another repository alone.
func TestShallowAmongOthers(t *testing.T) {
	r, ids := written(t, "0 a.md b.md c.md", "10 a.md", "20 a.md", "30 -b.md")
	folder := t.TempDir()
	for _, test := range []struct {
		others string
		begin  int    // of the clone: 0 is the whole line
		said   string // that is missing
	}{
		{"x.md y.md z.md", 1, "does not have: 4;"}, // more than half
		{"x.md", 0, "does not have: 2;"},           // two lines, each from its first commit on
	} {
		other, otherIDs := written(t, "5 "+test.others)
		b := newBase(t)
		b.takeNew(githist.Options{Dir: other.dir})
		r.main(ids[test.begin])
		b.takeNew(githist.Options{Dir: r.clone(folder, 1)})
		r.main(ids[3])
		fresh, _, warnings := b.takeNew(githist.Options{Dir: r.clone(folder, 1)})
		if len(fresh) != 2 || len(warnings) != 2 || !strings.Contains(warnings[1], test.said+" they may be another repository's") {
			t.Errorf("%q, %q", say(fresh), warnings)
		}
		for name := range other.tree(otherIDs[0]) {
			compareShow(t, other, b.reader(), otherIDs[0], name, kb.Forever)
		}
	}

	// Under a prefix each has its own, also where it was not taken in whole.
	other, _ := written(t, "5 x.md y.md", "15 x.md")
	b := newBase(t)
	text, _ := list(t, githist.Options{Dir: other.dir, Prefix: "other"})
	b.take(text[:strings.LastIndex(text, `{"type":"end"`)])
	r.main(ids[0])
	b.takeNew(githist.Options{Dir: r.clone(folder, 1)})
	r.main(ids[3])
	fresh, _, warnings := b.takeNew(githist.Options{Dir: r.clone(folder, 1)})
	if len(fresh) != 3 || len(warnings) != 2 || !strings.Contains(warnings[1], "any more: 1;") {
		t.Errorf("under a prefix: %q, %q", say(fresh), warnings)
	}
}

// TestNotRewritten says so only where it is true.
func TestNotRewritten(t *testing.T) {
	r, ids := linear(t, 4)
	one, two := t.TempDir(), t.TempDir()
	b := newBase(t)
	for _, step := range []struct {
		folder string
		upTo   int
	}{{one, 0}, {two, 1}, {one, 1}, {one, 2}, {two, 3}, {one, 3}} {
		r.main(ids[step.upTo])
		if _, end, warnings := b.takeNew(githist.Options{Dir: r.clone(step.folder, 100)}); len(warnings) > 0 {
			t.Errorf("up to %d: %+v, %q", step.upTo, end.Scan.History, warnings)
		}
	}
	b = newBase(t)
	for n, id := range ids[1:] {
		r.main(id)
		if _, _, warnings := b.takeNew(githist.Options{Dir: r.clone(one, 1)}); !onlyShallow(warnings) {
			t.Errorf("shallow, up to %d: %q", n, warnings)
		}
	}

	// What a shallow clone has of the line was left behind.
	r.run("", "update-ref", "refs/heads/other", ids[2])
	r.grow("other", 3, 4)
	r.main(strings.TrimSpace(r.run("", "rev-parse", "other")))
	if _, _, warnings := b.takeNew(githist.Options{Dir: r.clone(one, 2)}); !strings.Contains(fmt.Sprint(warnings), ids[3]+", up to which") {
		t.Errorf("rewritten: %q", warnings)
	}
}

// TestShallowInTheFolderOfAnother clones two repositories into one folder, as a machine for
// builds does: nothing of the first is taken for deleted by the second.
func TestShallowInTheFolderOfAnother(t *testing.T) {
	one, _ := written(t, "0 a.md b.md c.md")
	two, _ := written(t, "1 other.md", "90 d.md e.md")
	b, folder := newBase(t), filepath.Join(t.TempDir(), "clone")
	b.takeNew(githist.Options{Dir: one.clone(folder, 1)})
	fresh, _, warnings := b.takeNew(githist.Options{Dir: two.clone(folder, 1)})
	for _, rec := range fresh {
		if rec.Kind == kb.Gone {
			t.Errorf("%s is listed as gone", rec.Path)
		}
	}
	if !slices.ContainsFunc(warnings, func(w string) bool { return strings.Contains(w, "they may be another repository's") }) {
		t.Errorf("it says %q", warnings)
	}
}
