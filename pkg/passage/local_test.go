package passage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed16713943/btools/pkg/extract"
)

// vocabulary has words of a language that nobody speaks.
var vocabulary = func() (words []string) {
	rnd := rand.New(rand.NewPCG(7, 7))
	for range 2000 {
		var word strings.Builder
		for range 1 + rnd.IntN(4) {
			word.WriteByte("bcdfghjklmnprstvz"[rnd.IntN(17)])
			word.WriteByte("aeiou"[rnd.IntN(5)])
		}
		words = append(words, word.String())
	}
	return words
}()

// paragraph returns a block of 60 to 900 characters, now and then more.
func paragraph(rnd *rand.Rand) extract.Block {
	length := 60 + rnd.IntN(840)
	if rnd.IntN(40) == 0 {
		length *= 5
	}
	var text strings.Builder
	for text.Len() < length {
		word := vocabulary[min(rnd.IntN(2000), rnd.IntN(2000))]
		if rnd.IntN(12) == 0 {
			word += "."
		}
		text.WriteString(word + " ")
	}
	kind := extract.Paragraph
	if rnd.IntN(5) == 0 {
		kind = extract.Item
	}
	return extract.Block{Kind: kind, Text: strings.TrimSpace(text.String()), Start: 1, End: 1}
}

// manual returns a document of about 100 passages, with a heading every so many
// blocks, or none for 0.
func manual(rnd *rand.Rand, every int) *extract.Document {
	doc := &extract.Document{}
	for i, size := 0, 0; size < 110_000; i++ {
		if every > 0 && i%every == 0 {
			doc.Blocks = append(doc.Blocks, extract.Block{Kind: extract.Heading, Level: 1 + i%3, Text: fmt.Sprint("Part ", i), Start: 1, End: 1})
		}
		b := paragraph(rnd)
		size += len(b.Text)
		doc.Blocks = append(doc.Blocks, b)
	}
	return doc
}

// fresh counts the passages that were not there before.
func fresh(before, after []Passage) (n int) {
	key := func(p Passage) string { return strings.Join(p.Heading, "\x00") + "\x00\x00" + p.Text }
	had := map[string]int{}
	for _, p := range before {
		had[key(p)]++
	}
	for _, p := range after {
		if had[key(p)]--; had[key(p)] < 0 {
			n++
		}
	}
	return n
}

// edits are ways to change a document at a place.
var edits = []struct {
	name string
	// The share of edits that may give more than two new passages.
	beyond float64
	edit   func(rnd *rand.Rand, blocks []extract.Block, at int) []extract.Block
}{
	{"insert", .15, func(rnd *rand.Rand, blocks []extract.Block, at int) []extract.Block {
		return slices.Insert(blocks, at, paragraph(rnd))
	}},
	{"delete", .10, func(_ *rand.Rand, blocks []extract.Block, at int) []extract.Block {
		return slices.Delete(blocks, at, at+1)
	}},
	{"replace", .16, func(rnd *rand.Rand, blocks []extract.Block, at int) []extract.Block {
		blocks[at] = paragraph(rnd)
		return blocks
	}},
	{"change a word", .05, func(rnd *rand.Rand, blocks []extract.Block, at int) []extract.Block {
		words := strings.Fields(blocks[at].Text)
		words[rnd.IntN(len(words))] = "something"
		blocks[at].Text = strings.Join(words, " ")
		return blocks
	}},
}

// An edit anywhere makes few new passages, however long the document is. What an
// insertion at the top makes is TestParagraphAtTop's.
func TestEditsStayLocal(t *testing.T) {
	for _, every := range []int{0, 12} {
		rnd := rand.New(rand.NewPCG(1, uint64(every)))
		manuals := make([]*extract.Document, 10)
		for i := range manuals {
			manuals[i] = manual(rnd, every)
		}
		for _, e := range edits {
			t.Run(fmt.Sprintf("%s with headings every %d", e.name, every), func(t *testing.T) {
				counts := map[int]int{}
				const rounds = 300
				for range rounds {
					doc := &extract.Document{Blocks: slices.Clone(manuals[rnd.IntN(len(manuals))].Blocks)}
					before := Split(doc)
					at := rnd.IntN(len(doc.Blocks))
					for doc.Blocks[at].Kind == extract.Heading {
						at = rnd.IntN(len(doc.Blocks))
					}
					doc.Blocks = e.edit(rnd, doc.Blocks, at)
					counts[fresh(before, Split(doc))]++
				}
				beyond := rounds - counts[0] - counts[1] - counts[2]
				t.Logf("new passages: %v", counts)
				if float64(beyond) > e.beyond*rounds {
					t.Errorf("%d of %d edits made more than two new passages", beyond, rounds)
				}
				for n := range counts {
					if n > 8 {
						t.Errorf("an edit made %d new passages", n)
					}
				}
			})
		}
	}
}

func TestLengths(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 3))
	var lengths []int
	sum := 0
	for range 20 {
		doc := manual(rnd, 12)
		passages := Split(doc)
		check(t, doc, passages)
		for _, p := range passages {
			n := utf8.RuneCountInString(p.Text)
			lengths = append(lengths, n)
			sum += n
		}
	}
	slices.Sort(lengths)
	mean := sum / len(lengths)
	p10, p90 := lengths[len(lengths)/10], lengths[len(lengths)*9/10]
	t.Logf("%d passages: mean %d, p10 %d, p90 %d", len(lengths), mean, p10, p90)
	if mean < 900 || mean > 1250 || p10 < 400 || p90 > 1800 {
		t.Errorf("lengths: mean %d, p10 %d, p90 %d", mean, p10, p90)
	}
}

// Text that looks as if it were made to take long.
func TestHostileText(t *testing.T) {
	const n = 1 << 18
	for name, unit := range map[string]string{
		"brackets":     "(",
		"full stops":   ".",
		"marks":        "\u0308",
		"joiners":      "\u200d",
		"flags":        "🇪",
		"spaces":       "a.           ",
		"conjuncts":    "क्",
		"emoji":        "👩\u200d",
		"short words":  "a ",
		"short lines":  "a\n",
		"invalid":      "\xff\xf0",
		"hangul":       "\u1100",
		"sentence end": "a)) ",
	} {
		for _, kind := range []extract.Kind{extract.Paragraph, extract.Code} {
			t.Run(fmt.Sprint(name, " as ", kind), func(t *testing.T) {
				doc := document(block(kind, 0, 1, 1, "."+strings.Repeat(unit, n/len(unit))))
				check(t, doc, Split(doc))
			})
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("# Title\n\nText. More text.\n\n- item\n", byte(1))
	f.Add("    code\n\n\ncode\n", byte(3))
	f.Add("吾輩は猫である。名前はまだ無い。", byte(40))
	f.Add("e\u0301\u0308 👩‍🚀🇪🇺 \xff\xfe", byte(255))
	f.Fuzz(func(t *testing.T, text string, times byte) {
		doc := &extract.Document{}
		for i, part := range strings.Split(text, "\n\n") {
			b := extract.Block{Kind: extract.Kind(len(part) % 5), Level: i % 14, Text: part, Start: i, End: i + strings.Count(part, "\n")}
			if i%3 == 0 {
				b.Text = strings.Repeat(part, int(times))
			}
			doc.Blocks = append(doc.Blocks, b)
		}
		check(t, doc, Split(doc))
	})
}

func BenchmarkSplit(b *testing.B) {
	doc := manual(rand.New(rand.NewPCG(1, 1)), 12)
	size := 0
	for _, block := range doc.Blocks {
		size += len(block.Text)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		Split(doc)
	}
}
