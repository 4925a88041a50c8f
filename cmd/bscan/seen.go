package main

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
)

// seenFiles has the hashes of files by path and stat, of which it keeps no more than 128
// bits that are other ones in each process: some 70 bytes a file, however long its path is.
// Two files with the same bits would be one in 10^26 among a million of them.
type seenFiles struct {
	seeds    [2]maphash.Seed
	segments [1 << segmentBits]segment // by the first bits of the key, so that they grow one by one
}

func newSeenFiles() *seenFiles {
	return &seenFiles{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
}

// seenKey stands for a path and a stat. It is never zero.
type seenKey [2]uint64

const segmentBits = 6

func (k seenKey) segment() int { return int(k[0] >> (64 - segmentBits)) }

func (s *seenFiles) key(path string, stat scan.Stat) seenKey {
	var room [256]byte
	b := append(room[:0], path...)
	for _, n := range []uint64{uint64(stat.Size), uint64(stat.MTime), uint64(stat.CTime), stat.Inode} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return seenKey{maphash.Bytes(s.seeds[0], b), maphash.Bytes(s.seeds[1], b) | 1}
}

func (s *seenFiles) add(path string, stat scan.Stat, sum kb.Hash) {
	key := s.key(path, stat)
	s.segments[key.segment()].add(key, sum)
}

func (s *seenFiles) find(path string, stat scan.Stat) (sum kb.Hash, found bool) {
	key := s.key(path, stat)
	if g := &s.segments[key.segment()]; g.used > 0 {
		slot := g.slot(key)
		return slot.sum, slot.key == key
	}
	return sum, false
}

// bytes is how much memory they take.
func (s *seenFiles) bytes() (n int64) {
	for i := range s.segments {
		n += int64(len(s.segments[i].slots)) * slotBytes
	}
	return n
}

// segment is a hash table with open addressing.
type segment struct {
	slots []seenSlot
	used  int
}

type seenSlot struct {
	key seenKey // zero for none
	sum kb.Hash
}

const (
	slotBytes = 16 + 32
	pageSlots = 4096 / slotBytes // no more than in a page of memory
)

// slot returns that of a key, or an empty one where it belongs.
func (g *segment) slot(key seenKey) *seenSlot {
	first, _ := bits.Mul64(key[0]<<segmentBits, uint64(len(g.slots)))
	for i := first; ; i++ {
		if i == uint64(len(g.slots)) {
			i = 0
		}
		if slot := &g.slots[i]; slot.key == key || slot.key == (seenKey{}) {
			return slot
		}
	}
}

func (g *segment) add(key seenKey, sum kb.Hash) {
	if 4*(g.used+1) > 3*len(g.slots) {
		old := g.slots
		g.slots = make([]seenSlot, len(old)+len(old)/2+16)
		// A page of memory that is read before it is written to is found twice, and the second
		// time all threads are held up.
		for i := 0; i < len(g.slots); i += pageSlots {
			g.slots[i] = seenSlot{}
		}
		for i := range old {
			if key := old[i].key; key != (seenKey{}) {
				*g.slot(key) = old[i]
			}
		}
	}
	slot := g.slot(key)
	if slot.key != key {
		g.used++
	}
	*slot = seenSlot{key, sum}
}
