package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed16713943/btools/pkg/ingest"
)

// oldFile makes a file of the first schema with something in it.
func oldFile(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	scripts, err := migrations()
	must(t, err)
	execSQL(t, path, scripts[0]+"; PRAGMA user_version = 1; PRAGMA application_id = 1651797107; INSERT INTO meta VALUES ('old', 1)")
	return path
}

func schemaVersion(t *testing.T, path string) string {
	t.Helper()
	s, err := openSession(t.Context(), dsn(path, nil), "")
	must(t, err)
	id, err := s.identity()
	must(t, err)
	var old bool
	_, err = s.row("SELECT EXISTS (SELECT 1 FROM meta WHERE key = 'old')", nil, &old)
	must(t, errors.Join(err, s.Close()))
	return fmt.Sprint(id.version, old)
}

// TestMigrationKeepsCopy brings a file up to date, and finds beside it what it was.
func TestMigrationKeepsCopy(t *testing.T) {
	path := oldFile(t)
	must(t, os.WriteFile(path+".v1-backup", []byte("somebody's"), 0o600))
	var copied []string
	opts := Options{Copied: func(name string) { copied = append(copied, name) }}
	for range 2 { // the second time there is nothing to be done
		store, err := Open(t.Context(), path, opts)
		must(t, err)
		must(t, store.Close())
	}
	want := path + ".v1-backup.2"
	if fmt.Sprint(copied) != fmt.Sprint([]string{want}) {
		t.Fatalf("told of the copies %q", copied)
	}
	scripts, err := migrations()
	must(t, err)
	if got := schemaVersion(t, path); got != fmt.Sprint(len(scripts), true) {
		t.Errorf("the file is now %s", got)
	}
	if got := schemaVersion(t, want); got != "1 true" {
		t.Errorf("the copy is %s", got)
	}
	if text, err := os.ReadFile(path + ".v1-backup"); err != nil || string(text) != "somebody's" {
		t.Errorf("what was there before is now %q, %v", text, err)
	}
	if left, _ := filepath.Glob(path + "*.part"); left != nil {
		t.Errorf("left behind: %q", left)
	}
}

// TestMigrationWithoutCopy changes nothing where no copy can be made.
func TestMigrationWithoutCopy(t *testing.T) {
	path := oldFile(t)
	for n := range maxAside {
		name := path + ".v1-backup"
		if n > 0 {
			name = fmt.Sprintf("%s.%d", name, n+1)
		}
		must(t, os.WriteFile(name, nil, 0o600))
	}
	if store, err := Open(t.Context(), path, Options{}); err == nil {
		t.Errorf("opened: %v", store.Close())
	}
	if got := schemaVersion(t, path); got != "1 true" {
		t.Errorf("the file is now %s", got)
	}
}

// TestNewerMeanwhile goes on writing to a file that a newer version has changed
// since.
func TestNewerMeanwhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store := openStore(t, path)
	must(t, put(store, "a.md"))
	execSQL(t, path, "PRAGMA user_version = 99")
	err := store.Update(t.Context(), func(ingest.Tx) error {
		t.Error("a transaction has begun")
		return nil
	})
	if !errors.Is(err, ErrNewer) {
		t.Errorf("write: %v", err)
	}
	scripts, err := migrations()
	must(t, err)
	execSQL(t, path, fmt.Sprintf("PRAGMA user_version = %d", len(scripts)))
	must(t, put(store, "b.md"))
}
