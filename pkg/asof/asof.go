// Package asof answers questions in time: what a path held at a moment, what
// existed, what changed, as it is known today or as it was known then; and what
// a search finds at a moment, and since when and until when a phrase was said.
//
//	span, err := asof.At(ctx, store, "docs/a.md", point)
//	var absent *asof.AbsentError
//	if errors.As(err, &absent) { … }
//	err = store.WriteContent(ctx, os.Stdout, span.SHA256)
//
//	found, err := asof.Find(ctx, store, embedder, asof.Search{Words: "retry", At: point, Now: now, Limit: 10})
//
// Answers come from the versions alone, and those of searches from the passages
// that were made of them; no limit ever changes which version, or which passages,
// are in force. Walks are streams: they hold one version in memory, however
// many there are.
package asof

import (
	"context"
	"io"
	"iter"

	"github.com/seed16713943/btools/pkg/kb"
)

// Store is what questions are asked of. Prefixes are the name of a document or
// of a folder, or "" for everything.
type Store interface {
	// InForce returns the version that a path held at a point, which may be
	// one that says it was gone, or nil if nothing was known of it.
	InForce(ctx context.Context, path string, at kb.Point) (*kb.Version, error)
	// Back walks the versions of a path valid from the point or earlier, in
	// descending order of (valid time, seq, recording).
	Back(ctx context.Context, path string, at kb.Point) iter.Seq2[kb.Version, error]
	// Forward walks the versions of a path valid from later than the point, be it in
	// a later step of the same moment, in ascending order.
	Forward(ctx context.Context, path string, at kb.Point) iter.Seq2[kb.Version, error]
	// List walks what existed under a prefix, in the byte order of the paths.
	List(ctx context.Context, prefix string, at kb.Point) iter.Seq2[kb.Version, error]
	// Below returns the first moment of all from which anything below a folder
	// held content, and the last up to the point from which something below it
	// was gone; nil where there is none.
	Below(ctx context.Context, folder string, at kb.Point) (first, gone *kb.Instant, err error)
	// Changes walks what differs between two points, in the byte order of the
	// paths.
	Changes(ctx context.Context, prefix string, from, to kb.Point) iter.Seq2[Change, error]
	// Stale walks the paths, in the byte order of their names, that were looked at up
	// to a point and could not be read then, nor since by any scan; and those of which
	// a record of a later version up to the point has failed or was skipped, and no
	// scan has since found what is in force. Something of each is known, though
	// it may be gone or not yet there at the point.
	Stale(ctx context.Context, prefix string, at kb.Point) iter.Seq2[Stale, error]
	// Missed returns since when, up to a point, a path could not be read, or records of
	// it failed or were skipped; nil if none did.
	Missed(ctx context.Context, path string, at kb.Point) (*kb.Instant, error)
	// Commits returns the commits whose hashes begin with some digits, up to a
	// number of them, in the order of their hashes.
	Commits(ctx context.Context, digits string, most int) ([]Commit, error)
	// Forgotten returns what was forgotten under a prefix, or of a folder that it
	// is in, so that it is missing at a point; the latest moment of several, and nil
	// if there is nothing.
	Forgotten(ctx context.Context, prefix string, at kb.Point) (*Forgotten, error)
	// WriteContent writes the content with the given hash, verified.
	WriteContent(ctx context.Context, w io.Writer, hash kb.Hash) error
}

// Span is a version with the whole interval in which its path held it: equal
// neighbours are one span.
type Span struct {
	// Version is the first of the neighbours, which brought it, but with the mode and
	// the modification time that the last one told.
	kb.Version
	ValidTo *kb.Instant // nil while it is in force
	// Superseded says that the version never was in force up to the point asked about:
	// another one with the same valid time replaced it, as a correction does.
	Superseded bool
}

// Change is a path that held different things at two points. Old or New is nil
// where it was not there.
type Change struct {
	Path       string
	Old, New   *kb.Version
	Similarity int // of one that was renamed, in percent; else 0
}

// Renamed reports whether the document had another name before, which Old has.
func (c *Change) Renamed() bool { return c.Old != nil && c.New != nil && c.Old.Path != c.New.Path }

// Differs reports whether the two sides are not the same.
func (c *Change) Differs() bool {
	if c.Old == nil || c.New == nil {
		return c.Old != c.New
	}
	return !c.Old.SameState(c.New)
}
