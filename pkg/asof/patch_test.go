package asof_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
)

func version(mode kb.Mode) *kb.Version { return &kb.Version{Mode: &mode} }

func patchText(t rapid.TB, c *asof.Change, before, after string) string {
	t.Helper()
	p := asof.NewPatch([]byte(before), []byte(after))
	var out bytes.Buffer
	if err := p.Write(&out, c); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestGitAppliesPatch lets git apply the patch of a change to the old state,
// which has to give the new one.
func TestGitAppliesPatch(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	root := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		dir := filepath.Join(root, fmt.Sprint(n))
		name := rapid.SampledFrom([]string{"a.md", "with space", `quo"te\`, "new\nline", "tab\t", "ü\x01", "-dash", "b/c", "\xff"}).Draw(t, "name")
		before, after := anyText(t, "before"), anyText(t, "after")
		c := asof.Change{Path: "docs/" + name, Old: version(0o644), New: version(rapid.SampledFrom([]kb.Mode{0o644, 0o755}).Draw(t, "mode"))}
		from := c.Path
		switch rapid.IntRange(0, 6).Draw(t, "kind") {
		case 0:
			c.Old, before = nil, ""
		case 1:
			c.New, after = nil, ""
		case 2:
			from = rapid.SampledFrom([]string{"docs/old.md", "an old one", "docs/\xfe", "docs/old\t.md"}).Draw(t, "old name")
			c.Old.Path, c.New.Path, c.Similarity = from, c.Path, rapid.IntRange(50, 100).Draw(t, "similarity")
		}
		if before == after && c.Old != nil && c.New != nil && *c.Old.Mode == *c.New.Mode && !c.Renamed() {
			return // no change
		}
		file, old := filepath.Join(dir, c.Path), filepath.Join(dir, from)
		check(t, os.MkdirAll(filepath.Dir(file), 0o700))
		check(t, os.MkdirAll(filepath.Dir(old), 0o700))
		if c.Old != nil {
			check(t, os.WriteFile(old, []byte(before), 0o644))
		}
		text := patchText(t, &c, before, after)
		cmd := exec.Command("git", "apply", "--whitespace=nowarn", "-")
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(text)
		cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+root, "LC_ALL=C")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s\n%s", err, out, text)
		}
		got, err := os.ReadFile(file)
		if c.New == nil {
			if !os.IsNotExist(err) {
				t.Fatalf("the file is still there after\n%s", text)
			}
			return
		}
		if _, err := os.Lstat(old); old != file && !os.IsNotExist(err) {
			t.Fatalf("the file has its old name still after\n%s", text)
		}
		info, statErr := os.Stat(file)
		if err != nil || statErr != nil || string(got) != after || info.Mode()&0o100 != os.FileMode(*c.New.Mode)&0o100 {
			t.Fatalf("%q, %v, %v after\n%s", got, err, info.Mode(), text)
		}
	})
}

// anyText draws some lines, the last one with or without its newline.
func anyText(t *rapid.T, label string) string {
	lines := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "", "\r", "- x", "+", "\\", "@@ -1 +1 @@", "ü"}), 0, 25).Draw(t, label)
	text := strings.Join(lines, "\n")
	if len(lines) > 0 && rapid.IntRange(0, 3).Draw(t, "newline") > 0 {
		text += "\n"
	}
	if rapid.IntRange(0, 5).Draw(t, "binary") == 0 {
		text += "\x00" + string(rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "bytes"))
	}
	return text
}

func TestPatchCounts(t *testing.T) {
	for _, test := range []struct {
		before, after  string
		added, removed int
		binary         bool
	}{
		{"", "", 0, 0, false},
		{"a\nb\n", "a\nb\n", 0, 0, false},
		{"", "a\nb\n", 2, 0, false},
		{"a\nb\n", "", 0, 2, false},
		{"a\nb\nc\n", "a\nx\nc\ny\n", 2, 1, false},
		{"a\n", "a", 1, 1, false},
		{"a\x00", "a", 0, 0, true},
		{"a", "a\x00", 0, 0, true},
		{"a\x00", "a\x00", 0, 0, false},
	} {
		p := asof.NewPatch([]byte(test.before), []byte(test.after))
		if p.Added != test.added || p.Removed != test.removed || p.Binary != test.binary {
			t.Errorf("%q to %q: +%d -%d binary %t", test.before, test.after, p.Added, p.Removed, p.Binary)
		}
	}
}

func TestPatchText(t *testing.T) {
	old, executable := version(0o644), version(0o755)
	for _, test := range []struct {
		name, before, after string
		change              asof.Change
		want                string
	}{
		{"an edit", "a\nb\n", "a\nc\n", asof.Change{Path: "d.md", Old: old, New: old},
			"diff --git a/d.md b/d.md\n--- a/d.md\n+++ b/d.md\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"},
		{"a mode", "a\n", "a\n", asof.Change{Path: "d.md", Old: old, New: executable},
			"diff --git a/d.md b/d.md\nold mode 100644\nnew mode 100755\n"},
		{"a new file", "", "a\n", asof.Change{Path: "d.md", New: executable},
			"diff --git a/d.md b/d.md\nnew file mode 100755\n--- /dev/null\n+++ b/d.md\n@@ -0,0 +1 @@\n+a\n"},
		{"a new empty file", "", "", asof.Change{Path: "d.md", New: &kb.Version{}},
			"diff --git a/d.md b/d.md\nnew file mode 100644\n"},
		{"a file that is gone", "a", "", asof.Change{Path: "d.md", Old: old},
			"diff --git a/d.md b/d.md\ndeleted file mode 100644\n--- a/d.md\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n\\ No newline at end of file\n"},
		{"no text", "a\x00", "b\x00", asof.Change{Path: "d.md", Old: old, New: old},
			"diff --git a/d.md b/d.md\nindex 90802fedc2462f10bf2114d086cacb9e3af99ffb..28eacf2b08bcaecd186cfa2d9d93e8672a37d6a2\n" +
				"GIT binary patch\nliteral 2\nOc$@$N0R8`B00RI3#sFgg\n\nliteral 2\nOc$@$N0R8`A00RI3!~kLd\n\n"},
		{"a new name", "a\nb\n", "a\nc\n", asof.Change{Path: "d e.md", Old: &kb.Version{Path: "ü"}, New: &kb.Version{Path: "d e.md"}, Similarity: 50},
			"diff --git \"a/\\303\\274\" b/d e.md\nsimilarity index 50%\nrename from \"\\303\\274\"\nrename to d e.md\n" +
				"--- \"a/\\303\\274\"\n+++ b/d e.md\t\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"},
		{"a name with a blank, which ends with a tab", "a\n", "b\n", asof.Change{Path: "a b.md", Old: old, New: old},
			"diff --git a/a b.md b/a b.md\n--- a/a b.md\t\n+++ b/a b.md\t\n@@ -1 +1 @@\n-a\n+b\n"},
		{"an absolute name", "", "b\n", asof.Change{Path: "/srv/d.md", New: old},
			"diff --git a/srv/d.md b/srv/d.md\nnew file mode 100644\n--- /dev/null\n+++ b/srv/d.md\n@@ -0,0 +1 @@\n+b\n"},
		{"a name that leads up", "", "b\n", asof.Change{Path: "../../d.md", New: old},
			"diff --git a/d.md b/d.md\nnew file mode 100644\n--- /dev/null\n+++ b/d.md\n@@ -0,0 +1 @@\n+b\n"},
		{"no text, of a commit named by SHA-256", "", "b\x00", asof.Change{Path: "d.md", New: &kb.Version{Source: "git:" + strings.Repeat("0", 64)}},
			"diff --git a/d.md b/d.md\nnew file mode 100644\n" +
				"index " + strings.Repeat("0", 64) + "..954677e5d2f344ce7a4e18a34af0be6281736ddaf4018e97160e3befbe9f2c93\n" +
				"GIT binary patch\nliteral 2\nOc$@$N0R8`B00RI3#sFgg\n\nliteral 0\nHc$@<O00001\n\n"},
		{"a name that is quoted", "a\n", "b\n", asof.Change{Path: "ü", Old: old, New: old},
			"diff --git \"a/\\303\\274\" \"b/\\303\\274\"\n--- \"a/\\303\\274\"\n+++ \"b/\\303\\274\"\n@@ -1 +1 @@\n-a\n+b\n"},
	} {
		if got := patchText(t, &test.change, test.before, test.after); got != test.want {
			t.Errorf("%s:\n%s\nnot\n%s", test.name, got, test.want)
		}
	}
}

func TestAbsentSays(t *testing.T) {
	first, gone := kb.Instant(1_000_000), kb.Instant(2_000_000)
	for _, test := range []struct {
		err  asof.AbsentError
		want string
	}{
		{asof.AbsentError{Path: "a.md"}, "a.md: nothing is known of it"},
		{asof.AbsentError{Path: "a.md", Missed: &first}, "a.md: seen at 1970-01-01T00:00:01.000000Z, but it could not be read, or was too large, and nothing of it is stored"},
		{asof.AbsentError{Path: "docs", Folder: true}, "docs: a folder, not a document"},
		{asof.AbsentError{Path: "a.md", First: &first}, "a.md: not known before 1970-01-01T00:00:01.000000Z"},
		{asof.AbsentError{Path: "a.md", First: &first, Gone: &gone}, "a.md: gone since 1970-01-01T00:00:02.000000Z"},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("%q, not %q", got, test.want)
		}
	}
}

// TestPatchIsNoLargerThanNeedBe counts the lines of a long document of which many
// have changed, each beside ones that have not.
func TestPatchIsNoLargerThanNeedBe(t *testing.T) {
	const lines, changed = 2000, 400
	var before, after strings.Builder
	for n := range lines {
		fmt.Fprintf(&before, "line %d as it was\n", n)
		if n%(lines/changed) == 2 {
			fmt.Fprintf(&after, "line %d as it is\n", n)
		} else {
			fmt.Fprintf(&after, "line %d as it was\n", n)
		}
	}
	p := asof.NewPatch([]byte(before.String()), []byte(after.String()))
	if p.Added != changed || p.Removed != changed {
		t.Errorf("%d lines added and %d removed where %d have changed", p.Added, p.Removed, changed)
	}
}
