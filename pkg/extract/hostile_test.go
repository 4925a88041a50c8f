package extract

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// hostile texts are made to be slow to parse, or to take much memory. n is about
// how many bytes they have.
var hostileTexts = []struct {
	exts, name string
	make       func(n int) string
}{
	{"md", "quotes", repeat(">")},
	{"md", "quotes of items", repeat("> - ")},
	{"md", "items in items", repeat("- ")},
	{"md", "numbered items in items", repeat("1. ")},
	{"md", "footnotes in footnotes", repeat("[^1]: ")},
	{"md", "items deeper and deeper", staircase("- a")},
	{"md", "deep items over empty lines", func(n int) string { return strings.Repeat("- ", 20) + "a\n" + strings.Repeat("\n", n) }},
	{"md", "lazy lines in deep quotes", func(n int) string { return strings.Repeat("> ", 20) + "a\n" + strings.Repeat("a\n", n/2) }},
	{"md", "empty lines in a fence in an item", func(n int) string { return "- ```\n" + strings.Repeat("\n", n) }},
	{"md", "brackets", repeat("[")},
	{"md", "brackets that close", func(n int) string { return strings.Repeat("[", n/2) + strings.Repeat("]", n/2) }},
	{"md", "links that do not close", repeat("[a](")},
	{"md", "links with nothing", repeat("[](")},
	{"md", "links to angles", repeat("[a](<b")},
	{"md", "images", repeat("![")},
	{"md", "one definition again and again", repeat("[x]: a\n")},
	{"md", "definitions", numbered("[a%d]: /u\n")},
	{"md", "definitions with open titles", repeat("[a]: b \"\n")},
	{"md", "emphasis", repeat("**a *a _b ")},
	{"md", "emphasis that does not open", repeat("a* ")},
	{"md mdx", "backticks of all lengths", func(n int) string {
		var b strings.Builder
		for i := 1; b.Len() < n; i++ {
			b.WriteString("e" + strings.Repeat("`", i))
		}
		return b.String()
	}},
	{"md", "tags", repeat("x <a b=\"")},
	{"md", "comments", repeat("x <!-- ")},
	{"md", "tags of images", repeat("x <img alt=a>\n")},
	{"md", "front matter", func(n int) string { return "{\"a\":[" + strings.Repeat("1,", n/2) }},
	{"md", "sections of data", repeat("x <![CDATA[ ")},
	{"md", "cells", func(n int) string {
		return strings.Repeat("|a", 500) + "|\n" + strings.Repeat("|-", 500) + "|\n" + strings.Repeat("a\n", n/2)
	}},
	{"md", "columns", func(n int) string { return strings.Repeat("|a", n/4) + "|\n" + strings.Repeat("|-", n/4) + "|\n" }},
	{"md", "blocks of HTML", repeat("<div>\n\n")},
	{"md", "open HTML", repeat("<!--\n\n")},
	{"md", "references", repeat("&#x;&amp;&")},
	{"md", "fences of front matter", repeat("---\n")},
	{"mdx", "components", repeat("<A ")},
	{"mdx", "comments", repeat("{/*")},
	{"mdx", "tags in values", repeat("<A b={")},
	{"mdx", "tags in values that end", func(n int) string { return strings.Repeat("<A b={", n/7) + strings.Repeat("}", n/7) }},
	{"mdx", "values of a tag", func(n int) string { return strings.Repeat("<A "+strings.Repeat("{}", 5000), n/10000) }},
	{"mdx", "exports", repeat("export {\n\n")},
	{"mdx", "comments in exports", repeat("export /*\n\n")},
	{"mdx", "backticks on lines", repeat("``` `` `\n`` ")},
	{"html xhtml", "div", repeat("<div>")},
	{"html xhtml", "div that end", func(n int) string { return strings.Repeat("<div>", n/12) + strings.Repeat("</div>", n/12) }},
	{"html", "ends without a start", func(n int) string { return strings.Repeat("<div>", n/10) + strings.Repeat("</p>", n/8) }},
	{"html", "items without an end", func(n int) string {
		return "<ul><li>" + strings.Repeat("<section>", n/20) + strings.Repeat("<li></li>", n/18)
	}},
	{"html", "lists in lists", repeat("<ul><li>a")},
	{"html", "tables in cells", repeat("<table><tr><td>a")},
	{"html", "attributes", func(n int) string { return "<a " + strings.Repeat("b ", n/2) + ">" }},
	{"html", "open tags", repeat("<a b='")},
	{"html", "open comments", repeat("<!--")},
	{"html", "titles", repeat("<title>a</title>")},
	{"html", "svg", repeat("<svg><title>")},
	{"html", "breaks", repeat("a<br>")},
	{"html", "references", repeat("&#x41&amp;&")},
	{"html", "pre", repeat("<pre>\n<p>a")},
	{"html", "listings", repeat("<div class=fragment>a<div class=line>b</div>")},
	{"rst", "titles of all styles", repeat("a\n=\nb\n-\nc\n~~\n\n")},
	{"rst", "directives", repeat(".. note::\n\n ")},
	{"rst", "directives deeper and deeper", staircase(".. note:: a")},
	{"rst", "signatures", repeat(".. a:: b(\n  c\n")},
	{"rst", "signatures that do not end", func(n int) string { return ".. a:: b(\n" + strings.Repeat(" c(\n", n/4) }},
	{"rst", "classes in classes", staircase(".. autoclass:: a")},
	{"rst", "options", func(n int) string { return ".. image:: a\n" + strings.Repeat("  :alt:\n  a\n", n/12) }},
	{"rst", "lines of an option", func(n int) string { return ".. image:: a\n :alt:\n" + strings.Repeat("  a\n", n/4) }},
	{"rst", "lines of options", func(n int) string {
		return ".. image:: a\n" + strings.Repeat(" :alt:\n"+strings.Repeat(" a\n", 600), n/1800)
	}},
	{"rst", "roles", repeat(":a:`b")},
	{"rst", "literal blocks", repeat("::\n\n")},
	{"rst", "items", repeat("* - ")},
	{"rst", "tabs", repeat("\t")},
	{"rst", "numbers that are text", repeat("1. a\nb\n")},
	{"rst", "a table with tabs", func(n int) string { return "== ==\n" + strings.Repeat("a\t\tb\n", n/5) }},
	{"rst", "rows of a list", repeat(".. list-table::\n * - a\n")},
	{"rst", "cells of a list", func(n int) string { return ".. list-table::\n\n * - a\n" + strings.Repeat("   - b\n", n/7) }},
	{"rst", "a grid", repeat("+-+\n|\n")},
	{"rst", "a border", func(n int) string { return strings.Repeat("== ", n/6) + "\n" + strings.Repeat("a\n", n/4) }},
	{"rst", "values", func(n int) string { return ".. csv-table::\n\n" + strings.Repeat(" \"a,\n", n/5) }},
	{"rst", "tables of values", repeat(".. csv-table::\n :header: a\n\n b\n")},
	{"rst", "substitutions", func(n int) string {
		return ".. |a| replace:: " + strings.Repeat("b", 1000) + "\n\n" + strings.Repeat("|a|_ ", n/5)
	}},
	{"rst", "substitutions in substitutions", func(n int) string {
		var b strings.Builder
		for i := range 20 {
			fmt.Fprintf(&b, ".. |%d| replace:: %s\n", i, strings.Repeat(fmt.Sprintf("|%d|, ", i+1), 100))
		}
		return b.String() + "\n" + strings.Repeat("|1|\n", n/4)
	}},
	{"rst", "substitutions of characters", func(n int) string { return ".. |a| unicode:: 33\n :trim:\n\n" + strings.Repeat(" |a|", n/4) }},
	{"rst", "definitions deeper and deeper", staircase(".. |a| replace:: b |a|")},
	{"rst", "definitions without an end", repeat(".. |a\n\n")},
	{"adoc", "attributes", func(n int) string { return ":a: " + strings.Repeat("b", 1000) + "\n\n" + strings.Repeat("{a}", n/3) }},
	{"adoc", "attributes of attributes", func(n int) string {
		var b strings.Builder
		for i := range 100 {
			fmt.Fprintf(&b, ":a%d: %s\n", i, strings.Repeat(fmt.Sprintf("{a%d}b", i-1), 100))
		}
		return b.String() + "\n" + strings.Repeat("{a50}\n", n/6)
	}},
	{"adoc", "breaks of lines in marks", repeat("a +((\nb)) ")},
	{"adoc", "breaks of lines in images", repeat("a +image:x[alt=\"\n b\"] ")},
	{"adoc", "attributes as links", repeat("{a-b}/[c d")},
	{"adoc", "signs above and below the line", repeat("^a~b^c ")},
	{"adoc", "attributes of links", repeat("link:a[b,c")},
	{"adoc", "escaped ends of links", repeat(`link:a[\]`)},
	{"adoc", "passed on", repeat("a ++b +++")},
	{"adoc", "references to characters", repeat("&lt;&#x;&a")},
	{"adoc", "blocks without an end", repeat("----\na\n|===\n")},
	{"adoc", "cells", func(n int) string { return "[cols=\"999*\"]\n|===\n" + strings.Repeat("|", n) }},
	{"adoc", "values", func(n int) string { return ",===\n" + strings.Repeat(" \"a,\n", n/5) }},
	{"adoc", "tables of values", repeat(",===\na\n,===\n")},
	{"adoc", "escaped separators", func(n int) string { return "|===\n|" + strings.Repeat("\\|", n/2) }},
	{"adoc", "marks of lists", func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			b.WriteString(strings.Repeat("*", i%6+1) + " a\nb:: c\n")
		}
		return b.String()
	}},
	{"adoc", "quotes", repeat("[quote,a,b]\n")},
	{"adoc", "a long quote", func(n int) string { return "[quote," + strings.Repeat("\"a", n/2) + "]\n" }},
	{"adoc", "entries of a bibliography", repeat("[[[a]] ")},
	{"adoc", "macros", repeat("a:b[")},
	{"adoc", "conditions in conditions", func(n int) string { return strings.Repeat("ifdef::a[", n/10) + strings.Repeat("]", n/10) }},
	{"adoc", "conditions without an end", repeat("ifdef::a[")},
	{"adoc", "conditions", repeat("ifndef::a[b]\n")},
	{"org", "drawers", repeat(":A:\n")},
	{"org", "drawers over headings", func(n int) string { return strings.Repeat(":A:\n* a\n", n/8) + ":END:" }},
	{"org", "drawers without an end", repeat(":A:\n:LOGBOOK:\na\n")},
	{"org", "macros", func(n int) string {
		return "#+macro: a " + strings.Repeat("b", 1000) + "\n" + strings.Repeat("{{{a}}}\n", n/8)
	}},
	{"org", "for one format alone", repeat("@@a:b@ {{{")},
	{"org", "blocks without an end", repeat("#+begin_src\n")},
	{"org", "blocks over headings", repeat("#+begin_src\n#+begin_comment\n* a\n")},
	{"org", "links", repeat("[[a][")},
	{"org", "radio targets", repeat("<<<a>> ")},
	{"org", "footnotes", repeat("[fn:")},
	{"rst adoc org", "marks", repeat("*a _b `c =d ~e +f /g #h ")},
	{"rst adoc org", "marks that end far off", func(n int) string { return strings.Repeat("*a _b ", n/6) + "a* b_" }},
	{"rst adoc org", "special marks", repeat("[[<<{((`|:\\")},
	{"rst adoc org txt md", "items deeper and deeper", staircase("- a")},
	{"rst adoc org txt md go html", "lines", repeat("\n")},
	{"rst adoc org txt md go html", "short lines", repeat("a\n")},
	{"rst adoc org txt md go html", "short paragraphs", repeat("a\n\n")},
	{"rst adoc org txt md go html", "white space", repeat(" \t")},
	{"rst adoc org txt md go html", "page breaks", repeat("\f\n")},
	{"rst adoc org txt md go html", "one word", repeat("a")},
	{"rst adoc org txt md go html", "soft hyphens", repeat("\u00ad")},
	{"rst adoc org txt md go html", "bytes that are no UTF-8", repeat("\xe4 ")},
	{"rst adoc org txt md go html", "codes of terminals without an end", repeat("\x1b[1;")},
	{"rst adoc org txt md go html", "characters struck over", repeat("a\ba\b\b漢\b\n")},
	{"rst adoc org txt md go html", "tabs before text", repeat("\t\t\t\ta\n")},
	{"rst adoc org txt md go html", "lines under text", repeat("a\n---\n")},
}

func repeat(s string) func(int) string {
	return func(n int) string { return strings.Repeat(s, n/len(s)+1) }
}

func numbered(format string) func(int) string {
	return func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
}

// staircase has lines that stand in further each, and begins again at 200.
func staircase(line string) func(int) string {
	return func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			b.WriteString(strings.Repeat("  ", i%200) + line + "\n")
		}
		return b.String()
	}
}

// Bytes allocated for each byte read, at most. What Markdown's parser allocates,
// it allocates for one segment after another and not at once.
const (
	mostAllocated         = 96
	mostAllocatedMarkdown = 800
	mostHeld              = 24
)

// TestHostile counts what is allocated in all, which bounds the time that is
// taken, and what a document holds in the end.
func TestHostile(t *testing.T) {
	const n = 400_000
	for _, hostile := range hostileTexts {
		for ext := range strings.FieldsSeq(hostile.exts) {
			t.Run(ext+" "+hostile.name, func(t *testing.T) {
				content := []byte(hostile.make(n))
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				doc, err := Extract("x."+ext, content)
				runtime.ReadMemStats(&after)
				if err != nil {
					t.Fatal(err)
				}
				check(t, doc, "x."+ext, content)
				most := uint64(mostAllocated)
				if strings.HasPrefix(ext, "md") {
					most = mostAllocatedMarkdown
				}
				if allocated := (after.TotalAlloc - before.TotalAlloc) / uint64(len(content)); allocated > most {
					t.Errorf("allocated %d bytes for each that was read", allocated)
				}
				held := len(doc.Title)
				for _, b := range doc.Blocks {
					held += len(b.Text) + 56
				}
				if held > mostHeld*len(content) {
					t.Errorf("holds %d bytes for each that was read", held/len(content))
				}
			})
		}
	}
}
