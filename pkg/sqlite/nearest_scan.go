package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/seed16713943/btools/pkg/asof"
)

// comparedInFull is how many passages in scope are few enough to be compared in
// full. Tests make it smaller.
var comparedInFull = 10_000

// minLikely and likelyFactor say how many passages are found by their codes, to be
// compared in full: so many at least, and so many for each that is asked for.
const (
	minLikely    = 400
	likelyFactor = 20
)

// queryBits is how many bits a component of a query has when it is compared with
// codes. It is a number from -7 to 7; the last bit stands for -8.
const queryBits = 4

// newRoughQuery returns the vector of a query as it is compared with codes: see
// package blocks.
func newRoughQuery(v []float32) []byte {
	var largest float64
	for _, x := range v {
		largest = max(largest, math.Abs(float64(x)))
	}
	words := make(int64s, 8*queryBits*codeWords(len(v)))
	for i, x := range v {
		n := int(math.Round(float64(x) / largest * 7))
		for bit := range queryBits {
			at := int64(i/64*queryBits + bit)
			words.set(at, words.get(at)|int64(n>>bit&1)<<(i%64))
		}
	}
	return words
}

// scanCodes returns the passages in scope that are packed, in the order of their
// ids: all of them if they are few, and otherwise the likeliest by their codes.
func (r *Reader) scanCodes(ctx context.Context, q []byte, scope asof.Scope, packed int64, limit int) ([]int64, error) {
	s := codeScan{query: q, scope: scope, best: ranking{n: limit}}
	for block := range packed / blockSize {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := r.scanBlock(block, &s); err != nil {
			return nil, err
		}
	}
	if len(s.few) <= comparedInFull {
		return s.few, nil
	}
	var likely []int64
	for _, p := range s.best.sorted() {
		likely = append(likely, p.Passage)
	}
	slices.Sort(likely)
	return likely, nil
}

// codeScan is a scan under way.
type codeScan struct {
	query  []byte
	scope  asof.Scope
	places []int64 // in the block, of passages in force
	best   ranking // by their scores, which stand for cosines
	few    []int64 // the first, up to one more than comparedInFull
}

// scanBlock reads when the passages of a block are in force and, unless none is,
// their scores, and their paths if they matter.
func (r *Reader) scanBlock(block int64, s *codeScan) error {
	s.places = s.places[:0]
	first, last := block*blockSize/intervalSize, (block+1)*blockSize/intervalSize-1
	err := r.each("SELECT id, in_force(valid_from, valid_to, ?) FROM vector_interval WHERE id BETWEEN ? AND ?",
		[]any{s.scope.At, first, last}, func(rows *sql.Rows) error {
			var id int64
			var inForce sql.RawBytes
			if err := rows.Scan(&id, &inForce); err != nil {
				return err
			}
			if len(inForce) != (int(intervalSize)+7)/8 {
				return fmt.Errorf("%w: block %d of intervals", ErrDamaged, id)
			}
			s.places = appendSet(s.places, (id-first)*intervalSize, inForce)
			return nil
		})
	if err != nil || len(s.places) == 0 {
		return err
	}
	path := "NULL"
	if s.scope.Paths != nil {
		path = "path"
	}
	return r.each("SELECT "+path+", code_scores(?, codes) FROM vector_block WHERE id = ?", []any{s.query, block},
		func(rows *sql.Rows) error {
			var path, scores sql.RawBytes
			if err := rows.Scan(&path, &scores); err != nil {
				return err
			}
			if path != nil && len(path) != 8*int(blockSize) || len(scores) != 4*int(blockSize) {
				return fmt.Errorf("%w: block %d of vectors", ErrDamaged, block)
			}
			s.add(block*blockSize+1, int64s(path), scores)
			return nil
		})
}

// add adds the passages in scope among those in force of a block.
func (s *codeScan) add(first int64, path int64s, scores []byte) {
	for _, at := range s.places {
		if s.scope.Paths != nil && !s.scope.Paths(path.get(at)) {
			continue
		}
		if len(s.few) <= comparedInFull {
			s.few = append(s.few, first+at)
		}
		if score := float64(int32(binary.LittleEndian.Uint32(scores[4*at:]))); !s.best.beats(score) {
			s.best.add(asof.Near{Place: asof.Place{Passage: first + at}, Cosine: score})
		}
	}
}

// appendSet appends the places, from the given one on, whose bits are set.
func appendSet(places []int64, first int64, set []byte) []int64 {
	for i, b := range set {
		for ; b != 0; b &= b - 1 {
			places = append(places, first+int64(8*i+bits.TrailingZeros8(b)))
		}
	}
	return places
}
