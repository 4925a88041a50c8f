package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// openOutside opens a knowledge base as the programs of others do: with nothing
// set but that it is read, and a schema that is not trusted.
func openOutside(t interface {
	Fatal(...any)
	Cleanup(func())
}, path string) *sql.DB {
	db := openDB(dsn(path, url.Values{"mode": {"ro"}}), "PRAGMA trusted_schema = OFF")
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	})
	return db
}

// rowsOf prints the rows of a query, a line each.
func rowsOf(db *sql.DB, query string, args ...any) ([]string, error) {
	rows, err := db.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var lines []string
	for rows.Next() {
		values := make([]any, len(names))
		dest := make([]any, len(names))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		var line []string
		for _, v := range values {
			switch v := v.(type) {
			case nil:
				line = append(line, "-")
			case []byte:
				line = append(line, fmt.Sprintf("x%x", v))
			default:
				line = append(line, fmt.Sprint(v))
			}
		}
		lines = append(lines, strings.Join(line, "|"))
	}
	return lines, rows.Err()
}

func instantText(i *kb.Instant) string {
	if i == nil {
		return "-"
	}
	return i.String()
}

func instantNumber(i *kb.Instant) string {
	if i == nil {
		return "-"
	}
	return fmt.Sprint(int64(*i))
}

// heldText prints what the views say of a version's content.
func heldText(v *kb.Version) string {
	hash, size, mode := "-", "-", "-"
	if !v.Gone {
		hash, size = v.SHA256.String(), fmt.Sprint(v.Size)
	}
	if v.Mode != nil {
		mode = v.Mode.String()
	}
	return strings.Join([]string{hash, size, mode, instantText(v.MTime), v.Source}, "|")
}

const (
	documentsQuery = `SELECT path_bytes, valid_from, recorded_at, sha256, size, mode, mtime, source, valid_from_us, recorded_at_us, mtime_us
		FROM documents ORDER BY path_bytes`
	versionsQuery = `SELECT valid_from, recorded_at, sha256, size, mode, mtime, source, gone, seq, version, valid_from_us, recorded_at_us, mtime_us
		FROM document_versions WHERE path_bytes = ? ORDER BY valid_from_us DESC, seq DESC, version DESC`
)

// TestViewsSayWhatIsAnswered draws versions in every order and compares the views
// with the answers of a reader and of asof.Log.
func TestViewsSayWhatIsAnswered(t *testing.T) {
	parent := t.TempDir()
	names := []string{"a.md", "docs/ä b.md", "docs/\xff\xe4.md", "日本.md", "tab\there"}
	rapid.Check(t, func(t *rapid.T) {
		dir := filepath.Join(parent, fmt.Sprint(time.Now().UnixNano()))
		path := dir + ".sqlite"
		store, err := Open(context.Background(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		now := kb.InstantOf(time.Now())
		// Some times are from before 1970, and some lie far ahead.
		moments := []kb.Instant{-62135596800000000, -1500001, -1, 0, 999999, 1700000000123456, now - 5_000_000, now + 3600_000_000}
		run, err := store.BeginRun(context.Background(), ingest.RunStart{})
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 12).Draw(t, "transactions") {
			if err := store.Update(context.Background(), func(tx ingest.Tx) error { return drawVersion(t, tx, run, names, moments) }); err != nil {
				t.Fatal(err)
			}
		}
		reader, err := OpenReader(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { reader.Close() })
		db := openOutside(t, path)
		compareDocuments(t, db, reader)
		for _, name := range names {
			compareVersions(t, db, reader, name)
			compareLog(t, db, reader, name)
		}
	})
}

func drawVersion(t *rapid.T, tx ingest.Tx, run int64, names []string, moments []kb.Instant) error {
	path, err := tx.Path(rapid.SampledFrom(names).Draw(t, "path"))
	if err != nil {
		return err
	}
	v := &kb.Version{ValidFrom: rapid.SampledFrom(moments).Draw(t, "from"), Seq: int64(rapid.IntRange(-1, 1).Draw(t, "seq"))}
	if rapid.Bool().Draw(t, "stat") {
		mode, mtime := kb.Mode(0o644), rapid.SampledFrom(moments).Draw(t, "mtime")
		v.Mode, v.MTime, v.Source = &mode, &mtime, "git:0123"
	}
	text := rapid.SampledFrom([]string{"", "one", "two"}).Draw(t, "text")
	if text == "" {
		v.Gone = true
		return tx.AddVersion(path.ID, run, v, nil)
	}
	c, err := content.NewEncoder().Encode(strings.NewReader(text))
	if err != nil {
		return err
	}
	v.SHA256, v.Size = c.SHA256, c.Size
	return tx.AddVersion(path.ID, run, v, c)
}

func compareDocuments(t *rapid.T, db *sql.DB, reader *Reader) {
	got, err := rowsOf(db, documentsQuery)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for v, err := range reader.List(context.Background(), "", kb.Point{Valid: kb.InstantOf(time.Now()), Known: kb.Forever}) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("x%x|%s|%s|%s|%d|%d|%s", v.Path, v.ValidFrom, v.RecordedAt, heldText(&v),
			v.ValidFrom, v.RecordedAt, instantNumber(v.MTime)))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("documents:\n%s\nthe reader lists:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	texts, err := rowsOf(db, "SELECT path, path_bytes FROM documents")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range texts {
		text, raw, _ := strings.Cut(line, "|x")
		if !utf8.ValidString(text) {
			t.Fatalf("path %q is no text", text)
		}
		var name []byte
		fmt.Sscanf(raw, "%x", &name)
		if utf8.Valid(name) && text != string(name) {
			t.Fatalf("path %q is shown as %q", name, text)
		}
	}
}

// compareVersions compares all versions of a path.
func compareVersions(t *rapid.T, db *sql.DB, reader *Reader, name string) {
	got, err := rowsOf(db, versionsQuery, []byte(name))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for v, err := range reader.Back(context.Background(), name, always) {
		if err != nil {
			t.Fatal(err)
		}
		gone := 0
		if v.Gone {
			gone = 1
		}
		want = append(want, fmt.Sprintf("%s|%s|%s|%d|%d|%d|%d|%d|%s", v.ValidFrom, v.RecordedAt, heldText(&v), gone, v.Seq, v.ID,
			v.ValidFrom, v.RecordedAt, instantNumber(v.MTime)))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("document_versions of %q:\n%s\nthe reader has:\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// compareLog compares the intervals with the spans of a log: every span begins
// and ends as rows do, and no row in between holds something else.
func compareLog(t *rapid.T, db *sql.DB, reader *Reader, name string) {
	type row struct {
		gone               bool
		hash, mode         sql.NullString
		from, to           int64
		fromText, toText   string
		isOpen, superseded bool
	}
	rows, err := db.Query(`SELECT gone, sha256, mode, valid_from_us, coalesce(valid_to_us, 0), valid_from, coalesce(valid_to, ''), valid_to_us IS NULL
		FROM document_versions WHERE path_bytes = ? ORDER BY valid_from_us DESC, seq DESC, version DESC`, []byte(name))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []row
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.gone, &r.hash, &r.mode, &r.from, &r.to, &r.fromText, &r.toText, &r.isOpen); err != nil {
			t.Fatal(err)
		}
		r.superseded = !r.isOpen && r.from == r.to
		if !r.isOpen && r.toText != kb.Instant(r.to).String() {
			t.Fatalf("valid_to %d is written %s", r.to, r.toText)
		}
		all = append(all, r)
	}
	for span, err := range asof.Log(context.Background(), reader, name, always) {
		if err != nil {
			t.Fatal(err)
		}
		if span.Superseded {
			continue
		}
		holds := slices.DeleteFunc(slices.Clone(all), func(r row) bool {
			return r.superseded || kb.Instant(r.from) < span.ValidFrom || span.ValidTo != nil && kb.Instant(r.from) >= *span.ValidTo
		})
		if len(holds) == 0 || kb.Instant(holds[len(holds)-1].from) != span.ValidFrom {
			t.Fatalf("no row of %q begins at %s, as the log has it", name, span.ValidFrom)
		}
		if last := holds[0]; last.isOpen != (span.ValidTo == nil) || span.ValidTo != nil && kb.Instant(last.to) != *span.ValidTo {
			t.Fatalf("the rows of %q end at %s, and the log at %v", name, last.toText, span.ValidTo)
		}
		for _, r := range holds {
			if r.gone != span.Gone || !r.gone && r.hash.String != span.SHA256.String() {
				t.Fatalf("%q holds something else at %s than the log says", name, r.fromText)
			}
		}
	}
}
