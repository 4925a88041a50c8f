package asof

import (
	"context"
	"iter"
	"slices"

	"github.com/seed16713943/btools/pkg/kb"
)

// Saying is a time during which a document said something.
type Saying struct {
	Path     string
	From, To kb.Instant // To is exclusive; kb.Forever if it still does
}

// When walks the times during which documents said a phrase, by path and time:
// those that begin at a point or earlier, as it was known then. A document says a
// phrase while any of its passages has its words, one after the other, in its body
// or in one of its headings; case, accents and what stands between words do not
// matter.
//
// What is said at one step of a moment, and no longer at the next, has a time of
// no length, if the point is that step.
func When(ctx context.Context, store SearchStore, phrase string, prefixes []string, at kb.Point) iter.Seq2[Saying, error] {
	return func(yield func(Saying, error) bool) {
		index, err := store.SearchIndex(ctx)
		if err == nil && !index.Recorded && !index.Empty {
			err = ErrNoIndex
		}
		if err != nil {
			yield(Saying{}, err)
			return
		}
		phrase := visible.Replace(phrase)
		w := sayingWalk{ctx: ctx, store: store, at: at, says: store.Says(phrase), yield: yield}
		w.walk(store.Sayings(ctx, phrase, prefixes), prefixes)
	}
}

// sayingWalk puts together what the index has said and what is made of versions,
// for those paths that the index says nothing about at the point.
type sayingWalk struct {
	ctx   context.Context
	store SearchStore
	at    kb.Point
	says  func(heading []string, body string) bool
	yield func(Saying, error) bool

	next    func() (string, error, bool)
	revised string // the next of the paths that the index is not asked about
	more    bool   // there is one

	open Saying // grows while what follows touches it
}

func (w *sayingWalk) walk(indexed iter.Seq2[Saying, error], prefixes []string) {
	if w.at.Known != kb.Forever || w.at.Seq != nil {
		var stop func()
		w.next, stop = iter.Pull2(w.store.Revised(w.ctx, prefixes, w.at))
		defer stop()
		if !w.step() {
			return
		}
	}
	for s, err := range indexed {
		if err != nil {
			w.yield(Saying{}, err)
			return
		}
		for w.more && w.revised < s.Path {
			if !w.flush() || !w.derive() {
				return
			}
		}
		if w.more && w.revised == s.Path {
			continue
		}
		if !w.add(s) {
			return
		}
	}
	if !w.flush() {
		return
	}
	for w.more && w.derive() {
	}
}

// step goes on to the next path that the index is not asked about.
func (w *sayingWalk) step() bool {
	var err error
	w.revised, err, w.more = w.next()
	if w.more && err != nil {
		w.yield(Saying{}, err)
		return false
	}
	return true
}

// add takes what the index says.
func (w *sayingWalk) add(s Saying) bool {
	switch {
	case s.From >= s.To: // never in force
		return true
	case s.Path == w.open.Path && s.From <= w.open.To && w.open.From < w.open.To:
		w.open.To = max(w.open.To, s.To)
		return true
	case !w.flush():
		return false
	}
	w.open = s
	return true
}

func (w *sayingWalk) flush() bool {
	s := w.open
	w.open = Saying{}
	return s.From >= s.To || s.From > w.at.Valid || w.yield(s, nil)
}

// derive says what a path said by its versions.
func (w *sayingWalk) derive() bool {
	path := w.revised
	times, err := stays(w.ctx, w.store, path, w.at, false, func(v *kb.Version) (bool, error) {
		passages, err := split(w.ctx, w.store, v)
		for i := range passages {
			if w.says(passages[i].Heading, passages[i].Text) {
				return true, err
			}
		}
		return false, err
	})
	if err != nil {
		w.yield(Saying{}, err)
		return false
	}
	for _, t := range slices.Backward(times) {
		if !w.yield(Saying{path, t.From, t.To}, nil) {
			return false
		}
	}
	return w.step()
}
