package githist_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan/githist"
)

// TestNothingOutsideChangesAList sets what makes git say other things to people,
// or look elsewhere.
func TestNothingOutsideChangesAList(t *testing.T) {
	r := randomRepo(t, "sha1", 11, 60)
	plain, _ := list(t, githist.Options{Dir: r.dir, Follow: true, Hidden: true, Extensions: []string{"*"}})
	want := say(records(t, plain))

	line := r.line()
	r.run("", "replace", line[len(line)/2].id, line[len(line)/4].id)
	r.run("", "replace", strings.TrimSpace(r.run("", "hash-object", "-w", "--stdin")), strings.TrimSpace(r.run("x", "hash-object", "-w", "--stdin")))
	if err := os.WriteFile(filepath.Join(r.dir, "info", "grafts"), []byte(line[len(line)/3].id+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(config, []byte(`
[color]
	ui = always
[core]
	quotePath = true
	pager = false
	abbrev = 5
	commentChar = :
[diff]
	renames = copies
	ignoreSubmodules = all
	external = /bin/false
	noprefix = true
	relative = true
	mnemonicPrefix = true
[log]
	showSignature = true
	showRoot = false
	date = relative
	follow = true
	decorate = full
	diffMerges = combined
[format]
	pretty = oneline
[submodule]
	recurse = true
`), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GIT_CONFIG_GLOBAL", config)
	for name, value := range map[string]string{
		"GIT_DIR": "/nowhere", "GIT_WORK_TREE": "/nowhere", "GIT_INDEX_FILE": "/nowhere", "GIT_OBJECT_DIRECTORY": "/nowhere",
		"GIT_EXTERNAL_DIFF": "/bin/false", "GIT_DIFF_OPTS": "-u9", "GIT_NAMESPACE": "x", "GIT_ICASE_PATHSPECS": "1", "GIT_PREFIX": "docs/",
		"GIT_SHALLOW_FILE": "/nowhere", "GIT_REPLACE_REF_BASE": "refs/replace/", "GIT_TRACE": "2", "LC_ALL": "de_DE.UTF-8",
	} {
		t.Setenv(name, value)
	}
	text, _ := list(t, githist.Options{Dir: r.dir, Follow: true, Hidden: true, Extensions: []string{"*"}})
	if got := say(records(t, text)); !slices.Equal(got, want) {
		t.Errorf("%d records, and %d without all that", len(got), len(want))
	}
}

// TestGitHasNoKeys looks at the environment that git is given: of the keys of the
// embedding server, it has none.
func TestGitHasNoKeys(t *testing.T) {
	r := randomRepo(t, "sha1", 11, 3)
	program, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	said := filepath.Join(dir, "said")
	script := fmt.Sprintf("#!/bin/sh\nenv >>'%s'\nexec '%s' \"$@\"\n", said, program)
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	for _, name := range []string{"BATCH_EMBED_KEY", "OPENAI_API_KEY", "BATCH_EMBED_KEYS"} {
		t.Setenv(name, "sesame")
	}
	list(t, githist.Options{Dir: r.dir, Hidden: true, Extensions: []string{"*"}})
	env, err := os.ReadFile(said)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"BATCH_EMBED_KEY": false, "OPENAI_API_KEY": false, "BATCH_EMBED_KEYS": true} {
		if strings.Contains("\n"+string(env), "\n"+name+"=") != want {
			t.Errorf("%s: git has it: %t", name, !want)
		}
	}
}

// TestSpoiltObjects spoils contents in several ways: each is an error record, and
// costs no other.
func TestSpoiltObjects(t *testing.T) {
	r := newRepo(t, "sha1")
	rng := rand.New(rand.NewPCG(1, 1))
	var w importer
	for n := range 90 {
		from := ""
		if n > 0 {
			from = fmt.Sprintf(":%d", n)
		}
		w.commit("main", 1_500_000_000+int64(n), from, "")
		content := make([]byte, 2000)
		for i := range content {
			content[i] = byte('a' + rng.IntN(26))
		}
		w.file(fmt.Sprintf("%d.md", n%30), "100644", string(content))
	}
	r.run(w.String(), "-c", "fastimport.unpackLimit=1000", "fast-import", "--quiet")
	spoilt := make(map[string]bool)
	for n, p := range r.line() {
		if n%4 == 3 {
			continue
		}
		oid := r.tree(p.id)[fmt.Sprintf("%d.md", n%30)].oid
		file := filepath.Join(r.dir, "objects", oid[:2], oid[2:])
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		spoilt["git:"+p.id] = true
		switch n % 4 {
		case 0:
			err = os.WriteFile(file, body[:len(body)/2], 0o666)
		case 1:
			err = os.WriteFile(file, []byte("rubbish"), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, limit := range []int64{0, 1 << 20} {
		text, end := list(t, githist.Options{Dir: r.dir, MaxSize: limit})
		if end.Paths != 90 || end.Errors != int64(len(spoilt)) {
			t.Errorf("%d of %d contents are errors, want %d", end.Errors, end.Paths, len(spoilt))
		}
		for _, rec := range records(t, text) {
			if (rec.Kind == kb.Failed) != spoilt[rec.Source] {
				t.Errorf("%s %s of %s: %s", rec.Kind, rec.Path, rec.Source, rec.Message)
			}
			if rec.Kind == kb.Failed && (rec.Live() || rec.Code != kb.Unreadable || !strings.Contains(rec.Message, rec.Path)) {
				t.Errorf("error record %+v", rec)
			}
			if rec.Kind == kb.File && len(rec.Content) != 2000 {
				t.Errorf("%s has %d bytes", rec.Path, len(rec.Content))
			}
		}
	}
}

// TestPartialClone must not fetch: its origin is gone.
func TestPartialClone(t *testing.T) {
	r, ids := linear(t, 5)
	r.run("", "config", "uploadpack.allowFilter", "true")
	clone := repo{t: t, dir: t.TempDir()}
	clone.run("", "clone", "--quiet", "--bare", "--filter=blob:none", "--branch", "main", "file://"+r.dir, ".")
	var warned []string
	text, end := list(t, githist.Options{Dir: clone.dir, Follow: true, Warn: func(message, hint string) { warned = append(warned, message+": "+hint) }})
	if end.Errors != 5 || end.Scan.History.Commit != ids[4] {
		t.Errorf("%+v: %q", end, say(records(t, text)))
	}
	if len(warned) != 1 || !strings.Contains(warned[0], "is a partial clone") {
		t.Errorf("warnings %q", warned)
	}
}

// TestTreelessClone says why git could not go on: what a commit changed is not there.
func TestTreelessClone(t *testing.T) {
	r, _ := linear(t, 5)
	r.run("", "config", "uploadpack.allowFilter", "true")
	clone := repo{t: t, dir: t.TempDir()}
	clone.run("", "clone", "--quiet", "--bare", "--filter=tree:0", "--branch", "main", "file://"+r.dir, ".")
	var warned []string
	_, _, err := tryList(githist.Options{Dir: clone.dir, Warn: func(message, hint string) { warned = append(warned, message+": "+hint) }})
	if err == nil || len(warned) != 1 || !strings.Contains(warned[0], "is a partial clone") {
		t.Errorf("%v, warnings %q", err, warned)
	}
}

// TestRules lists parts of a history, of which each path has all of its records
// or none.
func TestRules(t *testing.T) {
	r := randomRepo(t, "sha1", 21, 120)
	text, _ := list(t, githist.Options{Dir: r.dir, Extensions: []string{"*"}, Hidden: true})
	all := records(t, text)
	for _, test := range []struct {
		name string
		opts githist.Options
		take func(p string) bool
	}{
		{"extensions", githist.Options{Extensions: []string{"TXT"}}, func(p string) bool { return strings.HasSuffix(p, ".txt") }},
		{"folder", githist.Options{Paths: []string{"docs/sub/"}, Hidden: true}, func(p string) bool { return strings.HasPrefix(p, "docs/sub/") && !strings.HasSuffix(p, ".bin") }},
		{"document", githist.Options{Paths: []string{"docs/x.bin", ".f.md"}}, func(p string) bool {
			return slices.Contains([]string{"docs/x.bin", ".f.md", "docs/x.bin/inside.md", ".f.md/inside.md"}, p)
		}},
		{"magic", githist.Options{Paths: []string{":(top)g.md", "docs/*.md", "-rf.md"}}, func(p string) bool {
			return slices.Contains([]string{":(top)g.md", "docs/*.md", "-rf.md"}, strings.TrimSuffix(p, "/inside.md"))
		}},
		{"exclude", githist.Options{Exclude: []string{"sub/", "/a.md"}, Extensions: []string{"md"}}, func(p string) bool {
			return strings.HasSuffix(p, ".md") && p != "a.md" && !strings.HasPrefix(p, "a.md/") && !strings.Contains(p, "sub/") && !strings.Contains("/"+p, "/.")
		}},
		{"include", githist.Options{Paths: []string{"docs"}, Include: []string{"/b.md"}}, func(p string) bool { return p == "docs/b.md" || p == "docs/b.md/inside.md" }},
	} {
		test.opts.Dir = r.dir
		text, _ := list(t, test.opts)
		got, want := say(records(t, text)), say(slices.DeleteFunc(slices.Clone(all), func(rec kb.Record) bool { return !test.take(rec.Path) }))
		if !slices.Equal(got, want) || len(want) == 0 {
			t.Errorf("%s: %d records\n%q\nwant %d\n%q", test.name, len(got), got, len(want), want)
		}
	}
	parts := 0
	for i := range 3 {
		text, _ := list(t, githist.Options{Dir: r.dir, Extensions: []string{"*"}, Hidden: true, Shard: kb.Shard{Index: i + 1, Count: 3}, Prefix: "p"})
		for _, rec := range records(t, text) {
			if !strings.HasPrefix(rec.Path, "p/") {
				t.Errorf("%q is not below the prefix", rec.Path)
			}
			parts++
		}
	}
	if parts != len(all) {
		t.Errorf("the parts have %d records, the whole %d", parts, len(all))
	}
}

// TestTooLarge leaves contents out for their size without losing what comes after.
func TestTooLarge(t *testing.T) {
	r := newRepo(t, "sha1")
	var w importer
	for n, size := range []int{10, 5000, 20, 20} {
		from := ""
		if n > 0 {
			from = fmt.Sprintf(":%d", n)
		}
		w.commit("main", 1_500_000_000+int64(n), from, "")
		w.file("a.md", "100644", strings.Repeat(fmt.Sprint(n), size))
	}
	r.run(w.String(), "fast-import", "--quiet")
	text, end := list(t, githist.Options{Dir: r.dir, MaxSize: 20})
	all := records(t, text)
	if len(all) != 4 || end.Skipped != 1 || end.Bytes != 50 {
		t.Fatalf("%+v: %q", end, say(all))
	}
	if rec := all[1]; rec.Kind != kb.Skipped || rec.Code != kb.TooLarge || *rec.Size != 5000 || rec.HasContent || rec.Live() || rec.Seq != 2 {
		t.Errorf("%+v", rec)
	}
}

// TestRefusals are those of which a user has to hear what to do.
func TestRefusals(t *testing.T) {
	r, ids := linear(t, 3)
	r.run("", "update-ref", "refs/heads/other", ids[1])
	r.grow("other", 2, 3)
	empty := newRepo(t, "sha1")
	file := filepath.Join(t.TempDir(), "a.bundle")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		opts          githist.Options
		setting, text string
	}{
		{githist.Options{Dir: t.TempDir()}, "", "is not in a git repository"},
		{githist.Options{Dir: file}, "", "is not a folder"},
		{githist.Options{Dir: empty.dir}, "", "names no commit"},
		{githist.Options{Dir: r.dir, Rev: "nope"}, "rev", `"nope" names no commit`},
		{githist.Options{Dir: r.dir, Rev: "--all"}, "rev", `"--all" names no commit`},
		{githist.Options{Dir: r.dir, Rev: "main..other"}, "rev", `"main..other" names no commit`},
		{githist.Options{Dir: r.dir, Rev: "main:0.md"}, "rev", `names no commit`},
		{githist.Options{Dir: r.dir, Since: "other"}, "since", "other is not on the first-parent line of HEAD"},
		{githist.Options{Dir: r.dir, Since: ids[2], Rev: ids[1]}, "since", "is not on the first-parent line"},
		{githist.Options{Dir: r.dir, Paths: []string{"../x"}}, "", "is not a path in a repository"},
		{githist.Options{Dir: r.dir, Paths: []string{"/x"}}, "", "is not a path in a repository"},
	} {
		text, _, err := tryList(test.opts)
		mustBe(t, err, test.setting, test.text)
		if text != "" {
			t.Errorf("%+v: it wrote %q all the same", test.opts, text)
		}
	}
	text, _, err := tryList(githist.Options{Dir: r.dir, Paths: []string{"0.md", "doc"}})
	if mustBe(t, err, "", `ever at "doc"`); !errors.Is(err, githist.ErrNeverThere) || !strings.Contains(text, `"type":"end"`) {
		t.Errorf("%v after %q", err, text)
	}
	t.Setenv("PATH", t.TempDir())
	_, _, err = tryList(githist.Options{Dir: r.dir})
	mustBe(t, err, "", "git is not there")
}

// cancelling is a sink that cancels at the first record.
type cancelling struct {
	cancel context.CancelFunc
	ended  bool
}

func (c *cancelling) Scan(*kb.Scan) error     { return nil }
func (c *cancelling) Record(*kb.Record) error { c.cancel(); return nil }
func (c *cancelling) End(*kb.End) error       { c.ended = true; return nil }

func TestCancelled(t *testing.T) {
	r, _ := linear(t, 300)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	h, err := githist.New(githist.Options{Dir: r.dir})
	if err != nil {
		t.Fatal(err)
	}
	sink := &cancelling{cancel: cancel}
	if _, err := h.Run(ctx, sink); !errors.Is(err, context.Canceled) || sink.ended {
		t.Errorf("%v, ended %t", err, sink.ended)
	}
}

// TestFutureIsSaid warns of a clock that was wrong, since everything after it
// counts from then on.
func TestFutureIsSaid(t *testing.T) {
	r, _ := linear(t, 3)
	var warned []string
	list(t, githist.Options{
		Dir: r.dir, Clock: func() time.Time { return time.Unix(1_500_000_001, 0) },
		Warn: func(message, hint string) { warned = append(warned, message+": "+hint) },
	})
	if len(warned) != 1 || !strings.Contains(warned[0], "runs into the future") || !strings.Contains(warned[0], "2017-07-14T02:40:02") {
		t.Errorf("warnings %q", warned)
	}
}
