package extract

import (
	"encoding/binary"
	"iter"
	"slices"
)

// A document can have a block for every few of its bytes, each of which would take
// many times as much. So very many blocks are put away part by part, and those of
// a part that are short in one string, with a few bytes for each.
const (
	partBlocks = 4096 // blocks of a part
	shortText  = 256  // bytes of text on average below which blocks are packed
)

// part is some blocks of a document that follow each other.
type part struct {
	packed string  // "" if they are not packed
	blocks []Block // then
}

// putAway begins a new part if this one is full. Nobody may hold the places of
// blocks then.
func (b *builder) putAway() {
	if len(b.doc.Blocks) < partBlocks || b.whole {
		return
	}
	size := 0
	for i := range b.doc.Blocks {
		size += len(b.doc.Blocks[i].Text)
	}
	if size < shortText*len(b.doc.Blocks) {
		b.packed = pack(b.packed[:0], b.doc.Blocks)
		b.doc.parts = append(b.doc.parts, part{packed: string(b.packed)})
	} else {
		b.doc.parts = append(b.doc.parts, part{blocks: slices.Clone(b.doc.Blocks)})
	}
	clear(b.doc.Blocks)
	b.doc.Blocks = b.doc.Blocks[:0]
}

// pack appends blocks to dst: for each its kind and level, its lines by how far
// they are from those before, and its text with its length.
func pack(dst []byte, blocks []Block) []byte {
	line := 0
	for _, b := range blocks {
		dst = append(dst, byte(b.Kind))
		dst = binary.AppendUvarint(dst, uint64(b.Level))
		dst = binary.AppendVarint(dst, int64(b.Start-line))
		dst = binary.AppendVarint(dst, int64(b.End-b.Start))
		dst = binary.AppendUvarint(dst, uint64(len(b.Text)))
		dst = append(dst, b.Text...)
		line = b.Start
	}
	return dst
}

// unpack appends packed blocks to dst.
func unpack(dst []Block, s string) []Block {
	line := 0
	number := func() (x uint64) { x, n := uvarint(s); s = s[n:]; return x }
	signed := func() (x int) { y, n := varint(s); s = s[n:]; return int(y) }
	for s != "" {
		b := Block{Kind: Kind(s[0])}
		s = s[1:]
		b.Level = int(number())
		line += signed()
		b.Start = line
		b.End = line + signed()
		n := number()
		b.Text, s = s[:n], s[n:]
		dst = append(dst, b)
	}
	return dst
}

// Parts is how many parts the blocks of a document are in. There is one, but where
// blocks are very many.
func (d *Document) Parts() int { return len(d.parts) + 1 }

// Part returns the blocks of a part, which are not to be changed. They may be in
// the room that is given, and then only until that is given again.
func (d *Document) Part(i int, room *[]Block) []Block {
	switch {
	case i == len(d.parts):
		return d.Blocks
	case d.parts[i].packed == "":
		return d.parts[i].blocks
	}
	*room = unpack((*room)[:0], d.parts[i].packed)
	return *room
}

// All returns all blocks in reading order.
func (d *Document) All() iter.Seq[Block] {
	return func(yield func(Block) bool) {
		var room []Block
		for i := range d.Parts() {
			for _, b := range d.Part(i, &room) {
				if !yield(b) {
					return
				}
			}
		}
	}
}

// retain leaves out the blocks that are not to be kept, which are told with their
// place among all.
func (b *builder) retain(keep func(i int, block *Block) bool) {
	all, i := b.doc, 0
	b.doc.parts, b.doc.Blocks = nil, nil
	if len(all.parts) == 0 {
		b.doc.Blocks = all.Blocks[:0] // none is written before it was read
	}
	for block := range all.All() {
		if keep(i, &block) {
			b.block(block)
		}
		i++
	}
}
