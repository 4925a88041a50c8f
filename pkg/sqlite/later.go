package sqlite

import (
	"errors"

	"github.com/seed16713943/btools/pkg/sqlite/rows"
)

// A transaction stores most of its rows later, many of a kind at a time. They wait in
// the session, whose exec, row and each store them before they do anything else. Of
// questions whose answer no waiting row changes, as the caller knows, there are methods
// with Now in their names.

// rowKind is a statement that waiting rows are for. Of two kinds, the rows of the
// first are stored first.
type rowKind int

const (
	pathRows rowKind = iota
	blobRows
	partRows
	versionRows
	seenRows
	missedRows
	listedTextRows
	textRows
	vectorRows
	passageRows
	passageVectorRows
	movedPassageRows
	closedVectorRows
	movedVectorRows
	rowKinds
)

var rowStatements = [rowKinds]string{
	pathRows: "INSERT INTO path (id, name) VALUES (?, ?)",
	blobRows: "INSERT INTO blob (id, sha256, size, first_part, parts, depth) VALUES (?, ?, ?, ?, ?, ?)",
	partRows: "INSERT INTO part (id, blob, ordinal, codec, base, data) VALUES (?, ?, ?, ?, ?, ?)",
	versionRows: `INSERT INTO version (id, path, valid_from, seq, recorded_at, blob, mode, mtime, source, run, checksum)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
	seenRows: `INSERT INTO seen (path, scan, mtime, ctime, inode, blob, stale_since) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (path) DO UPDATE SET scan = excluded.scan, mtime = excluded.mtime, ctime = excluded.ctime,
			inode = excluded.inode, blob = excluded.blob, stale_since = excluded.stale_since`,
	missedRows:        "UPDATE seen SET stale_since = ? WHERE path = ? AND (stale_since IS NULL OR stale_since < ?)",
	listedTextRows:    "INSERT INTO text_fts (rowid, heading, body) VALUES (?, tokenized(?, ?), tokenized(?, ?))",
	textRows:          "INSERT INTO text_fts (rowid, heading, body) VALUES (?, ?, ?)",
	vectorRows:        "INSERT INTO vector (text, data) VALUES (?, ?)",
	passageRows:       "INSERT INTO passage (id, path, text, valid_from, valid_to) VALUES (?, ?, ?, ?, ?)",
	passageVectorRows: "INSERT INTO passage_vec (passage, embedding, valid_from, valid_to) VALUES (?, vec_int8(?), ?, ?)",
	movedPassageRows:  "UPDATE passage SET valid_from = ?, valid_to = ? WHERE id = ? AND path = ? AND text = ?",
	closedVectorRows:  "UPDATE passage_vec SET valid_to = ? WHERE passage = ?",
	movedVectorRows:   "UPDATE passage_vec SET valid_from = ?, valid_to = ? WHERE passage = ?",
}

// maxWaiting is how many bytes of a kind may wait, besides the last row.
const maxWaiting = 64 << 10

// waitingRows are those of a transaction.
type waitingRows struct {
	of  [rowKinds]rows.Rows
	any bool

	versionsOf, passagesOf map[int64]bool // paths of which such rows wait
	moved                  map[int64]bool // passages whose bounds wait
}

func newWaitingRows() waitingRows {
	return waitingRows{versionsOf: make(map[int64]bool), passagesOf: make(map[int64]bool), moved: make(map[int64]bool)}
}

// later begins a row that is stored later, whose values are to be appended.
func (s *session) later(kind rowKind) (*rows.Values, error) {
	if len(s.waiting.of[kind].Bytes()) > maxWaiting {
		if err := s.flush(); err != nil {
			return nil, err
		}
	}
	s.waiting.any = true
	return s.waiting.of[kind].Next(), nil
}

// flush stores all rows that wait.
func (s *session) flush() error {
	if !s.waiting.any {
		return nil
	}
	defer s.dropWaiting()
	for kind := range rowKinds {
		all := &s.waiting.of[kind]
		if all.Len() == 0 {
			continue
		}
		done, err := s.runNow(rowStatements[kind], all)
		if err != nil {
			return err
		}
		if kind != movedPassageRows {
			continue
		}
		for i := range all.Len() {
			if rows.Done(done, i) == 0 {
				return errors.New("a passage is not of its path and text")
			}
		}
	}
	return nil
}

// dropWaiting drops the rows that wait.
func (s *session) dropWaiting() {
	for kind := range rowKinds {
		s.waiting.of[kind].Clear()
	}
	clear(s.waiting.versionsOf)
	clear(s.waiting.passagesOf)
	clear(s.waiting.moved)
	s.waiting.any = false
}

// runNow runs a statement for rows, before those that wait, and returns what it did:
// see package rows.
func (s *session) runNow(statement string, all *rows.Rows) (done []byte, err error) {
	_, err = s.rowNow("SELECT run_rows(?, ?, ?)", []any{statement, all.Len(), all.Bytes()}, &done)
	return done, err
}
