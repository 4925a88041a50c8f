package asof_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/kb"
)

// drawTree draws some documents.
func drawTree(t *rapid.T, label string) map[string]string {
	tree := make(map[string]string)
	for range rapid.IntRange(0, 8).Draw(t, label) {
		folder := rapid.SampledFrom([]string{"", "docs/", "docs/sub/", "with space/"}).Draw(t, "folder")
		name := folder + rapid.SampledFrom([]string{"a.md", "b.md", "ü.md", "tab\t", "c"}).Draw(t, "name")
		first := rapid.IntRange(0, 3).Draw(t, "kind") * 40
		var text strings.Builder
		for i := range rapid.SampledFrom([]int{0, 3, 12, 30}).Draw(t, "lines") {
			fmt.Fprintf(&text, "%d\n", first+i*rapid.SampledFrom([]int{1, 1, 1, 1, 2}).Draw(t, "step"))
		}
		if rapid.IntRange(0, 4).Draw(t, "no text") == 0 {
			text.WriteString("\x00\xff")
		}
		tree[name] = text.String()
	}
	return tree
}

// treesOf takes in a tree and then another, at the moments 1 and 2.
func treesOf(t tester, before, after map[string]string) asof.SearchStore {
	var records []kb.Record
	add := func(at kb.Instant, name string, text string, gone bool) {
		r := kb.Record{Kind: kb.Gone, Path: name, ValidFrom: &at}
		if !gone {
			r.Kind, r.Content, r.HasContent = kb.File, []byte(text), true
		}
		records = append(records, r)
	}
	for name, text := range before {
		add(1, name, text, false)
		if _, stays := after[name]; !stays {
			add(2, name, "", true)
		}
	}
	for name, text := range after {
		add(2, name, text, false)
	}
	return newLibrary(t, embed.None{}, records).reader()
}

// TestGitAppliesTree lets git apply the patch between two trees, with and without
// renames.
func TestGitAppliesTree(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	root := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		before, after := drawTree(t, "before"), drawTree(t, "after")
		store := treesOf(t, before, after)
		renames := new(asof.Renames)
		var err error
		if rapid.Bool().Draw(t, "renames") {
			renames, err = asof.FindRenames(context.Background(), store, "", valid(1), valid(2))
			check(t, err)
		}
		dir := filepath.Join(root, fmt.Sprint(n))
		check(t, os.Mkdir(dir, 0o700))
		for name, text := range before {
			file := filepath.Join(dir, name)
			check(t, os.MkdirAll(filepath.Dir(file), 0o700))
			check(t, os.WriteFile(file, []byte(text), 0o644))
		}
		var patch bytes.Buffer
		for change, err := range store.Changes(context.Background(), "", valid(1), valid(2)) {
			check(t, err)
			c, shown := renames.Apply(change)
			if !shown {
				continue
			}
			var old, held string
			if c.Old != nil {
				old = before[c.Old.Path]
			}
			if c.New != nil {
				held = after[c.New.Path]
			}
			patch.WriteString(patchText(t, &c, old, held))
		}
		if patch.Len() > 0 {
			cmd := exec.Command("git", "apply", "--whitespace=nowarn", "-")
			text := patch.String()
			cmd.Dir, cmd.Stdin = dir, &patch
			cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+root, "LC_ALL=C")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s\n%s", err, out, text)
			}
		}
		got := make(map[string]string)
		check(t, filepath.WalkDir(dir, func(file string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(file)
			name, _ := filepath.Rel(dir, file)
			got[name] = string(text)
			return err
		}))
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", after) {
			t.Errorf("%q, not %q", got, after)
		}
	})
}

// pairsOf are the renames between two trees, in the order of the new names.
func pairsOf(t rapid.TB, store asof.Store) (pairs []string, renames *asof.Renames) {
	renames, err := asof.FindRenames(context.Background(), store, "", valid(1), valid(2))
	check(t, err)
	for change, err := range store.Changes(context.Background(), "", valid(1), valid(2)) {
		check(t, err)
		if c, shown := renames.Apply(change); shown && c.Renamed() {
			pairs = append(pairs, fmt.Sprintf("%s > %s %d", c.Old.Path, c.Path, c.Similarity))
		}
	}
	return pairs, renames
}

func TestRenames(t *testing.T) {
	lines := func(from, to int) string {
		var text strings.Builder
		for i := from; i < to; i++ {
			fmt.Fprintf(&text, "line number %04d\n", i)
		}
		return text.String()
	}
	for _, test := range []struct {
		name          string
		before, after map[string]string
		want          []string
	}{
		{"the same content", map[string]string{"a": "x\n", "b": "y\n"}, map[string]string{"c": "y\n", "d": "x\n"}, []string{"b > c 100", "a > d 100"}},
		{"what stays is not renamed", map[string]string{"a": "x\n"}, map[string]string{"a": "x\n", "b": "x\n"}, nil},
		{"nor is what is empty", map[string]string{"a": ""}, map[string]string{"b": ""}, nil},
		{"of two copies one", map[string]string{"a": "x\n"}, map[string]string{"b": "x\n", "c": "x\n"}, []string{"a > b 100"}},
		{"the one with the same name first", map[string]string{"old/a.md": "x\n", "old/b.md": "x\n"},
			map[string]string{"new/a.md": "x\n", "new/b.md": "x\n"}, []string{"old/a.md > new/a.md 100", "old/b.md > new/b.md 100"}},
		{"whatever the order", map[string]string{"1/z.md": "x\n", "2/y.md": "x\n"},
			map[string]string{"3/y.md": "x\n", "4/z.md": "x\n"}, []string{"2/y.md > 3/y.md 100", "1/z.md > 4/z.md 100"}},
		{"half of it", map[string]string{"a": lines(0, 100)}, map[string]string{"b": lines(50, 150)}, []string{"a > b 50"}},
		{"less than half", map[string]string{"a": lines(0, 100)}, map[string]string{"b": lines(51, 151)}, nil},
		{"the most similar", map[string]string{"a": lines(0, 100), "b": lines(0, 90)},
			map[string]string{"c": lines(0, 95)}, []string{"a > c 95"}},
		{"each once", map[string]string{"a": lines(0, 100)}, map[string]string{"b": lines(0, 80), "c": lines(0, 90)}, []string{"a > c 90"}},
		{"an equal one, not a similar one", map[string]string{"a": lines(0, 100), "b": lines(0, 99)},
			map[string]string{"c": lines(0, 99), "d": lines(0, 100) + "more\n"}, []string{"b > c 100", "a > d 99"}},
	} {
		pairs, renames := pairsOf(t, treesOf(t, test.before, test.after))
		if !slices.Equal(pairs, test.want) || renames.Limited {
			t.Errorf("%s: %q, not %q; limited %t", test.name, pairs, test.want, renames.Limited)
		}
	}
}

// TestRenamesBounded looks for renames among more than are compared, and has to
// say so.
func TestRenamesBounded(t *testing.T) {
	text := strings.Repeat("some line\n", 9)
	before := map[string]string{"a": "equal\n", "b": text + "b\n", "c": text + "c\n"}
	after := map[string]string{"x": "equal\n", "y": text + "y\n", "z": text + "z\n"}
	for _, test := range []struct {
		documents, pairs int
		after            map[string]string
		want             []string
		limited          bool
	}{
		{3, 4, after, []string{"a > x 100", "b > y 97", "c > z 97"}, false},
		{3, 3, after, []string{"a > x 100"}, true},
		{2, 4, after, nil, true},
		{2, 4, nil, nil, false}, // nothing came
	} {
		restore := asof.BoundRenames(test.documents, test.pairs)
		pairs, renames := pairsOf(t, treesOf(t, before, test.after))
		restore()
		if !slices.Equal(pairs, test.want) || renames.Limited != test.limited {
			t.Errorf("among %d documents and %d pairs: %q, limited %t", test.documents, test.pairs, pairs, renames.Limited)
		}
	}
}
