package rows_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	sqlite3 "github.com/mattn/go-sqlite3"
	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/sqlite/rows"
)

func init() { rows.Auto() }

func open(t *testing.T) *sql.DB {
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	exec(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY, k UNIQUE, v, w)")
	return db
}

func exec(t rapid.TB, db *sql.DB, query string, args ...any) sql.Result {
	t.Helper()
	res, err := db.Exec(query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func run(db *sql.DB, query string, r *rows.Rows) (result []byte, err error) {
	err = db.QueryRow("SELECT run_rows(?, ?, ?)", query, r.Len(), r.Bytes()).Scan(&result)
	return result, err
}

func dump(t rapid.TB, db *sql.DB) string {
	t.Helper()
	all, err := db.Query("SELECT format('%d %s %s %s', id, quote(k), quote(v), quote(w)) FROM t ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	var b strings.Builder
	for all.Next() {
		var line string
		if err := all.Scan(&line); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, line)
	}
	return b.String()
}

// TestRunRows compares statements that are run for many rows with the same ones run
// row by row.
func TestRunRows(t *testing.T) {
	queries := []string{
		"INSERT INTO t (k, v, w) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
		"INSERT INTO t (k, v, w) VALUES (?, ?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v",
		"UPDATE t SET v = ?2, w = ?3 WHERE k = ?1",
		"DELETE FROM t WHERE k = ? AND (v IS ? OR w IS ?)",
	}
	rapid.Check(t, func(rt *rapid.T) {
		each, together := open(t), open(t)
		for range rapid.IntRange(1, 5).Draw(rt, "steps") {
			query := rapid.SampledFrom(queries).Draw(rt, "query")
			var all rows.Rows
			var want []int64
			for range rapid.IntRange(0, 5).Draw(rt, "rows") {
				row := all.Next()
				args := []any{rapid.IntRange(0, 3).Draw(rt, "key"), draw(rt), draw(rt)}
				for _, arg := range args {
					add(row, arg)
				}
				res := exec(rt, each, query, args...)
				changed, _ := res.RowsAffected()
				last, _ := res.LastInsertId()
				switch {
				case changed == 0:
					last = 0
				case !strings.HasPrefix(query, "INSERT"):
					last = -1
				case strings.Contains(query, "UPDATE"):
					last = 0 // inserted or not: not compared
				}
				want = append(want, last)
			}
			result, err := run(together, query, &all)
			if err != nil {
				rt.Fatal(err)
			}
			for i, last := range want {
				if got := rows.Done(result, i); got != last && !(last == 0 && strings.Contains(query, "DO UPDATE") && got != 0) {
					rt.Errorf("row %d of %s: %d, not %d", i, query, got, last)
				}
			}
			if len(result) != 8*len(want) {
				rt.Errorf("%d bytes of %d rows", len(result), len(want))
			}
		}
		if got, want := dump(rt, together), dump(rt, each); got != want {
			rt.Errorf("together the rows are\n%s\nand one by one\n%s", got, want)
		}
	})
}

func draw(t *rapid.T) any {
	return rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Int64(), func(n int64) any { return n }),
		rapid.Map(rapid.String(), func(s string) any { return s }),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) any { return append([]byte{}, b...) }),
	).Draw(t, "value")
}

func add(r *rows.Values, arg any) {
	switch arg := arg.(type) {
	case nil:
		r.NullInt(sql.NullInt64{})
	case int:
		r.Int(int64(arg))
	case int64:
		r.Int(arg)
	case string:
		r.Text(arg)
	case []byte:
		r.Blob(arg)
	}
}

// TestStatements has more statements than are kept prepared, changes the schema under
// those that are, and closes the connection, which gives up its file.
func TestStatements(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kb.sqlite")
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	exec(t, db, "CREATE TABLE t (v)")
	for round, want := range []int{1, 2} {
		for i := range 100 {
			var one rows.Rows
			one.Next().Int(int64(1000 * round))
			if _, err := run(db, fmt.Sprintf("INSERT INTO t (v) VALUES (?1 + %d)", i), &one); err != nil {
				t.Fatal(err)
			}
			answer, err := ask(db, fmt.Sprintf("SELECT * FROM t WHERE v = ? + %d", i), new(rows.Values).Int(int64(1000*round)))
			if err != nil {
				t.Fatal(err)
			}
			for answer.More() {
				for column := range want {
					if got := value(answer); column == 0 && got != int64(1000*round+i) || column == 1 && got != nil {
						t.Errorf("round %d, statement %d: column %d is %v", round, i, column, got)
					}
				}
			}
			if err := answer.Err(); err != nil {
				t.Errorf("round %d, statement %d: %v", round, i, err)
			}
		}
		if round == 0 {
			exec(t, db, "ALTER TABLE t ADD COLUMN w")
		}
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	handles, _ := filepath.Glob("/proc/self/fd/*")
	for _, handle := range handles {
		if name, _ := os.Readlink(handle); name == file {
			t.Error("the file is still open")
		}
	}
}

// TestErrors runs what SQLite refuses, and what is no statement or no rows.
func TestErrors(t *testing.T) {
	db := open(t)
	var two rows.Rows
	two.Next().Int(1)
	two.Next().Int(1)
	_, err := run(db, "INSERT INTO t (k) VALUES (?)", &two)
	var e sqlite3.Error
	if !errors.As(err, &e) || e.ExtendedCode != sqlite3.ErrConstraintUnique || e.Error() != "UNIQUE constraint failed: t.k" {
		t.Errorf("two equal keys: %v", err)
	}
	if got := dump(t, db); got != "1 1 NULL NULL\n" {
		t.Errorf("of two equal keys stays %q", got)
	}
	for _, bad := range []struct {
		query string
		n     int64
		rows  []byte
		code  sqlite3.ErrNo
	}{
		{"SELECT ?", 1, two.Bytes()[:9], sqlite3.ErrMisuse},
		{"no statement", 1, two.Bytes()[:9], sqlite3.ErrError},
		{"INSERT INTO t (v) VALUES (?)", 1, two.Bytes(), sqlite3.ErrMismatch},
		{"INSERT INTO t (v) VALUES (?)", 2, two.Bytes()[:17], sqlite3.ErrMismatch},
		{"INSERT INTO t (v) VALUES (?)", 1, []byte{2, 9, 0, 0, 0, 'x'}, sqlite3.ErrMismatch},
		{"INSERT INTO t (v) VALUES (?)", 1, []byte{2, 255, 255, 255, 255, 'x'}, sqlite3.ErrMismatch},
		{"INSERT INTO t (v) VALUES (?)", 1, []byte{9, 0, 0, 0, 0}, sqlite3.ErrMismatch},
		{"INSERT INTO t (v) VALUES (?)", -1, two.Bytes(), sqlite3.ErrNomem},
		{"INSERT INTO t (v) VALUES (?)", 1 << 40, two.Bytes(), sqlite3.ErrNomem},
	} {
		err := db.QueryRow("SELECT run_rows(?, ?, ?)", bad.query, bad.n, bad.rows).Scan(new([]byte))
		if !errors.As(err, &e) || e.Code != bad.code {
			t.Errorf("%s of %d rows %x: %v", bad.query, bad.n, bad.rows, err)
		}
	}
	if result, err := run(db, "INSERT INTO t (v) VALUES (?)", new(rows.Rows)); err != nil || !bytes.Equal(result, nil) {
		t.Errorf("no rows: %x, %v", result, err)
	}
}

// TestRowsOf compares answers with those to the same question asked of SQLite, of one value
// and of each of many.
func TestRowsOf(t *testing.T) {
	const of = "SELECT n.key, v, w, t.id FROM each_value(?) n CROSS JOIN t ON t.k "
	queries := map[string]string{ // of many values, and of one
		of + "= n.value ORDER BY n.key":           "SELECT v, w, id FROM t WHERE k = ?",
		of + ">= n.value ORDER BY n.key, id DESC": "SELECT v, w, id FROM t WHERE k >= ? ORDER BY id DESC",
		"SELECT key, value, NULL, (SELECT count(*) FROM t) FROM each_value WHERE of = ? ORDER BY key": "SELECT ?1, NULL, count(*) FROM t",
		"SELECT max(key), 1, 2, 3 FROM each_value(?) WHERE false GROUP BY key":                        "SELECT 1, 2, 3 WHERE ? IS 'none'",
	}
	rapid.Check(t, func(rt *rapid.T) {
		db := open(t)
		for k := range rapid.IntRange(0, 4).Draw(rt, "stored") {
			exec(rt, db, "INSERT INTO t (k, v, w) VALUES (?, ?, ?)", k, draw(rt), draw(rt))
		}
		query := rapid.SampledFrom(slices.Sorted(maps.Keys(queries))).Draw(rt, "query")
		var all rows.Values
		var want []string
		for key := range rapid.IntRange(0, 5).Draw(rt, "values") {
			k := rapid.OneOf(rapid.Just[any](int64(1)), rapid.Just[any](int64(2)), rapid.Custom(func(t *rapid.T) any { return draw(t) })).Draw(rt, "k")
			add(&all, k)
			one := new(rows.Values)
			add(one, k)
			answer, err := ask(db, queries[query], one)
			if err != nil {
				rt.Fatal(err)
			}
			var got []string
			for answer.More() {
				got = append(got, fmt.Sprintf("%d: %#v %#v %d", key, value(answer), value(answer), answer.Int()))
			}
			if expected := oneByOne(rt, db, queries[query], key, k); answer.Err() != nil || !slices.Equal(got, expected) {
				rt.Errorf("the answer is %q, %v, and that of SQLite %q", got, answer.Err(), expected)
			}
			want = append(want, got...)
		}
		var got []string
		answer, err := ask(db, query, new(rows.Values).Blob(all.Bytes()))
		if err != nil {
			rt.Fatal(err)
		}
		for answer.More() {
			got = append(got, fmt.Sprintf("%d: %#v %#v %d", answer.Int(), value(answer), value(answer), answer.Int()))
		}
		if err := answer.Err(); err != nil || !slices.Equal(got, want) {
			rt.Errorf("of all values the answer is %q, %v, and of one after another %q", got, err, want)
		}
	})
}

// oneByOne returns the rows of an answer as SQLite gives them.
func oneByOne(t rapid.TB, db *sql.DB, query string, key int, k any) (lines []string) {
	t.Helper()
	answer, err := db.Query(query, k)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close()
	for answer.Next() {
		var v, w any
		var n int64
		if err := answer.Scan(&v, &w, &n); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%d: %#v %#v %d", key, v, w, n))
	}
	return lines
}

func ask(db *sql.DB, query string, values *rows.Values) (*rows.Answer, error) {
	var result []byte
	err := db.QueryRow("SELECT rows_of(?, ?)", query, values.Bytes()).Scan(&result)
	return rows.Read(result), err
}

// value reads a value of any kind, as each method says whether it is of its own.
func value(a *rows.Answer) any {
	if at := *a; at.NullInt() == (sql.NullInt64{}) && at.Err() == nil {
		*a = at
		return nil
	}
	if at := *a; at.NullText() != nil {
		return string(a.NullText())
	}
	if at := *a; at.Blob() != nil {
		return a.Blob()
	}
	return a.Int()
}

// TestBadQuestions asks what changes something, what is no question and what has too few
// parameters, and reads values as what they are not.
func TestBadQuestions(t *testing.T) {
	db := open(t)
	one := new(rows.Values).Int(1)
	for query, code := range map[string]sqlite3.ErrNo{
		"DELETE FROM t WHERE id = ?": sqlite3.ErrMisuse,
		"no question":                sqlite3.ErrError,
		"":                           sqlite3.ErrMisuse,
		"SELECT ?, ?":                sqlite3.ErrMismatch,
		"SELECT 1":                   sqlite3.ErrMismatch,
		"SELECT 0.5 + ?":             sqlite3.ErrMismatch,
		"SELECT abs(-1 << 63) + ?":   sqlite3.ErrError, // an overflow, once it has begun
		"SELECT ? FROM each_value":   sqlite3.ErrError, // of nothing
		"SELECT value FROM each_value(x'00' || ?)":         sqlite3.ErrMismatch,
		"SELECT value + ? FROM each_value(x'0109')":        sqlite3.ErrMismatch,
		"SELECT value + ? FROM each_value(x'0009')":        sqlite3.ErrMismatch,
		"SELECT value + ? FROM each_value(x'02ffff')":      sqlite3.ErrMismatch,
		"SELECT value, ? FROM each_value(x'03ffffffff00')": sqlite3.ErrMismatch,
	} {
		var e sqlite3.Error
		if _, err := ask(db, query, one); !errors.As(err, &e) || e.Code != code {
			t.Errorf("%q: %v", query, err)
		}
	}
	answer, err := ask(db, "SELECT 'text', x'00' UNION ALL SELECT ?, 2", one)
	if err != nil || !answer.More() || string(answer.NullText()) != "text" || answer.Int() != 0 || answer.Err() == nil || answer.More() {
		t.Errorf("a blob is read as an integer: %v, %v", err, answer.Err())
	}
	answer, err = ask(db, "SELECT key FROM each_value(nullif(?, 1))", one)
	if err != nil || answer.More() {
		t.Errorf("NULL has values: %v", err)
	}
}
