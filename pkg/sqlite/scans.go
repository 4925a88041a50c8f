package sqlite

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// Scan registers a scan if it is new.
func (t *tx) Scan(scan *kb.Scan) (ingest.ScanState, error) {
	var state ingest.ScanState
	var expected, closed sql.NullInt64
	var unread sql.NullString
	found, err := t.row("SELECT id, started_at, expected, unread, closed_at, withheld FROM scan WHERE uid = ?",
		[]any{scan.ID}, &state.ID, &state.StartedAt, &expected, &unread, &closed, &state.Withheld)
	if err != nil {
		return state, err
	}
	if !found {
		return t.addScan(scan)
	}
	state.Closed = closed.Valid
	if expected.Valid {
		state.Expected = &expected.Int64
		state.Unread, err = decodeNames(unread.String)
	}
	return state, err
}

func (t *tx) addScan(scan *kb.Scan) (ingest.ScanState, error) {
	state := ingest.ScanState{StartedAt: scan.StartedAt, New: true}
	other, err := t.otherDir(scan)
	if err != nil {
		return state, err
	}
	state.OtherDir = other
	body, err := json.Marshal(scan)
	if err != nil {
		return state, fmt.Errorf("register scan: %w", err)
	}
	res, err := t.exec("INSERT INTO scan (uid, started_at, body) VALUES (?, ?, ?)", scan.ID, scan.StartedAt, string(body))
	if err != nil {
		return state, err
	}
	state.ID, err = res.LastInsertId()
	return state, err
}

// errStop ends an iteration early.
var errStop = errors.New("stop")

// untilStop returns the error of an iteration that may have been ended early.
func untilStop(err error) error {
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

// walk makes an iterator of fn, which gives each value to emit and ends with the first
// error, also of emit.
func walk[T any](fn func(emit func(T) error) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		err := fn(func(v T) error {
			if !yield(v, nil) {
				return errStop
			}
			return nil
		})
		if err = untilStop(err); err != nil {
			var none T
			yield(none, err)
		}
	}
}

// otherDir returns the folder of the latest scan that has a relative root in
// common with this one, if it is another folder.
func (t *tx) otherDir(scan *kb.Scan) (string, error) {
	roots := make(map[string]bool)
	for _, root := range scan.Roots {
		if len(root) > 0 && root[0] != '/' {
			roots[root] = true
		}
	}
	if len(roots) == 0 {
		return "", nil
	}
	other := ""
	err := t.each("SELECT body FROM scan ORDER BY id DESC", nil, func(rows *sql.Rows) error {
		earlier, err := scanBody(rows)
		if err != nil || earlier.Prefix != scan.Prefix {
			return err
		}
		for _, root := range earlier.Roots {
			if roots[root] {
				if earlier.Dir != scan.Dir {
					other = earlier.Dir
				}
				return errStop
			}
		}
		return nil
	})
	return other, untilStop(err)
}

// scanBody reads a scan from a row of which it is the only column.
func scanBody(rows *sql.Rows) (kb.Scan, error) {
	var scan kb.Scan
	var body []byte
	if err := rows.Scan(&body); err != nil {
		return scan, err
	}
	err := decodeScan(body, &scan)
	return scan, err
}

// decodeScan reads a scan as it is stored.
func decodeScan(body []byte, scan *kb.Scan) error {
	if err := json.Unmarshal(body, scan); err != nil {
		return fmt.Errorf("read scan: %w", err)
	}
	return nil
}

// List adds to what a scan has listed.
func (t *tx) List(scan int64, paths []int64, live bool) error {
	set := roaring64.New()
	for _, id := range paths {
		set.Add(uint64(id))
	}
	var closed bool
	if _, err := t.row("SELECT closed_at IS NOT NULL FROM scan WHERE id = ?", []any{scan}, &closed); err != nil {
		return err
	}
	if closed {
		return t.listLate(scan, set)
	}
	raw, err := set.ToBytes()
	if err != nil {
		return fmt.Errorf("list paths: %w", err)
	}
	if _, err := t.exec("INSERT INTO listed (scan, paths) VALUES (?, ?)", scan, raw); err != nil {
		return err
	}
	_, err = t.exec("UPDATE scan SET taken = taken + ?, live = max(live, ?) WHERE id = ?", len(paths), live, scan)
	return err
}

// listLate adds to what a settled scan has listed what it has not: its stream came
// again with more in it, or its end counted too few.
func (t *tx) listLate(scan int64, set *roaring64.Bitmap) error {
	all, err := t.listed(scan)
	if err != nil {
		return err
	}
	before := all.GetCardinality()
	all.Or(set)
	added := all.GetCardinality() - before
	if added == 0 {
		return nil
	}
	all.RunOptimize()
	raw, err := all.ToBytes()
	if err != nil {
		return fmt.Errorf("list paths: %w", err)
	}
	_, err = t.exec("UPDATE scan SET taken = taken + ?, listed = ? WHERE id = ?", added, raw, scan)
	return err
}

// EndScan keeps what the end line says.
func (t *tx) EndScan(scan int64, end *kb.End) error {
	unread, err := json.Marshal(kb.FileNames(end.Unread))
	if err != nil {
		return fmt.Errorf("end scan: %w", err)
	}
	_, err = t.exec("UPDATE scan SET expected = ?, unread = ? WHERE id = ?", end.Paths, string(unread), scan)
	return err
}

func decodeNames(text string) ([]string, error) {
	var names []kb.FileName
	if err := json.Unmarshal([]byte(text), &names); err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	return kb.Strings(names), nil
}

// AllListed reports whether the scan is complete. The bitmaps are only put
// together when there can be enough of them.
func (t *tx) AllListed(scan int64) (bool, error) {
	var taken int64
	var expected sql.NullInt64
	if _, err := t.row("SELECT taken, expected FROM scan WHERE id = ?", []any{scan}, &taken, &expected); err != nil {
		return false, err
	}
	if !expected.Valid || taken < expected.Int64 {
		return false, nil
	}
	listed, err := t.listed(scan)
	if err != nil {
		return false, err
	}
	return listed.GetCardinality() >= uint64(expected.Int64), nil
}

// listed returns the ids of the paths that a scan has listed.
func (t *tx) listed(scan int64) (*roaring64.Bitmap, error) {
	all := roaring64.New()
	err := t.each(`
		SELECT listed FROM scan WHERE id = ?1 AND listed IS NOT NULL
		UNION ALL
		SELECT paths FROM listed WHERE scan = ?1`,
		[]any{scan}, func(rows *sql.Rows) error {
			var raw []byte
			if err := rows.Scan(&raw); err != nil {
				return err
			}
			some, err := readBitmap(raw)
			if err != nil {
				return fmt.Errorf("read the paths that scan %d listed: %w", scan, err)
			}
			all.Or(some)
			return nil
		})
	return all, err
}

// Unlisted walks the paths that hold content and that neither this scan nor a
// later one has listed.
func (t *tx) Unlisted(scan ingest.ScanState, fn func(ingest.PathState) error) error {
	listed, err := t.listed(scan.ID)
	if err != nil {
		return err
	}
	return t.each(`
		SELECT p.id, p.name, `+versionColumns+`
		FROM path p
		LEFT JOIN seen s ON s.path = p.id
		LEFT JOIN scan c ON c.id = s.scan
		JOIN version v ON v.id = `+inForceNow+`
		JOIN blob b ON b.id = v.blob
		WHERE s.scan IS NOT ?2 AND (c.started_at IS NULL OR c.started_at <= ?3)`,
		[]any{t.now, scan.ID, scan.StartedAt}, func(rows *sql.Rows) error {
			state, err := scanPathState(rows)
			if err != nil || listed.Contains(uint64(state.ID)) {
				return err
			}
			return fn(state)
		})
}

// Under walks the paths of a document or of a folder that held content.
func (t *tx) Under(prefix string, at kb.Instant, fn func(ingest.PathState) error) error {
	for _, part := range under(prefix) {
		args := append(part.args, pointArgs("", kb.Point{Valid: at, Known: kb.Forever})...)
		err := t.each(`SELECT p.id, p.name, `+versionColumns+` FROM path p`+heldAt+` WHERE `+part.condition,
			args, func(rows *sql.Rows) error {
				state, err := scanPathState(rows)
				if err != nil {
					return err
				}
				return fn(state)
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// scanPathState reads a row of a path's id, its name and versionColumns.
func scanPathState(rows *sql.Rows) (ingest.PathState, error) {
	var state ingest.PathState
	var name []byte
	var v versionRow
	if err := rows.Scan(append([]any{&state.ID, &name}, v.dest()...)...); err != nil {
		return state, fault(err)
	}
	state.Name = string(name)
	state.InForce = v.version(state.Name)
	return state, nil
}

// Holding walks the names of the paths that hold content.
func (t *tx) Holding(fn func(name string) error) error {
	return t.each(`
		SELECT p.name FROM path p JOIN version v ON v.id = `+inForceNow+` WHERE v.blob IS NOT NULL`,
		[]any{t.now}, func(rows *sql.Rows) error {
			var name []byte
			if err := rows.Scan(&name); err != nil {
				return err
			}
			return fn(string(name))
		})
}

// CloseScan settles a scan and puts the paths that it listed into one bitmap,
// which takes next to nothing where their ids follow each other.
func (t *tx) CloseScan(scan int64, withheld int64) error {
	listed, err := t.listed(scan)
	if err != nil {
		return err
	}
	listed.RunOptimize()
	raw, err := listed.ToBytes()
	if err != nil {
		return fmt.Errorf("close scan: %w", err)
	}
	// What a history has listed, nobody asks for any more.
	_, err = t.exec("UPDATE scan SET closed_at = ?, withheld = ?, listed = CASE WHEN live THEN ? END WHERE id = ?", t.now, withheld, raw, scan)
	if err != nil {
		return err
	}
	_, err = t.exec("DELETE FROM listed WHERE scan = ?", scan)
	return err
}

// ClosedScans returns the scans closed after a moment.
func (t *tx) ClosedScans(after kb.Instant) ([]ingest.ClosedScan, error) {
	var scans []ingest.ClosedScan
	err := t.each("SELECT body, unread, closed_at FROM scan WHERE closed_at > ?", []any{after}, func(rows *sql.Rows) error {
		var closed ingest.ClosedScan
		var body []byte
		var unread string
		if err := rows.Scan(&body, &unread, &closed.ClosedAt); err != nil {
			return err
		}
		if err := decodeScan(body, &closed.Scan); err != nil {
			return err
		}
		names, err := decodeNames(unread)
		closed.Unread = names
		scans = append(scans, closed)
		return err
	})
	return scans, err
}

// LastListing walks back through the scans before a moment. It is asked only
// where scans overlap, and so may read a bitmap for each.
func (t *tx) LastListing(path int64, before kb.Instant) (kb.Instant, bool, error) {
	type candidate struct {
		id    int64
		start kb.Instant
	}
	var candidates []candidate
	err := t.each("SELECT id, started_at FROM scan WHERE live AND started_at < ? ORDER BY started_at DESC", []any{before},
		func(rows *sql.Rows) error {
			var c candidate
			err := rows.Scan(&c.id, &c.start)
			candidates = append(candidates, c)
			return err
		})
	if err != nil {
		return 0, false, err
	}
	for _, c := range candidates {
		listed, err := t.listed(c.id)
		if err != nil || listed.Contains(uint64(path)) {
			return c.start, err == nil, err
		}
	}
	return 0, false, nil
}
