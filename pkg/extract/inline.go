package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// window bounds, in bytes, how far the end of a piece of markup is looked for, so
// that marks without an end cost no more than a fixed amount each.
const window = 2048

// mark is a pair of equal marks around words, such as *strong*.
type mark struct {
	sign     string
	verbatim bool // nothing inside is markup, but for what inline.verbatim reads
	anywhere bool // inside of words too
}

// inline takes the markup off running text.
type inline struct {
	// marks are those around words; of two that begin alike the longer comes first.
	marks []mark
	// special reads any other markup at s[i:]. It appends its text to dst and gives
	// where the text goes on; i if there is none. It may shorten dst by what turned
	// out to be part of the markup.
	special func(dst []byte, s string, i int) ([]byte, int)
	// verbatim, if any, appends to dst what stands between verbatim marks.
	verbatim func(dst []byte, sign, s string) []byte
	// signs has the bytes at which marks or special markup may begin.
	signs string
}

// extents knows, for each mark, where the one that is open ends, and up to where
// none does.
type extents [8]struct{ end, searched int }

// strip appends the text of s to dst.
func (in *inline) strip(dst []byte, s string) []byte {
	var open extents
	for i := 0; i < len(s); {
		n := strings.IndexAny(s[i:], in.signs)
		if n < 0 {
			return append(dst, s[i:]...)
		}
		dst = append(dst, s[i:i+n]...)
		i += n
		next := i
		if dst, next = in.special(dst, s, i); next > i {
			// A mark that was to end inside has lost its end.
			i = next
			continue
		}
		if dst, next = in.mark(dst, s, i, &open); next > i {
			i = next
			continue
		}
		dst = append(dst, s[i])
		i++
	}
	return dst
}

// mark passes over a mark that begins or ends at s[i:].
func (in *inline) mark(dst []byte, s string, i int, open *extents) ([]byte, int) {
	for k, m := range in.marks {
		if !strings.HasPrefix(s[i:], m.sign) {
			continue
		}
		after := i + len(m.sign)
		if open[k].end == i && i > 0 {
			return dst, after
		}
		if open[k].end > i || !m.anywhere && !opens(s, i, after) {
			continue
		}
		end, ok := m.end(s, after, open[k].searched)
		if !ok {
			open[k].searched = end
			continue
		}
		if m.verbatim && in.verbatim != nil {
			return in.verbatim(dst, m.sign, s[after:end]), end + len(m.sign)
		}
		if m.verbatim {
			return append(dst, s[after:end]...), end + len(m.sign)
		}
		open[k].end = end
		return dst, after
	}
	return dst, i
}

// opens reports whether what stands around a mark lets it begin something: no
// word before it, a word after it.
func opens(s string, i, after int) bool {
	next, _ := utf8.DecodeRuneInString(s[after:])
	if after >= len(s) || unicode.IsSpace(next) || s[after] == s[i] {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	return i == 0 || !wordRune(before)
}

// end gives where a mark that begins before s[from:] ends, which is known not to
// be before searched. If it does not end, it gives how far that is known then.
func (m mark) end(s string, from, searched int) (at int, ok bool) {
	limit := min(len(s), from+window)
	for at = max(from+1, searched); at < limit; at++ {
		n := strings.Index(s[at:limit], m.sign)
		if n < 0 {
			break
		}
		at += n
		if m.anywhere || closes(s, at, at+len(m.sign)) {
			return at, true
		}
	}
	return max(searched, limit-len(m.sign)+1), false
}

func closes(s string, at, after int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:at])
	next, _ := utf8.DecodeRuneInString(s[after:])
	return !unicode.IsSpace(before) && (after >= len(s) || !wordRune(next))
}

// wordRune reports characters that a mark may not stand beside on its outer side.
func wordRune(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r)) && !wide(r)
}

// between gives the text between two strings, the first of which s[i:] begins
// with, and where s goes on after them.
func between(s string, i int, begin, end string) (text string, next int, ok bool) {
	if !strings.HasPrefix(s[i:], begin) {
		return "", i, false
	}
	from := i + len(begin)
	n := strings.Index(s[from:min(len(s), from+window)], end)
	if n < 0 {
		return "", i, false
	}
	return s[from : from+n], from + n + len(end), true
}
