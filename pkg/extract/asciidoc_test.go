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
