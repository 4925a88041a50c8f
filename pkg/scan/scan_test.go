package scan_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
)

// collector is a sink that keeps all it is given.
type collector struct {
	scan    kb.Scan
	records []kb.Record
	ended   bool
	onFirst func() // called before the first record is kept
}

func (c *collector) Scan(s *kb.Scan) error { c.scan = *s; return nil }

func (c *collector) Record(rec *kb.Record) error {
	if c.onFirst != nil && len(c.records) == 0 {
		c.onFirst()
	}
	c.records = append(c.records, *rec)
	return nil
}

func (c *collector) End(*kb.End) error { c.ended = true; return nil }

// paths returns the paths of one kind in the order in which they came.
func (c *collector) paths(kind kb.Kind) []string {
	var paths []string
	for i := range c.records {
		if c.records[i].Kind == kind {
			paths = append(paths, c.records[i].Path)
		}
	}
	return paths
}

func mustScan(t *testing.T, opts scan.Options) (*collector, kb.End) {
	t.Helper()
	scanner, err := scan.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{}
	end, err := scanner.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if !c.ended || end.Paths != int64(len(c.records)) {
		t.Fatalf("end given: %v, with %d paths for %d records", c.ended, end.Paths, len(c.records))
	}
	return c, end
}

// makeTree makes files with their own names as content in a new current folder.
func makeTree(t *testing.T, names ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range names {
		writeFile(t, name, name)
	}
}

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func wantPaths(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// TestOrder has names whose order as whole paths is another than by component,
// and compares one worker with many.
func TestOrder(t *testing.T) {
	want := []string{"B.md", "a/x.md", "a/z/y.md", "a!.md", "a-b.md", "a.md", "b/c.md", "é.md"}
	makeTree(t, want...)
	for _, workers := range []int{1, 16} {
		c, _ := mustScan(t, scan.Options{Roots: []string{"."}, Workers: workers})
		wantPaths(t, "order", c.paths(kb.File), want...)
	}
}

func TestRootsAndPrefix(t *testing.T) {
	makeTree(t, "docs/a.md", "docs/sub/b.md", "docs/sub/deep/c.md", "docs/x.bin", "other/d.md")
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		roots  []string
		prefix string
		want   []string
	}{
		{"cleaned", []string{"./docs//sub/"}, "", []string{"docs/sub/b.md", "docs/sub/deep/c.md"}},
		{"dot", []string{"./docs/.."}, "", []string{"docs/a.md", "docs/sub/b.md", "docs/sub/deep/c.md", "other/d.md"}},
		{"above", []string{"../" + filepath.Base(dir) + "/other"}, "", []string{"../" + filepath.Base(dir) + "/other/d.md"}},
		{"absolute", []string{dir + "/other"}, "", []string{dir + "/other/d.md"}},
		{"prefix", []string{"other", "docs/x.bin"}, "p/q/", []string{"p/q/other/d.md", "p/q/docs/x.bin"}},
		{"prefix of dot", []string{"."}, "p", []string{"p/docs/a.md", "p/docs/sub/b.md", "p/docs/sub/deep/c.md", "p/other/d.md"}},
		{"prefix of absolute", []string{dir + "/other"}, "p", []string{"p" + dir + "/other/d.md"}},
		{"overlap", []string{"docs/sub", "docs", "docs/sub/deep/c.md", "docs"}, "", []string{"docs/sub/b.md", "docs/a.md", "docs/sub/deep/c.md"}},
	}
	for _, test := range tests {
		c, end := mustScan(t, scan.Options{Roots: test.roots, Prefix: test.prefix})
		wantPaths(t, test.name, c.paths(kb.File), test.want...)
		for _, p := range test.want {
			file, err := scan.FilePath(&end.Scan, p)
			if err != nil {
				t.Fatalf("%s: %v", test.name, err)
			}
			if content, err := os.ReadFile(file); err != nil || !strings.HasSuffix(p, string(content)) {
				t.Errorf("%s: record %s leads to %s: %q, %v", test.name, p, file, content, err)
			}
		}
	}
}

func TestFilePathRefusesWhatIsNotBelowThePrefix(t *testing.T) {
	for _, p := range []string{"wiki", "wikis/a.md", "a.md", "wiki/../a.md", "/wiki/a.md"} {
		file, err := scan.FilePath(&kb.Scan{Prefix: "wiki", Roots: []string{"."}}, p)
		if fault := kb.FileFault(err); err == nil || fault.Code != kb.BadPath {
			t.Errorf("%s: got %q, %v", p, file, err)
		}
	}
}

func TestBadOptions(t *testing.T) {
	roots := []string{"docs"}
	tests := []struct {
		opts scan.Options
		want string
	}{
		{scan.Options{}, "expected either paths"},
		{scan.Options{Roots: roots, List: strings.NewReader("")}, "expected either paths"},
		{scan.Options{Roots: []string{""}}, "empty path"},
		{scan.Options{Roots: []string{"a\x00b"}}, "NUL"},
		{scan.Options{Roots: []string{"../docs"}, Prefix: "p"}, "leads out of the current folder"},
		{scan.Options{Roots: []string{"docs", "/docs"}, Prefix: "p"}, "one scan each"},
		{scan.Options{Roots: roots, Prefix: "../p"}, "not a relative path"},
		{scan.Options{Roots: roots, Prefix: "/p"}, "not a relative path"},
		{scan.Options{Roots: roots, Prefix: "."}, "not a relative path"},
		{scan.Options{Roots: roots, Extensions: []string{"md", ""}}, "extension"},
		{scan.Options{Roots: roots, Extensions: []string{"*.md"}}, "extension"},
		{scan.Options{Roots: roots, Include: []string{"#a"}}, "comment"},
		{scan.Options{Roots: roots, Exclude: []string{"[a"}}, "match nothing"},
		{scan.Options{Roots: roots, Exclude: []string{" "}}, "match nothing"},
		{scan.Options{Roots: roots, Shard: kb.Shard{Index: 3, Count: 2}}, "shard 3/2"},
	}
	for _, test := range tests {
		if _, err := scan.New(test.opts); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: got error %v, want one about %q", test.opts, err, test.want)
		}
	}
}

// TestInterrupted stops a scan at its first record.
func TestInterrupted(t *testing.T) {
	makeTree(t, "a.md", "b.md", "c.md")
	scanner, err := scan.New(scan.Options{Roots: []string{"."}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c := &collector{onFirst: cancel}
	end, err := scanner.Run(ctx, c)
	if err != context.Canceled || c.ended || end.Paths != 1 {
		t.Errorf("got %v, end given: %v, %d paths", err, c.ended, end.Paths)
	}
}

// TestInterruptedList stops a scan whose list never ends.
func TestInterruptedList(t *testing.T) {
	makeTree(t, "a.md")
	r, w := io.Pipe()
	defer w.Close()
	go io.WriteString(w, "a.md\n")
	scanner, err := scan.New(scan.Options{List: r})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c := &collector{onFirst: cancel}
	if _, err := scanner.Run(ctx, c); err != context.Canceled || c.ended {
		t.Errorf("got %v, end given: %v", err, c.ended)
	}
}

// TestIdle has a list whose second path is slow to come: what is known by then
// is to be flushed.
func TestIdle(t *testing.T) {
	makeTree(t, "a.md", "b.md")
	r, w := io.Pipe()
	go io.WriteString(w, "a.md\n")
	var c collector
	known := -1
	scanner, err := scan.New(scan.Options{List: r, Idle: func() error {
		if known < 1 {
			if known = len(c.records); known == 1 {
				go func() {
					io.WriteString(w, "b.md\n")
					w.Close()
				}()
			}
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scanner.Run(t.Context(), &c); err != nil || known != 1 || len(c.records) != 2 {
		t.Errorf("got %v, %d records at the idle moment, %d at the end", err, known, len(c.records))
	}
}

// TestContentLargerThanTheWindow has more content than may wait in memory, one
// file larger than all of it, and more workers than files.
func TestContentLargerThanTheWindow(t *testing.T) {
	makeTree(t)
	big := strings.Repeat("x", 70<<20)
	sizes := []int{10 << 20, 30 << 20, len(big), 0, 30 << 20, 30 << 20}
	for i, size := range sizes {
		writeFile(t, string(rune('a'+i))+".md", big[:size])
	}
	c, _ := mustScan(t, scan.Options{Roots: []string{"."}, Content: true, Workers: 8})
	for i, rec := range c.records {
		if !rec.HasContent || len(rec.Content) != sizes[i] || *rec.SHA256 != kb.HashOf(rec.Content) {
			t.Errorf("%s: %d bytes of content, want %d, with their hash", rec.Path, len(rec.Content), sizes[i])
		}
	}
}
