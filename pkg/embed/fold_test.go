package embed

import (
	"strings"
	"testing"
)

// TestFoldBytes has every byte of ASCII, and a character that is none, at every place of
// what is folded at once and of what is left.
func TestFoldBytes(t *testing.T) {
	var f folder
	for length := 1; length <= 20; length++ {
		for at := range length {
			for c := range rune(0x81) {
				if c == 0x80 {
					c = 'Ω'
				}
				text := strings.Repeat("Z", at) + string(c) + strings.Repeat("@", length-at-1)
				if got, want := string(f.fold(text)), strings.ToLower(text); got != want {
					t.Fatalf("%q is folded to %q, not %q", text, got, want)
				}
			}
		}
	}
}
