package asof

import (
	"context"
	"iter"

	"github.com/seed16713943/btools/pkg/kb"
)

// Amendment is a correction: a version that was recorded when something else was
// believed of its time, and something was known of that time or a later one. What
// is learned in the order in which it happened, however late, corrects nothing;
// nor does what is learned of a time of which nothing was known.
type Amendment struct {
	At       kb.Instant // when it was recorded
	From, To kb.Instant // the time that it is about; To is exclusive, and kb.Forever if nothing later was known
	Before   kb.Version // what was believed until then, be it that the path was gone
}

// Amendments walks the corrections of what a path held, those of the latest valid
// time first: those that are about times which begin at a point or earlier, as far
// as they were known.
func Amendments(ctx context.Context, store Store, path string, at kb.Point) iter.Seq2[Amendment, error] {
	return func(yield func(Amendment, error) bool) {
		w := amendmentWalk{ctx: ctx, store: store, path: path, earliest: kb.Forever}
		if err := w.walk(at, func(a Amendment) bool { return yield(a, nil) }); err != nil {
			yield(Amendment{}, err)
		}
	}
}

// amendmentWalk goes back over the versions of a path.
type amendmentWalk struct {
	ctx      context.Context
	store    Store
	path     string
	earliest kb.Instant // recording of any version that is later in valid order
}

func (w *amendmentWalk) walk(at kb.Point, yield func(Amendment) bool) error {
	for v, err := range w.store.Forward(w.ctx, w.path, at) {
		if err != nil {
			return err
		}
		w.earliest = min(w.earliest, v.RecordedAt)
	}
	var last *kb.Version
	for v, err := range w.store.Back(w.ctx, w.path, at) {
		if err != nil {
			return err
		}
		if last != nil {
			tied := last.ValidFrom == v.ValidFrom && last.Seq == v.Seq
			if done, err := w.amends(last, tied, yield); done || err != nil {
				return err
			}
		}
		last = &v
	}
	if last == nil {
		return nil
	}
	_, err := w.amends(last, false, yield)
	return err
}

// amends yields what a version corrects, and reports whether that was enough.
// Tied says that another has the same place in valid order. Only where the order
// of recording is another than that of validity is the store asked.
func (w *amendmentWalk) amends(v *kb.Version, tied bool, yield func(Amendment) bool) (done bool, err error) {
	late := w.earliest < v.RecordedAt
	w.earliest = min(w.earliest, v.RecordedAt)
	if !late && !tied {
		return false, w.ctx.Err()
	}
	after := kb.Point{Valid: v.ValidFrom, Known: v.RecordedAt}
	then, err := w.store.InForce(w.ctx, w.path, after)
	if err != nil || then == nil || then.ID != v.ID { // beaten at once, and never believed
		return false, err
	}
	before, err := w.store.InForce(w.ctx, w.path, kb.Point{Valid: v.ValidFrom, Known: v.RecordedAt - 1})
	if err != nil || before == nil || before.SameState(v) {
		return false, err
	}
	if !late && (before.ValidFrom < v.ValidFrom || before.Seq < v.Seq) {
		return false, nil // it followed all that was known
	}
	a := Amendment{At: v.RecordedAt, From: v.ValidFrom, To: kb.Forever, Before: *before}
	for next, err := range w.store.Forward(w.ctx, w.path, after) {
		if err != nil {
			return false, err
		}
		a.To = next.ValidFrom
		break
	}
	return !yield(a), nil
}
