package extract

import (
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// sameAsParser asserts that Markdown is read as the parser alone reads it, and
// gives how many bytes were left to the parser.
func sameAsParser(t rapid.TB, source string) (left int) {
	t.Helper()
	var got, want builder
	simpleMarkdown(&got, source, 1, false, func(text string, first int) {
		left += len(text)
		parseMarkdown(&got, text, first, nil)
	})
	parseMarkdown(&want, source, 1, nil)
	for i := range max(len(got.doc.Blocks), len(want.doc.Blocks)) {
		if i >= len(got.doc.Blocks) || i >= len(want.doc.Blocks) || got.doc.Blocks[i] != want.doc.Blocks[i] {
			t.Fatalf("block %d of %q:\n got %+v\nwant %+v", i, source, got.doc.Blocks[min(i, len(got.doc.Blocks)):], want.doc.Blocks[min(i, len(want.doc.Blocks)):])
		}
	}
	return left
}

// What is meant to be read without the parser is.
func TestSimpleMarkdown(t *testing.T) {
	for _, source := range []string{
		"# Title {#id}\n\n## Closed ##\ntext\n###\n",
		"Title\n=====\n\nof *two*\nlines\n---\ntext\n\n***\n- - -\n",
		"Words of `code`, ``co`de`` and `code\nthat goes on`, a [link](https://example.org/a_(b)#c), ![image](a.png).\n",
		"*one*, **two words**, ***both***, **bold *in* bold**, _so_ and __so__, ~~gone~~\nsnake_case, a * b &lt; c < d, \\*as is\\* R&D, a\\b.\n",
		"Hard  \nbreaks and<br>tags, <img alt='an image'>, <http://example.org/>, <a@example.org>, x[i] and [words].\n",
		"```go\ncode\n\n\tmore\n```\n~~~\nto the end",
		"text::\n\n    code\n\n\tmore\n\ntext\n\n  text that stands in\n",
		"- one\n- `two`\n  goes on\nlazily\n- three\n\n  more of it\n\n      code\n\n1. one\n2. two\n   - nested\n\n     more of it\n   ```\n   code\n   ```\n   ## Heading\n",
		"*   wide\n+ other\n\n10) ten\nand\n11) eleven\n",
		"<!-- one\n\nmore -->\ntext\n<!-- two -->\n\ntext\n",
		".. note::\n   :field: text\n\n==== ====\none  two\n==== ====\n\n+---+\n| a |\n+---+\n",
	} {
		if left := sameAsParser(t, source); left > 0 {
			t.Errorf("%d bytes of %q were left to the parser", left, source)
		}
	}
}

// What is defined in one part of a text counts in the others, wherever they are
// read, and all stays in order.
func TestSimpleMarkdownDefinitions(t *testing.T) {
	const read = "text without brackets\n\n- one\n- two\n\n"
	source := read + "- [a] and\n\n" + read + "  so [b][a]\n\n" + read + "[a]: u\n\n" + read
	if left := sameAsParser(t, source); left > len(source)/2 {
		t.Errorf("%d bytes of %d were left to the parser", left, len(source))
	}
}

// Documents put together from lines and signs that matter are read as the parser
// reads them.
func TestSimpleMarkdownLikeParser(t *testing.T) {
	begins := []string{
		"", "", "", "a ", "- ", "- ", "* ", "+ ", "-", "1. ", "2) ", "# ", "## ", "#", "> ", "  ", "    ", "\t", "  - ", "[", "[ ] ", "| ", "---", "===",
		"```", "~~~", "<b>", "<div>", "<!--", "-->", "<pre>", "</pre>", ":--|", "*", "**", "_", "\u00a0", "\f", "3", "|-|-|", "\n", "\n",
		"      ", "   - ", "\t- ", "-\t", "10. ", "-   ", "- - ", "-     ", "- ```", "  ```", "* * *", "---\n", "[^1]: ", "[x]: u\n", "\n\n[x]: u\n\n", "[^1]: a\n",
	}
	pieces := []string{
		"a", "b c", "d. ", "Ä", "漢", "\u00a0", "1", "*", "**", "***", "_", "__", "`", "``", "~", "~~", "[", "]", "](", "](u)", "[x](u_v)", "[x]", "![x](u)",
		"[^1]", "[^x](u)", "(", ")", "<", "<b>", "<br>", "<http://a.b>", "&", "& ", "&amp;", "\\", "\\*", "!", "|", " #", "-->", ":", ".", "\"", " ", " ", " ", "  ", "\t",
		"*a*", "**b**", "`c`", "`d*`", " *e f* ", "(**g**).", "h_i", " * ", "[`j`](k)", "[**l**](m)",
		"<a@b.c>", "<a b=c>", "</b>", "<a_b>", "<?", "<!--", "&#35;", "&copy ", ";", "](u \"t\")", "[![x](u)](v)", "[x][x]", "\u200b", "\\\n", "  \n", "\n", "\n  ",
		"{#a}", " {#b .c}", " ## {.d}", "{e}", " {-}", "{", "}",
		"<img src=\"u\" alt='&lt;*n* o'>", "<IMG\nalt=p />",
	}
	rapid.Check(t, func(t *rapid.T) {
		var source strings.Builder
		for range rapid.IntRange(1, 10).Draw(t, "lines") {
			source.WriteString(rapid.SampledFrom(begins).Draw(t, "begin"))
			for range rapid.IntRange(0, 4).Draw(t, "pieces") {
				source.WriteString(rapid.SampledFrom(pieces).Draw(t, "piece"))
			}
			source.WriteString(rapid.SampledFrom([]string{"\n", "\n\n"}).Draw(t, "end"))
		}
		sameAsParser(t, source.String())
	})
}

func FuzzSimpleMarkdown(f *testing.F) {
	kettle, err := os.ReadFile("testdata/kettle.md")
	if err != nil {
		f.Fatal(err)
	}
	for part := range strings.SplitSeq(string(kettle), "\n\n\n") {
		f.Add(part)
	}
	f.Add("a *b* **c** `d` [e](f) g_h\n- i\n- j\n\n1. k\n")
	f.Fuzz(func(t *testing.T, content string) {
		source, err := decode([]byte(content), nil)
		if err != nil || len(source) > usualSegment || hostile(source) {
			return
		}
		sameAsParser(t, source)
	})
}
