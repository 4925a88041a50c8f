package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite/pages"
)

// maxOwnFindings is how many findings of SQLite's own check are asked for.
const maxOwnFindings = 100

// file has SQLite check itself: pages, records, indexes against their tables, the
// constraints of all tables, and the structure of the text index. The quick form
// would leave out the indexes, by which most answers are found.
func (k *check) file() error {
	return k.long(fmt.Sprintf("PRAGMA integrity_check(%d)", maxOwnFindings), nil, func(rows *sql.Rows) error {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		if text == "ok" {
			return nil
		}
		for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
			if strings.HasPrefix(line, "*** in database") {
				continue
			}
			// What is wrong with the text index alone can be made again.
			if isOfTextIndex(line) {
				if err := k.damage(CodeTextIndex, ByRepair, "%s", line); err != nil {
					return err
				}
				continue
			}
			k.unsound = true
			if err := k.damage(CodeSQLite, ByRecovery, "%s", line); err != nil {
				return err
			}
		}
		return nil
	})
}

func isOfTextIndex(line string) bool {
	return strings.Contains(line, "fts5") || strings.Contains(line, "FTS5") || strings.HasSuffix(line, "text_fts")
}

func (k *check) foreignKeys() error {
	counts := make(map[string]int64)
	err := k.long("PRAGMA foreign_key_check", nil, func(rows *sql.Rows) error {
		var table, parent string
		var row sql.NullInt64
		var id int64
		if err := rows.Scan(&table, &row, &parent, &id); err != nil {
			return err
		}
		if counts[table]++; counts[table] > maxOwnFindings {
			return nil
		}
		return k.damage(CodeForeignKey, cureOf(table), "row %d of %s refers to a %s that is not there", row.Int64, table, parent)
	})
	if err != nil {
		return err
	}
	for table, n := range counts {
		if n > maxOwnFindings {
			if err := k.damage(CodeForeignKey, cureOf(table), "%d more rows of %s refer to what is not there", n-maxOwnFindings, table); err != nil {
				return err
			}
		}
	}
	return nil
}

// cureOf returns the cure of damage to the rows of a table.
func cureOf(table string) Cure {
	switch table {
	case "passage", "text", "vector", "textless", "word":
		return ByRepair
	default:
		return ByRecovery
	}
}

// schema compares tables, indexes and triggers with those that the migrations
// make.
func (k *check) schema() error {
	id, err := k.identity()
	if err != nil {
		return err
	}
	k.version = id.version
	want, err := freshSchema(k.ctx, int(id.version))
	if err != nil {
		return err
	}
	got, err := schemaOf(k.ctx, k.session)
	if err != nil {
		return err
	}
	for name, text := range want {
		switch had, ok := got[name]; {
		case !ok:
			err = k.damage(CodeSchema, ByRecovery, "%s is missing", name)
		case had != text:
			err = k.damage(CodeSchema, ByRecovery, "%s is not as it was made", name)
		}
		if err != nil {
			return err
		}
	}
	triggers, err := k.foreignTriggers(id.version)
	if err != nil {
		return err
	}
	for _, t := range triggers {
		delete(got, "trigger "+t.name)
		if err := k.damage(CodeExtra, ByRecovery, "trigger %s on %s does not belong to a knowledge base, and may change what is written; DROP TRIGGER removes it", t.name, t.table); err != nil {
			return err
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok && !isOfVectors(name) {
			if err := k.note(CodeExtra, NoCure, "%s does not belong to a knowledge base", name); err != nil {
				return err
			}
		}
	}
	return nil
}

// isOfVectors reports whether a schema object is of passage_vec, which is made
// when there are vectors.
func isOfVectors(name string) bool { return strings.Contains(name, "passage_vec") }

// schemaOf returns the SQL of each schema object by its type and name.
func schemaOf(ctx context.Context, s *session) (map[string]string, error) {
	objects := make(map[string]string)
	err := s.eachUntil(ctx, "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema WHERE substr(name, 1, 8) <> 'sqlite_s'", nil,
		func(rows *sql.Rows) error {
			var name, text string
			err := rows.Scan(&name, &text)
			objects[name] = text
			return err
		})
	return objects, err
}

// freshSchema returns what schemaOf returns of a new file of a schema version.
func freshSchema(ctx context.Context, version int) (map[string]string, error) {
	s, err := newInMemory(ctx, version)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return schemaOf(ctx, s)
}

// newInMemory makes an empty knowledge base of a schema version, or of the newest if
// that is older, in memory.
func newInMemory(ctx context.Context, version int) (*session, error) {
	scripts, err := migrations()
	if err != nil {
		return nil, err
	}
	s, err := openSession(ctx, "file::memory:", guardPragmas)
	if err != nil {
		return nil, err
	}
	for _, script := range scripts[:min(version, len(scripts))] {
		if _, err := s.conn.ExecContext(ctx, script); err != nil {
			return nil, errors.Join(fault(err), s.Close())
		}
	}
	return s, nil
}

// logTries is how often a write-ahead log is read in the hope that nobody writes
// to it meanwhile.
const logTries = 5

// writeAheadLog looks for transactions in the log that SQLite passes over, since
// something before their end is damaged. A single one is what a full disk leaves,
// or a power cut: part of a frame, over what was there. It is of no run that has
// ended, since the transaction that ends a run would be lost with it.
func (k *check) writeAheadLog() error {
	var before []byte
	for range logTries {
		lost, state, err := lostInLog(k.path)
		if err != nil || lost == 0 {
			return err
		}
		switch {
		case !bytes.Equal(before, state):
		case lost == 1:
			return k.note(CodeLog, ByRepair, "the write-ahead log ends in a transaction that was not written to its end, as when the disk is full; it is of no run that has ended")
		default:
			return k.damage(CodeLog, ByRepair, "the write-ahead log ends in %d transactions that cannot be read: a power cut took them, or damage", lost)
		}
		before = state
	}
	return nil // somebody writes to it, and so has read it
}

// lostInLog returns how many transactions of a write-ahead log are lost, and what
// tells its states apart.
func lostInLog(path string) (lost int, state []byte, err error) {
	wal, err := os.Open(path + "-wal")
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	defer wal.Close() // only read
	file, err := os.Open(path)
	if err != nil {
		return 0, nil, err
	}
	defer file.Close() // only read
	size, err := file.Stat()
	if err != nil {
		return 0, nil, err
	}
	walSize, err := wal.Stat()
	if err != nil || walSize.Size() == 0 {
		return 0, nil, err
	}
	f, err := pages.Open(file, size.Size(), wal, walSize.Size())
	if err != nil {
		return 0, nil, nil // what there is of the file has been checked by SQLite
	}
	header := make([]byte, 32)
	if _, err := wal.ReadAt(header, 0); err != nil {
		return 0, nil, nil
	}
	return f.LostTransactions(), fmt.Append(header, walSize.Size(), walSize.ModTime(), f.LostTransactions()), nil
}

// recovered is what a recovery says of the file that it made, in meta.
type recovered struct {
	at      kb.Instant // when; 0 if the file came out of none
	through int64      // the last version that it knew of
	missing int64      // versions up to there that are not in the file
}

func (s *session) recoveredState() (recovered, error) {
	var r recovered
	var at, through, missing sql.NullInt64
	_, err := s.row(`
		SELECT (SELECT value FROM meta WHERE key = 'recovered_at'),
			(SELECT value FROM meta WHERE key = 'recovered_through'),
			(SELECT value FROM meta WHERE key = 'versions_missing')`, nil, &at, &through, &missing)
	r.at, r.through, r.missing = kb.Instant(at.Int64), through.Int64, missing.Int64
	return r, err
}

// forgottenUntil returns when anything was forgotten for the last time; 0 for
// never.
func (s *session) forgottenUntil() (at kb.Instant, err error) {
	_, err = s.row("SELECT coalesce(max(recorded_at), 0) FROM forgotten", nil, &at)
	return at, err
}

// VersionsMissing returns how many versions were lost without a trace before the
// file was recovered; 0 for a file that never was. Of any path and any time an
// answer may be older than it was.
func (r *Reader) VersionsMissing() (int64, error) {
	state, err := r.recoveredState()
	return state.missing, err
}

func (k *check) recovery() (err error) {
	if k.recovered, err = k.recoveredState(); err != nil {
		return err
	}
	if k.lessSince, err = k.forgottenUntil(); err != nil {
		return err
	}
	k.lessSince = max(k.lessSince, k.recovered.at)
	if k.recovered.missing == 0 {
		return nil
	}
	return k.note(CodeRecovered, NoCure, "%d versions were lost before the file was recovered, of which nothing is known but that they were there", k.recovered.missing)
}

// count counts what there is.
func (k *check) count() error {
	count := func(n *int64, table string) error {
		_, err := k.row("SELECT count(*) FROM "+table, nil, n) // a name of ours
		return err
	}
	for table, n := range map[string]*int64{"path": &k.sum.Paths, "version": &k.sum.Versions, "blob": &k.sum.Contents} {
		if err := count(n, table); err != nil {
			return err
		}
	}
	if _, err := k.row("SELECT count(DISTINCT path) FROM version", nil, &k.stored); err != nil {
		return err
	}
	if !k.hasTables() {
		return nil
	}
	for table, n := range map[string]*int64{"text": &k.sum.Texts, "passage": &k.sum.Passages, "vector": &k.sum.Vectors} {
		if err := count(n, table); err != nil {
			return err
		}
	}
	return nil
}

// openScratch opens the same file once more, with a temporary database beside it
// that can be written to.
func (k *check) openScratch() (*session, error) {
	pragmas := strings.Replace(checkPragmas, "PRAGMA query_only = ON;", "", 1)
	return openSession(k.ctx, readOnly(k.dsn), pragmas)
}

// readOnly makes a DSN, as dsn makes them, one that cannot write.
func readOnly(dsn string) string {
	name, query, _ := strings.Cut(dsn, "?")
	params, err := url.ParseQuery(query)
	if err != nil { // it was made by dsn
		return dsn
	}
	if params.Get("mode") != "rw" { // of a copy, whose WAL has to be read
		params.Set("mode", "ro")
	}
	return name + "?" + params.Encode()
}
