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
