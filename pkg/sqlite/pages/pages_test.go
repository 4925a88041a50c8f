package pages_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	_ "github.com/mattn/go-sqlite3"

	"github.com/seed16713943/btools/pkg/sqlite/pages"
)

// database runs statements on a new file, and returns it with its WAL, as they
// are while the file is still open.
func database(t testing.TB, statements ...string) (file, wal []byte, rows func(query string) [][]any) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "db")
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if file, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	wal, _ = os.ReadFile(path + "-wal")
	return file, wal, func(query string) [][]any { return rowsOf(t, db, query) }
}

func rowsOf(t testing.TB, db *sql.DB, query string) (all [][]any) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	for rows.Next() {
		values, dest := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		all = append(all, values)
	}
	return all
}

func open(t testing.TB, file, wal []byte) *pages.File {
	t.Helper()
	f, err := pages.Open(bytes.NewReader(file), int64(len(file)), bytes.NewReader(wal), int64(len(wal)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// table reads all rows of a table, whose root is found as SQLite finds it.
func table(t testing.TB, f *pages.File, name string) [][]any {
	t.Helper()
	root := uint32(0)
	for _, row := range tree(t, f, 1) {
		if row[2] == name {
			root = uint32(row[4].(int64))
		}
	}
	return tree(t, f, root)
}

// tree reads the records of a b-tree, those of a table with the rowid before them.
func tree(t testing.TB, f *pages.File, root uint32) (all [][]any) {
	t.Helper()
	err := f.Walk(root, f.NewSet(), func(v pages.Visit) error {
		if v.Err != nil {
			t.Error(v.Err)
			return nil
		}
		if v.Kind == pages.TableInterior {
			return nil
		}
		for _, cell := range v.Cells {
			record, err := f.Record(cell)
			if err != nil {
				t.Error(err)
			}
			var row []any
			if v.Kind == pages.TableLeaf {
				row = append(row, cell.RowID)
				if cell.RowID <= v.After || cell.RowID > v.Last {
					t.Errorf("row %d is outside of %d to %d", cell.RowID, v.After, v.Last)
				}
			}
			for _, v := range record {
				row = append(row, v.Any())
			}
			all = append(all, row)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return all
}

// fill makes rows with all kinds of values and sizes, so that there are interior
// pages and overflow pages.
func fill(rows int) []string {
	r := rand.New(rand.NewPCG(1, 2))
	statements := []string{"BEGIN"}
	for i := range rows {
		size := r.IntN(200)
		if i%17 == 0 {
			size = r.IntN(60_000)
		}
		values := []string{"NULL", "0", "1", fmt.Sprint(int64(r.Uint64()) >> r.IntN(64)), fmt.Sprint(r.NormFloat64()),
			fmt.Sprintf("'%0*d'", size, i), fmt.Sprintf("randomblob(%d)", size), "''", "x''"}
		statements = append(statements, fmt.Sprintf("INSERT INTO t (a, b, c) VALUES (%s, %s, %s)",
			values[r.IntN(len(values))], values[r.IntN(len(values))], values[r.IntN(len(values))]))
	}
	return append(statements, "COMMIT")
}

// TestTables compares every row with what SQLite reads, at all page sizes, with
// bytes reserved in each page, in tables with and without rowids, and from the WAL.
func TestTables(t *testing.T) {
	for _, size := range []int{512, 1024, 4096, 65536} {
		for _, mode := range []string{"DELETE", "WAL"} {
			t.Run(fmt.Sprint(size, mode), func(t *testing.T) {
				statements := []string{
					fmt.Sprintf("PRAGMA page_size = %d", size), "PRAGMA journal_mode = " + mode,
					"CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c)",
					"CREATE TABLE w (a, b, c, PRIMARY KEY (b, a)) WITHOUT ROWID",
				}
				statements = append(statements, fill(700)...)
				statements = append(statements,
					"INSERT INTO w SELECT id, coalesce(a, 0), c FROM t",
					"DELETE FROM t WHERE id % 5 = 0", "UPDATE t SET b = 'changed' WHERE id % 7 = 0")
				file, wal, query := database(t, statements...)
				if mode == "WAL" == (len(wal) == 0) {
					t.Fatal("the WAL is not what this test is about")
				}
				f := open(t, file, wal)
				if f.PageSize() != size {
					t.Errorf("page size %d", f.PageSize())
				}
				want := query("SELECT id, NULL, a, b, c FROM t ORDER BY id")
				if got := table(t, f, "t"); !reflect.DeepEqual(got, want) {
					t.Errorf("%d rows, and not the %d of SQLite", len(got), len(want))
				}
				// Interior pages of an index hold entries too; they come before their children.
				want = query("SELECT b, a, c FROM w")
				got := table(t, f, "w")
				if len(got) != len(want) {
					t.Errorf("%d rows without rowid, want %d", len(got), len(want))
				}
				for _, row := range want {
					if !contains(got, row) {
						t.Errorf("%.80v is missing", row)
						break
					}
				}
			})
		}
	}
}

func contains(rows [][]any, row []any) bool {
	for _, r := range rows {
		if reflect.DeepEqual(r, row) {
			return true
		}
	}
	return false
}

// TestWAL cuts and damages a WAL: what was committed before counts, and nothing
// after, which is said where it was committed once.
func TestWAL(t *testing.T) {
	statements := []string{"PRAGMA journal_mode = WAL", "PRAGMA wal_autocheckpoint = 0", "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c)"}
	for i := range 20 {
		statements = append(statements, fmt.Sprintf("INSERT INTO t (a) VALUES (%d)", i))
	}
	file, wal, _ := database(t, statements...)
	frame := 24 + 4096
	count := func(wal []byte) (int, int) {
		f := open(t, file, wal)
		return len(table(t, f, "t")), f.LostTransactions()
	}
	if rows, lost := count(wal); rows != 20 || lost != 0 {
		t.Errorf("%d rows, %d transactions lost", rows, lost)
	}
	last := len(wal) - frame
	if rows, lost := count(wal[:last+frame/2]); rows != 19 || lost != 0 {
		t.Errorf("cut within the last frame: %d rows, %d lost", rows, lost)
	}
	damaged := bytes.Clone(wal)
	damaged[last-5*frame+1000] ^= 1
	if rows, lost := count(damaged); rows != 14 || lost != 6 {
		t.Errorf("damaged within the sixth from the end: %d rows, %d lost", rows, lost)
	}
	damaged = bytes.Clone(wal)
	damaged[20] ^= 1 // the salt in the header
	if f, err := pages.Open(bytes.NewReader(file), int64(len(file)), bytes.NewReader(damaged), int64(len(wal))); err == nil && f.LostTransactions() > 0 {
		t.Error("a WAL without a header is believed")
	}
}

// TestWithoutHeader finds the page size of a file whose first page is lost.
func TestWithoutHeader(t *testing.T) {
	for _, size := range []int{512, 4096, 16384} {
		statements := append([]string{fmt.Sprintf("PRAGMA page_size = %d", size),
			"CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c)"}, fill(500)...)
		file, _, query := database(t, statements...)
		for i := range size {
			file[i] = byte(i * 7)
		}
		f := open(t, file, nil)
		if f.PageSize() != size || f.Whole() {
			t.Errorf("page size %d, want %d; whole: %t", f.PageSize(), size, f.Whole())
			continue
		}
		rows := 0
		for n := uint32(2); n <= f.Pages(); n++ {
			if p, err := f.Page(n); err == nil && p.Kind == pages.TableLeaf {
				for _, cell := range p.Cells {
					if _, err := f.Record(cell); err == nil {
						rows++
					}
				}
			}
		}
		if want := len(query("SELECT id FROM t")); rows < want {
			t.Errorf("page size %d: %d rows, want %d", size, rows, want)
		}
	}
}

// TestCircle reads a file in which trees and chains run in circles.
func TestCircle(t *testing.T) {
	file, _, _ := database(t, append([]string{"PRAGMA page_size = 512", "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c)"}, fill(2000)...)...)
	for n := 2; n*512 < len(file); n++ {
		page := file[n*512:]
		if page[0] == byte(pages.TableInterior) {
			copy(page[8:12], []byte{0, 0, 0, 2}) // its last child is a page above it
		} else if page[0] == 0 {
			copy(page[:4], []byte{0, 0, byte((n + 1) >> 8), byte(n + 1)}) // an overflow page that follows itself
		}
	}
	f := open(t, file, nil)
	wrong, visits := 0, 0
	err := f.Walk(2, f.NewSet(), func(v pages.Visit) error {
		if visits++; v.Err != nil {
			wrong++
			return nil
		}
		for _, cell := range v.Cells {
			_, _ = f.Record(cell)
		}
		return nil
	})
	if err != nil || wrong == 0 || visits > math.MaxUint16 {
		t.Errorf("%d visits, %d of them wrong: %v", visits, wrong, err)
	}
}

// FuzzFile reads whatever is there of a file that was changed anywhere.
func FuzzFile(f *testing.F) {
	file, _, _ := database(f, append([]string{"PRAGMA page_size = 512", "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c)",
		"CREATE TABLE w (a, b, PRIMARY KEY (b, a)) WITHOUT ROWID", "INSERT INTO w VALUES (1, 2), (3, 'x')"}, fill(40)...)...)
	small, wal, _ := database(f, "PRAGMA page_size = 512", "PRAGMA journal_mode = WAL", "CREATE TABLE t (a, b)", "INSERT INTO t VALUES (1, 2)")
	f.Add(file, []byte(nil), uint32(0), []byte(nil))
	f.Add(file, []byte(nil), uint32(700), []byte("\x0d\x00\x00\x00\x01"))
	f.Add(small, wal, uint32(3), []byte{7})
	f.Fuzz(func(t *testing.T, file, wal []byte, at uint32, change []byte) {
		file = bytes.Clone(file)
		if int64(at) < int64(len(file)) {
			copy(file[at:], change)
		}
		db, err := pages.Open(bytes.NewReader(file), int64(len(file)), bytes.NewReader(wal), int64(len(wal)))
		if err != nil {
			return
		}
		read := func(p *pages.Page) {
			for _, cell := range p.Cells {
				types, err := db.Types(cell)
				values, err2 := db.Record(cell)
				if err2 == nil && (err != nil || len(types) != len(values)) {
					t.Errorf("the types %v of %v: %v", types, values, err)
				}
				for i, v := range values {
					if v.Type != types[i] {
						t.Errorf("value %d has the type %d, but was said to have %d", i, v.Type, types[i])
					}
				}
			}
		}
		_ = pages.Logged(bytes.NewReader(wal), int64(len(wal)), 2, func(f *pages.File, p *pages.Page) bool {
			for _, cell := range p.Cells {
				_, _ = f.Record(cell)
			}
			return true
		})
		seen := db.NewSet()
		for n := uint32(1); n <= min(db.Pages(), 4096); n++ {
			if p, err := db.Page(n); err == nil {
				read(p)
			}
			_ = db.Walk(n, seen, func(pages.Visit) error { return nil })
		}
	})
}
