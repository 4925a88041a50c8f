package asof

import (
	"cmp"
	"context"
	"iter"

	"github.com/seed16713943/btools/pkg/kb"
)

// At returns what a path held at a point. The error is an *AbsentError if it
// held nothing.
func At(ctx context.Context, store Store, path string, at kb.Point) (*Span, error) {
	v, err := Held(ctx, store, path, at)
	if err != nil {
		return nil, err
	}
	return Whole(ctx, store, v, at)
}

// Held returns the version that a path held at a point, for whoever need not know
// from when to when. The error is an *AbsentError if it held nothing.
func Held(ctx context.Context, store Store, path string, at kb.Point) (*kb.Version, error) {
	v, err := store.InForce(ctx, path, at)
	if err == nil && (v == nil || v.Gone) {
		err = absent(ctx, store, path, at)
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Whole returns the span of a version that is in force at a point.
func Whole(ctx context.Context, store Store, v *kb.Version, at kb.Point) (*Span, error) {
	for span, err := range Log(ctx, store, v.Path, at) {
		if err != nil {
			return nil, err
		}
		same := func(o *kb.Version) (bool, error) { return o.SameState(&span.Version), nil }
		span.ValidTo, err = until(ctx, store, v.Path, at, same)
		return &span, err
	}
	return &Span{Version: *v}, nil
}

// Since returns the version of the span of a version that is in force at a point, which
// takes half as long as the whole span: since when the path has held this, and what
// brought it.
func Since(ctx context.Context, store Store, v *kb.Version, at kb.Point) (*kb.Version, error) {
	for span, err := range Log(ctx, store, v.Path, at) {
		return &span.Version, err
	}
	return v, nil
}

// Log walks the spans of a path that begin at a point or earlier, the latest
// first. The end of the first is left open. A version that never was in force
// is a span of no length.
func Log(ctx context.Context, store Store, path string, at kb.Point) iter.Seq2[Span, error] {
	return func(yield func(Span, error) bool) {
		w := spanWalk{yield: yield}
		for v, err := range store.Back(ctx, path, at) {
			if err != nil {
				yield(Span{}, err)
				return
			}
			if !w.add(v) {
				return
			}
		}
		w.flush()
	}
}

// spanWalk puts versions that come latest first together into spans.
type spanWalk struct {
	yield func(Span, error) bool

	current    *Span       // grows towards the past
	superseded []Span      // versions replaced at the moment where current begins
	next       *kb.Instant // where the span after current begins
}

// add takes one more version and reports whether to go on.
func (w *spanWalk) add(v kb.Version) bool {
	switch {
	case w.current == nil:
		w.current = &Span{Version: v, ValidTo: w.next}
	case v.ValidFrom == w.current.ValidFrom:
		if !v.SameState(&w.current.Version) {
			moment := v.ValidFrom
			w.superseded = append(w.superseded, Span{Version: v, ValidTo: &moment, Superseded: true})
			break
		}
		w.current.Mode, w.current.MTime = cmp.Or(w.current.Mode, v.Mode), cmp.Or(w.current.MTime, v.MTime)
	case v.SameState(&w.current.Version):
		v.Mode, v.MTime = cmp.Or(w.current.Mode, v.Mode), cmp.Or(w.current.MTime, v.MTime)
		w.current = &Span{Version: v, ValidTo: w.current.ValidTo}
	default:
		if !w.flush() {
			return false
		}
		w.current = &Span{Version: v, ValidTo: w.next}
	}
	return true
}

// flush yields the current span, and after it what it replaced.
func (w *spanWalk) flush() bool {
	if w.current == nil {
		return true
	}
	begin := w.current.ValidFrom
	spans := append([]Span{*w.current}, w.superseded...)
	w.current, w.superseded, w.next = nil, nil, &begin
	for _, span := range spans {
		if !w.yield(span, nil) {
			return false
		}
	}
	return true
}
