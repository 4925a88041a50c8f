package asof

import (
	"context"
	"iter"

	"github.com/seed16713943/btools/pkg/kb"
)

// Stale is a path whose file could not be read, or was skipped, since a moment, or
// of which what it held from then on could not be taken in, or was left out, so
// that what is in force may be out of date.
type Stale struct {
	Path  string
	Since kb.Instant
}

// StaleAtEither walks what is stale under a prefix at one of two points or at both,
// each path once, since the earlier moment.
func StaleAtEither(ctx context.Context, store Store, prefix string, a, b kb.Point) iter.Seq2[Stale, error] {
	return func(yield func(Stale, error) bool) {
		next, stop := iter.Pull2(store.Stale(ctx, prefix, b))
		defer stop()
		other, otherErr, more := next()
		advance := func() { other, otherErr, more = next() }
		for one, err := range store.Stale(ctx, prefix, a) {
			for more && otherErr == nil && err == nil && other.Path < one.Path {
				if !yield(other, nil) {
					return
				}
				advance()
			}
			if more && otherErr == nil && other.Path == one.Path {
				one.Since = min(one.Since, other.Since)
				advance()
			}
			if !yield(one, err) || err != nil {
				return
			}
		}
		for ; more; advance() {
			if !yield(other, otherErr) {
				return
			}
		}
	}
}
