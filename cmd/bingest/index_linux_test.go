package main

import (
	"errors"
	"io"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/tool/tooltest"
)

// A filter's last words may hold what a terminal obeys.
func TestMessagesOfFiltersOnATerminal(t *testing.T) {
	const clear = "filter: \x1B[2J\xC2\x9B2J"
	control, terminal := tooltest.Terminal(t)
	missing := &index{WithoutText: map[kb.Code]int64{kb.Timeout: 1}}
	list := []textless{{TextError: report.TextError{Path: "a\x1Bb.doc", Code: kb.Timeout, Message: clear}}}
	if err := missing.write(terminal, list); err != nil {
		t.Fatal(err)
	}
	failed := []failure{{Error: report.Error{Path: "a\x1Bb.doc", Code: kb.Timeout, Message: clear}}}
	if err := writeFailed(terminal, 1, failed, nil); err != nil {
		t.Fatal(err)
	}
	want := "1 document has no text to search (timeout 1)\r\n" +
		`$'a\x1Bb.doc': timeout: filter: \x1B[2J\xC2\x9B2J` + "\r\n" +
		"1 record failed, in this run or an earlier one, and did not succeed since; to try again: bingest failed | bingest\r\n" +
		`$'a\x1Bb.doc': timeout: filter: \x1B[2J\xC2\x9B2J` + "\r\n"
	terminal.Close()
	got, err := io.ReadAll(control)
	if string(got) != want || !errors.Is(err, unix.EIO) { // which is how a terminal ends
		t.Errorf("got %q, %v", got, err)
	}
}
