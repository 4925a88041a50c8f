package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

// document is what searches have of a content under a path.
type document struct {
	texts    []Text    // the wordings of its passages, each once, in order
	filtered *Filtered // what a filter made of it, now or in an earlier run; nil where none did
	fault    *kb.Fault // why there is no text
	old      *kb.Fault // why there is no newer text than that of before; nil where none was to be made
	keysOnly bool      // the texts are stored with another document, that comes before
}

// textOf says which text a document is made of: nil for the content itself.
func (d *document) textOf() *kb.Hash {
	if d.filtered != nil {
		return &d.filtered.Text.SHA256
	}
	return nil
}

// plain has the bytes of a content as long as there may be text in them. Of a
// content without, it keeps the beginning, which says as much.
type plain struct {
	bytes.Buffer
	size     int64 // that is expected
	any      bool  // also of a content without text
	textless bool
}

// begin makes room for a content under a name, filtered or not.
func (p *plain) begin(name string, filtered bool, size int64) {
	p.Reset()
	p.size, p.any, p.textless = size, filtered, !filtered && extract.NeedsFilter(name)
}

func (p *plain) Write(b []byte) (int, error) {
	switch {
	case p.textless:
		return len(b), nil
	case p.Len() == 0 && !p.any && extract.NoText(b):
		p.textless = true
	case p.Len() == 0:
		p.Grow(int(p.size))
	}
	return p.Buffer.Write(b)
}

// release gives back a worker and the memory of what it had in its hands.
func (r *runner) release(w *worker) {
	r.inHand.Release(w.held)
	w.held = 0
	r.crew.release(w)
}

// makeRoom waits until there is memory for the content that a worker is about to take
// in its hands. Several large ones are not there at once, however many workers
// there are and whatever the stream said of their sizes.
func (r *runner) makeRoom(ctx context.Context, w *worker, size int64) error {
	r.inHand.Release(w.held)
	w.held = 0
	weight := min(size, r.opts.UnitBytes)
	if err := r.inHand.Acquire(ctx, weight); err != nil {
		return context.Cause(ctx)
	}
	w.held = weight
	return nil
}

// documentOf makes the document of a content that was read, which the store may have a
// text of already. That is for the transaction to decide, see deriver.text; here it
// spares running a filter.
func (r *runner) documentOf(ctx context.Context, w *worker, it *item, plain []byte) (*document, error) {
	name, hash := it.rec.Path, it.content.SHA256
	if r.filterOf(name) != nil || r.filtered {
		kept, err := r.kept(ctx, name, hash)
		if err != nil {
			return nil, err
		}
		if !kept.isContent() {
			return r.keptDocument(ctx, w, name, hash, kept)
		}
	}
	if r.filterOf(name) != nil {
		held, err := r.store.Held(ctx, hash, extract.Extension(name))
		if err != nil {
			return nil, fmt.Errorf("look for versions with content %s: %w", hash, err)
		}
		if held {
			defer r.takesTime(&r.extractTime)()
			return r.split(name, plain), nil
		}
	}
	return r.document(ctx, w, name, hash, plain), nil
}

// kept returns what the store has as the text of a content.
func (r *runner) kept(ctx context.Context, name string, hash kb.Hash) (Kept, error) {
	kept, err := r.store.Kept(ctx, hash, extract.Extension(name))
	if err != nil {
		err = fmt.Errorf("look for the text of content %s: %w", hash, err)
	}
	return kept, err
}

// document makes the document of a content, by a filter where there is one for
// its extension.
func (r *runner) document(ctx context.Context, w *worker, name string, hash kb.Hash, plain []byte) *document {
	defer r.takesTime(&r.extractTime)()
	f := r.filterOf(name)
	if f == nil {
		return r.split(name, plain)
	}
	text, filtered, fault := r.filter(ctx, w, f, name, plain)
	if fault != nil {
		return &document{fault: fault}
	}
	filtered.SHA256 = hash
	doc := r.split(extract.FilteredName, text)
	if doc.fault != nil { // the filter's, and not the document's
		doc.fault = kb.NewFault(kb.Processing, extract.Failed, "filter %s: what it wrote is %w", f.Argv[0], doc.fault)
		return doc
	}
	doc.filtered = filtered
	return doc
}

func (r *runner) filterOf(name string) *extract.Filter {
	for _, f := range r.opts.Filters {
		if f.Handles(name) {
			return f
		}
	}
	return nil
}

// filter runs a filter on a content, again if what fails may pass.
func (r *runner) filter(ctx context.Context, w *worker, f *extract.Filter, name string, plain []byte) ([]byte, *Filtered, *kb.Fault) {
	var text []byte
	var kept *content.Content
	attempts, err := r.retry(ctx, name, func() (err error) {
		if text, err = f.Run(ctx, plain); err == nil {
			kept, err = w.enc.Encode(bytes.NewReader(text))
		}
		return err
	})
	if err != nil {
		fault := kb.FileFault(err)
		fault.Attempts = attempts
		return nil, nil, fault
	}
	return text, &Filtered{Extension: f.Ext, Command: strings.Join(f.Argv, " "), Text: kept}, nil
}

// split makes the document of bytes that are text, or may be.
func (r *runner) split(name string, plain []byte) *document {
	texts, err := textsOf(name, plain)
	if err != nil {
		return &document{fault: kb.FileFault(err)}
	}
	for i := range texts {
		texts[i].NoVector = makesNone(r.opts.Embedder)
	}
	return &document{texts: texts}
}

// textsOf returns the wordings of the passages of bytes that are text, or may
// be, each once, in order.
func textsOf(name string, plain []byte) ([]Text, error) {
	extracted, err := extract.Extract(name, plain)
	if err != nil {
		return nil, err
	}
	var texts []Text
	seen := make(map[passage.Key]struct{})
	for p := range passage.All(extracted) {
		key := p.Key()
		if _, ok := seen[key]; ok {
			continue
		}
		seen[key] = struct{}{}
		texts = append(texts, Text{Key: key, Heading: p.Heading, Body: p.Text})
	}
	return texts, nil
}

// Keys returns the keys of the passages that a document has, each once: of what
// is stored under its name, or of what a filter made of that. What no text can be
// had from has none.
func Keys(name string, plain []byte, filtered bool) []passage.Key {
	if filtered {
		name = extract.FilteredName
	}
	texts, err := textsOf(name, plain)
	if err != nil {
		return nil
	}
	keys := make([]passage.Key, len(texts))
	for i := range texts {
		keys[i] = texts[i].Key
	}
	return keys
}

// makesNone reports whether an embedder makes no vectors at all.
func makesNone(e embed.Embedder) bool { return e.Name() == embed.None{}.Name() }

// stored makes the document of a content that the store holds, of the text that it
// has of it: no filter is asked. A damaged content has no text.
func (r *runner) stored(ctx context.Context, name string, hash kb.Hash) (*document, error) {
	w := r.crew.hire()
	defer r.release(w)
	kept, err := r.kept(ctx, name, hash)
	if err != nil {
		return nil, err
	}
	if kept.isContent() {
		kept.Fault = nil // it may have come again
	}
	return r.keptDocument(ctx, w, name, hash, kept)
}

// keptDocument makes the document of a content of what the store has as its text.
// The bytes of the worker are then those.
func (r *runner) keptDocument(ctx context.Context, w *worker, name string, hash kb.Hash, kept Kept) (*document, error) {
	if kept.Fault != nil {
		return &document{fault: kept.Fault}, nil
	}
	filtered, err := r.readText(ctx, &w.plain.Buffer, hash, extract.Extension(name))
	if fault := corruption(err); fault != nil {
		return &document{fault: fault}, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.takesTime(&r.extractTime)()
	doc := r.splitText(name, w.plain.Bytes(), filtered)
	if !filtered {
		return doc, nil
	}
	text, err := w.enc.Encode(bytes.NewReader(w.plain.Bytes()))
	if err != nil {
		return nil, err
	}
	// Before the transaction, all versions with the content may be forgotten, and the text with them.
	doc.filtered = &Filtered{SHA256: hash, Extension: extract.Extension(name), Command: kept.Command, Text: text}
	return doc, nil
}

// splitText makes the document of a text of the store's, which a filter has made or not.
func (r *runner) splitText(name string, text []byte, filtered bool) *document {
	if filtered {
		name = extract.FilteredName
	}
	return r.split(name, text)
}

// readText puts into buf what the store holds of a content.
func (r *runner) readText(ctx context.Context, buf *bytes.Buffer, hash kb.Hash, extension string) (filtered bool, err error) {
	_, err = r.retry(ctx, "", func() (err error) {
		buf.Reset()
		filtered, err = r.store.ReadText(ctx, buf, hash, extension)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("read content %s: %w", hash, err)
	}
	return filtered, nil
}

// corruption returns the fault of a content that is damaged, in a store that is
// not; nil for any other error.
func corruption(err error) *kb.Fault {
	var fault *kb.Fault
	if errors.As(err, &fault) && fault.Code == kb.Corrupt {
		return fault
	}
	return nil
}
