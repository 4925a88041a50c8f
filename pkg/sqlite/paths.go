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
	now, mark := kb.InstantOf(s.clock()), s.ahead.mark()
	answers := make([]aheadAnswer, 0, len(paths))
	err := s.apart(ctx, func(r *session) error {
		return r.ask(aheadQuery, named(now, paths), func(a *rows.Answer) error {
			var row pathRow
			key := a.Int()
			row.take(a)
			answer := aheadAnswer{from: now, until: kb.Forever, mark: mark}
			if next := a.NullInt(); next.Valid {
				answer.until = kb.Instant(next.Int64)
			}
			answer.state, answer.held = row.state(paths[key]), row.held()
			found[key] = answer.state.InForce
			answers = append(answers, answer)
			return nil
		})
	})
	s.ahead.keep(answers)
	return found, err
}

// named are a moment and names as parameters of a question.
func named(at kb.Instant, names []string) *rows.Values {
	var all, parameters rows.Values
	for _, name := range names {
		all.Blob([]byte(name))
	}
	return parameters.Int(int64(at)).Blob(all.Bytes())
}

// Look prepares for Path.
func (t *tx) Look(names []string) error {
	t.looked = make(map[string]*ingest.PathState, len(names))
	states := make([]ingest.PathState, 0, len(names))
	keep := func(state ingest.PathState, held heldBlob) {
		states = append(states, state)
		t.looked[state.Name] = &states[len(states)-1]
		t.hold(&state, held)
	}
	rest := t.ahead.take(names, t.now, func(a aheadAnswer) { keep(a.state, a.held) })
	for _, name := range rest {
		if _, known := t.looked[name]; !known { // it may be there twice
			t.looked[name] = nil
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return t.ask(pathsQuery, named(t.now, rest), func(a *rows.Answer) error {
		var row pathRow
		key := a.Int()
		row.take(a)
		keep(row.state(rest[key]), row.held())
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
			answer := row.state(name)
			t.hold(&answer, row.held())
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

// pathQuery selects what a pathRow receives of a name, ?2, at a moment, ?1. pathsQuery
// does of many names, with the place of each among them; aheadQuery besides, from when on
// another version is in force.
var (
	pathQuery  = "SELECT " + pathColumns + " FROM path p" + pathTables + "WHERE p.name = +?2"
	pathsQuery = "SELECT n.key, " + pathColumns + pathsTables
	aheadQuery = "SELECT n.key, " + pathColumns + ", (SELECT min(valid_from) FROM version WHERE path = p.id AND valid_from > ?1)" + pathsTables

	pathColumns = "p.id, s.scan, c.started_at, s.stale_since, v.blob, CASE WHEN " + lostContent + " THEN " + noBase + " ELSE b.depth END, " + versionColumns
	pathsTables = " FROM each_value(?2) n CROSS JOIN path p ON p.name = n.value" + pathTables

	pathTables = `
	LEFT JOIN seen s ON s.path = p.id
	LEFT JOIN scan c ON c.id = s.scan
	LEFT JOIN version v ON v.id = ` + inForceNow + `
	LEFT JOIN blob b ON b.id = v.blob
	`
)

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
func (r *pathRow) take(a *rows.Answer) {
	r.id = a.Int()
	r.scan, r.start, r.stale, r.blob, r.depth = a.NullInt(), a.NullInt(), a.NullInt(), a.NullInt(), a.NullInt()
	r.inForce.take(a)
}

// state returns what a row says of a path.
func (r *pathRow) state(name string) ingest.PathState {
	return ingest.PathState{
		ID: r.id, Name: name, SeenBy: r.scan.Int64, SeenAt: kb.Instant(r.start.Int64), StaleSince: instantPtr(r.stale),
		InForce: r.inForce.version(name),
	}
}

// held returns the content that it names, if there is one.
func (r *pathRow) held() heldBlob { return heldBlob{r.blob.Int64, r.depth.Int64} }

// hold remembers the content in force of a path, if there is one.
func (t *tx) hold(state *ingest.PathState, held heldBlob) {
	if v := state.InForce; v != nil && !v.Gone {
		t.held[v.SHA256] = held
	}
}
