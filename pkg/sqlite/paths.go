package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// namesAtOnce is how many paths a query looks up: asked for one by one, they take
// twice the time.
const namesAtOnce = 100

// someNames are the names that byName looks for.
var someNames = "(" + strings.Repeat("+?, ", namesAtOnce-1) + "+?)"

// byName calls scan for every row of a query about paths of the given names, which
// has ?1 and then someNames.
func (s *session) byName(query string, first any, names []string, scan func(*sql.Rows) error) error {
	for some := range slices.Chunk(names, namesAtOnce) {
		args := make([]any, 1+namesAtOnce) // NULL stands for no name
		args[0] = first
		for i, name := range some {
			args[1+i] = []byte(name)
		}
		if err := s.each(query, args, scan); err != nil {
			return err
		}
	}
	return nil
}

// InForce looks paths up outside of any transaction.
func (s *Store) InForce(ctx context.Context, paths []string) ([]*kb.Version, error) {
	versions := make(map[string]*kb.Version, len(paths))
	err := s.apart(ctx, func(r *session) error {
		return r.byName(`
			SELECT p.name, `+versionColumns+`
			FROM path p
			JOIN version v ON v.id = `+inForceNow+`
			LEFT JOIN blob b ON b.id = v.blob
			WHERE p.name IN `+someNames,
			kb.InstantOf(s.clock()), paths, func(rows *sql.Rows) error {
				var name sql.RawBytes
				var v versionRow
				if err := rows.Scan(append([]any{&name}, v.dest()...)...); err != nil {
					return err
				}
				path := string(name)
				versions[path] = v.version(path)
				return ctx.Err()
			})
	})
	found := make([]*kb.Version, len(paths))
	for i, path := range paths {
		found[i] = versions[path]
	}
	return found, err
}

// Look prepares for Path.
func (t *tx) Look(names []string) error {
	t.looked = make(map[string]*ingest.PathState, len(names))
	for _, name := range names {
		t.looked[name] = nil
	}
	return t.byName(pathQuery+someNames, t.now, names, func(rows *sql.Rows) error {
		state, err := t.pathState(rows.Scan)
		t.looked[state.Name] = &state
		return err
	})
}

// Path returns what is known of a path and registers it if it is new.
func (t *tx) Path(name string) (ingest.PathState, error) {
	state, looked := t.looked[name]
	delete(t.looked, name) // what is done with a path may change what is known of it
	if !looked {
		err := t.each(pathQuery+"(+?)", []any{t.now, []byte(name)}, func(rows *sql.Rows) error {
			found, err := t.pathState(rows.Scan)
			state = &found
			return err
		})
		if err != nil {
			return ingest.PathState{}, err
		}
	}
	if state != nil {
		return *state, nil
	}
	res, err := t.exec("INSERT INTO path (name) VALUES (?)", []byte(name))
	if err != nil {
		return ingest.PathState{}, err
	}
	id, err := res.LastInsertId()
	return ingest.PathState{ID: id, Name: name, New: true}, err
}

var noBase = strconv.Itoa(maxDepth)

// pathQuery selects what pathState reads.
var pathQuery = `
	SELECT p.id, p.name, s.scan, c.started_at, s.stale_since, v.blob, CASE WHEN ` + lostContent + ` THEN ` + noBase + ` ELSE b.depth END, ` + versionColumns + `
	FROM path p
	LEFT JOIN seen s ON s.path = p.id
	LEFT JOIN scan c ON c.id = s.scan
	LEFT JOIN version v ON v.id = ` + inForceNow + `
	LEFT JOIN blob b ON b.id = v.blob
	WHERE p.name IN `

// pathState reads a row of pathQuery, and remembers which content it names.
func (t *tx) pathState(scan func(...any) error) (ingest.PathState, error) {
	var state ingest.PathState
	var name sql.RawBytes
	var v versionRow
	var seenBy, start, stale, blob, depth sql.NullInt64
	if err := scan(append([]any{&state.ID, &name, &seenBy, &start, &stale, &blob, &depth}, v.dest()...)...); err != nil {
		return state, err
	}
	state.Name = string(name)
	state.InForce = v.version(state.Name)
	if blob.Valid {
		t.held[state.InForce.SHA256] = heldBlob{blob.Int64, depth.Int64}
	}
	state.SeenBy, state.SeenAt = seenBy.Int64, kb.Instant(start.Int64)
	state.StaleSince = instantPtr(stale)
	return state, nil
}
