package githist_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan/githist"
	"github.com/seed16713943/btools/pkg/sqlite"
)

// base is a knowledge base.
type base struct {
	t    testing.TB
	path string
}

func newBase(t testing.TB) base { return base{t, filepath.Join(t.TempDir(), "kb.sqlite")} }

// take takes a stream in.
func (b base) take(text string) *ingest.Summary {
	b.t.Helper()
	store, err := sqlite.Open(context.Background(), b.path, sqlite.Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	defer store.Close()
	sum, err := ingest.Run(context.Background(), store, strings.NewReader(text), ingest.Options{
		Clock: time.Now, Dir: "/nowhere", Workers: 2, ChunkSize: 100, UnitBytes: 64 << 20, MaxFileSize: 1 << 20, MaxDelete: 1,
		Retry: ingest.Retry{Attempts: 1}, Embedder: embed.None{}, Warn: func(string) {},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return sum
}

func (b base) reader() *sqlite.Reader {
	b.t.Helper()
	r, err := sqlite.OpenReader(context.Background(), b.path)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { r.Close() })
	return r
}

// moments are the commits' own and those a microsecond before, and some between.
func moments(rng *rand.Rand, line []point, some int) []kb.Instant {
	var list []kb.Instant
	for _, p := range line {
		list = append(list, p.at, p.at-1)
	}
	first, last := line[0].at, line[len(line)-1].at
	for range some {
		list = append(list, first+kb.Instant(rng.Int64N(int64(last-first)+2_000_000))-1_000_000)
	}
	return list
}

// inForce is the commit in force at a moment; "" before the first.
func inForce(line []point, at kb.Instant) string {
	commit := ""
	for _, p := range line {
		if p.at <= at {
			commit = p.id
		}
	}
	return commit
}

// compare asks the knowledge base and git what existed at a moment.
func compare(t *testing.T, r repo, h *hashes, reader *sqlite.Reader, commit string, at kb.Instant) {
	t.Helper()
	want := r.tree(commit)
	found := 0
	for v, err := range reader.List(context.Background(), "", kb.Point{Valid: at, Known: kb.Forever}) {
		if err != nil {
			t.Fatal(err)
		}
		b, there := want[v.Path]
		if !there || v.Mode == nil || v.Mode.Executable() != b.executable || v.SHA256 != h.of(b.oid) {
			t.Errorf("%q at %v: %v %v by %s, but git has %+v (%t) at %s", v.Path, at, v.SHA256, v.Mode, v.Source, b, there, commit)
		}
		found++
	}
	if found != len(want) {
		t.Errorf("at %v there are %d documents, but in commit %s %d", at, found, commit, len(want))
	}
}

// TestAnswersAreThoseOfGit takes histories in and asks at the moment of every
// commit, a microsecond before, and between.
func TestAnswersAreThoseOfGit(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprint(format, seed), func(t *testing.T) {
				r := randomRepo(t, format, seed, 80)
				answersOf(t, r, 200, 1)
			})
		}
	}
	t.Run("corpus", func(t *testing.T) { answersOf(t, corpus(t), 2000, 30) })
}

// answersOf compares all answers, or one of so many.
func answersOf(t *testing.T, r repo, between, oneOf int) {
	text, end := list(t, githist.Options{Dir: r.dir})
	b := newBase(t)
	if sum := b.take(text); sum.Status != ingest.Complete || sum.Counts.Failed > 0 || sum.Counts.Total() != end.Paths {
		t.Fatalf("%+v of %d records", sum, end.Paths)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	line := r.line()
	if h := end.Scan.History; h.Seq != int64(len(line)) || h.Commit != line[len(line)-1].id || h.At != line[len(line)-1].at || h.First != line[0].id {
		t.Errorf("the scan says %+v", h)
	}
	reader, h := b.reader(), &hashes{r, make(map[string]kb.Hash)}
	for _, at := range moments(rng, line, between) {
		if rng.IntN(oneOf) == 0 {
			compare(t, r, h, reader, inForce(line, at), at)
		}
		if t.Failed() {
			return
		}
	}
	recs := records(t, text)
	for range 100 { // byte for byte, at the commits that touch a path and just before
		rec := recs[rng.IntN(len(recs))]
		at := *rec.ValidFrom - kb.Instant(rng.IntN(2))
		compareShow(t, r, reader, inForce(line, at), rec.Path, at)
	}
}

func compareShow(t *testing.T, r repo, reader *sqlite.Reader, commit, path string, at kb.Instant) {
	t.Helper()
	v, err := reader.InForce(context.Background(), path, kb.Point{Valid: at, Known: kb.Forever})
	if err != nil {
		t.Fatal(err)
	}
	_, there := r.tree(commit)[path]
	if there != (v != nil && !v.Gone) {
		t.Fatalf("%q at %v: %+v, but in git %t", path, at, v, there)
	}
	if !there {
		return
	}
	var got bytes.Buffer
	if err := reader.WriteContent(context.Background(), &got, v.SHA256); err != nil {
		t.Fatal(err)
	}
	if want := r.run("", "show", commit+":"+path); got.String() != want {
		t.Errorf("%q at %v: %q, but git shows %q", path, at, got.String(), want)
	}
}
