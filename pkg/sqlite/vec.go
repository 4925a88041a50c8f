package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	vec "github.com/asg017/sqlite-vec-go-bindings/cgo"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite/blocks"
	"github.com/seed16713943/btools/pkg/sqlite/rows"
	"github.com/seed16713943/btools/pkg/sqlite/tokens"
)

// Connections opened from here on know vec0 tables and what the packages blocks, rows
// and tokens add. SQLite keeps a list of such extensions for the whole process, to
// which this adds four, once.
func init() {
	rows.Auto() // see there why it is the first
	vec.Auto()
	blocks.Auto()
	tokens.Auto()
}

// Vectors stand in three places. The table vector has that of each text, to be
// read by text; passage_vec, a vec0 table, is for everybody's own SQL; and the
// tables vector_block and vector_interval are what searches scan (see codes.go). A
// vector of zeros has no direction: it is kept in vector, so that its text does
// not wait for one, and its passages are in neither of the others.

// vectorWriter is what a transaction knows of the vectors. It looks at the file
// once and expects that nothing but itself changes them from then on.
type vectorWriter struct {
	known  bool
	dim    int              // 0 while there is no vector
	packed int64            // the last passage in a packed block
	recent map[int64][]byte // by text, some of those that it added or read

	blocks    map[int64]*codeBlock    // that it changed
	intervals map[int64]*codeInterval // that it changed
}

// maxVectors is how many vectors a transaction remembers: those of a large chunk,
// where all of an index may be made in one transaction. Tests make it smaller.
var maxVectors = 1 << 12

func (w *vectorWriter) remember(text int64, data []byte) {
	if len(w.recent) >= maxVectors {
		clear(w.recent)
	}
	w.recent[text] = data
}

// vectorState returns t.vectors after looking at the file if need be.
func (t *tx) vectorState() (*vectorWriter, error) {
	w := &t.vectors
	if w.known {
		return w, nil
	}
	var err error
	if w.dim, err = t.dimension(); err != nil {
		return nil, err
	}
	if w.packed, err = t.lastPacked(); err != nil {
		return nil, err
	}
	w.recent = make(map[int64][]byte)
	w.blocks = make(map[int64]*codeBlock)
	w.intervals = make(map[int64]*codeInterval)
	w.known = true
	return w, nil
}

// dimension returns that of the stored vectors; 0 if there is none.
func (s *session) dimension() (dim int, err error) {
	_, err = s.row("SELECT length(data) FROM vector LIMIT 1", nil, &dim)
	return dim, err
}

// addVector stores the vector of a text that has none, for the passages too that
// the text stands in already.
func (t *tx) addVector(text int64, v []int8) error {
	if err := t.storeVector(text, v); err != nil {
		return err
	}
	passages, err := t.passagesOf(text)
	if err != nil {
		return err
	}
	for _, p := range passages {
		if err := t.addPassageVector(p); err != nil {
			return err
		}
	}
	return nil
}

// storeVector stores the vector of a text. All vectors have the dimension of the
// first.
func (t *tx) storeVector(text int64, v []int8) error {
	w, err := t.vectorState()
	if err != nil {
		return err
	}
	switch {
	case len(v) == 0:
		return fmt.Errorf("the vector of text %d is empty", text)
	case w.dim == 0:
		if err := t.makePassageVec(len(v)); err != nil {
			return err
		}
		w.dim = len(v)
	case w.dim != len(v):
		return fmt.Errorf("the vector of text %d has the dimension %d, where the others have %d", text, len(v), w.dim)
	}
	data := make([]byte, len(v))
	for i, x := range v {
		data[i] = byte(x)
	}
	row, err := t.later(vectorRows)
	if err != nil {
		return err
	}
	row.Int(text).Blob(data)
	w.remember(text, data)
	return nil
}

// makePassageVec makes the vec0 table. Its declaration takes no parameters.
func (t *tx) makePassageVec(dim int) error {
	var once rows.Rows // which say why vec0 fails
	once.Next()
	_, err := t.runNow(passageVec(dim), &once)
	return err
}

// passageVec is the declaration of the vec0 table.
func passageVec(dim int) string {
	return fmt.Sprintf(`CREATE VIRTUAL TABLE passage_vec USING vec0(
			passage integer primary key,
			embedding int8[%d] distance_metric=cosine,
			valid_from integer,
			valid_to integer)`, dim)
}

func (t *tx) passagesOf(text int64) (passages []passageRow, err error) {
	err = t.each("SELECT id, path, valid_from, valid_to FROM passage WHERE text = ?", []any{text}, func(rows *sql.Rows) error {
		p := passageRow{text: text}
		if err := rows.Scan(&p.id, &p.path, &p.from, &p.to); err != nil {
			return err
		}
		passages = append(passages, p)
		return nil
	})
	return passages, err
}

// addPassageVector makes the vector of a passage's text that of the passage.
func (t *tx) addPassageVector(p passageRow) error {
	w, err := t.vectorState()
	if err != nil {
		return err
	}
	data, found := w.recent[p.text]
	if !found {
		found, err := t.row("SELECT data FROM vector WHERE text = ?", []any{p.text}, &data)
		if err == nil && !found {
			err = fmt.Errorf("text %d has no vector", p.text)
		}
		if err != nil {
			return err
		}
		w.remember(p.text, data)
	}
	if squares(data) == 0 {
		return nil
	}
	row, err := t.later(passageVectorRows)
	if err != nil {
		return err
	}
	row.Int(p.id).Blob(data).Int(int64(p.from)).Int(int64(p.to))
	if p.id > w.packed {
		return nil
	}
	return t.packLate(p, data)
}

// setPassageVector takes over new bounds of a passage that has a vector. Most are
// closed only, and then half of the work is spared where that is known at once.
func (t *tx) setPassageVector(p passageRow) error {
	w, err := t.vectorState()
	if err != nil {
		return err
	}
	if p.id > w.packed {
		return t.moveVector(p)
	}
	i, at, err := t.codeInterval(p.id)
	if err != nil {
		return err
	}
	switch i.from.get(at) {
	case int64(kb.Forever): // it has no direction
		return nil
	case int64(p.from):
		var row *rows.Values
		if row, err = t.later(closedVectorRows); err == nil {
			row.Int(int64(p.to)).Int(p.id)
		}
	default:
		err = t.moveVector(p)
	}
	i.from.set(at, int64(p.from))
	i.to.set(at, int64(p.to))
	return err
}

// moveVector takes over both bounds of a passage.
func (t *tx) moveVector(p passageRow) error {
	row, err := t.later(movedVectorRows)
	if err == nil {
		row.Int(int64(p.from)).Int(int64(p.to)).Int(p.id)
	}
	return err
}

// dropVectors deletes all vectors, and passage_vec, since the next ones may have
// another dimension.
func (t *tx) dropVectors() error {
	if err := t.flush(); err != nil {
		return err
	}
	for _, stmt := range []string{
		"DELETE FROM vector", "DELETE FROM vector_block", "DELETE FROM vector_interval", "DROP TABLE IF EXISTS passage_vec",
	} {
		if _, err := t.conn.ExecContext(context.Background(), stmt); err != nil {
			return fault(err)
		}
	}
	t.vectors = vectorWriter{}
	return nil
}
