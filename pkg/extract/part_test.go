package extract

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Blocks that are put away are those that were made, in their order.
func TestManyBlocks(t *testing.T) {
	var source strings.Builder
	var want []Block
	for i, line := 0, 1; i < 5*partBlocks; i++ {
		text := fmt.Sprintf("w%d", i)
		if i/partBlocks == 2 { // a part of long blocks is not packed
			text += strings.Repeat(" w", shortText/2)
		}
		switch {
		case i%7 == 0:
			source.WriteString("## " + text + "\n\n")
			want = append(want, Block{Heading, 2, text, line, line})
			line += 2
		case i%7 == 1:
			source.WriteString("- " + text + "\n  " + text + "\n\n")
			want = append(want, Block{Item, 1, text + " " + text, line, line + 1})
			line += 3
		default:
			source.WriteString(text + "\n\n")
			want = append(want, Block{Paragraph, 0, text, line, line})
			line += 2
		}
	}
	doc, err := Extract("x.md", []byte(source.String()))
	if err != nil {
		t.Fatal(err)
	}
	if doc.Parts() < 4 {
		t.Errorf("%d parts", doc.Parts())
	}
	compare(t, slices.Collect(doc.All()), want)
	if doc.Title != "w0" {
		t.Errorf("title %q", doc.Title)
	}
}
