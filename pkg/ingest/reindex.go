package ingest

import (
	"bytes"
	"context"
	"fmt"

	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
	"github.com/seed16713943/btools/pkg/report"
)

// Reindex makes all passages and vectors anew from the contents that the store
// holds, in one transaction: until it ends, searches find what they found before,
// and if it fails or ctx is cancelled, nothing has changed. Other runs wait for
// it, or give up. The rules of Options are those of Run; text that a filter made
// is used again unless there is a filter for its extension now, and does not fail.
func Reindex(ctx context.Context, store Store, start RunStart, opts Options) (*Summary, error) {
	opts.Partial = true // there is no stream
	r := newRunner(store, opts)
	r.embedding = newEmbedding(&r.opts, r.crew, r.store, IndexState{}, nil)
	var err error
	if _, err = embed.Probe(ctx, opts.Embedder); err != nil {
		err = fmt.Errorf("ask the embedder for a first vector: %w", err)
	}
	if err == nil {
		r.id, err = r.store.BeginRun(ctx, start)
	}
	if err == nil {
		err = r.store.Update(ctx, func(tx Tx) error { return r.reindex(ctx, tx) })
	}
	return r.finish(ctx, err)
}

// reindex empties the index and fills it.
func (r *runner) reindex(ctx context.Context, tx Tx) error {
	r.embedding.forget(true) // what an attempt before this one embedded is not there
	clear(r.sum.Textless)
	r.sum.KeptText, r.sum.KeptFaults = 0, nil
	r.sum.Chunks, r.remade, r.made = 0, 0, make(map[textID]*made)
	if err := tx.DropIndex(); err != nil {
		return err
	}
	if err := tx.SetIndex(r.index()); err != nil {
		return err
	}
	if err := r.remake(ctx, tx); err != nil {
		return err
	}
	return tx.AddChunk(ChunkResult{Run: r.id})
}

// remake moves contents through the stages: read, extract and embed, store.
func (r *runner) remake(ctx context.Context, tx Tx) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer r.working.Wait()
	defer cancel(nil)
	batches := make(chan *batch, unitsAhead)
	r.working.Go(func() {
		defer close(batches)
		if err := r.gather(ctx, batches); err != nil {
			cancel(err)
		}
	})
	for b := range batches {
		<-b.ready
		if ctx.Err() != nil {
			break
		}
		if err := r.put(ctx, tx, b); err != nil {
			return err
		}
		r.memory.Release(b.weight)
	}
	return context.Cause(ctx)
}

// batch is a number of contents that are made documents of.
type batch struct {
	held   []held
	bytes  int64 // of contents
	weight int64
	ready  chan struct{}
}

// held is a content that a path held in a time.
type held struct {
	name     string
	reign    Reign
	plain    []byte    // until doc is made
	filtered bool      // plain is what a filter made
	doc      *document // nil until it is made
	again    bool      // a filter makes the text of it for another that comes before
	err      error     // of the store, which may hold a text of before
}

// made is what a filter has made of a content: all that is needed for further
// versions with it, once the texts are stored.
type made struct {
	keys       []passage.Key
	fault, old *kb.Fault
}

func madeOf(doc *document) *made {
	m := &made{fault: doc.fault, old: doc.old, keys: make([]passage.Key, len(doc.texts))}
	for i := range doc.texts {
		m.keys[i] = doc.texts[i].Key
	}
	return m
}

func (m *made) document() *document {
	doc := &document{fault: m.fault, old: m.old, texts: make([]Text, len(m.keys)), keysOnly: true}
	for i, key := range m.keys {
		doc.texts[i].Key = key
	}
	return doc
}

// gather reads all contents that any path ever held, in batches, and starts to
// make documents of them, within the bounds of memory.
func (r *runner) gather(ctx context.Context, out chan<- *batch) error {
	b, filtered := new(batch), make(map[textID]bool)
	flush := func() (err error) {
		full := b
		b = new(batch)
		if full.weight, err = r.reserve(ctx, full.bytes); err != nil {
			return err
		}
		full.ready = make(chan struct{})
		r.working.Go(func() { r.makeDocuments(ctx, full) })
		select {
		case out <- full:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	err := r.store.Reigns(ctx, func(name string, reigns []Reign) error {
		for _, reign := range reigns {
			if reign.Gone {
				continue
			}
			h := held{name: name, reign: reign}
			if id := textIDOf(name, reign.SHA256); r.filterOf(name) != nil {
				h.again, filtered[id] = filtered[id], true
			}
			if err := r.hold(ctx, &h); err != nil {
				return err
			}
			b.held = append(b.held, h)
			b.bytes += int64(len(h.plain))
			if len(b.held) >= r.opts.ChunkSize || b.bytes >= r.share() {
				if err := flush(); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil || len(b.held) == 0 {
		return err
	}
	return flush()
}

// hold reads a content: what a filter made of it, unless there is a filter that
// makes it anew, once. One that is damaged has no text, and all others keep theirs.
func (r *runner) hold(ctx context.Context, h *held) error {
	if h.again {
		return nil
	}
	extension := extract.Extension(h.name)
	if r.filterOf(h.name) != nil {
		extension = "" // there are no filters for that
	}
	var buf bytes.Buffer
	var err error
	h.filtered, err = r.readText(ctx, &buf, h.reign.SHA256, extension)
	if fault := corruption(err); fault != nil {
		h.doc = &document{fault: fault}
		return nil
	}
	h.plain = buf.Bytes()
	return err
}

// makeDocuments makes the documents of a batch.
func (r *runner) makeDocuments(ctx context.Context, b *batch) {
	defer close(b.ready)
	r.crew.spread(len(b.held), func(i int) {
		if h := &b.held[i]; h.doc == nil && !h.again {
			r.makeOne(ctx, h)
		}
	})
	// It fails where ctx is done, and then nobody stores the batch.
	_ = r.embedding.documents(ctx, b.documents())
}

// documents returns those that were made for the batch.
func (b *batch) documents() []*document {
	docs := make([]*document, 0, len(b.held))
	for i := range b.held {
		if doc := b.held[i].doc; doc != nil {
			docs = append(docs, doc)
		}
	}
	return docs
}

func (r *runner) makeOne(ctx context.Context, h *held) {
	w := r.crew.hire()
	defer r.release(w)
	if h.filtered {
		defer r.takesTime(&r.extractTime)()
		h.doc = r.splitText(h.name, h.plain, true)
	} else {
		h.doc = r.document(ctx, w, h.name, h.reign.SHA256, h.plain)
		if h.doc.fault != nil && r.filterOf(h.name) != nil {
			h.err = r.keepText(ctx, w, h)
		}
	}
	h.plain = nil
}

// keepText gives a content whose filter has failed the text that it had before, if it
// had any: a failure makes nothing, and takes nothing away.
func (r *runner) keepText(ctx context.Context, w *worker, h *held) error {
	kept, err := r.kept(ctx, h.name, h.reign.SHA256)
	if err != nil {
		return err
	}
	if kept.Filtered != nil {
		kept.Fault = nil // of a later failure, which took nothing away either
	}
	doc, err := r.keptDocument(ctx, w, h.name, h.reign.SHA256, kept)
	if err != nil {
		return err
	}
	if doc.fault == nil {
		doc.old = h.doc.fault
		h.doc = doc
	}
	return nil
}

// putText stores what is to be known of a document besides its passages.
func (r *runner) putText(d *deriver, h *held) error {
	id := textIDOf(h.name, h.reign.SHA256)
	if h.again {
		h.doc = r.made[id].document()
	} else if err := d.keep(h.name, h.reign.SHA256, h.doc); err != nil {
		return err
	} else if r.filterOf(h.name) != nil {
		r.made[id] = madeOf(h.doc)
	}
	switch {
	case h.doc.fault != nil:
		d.textless[h.doc.fault.Code]++
	case h.doc.old != nil:
		r.sum.keepsText(h.name, h.doc.old)
	}
	return nil
}

// keepsText counts a version that keeps the text it had, and names it, each document
// once for what is wrong with it.
func (s *Summary) keepsText(name string, fault *kb.Fault) {
	s.KeptText++
	f := Failure{Run: s.Run, Path: name, Class: fault.Class, Code: fault.Code, Attempts: fault.Attempts, Message: fault.Error()}
	if n := len(s.KeptFaults); n == 0 || n < report.TextErrors && (s.KeptFaults[n-1].Path != name || s.KeptFaults[n-1].Message != f.Message) {
		s.KeptFaults = append(s.KeptFaults, f)
	}
}

// put stores a batch.
func (r *runner) put(ctx context.Context, tx Tx, b *batch) error {
	started := r.opts.Clock()
	defer func() { r.sum.Store += r.opts.Clock().Sub(started) }()
	if fault := r.embedding.firstFault(); fault != nil {
		// Not wrapped: the embedder has tried again as often as makes sense, and to
		// begin the transaction anew would be to embed everything once more.
		return fmt.Errorf("the embedder fails: %v", fault)
	}
	d := r.deriver(ctx, tx)
	d.textless = r.sum.Textless
	if err := addEmbedded(tx, b.documents()); err != nil {
		return err
	}
	var decided []decision
	for i := range b.held {
		h := &b.held[i]
		if h.err != nil {
			return h.err
		}
		if err := r.putText(&d, h); err != nil {
			return err
		}
		decided = append(decided, decision{h.reign, h.doc})
		if i+1 == len(b.held) || b.held[i+1].reign.Path != h.reign.Path {
			if err := d.decide(decided, false); err != nil {
				return err
			}
			decided = decided[:0]
		}
	}
	if err := d.store(); err != nil {
		return err
	}
	r.sum.Chunks++
	r.remade += int64(len(b.held))
	if r.opts.Progress != nil {
		r.opts.Progress(Progress{Run: r.id, Contents: r.remade, Chunks: r.sum.Chunks})
	}
	return nil
}
