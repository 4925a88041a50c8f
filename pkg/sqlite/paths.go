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
	var name sql.RawBytes
	var v versionRow
	dest := append([]any{&name}, v.dest()...)
	err := s.apart(ctx, func(r *session) error {
		return r.byName(`
			SELECT p.name, `+versionColumns+`
			FROM path p
			JOIN version v ON v.id = `+inForceNow+`
			LEFT JOIN blob b ON b.id = v.blob
			WHERE p.name IN `+someNames,
			kb.InstantOf(s.clock()), paths, func(rows *sql.Rows) error {
				if err := rows.Scan(dest...); err != nil {
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
	states := make([]ingest.PathState, 0, len(names))
	row := newPathRow()
	return t.byName(pathQuery+someNames, t.now, names, func(rows *sql.Rows) error {
		if err := rows.Scan(row.dest...); err != nil {
			return err
		}
		states = append(states, t.pathState(row))
		state := &states[len(states)-1]
		t.looked[state.Name] = state
		return nil
	})
}

// Path returns what is known of a path and registers it if it is new.
func (t *tx) Path(name string) (ingest.PathState, error) {
	state, looked := t.looked[name]
	delete(t.looked, name) // what is done with a path may change what is known of it
	if !looked {
		err := t.each(pathQuery+"(+?)", []any{t.now, []byte(name)}, func(rows *sql.Rows) error {
			row := newPathRow()
			err := rows.Scan(row.dest...)
			if err == nil {
				found := t.pathState(row)
				state = &found
			}
			return err
		})
		if err != nil {
			return ingest.PathState{}, err
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

// pathQuery selects what a pathRow receives.
var pathQuery = `
	SELECT p.id, p.name, s.scan, c.started_at, s.stale_since, v.blob, CASE WHEN ` + lostContent + ` THEN ` + noBase + ` ELSE b.depth END, ` + versionColumns + `
	FROM path p
	LEFT JOIN seen s ON s.path = p.id
	LEFT JOIN scan c ON c.id = s.scan
	LEFT JOIN version v ON v.id = ` + inForceNow + `
	LEFT JOIN blob b ON b.id = v.blob
	WHERE p.name IN `

// pathRow receives pathQuery, row after row.
type pathRow struct {
	id                 int64
	name               sql.RawBytes
	scan, start, stale sql.NullInt64
	blob, depth        sql.NullInt64
	inForce            versionRow
	dest               []any
}

func newPathRow() *pathRow {
	r := new(pathRow)
	r.dest = append([]any{&r.id, &r.name, &r.scan, &r.start, &r.stale, &r.blob, &r.depth}, r.inForce.dest()...)
	return r
}

// pathState returns what a row says, and remembers which content it names.
func (t *tx) pathState(r *pathRow) ingest.PathState {
	state := ingest.PathState{
		ID: r.id, Name: string(r.name), SeenBy: r.scan.Int64, SeenAt: kb.Instant(r.start.Int64), StaleSince: instantPtr(r.stale),
	}
	state.InForce = r.inForce.version(state.Name)
	if r.blob.Valid {
		t.held[state.InForce.SHA256] = heldBlob{r.blob.Int64, r.depth.Int64}
	}
	return state
}
