package extract

import (
	"strings"
	"testing"
)

// Documents are full of tabs, and of tables and lists that are a little wrong.
func TestRestructuredAsWritten(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"tabs between the columns of a table", "===\t=====\nyes\tthis one\n\t\tand on\n===\t=====\n",
			"row yes\tthis one and on\n"},
		{"a table below tabs", "\t======== ====\n\tonboot\t The device\n\t\t sure\n\t======== ====\n",
			"row onboot\tThe device sure\n"},
		{"a cell that is wider than its column", "===  ====\ncommand queuing\na    b\n===  ====\n",
			"row command queuing\nrow a\tb\n"},
		{"a table without an end", "  ==  ==\n  a   b\nText.\n", "row a\tb\nparagraph Text.\n"},
		{"a table in a cell", "==  ========\na   one\n\n    two\n\n    == ===\n    f  g\n    -  -\n    == ===\nb   three\n==  ========\n\nText.\n",
			"row a\tone two f g - -\nrow b\tthree\nparagraph Text.\n"},
		{"signs in cells", "==  ==\na   --\n    ==\n==  ==\n\nText.\n", "row a\t-- ==\nparagraph Text.\n"},
		{"marks of lists in a table", ".. list-table::\n\n   - + a\n     + b\n       - c\n   - ..  row 2\n\n     + d\n     + .. _e:\n\n       f\n   -\n     + g\n",
			"row a\tb - c\nrow d\tf\nrow g\n"},
		{"a border over one letter", "=  ====\n0  none\n=  ====\n", "row 0\tnone\n"},
		{"directives in cells", "+----------------------+---+\n| .. data:: A          | b |\n|                      |   |\n| .. index:: c         |   |\n" +
			"| .. versionadded:: 3  |   |\n+----------------------+---+\n", "row A Added in version 3\tb\n"},
		{"versions", ".. versionadded:: 3.2\n\n.. versionchanged:: 3.3 Text\n   on it.\n\n.. deprecated:: 3.4\n   Use *b*.\n\n" +
			".. deprecated-removed:: 3.5 3.7\n", "paragraph Added in version 3.2\nparagraph Changed in version 3.3: Text on it.\n" +
			"paragraph Deprecated since version 3.4: Use b.\nparagraph Deprecated since version 3.5, removed in version 3.7\n"},
		{"two names with options", ".. data:: A\n          B\n   :noindex:\n\n   Text.\n", "paragraph A B\nparagraph Text.\n"},
		{"letters before tabs", "a.\tRemove it,\n\tso that it is gone.\n\nb.\tWait.\n",
			"item Remove it, so that it is gone.\nitem Wait.\n"},
		{"a number in running text", "3) macros that\nbite you\n\n1. an item\n2. another\n",
			"paragraph 3) macros that bite you\nitem an item\nitem another\n"},
		{"a list inside an item without an empty line", "* create: a pool\n    * order: pages\n    * size: of it\n",
			"item create: a pool\nitem order: pages\nitem size: of it\n"},
		{"lines with bars and tabs", "| 1.\tfirst\n|\tsecond\n", "paragraph 1. first\nsecond\n"},
		{"a line with a bar and the end of a page", "| first\n|\fsecond\n\n|\fthird\n", "paragraph first\nsecond\nparagraph third\n"},
		{"a literal block without an empty line before it", "- usage::\n- other\n\n      more\n", "item usage:\nitem other\nitem more\n"},
		{"lines with bars right after two colons", ":usage: as in::\n| one\n| two\n", "item usage: as in:\nparagraph one\ntwo\n"},
		{"text below what comes from the code", ".. autoclass:: shop.Cart\n   :members:\n   :exclude-members: a,\n      b\n\n" +
			"   Carts hold wombats.\n\n   .. warning:: Never share a cart.\n\n   .. automethod:: add(item,\n                           n)\n\n" +
			"      Adds it.\n\nAfter.\n",
			"paragraph shop.Cart\nparagraph Carts hold wombats.\nparagraph Never share a cart.\nparagraph add(item, n)\n" +
				"paragraph Adds it.\nparagraph After.\n"},
		{"text of modules", ".. module:: shop\n   :synopsis: no\n\n   All of it.\n\n.. automodule:: shop.till\n   :members:\n\n   More.\n",
			"paragraph All of it.\nparagraph More.\n"},
		{"names of functions", ".. autofunction:: a.b\n\n.. autofunction:: c\n   :noindex:\n", "paragraph a.b\nparagraph c\n"},
		{"signatures on several lines", ".. function:: f(a,\n   b)\n   g()\n   :noindex:\n   :x: y\n\n   Text of f.\n.. data:: d(e,\n   :class:`F`)\n",
			"paragraph f(a, b) g()\nparagraph Text of f.\nparagraph d(e, F)\n"},
		{"targets in tables", ".. flat-table::\n\n   * .. _`ONE-FRAME`:\n\n     - one\n     - .. _b:\n       two\n\n== ==\na  .. _c:\n   d\n== ==\n\n" +
			".. csv-table::\n\n   a,\".. _b:\n   c\"\n", "row one\ttwo\nrow a\td\nrow a\tc\n"},
		{"targets in items", "* .. _a:\n\n  one\n\n* two\n  .. _b:\n\n* .. a comment\n\n  three\n", "item one\nitem two .. _b:\nitem three\n"},
		{"brackets in a name", "fan[1-4]_input, and see [1]_\n", "paragraph fan[1-4]_input, and see\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Extract("a.rst", []byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			check(t, doc, "a.rst", []byte(test.source))
			got := ""
			for _, b := range doc.Blocks {
				got += b.Kind.String() + " " + b.Text + "\n"
			}
			if got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}

// TestSubstitutions asserts that what a name stands for is read in its place.
func TestSubstitutions(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"below the text", "See |cpufreq| and |CPUFreq|_.\n\n.. |cpufreq| replace:: :doc:`CPU Performance *Scaling* <cpufreq>`\n",
			"See CPU Performance *Scaling* and CPU Performance *Scaling*."},
		{"lines and names", ".. |A   b| replace:: one\n   *two*\n.. |c|\n   replace:: three\n\n|a\nb|, |A b| |c|\n", "one two, one two three"},
		{"capitals that tell two names apart", ".. |Delta| replace:: D\n.. |delta| replace:: d\n\n|Delta| |delta| |DELTA|\n", "D d d"},
		{"one in another", ".. |a| replace:: [|b|]\n.. |b| replace:: b\n\n|a|\n", "[b]"},
		{"one in itself", ".. |a| replace:: x |b|\n.. |b| replace:: y |a|\n\n|a| |b|\n", "x y a y x b"},
		{"the last of two", ".. |a| replace:: one\n.. |a| replace:: two\n\n|a|\n", "two"},
		{"shown as code", ".. |v| replace:: kettle\n\n.. raw:: html\n\n   .. |v| replace:: wrong\n\nReal |v|.\n", "Real kettle."},
		{"inside of a block", ".. note::\n\n   .. |a| replace:: one\n\n|a|\n", "one"},
		{"characters", ".. |c| unicode:: U+000A9 .. COPYRIGHT SIGN\n.. |d| unicode:: 0xC4 228 \\u2a x21 &#x3f; rpm\n\n|c| 2025 |d|\n", "© 2025 Ää*!?rpm"},
		{"characters without space around them", ".. |--| unicode:: U+2014 .. dash\n   :trim:\n.. |n| unicode:: 0xA0\n   :rtrim:\n\na |--| b, 5 |n| km\n",
			"a—b, 5 km"},
		{"images", ".. |a| image:: a.png\n   :height: 1\n   :alt: A *kettle*\n.. |b| image:: b.png\n\n|a| |b|\n", "A *kettle* b"},
		{"not known", ".. |a| date::\n.. |b replace:: b\n.. |c| replace::\n\n|a| |b| |c|\n", "a b c"},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Extract("a.rst", []byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			check(t, doc, "a.rst", []byte(test.source))
			if len(doc.Blocks) != 1 || doc.Blocks[0].Text != test.want {
				t.Errorf("got %+v, want %q", doc.Blocks, test.want)
			}
		})
	}
}

// TestLinesOfSubstituted: what a definition says on several lines stands on the one
// line that refers to it.
func TestLinesOfSubstituted(t *testing.T) {
	source := ".. |a| replace:: one\n   two\n   three\n\n" + strings.Repeat("|a| and words\n", LinesKept/10) + "last\n"
	doc, err := Extract("a.rst", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	block := doc.Blocks[0]
	lines := doc.Lines(block)
	for _, want := range []int{5, 6, 7} {
		at := strings.Repeat("one two three and words ", want-5)
		if first, last := lines.Of(len(at)); first != want || last != want {
			t.Errorf("line %d is said to be from %d to %d", want, first, last)
		}
	}
	if first, last := lines.Of(strings.Index(block.Text, "last")); first != block.End || last != block.End {
		t.Errorf("the last line is said to be from %d to %d", first, last)
	}
}

// TestOptions asserts that options that are text are read, with their lines.
func TestOptions(t *testing.T) {
	for _, test := range []struct {
		name, source string
		want         []Block
	}{
		{"the head of a table", ".. csv-table:: T\n   :widths: 1, 2\n   :header: \"Shade, *tone*\", ``x``\n\n   a, b\n", []Block{
			{Paragraph, 0, "T", 1, 1}, {Row, 0, "Shade, tone\tx", 3, 3}, {Row, 0, "a\tb", 5, 5}}},
		{"a head of two lines", ".. csv-table::\n   :header: a, b\n            c, d\n   :widths: auto\n\n   e, f\n", []Block{
			{Row, 0, "a\tb", 2, 2}, {Row, 0, "c\td", 3, 3}, {Row, 0, "e\tf", 6, 6}}},
		{"a head alone", ".. csv-table::\n   :header: a\n   :file: a.csv\n", []Block{{Row, 0, "a", 2, 2}}},
		{"what an image shows", ".. image:: a.png\n   :alt: A\n     kettle\n   :width: 1\n", []Block{{Paragraph, 0, "A kettle", 2, 3}}},
		{"an option that is too long", ".. image:: a.png\n   :alt: A kettle\n     " + strings.Repeat("a", window) + "\n   :x:\n", []Block{{Paragraph, 0, "A kettle", 2, 2}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Extract("a.rst", []byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			check(t, doc, "a.rst", []byte(test.source))
			compare(t, doc.Blocks, test.want)
		})
	}
}

// TestTitles asserts what is a title because of the lines around it.
func TestTitles(t *testing.T) {
	for source, want := range map[string]string{
		"C\n-\n\ncat\n\nÄ\n-\nx\n": "heading C\nparagraph cat\nheading Ä\nparagraph x\n",
		"Go\n-\n":                  "paragraph Go -\n",
		"-\n-\n- a\n":              "item a\n",
		"•\n-\n":                   "",
		"C\n-\nD\n- a\n":           "heading C\nparagraph D - a\n",
		"C\n==\n\n.. only:: a\n\n   D\n   ==\n\n   E\n   --\n": "heading C\nheading D\nparagraph E --\n",
		"===\nC\n===\na\n\n==\n==\nb\n":                        "heading C\nparagraph a\nheading ==\nparagraph b\n",
		"a\n::\n\n x\n":                                        "paragraph a\ncode x\n",
	} {
		doc, err := Extract("a.rst", []byte(source))
		if err != nil {
			t.Fatal(err)
		}
		check(t, doc, "a.rst", []byte(source))
		got := ""
		for _, b := range doc.Blocks {
			got += b.Kind.String() + " " + b.Text + "\n"
		}
		if got != want {
			t.Errorf("of %q got:\n%swant:\n%s", source, got, want)
		}
	}
}
