package main

import (
	"errors"
	"io"
	"testing"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/tool/tooltest"
)

// A line cannot write over what is said of it.
func TestAnnotateOnATerminal(t *testing.T) {
	control, terminal := tooltest.Terminal(t)
	c := cli.NewContext(&cli.App{Writer: terminal}, nil, nil)
	lines := []asof.Line{{Text: "a\tb\r\x1B[2K1999-01-01\n", Since: &kb.Version{}}}
	print := newQuestion().linePrinter(c, "a.md", lines, stamp{})
	if err := print(1, &lines[0]); err != nil {
		t.Fatal(err)
	}
	terminal.Close()
	const want = "1970-01-01T00:00:00.000000Z  -  1  a\tb" + `\r\x1B[2K1999-01-01` + "\r\n"
	got, err := io.ReadAll(control)
	if string(got) != want || !errors.Is(err, unix.EIO) { // which is how a terminal ends
		t.Errorf("got %q, %v", got, err)
	}
}
