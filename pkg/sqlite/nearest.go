package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seed16713943/btools/pkg/asof"
)

// Nearest returns the n passages in scope whose vectors are nearest to the
// query, best first. What is in scope is exact. Of more than comparedInFull
// passages only the likeliest by their codes are compared in full unless exact,
// so that one of the nearest may be missed.
func (r *Reader) Nearest(ctx context.Context, query []float32, scope asof.Scope, n int, exact bool) ([]asof.Near, error) {
	q, err := r.newQuery(query)
	if err != nil || q == nil {
		return nil, err
	}
	best := ranking{n: n}
	var after int64 // what comes after it is compared in full
	if !exact {
		if after, err = r.lastPacked(); err != nil {
			return nil, err
		}
		likely, err := r.scanCodes(ctx, newRoughQuery(query), scope, after, max(minLikely, likelyFactor*n))
		if err != nil {
			return nil, err
		}
		if err := r.compare(ctx, q, likely, &best); err != nil {
			return nil, err
		}
	}
	if err := r.compareAfter(ctx, q, after, scope, &best); err != nil {
		return nil, err
	}
	return best.sorted(), nil
}

// Cosines returns the cosines of the query and the vectors of texts. Texts
// without a vector, or with one that has no direction, are left out.
func (r *Reader) Cosines(ctx context.Context, query []float32, texts []int64) (map[int64]float64, error) {
	q, err := r.newQuery(query)
	if err != nil || q == nil {
		return nil, err
	}
	list, err := json.Marshal(texts)
	if err != nil {
		return nil, err
	}
	found := make(map[int64]float64, len(texts))
	err = r.each(`
		SELECT v.text, v.data FROM json_each(?) j CROSS JOIN vector v ON v.text = j.value`,
		[]any{string(list)}, func(rows *sql.Rows) error {
			var text int64
			var data sql.RawBytes
			if err := rows.Scan(&text, &data); err != nil {
				return err
			}
			cosine, ok, err := q.cosine(data)
			if ok {
				found[text] = cosine
			}
			return errors.Join(err, ctx.Err())
		})
	return found, err
}

// vectorColumns are a passage with its vector, as ranker reads it.
const vectorColumns = "p.id, p.text, p.path, v.data"

// compare adds passages with the given ids to the ranking.
func (r *Reader) compare(ctx context.Context, q *query, ids []int64, best *ranking) error {
	if len(ids) == 0 {
		return nil
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	return r.each(`
		SELECT `+vectorColumns+`
		FROM json_each(?) j CROSS JOIN passage p ON p.id = j.value CROSS JOIN vector v ON v.text = p.text`,
		[]any{string(list)}, q.ranker(ctx, asof.Scope{}, best))
}

// compareAfter adds the passages in scope after the given one to the ranking.
func (r *Reader) compareAfter(ctx context.Context, q *query, after int64, scope asof.Scope, best *ranking) error {
	return r.each(`
		SELECT `+vectorColumns+`
		FROM passage p CROSS JOIN vector v ON v.text = p.text
		WHERE p.id > ? AND p.valid_from <= ? AND p.valid_to > ?`,
		[]any{after, scope.At, scope.At}, q.ranker(ctx, scope, best))
}

// query is a vector that others are compared with.
type query struct {
	v    []float32
	norm float64
}

// newQuery checks the vector of a query. It returns nil where there are no
// vectors to compare it with.
func (r *Reader) newQuery(v []float32) (*query, error) {
	dim, err := r.dimension()
	if err != nil || dim == 0 {
		return nil, err
	}
	if len(v) != dim {
		return nil, fmt.Errorf("the query's vector has the dimension %d, where the knowledge base has %d", len(v), dim)
	}
	var squares float64
	for _, x := range v {
		squares += float64(x) * float64(x)
	}
	if squares == 0 || math.IsNaN(squares) || math.IsInf(squares, 0) {
		return nil, errors.New("the query's vector has no direction")
	}
	return &query{v, math.Sqrt(squares)}, nil
}

// cosine returns the cosine of the query and a stored vector, and whether that
// has a direction.
func (q *query) cosine(data []byte) (float64, bool, error) {
	if len(data) != len(q.v) {
		return 0, false, fmt.Errorf("%w: a vector of the dimension %d among those of %d", ErrDamaged, len(data), len(q.v))
	}
	own := squares(data)
	if own == 0 {
		return 0, false, nil
	}
	var dot float32
	v := q.v[:len(data)]
	for i, x := range data {
		dot += v[i] * float32(int8(x))
	}
	return float64(dot) / (q.norm * math.Sqrt(float64(own))), true, nil
}

// ranker reads vectorColumns and adds the passages in scope to a ranking.
func (q *query) ranker(ctx context.Context, scope asof.Scope, best *ranking) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var p asof.Near
		var data sql.RawBytes
		if err := rows.Scan(&p.Passage, &p.Text, &p.Path, &data); err != nil {
			return err
		}
		if scope.Paths != nil && !scope.Paths(p.Path) {
			return ctx.Err()
		}
		cosine, ok, err := q.cosine(data)
		if ok {
			p.Cosine = cosine
			best.add(p)
		}
		return errors.Join(err, ctx.Err())
	}
}

// ranking keeps the n nearest passages.
type ranking struct {
	n    int
	list []asof.Near // the first n are the best so far where cut is set
	cut  bool
}

// beats reports whether all that are kept are nearer than a cosine says.
func (k *ranking) beats(cosine float64) bool { return k.cut && cosine < k.list[k.n-1].Cosine }

func (k *ranking) add(p asof.Near) {
	if k.n <= 0 || k.cut && byCosine(p, k.list[k.n-1]) > 0 {
		return
	}
	if k.list = append(k.list, p); len(k.list) >= 2*k.n+64 {
		k.list, k.cut = k.sorted(), true
	}
}

// sorted returns the best, best first.
func (k *ranking) sorted() []asof.Near {
	slices.SortFunc(k.list, byCosine)
	return k.list[:min(k.n, len(k.list))]
}

// byCosine orders passages by their cosines, best first, then by their ids.
func byCosine(a, b asof.Near) int {
	return cmp.Or(cmp.Compare(b.Cosine, a.Cosine), cmp.Compare(a.Passage, b.Passage))
}
