package scan_test

import (
	"os"
	"testing"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
)

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func TestLinks(t *testing.T) {
	tests := []struct {
		name  string
		files []string
		links [][2]string // target, name
		roots []string
		hide  []string // exclude patterns
		want  []string // followed
		plain []string // not followed
	}{
		{
			name: "to a file and to a folder inside", files: []string{"docs/a.md", "docs/v2/b.md"},
			links: [][2]string{{"a.md", "docs/z.md"}, {"v2", "docs/latest"}, {"v2", "docs/stable"}},
			want:  []string{"docs/a.md", "docs/latest/b.md", "docs/stable/b.md", "docs/v2/b.md", "docs/z.md"},
			plain: []string{"docs/a.md", "docs/v2/b.md"},
		}, {
			name: "loops", files: []string{"docs/a/x.md"},
			links: [][2]string{{".", "docs/self"}, {"..", "docs/a/up"}, {"../a", "docs/a/me"}},
			want:  []string{"docs/a/x.md"}, plain: []string{"docs/a/x.md"},
		}, {
			name: "folders that link to each other", files: []string{"docs/a/x.md", "docs/b/y.md", "docs/c/z.md"},
			links: [][2]string{{"../b", "docs/a/b"}, {"../c", "docs/a/c"}, {"../a", "docs/b/a"}, {"../c", "docs/b/c"}, {"../a", "docs/c/a"}, {"../b", "docs/c/b"}},
			want: []string{
				"docs/a/b/y.md", "docs/a/c/z.md", "docs/a/x.md", "docs/b/a/x.md", "docs/b/c/z.md", "docs/b/y.md",
				"docs/c/a/x.md", "docs/c/b/y.md", "docs/c/z.md",
			},
			plain: []string{"docs/a/x.md", "docs/b/y.md", "docs/c/z.md"},
		}, {
			name: "outside once", files: []string{"docs/m.md", "out/f.md", "out/sub/g.md", "out/sub/h.md"},
			links: [][2]string{{"../out/sub/h.md", "docs/a.md"}, {"../out/sub", "docs/b"}, {"../out", "docs/c"}, {"../out", "docs/d"}, {"../out/f.md", "docs/z.md"}},
			want:  []string{"docs/a.md", "docs/b/g.md", "docs/c/f.md", "docs/m.md"}, plain: []string{"docs/m.md"},
		}, {
			name: "a name that is left out does not count as read", files: []string{"docs/m.md", "out/guide"},
			links: [][2]string{{"../out", "docs/a"}, {"../out/guide", "docs/b.txt"}, {"../out/guide", "docs/a.bin"}},
			want:  []string{"docs/b.txt", "docs/m.md"}, plain: []string{"docs/m.md"},
		}, {
			name: "to the folder above the root", files: []string{"docs/a.md", "side/b.md"},
			links: [][2]string{{"..", "docs/up"}},
			want:  []string{"docs/a.md", "docs/up/side/b.md"}, plain: []string{"docs/a.md"},
		}, {
			name: "out and in again", files: []string{"docs/a/x.md", "out/y.md"},
			links: [][2]string{{"../out", "docs/o"}, {"../docs/a", "out/back"}},
			want:  []string{"docs/a/x.md", "docs/o/back/x.md", "docs/o/y.md"}, plain: []string{"docs/a/x.md"},
		}, {
			name: "a root is followed", files: []string{"real/a.md", "real/b.bin"},
			links: [][2]string{{"real", "docs"}, {"real/b.bin", "one"}}, roots: []string{"docs", "one"},
			want: []string{"docs/a.md", "one"}, plain: []string{"docs/a.md", "one"},
		}, {
			name: "the rules hold for the names of links", files: []string{"docs/a.md", "docs/.h/b.md", "out/c.md"},
			links: [][2]string{{".h", "docs/shown"}, {"../out", "docs/.hidden"}, {"../out", "docs/drafts"}}, hide: []string{"drafts/"},
			want: []string{"docs/a.md", "docs/shown/b.md"}, plain: []string{"docs/a.md"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			makeTree(t, test.files...)
			for _, l := range test.links {
				link(t, l[0], l[1])
			}
			opts := scan.Options{Roots: test.roots, Exclude: test.hide}
			if opts.Roots == nil {
				opts.Roots = []string{"docs"}
			}
			c, _ := mustScan(t, opts)
			wantPaths(t, "not followed", c.paths(kb.File), test.plain...)
			opts.Follow = true
			c, end := mustScan(t, opts)
			wantPaths(t, "followed", c.paths(kb.File), test.want...)
			if end.Errors != 0 || len(end.Unread) != 0 {
				t.Errorf("got errors: %+v", end)
			}
		})
	}
}

func TestDanglingLink(t *testing.T) {
	makeTree(t, "docs/a.md")
	link(t, "nowhere", "docs/b.md")
	link(t, "nowhere", "docs/b.bin")
	link(t, "round.md", "docs/round.md")
	c, _ := mustScan(t, scan.Options{Roots: []string{"docs"}, Follow: true})
	wantPaths(t, "files", c.paths(kb.File), "docs/a.md")
	wantPaths(t, "errors", c.paths(kb.Failed), "docs/b.md", "docs/round.md")
	if rec := &c.records[1]; rec.Code != kb.Vanished || rec.Message != "stat docs/b.md: no such file or directory" {
		t.Errorf("got %+v", rec)
	}
}

// TestLinkedIgnoreFile has a link in the place of an ignore file, which git does
// not read either.
func TestLinkedIgnoreFile(t *testing.T) {
	makeTree(t, "a.md")
	writeFile(t, "rules", "*.md\n")
	link(t, "rules", ".gitignore")
	c, _ := mustScan(t, scan.Options{Roots: []string{"."}, Follow: true})
	wantPaths(t, "files", c.paths(kb.File), "a.md")
}
