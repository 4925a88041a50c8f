package sqlite_test

import (
	"database/sql"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/sqlite"
)

// change runs SQL on a file behind the back of the package.
func change(t testing.TB, path, script string) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err == nil {
		_, err = db.Exec("PRAGMA synchronous = OFF;" + script) // nobody pulls a plug
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
}

func copyTo(t testing.TB, from, to string) {
	t.Helper()
	file, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, file, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// findings returns the codes that a check finds, notes with a question mark.
func findings(t testing.TB, path string, opts sqlite.CheckOptions) (codes []string, all []sqlite.Finding) {
	t.Helper()
	k, err := sqlite.OpenChecker(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	set := make(map[string]bool)
	_, err = k.Check(t.Context(), opts, func(f sqlite.Finding) error {
		all = append(all, f)
		if !f.Damage {
			f.Code += "?"
		}
		set[f.Code] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(set)), all
}

// everything is what bcheck -data checks, of runs that are all over.
var everything = sqlite.CheckOptions{Data: true, Sample: 1, Alive: func(*ingest.RunState) bool { return false }}

// appendOnly is what a damage has to get around.
const appendOnly = "DROP TRIGGER version_is_append_only;"

// rearm puts it back.
const rearm = `;CREATE TRIGGER version_is_append_only BEFORE UPDATE ON version
BEGIN
  SELECT RAISE(ABORT, 'a version never changes');
END`

// TestFindings damages a knowledge base in every way that a check knows, one at a
// time, and demands that just this is found, whether it shows in the structure or
// takes reading all data.
func TestFindings(t *testing.T) {
	sqlite.SmallBlocks(t)
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.sqlite")
	history(t, whole, 60)
	if codes, all := findings(t, whole, everything); len(codes) > 0 {
		t.Fatalf("the undamaged file: %v", all)
	}
	for i, test := range []struct {
		script    string
		structure []string // what is found without -data
		data      []string // and with it, beside that
	}{
		{"UPDATE run SET status = 'running', finished_at = NULL, report = NULL WHERE id = 2", []string{"run_open?"}, nil},
		{"UPDATE run SET finished_at = NULL WHERE id = 2", []string{"run"}, nil},
		{"UPDATE run SET report = '{' WHERE id = 2", []string{"run"}, nil},
		{"CREATE TABLE other (x)", []string{"extra?"}, nil},
		{"CREATE TABLE other (x); CREATE TRIGGER own AFTER INSERT ON other BEGIN DELETE FROM other; END", []string{"extra?"}, nil},
		{"CREATE TRIGGER lie AFTER INSERT ON Path BEGIN UPDATE path SET name = CAST('x/' || new.name AS BLOB) WHERE id = new.id; END", []string{"extra"}, nil},
		{"CREATE TRIGGER lie AFTER INSERT ON text_fts_data BEGIN UPDATE blob SET size = 0; END", []string{"extra"}, nil},
		{"CREATE TABLE other (x REFERENCES path ON DELETE CASCADE); CREATE TRIGGER lie AFTER DELETE ON other BEGIN UPDATE blob SET size = 0; END",
			[]string{"extra", "extra?"}, nil},
		{"DROP INDEX passage_of_text", []string{"schema"}, nil},
		{"DROP TRIGGER version_is_append_only", []string{"schema"}, nil},
		// By its name, a content is read as another format.
		{"UPDATE path SET name = CAST('//tmp/x' AS BLOB) WHERE id = 12", []string{"path_name"}, []string{"passages"}},
		{"UPDATE path SET name = CAST('a/../../x' AS BLOB) WHERE id = 12", []string{"path_name"}, []string{"passages"}},
		{"UPDATE path SET name = CAST('dir/' AS BLOB) WHERE id = 12", []string{"path_name"}, []string{"passages"}},
		{"UPDATE path SET name = CAST('a' || char(0) AS BLOB) WHERE id = 12", []string{"path_name"}, []string{"passages"}},
		{"UPDATE path SET name = x'' WHERE id = 12", []string{"path_name"}, []string{"passages"}},
		{"UPDATE path SET name = CAST('../' || hex(zeroblob(50000)) || x'ff' AS BLOB) WHERE id = 12", nil, []string{"passages"}}, // long, and not UTF-8
		{"DELETE FROM version WHERE id = 30", []string{"version_gap", "version_run"}, []string{"passages"}},
		{"DELETE FROM version WHERE id = (SELECT max(id) FROM version)", []string{"version_run"}, []string{"passages"}},
		{appendOnly + "UPDATE version SET recorded_at = recorded_at + 1 WHERE id = 30" + rearm, []string{"version_order", "version_row", "version_run"}, nil},
		{appendOnly + "UPDATE version SET run = run + 1 WHERE id = 30" + rearm, []string{"version_row", "version_run"}, nil},
		{appendOnly + "UPDATE version SET blob = 10000 WHERE id = 30" + rearm, []string{"foreign_key"}, []string{"passages"}},
		{appendOnly + "UPDATE version SET blob = (SELECT blob FROM version WHERE id = 31) WHERE id = 30" + rearm, []string{"version_row"}, []string{"passages"}},
		{appendOnly + "UPDATE version SET valid_from = valid_from + 1 WHERE id = 30" + rearm, []string{"version_row"}, []string{"passages"}},
		{appendOnly + "UPDATE version SET mode = coalesce(mode, 0) + 1 WHERE id = 30" + rearm, []string{"version_row"}, nil},
		{appendOnly + "UPDATE version SET mtime = coalesce(mtime, 0) + 1 WHERE id = 30" + rearm, []string{"version_row"}, nil},
		{appendOnly + "UPDATE version SET source = source || '.' WHERE id = 30" + rearm, []string{"version_row"}, nil},
		{"DELETE FROM run_chunk WHERE id = 1", []string{"version_run"}, nil},
		{"DELETE FROM part WHERE id = 20", []string{"parts"}, nil},
		{"INSERT INTO part SELECT max(id) + 1, 5, 7, 0, NULL, x'00' FROM part", []string{"parts"}, nil},
		{"UPDATE blob SET depth = depth + 1 WHERE id = (SELECT max(blob) FROM part WHERE base IS NOT NULL)", []string{"parts"}, nil},
		{"UPDATE part SET base = base + 1 WHERE id = (SELECT max(id) FROM part WHERE base IS NOT NULL)", nil, []string{"content"}},
		{"UPDATE part SET data = zeroblob(length(data)) WHERE id = 20", nil, []string{"content"}},
		{"UPDATE part SET data = CAST(substr(data, 1, 30) || x'41' || substr(data, 32) AS BLOB) WHERE id = 20", nil, []string{"content"}},
		{"UPDATE blob SET size = size + 1 WHERE id = 20", nil, []string{"content"}},
		{"UPDATE blob SET sha256 = randomblob(32) WHERE id = 20", []string{"version_row"}, []string{"content"}},
		{"UPDATE scan SET body = '{}' WHERE id = 2", []string{"scan"}, nil},
		{"UPDATE scan SET listed = x'0102' WHERE id = 2", []string{"scan"}, nil},
		{"UPDATE scan SET listed = CAST(x'0100000001000000' || substr(listed, 9) AS BLOB) WHERE id = 2", []string{"scan"}, nil}, // of 4,294,967,297 pieces
		{"INSERT INTO listed SELECT 2, CAST(x'0100000001000000' || substr(listed, 9) AS BLOB) FROM scan WHERE id = 2", []string{"scan"}, nil},
		{"UPDATE scan SET listed = (SELECT listed FROM scan WHERE id = 1) WHERE id = 4", []string{"scan"}, nil},
		{"UPDATE scan SET taken = 3 WHERE id = 2", []string{"scan"}, nil},
		{"UPDATE scan SET closed_at = NULL WHERE id = 4", []string{"scan_open?"}, nil},
		{"UPDATE seen SET scan = 4 WHERE path = (SELECT path FROM seen WHERE scan < 4 ORDER BY path LIMIT 1)", []string{"seen"}, nil},
		{"DELETE FROM path WHERE id = 12", []string{"foreign_key"}, nil},
		{"UPDATE meta SET value = 255 WHERE key = 'dimension'", []string{"meta"}, nil},
		{"DELETE FROM meta WHERE key = 'created_at'", []string{"meta"}, nil},
		{"DELETE FROM meta WHERE key = 'embedder' OR key = 'extractor'", []string{"meta"}, []string{"index_not_proven?"}},
		{"UPDATE meta SET value = value + 1 WHERE key = 'splitter'", []string{"index_outdated?"}, []string{"index_not_proven?"}},
		{"DELETE FROM meta WHERE key = 'words'", []string{"index_outdated?"}, nil},
		{"UPDATE meta SET value = 1 WHERE key = 'words'; UPDATE text SET body_words = upper(body) WHERE id = 7; DELETE FROM word WHERE word = 'sentinel'",
			[]string{"index_outdated?"}, nil},
		{"UPDATE text SET body_words = upper(body) WHERE id = 7", nil, []string{"text"}},
		{"INSERT INTO meta VALUES ('index_behind', 1)", []string{"index_behind?"}, []string{"index_not_proven?"}},
		{"INSERT INTO text_fts (text_fts, rowid, heading, body) SELECT 'delete', id, heading, body FROM text WHERE id = 7", []string{"text_index"}, nil},
		{"DELETE FROM text_fts_docsize WHERE id = 7", []string{"text_index"}, nil},
		{"UPDATE text SET body = body || ' unheard' WHERE id = 7", []string{"text_index"}, []string{"text"}},
		{"UPDATE text SET body = upper(body) WHERE id = 7", nil, []string{"text"}},
		{"UPDATE text SET key = randomblob(16) WHERE id = 7", nil, []string{"passages", "text"}},
		{"DELETE FROM word WHERE word = 'sentinel'", nil, []string{"word"}},
		{"DELETE FROM passage WHERE id = 40", []string{"passage_vec", "vector_block", "vector_interval"}, []string{"passages"}},
		{"UPDATE passage SET valid_to = valid_from - 1 WHERE id = 40", []string{"interval", "passage_vec", "vector_interval"}, []string{"passages"}},
		{"UPDATE passage SET valid_from = valid_from - 1 WHERE id = 40", []string{"passage_vec", "vector_interval"}, []string{"passages"}},
		{"INSERT INTO passage (path, text, valid_from, valid_to) SELECT path, text, valid_from + 1, valid_to FROM passage WHERE id = 40",
			[]string{"interval", "passage_vec"}, []string{"passages"}},
		{"UPDATE passage SET path = path + 1 WHERE id = 40", []string{"vector_block"}, []string{"passages"}},
		{"DELETE FROM vector WHERE text = 7", []string{"passage_vec", "vector", "vector_block", "vector_interval"}, nil},
		{"UPDATE text SET embedding = 0 WHERE id = 7", []string{"vector", "vectors_awaited?"}, nil},
		{"UPDATE vector SET data = substr(data, 1, 100) WHERE text = 7", []string{"passage_vec", "vector", "vector_block", "vector_interval"}, nil},
		{"UPDATE vector SET data = (SELECT data FROM vector WHERE text = 8) WHERE text = 7", []string{"passage_vec", "vector_block"}, nil},
		{"DELETE FROM passage_vec WHERE passage = 40", []string{"passage_vec"}, nil},
		{"DROP TABLE passage_vec", []string{"passage_vec"}, nil},
		{"UPDATE vector_block SET codes = CAST(substr(codes, 65) || substr(codes, 1, 64) AS BLOB) WHERE id = 0", []string{"vector_block"}, nil},
		{"UPDATE vector_block SET path = CAST(x'0f' || substr(path, 2) AS BLOB) WHERE id = 0", []string{"vector_block"}, nil},
		{"DELETE FROM vector_block WHERE id = 1", []string{"vector_block"}, nil},
		{"UPDATE vector_interval SET valid_to = valid_from WHERE id = 1", []string{"vector_interval"}, nil},
		{"DELETE FROM vector_interval WHERE id = 1", []string{"vector_block"}, nil},
	} {
		if !taken(i) {
			continue
		}
		t.Run(test.script, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "kb.sqlite")
			copyTo(t, whole, path)
			change(t, path, test.script)
			structure := everything
			structure.Data = false
			if codes, all := findings(t, path, structure); !slices.Equal(codes, test.structure) {
				t.Errorf("found %q in the structure, want %q: %v", codes, test.structure, all)
			}
			want := slices.Sorted(slices.Values(append(slices.Clone(test.structure), test.data...)))
			codes, all := findings(t, path, everything)
			if !slices.Equal(codes, slices.Compact(want)) {
				t.Errorf("found %q in all, want %q: %v", codes, want, all)
			}
			for _, f := range all {
				if f.Message == "" || strings.Contains(f.Message, "\n") || f.Damage && f.Cure == sqlite.NoCure {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}

// TestSample looks at a part, which is about as large as was asked for.
func TestSample(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	history(t, path, 60)
	k, err := sqlite.OpenChecker(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	opts := everything
	opts.Sample, opts.Rand = 0.25, rand.New(rand.NewPCG(1, 1))
	var last sqlite.CheckProgress
	opts.Progress = func(p sqlite.CheckProgress) {
		if p.Done != last.Done+1 || last.Of != 0 && p.Of != last.Of || p.Bytes < last.Bytes {
			t.Errorf("%+v after %+v", p, last)
		}
		last = p
	}
	sum, err := k.Check(t.Context(), opts, func(f sqlite.Finding) error {
		t.Errorf("%+v", f)
		return nil
	})
	if err != nil || sum.ContentsRead < sum.Contents/8 || sum.ContentsRead > sum.Contents/2 || sum.PathsSplit == 0 || sum.PathsSplit > sum.Paths/2 {
		t.Errorf("%+v: %v", sum, err)
	}
	if last.Done != last.Of || last.Bytes != sum.BytesRead {
		t.Errorf("the last progress was %+v of %+v", last, sum)
	}
}

// TestLogNotice damages the write-ahead log, of which SQLite says nothing.
func TestLogNotice(t *testing.T) {
	dir := t.TempDir()
	path, crashed := filepath.Join(dir, "kb.sqlite"), filepath.Join(dir, "crashed.sqlite")
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := store.BeginRun(t.Context(), ingest.RunStart{At: 1, Host: "host", PID: 1}); err != nil {
			t.Fatal(err)
		}
	}
	for _, suffix := range []string{"", "-wal"} {
		copyTo(t, path+suffix, crashed+suffix)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if codes, all := findings(t, crashed, everything); slices.Contains(codes, "wal") {
		t.Errorf("a log that nothing is wrong with: %v", all)
	}
	wal, err := os.ReadFile(crashed + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	// In its middle is the transaction that makes the tables: without it, the file
	// is an empty one. Near its end are runs, of which a full disk may leave a part of
	// the last one.
	for at, want := range map[int]string{len(wal) / 2: "wal", len(wal) - 5*4096: "wal", len(wal) - 1: "wal?"} {
		damaged := slices.Clone(wal)
		damaged[at] ^= 1
		if err := os.WriteFile(crashed+"-wal", damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if codes, all := findings(t, crashed, everything); !slices.Contains(codes, want) {
			t.Errorf("a log damaged at %d of %d: %v", at, len(wal), all)
		}
	}
}

// TestRunEndsMeanwhile checks while a run ends and its process goes: it was not left
// open.
func TestRunEndsMeanwhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for _, test := range []struct {
		ends bool
		want []string
	}{{true, nil}, {false, []string{"run_open?"}}} {
		run, err := store.BeginRun(t.Context(), ingest.RunStart{At: 1, Host: "host", PID: 1})
		if err != nil {
			t.Fatal(err)
		}
		codes, all := findings(t, path, sqlite.CheckOptions{Alive: func(*ingest.RunState) bool {
			if test.ends {
				if err := store.FinishRun(t.Context(), run, ingest.RunFinish{At: 2, Status: ingest.Complete, Report: []byte("{}")}); err != nil {
					t.Error(err)
				}
			}
			return false
		}})
		if !slices.Equal(codes, test.want) {
			t.Errorf("ends: %t: found %v", test.ends, all)
		}
	}
}
