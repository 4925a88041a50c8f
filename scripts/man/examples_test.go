package man

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/tool/tooltest"
)

// An example is a literal block of a page. A comment before it says what it is:
//
//	.\" sh run     commands for a shell, which are run on a small tree
//	.\" sh         commands that are only parsed
//	.\" text       a picture
//
// and sql, python, ndjson, github, gitlab, crontab, env and unit.
type example struct {
	page string
	line int
	kind string // the first word of the comment
	note string // the rest
	text string
}

func (e example) String() string { return fmt.Sprintf("%s:%d", e.page, e.line) }

// examples lists those of all pages written by hand.
func examples(t *testing.T) []example {
	t.Helper()
	var list []example
	for page, text := range written(t) {
		lines := strings.Split(text, "\n")
		for i, line := range lines {
			if !strings.HasPrefix(line, ".Bd -literal") {
				continue
			}
			end := i + slices.Index(lines[i:], ".Ed")
			comment, found := strings.CutPrefix(lines[i-1], `.\" `)
			if !found || end < i {
				t.Fatalf("%s:%d: no comment before it says what this is, or it does not end", page, i+1)
			}
			e := example{page: page, line: i + 1, text: unroff(strings.Join(lines[i+1:end], "\n") + "\n")}
			e.kind, e.note, _ = strings.Cut(comment, " ")
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b example) int { return strings.Compare(a.String(), b.String()) })
	return list
}

// unroff gives what a reader of a literal block sees.
func unroff(text string) string {
	return strings.NewReplacer(`\&`, "", `\e`, `\`, `\-`, "-", `\(aq`, "'", "\\`", "`", `\(ha`, "^", `\(ti`, "~", `\(dq`, `"`, "\\[u2026]", "…").Replace(text)
}

// usages lists the examples in the pages that programs make.
func usages(t *testing.T) []example {
	t.Helper()
	var list []example
	all := pages(t)
	for _, name := range programs(t) {
		for i, block := range strings.Split(all[name+".1"], "\n.Bd -literal -offset indent\n")[1:] {
			text, _, _ := strings.Cut(block, ".Ed\n")
			list = append(list, example{page: name + ".1", line: i + 1, kind: "sh", text: unroff(text)})
		}
	}
	return list
}

// readme lists the command lines of the README, each as an example.
func readme(t *testing.T) []example {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	ours := regexp.MustCompile(`^    (?:.*\| *)?(?:` + strings.Join(programs(t), "|") + `)\s`)
	var list []example
	for i, line := range strings.Split(string(text), "\n") {
		if ours.MatchString(line) {
			list = append(list, example{page: "README.md", line: i + 1, kind: "sh", text: strings.TrimSpace(line) + "\n"})
		}
	}
	if len(list) < 10 {
		t.Fatalf("only %d command lines are found in the README", len(list))
	}
	return list
}

// others are the programs of others that examples use.
var others = []string{
	"awk", "cat", "column", "cp", "curl", "cut", "date", "diff", "find", "git", "grep", "head", "journalctl", "jq", "less", "llama-server",
	"mkdir", "mktemp", "mv", "ollama", "parallel", "pdftotext", "python3", "rg", "sed", "sha256sum", "sort", "sqlite3", "ssh", "sudo",
	"systemctl", "tail", "tar", "tee", "text-embeddings-router", "touch", "tr", "uniq", "vllm", "watch", "wc", "xargs", "zstd",
}

// parser is a folder of stand-ins: those of our programs let the real one read
// its command line, and those of others only start one of ours that they are
// given, as xargs does.
func parser(t *testing.T) (dir, wrong string) {
	t.Helper()
	bin := tooltest.Build(t)
	dir, wrong = t.TempDir(), filepath.Join(t.TempDir(), "wrong")
	write := func(name, script string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	ours := strings.Join(programs(t), "|")
	for _, name := range programs(t) {
		write(name, fmt.Sprintf(`out=$('%s' -print-config "$@" 2>&1 </dev/null) || echo "%s $*: $out" >>'%s'`+"\n", filepath.Join(bin, name), name, wrong))
	}
	for _, name := range others {
		write(name, `while [ $# -gt 0 ]; do case $1 in `+ours+`) exec "$@" ;; esac; shift; done`+"\n")
	}
	return dir, wrong
}

// testExamplesAreUnderstood lets the real programs read every command line that is
// shown anywhere: no flag of theirs is unknown, and no value is refused.
func testExamplesAreUnderstood(t *testing.T) {
	dir, wrong := parser(t)
	for _, e := range slices.Concat(examples(t), usages(t), readme(t)) {
		script := e.text
		switch e.kind {
		case "sh":
		case "crontab":
			script = cronCommands(e.text)
		case "github", "gitlab":
			script = pipes(e.text)
		default:
			continue
		}
		os.Remove(wrong)
		cmd := exec.Command("/bin/bash", "-c", script)
		cmd.Env = []string{"PATH=" + dir, "HOME=" + t.TempDir(), "GITHUB_STEP_SUMMARY=summary", "BTOOLS_ARCHIVE=http://localhost"}
		cmd.Dir = t.TempDir()
		out, err := cmd.CombinedOutput()
		if strings.Contains(string(out), "not found") || strings.Contains(string(out), "syntax error") {
			t.Errorf("%s: %v\n%s\n%s", e, err, script, out)
		}
		complaints, err := os.ReadFile(wrong)
		if err != nil {
			continue // there are none
		}
		for line := range strings.Lines(string(complaints)) {
			if strings.Contains(line, ": error: ") { // and not a hint
				t.Errorf("%s: %s", e, line)
			}
		}
	}
}

// cronCommands gives the commands of the lines of a crontab.
func cronCommands(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if fields := regexp.MustCompile(`^(?:\S+ ){5}`).FindString(line); fields != "" {
			b.WriteString(strings.ReplaceAll(line[len(fields):], `\%`, "%"))
		}
	}
	return b.String()
}

// pipes gives the lines of a workflow with one of our programs in them.
func pipes(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		line = strings.TrimPrefix(strings.TrimPrefix(line, "- "), "run: ")
		if strings.HasPrefix(line, "bscan ") || strings.HasPrefix(line, "breport ") {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// runner is a folder of stand-ins that run our programs and note their exit codes,
// and a small tree that was taken in.
func runner(t *testing.T) (path, work, codes string) {
	t.Helper()
	bin := tooltest.Build(t)
	dir := t.TempDir()
	work, codes = t.TempDir(), filepath.Join(t.TempDir(), "codes")
	for _, name := range programs(t) {
		script := fmt.Sprintf("#!/bin/sh\n'%s' \"$@\"\ncode=$?\necho \"$code %s $*\" >>'%s'\nexit $code\n", filepath.Join(bin, name), name, codes)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	path = dir + ":" + os.Getenv("PATH")
	if out, err := shell(path, work, `
		mkdir -p docs/operations docs/old
		printf '# Guide\n\nWho approves a release? Retry with backoff: three attempts are enough.\n' >docs/guide.md
		printf '# Quota\n\nThree attempts, then the quota ends.\n' >docs/operations/quota.md
		printf '# Old\n\nOld.\n' >docs/old/old.md
		touch -d 2025-01-10T12:00:00Z docs/guide.md docs/operations/quota.md docs/old/old.md
		bscan docs | bchunk | bingest >/dev/null`); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path, work, codes
}

func shell(path, work, script string) ([]byte, error) {
	cmd := exec.Command("/bin/bash", "-c", script)
	cmd.Dir = work
	cmd.Env = []string{"PATH=" + path, "HOME=" + work, "TZ=UTC", "LC_ALL=C.UTF-8"}
	return cmd.CombinedOutput()
}

// needs names a program that an example uses and that is not installed, or "".
func needs(script string) string {
	for _, name := range others {
		if regexp.MustCompile(`(^|[|(&;]|\n) *` + name + ` `).MatchString(script) {
			if _, err := exec.LookPath(name); err != nil {
				return name
			}
		}
	}
	return ""
}

// testExamplesRun runs what is marked so, and what the README shows of questions.
func testExamplesRun(t *testing.T) {
	path, work, codes := runner(t)
	list := slices.DeleteFunc(examples(t), func(e example) bool { return e.kind != "sh" || e.note != "run" })
	for _, e := range readme(t) {
		if strings.HasPrefix(e.text, "basof ") && !strings.ContainsAny(e.text, "…@") {
			list = append(list, e)
		}
	}
	for _, e := range list {
		if name := needs(e.text); name != "" {
			t.Logf("%s needs %s", e, name)
			continue
		}
		os.Remove(codes)
		out, err := shell(path, work, e.text)
		ran, readErr := os.ReadFile(codes)
		if readErr != nil && !strings.Contains(e.text, "sqlite3") {
			t.Errorf("%s runs no program: %v\n%s", e, err, out)
		}
		for line := range strings.Lines(string(ran)) {
			// The README asks about times of which a new knowledge base knows nothing.
			if code := line[:2]; code != "0 " && !(code == "4 " && e.page == "README.md") {
				t.Errorf("%s: exit code %s%s", e, line, out)
			}
		}
		if err != nil && e.page != "README.md" {
			t.Errorf("%s: %v\n%s\n%s", e, err, e.text, out)
		}
	}
}

// testReadmeNamesTargets looks for the targets of make that the README names.
func testReadmeNamesTargets(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?m)(?:^    |`|\")make ([a-z]+)").FindAllStringSubmatch(string(text), -1)
	if len(found) == 0 {
		t.Error("the README names no target")
	}
	for _, m := range found {
		if !strings.Contains(string(makefile), "\n"+m[1]+":") {
			t.Errorf("make has no target %s", m[1])
		}
	}
}
