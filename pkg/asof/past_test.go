package asof_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/stream"
)

// library is a knowledge base that takes in records as bingest does.
type library struct {
	t        tester
	path     string
	store    *sqlite.Store
	embedder embed.Embedder
	filters  []*extract.Filter
}

func newLibrary(t tester, embedder embed.Embedder, batches ...[]kb.Record) *library {
	dir, err := os.MkdirTemp("", "btools-asof-")
	check(t, err)
	l := &library{t: t, path: filepath.Join(dir, "kb.sqlite"), embedder: embedder}
	l.store, err = sqlite.Open(context.Background(), l.path, sqlite.Options{})
	check(t, err)
	t.Cleanup(func() {
		check(t, l.store.Close())
		check(t, os.RemoveAll(dir))
	})
	for _, batch := range batches {
		l.take(batch)
	}
	return l
}

func (l *library) options() ingest.Options {
	return ingest.Options{
		Workers: 1, ChunkSize: 1000, UnitBytes: 1 << 20, MaxFileSize: 1 << 20, MaxDelete: 1, Partial: true,
		Clock: time.Now, Retry: ingest.Retry{Attempts: 1}, Embedder: l.embedder, Filters: l.filters, Warn: func(string) {},
	}
}

// take takes records in, in one transaction.
func (l *library) take(records []kb.Record) {
	var in bytes.Buffer
	enc := stream.NewEncoder(&in)
	for i := range records {
		check(l.t, enc.Record(&records[i]))
	}
	sum, err := ingest.Run(context.Background(), l.store, &in, l.options())
	check(l.t, err)
	if sum.Counts.Failed > 0 {
		l.t.Fatalf("%d records failed", sum.Counts.Failed)
	}
}

func (l *library) reindex() {
	_, err := ingest.Reindex(context.Background(), l.store, ingest.RunStart{}, l.options())
	check(l.t, err)
}

// reader opens what is committed.
func (l *library) reader() *sqlite.Reader {
	r, err := sqlite.OpenReader(context.Background(), l.path)
	check(l.t, err)
	l.t.Cleanup(func() { check(l.t, r.Close()) })
	return r
}

// learned is the moment of the last transaction that stored a version.
func (l *library) learned() kb.Instant {
	r, err := sqlite.OpenReader(context.Background(), l.path)
	check(l.t, err)
	info, err := r.Info(context.Background(), 0, 0)
	check(l.t, err)
	check(l.t, r.Close())
	if info.RecordedTo == nil {
		return 0
	}
	return *info.RecordedTo
}

// hits are all that a search finds, in no order; with what the times of those
// that are open at their end are not compared.
func (l *library) hits(r *sqlite.Reader, s asof.Search, times bool) (all []string, scores map[string]float64) {
	s.Limit, s.Now, s.Strict = 1000, 50, true
	found, err := asof.Find(context.Background(), r, l.embedder, s)
	check(l.t, err)
	if found.Unindexed > 0 || found.Waiting > 0 || found.Behind {
		l.t.Errorf("%d passages have no text, %d wait, behind %t", found.Unindexed, found.Waiting, found.Behind)
	}
	scores = make(map[string]float64)
	for i := range found.Hits {
		h := &found.Hits[i]
		hit := fmt.Sprintf("%s %.4s %q %q %d-%d from %d", h.Version.Path, h.Version.SHA256, h.Heading, h.Text, h.Start, h.End, h.From)
		if times {
			hit += fmt.Sprintf(" to %d", h.To)
		}
		all = append(all, hit)
		scores[hit] = h.Score
	}
	slices.Sort(all)
	return all, scores
}

func (l *library) said(r *sqlite.Reader, phrase string, prefixes []string, at kb.Point, times bool) (all []string) {
	for s, err := range asof.When(context.Background(), r, phrase, prefixes, at) {
		check(l.t, err)
		said := fmt.Sprintf("%s from %d", s.Path, s.From)
		if times {
			said += fmt.Sprintf(" to %d", s.To)
		}
		all = append(all, said)
	}
	return all
}

var (
	pastPaths   = []string{"a.md", "docs", "docs/b.md", "docs/c.txt", "docs.md"}
	pastPieces  = []string{"# Retry\n\nthree attempts\n\n", "# Retry\n\nfive attempts\n\n", "# Lamps\n\nlamps go off\n\n", "# Queue\n\nwait in line\n\n", "three attempts\n\n"}
	pastPhrases = []string{"three attempts", "retry", "attempts", "wait in line", "lamps go off"}
)

func drawRecord(t *rapid.T) kb.Record {
	from := kb.Instant(rapid.IntRange(1, 6).Draw(t, "from"))
	r := kb.Record{
		Kind: rapid.SampledFrom([]kb.Kind{kb.File, kb.File, kb.File, kb.Gone}).Draw(t, "kind"),
		Path: rapid.SampledFrom(pastPaths).Draw(t, "path"), ValidFrom: &from, Seq: int64(rapid.IntRange(0, 2).Draw(t, "seq")),
	}
	if r.Kind == kb.File {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pastPieces), 0, 3).Draw(t, "content"), "")
		r.Content, r.HasContent = []byte(text), true
	}
	return r
}

// TestPast compares what is found as it was known at a moment with what is found
// in a knowledge base that never learned more: as of a moment, and as of one step
// of it.
func TestPast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var batches [][]kb.Record
		for range rapid.IntRange(1, 4).Draw(t, "transactions") {
			var batch []kb.Record
			for range rapid.IntRange(1, 5).Draw(t, "records") {
				batch = append(batch, drawRecord(t))
			}
			batches = append(batches, batch)
		}
		embedder := rapid.SampledFrom([]embed.Embedder{builtin, embed.None{}}).Draw(t, "embedder")
		full := newLibrary(t, embedder)
		learned := []kb.Instant{0}
		for _, batch := range batches {
			full.take(batch)
			learned = append(learned, full.learned())
		}
		if rapid.Bool().Draw(t, "reindex") {
			full.reindex()
		}
		n := rapid.IntRange(0, len(batches)).Draw(t, "known")
		at := kb.Point{Valid: kb.Instant(rapid.IntRange(0, 7).Draw(t, "valid")), Known: learned[n]}
		if n == len(batches) && rapid.Bool().Draw(t, "for ever") {
			at.Known = kb.Forever
		}
		then := newLibrary(t, embedder, batches[:n]...)
		stepped := rapid.Bool().Draw(t, "stepped")
		if stepped {
			seq := int64(rapid.IntRange(-1, 2).Draw(t, "step"))
			at.Seq = &seq
			then = newLibrary(t, embedder, upTo(batches[:n], at)...)
		}
		comparePast(t, full, then, at, stepped)
	})
}

// TestPastWithoutText asks about a moment when a document was there of which a
// filter could make no text, though its bytes could be read as some.
func TestPastWithoutText(t *testing.T) {
	record := func(path, text string, from kb.Instant) kb.Record {
		return kb.Record{Kind: kb.File, Path: path, Content: []byte(text), HasContent: true, ValidFrom: &from}
	}
	l := newLibrary(t, builtin)
	l.filters = []*extract.Filter{{Ext: "log", Argv: []string{"false"}}}
	l.take([]kb.Record{record("a.log", "kettle", 20), record("b.txt", "kettle", 20)})
	then := kb.Point{Valid: 30, Known: l.learned()}
	l.take([]kb.Record{record("a.log", "stove", 20), record("b.txt", "stove", 20)}) // so that both are split anew
	r := l.reader()
	if hits, _ := l.hits(r, asof.Search{Words: "kettle", Mode: asof.Hybrid, At: then, Limit: 9}, true); len(hits) != 1 || !strings.Contains(hits[0], "b.txt") {
		t.Errorf("found %q", hits)
	}
	if said := l.said(r, "kettle", nil, then, true); len(said) != 1 || !strings.Contains(said[0], "b.txt") {
		t.Errorf("said %q", said)
	}
}

// upTo leaves out what begins later than a point.
func upTo(batches [][]kb.Record, at kb.Point) (kept [][]kb.Record) {
	for _, batch := range batches {
		kept = append(kept, slices.DeleteFunc(slices.Clone(batch), func(r kb.Record) bool {
			return *r.ValidFrom > at.Valid || *r.ValidFrom == at.Valid && r.Seq > *at.Seq
		}))
	}
	return kept
}

func comparePast(t *rapid.T, full, then *library, at kb.Point, stepped bool) {
	a, b := full.reader(), then.reader()
	alone := kb.Point{Valid: at.Valid, Known: kb.Forever}
	aTexts, err := a.CountTexts(context.Background())
	check(t, err)
	bTexts, err := b.CountTexts(context.Background())
	check(t, err)
	for _, prefixes := range [][]string{nil, {"docs"}, {"docs", "docs/b.md", "a.md"}} {
		for _, mode := range []asof.SearchMode{asof.Text, asof.Vector, asof.Hybrid} {
			if mode == asof.Vector && full.embedder != builtin {
				continue
			}
			s := asof.Search{Words: "three five attempts lamps wait", Mode: mode, Prefixes: prefixes, At: at, Exact: true}
			got, scores := full.hits(a, s, !stepped)
			s.At = alone
			want, others := then.hits(b, s, !stepped)
			if !slices.Equal(got, want) {
				t.Fatalf("%s under %q at %v finds\n%s\nnot\n%s", mode, prefixes, at, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			for hit, score := range scores {
				if other := others[hit]; (mode == asof.Vector || aTexts == bTexts) && (score-other > 1e-6 || other-score > 1e-6) {
					t.Errorf("%s: %s has the score %f, not %f", mode, hit, score, other)
				}
			}
		}
		for _, phrase := range pastPhrases {
			got, want := full.said(a, phrase, prefixes, at, !stepped), then.said(b, phrase, prefixes, alone, !stepped)
			if !slices.Equal(got, want) {
				t.Fatalf("%q under %q at %v was said\n%s\nnot\n%s", phrase, prefixes, at, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			ever := kb.Point{Valid: kb.Forever, Known: at.Known}
			if stepped {
				continue
			}
			got, want = full.said(a, phrase, prefixes, ever, true), then.said(b, phrase, prefixes, kb.Point{Valid: kb.Forever, Known: kb.Forever}, true)
			if !slices.Equal(got, want) {
				t.Fatalf("%q under %q was ever said\n%s\nnot\n%s", phrase, prefixes, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	}
}
