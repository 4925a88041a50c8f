package asof_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
)

func TestCiteRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"@sha256:", "#L1", "-L2", "\xff", "\n", "/",
			asof.Cite{Path: "a", Start: 3, End: 4}.String()}))
		want := asof.Cite{Path: strings.Join(rapid.SliceOf(piece).Draw(t, "path"), "")}
		copy(want.SHA256[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
		if rapid.Bool().Draw(t, "lines") {
			want.Start = rapid.IntRange(1, 1e6).Draw(t, "start")
			want.End = want.Start + rapid.IntRange(0, 3).Draw(t, "more")
		}
		got, ok := asof.ParseCite(want.String())
		if !ok || got != want {
			t.Fatalf("%q became %q", want, got)
		}
	})
}

func TestParseCite(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	for s, ok := range map[string]bool{
		"a.md@sha256:" + hash:                     true,
		"@sha256:" + hash:                         true,
		"a.md@sha256:" + strings.ToUpper(hash):    true,
		"a.md@sha256:" + hash + "#L3":             true,
		"a.md@sha256:" + hash + "#L3-L3":          true,
		"a.md@sha256:" + hash + "#L4-L3":          false,
		"a.md@sha256:" + hash + "#L0":             false,
		"a.md@sha256:" + hash + "#":               false,
		"a.md@sha256:" + hash + "#L9999999999999": false,
		"a.md@sha256:" + hash + "0":               false,
		"a.md@sha256:" + hash + "\n":              false,
		"a.md":                                    false,
		"":                                        false,
	} {
		if _, got := asof.ParseCite(s); got != ok {
			t.Errorf("%q is a citation: %t", s, got)
		}
	}
}

func FuzzParseCite(f *testing.F) {
	f.Add("a@b#L1@sha256:" + strings.Repeat("0", 64) + "#L1-L2")
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := asof.ParseCite(s)
		if !ok {
			return
		}
		if again, ok := asof.ParseCite(c.String()); !ok || again != c {
			t.Errorf("%q became %q", c, again)
		}
	})
}

func TestWriteCite(t *testing.T) {
	utf16 := func(text string) string {
		b := []byte{0xff, 0xfe}
		for _, r := range text {
			b = append(b, byte(r), byte(r>>8))
		}
		return string(b)
	}
	b := newBase(t)
	texts := map[string]string{
		"lf": "one\ntwo\nthree", "crlf": "one\r\ntwo\r\n", "cr": "one\rtwo\rthree",
		"utf16": utf16("Ċa\nbਊ\nc"), "empty": "",
	}
	for path, text := range texts {
		b.version(path, 1, &text)
	}
	r := b.reader()
	for _, test := range []struct {
		path       string
		start, end int
		want       string
		fails      bool
	}{
		{"lf", 0, 0, "one\ntwo\nthree", false},
		{"lf", 1, 1, "one\n", false},
		{"lf", 2, 3, "two\nthree", false},
		{"lf", 3, 3, "three", false},
		{"lf", 4, 4, "", true},
		{"lf", 2, 4, "", true},
		{"crlf", 2, 2, "two\r\n", false},
		{"crlf", 3, 3, "", true},
		{"cr", 2, 2, "two\r", false},
		{"utf16", 1, 1, utf16("Ċa\n"), false},
		{"utf16", 2, 2, utf16("bਊ\n")[2:], false},
		{"utf16", 3, 3, utf16("c")[2:], false},
		{"empty", 0, 0, "", false},
		{"empty", 1, 1, "", true},
	} {
		for _, path := range []string{test.path, ""} {
			c := asof.Cite{Path: path, SHA256: kb.HashOf([]byte(texts[test.path])), Start: test.start, End: test.end}
			var out bytes.Buffer
			err := asof.WriteCite(context.Background(), r, &out, c)
			if out.String() != test.want || errors.Is(err, asof.ErrNoLine) != test.fails || !test.fails && err != nil {
				t.Errorf("%s prints %q, %v", c, out.String(), err)
			}
		}
	}
	for _, c := range []asof.Cite{
		{SHA256: kb.HashOf([]byte("other"))},
		{Path: "lf", SHA256: kb.HashOf([]byte("other"))},
		{Path: "lf", SHA256: kb.HashOf([]byte(texts["cr"]))},
		{Path: "none", SHA256: kb.HashOf([]byte(texts["lf"]))},
	} {
		if err := asof.WriteCite(context.Background(), r, &bytes.Buffer{}, c); !errors.Is(err, asof.ErrNotCited) {
			t.Errorf("%s: %v", c, err)
		}
	}
}

// Lines are those of the text in one piece, however its pieces are cut.
func TestLinesOfPieces(t *testing.T) {
	type writing struct {
		bom     string
		letters string // which, of two bytes, may look like ends across two
		write   func(r rune) string
	}
	little := func(r rune) string { return string([]byte{byte(r), byte(r >> 8)}) }
	big := func(r rune) string { return string([]byte{byte(r >> 8), byte(r)}) }
	writings := []writing{
		{"", "[abé]", func(r rune) string { return string(r) }},
		{"\xff\xfe", "[aĊĀਊ一]", little}, {"\xfe\xff", "[aĊĀਊ一]", big}, {"", "[ab]", little}, {"", "[ab]", big},
	}
	rapid.Check(t, func(t *rapid.T) {
		as := rapid.SampledFrom(writings).Draw(t, "writing")
		end := rapid.SampledFrom([]string{"\n", "\r", "\r\n"}).Draw(t, "end")
		lines := rapid.SliceOfN(rapid.StringMatching(as.letters+"{0,3}"), 1, 6).Draw(t, "lines")
		var want []string
		for i, line := range lines {
			if i < len(lines)-1 {
				line += end
			} else if line == "" {
				break
			}
			var written strings.Builder
			for _, r := range line {
				written.WriteString(as.write(r))
			}
			want = append(want, written.String())
		}
		if len(want) == 0 {
			want = []string{as.write('a')}
		}
		want[0] = as.bom + want[0]
		text := []byte(strings.Join(want, ""))
		var pieces [][]byte
		for len(text) > 0 {
			n := min(len(text), rapid.IntRange(1, 5).Draw(t, "piece"))
			pieces, text = append(pieces, text[:n]), text[n:]
		}
		first := rapid.IntRange(1, len(want)).Draw(t, "first")
		last := rapid.IntRange(first, len(want)).Draw(t, "last")
		got, count := asof.LinesOf(pieces, first, last)
		if got != strings.Join(want[first-1:last], "") || count != int64(len(want)) {
			t.Fatalf("lines %d to %d of %q are %q, of %d", first, last, want, got, count)
		}
	})
}

// A large content is not held in memory to print some lines of it.
func TestWriteCiteOfLargeContent(t *testing.T) {
	b := newBase(t)
	text := strings.Repeat("A line among others, that says little.\n", 400_000)
	b.version("large.txt", 1, &text)
	r := b.reader()
	c := asof.Cite{Path: "large.txt", SHA256: kb.HashOf([]byte(text)), Start: 399_999, End: 400_000}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var out bytes.Buffer
	if err := asof.WriteCite(context.Background(), r, &out, c); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > uint64(len(text))/2 {
		t.Errorf("took %d bytes of memory for %d of %d", took, out.Len(), len(text))
	}
}
