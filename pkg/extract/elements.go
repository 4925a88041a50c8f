package extract

import (
	"strings"

	"golang.org/x/net/html/atom"
)

// state is what open elements say of the text inside them.
type state struct {
	tag     atom.Atom // of the innermost one that counts
	region  region
	section bool  // in a part of the page that may have a head, foot and notes of its own
	heading uint8 // level of the heading; 0 outside of one
	lists   uint8 // how many are open
	hidden  bool  // not text to read
	pre     bool
	listing bool // in code of Doxygen, each line of which is an element
	row     bool // in a row of a table of data
	mayBar  bool // a block is a bar of links to other pages if one of them says so
	foreign bool // in an element of another vocabulary, such as svg
}

// deepestList bounds the level of items.
const deepestList = 100

// enter says what an element changes.
func (s *state) enter(tag atom.Atom, a attributes) {
	s.tag = tag
	s.region = s.regionOf(tag, a.role)
	s.mayBar = s.mayBar || a.mayBar
	s.listing = s.listing || a.listing
	s.pre = s.pre || s.listing && a.line
	s.section = s.section || sections(tag) || s.region == inMain || s.region == inArticle
	switch tag {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		s.heading, s.row = tag.String()[1]-'0', false
	case atom.Pre, atom.Xmp, atom.Listing, atom.Plaintext:
		s.pre, s.row = true, false
	case atom.Ul, atom.Ol, atom.Dl, atom.Menu, atom.Dir:
		s.lists, s.row = min(s.lists+1, deepestList), false
	case atom.Tr:
		s.row = s.heading == 0
	case atom.Table, atom.Blockquote, atom.Figure, atom.Section, atom.Article:
		s.row = false // what a table holds besides lines is layout, not data
	}
}

// elements are the open elements. Those that only mark words are not among them.
type elements struct {
	now   state
	outer []state           // the states around each open element
	count map[atom.Atom]int // how many of each are open
}

func (e *elements) push(tag atom.Atom, change func(*state)) {
	if e.count == nil {
		e.count = map[atom.Atom]int{}
	}
	e.outer = append(e.outer, e.now)
	e.count[tag]++
	change(&e.now)
}

func (e *elements) has(tag atom.Atom) bool { return tag != 0 && e.count[tag] > 0 }

// pop ends the n innermost elements.
func (e *elements) pop(n int) {
	for range n {
		e.count[e.now.tag]--
		e.now = e.outer[len(e.outer)-1]
		e.outer = e.outer[:len(e.outer)-1]
	}
}

// at gives the state inside the nth open element from the innermost, which is 0.
func (e *elements) at(n int) *state {
	if n == 0 {
		return &e.now
	}
	return &e.outer[len(e.outer)-n]
}

// upTo counts the elements from the innermost to the nearest with a tag that is
// open. They are then ended, so that each is counted once.
func (e *elements) upTo(tag atom.Atom) int {
	n := 0
	for e.at(n).tag != tag {
		n++
	}
	return n + 1
}

// farthest bounds how far out an element is looked for whose end tag was left
// out.
const farthest = 32

// find counts the elements from the innermost to the nearest with a tag; 0 if
// there is none inside of the nearest list or table, inside of the nearest element
// of the other tag, and inside of what is hidden.
func (e *elements) find(tag, within atom.Atom) int {
	if !e.has(tag) {
		return 0
	}
	for n := range min(farthest, len(e.outer)) {
		at := e.at(n)
		switch at.tag {
		case tag:
			return n + 1
		case within, atom.Ul, atom.Ol, atom.Dl, atom.Table:
			return 0
		}
		if at.hidden && !e.at(n+1).hidden {
			return 0
		}
	}
	return 0
}

// attributes are those of a tag that say what it is.
type attributes struct {
	hidden    bool
	open      bool // of a dialog
	role, alt string
	listing   bool // has lines of code
	line      bool // is one
	mayBar    bool // may hold a bar of links to other pages
	step      bool // leads to the page before, after or above, or to the contents
}

func (r *pageReader) attributes(tag atom.Atom) attributes {
	var a attributes
	for more := true; more; {
		var key, value []byte
		key, value, more = r.tags.TagAttr()
		switch string(key) {
		case "hidden":
			a.hidden = a.hidden || string(value) != "until-found"
		case "aria-hidden":
			a.hidden = a.hidden || string(value) == "true"
		case "open":
			a.open = true
		case "style":
			a.hidden = a.hidden || invisibleStyle(string(value))
		case "class":
			a.hidden = a.hidden || decoration(tag, string(value)) || !r.opt.fragment && navigationBar(tag, string(value))
			if tag == atom.Div {
				a.divClass(string(value))
			}
		case "role":
			a.role = strings.ToLower(string(value))
		case "rel":
			switch string(value) {
			case "next", "prev", "previous", "up", "contents", "index":
				a.step = true
			}
		case "alt":
			if tag == atom.Img {
				a.alt = string(value)
			}
		}
	}
	return a
}

// divClass reads a class that makes something else of a div.
func (a *attributes) divClass(class string) {
	switch class {
	case "header", "node": // of Texinfo
		a.mayBar = true
	case "fragment": // of Doxygen
		a.listing = true
	case "line":
		a.line = true
	}
}

func invisibleStyle(style string) bool {
	style = strings.ToLower(strings.Join(strings.Fields(style), ""))
	return strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden")
}

// decoration reports what generators of pages add to the text: marks for linking
// to headings, and the numbers of lines of code.
func decoration(tag atom.Atom, class string) bool {
	switch class {
	case "headerlink", "linenos", "linenodiv", "lineno":
		return true
	}
	return tag == atom.A && (strings.Contains(class, "headerlink") || class == "doc-anchor")
}

// navigationBar reports what generators of pages put around the text.
func navigationBar(tag atom.Atom, class string) bool {
	switch tag {
	case atom.Div, atom.Table, atom.Td, atom.Ul, atom.Ol, atom.P, atom.Span, atom.Center:
		for name := range strings.FieldsSeq(class) {
			if navigationBars[name] {
				return true
			}
		}
	}
	return false
}

// navigationBars has the classes of bars of links to the pages around a page.
var navigationBars = map[string]bool{
	"navheader": true, "navfooter": true, "docnav": true, "spirit-nav": true, // DocBook, and what is made with it
	"navigation": true, // gtk-doc
	"nav-panel":  true, // Texinfo
	"navpath":    true, // Doxygen
	"ttc":        true, // Doxygen: what is shown at a name in code
	"breadcrumb": true, "breadcrumbs": true,
}

// void reports elements that have nothing inside.
func void(tag atom.Atom) bool {
	switch tag {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input, atom.Link, atom.Meta,
		atom.Param, atom.Source, atom.Track, atom.Wbr:
		return true
	}
	return false
}

// unseen reports elements whose text is not part of what a page says. A button that
// a heading begins with is what it says, and opens the text below.
func (r *pageReader) unseen(tag atom.Atom, a attributes) bool {
	switch tag {
	case atom.Button:
		return r.open.now.heading == 0 || len(r.b.text) > 0
	case atom.Dialog:
		return !a.open
	case atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Iframe, atom.Object, atom.Svg, atom.Canvas, atom.Audio,
		atom.Video, atom.Select, atom.Textarea, atom.Datalist, atom.Title, atom.Noframes,
		atom.Noembed, atom.Annotation, atom.Rp, atom.Rt:
		return true
	}
	return false
}

// besides reports elements that stand beside what a page is about. The foot of a
// section belongs to it.
func (r *pageReader) besides(tag atom.Atom, role string) bool {
	switch role {
	case "navigation", "search", "contentinfo":
		return true
	}
	return tag == atom.Nav || tag == atom.Footer && !r.open.now.section
}

// phrasing reports elements that mark words inside of running text.
func phrasing(tag atom.Atom) bool {
	switch tag {
	case atom.A, atom.Abbr, atom.Acronym, atom.B, atom.Bdi, atom.Bdo, atom.Big, atom.Cite, atom.Code, atom.Data, atom.Del,
		atom.Dfn, atom.Em, atom.Font, atom.I, atom.Ins, atom.Kbd, atom.Label, atom.Map, atom.Mark, atom.Math, atom.Meter,
		atom.Mi, atom.Mn, atom.Mo, atom.Ms, atom.Mtext, atom.Nobr, atom.Output, atom.Picture, atom.Progress, atom.Q, atom.Rb,
		atom.Rp, atom.Rt, atom.Ruby, atom.S, atom.Samp, atom.Slot, atom.Small, atom.Span, atom.Strike, atom.Strong, atom.Sub,
		atom.Sup, atom.Time, atom.Tt, atom.U, atom.Var:
		return true
	}
	return false
}
