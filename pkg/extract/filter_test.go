package extract

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/kb"
)

func TestParseFilter(t *testing.T) {
	for s, want := range map[string][]string{
		"pdf=pdftotext - -":            {"pdf", "pdftotext", "-", "-"},
		".PDF= pdftotext  -\t- ":       {"pdf", "pdftotext", "-", "-"},
		`x=a "b c" 'd "e' f\ g ''`:     {"x", "a", "b c", `d "e`, "f g", ""},
		`x=a "b\"c\d" 'e\f' g'h'"i"\j`: {"x", "a", `b"c\d`, `e\f`, "ghij"},
		"x=a b=c $HOME *;&|":           {"x", "a", "b=c", "$HOME", "*;&|"},
		"x=größe 大":                    {"x", "größe", "大"},
	} {
		f, err := ParseFilter(s)
		if err != nil {
			t.Errorf("%q: %v", s, err)
		} else if got := append([]string{f.Ext}, f.Argv...); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
	for _, s := range []string{"", "pdf", "=a", "pdf=", "pdf= ", "pdf=''", `pdf=a "b`, "pdf=a 'b", `pdf=a \`, "a/b=c", "tar.gz=c", "*=c", ".*=c", "htm?=c"} {
		if f, err := ParseFilter(s); err == nil {
			t.Errorf("%q: got %+v, want an error", s, f)
		} else if !strings.Contains(err.Error(), strconv.Quote(s)) {
			t.Errorf("%q: error %q does not show it", s, err)
		}
	}
}

func TestFilterHandles(t *testing.T) {
	f := &Filter{Ext: "pdf"}
	for path, want := range map[string]bool{"a/b.pdf": true, "B.PDF": true, "a.pdf.txt": false, "pdf": false, ".pdf": false, "a.pdf/b": false} {
		if f.Handles(path) != want {
			t.Errorf("%s: got %v", path, !want)
		}
	}
}

func shell(script string) *Filter {
	return &Filter{Ext: "x", Argv: []string{"sh", "-c", script}}
}

func TestFilterRun(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 1<<16) // more than a pipe holds
	for name, test := range map[string]struct {
		filter *Filter
		want   string
	}{
		"passes everything on":      {shell("cat"), long},
		"reads nothing":             {shell("echo done"), "done\n"},
		"writes nothing":            {shell("cat >/dev/null"), ""},
		"just as much as it may":    {&Filter{Argv: []string{"cat"}, MaxOutput: int64(len(long))}, long},
		"talks on stderr and works": {shell("echo warning >&2; echo text"), "text\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := test.filter.Run(t.Context(), []byte(long))
			if err != nil || string(got) != test.want {
				t.Errorf("got %d bytes, %v; want %d bytes", len(got), err, len(test.want))
			}
		})
	}
}

// A filter reads what strangers wrote, and has no use for the keys of the embedding
// server.
func TestFilterHasNoKeys(t *testing.T) {
	for _, name := range []string{"BATCH_EMBED_KEY", "OPENAI_API_KEY", "BATCH_EMBED_KEYS"} {
		t.Setenv(name, "sesame")
	}
	got, err := shell("env | grep -F sesame").Run(t.Context(), nil)
	if err != nil || string(got) != "BATCH_EMBED_KEYS=sesame\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestFilterFails(t *testing.T) {
	for name, test := range map[string]struct {
		filter *Filter
		class  kb.Class
		code   kb.Code
		says   string
		not    string
	}{
		"exit status": {shell("echo no such font >&2; exit 3"), kb.Processing, Failed, "filter sh: exit status 3: no such font", ""},
		"signal":      {shell("kill -9 $$"), kb.Processing, Failed, "signal: killed", ""},
		"not there":   {&Filter{Argv: []string{"./no-such-program"}}, kb.Processing, Failed, "no-such-program", ""},
		"end of what it says": {shell("echo first >&2; yes middle | head -n 2000 >&2; echo last >&2; exit 1"),
			kb.Processing, Failed, "middle last", "first"},
		"too much": {&Filter{Argv: []string{"sh", "-c", "echo why >&2; yes"}, MaxOutput: 1 << 20},
			kb.Processing, Failed, "more than 1048576 bytes: why", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := test.filter.Run(t.Context(), []byte("text"))
			var fault *kb.Fault
			if !errors.As(err, &fault) || fault.Class != test.class || fault.Code != test.code {
				t.Fatalf("got %v, want %s/%s", err, test.class, test.code)
			}
			if !strings.Contains(err.Error(), test.says) || test.not != "" && strings.Contains(err.Error(), test.not) {
				t.Errorf("says %q, want %q", err, test.says)
			}
			if len(err.Error()) > lastWords+200 {
				t.Errorf("says %d bytes", len(err.Error()))
			}
		})
	}
}

// TestFilterGroup asserts that what a filter has started ends with it.
func TestFilterGroup(t *testing.T) {
	for name, end := range map[string]struct{ script, reason string }{
		"after too much":   {"yes", "wrote too much"},
		"after it has run": {"exit 1", "exit status 1"},
		"beside its end":   {"exit 0", "has not closed its output"},
	} {
		t.Run(name, func(t *testing.T) {
			child := filepath.Join(t.TempDir(), "child")
			f := shell("sleep 1000 & echo $! > " + child + "; " + end.script)
			f.MaxOutput = 1 << 20
			if _, err := f.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), end.reason) {
				t.Errorf("got %v, want %s", err, end.reason)
			}
			checkEnded(t, child)
		})
	}
}

// TestFilterTimeout gives a filter more and more time until it has come as far as
// to wait, which takes longer on a busy machine.
func TestFilterTimeout(t *testing.T) {
	child := filepath.Join(t.TempDir(), "child")
	f := shell("echo why >&2; sleep 1000 & echo $! > " + child + ".part; mv " + child + ".part " + child + "; sleep 1000")
	var err error
	for f.Timeout = 200 * time.Millisecond; ; f.Timeout *= 2 {
		_, err = f.Run(t.Context(), nil)
		if _, missing := os.Stat(child); missing == nil {
			break
		}
	}
	var fault *kb.Fault
	if !errors.As(err, &fault) || fault.Class != kb.ExceptionAfterRetries || fault.Code != kb.Timeout {
		t.Errorf("got %v, want a timeout", err)
	} else if want := "took too long: more than " + f.Timeout.String() + ": why"; !strings.Contains(err.Error(), want) {
		t.Errorf("says %q, want %q", err, want)
	}
	checkEnded(t, child)
}

// checkEnded asserts that the process whose number a file holds has ended.
func checkEnded(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if !ended(pid) {
		t.Errorf("process %d is still there", pid)
	}
}

// ended reports whether a process ends within some seconds. One that nobody has
// waited for has ended too.
func ended(pid int) bool {
	for range 500 {
		if errors.Is(unix.Kill(pid, 0), unix.ESRCH) {
			return true
		}
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err == nil && strings.Contains(string(stat), ") Z ") {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

func TestFilterCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	_, err := shell("sleep 100").Run(ctx, nil)
	var fault *kb.Fault
	if !errors.Is(err, context.Canceled) || errors.As(err, &fault) {
		t.Errorf("got %v, want that of the context alone", err)
	}
}
