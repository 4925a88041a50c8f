package asof

import (
	"context"
	"fmt"

	"github.com/seed16713943/btools/pkg/kb"
)

// AbsentError says that a path held no document at a point, and what is known
// of it instead.
type AbsentError struct {
	Path   string
	At     kb.Point
	Folder bool        // documents lay below the path then
	Below  bool        // what follows is said of the documents below the path, of which none was there then
	First  *kb.Instant // the first moment from which the path held content; nil if it never did
	Gone   *kb.Instant // since when it was gone at the point; nil if it had not yet come
	Last   *kb.Instant // until when it held content last; nil if it holds some still, or never did
	// Overtaken is the last moment at which it held content that was overtaken at that
	// very moment; nil if there is none.
	Overtaken *kb.Instant
	Missed    *kb.Instant // when it was seen first, if nothing is stored of it up to the point; nil if it was not seen
}

func (e *AbsentError) Error() string {
	switch {
	case e.Folder:
		return fmt.Sprintf("%s: a folder, not a document", e.Path)
	case e.Missed != nil && e.First != nil:
		return fmt.Sprintf("%s: seen at %s, but it could not be read, or was too large, and nothing of it is stored before %s", e.Path, e.Missed, e.First)
	case e.Missed != nil:
		return fmt.Sprintf("%s: seen at %s, but it could not be read, or was too large, and nothing of it is stored", e.Path, e.Missed)
	case e.First == nil && e.Overtaken != nil:
		return fmt.Sprintf("%s: what it held at %s was overtaken at that very moment, and it held nothing else", e.Path, e.Overtaken)
	case e.First == nil:
		return fmt.Sprintf("%s: nothing is known of it", e.Path)
	case e.Gone != nil:
		return fmt.Sprintf("%s: gone since %s", e.Path, e.Gone)
	default:
		return fmt.Sprintf("%s: not known before %s", e.Path, e.First)
	}
}

// absent finds out what can be said of a path that held nothing at a point.
func absent(ctx context.Context, store Store, path string, at kb.Point) error {
	e := &AbsentError{Path: path, At: at}
	for _, err := range store.List(ctx, path, at) {
		if err != nil {
			return err
		}
		e.Folder = true
		return e
	}
	ever := kb.Point{Valid: kb.Forever, Known: at.Known}
	for span, err := range Log(ctx, store, path, ever) {
		switch {
		case err != nil:
			return err
		case span.Superseded:
			if !span.Gone && e.Overtaken == nil {
				e.Overtaken = &span.ValidFrom
			}
		case span.Gone && at.Begun(&span.Version) && e.Gone == nil:
			e.Gone = &span.ValidFrom
		case !span.Gone:
			if e.First == nil {
				e.Last = span.ValidTo
			}
			e.First = &span.ValidFrom
		}
	}
	if e.First == nil {
		return absentFolder(ctx, store, e)
	}
	if e.Gone == nil { // what was there before may not have been taken in
		var err error
		e.Missed, err = store.Missed(ctx, path, at)
		return orElse(err, e)
	}
	return e
}

// absentFolder finds out when documents lay below the path, if it is not known
// as a document itself.
func absentFolder(ctx context.Context, store Store, e *AbsentError) error {
	first, gone, err := store.Below(ctx, e.Path, e.At)
	if err != nil {
		return err
	}
	if first == nil {
		e.Missed, err = store.Missed(ctx, e.Path, e.At)
		return orElse(err, e)
	}
	e.Below, e.First, e.Gone = true, first, gone
	ever := kb.Point{Valid: kb.Forever, Known: e.At.Known}
	for _, err := range store.List(ctx, e.Path, ever) {
		return orElse(err, e) // something is there to this day
	}
	_, e.Last, err = store.Below(ctx, e.Path, ever)
	return orElse(err, e)
}

// orElse returns err if there is one, and else e.
func orElse(err error, e *AbsentError) error {
	if err != nil {
		return err
	}
	return e
}
