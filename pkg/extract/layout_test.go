package extract

import (
	"slices"
	"strings"
	"testing"
)

// TestLayout asserts which parts of a page are read.
func TestLayout(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"head, foot and notes of sections",
			"<section><header><h2>a</h2><p>b</header><p>c<aside>d</aside><footer>e</footer></section><blockquote>f<footer>g</footer></blockquote>", "a b c d e f g"},
		{"a head and a foot of the page", "<header>no<h2>no</h2></header><p>a<aside>b</aside><p>c<footer><h2>no</h2>no</footer>", "a b c"},
		{"a head that has the title", "<header><h1>a</h1><p>by b<ul><li>no</ul><nav>no</nav></header><h1>c</h1><p>d", "a by b c d"},
		{"the head of a main part with a title", "<header><h1>no</h1></header><main><h1>a</h1><p>b</main>", "a b"},
		{"the head of a main part without a title", "<header><h1>a</h1><p>b<nav>no</nav></header><p>no<main><h2>c</h2><p>d</main>", "a b c d"},
		{"a title before a main part without one", "<div><h1>a</h1><p>no</div><main><p>b</main>", "a b"},
		{"notes beside a main part and in it", "<aside>no</aside><main>a<aside>b</aside></main><div role=complementary>no</div>", "a b"},
		{"a main part without text", "<main></main><p>a<article>b</article>", "a b"},
		{"an article", "<p>no<article><h1>a</h1><p>b and c<article>d</article></article><aside>no matter how much</aside>", "a b and c d"},
		{"an article and an empty one", "<p>no<article></article><article>a and b</article>", "a and b"},
		{"a teaser", "<h1>a</h1><p>b and c<article><h2>d</h2></article>", "a b and c d"},
		{"teasers", "<p>a<article>b and c</article><article>d and e</article>", "a b and c d and e"},
		{"teasers beside", "<aside><article>no matter how much</article></aside><p>no<article>a and b</article>", "a and b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			wantTexts(t, "x.html", test.source, test.want)
		})
	}
}

// wantTexts demands all text of a document on one line.
func wantTexts(t *testing.T, name, source, want string) {
	t.Helper()
	doc, err := Extract(name, []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	check(t, doc, name, []byte(source))
	if got := texts(doc); got != want {
		t.Errorf("%q: got %q, want %q", source, got, want)
	}
}

// texts gives all text of a document on one line.
func texts(doc *Document) string {
	var all []string
	for b := range doc.All() {
		all = append(all, b.Text)
	}
	return strings.Join(all, " ")
}

// What a page has besides its main part is left out, however much there is of both.
func TestManyBlocksBesideMain(t *testing.T) {
	many := strings.Repeat("<p>a\n", 2*partBlocks)
	for _, page := range []string{
		many + "<main><p>b</main>" + many,
		many + "<article><p>a</article>" + many + "<main><p>b</main>",
		"<main><p>b</main>" + many + "<article>" + many + "</article>",
		many + "<main>" + strings.ReplaceAll(many, "a", "b") + "</main>" + many,
	} {
		doc, err := Extract("x.html", []byte(page))
		if err != nil {
			t.Fatal(err)
		}
		all := slices.Collect(doc.All())
		if slices.ContainsFunc(all, func(b Block) bool { return b.Text != "b" }) || len(all) != max(1, strings.Count(page, "<p>b\n")) {
			t.Errorf("got %d blocks", len(all))
		}
	}
}
