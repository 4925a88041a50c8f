package asof

import (
	"bytes"
	"context"
	"math"

	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

// describe makes hits of the best passages. Documents that several are from
// are read once.
func (f *finder) describe(ctx context.Context, best []ranked) error {
	documents := make(map[int64]*document)
	for _, r := range best {
		s, err := f.store.Passage(ctx, r.Place, f.Now)
		if err != nil {
			return err
		}
		d := documents[r.Path]
		if d == nil {
			if d, err = f.document(ctx, s.Path); err != nil {
				return err
			}
			documents[r.Path] = d
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
		lines := d.lines[p.Key()]
		hit.Start, hit.End = lines[0], lines[1]
		switch {
		case s.Now:
			hit.Current = Same
		case d.now == nil:
			hit.Current = Gone
		}
		if r.text > 0 {
			if hit.Marks, err = f.store.Marks(ctx, f.words.query.asking(math.MaxInt), r.Text); err != nil {
				return err
			}
		}
		f.found.Hits = append(f.found.Hits, hit)
	}
	return nil
}

// document is what hits of one path share.
type document struct {
	version kb.Version
	now     *kb.Version
	lines   map[passage.Key][2]int // of the version
}

func (f *finder) document(ctx context.Context, path string) (*document, error) {
	d := &document{version: kb.Version{Path: path}}
	now, err := f.store.InForce(ctx, path, kb.Point{Valid: f.Now, Known: kb.Forever})
	if err != nil {
		return nil, err
	}
	if now != nil && !now.Gone {
		d.now = now
	}
	then, err := f.store.InForce(ctx, path, f.At)
	if err != nil || then == nil || then.Gone {
		return d, err // the index is behind
	}
	d.version = *then
	d.lines, err = f.lines(ctx, then)
	return d, err
}

// believed is the size in bytes of a content for which room is made before it is
// there.
const believed = 64 << 20

// lines returns the first lines of each of the passages of a version.
func (f *finder) lines(ctx context.Context, v *kb.Version) (map[passage.Key][2]int, error) {
	lines := make(map[passage.Key][2]int)
	passages, err := split(ctx, f.store, v)
	for i := range passages {
		p := &passages[i]
		if _, known := lines[p.Key()]; !known {
			lines[p.Key()] = [2]int{p.Start, p.End}
		}
	}
	return lines, err
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
