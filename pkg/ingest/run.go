package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/stream"
)

const (
	// unitsAhead is how many units may be read while others are committed.
	unitsAhead = 8
	// unitsInMemory bounds the memory of units, in units of Options.UnitBytes.
	unitsInMemory = 2
	// heldShare is how many bytes are held for each byte of content: what is
	// stored of it, its passages, their vectors, and what extracting them takes.
	heldShare = 3
	// recordBytes is what a record takes beside its content, in bytes of content.
	recordBytes = 512
)

// runner is one run.
type runner struct {
	opts      Options
	store     Store
	id        int64
	closed    closedScans
	crew      *crew
	memory    *semaphore.Weighted // bytes of units
	inHand    *semaphore.Weighted // bytes of the contents that workers hold
	pressure  pressure
	last      lastCarried // the planner's
	own       ownFiles    // the planner's
	embedding *embedding
	filtered  bool             // the store has texts that filters made
	made      map[textID]*made // what filters made, by Reindex
	begun     map[string]bool  // the scans that begin in the stream, by ID; the assembler's until it has ended
	unsettled map[string]bool  // the scans of what was committed, by ID; true until closed
	sum       Summary
	remade    int64          // contents, by Reindex
	working   sync.WaitGroup // the goroutines that plan and read

	retries, waited, readTime, extractTime atomic.Int64
	taken                                  atomic.Int64 // records of the input
}

// Run takes in the stream until its end, until ctx is cancelled (the unit in
// hand is finished) or until the store fails. The summary is honest in every
// case; it is for the caller to make a report of it and to call FinishRun.
//
// Where ctx is cancelled while in blocks, the goroutine that reads it stays
// behind until the read returns.
func Run(ctx context.Context, store Store, in io.Reader, opts Options) (*Summary, error) {
	r := newRunner(store, opts)
	err := r.look(ctx)
	if err == nil {
		r.id, err = r.store.BeginRun(ctx, RunHere(kb.InstantOf(r.sum.Started)))
	}
	if err == nil {
		_, err = r.openIndex(ctx) // again: the store may have been busy with another index
	}
	if err == nil {
		err = r.fill(ctx)
	}
	if err == nil {
		err = r.pump(ctx, in)
	}
	if differ := (*EmbedderError)(nil); errors.As(err, &differ) {
		differ.Meanwhile = r.id != 0 && opts.Adopt != nil
	}
	return r.finish(ctx, err)
}

func newRunner(store Store, opts Options) *runner {
	r := &runner{
		opts:      opts,
		crew:      newCrew(opts.Workers),
		memory:    semaphore.NewWeighted(unitsInMemory * opts.UnitBytes),
		inHand:    semaphore.NewWeighted(opts.UnitBytes),
		begun:     make(map[string]bool),
		unsettled: make(map[string]bool),
		sum:       Summary{Classes: make(map[kb.Class]int64), Textless: make(map[kb.Code]int64), Started: opts.Clock()},
	}
	r.store = Retrying(store, opts.Retry, r.waits)
	return r
}

// takesTime returns what is to be called at the end of what is measured.
func (r *runner) takesTime(sum *atomic.Int64) (end func()) {
	started := r.opts.Clock()
	return func() { sum.Add(int64(r.opts.Clock().Sub(started))) }
}

// pump moves units through the stages: assemble, plan, read, commit. When it
// returns, nothing reads documents any more.
func (r *runner) pump(ctx context.Context, in io.Reader) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer r.working.Wait()
	defer cancel(nil)
	assembled := make(chan *unit, 1)
	planned := make(chan *unit, unitsAhead)
	go func() {
		defer close(assembled)
		if err := r.assemble(ctx, in, assembled); err != nil {
			cancel(err)
		}
	}()
	r.working.Go(func() {
		defer close(planned)
		if err := r.plan(ctx, assembled, planned); err != nil {
			cancel(err)
		}
	})
	return r.commitAll(ctx, planned)
}

func (r *runner) assemble(ctx context.Context, in io.Reader, out chan<- *unit) error {
	a := assembler{
		dec:   stream.NewDecoder(in, stream.MaxLine(r.opts.MaxFileSize)),
		size:  r.opts.ChunkSize,
		bytes: max(r.opts.UnitBytes/heldShare, 1),
		begun: r.begun,
		implicit: &kb.Scan{
			ID:  fmt.Sprintf("run-%d-%d", r.id, r.sum.Started.UnixNano()),
			Dir: r.opts.Dir, Follow: true, StartedAt: kb.InstantOf(r.sum.Started),
		},
		emit: func(u *unit) error {
			r.taken.Add(int64(len(u.items) + len(u.bad)))
			return send(ctx, out, u)
		},
	}
	return a.run()
}

func send(ctx context.Context, out chan<- *unit, u *unit) error {
	select {
	case out <- u:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// receive returns the next unit, or nil after the last.
func receive(ctx context.Context, in <-chan *unit) (*unit, error) {
	select {
	case u := <-in:
		return u, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// plan finds out what has to be read, and starts the reading within the bounds
// of memory.
func (r *runner) plan(ctx context.Context, in <-chan *unit, out chan<- *unit) error {
	for {
		u, err := receive(ctx, in)
		if u == nil {
			return err
		}
		if err := r.lookUp(ctx, u); err != nil {
			return err
		}
		r.measure(u)
		for rest := u; rest != nil; {
			var part *unit
			part, rest = rest.cut(r.share())
			if part.weight, err = r.reserve(ctx, part.contentBytes()+recordBytes*int64(part.records())); err != nil {
				return err
			}
			part.ready, part.chunks = make(chan struct{}), 1
			r.working.Go(func() { r.read(ctx, part) })
			if err := send(ctx, out, part); err != nil {
				return err
			}
		}
	}
}

// lookUp finds out what the store has for the items of a unit.
func (r *runner) lookUp(ctx context.Context, u *unit) error {
	if err := r.markForgotten(ctx, u); err != nil {
		return err
	}
	return r.lookBack(ctx, u)
}

// ask calls fn with the items for which wants is true, and their paths, unless
// there are none.
func (u *unit) ask(wants func(*item) bool, fn func(items []*item, paths []string) error) error {
	var items []*item
	var paths []string
	for i := range u.items {
		if it := &u.items[i]; wants(it) {
			items = append(items, it)
			paths = append(paths, it.rec.Path)
		}
	}
	if len(items) == 0 {
		return nil
	}
	return fn(items, paths)
}

// markForgotten marks the items that say what was forgotten.
func (r *runner) markForgotten(ctx context.Context, u *unit) error {
	dated := func(it *item) bool { return it.needsContent() && !it.rec.Live() }
	return u.ask(dated, func(items []*item, paths []string) error {
		begins, err := r.store.MemoryBegins(ctx, paths)
		if err != nil {
			return err
		}
		for i, it := range items {
			it.forgotten = begins[i].forgot(*it.rec.ValidFrom, it.rec.Seq)
		}
		return nil
	})
}

// lookBack finds out which content came before that of each item, and marks the
// items whose content is in force already.
func (r *runner) lookBack(ctx context.Context, u *unit) error {
	wants := func(it *item) bool {
		if !it.needsContent() {
			return false
		}
		if it.rec.HasContent {
			it.carried = newCarried(it.rec.Content)
			it.before = r.last.swap(it.rec.Path, it.carried)
		}
		return it.before == nil
	}
	return u.ask(wants, func(items []*item, paths []string) error {
		versions, err := r.store.InForce(ctx, paths)
		if err != nil {
			return err
		}
		for i, it := range items {
			it.inForce = versions[i]
			spares := it.rec.Live() && it.rec.SHA256 != nil && !it.rec.HasContent
			if v := it.inForce; spares && v != nil && !v.Gone && v.SHA256 == *it.rec.SHA256 {
				it.known = v
			}
		}
		return nil
	})
}

// read takes the contents of a unit, many at a time, and embeds their passages.
func (r *runner) read(ctx context.Context, u *unit) {
	defer close(u.ready)
	errs := make([]error, len(u.items))
	r.crew.spread(len(u.items), func(i int) {
		switch it := &u.items[i]; {
		case it.needsContent():
			errs[i] = r.take(ctx, u.scan, it)
		case it.restates():
			r.recall(ctx, it)
		}
	})
	if u.err = errors.Join(errs...); u.err == nil && ctx.Err() == nil {
		u.err = r.embedding.documents(ctx, u.documents())
	}
}

// commitWhole applies a unit in one transaction.
func (r *runner) commitWhole(ctx context.Context, u *unit) error {
	started := r.opts.Clock()
	defer func() { r.sum.Store += r.opts.Clock().Sub(started) }()
	var a *applier
	err := r.store.Update(ctx, func(tx Tx) error {
		a = &applier{
			tx: tx, run: r.id, unit: u, closed: &r.closed, maxDelete: r.opts.MaxDelete, index: r.index(),
			passages: r.deriver(ctx, tx),
		}
		return a.apply()
	})
	if err != nil {
		return err
	}
	r.account(u, a)
	return nil
}

func (r *runner) deriver(ctx context.Context, tx Tx) deriver {
	read := func(name string, hash kb.Hash) (*document, error) { return r.stored(ctx, name, hash) }
	return deriver{tx: tx, run: r.id, read: read, decided: make(map[textID]*document), textless: make(map[kb.Code]int64)}
}
