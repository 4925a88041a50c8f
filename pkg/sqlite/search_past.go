package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"iter"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

// Revised walks the paths under any of the prefixes of which versions were
// recorded after a point, or are later steps of its moment.
func (r *Reader) Revised(ctx context.Context, prefixes []string, at kb.Point) iter.Seq2[string, error] {
	return walk(func(emit func(string) error) error { return r.revised(ctx, prefixes, at, emit) })
}

func (r *Reader) revised(ctx context.Context, prefixes []string, at kb.Point, emit func(string) error) error {
	last, newest, err := r.lastKnown(at.Known)
	if err != nil || last == newest && at.Seq == nil {
		return err
	}
	paths, err := r.PathsUnder(ctx, prefixes)
	if err != nil {
		return err
	}
	// The index of versions has all that is asked here.
	return r.each(`
		SELECT p.id, p.name FROM path p
		WHERE EXISTS (
			SELECT 1 FROM version v
			WHERE v.path = p.id AND (v.id > :last OR v.valid_from = :valid AND v.seq > :seq))
		ORDER BY p.name`,
		[]any{sql.Named("last", last), sql.Named("valid", at.Valid), sql.Named("seq", at.LastSeq())}, func(rows *sql.Rows) error {
			var id int64
			var name []byte
			if err := rows.Scan(&id, &name); err != nil {
				return err
			}
			if paths != nil && !paths(id) {
				return nil
			}
			return cmp.Or(emit(string(name)), ctx.Err())
		})
}

// lastKnown returns the last version that was recorded up to a moment, and the
// last of all; 0 for none. Versions are recorded in the order of their ids.
func (r *Reader) lastKnown(known kb.Instant) (last, newest int64, err error) {
	if _, err = r.row("SELECT coalesce(max(id), 0) FROM version", nil, &newest); err != nil || known == kb.Forever {
		return newest, newest, err
	}
	after := newest // what comes after it was recorded later
	for last < after {
		middle := after - (after-last)/2
		var id int64
		var recorded kb.Instant
		_, err = r.row("SELECT id, recorded_at FROM version WHERE id >= ? ORDER BY id LIMIT 1", []any{middle}, &id, &recorded)
		switch {
		case err != nil:
			return 0, 0, err
		case recorded <= known:
			last = id
			after = max(after, id)
		default:
			after = middle - 1
		}
	}
	return last, newest, nil
}

// PathID returns the number of a path, or 0 if it is not known.
func (r *Reader) PathID(_ context.Context, name string) (id int64, err error) {
	_, err = r.row("SELECT id FROM path WHERE name = ?", []any{[]byte(name)}, &id)
	return id, err
}

// TextsOf returns the texts with the given keys.
func (r *Reader) TextsOf(_ context.Context, keys []passage.Key) ([]asof.TextRef, error) {
	texts := make([]asof.TextRef, len(keys))
	for i := range keys {
		_, err := r.row("SELECT id, embedding = 0 FROM text WHERE key = ?", []any{keys[i][:]}, &texts[i].ID, &texts[i].Waiting)
		if err != nil {
			return nil, err
		}
	}
	return texts, nil
}
