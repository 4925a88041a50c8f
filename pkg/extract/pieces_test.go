package extract

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// pieces are marks that matter to a format and whatever may stand between them.
// Documents put together from them meet what changes of single bytes hardly do.
var pieces = map[string][]string{
	"md mdx": {"#", "# ", "- ", "1. ", "> ", "    ", "\t", "|", "|-|", "-|-\n", "---\n", "===\n", "```\n", "~~~", "*", "**", "`", "~~", "\\", "[x]",
		"[x]: /u\n", "[^1]: ", "[^1]", "![a\nb](c)", "- [ ] ", "<div>\n", "</div>", "<!--", "-->", "{/*", "*/}", "<A\n", "<A>", "</A>", "import a",
		"+++\n", "title: \n"},
	"html xhtml": {"<pre>", "</pre>", "<p>", "</p>", "<br>", "<hr>", "<h1>", "</h1>", "<ul>", "<li>", "</ul>", "<dl>", "<dt>", "<dd>", "<table>",
		"<tr>", "<td>", "</table>", "<svg>", "</svg>", "<svg/>", "<title>", "</title>", "<main>", "</main>", "<article>", "</article>", "<nav>", "</nav>",
		"<aside>", "<div hidden>", "<div>", "</div>", "<img alt='a\nb'>", "<a\nb='c\n'>", "</a>", "&#10;", "&nbsp;", "&#x2028;", "&#27;", "¶", "<!--\n-->",
		"<script>\n</script>", "<textarea>\n", "</textarea>", "<button>", "</button>", "<plaintext>", "<xmp>", "</xmp>", "<![CDATA[\n]]>", "</",
		"<meta charset=iso-2022-jp>", "<meta charset=gbk>", "\xa0", "\x1b$B", "\x81"},
	"rst": {"| ", "|", "====\n", "----", "A\n-\n", "== ==\n", "+--+--+\n", "* ", "- ", "1. ", "#. ", "(a) ", ".. ", ".. note:: ", ".. csv-table::\n", "   :header: ", ".. list-table::\n",
		"   * - ", "     - ", "\"", ",", "::", ">>> ", "__ ", ":a: ", ".. image:: x\n", "   :alt: ", ".. math:: ", ".. code::\n", ".. [1] ", ".. _a:\n", ".. _b: ", "`",
		"``", "*", "**", "_", "\\", "[1]_", "--a  b", ".. |a| replace:: ", ".. |b| unicode:: 10 0x2028\n  :trim:\n", "|a|", "|b|_"},
	"adoc": {"|", "|===\n", ",===\n", "----\n", "====\n", "....\n", "```\n", "= ", "== ", "* ", "** ", ". ", "1. ", "<1> ", "a:: ", ";; ", "+\n", "//",
		"////\n", ":a: b", " \\\n", "{a}", "[cols=2]\n", "[[a]]", "[[[a,b]]]", "[quote,a,'", "[verse", "]\n", "image::x[a\nb]", "`", "*", "_", "\"`", "((", "))", ".T\n", "----", "--\n", "____\n",
		"2+|", "a|", "include::a[]", "[format=csv]\n", "[separator=b]\n", "\\", ":===\n", ",", "\""},
	"org": {"|", "|-", "* ", "** ", "- ", "1. ", "#+begin_src\n", "#+end_src\n", "#+begin_comment\n", "#+end_comment\n", "#+begin_verse\n", "#+end_verse\n", "#+title: ", "#+caption: ", ": ",
		":A:\n", ":END:\n", "[[", "][", "]]", "<<<a>>>", "<<", ">>>", "[fn:1]", "[fn:", ":: ", "\\\\", "=", "~", "/", "SCHEDULED: ", "# ", "-----", "[1/2]", "TODO ", "[#A]", ":t:"},
	"txt go": {"ABCD", "====", "----", "- ", "1. ", "#. ", "•", "    "},
}

// white is what documents of any format have between their marks.
var white = []string{"a", "b", "a b", "漢", " ", "  ", "   ", "\n", "\n", "\n", "\n\n", "\t", "\f", "\r", "\r\n", "\u00a0", "\u2028", "\u00ad", "\x1b", "\x1b[1m", "\b"}

// TestPieces asserts what every document promises of documents put together from
// pieces, the same ones each time.
func TestPieces(t *testing.T) {
	for exts, marks := range pieces {
		for ext := range strings.FieldsSeq(exts) {
			t.Run(ext, func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 1))
				for range 5_000 {
					content := pieced(r, marks)
					doc, err := Extract("x."+ext, content)
					if err != nil {
						continue // it is not text
					}
					if check(t, doc, "x."+ext, content); t.Failed() {
						t.Fatalf("of %q", content)
					}
				}
			})
		}
	}
}

func pieced(r *rand.Rand, marks []string) []byte {
	var content []byte
	for range 1 + r.IntN(16) {
		from := marks
		if r.IntN(5) < 2 {
			from = white
		}
		content = append(content, from[r.IntN(len(from))]...)
	}
	return content
}
