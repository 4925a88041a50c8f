package tool

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/config"
	"github.com/seed16713943/btools/pkg/tool/tooltest"
)

// newWorker is a program that tells of its progress until its stdin is closed, and
// warns of each line that it reads; of "form" it tells whether it will draw, without
// the wait that comes before, and what comes after "print" it prints.
func newWorker() *cli.App {
	var set config.Set
	progress := AddProgress(&set, true)
	return &cli.App{Name: "sample", Flags: Flags(&set), Action: func(c *cli.Context) error {
		shown := progress.Start(c, ProgressOptions{One: "record", Feeds: c.Args().First() == "feeding"})
		defer shown.Close()
		shown.Tell(Done{Files: 5, Of: 20, Failed: 1, Bytes: 3 << 20, Chunks: 1})
		lines := bufio.NewScanner(c.App.Reader)
		for lines.Scan() {
			if lines.Text() == "form" {
				fmt.Fprintf(shown.stderr, "draws: %t\r\n", shown.form == asBar)
				continue
			}
			if line, ok := strings.CutPrefix(lines.Text(), "print "); ok {
				fmt.Fprintln(shown.Beside(c.App.Writer), line)
				continue
			}
			Warn(c, errors.New(lines.Text()))
		}
		shown.Tell(Done{Files: 20, Of: 20, Failed: 1, Bytes: 9 << 20, Chunks: 2})
		return nil
	}}
}

func worker(t *testing.T, args ...string) *exec.Cmd {
	cmd := process(t, args...)
	cmd.Env = append(cmd.Env, "BTOOLS_SAMPLE=worker")
	return cmd
}

// A window is a terminal with a program in it.
type window struct {
	t       *testing.T
	control *os.File
	name    *os.File
	seen    string
	stdin   io.WriteCloser
	cmd     *exec.Cmd
}

// openWindow starts the sample program with its stderr on a terminal of a width.
func openWindow(t *testing.T, width uint16, args ...string) *window {
	t.Helper()
	w := &window{t: t}
	w.control, w.name = tooltest.Terminal(t)
	w.resize(width)
	stdout, err := os.Create(t.TempDir() + "/stdout")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdout.Close() })
	w.cmd = worker(t, args...)
	w.cmd.Env = append(w.cmd.Env, "TERM=xterm", "BATCH_PROGRESS_INTERVAL=")
	w.cmd.Stdout, w.cmd.Stderr = stdout, w.name
	if w.stdin, err = w.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *window) start() {
	w.t.Helper()
	if err := w.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = w.cmd.Process.Kill() })
}

func (w *window) resize(width uint16) {
	w.t.Helper()
	if err := unix.IoctlSetWinsize(int(w.control.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: width, Row: 10}); err != nil {
		w.t.Fatal(err)
	}
}

// await reads what the terminal was given until a pattern has come.
func (w *window) await(pattern string) string {
	w.t.Helper()
	return regexp.MustCompile(pattern).FindString(w.awaitAll(pattern))
}

// awaitAll is await, and gives all that has come since the last call.
func (w *window) awaitAll(pattern string) string {
	w.t.Helper()
	re := regexp.MustCompile(pattern)
	text := make([]byte, 1000)
	for {
		if found := re.FindStringIndex(w.seen); found != nil {
			all := w.seen[:found[1]]
			w.seen = w.seen[found[1]:]
			return all
		}
		n, err := w.control.Read(text)
		if err != nil {
			w.t.Fatalf("no %s in %q: %v", pattern, w.seen, err)
		}
		w.seen += string(text[:n])
	}
}

// rest ends the program by closing its stdin, and gives what else the terminal saw.
func (w *window) rest() string {
	w.t.Helper()
	if err := w.stdin.Close(); err != nil {
		w.t.Fatal(err)
	}
	if code := exitCode(w.t, w.cmd.Wait()); code != ExitOK {
		w.t.Errorf("exit code %d", code)
	}
	fmt.Fprint(w.name, "END")
	text := make([]byte, 1000)
	for !strings.Contains(w.seen, "END") {
		n, err := w.control.Read(text)
		if err != nil {
			w.t.Fatal(err)
		}
		w.seen += string(text[:n])
	}
	return w.seen
}

func TestBarFitsTheWindow(t *testing.T) {
	w := openWindow(t, 100)
	w.start()
	w.await(`\r\x1b\[Jsample  5 records  1 failed  3\.0 MiB  [0-9]+/s  [0-9]+s( left)?  [0-9.]+ MiB RAM  25%  \[=+>-+\]\r`)
	w.resize(40)
	frame := w.await(`\r\x1b\[J5 records  1 failed  [^\r]*25%\r`)
	if n := len(frame) - len("\r\x1b[J\r"); n >= 40 {
		t.Errorf("%d columns: %q", n, frame)
	}
	w.resize(20)
	w.await(`\r\x1b\[J5 records  25%\r`)
	w.resize(5)
	w.await(`\r\x1b\[J5 re\r`)
	if rest := w.rest(); !strings.HasSuffix(rest, "\r\x1b[KEND") {
		t.Errorf("the bar stays: %q", rest)
	}
}

func TestMessagesStandAboveTheBar(t *testing.T) {
	w := openWindow(t, 80)
	w.start()
	w.await(`25%`)
	fmt.Fprintln(w.stdin, "a root moved")
	w.await(`\r\x1b\[Ksample: warning: a root moved\r\nsample  5 records  [^\r\n]*\r`)
	if rest := w.rest(); !strings.HasSuffix(rest, "\r\x1b[KEND") || strings.Contains(rest, "warning") {
		t.Errorf("got %q", rest)
	}
}

func TestStdoutStandsAboveTheBar(t *testing.T) {
	w := openWindow(t, 80)
	w.cmd.Stdout = w.name
	w.start()
	w.await(`25%`)
	fmt.Fprintln(w.stdin, "print damage")
	w.await(`\r\x1b\[Kdamage\r\n\r\x1b\[Ksample  5 records  [^\r\n]*\r`)
	if rest := w.rest(); !strings.HasSuffix(rest, "\r\x1b[KEND") {
		t.Errorf("the bar stays: %q", rest)
	}
}

func TestNoMessageIsLostAtTheEnd(t *testing.T) {
	w := openWindow(t, 80)
	w.start()
	w.await(`25%`)
	fmt.Fprintln(w.stdin, "the last word")
	if rest := w.rest(); strings.Count(rest, "sample: warning: the last word\r\n") != 1 {
		t.Errorf("got %q", rest)
	}
}

func TestSecondSignalErasesTheBar(t *testing.T) {
	w := openWindow(t, 80)
	w.start()
	w.await(`25%`)
	for w.cmd.ProcessState == nil {
		// A signal that comes before the one before it was taken is lost.
		if err := w.cmd.Process.Signal(os.Interrupt); err != nil {
			break
		}
		if done, _ := exited(w.cmd.Process.Pid); done {
			break
		}
	}
	if code := exitCode(t, w.cmd.Wait()); code != ExitInterrupted {
		t.Errorf("exit code %d", code)
	}
	fmt.Fprint(w.name, "END")
	w.await("\r\x1b\\[JEND")
}

// openShell is openWindow with an interactive shell in it, for which $SAMPLE is the
// sample program, and what is written to stdin comes from <&3.
func openShell(t *testing.T) *window {
	t.Helper()
	w := openWindow(t, 80)
	lines, stdin, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close() })
	w.cmd.Env = append(w.cmd.Env, "SAMPLE="+w.cmd.Path, "PS1=ready> ", "HISTFILE=")
	w.cmd.Path, w.cmd.Args = "/bin/bash", []string{"bash", "--norc", "--noprofile", "--noediting", "-i"}
	w.cmd.Stdin, w.cmd.Stdout, w.cmd.ExtraFiles = w.name, w.name, []*os.File{lines}
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	w.stdin = stdin
	w.start()
	lines.Close()
	w.await("ready> ")
	return w
}

// keys types.
func (w *window) keys(text string) {
	w.t.Helper()
	if _, err := io.WriteString(w.control, text); err != nil {
		w.t.Fatal(err)
	}
}

// TestBackgroundDoesNotDraw has a shell send the program to the background and get
// it back, in a window where somebody types.
func TestBackgroundDoesNotDraw(t *testing.T) {
	const bar, clear = "sample  5 records", "\x1b["
	w := openShell(t)
	// Two messages, of which the second comes with a frame that begins later.
	twoFrames := func() (seen string) {
		for _, message := range []string{"one", "two"} {
			fmt.Fprintln(w.stdin, message)
			seen += w.awaitAll("sample: warning: " + message + "\r\n")
		}
		return seen
	}

	w.keys(`"$SAMPLE" <&3 &` + "\n")
	w.await("ready> ")
	time.Sleep(2 * barDelay) // after that it would draw
	if seen := twoFrames(); strings.Contains(seen, clear) || strings.Contains(seen, bar) {
		t.Fatalf("started in the background, it draws: %q", seen)
	}
	w.keys("fg\n")
	w.await(bar)

	w.keys("\x1a")
	w.await(`Stopped.*\r\nready> `)
	w.keys("bg\n")
	w.await(`&\r\n`)
	w.keys("typing")
	if seen := twoFrames(); strings.Contains(seen, clear) || strings.Contains(seen, bar) {
		t.Fatalf("sent to the background, it draws: %q", seen)
	}
	fmt.Fprintln(w.stdin, "print damage")
	if seen := w.awaitAll("damage\r\n"); strings.Contains(seen, clear) {
		t.Errorf("stdout clears the line: %q", seen)
	}
	w.keys("\x15fg\n") // what was typed is taken back
	w.await(bar)

	w.keys("\x1a")
	w.await(`Stopped.*\r\nready> `)
	w.keys("bg; exec 3<&-\n")
	w.await("&\r\nready> ")
	fmt.Fprintln(w.stdin, "the last word")
	if err := w.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	w.keys("wait; echo end; exit\n")
	if seen := w.awaitAll(`\r\nend\r\n`); strings.Contains(seen, clear) || !strings.Contains(seen, "sample: warning: the last word\r\n") {
		t.Errorf("at its end in the background: %q", seen)
	}
	if code := exitCode(t, w.cmd.Wait()); code != ExitOK {
		t.Errorf("exit code %d", code)
	}
}

func TestBackgroundClearsNoLine(t *testing.T) {
	for name, test := range map[string]struct{ keys, want string }{
		"a message of a program that feeds another": {`BTOOLS_SAMPLE=1 "$SAMPLE" warn | cat &`, "hint: use -prefix"},
		"the second signal":                         {`"$SAMPLE" <&3 & sleep 0.2; kill %1; sleep 0.2; kill %1; wait; echo e"n"d`, "end"},
	} {
		t.Run(name, func(t *testing.T) {
			w := openShell(t)
			w.keys(test.keys + "\n")
			if seen := w.awaitAll(test.want + "\r\n"); strings.Contains(seen, "\x1b[") {
				t.Errorf("got %q", seen)
			}
		})
	}
}

// exited reports whether a child has ended, and leaves it to be waited for.
func exited(pid int) (bool, error) {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return err == nil && info.Signo != 0, err
}

func TestWhoDraws(t *testing.T) {
	const drawn, silent = "25%", "nothing"
	for name, test := range map[string]struct {
		args []string
		env  string
		pipe bool
		want string
	}{
		"a program that feeds a pipe":      {[]string{"feeding"}, "", true, silent},
		"unless it is told to":             {[]string{"feeding", "-progress", "bar"}, "", true, drawn},
		"one that feeds a file":            {[]string{"feeding"}, "", false, drawn},
		"the last one, before jq":          {nil, "", true, drawn},
		"nobody if told not to":            {[]string{"-progress", "none"}, "", false, silent},
		"nobody on a dumb terminal":        {nil, "TERM=dumb", false, silent},
		"a bar has no colour to leave out": {nil, "NO_COLOR=1", false, drawn},
	} {
		t.Run(name, func(t *testing.T) {
			w := openWindow(t, 80, test.args...)
			w.cmd.Env = append(w.cmd.Env, test.env)
			if test.pipe {
				w.cmd.Stdout = nil
				stdout, err := w.cmd.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				defer stdout.Close()
			}
			w.start()
			fmt.Fprintln(w.stdin, "form")
			w.await(fmt.Sprintf("draws: %t", test.want == drawn))
			if test.want == drawn {
				w.await(drawn)
			} else if rest := w.rest(); strings.TrimSpace(rest) != "END" {
				t.Errorf("got %q", rest)
			}
		})
	}
}

func TestMessageOfAFeedingProgramTakesTheLine(t *testing.T) {
	w := openWindow(t, 80)
	w.cmd = process(t, "warn")
	w.cmd.Stderr, w.cmd.Env = w.name, append(w.cmd.Env, "TERM=xterm")
	w.stdin, _ = w.cmd.StdinPipe()
	w.cmd.Stdout = nil
	stdout, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	w.start()
	want := "\r\x1b[Ksample: warning: a root moved\r\n\r\x1b[Ksample: hint: use -prefix\r\nEND"
	if rest := w.rest(); rest != want {
		t.Errorf("got %q", rest)
	}
}

func TestProgressOffATerminal(t *testing.T) {
	for args, want := range map[string]string{
		"":               `\A\z`,
		"-progress bar":  `\A\z`,
		"-progress none": `\A\z`,
		"-progress 1":    `\Asample: 5 records, \d+ a second, 1 failed\nsample: 20 records, \d+ a second, 1 failed\n\z`,
		"-progress 2":    `\Asample: 20 records, \d+ a second, 1 failed\n\z`,
	} {
		cmd := worker(t, strings.Fields(args)...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		cmd.Env = append(cmd.Env, "BATCH_PROGRESS_INTERVAL=")
		if code := exitCode(t, cmd.Run()); code != ExitOK || !regexp.MustCompile(want).MatchString(stderr.String()) {
			t.Errorf("%s: got code %d, %q", args, code, stderr.String())
		}
	}
	t.Setenv("BATCH_PROGRESS_INTERVAL", "2")
	for args, want := range map[string]int{"": 1, "-progress 1": 2, "-progress none": 0, "feeding": 0, "feeding -progress 1": 2} {
		cmd := worker(t, strings.Fields(args)...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if code := exitCode(t, cmd.Run()); code != ExitOK || strings.Count(stderr.String(), "\n") != want {
			t.Errorf("%s: got code %d, %q", args, code, stderr.String())
		}
	}
}

func TestProgressForPrograms(t *testing.T) {
	t.Setenv("BATCH_PROGRESS_INTERVAL", "1")
	cmd := worker(t, "-progress", "json")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if code := exitCode(t, cmd.Run()); code != ExitOK {
		t.Errorf("exit code %d", code)
	}
	var lines []map[string]any
	for line := range strings.Lines(stderr.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		lines = append(lines, fields)
	}
	if len(lines) != 3 {
		t.Fatalf("got %d lines, want one for each chunk and the last: %s", len(lines), &stderr)
	}
	names := []string{"bytes", "chunks", "elapsed_seconds", "failed", "files", "files_per_second", "final", "memory_mb", "program", "seconds_left", "share", "timestamp", "type"}
	for i, want := range []map[string]any{
		{"files": 5.0, "share": 0.25, "chunks": 1.0, "final": false, "type": "progress", "program": "sample", "failed": 1.0},
		{"files": 20.0, "share": 1.0, "chunks": 2.0, "final": false, "bytes": float64(9 << 20)},
		{"files": 20.0, "share": 1.0, "chunks": 2.0, "final": true},
	} {
		if got := slices.Sorted(func(yield func(string) bool) {
			for name := range lines[i] {
				if !yield(name) {
					return
				}
			}
		}); !slices.Equal(got, names) {
			t.Errorf("line %d has the fields %q", i, got)
		}
		for name, value := range want {
			if lines[i][name] != value {
				t.Errorf("line %d: %s is %v, want %v", i, name, lines[i][name], value)
			}
		}
	}
}

// TestShareOfTheInput tells what was read, which may be ahead of what is done, from
// what was done to the end.
func TestShareOfTheInput(t *testing.T) {
	const unknown = -1
	share := func(p *Progress) float64 {
		if share, known := p.share(); known {
			return share
		}
		return unknown
	}
	for name, records := range map[string]int64{"some": 3, "none in it": 0} {
		file, err := os.Create(t.TempDir() + "/records")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := file.WriteAt([]byte("four"), 0); err != nil {
			t.Fatal(err)
		}
		p := &Progress{form: asJSON}
		if _, err := io.Copy(io.Discard, p.Input(file)); err != nil {
			t.Fatal(err)
		}
		p.done.Files = records
		want := 0.99
		if records == 0 {
			want = unknown
		}
		if got := share(p); got != want {
			t.Errorf("%s: all is read: got %v, want %v", name, got, want)
		}
		if p.done.Read = 4 * records; records > 0 && share(p) != want/4 {
			t.Errorf("%s: all is read, and a quarter done: got %v", name, share(p))
		}
		if p.Finish(); share(p) != 1 {
			t.Errorf("%s: all is done: got %v", name, share(p))
		}
	}
}

func TestProgressValueIsRefusedByName(t *testing.T) {
	cmd := worker(t, "-progress", "loud")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	code := exitCode(t, cmd.Run())
	want := "sample: error: -progress: \"loud\" is not auto, bar, json, none, or a number of chunks of at least 1\n"
	if code != ExitUsage || !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("got code %d, %s", code, &stderr)
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 KiB", 1536: "1.5 KiB", 120 << 20: "120 MiB", 1<<20 - 1: "1.0 MiB", 5 << 60: "5.0 EiB"} {
		if got := Size(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}
