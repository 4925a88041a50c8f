package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/seed16713943/btools/pkg/kb"
)

// execSQL changes a file behind the back of the package.
func execSQL(t *testing.T, path, script string) {
	t.Helper()
	db := openDB(dsn(path, nil), "")
	_, err := db.Exec(script)
	must(t, errors.Join(err, db.Close()))
}

// TestOpenWhatIsThere opens files of all kinds, to write and to read.
func TestOpenWhatIsThere(t *testing.T) {
	write := func(text string) func(*testing.T, string) {
		return func(t *testing.T, path string) { must(t, os.WriteFile(path, []byte(text), 0o600)) }
	}
	script := func(script string) func(*testing.T, string) {
		return func(t *testing.T, path string) { execSQL(t, path, script) }
	}
	for _, test := range []struct {
		name    string
		make    func(t *testing.T, path string)
		write   error
		read    error
		foreign bool // the file of somebody else, and so not to be touched
	}{
		{"nothing", func(*testing.T, string) {}, nil, ErrMissing, false},
		{"an empty file", write(""), nil, nil, false},
		{"a database without tables", script("PRAGMA user_version = 0; VACUUM"), nil, nil, false},
		{"a database of another program", script("CREATE TABLE t (x)"), ErrForeign, ErrForeign, true},
		{"one that is marked as another's", script("PRAGMA application_id = 7"), ErrForeign, ErrForeign, true},
		{"a text file", write(strings.Repeat("some text, which is no database\n", 100)), ErrForeign, ErrForeign, true},
		{"a short text file", write("xy"), ErrForeign, ErrForeign, true},
		{"a folder", func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o700)) }, ErrForeign, ErrForeign, false},
		{"a newer schema", func(t *testing.T, path string) {
			store, err := Open(t.Context(), path, Options{})
			must(t, err)
			must(t, store.Close())
			execSQL(t, path, "PRAGMA user_version = 99")
		}, ErrNewer, ErrNewer, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "kb.sqlite")
			test.make(t, path)
			before, _ := os.ReadFile(path)
			r, err := OpenReader(t.Context(), path)
			if !errors.Is(err, test.read) || (err == nil) != (test.read == nil) {
				t.Errorf("read: %v", err)
			}
			if err == nil {
				if got := listOf(t, r); got != "[]" {
					t.Errorf("read: %s", got)
				}
				must(t, r.Close())
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("reading changed the file")
			}
			store, err := Open(t.Context(), path, Options{})
			if !errors.Is(err, test.write) || (err == nil) != (test.write == nil) {
				t.Errorf("write: %v", err)
			}
			if err == nil {
				must(t, put(store, "a.md"))
				must(t, store.Close())
				if got := listOf(t, openReaderAt(t, path)); got != "[a.md]" {
					t.Errorf("written: %s", got)
				}
			} else if !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is not one line that names the file: %q", err)
			}
			if after, _ := os.ReadFile(path); test.write != nil && string(after) != string(before) {
				t.Error("a file that was refused has been changed")
			}
			_, err = Recover(t.Context(), path, path+"-recovered", time.Now, func(Finding) error { return nil }, nil)
			if test.foreign && !errors.Is(err, ErrForeign) {
				t.Errorf("recovered: %v", err)
			}
			if left, _ := filepath.Glob(path + "-*"); test.foreign && len(left) > 0 {
				t.Errorf("beside a file that was refused are now %q", left)
			}
		})
	}
}

// TestNames opens files whose names mean something in a URI.
func TestNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a b.sqlite", "100%.sqlite", "what?mode=memory", "#kb", "ü.sqlite", "a%20b", "file:kb", "\xff.sqlite"} {
		path := filepath.Join(dir, name)
		must(t, put(openStore(t, path), name))
		if got, want := listOf(t, openReaderAt(t, path)), fmt.Sprint([]string{name}); got != want {
			t.Errorf("%q: %s", name, got)
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("the file is elsewhere: %v", err)
		}
	}
	t.Chdir(dir)
	must(t, put(openStore(t, "file:relative"), "a.md"))
	if _, err := os.Stat("file:relative"); err != nil {
		t.Error(err)
	}
}

// TestMigrateTogether opens a new file many times at once.
func TestMigrateTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			store, err := Open(t.Context(), path, Options{})
			if err == nil {
				err = errors.Join(put(store, fmt.Sprint(i)), store.Close())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got := listOf(t, openReaderAt(t, path)); got != "[0 1 2 3 4 5 6 7]" {
		t.Errorf("after all of them: %s", got)
	}
}

// TestMigrateElsewhere does the same from another process, which is what
// happens when two programs are started at once.
func TestMigrateElsewhere(t *testing.T) {
	if path := os.Getenv("SQLITE_TEST_PATH"); path != "" {
		store, err := Open(t.Context(), path, Options{})
		must(t, err)
		must(t, put(store, os.Getenv("SQLITE_TEST_NAME")))
		must(t, store.Close())
		return
	}
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	var wait sync.WaitGroup
	for i := range 3 {
		wait.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^TestMigrateElsewhere$")
			cmd.Env = append(os.Environ(), "SQLITE_TEST_PATH="+path, fmt.Sprintf("SQLITE_TEST_NAME=%d", i))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wait.Wait()
	if got := listOf(t, openReaderAt(t, path)); got != "[0 1 2]" {
		t.Errorf("after all of them: %s", got)
	}
}

// TestApart reads a file as it is read where its folder cannot be written.
func TestApart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store, err := Open(t.Context(), path, Options{})
	must(t, err)
	must(t, put(store, "a.md"))

	info, err := os.Stat(path)
	must(t, err)
	copied := &Reader{path: path}
	must(t, copied.beginApart(t.Context(), info))
	if got := listOf(t, copied); got != "[a.md]" || copied.copied == "" {
		t.Errorf("with a WAL: %s, in the folder %q", got, copied.copied)
	}
	must(t, copied.Close())
	if _, err := os.Stat(copied.copied); !os.IsNotExist(err) {
		t.Errorf("the copy is left behind: %v", err)
	}

	must(t, store.Close()) // which empties the WAL
	info, err = os.Stat(path)
	must(t, err)
	fixed := &Reader{path: path}
	must(t, fixed.beginApart(t.Context(), info))
	if got := listOf(t, fixed); got != "[a.md]" || fixed.immutable == nil {
		t.Errorf("without a WAL: %s", got)
	}
	must(t, fixed.Close())

	fixed = &Reader{path: path}
	must(t, fixed.beginApart(t.Context(), info))
	execSQL(t, path, "INSERT INTO meta VALUES ('written', 'meanwhile')")
	if err := fixed.Close(); err == nil || !strings.Contains(err.Error(), "ask again") {
		t.Errorf("a file that was written to while it was read as immutable: %v", err)
	}
}

func TestAppendOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store := openStore(t, path)
	must(t, put(store, "a.md"))
	_, err := store.write.exec("UPDATE version SET valid_from = 0")
	if err == nil || !strings.Contains(err.Error(), "never changes") {
		t.Errorf("a version is changed: %v", err)
	}
	if _, err := openReaderAt(t, path).exec("DELETE FROM version"); !errors.Is(err, ErrReadOnly) {
		t.Errorf("a reader writes: %v", err)
	}
}

// TestDamage reads a content whose part was changed behind our back.
func TestDamage(t *testing.T) {
	for _, script := range []string{
		"UPDATE part SET data = x'00'", "UPDATE part SET codec = 1", "UPDATE part SET codec = 9", "DELETE FROM part", "DELETE FROM blob",
	} {
		path := filepath.Join(t.TempDir(), "kb.sqlite")
		store := openStore(t, path)
		must(t, put(store, "a.md"))
		execSQL(t, path, script)
		var out strings.Builder
		err := openReaderAt(t, path).WriteContent(t.Context(), &out, kb.HashOf([]byte("a.md")))
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("after %s: %v", script, err)
		}
		var corrupt *kb.Fault
		_, err = store.ReadText(t.Context(), &out, kb.HashOf([]byte("a.md")), "md")
		if !errors.As(err, &corrupt) || corrupt.Code != kb.Corrupt || !errors.Is(err, ErrDamaged) {
			t.Errorf("after %s, its text: %v", script, err)
		}
	}
}

// TestPragmas checks that the settings that keep data safe are those of the
// connection that writes.
func TestPragmas(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "kb.sqlite"))
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "1", "foreign_keys": "1", "trusted_schema": "0", "cell_size_check": "1",
	} {
		var got sql.NullString
		if _, err := store.write.row("PRAGMA "+pragma, nil, &got); err != nil || got.String != want {
			t.Errorf("%s is %q, %v", pragma, got.String, err)
		}
	}
}

// TestKilledWhileMaking opens what is left of a process that was killed while it
// made the file: a journal says how to undo what it had begun.
func TestKilledWhileMaking(t *testing.T) {
	dir := t.TempDir()
	made, path := filepath.Join(dir, "made.sqlite"), filepath.Join(dir, "kb.sqlite")
	conn, err := new(sqlite3.SQLiteDriver).Open(made)
	must(t, err)
	_, err = conn.(*sqlite3.SQLiteConn).Exec(`PRAGMA cache_size = 1; BEGIN; CREATE TABLE version (data);
		WITH n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO version SELECT randomblob(4000) FROM n`, nil)
	must(t, err)
	for _, suffix := range []string{"", "-journal"} {
		data, err := os.ReadFile(made + suffix)
		must(t, err)
		must(t, os.WriteFile(path+suffix, data, 0o600))
	}
	must(t, conn.Close())
	store := openStore(t, path)
	must(t, put(store, "a.md"))
}
