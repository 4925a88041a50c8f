package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/tool/tooltest"
)

// programs runs the programs of a folder in another one.
type programs struct {
	t   *testing.T
	bin string
	dir string
}

func newPrograms(t *testing.T) *programs {
	t.Helper()
	return &programs{t, tooltest.Build(t), t.TempDir()}
}

func (p *programs) command(name string, args ...string) *exec.Cmd {
	if own := filepath.Join(p.bin, name); name != "sh" {
		name = own
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = p.dir
	cmd.Env = []string{"PATH=" + p.bin + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + p.dir, "TZ=UTC"}
	return cmd
}

// output runs a program, demands its exit code and returns its stdout.
func (p *programs) output(code int, stdin io.Reader, name string, args ...string) []byte {
	p.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := p.command(name, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	if got := exitCode(p.t, cmd.Run()); got != code {
		p.t.Fatalf("%s %s: exit code %d, want %d\n%s", name, strings.Join(args, " "), got, code, &stderr)
	}
	return stdout.Bytes()
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0
}

func (p *programs) write(name, text string) {
	p.t.Helper()
	file := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		p.t.Fatal(err)
	}
}

// lines returns the lines of a text, each with its newline.
func lines(text []byte) [][]byte {
	all := bytes.SplitAfter(text, []byte("\n"))
	return all[:len(all)-1]
}

func decode[T any](t *testing.T, text []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// slowRun is a bingest whose input comes in part only.
type slowRun struct {
	*exec.Cmd
	in             io.WriteCloser
	stdout, stderr bytes.Buffer
}

// begin starts a bingest, gives it the first n lines of a stream and waits until
// bingest status says that as many records are done.
func (p *programs) begin(stream []byte, n int, records int64) *slowRun {
	p.t.Helper()
	run := &slowRun{Cmd: p.command("bingest", "-n", "1")}
	run.Stdout, run.Stderr = &run.stdout, &run.stderr
	var err error
	if run.in, err = run.StdinPipe(); err != nil {
		p.t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { run.Process.Kill() })
	for _, line := range lines(stream)[:n] {
		if _, err := run.in.Write(line); err != nil {
			p.t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		out, err := p.command("bingest", "status", "-json").Output()
		if err == nil && decode[status](p.t, out).PID == run.Process.Pid && decode[status](p.t, out).Done == records {
			return run
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("the run has not done %d records: %v %s", records, err, out)
		}
	}
}

// TestStatusWhileRunning asks from another process what a run has done, what is
// left, and what became of it once it is killed.
func TestStatusWhileRunning(t *testing.T) {
	p := newPrograms(t)
	for i := range 4 {
		p.write(fmt.Sprintf("docs/%d.md", i), "text\n")
	}
	p.output(0, bytes.NewReader(p.output(0, nil, "bscan", "docs")), "bingest")
	stream := p.output(0, nil, "bscan", "docs")
	run := p.begin(stream, 4, 3)
	st := decode[status](t, p.output(0, nil, "bingest", "status", "-json"))
	if st.Status != "running" || st.Run != 2 || st.Unchanged != 3 || st.FinishedAt != nil {
		t.Errorf("status %+v", st)
	}
	if st.Expected == nil || *st.Expected != 4 || st.SecondsLeft == nil {
		t.Errorf("as many records as the last time are expected, but the status is %+v", st)
	}
	text := string(p.output(0, nil, "bingest", "status"))
	for _, part := range []string{
		"run 2: running, started 20", fmt.Sprintf(" by process %d on ", run.Process.Pid),
		"3 records of about 4 (75 %), ", " a second, ", "s left\n", "\nstored 0, unchanged 3, deleted 0, skipped 0, failed 0\n",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in status:\n%s", part, text)
		}
	}
	// Questions are answered meanwhile, and others may write.
	if got := p.output(0, nil, "basof", "docs/1.md"); string(got) != "text\n" {
		t.Errorf("docs/1.md holds %q", got)
	}
	other := []byte(`{"type":"file","path":"other.md","content":"x"}` + "\n")
	p.output(0, bytes.NewReader(other), "bingest", "-partial")
	text = string(p.output(0, nil, "bingest", "status"))
	if !strings.HasPrefix(text, "run 2: running") || strings.Contains(text, "run 3") {
		t.Errorf("the run that goes on is not shown:\n%s", text)
	}

	if err := run.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	run.Wait()
	p.output(0, bytes.NewReader(other), "bingest", "rm", "other.md")
	run = p.begin(stream, 2, 1)
	run.Process.Kill()
	run.Wait()
	text = string(p.output(0, nil, "bingest", "status"))
	want := fmt.Sprintf(" by process %d, which is gone; run the same line again\n", run.Process.Pid)
	if !strings.HasPrefix(text, "run 5: killed, started 20") || !strings.Contains(text, want) {
		t.Errorf("no %q in status:\n%s", want, text)
	}
	p.output(0, bytes.NewReader(stream), "bingest")
	if st := decode[status](t, p.output(0, nil, "bingest", "status", "-json")); st.Status != "complete" {
		t.Errorf("status %+v", st)
	}
}

// TestInterrupted stops a run by a signal: what is done stays done, the report
// says so, and the same line does the rest.
func TestInterrupted(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			p := newPrograms(t)
			for i := range 5 {
				p.write(fmt.Sprintf("docs/%d.md", i), "text\n")
			}
			stream := p.output(0, nil, "bscan", "docs")
			run := p.begin(stream, 4, 3)
			if err := run.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if code := exitCode(t, run.Wait()); code != 130 {
				t.Errorf("exit code %d", code)
			}
			const said = "bingest: error: interrupted after 3 records\nbingest: hint: to finish, run the same line again\n"
			if got := run.stderr.String(); got != said {
				t.Errorf("said %q", got)
			}
			if rep := decode[map[string]any](t, run.stdout.Bytes()); rep["status"] != "interrupted" || rep["type"] != "report" {
				t.Errorf("report %v", rep)
			}
			if got := p.output(0, nil, "bingest", "report"); !bytes.Equal(got, run.stdout.Bytes()) {
				t.Errorf("the report was kept as %s", got)
			}
			out := p.output(0, bytes.NewReader(stream), "bingest")
			sum := decode[map[string]any](t, out)["processing_summary"].(map[string]any)
			if sum["unchanged"] != 3.0 || sum["stored"] != 2.0 {
				t.Errorf("the second run did %v", sum)
			}
		})
	}
}

// TestLongLines takes in lines as long as documents are, and counts those that
// are longer, in memory that does not depend on their length.
func TestLongLines(t *testing.T) {
	size := 12 << 20 // of a line
	if torture() {
		size = 100 << 20
	}
	p := newPrograms(t)
	long := strings.Repeat("0123456789abcdef", size/16)
	record := `{"type":"file","path":"long.md","content":"` + long + `"}` + "\n"
	p.output(0, strings.NewReader(record), "bingest", "-partial", "-max-size", "100MiB")
	if got := p.output(0, nil, "basof", "long.md"); string(got) != long {
		t.Errorf("%d bytes came back", len(got))
	}

	after := `{"type":"file","path":"after.md","content":"x"}` + "\n"
	p.write("long.ndjson", strings.Repeat(" ", 64)+record+after)
	// A process begins with the peak of the one that started it: let that be a shell.
	out := p.output(3, nil, "sh", "-c", "bingest -partial -max-size 1MiB long.ndjson || exit $?")
	rep := decode[struct {
		Processing  map[string]float64 `json:"processing_summary"`
		Performance map[string]any     `json:"performance_metrics"`
		Errors      []struct{ Class, Code, Message string }
	}](t, out)
	if rep.Processing["stored"] != 1 || rep.Processing["failed"] != 1 || rep.Processing["total_files"] != 2 {
		t.Errorf("did %v", rep.Processing)
	}
	if len(rep.Errors) != 1 || rep.Errors[0].Code != "bad_record" || !strings.HasPrefix(rep.Errors[0].Message, "line 1: ") {
		t.Errorf("errors %+v", rep.Errors)
	}
	if peak := rep.Performance["peak_memory_mb"].(float64); peak > 64 {
		t.Errorf("took %v MB", peak)
	}
}
