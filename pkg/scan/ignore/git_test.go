package ignore_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/scan/ignore"
)

// TestAgainstGit compares thousands of random patterns on random trees with
// git check-ignore --no-index, the reference for this package. Each case is a
// folder of one repository, so that git is started once.
func TestAgainstGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed, and it is the reference of this test")
	}
	const cases = 1500
	rng := rand.New(rand.NewPCG(1, 2))
	repo := t.TempDir()
	var paths []string
	for i := range cases {
		paths = append(paths, makeCase(t, rng, repo, fmt.Sprintf("case%d", i))...)
	}
	want := gitIgnored(t, repo, paths)
	wrong := 0
	for _, p := range paths {
		if got := ignoredBelow(t, repo, p); got != want[p] {
			dir, _, _ := strings.Cut(p, "/")
			top, _ := os.ReadFile(filepath.Join(repo, dir, ".gitignore"))
			sub, _ := os.ReadFile(filepath.Join(repo, dir, "a", ".gitignore"))
			t.Errorf("%q: ignored is %v, but git says %v\n top: %q\n sub: %q", p, got, want[p], top, sub)
			if wrong++; wrong == 10 {
				t.Fatal("and more")
			}
		}
	}
}

// names are few and alike, so that random patterns match now and then.
var names = []string{"a", "b", "ab", "abc", "a.md", "b.md", "a b", "a ", "!a", "#a", "A", "a]", "[a]", "a\\", "*", "-", "a\tb", "\v", "ä"}

func makeCase(t *testing.T, rng *rand.Rand, repo, dir string) (paths []string) {
	t.Helper()
	write(t, filepath.Join(repo, dir, ".gitignore"), randomFile(rng))
	if rng.IntN(2) == 0 {
		write(t, filepath.Join(repo, dir, "a", ".gitignore"), randomFile(rng))
	}
	for range 8 {
		p := dir
		for range 1 + rng.IntN(4) {
			p = path.Join(p, names[rng.IntN(len(names))])
		}
		full := filepath.Join(repo, filepath.FromSlash(p))
		if os.MkdirAll(filepath.Dir(full), 0o777) != nil {
			continue // a parent is a file already
		}
		if _, err := os.Lstat(full); err != nil && rng.IntN(4) > 0 {
			write(t, full, "")
		} else if err != nil {
			if err := os.Mkdir(full, 0o777); err != nil {
				t.Fatal(err)
			}
		}
		paths = append(paths, p)
	}
	return paths
}

var atoms = []string{
	"a", "b", "ab", "abc", "a.md", ".md", "*", "*", "**", "**/", "/**", "/**/", "/", "/", "?", " ", "\\ ", "\\", "\\/", "\\a", "!", "#", "\t", "\v", "\x00",
	"[ab]", "[!a]", "[^a]", "[a-c]", "[]a]", "[]-a]", "[a-]", "[[:alpha:]]", "[[:space:]]", "[[:punct:]b]", "[[:nope:]]", "[[:alpha:]-z]", "[\\]]", "[a-\\b]", "[", "]",
	"[[:]", "[[:a]", "[[a]", "[", "-", "ä", "\r", "***", "a**", "**b",
}

func randomFile(rng *rand.Rand) string {
	var b strings.Builder
	if rng.IntN(20) == 0 {
		b.WriteString("\xEF\xBB\xBF")
	}
	for range 1 + rng.IntN(4) {
		if rng.IntN(4) == 0 {
			b.WriteByte('!')
		}
		for range 1 + rng.IntN(5) {
			b.WriteString(atoms[rng.IntN(len(atoms))])
		}
		switch rng.IntN(8) {
		case 0:
			b.WriteString("/")
		case 1:
			b.WriteString("  ")
		case 2:
			b.WriteString("\r")
		}
		b.WriteByte('\n')
	}
	text := b.String()
	if rng.IntN(4) == 0 {
		text = strings.TrimSuffix(text, "\n")
	}
	return text
}

// ignoredBelow walks down to p as package scan does.
func ignoredBelow(t *testing.T, repo, p string) bool {
	t.Helper()
	type level struct {
		base string
		list ignore.List
	}
	var levels []level
	parts := strings.Split(p, "/")
	for i := range parts {
		base := strings.Join(parts[:i], "/")
		if content, err := os.ReadFile(filepath.Join(repo, base, ".gitignore")); err == nil {
			levels = append(levels, level{base, ignore.Parse(content)})
		}
		at := strings.Join(parts[:i+1], "/")
		info, err := os.Lstat(filepath.Join(repo, at))
		if err != nil {
			t.Fatal(err)
		}
		for j := len(levels) - 1; j >= 0; j-- {
			rel := strings.TrimPrefix(strings.TrimPrefix(at, levels[j].base), "/")
			verdict := levels[j].list.Match(rel, info.IsDir())
			if verdict == ignore.Ignored {
				return true
			}
			if verdict == ignore.Kept {
				break
			}
		}
	}
	return false
}

func gitIgnored(t *testing.T, repo string, paths []string) map[string]bool {
	t.Helper()
	home := t.TempDir()
	git := func(stdin string, args ...string) []byte {
		cmd := exec.Command("git", args...)
		cmd.Dir = repo
		cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "GIT_CONFIG_NOSYSTEM=1", "GIT_CEILING_DIRECTORIES="+filepath.Dir(repo))
		cmd.Stdin = strings.NewReader(stdin)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if exit, ok := err.(*exec.ExitError); err != nil && !(ok && exit.ExitCode() == 1 && args[0] == "check-ignore") {
			t.Fatalf("git %s: %v\n%s", args[0], err, stderr.Bytes())
		}
		return out
	}
	git("", "init", "-q")
	out := git(strings.Join(paths, "\x00")+"\x00", "check-ignore", "--no-index", "-z", "--stdin", "-v", "-n")
	fields := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	ignored := make(map[string]bool)
	for ; len(fields) >= 4; fields = fields[4:] {
		pattern := fields[2]
		ignored[fields[3]] = pattern != "" && !strings.HasPrefix(pattern, "!")
	}
	return ignored
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil && !isFolder(name) {
		t.Fatal(err)
	}
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().Type() == fs.ModeDir
}
