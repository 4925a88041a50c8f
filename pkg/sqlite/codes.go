package sqlite

import (
	"database/sql"
	"encoding/binary"
	"fmt"

	"github.com/seed16713943/btools/pkg/kb"
)

// A million vectors of 256 components are 256 MB. Two bits of each component, its
// sign and whether it is large, are a quarter of that and tell enough of a vector
// to find some hundred passages among which the nearest are. Searches read these
// codes of all passages in force and compare only the likeliest in full. So that
// reading is one row for thousands of passages, codes are packed into blocks as
// soon as all passages of a block are there; those after the last block are few,
// and compared in full.

// blockSize is how many passages a row of vector_block has, and intervalSize how
// many one of vector_interval. They are part of the file format; tests make them
// smaller.
var (
	blockSize    int64 = 4096
	intervalSize int64 = 512 // divides blockSize
)

// int64s is an array of integers as it is stored.
type int64s []byte

func (a int64s) get(i int64) int64 { return int64(binary.LittleEndian.Uint64(a[8*i:])) }
func (a int64s) set(i, n int64)    { binary.LittleEndian.PutUint64(a[8*i:], uint64(n)) }

// codeBlock is a row of vector_block.
type codeBlock struct {
	path  int64s
	codes []byte
}

// codeInterval is a row of vector_interval.
type codeInterval struct {
	from, to int64s
}

// codeWords is the number of 64-bit words in each of the two parts of a code.
func codeWords(dim int) int { return (dim + 63) / 64 }

// codeBytes is the length of a code.
func codeBytes(dim int) int { return 2 * 8 * codeWords(dim) }

// putCode writes the code of a stored vector, for which code has zeros. It stands
// for a vector with the components -3, -1, 1 and 3, as 4·a + 2·b - 3, where the
// bits a are in its first half and the bits b in its second; those of component i
// are bit i%64 of word i/64. A component is ±3 if it is larger than the root mean
// square of them all.
func putCode(code, data []byte) {
	second := code[len(code)/2:]
	mean := squares(data) / int32(len(data))
	for i, x := range data { // without branches, which nothing could foresee
		x := int32(int8(x))
		positive, large := uint32(-x)>>31, uint32(mean-x*x)>>31
		code[i/8] |= byte(positive << (i % 8)) // words are little-endian
		second[i/8] |= byte((positive ^ large ^ 1) << (i % 8))
	}
}

// squares returns the sum of the squared components of a stored vector.
func squares(data []byte) (sum int32) {
	for _, x := range data {
		sum += int32(int8(x)) * int32(int8(x))
	}
	return sum
}

// lastPacked returns the last passage that the packed blocks have.
func (s *session) lastPacked() (last int64, err error) {
	_, err = s.row("SELECT coalesce(max(id) + 1, 0) FROM vector_block", nil, &last)
	return last * blockSize, err
}

// codeBlock returns the block of a packed passage, to be changed, and the place
// of the passage in it.
func (t *tx) codeBlock(passage int64) (*codeBlock, int64, error) {
	id, at := (passage-1)/blockSize, (passage-1)%blockSize
	b := t.vectors.blocks[id]
	if b == nil {
		if len(t.vectors.blocks) >= maxBlocks {
			if err := t.writeBlocks(); err != nil {
				return nil, 0, err
			}
		}
		b = new(codeBlock)
		found, err := t.rowNow("SELECT path, codes FROM vector_block WHERE id = ?", []any{id}, (*[]byte)(&b.path), &b.codes)
		if err == nil && (!found || len(b.path) != 8*int(blockSize) || len(b.codes) != int(blockSize)*codeBytes(t.vectors.dim)) {
			err = fmt.Errorf("%w: block %d of vectors", ErrDamaged, id)
		}
		if err != nil {
			return nil, 0, err
		}
		t.vectors.blocks[id] = b
	}
	return b, at, nil
}

// codeInterval is to vector_interval what codeBlock is to vector_block.
func (t *tx) codeInterval(passage int64) (*codeInterval, int64, error) {
	id, at := (passage-1)/intervalSize, (passage-1)%intervalSize
	i := t.vectors.intervals[id]
	if i == nil {
		i = new(codeInterval)
		found, err := t.rowNow("SELECT valid_from, valid_to FROM vector_interval WHERE id = ?", []any{id},
			(*[]byte)(&i.from), (*[]byte)(&i.to))
		if err == nil && (!found || len(i.from) != 8*int(intervalSize) || len(i.to) != 8*int(intervalSize)) {
			err = fmt.Errorf("%w: block %d of intervals", ErrDamaged, id)
		}
		if err != nil {
			return nil, 0, err
		}
		t.vectors.intervals[id] = i
	}
	return i, at, nil
}

// packLate puts the vector of a passage into a block that was packed without it.
func (t *tx) packLate(p passageRow, data []byte) error {
	b, at, err := t.codeBlock(p.id)
	if err != nil {
		return err
	}
	size := int64(codeBytes(t.vectors.dim))
	b.path.set(at, p.path)
	putCode(b.codes[at*size:(at+1)*size], data)
	i, at, err := t.codeInterval(p.id)
	if err != nil {
		return err
	}
	i.from.set(at, int64(p.from))
	i.to.set(at, int64(p.to))
	return nil
}

// packVectors writes the blocks that were changed, and makes those that are
// complete by now. It is called at the end of a transaction.
func (t *tx) packVectors() error {
	w, err := t.vectorState()
	if err != nil || w.dim == 0 {
		return err
	}
	if err := t.writeBlocks(); err != nil {
		return err
	}
	for id, i := range w.intervals {
		_, err := t.exec("UPDATE vector_interval SET valid_from = ?, valid_to = ? WHERE id = ?", []byte(i.from), []byte(i.to), id)
		if err != nil {
			return err
		}
	}
	clear(w.intervals)
	var last int64
	if _, err := t.row("SELECT coalesce(max(id), 0) FROM passage", nil, &last); err != nil {
		return err
	}
	for w.packed+blockSize <= last {
		if err := t.packBlock(w.packed); err != nil {
			return err
		}
		w.packed += blockSize
	}
	return nil
}

// maxBlocks is how many blocks a transaction changes before it writes them: one
// takes as much memory as thousands of vectors. Tests make it smaller.
var maxBlocks = 64

// writeBlocks writes the blocks of codes that were changed.
func (t *tx) writeBlocks() error {
	for id, b := range t.vectors.blocks {
		if _, err := t.exec("UPDATE vector_block SET path = ?, codes = ? WHERE id = ?", []byte(b.path), b.codes, id); err != nil {
			return err
		}
	}
	clear(t.vectors.blocks)
	return nil
}

// packBlock makes the block of the passages after the given one.
func (t *tx) packBlock(after int64) error {
	b, all, err := t.block(after, t.vectors.dim)
	if err != nil {
		return err
	}
	if _, err := t.exec("INSERT INTO vector_block (id, path, codes) VALUES (?, ?, ?)", after/blockSize, []byte(b.path), b.codes); err != nil {
		return err
	}
	for at := int64(0); at < blockSize; at += intervalSize {
		_, err := t.exec("INSERT INTO vector_interval (id, valid_from, valid_to) VALUES (?, ?, ?)", (after+at)/intervalSize,
			[]byte(all.from[8*at:8*(at+intervalSize)]), []byte(all.to[8*at:8*(at+intervalSize)]))
		if err != nil {
			return err
		}
	}
	return nil
}

// block returns the block of the passages after the given one as it is when all
// of them are packed, with the intervals of all of them in one.
func (s *session) block(after int64, dim int) (codeBlock, codeInterval, error) {
	size := int64(codeBytes(dim))
	b := codeBlock{make(int64s, 8*blockSize), make([]byte, blockSize*size)}
	all := codeInterval{make(int64s, 8*blockSize), make(int64s, 8*blockSize)}
	for at := range blockSize {
		all.from.set(at, int64(kb.Forever))
	}
	err := s.each(`
		SELECT p.id, p.path, p.valid_from, p.valid_to, v.data
		FROM passage p LEFT JOIN vector v ON v.text = p.text
		WHERE p.id > ? AND p.id <= ?`,
		[]any{after, after + blockSize}, func(rows *sql.Rows) error {
			var p passageRow
			var data sql.RawBytes
			if err := rows.Scan(&p.id, &p.path, &p.from, &p.to, &data); err != nil {
				return err
			}
			at := p.id - after - 1
			b.path.set(at, p.path)
			if len(data) == dim && squares(data) > 0 {
				putCode(b.codes[at*size:(at+1)*size], data)
				all.from.set(at, int64(p.from))
				all.to.set(at, int64(p.to))
			}
			return nil
		})
	return b, all, err
}
