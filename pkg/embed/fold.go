package embed

import (
	"encoding/binary"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folder makes texts that differ in case, accents and forms of characters alone
// the same: small letters, no accents, no compatibility characters (NFKC).
type folder struct {
	folded, composed, parts []byte
	// single has what a character becomes, if that is one character; 0 for not
	// known yet.
	single [1 << 16]uint16
}

// fold returns the folded text. It is valid until the next call.
func (f *folder) fold(text string) []byte {
	f.folded = f.folded[:0]
	compose := false
	for text != "" {
		n := asciiPrefix(text)
		f.folded = appendLower(f.folded, text[:n])
		text = text[n:]
		if text == "" {
			break
		}
		r, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		switch {
		case int(r) < len(f.single) && f.single[r] != 0:
			f.folded = utf8.AppendRune(f.folded, rune(f.single[r]))
		default:
			compose = f.other(r) || compose
		}
	}
	if compose {
		f.composed = norm.NFC.Append(f.composed[:0], f.folded...)
		return f.composed
	}
	return f.folded
}

// asciiPrefix returns how many bytes of ASCII a text begins with.
func asciiPrefix(text string) int {
	n := 0
	for len(text)-n >= 8 && binary.LittleEndian.Uint64([]byte(text[n:]))&(each*utf8.RuneSelf) == 0 {
		n += 8
	}
	for n < len(text) && text[n] < utf8.RuneSelf {
		n++
	}
	return n
}

// each times a byte is that byte eight times.
const each = 0x0101010101010101

// appendLower appends text of ASCII in small letters.
func appendLower(folded []byte, text string) []byte {
	for ; len(text) >= 8; text = text[8:] {
		folded = binary.LittleEndian.AppendUint64(folded, lowerEight(binary.LittleEndian.Uint64([]byte(text))))
	}
	for i := range len(text) {
		folded = append(folded, byte(lowerEight(uint64(text[i]))))
	}
	return folded
}

// lowerEight makes eight bytes of ASCII small letters where they are large ones.
func lowerEight(b uint64) uint64 {
	fromA, afterZ := b+each*(0x80-'A'), b+each*(0x80-'Z'-1) // the highest bit of a byte says so
	return b | (fromA&^afterZ)&(each*0x80)>>2               // and 'a' - 'A' is a quarter of it
}

// other folds one character, and reports whether it may have to be composed with
// the one before.
func (f *folder) other(r rune) (compose bool) {
	f.parts = f.parts[:0]
	for _, part := range norm.NFKD.String(string(r)) {
		switch lower := unicode.ToLower(part); {
		case isAccent(part):
		case lower == 'ß':
			f.parts = append(f.parts, "ss"...)
		case lower == 'ς':
			f.parts = utf8.AppendRune(f.parts, 'σ')
		default:
			f.parts = utf8.AppendRune(f.parts, lower)
		}
	}
	f.composed = norm.NFC.Append(f.composed[:0], f.parts...)
	f.folded = append(f.folded, f.composed...)
	folded, size := utf8.DecodeRune(f.composed)
	if composes(folded) {
		return true
	}
	if int(r) < len(f.single) && size > 0 && size == len(f.composed) && folded <= 0xffff {
		f.single[r] = uint16(folded)
	}
	return false
}

// composes reports parts of Korean syllables and Japanese sound marks.
func composes(r rune) bool { return r >= 0x1100 && r < 0x1200 || r == 0x3099 || r == 0x309a }

// isAccent reports marks that do not make another letter: those shared between
// scripts, as accents and Arabic vowel signs are, and Hebrew points.
func isAccent(r rune) bool {
	return unicode.Is(unicode.Mn, r) && !composes(r) && unicode.In(r, unicode.Inherited, unicode.Hebrew)
}
