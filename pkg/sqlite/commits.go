package sqlite

import (
	"context"
	"database/sql"

	"github.com/seed16713943/btools/pkg/asof"
)

// Commits returns the commits whose hashes begin with some digits. Versions are
// looked at one after the other: an index of their sources would cost every
// version, and few questions name a commit.
func (r *Reader) Commits(ctx context.Context, digits string, most int) ([]asof.Commit, error) {
	var found []asof.Commit
	first := asof.CommitSource + digits
	err := r.each(`
		SELECT DISTINCT source, valid_from, seq FROM version
		WHERE source >= ? AND source < ?
		ORDER BY source, valid_from, seq`, []any{first, first + "g"}, func(rows *sql.Rows) error { // "g" follows "f"
		var c asof.Commit
		if err := rows.Scan(&c.Hash, &c.ValidFrom, &c.Seq); err != nil {
			return err
		}
		c.Hash = c.Hash[len(asof.CommitSource):]
		if last := len(found) - 1; last >= 0 && found[last].Hash == c.Hash {
			c.Elsewhere = true
			found[last] = c
			return nil
		}
		if len(found) == most {
			return errStop
		}
		found = append(found, c)
		return ctx.Err()
	})
	return found, untilStop(err)
}
