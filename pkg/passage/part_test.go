package passage

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/extract"
)

// Very many blocks, which are in several parts, have the passages that they have in
// one.
func TestPartsMakeNoDifference(t *testing.T) {
	for seed := range uint64(12) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		headings := []int{0, 3, 3000, 9000}[seed%4] // blocks a heading
		source := []byte("---\ntitle: Of all\n---\n\n")
		for i := range 15_000 {
			text := words(rnd, 2+rnd.IntN(40), true)
			switch {
			case headings > 0 && rnd.IntN(headings) == 0:
				text = strings.Repeat("#", 1+rnd.IntN(3)) + fmt.Sprint(" Part ", i)
			case rnd.IntN(500) == 0:
				text = words(rnd, 1+rnd.IntN(9000), true)
			case rnd.IntN(3) == 0:
				text = "- " + text
			}
			source = append(source, text+"\n\n"...)
		}
		doc, err := extract.Extract("x.md", source)
		if err != nil {
			t.Fatal(err)
		}
		if doc.Parts() < 3 {
			t.Fatalf("%d parts", doc.Parts())
		}
		got := Split(doc)
		want := Split(&extract.Document{Title: doc.Title, Blocks: slices.Collect(doc.All())})
		if !reflect.DeepEqual(got, want) {
			t.Errorf("seed %d: %d passages, and %d of one part", seed, len(got), len(want))
		}
	}
}
