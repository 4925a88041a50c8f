package githist_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan/githist"
	"github.com/seed16713943/btools/pkg/stream"
)

// repo is a repository for tests.
type repo struct {
	t     testing.TB
	dir   string
	trees map[string]map[string]blob // by commit
}

// run runs git, and wants it to succeed.
func (r repo) run(stdin string, args ...string) string {
	r.t.Helper()
	out, err := r.try(stdin, args...)
	if err != nil {
		r.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return out
}

func (r repo) try(stdin string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin = r.dir, strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C")
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, stderr.String())
	}
	return out.String(), err
}

// newRepo makes an empty repository; format is sha1 or sha256.
func newRepo(t testing.TB, format string) repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	r := repo{t, filepath.Join(t.TempDir(), "repo"), make(map[string]map[string]blob)}
	if err := os.Mkdir(r.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	r.run("", "init", "--quiet", "--bare", "--initial-branch=main", "--object-format="+format)
	return r
}

// corpus clones the documentation that may lie beside the repository of this
// module; without it, a test is skipped.
func corpus(t testing.TB) repo {
	t.Helper()
	bundle, err := filepath.Abs("../../../../shared/corpora/book.bundle")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(bundle); err != nil {
		t.Skipf("no corpus to compare with: %v", err)
	}
	r := newRepo(t, "sha1")
	r.run("", "fetch", "--quiet", bundle, "HEAD:refs/heads/main")
	return r
}

// importer writes commits for git fast-import.
type importer struct {
	strings.Builder
	marks int
}

// quoted writes a path so that it may hold any byte.
func quoted(p string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(p) {
		fmt.Fprintf(&b, `\%03o`, p[i])
	}
	return b.String() + `"`
}

// commit begins a commit on a branch; the lines of its changes follow.
func (w *importer) commit(branch string, at int64, from, merge string) {
	w.marks++
	fmt.Fprintf(w, "commit refs/heads/%s\nmark :%d\ncommitter c <c@example.com> %d +0000\ndata 1\nm\n", branch, w.marks, at)
	if from != "" {
		fmt.Fprintf(w, "from %s\n", from)
	}
	if merge != "" {
		fmt.Fprintf(w, "merge %s\n", merge)
	}
}

func (w *importer) file(path, mode, content string) {
	fmt.Fprintf(w, "M %s inline %s\ndata %d\n%s\n", mode, quoted(path), len(content), content)
}

func (w *importer) remove(path string) { fmt.Fprintf(w, "D %s\n", quoted(path)) }

// names are those of a random history: some are links, submodules or not taken.
var names = []string{
	"a.md", "docs/a.md", "docs/b.md", "docs/sub/c.md", "docs/sub/d.txt", "docs.md", "docs/x.bin", "docs/.h/e.md", ".f.md",
	"new\nline \"q\" \\.md", "\xff\xfe.md", "docs/ü space.md", "-rf.md", ":(top)g.md", "docs/*.md", "tab\t.md",
}

// randomRepo makes a history with clocks that jump, merges, reverts, renames,
// changes of mode and of kind, and several commits in one second.
func randomRepo(t testing.TB, format string, seed uint64, commits int) repo {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	var w importer
	at := int64(1_500_000_000)
	branch := "main"
	oid := strings.Repeat("1", map[string]int{"sha1": 40, "sha256": 64}[format])
	for n := range commits {
		at += []int64{0, 0, 1, 60, 3600, -7200, 86400}[rng.IntN(7)]
		from, merge := "", ""
		if n > 0 {
			from = fmt.Sprintf(":%d", n)
			if rng.IntN(8) == 0 {
				merge = fmt.Sprintf(":%d", 1+rng.IntN(n))
			}
			if rng.IntN(12) == 0 { // the line goes on from an earlier commit, and the last one becomes a side branch
				from, merge = fmt.Sprintf(":%d", n-rng.IntN(min(n, 5))), from
			}
		}
		w.commit(branch, at, from, merge)
		for range rng.IntN(5) {
			p := names[rng.IntN(len(names))]
			content := strconv.Itoa(rng.IntN(6))
			switch rng.IntN(12) {
			case 0, 1:
				w.remove(p)
			case 2:
				w.file(p, "120000", names[rng.IntN(len(names))])
			case 3:
				fmt.Fprintf(&w, "M 160000 %s %s\n", oid, quoted(p))
			case 4:
				w.file(p, "100755", content)
			case 5: // a folder in the place of a file
				w.file(p+"/inside.md", "100644", content)
			case 6:
				w.remove("docs")
			default:
				w.file(p, "100644", content)
			}
		}
	}
	r := newRepo(t, format)
	r.run(w.String(), "fast-import", "--quiet", "--force")
	return r
}

// list lists a history into a stream.
func list(t testing.TB, opts githist.Options) (string, kb.End) {
	t.Helper()
	out, end, err := tryList(opts)
	if err != nil {
		t.Fatal(err)
	}
	return out, end
}

func tryList(opts githist.Options) (string, kb.End, error) {
	h, err := githist.New(opts)
	if err != nil {
		return "", kb.End{}, err
	}
	var out bytes.Buffer
	end, err := h.Run(context.Background(), stream.NewEncoder(&out))
	return out.String(), end, err
}

// records decodes the records of a stream.
func records(t testing.TB, text string) []kb.Record {
	t.Helper()
	dec := stream.NewDecoder(strings.NewReader(text), stream.MaxLine(0))
	var list []kb.Record
	for {
		line, err := dec.Next()
		switch {
		case err != nil && err.Error() == "EOF":
			return list
		case err != nil:
			t.Fatal(err)
		case line.Record != nil:
			list = append(list, *line.Record)
		}
	}
}

// point is a commit on the line, as the test works it out by itself.
type point struct {
	id string
	at kb.Instant
}

// line is the first-parent line of HEAD, oldest first, with times that never run
// backwards.
func (r repo) line() []point {
	r.t.Helper()
	var points []point
	for _, l := range strings.Split(strings.TrimSpace(r.run("", "log", "--first-parent", "--reverse", "--format=%H %ct", "main")), "\n") {
		id, stamp, _ := strings.Cut(l, " ")
		seconds, err := strconv.ParseInt(stamp, 10, 64)
		if err != nil {
			r.t.Fatal(err)
		}
		p := point{id, kb.InstantOf(time.Unix(seconds, 0))}
		if n := len(points); n > 0 {
			p.at = max(p.at, points[n-1].at)
		}
		points = append(points, p)
	}
	return points
}

// blob is a document in a tree of git.
type blob struct {
	executable bool
	oid        string
}

// tree is what git ls-tree has of a commit that a scan with the default rules
// takes.
func (r repo) tree(commit string) map[string]blob {
	r.t.Helper()
	if commit == "" {
		return nil
	}
	if tree := r.trees[commit]; tree != nil {
		return tree
	}
	tree := make(map[string]blob)
	for _, l := range strings.Split(r.run("", "ls-tree", "-r", "-z", commit), "\x00") {
		stat, name, ok := strings.Cut(l, "\t")
		if !ok {
			continue
		}
		f := strings.Fields(stat)
		hidden := strings.HasPrefix(name, ".") || strings.Contains(name, "/.")
		if strings.HasPrefix(f[0], "100") && !hidden && (strings.HasSuffix(name, ".md") || strings.HasSuffix(name, ".txt")) {
			tree[name] = blob{f[0] == "100755", f[2]}
		}
	}
	if len(commit) >= 40 { // else it may come to be another
		r.trees[commit] = tree
	}
	return tree
}

// hashes has the SHA-256 of blobs, by their names, as they are asked for.
type hashes struct {
	repo
	known map[string]kb.Hash
}

func (h *hashes) of(oid string) kb.Hash {
	hash, ok := h.known[oid]
	if !ok {
		hash = kb.HashOf([]byte(h.run("", "cat-file", "blob", oid)))
		h.known[oid] = hash
	}
	return hash
}

// mustBe wants an *Error of a text, with a hint.
func mustBe(t *testing.T, err error, setting, text string) {
	t.Helper()
	var known *githist.Error
	if !errors.As(err, &known) || known.Setting != setting || !strings.Contains(known.Message, text) || known.Hint == "" {
		t.Errorf("%v, want %q about -%s with a hint", err, text, setting)
	}
}
