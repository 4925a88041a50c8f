package tool

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process prepares the sample program as a process of its own.
func process(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), "BTOOLS_SAMPLE=1")
	return cmd
}

// start runs cmd until it has written its first line, and gives the rest.
func start(t *testing.T, cmd *exec.Cmd) *bufio.Reader {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	r := bufio.NewReader(stdout)
	if line, err := r.ReadString('\n'); err != nil {
		t.Fatalf("first line %q: %v", line, err)
	}
	return r
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	t.Fatal(err)
	return -1
}

func TestClosedStdoutIsAQuietSuccess(t *testing.T) {
	for arg, want := range map[string]int{"flood": 0, "careless": 0, "short": 0, "short-partial": 3} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		var stderr bytes.Buffer
		cmd := process(t, arg)
		cmd.Stdout, cmd.Stderr = w, &stderr
		err = cmd.Run()
		w.Close()
		if code := exitCode(t, err); code != want || stderr.Len() > 0 {
			t.Errorf("%s: got code %d, %v, stderr %s", arg, code, err, &stderr)
		}
	}
}

func TestReaderThatLeavesEarly(t *testing.T) {
	out, err := exec.Command("bash", "-c", `set -o pipefail; BTOOLS_SAMPLE=1 "$0" flood | head -n 1`, os.Args[0]).CombinedOutput()
	if err != nil || string(out) != "line 0\n" {
		t.Errorf("got %v\n%s", err, out)
	}
}

func TestFullDiskIsAnError(t *testing.T) {
	for _, arg := range []string{"flood", "careless", "short", "short-partial", "--help"} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skipf("no full disk to write to: %v", err)
		}
		var stderr bytes.Buffer
		cmd := process(t, arg)
		cmd.Stdout, cmd.Stderr = full, &stderr
		err = cmd.Run()
		full.Close()
		want := "sample: error: write stdout: no space left on device\n"
		if arg == "flood" {
			want = "sample: error: encode: write stdout: no space left on device\n"
		}
		if code := exitCode(t, err); code != ExitFailed || stderr.String() != want {
			t.Errorf("%s: got code %d, stderr %s", arg, code, &stderr)
		}
	}
}

func TestSignals(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		var stderr bytes.Buffer
		cmd := process(t, "wait")
		cmd.Stderr = &stderr
		rest := start(t, cmd)
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, rest); err != nil {
			t.Fatal(err)
		}
		if code := exitCode(t, cmd.Wait()); code != ExitInterrupted || stderr.String() != "sample: error: interrupted\n" {
			t.Errorf("%v: got code %d, stderr %s", signal, code, &stderr)
		}
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	cmd := process(t, "wait", "stubbornly")
	rest := start(t, cmd)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if line, err := rest.ReadString('\n'); line != "not yet\n" || err != nil {
		t.Fatalf("got %q, %v", line, err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := exitCode(t, cmd.Wait()); code != ExitInterrupted {
		t.Errorf("got code %d", code)
	}
}

// The end of one terminal sends several hangups, which are no second signal.
func TestHangups(t *testing.T) {
	cmd := process(t, "wait", "stubbornly")
	rest := start(t, cmd)
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if line, err := rest.ReadString('\n'); line != "not yet\n" || err != nil {
		t.Fatalf("got %q, %v", line, err)
	}
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		_, err := io.Copy(io.Discard, rest)
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Fatalf("it ended, %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if code := exitCode(t, cmd.Wait()); code != ExitInterrupted {
		t.Errorf("got code %d", code)
	}
}

func TestIgnoredSignalStaysIgnored(t *testing.T) {
	cmd := exec.Command("sh", "-c", `trap "" INT; BTOOLS_SAMPLE=1 exec "$0" wait`, os.Args[0])
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	start(t, cmd)
	if err := errors.Join(cmd.Process.Signal(syscall.SIGINT), cmd.Process.Signal(syscall.SIGTERM)); err != nil {
		t.Fatal(err)
	}
	// Had SIGINT counted, SIGTERM would have been the second signal, which is silent.
	if code := exitCode(t, cmd.Wait()); code != ExitInterrupted || stderr.String() != "sample: error: interrupted\n" {
		t.Errorf("got code %d, stderr %s", code, &stderr)
	}
}

func TestStdinFromAPipe(t *testing.T) {
	cmd := process(t, "read")
	cmd.Stdin = strings.NewReader("data")
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "data" {
		t.Errorf("got %v\n%s", err, out)
	}
}
