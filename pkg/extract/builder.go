package extract

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// gap is what stands between the text written so far and what comes next. The
// larger one wins.
type gap uint8

const (
	noGap gap = iota
	space
	newline   // a line break of the source: a space, except between ideographs
	hardBreak // a line break that the author asked for
	nextCell
)

// lineBreak is how a line break that the author asked for stands in text.
const lineBreak = "\u2028"

// builder collects the blocks of a document. Text is written with fold and
// becomes a block with flush.
type builder struct {
	doc  Document
	text []byte // of the open block
	gap  gap
	wide bool // the last character written needs no space around it
	marks

	count  int    // of the blocks that were added
	whole  bool   // no blocks may be put away now
	packed []byte // room

	titleStart, titleEnd int // lines of the title of front matter or head
}

// fold adds running text: white space is reduced to one space, characters that
// cannot be seen are dropped.
func (b *builder) fold(s string) {
	for i := 0; i < len(s); {
		c := s[i]
		if graphic[c] {
			n := words(s[i:])
			b.fill(false)
			b.text = append(b.text, s[i:i+n]...)
			i += n
			continue
		}
		r, size := rune(c), 1
		if c >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		i += size
		switch {
		case r == ' ':
			b.gap = max(b.gap, space)
		case r == '\n':
			b.gap = max(b.gap, newline)
			b.lineBreak()
		case r == '\u2028':
			b.gap = max(b.gap, hardBreak)
		case unicode.IsSpace(r):
			b.gap = max(b.gap, space)
		case invisible(r):
		default:
			b.fill(wide(r))
			b.text = utf8.AppendRune(b.text, r)
		}
	}
}

// words gives the length of the words of ASCII, with one space between them, that
// s begins with.
func words(s string) int {
	n, before := 0, byte(0)
	for ; n < len(s); n++ {
		c := s[n]
		if c < ' ' || c >= 0x7f || c|before == ' ' { // which both are then
			break
		}
		before = c
	}
	if before == ' ' {
		n--
	}
	return n
}

// graphic has the characters of ASCII that can be seen.
var graphic = func() (is [256]bool) {
	for c := ' ' + 1; c < 0x7f; c++ {
		is[c] = true
	}
	return is
}()

// invisible reports characters that would only keep words from being found:
// control characters, the soft hyphen, the zero-width space, byte order marks.
func invisible(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r == 0xad || r == 0x200b || r == 0xfeff
}

// wide reports characters of scripts that are written without spaces, and their
// punctuation. Korean is written with spaces.
func wide(r rune) bool {
	return r >= 0x3000 && (r <= 0x30ff || r >= 0x4e00 && r < 0xa000 || r >= 0xff00 && r <= 0xffef || unicode.Is(unicode.Han, r))
}

// twoColumns reports characters that are as wide as two others where all have the
// same width.
func twoColumns(r rune) bool { return wide(r) || r >= 0xac00 && r <= 0xd7a3 }

// fill writes what stands between the text and a character that comes next.
func (b *builder) fill(nextWide bool) {
	if b.gap != noGap && len(b.text) > 0 {
		switch b.gap {
		case nextCell:
			b.text = append(b.text, '\t')
		case hardBreak:
			b.text = append(b.text, '\n')
		case newline:
			if !b.wide || !nextWide {
				b.text = append(b.text, ' ')
			}
		default:
			b.text = append(b.text, ' ')
		}
	}
	b.gap, b.wide = noGap, nextWide
	b.mark(len(b.text))
}

// part says what separates the text so far from what comes next, if anything
// comes.
func (b *builder) part(g gap) { b.gap = max(b.gap, g) }

// flush makes a block of the text written, if there is any.
func (b *builder) flush(kind Kind, level, start, end int) {
	if len(b.text) > 0 {
		block := Block{kind, level, string(b.text), start, max(start, end)}
		b.block(block)
		b.keep(block, 0)
	}
	b.drop()
}

// drop leaves out the text written.
func (b *builder) drop() {
	if cap(b.text) > keptText { // it may have been a whole document
		b.text = nil
	}
	b.text, b.gap = b.text[:0], noGap
	b.forget()
}

// foldPlain adds running text whose lines from has said: a line break in it does
// not lead to the next.
func (b *builder) foldPlain(s string) {
	b.still = true
	b.fold(s)
	b.still = false
}

// block adds a block.
func (b *builder) block(block Block) {
	b.putAway()
	b.doc.Blocks = append(b.doc.Blocks, block)
	b.count++
}

// builders keeps the room in which small documents are put together.
var builders = sync.Pool{New: func() any { return new(builder) }}

// What builders has room for.
const (
	keptBlocks = 1 << 10
	keptText   = 1 << 16 // bytes
)

// done gives the document, and the room of a small one to the next.
func (b *builder) done() *Document {
	doc := b.doc
	if len(doc.Blocks) > keptBlocks || len(doc.parts) > 0 || max(cap(b.text), cap(b.written)) > keptText {
		return &doc
	}
	doc.Blocks = append([]Block(nil), doc.Blocks...)
	clear(b.doc.Blocks)
	*b = builder{doc: Document{Blocks: b.doc.Blocks[:0]}, text: b.text[:0], marks: marks{written: b.written[:0]}}
	builders.Put(b)
	return &doc
}

// add makes a block of running text, with a line break where one line of the
// source ends. Some lines may have been left out, or be joined to one.
func (b *builder) add(kind Kind, level int, text string, start, end int) {
	if len(text) > LinesKept {
		if out := end - start - strings.Count(text, "\n"); out >= 0 {
			b.from(start, start+out)
		}
	}
	b.text = slices.Grow(b.text, len(text))
	b.fold(text)
	b.flush(kind, level, start, end)
}

// code makes a block of lines as they are, the first of which is line start of
// the source. Empty lines at either end are left out.
func (b *builder) code(text string, start int) {
	text, cut := cutEmptyLines(text)
	start += cut
	b.codeBetween(text, start, start+strings.Count(text, "\n"), 0)
}

// cutEmptyLines leaves out the empty lines at either end, and counts those at the
// beginning.
func cutEmptyLines(text string) (rest string, cut int) {
	for {
		line, rest, found := strings.Cut(text, "\n")
		if !found || !blank(line) {
			return trimRight(text), cut
		}
		text = rest
		cut++
	}
}

// codeBetween makes a block of code that comes from some lines of the source,
// which need not be as many as its own. Marks of its text count some bytes more
// before it that were lost.
func (b *builder) codeBetween(text string, start, end, lost int) {
	if !plainASCII(text) && strings.IndexFunc(text, unprintable) >= 0 {
		text = strings.Map(func(r rune) rune {
			if unprintable(r) {
				return -1
			}
			return r
		}, text)
		b.forget() // the places are others
	}
	if !blank(text) {
		block := Block{Code, 0, text, start, end}
		b.block(block)
		b.keep(block, lost)
	}
	b.forget()
}

// plainASCII reports whether code is of ASCII and can all be seen, as nearly all
// is.
func plainASCII(text string) bool {
	for i := range len(text) {
		if c := text[i]; !graphic[c] && c != ' ' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// unprintable reports control characters that code does not need.
func unprintable(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0
}

// title takes running text as the document's title. The open block stays open.
func (b *builder) title(text string, start, end int) {
	if b.doc.Title != "" {
		return
	}
	var title builder
	title.fold(text)
	b.doc.Title, b.titleStart, b.titleEnd = string(title.text), start, end
}

// meta keeps a scalar of front matter.
func (b *builder) meta(name, value string, start, end int) {
	if b.doc.Meta == nil {
		b.doc.Meta = map[string]string{}
	}
	name = strings.ToLower(name)
	b.doc.Meta[name] = value
	if name == "title" && b.doc.Title == "" {
		b.titleStart, b.titleEnd = start, end
	}
}

// settleTitle finds a title for a document whose front matter has none. The title
// of a document without any text is its text, so that it can be found.
func (b *builder) settleTitle() {
	if b.doc.Title == "" {
		b.title(b.doc.Meta["title"], b.titleStart, b.titleEnd)
	}
	if b.doc.Title != "" {
		if len(b.doc.Blocks)+len(b.doc.parts) == 0 {
			b.block(Block{Heading, 1, b.doc.Title, b.titleStart, max(b.titleStart, b.titleEnd)})
		}
		return
	}
	for block := range b.doc.All() {
		if block.Kind != Heading {
			continue
		}
		if block.Level == 1 {
			b.doc.Title = block.Text
			return
		}
		if b.doc.Title == "" {
			b.doc.Title = block.Text
		}
	}
}
