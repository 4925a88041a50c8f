package sqlite

import (
	"context"
	"database/sql"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// settled is how long before a scan a file has to have been changed last, in
// microseconds, so that no later change can hide behind the same time: longer than
// the step of the clock of any file system.
const settled = 2_000_000

// Sightings calls fn with each file under the prefixes whose stat says that it
// still holds what its last scan found, as long as that stat is the same.
func (r *Reader) Sightings(ctx context.Context, prefixes []string, fn func(ingest.SeenFile)) error {
	for _, prefix := range prefixes {
		for _, part := range under(prefix) {
			err := r.each(`
				SELECT p.name, b.size, s.mtime, s.ctime, s.inode, b.sha256
				FROM path p CROSS JOIN seen s ON s.path = p.id CROSS JOIN scan c ON c.id = s.scan CROSS JOIN blob b ON b.id = s.blob
				WHERE s.stale_since IS NULL AND s.mtime IS NOT NULL AND s.inode IS NOT NULL
					AND s.ctime < c.started_at - :settled AND `+part.condition,
				append(part.args, sql.Named("settled", settled)), func(rows *sql.Rows) error {
					var f ingest.SeenFile
					var name, hash sql.RawBytes
					var inode int64
					if err := rows.Scan(&name, &f.Size, &f.MTime, &f.CTime, &inode, &hash); err != nil {
						return err
					}
					f.Path, f.Inode, f.SHA256 = string(name), uint64(inode), kb.Hash(hash)
					fn(f)
					return ctx.Err()
				})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
