package githist_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan/githist"
)

// linkedRepo makes a history of few names, most of them links to each other.
func linkedRepo(t testing.TB, format string, seed uint64) repo {
	rng := rand.New(rand.NewPCG(seed, 2))
	paths := []string{"a.md", "b.md", "d/a.md", "d/b.md", "d/e/a.md", "d/e/c.md", "f", "d/l"}
	targets := []string{ // git cat-file takes no "." in the middle of a link
		"a.md", "b.md", "d/a.md", "e/a.md", "../a.md", "../b.md", "../d/a.md", "e/../b.md", "f/a.md", "l/a.md", "../f/b.md", "d", "e",
		"..", "/a.md", "../../../x.md", "a.md/", "d//a.md", "e/c.md", "d/e", "d/l/a.md",
	}
	var w importer
	for n := range 120 {
		from := ""
		if n > 0 {
			from = fmt.Sprintf(":%d", n)
		}
		w.commit("main", 1_500_000_000+int64(n), from, "")
		for range 1 + rng.IntN(2) {
			p := paths[rng.IntN(len(paths))]
			switch rng.IntN(7) {
			case 0:
				w.remove(p)
			case 1:
				w.file(p, "100755", fmt.Sprint(rng.IntN(4)))
			case 2, 3:
				w.file(p, "100644", fmt.Sprint(rng.IntN(4)))
			default:
				w.file(p, "120000", targets[rng.IntN(len(targets))])
			}
		}
	}
	r := newRepo(t, format)
	r.run(w.String(), "fast-import", "--quiet")
	return r
}

// followed is what the documents of a commit hold, links included, as git cat-file
// follows these.
func (r repo) followed(commit string) map[string]string {
	r.t.Helper()
	held := make(map[string]string)
	var links []string
	var questions strings.Builder
	for _, l := range strings.Split(r.run("", "ls-tree", "-r", "-z", commit), "\x00") {
		stat, name, _ := strings.Cut(l, "\t")
		switch {
		case !strings.HasSuffix(name, ".md"):
		case strings.HasPrefix(stat, "120000"):
			links = append(links, name)
			fmt.Fprintf(&questions, "%s:%s\n", commit, name)
		default:
			held[name] = strings.Fields(stat)[2]
		}
	}
	out := strings.Split(r.run(questions.String(), "cat-file", "--batch-check=%(objectname) %(objecttype)", "--follow-symlinks"), "\n")
	for _, name := range links {
		f := strings.Fields(out[0])
		out = out[1:]
		switch {
		case len(f) == 2 && f[1] == "blob":
			held[name] = f[0]
		case len(f) == 2 && f[1] != "tree": // "dangling 9" and such, with a line that says what
			out = out[1:]
		}
	}
	return held
}

// TestFollowedLinks compares, commit by commit, what the records have made of the
// documents with what git finds at the end of the links.
func TestFollowedLinks(t *testing.T) {
	met := 0
	for seed := range uint64(6) {
		r := linkedRepo(t, []string{"sha1", "sha256"}[seed%2], seed)
		text, end := list(t, githist.Options{Dir: r.dir, Follow: true})
		if !end.Scan.Follow {
			t.Error("the scan does not say that links were followed")
		}
		all := records(t, text)
		h := &hashes{r, make(map[string]kb.Hash)}
		held := make(map[string]kb.Hash)
		for n, p := range r.line() {
			for ; len(all) > 0 && all[0].Source == "git:"+p.id; all = all[1:] {
				rec := all[0]
				if rec.Kind == kb.Gone {
					delete(held, rec.Path)
				} else {
					held[rec.Path] = kb.HashOf(rec.Content)
				}
			}
			want := make(map[string]kb.Hash)
			for name, oid := range r.followed(p.id) {
				want[name] = h.of(oid)
			}
			if !maps.Equal(held, want) {
				t.Fatalf("seed %d, commit %d: %d documents, but git has %d:\n%v\n%v", seed, n, len(held), len(want), held, want)
			}
			met += len(want)
		}
		if len(all) > 0 {
			t.Errorf("%d records of commits that are not on the line", len(all))
		}
		sinceEach(t, r, text)
	}
	if met < 1000 {
		t.Errorf("only %d documents were met: the test says little", met)
	}
}

// sinceEach lists what comes after some commits: the end of what the whole list
// has, so that links are known from before.
func sinceEach(t *testing.T, r repo, whole string) {
	t.Helper()
	all := say(records(t, whole))
	line := r.line()
	for n := 0; n < len(line); n += 17 {
		text, _ := list(t, githist.Options{Dir: r.dir, Since: line[n].id, Follow: true})
		got := say(records(t, text))
		if len(got) > len(all) || fmt.Sprint(got) != fmt.Sprint(all[len(all)-len(got):]) {
			t.Fatalf("since commit %d:\n%q\nbut in the whole:\n%q", n, got, all[len(all)-min(len(got), len(all)):])
		}
		for i, s := range all[:len(all)-len(got)] {
			for _, later := range line[n+1:] {
				if strings.Contains(s, later.id) {
					t.Fatalf("since commit %d, record %d is left out: %s", n, i, s)
				}
			}
		}
	}
}
