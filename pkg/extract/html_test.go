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
