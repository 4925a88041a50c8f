package sqlite_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/sqlite/pages"
)

// wipe overwrites the pages of tables and indexes with zeros, all of them or only
// the last leaf.
func wipe(t *testing.T, path string, lastOnly bool, trees ...string) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := pages.Open(bytes.NewReader(file), int64(len(file)), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	roots := map[string]uint32{"header": 1}
	var numbers []uint32
	visit := func(v pages.Visit) error {
		for _, cell := range v.Cells {
			if record, err := f.Record(cell); err == nil && len(record) == 5 {
				roots[string(record[1].Bytes)] = uint32(record[3].Int)
			}
		}
		return v.Err
	}
	if err := f.Walk(1, f.NewSet(), visit); err != nil {
		t.Fatal(err)
	}
	for _, tree := range trees {
		if roots[tree] == 0 {
			t.Fatalf("there is no %s", tree)
		}
		var of []uint32
		err := f.Walk(roots[tree], f.NewSet(), func(v pages.Visit) error {
			of = append(of, v.Number)
			return v.Err
		})
		if err != nil {
			t.Fatal(err)
		}
		if lastOnly {
			of = of[len(of)-1:]
		}
		numbers = append(numbers, of...)
	}
	for _, n := range numbers {
		clear(file[(n-1)*4096 : n*4096])
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
}

// recovery recovers a file and makes its index.
func recovery(t *testing.T, from string) (to string, codes map[string]int, sum sqlite.RecoverySummary) {
	t.Helper()
	to = from + ".recovered"
	codes = make(map[string]int)
	sum, err := sqlite.Recover(t.Context(), from, to, time.Now, func(f sqlite.Finding) error {
		codes[f.Code]++
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	reindex(t, to, embed.NewBuiltin())
	return to, codes, sum
}

func reindex(t *testing.T, path string, embedder embed.Embedder) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	done, err := ingest.Reindex(t.Context(), store, ingest.RunStart{At: 1, Host: "host", PID: 1}, ingest.Options{
		Clock: time.Now, Workers: 2, ChunkSize: 50, UnitBytes: 16 << 20, Retry: ingest.Retry{Attempts: 1}, Embedder: embedder,
	})
	err = errors.Join(err, store.FinishRun(t.Context(), done.Run, ingest.RunFinish{At: kb.InstantOf(time.Now()), Status: done.Status, Report: []byte("{}")}), store.Close())
	if err != nil {
		t.Fatal(err)
	}
}

// TestRecoverLostTables loses whole tables and indexes, and brings back what the
// others know.
func TestRecoverLostTables(t *testing.T) {
	sqlite.SmallBlocks(t)
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.sqlite")
	moments := history(t, whole, 60)
	want := ask(whole, moments)
	for i, test := range []struct {
		name  string
		lost  []string
		codes []string // what is told
		same  bool     // all answers are as before
	}{
		{"nothing", nil, nil, true},
		{"the header and the schema", []string{"header"}, nil, true},
		{"names in the table", []string{"path"}, nil, true},
		{"names in the index", []string{"sqlite_autoindex_path_1"}, nil, true},
		{"the schema, and names in the index", []string{"header", "sqlite_autoindex_path_1"}, nil, true},
		{"hashes in the table", []string{"blob"}, nil, true},
		{"hashes in the index", []string{"sqlite_autoindex_blob_1"}, nil, true},
		{"the index of versions", []string{"version_in_time"}, nil, true},
		{"all that is derived", []string{"passage", "text", "text_fts_data", "vector", "vector_block", "word", "passage_vec_chunks"}, nil, true},
		{"hashes", []string{"blob", "sqlite_autoindex_blob_1"}, []string{sqlite.CodeUnproven}, true},
		{"names", []string{"path", "sqlite_autoindex_path_1"}, []string{sqlite.CodePathLost}, false},
		{"versions in the table", []string{"version"}, []string{sqlite.CodeUnnamed, sqlite.CodeVersionLost}, false},
		{"contents", []string{"part"}, []string{sqlite.CodeContentLost}, false},
		{"what runs and scans noted", []string{"run", "run_chunk", "scan", "seen", "meta", "sqlite_autoindex_scan_1"}, nil, false},
	} {
		if !taken(i) {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "kb.sqlite")
			copyTo(t, whole, path)
			wipe(t, path, false, test.lost...)
			to, codes, sum := recovery(t, path)
			delete(codes, sqlite.CodePageLost)
			var told []string
			for code := range codes {
				told = append(told, code)
			}
			if slices.Sort(told); !slices.Equal(told, test.codes) {
				t.Errorf("told %v, want %q; %+v", codes, test.codes, sum)
			}
			if found, all := findings(t, to, everything); slices.ContainsFunc(found, func(code string) bool { return !strings.HasSuffix(code, "?") }) {
				t.Errorf("what was recovered is damaged: %v", all)
			}
			got := ask(to, moments)
			if wrong := differences(want[1:], got[1:]); test.same && (len(wrong) > 0 || len(got) != len(want)) {
				t.Errorf("%d answers are others, such as %.300q", len(wrong), wrong)
			}
			for _, a := range got {
				if test.same && a.err != nil {
					t.Errorf("%s: %v", a.question, a.err)
				}
			}
		})
	}
}

// TestHeaderDamaged damages each byte of the header: a file of which something cannot be
// read is said to be damaged, and not to be another program's or of the future, and all
// that it holds is recovered.
func TestHeaderDamaged(t *testing.T) {
	sqlite.SmallBlocks(t)
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.sqlite")
	moments := history(t, whole, 10)
	want := ask(whole, moments)
	file, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "kb.sqlite")
	for at := 18; at < 100; at++ { // before, it is named as a SQLite file
		for _, value := range []byte{0x00, 0x51, 0xff} {
			damaged := bytes.Clone(file)
			damaged[at] = value
			for _, suffix := range []string{"", "-wal", "-shm", ".recovered"} {
				_ = os.Remove(path + suffix)
			}
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			if answers := ask(path, moments[:1]); len(answers) == 1 {
				err := answers[0].err
				if newer := errors.Is(err, sqlite.ErrNewer); newer && at == 63 {
					continue // as any number may be
				}
				if !errors.Is(err, sqlite.ErrDamaged) && (!errors.Is(err, sqlite.ErrForeign) || !sqlite.Recoverable(t.Context(), path)) {
					t.Errorf("byte %d is %#x: %v", at, value, err)
				}
			}
			if value != 0x51 || at%4 > 0 && at < 60 {
				continue // to save time
			}
			to, _, _ := recovery(t, path)
			if wrong := differences(want[1:], ask(to, moments)[1:]); len(wrong) > 0 {
				t.Errorf("byte %d is %#x: %d answers are others, such as %.300q", at, value, len(wrong), wrong)
			}
		}
	}
}

// TestRecoverSaysWhatIsLost loses the newest version of documents, in two ways: no
// older one may become the answer in its place without a word.
func TestRecoverSaysWhatIsLost(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "whole.sqlite")
	moments := history(t, whole, 60)
	last := moments[len(moments)-1]
	for _, test := range []struct {
		lost    []string
		missing bool
	}{
		{[]string{"version"}, false},
		{[]string{"version", "version_in_time"}, true},
	} {
		path := filepath.Join(t.TempDir(), "kb.sqlite")
		copyTo(t, whole, path)
		wipe(t, path, true, test.lost...)
		before := holdings(t, whole, last)
		to, codes, sum := recovery(t, path)
		r, err := sqlite.OpenReader(t.Context(), to)
		if err != nil {
			t.Fatal(err)
		}
		missing, err := r.VersionsMissing()
		if err != nil || (missing > 0) != test.missing || missing != sum.VersionsMissing {
			t.Errorf("without %q, %d versions are missing without a trace: %v, %+v", test.lost, missing, err, sum)
		}
		after := holdings(t, to, last)
		lost, older := 0, 0
		for name, v := range before {
			got, there := after[name]
			if there && got.SHA256 == v.SHA256 && got.ValidFrom == v.ValidFrom {
				continue
			}
			err := error(nil)
			if there {
				err = r.WriteContent(t.Context(), new(bytes.Buffer), got.SHA256)
			}
			if lost++; err == nil {
				older++
			}
		}
		if lost == 0 || !test.missing && older > 0 {
			t.Errorf("without %q, %d documents have lost their version, and %d of them answer with an older one; told %v", test.lost, lost, older, codes)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// holdings are the versions in force.
func holdings(t *testing.T, path string, at kb.Instant) map[string]kb.Version {
	t.Helper()
	r, err := sqlite.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	held := make(map[string]kb.Version)
	for v, err := range r.List(t.Context(), "", kb.Point{Valid: at, Known: kb.Forever}) {
		if err != nil {
			t.Fatal(err)
		}
		held[v.Path] = v
	}
	return held
}

// TestRecoverCutOff recovers files that have lost their end, and with it the schema
// or nothing that matters: in any case that is told.
func TestRecoverCutOff(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.sqlite")
	history(t, whole, 10)
	file, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{4096, 5000, 2 * 4096, 5 * 4096, len(file) / 2, len(file) - 4096} {
		path := filepath.Join(dir, fmt.Sprint(size))
		if err := os.WriteFile(path, file[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		_, codes, sum := recovery(t, path)
		if codes[sqlite.CodePageLost] == 0 || sum.PagesLost == 0 {
			t.Errorf("of %d bytes only %d are left, and told is %v, %+v", len(file), size, codes, sum)
		}
	}
}

// TestRecoverLog recovers a file whose last transactions are in its WAL.
func TestRecoverLog(t *testing.T) {
	dir := t.TempDir()
	path, crashed := filepath.Join(dir, "kb.sqlite"), filepath.Join(dir, "crashed.sqlite")
	history(t, path, 10)
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }
	takeIn(t, store, clock, 9, kb.InstantOf(clock()), map[int]string{500: "only in the log", 501: "that too"})
	for _, suffix := range []string{"", "-wal"} {
		copyTo(t, path+suffix, crashed+suffix)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	to, codes, _ := recovery(t, crashed)
	if len(codes) > 0 {
		t.Errorf("told %v", codes)
	}
	now := kb.InstantOf(clock().Add(time.Hour))
	if got, want := holdings(t, to, now), holdings(t, path, now); len(got) != len(want) || len(want) != 2 {
		t.Errorf("it holds %d documents, want %d", len(got), len(want))
	}
}

// TestForgotten checks and recovers a knowledge base of which a part was forgotten:
// that is no damage, and nothing is lost; what was taken in afterwards is watched
// as before.
func TestForgotten(t *testing.T) {
	sqlite.SmallBlocks(t)
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	moments := history(t, path, 60)
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sum, err := ingest.Forget(t.Context(), store, ingest.RunStart{At: 1, Host: "host", PID: 1}, ingest.Options{Retry: ingest.Retry{Attempts: 1}}, ingest.Forgetting{Before: moments[1]})
	if err != nil || sum.Forgotten.Versions == 0 {
		t.Fatalf("forgot %+v: %v", sum.Forgotten, err)
	}
	err = store.FinishRun(t.Context(), sum.Run, ingest.RunFinish{At: kb.InstantOf(time.Now()), Status: sum.Status, Report: []byte("{}")})
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return time.Now() }
	takeIn(t, store, clock, 10, kb.InstantOf(clock()), map[int]string{700: "a new one", 701: "another", 702: "a third"})
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if codes, all := findings(t, path, everything); len(codes) > 0 {
		t.Errorf("what was forgotten is taken for damage: %v", all)
	}
	to, told, _ := recovery(t, path)
	if len(told) > 0 {
		t.Errorf("what was forgotten is taken for lost: %v", told)
	}
	now := kb.InstantOf(time.Now())
	if got, want := holdings(t, to, now), holdings(t, path, now); len(want) != 3 || len(got) != len(want) {
		t.Errorf("recovered %d documents, want %d", len(got), len(want))
	}
	change(t, path, "DELETE FROM version WHERE id = (SELECT max(id) FROM version)")
	if codes, _ := findings(t, path, everything); !slices.Contains(codes, "version_run") {
		t.Errorf("a version that was taken in afterwards is missing, and only this is found: %q", codes)
	}
}

// TestForgottenWithoutVacuum recovers a knowledge base of which most was forgotten,
// and whose space was not given back, as after a kill or on a full disk: what was
// forgotten neither comes back nor is taken for lost.
func TestForgottenWithoutVacuum(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	first := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	var asked atomic.Int64 // by several goroutines
	clock := func() time.Time { return first.Add(time.Duration(asked.Add(1)) * time.Millisecond) }
	const documents = 1000
	for round := range 4 {
		held := make(map[int]string)
		for i := range documents {
			held[i] = fmt.Sprintf("# Document %d\n\nRound %d.\n", i, round)
		}
		takeIn(t, store, clock, round, kb.InstantOf(clock()), held)
	}
	run, err := store.BeginRun(t.Context(), ingest.RunStart{At: 1, Host: "host", PID: 1})
	if err != nil {
		t.Fatal(err)
	}
	f, err := store.Forget(t.Context(), ingest.Forgetting{Before: kb.InstantOf(clock()), Run: run})
	if err != nil || f.Versions != 3*documents || f.Contents != 3*documents {
		t.Fatalf("forgot %+v: %v", f, err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	_, told, sum := recovery(t, path)
	if len(told) > 0 || sum.Versions != documents || sum.Contents != documents {
		t.Errorf("told %v, %+v", told, sum)
	}
}

// TestKeptVectors makes an index anew without its embedder: the vectors that are
// there are used again, and the other texts wait.
func TestKeptVectors(t *testing.T) {
	sqlite.SmallBlocks(t)
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	moments := history(t, path, 20)
	was := path + ".was"
	copyTo(t, path, was)
	change(t, was, "DELETE FROM vector WHERE text IN (5, 6, 7)")
	kept, err := sqlite.OpenReader(t.Context(), was)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	builtin := embed.NewBuiltin()
	reindex(t, path, embed.NewKept(builtin.Name(), builtin.Dim(), kept.KeptVectors()))
	codes, all := findings(t, path, everything)
	if !slices.Equal(codes, []string{"vectors_awaited?"}) || !strings.HasPrefix(all[0].Message, "3 passages wait") {
		t.Errorf("found %+v", all)
	}
	r, err := sqlite.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	found, err := asof.Find(t.Context(), r, builtin, asof.Search{Words: "incident quota", Mode: asof.Vector, At: kb.Point{Valid: moments[0], Known: kb.Forever}, Limit: 5})
	if err != nil || len(found.Hits) != 5 {
		t.Errorf("found %d, %v", len(found.Hits), err)
	}
}

// TestRecoverOutOfLine recovers a file with a version whose row says what cannot
// be: it is taken for lost, and what is recovered is sound.
func TestRecoverOutOfLine(t *testing.T) {
	for _, change30 := range []string{"recorded_at = 1", "recorded_at = recorded_at + 1", "recorded_at = 1 << 60", "run = run + 1"} {
		path := filepath.Join(t.TempDir(), "kb.sqlite")
		history(t, path, 60)
		change(t, path, appendOnly+"UPDATE version SET "+change30+" WHERE id = 30"+rearm)
		to, codes, sum := recovery(t, path)
		if codes[sqlite.CodeVersionLost] != 1 || sum.VersionsLost != 1 {
			t.Errorf("%s: told %v, %+v", change30, codes, sum)
		}
		if codes, all := findings(t, to, everything); slices.ContainsFunc(codes, func(code string) bool { return !strings.HasSuffix(code, "?") }) {
			t.Errorf("%s: what was recovered: %v", change30, all)
		}
	}
}

// TestRecoverToCome recovers a file in which a transaction is said to have stored
// versions in years to come: that is told, and what is recovered is sound.
func TestRecoverToCome(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	history(t, path, 10)
	change(t, path, "UPDATE run_chunk SET committed_at = 1 << 60 WHERE id = (SELECT max(id) FROM run_chunk WHERE stored > 0)")
	to, codes, _ := recovery(t, path)
	if codes[sqlite.CodeRowsLost] != 1 {
		t.Errorf("told %v", codes)
	}
	if codes, all := findings(t, to, everything); len(codes) > 0 {
		t.Errorf("what was recovered: %v", all)
	}
}

// TestRecoverPlans looks at how SQLite goes about each statement of a recovery: what
// looks at a whole table for each row of another takes hours where there are many.
func TestRecoverPlans(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "whole.sqlite")
	const documents, few = 60, 20 // few is more than there are keys of meta, each of which is asked for
	history(t, whole, documents)
	for i, lost := range [][]string{
		nil, {"path", "sqlite_autoindex_path_1"}, {"blob", "sqlite_autoindex_blob_1"}, {"version"}, {"part"}, {"run", "scan", "meta"},
	} {
		if !taken(i) {
			continue
		}
		path := filepath.Join(t.TempDir(), "kb.sqlite")
		copyTo(t, whole, path)
		wipe(t, path, false, lost...)
		plans, _ := sqlite.RecoverPlanned(t, path, path+".recovered", time.Now)
		if len(plans) < 50 {
			t.Errorf("without %q, only %d statements are known", lost, len(plans))
		}
		for _, step := range plans.Slow(few) {
			t.Errorf("without %q: %s", lost, step)
		}
	}
}

// TestRecoverProgress follows what a recovery tells: it never says that all of
// something is done while it goes on with something else that takes time.
func TestRecoverProgress(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	const documents = 60
	history(t, path, documents)
	plans, told := sqlite.RecoverPlanned(t, path, path+".recovered", time.Now)
	for query, plan := range plans {
		if plan.Late && plan.Scans() {
			t.Errorf("under a bar that is full:\n%s", query)
		}
	}
	var counted []string
	var last sqlite.RecoveryProgress
	for _, p := range append(told, sqlite.RecoveryProgress{}) {
		switch {
		case p.One == last.One && p.Of == last.Of && p.Done >= last.Done:
		case p.One == last.One:
			t.Errorf("after %+v came %+v", last, p)
		case last.Of > 0 && last.Done != last.Of:
			t.Errorf("it ended at %+v", last)
		case last.One != "" && last.Done < documents:
			t.Errorf("of %q, only %d were counted", last.One, last.Done)
		}
		if p.One != last.One {
			counted = append(counted, p.One)
			if p.One == "row" && p.Done != 0 {
				t.Errorf("rows began at %d", p.Done)
			}
		}
		last = p
	}
	if want := []string{"page", "row", "content", "row", "version", "row", ""}; !slices.Equal(counted, want) {
		t.Errorf("counted %q, want %q", counted, want)
	}
}
