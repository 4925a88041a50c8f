package passage

import (
	"crypto/sha256"
	"strings"
)

// Key identifies the wording of a passage: its text and its headings. It is the
// first 16 bytes of a SHA-256.
type Key [16]byte

// Key returns the key of the passage's wording.
func (p *Passage) Key() Key {
	var key Key
	sum := sha256.Sum256([]byte(p.Full()))
	copy(key[:], sum[:])
	return key
}

// Full returns what is embedded: the headings, one a line, an empty line, and
// the text.
func (p *Passage) Full() string {
	return strings.Join(p.Heading, "\n") + "\n\n" + p.Text
}
