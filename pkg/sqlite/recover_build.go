package sqlite

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/kb"
)

// build makes the tables of the new file of the rows that wait, and leaves out what
// cannot be true.
func (r *recovery) build() error {
	for _, step := range []func() error{
		r.countRows, r.buildPaths, r.buildBlobs, r.proveContents,
		r.countRows, r.dropLost, r.buildVersions,
		r.countRows, r.buildFiltered, r.nameLost, r.buildBooks, r.buildMeta,
	} {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (r *recovery) tellProgress(one string, done, of int64) {
	if r.progress != nil {
		r.progress(RecoveryProgress{one, done, of})
	}
}

// writtenRows are what is counted where nothing else is: rows written to the new and
// to the staging file.
type writtenRows struct {
	before int64 // the count began
	told   int64
}

// countRows begins to count the rows that are written: what was counted so far is done.
func (r *recovery) countRows() error {
	_, err := r.out.row("SELECT total_changes()", nil, &r.written.before)
	r.written.told = 0
	r.tellProgress("row", 0, 0)
	return err
}

// tellRows tells how many rows are written.
func (r *recovery) tellRows() error {
	var all int64
	_, err := r.out.row("SELECT total_changes()", nil, &all)
	r.written.told = all - r.written.before
	r.tellProgress("row", r.written.told, 0)
	return err
}

// tellRow tells that one more row is written, which takes no question.
func (r *recovery) tellRow() {
	r.written.told++
	r.tellProgress("row", r.written.told, 0)
}

// run runs statements that bind nothing. Each may take a second or more where there
// are a million rows, and so they are told of one by one.
func (r *recovery) run(statements ...string) error {
	for _, s := range statements {
		if _, err := r.out.conn.ExecContext(r.ctx, s); err != nil {
			return fault(err)
		}
		if err := r.tellRows(); err != nil {
			return err
		}
	}
	return nil
}

// many calls fn with the rows of a query that is asked once.
func (r *recovery) many(query string, fn func(*sql.Rows) error) error {
	return r.out.eachUntil(r.ctx, query, nil, fn)
}

// lostFolder is where paths are put whose name is lost, as fsck does with files.
const lostFolder = "lost+found"

// buildPaths takes names from the table, or else from its index.
func (r *recovery) buildPaths() error {
	err := r.run("CREATE TABLE stage.better (id INTEGER PRIMARY KEY, name)")
	if err != nil {
		return err
	}
	err = r.many(`
		SELECT t._rowid, t.name, i.name FROM stage.s_path t JOIN stage.s_sqlite_autoindex_path_1 i ON i.id = t._rowid
		WHERE i.name <> t.name ORDER BY t.name`, func(rows *sql.Rows) error {
		var id int64
		var name, other []byte
		if err := rows.Scan(&id, &name, &other); err != nil {
			return err
		}
		if likeName(other) > likeName(name) {
			_, err := r.out.exec("INSERT INTO stage.better (id, name) VALUES (?, ?)", id, other)
			return err
		}
		return r.tell(Finding{Code: CodePathDoubtful, Path: string(name), Message: fmt.Sprintf("an index says that its name is %q", other)})
	})
	if err != nil {
		return err
	}
	if err := r.run("UPDATE stage.s_path SET name = b.name FROM stage.better b WHERE b.id = s_path._rowid"); err != nil {
		return err
	}
	impossible, err := r.dropImpossibleNames()
	if err != nil {
		return err
	}
	err = r.run(
		"INSERT OR IGNORE INTO main.path (id, name, forgotten) SELECT _rowid, name, forgotten FROM stage.s_path WHERE _rowid > 0 AND length(name) > 0 ORDER BY _rowid",
		"INSERT OR IGNORE INTO main.path (id, name, forgotten) SELECT id, name, (SELECT forgotten FROM stage.s_path WHERE _rowid = id) FROM stage.s_sqlite_autoindex_path_1 WHERE id > 0 AND length(name) > 0 ORDER BY id",
	)
	if err != nil {
		return err
	}
	if _, err := r.out.row("SELECT count(*) FROM path", nil, &r.sum.Paths); err != nil {
		return err
	}
	return r.nameLostPaths(impossible)
}

// nameLostPaths gives the paths that there are versions of, and no name, one that tells
// so. Of others nothing is known that they could be asked for.
func (r *recovery) nameLostPaths(impossible map[int64][]byte) error {
	err := r.many(`
		SELECT path, count(*) FROM (
			SELECT path, _rowid AS id FROM stage.s_version UNION SELECT path, id FROM stage.s_version_in_time)
		WHERE path > 0 AND path NOT IN (SELECT id FROM main.path) GROUP BY path`, func(rows *sql.Rows) error {
		var id, versions int64
		if err := rows.Scan(&id, &versions); err != nil {
			return err
		}
		name, err := r.nameLostPath(id)
		if err != nil {
			return err
		}
		r.sum.PathsLost++
		lost := "the name of this path is lost"
		if was, ok := impossible[id]; ok {
			lost = fmt.Sprintf("this path had the name %q, which none can have", was)
		}
		return r.tell(Finding{Code: CodePathLost, Path: name, Message: fmt.Sprintf("%s; it has %d versions", lost, versions)})
	})
	if err != nil {
		return err
	}
	for id := range impossible {
		var named bool
		if _, err := r.out.row("SELECT EXISTS (SELECT 1 FROM main.path WHERE id = ?)", []any{id}, &named); err != nil {
			return err
		}
		if !named {
			r.rows["path"]++
		}
	}
	return nil
}

// dropImpossibleNames drops names that no path can have, and returns them by the id of
// the path. They lead elsewhere than to what was taken in.
func (r *recovery) dropImpossibleNames() (map[int64][]byte, error) {
	impossible := make(map[int64][]byte) // as many as are damaged
	for _, names := range []struct{ each, drop string }{
		{"SELECT _rowid, name FROM stage.s_path", "UPDATE stage.s_path SET name = NULL WHERE _rowid = ?"},
		{"SELECT id, name FROM stage.s_sqlite_autoindex_path_1", "DELETE FROM stage.s_sqlite_autoindex_path_1 WHERE id = ?"},
	} {
		var bad []int64
		err := r.many(names.each, func(rows *sql.Rows) error {
			var id int64
			var name []byte
			err := rows.Scan(&id, &name)
			if err == nil && !isCleaned(name) {
				bad, impossible[id] = append(bad, id), name
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, id := range bad {
			if _, err := r.out.exec(names.drop, id); err != nil {
				return nil, err
			}
		}
	}
	return impossible, nil
}

// nameLostPath gives a path whose name is lost one that no other has.
func (r *recovery) nameLostPath(id int64) (string, error) {
	for name := fmt.Sprintf("%s/path-%d", lostFolder, id); ; name += "+" {
		res, err := r.out.exec("INSERT OR IGNORE INTO main.path (id, name, forgotten) VALUES (?1, ?2, (SELECT forgotten FROM stage.s_path WHERE _rowid = ?1))", id, []byte(name))
		if err != nil {
			return "", err
		}
		if n, err := res.RowsAffected(); err != nil || n > 0 {
			return name, err
		}
	}
}

// foundBlob is what is known of a content before it is proved.
type foundBlob struct {
	id           int64
	row, index   []byte // its hash in the table and in the index
	size         sql.NullInt64
	first, parts int64 // as its row has it, if these parts are there, or else as the parts have it
}

// buildBlobs makes a row for every content of which anything is known, with the
// hash of its row or of the index, or one that stands for it.
func (r *recovery) buildBlobs() error {
	err := r.run(
		"CREATE TABLE stage.verdict (blob INTEGER PRIMARY KEY, state INTEGER)", // 0 unproven, 1 proved, 2 lost
		"CREATE TABLE stage.wanted (blob INTEGER PRIMARY KEY)",
		`INSERT INTO stage.wanted SELECT blob FROM (
			SELECT _rowid AS blob FROM stage.s_blob UNION SELECT id FROM stage.s_sqlite_autoindex_blob_1
			UNION SELECT blob FROM stage.part_of UNION SELECT blob FROM stage.s_version UNION SELECT blob FROM stage.s_filtered
			UNION SELECT text FROM stage.s_filtered) WHERE blob > 0`,
		"CREATE TABLE stage.part_count (blob INTEGER PRIMARY KEY, first, n)",
		"INSERT INTO stage.part_count SELECT blob, min(id), count(*) FROM stage.part_of WHERE blob > 0 GROUP BY blob",
		"CREATE TABLE stage.range_count (blob INTEGER PRIMARY KEY, n)",
		`INSERT INTO stage.range_count SELECT b._rowid, count(p.id) FROM stage.s_blob b
			LEFT JOIN stage.part_of p ON p.blob = b._rowid AND p.ordinal = p.id - b.first_part AND p.ordinal < b.parts
			GROUP BY b._rowid`,
	)
	if err != nil {
		return err
	}
	if _, err := r.out.row("SELECT coalesce(max(blob), 0) FROM stage.wanted", nil, &r.nextID); err != nil {
		return err
	}
	return r.many(`
		SELECT w.blob, b.sha256, i.sha256, b.size,
			iif(b.parts = r.n, b.first_part, p.first), iif(b.parts = r.n, b.parts, p.n)
		FROM stage.wanted w LEFT JOIN stage.s_blob b ON b._rowid = w.blob
			LEFT JOIN stage.s_sqlite_autoindex_blob_1 i ON i.id = w.blob
			LEFT JOIN stage.part_count p ON p.blob = w.blob LEFT JOIN stage.range_count r ON r.blob = w.blob
		ORDER BY w.blob`, func(rows *sql.Rows) error {
		var b foundBlob
		var first, parts sql.NullInt64
		if err := rows.Scan(&b.id, &b.row, &b.index, &b.size, &first, &parts); err != nil {
			return err
		}
		b.first, b.parts = first.Int64, parts.Int64
		r.tellRow()
		return r.addBlob(&b)
	})
}

func (r *recovery) addBlob(b *foundBlob) error {
	// What the parts say of themselves counts: they have to be there.
	var size int64
	if b.size.Valid && b.size.Int64 >= 0 {
		size = b.size.Int64
	}
	for _, hash := range [][]byte{b.row, b.index, nil} {
		if hash == nil {
			lost := lostHash(b.id)
			hash = lost[:]
		}
		if len(hash) != sha256.Size {
			continue
		}
		res, err := r.out.exec("INSERT OR IGNORE INTO main.blob (id, sha256, size, first_part, parts, depth) VALUES (?, ?, ?, ?, ?, 0)",
			b.id, hash, size, b.first, b.parts)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n > 0 {
			return err
		}
	}
	return nil
}

// proveContents reads every content and compares it with its hash. Where the table
// and the index differ on the hash, one of them is proved by it.
func (r *recovery) proveContents() error {
	var ids []int64
	var done, of int64
	if _, err := r.out.row("SELECT count(*) FROM main.blob", nil, &of); err != nil {
		return err
	}
	for after := int64(-1); ; after = ids[len(ids)-1] {
		ids = ids[:0]
		err := r.out.each("SELECT id FROM main.blob WHERE id > ? ORDER BY id LIMIT ?", []any{after, pageRows}, func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			if err := r.prove(id); err != nil {
				return err
			}
			done++
			r.tellProgress("content", done, of)
		}
	}
}

// The verdicts on contents.
const (
	unproven = 0 // whole by its parts, but its hash is lost
	proved   = 1
	lost     = 2
)

func (r *recovery) prove(id int64) error {
	var hash, index []byte
	_, err := r.out.row(`SELECT b.sha256, i.sha256 FROM main.blob b LEFT JOIN stage.s_sqlite_autoindex_blob_1 i ON i.id = b.id WHERE b.id = ?`,
		[]any{id}, &hash, &index)
	if err != nil {
		return err
	}
	var size counter
	got, whole, err := r.hash(id, &size)
	if err := r.ctx.Err(); err != nil {
		return err
	}
	state := lost
	switch {
	case err != nil:
	case bytes.Equal(got[:], hash):
		state = proved
	case bytes.Equal(got[:], index):
		state, err = r.adopt(id, got, proved)
	case isLostHash(hash) && whole:
		state, err = r.adopt(id, got, unproven)
	}
	if state != lost && err != nil {
		return err
	}
	if state != lost {
		if _, err := r.out.exec("UPDATE main.blob SET size = ? WHERE id = ?", size.n, id); err != nil {
			return err
		}
	}
	_, err = r.out.exec("INSERT INTO stage.verdict (blob, state) VALUES (?, ?)", id, state)
	return err
}

// errGap says that parts of a content are not there.
var errGap = errors.New("parts are missing")

// hash reads the parts of a content, whatever hash it is said to have. whole
// reports whether they can be told to be all: there is none of more than 1 MiB, and
// only the last one may be smaller.
func (r *recovery) hash(id int64, size *counter) (sum kb.Hash, whole bool, err error) {
	var first, parts, there int64
	var isDelta bool
	_, err = r.out.row(`SELECT first_part, parts, EXISTS (SELECT 1 FROM main.part WHERE id = b.first_part AND blob = b.id AND base IS NOT NULL), (SELECT count(*) FROM stage.part_of
			WHERE blob = b.id AND ordinal = part_of.id - b.first_part AND ordinal >= 0 AND ordinal < b.parts)
		FROM main.blob b WHERE id = ?`, []any{id}, &first, &parts, &isDelta, &there)
	if err != nil {
		return sum, false, err
	}
	if there != parts {
		return sum, false, errGap
	}
	check := content.NewVerifier(size)
	if err := r.blobs.writeParts(r.ctx, check, sum, first, parts, isDelta); err != nil {
		return sum, false, err
	}
	return check.Sum(), parts > 0 && size.n%content.MaxPart != 0, nil
}

// adopt gives a content the hash that it has. If another one is the same content
// already, this one is of no use.
func (r *recovery) adopt(id int64, hash kb.Hash, state int) (int, error) {
	res, err := r.out.exec("UPDATE OR IGNORE main.blob SET sha256 = ? WHERE id = ?", hash[:], id)
	if err != nil {
		return state, err
	}
	n, err := res.RowsAffected()
	if n == 0 && err == nil {
		state = lost
	}
	return state, err
}

// dropLost takes away the parts of contents that are lost, and the contents that
// nobody asks for.
func (r *recovery) dropLost() error {
	err := r.run(
		"CREATE TABLE stage.used (blob INTEGER PRIMARY KEY)",
		"INSERT INTO stage.used SELECT blob FROM stage.s_version WHERE blob > 0 UNION SELECT blob FROM stage.s_filtered UNION SELECT text FROM stage.s_filtered",
		"CREATE TABLE stage.deltas (base INTEGER, blob INTEGER, PRIMARY KEY (base, blob)) WITHOUT ROWID",
		"INSERT OR IGNORE INTO stage.deltas SELECT base, blob FROM main.part WHERE base IS NOT NULL",
		// What is a delta from a lost content is lost too, or else its hash has lied.
		`WITH RECURSIVE gone (blob) AS (
				SELECT blob FROM stage.verdict WHERE state = 2
				UNION SELECT p.blob FROM gone g JOIN stage.deltas p ON p.base = g.blob)
			UPDATE stage.verdict SET state = 2 WHERE blob IN (SELECT blob FROM gone)`,
		"DELETE FROM main.part WHERE blob NOT IN (SELECT blob FROM stage.verdict WHERE state <> 2)",
		`DELETE FROM main.part WHERE NOT EXISTS (
			SELECT 1 FROM main.blob b WHERE b.id = part.blob AND part.id >= b.first_part AND part.id < b.first_part + b.parts)`,
		"UPDATE main.blob SET first_part = 0, parts = 0 WHERE id IN (SELECT blob FROM stage.verdict WHERE state = 2)",
		`WITH RECURSIVE chain (blob, depth) AS (
				SELECT id, 0 FROM main.blob WHERE id NOT IN (SELECT blob FROM main.part WHERE base IS NOT NULL)
				UNION ALL SELECT p.blob, c.depth + 1 FROM chain c JOIN stage.deltas p ON p.base = c.blob WHERE c.depth <= `+noBase+`)
			UPDATE main.blob SET depth = chain.depth FROM chain WHERE chain.blob = main.blob.id AND chain.depth > 0`,
		// An empty content has no parts; its place is any.
		"UPDATE main.blob SET first_part = 1 WHERE first_part = 0 AND id IN (SELECT blob FROM stage.verdict WHERE state <> 2)",
	)
	if err != nil {
		return err
	}
	_, err = r.out.row("SELECT count(*), coalesce(sum(size), 0) FROM main.blob b JOIN stage.verdict v ON v.blob = b.id WHERE v.state <> 2",
		nil, &r.sum.Contents, &r.sum.ContentBytes)
	return err
}
