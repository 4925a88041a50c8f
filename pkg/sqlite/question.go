package sqlite

import (
	"context"
	"database/sql"
	"iter"
	"slices"
	"strings"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
)

// latest selects the id of the last version of path p in the order of (valid time, seq,
// recording), of those that fulfil a condition: that which decides what the path held.
func latest(condition string) string {
	return "(SELECT id FROM version WHERE path = p.id AND " + condition + " ORDER BY valid_from DESC, seq DESC, id DESC LIMIT 1)"
}

// begun is the condition that a version was valid at a point, as it was known then. The
// names of the parameters end in suffix.
func begun(suffix string) string {
	return "(valid_from, seq) <= (:valid" + suffix + ", :seq" + suffix + ") AND recorded_at <= :known" + suffix
}

var (
	inForceAt  = latest(begun(""))          // at (:valid, :seq) as known at :known
	inForceNow = latest("valid_from <= ?1") // whatever is known

	// heldAt joins the version v in force at a point and its content b, and so leaves out
	// what was gone.
	heldAt = `
	JOIN version v ON v.id = ` + inForceAt + `
	JOIN blob b ON b.id = v.blob`
)

// InForce returns the version that a path held at a point, which may be one
// that says it was gone, or nil if nothing was known of it.
func (r *Reader) InForce(_ context.Context, path string, at kb.Point) (*kb.Version, error) {
	var v versionRow
	_, err := r.row(`
		SELECT `+versionColumns+`
		FROM path p
		JOIN version v ON v.id = `+inForceAt+`
		LEFT JOIN blob b ON b.id = v.blob
		WHERE p.name = +:name`, append(pointArgs("", at), sql.Named("name", []byte(path))), v.dest()...)
	return v.version(path), err
}

// Back walks the versions of a path that are valid from a point or earlier,
// backwards in the order of (valid time, seq, recording).
func (r *Reader) Back(_ context.Context, path string, at kb.Point) iter.Seq2[kb.Version, error] {
	return r.versions(`
		SELECT p.name, `+versionColumns+`
		FROM path p
		JOIN version v ON v.path = p.id AND (v.valid_from, v.seq) <= (+?, +?) AND v.recorded_at <= +?
		LEFT JOIN blob b ON b.id = v.blob
		WHERE p.name = +?
		ORDER BY v.valid_from DESC, v.seq DESC, v.id DESC`, at.Valid, at.LastSeq(), at.Known, []byte(path))
}

// Forward walks the versions of a path that are valid from later than the point,
// forwards in the order of (valid time, seq, recording).
func (r *Reader) Forward(_ context.Context, path string, at kb.Point) iter.Seq2[kb.Version, error] {
	return r.versions(`
		SELECT p.name, `+versionColumns+`
		FROM path p
		JOIN version v ON v.path = p.id AND (v.valid_from, v.seq) > (+?, +?) AND v.recorded_at <= +?
		LEFT JOIN blob b ON b.id = v.blob
		WHERE p.name = +?
		ORDER BY v.valid_from, v.seq, v.id`, at.Valid, at.LastSeq(), at.Known, []byte(path))
}

// pointArgs are the parameters of a point, by their names.
func pointArgs(suffix string, at kb.Point) []any {
	return []any{
		sql.Named("valid"+suffix, at.Valid), sql.Named("seq"+suffix, at.LastSeq()), sql.Named("known"+suffix, at.Known),
	}
}

// List walks what the paths under a prefix held at a point, in the byte order
// of their names.
func (r *Reader) List(_ context.Context, prefix string, at kb.Point) iter.Seq2[kb.Version, error] {
	return func(yield func(kb.Version, error) bool) {
		for _, part := range under(prefix) {
			args := append(part.args, pointArgs("", at)...)
			for v, err := range r.versions(`
				SELECT p.name, `+versionColumns+` FROM path p`+heldAt+`
				WHERE `+part.condition+` ORDER BY p.name`, args...) {
				if !yield(v, err) || err != nil {
					return
				}
			}
		}
	}
}

// Below returns when the paths below a folder first held content, and when one
// last went up to a point.
func (r *Reader) Below(_ context.Context, folder string, at kb.Point) (first, gone *kb.Instant, err error) {
	parts := under(folder)
	inFolder := parts[len(parts)-1]
	var from, to sql.NullInt64
	_, err = r.row(`
		SELECT min(CASE WHEN v.blob IS NOT NULL THEN v.valid_from END),
			max(CASE WHEN v.blob IS NULL AND (v.valid_from, v.seq) <= (:valid, :seq) THEN v.valid_from END)
		FROM path p JOIN version v ON v.path = p.id AND v.recorded_at <= :known
		WHERE `+inFolder.condition,
		append(inFolder.args, pointArgs("", at)...), &from, &to)
	return instantPtr(from), instantPtr(to), err
}

// nameRange is a part of the names, which an index walks in their order.
type nameRange struct {
	condition string // on the path p
	args      []any
}

// under returns the names under a prefix, which is that of a document or of a
// folder, or "" for everything. The document comes first and then what is in
// the folder; what lies between, as docs.md does between docs and docs/a.md, is
// under neither.
func under(prefix string) []nameRange {
	if prefix == "" {
		return []nameRange{{"true", nil}}
	}
	below := spansUnder(prefix)[1]
	return []nameRange{
		{"p.name = :name", []any{sql.Named("name", []byte(prefix))}},
		{"p.name >= :first AND p.name < :after", []any{
			sql.Named("first", []byte(below.first)), sql.Named("after", []byte(below.after)),
		}},
	}
}

// nameSpan has the names from first on and before after, which is "" for all of them.
type nameSpan struct{ first, after string }

// spansUnder returns the spans of names that under has conditions for.
func spansUnder(prefix string) []nameSpan {
	if prefix == "" {
		return []nameSpan{{}}
	}
	folder := strings.TrimSuffix(prefix, "/") // of the root itself
	return []nameSpan{
		{prefix, prefix + "\x00"},    // the next name that there can be
		{folder + "/", folder + "0"}, // "0" follows "/"
	}
}

// changed compares what each path held at two points.
var changed = `
	SELECT p.name, o.id, o.valid_from, o.seq, o.recorded_at, o.mode, o.mtime, o.source, c.sha256, c.size, ` + versionColumns + `
	FROM path p
	LEFT JOIN version o ON o.id = ` + latest(begun("1")) + `
	LEFT JOIN blob c ON c.id = o.blob
	LEFT JOIN version v ON v.id = ` + latest(begun("2")) + `
	LEFT JOIN blob b ON b.id = v.blob
	WHERE o.id IS NOT v.id AND `

// Changes walks the paths under a prefix that did not hold the same at two
// points, in the byte order of their names.
func (r *Reader) Changes(ctx context.Context, prefix string, from, to kb.Point) iter.Seq2[asof.Change, error] {
	return walk(func(emit func(asof.Change) error) error {
		for _, part := range under(prefix) {
			args := slices.Concat(part.args, pointArgs("1", from), pointArgs("2", to))
			err := r.each(changed+part.condition+" ORDER BY p.name", args, func(rows *sql.Rows) error {
				change, err := scanChange(rows)
				if err != nil || !change.Differs() {
					return err
				}
				if err := emit(change); err != nil {
					return err
				}
				return ctx.Err()
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func scanChange(rows *sql.Rows) (asof.Change, error) {
	var name []byte
	var before, after versionRow
	if err := rows.Scan(append(append([]any{&name}, before.dest()...), after.dest()...)...); err != nil {
		return asof.Change{}, err
	}
	change := asof.Change{Path: string(name)}
	change.Old, change.New = before.content(change.Path), after.content(change.Path)
	return change, nil
}

// content returns the row as a version, or nil where it holds no content.
func (r *versionRow) content(path string) *kb.Version {
	if v := r.version(path); v != nil && !v.Gone {
		return v
	}
	return nil
}

// missed has the paths that could not be read up to (:valid, :seq), as known at :known,
// each since when, and when it was last looked at or for up to then; and those of which
// records failed or were skipped, each since when.
const missed = `
	SELECT n.path, n.stale_since AS since, NULL AS seq, max(n.stale_since, iif(c.started_at <= min(:valid, :known), c.started_at, 0)) AS last
	FROM seen n CROSS JOIN scan c ON c.id = n.scan
	WHERE n.stale_since IS NOT NULL AND n.stale_since <= min(:valid, :known)
	UNION ALL
	SELECT path, valid_from, seq, NULL FROM failure
	WHERE cleared_at IS NULL AND (valid_from, seq) <= (:valid, :seq) AND failed_at <= :known
	UNION ALL
	SELECT path, valid_from, seq, NULL FROM skipped
	WHERE (valid_from, seq) <= (:valid, :seq) AND skipped_at <= :known`

// Missed returns when a path was first seen that could not be read, or taken in.
func (r *Reader) Missed(ctx context.Context, path string, at kb.Point) (*kb.Instant, error) {
	id, err := r.PathID(ctx, path)
	if err != nil || id == 0 {
		return nil, err
	}
	var since sql.NullInt64
	args := append(pointArgs("", at), sql.Named("path", id)) // known, so that an index is used
	_, err = r.row("SELECT min(since) FROM ("+missed+") WHERE path = :path", args, &since)
	return instantPtr(since), err
}

// stale has those of missed of which what is in force, or that nothing is, may be out
// of date. A later version ends that, and so does a scan that has since found the file
// to hold what is in force. Of a path that came later nothing is in force yet; one of
// which there is no version at all is left out.
var stale = `
	SELECT p.name, min(iif(v.blob IS NULL AND s.since < v.valid_from, s.last, s.since))
	FROM (` + missed + `) s JOIN path p ON p.id = s.path
	LEFT JOIN version v ON v.id = ` + inForceAt + `
	WHERE CASE
		WHEN v.id IS NULL THEN EXISTS (SELECT 1 FROM version WHERE path = p.id AND recorded_at <= :known)
		WHEN s.seq IS NULL THEN s.last >= v.valid_from
		ELSE (s.since, s.seq) > (v.valid_from, v.seq) AND NOT EXISTS (
			SELECT 1 FROM seen n JOIN scan c ON c.id = n.scan
			WHERE n.path = p.id AND n.blob = v.blob AND c.started_at > s.since AND c.started_at <= min(:valid, :known))
		END AND `

// Stale walks the paths under a prefix that could not be read at a point, nor since,
// with the start of the first scan that failed, or with the valid time of a later
// version that could not be taken in, or was left out; those too that were gone
// before it, or are known only from later on.
func (r *Reader) Stale(ctx context.Context, prefix string, at kb.Point) iter.Seq2[asof.Stale, error] {
	return walk(func(emit func(asof.Stale) error) error {
		parts, err := r.perhapsStale(ctx, prefix)
		if err != nil {
			return err
		}
		for _, part := range parts {
			args := append(part.args, pointArgs("", at)...)
			err := r.each(stale+part.condition+" GROUP BY p.id ORDER BY p.name", args, func(rows *sql.Rows) error {
				var name []byte
				var stale asof.Stale
				if err := rows.Scan(&name, &stale.Since); err != nil {
					return err
				}
				stale.Path = string(name)
				return emit(stale)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// perhapsStale returns the names under a prefix as under does, but only where there are
// any, and that of the document by its number, so that an index finds what was missed
// of it; none where nothing is stale at all.
func (r *Reader) perhapsStale(ctx context.Context, prefix string) ([]nameRange, error) {
	var one int
	some, err := r.row(`
		SELECT 1 WHERE EXISTS (SELECT 1 FROM seen WHERE stale_since IS NOT NULL)
			OR EXISTS (SELECT 1 FROM failure WHERE cleared_at IS NULL AND valid_from IS NOT NULL)
			OR EXISTS (SELECT 1 FROM skipped)`, nil, &one)
	if err != nil || !some { // mostly, as an index tells at once
		return nil, err
	}
	if prefix == "" {
		return under(prefix), nil
	}
	var parts []nameRange
	id, err := r.PathID(ctx, prefix)
	if err == nil && id != 0 {
		parts = append(parts, nameRange{"s.path = :path", []any{sql.Named("path", id)}})
	}
	below := under(prefix)[1]
	if err == nil {
		some, err = r.row("SELECT 1 FROM path p WHERE "+below.condition+" LIMIT 1", below.args, &one)
	}
	if some {
		parts = append(parts, below)
	}
	return parts, err
}

func (r *Reader) versions(query string, args ...any) iter.Seq2[kb.Version, error] {
	return walk(func(emit func(kb.Version) error) error {
		return r.each(query, args, func(rows *sql.Rows) error {
			var name []byte
			var v versionRow
			if err := rows.Scan(append([]any{&name}, v.dest()...)...); err != nil {
				return err
			}
			return emit(*v.version(string(name)))
		})
	})
}
