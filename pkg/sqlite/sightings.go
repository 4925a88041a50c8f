package sqlite

import (
	"context"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite/rows"
)

// settled is how long before a scan a file has to have been changed last, in
// microseconds, so that no later change can hide behind the same time: longer than
// the step of the clock of any file system.
const settled = 2_000_000

// sightingsAtOnce is how many sightings are in memory at a time, besides what fn keeps.
// Tests make it smaller.
var sightingsAtOnce = 4096

// sightings are those of the names from ?1 on.
const (
	sightings = `
		SELECT p.name, b.size, s.mtime, s.ctime, s.inode, b.sha256
		FROM path p CROSS JOIN seen s ON s.path = p.id CROSS JOIN scan c ON c.id = s.scan CROSS JOIN blob b ON b.id = s.blob
		WHERE (s.stale_since IS NULL OR s.stale_since > c.started_at) AND s.mtime IS NOT NULL AND s.inode IS NOT NULL
			AND s.ctime < c.started_at - ?3 AND p.name >= ?1`
	sightingsBefore = sightings + " AND p.name < ?2"
	inOrder         = " ORDER BY p.name LIMIT ?4"
)

// Sightings calls fn with each file under the prefixes whose stat says that it
// still holds what its last scan found, as long as that stat is the same.
func (r *Reader) Sightings(ctx context.Context, prefixes []string, fn func(ingest.SeenFile)) error {
	for _, prefix := range prefixes {
		for _, names := range spansUnder(prefix) {
			for more := true; more; {
				if err := ctx.Err(); err != nil {
					return err
				}
				var err error
				if more, err = r.someSightings(&names, fn); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// someSightings calls fn with the first files of a span of names, takes them from it,
// and reports whether there may be more.
func (r *Reader) someSightings(names *nameSpan, fn func(ingest.SeenFile)) (more bool, err error) {
	var parameters rows.Values
	question := sightings
	parameters.Blob([]byte(names.first))
	if names.after == "" {
		parameters.Null()
	} else {
		question = sightingsBefore
		parameters.Blob([]byte(names.after))
	}
	parameters.Int(settled).Int(int64(sightingsAtOnce))
	found := 0
	err = r.ask(question+inOrder, &parameters, func(a *rows.Answer) error {
		f := ingest.SeenFile{
			Path: string(a.Blob()), Size: a.Int(), MTime: kb.Instant(a.Int()), CTime: kb.Instant(a.Int()), Inode: uint64(a.Int()),
		}
		copy(f.SHA256[:], a.Blob())
		fn(f)
		found++
		names.first = f.Path + "\x00" // the next name that there can be
		return nil
	})
	return found == sightingsAtOnce, err
}
