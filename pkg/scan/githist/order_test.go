package githist_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/chunk"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
	"github.com/seed16713943/btools/pkg/scan/githist"
	"github.com/seed16713943/btools/pkg/stream"
)

// answers are what existed at the moments.
func (b base) answers(at []kb.Instant) string {
	b.t.Helper()
	var all strings.Builder
	reader := b.reader()
	for _, i := range at {
		for v, err := range reader.List(context.Background(), "", kb.Point{Valid: i, Known: kb.Forever}) {
			if err != nil {
				b.t.Fatal(err)
			}
			fmt.Fprintln(&all, i, v.Path, v.SHA256, v.Mode, v.Source)
		}
	}
	return all.String()
}

// live are the versions that live scans have made.
func (b base) live() []string {
	b.t.Helper()
	var all []string
	reader := b.reader()
	for _, name := range names {
		for v, err := range reader.Back(context.Background(), name, kb.Point{Valid: kb.Forever, Known: kb.Forever}) {
			if err != nil {
				b.t.Fatal(err)
			}
			if v.Source == "" {
				all = append(all, fmt.Sprint(v.ID, v.Path, v.ValidFrom, v.Seq, v.RecordedAt, v.SHA256, v.Gone))
			}
		}
	}
	return all
}

// scanLive scans a folder and takes it in.
func (b base) scanLive(folder string) *ingest.Summary {
	b.t.Helper()
	b.t.(*testing.T).Chdir(folder)
	scanner, err := scan.New(scan.Options{Roots: []string{"."}})
	if err != nil {
		b.t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := scanner.Run(context.Background(), stream.NewEncoder(&out)); err != nil {
		b.t.Fatal(err)
	}
	return b.take(out.String())
}

// chunks cuts a stream into chunks and its last line.
func chunks(t testing.TB, text string, size int) []string {
	t.Helper()
	var out bytes.Buffer
	c := chunk.New(&out, chunk.Options{Records: size, Bytes: 1 << 20, MaxLine: 1 << 20})
	if err := c.Read(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(strings.TrimSuffix(out.String(), "\n"), "\n")
}

// TestOrderOfArrival takes one history in whole, in halves of which the later
// comes first, in random order, and twice.
func TestOrderOfArrival(t *testing.T) {
	for seed := range uint64(5) {
		r := randomRepo(t, "sha1", 100+seed, 60)
		rng := rand.New(rand.NewPCG(seed, 5))
		line := r.line()
		at := moments(rng, line, 0)
		whole, _ := list(t, githist.Options{Dir: r.dir})
		middle := line[rng.IntN(len(line)-1)].id
		first, _ := list(t, githist.Options{Dir: r.dir, Rev: middle})
		second, _ := list(t, githist.Options{Dir: r.dir, Since: middle})

		one := newBase(t)
		one.take(whole)
		want := one.answers(at)
		if one.take(whole); one.answers(at) != want {
			t.Errorf("seed %d: taken in twice, it says something else", seed)
		}
		halves := newBase(t)
		halves.take(second)
		halves.take(first)
		if halves.answers(at) != want {
			t.Errorf("seed %d: the later half first says something else", seed)
		}
		shuffled := newBase(t)
		lines := chunks(t, whole, 3)
		rng.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		if sum := shuffled.take(strings.Join(lines, "\n")); sum.Status != ingest.Complete {
			t.Errorf("seed %d: in random order it is %s", seed, sum.Status)
		}
		if shuffled.answers(at) != want {
			t.Errorf("seed %d: random order says something else", seed)
		}
	}
}

// checkout puts the documents of a commit into a folder.
func (r repo) checkout(commit string) string {
	r.t.Helper()
	folder := r.t.TempDir()
	for name, b := range r.tree(commit) {
		p := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			r.t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if b.executable {
			mode = 0o755
		}
		if err := os.WriteFile(p, []byte(r.run("", "cat-file", "blob", b.oid)), mode); err != nil {
			r.t.Fatal(err)
		}
	}
	return folder
}

// TestLiveScansAndHistories takes a history in before, between and after live
// scans of the same documents.
func TestLiveScansAndHistories(t *testing.T) {
	for seed := range uint64(4) {
		r := randomRepo(t, "sha1", 200+seed, 60)
		line := r.line()
		at := moments(rand.New(rand.NewPCG(1, 1)), line, 0)
		text, _ := list(t, githist.Options{Dir: r.dir})
		alone := newBase(t)
		alone.take(text)
		want := alone.answers(at)

		folder := r.checkout(line[len(line)-1].id)
		var docs []string
		for name := range r.tree("main") {
			docs = append(docs, name)
		}
		slices.Sort(docs)
		after := newBase(t)
		after.take(text)
		if sum := after.scanLive(folder); sum.Counts.Stored > 0 || sum.Counts.Deleted > 0 || sum.Counts.Unchanged != int64(len(docs)) {
			t.Errorf("seed %d: a scan of what the history ends with: %+v", seed, sum.Counts)
		}
		if len(docs) < 2 {
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, docs[0]), []byte("edited"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(folder, docs[1])); err != nil {
			t.Fatal(err)
		}
		if sum := after.scanLive(folder); sum.Counts.Stored != 1 || sum.Counts.Deleted != 1 {
			t.Errorf("seed %d: a scan of an edit and a deletion: %+v", seed, sum.Counts)
		}
		before := newBase(t)
		before.scanLive(folder)
		for name, b := range map[string]base{"before": before, "after": after} {
			decided := b.live()
			b.take(text)
			b.take(text)
			if got := b.live(); !slices.Equal(got, decided) {
				t.Errorf("seed %d: the live scans %s the history had decided\n%q, and now it is\n%q", seed, name, decided, got)
			}
			if b.answers(at) != want {
				t.Errorf("seed %d: with live scans %s the history, it says something else", seed, name)
			}
			// Of the deleted document a base that began with live scans hears now.
			heard := map[string]int64{"before": 1, "after": 0}[name]
			if sum := b.scanLive(folder); sum.Counts.Stored > 0 || sum.Counts.Deleted != heard {
				t.Errorf("seed %d: a scan after the history, live scans %s it: %+v", seed, name, sum.Counts)
			}
		}
	}
}

// TestCompleteWithAllRecords leaves a part of a history out: all of its paths are
// in, and it must not count as taken in.
func TestCompleteWithAllRecords(t *testing.T) {
	r := newRepo(t, "sha1")
	var w importer
	for n := range 20 {
		from := ""
		if n > 0 {
			from = fmt.Sprintf(":%d", n)
		}
		w.commit("main", 1_500_000_000+int64(n), from, "")
		if n%2 == 0 {
			w.file("a.md", "100644", fmt.Sprint(n))
		} else {
			w.remove("a.md")
		}
	}
	r.run(w.String(), "fast-import", "--quiet")
	text, _ := list(t, githist.Options{Dir: r.dir})
	for left := range 10 {
		lines := chunks(t, text, 2)
		b := newBase(t)
		lost := lines[left]
		b.take(strings.Join(slices.Delete(lines, left, left+1), ""))
		if got := b.histories(); len(got) != 0 {
			t.Fatalf("without chunk %d: %+v", left, got)
		}
		if sum := b.take(lost); sum.Status != ingest.Complete {
			t.Errorf("with chunk %d: %s", left, sum.Status)
		}
		if got := b.histories(); len(got) != 1 || got[0].History.Commit != strings.TrimSpace(r.run("", "rev-parse", "main")) {
			t.Errorf("with chunk %d: %+v", left, got)
		}
		b.take(lost)
		if got := b.histories(); len(got) != 1 {
			t.Errorf("with chunk %d again: %+v", left, got)
		}
	}
}

func (b base) histories() []kb.Scan {
	b.t.Helper()
	if _, err := os.Stat(b.path); err != nil {
		return []kb.Scan{}
	}
	got, err := b.reader().Histories(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	return got
}
