package extract

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/kb"
)

func utf16Bytes(s string, bigEndian bool) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		high, low := byte(unit>>8), byte(unit)
		if bigEndian {
			high, low = low, high
		}
		b.WriteByte(low)
		b.WriteByte(high)
	}
	return b.String()
}

func TestEncodings(t *testing.T) {
	for name, test := range map[string]struct{ path, content, want string }{
		"UTF-8":                     {"a.txt", "Größe", "Größe"},
		"UTF-8 with a mark":         {"a.md", "\xef\xbb\xbf# Größe", "Größe"},
		"front matter after a mark": {"a.md", "\xef\xbb\xbf---\ntitle: x\n---\nGröße", "Größe"},
		"UTF-16 little-endian":      {"a.txt", "\xff\xfe" + utf16Bytes("Größe 大", false), "Größe 大"},
		"UTF-16 big-endian":         {"a.txt", "\xfe\xff" + utf16Bytes("Größe 大", true), "Größe 大"},
		"UTF-16 without a mark":     {"a.txt", utf16Bytes("plain Größe", false), "plain Größe"},
		"UTF-16 BE without a mark":  {"a.txt", utf16Bytes("plain Größe", true), "plain Größe"},
		"UTF-16 cut in a character": {"a.txt", "\xff\xfe" + utf16Bytes("ab", false) + "\x00\xd8", "ab\ufffd"},
		"Windows-1252":              {"a.txt", "Gr\xf6\xdfe \x80 \x93q\x94", "Größe € “q”"},
		"UTF-8 with a damaged byte": {"a.txt", "Größe und Übermaß \xff", "Größe und Übermaß \ufffd"},
		"HTML says Shift_JIS":       {"a.html", "<meta charset=Shift_JIS><p>\x93\xfa\x96\x7b", "日本"},
		"HTML says KOI8-R the old way": {"a.html",
			`<meta http-equiv="Content-Type" content="text/html; charset=koi8-r"><p>` + "\xf7\xcf\xc4\xc1", "Вода"},
		"XML says Latin-2":            {"a.xhtml", `<?xml version="1.0" encoding='iso-8859-2'?><p>` + "\xb3", "ł"},
		"HTML says Latin-1, is UTF-8": {"a.html", "<meta charset=iso-8859-1><p>Größe", "Größe"},
		"HTML says nothing":           {"a.html", "<p>Gr\xf6\xdfe", "Größe"},
		"HTML says nonsense":          {"a.html", "<meta charset=klingon><p>Gr\xf6\xdfe", "Größe"},
		"HTML says ISO-2022-JP":       {"a.html", "<meta charset=iso-2022-jp><p>\x1b$BF|K\\\x1b(B", "日本"},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := Extract(test.path, []byte(test.content))
			if err != nil {
				t.Fatal(err)
			}
			check(t, doc, test.path, []byte(test.content))
			if len(doc.Blocks) != 1 || doc.Blocks[0].Text != test.want {
				t.Errorf("got %+v, want %q", doc.Blocks, test.want)
			}
		})
	}
}

// TestLinesOfDeclared: of a page whose encoding must be known to tell that it is
// text, the ends of lines are found too.
func TestLinesOfDeclared(t *testing.T) {
	content := []byte("<meta charset=gbk>\r<p>\xb4\xf3\r<pre>" + strings.Repeat("\x02", 9) + "a\rb</pre>\r")
	doc, err := Extract("a.html", content)
	if err != nil {
		t.Fatal(err)
	}
	check(t, doc, "a.html", content)
	compare(t, doc.Blocks, []Block{{Paragraph, 0, "大", 2, 2}, {Code, 0, "a\nb", 3, 4}})
}

// TestWhiteSpaceOfCode: what separates lines in running text only is left in code
// as it is.
func TestWhiteSpaceOfCode(t *testing.T) {
	source := "a\u2028b\t \u00a0c\n"
	for ext, content := range map[string]string{
		"go": source, "md": "```\n" + source + "```\n", "html": "<pre>\n" + source + "</pre>", "rst": "::\n\n " + source, "adoc": "----\n" + source + "----\n",
		"org": "#+begin_src\n" + source + "#+end_src\n", "txt": "x\n\n    " + source,
	} {
		doc, err := Extract("x."+ext, []byte(content))
		if err != nil {
			t.Fatal(err)
		}
		check(t, doc, "x."+ext, []byte(content))
		if last := doc.Blocks[len(doc.Blocks)-1]; last.Kind != Code || last.Text != strings.TrimSpace(source) {
			t.Errorf("%s: got %+v", ext, last)
		}
	}
}

// TestLineEnds asserts that lines are counted as other programs count them.
func TestLineEnds(t *testing.T) {
	for name, test := range map[string]struct {
		content string
		line    int // of the last block
	}{
		"Unix":            {"a\n\nb\n", 3},
		"Windows":         {"a\r\n\r\nb\r\n", 3},
		"old Macintosh":   {"a\r\rb\r", 3},
		"stray returns":   {"a\r\ra\n\nb", 3},
		"line separators": {"a\u2028a\n\nb", 3},
	} {
		for _, ext := range []string{"md", "txt", "rst", "adoc", "org", "go"} {
			t.Run(name+" "+ext, func(t *testing.T) {
				doc, err := Extract("x."+ext, []byte(test.content))
				if err != nil {
					t.Fatal(err)
				}
				last := doc.Blocks[len(doc.Blocks)-1]
				if last.Text != "b" || last.Start != test.line {
					t.Errorf("got %+v, want b on line %d", last, test.line)
				}
			})
		}
	}
}

func TestRefused(t *testing.T) {
	for _, test := range []struct {
		path, content string
		code          kb.Code
	}{
		{"a.pdf", "%PDF-1.7", kb.Unsupported},
		{"A.DOCX", "PK\x03\x04\x00", kb.Unsupported},
		{"a.rtf", `{\rtf1 text}`, kb.Unsupported},
		{"a.txt", "a\x00b", kb.Binary},
		{"a.md", "\x7fELF\x02\x01\x01\x00\x00\x00\x00", kb.Binary},
		{"a.bin", "\x01\x02\x03\xff\x04\x05", kb.Binary},
		{"a.txt", "\xff\xfea\x00\x00\x00", kb.Binary},
	} {
		_, err := Extract(test.path, []byte(test.content))
		var fault *kb.Fault
		if !errors.As(err, &fault) || fault.Class != kb.Validation || fault.Code != test.code {
			t.Errorf("%s %q: got %v, want %s", test.path, test.content, err, test.code)
		}
	}
	for _, path := range []string{"a.txt", "a.md", "a.html", "a.rst", "a.adoc", "a.org", "Makefile", "a.c", ".profile"} {
		for _, content := range []string{"", "\n", "\xef\xbb\xbf", "\xff\xfe"} {
			if doc, err := Extract(path, []byte(content)); err != nil || len(doc.Blocks) > 0 || doc.Title != "" {
				t.Errorf("%s %q: got %+v, %v; want an empty document", path, content, doc, err)
			}
		}
	}
}

// TestNoText judges contents by their beginning alone, and never otherwise than
// when all of them is there.
func TestNoText(t *testing.T) {
	pieces := []string{"text ", "\x00", "t\x00e\x00", "\x00t", "\xff", "\xff\xfe", "\xef\xbb\xbf", "\x01", "ü", strings.Repeat("word ", 1000), strings.Repeat("w\x00", 3000), strings.Repeat("\x7f\x80", 2100)}
	rapid.Check(t, func(rt *rapid.T) {
		whole := []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(rt, "pieces"), ""))
		head := whole[:rapid.IntRange(0, len(whole)).Draw(rt, "head")]
		if !NoText(head) {
			return
		}
		_, want := Extract("a.txt", whole)
		_, got := Extract("a.txt", head)
		var fault *kb.Fault
		if !errors.As(want, &fault) || fault.Code != kb.Binary || got == nil || got.Error() != want.Error() {
			rt.Errorf("by its head, %d bytes of %d: %v; as a whole: %v", len(head), len(whole), got, want)
		}
	})
	if !NoText(append([]byte(strings.Repeat("text ", 1000)), 0)) || NoText([]byte("\x00")) {
		t.Error("what a content is does not follow from its beginning")
	}
}
