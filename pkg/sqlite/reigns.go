package sqlite

import (
	"context"
	"database/sql"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// Reign returns the time in which a version decides.
func (t *tx) Reign(path int64, v *kb.Version) (ingest.Reign, error) {
	reign := ingest.Reign{Path: path, From: v.ValidFrom, To: v.ValidFrom, SHA256: v.SHA256, Gone: v.Gone}
	var next sql.NullInt64
	var beaten bool
	_, err := t.rowIf(t.waiting.versionsOf[path])(`
		SELECT EXISTS (SELECT 1 FROM version WHERE path = +?1 AND valid_from = +?2 AND (seq, id) > (+?3, +?4)),
			(SELECT min(valid_from) FROM version WHERE path = +?1 AND valid_from > +?2)`,
		[]any{path, v.ValidFrom, v.Seq, v.ID}, &beaten, &next)
	switch {
	case err != nil || beaten:
	case next.Valid:
		reign.To = kb.Instant(next.Int64)
	default:
		reign.To = kb.Forever
	}
	return reign, err
}

// Reigns walks the reigns of every path that ever held content.
func (s *Store) Reigns(ctx context.Context, fn func(name string, reigns []ingest.Reign) error) error {
	return s.apart(ctx, func(r *session) error { return r.reigns(ctx, fn) })
}

func (s *session) reigns(ctx context.Context, fn func(name string, reigns []ingest.Reign) error) error {
	var walk reignWalk
	err := s.each(`
		SELECT p.name, v.path, v.valid_from, b.sha256
		FROM path p JOIN version v ON v.path = p.id LEFT JOIN blob b ON b.id = v.blob
		ORDER BY v.path, v.valid_from, v.seq, v.id`, nil, func(rows *sql.Rows) error {
		reign := ingest.Reign{To: kb.Forever}
		var name, hash sql.RawBytes
		if err := rows.Scan(&name, &reign.Path, &reign.From, &hash); err != nil {
			return err
		}
		reign.Gone = hash == nil
		copy(reign.SHA256[:], hash)
		if !walk.ofSamePath(reign) {
			if err := walk.end(fn); err != nil {
				return err
			}
			walk = reignWalk{name: string(name)}
		}
		walk.add(reign)
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	return walk.end(fn)
}

// reignWalk gathers the reigns of one path from its versions in their order.
type reignWalk struct {
	name   string
	reigns []ingest.Reign
}

func (w *reignWalk) ofSamePath(r ingest.Reign) bool {
	return len(w.reigns) > 0 && w.reigns[0].Path == r.Path
}

func (w *reignWalk) add(r ingest.Reign) {
	if n := len(w.reigns); n > 0 {
		last := &w.reigns[n-1]
		last.To = r.From // at once, where it is beaten
	}
	w.reigns = append(w.reigns, r)
}

// end calls fn if the path ever held content.
func (w *reignWalk) end(fn func(string, []ingest.Reign) error) error {
	for _, r := range w.reigns {
		if !r.Gone {
			return fn(w.name, w.reigns)
		}
	}
	return nil
}
