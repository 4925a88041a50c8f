package sqlite

import (
	"context"
	"database/sql"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
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

// HistoryVersions calls fn for every version that comes from a history of git, in
// no order. It has the place and the source of the version, but not its content.
func (r *Reader) HistoryVersions(ctx context.Context, fn func(*kb.Version) error) error {
	return r.each(`
		SELECT v.id, p.name, v.valid_from, v.seq, v.blob IS NULL, v.source
		FROM version v JOIN path p ON p.id = v.path
		WHERE v.source >= ? AND v.source < ?`, []any{asof.CommitSource, asof.CommitSource + "g"}, func(rows *sql.Rows) error {
		var v kb.Version
		if err := rows.Scan(&v.ID, &v.Path, &v.ValidFrom, &v.Seq, &v.Gone, &v.Source); err != nil {
			return err
		}
		if err := fn(&v); err != nil {
			return err
		}
		return ctx.Err()
	})
}
