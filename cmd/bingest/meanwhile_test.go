package main

import (
	"bytes"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestReindexedMeanwhile makes the index anew with another embedder in the middle of
// a run that nobody asked for one: it says that to run again is all that it takes,
// and that is so.
func TestReindexedMeanwhile(t *testing.T) {
	p := newPrograms(t)
	in, records := io.Pipe()
	var stderr bytes.Buffer
	cmd := p.command("bingest", "-partial", "-n", "1")
	cmd.Stdin, cmd.Stderr = in, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	one, two := `{"type":"file","path":"a.md","content":"One."}`+"\n", `{"type":"file","path":"b.md","content":"Two."}`+"\n"
	write := func(line string) {
		if _, err := io.WriteString(records, line); err != nil {
			t.Error(err)
		}
	}
	write(one)
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if out, _ := p.run("", "basof", "ls"); bytes.Contains(out, []byte("a.md")) { // at first there is no file
			break
		}
		if time.Since(begun) > time.Minute {
			t.Fatal("the first record is not committed")
		}
	}
	p.output(0, nil, "bingest", "reindex", "-embed", "none")
	write(two)
	records.Close()
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("the run ended with %v", err)
	}
	const want = "bingest: error: the knowledge base was given another embedder meanwhile: none, and not builtin-1, with which this run began\n" +
		"bingest: hint: run the same line again; it goes on with the embedder that is there now\n"
	if stderr.String() != want {
		t.Errorf("it said\n%s\nand not\n%s", &stderr, want)
	}
	p.output(0, strings.NewReader(one+two), "bingest", "-partial", "-n", "1")
	if docs := lines(p.output(0, nil, "basof", "ls")); len(docs) != 2 {
		t.Errorf("there is %q", docs)
	}
}
