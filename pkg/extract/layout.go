package extract

import "golang.org/x/net/html/atom"

// region is the part of a page that text stands in.
type region uint8

const (
	elsewhere region = iota
	inHead           // of the page, not of a section
	inAside          // beside the page, not a section
	inArticle
	inMain
)

// regionOf gives the region inside an element.
func (s *state) regionOf(tag atom.Atom, role string) region {
	switch {
	case tag == atom.Main || role == "main":
		return inMain
	case s.region != elsewhere:
		return s.region
	case tag == atom.Article || role == "article":
		return inArticle
	case s.section:
		return elsewhere
	case tag == atom.Header || role == "banner":
		return inHead
	case tag == atom.Aside || role == "complementary":
		return inAside
	}
	return elsewhere
}

// sections reports the elements of HTML's sectioning content and sectioning roots:
// a header, a footer or an aside inside of one belongs to it, not to the page.
func sections(tag atom.Atom) bool {
	switch tag {
	case atom.Article, atom.Aside, atom.Main, atom.Nav, atom.Section,
		atom.Blockquote, atom.Details, atom.Dialog, atom.Fieldset, atom.Figure, atom.Td:
		return true
	}
	return false
}

// layout knows in which regions the blocks of a page stand, and chooses those that
// are read.
//
// They are those of main, if there is text in it. Else they are those of the
// article, if there is one only and most of the text is in it, since many are
// teasers or comments. Else they are all.
//
// The headings and paragraphs in the head of the page are read, not its lists, which
// are menus, if it has a heading of level 1 and the page does not say which is its main part, or that has no such
// heading. Then headings of level 1 that stand elsewhere are read too: one is the
// title.
type layout struct {
	regions     []region // of each block
	size        [inMain + 1]int
	titled      [inMain + 1]bool // there is a heading of level 1
	articles    int              // those with text, but not those in others
	nextArticle bool             // one has begun that had no text yet
}

// add notes a block that was added in a region.
func (l *layout) add(in region, block *Block) {
	l.regions = append(l.regions, in)
	l.size[in] += len(block.Text)
	l.titled[in] = l.titled[in] || entitles(block)
	if in == inArticle && l.nextArticle {
		l.articles++
		l.nextArticle = false
	}
}

func entitles(block *Block) bool { return block.Kind == Heading && block.Level == 1 }

// choose leaves the blocks of the page that are read.
func (l *layout) choose(b *builder) {
	part := elsewhere
	switch {
	case l.size[inMain] > 0:
		part = inMain
	case l.articles == 1 && l.size[inArticle] > l.size[elsewhere]:
		part = inArticle
	}
	untitled := part != elsewhere && !l.titled[part]
	head := l.titled[inHead] && (untitled || part == elsewhere)
	if part == elsewhere && l.size[inHead] == 0 {
		return
	}
	b.retain(func(i int, block *Block) bool {
		switch in := l.regions[i]; {
		case in == part:
			return true
		case in == inHead:
			return head && (block.Kind == Heading || block.Kind == Paragraph)
		}
		return part == elsewhere || untitled && entitles(block)
	})
}
