package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

// Aside makes a copy of the knowledge base beside it, under its name with a suffix
// and, where there is such a file, a number. It returns the name.
func Aside(ctx context.Context, path, suffix string) (copied string, err error) {
	r, err := OpenReader(ctx, path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return r.backupAside(ctx, path+suffix)
}

// maxAside is how many copies of one name there may be.
const maxAside = 1000

func (r *Reader) backupAside(ctx context.Context, to string) (string, error) {
	for n := 1; n <= maxAside; n++ {
		name := to
		if n > 1 {
			name = fmt.Sprintf("%s.%d", to, n)
		}
		if !missing(name) {
			continue
		}
		return name, r.Backup(ctx, name, nil)
	}
	return "", fmt.Errorf("back up to %s: there are %d such files already", to, maxAside)
}

// RepairRuns ends runs that were never ended and whose process does not work any
// more, and takes away what makes no sense in the others. It returns how many
// rows it changed.
func (s *Store) RepairRuns(ctx context.Context, alive func(*ingest.RunState) bool) (changed int64, err error) {
	err = s.inTx(ctx, func(t *tx) error {
		var dead, odd []int64
		err := t.each("SELECT id, started_at, finished_at, status, host, pid, report FROM run", nil, func(rows *sql.Rows) error {
			var run ingest.RunState
			var finished sql.NullInt64
			var report sql.NullString
			if err := rows.Scan(&run.ID, &run.StartedAt, &finished, &run.Status, &run.Host, &run.PID, &report); err != nil {
				return err
			}
			running := run.Status == ingest.Running
			switch {
			case running == finished.Valid, running && !alive(&run):
				dead = append(dead, run.ID)
			case report.Valid && !json.Valid([]byte(report.String)):
				odd = append(odd, run.ID)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, id := range dead { // it ended, for all that is known, with its last transaction
			_, err := t.exec(`
				UPDATE run SET status = ?, report = NULL, finished_at = max(started_at,
					coalesce((SELECT max(committed_at) FROM run_chunk WHERE run = run.id), 0))
				WHERE id = ?`, string(ingest.Interrupted), id)
			if err != nil {
				return err
			}
		}
		for _, id := range odd {
			if _, err := t.exec("UPDATE run SET report = NULL WHERE id = ?", id); err != nil {
				return err
			}
		}
		changed = int64(len(dead) + len(odd))
		return nil
	})
	return changed, err
}

// RepairTextIndex makes the index of words anew from the texts, and the words that
// corrections stand on.
func (s *Store) RepairTextIndex(ctx context.Context) error {
	return s.inTx(ctx, func(t *tx) error {
		for _, query := range []string{
			"INSERT INTO text_fts (text_fts) VALUES ('rebuild')",
			"INSERT INTO text_fts (text_fts, rank) VALUES ('automerge', 0), ('crisismerge', 32)",
			"DELETE FROM word",
			"INSERT INTO meta (key, value) VALUES ('index_drops', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1",
		} {
			if _, err := t.exec(query); err != nil {
				return err
			}
		}
		return t.each("SELECT heading, body FROM text", nil, func(rows *sql.Rows) error {
			var heading, body string
			if err := rows.Scan(&heading, &body); err != nil {
				return err
			}
			return errors.Join(t.addWordsOf(heading), t.addWordsOf(body), ctx.Err())
		})
	})
}

// RepairVectors makes passage_vec and the packed codes anew from the passages and
// the vectors of their texts.
func (s *Store) RepairVectors(ctx context.Context) error {
	return s.inTx(ctx, func(t *tx) error {
		for _, stmt := range []string{
			"DELETE FROM vector_block", "DELETE FROM vector_interval", "DROP TABLE IF EXISTS passage_vec",
		} {
			if _, err := t.conn.ExecContext(ctx, stmt); err != nil {
				return fault(err)
			}
		}
		w, err := t.vectorState()
		if err != nil || w.dim == 0 {
			return err
		}
		if err := t.makePassageVec(w.dim); err != nil {
			return err
		}
		t.indexChanged = true
		return t.each("SELECT p.id, p.path, p.text, p.valid_from, p.valid_to FROM passage p JOIN vector v ON v.text = p.text",
			nil, func(rows *sql.Rows) error {
				var p passageRow
				if err := rows.Scan(&p.id, &p.path, &p.text, &p.from, &p.to); err != nil {
					return err
				}
				return errors.Join(t.addPassageVector(p), ctx.Err())
			})
	})
}

// RepairMeta puts back when the knowledge base was made, as far as it is known.
func (s *Store) RepairMeta(ctx context.Context) error {
	return s.inTx(ctx, func(t *tx) error {
		_, err := t.exec(`
			INSERT INTO meta (key, value)
			SELECT 'created_at', coalesce((SELECT min(started_at) FROM run), (SELECT min(recorded_at) FROM version), ?) WHERE true
			ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE typeof(value) <> 'integer'`, t.now)
		return err
	})
}

// OpenScans returns the scans of which all is in, with their ends.
func (s *Store) OpenScans(ctx context.Context) (ends []kb.End, err error) {
	err = s.apart(ctx, func(r *session) error {
		return r.each("SELECT body, expected, unread FROM scan WHERE closed_at IS NULL AND expected IS NOT NULL AND taken >= expected ORDER BY started_at",
			nil, func(rows *sql.Rows) error {
				var body []byte
				var unread string
				var end kb.End
				if err := rows.Scan(&body, &end.Paths, &unread); err != nil {
					return err
				}
				if err := decodeScan(body, &end.Scan); err != nil {
					return err
				}
				if end.Unread, err = decodeNames(unread); err != nil {
					return err
				}
				ends = append(ends, end)
				return nil
			})
	})
	return ends, err
}

// inTx runs fn in a transaction of this package's own.
func (s *Store) inTx(ctx context.Context, fn func(*tx) error) error {
	return s.Update(ctx, func(t ingest.Tx) error { return fn(t.(*tx)) })
}

// KeptVectors gives the vectors that a knowledge base holds of texts, for
// embed.NewKept. What cannot be read, since the file is damaged, it has not.
func (r *Reader) KeptVectors() func(context.Context, []string) ([][]int8, error) {
	var one sync.Mutex
	return func(ctx context.Context, texts []string) ([][]int8, error) {
		one.Lock()
		defer one.Unlock()
		vectors := make([][]int8, len(texts))
		for i, text := range texts {
			key := passage.KeyOf([]byte(text))
			var data []byte
			_, err := r.row("SELECT v.data FROM text t JOIN vector v ON v.text = t.id WHERE t.key = ?", []any{key[:]}, &data)
			if err != nil && !errors.Is(err, ErrDamaged) {
				return nil, err
			}
			for _, x := range data {
				vectors[i] = append(vectors[i], int8(x))
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		return vectors, nil
	}
}
