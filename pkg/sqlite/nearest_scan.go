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
	"github.com/seed16713943/btools/pkg/kb"
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

// roughQuery is the vector of a query as it is compared with codes, a word for
// each 64 components and for each of their bits.
type roughQuery [][queryBits]uint64

func newRoughQuery(v []float32) roughQuery {
	var largest float64
	for _, x := range v {
		largest = max(largest, math.Abs(float64(x)))
	}
	q := make(roughQuery, codeWords(len(v)))
	for i, x := range v {
		n := int(math.Round(float64(x) / largest * 7))
		for bit := range queryBits {
			q[i/64][bit] |= uint64(n>>bit&1) << (i % 64)
		}
	}
	return q
}

// score returns a number that grows with the dot product of the query and the
// vector that a code stands for.
func (q roughQuery) score(code []byte) int {
	score := 0
	second := code[8*len(q):]
	for i := range q {
		w := &q[i]
		a, b := binary.LittleEndian.Uint64(code[8*i:]), binary.LittleEndian.Uint64(second[8*i:])
		score += 2*weigh(w, a) + weigh(w, b)
	}
	return score
}

// weigh adds up the components whose bits are set.
func weigh(w *[queryBits]uint64, set uint64) int {
	return bits.OnesCount64(w[0]&set) + 2*bits.OnesCount64(w[1]&set) +
		4*bits.OnesCount64(w[2]&set) - 8*bits.OnesCount64(w[3]&set)
}

// scanCodes returns the passages in scope that are packed, in the order of their
// ids: all of them if they are few, and otherwise the likeliest by their codes.
func (r *Reader) scanCodes(ctx context.Context, q roughQuery, scope asof.Scope, packed int64, limit int) ([]int64, error) {
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
	query  roughQuery
	scope  asof.Scope
	places []int64 // in the block, of passages in force
	best   ranking // by their scores, which stand for cosines
	few    []int64 // the first, up to one more than comparedInFull
}

// scanBlock reads when the passages of a block are in force and, unless none is,
// their paths and codes.
func (r *Reader) scanBlock(block int64, s *codeScan) error {
	s.places = s.places[:0]
	first, last := block*blockSize/intervalSize, (block+1)*blockSize/intervalSize-1
	err := r.each("SELECT id, valid_from, valid_to FROM vector_interval WHERE id BETWEEN ? AND ?", []any{first, last},
		func(rows *sql.Rows) error {
			var id int64
			var from, to sql.RawBytes
			if err := rows.Scan(&id, &from, &to); err != nil {
				return err
			}
			if len(from) != 8*int(intervalSize) || len(to) != len(from) {
				return fmt.Errorf("%w: block %d of intervals", ErrDamaged, id)
			}
			s.places = appendInForce(s.places, (id-first)*intervalSize, int64s(from), int64s(to), s.scope.At)
			return nil
		})
	if err != nil || len(s.places) == 0 {
		return err
	}
	return r.each("SELECT path, codes FROM vector_block WHERE id = ?", []any{block}, func(rows *sql.Rows) error {
		var path, codes sql.RawBytes
		if err := rows.Scan(&path, &codes); err != nil {
			return err
		}
		if len(path) != 8*int(blockSize) || len(codes) != 16*len(s.query)*int(blockSize) {
			return fmt.Errorf("%w: block %d of vectors", ErrDamaged, block)
		}
		s.add(block*blockSize+1, int64s(path), codes)
		return nil
	})
}

// add scores the passages in scope among those in force of a block.
func (s *codeScan) add(first int64, path int64s, codes []byte) {
	size := int64(16 * len(s.query))
	for _, at := range s.places {
		if s.scope.Paths != nil && !s.scope.Paths(path.get(at)) {
			continue
		}
		p := asof.Near{Place: asof.Place{Passage: first + at}, Cosine: float64(s.query.score(codes[at*size : (at+1)*size]))}
		s.best.add(p)
		if len(s.few) <= comparedInFull {
			s.few = append(s.few, p.Passage)
		}
	}
}

// appendInForce appends the places, from the given one on, whose intervals hold
// a moment.
func appendInForce(places []int64, first int64, from, to int64s, at kb.Instant) []int64 {
	for i := range int64(len(from) / 8) {
		if from.get(i) <= int64(at) && int64(at) < to.get(i) {
			places = append(places, first+i)
		}
	}
	return places
}
