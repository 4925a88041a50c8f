package ingest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

const (
	// localTexts are given to an embedder of this process at a time, so that
	// those of one unit keep all processors busy; serverTexts to one that sends
	// them on in batches of its own, several in flight.
	localTexts  = 128
	serverTexts = 2048

	// preparedBytes is how much text of a unit is prepared for the store. What that
	// makes of a text takes more memory than the text, and several units are there at
	// once; the rest of a large one is left to the store.
	preparedBytes = 1 << 20

	// maxRecent is how many keys are remembered before older ones are forgotten.
	maxRecent = 1 << 17

	// An embedder that fails is left alone for a while, longPause times as long as
	// it took to fail, so that a run does not spend its time waiting for it.
	shortestPause = time.Minute
	longPause     = 10
)

// embedding gets the vectors of a run's texts, and has those that are new prepared for
// the store. Its methods may be called by
// several goroutines at once.
type embedding struct {
	by      embed.Embedder
	clock   kb.Clock
	prepare func([]*Text)                                        // see Store
	has     func(context.Context, []passage.Key) ([]bool, error) // which texts need nothing; nil if none are there
	dim     int                                                  // that vectors must have; 0 for any
	begin   func() (end func())                                  // waits until a call may be made
	size    int                                                  // texts in a call

	mu      sync.Mutex
	recent  map[passage.Key]struct{} // taken on by this run
	older   map[passage.Key]struct{}
	whole   bool      // recent holds all keys that there are: nobody has to be asked
	pause   time.Time // until when the embedder is left alone
	fault   *kb.Fault // the first for which texts wait
	refusal *kb.Fault // the first for which a text will have no vector

	embedded, rejected, reused, took atomic.Int64
}

// newEmbedding returns one whose calls are work for workers, but for those that wait
// for a server.
func newEmbedding(opts *Options, workers *crew, store Store, index IndexState, has func(context.Context, []passage.Key) ([]bool, error)) *embedding {
	e := &embedding{by: opts.Embedder, clock: opts.Clock, prepare: store.Prepare, has: has, dim: index.Dim, size: localTexts}
	e.begin = func() (end func()) {
		w := workers.hire()
		return func() { workers.release(w) }
	}
	if server, ok := opts.Embedder.(*embed.Server); ok {
		// The texts of a unit are seldom enough for all requests that may be under way, and
		// those of several wait together for a server that is away.
		calls := make(chan struct{}, server.InFlight())
		e.size, e.begin = serverTexts, func() (end func()) {
			calls <- struct{}{}
			return func() { <-calls }
		}
	}
	e.forget(!index.Recorded)
	return e
}

// forget begins anew; empty says that no text is there yet.
func (e *embedding) forget(empty bool) {
	e.recent, e.older, e.whole = make(map[passage.Key]struct{}), nil, empty
}

// documents prepares and embeds those texts of documents that have no vector yet.
func (e *embedding) documents(ctx context.Context, docs []*document) error {
	texts, ask := e.claim(docs)
	if ask && len(texts) > 0 {
		var err error
		if texts, err = e.lacking(ctx, texts); err != nil {
			return err
		}
	}
	if !makesNone(e.by) {
		for _, doc := range docs {
			e.reused.Add(int64(len(doc.texts)))
		}
		e.reused.Add(-int64(len(texts)))
	}
	return e.texts(ctx, texts, preparedOf(texts))
}

// preparedOf returns how many of the texts of a unit are to be prepared.
func preparedOf(texts []*Text) int {
	left := preparedBytes
	for i, t := range texts {
		if left -= len(t.Body); left < 0 {
			return i
		}
	}
	return len(texts)
}

// claim returns the texts that this run has not taken on before, so that each
// is embedded once, whatever units are under way, and whether the store has to be
// asked about them.
func (e *embedding) claim(docs []*document) (texts []*Text, ask bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, doc := range docs {
		for i := range doc.texts {
			t := &doc.texts[i]
			_, inRecent := e.recent[t.Key]
			_, inOlder := e.older[t.Key]
			if !inRecent && !inOlder {
				e.recent[t.Key] = struct{}{}
				texts = append(texts, t)
			}
		}
	}
	ask = !e.whole && e.has != nil
	if len(e.recent) > maxRecent {
		// Nothing is lost but the answer for texts of units long committed.
		e.whole = e.whole && e.older == nil
		e.recent, e.older = make(map[passage.Key]struct{}), e.recent
	}
	return texts, ask
}

// lacking returns those texts of which the store has no vector.
func (e *embedding) lacking(ctx context.Context, texts []*Text) ([]*Text, error) {
	keys := make([]passage.Key, len(texts))
	for i, t := range texts {
		keys[i] = t.Key
	}
	done, err := e.has(ctx, keys)
	if err != nil {
		return nil, err
	}
	left := texts[:0]
	for i, t := range texts {
		if !done[i] {
			left = append(left, t)
		}
	}
	return left, nil
}

// texts embeds texts, and prepares the first of them. Those that have no vector after
// it wait for another time, unless they have NoVector. The error is that of ctx.
func (e *embedding) texts(ctx context.Context, texts []*Text, prepared int) error {
	var wait sync.WaitGroup
	for batch := range slices.Chunk(texts, e.size) {
		first := batch[:min(prepared, len(batch))]
		prepared -= len(first)
		wait.Go(func() {
			defer e.begin()()
			e.prepare(first)
			if !makesNone(e.by) && !e.pausing() {
				e.batch(ctx, batch)
			}
		})
	}
	wait.Wait()
	return ctx.Err()
}

// batch makes one call of the embedder.
func (e *embedding) batch(ctx context.Context, texts []*Text) {
	full := make([]string, len(texts))
	for i, t := range texts {
		p := passage.Passage{Heading: t.Heading, Text: t.Body}
		full[i] = p.Full()
	}
	started := e.clock()
	vectors, err := e.by.Embed(ctx, full)
	took := e.clock().Sub(started)
	e.took.Add(int64(took))
	if ctx.Err() != nil {
		return
	}
	var lacking *embed.BatchError
	if err != nil && !errors.As(err, &lacking) {
		e.failed(kb.FileFault(err), took)
		return
	}
	judges := e.judges(ctx, lacking)
	if ctx.Err() != nil {
		return
	}
	for i, t := range texts {
		switch {
		case lacking != nil && lacking.Faults[i] != nil:
			if fault := lacking.Faults[i]; fault.Code == embed.Rejected && judges {
				t.NoVector = true
				e.reject(fault)
			} else {
				e.failed(fault, took)
			}
		case vectors[i] == nil: // it waits, and nothing is wrong: see embed.Kept
		case e.dim != 0 && len(vectors[i]) != e.dim:
			e.failed(kb.NewFault(kb.Processing, embed.BadAnswer, "%w", &embed.DimensionError{Has: len(vectors[i]), Had: e.dim}), took)
		default:
			t.Vector = embed.Int8(vectors[i])
			e.embedded.Add(1)
		}
	}
}

// judges reports whether texts that an embedder rejects are themselves the reason.
// If it rejects a whole batch, it is asked for the vector of a word: what it
// rejects because of a fault of its own waits.
func (e *embedding) judges(ctx context.Context, lacking *embed.BatchError) bool {
	if lacking == nil || len(lacking.Faults) < lacking.Texts {
		return true
	}
	for _, fault := range lacking.Faults {
		if fault.Code != embed.Rejected {
			return true // what is the matter is said already
		}
	}
	_, err := e.by.Embed(ctx, []string{"vector"})
	return err == nil
}

// reject counts a text that will have no vector.
func (e *embedding) reject(fault *kb.Fault) {
	e.rejected.Add(1)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.refusal == nil {
		e.refusal = fault
	}
}

// failed leaves the embedder alone for a while.
func (e *embedding) failed(fault *kb.Fault, took time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fault == nil {
		e.fault = fault
	}
	e.pause = e.clock().Add(max(shortestPause, longPause*took))
}

func (e *embedding) pausing() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.clock().Before(e.pause)
}

// firstFault returns why texts wait; nil if no text was left without a vector
// that it may still get.
func (e *embedding) firstFault() *kb.Fault {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.fault
}

// firstRefusal returns why texts will have no vector; nil if there is none.
func (e *embedding) firstRefusal() *kb.Fault {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.refusal
}
