package passage

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/extract"
)

// words returns a text of about this many characters, in sentences or without.
func words(rnd *rand.Rand, length int, sentences bool) string {
	var text strings.Builder
	for text.Len() < length {
		word := vocabulary[min(rnd.IntN(2000), rnd.IntN(2000))]
		if sentences && rnd.IntN(12) == 0 {
			word += ". And"
		}
		text.WriteString(word + " ")
	}
	return text.String()[:length-1] + "."
}

// drawDocument draws a document of about 100 passages: of blocks of any kind that
// are short, long or both, seldom enormous, with many headings, few or none.
func drawDocument(t *rapid.T) *extract.Document {
	var (
		rnd       = rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		headings  = rapid.SampledFrom([]int{0, 0, 5, 20, 60}).Draw(t, "blocks a heading")
		typical   = rapid.IntRange(5, 1500).Draw(t, "typical length")
		most      = typical * rapid.SampledFrom([]int{2, 5, 100}).Draw(t, "longest")
		enormous  = rapid.SampledFrom([]int{0, 0, 0, 8, 1}).Draw(t, "blocks an enormous one")
		sentences = rapid.Bool().Draw(t, "sentences")
		alike     = rapid.IntRange(0, 20).Draw(t, "alike") == 0
	)
	doc := &extract.Document{Title: "The title"}
	for size := 0; size < 100_000; {
		if headings > 0 && rnd.IntN(headings) == 0 {
			doc.Blocks = append(doc.Blocks, extract.Block{Kind: extract.Heading, Level: 1 + rnd.IntN(4), Text: words(rnd, 20, false)})
		}
		length := 1 + rnd.IntN(2*typical)
		if rnd.IntN(8) == 0 {
			length = 1 + rnd.IntN(most)
		}
		if enormous > 0 && rnd.IntN(enormous) == 0 {
			length = 1 + rnd.IntN(100_000)
		}
		b := extract.Block{Text: words(rnd, min(length, 100_000), sentences)}
		b.Kind = []extract.Kind{extract.Paragraph, extract.Paragraph, extract.Paragraph, extract.Item, extract.Row, extract.Code}[rnd.IntN(6)]
		if b.Kind == extract.Code {
			b.Text = strings.ReplaceAll(b.Text, ". ", "\n\n  ")
		}
		if n := len(doc.Blocks); alike && n > 0 && doc.Blocks[n-1].Kind != extract.Heading {
			b = doc.Blocks[n-1]
		}
		size += len(b.Text)
		doc.Blocks = append(doc.Blocks, b)
	}
	return doc
}

// drawParagraph draws a paragraph that is short enough for one passage.
func drawParagraph(t *rapid.T) extract.Block {
	rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed of the paragraph"), 1))
	return extract.Block{Text: words(rnd, rapid.IntRange(1, Max).Draw(t, "length of the paragraph"), true)}
}

// inserted returns a document with one block more.
func inserted(doc *extract.Document, at int, b extract.Block) *extract.Document {
	return &extract.Document{Title: doc.Title, Blocks: slices.Insert(slices.Clone(doc.Blocks), at, b)}
}

// A paragraph at the top of a document or of any section in it makes at most two
// new passages.
func TestParagraphAtTop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc, p := drawDocument(t), drawParagraph(t)
		tops := []int{0}
		for i, b := range doc.Blocks {
			if b.Kind == extract.Heading {
				tops = append(tops, i+1)
			}
		}
		before := Split(doc)
		for _, at := range []int{0, rapid.SampledFrom(tops).Draw(t, "top")} {
			if n := fresh(before, Split(inserted(doc, at, p))); n > 2 {
				t.Fatalf("a paragraph before block %d made %d new passages", at, n)
			}
		}
	})
}

// Whatever is before a text, it has the passages that it has alone, but for the
// first two.
func TestWhatIsBehindStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := drawDocument(t)
		doc.Blocks = slices.DeleteFunc(doc.Blocks, func(b extract.Block) bool { return b.Kind == extract.Heading })
		at := rapid.IntRange(0, len(doc.Blocks)-1).Draw(t, "place")
		alone := Split(&extract.Document{Title: doc.Title, Blocks: doc.Blocks[at:]})
		if len(alone) <= 2 {
			return
		}
		whole := Split(inserted(doc, at, drawParagraph(t)))
		kept := alone[2:]
		for i, p := range whole[len(whole)-len(kept):] {
			if p.Text != kept[i].Text {
				t.Fatalf("passage %d of %d behind block %d changed", i+2, len(alone), at)
			}
		}
	})
}

// No passage is tiny where one beside it has room for it.
func TestNoTinyPassages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tidy(t, Split(drawDocument(t)))
	})
}

// tidy asserts that no two passages of a section should be one since one of them
// is tiny.
func tidy(t rapid.TB, passages []Passage) {
	for i := 1; i < len(passages); i++ {
		a, b := passages[i-1], passages[i]
		if len(a.Heading) == 0 || len(b.Heading) == 0 || &a.Heading[0] != &b.Heading[0] {
			continue // of two sections
		}
		n, m := len([]rune(a.Text)), len([]rune(b.Text))
		if min(n, m) < tiny && n+m+len("\n\n") <= Max {
			t.Errorf("passages %d and %d of %d and %d characters could be one", i-1, i, n, m)
		}
	}
}
