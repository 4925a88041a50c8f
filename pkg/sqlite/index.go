package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/passage"
)

// apart calls fn with a connection of its own, which sees what is committed.
func (s *Store) apart(ctx context.Context, fn func(*session) error) (err error) {
	defer func() {
		if err != nil { // of which this may be the reason
			err = cmp.Or(s.place.check(), err)
		}
	}()
	r, err := s.readers.take(ctx)
	if err != nil {
		return err
	}
	if _, err = r.exec("BEGIN"); err == nil {
		err = fn(r)
	}
	if err != nil {
		return errors.Join(err, r.rollback(), r.release())
	}
	if _, err = r.exec("COMMIT"); err != nil {
		return errors.Join(err, r.release())
	}
	s.readers.give(r)
	return nil
}

// readers are sessions that read what is committed, beside the one that writes.
type readers struct {
	db   *sql.DB
	mu   sync.Mutex
	idle []*session
}

// take returns a session that nobody else uses.
func (r *readers) take(ctx context.Context) (*session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last := len(r.idle) - 1; last >= 0 {
		one := r.idle[last]
		r.idle = r.idle[:last]
		return one, nil
	}
	conn, err := r.db.Conn(ctx)
	if err != nil {
		return nil, fault(err)
	}
	return &session{conn: conn, idle: make(map[string][]*sql.Stmt)}, nil
}

func (r *readers) give(one *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle = append(r.idle, one)
}

func (r *readers) close() error {
	var errs []error
	for _, one := range r.idle {
		errs = append(errs, one.release())
	}
	return errors.Join(append(errs, r.db.Close())...)
}

// Index returns the state of the index as it is committed.
func (s *Store) Index(ctx context.Context) (state ingest.IndexState, err error) {
	err = s.apart(ctx, func(r *session) error {
		state, err = r.countedIndex()
		return err
	})
	return state, err
}

// Index returns the state of the index as the transaction sees it.
func (t *tx) Index() (ingest.IndexState, error) { return t.index() }

// countedIndex returns the state of the index with the number of texts that
// wait.
func (s *session) countedIndex() (ingest.IndexState, error) {
	state, err := s.index()
	if err != nil {
		return state, err
	}
	_, err = s.row("SELECT count(*) FROM text WHERE embedding = 0", nil, &state.Waiting)
	return state, err
}

// index returns the state of the index without that number, which may take long
// to count.
func (s *session) index() (ingest.IndexState, error) {
	var state ingest.IndexState
	var extractor, splitter, dim, words sql.NullInt64
	var embedder sql.NullString
	_, err := s.row(`
		SELECT (SELECT value FROM meta WHERE key = 'extractor'),
			(SELECT value FROM meta WHERE key = 'splitter'),
			(SELECT value FROM meta WHERE key = 'embedder'),
			(SELECT value FROM meta WHERE key = 'dimension'),
			(SELECT value FROM meta WHERE key = 'words'),
			EXISTS (SELECT 1 FROM meta WHERE key = 'index_behind'),
			EXISTS (SELECT 1 FROM filtered)`,
		nil, &extractor, &splitter, &embedder, &dim, &words, &state.Behind, &state.Filtered)
	state.Recorded = extractor.Valid
	state.Extractor, state.Splitter = extractor.Int64, splitter.Int64
	state.Embedder, state.Dim = embedder.String, int(dim.Int64)
	state.OtherWords = state.Recorded && words.Int64 != wordsVersion
	return state, err
}

// SetIndex records what makes the index. The words of texts that are there stay those
// that they are.
func (t *tx) SetIndex(index ingest.Index) error {
	_, err := t.exec(`
		INSERT INTO meta (key, value)
		VALUES ('extractor', ?), ('splitter', ?), ('embedder', ?), ('dimension', ?)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
		index.Extractor, index.Splitter, index.Embedder, index.Dim)
	if err != nil {
		return err
	}
	_, err = t.exec(`
		INSERT INTO meta (key, value) SELECT 'words', ? WHERE NOT EXISTS (SELECT 1 FROM text)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, wordsVersion)
	return err
}

// DropIndex empties the index.
func (t *tx) DropIndex() error {
	if err := t.dropVectors(); err != nil {
		return err
	}
	for _, query := range []string{
		"DELETE FROM passage",
		"DELETE FROM text",
		"INSERT INTO text_fts (text_fts) VALUES ('delete-all')",
		"DELETE FROM word",
		"DELETE FROM textless",
		"DELETE FROM meta WHERE key = 'index_behind'",
		"INSERT INTO meta (key, value) VALUES ('index_drops', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1",
	} {
		if _, err := t.exec(query); err != nil {
			return err
		}
	}
	clear(t.texts)
	delete(t.last, "passage")
	t.newWords = t.newWords[:0]
	t.dropsKnown, t.textless, t.kepts = false, nil, nil
	return nil
}

// finishIndex writes what a transaction has gathered.
func (t *tx) finishIndex() error {
	if err := t.storeWords(); err != nil || !t.indexChanged {
		return err
	}
	return t.packVectors()
}

// Embedded reports for each key whether its text needs no vector any more.
func (s *Store) Embedded(ctx context.Context, keys []passage.Key) ([]bool, error) {
	done := make([]bool, len(keys))
	err := s.apart(ctx, func(r *session) error {
		for i := range keys {
			if err := ctx.Err(); err != nil {
				return err
			}
			_, err := r.row("SELECT embedding <> 0 FROM text WHERE key = ?", []any{keys[i][:]}, &done[i])
			if err != nil {
				return err
			}
		}
		return nil
	})
	return done, err
}

// Waiting returns texts that are to have a vector and have none.
func (s *Store) Waiting(ctx context.Context, after int64, limit int) ([]ingest.Text, error) {
	var texts []ingest.Text
	err := s.apart(ctx, func(r *session) error {
		return r.each("SELECT id, key, heading, body FROM text WHERE embedding = 0 AND id > ? ORDER BY id LIMIT ?",
			[]any{after, limit}, func(rows *sql.Rows) error {
				var text ingest.Text
				var key sql.RawBytes
				var heading string
				if err := rows.Scan(&text.ID, &key, &heading, &text.Body); err != nil {
					return err
				}
				copy(text.Key[:], key)
				text.Heading = headingsOf(heading)
				texts = append(texts, text)
				return nil
			})
	})
	return texts, err
}
