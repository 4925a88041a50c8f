package sqlite

import (
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// bookScan is a row of scan.
type bookScan struct {
	id, taken        int64
	live             bool // it looked at files
	uid              string
	started          kb.Instant
	body             []byte
	expected, closed sql.NullInt64
	unread           sql.NullString
}

func (k *check) scans() error {
	var top int64 // the largest id of a path
	if _, err := k.row("SELECT coalesce(max(id), 0) FROM path", nil, &top); err != nil {
		return err
	}
	return k.each("SELECT id, uid, started_at, body, expected, unread, taken, live, closed_at FROM scan ORDER BY id", nil, func(rows *sql.Rows) error {
		var s bookScan
		if err := rows.Scan(&s.id, &s.uid, &s.started, &s.body, &s.expected, &s.unread, &s.taken, &s.live, &s.closed); err != nil {
			return err
		}
		wrong, err := k.scan(&s, top)
		if err != nil {
			return err
		}
		if wrong != "" {
			return k.damage(CodeScan, ByRecovery, "scan %d, started at %s: %s", s.id, s.started, wrong)
		}
		return k.ctx.Err()
	})
}

// scan says what is wrong with a scan; "" if nothing is. One that is ready to be
// settled and was not is a note.
func (k *check) scan(s *bookScan, top int64) (wrong string, err error) {
	var body kb.Scan
	if err := json.Unmarshal(s.body, &body); err != nil || body.ID != s.uid || body.StartedAt != s.started {
		return "its description is not its own", nil
	}
	if s.unread.Valid != s.expected.Valid {
		return "its end is not whole", nil
	}
	if s.unread.Valid {
		if _, err := decodeNames(s.unread.String); err != nil {
			return "the folders that it could not read cannot be read", nil
		}
	}
	listed, open, err := k.listings(s.id)
	switch {
	case err != nil:
		return "", err
	case listed == nil:
		return "the paths that it listed cannot be read", nil
	case !s.live, body.History != nil: // what it listed is dropped when it is settled, and a history lists records rather than paths
		return "", nil
	case !listed.IsEmpty() && int64(listed.Maximum()) > top && k.recovered.at == 0:
		return "it listed paths that are not there", nil
	}
	count := int64(listed.GetCardinality())
	switch {
	case count > s.taken:
		return fmt.Sprintf("it listed %d paths, where %d were taken in", count, s.taken), nil
	case s.closed.Valid && !s.expected.Valid:
		return "it is settled, but its end is not in", nil
	case s.closed.Valid && count < s.expected.Int64:
		return fmt.Sprintf("it is settled, but only %d of %d paths were taken in", count, s.expected.Int64), nil
	case s.closed.Valid && open > 0:
		return "it is settled, but keeps what open scans keep", nil
	case !s.closed.Valid && s.expected.Valid && count >= s.expected.Int64:
		return "", k.note(CodeScanOpen, ByRepair, "scan %d, started at %s, is all in, but deletions were not settled", s.id, s.started)
	}
	return "", nil
}

// listings returns the paths that a scan has listed, nil if they cannot be read,
// and how many rows open scans keep of them.
func (k *check) listings(scan int64) (all *roaring64.Bitmap, open int64, err error) {
	all = roaring64.New()
	err = k.each(`
		SELECT listed, 0 FROM scan WHERE id = ?1 AND listed IS NOT NULL
		UNION ALL
		SELECT paths, 1 FROM listed WHERE scan = ?1`,
		[]any{scan}, func(rows *sql.Rows) error {
			var raw []byte
			var ofOpen int64
			if err := rows.Scan(&raw, &ofOpen); err != nil {
				return err
			}
			open += ofOpen
			some, err := readBitmap(raw)
			if err != nil {
				all = nil
			} else if all != nil {
				all.Or(some)
			}
			return nil
		})
	return all, open, err
}

// seen checks that each path was listed by the scan that saw it last.
func (k *check) seen() error {
	return k.eachUnlisted(func(path, scan int64) error {
		return k.damage(CodeSeen, ByRecovery, "path %d was seen last by scan %d, which did not list it", path, scan)
	})
}

// eachUnlisted calls fn with each path, and the scan, that was seen last by a scan
// which did not list it.
func (k *check) eachUnlisted(fn func(path, scan int64) error) error {
	var scans []int64
	err := k.ids("SELECT id FROM scan ORDER BY id", nil, func(id int64) error {
		scans = append(scans, id)
		return nil
	})
	if err != nil || len(scans) == 0 {
		return err
	}
	var current int64
	var listed *roaring64.Bitmap
	return k.long("SELECT path, scan FROM seen ORDER BY scan, path", nil, func(rows *sql.Rows) error {
		var path, scan int64
		if err := rows.Scan(&path, &scan); err != nil {
			return err
		}
		if scan != current {
			current = scan
			if listed, _, err = k.listings(scan); err != nil {
				return err
			}
		}
		if listed == nil || listed.Contains(uint64(path)) {
			return nil // what cannot be read is reported already
		}
		return fn(path, scan)
	})
}

// runs looks for runs that were left open, and for those that make no sense.
func (k *check) runs() error {
	return k.each("SELECT id, started_at, finished_at, status, host, pid, report FROM run ORDER BY id", nil, func(rows *sql.Rows) error {
		var run ingest.RunState
		var finished sql.NullInt64
		var report sql.NullString
		if err := rows.Scan(&run.ID, &run.StartedAt, &finished, &run.Status, &run.Host, &run.PID, &report); err != nil {
			return err
		}
		switch {
		case run.Status == ingest.Running && finished.Valid, run.Status != ingest.Running && !finished.Valid:
			return k.damage(CodeRun, ByRepair, "run %d is %s, but its end says otherwise", run.ID, run.Status)
		case report.Valid && !json.Valid([]byte(report.String)):
			return k.damage(CodeRun, ByRepair, "the report of run %d cannot be read", run.ID)
		case run.Status == ingest.Running && k.opts.Alive != nil && !k.opts.Alive(&run) && !k.endedSince(run.ID):
			return k.note(CodeRunOpen, ByRepair, "run %d, begun at %s, was never ended, and its process %d is gone", run.ID, run.StartedAt, run.PID)
		}
		return nil
	})
}

// endedSince reports whether a run that goes on in the snapshot has ended by now:
// its process may have done so, and be gone, while the check was under way.
func (k *check) endedSince(id int64) bool {
	now, err := OpenReader(k.ctx, k.path)
	if err != nil { // then nothing more is known than the snapshot says
		return false
	}
	defer now.Close() // only read
	run, found, err := now.Run(k.ctx, id)
	return err == nil && found && run.Status != ingest.Running
}
