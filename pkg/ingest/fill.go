package ingest

import (
	"context"
	"fmt"

	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/passage"
)

// EmbedderError says that the vectors of a store are those of another embedder
// than a run was given. Vectors of two embedders cannot be compared.
type EmbedderError struct {
	Made  string // the name of the embedder that made the index
	Asked string // that of the one given

	// Meanwhile says that the index was made anew since the run has begun, and that
	// no embedder was asked for: another run takes the one that made it.
	Meanwhile bool
}

// Error names both embedders.
func (e *EmbedderError) Error() string {
	if e.Meanwhile {
		return fmt.Sprintf("the knowledge base was given another embedder meanwhile: %s, and not %s, with which this run began", e.Made, e.Asked)
	}
	return fmt.Sprintf("the knowledge base was made with the embedder %s, not %s", e.Made, e.Asked)
}

// fillTexts is how many texts that wait are embedded for one transaction.
const fillTexts = 2048

// index says what this run makes.
func (r *runner) index() Index {
	return Index{
		Extractor: extract.Version, Splitter: passage.Version,
		Embedder: r.opts.Embedder.Name(), Dim: r.opts.Embedder.Dim(),
	}
}

// look finds out what index there is, and warns where it should be made anew.
func (r *runner) look(ctx context.Context) error {
	state, err := r.openIndex(ctx)
	if err != nil {
		return err
	}
	made := r.index()
	switch {
	case state.Behind:
		r.opts.Warn("searches do not find all that was taken in; make the index anew with: bingest reindex")
	case state.Recorded && (state.Extractor != made.Extractor || state.Splitter != made.Splitter):
		r.opts.Warn("the passages are those of another version of btools; make the index anew with: bingest reindex")
	case state.OtherWords:
		r.opts.Warn("the words of the text index are those of another version of btools, and some are not found; make the index anew with: bingest reindex")
	}
	return nil
}

// openIndex has the run go on with the index that there is, by the embedder that made it,
// unless it was given another one to mix it with.
func (r *runner) openIndex(ctx context.Context) (IndexState, error) {
	state, err := r.store.Index(ctx)
	if err != nil {
		return state, fmt.Errorf("look at the index: %w", err)
	}
	if r.opts.Adopt != nil && state.accepts(r.index()) != nil {
		if r.opts.Embedder, err = r.opts.Adopt(state.Embedder); err != nil {
			return state, err
		}
	}
	r.filtered = state.Filtered
	r.embedding = newEmbedding(&r.opts, r.crew, r.store, state, r.store.Embedded)
	return state, state.accepts(r.index())
}

// accepts returns an *EmbedderError if what another embedder makes must not come
// into the index.
func (s *IndexState) accepts(index Index) error {
	if s.Recorded && s.Embedder != index.Embedder {
		return &EmbedderError{Made: s.Embedder, Asked: index.Embedder}
	}
	return nil
}

// record keeps in the store what makes its index, as far as that is known and
// new. Another run may have made another index meanwhile.
func record(tx Tx, index Index) error {
	state, err := tx.Index()
	if err != nil {
		return err
	}
	if err := state.accepts(index); err != nil {
		return err
	}
	switch {
	case !state.Recorded:
		return tx.SetIndex(index)
	case state.Dim == 0 && index.Dim != 0:
		state.Dim = index.Dim
		return tx.SetIndex(state.Index)
	}
	return nil
}

// fill embeds the texts that earlier runs left waiting, as long as the embedder
// gives vectors.
func (r *runner) fill(ctx context.Context) error {
	if makesNone(r.opts.Embedder) {
		return nil
	}
	for after := int64(0); !r.embedding.pausing(); {
		texts, err := r.store.Waiting(ctx, after, fillTexts)
		if err != nil || len(texts) == 0 {
			return err
		}
		after = texts[len(texts)-1].ID
		wanted := make([]*Text, len(texts))
		for i := range texts {
			wanted[i] = &texts[i]
		}
		if err := r.embedding.texts(ctx, wanted, 0); err != nil {
			return err
		}
		if err := r.fillIn(ctx, texts); err != nil {
			return err
		}
	}
	return nil
}

// fillIn stores what texts that waited have got.
func (r *runner) fillIn(ctx context.Context, texts []Text) error {
	started := r.opts.Clock()
	defer func() { r.sum.Store += r.opts.Clock().Sub(started) }()
	return r.store.Update(ctx, func(tx Tx) error {
		if err := record(tx, r.index()); err != nil {
			return err
		}
		var got []*Text
		for i := range texts {
			if t := &texts[i]; t.Vector != nil || t.NoVector {
				got = append(got, t)
			}
		}
		return tx.AddTexts(got)
	})
}
