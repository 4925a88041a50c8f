package content

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// A delta makes a content out of another one, its base, by copies of the base
// and by bytes of its own, one after the other until the content is whole:
//
//	size of the content                              uvarint
//	length<<1     and as many bytes                  uvarint, bytes
//	length<<1 | 1 and where in the base they stand   uvarint, varint
//
// Where a copy stands is told from where the copy before it ended, which is
// mostly no distance at all: a document is edited in a few places.

// minMatch is the shortest run of bytes that is copied. Shorter ones stand in too
// many places of a text to tell which is meant.
const minMatch = 16

var errDelta = errors.New("the delta is damaged")

// deltaMaker makes deltas. The zero value is ready.
type deltaMaker struct {
	table []int32 // by the hash of minMatch bytes: where in the base they stand, plus one
	out   []byte
}

// make returns the delta from base to plain, both of at most MaxPart bytes, and
// how much of plain it copies. The delta is valid until the next call.
func (m *deltaMaker) make(base, plain []byte) (delta []byte, copied int) {
	shift := m.index(base)
	m.out = binary.AppendUvarint(m.out[:0], uint64(len(plain)))
	own, ended := 0, 0 // where bytes of its own begin, and where in base the last copy ended
	for at := 0; at+minMatch <= len(plain); {
		from, found := m.find(base, plain, at, ended+at-own, shift)
		if !found {
			at++
			continue
		}
		start, length := extend(base, plain, from, at, own)
		m.insert(plain[own:start])
		from -= at - start
		m.out = binary.AppendUvarint(m.out, uint64(length)<<1|1)
		m.out = binary.AppendVarint(m.out, int64(from-ended))
		own, ended = start+length, from+length
		at = own
		copied += length
	}
	m.insert(plain[own:])
	return m.out, copied
}

// index fills the table from base and returns by how many bits hashes are
// shifted to be places in it.
func (m *deltaMaker) index(base []byte) (shift int) {
	size := 1 << bits.Len(uint(len(base)))
	if cap(m.table) < size {
		m.table = make([]int32, size)
	}
	m.table = m.table[:size]
	clear(m.table)
	shift = 64 - bits.TrailingZeros(uint(size))
	for at := 0; at+minMatch <= len(base); at++ {
		m.table[hashAt(base, at)>>shift] = int32(at + 1)
	}
	return shift
}

// hashAt spreads minMatch bytes over 64 bits; the multiplier is 2^64 divided by
// the golden ratio (Knuth, The Art of Computer Programming, 6.4).
func hashAt(b []byte, at int) uint64 {
	const golden = 0x9E3779B97F4A7C15
	first, second := binary.LittleEndian.Uint64(b[at:]), binary.LittleEndian.Uint64(b[at+8:])
	return (first*golden ^ second) * golden
}

// find returns where in base the next bytes of plain stand: at the expected
// place, as they do after bytes were replaced by as many, or anywhere else.
func (m *deltaMaker) find(base, plain []byte, at, expected, shift int) (from int, found bool) {
	if matches(base, plain, expected, at) {
		return expected, true
	}
	from = int(m.table[hashAt(plain, at)>>shift]) - 1
	return from, from >= 0 && matches(base, plain, from, at)
}

func matches(base, plain []byte, from, at int) bool {
	return from+minMatch <= len(base) && string(base[from:from+minMatch]) == string(plain[at:at+minMatch])
}

// extend makes a match as long as it can be: forwards, and backwards as far as
// the bytes are not copied yet.
func extend(base, plain []byte, from, at, own int) (start, length int) {
	end := at + minMatch
	for end < len(plain) && from+end-at < len(base) && plain[end] == base[from+end-at] {
		end++
	}
	start = at
	for start > own && from > at-start && plain[start-1] == base[from-(at-start)-1] {
		start--
	}
	return start, end - start
}

func (m *deltaMaker) insert(own []byte) {
	if len(own) > 0 {
		m.out = binary.AppendUvarint(m.out, uint64(len(own))<<1)
		m.out = append(m.out, own...)
	}
}

// applyDelta appends to dst what delta makes of base: at most MaxPart bytes,
// whatever it claims.
func applyDelta(dst, base, delta []byte) ([]byte, error) {
	size, n := binary.Uvarint(delta)
	if n <= 0 || size > MaxPart {
		return dst, errDelta
	}
	delta = delta[n:]
	whole := len(dst) + int(size)
	ended := 0
	for len(dst) < whole {
		op, n := binary.Uvarint(delta)
		length := op >> 1
		if n <= 0 || length == 0 || length > uint64(whole-len(dst)) {
			return dst, errDelta
		}
		delta = delta[n:]
		if op&1 == 0 {
			if length > uint64(len(delta)) {
				return dst, errDelta
			}
			dst, delta = append(dst, delta[:length]...), delta[length:]
			continue
		}
		distance, n := binary.Varint(delta)
		if n <= 0 || distance < -int64(ended) || distance > int64(len(base)-ended)-int64(length) {
			return dst, errDelta
		}
		delta = delta[n:]
		from := ended + int(distance)
		ended = from + int(length)
		dst = append(dst, base[from:ended]...)
	}
	if len(delta) > 0 {
		return dst, errDelta
	}
	return dst, nil
}
