package passage

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"github.com/seed16713943/btools/pkg/extract"
)

// piece is text that stays together: a block, or a part of a block that is too
// long for one passage. It has at most Max characters and, but for the
// indentation of code, no white space at its ends.
type piece struct {
	text       string
	runes      int    // characters of text
	glue       string // what joins it to the piece before in one passage; ASCII
	cost       int64  // of a cut before it
	start, end int    // lines of the source
	left       int    // characters from its beginning to the end of the section; set by cuts
}

// splitter cuts one block into pieces.
type splitter struct {
	pieces []piece
	text   string // of the block
	lines  extract.Lines
	start  int    // of the last piece in the text
	glue   string // before the next piece
	cost   int64  // of a cut before the next piece
}

// appendBlock appends the pieces of a block of a document that has text.
func appendBlock(pieces []piece, doc *extract.Document, b extract.Block) []piece {
	s := splitter{pieces: pieces, text: b.Text, glue: "\n\n", cost: atParagraph}
	start, end := s.trim(0, len(b.Text))
	switch b.Kind {
	case extract.Item, extract.Row:
		s.glue, s.cost = "\n", atItem
	case extract.Code:
		s.cost = atItem
		start = strings.LastIndexByte(b.Text[:start], '\n') + 1 // keeps the indentation
	}
	if text := b.Text[start:end]; fits(text) {
		return append(pieces, piece{text, utf8.RuneCountInString(text), s.glue, s.cost + drawn(text), b.Start, b.End, 0})
	}
	s.lines = doc.Lines(b)
	if b.Kind == extract.Code {
		s.code(start, end)
	} else {
		s.prose(start, end)
	}
	return s.pieces
}

// fits reports whether a text is short enough for one passage.
func fits(text string) bool { return len(text) <= Max || utf8.RuneCountInString(text) <= Max }

// trim moves two places in the text inwards over white space.
func (s *splitter) trim(start, end int) (int, int) {
	end = start + len(strings.TrimRightFunc(s.text[start:end], unicode.IsSpace))
	return end - len(strings.TrimLeftFunc(s.text[start:end], unicode.IsSpace)), end
}

// code adds lines.
func (s *splitter) code(start, end int) {
	for start < end {
		next := end
		if n := strings.IndexByte(s.text[start:end], '\n'); n >= 0 {
			next = start + n
		}
		word, last := s.trim(start, next)
		if word == last {
			s.glue, s.cost = "\n\n", min(s.cost, atGap) // any number of empty lines counts as one
			start = next + 1
			continue
		}
		if fits(s.text[start:last]) {
			s.add(start, last)
		} else {
			s.words(word, last)
		}
		s.glue, s.cost = "\n", atLine
		start = next + 1
	}
}

// prose adds sentences.
func (s *splitter) prose(start, end int) {
	for start < end {
		next := start + sentence(s.text[start:end])
		first, last := s.trim(start, next)
		if fits(s.text[first:last]) {
			s.add(first, last)
		} else {
			s.words(first, last)
		}
		s.glue, s.cost = "", atSentence // nothing between, in scripts without spaces
		if strings.Contains(s.text[last:next], "\n") {
			s.glue = "\n"
		} else if last < next {
			s.glue = " "
		}
		start, _ = s.trim(next, end)
	}
}

// words adds words, and those that are too long in parts.
func (s *splitter) words(start, end int) {
	for start < end {
		next := end
		if n := strings.IndexFunc(s.text[start:end], unicode.IsSpace); n >= 0 {
			next = start + n
		}
		if fits(s.text[start:next]) {
			s.add(start, next)
		} else {
			s.word(start, next)
		}
		s.glue, s.cost = " ", atWord
		start, _ = s.trim(next, end)
	}
}

// word adds the parts of a word, cut between grapheme clusters. As with all
// else, nearby text decides where. A cluster longer than a part, which no reader
// can tell from two, is cut between characters.
func (s *splitter) word(start, end int) {
	const most = 256 // characters of a part
	runes := 0
	part := func(to int) {
		if to > start {
			s.add(start, to)
			s.glue, s.cost = "", inWord
			start, runes = to, 0
		}
	}
	clusters := graphemes.FromString(s.text[start:end])
	for base := start; clusters.Next(); {
		at, cluster := base+clusters.Start(), clusters.Value()
		length := utf8.RuneCountInString(cluster)
		if runes+length > most || separates(s.text[start:at]) {
			part(at)
		}
		for ; length > most; length -= most {
			n := offset(cluster, most)
			cluster, at = cluster[n:], at+n
			part(at)
		}
		runes += length
	}
	part(end)
}

// separates reports whether a part of a word may end with this text: in one of
// 64 places, by the eight bytes before.
func separates(text string) bool {
	if len(text) < 8 {
		return false
	}
	return mix(0, word(text[len(text)-8:]))>>58 == 0
}

// offset returns how many bytes the first n characters of a text have.
func offset(text string, n int) int {
	for at := range text {
		if n == 0 {
			return at
		}
		n--
	}
	return len(text)
}

// add adds the text between two places, which must not be before those of the
// call before.
//
// A long block can have very many short lines or words. Those between which a
// cut would be dear by chance become one piece, which keeps pieces few, and so do
// those after a very short piece: where one word is repeated, every cut costs the
// same.
func (s *splitter) add(start, end int) {
	const least, short, dear = 32, 256, chance / 4 // bytes, and a share of chance
	share := drawn(s.text[start:end])
	if s.cost >= atLine && end-s.start <= short && (share >= dear || start-s.start < least) {
		last := &s.pieces[len(s.pieces)-1]
		last.text = s.text[s.start:end]
		last.runes = utf8.RuneCountInString(last.text)
		_, last.end = s.lines.Of(end - 1)
		return
	}
	s.start = start
	first, _ := s.lines.Of(start)
	_, last := s.lines.Of(end - 1)
	s.pieces = append(s.pieces, piece{
		text:  s.text[start:end],
		runes: utf8.RuneCountInString(s.text[start:end]),
		glue:  s.glue,
		cost:  s.cost + share,
		start: first,
		end:   last,
	})
}
