package sqlite

import (
	"fmt"
	"path/filepath"
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
		execSQL(t, path, "CREATE VIEW mine AS SELECT name FROM path; CREATE INDEX my_index ON version (mtime); ANALYZE")
		r, err := OpenReader(t.Context(), path)
		if err != nil {
			t.Errorf("version %d: %v", version+1, err)
			continue
		}
		must(t, r.Close())
		must(t, openStore(t, path).Update(t.Context(), func(ingest.Tx) error { return nil }))
	}
}
