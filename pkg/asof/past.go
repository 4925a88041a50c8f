package asof

import (
	"cmp"
	"context"
	"slices"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

// The index says what stands where as it is known today. What was known before
// differs from that in few documents: those of which a version in force then is
// not the one that is known today to have been. Their passages are made anew from
// the versions, and all others are taken from the index. Since a text is never
// deleted, words and vectors of both are there.

// past is a store whose passages in force at a moment are those of a point: of
// what was known then, or up to one step of the moment.
type past struct {
	SearchStore
	at       kb.Point
	prefixes []string

	apart *roaring64.Bitmap // paths that the index is not right about
	extra []extra           // their passages, by their texts

	waiting int64 // of extra, for vectors
	missing int64 // passages whose text is not stored

	split   map[kb.Hash][]passage.Key // of the document in hand
	revised map[string]bool           // whether versions of a path do not count
}

// extra is a passage that the index does not have.
type extra struct{ text, path int64 }

// lookBack puts a past before the store where the index alone would not say what
// was in force.
func (f *finder) lookBack(ctx context.Context) error {
	now := kb.Point{Valid: f.At.Valid, Known: kb.Forever}
	if f.At.Known == kb.Forever && f.At.Seq == nil {
		return nil
	}
	p := &past{
		SearchStore: f.store, at: f.At, prefixes: f.Prefixes, apart: roaring64.New(), revised: make(map[string]bool),
	}
	for _, err := range f.store.Revised(ctx, f.Prefixes, f.At) {
		if err != nil {
			return err
		}
		f.past, f.store = p, p
		break
	}
	if f.past == nil {
		return nil // nothing was learned since
	}
	prefixes := f.Prefixes
	if len(prefixes) == 0 {
		prefixes = []string{""}
	}
	for _, prefix := range prefixes {
		for change, err := range p.Changes(ctx, prefix, f.At, now) {
			if err != nil {
				return err
			}
			if err := p.add(ctx, &change); err != nil {
				return err
			}
		}
	}
	slices.SortFunc(p.extra, func(a, b extra) int { return cmp.Or(cmp.Compare(a.text, b.text), cmp.Compare(a.path, b.path)) })
	f.found.Unindexed = p.missing
	return nil
}

// add takes in a document that held something else at the point than the index
// has it.
func (p *past) add(ctx context.Context, change *Change) error {
	if change.Old != nil && change.New != nil && change.Old.SHA256 == change.New.SHA256 {
		return nil // another mode
	}
	id, err := p.PathID(ctx, change.Path)
	if err != nil || !p.apart.CheckedAdd(uint64(id)) || change.Old == nil {
		return err
	}
	keys, err := p.keys(ctx, change.Old)
	if err != nil {
		return err
	}
	texts, err := p.TextsOf(ctx, keys)
	if err != nil {
		return err
	}
	for _, text := range texts {
		if text.ID == 0 {
			p.missing++
			continue
		}
		if text.Waiting {
			p.waiting++
		}
		p.extra = append(p.extra, extra{text.ID, id})
	}
	return ctx.Err()
}

// keys returns the keys of the passages of a version, each once.
func (p *past) keys(ctx context.Context, v *kb.Version) ([]passage.Key, error) {
	if keys, ok := p.split[v.SHA256]; ok {
		return keys, nil
	}
	passages, err := split(ctx, p.SearchStore, v)
	if err != nil {
		return nil, err
	}
	var keys []passage.Key
	seen := make(map[passage.Key]bool, len(passages))
	for i := range passages {
		if key := passages[i].Key(); !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	if p.split != nil && len(p.split) < mostSplit {
		p.split[v.SHA256] = keys
	}
	return keys, nil
}

// mostSplit is how many contents of a document are remembered.
const mostSplit = 64

// place returns an extra passage as others are. Numbers below 0 are of no index.
func (p *past) place(i int) Place {
	return Place{Passage: int64(-1 - i), Text: p.extra[i].text, Path: p.extra[i].path}
}

// indexed returns the scope of the passages that the index is right about.
func (p *past) indexed(scope Scope) Scope {
	all := scope.Paths
	scope.Paths = func(path int64) bool { return !p.apart.Contains(uint64(path)) && (all == nil || all(path)) }
	return scope
}

// PassagesOf returns the passages in scope with one of the texts.
func (p *past) PassagesOf(ctx context.Context, texts []int64, scope Scope) ([]Place, error) {
	places, err := p.SearchStore.PassagesOf(ctx, texts, p.indexed(scope))
	if err != nil {
		return nil, err
	}
	for _, text := range texts {
		i, _ := slices.BinarySearchFunc(p.extra, text, func(e extra, text int64) int { return cmp.Compare(e.text, text) })
		for ; i < len(p.extra) && p.extra[i].text == text; i++ {
			places = append(places, p.place(i))
		}
	}
	return places, nil
}

// Nearest returns the n nearest passages in scope.
func (p *past) Nearest(ctx context.Context, query []float32, scope Scope, n int, exact bool) ([]Near, error) {
	near, err := p.SearchStore.Nearest(ctx, query, p.indexed(scope), n, exact)
	if err != nil {
		return nil, err
	}
	best := func() {
		slices.SortFunc(near, func(a, b Near) int {
			return cmp.Or(cmp.Compare(b.Cosine, a.Cosine), cmp.Compare(a.Passage, b.Passage))
		})
		near = near[:min(n, len(near))]
	}
	for first := 0; first < len(p.extra); first += batch {
		some := p.extra[first:min(first+batch, len(p.extra))]
		texts := make([]int64, len(some))
		for i := range some {
			texts[i] = some[i].text
		}
		cosines, err := p.Cosines(ctx, query, slices.Compact(texts))
		if err != nil {
			return nil, err
		}
		for i := range some {
			if cosine, ok := cosines[some[i].text]; ok {
				near = append(near, Near{p.place(first + i), cosine})
			}
		}
		best()
	}
	return near, nil
}

// CountWaiting returns how many passages in scope wait for a vector.
func (p *past) CountWaiting(ctx context.Context, scope Scope) (int64, error) {
	count, err := p.SearchStore.CountWaiting(ctx, p.indexed(scope))
	return count + p.waiting, err
}

// Passage returns what a passage is. The times of one that is in no index are
// still to be worked out.
func (p *past) Passage(ctx context.Context, place Place, now kb.Instant) (Passage, error) {
	place.Passage = max(place.Passage, 0)
	return p.SearchStore.Passage(ctx, place, now)
}

// standing works out since when and until when a passage that is in force at the
// point stood there, as it was known.
func (p *past) standing(ctx context.Context, s *Passage, key passage.Key) error {
	revised, err := p.isRevised(ctx, s.Path)
	if err != nil || !revised {
		return err // the index says it
	}
	p.split = make(map[kb.Hash][]passage.Key)
	defer func() { p.split = nil }()
	stays, err := stays(ctx, p, s.Path, p.at, true, func(v *kb.Version) (bool, error) {
		keys, err := p.keys(ctx, v)
		return slices.Contains(keys, key), err
	})
	if err != nil || len(stays) == 0 {
		return err
	}
	s.From, s.To = stays[0].From, stays[0].To
	return nil
}

func (p *past) isRevised(ctx context.Context, path string) (bool, error) {
	if revised, known := p.revised[path]; known {
		return revised, nil
	}
	for name, err := range p.Revised(ctx, []string{path}, p.at) {
		if err != nil {
			return false, err
		}
		p.revised[path] = name == path // the document comes first, and then what is below it
		break
	}
	return p.revised[path], nil
}

// stays returns the times in which what a path held had something, the latest
// first, as the versions say that are known at a point. The times begin at the
// point or earlier; the last ends when it ends. With only the last, it is the one
// at the point.
func stays(ctx context.Context, store Store, path string, at kb.Point, last bool, has func(*kb.Version) (bool, error)) ([]kb.Interval, error) {
	var found []kb.Interval
	begin := kb.Forever // of the span after
	for span, err := range Log(ctx, store, path, at) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if span.Superseded {
			continue
		}
		had := false
		if !span.Gone {
			if had, err = has(&span.Version); err != nil {
				return nil, err
			}
		}
		n := len(found)
		switch {
		case had && span.ValidTo == nil: // the span at the point
			to, err := until(ctx, store, path, at, func(v *kb.Version) (bool, error) {
				if v.Gone {
					return false, nil
				}
				return has(v)
			})
			if err != nil {
				return nil, err
			}
			stay := kb.Interval{From: span.ValidFrom, To: kb.Forever}
			if to != nil {
				stay.To = *to
			}
			found = append(found, stay)
		case had && n > 0 && found[n-1].From == begin:
			found[n-1].From = span.ValidFrom
		case had:
			found = append(found, kb.Interval{From: span.ValidFrom, To: begin})
		case last:
			return found, nil
		}
		begin = span.ValidFrom
	}
	return found, nil
}

// until returns the moment after a point from which a path no longer holds what is the
// same; nil if there is none.
func until(ctx context.Context, store Store, path string, at kb.Point, same func(*kb.Version) (bool, error)) (*kb.Instant, error) {
	var last *kb.Version // of those valid from one moment
	ended := func() (bool, error) {
		if last == nil {
			return false, nil
		}
		is, err := same(last)
		return !is, err
	}
	for v, err := range store.Forward(ctx, path, at) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if last != nil && last.ValidFrom != v.ValidFrom {
			if end, err := ended(); end || err != nil {
				return &last.ValidFrom, err
			}
		}
		last = &v
	}
	if end, err := ended(); end || err != nil {
		return &last.ValidFrom, err
	}
	return nil, nil
}
