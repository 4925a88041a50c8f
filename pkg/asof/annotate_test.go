package asof_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/kb"
)

// edition is what a file held from a commit on; nil for nothing.
type edition struct {
	second kb.Instant
	lines  []string
}

// drawEditions edits a file whose lines are all different. Lines come, go, and
// come back, and keep their order as long as they stay.
func drawEditions(t *rapid.T) []edition {
	const second = 1_000_000
	var all []edition
	var lines, lost []string
	at, n := kb.Instant(1_000_000_000*second), 0
	for range rapid.IntRange(1, 8).Draw(t, "commits") {
		at += kb.Instant(rapid.IntRange(0, 2).Draw(t, "later")) * second
		if len(lines) > 0 && rapid.IntRange(0, 6).Draw(t, "deleted") == 0 {
			lost = append(lost, lines...)
			lines = nil
			all = append(all, edition{at, nil})
			continue
		}
		next := []string{}
		for _, line := range lines {
			if rapid.IntRange(0, 3).Draw(t, "goes") == 0 {
				lost = append(lost, line)
			} else {
				next = append(next, line)
			}
		}
		for range rapid.SampledFrom([]int{0, 1, 2, 40, 120}).Draw(t, "new lines") {
			line := fmt.Sprintf("line %d", n)
			n++
			if len(lost) > 0 && rapid.IntRange(0, 2).Draw(t, "comes back") == 0 && !slices.Contains(lines, lost[0]) {
				line, lost = lost[0], lost[1:]
			}
			next = slices.Insert(next, rapid.IntRange(0, len(next)).Draw(t, "at"), line)
		}
		if slices.Equal(next, lines) {
			next = append(next, fmt.Sprintf("line %d", n))
			n++
		}
		lines = next
		all = append(all, edition{at, next})
	}
	return all
}

func (e edition) text() string { return strings.Join(append(slices.Clone(e.lines), ""), "\n") }

// blame lets git say which commit brought each line, for the last commit and
// another: the number of the commit in the history, or -1.
func blame(t *rapid.T, editions []edition) (answers map[int][]int, hashes []string) {
	dir, err := os.MkdirTemp("", "btools-blame-")
	check(t, err)
	defer os.RemoveAll(dir)
	git := func(in string, args ...string) string {
		cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
		cmd.Stdin = strings.NewReader(in)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return string(out)
	}
	git("", "init", "-q", "-b", "main")
	var in bytes.Buffer
	for i, e := range editions {
		fmt.Fprintf(&in, "commit refs/heads/main\nmark :%d\ncommitter a <a@example.com> %d +0000\ndata 1\n%d", i+1, e.second/1_000_000, i%10)
		if i > 0 {
			fmt.Fprintf(&in, "\nfrom :%d", i)
		}
		if e.lines == nil {
			in.WriteString("\nD a.md\n\n")
		} else {
			fmt.Fprintf(&in, "\nM 100644 inline a.md\ndata %d\n%s\n", len(e.text()), e.text())
		}
	}
	git(in.String(), "fast-import", "--quiet")
	hashes = strings.Fields(git("", "rev-list", "--reverse", "main"))
	answers = make(map[int][]int)
	for _, i := range []int{len(editions) - 1, rapid.IntRange(0, len(editions)-1).Draw(t, "blamed")} {
		answers[i] = nil
		if len(editions[i].lines) == 0 {
			continue
		}
		for line := range strings.Lines(git("", "blame", "-s", "-l", "--root", hashes[i], "--", "a.md")) {
			answers[i] = append(answers[i], slices.Index(hashes, line[:40]))
		}
	}
	return answers, hashes
}

// since is the commit since which each line of an edition has been there, by a
// look at each.
func since(editions []edition, at int) (lines []int) {
	for _, line := range editions[at].lines {
		first := at
		for first > 0 && slices.Contains(editions[first-1].lines, line) {
			first--
		}
		lines = append(lines, first)
	}
	return lines
}

// TestAnnotateAgainstBlame compares annotations with those of git blame, and with
// a look at each version, as of each commit.
func TestAnnotateAgainstBlame(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	rapid.Check(t, func(t *rapid.T) {
		editions := drawEditions(t)
		answers, hashes := blame(t, editions)
		var records []kb.Record
		for i, e := range editions {
			at := e.second
			r := kb.Record{Kind: kb.Gone, Path: "a.md", ValidFrom: &at, Seq: int64(i + 1), Source: "git:" + hashes[i]}
			if e.lines != nil {
				r.Kind, r.Content, r.HasContent = kb.File, []byte(e.text()), true
			}
			records = append(records, r)
		}
		l := newLibrary(t, embed.None{}, records)
		r := l.reader()
		for i, e := range editions {
			found, err := r.Commits(context.Background(), hashes[i][:7], 2)
			check(t, err)
			if len(found) == 0 && e.lines == nil && (i == 0 || editions[i-1].lines == nil) {
				continue // nothing there, and nothing said
			}
			lines, err := asof.Annotate(context.Background(), r, "a.md", found[0].Point())
			if e.lines == nil {
				var absent *asof.AbsentError
				if !errors.As(err, &absent) {
					t.Fatalf("commit %d: %v", i, err)
				}
				continue
			}
			check(t, err)
			var got []int
			for _, line := range lines {
				got = append(got, slices.Index(hashes, strings.TrimPrefix(line.Since.Source, "git:")))
			}
			want := since(editions, i)
			if said, asked := answers[i]; !slices.Equal(got, want) || asked && !slices.Equal(said, want) {
				t.Errorf("commit %d: lines are of\n%v\nnot\n%v; git says\n%v", i, got, want, said)
			}
		}
	})
}

func TestAnnotate(t *testing.T) {
	b := newBase(t)
	text := func(s string) *string { return &s }
	for from, held := range map[kb.Instant]*string{10: text("a\nb\n"), 20: text("b\n\x00"), 30: nil, 40: text("a\nb"), 50: text("x\n" + "a\nb")} {
		b.version("a.md", from, held)
	}
	r := b.reader()
	annotated := func(at kb.Point) string {
		lines, err := asof.Annotate(context.Background(), r, "a.md", at)
		if err != nil {
			return err.Error()
		}
		var all []string
		for _, line := range lines {
			all = append(all, fmt.Sprintf("%d %q", line.Since.ValidFrom, line.Text))
		}
		return strings.Join(all, ", ")
	}
	for at, want := range map[kb.Instant]string{
		10: `10 "a\n", 10 "b\n"`, 25: "a.md: no text, but binary", 40: `40 "a\n", 40 "b"`, 60: `50 "x\n", 40 "a\n", 40 "b"`,
	} {
		if got := annotated(valid(at)); got != want {
			t.Errorf("at %d: %s, not %s", at, got, want)
		}
	}
}

// TestAnnotateCorrected annotates what was corrected: what was wrong never counts,
// except for those who ask what was known.
func TestAnnotateCorrected(t *testing.T) {
	b := newBase(t)
	one, wrong, right := "a\n", "a\nb\nc\n", "a\nc\nd\n"
	b.version("a.md", 10, &one)
	b.version("a.md", 20, &wrong)
	before, err := b.reader().InForce(context.Background(), "a.md", valid(20))
	check(t, err)
	b.version("a.md", 20, &right)
	b.version("a.md", 15, &right)
	r := b.reader()
	for known, want := range map[kb.Instant]string{before.RecordedAt: "10 20 20", kb.Forever: "10 15 15"} {
		lines, err := asof.Annotate(context.Background(), r, "a.md", kb.Point{Valid: 30, Known: known})
		check(t, err)
		var got []string
		for _, line := range lines {
			got = append(got, fmt.Sprint(int64(line.Since.ValidFrom)))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("as known at %d: %s, not %s", known, got, want)
		}
	}
}
