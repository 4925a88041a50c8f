package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/seed16713943/btools/pkg/sqlite"
)

// changedValues are columns of which a value may be damaged so that the file is as
// sound as before to SQLite, with replacements beside the value of another row. The
// names of paths are not among them: an index has each once more, and SQLite compares
// the two.
var changedValues = []struct {
	table, column string
	others        []string
}{
	{"blob", "sha256", []string{"randomblob(32)"}},
	{"blob", "size", []string{"size + 1"}},
	{"blob", "first_part", nil},
	{"blob", "parts", []string{"parts + 1"}},
	{"blob", "depth", []string{"depth + 1"}},
	{"part", "blob", nil},
	{"part", "ordinal", []string{"ordinal + 1"}},
	{"part", "codec", nil},
	{"part", "base", nil},
	{"part", "data", []string{"CAST(data || 'x' AS BLOB)"}},
	{"version", "path", nil},
	{"version", "valid_from", []string{"valid_from + 1", "valid_from - 86400000000"}},
	{"version", "seq", []string{"seq + 1"}},
	{"version", "recorded_at", []string{"recorded_at + 86400000000"}},
	{"version", "blob", []string{"NULL"}},
	{"version", "mode", []string{"mode + 1", "NULL"}},
	{"version", "mtime", []string{"mtime + 1", "NULL"}},
	{"version", "source", []string{"'git:0'"}},
	{"version", "run", []string{"run + 1"}},
	{"text", "key", []string{"randomblob(16)"}},
	{"text", "heading", []string{"heading || 'x'"}},
	{"text", "body", []string{"body || ' retry'"}},
	{"text", "body_words", []string{"'retry'"}},
	{"text", "embedding", []string{"0", "2"}},
	{"passage", "path", nil},
	{"passage", "text", nil},
	{"passage", "valid_from", []string{"valid_from + 86400000000"}},
	{"passage", "valid_to", []string{"valid_from"}},
	{"vector", "data", []string{"randomblob(256)"}},
	{"vector_block", "path", []string{"randomblob(length(path))"}},
	{"vector_block", "codes", []string{"randomblob(length(codes))"}},
	{"vector_interval", "valid_from", []string{"zeroblob(length(valid_from))"}},
	{"vector_interval", "valid_to", []string{"zeroblob(length(valid_to))"}},
}

// TestDamagedValues changes one value after the other where SQLite's own check is
// content with it. Whatever then gives another answer than before, without an
// error, a check has to see.
func TestDamagedValues(t *testing.T) {
	sqlite.SmallBlocks(t)
	rounds := 1
	if tortured() {
		rounds = 10
	}
	dir := t.TempDir()
	path, damaged := filepath.Join(dir, "kb.sqlite"), filepath.Join(dir, "damaged.sqlite")
	moments := history(t, path, 40)
	want := ask(path, moments)
	seed := fromEnv(t, "BTOOLS_DAMAGE_SEED", 20250115)
	r := rand.New(rand.NewPCG(uint64(seed), 5))
	t.Logf("seed %d", seed)
	var made, times, noticed, changed int
	for range rounds {
		for _, v := range changedValues {
			another := fmt.Sprintf("(SELECT %s FROM %s LIMIT 1 OFFSET abs(%d) %% (SELECT count(*) FROM %[2]s))", v.column, v.table, r.Int32())
			for _, value := range append([]string{another}, v.others...) {
				script := fmt.Sprintf("UPDATE OR IGNORE %s SET %s = %s WHERE rowid = (SELECT rowid FROM %[1]s LIMIT 1 OFFSET abs(%[4]d) %% (SELECT count(*) FROM %[1]s))",
					v.table, v.column, value, r.Int32())
				if made++; !taken(made) {
					continue
				}
				copyTo(t, path, damaged)
				change(t, damaged, appendOnly+"PRAGMA ignore_check_constraints = ON;"+script+rearm)
				codes, wrong := check(t, damaged), differences(want, ask(damaged, moments))
				times++
				if len(codes) > 0 {
					noticed++
				}
				if len(wrong) > 0 {
					changed++
				}
				if len(wrong) > 0 && len(codes) == 0 {
					t.Errorf("after %s the answers to %.300q are others, and the check says nothing", script, wrong)
				}
				removeAll(t, damaged)
			}
		}
	}
	if t.Logf("%d of %d damages noticed, %d changed answers", noticed, times, changed); changed < times/4 {
		t.Error("few answers were changed")
	}
}
