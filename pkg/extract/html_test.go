package extract

import "testing"

// TestPreformatted asserts that the lines of preformatted text are those of the
// source, whatever breaks lines in it, and that it stays in its place.
func TestPreformatted(t *testing.T) {
	for _, test := range []struct {
		name, source string
		want         []Block
	}{
		{"breaks that are no lines of the source", "<pre>one<br>two<br>three</pre>", []Block{{Code, 0, "one\ntwo\nthree", 1, 1}}},
		{"ends of lines as references", "<pre>\none&#10;two\n</pre>", []Block{{Code, 0, "one\ntwo", 2, 2}}},
		{"empty lines and breaks before it", "<pre>\n\n<br><br>\n one\n two\n\n</pre>", []Block{{Code, 0, " one\n two", 4, 5}}},
		{"lines that are not shown", "<pre>one <button>\ncopy\n</button>\ntwo</pre>", []Block{{Code, 0, "one \ntwo", 1, 4}}},
		{"tags over lines", "<pre>one <em\nclass=a\n>two</em></pre>", []Block{{Code, 0, "one two", 1, 3}}},
		{"lines that are elements", `<p>a<div class="fragment"><div class="line"><span class="lineno">    1</span><span>int</span> main()</div>
<div class="foldopen">
<div class="line">{</div>

<div class="line">&#160; return 0;  <span>//</span> &lt;</div>
<div class="line"> </div><div class="line">}</div>
</div><div class="ttc"><div class="ttname">no</div></div>
</div><p>b`, []Block{{Paragraph, 0, "a", 1, 1}, {Code, 0, "int main()\n{\n\u00a0 return 0;  // <\n \n}", 1, 6}, {Paragraph, 0, "b", 8, 8}}},
		{"lines that are no code", "<div class=fragment>a<div>b</div></div><div class=line>c", []Block{
			{Paragraph, 0, "a", 1, 1}, {Paragraph, 0, "b", 1, 1}, {Paragraph, 0, "c", 1, 1}}},
		{"text among lines that are elements", "<table><tr><td>a<div class=fragment>b<div class=line>c</div>d<img alt=e><div class=line>f<p>g", []Block{
			{Row, 0, "a", 1, 1}, {Row, 0, "b", 1, 1}, {Code, 0, "c", 1, 1}, {Row, 0, "d e", 1, 1}, {Code, 0, "fg", 1, 1}}},
		{"a part without an end", "<pre>one<svg></pre>\n<p>two</p>", []Block{{Code, 0, "one", 1, 1}, {Paragraph, 0, "two", 2, 2}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Extract("x.html", []byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			check(t, doc, "x.html", []byte(test.source))
			compare(t, doc.Blocks, test.want)
		})
	}
}

// TestHidden asserts that nothing of what is hidden or leads elsewhere is read, and
// that it ends nothing that is open around it.
func TestHidden(t *testing.T) {
	for _, test := range []struct {
		name, source string
		want         []Block
	}{
		{"select", "<p>Pick <select><option>no<option>no</select> now", []Block{{Paragraph, 0, "Pick now", 1, 1}}},
		{"a rule in a select", "<p>Pick <select><option>no<hr><option>no</select> now", []Block{{Paragraph, 0, "Pick now", 1, 1}}},
		{"button", "<p>Pick <button><div>no</div>no</button> now", []Block{{Paragraph, 0, "Pick now", 1, 1}}},
		{"breaks in a button", "<p>Pick <button>no<br>no</button><br>now", []Block{{Paragraph, 0, "Pick\nnow", 1, 1}}},
		{"span", "<p>Pick <span hidden><div>no</div>no</span> now", []Block{{Paragraph, 0, "Pick now", 1, 1}}},
		{"template", "<p>Pick <template><p>no</p><ul><li>no</ul></template> now", []Block{{Paragraph, 0, "Pick now", 1, 1}}},
		{"video", "<p>Pick <video><p>no</p></video> now", []Block{{Paragraph, 0, "Pick now", 1, 1}}},
		{"in a heading", "<h2>Pick <button><div>no</div></button> now</h2>", []Block{{Heading, 2, "Pick now", 1, 1}}},
		{"buttons that open the text below headings", "<h2><button>a <div>b</div></button></h2><p>c<button>no</button><h3 hidden><button>no</button></h3>", []Block{
			{Heading, 2, "a", 1, 1}, {Heading, 2, "b", 1, 1}, {Paragraph, 0, "c", 1, 1}}},
		{"dialogs", "<p>a<dialog open>b<button>no</button></dialog><dialog>no</dialog>c", []Block{
			{Paragraph, 0, "a", 1, 1}, {Paragraph, 0, "b", 1, 1}, {Paragraph, 0, "c", 1, 1}}},
		{"bars of links to other pages", `<body class=navigation><div class=header><p>Next: <a href=b rel=next>no</a> [<a href=c rel=index>no</a>]</p></div>
<div class=header><h1>a</h1><p>b <a rel=nofollow>c</a></div><table class="navigation x"><tr><td>no</table><ul class=docnav><li>no</ul><section class=navigation>d</section><p class=navigations>e`, []Block{
			{Heading, 1, "a", 2, 2}, {Paragraph, 0, "b c", 2, 2}, {Paragraph, 0, "d", 2, 2}, {Paragraph, 0, "e", 2, 2}}},
		{"an item in navigation in an item", "<ul><li>a<nav><li>no</li></nav>b<li>c</ul>", []Block{
			{Item, 1, "a", 1, 1}, {Item, 1, "b", 1, 1}, {Item, 1, "c", 1, 1}}},
		{"a definition in a dialog in a definition", "<dl><dd>a<dialog><dd>no</dd></dialog>b</dl>", []Block{{Item, 1, "ab", 1, 1}}},
		{"cells in a cell", "<table><tr><td>a<button><td>no<tr><td>no</button>b<td>c</table>", []Block{{Row, 0, "ab\tc", 1, 1}}},
		{"elements of other vocabularies that end in their own tag",
			`<h1>a</h1><svg class="icon"/><h2>b <math hidden/>c</h2><p>d<svg><g/></svg>e`, []Block{
				{Heading, 1, "a", 1, 1}, {Heading, 2, "b c", 1, 1}, {Paragraph, 0, "de", 1, 1}}},
		{"hidden elements without an end", "<ul><li hidden>no<li>a</ul><p hidden>no <b>no</b><p>b<table><tr><td>c<td hidden>no<td>d</table>", []Block{
			{Item, 1, "a", 1, 1}, {Paragraph, 0, "b", 1, 1}, {Row, 0, "c\td", 1, 1}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Extract("x.html", []byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			check(t, doc, "x.html", []byte(test.source))
			compare(t, doc.Blocks, test.want)
		})
	}
}
