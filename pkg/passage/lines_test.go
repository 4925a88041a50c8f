package passage

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/extract"
)

// unique matches the words of source, of which no two are equal.
var unique = regexp.MustCompile(`w\d+x`)

// source writes documents whose words are unique.
type source struct {
	rnd *rand.Rand
	n   int
}

// words returns a text of some words, on one line or on several.
func (s *source) words(least, most int, prefix string) string {
	var text strings.Builder
	width := 10 << s.rnd.IntN(8)
	for column, i := 0, 0; i < least+s.rnd.IntN(most-least+1); i++ {
		if column > width {
			text.WriteString("\n" + prefix)
			column = 0
		} else if i > 0 {
			text.WriteByte(' ')
		}
		s.n++
		word := fmt.Sprintf("w%dx", s.n)
		if s.rnd.IntN(9) == 0 {
			word += "."
		}
		text.WriteString(word)
		column += len(word) + 1
	}
	return text.String()
}

// fill puts words into a form: into "W" a few, into "L" a long text with pieces of
// markup between its words, into "U" an address as long as some lines. After a
// line break inside of them the prefix of the form stands, which is what is before
// its first "L".
func (s *source) fill(form string, inline []string) string {
	var text strings.Builder
	prefix := ""
	if at := strings.IndexByte(form, 'L'); at > 0 && strings.Trim(form[:at], "> ") == "" {
		prefix = form[:at]
	}
	for _, c := range form {
		switch c {
		case 'W':
			text.WriteString(s.words(1, 6, prefix))
		case 'S':
			text.WriteString(strings.ReplaceAll(s.words(1, 6, ""), "\n", " "))
		case 'L':
			for range 1 + s.rnd.IntN(60) {
				text.WriteString(s.words(1, 12, prefix))
				text.WriteString([]string{" ", "\n" + prefix}[s.rnd.IntN(2)])
				if s.rnd.IntN(2) == 0 {
					text.WriteString(s.fill(inline[s.rnd.IntN(len(inline))], nil) + " ")
				}
			}
			text.WriteString(s.words(1, 3, prefix))
		case 'U':
			text.WriteString("http://example.org/" + strings.Repeat("path/", s.rnd.IntN(40)))
		default:
			text.WriteRune(c)
		}
	}
	return text.String()
}

// forms has the blocks of each format, and what may stand in its running text.
var forms = []struct {
	ext            string
	blocks, inline []string
}{
	{"md", []string{"# S\n\n", "L\n\n", "L\n\n", "- L\n\n", "> L\n\n", "```\nL\n```\n\n", "| S | S |\n|---|---|\n| S | S |\n\n", "L\n===\n\n", "<p>L</p>\n\n", "1. W\n2. W\n\n"},
		[]string{"[S](U)", "[W](U)", "[W](<U>\n\"title\")", "**W**", "`W`", "<a\nhref='U'\n>W</a>", "![W](U)", "&#10;", "&amp;", "<U>", "[S][ref]", "  \n", "\\\nW", "漢&#10;字",
			"<http://example.org/a>", "[^1]", "<!-- a\nb -->", "*W `W`*", "<img alt='W'\nsrc='U'>", "<img src='U' alt='W'>"}},
	{"md", []string{"L\n\n", "- W\n- W\n"}, []string{"[S](U)", "&#10;", "<a\nhref='U'\n>W</a>", "`W`"}},
	{"mdx", []string{"L\n\n", "import a\n\n", "<Tabs>\n\n", "export const a = {\n\n}\n\n", "<Tabs\n  a={\n\n  1}\n>\n\n"},
		[]string{"[S](U)", "<Tab a='b'>S</Tab>", "{/* a */}", "<Tab\na='b'\n>S</Tab>", "{/* a\n\nb */}"}},
	{"html", []string{"<h2>S</h2>\n", "<p>L</p>\n", "<p>L\n", "<pre>L</pre>\n", "<pre>\n\n  L\n\n</pre>", "<ul><li>L<li>L</ul>", "<table><tr><td>L</td><td>W</td></tr></table>", "<div\nclass=a\n>L</div>"},
		[]string{"<a\nhref='U'\n>W</a>", "<img alt='W'\nsrc='U'>", "<img\nsrc='U'\nalt='W'>", "&#10;", "&#10;&#10; W\nW", "<br>", "<!--\n\n-->", "<b>W</b>", "<script>\n\n</script>", "漢&#10;字"}},
	{"rst", []string{"S\n====\n\n", "L\n\n", "L\n\n", "* L\n\n", "W::\n\n  L\n\n", "| S\n| S\n\n", ".. note:: L\n\n"},
		[]string{"`S <U>`_", "`W\n<U>`_", "**W**", "``S``", ":ref:`S\n<a>`", ":ref:`W`", "[1]_"}},
	{"adoc", []string{"== S\n\n", "L\n\n", "L\n\n", "* L\n\n", "----\nL\n----\n\n", "|===\n|S |L\n|===\n\n", ":attr: S\n\n"},
		[]string{"U[S]", "link:U[W]", "*W*", "`S`", "<<id,\nS>>", "footnote:[W]", "\n// comment\n", "image:a.png[S]", "S +\nS", "(((S)))"}},
	{"org", []string{"* S\n", "L\n\n", "L\n\n", "- L\n\n", "#+begin_src\nL\n#+end_src\n", "#+begin_verse\nL\n#+end_verse\n", "| S | S |\n"},
		[]string{"[[U][S]]", "[[U][W]]", "[[U\n][W]]", "*W*", "=S=", "[fn:1]", "[fn:a:W]", "\n# comment\n", "\\\\\n"}},
	{"txt", []string{"L\n\n", "- L\n\n", "    L\n\n", "S\n===\n\n", "\fL\n\n"}, []string{"U", "\f", "S"}},
	{"go", []string{"L\n\n", "\tL\n\n"}, []string{"\n", "\x1b"}},
}

// Every word of a passage stands in the lines that the passage has, whatever markup
// is around it, and the lines are not many more than the passage needs.
func TestWordsStandInTheirLines(t *testing.T) {
	for i, f := range forms {
		t.Run(fmt.Sprint(f.ext, i), func(t *testing.T) {
			told, needed, checked := 0, 0, 0
			for seed := range uint64(150) {
				s := source{rnd: rand.New(rand.NewPCG(seed, 1))}
				var text strings.Builder
				for range 1 + s.rnd.IntN(8) {
					text.WriteString(s.fill(f.blocks[s.rnd.IntN(len(f.blocks))], f.inline))
				}
				doc, err := extract.Extract("x."+f.ext, []byte(text.String()))
				if err != nil {
					t.Fatal(err)
				}
				line := map[string]int{}
				for i, l := range strings.Split(text.String(), "\n") {
					for _, word := range unique.FindAllString(l, -1) {
						line[word] = i + 1
					}
				}
				for _, p := range Split(doc) {
					first, last := p.End, p.Start
					for _, word := range unique.FindAllString(p.Text, -1) {
						n := line[word]
						if n < p.Start || n > p.End {
							t.Errorf("%s of seed %d is on line %d, its passage on %d to %d", word, seed, n, p.Start, p.End)
						}
						first, last = min(first, n), max(last, n)
						checked++
					}
					told, needed = told+p.End-p.Start+1, needed+max(last-first+1, 0)
				}
				if t.Failed() {
					t.Logf("%s", text.String())
					t.FailNow()
				}
			}
			t.Logf("%d words; %d lines, of which %d would do", checked, told, needed)
			if checked < 10_000 || told > needed+needed/20 {
				t.Errorf("%d words have %d lines, where %d would do", checked, told, needed)
			}
		})
	}
}
