package sqlite

import (
	"database/sql"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// passageRow is a row of the table passage.
type passageRow struct {
	id, path, text int64
	from, to       kb.Instant
}

// PutInterval stores a passage, or the bounds of one that is there.
func (t *tx) PutInterval(path int64, i ingest.Interval) error {
	text, err := t.text(i.Key)
	if err != nil {
		return err
	}
	t.indexChanged = true
	p := passageRow{i.ID, path, text.id, i.From, i.To}
	if p.id != 0 {
		return t.movePassage(p, text.embedding)
	}
	if p.id, err = t.next("passage", 1); err != nil {
		return err
	}
	row, err := t.later(passageRows)
	if err != nil {
		return err
	}
	row.Int(p.id).Int(p.path).Int(p.text).Int(int64(p.from)).Int(int64(p.to))
	t.waiting.passagesOf[path] = true
	if text.embedding != hasVector {
		return nil
	}
	return t.addPassageVector(p)
}

func (t *tx) movePassage(p passageRow, embedding int) error {
	if t.waiting.moved[p.id] { // the last bounds count, of whatever kind their rows are
		if err := t.flush(); err != nil {
			return err
		}
	}
	row, err := t.later(movedPassageRows)
	if err != nil {
		return err
	}
	row.Int(int64(p.from)).Int(int64(p.to)).Int(p.id).Int(p.path).Int(p.text)
	t.waiting.passagesOf[p.path], t.waiting.moved[p.id] = true, true
	if embedding != hasVector {
		return nil
	}
	return t.setPassageVector(p)
}

// Intervals returns the passages of a path that are in force after a moment or
// never, and remembers their texts. Each half has an index of its own, so that what
// was closed long ago is not walked over.
func (t *tx) Intervals(path int64, after kb.Instant) ([]ingest.Interval, error) {
	var found []ingest.Interval
	err := t.eachIf(t.waiting.passagesOf[path])(`
		SELECT p.id, t.key, p.valid_from, p.valid_to, t.id, t.embedding
		FROM passage p JOIN text t ON t.id = p.text
		WHERE p.path = +?1 AND p.valid_to > +?2
		UNION ALL
		SELECT p.id, t.key, p.valid_from, p.valid_to, t.id, t.embedding
		FROM passage p INDEXED BY passage_never JOIN text t ON t.id = p.text
		WHERE p.path = +?1 AND p.valid_from = p.valid_to AND p.valid_to <= +?2`,
		[]any{path, after}, func(rows *sql.Rows) error {
			var i ingest.Interval
			var key sql.RawBytes
			var text textRow
			if err := rows.Scan(&i.ID, &key, &i.From, &i.To, &text.id, &text.embedding); err != nil {
				return err
			}
			copy(i.Key[:], key)
			t.remember(i.Key, text)
			found = append(found, i)
			return nil
		})
	return found, err
}
