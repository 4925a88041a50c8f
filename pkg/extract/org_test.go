package extract

import "testing"

// TestBlocks asserts that a block ends at its end or is none, and that a heading
// is always one.
func TestBlocks(t *testing.T) {
	for _, test := range []struct {
		name, source string
		want         []Block
	}{
		{"left out", "a\n#+begin_export html\nno\n#+END_EXPORT\nb\n#+begin_comment\nno\n#+end_comment\nc\n", []Block{
			{Paragraph, 0, "a", 1, 1}, {Paragraph, 0, "b", 5, 5}, {Paragraph, 0, "c", 9, 9}}},
		{"left out, without an end", "#+begin_export html\na\n#+begin_comment\nb\n* C\nd\n", []Block{
			{Paragraph, 0, "a", 2, 2}, {Paragraph, 0, "b", 4, 4}, {Heading, 1, "C", 5, 5}, {Paragraph, 0, "d", 6, 6}}},
		{"code without an end", "#+begin_src sh\na =b=\n** C\nd\n#+begin_src\ne\n", []Block{
			{Paragraph, 0, "a b", 2, 2}, {Heading, 2, "C", 3, 3}, {Paragraph, 0, "d", 4, 4}, {Paragraph, 0, "e", 6, 6}}},
		{"an end below a heading", "#+begin_src\na\n* B\n#+begin_src\nc\n #+end_src \n#+begin_src\nd\n", []Block{
			{Paragraph, 0, "a", 2, 2}, {Heading, 1, "B", 3, 3}, {Code, 0, "c", 5, 5}, {Paragraph, 0, "d", 8, 8}}},
		{"the end of another block", "#+begin_src\na\n#+end_example\n#+begin_example\n b\n#+end_example\n", []Block{
			{Paragraph, 0, "a", 2, 2}, {Code, 0, "b", 5, 5}}},
		{"what looks like a heading in code", "#+begin_src c\n/*\n * a\n**/\n#+end_src\n", []Block{{Code, 0, "/*\n * a\n**/", 2, 4}}},
		{"drawers", "* A\n:PROPERTIES:\n:ID: 17\n:END:\n:LOGBOOK:\nCLOCK: [2025-01-01]\n:END:\na:\n  :NOTES:\n  - b\n  :end:\n  c\n", []Block{
			{Heading, 1, "A", 1, 1}, {Paragraph, 0, "a:", 8, 8}, {Item, 1, "b", 10, 10}, {Paragraph, 0, "c", 12, 12}}},
		{"drawers without an end", ":a:\nb\n* C\n:PROPERTIES:\n:ID: 17\n* D\n:e:\n:END:\n:f:\n", []Block{
			{Paragraph, 0, ":a: b", 1, 2}, {Heading, 1, "C", 3, 3}, {Paragraph, 0, ":PROPERTIES: :ID: 17", 4, 5}, {Heading, 1, "D", 6, 6},
			{Paragraph, 0, ":f:", 9, 9}}},
		{"dates", "* A\nSCHEDULED: <2025-01-01>\nCLOSED: for good\n", []Block{{Heading, 1, "A", 1, 1}, {Paragraph, 0, "CLOSED: for good", 3, 3}}},
		{"commas before headings in code", "#+begin_src org\n,* a\n  ,,#+b\n,c\n#+end_src\n", []Block{{Code, 0, "* a\n  ,#+b\n,c", 2, 4}}},
		{"terms", "- a ::\n  b\n- c :: d\n", []Block{{Item, 1, "a: b", 1, 2}, {Item, 1, "c: d", 3, 3}}},
		{"macros", "#+MACRO: v 1.0\n#+macro: arg <$1>\na {{{v}}} {{{V()}}} {{{arg(b)}}} {{{\n", []Block{
			{Paragraph, 0, "a 1.0 1.0 {{{arg(b)}}} {{{", 3, 3}}},
		{"verse", "#+begin_verse\na\n b\n#+end_verse\n#+begin_verse\nc\nd\n", []Block{
			{Paragraph, 0, "a\nb", 2, 3}, {Paragraph, 0, "c d", 6, 7}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Extract("x.org", []byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			check(t, doc, "x.org", []byte(test.source))
			compare(t, doc.Blocks, test.want)
		})
	}
}
