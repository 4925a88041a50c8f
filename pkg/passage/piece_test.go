package passage

import (
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/extract"
)

// TestRepeatedWords has words repeated that could each begin a piece of their own:
// what is kept of a text stays a small multiple of it.
func TestRepeatedWords(t *testing.T) {
	for c := '!'; c <= '~'; c++ {
		text := strings.TrimSpace(strings.Repeat(string(c)+" ", 10_000))
		pieces := appendBlock(nil, &extract.Document{}, extract.Block{Kind: extract.Paragraph, Text: text, Start: 1, End: 1})
		if most := len(text)/32 + 1; len(pieces) > most {
			t.Errorf("%q: %d pieces of %d bytes, at most %d are allowed", c, len(pieces), len(text), most)
		}
	}
}
