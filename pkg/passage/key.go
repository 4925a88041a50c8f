package passage

import "crypto/sha256"

// Key identifies the wording of a passage: its text and its headings. It is the
// first 16 bytes of a SHA-256.
type Key [16]byte

// Key returns the key of the passage's wording.
func (p *Passage) Key() Key {
	return KeyOf(p.appendFull(make([]byte, 0, 2*Max)))
}

// KeyOf returns the key of a passage by what Full returns of it.
func KeyOf(full []byte) Key {
	sum := sha256.Sum256(full)
	return Key(sum[:len(Key{})])
}

// Full returns what is embedded: the headings, one a line, an empty line, and
// the text.
func (p *Passage) Full() string { return string(p.appendFull(make([]byte, 0, 2*Max))) }

func (p *Passage) appendFull(b []byte) []byte {
	for i, heading := range p.Heading {
		if i > 0 {
			b = append(b, '\n')
		}
		b = append(b, heading...)
	}
	b = append(b, "\n\n"...)
	return append(b, p.Text...)
}
