// Package passage splits the text of a document into passages: the pieces that
// are embedded, searched and quoted.
//
// A passage has about 1,000 characters and never more than 2,000. A heading
// always begins a new one; below a heading the cuts are where the structure
// allows, between paragraphs rather than list items, between those rather than
// sentences, and only where nothing else is left between words or inside of
// one. A grapheme cluster is never cut.
//
// Boundaries depend on nearby text alone. A paragraph of up to 2,000 characters
// at the top of a document, or of a section, makes at most two new passages,
// always: a section is split from its end, and more text before it changes no
// more than its first two passages. So it is for what is behind an edit further
// down. Before an edit, up to the heading, cuts fall into place again by chance,
// mostly at the next one: every place for a cut has a price that is drawn from
// the words after it, and what is cheap wins before and after the edit. No bound
// holds for all edits there. Measured, about 19 of 20 paragraphs inserted at
// random into documents with headings make at most two new passages, and 6 of 7
// in long text without any.
//
// A passage of less than 200 characters has no neighbour in its section that
// has room for it.
//
//	for p := range passage.All(doc) {
//		fmt.Printf("%d-%d %s\n%s\n", p.Start, p.End, strings.Join(p.Heading, " > "), p.Text)
//	}
package passage

import (
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed16713943/btools/pkg/extract"
)

// Version is the version of the rules for boundaries. It grows when the same
// document would be split in another way.
const Version = 2

// Max is the greatest length of a passage, in characters (runes).
const Max = 2000

const _ = uint(Max - extract.LinesKept) // the lines are known of all that is cut

const (
	maxHeading = 300 // characters; a longer heading is running text
	maxLevel   = 10  // deeper levels count as this one, so that paths stay short
)

// Passage is a piece of a document's text.
type Passage struct {
	// Text has no white space at its ends, except the indentation of code.
	// Headings are not part of it, but one without any text or heading below is
	// a passage of its own.
	Text string

	// Heading is the path of headings above the text, outermost first. A title
	// that no heading gives, as front matter has it, stands at its beginning.
	// Passages of one section share it.
	Heading []string

	// Start and End are the lines of the source that hold the text, from 1,
	// inclusive. A line that is cut belongs to both passages. Where markup hides on
	// which of some lines the text is, they are those that it may be on.
	Start, End int
}

// Split returns the passages of a document in their order. All text of all
// blocks is in them once; a document without text has none. The time it takes
// is linear in the length of the text.
func Split(doc *extract.Document) []Passage { return slices.Collect(All(doc)) }

// All goes through the passages of Split, of which only those of one section are in
// memory at a time: there may be one for every few bytes of a document.
func All(doc *extract.Document) iter.Seq[Passage] {
	return func(yield func(Passage) bool) {
		var (
			all   = sections{doc: doc}
			path  = headings{title: title(doc)}
			begin place         // of the section
			head  extract.Block // the heading right above,
			open  bool          // as long as it is not known what is below it
			room  []extract.Block
		)
		alone := func() {
			all.passages = append(all.passages, Passage{strings.TrimSpace(head.Text), path.texts(), head.Start, head.End})
		}
		for part := range doc.Parts() {
			blocks := doc.Part(part, &room)
			for i, b := range blocks {
				if blank(b) {
					continue
				}
				heading := isHeading(b)
				if open {
					if heading && level(b) <= level(head) {
						alone()
					}
					path.enter(level(head), strings.TrimSpace(head.Text))
				}
				if open = heading; heading {
					all.add(begin, place{part, i}, blocks, &path)
					if !all.give(yield) {
						return
					}
					path.leave(level(b))
					head, begin = b, place{part, i + 1}
				}
			}
			if part < doc.Parts()-1 {
				continue
			}
			if open {
				alone()
			}
			all.add(begin, place{part, len(blocks)}, blocks, &path)
		}
		all.give(yield)
	}
}

// blank reports whether a block has no text.
func blank(b extract.Block) bool { return strings.TrimSpace(b.Text) == "" }

// isHeading reports whether a block is a heading that a path can hold.
func isHeading(b extract.Block) bool {
	return b.Kind == extract.Heading &&
		(len(b.Text) <= maxHeading || utf8.RuneCountInString(b.Text) <= maxHeading)
}

// level returns the level of a heading, from 1 to maxLevel.
func level(b extract.Block) int { return min(max(b.Level, 1), maxLevel) }

// title returns the title of a document if it belongs at the top of every path:
// unless a heading is the title.
func title(doc *extract.Document) string {
	text := strings.TrimSpace(doc.Title)
	if text == "" || utf8.RuneCountInString(text) > maxHeading {
		return ""
	}
	for b := range doc.All() {
		if isHeading(b) && strings.TrimSpace(b.Text) == text {
			return ""
		}
	}
	return text
}

// headings is the path of headings that are open at a place.
type headings struct {
	title  string // of the document; "" if its headings say it
	levels []int
	open   []string
}

// leave ends the sections that a heading of this level ends.
func (h *headings) leave(level int) {
	n := len(h.levels)
	for n > 0 && h.levels[n-1] >= level {
		n--
	}
	h.levels, h.open = h.levels[:n], h.open[:n]
}

// enter begins the section of a heading.
func (h *headings) enter(level int, text string) {
	h.levels = append(h.levels, level)
	h.open = append(h.open, text)
}

// texts returns the path, outermost first.
func (h *headings) texts() []string {
	if h.title != "" {
		return append([]string{h.title}, h.open...)
	}
	return slices.Clone(h.open)
}

// join makes one passage of pieces.
func join(pieces []piece, heading []string) Passage {
	p := Passage{Heading: heading, Start: pieces[0].start, End: pieces[0].end}
	if len(pieces) == 1 {
		p.Text = pieces[0].text
		return p
	}
	size := 0
	for _, piece := range pieces {
		size += len(piece.glue) + len(piece.text)
		p.End = max(p.End, piece.end)
	}
	var text strings.Builder
	text.Grow(size)
	for i, piece := range pieces {
		if i > 0 {
			text.WriteString(piece.glue)
		}
		text.WriteString(piece.text)
	}
	p.Text = text.String()
	return p
}
