package asof_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/kb"
)

// noFuture is a store that cannot be asked for what came later.
type noFuture struct{ asof.Store }

func (noFuture) Forward(context.Context, string, kb.Point) iter.Seq2[kb.Version, error] {
	return func(yield func(kb.Version, error) bool) { yield(kb.Version{}, errors.New("asked for the future")) }
}

// TestSince asserts that the beginning of a span is found without its end, which
// a list of very many documents does not need.
func TestSince(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLibrary(t, embed.None{})
		for range rapid.IntRange(1, 3).Draw(t, "transactions") {
			var batch []kb.Record
			for range rapid.IntRange(1, 6).Draw(t, "records") {
				r := drawRecord(t)
				if r.Kind == kb.File {
					r.Content = []byte(rapid.SampledFrom([]string{"A", "B"}).Draw(t, "state"))
					mtime, mode := kb.Instant(rapid.IntRange(0, 9).Draw(t, "mtime")), rapid.SampledFrom([]kb.Mode{0o600, 0o644}).Draw(t, "mode")
					if rapid.Bool().Draw(t, "told") {
						r.MTime, r.Mode = &mtime, &mode
					}
				}
				batch = append(batch, r)
			}
			l.take(batch)
		}
		r := l.reader()
		at := valid(kb.Instant(rapid.IntRange(0, 9).Draw(t, "valid")))
		for v, err := range r.List(context.Background(), "", at) {
			check(t, err)
			whole, err := asof.Whole(context.Background(), r, &v, at)
			check(t, err)
			since, err := asof.Since(context.Background(), noFuture{r}, &v, at)
			check(t, err)
			if since.ID != whole.ID {
				t.Errorf("%s is said to hold this since version %d, not %d", v.Path, since.ID, whole.ID)
			}
			if v.Mode != nil && *since.Mode != *v.Mode || v.MTime != nil && *since.MTime != *v.MTime {
				t.Errorf("%s has not the mode and time of what is in force", v.Path)
			}
		}
	})
}
