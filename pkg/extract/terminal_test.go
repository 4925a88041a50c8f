package extract

import (
	"strings"
	"testing"
)

// TestTerminal asserts that words are whole that were written for a terminal or a
// printer.
func TestTerminal(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"colours", "the \x1b[4mman\x1b[24m \x1b[1;38;5;9mdatabase\x1b[m\x1b[K is\x1b[?25h", "the man database is"},
		{"intermediate bytes", "a\x1b[1 qb", "ab"},
		{"no code", "a\x1b[1\x1b[é b\x1bc\x1b", "a[1[é bc"},
		{"an end in the next line", "a\x1b[1\nmb", "a[1 mb"},
		{"bold and underlined", "N\bNA\bAM\bM\bME\bE _\b_\bw_\bo, +\bo", "NAME wo, o"},
		{"underlined after", "x|\b_a\b_ b\b_c _\b_d ef\b\b__ 漢\b\b__ x_y", "x|a bc _d ef 漢 x_y"},
		{"letters written anew", "5%\b\b60% a\b \b_", "60% _"},
		{"letters of several bytes", "ü\bü_\bä", "üä"},
		{"letters of two columns", "x漢\b\b漢字\b字__\b\b글한\b\b한", "x漢字글한"},
		{"nothing to strike over", "\b\ba\nb\n\b_c", "a b _c"},
	} {
		for ext, source := range map[string]string{"txt": test.source, "go": test.source, "md": "```\n" + test.source + "\n```\n", "org": test.source} {
			t.Run(test.name+" "+ext, func(t *testing.T) {
				doc, err := Extract("a."+ext, []byte(source))
				if err != nil {
					t.Fatal(err)
				}
				check(t, doc, "a."+ext, []byte(source))
				if len(doc.Blocks) != 1 || strings.ReplaceAll(doc.Blocks[0].Text, "\n", " ") != test.want {
					t.Errorf("got %+v, want %q", doc.Blocks, test.want)
				}
			})
		}
	}
}

// TestLinesOfTerminal: text is from the lines that it stands on, whatever was left
// out before it.
func TestLinesOfTerminal(t *testing.T) {
	source := "\x1b[1mH\bHEAD\x1b[0m\n\x1b[m\n\b" + strings.Repeat("\x1b[4mword\x1b[24m w\bw\n", LinesKept/5) + "\b\nlast\n"
	for _, ext := range []string{"txt", "go"} {
		doc, err := Extract("a."+ext, []byte(source))
		if err != nil {
			t.Fatal(err)
		}
		check(t, doc, "a."+ext, []byte(source))
		block := doc.Blocks[1]
		lines := doc.Lines(block)
		for _, want := range []int{3, 4, 99} {
			if first, last := lines.Of((want - 3) * len("word w ")); first != want || last != want {
				t.Errorf("%s: line %d is said to be from %d to %d", ext, want, first, last)
			}
		}
		if last := doc.Blocks[2]; last.Text != "last" || last.Start != 3+LinesKept/5+1 {
			t.Errorf("%s: got %+v", ext, last)
		}
	}
}
