package sqlite

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// TestClockJumpsBack sets the clock back by years and by hours between transactions,
// and starts again in between: recorded times only ever go forward.
func TestClockJumpsBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	var last kb.Instant
	for i, now := range []string{
		"2025-01-15T10:00:00Z", "2025-01-15T08:00:00Z", "1970-01-01T00:00:00Z", "2025-01-15T10:00:00.000001Z", "2024-12-31T00:00:00Z", "2025-01-16T00:00:00Z",
	} {
		clock, err := kb.ParseInstant(now)
		must(t, err)
		store, err := Open(t.Context(), path, Options{Clock: func() time.Time { return clock.Time() }})
		must(t, err)
		must(t, store.Update(t.Context(), func(tx ingest.Tx) error {
			if tx.Now() <= last || tx.Now() < clock {
				t.Errorf("the clock is at %s, and %s comes after %s", now, tx.Now(), last)
			}
			last = tx.Now()
			return add(tx, 1, fmt.Sprint(i), "text")
		}))
		must(t, store.Close())
	}
}

// TestSchemaIsOurs takes the schemas of all versions for what they are, with what
// somebody has added of his own.
func TestSchemaIsOurs(t *testing.T) {
	scripts, err := migrations()
	must(t, err)
	for version := range scripts {
		path := filepath.Join(t.TempDir(), "kb.sqlite")
		for _, script := range scripts[:version+1] {
			execSQL(t, path, script)
		}
		execSQL(t, path, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, version+1))
		execSQL(t, path, "CREATE VIRTUAL TABLE text_fts_words USING fts5vocab (text_fts, row); CREATE VIEW mine AS SELECT name FROM path; CREATE INDEX my_index ON version (mtime); ANALYZE")
		r, err := OpenReader(t.Context(), path)
		if err != nil {
			t.Errorf("version %d: %v", version+1, err)
			continue
		}
		must(t, r.Close())
		must(t, openStore(t, path).Update(t.Context(), func(ingest.Tx) error { return nil }))
	}
}

// TestCreations compares what is found in our scripts with what SQLite made of them:
// a table that was overlooked could be anybody's.
func TestCreations(t *testing.T) {
	scripts, err := migrations()
	must(t, err)
	created, _ := creations(strings.Join(scripts, "\n"))
	found := make(map[string]bool)
	for _, c := range created {
		found[c.kind+" "+c.name] = strings.HasPrefix(c.script, c.begin)
	}
	store := openStore(t, filepath.Join(t.TempDir(), "kb.sqlite"))
	count := 0
	must(t, store.write.each("SELECT upper(type) || ' ' || name FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'text_fts_%'", nil,
		func(rows *sql.Rows) error {
			var what string
			err := rows.Scan(&what)
			if count++; !found[what] {
				t.Errorf("%s is not found", what)
			}
			return err
		}))
	if count != len(created) {
		t.Errorf("%d are found, and there are %d", len(created), count)
	}
}
