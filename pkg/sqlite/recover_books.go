package sqlite

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/seed16713943/btools/pkg/kb"
)

// buildBooks keeps what scans and runs have noted, as far as it makes sense.
func (r *recovery) buildBooks() error {
	if err := r.buildScans(); err != nil {
		return err
	}
	for _, name := range []string{"forgotten", "run", "run_chunk", "failure", "skipped", "listed", "seen"} {
		if err := r.copyRows(name); err != nil {
			return err
		}
	}
	// A name that comes from the index does not say what was forgotten of it.
	err := r.run(`
		UPDATE main.path SET forgotten = (
			SELECT max(before) FROM main.forgotten
			WHERE length(prefix) = 0 OR name = prefix OR substr(name, 1, length(prefix) + 1) = CAST(prefix || x'2f' AS BLOB))
		WHERE id NOT IN (SELECT _rowid FROM stage.s_path)`)
	if err != nil {
		return err
	}
	// A run that something else speaks of was there, even if nothing else is known.
	err = r.run(
		`INSERT INTO main.run (id, started_at, finished_at, status, host, pid)
			SELECT run, min(at), max(at), 'interrupted', '', 0 FROM (
				SELECT run, committed_at AS at FROM main.run_chunk UNION ALL SELECT run, failed_at FROM main.failure
				UNION ALL SELECT run, recorded_at FROM main.version WHERE run > 0
				UNION ALL SELECT run, recorded_at FROM main.forgotten WHERE run > 0)
			WHERE run NOT IN (SELECT id FROM main.run) GROUP BY run`,
		`UPDATE main.run SET status = 'interrupted', report = NULL,
				finished_at = max(started_at, coalesce((SELECT max(committed_at) FROM main.run_chunk WHERE run = run.id), 0))
			WHERE (status = 'running') <> (finished_at IS NULL) OR status = 'running'`,
		"UPDATE main.run SET report = NULL WHERE report IS NOT NULL AND NOT json_valid(report)",
		"UPDATE main.run_chunk SET scan = NULL WHERE scan NOT IN (SELECT id FROM main.scan)",
		"UPDATE main.failure SET scan = NULL WHERE scan NOT IN (SELECT id FROM main.scan)",
		"DELETE FROM main.failure WHERE path NOT IN (SELECT id FROM main.path)",
		"DELETE FROM main.skipped WHERE path NOT IN (SELECT id FROM main.path)",
		"DELETE FROM main.listed WHERE scan NOT IN (SELECT id FROM main.scan WHERE closed_at IS NULL)",
		"UPDATE main.seen SET blob = NULL", // contents may have other numbers; the files are read again
		"DELETE FROM main.seen WHERE scan NOT IN (SELECT id FROM main.scan) OR path NOT IN (SELECT id FROM main.path)",
	)
	if err != nil {
		return err
	}
	if err := r.dropToCome(); err != nil {
		return err
	}
	if err := r.dropUnlisted(); err != nil {
		return err
	}
	for _, table := range slices.Sorted(maps.Keys(r.rows)) {
		if err := r.say(CodeRowsLost, "%d rows of %s make no sense and are left out", r.rows[table], table); err != nil {
			return err
		}
	}
	return nil
}

// buildScans keeps scans that can be read.
func (r *recovery) buildScans() error {
	if err := r.copyRows("scan"); err != nil {
		return err
	}
	var bad []int64
	err := r.many("SELECT id, uid, started_at, body, unread, expected IS NOT NULL, closed_at IS NOT NULL, live <> 0, listed FROM main.scan", func(rows *sql.Rows) error {
		var id int64
		var started kb.Instant
		var uid string
		var body, listed []byte
		var unread sql.NullString
		var ended, closed, live bool
		if err := rows.Scan(&id, &uid, &started, &body, &unread, &ended, &closed, &live, &listed); err != nil {
			return err
		}
		var scan kb.Scan
		err := json.Unmarshal(body, &scan)
		sane := err == nil && scan.ID == uid && scan.StartedAt == started && unread.Valid == ended
		if closed { // of a history, what it has listed is not kept
			sane = sane && ended && (listed != nil || !live)
		}
		if sane && unread.Valid {
			_, err = decodeNames(unread.String)
			sane = err == nil
		}
		if sane && listed != nil {
			_, err = readBitmap(listed)
			sane = err == nil
		}
		if !sane {
			bad = append(bad, id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range bad {
		r.rows["scan"]++
		if _, err := r.out.exec("DELETE FROM main.scan WHERE id = ?", id); err != nil {
			return err
		}
	}
	return nil
}

// dropToCome drops transactions that are to have stored something at a time that is
// yet to come, and later than all that is known to be stored: what is taken in then
// would be compared with them.
func (r *recovery) dropToCome() error {
	res, err := r.out.exec(`
		DELETE FROM main.run_chunk WHERE stored + deleted > 0 AND committed_at > max(?,
			(SELECT coalesce(max(recorded_at), 0) FROM main.version), (SELECT coalesce(max(recorded_at), 0) FROM main.forgotten))`,
		kb.InstantOf(r.clock()))
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if n > 0 {
		r.rows["run_chunk"] += n
	}
	return err
}

// dropUnlisted drops listings that cannot be read, with what was seen by scans
// that listed something else.
func (r *recovery) dropUnlisted() error {
	k := &check{Reader: &Reader{session: r.out}, ctx: r.ctx}
	var bad []int64
	err := r.many("SELECT rowid, paths FROM main.listed", func(rows *sql.Rows) error {
		var id int64
		var raw []byte
		if err := rows.Scan(&id, &raw); err != nil {
			return err
		}
		if _, err := readBitmap(raw); err != nil {
			bad = append(bad, id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range bad {
		r.rows["listed"]++
		if _, err := r.out.exec("DELETE FROM main.listed WHERE rowid = ?", id); err != nil {
			return err
		}
	}
	var wrong []int64
	err = k.eachUnlisted(func(path, _ int64) error {
		wrong = append(wrong, path)
		return nil
	})
	if err != nil {
		return err
	}
	for _, path := range wrong {
		r.rows["seen"]++
		if _, err := r.out.exec("DELETE FROM main.seen WHERE path = ?", path); err != nil {
			return err
		}
	}
	return nil
}

// copyRows copies the rows of a table that its constraints accept.
func (r *recovery) copyRows(name string) error {
	t := r.layout.tables[name]
	columns := ""
	for i, c := range t.columns {
		if i > 0 {
			columns += ", "
		}
		columns += c.name
	}
	res, err := r.out.exec(fmt.Sprintf("INSERT OR IGNORE INTO main.%s (%s) SELECT %s FROM stage.%s ORDER BY _rowid", name, columns, columns, stageName(name)))
	if err != nil {
		return err
	}
	var waited int64
	if _, err := r.out.row("SELECT count(*) FROM stage."+stageName(name), nil, &waited); err != nil {
		return err
	}
	kept, err := res.RowsAffected()
	if left := waited - kept; left > 0 {
		r.rows[name] += left
	}
	return err
}

// keptMeta are the keys of meta that a recovery keeps, if their value is of the
// type.
var keptMeta = map[string]string{
	"created_at": "integer", "extractor": "integer", "splitter": "integer", "embedder": "text", "dimension": "integer", "index_drops": "integer", "words": "integer",
	"recovered_at": "integer", "recovered_through": "integer", "versions_missing": "integer",
}

// buildMeta says what the file is: recovered, and without an index so far.
func (r *recovery) buildMeta() error {
	for key, kind := range keptMeta {
		_, err := r.out.exec("INSERT OR IGNORE INTO main.meta (key, value) SELECT key, value FROM stage.s_meta WHERE key = ? AND typeof(value) = ?", key, kind)
		if err != nil {
			return err
		}
	}
	now := kb.InstantOf(r.clock())
	_, err := r.out.exec(`
		INSERT INTO main.meta (key, value) SELECT 'created_at', min(at) FROM (
			SELECT min(recorded_at) AS at FROM main.version UNION ALL SELECT min(started_at) FROM main.run UNION ALL SELECT ?) WHERE true
		ON CONFLICT DO NOTHING`, now)
	if err != nil {
		return err
	}
	for key, value := range map[string]any{
		"index_behind": 1, "recovered_at": now, "versions_missing": r.sum.VersionsMissing,
	} {
		_, err := r.out.exec("INSERT INTO main.meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)
		if err != nil {
			return err
		}
	}
	_, err = r.out.exec(`
		INSERT INTO main.meta (key, value) SELECT 'recovered_through', coalesce(max(id), 0) FROM main.version WHERE true
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`)
	return err
}

// publish ends the transaction and looks at what was made.
func (r *recovery) publish() error {
	if err := r.run("COMMIT", "DETACH stage"); err != nil {
		return err
	}
	var broken int64
	err := r.many("PRAGMA main.foreign_key_check", func(*sql.Rows) error {
		broken++
		return nil
	})
	if err == nil && broken > 0 {
		err = fmt.Errorf("%d rows of what was recovered refer to what is not there; please report this", broken)
	}
	return err
}
