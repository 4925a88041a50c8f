package ingest

import (
	"context"
	"errors"

	"github.com/seed16713943/btools/pkg/kb"
)

// commit stores a unit, in one transaction where the store takes it. A unit that
// it refuses for a reason that may lie in what it holds is cut in two, again and
// again, until the record that is to blame stands alone: that one is then stored
// with less, and all others as if it had not been there. A fault of the store
// itself ends the run.
func (r *runner) commit(ctx context.Context, u *unit) error {
	err := r.commitWhole(ctx, u)
	fault := refusal(err)
	switch {
	case fault == nil:
		return err
	case len(u.items) > 1:
		first, second := u.halves()
		if err := r.commit(ctx, first); err != nil {
			return err
		}
		return r.commit(ctx, second)
	case len(u.items) == 1:
		u.lessen(fault)
		return r.commit(ctx, u)
	default:
		return err
	}
}

// refusal returns why a store refuses what a transaction holds; nil where it does
// not, or fails for a reason of its own.
func refusal(err error) *kb.Fault {
	var fault *kb.Fault
	if errors.As(err, &fault) && fault.Class == kb.Processing {
		return fault
	}
	return nil
}

// halves cuts a unit in two.
func (u *unit) halves() (first, second *unit) {
	middle := len(u.items) / 2
	return &unit{scan: u.scan, items: u.items[:middle]},
		&unit{scan: u.scan, items: u.items[middle:], bad: u.bad, end: u.end, chunks: u.chunks}
}

// lessen takes from a unit of one record what the store may have refused: first
// its text, since what it held is worth keeping without; then all but the failure;
// and in the end its name, if not even that can be stored.
func (u *unit) lessen(fault *kb.Fault) {
	it := &u.items[0]
	switch {
	case it.fault == nil && it.doc != nil && it.doc.fault == nil:
		it.doc = &document{fault: fault}
	case it.fault == nil && it.rec.Kind != kb.Failed:
		it.fault, it.doc, it.content = fault, nil, nil
	default:
		u.bad = append(u.bad, kb.NewFault(fault.Class, fault.Code, "the record of %.200q: %w", it.rec.Path, fault))
		u.items = nil
	}
}
