package tool

import (
	"os/exec"
	"runtime/debug"
	"strings"
	"testing"
)

func TestManualPage(t *testing.T) {
	code, got, stderr := sample(t, "-man")
	want := `.Dd $Mdocdate$
.Dt SAMPLE 1
.Os btools devel
.Sh NAME
.Nm sample
.Nd "shows how a program is made"
.Sh SYNOPSIS
.Nm sample
.Ar [OPTION]... PATH...
.Nm sample
.Ar COMMAND [OPTION]... [ARGUMENT]...
.Sh DESCRIPTION
The first paragraph.
.Pp
The second one.
.Pp
Flags may stand before or after commands and arguments.
A flag beats its environment variable, and that the default.
.Sh OPTIONS
.Bl -tag -width Ds
.It Fl db Ar FILE
the knowledge base FILE (default kb.sqlite, $SAMPLE_DB)
.It Fl at Ar TIME
the moment: it\(aqs TIME, as C:\e or "2025-01-15" (default now)
.It Fl json , Fl j
print NDJSON
`
	if code != 0 || stderr != "" || !strings.HasPrefix(got, want) {
		t.Errorf("code %d, %s\n%s", code, stderr, got)
	}
	for _, part := range []string{
		".Ss sample ls [OPTION]... [PREFIX]\\&\nLists paths.\nIts other name is list.\n.Bl -tag -width Ds\n.It Fl exclude Ar GLOB\n",
		"\n.El\n.Pp\nIt also takes, as under OPTIONS: \\-db, \\-at, \\-json.\n",
		".Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev SAMPLE_DB\nis for \\-db.\n",
		"\n.It Ev SAMPLE_MEMORY_MB\nmemory to use in MiB (default 1024)\n.El\n.Sh EXIT STATUS\n",
		".Sh EXAMPLES\n.Bd -literal -offset indent\nsample a.md                 # shows a file\nsample ls \\-l docs\n.Ed\n",
	} {
		if !strings.Contains(got, part) {
			t.Errorf("no %q in\n%s", part, got)
		}
	}
	if again, page, _ := sample(t, "ls", "-man"); again != 0 || page != got {
		t.Errorf("a command has a page of its own:\n%s", page)
	}
}

// TestManualText has what roff would take for something else.
func TestManualText(t *testing.T) {
	for text, want := range map[string]string{
		".bscanignore":             `\&.bscanignore`,
		"'*' takes all, \\n":       `\(aq*\(aq takes all, \en`,
		"use -n, not well-known":   `use \-n, not well-known`,
		"`x` ^~ µs":                "\\`x\\` \\(ha\\(ti \\[u00B5]s",
		"One sentence. And -x. 2.": "One sentence.\nAnd \\-x.\n2.",
	} {
		var m manual
		m.text(text)
		if got := strings.TrimSuffix(m.String(), "\n"); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"N": "N", "Fl": `\&Fl`, "DIR": `\&DIR`, `a "b`: `"a \(dqb"`, "|": `\&|`, "1": "1"} {
		if got := argument(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	var m manual
	m.literal("sample " + strings.Repeat("x", 50) + " | jq -r '.a | .b' | sort    # what it is for")
	want := ".Bd -literal -offset indent\n# what it is for\nsample " + strings.Repeat("x", 50) + " |\n    jq \\-r \\(aq.a | .b\\(aq |\n    sort\n.Ed\n"
	if m.String() != want {
		t.Errorf("got\n%swant\n%s", &m, want)
	}
}

func TestManualDate(t *testing.T) {
	info := &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.time", Value: "2025-01-05T23:30:00Z"}}}
	if got := buildDate(info); got != "January 5, 2025" {
		t.Errorf("got %s", got)
	}
}

// TestFootOfAManualPage: on 80 columns, a longer version would run into the date.
func TestFootOfAManualPage(t *testing.T) {
	for version, want := range map[string]string{
		"v1.2.3":                               "v1.2.3",
		"v1.2.3-rc.1":                          "v1.2.3-rc.1",
		"devel":                                "devel",
		"v0.0.0-20250115100000-0123456789ab":   "0123456789ab",
		"v1.2.4-0.20250115100000-0123456789ab": "0123456789ab",
		"v1.2.4-rc.1.0.20250115100000-0123456789ab+dirty": "0123456789ab+dirty",
	} {
		if got := footVersion(version); got != want {
			t.Errorf("%s: got %s, want %s", version, got, want)
		}
	}
}

func TestManualPageIsClean(t *testing.T) {
	if _, err := exec.LookPath("mandoc"); err != nil {
		t.Skipf("the page is checked by mandoc: %v", err)
	}
	_, page, _ := sample(t, "-man")
	cmd := exec.Command("mandoc", "-T", "lint", "-W", "warning")
	cmd.Stdin = strings.NewReader(page)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s\n%s", err, out, page)
	}
}
