package scan_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
)

// TestCoverageIsWhatIsListed makes random trees and rules. Without ignore files,
// what is covered and what is listed must be the same; with them, what is listed
// must be covered.
func TestCoverageIsWhatIsListed(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	listed := 0
	for range 200 {
		makeTree(t)
		files := randomTree(t, rng)
		for range 4 {
			opts := randomOptions(rng, files)
			c, end := mustScan(t, opts)
			got := c.paths(kb.File)
			listed += len(got)
			coverage, err := scan.NewCoverage(&end.Scan)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range got {
				if !coverage.Covers(p) {
					t.Fatalf("%s is listed and not covered, by %+v", p, end.Scan)
				}
			}
			if !opts.NoIgnore {
				continue
			}
			for _, f := range files {
				record := path.Join(opts.Prefix, f)
				if coverage.Covers(record) != slices.Contains(got, record) {
					t.Fatalf("%s is covered: %v, but listed: %v, by %+v", record, coverage.Covers(record), slices.Contains(got, record), end.Scan)
				}
			}
		}
	}
	if listed < 1000 {
		t.Errorf("only %d paths were listed: the test says little", listed)
	}
}

var treeNames = []string{"a", "b", ".h", "a.md", "b.MD", "c.txt", "d.bin", "a b.md", ".git", ".i.md", "sub"}

func randomTree(t *testing.T, rng *rand.Rand) (files []string) {
	t.Helper()
	for range 25 {
		p := "."
		for range 1 + rng.IntN(4) {
			p = path.Join(p, treeNames[rng.IntN(len(treeNames))])
		}
		if os.MkdirAll(filepath.Dir(p), 0o777) == nil && os.WriteFile(p, nil, 0o666) == nil {
			files = append(files, p)
		}
	}
	if rng.IntN(2) == 0 {
		os.WriteFile(".gitignore", []byte(randomPattern(rng)+"\n"), 0o666)
	}
	return files
}

func randomPattern(rng *rand.Rand) string {
	name := treeNames[rng.IntN(len(treeNames))]
	other := treeNames[rng.IntN(len(treeNames))]
	return []string{name, "*.md", "/" + name, name + "/", name + "/" + other, "**/" + name, name + "/**", "a*", "!" + name}[rng.IntN(9)]
}

func randomOptions(rng *rand.Rand, files []string) scan.Options {
	opts := scan.Options{
		Extensions: [][]string{nil, {"*"}, {"md", ".bin"}}[rng.IntN(3)],
		Hidden:     rng.IntN(2) == 0, NoIgnore: rng.IntN(4) > 0,
		Prefix: []string{"", "", "wiki"}[rng.IntN(3)],
		Shard:  []kb.Shard{{}, {Index: 2, Count: 3}}[rng.IntN(2)],
	}
	for range rng.IntN(3) {
		opts.Include = append(opts.Include, randomPattern(rng))
	}
	for range rng.IntN(3) {
		opts.Exclude = append(opts.Exclude, randomPattern(rng))
	}
	opts.Roots = []string{"."}
	if rng.IntN(2) == 0 {
		opts.Roots = nil
	}
	for range 1 + rng.IntN(3) {
		if dir := path.Dir(files[rng.IntN(len(files))]); isDir(dir) {
			opts.Roots = append(opts.Roots, dir)
		}
	}
	return opts
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().Type() == fs.ModeDir
}

func TestCovers(t *testing.T) {
	all := func(trees ...string) kb.Coverage {
		return kb.Coverage{Trees: trees, Extensions: []string{".md"}}
	}
	tests := []struct {
		name   string
		prefix string
		covers kb.Coverage
		yes    []string
		no     []string
	}{
		{"nothing", "", kb.Coverage{}, nil, []string{"a.md"}},
		{"dot", "", all("."), []string{"a.md", "x/a.md"}, []string{"../a.md", "/a.md", ".", "..", "../../a.md", "x/.git/a.md"}},
		{"above", "", all(".."), []string{"../a.md", "../x/a.md"}, []string{"a.md", "../../a.md", ".."}},
		{"top", "", all("/"), []string{"/a.md", "/x/a.md"}, []string{"a.md", "/"}},
		{"whole names", "", all("docs"), []string{"docs/a.md"}, []string{"docs.md", "docsx/a.md", "docs", "a.md"}},
		{"deepest tree", "", all("docs", "docs/.h"), []string{"docs/.h/a.md"}, []string{"docs/.i/a.md"}},
		{"prefix", "p", all("docs"), []string{"p/docs/a.md"}, []string{"docs/a.md", "p/a.md"}},
		{"prefix of absolute", "p", all("/srv"), []string{"p/srv/a.md"}, []string{"/srv/a.md", "p/a.md"}},
	}
	for _, test := range tests {
		coverage, err := scan.NewCoverage(&kb.Scan{Prefix: test.prefix, Roots: test.covers.Trees, Covers: test.covers})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range append(test.yes, test.no...) {
			if want := slices.Contains(test.yes, p); coverage.Covers(p) != want {
				t.Errorf("%s: covers %s: %v, want %v", test.name, p, !want, want)
			}
		}
	}
}

// TestShards checks that the parts are the whole, and that no path ever changes
// its part: a stored scan is asked about it years later.
func TestShards(t *testing.T) {
	makeTree(t)
	for i := range 60 {
		writeFile(t, fmt.Sprintf("d%d/f%d.md", i%3, i), "")
	}
	whole, _ := mustScan(t, scan.Options{Roots: []string{"."}})
	var parts []string
	for i := 1; i <= 4; i++ {
		c, _ := mustScan(t, scan.Options{Roots: []string{"."}, Shard: kb.Shard{Index: i, Count: 4}})
		if n := len(c.records); n < 5 {
			t.Errorf("part %d has %d paths only", i, n)
		}
		parts = append(parts, c.paths(kb.File)...)
	}
	if slices.Sort(parts); !slices.Equal(parts, slices.Sorted(slices.Values(whole.paths(kb.File)))) {
		t.Errorf("the parts are %d paths, the whole %d", len(parts), len(whole.records))
	}
	// The 64-bit FNV-1a hash of "a" is published as af63dc4c8601ec8c, which is 12
	// modulo 16.
	scanned := &kb.Scan{Covers: kb.Coverage{Trees: []string{"."}, Extensions: []string{"*"}, Shard: kb.Shard{Index: 13, Count: 16}}}
	coverage, err := scan.NewCoverage(scanned)
	if err != nil {
		t.Fatal(err)
	}
	if !coverage.Covers("a") {
		t.Error("the path a has left its part, 13/16")
	}
}

func BenchmarkCovers(b *testing.B) {
	coverage, err := scan.NewCoverage(&kb.Scan{Covers: kb.Coverage{
		Trees: []string{"docs"}, Extensions: []string{".md", ".txt"}, Exclude: []string{"drafts/", "*.tmp.md", "/a/**/b"},
	}})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		coverage.Covers("docs/guide/part/one.md")
	}
}
