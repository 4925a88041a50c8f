package sqlite

import (
	"context"
	"database/sql"
	"strconv"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite/rows"
)

// InForce looks paths up outside of any transaction.
func (s *Store) InForce(ctx context.Context, paths []string) ([]*kb.Version, error) {
	found := make([]*kb.Version, len(paths))
	err := s.apart(ctx, func(r *session) error {
		return r.ask(`
			SELECT `+versionColumns+`
			FROM path p
			JOIN version v ON v.id = `+inForceNow+`
			LEFT JOIN blob b ON b.id = v.blob
			WHERE p.name = +?2`,
			named(kb.InstantOf(s.clock()), paths), func(a *rows.Answers) error {
				var v versionRow
				v.take(a)
				found[a.Row()] = v.version(paths[a.Row()])
				return nil
			})
	})
	return found, err
}

// named are rows of a moment and a name each.
func named(at kb.Instant, names []string) *rows.Rows {
	var all rows.Rows
	for _, name := range names {
		all.Next().Int(int64(at)).Blob([]byte(name))
	}
	return &all
}

// Look prepares for Path.
func (t *tx) Look(names []string) error {
	t.looked = make(map[string]*ingest.PathState, len(names))
	for _, name := range names {
		t.looked[name] = nil
	}
	states := make([]ingest.PathState, len(names))
	return t.ask(pathQuery, named(t.now, names), func(a *rows.Answers) error {
		var row pathRow
		row.take(a)
		state := &states[a.Row()]
		*state = t.pathState(names[a.Row()], &row)
		t.looked[state.Name] = state
		return nil
	})
}

// Path returns what is known of a path and registers it if it is new.
func (t *tx) Path(name string) (ingest.PathState, error) {
	state, looked := t.looked[name]
	delete(t.looked, name) // what is done with a path may change what is known of it
	if !looked {
		// For one name alone, to prepare the statement anew would take longer than all else.
		var row pathRow
		found, err := t.row(pathQuery, []any{t.now, []byte(name)}, row.dest()...)
		if err != nil {
			return ingest.PathState{}, err
		}
		if found {
			answer := t.pathState(name, &row)
			state = &answer
		}
	}
	if state != nil {
		return *state, nil
	}
	id, err := t.next("path", 1)
	if err != nil {
		return ingest.PathState{}, err
	}
	row, err := t.later(pathRows)
	if err != nil {
		return ingest.PathState{}, err
	}
	row.Int(id).Blob([]byte(name))
	return ingest.PathState{ID: id, Name: name, New: true}, nil
}

var noBase = strconv.Itoa(maxDepth)

// pathQuery selects what a pathRow receives of a name, ?2, at a moment, ?1.
var pathQuery = `
	SELECT p.id, s.scan, c.started_at, s.stale_since, v.blob, CASE WHEN ` + lostContent + ` THEN ` + noBase + ` ELSE b.depth END, ` + versionColumns + `
	FROM path p
	LEFT JOIN seen s ON s.path = p.id
	LEFT JOIN scan c ON c.id = s.scan
	LEFT JOIN version v ON v.id = ` + inForceNow + `
	LEFT JOIN blob b ON b.id = v.blob
	WHERE p.name = +?2`

// pathRow receives pathQuery.
type pathRow struct {
	id                 int64
	scan, start, stale sql.NullInt64
	blob, depth        sql.NullInt64
	inForce            versionRow
}

func (r *pathRow) dest() []any {
	return append([]any{&r.id, &r.scan, &r.start, &r.stale, &r.blob, &r.depth}, r.inForce.dest()...)
}

// take receives it from an answer.
func (r *pathRow) take(a *rows.Answers) {
	r.id = a.Int()
	r.scan, r.start, r.stale, r.blob, r.depth = a.NullInt(), a.NullInt(), a.NullInt(), a.NullInt(), a.NullInt()
	r.inForce.take(a)
}

// pathState returns what a row says of a path, and remembers which content it names.
func (t *tx) pathState(name string, r *pathRow) ingest.PathState {
	state := ingest.PathState{
		ID: r.id, Name: name, SeenBy: r.scan.Int64, SeenAt: kb.Instant(r.start.Int64), StaleSince: instantPtr(r.stale),
		InForce: r.inForce.version(name),
	}
	if r.blob.Valid {
		t.held[state.InForce.SHA256] = heldBlob{r.blob.Int64, r.depth.Int64}
	}
	return state
}
