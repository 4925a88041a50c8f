package extract

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestSegments compares long documents, which are parsed in segments, with what
// parsing them in one piece gives.
func TestSegments(t *testing.T) {
	kettle, err := os.ReadFile("testdata/kettle.md")
	if err != nil {
		t.Fatal(err)
	}
	body := frontMatter(&builder{}, string(kettle)).rest
	for name, source := range map[string]string{
		"of all kinds":      strings.Repeat(body+"\n", 60),
		"a tight list":      strings.Repeat("- one\n  goes on\n- two\n  - three\n", 4000),
		"a loose list":      strings.Repeat("1. one\n\n   goes on\n\n", 4000),
		"fenced code":       strings.Repeat("```\n# no heading\n\n- no item\n```\n\nText [x].\n\n", 1500),
		"comments":          strings.Repeat("<!--\n\n# no heading\n\n-->\n\nText.\n\n", 1500),
		"code in items":     strings.Repeat("- item\n  ```\n  code\n\n  more\n  ```\n\n# Heading\n\n", 1500),
		"distant addresses": strings.Repeat("See [the text][far] and [far].\n\n", 2000) + "[far]: https://example.org\n",
	} {
		t.Run(name, func(t *testing.T) {
			var cut builder
			markdown(&cut, source)
			whole := &builder{}
			parseMarkdown(whole, source, 1, nil)
			compare(t, slices.Collect(cut.doc.All()), slices.Collect(whole.doc.All()))
		})
	}
}

func compare(t *testing.T, got, want []Block) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("block %d: got %+v, want %+v", i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d blocks, want %d", len(got), len(want))
	}
}

// TestTableInHeading: of a paragraph that ends in a table, a line below makes what
// is left a heading. The blocks stand in the order of the source all the same.
func TestTableInHeading(t *testing.T) {
	doc, err := Extract("a.md", []byte("Text\n\nWords\na|b\n-|-\n---\n\nText\n"))
	if err != nil {
		t.Fatal(err)
	}
	compare(t, doc.Blocks, []Block{
		{Paragraph, 0, "Text", 1, 1}, {Heading, 2, "Words", 3, 3}, {Row, 0, "a\tb", 4, 4}, {Paragraph, 0, "Text", 8, 8},
	})
}

// TestRoughMarkdown asserts that what a parser cannot be given is still read for
// its structure.
func TestRoughMarkdown(t *testing.T) {
	source := strings.Repeat(">", 1000) + "\n\n## A heading {#id} ##\n\nA paragraph\nof two lines.\n\n- item\n\n| a | b |\n|---|---|\n| c | d |\n"
	doc, err := Extract("a.md", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	want := []Block{
		{Heading, 2, "A heading", 3, 3}, {Paragraph, 0, "A paragraph of two lines.", 5, 6}, {Item, 1, "item", 8, 8},
		{Row, 0, "a\tb", 10, 10}, {Row, 0, "c\td", 12, 12},
	}
	compare(t, doc.Blocks[1:], want)
}

func TestFrontMatter(t *testing.T) {
	for source, want := range map[string]string{
		"---\ntitle: A: b # c\n---\nx":                "map[title:A: b] x",
		"---\r\ntitle: 'it''s'\r\n---\r\nx":           "map[title:it's] x",
		"---\nTitle: \"a \\\"b\\\"\"\nempty:\n---\nx": `map[empty: title:a "b"] x`,
		`---
title: "Caf\xE9 \u4E2D\u6587 \U0001F600 \uD83D\uDE00 guide"
---
x`: "map[title:Café 中文 😀 😀 guide] x",
		`---
a: "\"b\" \/ \\ c\nd\te\_f\Ng\Lh\Pi\vj\fk\rl"
b: "m\0\a\b\en\x07\u0085\u001b\xZ\u12"
c: 'o\x41'
---
x`: `map[a:"b" / \ c d e f g h i j k l b:mn xZu12 c:o\x41] x`,
		"---\na: \"b c\n  d\\\n  \\ e\\\n\n  f\"\nc: 'd\n\n  e'\nf: \"g\nh: i\n---\nx": "map[a:b c d ef c:d e f:g h:i] x",
		"+++\na = \"\\u00e9\\U0001F600\"\nb = '\\u00e9'\n+++\nx":                       `map[a:é😀 b:\u00e9] x`,
		"---\na: [1, 'two', \"three\"]\n---\nx":                                        "map[a:1, two, three] x",
		"---\na:\n- one\n- two\nb: |\n  text\n  more\n---x":                            "map[] a: one two b: | text more ---x",
		"---\na:\n- one\n- two\nb: |\n  text\n  more\n...\nx":                          "map[a:one, two b:text more] x",
		"---\na:\n  b: c\n  d:\n    - e\nf: g\n  h\n---\nx":                            "map[f:g h] x",
		"+++\na = \"b\"\nc = [\n  'd',\n  'e',\n]\n[t]\nf = 1\n+++\nx":                 "map[a:b c:d, e] x",
		"---\n\nText between\n\n---\n\nx":                                              "map[] Text between x",
		"---\na: b":                                                                    "map[] a: b",
		"{\n\"Title\": \"a\\n\\u0007b \\u00e9\",\n\"b\": [\"c\", 1.50, true],\n\"d\": {\"e\": \"f\"}, \"g\": null, \"h\": [{}]\n}\n\nx": "map[b:c, 1.50, true g: title:a b é] x",
		"{\"a\": \"b\"}\nx":             "map[a:b] x",
		";;;\n{\"a\": \"b\"}\n;;;\nx":   "map[a:b] x",
		"{\"a\": \"b\"} x":              `map[] {"a": "b"} x`,
		"{\"a\": \"b\"":                 `map[] {"a": "b"`,
		"{{ a }}\nx":                    "map[] {{ a }} x",
		"{}\nx":                         "map[] {} x",
		";;;\n{\"a\": \"b\"} c\n;;;\nx": `map[] ;;; {"a": "b"} c ;;; x`,
		"x\n---\na: b\n---":             "map[] x a: b",
	} {
		doc, err := Extract("a.md", []byte(source))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%v %s", doc.Meta, texts(doc)); got != want {
			t.Errorf("%q: got %q, want %q", source, got, want)
		}
	}
}

// TestComponents asserts that the tags of components are taken off running text,
// and that what looks like them in code stays.
func TestComponents(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{"Returns a `Promise<Response>` value.", "Returns a Promise<Response> value."},
		{"<Tip>A `Map<K, V>` of <B>words</B></Tip> {/* no */}and ``a `List<T>` b``.", "A Map<K, V> of words and a `List<T>` b."},
		{"Code `that\ngoes on as Array<T>` to <A/>here.", "Code that goes on as Array<T> to here."},
		{"It`s a <B>mark</B> without an end.\n\n`", "It`s a mark without an end. `"},
		{"\\`<B>a</B>\\` and `` ` <B>b</B>", "`a` and `` ` b"},
		{"<A b={`c`}>d `{/* e */}` {/* f </B>", "d {/* e */} {/* f"},
		{"a < B and b > c", "a < B and b > c"},
		{"`a\n```\nList<T> `\n```\n", "`a List<T> `"},
		{"a <B on={() => c > 1} t=\"<d>\">e</B> f", "a e f"},
		{"<A\n  b=\"c\n\n  d\"\n  e={{\n    f: `>\n\n`, // don't }\n  }}\n  g\n/>\n\nh\n<I\n>j\n</I>\n", "h j"},
		{"a <B and, c\nd> e\n\nf <G {\n\nh > i", "a <B and, c d> e f <G { h > i"},
		{"<span style={{ a: 1 }}>b</span> <b>c</b>\n\n<div\n  on={() => 1}>\n\nd <img src={e} alt=\"f\" />\n\n</div>", "b c d f"},
		{"{/* a\n\nb */}c {/* d", "c {/* d"},
		{"export const a = {\n  b: \"}\",\n\n  c: ['(', `\n\n(`], /* ( */\n}\n\nd\n\nimport E from 'e'\nimport {\n\n  F,\n} from 'f'\n\ng", "d g"},
		{"export const A = () => {\n\n# b\n\nc }\n\nexport d\n\ne", "b c } e"},
		{"import is a word\n\nand import a", "and import a"},
	} {
		wantTexts(t, "a.mdx", test.source, test.want)
	}
}

// TestRawNavigation: what HTML a document of another format holds is its text.
func TestRawNavigation(t *testing.T) {
	wantTexts(t, "a.md", "<header><nav>a</nav><ol class=breadcrumb><li>b</ol></header>\n\n<article>c</article>\n\n<footer>d</footer>\n", "a b c d")
}

// TestRawImages asserts that the text that stands for an image is read wherever its
// tag stands.
func TestRawImages(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{"a<img src='u' alt=\"b &amp; 'c'\">d <a href=u><IMG title='alt=no' ALT=e\nsrc=u></a>", "a b & 'c' d e"},
		{"<img src=u alt='a b'>\n\n<img\n  alt='c'\n/>\n\n<p align=center>\n  <img alt=d>\n</p>\n\n# <img alt=e>\n\n- <img alt=f>\n", "a b c d e f"},
		{"a<img src=u>b<img alt>c<image alt=no>d `<img alt=e>`\n\n<img alt=''>", "abcd <img alt=e>"},
	} {
		wantTexts(t, "a.md", test.source, test.want)
	}
}

// TestHeadingAttributes asserts that attributes at the end of a heading are no text
// of it, and that other braces are.
func TestHeadingAttributes(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{"# A {#id}\n## B{#标题}\n### C ### {.no-toc}\n#### D {#id_x .c k=v} ####\n", "A B C D"},
		{"# A {: #id .c }\n# B {-}\n# C {id=\"d e\" f='g'}\n*D* {#e}\n===\n\nF\ng {.h}\n---\n", "A B C D F g"},
		{"# A {b}\n# C {}\n# {#d}\n# E \\{#f}\n# G {h=i}\n# J `{#k}`\n# {{ l }}\n# M {#if ...}\n# N {#o} p\n", "A {b} C {} {#d} E {#f} G {h=i} J {#k} {{ l }} M {#if ...} N {#o} p"},
		{"A {#b}\n\n- c {#d}\n", "A {#b} c {#d}"},
	} {
		wantTexts(t, "a.md", test.source, test.want)
	}
}
