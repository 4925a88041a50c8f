package extract

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

// check asserts what every document promises, whatever it was made of.
func check(tb testing.TB, doc *Document, path string, content []byte) {
	tb.Helper()
	last := lineCount(path, content)
	after := 1
	for b := range doc.All() {
		switch {
		case b.Text == "" || strings.TrimSpace(b.Text) == "":
			tb.Errorf("empty block %+v", b)
		case !utf8.ValidString(b.Text) || strings.ContainsAny(b.Text, "\x00\x1b"), b.Kind != Code && strings.Contains(b.Text, lineBreak):
			tb.Errorf("not clean: %+q", b.Text)
		case b.Start < after:
			tb.Errorf("begins before line %d of the block before it: %+v", after, b)
		case b.End < b.Start || b.End > last:
			tb.Errorf("lines %d to %d of %d: %+v", b.Start, b.End, last, b)
		case b.Kind == Heading && (b.Level < 1 || b.Level > 6), b.Kind == Item && b.Level < 1,
			b.Kind != Heading && b.Kind != Item && b.Level != 0:
			tb.Errorf("level: %+v", b)
		case b.Kind != Code && strings.Contains(b.Text, "  "), b.Kind == Heading && strings.Contains(b.Text, "\t"):
			tb.Errorf("white space: %+q", b.Text)
		}
		after = b.Start
	}
	if !utf8.ValidString(doc.Title) {
		tb.Errorf("title %q", doc.Title)
	}
}

// lineCount counts lines as editors do, a last one without an end included.
func lineCount(path string, content []byte) int {
	text := string(content)
	if decoded, err := decode(content, declaredCharset(Extension(path), content)); err == nil {
		text = decoded
	}
	n := strings.Count(text, "\n")
	if !bytes.HasSuffix([]byte(text), []byte("\n")) || n == 0 {
		n++
	}
	return n
}
