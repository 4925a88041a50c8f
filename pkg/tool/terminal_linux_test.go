package tool

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/tool/tooltest"
)

func TestStdinFromATerminalPrintsHelp(t *testing.T) {
	_, terminal := tooltest.Terminal(t)
	var stdout, stderr bytes.Buffer
	cmd := process(t, "read")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, &stdout, &stderr
	code := exitCode(t, cmd.Run())
	text := stderr.String()
	if code != ExitUsage || stdout.Len() > 0 || !strings.HasPrefix(text, "Examples:\n  sample a.md") ||
		!strings.HasSuffix(text, "\nsample: error: stdin is a terminal, where a pipe or a file is expected\n") {
		t.Errorf("got code %d, stdout %s, stderr %s", code, &stdout, text)
	}
}

func TestMessagesOnATerminalAreEscaped(t *testing.T) {
	control, terminal := tooltest.Terminal(t)
	cmd := process(t, "name")
	cmd.Stderr = terminal
	if code := exitCode(t, cmd.Run()); code != ExitFailed {
		t.Errorf("got code %d", code)
	}
	text := make([]byte, 1000)
	n, err := control.Read(text)
	if got := string(text[:n]); err != nil || got != "sample: error: open a\\x1B[2Jb\r\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestOutputToATerminalIsSeenAtOnce(t *testing.T) {
	control, terminal := tooltest.Terminal(t)
	out := newOutput(terminal)
	if _, err := out.Write([]byte("seen")); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 100)
	if n, err := control.Read(text); err != nil || string(text[:n]) != "seen" {
		t.Errorf("got %q, %v", text[:n], err)
	}
}

func TestColor(t *testing.T) {
	_, terminal := tooltest.Terminal(t)
	tests := []struct {
		noColor, term string
		want          bool
	}{{"", "xterm", true}, {"1", "xterm", false}, {"", "dumb", false}}
	for _, test := range tests {
		t.Setenv("NO_COLOR", test.noColor)
		t.Setenv("TERM", test.term)
		if got := Color(newOutput(terminal)); got != test.want {
			t.Errorf("%+v: got %t", test, got)
		}
		if Color(new(bytes.Buffer)) {
			t.Errorf("%+v: colour off a terminal", test)
		}
	}
}

// TestControlsOnATerminal writes what a terminal would obey: controls above ASCII
// always lose their force, and those of contents too.
func TestControlsOnATerminal(t *testing.T) {
	control, terminal := tooltest.Terminal(t)
	out := newOutput(terminal)
	text := make([]byte, 200)
	for _, test := range []struct {
		w    io.Writer
		in   string
		want string
	}{
		{out, "{\"a\":\"\u009b2J\x7f ü\"}", "{\"a\":\"\\u009b2J\\u007f ü\"}"},
		{out, "\x1b[31mred\x1b[m", "\x1b[31mred\x1b[m"}, // our own colours
		{Visible(out), "a\tb \x1b[2J\n\u009b\xff\n", "a\tb \\x1B[2J\r\n\\xC2\\x9B\\xFF\r\n"},
	} {
		if n, err := io.WriteString(test.w, test.in); n != len(test.in) || err != nil {
			t.Errorf("%q: %d, %v", test.in, n, err)
		}
		n, err := control.Read(text)
		if got := string(text[:n]); err != nil || strings.ReplaceAll(got, "        ", "\t") != test.want {
			t.Errorf("%q is shown as %q, %v", test.in, got, err)
		}
	}
	var plain bytes.Buffer
	if Visible(&plain) != io.Writer(&plain) {
		t.Error("off a terminal, something is changed")
	}
}
