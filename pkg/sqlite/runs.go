package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// BeginRun records that a run has begun.
func (s *Store) BeginRun(ctx context.Context, start ingest.RunStart) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	res, err := s.change(ctx, "INSERT INTO run (started_at, status, host, pid) VALUES (?, 'running', ?, ?)",
		start.At, start.Host, start.PID)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// FinishRun closes a run in a transaction that is synced to the disk, and with
// it everything before.
func (s *Store) FinishRun(ctx context.Context, run int64, finish ingest.RunFinish) (err error) {
	background := context.WithoutCancel(ctx) // an interrupted run is finished too
	if _, err := s.write.conn.ExecContext(background, "PRAGMA synchronous = FULL"); err != nil {
		return fault(err)
	}
	defer func() {
		_, back := s.write.conn.ExecContext(background, "PRAGMA synchronous = NORMAL")
		err = errors.Join(err, fault(back))
	}()
	_, err = s.change(background, "UPDATE run SET finished_at = ?, status = ?, report = ? WHERE id = ?",
		finish.At, string(finish.Status), string(finish.Report), run)
	return err
}

// AddChunk records the outcome of a transaction.
func (t *tx) AddChunk(chunk ingest.ChunkResult) error {
	c := chunk.Counts
	_, err := t.exec(`
		INSERT INTO run_chunk (run, scan, committed_at, stored, unchanged, deleted, skipped, failed, bytes)
		VALUES (?, nullif(?, 0), ?, ?, ?, ?, ?, ?, ?)`,
		chunk.Run, chunk.Scan, t.now, c.Stored, c.Unchanged, c.Deleted, c.Skipped, c.Failed, c.Bytes)
	return err
}

// AddFailure records a failure; an earlier one of the same statement no longer
// stands.
func (t *tx) AddFailure(f ingest.Failure) error {
	if f.PathID != 0 {
		if err := t.ClearFailure(f.PathID, f.Statement); err != nil {
			return err
		}
	}
	stands := true
	t.failures, t.leftOut = &stands, nil
	_, err := t.exec(`
		INSERT INTO failure (run, path, class, code, attempts, message, failed_at, scan, again, valid_from, seq, source)
		VALUES (?, nullif(?, 0), ?, ?, ?, ?, ?, nullif(?, 0), ?, ?, ?, ?)`,
		f.Run, f.PathID, string(f.Class), string(f.Code), max(f.Attempts, 1), f.Message, t.now,
		f.Scan, string(cmp.Or(f.Again, kb.Skipped)), nullInt(f.ValidFrom), f.Seq, f.Source)
	return err
}

// ClearFailure drops the standing failure of a statement. Most knowledge bases
// have none at all, and then nothing is asked of each path.
func (t *tx) ClearFailure(path int64, s ingest.Statement) error {
	if t.failures == nil {
		stands := false
		_, err := t.row("SELECT EXISTS (SELECT 1 FROM failure WHERE cleared_at IS NULL AND path IS NOT NULL)", nil, &stands)
		if err != nil {
			return err
		}
		t.failures = &stands
	}
	if !*t.failures {
		return nil
	}
	_, err := t.exec(`
		UPDATE failure SET cleared_at = ? WHERE path = ? AND cleared_at IS NULL AND valid_from IS ? AND seq = ?`,
		t.now, path, nullInt(s.ValidFrom), s.Seq)
	return err
}

// Skip keeps that a record of a history was skipped. Stale leaves out those whose
// version is there, whichever came first.
func (t *tx) Skip(path int64, s ingest.Statement, source string) error {
	t.leftOut = new(bool)
	*t.leftOut = true
	_, err := t.exec("INSERT OR IGNORE INTO skipped (path, valid_from, seq, source, skipped_at) VALUES (?, ?, ?, ?, ?)",
		path, nullInt(s.ValidFrom), s.Seq, source, t.now)
	return err
}

// LeftOut looks for what was left out of a path after a version. Most knowledge bases
// have all of their histories, and then nothing is asked of each path.
func (t *tx) LeftOut(path int64, after *kb.Version) (*kb.Instant, error) {
	if t.leftOut == nil {
		some := false
		_, err := t.rowNow(`
			SELECT EXISTS (SELECT 1 FROM skipped)
				OR EXISTS (SELECT 1 FROM failure WHERE cleared_at IS NULL AND valid_from IS NOT NULL)`, nil, &some)
		if err != nil {
			return nil, err
		}
		t.leftOut = &some
	}
	if !*t.leftOut {
		return nil, nil
	}
	var latest sql.NullInt64
	_, err := t.rowNow(`
		SELECT max(valid_from) FROM (
			SELECT valid_from FROM skipped WHERE path = ?1 AND (valid_from, seq) > (?2, ?3)
			UNION ALL
			SELECT valid_from FROM failure WHERE path = ?1 AND cleared_at IS NULL AND (valid_from, seq) > (?2, ?3))`,
		[]any{path, after.ValidFrom, after.Seq}, &latest)
	return instantPtr(latest), err
}

// Failing walks the paths with a live failure that neither this scan nor a later
// one has listed.
func (t *tx) Failing(scan ingest.ScanState, fn func(ingest.PathState) error) error {
	listed, err := t.listed(scan.ID)
	if err != nil {
		return err
	}
	return t.each(`
		SELECT p.id, p.name
		FROM failure f
		JOIN path p ON p.id = f.path
		LEFT JOIN seen s ON s.path = p.id
		LEFT JOIN scan c ON c.id = s.scan
		WHERE f.cleared_at IS NULL AND f.path IS NOT NULL AND f.valid_from IS NULL
			AND s.scan IS NOT ?1 AND (c.started_at IS NULL OR c.started_at <= ?2)`,
		[]any{scan.ID, scan.StartedAt}, func(rows *sql.Rows) error {
			var state ingest.PathState
			var name []byte
			if err := rows.Scan(&state.ID, &name); err != nil || listed.Contains(uint64(state.ID)) {
				return err
			}
			state.Name = string(name)
			return fn(state)
		})
}
