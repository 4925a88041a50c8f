package sqlite

import (
	"context"
	"database/sql"
	"iter"
	"slices"

	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// Runs walks the runs of the knowledge base, the latest first.
func (r *Reader) Runs(ctx context.Context) iter.Seq2[ingest.RunState, error] {
	return func(yield func(ingest.RunState, error) bool) {
		var ids []int64
		err := r.each("SELECT id FROM run ORDER BY id DESC", nil, func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
		if err != nil {
			yield(ingest.RunState{}, err)
			return
		}
		for _, id := range ids {
			run, _, err := r.Run(ctx, id)
			if !yield(run, err) || err != nil {
				return
			}
		}
	}
}

// Run returns one run, and whether there is one of that number.
func (r *Reader) Run(_ context.Context, id int64) (ingest.RunState, bool, error) {
	run := ingest.RunState{ID: id}
	var finished, last sql.NullInt64
	var report sql.NullString
	c := &run.Counts
	found, err := r.row(`
		SELECT r.started_at, r.finished_at, r.status, r.host, r.pid, r.report,
			count(c.id), max(c.committed_at),
			coalesce(sum(c.stored), 0), coalesce(sum(c.unchanged), 0), coalesce(sum(c.deleted), 0),
			coalesce(sum(c.skipped), 0), coalesce(sum(c.failed), 0), coalesce(sum(c.bytes), 0)
		FROM run r LEFT JOIN run_chunk c ON c.run = r.id
		WHERE r.id = ? GROUP BY r.id`, []any{id},
		&run.StartedAt, &finished, &run.Status, &run.Host, &run.PID, &report, &run.Chunks, &last,
		&c.Stored, &c.Unchanged, &c.Deleted, &c.Skipped, &c.Failed, &c.Bytes)
	if err != nil || !found {
		return run, found, err
	}
	run.FinishedAt, run.LastCommit = instantPtr(finished), instantPtr(last)
	if report.Valid {
		run.Report = []byte(report.String)
	}
	run.Expected, err = r.expected(id)
	return run, true, err
}

// expected returns how many records the scans of a run have in all: what their
// end says, or else what the complete scan of the same roots before them had.
func (r *Reader) expected(run int64) (*int64, error) {
	var total int64
	known := false
	err := r.each(`
		SELECT id, body, expected FROM scan
		WHERE id IN (SELECT DISTINCT scan FROM run_chunk WHERE run = ? AND scan IS NOT NULL)`, []any{run},
		func(rows *sql.Rows) error {
			var id int64
			var body []byte
			var expected sql.NullInt64
			if err := rows.Scan(&id, &body, &expected); err != nil {
				return err
			}
			if !expected.Valid {
				var err error
				if expected, err = r.lastTime(id, body); err != nil {
					return err
				}
			}
			total += expected.Int64
			known = known || expected.Valid
			return nil
		})
	if err != nil || !known {
		return nil, err
	}
	return &total, nil
}

// lastTime returns how many paths the latest complete scan of the same roots,
// before the scan with the given id, listed.
func (r *Reader) lastTime(id int64, body []byte) (sql.NullInt64, error) {
	var scan kb.Scan
	if err := decodeScan(body, &scan); err != nil {
		return sql.NullInt64{}, err
	}
	var listed sql.NullInt64
	err := r.each("SELECT body, expected FROM scan WHERE id < ? AND closed_at IS NOT NULL ORDER BY id DESC", []any{id},
		func(rows *sql.Rows) error {
			var earlier kb.Scan
			var body []byte
			var expected sql.NullInt64
			if err := rows.Scan(&body, &expected); err != nil {
				return err
			}
			if err := decodeScan(body, &earlier); err != nil {
				return err
			}
			if earlier.Dir == scan.Dir && slices.Equal(earlier.Roots, scan.Roots) && since(&earlier) == since(&scan) {
				listed = expected
				return errStop
			}
			return nil
		})
	return listed, untilStop(err)
}

// since tells scans of files, histories, and parts of these apart.
func since(scan *kb.Scan) string {
	if scan.History == nil {
		return "now"
	}
	return scan.History.Since
}

// Standing returns how many records failed and have not succeeded since.
func (r *Reader) Standing(context.Context) (int64, error) {
	var n int64
	_, err := r.row("SELECT count(*) FROM failure WHERE cleared_at IS NULL AND path IS NOT NULL", nil, &n)
	return n, err
}

// FailedRuns returns the runs whose failures stand.
func (r *Reader) FailedRuns(context.Context) ([]int64, error) {
	var runs []int64
	err := r.each("SELECT DISTINCT run FROM failure WHERE cleared_at IS NULL AND path IS NOT NULL ORDER BY run", nil,
		func(rows *sql.Rows) error {
			var run int64
			err := rows.Scan(&run)
			runs = append(runs, run)
			return err
		})
	return runs, err
}

// Failed walks the failures that stand, those of one scan together, by name.
func (r *Reader) Failed(context.Context) iter.Seq2[ingest.StandingFailure, error] {
	return walk(func(emit func(ingest.StandingFailure) error) error {
		var last ingest.StandingFailure
		return r.each(`
			SELECT f.run, p.id, p.name, f.class, f.code, f.attempts, f.message, f.failed_at,
				f.again, f.valid_from, f.seq, f.source, c.id, c.body
			FROM failure f
			JOIN path p ON p.id = f.path
			LEFT JOIN scan c ON c.id = f.scan
			WHERE f.cleared_at IS NULL
			ORDER BY c.id, p.name, f.id`, nil, func(rows *sql.Rows) error {
			f, err := scanFailed(rows, last)
			if err != nil {
				return err
			}
			last = f
			return emit(f)
		})
	})
}

// scanFailed reads a row of Failed; last is the one before, whose scan it may
// share.
func scanFailed(rows *sql.Rows, last ingest.StandingFailure) (ingest.StandingFailure, error) {
	var f ingest.StandingFailure
	var name []byte
	var validFrom, scan sql.NullInt64
	var body sql.RawBytes
	err := rows.Scan(&f.Run, &f.PathID, &name, &f.Class, &f.Code, &f.Attempts, &f.Message, &f.At,
		&f.Again, &validFrom, &f.Seq, &f.Source, &scan, &body)
	if err != nil {
		return f, err
	}
	f.Path, f.ValidFrom, f.Failure.Scan = string(name), instantPtr(validFrom), scan.Int64
	switch {
	case !scan.Valid:
	case last.Scan != nil && last.Failure.Scan == scan.Int64:
		f.Scan = last.Scan
	default:
		f.Scan = new(kb.Scan)
		if err := decodeScan(body, f.Scan); err != nil {
			return f, err
		}
	}
	return f, nil
}

// CountVersions returns how many versions there are that are not gone.
func (r *Reader) CountVersions(context.Context) (n int64, err error) {
	_, err = r.row("SELECT count(*) FROM version WHERE blob IS NOT NULL", nil, &n)
	return n, err
}

// RunFailures walks the failures of a run, in the order in which they were
// recorded.
func (r *Reader) RunFailures(_ context.Context, run int64) iter.Seq2[ingest.Failure, error] {
	return walk(func(emit func(ingest.Failure) error) error {
		return r.each(`
			SELECT f.run, p.id, p.name, f.class, f.code, f.attempts, f.message, f.failed_at
			FROM failure f LEFT JOIN path p ON p.id = f.path WHERE f.run = ? ORDER BY f.id`, []any{run},
			func(rows *sql.Rows) error {
				var f ingest.Failure
				var id sql.NullInt64
				var name []byte
				if err := rows.Scan(&f.Run, &id, &name, &f.Class, &f.Code, &f.Attempts, &f.Message, &f.At); err != nil {
					return err
				}
				f.PathID, f.Path = id.Int64, string(name)
				return emit(f)
			})
	})
}

// Index returns the state of the index. That of a file which an earlier version
// made, without one, is behind.
func (r *Reader) Index(context.Context) (ingest.IndexState, error) {
	has, err := r.hasIndex()
	if has && err == nil {
		return r.countedIndex()
	}
	var state ingest.IndexState
	if err == nil {
		_, err = r.row("SELECT EXISTS (SELECT 1 FROM version)", nil, &state.Behind)
	}
	return state, err
}

// Rejected returns how many texts have no vector and will have none, though there
// is an embedder.
func (r *Reader) Rejected(context.Context) (n int64, err error) {
	has, err := r.hasIndex()
	if !has || err != nil {
		return 0, err
	}
	_, err = r.row(`
		SELECT count(*) FROM text
		WHERE embedding = 2 AND coalesce((SELECT value FROM meta WHERE key = 'embedder'), ?) <> ?`,
		[]any{embed.None{}.Name(), embed.None{}.Name()}, &n)
	return n, err
}

// Textless walks the documents in force now whose content has no text to search,
// by name, with the reason.
func (r *Reader) Textless(_ context.Context, now kb.Instant) iter.Seq2[ingest.Failure, error] {
	return r.textless("v.id = "+inForceNow, now)
}

// TextFailures walks the documents of which a run was the last to try to have
// the text, and could not for another reason than their format, by name.
func (r *Reader) TextFailures(_ context.Context, run int64) iter.Seq2[ingest.Failure, error] {
	return r.textless("t.run = +?1 AND t.class <> '"+string(kb.Validation)+"'", run)
}

// textless walks contents without text under the names that they have in the
// versions which condition picks. There is no way from a content to its versions
// but through all of them; none is looked at where all contents have text.
func (r *Reader) textless(condition string, arg any) iter.Seq2[ingest.Failure, error] {
	return walk(func(emit func(ingest.Failure) error) error {
		if has, err := r.hasIndex(); !has || err != nil {
			return err
		}
		return r.each(`
			SELECT DISTINCT p.name, t.extension, t.run, t.class, t.code, t.message
			FROM version v
			CROSS JOIN textless t ON t.blob = v.blob
			CROSS JOIN path p ON p.id = v.path
			WHERE EXISTS (SELECT 1 FROM textless) AND `+condition+`
			ORDER BY p.name`, []any{arg},
			func(rows *sql.Rows) error {
				var f ingest.Failure
				var name []byte
				var extension string
				if err := rows.Scan(&name, &extension, &f.Run, &f.Class, &f.Code, &f.Message); err != nil {
					return err
				}
				f.Path = string(name)
				if !(&extract.Filter{Ext: extension}).Handles(f.Path) {
					return nil // a document of another format with the same content
				}
				return emit(f)
			})
	})
}
