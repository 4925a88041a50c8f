package passage

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"github.com/seed16713943/btools/pkg/extract"
)

func block(kind extract.Kind, level, start, end int, text string) extract.Block {
	return extract.Block{Kind: kind, Level: level, Text: text, Start: start, End: end}
}

func document(blocks ...extract.Block) *extract.Document {
	return &extract.Document{Blocks: blocks}
}

func TestSplit(t *testing.T) {
	const H, P, I, C = extract.Heading, extract.Paragraph, extract.Item, extract.Code
	long := strings.Repeat("0123456789", 30) + "!"
	tests := []struct {
		name string
		doc  *extract.Document
		want []Passage
	}{
		{"nothing", document(), nil},
		{"white space", document(block(P, 0, 1, 1, " \n")), nil},
		{
			"blocks of a section",
			document(block(P, 0, 1, 2, "Take:"), block(I, 1, 3, 3, "salt"), block(I, 1, 4, 4, "oil"), block(C, 0, 6, 7, "  stir()\n  eat()"), block(P, 0, 9, 9, "Done.")),
			[]Passage{{Text: "Take:\nsalt\noil\n\n  stir()\n  eat()\n\nDone.", Start: 1, End: 9}},
		},
		{
			"headings",
			document(
				block(P, 0, 1, 1, "Before."), block(H, 1, 2, 2, "Guide"), block(H, 2, 3, 3, "Install"), block(P, 0, 4, 4, "Unpack."),
				block(H, 3, 5, 5, "Windows"), block(P, 0, 6, 6, "Click."), block(H, 2, 7, 7, "Use"), block(P, 0, 8, 8, "Type."), block(H, 1, 9, 9, "Index"), block(P, 0, 10, 10, "Words.")),
			[]Passage{
				{Text: "Before.", Start: 1, End: 1},
				{Text: "Unpack.", Heading: []string{"Guide", "Install"}, Start: 4, End: 4},
				{Text: "Click.", Heading: []string{"Guide", "Install", "Windows"}, Start: 6, End: 6},
				{Text: "Type.", Heading: []string{"Guide", "Use"}, Start: 8, End: 8},
				{Text: "Words.", Heading: []string{"Index"}, Start: 10, End: 10},
			},
		},
		{
			"headings without text",
			document(block(H, 1, 1, 1, "A"), block(H, 2, 2, 2, "B"), block(H, 2, 3, 3, "C"), block(P, 0, 4, 4, " "), block(H, 1, 5, 5, "D")),
			[]Passage{
				{Text: "B", Heading: []string{"A"}, Start: 2, End: 2},
				{Text: "C", Heading: []string{"A"}, Start: 3, End: 3},
				{Text: "D", Start: 5, End: 5},
			},
		},
		{
			"a heading too long for one",
			document(block(H, 1, 1, 1, long), block(P, 0, 2, 2, "Text.")),
			[]Passage{{Text: long + "\n\nText.", Start: 1, End: 2}},
		},
		{
			"a title of its own",
			&extract.Document{Title: "Manual", Blocks: []extract.Block{block(P, 0, 4, 4, "Hello."), block(H, 2, 5, 5, "Install"), block(P, 0, 6, 6, "Unpack.")}},
			[]Passage{
				{Text: "Hello.", Heading: []string{"Manual"}, Start: 4, End: 4},
				{Text: "Unpack.", Heading: []string{"Manual", "Install"}, Start: 6, End: 6},
			},
		},
		{
			"a title that a heading repeats",
			&extract.Document{Title: "Install", Blocks: []extract.Block{block(H, 1, 5, 5, "Install"), block(P, 0, 6, 6, "Unpack.")}},
			[]Passage{{Text: "Unpack.", Heading: []string{"Install"}, Start: 6, End: 6}},
		},
		{
			"a title that says more than the heading",
			&extract.Document{Title: "Install on Plan 9", Blocks: []extract.Block{block(H, 1, 5, 5, "Install"), block(P, 0, 6, 6, "Unpack.")}},
			[]Passage{{Text: "Unpack.", Heading: []string{"Install on Plan 9", "Install"}, Start: 6, End: 6}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Split(tt.doc)
			if len(got) != len(tt.want) {
				t.Fatalf("got %d passages, want %d: %s", len(got), len(tt.want), fmt.Sprint(got))
			}
			for i, want := range tt.want {
				if len(got[i].Heading) == 0 {
					got[i].Heading = nil
				}
				if !reflect.DeepEqual(got[i], want) {
					t.Errorf("passage %d:\n got %+v\nwant %+v", i, got[i], want)
				}
			}
		})
	}
}

// Where a block is too long for one passage, the ends of its passages say what
// it was cut by.
func TestLongBlocks(t *testing.T) {
	tests := []struct {
		name  string
		block extract.Block
		ends  func(text string) bool // of all passages but the last
	}{
		{
			"between sentences",
			block(extract.Paragraph, 0, 1, 40, strings.Repeat("The index of e.g. a book (see below) names 3.5 pages. ", 100)),
			func(text string) bool { return strings.HasSuffix(text, "pages.") },
		},
		{
			"between sentences without spaces",
			block(extract.Paragraph, 0, 1, 40, strings.Repeat("吾輩は猫である。名前はまだ無い！「どこで生れたか？」", 200)),
			func(text string) bool {
				return strings.HasSuffix(text, "。") || strings.HasSuffix(text, "！") || strings.HasSuffix(text, "」")
			},
		},
		{
			"between words",
			block(extract.Paragraph, 0, 1, 1, strings.Repeat("alpha beta gamma delta epsilon ", 300)),
			func(text string) bool { return strings.HasSuffix(text, "a") || strings.HasSuffix(text, "n") },
		},
		{
			"between lines",
			block(extract.Code, 0, 1, 1200, strings.Repeat("if a {\n\tb = c;\n}\n", 400)),
			func(text string) bool {
				return strings.HasSuffix(text, "{") || strings.HasSuffix(text, ";") || strings.HasSuffix(text, "}")
			},
		},
		{
			"between grapheme clusters",
			block(extract.Paragraph, 0, 1, 1, strings.Repeat("👩‍🚀é🇪🇺", 900)),
			func(text string) bool {
				return strings.HasSuffix(text, "🚀") || strings.HasSuffix(text, "é") || strings.HasSuffix(text, "🇪🇺")
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := document(tt.block)
			got := Split(doc)
			check(t, doc, got)
			if len(got) < 3 {
				t.Fatalf("got %d passages", len(got))
			}
			for i, p := range got[:len(got)-1] {
				if !tt.ends(p.Text) {
					t.Errorf("passage %d ends with %q", i, p.Text[max(0, len(p.Text)-30):])
				}
			}
		})
	}
}

func TestCodeStaysWhole(t *testing.T) {
	code := strings.TrimSpace(strings.Repeat("\tcall(another, function)\n\n", 74))
	prose := block(extract.Paragraph, 0, 1, 1, strings.Repeat("Some words. ", 120))
	for _, p := range Split(document(prose, block(extract.Code, 0, 3, 150, code), prose)) {
		if strings.Contains(p.Text, code) {
			return
		}
	}
	t.Errorf("a block of %d characters was cut", utf8.RuneCountInString(code))
}

// Each passage of a block with the line breaks of its source has the lines that
// it says.
func TestLines(t *testing.T) {
	var source []string
	for i := range 399 {
		source = append(source, fmt.Sprintf("%*s%d: %s", i%5, "", i, strings.Repeat("x", i%70)))
		if i%7 == 0 {
			source = append(source, "", " ")
		}
	}
	got := Split(document(block(extract.Code, 0, 1, len(source), strings.Join(source, "\n"))))
	if len(got) < 5 {
		t.Fatalf("got %d passages", len(got))
	}
	for _, p := range got {
		if want := strings.Join(source[p.Start-1:p.End], "\n"); squeeze(p.Text) != squeeze(want) {
			t.Errorf("lines %d to %d are\n%s\nnot\n%s", p.Start, p.End, want, p.Text)
		}
	}
	if last := got[len(got)-1].End; last != len(source) {
		t.Errorf("ends with line %d of %d", last, len(source))
	}
}

// squeeze removes white space.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// heads reports whether the first block is a heading that has text or a heading
// of a deeper level below it, and so stands in a path and not in a text.
func heads(blocks []extract.Block) bool {
	if !isHeading(blocks[0]) || blank(blocks[0]) {
		return false
	}
	for _, b := range blocks[1:] {
		if !blank(b) {
			return !isHeading(b) || level(b) > level(blocks[0])
		}
	}
	return false
}

// check asserts what holds for the passages of any document.
func check(t *testing.T, doc *extract.Document, passages []Passage) {
	t.Helper()
	var joined strings.Builder
	found := map[string]bool{} // headings
	for i, p := range passages {
		joined.WriteString(squeeze(p.Text))
		for _, h := range p.Heading {
			found[h] = true
		}
		if n := utf8.RuneCountInString(p.Text); n == 0 || n > Max {
			t.Errorf("passage %d has %d characters", i, n)
		}
		if strings.TrimRightFunc(p.Text, unicode.IsSpace) != p.Text {
			t.Errorf("passage %d ends with white space", i)
		}
		if i > 0 && p.Start < passages[i-1].Start || p.End < p.Start {
			t.Errorf("passage %d has the lines %d to %d", i, p.Start, p.End)
		}
	}

	rest := joined.String()
	whole := []bool{true} // where in the text a grapheme cluster ends
	for i, b := range doc.Blocks {
		if heads(doc.Blocks[i:]) {
			if !found[strings.TrimSpace(b.Text)] {
				t.Errorf("no passage has the heading %q", b.Text)
			}
			continue
		}
		after, ok := strings.CutPrefix(rest, squeeze(b.Text))
		if !ok {
			t.Fatalf("block %d is not in its place: %.100q", i, b.Text)
		}
		rest = after
		for clusters := graphemes.FromString(b.Text); clusters.Next(); {
			cluster := squeeze(clusters.Value())
			huge := utf8.RuneCountInString(cluster) > 256
			for at := range len(cluster) {
				whole = append(whole, at == len(cluster)-1 || huge && utf8.RuneStart(cluster[at+1]))
			}
		}
	}
	if rest != "" {
		t.Fatalf("after all blocks there is %.100q", rest)
	}
	at := 0
	for i, p := range passages {
		if at += len(squeeze(p.Text)); !whole[at] {
			t.Errorf("passage %d ends inside a grapheme cluster: %q", i, p.Text[max(0, len(p.Text)-20):])
		}
	}
}
