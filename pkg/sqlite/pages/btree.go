package pages

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Kind is what a page of a b-tree holds.
type Kind byte

// The kinds of b-tree pages.
const (
	IndexInterior Kind = 0x02
	TableInterior Kind = 0x05
	IndexLeaf     Kind = 0x0a
	TableLeaf     Kind = 0x0d
)

// Page is a page of a b-tree.
type Page struct {
	Number uint32
	Kind   Kind
	Cells  []Cell // those that make sense
	Right  uint32 // interior pages: the child behind the last cell
	Bad    int    // cells that make no sense
}

// Cell is a row, an entry of an index, or in interior pages of tables only the
// way to one.
type Cell struct {
	Child uint32 // interior pages: the child with what comes before
	RowID int64  // tables; in interior pages the largest of the child

	page  uint32
	size  int64 // of the record
	local []byte
	next  uint32 // the first overflow page; 0 for none
}

// Page reads a page of a b-tree. Cells that make no sense are left out; it is an
// error if the page as a whole does not.
func (f *File) Page(n uint32) (*Page, error) {
	raw, err := f.raw(n)
	if err != nil {
		return nil, err
	}
	return f.parse(n, raw)
}

func (f *File) parse(n uint32, raw []byte) (*Page, error) {
	body := raw[:f.usable]
	head := 0
	if n == 1 {
		head = headerSize
	}
	p := &Page{Number: n, Kind: Kind(body[head])}
	cells := head + 8
	switch p.Kind {
	case TableInterior, IndexInterior:
		p.Right = binary.BigEndian.Uint32(body[head+8:])
		cells += 4
	case TableLeaf, IndexLeaf:
	default:
		return nil, fmt.Errorf("page %d is no page of a table or an index", n)
	}
	count := int(binary.BigEndian.Uint16(body[head+3:]))
	first := int(binary.BigEndian.Uint16(body[head+5:]))
	if first == 0 {
		first = largestPage
	}
	if cells+2*count > len(body) || count > 0 && first < cells+2*count {
		return nil, fmt.Errorf("page %d: its %d cells have no room in it", n, count)
	}
	for i := range count {
		at := int(binary.BigEndian.Uint16(body[cells+2*i:]))
		if at < cells+2*count {
			p.Bad++
			continue
		}
		cell, ok := f.cell(p.Kind, body, at)
		if !ok {
			p.Bad++
			continue
		}
		cell.page = n
		p.Cells = append(p.Cells, cell)
	}
	return p, nil
}

// cell reads the cell at a place in a page.
func (f *File) cell(kind Kind, body []byte, at int) (c Cell, ok bool) {
	if at >= len(body) {
		return c, false
	}
	rest := body[at:]
	if kind == TableInterior || kind == IndexInterior {
		if len(rest) < 4 {
			return c, false
		}
		c.Child = binary.BigEndian.Uint32(rest)
		rest = rest[4:]
	}
	if kind != TableInterior {
		size, n := varint(rest)
		if n == 0 || size > math.MaxInt32 {
			return c, false
		}
		c.size, rest = int64(size), rest[n:]
	}
	if kind == TableInterior || kind == TableLeaf {
		id, n := varint(rest)
		if n == 0 {
			return c, false
		}
		c.RowID, rest = int64(id), rest[n:]
	}
	if kind == TableInterior {
		return c, true
	}
	local := f.localSize(kind, c.size)
	if local > int64(len(rest)) {
		return c, false
	}
	c.local, rest = rest[:local:local], rest[local:]
	if local == c.size {
		return c, true
	}
	if len(rest) < 4 {
		return c, false
	}
	c.next = binary.BigEndian.Uint32(rest)
	return c, c.next != 0 && c.next <= f.pages
}

// localSize is how many bytes of a record are in its cell; the others are in
// overflow pages.
func (f *File) localSize(kind Kind, size int64) int64 {
	usable := int64(f.usable)
	most := usable - 35
	if kind != TableLeaf {
		most = (usable-12)*64/255 - 23
	}
	if size <= most {
		return size
	}
	least := (usable-12)*32/255 - 23
	local := least + (size-least)%(usable-4)
	if local > most {
		return least
	}
	return local
}

// maxRecord is the largest record that is read, in bytes: none that a knowledge
// base has comes near it.
const maxRecord = 256 << 20

// maxReads is how often the overflow pages are read, on the average, before a file
// is taken for one that was made to be read without end.
const maxReads = 16

// payload puts a record together from its cell and its overflow pages.
func (f *File) payload(c Cell) ([]byte, error) {
	if c.next == 0 {
		return c.local, nil
	}
	if c.size > maxRecord || c.size > int64(f.pages)*int64(f.usable) {
		return nil, fmt.Errorf("page %d: a record claims to have %d bytes", c.page, c.size)
	}
	// Each page belongs to one record, and each record is read a few times. Where
	// many claim the same pages, somebody wants this to take for ever.
	if f.overflow += c.size; f.overflow > maxReads*int64(f.pages)*int64(f.usable) {
		return nil, fmt.Errorf("page %d: too many records claim the same pages", c.page)
	}
	payload := append([]byte(nil), c.local...)
	// As many pages as there have to be: a chain that runs in a circle ends too.
	for next := c.next; int64(len(payload)) < c.size; {
		if next == 0 {
			return nil, fmt.Errorf("page %d: a record ends after %d of %d bytes", c.page, len(payload), c.size)
		}
		raw, err := f.raw(next)
		if err != nil {
			return nil, err
		}
		part := raw[4:f.usable]
		payload = append(payload, part[:min(int64(len(part)), c.size-int64(len(payload)))]...)
		next = binary.BigEndian.Uint32(raw)
	}
	return payload, nil
}

// Overflow returns the pages on which a record goes on, as far as they are there.
func (f *File) Overflow(c Cell) (chain []uint32) {
	left := c.size - int64(len(c.local))
	for next := c.next; next != 0 && left > 0; left -= int64(f.usable - 4) {
		raw, err := f.raw(next)
		if err != nil {
			break
		}
		chain = append(chain, next)
		next = binary.BigEndian.Uint32(raw)
	}
	return chain
}

// maxDepth is deeper than any b-tree of SQLite, which has 20 levels at most.
const maxDepth = 24

// Visit is a page that Walk has come to.
type Visit struct {
	*Page
	After, Last int64 // tables: where its rows belong, After < id ≤ Last
	Err         error // why it cannot be read; Page is then nil
	At          uint32
}

// Walk visits the pages of the b-tree with the given root, in their order, each
// once. seen holds a bit for each page that any walk has come to: none is entered
// twice. What cannot be read is visited with its error, and the walk goes on.
func (f *File) Walk(root uint32, seen *Set, fn func(Visit) error) error {
	return f.walk(root, math.MinInt64, math.MaxInt64, 0, seen, fn)
}

func (f *File) walk(n uint32, after, last int64, depth int, seen *Set, fn func(Visit) error) error {
	if n == 0 || n > f.pages || depth > maxDepth || seen.Has(n) {
		return fn(Visit{At: n, After: after, Last: last, Err: fmt.Errorf("the way to page %d is wrong", n)})
	}
	p, err := f.Page(n)
	if err != nil {
		return fn(Visit{At: n, After: after, Last: last, Err: err})
	}
	seen.Add(n)
	if err := fn(Visit{Page: p, At: n, After: after, Last: last}); err != nil {
		return err
	}
	if p.Kind != TableInterior && p.Kind != IndexInterior {
		return nil
	}
	from := after
	for _, c := range p.Cells {
		to := last
		if p.Kind == TableInterior {
			to = c.RowID
		}
		if err := f.walk(c.Child, from, to, depth+1, seen, fn); err != nil {
			return err
		}
		from = to
		if p.Kind == IndexInterior {
			from = after
		}
	}
	return f.walk(p.Right, from, last, depth+1, seen, fn)
}

// Set is a set of pages.
type Set struct{ bits []uint64 }

// NewSet returns an empty set for the pages of f.
func (f *File) NewSet() *Set { return &Set{make([]uint64, f.pages/64+1)} }

// Has reports whether page n is in the set.
func (s *Set) Has(n uint32) bool { return s.bits[n/64]&(1<<(n%64)) != 0 }

// Add adds page n.
func (s *Set) Add(n uint32) { s.bits[n/64] |= 1 << (n % 64) }
