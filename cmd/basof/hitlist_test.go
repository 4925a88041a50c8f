package main

import (
	"bytes"
	"testing"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
)

func instant(t *testing.T, text string) kb.Instant {
	t.Helper()
	i, err := kb.ParseInstant(text)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestHitList(t *testing.T) {
	january, february := instant(t, "2025-01-01T00:00:00Z"), instant(t, "2025-02-01T00:00:00Z")
	v := kb.Version{Path: "docs/a.md", ValidFrom: january}
	now := &kb.Version{Path: "docs/a.md", ValidFrom: february, SHA256: kb.Hash{0xab, 0xcd}}
	text := "first try again\nand wait"
	hits := []asof.Hit{
		{Version: v, Heading: []string{"Guide", "Retry\x1b[2J"}, Text: text, Start: 3, End: 4, Marks: asof.Marks{Heading: marksOf("Guide\nRetry", "Retry"), Text: marksOf(text, "try", "wait")},
			From: january, To: kb.Forever, Score: .5, Current: asof.Same, Now: &v},
		{Version: v, Text: "x", Start: 1, End: 1, From: january, To: february, Current: asof.Changed, Now: now},
		{Version: v, Text: "x", From: january, To: february, Current: asof.Gone},
		{Version: v, Text: "x", Start: 1, End: 1, From: instant(t, "2999-01-01T00:00:00Z"), To: kb.Forever, Current: asof.Changed, Now: now},
		{Version: v, Text: "x", Start: 1, End: 1, From: january, To: february, Current: asof.Same, Now: now},
		{Version: v, Text: "x", Start: 1, End: 1, From: january, To: instant(t, "2999-01-01T00:00:00Z"), Current: asof.Same, Now: now},
	}
	const plain = `docs/a.md:3-4  Guide › Retry` + "\uFFFD" + `[2J
  2025-01-01T00:00:00.000000Z .. in force
    first try again
    and wait

docs/a.md:1
  2025-01-01T00:00:00.000000Z .. 2025-02-01T00:00:00.000000Z  changed, now abcd00000000 of 2025-02-01T00:00:00.000000Z
    x

docs/a.md
  2025-01-01T00:00:00.000000Z .. 2025-02-01T00:00:00.000000Z  gone
    x

docs/a.md:1
  2999-01-01T00:00:00.000000Z .. from then on  not yet there
    x

docs/a.md:1
  2025-01-01T00:00:00.000000Z .. 2025-02-01T00:00:00.000000Z  there again
    x

docs/a.md:1
  2025-01-01T00:00:00.000000Z .. 2999-01-01T00:00:00.000000Z
    x
`
	var out bytes.Buffer
	list := newHitList(&out, "")
	for i := range hits {
		if err := list.print(&hits[i]); err != nil {
			t.Fatal(err)
		}
	}
	if out.String() != plain {
		t.Errorf("%s\nnot\n%s", &out, plain)
	}

	out.Reset()
	list = newHitList(&out, "")
	list.color = true
	if err := list.print(&hits[0]); err != nil {
		t.Fatal(err)
	}
	const colored = "\x1b[35mdocs/a.md\x1b[m:\x1b[32m3-4\x1b[m  \x1b[1mGuide\x1b[m\x1b[1m › \x1b[m\x1b[1;31mRetry\x1b[m\x1b[1m\uFFFD[2J\x1b[m\n" +
		"  \x1b[2m2025-01-01T00:00:00.000000Z .. in force\x1b[m\n" +
		"    first \x1b[1;31mtry\x1b[m again\n    and \x1b[1;31mwait\x1b[m\n"
	if out.String() != colored {
		t.Errorf("%q\nnot\n%q", &out, colored)
	}
}

// On a narrow terminal lines end between their parts.
func TestHitListNarrow(t *testing.T) {
	january := instant(t, "2025-01-01T00:00:00Z")
	v := kb.Version{Path: "docs/a.md", ValidFrom: january}
	hit := asof.Hit{Version: v, Heading: []string{"Guide"}, Text: "x", Start: 3, End: 4, From: january, To: instant(t, "2025-02-01T00:00:00Z"),
		Current: asof.Changed, Now: &v}
	const place, times = "docs/a.md:3-4", "  2025-01-01T00:00:00.000000Z .. 2025-02-01T00:00:00.000000Z"
	const now = "changed, now 000000000000 of 2025-01-01T00:00:00.000000Z"
	for _, test := range []struct {
		columns  int
		terminal bool
		want     string
	}{
		{118, true, place + "  Guide\n" + times + "  " + now + "\n    x\n"},
		{117, true, place + "  Guide\n" + times + "\n  " + now + "\n    x\n"},
		{20, true, place + "  Guide\n" + times + "\n  " + now + "\n    x\n"},
		{19, true, place + "\n  Guide\n" + times + "\n  " + now + "\n    x\n"},
		{19, false, place + "  Guide\n" + times + "  " + now + "\n    x\n"},
	} {
		var out bytes.Buffer
		list := newHitList(&out, "")
		list.columns, list.terminal = test.columns, test.terminal
		if err := list.print(&hit); err != nil {
			t.Fatal(err)
		}
		if out.String() != test.want {
			t.Errorf("%d columns: %s\nnot\n%s", test.columns, &out, test.want)
		}
	}
}

func TestShellArgument(t *testing.T) {
	for text, want := range map[string]string{"-a.md": "-- -a.md", "- a": "-- '- a'", "a-b": "a-b"} {
		if got := shellArgument(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestShellWord(t *testing.T) {
	for text, want := range map[string]string{
		"docs/a.md@sha256:ab#L1-L2": "docs/a.md@sha256:ab#L1-L2",
		"docs/a b.md":               "'docs/a b.md'",
		"it's":                      `'it'\''s'`,
		"a\nb":                      `$'a\nb'`,
		"$HOME":                     "'$HOME'",
	} {
		if got := shellWord(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
