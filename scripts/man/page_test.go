// Package man holds the manual pages of section 7, and tests them and those that
// the programs make of themselves.
package man

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/tool/tooltest"
)

// programs are the names of what is built.
func programs(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("../../cmd")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// pages gives the sources of all pages by name and section: basof.1, and so on.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := written(t)
	bin := tooltest.Build(t)
	for _, name := range programs(t) {
		out, err := exec.Command(filepath.Join(bin, name), "-man").Output()
		if err != nil {
			t.Fatalf("%s -man: %v", name, err)
		}
		all[name+".1"] = string(out)
	}
	return all
}

// written gives the sources of the pages in this folder.
func written(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.7")
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	all := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[file] = string(text)
	}
	return all
}

// tool skips a test without a program that it needs.
func tool(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(err)
	}
}

// TestManual has all tests below it, so that the programs are built once.
func TestManual(t *testing.T) {
	tooltest.Build(t)
	t.Run("pages are clean", testPagesAreClean)
	t.Run("pages fit a terminal", testPagesFitATerminal)
	t.Run("pages lead to pages", testPagesLeadToPages)
	t.Run("every page is listed", testEveryPageIsListed)
	t.Run("manual has what help has", testManualHasWhatHelpHas)
	t.Run("examples are understood", testExamplesAreUnderstood)
	t.Run("examples run", testExamplesRun)
	t.Run("readme names targets", testReadmeNamesTargets)
	t.Run("JSON is described", testJSONIsDescribed)
	t.Run("stream", testStream)
	t.Run("SQL", testSQL)
	t.Run("Python", testPython)
	t.Run("workflows", testWorkflows)
	t.Run("workflows install what they need", testWorkflowInstalls)
	t.Run("units", testUnits)
}

func testPagesAreClean(t *testing.T) {
	all := pages(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		page := all[name]
		for i := range len(page) {
			if page[i] >= 0x80 {
				t.Errorf("%s has a character that is not ASCII, which some readers garble: %.20q", name, page[i:])
				break
			}
		}
		for _, line := range [][]string{
			{"mandoc", "-T", "lint", "-W", "warning"},
			{"groff", "-ww", "-mdoc", "-T", "utf8", "-z"},
		} {
			if _, err := exec.LookPath(line[0]); err != nil {
				continue
			}
			cmd := exec.Command(line[0], line[1:]...)
			cmd.Stdin = strings.NewReader(page)
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s: %v: %v\n%s", name, line, err, out)
			}
		}
	}
}

// testPagesFitATerminal reads the pages as a terminal of 80 columns shows them.
func testPagesFitATerminal(t *testing.T) {
	tool(t, "mandoc")
	for name, page := range pages(t) {
		cmd := exec.Command("mandoc", "-T", "ascii", "-O", "width=78")
		cmd.Stdin = strings.NewReader(page)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(regexp.MustCompile(".\b").ReplaceAllString(string(out), "")) {
			if len(strings.TrimSuffix(line, "\n")) > 80 {
				t.Errorf("%s: more than 80 columns: %s", name, line)
			}
		}
	}
}

// testPagesLeadToPages looks up every reference to a page of btools.
func testPagesLeadToPages(t *testing.T) {
	all := pages(t)
	reference := regexp.MustCompile(`(?m)^\.(?:It )?Xr (\S+) (\d)`)
	for name, page := range all {
		for _, m := range reference.FindAllStringSubmatch(page, -1) {
			if strings.HasPrefix(m[1], "b") && all[m[1]+"."+m[2]] == "" {
				t.Errorf("%s refers to %s(%s), which is not there", name, m[1], m[2])
			}
		}
	}
}

// testEveryPageIsListed holds btools(7) and the README to what there is.
func testEveryPageIsListed(t *testing.T) {
	all := pages(t)
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for page := range all {
		name, section := page[:len(page)-2], page[len(page)-1:]
		if name != "btools" && !strings.Contains(all["btools.7"], "\n.It Xr "+name+" "+section+"\n") {
			t.Errorf("btools(7) does not list %s(%s)", name, section)
		}
		if section == "7" && !bytes.Contains(readme, []byte("`"+name+"(7)`")) {
			t.Errorf("the README does not list %s(7)", name)
		}
	}
}

// testManualHasWhatHelpHas compares the page of each program with the help of
// each of its commands.
func testManualHasWhatHelpHas(t *testing.T) {
	bin := tooltest.Build(t)
	all := pages(t)
	help := func(args ...string) string {
		t.Helper()
		out, err := exec.Command(filepath.Join(bin, args[0]), append(args[1:], "-help")...).Output()
		if err != nil {
			t.Fatalf("%q -help: %v", args, err)
		}
		return string(out)
	}
	for _, name := range programs(t) {
		page := all[name+".1"]
		texts := map[string]string{name: help(name)}
		for _, row := range rows(texts[name], "Commands:") {
			command, _, _ := strings.Cut(strings.Fields(row)[0], ",")
			texts[name+" "+command] = help(name, command)
			if !strings.Contains(page, "\n.Ss "+name+" "+command+" ") {
				t.Errorf("the page of %s has no command %s", name, command)
			}
		}
		for command, text := range texts {
			for _, row := range rows(text, "Options:") {
				for _, flag := range regexp.MustCompile(`^-([a-zA-Z0-9-]+)(?:, -([a-zA-Z0-9-]+))?`).FindStringSubmatch(row)[1:] {
					if flag != "" && !regexp.MustCompile(`(?m)^\.It .*Fl (\\&)?`+strings.ReplaceAll(flag, "-", `\\-`)+`( |$)`).MatchString(page) {
						t.Errorf("the page of %s has no -%s", command, flag)
					}
				}
			}
			for _, row := range rows(text, "Environment:") {
				if !strings.Contains(page, "\n.It Ev "+strings.Fields(row)[0]+"\n") {
					t.Errorf("the page of %s has no %s", command, strings.Fields(row)[0])
				}
			}
		}
	}
}

// rows gives the rows of a table of a help text, without their second lines.
func rows(help, title string) []string {
	_, table, _ := strings.Cut(help, "\n"+title+"\n")
	var rows []string
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "  ") {
			break
		}
		if !strings.HasPrefix(line, "   ") {
			rows = append(rows, strings.TrimSpace(line))
		}
	}
	return rows
}
