package embed

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Words add what their features do, whether they were met before or not, and
// whatever words were met between, more than there are places for.
func TestTallies(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 2))
	p := newProjector()
	for range 60_000 {
		text := fmt.Sprintf("w%0*d", rnd.IntN(2*longestTallied), int(20_000*rnd.Float64()*rnd.Float64()))
		p.words.read(text)
		w := &p.words.list[0]
		var got, want counter
		p.sum.reset()
		features := p.addWord(w, full)
		got = p.sum
		want.add(p.featuresOf(w.hash, []byte(text)), full)
		if features != len(p.features) || got.counts() != want.counts() {
			t.Fatalf("%q adds other than its features", text)
		}
	}
}
