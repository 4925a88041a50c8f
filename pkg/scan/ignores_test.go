package scan_test

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
)

// TestIgnoresAgainstGit walks random repositories from random folders in them
// and compares what is left out with git check-ignore --no-index.
func TestIgnoresAgainstGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed, and it is the reference of this test")
	}
	rng := rand.New(rand.NewPCG(5, 6))
	ignored := 0
	for range 60 {
		makeTree(t)
		git(t, "", "init", "-q")
		randomTree(t, rng)
		for _, name := range []string{".gitignore", "a/.gitignore", "a/b/.gitignore", "sub/.gitignore", ".git/info/exclude"} {
			dir := filepath.Dir(name)
			if rng.IntN(2) == 0 && (os.MkdirAll(dir, 0o777) == nil && isDir(dir)) {
				os.WriteFile(name, []byte(randomPattern(rng)+"\n"+randomPattern(rng)+"\n"), 0o666)
			}
		}
		for _, root := range []string{".", "a", "sub", "a/b"} {
			if !isDir(root) || root != "." && len(gitIgnores(t, []string{root})) > 0 {
				continue
			}
			all := filesBelow(t, root)
			out := gitIgnores(t, all)
			ignored += len(out)
			want := slices.DeleteFunc(all, func(p string) bool { return slices.Contains(out, p) })
			c, _ := mustScan(t, scan.Options{Roots: []string{root}, Extensions: []string{"*"}, Hidden: true})
			got := c.paths(kb.File)
			slices.Sort(got)
			if slices.Sort(want); !slices.Equal(got, want) {
				t.Fatalf("scan of %s\n got %q\nwant %q", root, got, want)
			}
		}
	}
	if ignored < 200 {
		t.Errorf("only %d files were ignored: the test says little", ignored)
	}
}

// filesBelow lists the regular files that are not git's own.
func filesBelow(t *testing.T, root string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if e.Name() == ".git" && e.IsDir() {
			return fs.SkipDir
		}
		if e.Type() == 0 && e.Name() != ".git" {
			files = append(files, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func gitIgnores(t *testing.T, paths []string) []string {
	t.Helper()
	if len(paths) == 0 {
		return nil
	}
	out := git(t, strings.Join(paths, "\x00")+"\x00", "check-ignore", "--no-index", "-z", "--stdin")
	return strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")[:strings.Count(out, "\x00")]
}

func git(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Env = append(os.Environ(), "HOME=/nonexistent", "XDG_CONFIG_HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1")
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); err != nil && !(ok && exit.ExitCode() == 1) {
		t.Fatalf("git %s: %v", args[0], err)
	}
	return string(out)
}

func TestIgnoreFiles(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string // those named *.md may be empty
		root  string
		want  []string
	}{
		{
			"outside a repository", map[string]string{".gitignore": "*.md", "d/.gitignore": "a.md", "d/a.md": "", "d/b.md": ""},
			"d", []string{"d/b.md"},
		}, {
			"own beside git's", map[string]string{".gitignore": "*.md\n", ".bscanignore": "!b.md\nc.txt\n", "a.md": "", "b.md": "", "c.txt": ""},
			".", []string{"b.md"},
		}, {
			"deeper git's over own", map[string]string{".bscanignore": "b.md", "d/.gitignore": "!b.md", "b.md": "", "d/b.md": ""},
			".", []string{"d/b.md"},
		}, {
			"own above the root in a repository", map[string]string{".git/HEAD": "", ".bscanignore": "a.md", "d/a.md": "", "d/b.md": ""},
			"d", []string{"d/b.md"},
		}, {
			"a named folder that is ignored", map[string]string{".git/HEAD": "", ".gitignore": "d/\nb.md", "d/a.md": "", "d/b.md": ""},
			"d", []string{"d/a.md"},
		}, {
			"a repository inside", map[string]string{
				".git/HEAD": "", ".gitignore": "a.md", ".bscanignore": "c.md",
				"in/.git": "gitdir: ../store\n", "store/commondir": "common\n", "store/common/info/exclude": "b.md",
				"a.md": "", "in/a.md": "", "in/b.md": "", "in/c.md": "", "in/d.md": "",
			},
			".", []string{"in/a.md", "in/d.md"},
		}, {
			"the same from inside", map[string]string{
				".git/HEAD": "", ".gitignore": "a.md", "in/.git": "gitdir: ../store", "store/info/exclude": "b.md", "in/d/a.md": "", "in/d/b.md": "",
			},
			"in/d", []string{"in/d/a.md"},
		}, {
			"a .git that is no repository", map[string]string{".gitignore": "a.md", "in/.git/x": "", "in/a.md": "", "in/b.md": ""},
			".", []string{"in/b.md"},
		}, {
			"a folder in the place of an ignore file", map[string]string{".gitignore/a.md": "", "a.md": ""},
			".", []string{"a.md"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			makeTree(t)
			var all []string
			for name, content := range test.files {
				writeFile(t, name, content)
				if strings.HasPrefix(name, test.root+"/") && path.Ext(name) == ".md" {
					all = append(all, name)
				}
			}
			c, _ := mustScan(t, scan.Options{Roots: []string{test.root}})
			wantPaths(t, "with ignore files", c.paths(kb.File), test.want...)
			c, _ = mustScan(t, scan.Options{Roots: []string{test.root}, NoIgnore: true})
			if slices.Sort(all); test.root != "." {
				wantPaths(t, "without", c.paths(kb.File), all...)
			}
		})
	}
}
