package extract

import (
	"strings"
	"unicode/utf8"
)

// withoutTerminal leaves out what is meant for terminals and printers: sequences
// such as ESC [ 1 m for bold, and characters that are struck over, such as the
// first of "N\bN". Lines stay as many as they are.
func withoutTerminal(text string) string {
	if !strings.ContainsAny(text, "\x1b\b") {
		return text
	}
	kept := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		switch text[i] {
		case '\x1b':
			i += controlSequence(text[i:])
		case '\b':
			n := len(text[i:]) - len(strings.TrimLeft(text[i:], "\b"))
			i += n
			if strings.HasPrefix(text[i:], strings.Repeat("_", n)) && len(kept) > 0 && kept[len(kept)-1] > ' ' {
				i += n // what stands there is underlined
			} else {
				kept = goBack(kept, n)
			}
		default:
			n := strings.IndexAny(text[i:], "\x1b\b")
			if n < 0 {
				n = len(text) - i
			}
			kept = append(kept, text[i:i+n]...)
			i += n
		}
	}
	return string(kept)
}

// goBack leaves out what is in the last columns of a line.
func goBack(line []byte, columns int) []byte {
	for columns > 0 {
		char, size := utf8.DecodeLastRune(line)
		if size == 0 || char == '\n' {
			break
		}
		line = line[:len(line)-size]
		if columns--; twoColumns(char) {
			columns--
		}
	}
	return line
}

// controlSequence gives the length of the sequence that begins with an escape
// character: "[", parameters, intermediate bytes and a final byte, as ECMA-48 has
// them. It is 1 if there is none.
func controlSequence(s string) int {
	if !strings.HasPrefix(s[1:], "[") {
		return 1
	}
	n := 2
	for n < len(s) && s[n] >= 0x30 && s[n] <= 0x3f {
		n++
	}
	for n < len(s) && s[n] >= 0x20 && s[n] <= 0x2f {
		n++
	}
	if n < len(s) && s[n] >= 0x40 && s[n] <= 0x7e {
		return n + 1
	}
	return 1
}
