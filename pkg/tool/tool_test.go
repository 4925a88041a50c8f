package tool

import (
	"bytes"
	"context"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/config"
)

func TestFlagsReachTheCommandFromEitherSide(t *testing.T) {
	tests := []struct{ args, want string }{
		{"a.md", `show db=kb.sqlite at=now json=false [10 text] ["a.md"]`},
		{"a.md -at 2025-01-15", `show db=kb.sqlite at=2025-01-15 json=false [10 text] ["a.md"]`},
		{"-at -36h a.md -n=5 --json", `show db=kb.sqlite at=-36h json=true [5 text] ["a.md"]`},
		{"-n 5 a.md -n 6", `show db=kb.sqlite at=now json=false [6 text] ["a.md"]`},
		{"ls -json", `ls db=kb.sqlite at=now json=true [[] false] []`},
		{"-json ls", `ls db=kb.sqlite at=now json=true [[] false] []`},
		{"-j=false ls", `ls db=kb.sqlite at=now json=false [[] false] []`},
		{"-at T ls docs -l", `ls db=kb.sqlite at=T json=false [[] true] ["docs"]`},
		{"-at ls ls ls", `ls db=kb.sqlite at=ls json=false [[] false] ["ls"]`},
		{"-exclude a list -exclude b c", `ls db=kb.sqlite at=now json=false [[a b] false] ["c"]`},
		{"docs ls", `show db=kb.sqlite at=now json=false [10 text] ["docs" "ls"]`},
		{"-- ls", `show db=kb.sqlite at=now json=false [10 text] ["ls"]`},
		{"-- -x.md -- -json", `show db=kb.sqlite at=now json=false [10 text] ["-x.md" "--" "-json"]`},
		{"ls - -- diff", `ls db=kb.sqlite at=now json=false [[] false] ["-" "diff"]`},
		{"-db -- x", `show db=-- at=now json=false [10 text] ["x"]`},
		{"", `show db=kb.sqlite at=now json=false [10 text] []`},
	}
	for _, test := range tests {
		code, stdout, stderr := sample(t, strings.Fields(test.args)...)
		if code != 0 || stdout != test.want+"\n" || stderr != "" {
			t.Errorf("%s: code %d\n got %s want %s\n%s", test.args, code, stdout, test.want, stderr)
		}
	}
}

func TestErrorsBecomeOneCodeAndOneMessage(t *testing.T) {
	const see = "sample: hint: see sample --help\n"
	tests := []struct {
		args   string
		code   int
		stderr string
	}{
		{"fail", 1, "sample: error: open kb: file does not exist\nsample: hint: make one with bingest\nsample: hint: or give -db\n"},
		{"two", 1, "sample: error: first\nsample: error: second\nsample: hint: try\n"},
		{"usage", 2, "sample: error: read options: -a and -b exclude each other\n" + see},
		{"partial", 3, ""},
		{"nothing", 4, "sample: error: a.md: not there\n"},
		{"warn", 0, "sample: warning: a root moved\nsample: hint: use -prefix\n"},
		{"name", 1, "sample: error: open a\x1b[2Jb\n"},
		{"-n abc x", 2, `sample: error: -n: "abc" is not a whole number from 1 to 100` + "\n" + see},
		{"-json=maybe ls", 2, `sample: error: -json: "maybe" is not true or false, 1 or 0` + "\nsample: hint: see sample ls --help\n"},
		{"a.md -n", 2, "sample: error: flag -n needs a value\n" + see},
		{"--jsn a.md", 2, "sample: error: unknown flag -jsn\nsample: hint: did you mean -json\n"},
		{"-x.md", 2, "sample: error: unknown flag -x.md\n" + see + "sample: hint: a name that begins with - goes after --\n"},
		{"ls ---", 2, "sample: error: unknown flag --\nsample: hint: see sample ls --help\nsample: hint: a name that begins with - goes after --\n"},
		{"ls -n 5", 2, "sample: error: unknown flag -n\nsample: hint: -n is a flag of sample\n"},
		{"-l", 2, "sample: error: unknown flag -l\nsample: hint: -l is a flag of sample list, sample ls\n"},
		{"-completion ksh", 2, `sample: error: -completion: "ksh" is not one of bash, zsh, fish` + "\n" + see},
	}
	for _, test := range tests {
		code, stdout, stderr := sample(t, strings.Fields(test.args)...)
		if code != test.code || stdout != "" || stderr != test.stderr {
			t.Errorf("%s: got code %d, stdout %q, stderr\n%swant code %d\n%s", test.args, code, stdout, stderr, test.code, test.stderr)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("SAMPLE_N", "many")
	code, _, stderr := sample(t, "a.md")
	want := `sample: error: SAMPLE_N: "many" is not a whole number from 1 to 100` + "\nsample: hint: see sample --help\n"
	if code != ExitUsage || stderr != want {
		t.Errorf("got code %d, stderr %s", code, stderr)
	}
	// A variable that the command does not use does no harm.
	if code, _, stderr := sample(t, "ls"); code != 0 {
		t.Errorf("ls: got code %d, stderr %s", code, stderr)
	}
	if code, _, stderr := sample(t, "-n", "3", "a.md"); code != 0 {
		t.Errorf("-n 3: got code %d, stderr %s", code, stderr)
	}
}

func TestPrintConfig(t *testing.T) {
	t.Setenv("SAMPLE_DB", "other.sqlite")
	code, stdout, stderr := sample(t, "-l", "ls", "fail", "-print-config")
	want := `-db, SAMPLE_DB    other.sqlite  environment
-at               now           default
-json             false         default
-exclude          ""            default
-l                true          flag
SAMPLE_MEMORY_MB  1024          default
`
	if code != 0 || stdout != want || stderr != "" {
		t.Errorf("got code %d\n%s%swant\n%s", code, stdout, stderr, want)
	}
}

func TestInterruption(t *testing.T) {
	interrupted, interrupt := context.WithCancelCause(context.Background())
	interrupt(ErrInterrupted)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	tests := []struct {
		ctx    context.Context
		arg    string
		code   int
		stderr string
	}{
		{interrupted, "cancel", ExitInterrupted, "sample: error: interrupted\n"},
		{interrupted, "fail", ExitFailed, "sample: error: open kb: file does not exist\nsample: hint: make one with bingest\nsample: hint: or give -db\n"},
		{interrupted, "saved", ExitPartial, "sample: error: interrupted, but saved\n"},
		{interrupted, "short", ExitOK, ""},
		{cancelled, "cancel", ExitFailed, "sample: error: walk: context canceled\n"},
	}
	for _, test := range tests {
		var stdout, stderr bytes.Buffer
		code := Run(test.ctx, newSample(), []string{test.arg}, nil, &stdout, &stderr)
		if code != test.code || stderr.String() != test.stderr {
			t.Errorf("%s: got code %d, stderr %s", test.arg, code, &stderr)
		}
	}
}

func TestHelp(t *testing.T) {
	want := `Examples:
  sample a.md                 # shows a file
  sample ls -l docs

Usage:
  sample [OPTION]... PATH...
  sample COMMAND [OPTION]... [ARGUMENT]...

sample: shows how a program is made

The first paragraph.

The second one.

Commands:
  ls, list  lists paths
  diff      shows: what changed

Options:
  -db FILE           the knowledge base FILE (default kb.sqlite, $SAMPLE_DB)
  -at TIME           the moment: it's TIME, as C:\ or "2025-01-15" (default now)
  -json, -j          print NDJSON
  -n N               how many (default 10, $SAMPLE_N)
  -format text|html  what to print (default text)
  -print-config      print each setting, its value and where it came from
  -completion SHELL  print a completion script for SHELL: bash, zsh, fish
  -man               print the manual page, in mdoc, for man -l -
  -help, -h          print this help
  -version           print the version

Exit codes:
  0    all done
  1    failed
  2    the command line or the environment is wrong
  3    done, but not all, as stderr says; damage found (bcheck); a limit broken (breport)
  4    nothing of that name was there, or nothing at that time
  130  interrupted

sample COMMAND --help tells more about a command.
`
	// Help wins over whatever else is wrong with the line.
	for _, args := range []string{"--help", "-h", "-help", "a.md -n abc --help", "-no-such-flag -h"} {
		code, stdout, stderr := sample(t, strings.Fields(args)...)
		if code != 0 || stdout != want || stderr != "" {
			t.Errorf("%s: got code %d\n%s%s", args, code, stdout, stderr)
		}
	}
	code, stdout, _ := sample(t, "ls", "--help")
	for _, part := range []string{
		"Usage:\n  sample ls [OPTION]... [PREFIX]\n\nlists paths\n\nOptions:\n",
		"  -l                 long, with a usage text that goes on and on until it has to be broken into two\n" +
			"                     lines at least\n",
		"\nEnvironment:\n  SAMPLE_MEMORY_MB  memory to use in MiB (default 1024)\n",
	} {
		if code != 0 || !strings.Contains(stdout, part) {
			t.Errorf("code %d: no %q in\n%s", code, part, stdout)
		}
	}
	for l := range strings.Lines(stdout) {
		if len(l) > helpWidth+1 {
			t.Errorf("a line of %d columns: %s", len(l), l)
		}
	}
	if code, stdout, _ := sample(t, "--", "--help"); code != 0 || strings.Contains(stdout, "Usage") {
		t.Errorf("after --, --help is an argument; got code %d\n%s", code, stdout)
	}
}

func TestVersion(t *testing.T) {
	code, stdout, _ := sample(t, "--version")
	lines := strings.Split(stdout, "\n")
	if code != 0 || len(lines) != 5 || !strings.HasPrefix(lines[0], "sample ") || !strings.HasPrefix(lines[1], "go1.") ||
		lines[2] != "a b" || lines[3] != "sqlite 3.50.4" {
		t.Errorf("got code %d\n%s", code, stdout)
	}
	tests := []struct {
		version  string
		settings []debug.BuildSetting
		want     string
	}{
		{"", nil, "devel"},
		{"(devel)", nil, "devel"},
		{"v1.2.3", nil, "v1.2.3"},
		{"(devel)", []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}},
			"devel (revision 0123456789ab, modified)"},
		{"v1.2.3", []debug.BuildSetting{{Key: "vcs.modified", Value: "false"}, {Key: "vcs.revision", Value: "01"}}, "v1.2.3 (revision 01)"},
	}
	for _, test := range tests {
		info := &debug.BuildInfo{Main: debug.Module{Version: test.version}, Settings: test.settings}
		if got := buildVersion(info); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestProgramWithoutDefaultAction(t *testing.T) {
	newApp := func() *cli.App {
		return &cli.App{Name: "bare", Usage: "has commands only", Commands: []*cli.Command{{
			Name: "status", Usage: "shows it", Action: func(*cli.Context) error { return nil },
		}}}
	}
	tests := []struct {
		args   string
		code   int
		stderr string
	}{
		{"status", 0, ""},
		{"", 2, "bare: error: a command is missing\nbare: hint: see bare --help\n"},
		{"statsu", 2, "bare: error: unknown command \"statsu\"\nbare: hint: did you mean status\n"},
		{"qqq", 2, "bare: error: unknown command \"qqq\"\nbare: hint: see bare --help\n"},
	}
	for _, test := range tests {
		var stdout, stderr bytes.Buffer
		code := Run(context.Background(), newApp(), strings.Fields(test.args), nil, &stdout, &stderr)
		if code != test.code || stderr.String() != test.stderr || stdout.Len() > 0 {
			t.Errorf("%s: got code %d, %s%s", test.args, code, &stdout, &stderr)
		}
	}
	var stdout bytes.Buffer
	Run(context.Background(), newApp(), []string{"-h"}, nil, &stdout, &stdout)
	if want := "Usage:\n  bare COMMAND [OPTION]... [ARGUMENT]...\n\nbare: has commands only\n"; !strings.HasPrefix(stdout.String(), want) {
		t.Errorf("got\n%s", &stdout)
	}
}

func TestFlagOfTwoKindsPanics(t *testing.T) {
	var a, b config.Set
	a.Bool("x", "", "")
	b.String("x", "", "", "")
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	app := &cli.App{Name: "x", Flags: Flags(&a), Commands: []*cli.Command{{Name: "y", Flags: Flags(&b)}}}
	Run(context.Background(), app, nil, nil, new(bytes.Buffer), new(bytes.Buffer))
}

func TestDisplay(t *testing.T) {
	tests := []struct{ name, want string }{
		{"docs/a b.md", "docs/a b.md"},
		{"it's $'x' \\n ä 日本", "it's $'x' \\n ä 日本"},
		{"a\nb", `$'a\nb'`},
		{"it's\t\\", `$'it\'s\t\\'`},
		{"\x1b[2J\x7f", `$'\x1B[2J\x7F'`},
		{"bad\xff", `$'bad\xFF'`},
		{"\u202egnp.exe", `$'\xE2\x80\xAEgnp.exe'`},
		{"\u009b2J", `$'\xC2\x9B2J'`},
		{"", ""},
	}
	for _, test := range tests {
		if got := Display(test.name, true); got != test.want {
			t.Errorf("%q: got %s, want %s", test.name, got, test.want)
		}
		if got := Display(test.name, false); got != test.name {
			t.Errorf("%q: got %q off a terminal", test.name, got)
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"json", "exclude", "max-delete", "at", "l", "db"}
	tests := []struct{ word, want string }{
		{"jsno", "json"}, {"exclud", "exclude"}, {"exlcude", "exclude"}, {"max_delete", "max-delete"}, {"max-deleet", "max-delete"},
		{"ta", "at"}, {"x", ""}, {"zz", ""}, {"jungle", ""}, {"", ""},
	}
	for _, test := range tests {
		if got := Nearest(test.word, words); got != test.want {
			t.Errorf("%s: got %q, want %q", test.word, got, test.want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0 records", 1: "1 record", 2: "2 records"} {
		if got := Count(n, "record"); got != want {
			t.Errorf("%d: %q, not %q", n, got, want)
		}
	}
}
