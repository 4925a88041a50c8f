package extract

import "testing"

// TestNumbersInText asserts that a number which a line happens to begin with is
// not taken for the mark of an item, and that the marks of lists still are.
func TestNumbersInText(t *testing.T) {
	for _, test := range []struct {
		name, source string
		want         []Block
	}{
		{"a year at the end of a sentence", "It was released to the public in\n2019. It sold well.\n", []Block{
			{Paragraph, 0, "It was released to the public in 2019. It sold well.", 1, 2}}},
		{"in brackets", "See the chapters (1 and\n2) for more.\n", []Block{{Paragraph, 0, "See the chapters (1 and 2) for more.", 1, 2}}},
		{"in an item", "- It was released in\n  2019. It sold well.\n- b\n", []Block{
			{Item, 1, "It was released in 2019. It sold well.", 1, 2}, {Item, 1, "b", 3, 3}}},
		{"in a paragraph of an item", "- a\n\n  It was released in\n  2019. It sold well.\n", []Block{
			{Item, 1, "a", 1, 1}, {Item, 1, "It was released in 2019. It sold well.", 3, 4}}},
		{"a list right below text", "Steps:\n1. a\n2. b\n10) c\n", []Block{
			{Paragraph, 0, "Steps:", 1, 1}, {Item, 1, "a", 2, 2}, {Item, 1, "b", 3, 3}, {Item, 1, "c", 4, 4}}},
		{"a list that does not begin with 1", "Steps:\n\n3. a\n4. b\n", []Block{
			{Paragraph, 0, "Steps:", 1, 1}, {Item, 1, "a", 3, 3}, {Item, 1, "b", 4, 4}}},
		{"lists in lists", "2. a\n   1. b\n   2. c\n3. d\n", []Block{
			{Item, 1, "a", 1, 1}, {Item, 2, "b", 2, 2}, {Item, 2, "c", 3, 3}, {Item, 1, "d", 4, 4}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Extract("x.txt", []byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			check(t, doc, "x.txt", []byte(test.source))
			compare(t, doc.Blocks, test.want)
		})
	}
}
