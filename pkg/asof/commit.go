package asof

import "github.com/seed16713943/btools/pkg/kb"

// Commit is a commit of a history that was taken in.
type Commit struct {
	Hash      string // in full
	ValidFrom kb.Instant
	Seq       int64 // its place on the line of the history
	// Elsewhere says that other versions of the commit have another place, as when
	// the history was taken in along two lines. This is then the last one.
	Elsewhere bool
}

// Point is the moment at which everything was as the commit left it, though
// later commits may have the same time.
func (c *Commit) Point() kb.Point {
	return kb.Point{Valid: c.ValidFrom, Seq: &c.Seq, Known: kb.Forever}
}
