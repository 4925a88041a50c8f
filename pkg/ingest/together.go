package ingest

import "context"

// A transaction costs something however little it holds: a segment of the text
// index, and pages of the other indexes that the next one writes again. Units that
// have been read by the time the store is free are therefore committed as one: each
// of them lands as a whole or not at all, as by itself.

// commitAll commits units in their order, as soon as they have been read.
func (r *runner) commitAll(ctx context.Context, planned <-chan *unit) error {
	q := queue{from: planned, waits: func(waits bool) { r.crew.yield(!waits) }}
	for {
		first, err := q.next(ctx)
		if first == nil {
			return err
		}
		units := []*unit{first}
		for records, weight := first.records(), first.weight; r.opts.Together > 0; {
			u := q.peek()
			if u == nil || u.err != nil || !sameScan(first, u) {
				break
			}
			records, weight = records+u.records(), weight+u.weight
			if records > r.opts.Together || weight > r.opts.UnitBytes { // and the rest of the memory is for reading
				break
			}
			units = append(units, u)
			q.head = nil
		}
		if err := r.commitTogether(ctx, units); err != nil {
			return err
		}
	}
}

// commitTogether commits units of one scan that have been read.
func (r *runner) commitTogether(ctx context.Context, units []*unit) error {
	for _, u := range units {
		defer r.memory.Release(u.weight)
		defer clear(u.items) // which are a part of a larger unit's, whose other parts are still to come
	}
	if err := units[0].err; err != nil {
		return err
	}
	return r.commit(ctx, join(units))
}

func sameScan(a, b *unit) bool {
	return a.scan == b.scan || a.scan != nil && b.scan != nil && a.scan.ID == b.scan.ID
}

// join makes one unit of several of one scan.
func join(units []*unit) *unit {
	if len(units) == 1 {
		return units[0]
	}
	all := &unit{scan: units[0].scan}
	items := 0
	for _, u := range units {
		items += len(u.items)
	}
	all.items = make([]item, 0, items)
	for _, u := range units {
		all.items = append(all.items, u.items...)
		all.bad = append(all.bad, u.bad...)
		all.chunks += u.chunks
		if u.end != nil {
			all.end = u.end
		}
	}
	return all
}

// queue gives units that are planned when they have been read.
type queue struct {
	from  <-chan *unit
	waits func(bool) // is told whether the next one has to be waited for
	head  *unit      // the next one, if it has been received
}

// next waits until the next unit has been read, and takes it. It returns nil after
// the last, and with the reason where ctx has ended.
func (q *queue) next(ctx context.Context) (*unit, error) {
	q.waits(q.peek() == nil)
	u := q.head
	if q.head = nil; u == nil {
		if u, _ = receive(ctx, q.from); u == nil {
			return nil, context.Cause(ctx)
		}
	}
	select {
	case <-u.ready:
		return u, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// peek returns the next unit and leaves it there, or nil if it has not been read.
func (q *queue) peek() *unit {
	if q.head == nil {
		select {
		case q.head = <-q.from:
		default:
		}
	}
	if q.head == nil {
		return nil
	}
	select {
	case <-q.head.ready:
		return q.head
	default:
		return nil
	}
}
