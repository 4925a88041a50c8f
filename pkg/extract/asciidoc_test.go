package extract

import "testing"

// TestAfterList: the text after a heading belongs to no item, even if the list
// before it was to go on.
func TestAfterList(t *testing.T) {
	for _, list := range []string{"term::\n", "* term\n+\n"} {
		source := list + "== Heading\n\nText\n"
		doc, err := Extract("a.adoc", []byte(source))
		if err != nil {
			t.Fatal(err)
		}
		check(t, doc, "a.adoc", []byte(source))
		n := len(doc.Blocks)
		if n != 3 || doc.Blocks[0].Kind != Item || doc.Blocks[1].Kind != Heading || doc.Blocks[2].Kind != Paragraph {
			t.Errorf("%q: got %+v", source, doc.Blocks)
		}
	}
}

// TestTables asserts that tables of all formats are read, row by row.
func TestTables(t *testing.T) {
	for _, test := range []struct {
		name, source string
		want         []Block
	}{
		{"values with commas", "[%header,format=csv]\n|===\nName,Animal\nBob,quokka\n|===\n", []Block{
			{Row, 0, "Name\tAnimal", 3, 3}, {Row, 0, "Bob\tquokka", 4, 4}}},
		{"values with commas, in short", ".T\n,===\n// no\ninclude::no.csv[]\nx,\"a, *b*\nand\"\"c\"\n\ny , z\n,===\n", []Block{
			{Paragraph, 0, "T", 1, 1}, {Row, 0, "x\ta, b and\"c", 5, 6}, {Row, 0, "y\tz", 8, 8}}},
		{"values with other separators", "[format=\"csv\",separator=\";\"]\n|===\na;b,c\n|===\n", []Block{{Row, 0, "a\tb,c", 3, 3}}},
		{"values with tabs", "[format=tsv]\n|===\na\tb\n\td\n|===\n", []Block{{Row, 0, "a\tb", 3, 3}, {Row, 0, "d", 4, 4}}},
		{"values with colons", ":===\na:b\\:c\n\nd:e\n:===\n", []Block{{Row, 0, "a\tb:c", 2, 2}, {Row, 0, "d\te", 4, 4}}},
		{"an open quotation", ",===\na,\"b\nc\n,===\n", []Block{{Row, 0, "a\tb c", 2, 3}}},
		{"cells as usual after values", "[format=csv]\n|===\na,b\n|===\n\n|===\n|a,b |c\n|===\n", []Block{
			{Row, 0, "a\tb", 3, 3}, {Row, 0, "a,b\tc", 7, 7}}},
		{"another separator", "[separator=¦]\n|===\n¦a | b ¦c\n|===\n", []Block{{Row, 0, "a | b\tc", 3, 3}}},
		{"a separator that is text", "[cols=2]\n|===\n|Pipe a\\|b here |second\n|third |fourth\\|\n\\|\\\n|===\n", []Block{
			{Row, 0, "Pipe a|b here\tsecond", 3, 3}, {Row, 0, "third\tfourth| |\\", 4, 5}}},
		{"columns of a line with a separator that is text", "|===\n|a\\|b |c\n\n|d\n|e\n|===\n", []Block{
			{Row, 0, "a|b\tc", 2, 2}, {Row, 0, "d\te", 4, 5}}},
		{"words and numbers before a separator", "|===\n|the shade|Go 1.22\n|release 3|is *\n|===\n", []Block{
			{Row, 0, "the shade\tGo 1.22", 2, 2}, {Row, 0, "release 3\tis *", 3, 3}}},
		{"how cells span and look", "|===\n|a 2+|b .2+^.>s|c\n|d 3*^m|e >|f\n|===\n", []Block{
			{Row, 0, "a\tb\tc", 2, 2}, {Row, 0, "d\te\tf", 3, 3}}},
		{"code in a cell", "|===\n|a\n|\n[source,c]\n----\nint b;\n----\n|===\n", []Block{{Row, 0, "a", 2, 2}, {Row, 0, "int b;", 6, 6}}},
		{"a number at the end", "|===\n|a |costs 4\n|===\n", []Block{{Row, 0, "a\tcosts 4", 2, 2}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Extract("x.adoc", []byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			check(t, doc, "x.adoc", []byte(test.source))
			compare(t, doc.Blocks, test.want)
		})
	}
}

// TestConditions asserts that text is kept whatever it depends on, and read as what
// it is.
func TestConditions(t *testing.T) {
	for _, test := range []struct {
		name, source string
		want         []Block
	}{
		{"lines", "= T\n\nifndef::print[Shown *wombat*.]\n\nifdef::env[Inline [quokka].]  \n", []Block{
			{Heading, 1, "T", 1, 1}, {Paragraph, 0, "Shown wombat.", 3, 3}, {Paragraph, 0, "Inline [quokka].", 5, 5}}},
		{"a line of a paragraph", "One\nifdef::a[two]\nthree.\n", []Block{{Paragraph, 0, "One two three.", 1, 3}}},
		{"a heading, an item and an attribute", "ifdef::a,b+c[== H]\n\nifdef::a[* item]\n\nifdef::a[:p: Gizmotron]\n\n{p}\n", []Block{
			{Heading, 2, "H", 1, 1}, {Item, 1, "item", 3, 3}, {Paragraph, 0, "Gizmotron", 7, 7}}},
		{"one in another", "ifdef::a[ifndef::b[ifdef::c[text]]]\n", []Block{{Paragraph, 0, "text", 1, 1}}},
		{"what is no text", "ifdef::a[]\nText.\nifdef::b[include::c.adoc[]]\nendif::a[no]\nifeval::[1 < 2]\nMore.\nendif::[]\nifdef::[no]\n",
			[]Block{{Paragraph, 0, "Text.", 2, 2}, {Paragraph, 0, "More.", 6, 6}}},
		{"the header", "ifdef::a[:q: x]\nifdef::a[= T]\nifdef::a[:p: Gizmotron]\n:r: y\n\n{p} {q} {r}\n", []Block{
			{Heading, 1, "T", 2, 2}, {Paragraph, 0, "Gizmotron x y", 6, 6}}},
		{"below a title", "= T\nifdef::a[Text on it.]\n", []Block{{Heading, 1, "T", 1, 1}, {Paragraph, 0, "Text on it.", 2, 2}}},
		{"between lines of an item", "a::\n\tOne\nifdef::x[]\n\ttwo\n// no\n\tthree\nendif::x[]\n\tfour.\n+\nifdef::x[]\nFive.\nendif::x[]\n", []Block{
			{Item, 1, "a", 1, 1}, {Item, 1, "One two three four.", 2, 8}, {Item, 1, "Five.", 11, 11}}},
		{"above a title", "ifdef::x[]\n= T\nendif::x[]\nAda Lovelace\n\nText.\n", []Block{{Heading, 1, "T", 2, 2}, {Paragraph, 0, "Text.", 6, 6}}},
		{"code", "----\na\nifdef::x[]\nb\nendif::x[]\ninclude::c[]\n\\include::d[]\n----\n\n e\nifdef::x[]\n f\n", []Block{
			{Code, 0, "a\n\nb\n\n\ninclude::d[]", 2, 7}, {Code, 0, "e\n\nf", 10, 12}}},
		{"cells", "|===\n|a\nifdef::x[]\n|b\ninclude::c.adoc[]\n|===\n", []Block{{Row, 0, "a", 2, 2}, {Row, 0, "b", 4, 4}}},
		{"rows", "|===\n|a |b\n\nifdef::a[|c |d]\n|===\n\n,===\nifndef::a[e,f]\nifdef::a[]\ng,h\n,===\n", []Block{
			{Row, 0, "a\tb", 2, 2}, {Row, 0, "c\td", 4, 4}, {Row, 0, "e\tf", 8, 8}, {Row, 0, "g\th", 10, 10}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Extract("x.adoc", []byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			check(t, doc, "x.adoc", []byte(test.source))
			compare(t, doc.Blocks, test.want)
		})
	}
}

// TestInlineMacros asserts what of a macro in a sentence is text.
func TestInlineMacros(t *testing.T) {
	for source, want := range map[string]string{
		"menu:File[Save as] now.":                 "File Save as now.",
		"menu:Help[], menu:View[Zoom > Reset]":    "Help, View Zoom > Reset",
		"kbd:[Ctrl+T] or btn:[OK]":                "Ctrl+T or OK",
		"pass:q[the text] and pass:[more]":        "the text and more",
		"pass:[<u>a</u> &amp; b], pass:c[<name>]": "a & b, <name>",
		`link:a[b ^c^,window=_blank], https://a["b, *c*",role=x] https://a[b^] https://a[d, e]`: "b c, b, c b d, e",
		"https://a[window=_blank] link:b[role=x,id=y]":                                          "https://a b",
		`link:a[b \] c], xref:d[see _e_], <<f,see *g*>>`:                                        "b ] c, see e, see g",
		"mailto:a@b.c[Write,Subject]":                                                           "Write",
		`image:a.png["A kettle, hot",100] image:b.png[alt=A cup,width=1]`:                       "A kettle, hot A cup",
		"a.footnote:[See *b*.] footnoteref:[c,d] footnote:e[]":                                  "a. (See b.) (d)",
		"`/set pass:[a.*]`, $$*b*$$ and ``d *e*''":                                              "/set a.*, *b* and \"d e\"",
		"linkgit:git-log[1]": "git-log(1)",
	} {
		doc, err := Extract("x.adoc", []byte(source))
		if err != nil {
			t.Fatal(err)
		}
		compare(t, doc.Blocks, []Block{{Paragraph, 0, want, 1, 1}})
	}
}

// TestAttributes asserts that references to attributes are read as what they stand
// for, and as links where that is an address.
func TestAttributes(t *testing.T) {
	const set = ":base: https://example.org\n:url: {base}/x\n:link: a {url}[*site*] (x)\n:raw: pass:q[<u>up</u>]\n:v: 1_0_1\n:gone: a\n:!gone:\n\n"
	for source, want := range map[string]string{
		"{url}[A site], {url}/b[*B*] and {url}[]":  "A site, B and https://example.org/x",
		"link:{url}[A], link:{url}/b[] or {link}":  "A, https://example.org/x/b or a site (x)",
		"https://a/{v}[x] https://a/{v} {url}.":    "x https://a/1_0_1 https://example.org/x.",
		"`a-{v}.jar`, `\\{v}` `+{v}+`":             "a-1_0_1.jar, {v} {v}",
		"{raw} {gone} {no-such}[A text] a{i}[0]":   "up {gone} A text a{i}[0]",
		"{plus}{caret}x{caret}{asterisk}{empty}a*": "+^x^*a*",
		"{startsb}{two-colons}{lt}{nbsp}{cpp}":     "[::< C++",
		"{plus}\n{v}":                              "+ 1_0_1",
		"&lt;T&gt; &#8212; `&amp;` &b; &copy=1;":   "<T> — & &b; &copy=1;",
	} {
		doc, err := Extract("x.adoc", []byte(set+source))
		if err != nil {
			t.Fatal(err)
		}
		if len(doc.Blocks) != 1 || doc.Blocks[0].Text != want {
			t.Errorf("%s: got %+v, want %q", source, doc.Blocks, want)
		}
	}
}

// TestHeader asserts what belongs to the header of a document, and what is text
// already.
func TestHeader(t *testing.T) {
	text := func(text string, lines ...int) []Block {
		return []Block{{Heading, 1, "T", 1, 1}, {Paragraph, 0, text, lines[0], lines[len(lines)-1]}}
	}
	for _, test := range []struct {
		name, source, author string
		want                 []Block
	}{
		{"an author", "= T\nAda Lovelace\n:p: Gizmotron\n\nUse {p}.\n", "Ada Lovelace", text("Use Gizmotron.", 5)},
		{"two authors", "= T\nAda Lovelace <a@example.org>; Charles Babbage <c@example.org>\n:p: Gizmotron\n\nUse {p}.\n",
			"Ada Lovelace <a@example.org>; Charles Babbage <c@example.org>", text("Use Gizmotron.", 5)},
		{"authors with addresses and no attributes", "= T\nAda King of Lovelace <a@example.org>; Charles Babbage\n\nText.\n",
			"Ada King of Lovelace <a@example.org>; Charles Babbage", text("Text.", 4)},
		{"many words above attributes", "= T\nThe Team that makes it and All Others\nv1.0, 2024-01-01: First\n:p: Gizmotron\nUse {p}.\n",
			"The Team that makes it and All Others", text("Use Gizmotron.", 5)},
		{"attributes, a file and comments above an author", "= T\n:p: Gizmotron\ninclude::a.adoc[]\n// no\nAda Lovelace\n\nUse {p}.\n",
			"Ada Lovelace", text("Use Gizmotron.", 7)},
		{"a sentence", "= T\nThis is text right below the title.\nIt goes on.\n", "", text("This is text right below the title. It goes on.", 2, 3)},
		{"a sentence below attributes", "= T\n:a: b\nThis is text right below the attributes.\n", "", text("This is text right below the attributes.", 3)},
		{"text below an author", "= T\nAda Lovelace\nIt is text.\n", "Ada Lovelace", text("It is text.", 3)},
		{"a section below an author", "= T\nAda Lovelace\n== Part 1\n", "Ada Lovelace", []Block{{Heading, 1, "T", 1, 1}, {Heading, 2, "Part 1", 3, 3}}},
		{"an image", "= T\nimage::a1.png[A kettle]\n", "", text("A kettle", 2)},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Extract("x.adoc", []byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			check(t, doc, "x.adoc", []byte(test.source))
			compare(t, doc.Blocks, test.want)
			if doc.Meta["author"] != test.author {
				t.Errorf("author %q, want %q", doc.Meta["author"], test.author)
			}
		})
	}
}

// TestLists asserts what belongs to an item, and where code in one ends.
func TestLists(t *testing.T) {
	for _, test := range []struct {
		name, source string
		want         []Block
	}{
		{"terms with brackets and anchors", "[<path>...]::\n\ta\n[[b]]b:: c +\n", []Block{
			{Item, 1, "[<path>...]", 1, 1}, {Item, 1, "a", 2, 2}, {Item, 1, "b", 3, 3}, {Item, 1, "c", 3, 3}}},
		{"code before text", "* a\n+\n--\nb\n\n  c\n  +d\n+\ne\n\n  f\n--\n\ng\n", []Block{
			{Item, 1, "a", 1, 1}, {Item, 1, "b", 4, 4}, {Code, 0, "c\n+d", 6, 7}, {Item, 1, "e", 9, 9}, {Code, 0, "f", 11, 11}, {Paragraph, 0, "g", 14, 14}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Extract("x.adoc", []byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			check(t, doc, "x.adoc", []byte(test.source))
			compare(t, doc.Blocks, test.want)
		})
	}
}

// TestQuotes asserts that it is read who said what, and in which entry of a
// bibliography.
func TestQuotes(t *testing.T) {
	for _, test := range []struct {
		name, source string
		want         []Block
	}{
		{"a paragraph", "Said:\n[quote,Captain James Kirk,Star Trek]\nBe *bold*.\n", []Block{
			{Paragraph, 0, "Said:", 1, 1}, {Paragraph, 0, "Captain James Kirk, Star Trek", 2, 2}, {Paragraph, 0, "Be bold.", 3, 3}}},
		{"a block", ".T\n[quote#id.role, \"King, Jr.\", 'A _Speech_, 1963']\n____\nOne.\n\nTwo.\n____\n", []Block{
			{Paragraph, 0, "T", 1, 1}, {Paragraph, 0, "King, Jr., A Speech, 1963", 2, 2}, {Paragraph, 0, "One.", 4, 4}, {Paragraph, 0, "Two.", 6, 6}}},
		{"a verse", "[verse, Carl Sandburg, two lines of Fog]\nThe fog\n", []Block{
			{Paragraph, 0, "Carl Sandburg, two lines of Fog", 1, 1}, {Paragraph, 0, "The fog", 2, 2}}},
		{"the lines of verses", "[verse]\none *two*\nthree\n\nfour\nfive\n\n[verse]\n____\nsix\n\nseven\n____\neight\nnine\n", []Block{
			{Paragraph, 0, "one two\nthree", 2, 3}, {Paragraph, 0, "four five", 5, 6}, {Paragraph, 0, "six\nseven", 10, 12},
			{Paragraph, 0, "eight nine", 14, 15}}},
		{"one of the two", "[quote,,Fog]\na\n\n[quote, Kirk]\nb\n\n[quote]\nc\n", []Block{
			{Paragraph, 0, "Fog", 1, 1}, {Paragraph, 0, "a", 2, 2}, {Paragraph, 0, "Kirk", 4, 4}, {Paragraph, 0, "b", 5, 5}, {Paragraph, 0, "c", 8, 8}}},
		{"names and links", "[quote,role=x,citetitle=\"Fog, 1916\",attribution={a} of https://example.org[here]]\n:a: b\nc\n", []Block{
			{Paragraph, 0, "{a} of here, Fog, 1916", 1, 1}, {Paragraph, 0, "c", 3, 3}}},
		{"other attributes", "[source,c,no]\n[quotes,no]\na\n[1] in [2]\n", []Block{{Paragraph, 0, "a [1] in [2]", 3, 4}}},
		{"a bibliography", "* [[[pragprog]]] The Pragmatic *Programmer*.\n* [[[gof,gang 4]]] Patterns.\n\n[[id]]a [[[x]]]\n", []Block{
			{Item, 1, "[pragprog] The Pragmatic Programmer.", 1, 1}, {Item, 1, "[gang 4] Patterns.", 2, 2}, {Paragraph, 0, "a [x]", 4, 4}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Extract("x.adoc", []byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			check(t, doc, "x.adoc", []byte(test.source))
			compare(t, doc.Blocks, test.want)
		})
	}
}
