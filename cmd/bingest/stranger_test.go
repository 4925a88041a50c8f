package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/seed16713943/btools/pkg/kb"
)

// strangers are what somebody may do to a file that he hands on.
var strangers = []struct {
	name, sql string
	refused   bool // at once
}{
	{"a view that never ends", `
		ALTER TABLE version RENAME TO hidden;
		CREATE VIEW version AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT h.* FROM hidden h, n WHERE i < 0`, true},
	{"texts that never end", `
		PRAGMA writable_schema = ON;
		UPDATE sqlite_schema SET sql = 'CREATE VIEW text_indexed AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
			SELECT id, heading, body FROM text, n WHERE i < 0' WHERE name = 'text_indexed'`, true},
	{"a column that is computed", `
		ALTER TABLE part RENAME TO hidden;
		CREATE TABLE part (id INTEGER PRIMARY KEY, blob INTEGER, ordinal INTEGER, codec INTEGER, data BLOB AS (zeroblob(1000000000)));
		INSERT INTO part SELECT id, blob, ordinal, codec FROM hidden`, true},
	{"a computed column in an altered table", `
		ALTER TABLE failure ADD COLUMN huge TEXT AS (hex(zeroblob(500000000)))`, true},
	{"a table for a view", "DROP VIEW text_indexed; CREATE TABLE text_indexed (id, heading, body)", true},
	{"settings of the text index that never end", endless("text_fts_config", "k, v"), true},
	{"sizes in the text index that never end", endless("Text_FTS_docsize", "id, sz"), true},
	{"words that never end", endless("text_fts_data", "id, block"), true},
	{"segments that never end", endless("text_fts_idx", "segid, term, pgno"), true},
	{"rowids of vectors that never end", endless("passage_vec_rowids", "rowid, id, chunk_id, chunk_offset"), true},
	{"chunks of vectors that never end", endless("passage_vec_chunks", "chunk_id, size, validity, rowids"), true},
	{"vectors that never end", endless("passage_vec", "passage, embedding, valid_from, valid_to"), true},
	{"sequences that never end", endless("sqlite_sequence", "name, seq"), true},
	{"settings of the text index that are computed", `
		PRAGMA writable_schema = ON;
		UPDATE sqlite_schema SET sql = 'CREATE TABLE ''text_fts_config''(k PRIMARY KEY, v, x AS/**/(hex(zeroblob(500000000)))) WITHOUT ROWID' WHERE name = 'text_fts_config'`, true},
	{"settings of the text index that are another's", `
		PRAGMA writable_schema = ON;
		UPDATE sqlite_schema SET rootpage = 0, sql = 'CREATE VIRTUAL TABLE text_fts_config USING fts5vocab(text_fts, row)' WHERE name = 'text_fts_config'`, true},
	{"a value larger than any can be", "UPDATE part SET data = zeroblob(300000000) WHERE id = 8", false},
	{"a frame that claims a terabyte", "UPDATE part SET codec = 1, data = x'28b52ffdc00000000000010000010000'", false},
	{"frames that are none", "UPDATE part SET codec = 1, data = randomblob(1000)", false},
	{"codecs that are not known", "UPDATE part SET codec = 77", false},
	{"parts without end", "UPDATE blob SET parts = 9223372036854775807", false},
	{"times that no calendar has", "DROP TRIGGER version_is_append_only; UPDATE version SET valid_from = -9223372036854775807, recorded_at = 9223372036854775806; " + appendOnly, false},
	{"sizes of everything", "UPDATE blob SET size = 9223372036854775807", false},
	{"sizes that cannot be", "PRAGMA ignore_check_constraints = ON; UPDATE blob SET size = -1", false},
	{"scans that are no JSON", "UPDATE scan SET body = char(27) || '[2J', listed = randomblob(100)", false},
	{"meta that makes no sense", "UPDATE meta SET value = 'x' WHERE key IN ('dimension', 'extractor', 'created_at')", false},
	{"vectors that are none", "UPDATE vector SET data = x'01'; UPDATE vector_block SET codes = x'01', path = x''; UPDATE vector_interval SET valid_from = x'00', valid_to = x'ff'", false},
	{"passages of nothing", "PRAGMA foreign_keys = OFF; DELETE FROM text; UPDATE passage SET text = 99999999", false},
	{"a text index of noise", "UPDATE text_fts_data SET block = randomblob(200) WHERE id > 1", false},
	{"names of escapes", "UPDATE path SET name = CAST(char(27) || '[2J' || id AS BLOB); UPDATE text SET body = char(27) || ']0;x' || char(7)", false},
	{"a trigger that never ends", `CREATE TRIGGER loop AFTER INSERT ON run BEGIN
		INSERT INTO meta SELECT 'x' || (SELECT count(*) FROM (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n LIMIT 100)), 1; END`, false},
}

// endless makes of a table a view that never ends.
func endless(table, columns string) string {
	return fmt.Sprintf(`
		PRAGMA writable_schema = ON;
		UPDATE sqlite_schema SET type = 'view', name = '%[1]s', tbl_name = '%[1]s', rootpage = 0, sql = 'CREATE VIEW %[1]s (%[2]s) AS
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT %[3]s FROM n WHERE i < 0'
		WHERE lower(name) = lower('%[1]s')`, table, columns, strings.Repeat("i, ", strings.Count(columns, ","))+"i")
}

const appendOnly = `CREATE TRIGGER version_is_append_only BEFORE UPDATE ON version
BEGIN
  SELECT RAISE(ABORT, 'a version never changes');
END`

// TestStranger asks all questions of files that somebody has prepared: each ends by
// itself, with a message where there is no answer, and writes nothing. What is refused
// can be saved.
func TestStranger(t *testing.T) {
	p := newPrograms(t)
	for i := range 30 {
		p.write(fmt.Sprintf("docs/%02d.md", i), fmt.Sprintf("# Title %d\n\nSome words about number %d.\n", i, i))
	}
	p.output(0, bytes.NewReader(p.output(0, nil, "bscan", "docs")), "bingest")
	good, err := os.ReadFile(filepath.Join(p.dir, "kb.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	for i, stranger := range strangers {
		t.Run(stranger.name, func(t *testing.T) {
			db := fmt.Sprintf("%d.sqlite", i)
			file := filepath.Join(p.dir, db)
			if err := os.WriteFile(file, good, 0o666); err != nil {
				t.Fatal(err)
			}
			conn, err := new(sqlite3.SQLiteDriver).Open(file)
			if err == nil {
				_, err = conn.(*sqlite3.SQLiteConn).Exec(stranger.sql, nil)
				err = errors.Join(err, conn.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, question := range []string{
				"ls -json", "docs/07.md", "show -json docs/07.md", "log docs/07.md", "diff -p -from 2000-01-01", "info", "when words",
				"search words", "search -mode vector -exact title", "search -json -strict number",
			} {
				p.askStranger(t, db, question, stranger.refused)
			}
			if stranger.refused {
				p.saveStranger(t, db)
			}
			after, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if kb.HashOf(before) != kb.HashOf(after) {
				t.Error("the file has been changed")
			}
		})
	}
}

// askStranger demands that a question ends by itself and without a trace of the
// runtime.
func (p *programs) askStranger(t *testing.T, db, question string, refused bool) {
	t.Helper()
	code, _, stderr := p.ended(t, "basof", append(strings.Fields(question), "-db", db)...)
	if code != 0 && code != 1 && code != 4 || strings.Contains(stderr, "goroutine ") || code != 0 && stderr == "" {
		t.Errorf("basof %s: code %d, %.2000s", question, code, stderr)
	}
	if refused && (code != 1 || !strings.Contains(stderr, "not a knowledge base: its ")) {
		t.Errorf("basof %s: code %d, %.2000s", question, code, stderr)
	}
}

// saveStranger demands that a file which is refused is damage to bcheck, that what it
// holds is saved, and that no writer touches it.
func (p *programs) saveStranger(t *testing.T, db string) {
	t.Helper()
	const refusal = "not a knowledge base: its "
	for _, line := range []string{"bingest -partial", "bingest reindex", "bingest forget -before 2000-01-01 docs"} {
		args := strings.Fields(line)
		if code, _, stderr := p.ended(t, args[0], append(args[1:], "-db", db)...); code != 1 || !strings.Contains(stderr, refusal) {
			t.Errorf("%s: code %d, %.2000s", line, code, stderr)
		}
	}
	if code, stdout, stderr := p.ended(t, "bcheck", "-db", db); code != 3 || !strings.Contains(stdout, refusal) || !strings.Contains(stderr, "-recover") {
		t.Errorf("bcheck: code %d, %.2000s%.2000s", code, stdout, stderr)
	}
	saved := "saved-" + db
	if code, stdout, stderr := p.ended(t, "bcheck", "-db", db, "-recover", saved); code != 0 && code != 3 {
		t.Errorf("bcheck -recover: code %d, %.2000s%.2000s", code, stdout, stderr)
	}
	if code, stdout, stderr := p.ended(t, "bcheck", "-data", "-db", saved); code != 0 {
		t.Errorf("what was recovered: code %d, %.2000s%.2000s", code, stdout, stderr)
	}
}

// ended runs a program that has to end by itself: one that never does ends here.
func (p *programs) ended(t *testing.T, program string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := p.command(program, args...)
	var out, told bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &told
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	patience := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() })
	code = exitCode(t, cmd.Wait())
	if !patience.Stop() {
		t.Fatalf("%s %s does not end", program, args)
	}
	return code, out.String(), told.String()
}
