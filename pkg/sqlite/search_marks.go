package sqlite

import (
	"context"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/seed16713943/btools/pkg/asof"
)

// Marks returns what of a text matches a query.
func (r *Reader) Marks(_ context.Context, q asof.Query, text int64) (marks asof.Marks, err error) {
	var heading, body markable
	found, err := r.row("SELECT heading, coalesce(heading_words, heading), body, coalesce(body_words, body) FROM text WHERE id = ?",
		[]any{text}, &heading.text, &heading.words, &body.text, &body.words)
	if err != nil || !found {
		return marks, err
	}
	both := heading.words + body.words
	before, after := marker(both, '\x01'), marker(both, '\x02')
	asked, err := r.expressionOf(q)
	if err != nil {
		return marks, err
	}
	found, err = r.row("SELECT highlight(text_fts, 0, ?1, ?2), highlight(text_fts, 1, ?1, ?2) FROM text_fts WHERE text_fts MATCH ?3 AND rowid = ?4",
		[]any{before, after, asked, text}, &heading.marked, &body.marked)
	if err != nil || !found {
		return marks, queryFault(q, err)
	}
	return asof.Marks{Heading: heading.marks(before, after), Text: body.marks(before, after)}, nil
}

// markable is a column of a text, as it stands, as it is indexed, and as it is
// indexed with marks in it.
type markable struct{ text, words, marked string }

// marks returns the byte ranges of the text between marks.
func (m *markable) marks(before, after string) [][2]int {
	places := placesOf(m.text)
	if places != nil && len(places) != len(m.words)+1 {
		return nil // indexed by other rules
	}
	var marks [][2]int
	at, left := 0, m.marked
	for {
		plain, rest, found := strings.Cut(left, before)
		if !found {
			return marks
		}
		matched, rest, _ := strings.Cut(rest, after)
		left = rest
		at += len(plain)
		marks = appendMark(marks, places.of(at), places.of(at+len(matched)))
		at += len(matched)
	}
}

// appendMark appends a mark, or makes the last one longer where both overlap,
// as those of pairs of characters do.
func appendMark(marks [][2]int, start, end int) [][2]int {
	if last := len(marks) - 1; last >= 0 && start < marks[last][1] {
		marks[last][1] = max(marks[last][1], end)
		return marks
	}
	if start < end {
		marks = append(marks, [2]int{start, end})
	}
	return marks
}

// marker returns a string that a text does not hold.
func marker(text string, c rune) string {
	m := string(c)
	for strings.Contains(text, m) {
		m += string(c)
	}
	return m + "\x03"
}

// places has for each byte of a text as it is indexed the place in the text as
// it stands, and one more for the end. nil where they are the same.
type places []int

func (p places) of(at int) int {
	if p == nil {
		return at
	}
	return p[at]
}

// placesOf returns the places of a text, which it writes as indexed does.
func placesOf(text string) places {
	if standsAsIs(text) {
		return nil
	}
	text, before := composedPlaces(text)
	var p places
	keep := func(from, to int) {
		for i := from; i < to; i++ {
			p = append(p, i)
		}
	}
	write := func(from, to int) {
		for letter, written := range letters(text[from:to]) {
			if written == letter {
				keep(from, from+len(letter))
			} else {
				for range len(written) {
					p = append(p, from)
				}
			}
			from += len(letter)
		}
	}
	written, touches := 0, false
	eachWord(text, func(start, end int, spaceless bool) bool {
		keep(written, start)
		if start == written && start > 0 && (spaceless || touches) {
			p = append(p, start)
		}
		if spaceless {
			at, last := start, ""
			for pair := range pairs(text[start:end]) {
				write(at, at+len(pair))
				first := character(pair)
				if last = pair[first:]; last != "" {
					p = append(p, at+len(pair))
				}
				at += first
			}
			write(end-len(last), end)
		} else {
			write(start, end)
		}
		written, touches = end, spaceless
		return true
	})
	keep(written, len(text)+1)
	for i, at := range p {
		p[i] = before.of(at)
	}
	return p
}

// composedPlaces returns a text composed, and for each byte of it the place in the
// text as it stands.
func composedPlaces(text string) (string, places) {
	whole := composed(text)
	if whole == text {
		return text, nil
	}
	p := make(places, 0, len(whole)+1)
	var segments norm.Iter
	segments.InitString(norm.NFC, text)
	for !segments.Done() {
		start := segments.Pos()
		segment := segments.Next()
		same := text[start:segments.Pos()] == string(segment)
		for i := range segment {
			if !same {
				i = 0
			}
			p = append(p, start+i)
		}
	}
	return whole, append(p, len(text))
}
