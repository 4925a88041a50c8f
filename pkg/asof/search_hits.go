package asof

import (
	"bytes"
	"context"
	"math"

	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

// Cite names the lines of a hit, or its whole version where they cannot be told.
func (h *Hit) Cite() Cite {
	c := Cite{Path: h.Version.Path, SHA256: h.Version.SHA256, Start: h.Start, End: h.End}
	if h.Start > 0 && h.Filtered != nil {
		c.SHA256 = *h.Filtered
	}
	return c
}

// describe makes hits of the best passages.
func (f *finder) describe(ctx context.Context, best []ranked) error {
	for _, r := range best {
		s, err := f.store.Passage(ctx, r.Place, f.Now)
		if err != nil {
			return err
		}
		d, err := f.document(ctx, r.Path, s.Path)
		if err != nil {
			return err
		}
		p := passage.Passage{Heading: s.Heading, Text: s.Body}
		if f.past != nil {
			if err := f.past.standing(ctx, &s, p.Key()); err != nil {
				return err
			}
		}
		hit := Hit{
			Version: d.version, Heading: s.Heading, Text: s.Body, From: s.From, To: s.To,
			Score: r.score, Cosine: r.cosine, Now: d.now, Current: Changed,
		}
		if f.words != nil {
			hit.TextScore = &r.text
		}
		stands := d.places[p.Key()]
		hit.Start, hit.End, hit.Filtered = stands.start, stands.end, d.filtered
		switch {
		case s.Now:
			hit.Current = Same
		case d.now == nil:
			hit.Current = Gone
		}
		if r.text > 0 {
			if hit.Marks, err = f.store.Marks(ctx, f.words.query.forIndex(math.MaxInt), r.Text); err != nil {
				return err
			}
		}
		f.found.Hits = append(f.found.Hits, hit)
	}
	return nil
}

// document is what hits of one path share.
type document struct {
	version  kb.Version
	now      *kb.Version
	places   map[passage.Key]inDocument // of the version
	filtered *kb.Hash                   // of the text that a filter made of it
}

// inDocument is where a passage stands, or stands first.
type inDocument struct {
	start, end int // lines
	order      int // among the passages, from 1
}

// document returns a document, which is read once.
func (f *finder) document(ctx context.Context, id int64, path string) (*document, error) {
	if d := f.documents[id]; d != nil {
		return d, nil
	}
	d, err := f.read(ctx, path)
	if err != nil {
		return nil, err
	}
	if f.documents == nil {
		f.documents = make(map[int64]*document)
	}
	f.documents[id] = d
	return d, nil
}

func (f *finder) read(ctx context.Context, path string) (*document, error) {
	d := &document{version: kb.Version{Path: path}}
	today := kb.Point{Valid: f.Now, Known: kb.Forever}
	now, err := f.store.InForce(ctx, path, today)
	if err != nil {
		return nil, err
	}
	if now != nil && !now.Gone {
		if d.now, err = Since(ctx, f.store, now, today); err != nil {
			return nil, err
		}
	}
	then, err := f.store.InForce(ctx, path, f.At)
	if err != nil || then == nil || then.Gone {
		return d, err // the index is behind
	}
	if then, err = Since(ctx, f.store, then, f.At); err != nil {
		return nil, err
	}
	d.version = *then
	if d.places, err = f.places(ctx, then); err != nil {
		return d, err
	}
	d.filtered, err = f.store.FilteredText(ctx, then.SHA256, extract.Extension(then.Path))
	return d, err
}

// believed is the size in bytes of a content for which room is made before it is
// there.
const believed = 64 << 20

// places returns where each of the passages of a version stands.
func (f *finder) places(ctx context.Context, v *kb.Version) (map[passage.Key]inDocument, error) {
	places := make(map[passage.Key]inDocument)
	passages, err := split(ctx, f.store, v)
	for i := range passages {
		p := &passages[i]
		if _, known := places[p.Key()]; !known {
			places[p.Key()] = inDocument{p.Start, p.End, i + 1}
		}
	}
	return places, err
}

// split splits a version as it was split for the index. There are no passages
// where no text can be had from it.
func split(ctx context.Context, store SearchStore, v *kb.Version) ([]passage.Passage, error) {
	extension := extract.Extension(v.Path)
	if none, err := store.WithoutText(ctx, v.SHA256, extension); err != nil || none {
		return nil, err
	}
	var text bytes.Buffer
	// It may be large, and buffers that grow take twice as much; but the file may come
	// from a stranger, who claims anything.
	text.Grow(int(max(0, min(v.Size, believed))))
	filtered, err := store.ReadText(ctx, &text, v.SHA256, extension)
	if err != nil {
		return nil, err
	}
	name := v.Path
	if filtered {
		name = extract.FilteredName
	}
	doc, err := extract.Extract(name, text.Bytes())
	if err != nil {
		return nil, nil // another version of the extractor could read it
	}
	return passage.Split(doc), nil
}
