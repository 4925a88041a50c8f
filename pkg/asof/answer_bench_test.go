package asof_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
)

const (
	benchSecond   = 1_000_000 // microseconds
	benchVersions = 2000      // of each benchmark's knowledge base
)

func benchMust(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// benchRecords makes so many versions of paths, one of them each second, of a few
// paragraphs that change from one version to the next in one place.
func benchRecords(b *testing.B, versions, paths int) string {
	random := rand.New(rand.NewPCG(1, 2))
	paragraph := func() string {
		words := make([]string, 60)
		for i := range words {
			words[i] = fmt.Sprintf("word%d", random.IntN(1+random.IntN(3000)))
		}
		return strings.Join(words, " ")
	}
	documents := make([][]string, paths)
	var stream bytes.Buffer
	out := json.NewEncoder(&stream)
	for n := range versions {
		text := &documents[n%paths]
		if *text == nil {
			*text = []string{paragraph(), paragraph(), paragraph()}
		}
		(*text)[random.IntN(len(*text))] = paragraph()
		benchMust(b, out.Encode(map[string]any{
			"type": "file", "path": fmt.Sprintf("docs/%d.md", n%paths), "content": strings.Join(*text, "\n\n"),
			"valid_from": time.Unix(int64(n), 0).UTC(),
		}))
	}
	return stream.String()
}

// benchTake takes records in.
func benchTake(b *testing.B, path, records string) {
	b.Helper()
	store, err := sqlite.Open(b.Context(), path, sqlite.Options{})
	benchMust(b, err)
	sum, err := ingest.Run(b.Context(), store, strings.NewReader(records), ingest.Options{
		Clock: time.Now, Dir: b.TempDir(), Workers: 2, ChunkSize: 100, UnitBytes: 32 << 20, Partial: true, MaxDelete: 1,
		Retry: ingest.Retry{Attempts: 3, Wait: time.Millisecond, MaxWait: time.Second}, Warn: func(string) {},
		Embedder: embed.NewBuiltin(),
	})
	benchMust(b, err)
	if sum.Counts.Failed > 0 {
		b.Fatalf("%d records failed", sum.Counts.Failed)
	}
	benchMust(b, store.Close())
}

func benchReader(b *testing.B, versions, paths int) *sqlite.Reader {
	b.Helper()
	path := filepath.Join(b.TempDir(), "kb.sqlite")
	benchTake(b, path, benchRecords(b, versions, paths))
	r, err := sqlite.OpenReader(b.Context(), path)
	benchMust(b, err)
	b.Cleanup(func() { benchMust(b, r.Close()) })
	return r
}

// BenchmarkTakeIn takes in records with content, with their passages and vectors; an
// operation is one record.
func BenchmarkTakeIn(b *testing.B) {
	records := benchRecords(b, b.N, max(b.N/4, 1))
	path := filepath.Join(b.TempDir(), "kb.sqlite")
	b.SetBytes(int64(len(records) / b.N))
	b.ResetTimer()
	benchTake(b, path, records)
}

// BenchmarkInForce finds the version of a path with many, and reads it.
func BenchmarkInForce(b *testing.B) {
	r := benchReader(b, benchVersions, 1)
	random := rand.New(rand.NewPCG(3, 4))
	var text bytes.Buffer
	for b.Loop() {
		at := kb.Point{Valid: kb.Instant(random.Int64N(benchVersions * benchSecond)), Known: kb.Forever}
		v, err := r.InForce(b.Context(), "docs/0.md", at)
		benchMust(b, err)
		text.Reset()
		benchMust(b, r.WriteContent(b.Context(), &text, v.SHA256))
	}
}

// BenchmarkFind searches as of a moment, by each mode.
func BenchmarkFind(b *testing.B) {
	r := benchReader(b, benchVersions, benchVersions/4)
	for _, mode := range []asof.SearchMode{asof.Hybrid, asof.Text, asof.Vector} {
		b.Run(string(mode), func(b *testing.B) {
			random := rand.New(rand.NewPCG(5, 6))
			for b.Loop() {
				found, err := asof.Find(b.Context(), r, embed.NewBuiltin(), asof.Search{
					Words: fmt.Sprintf("word%d word%d word%d", random.IntN(100), random.IntN(300), random.IntN(1000)),
					Mode:  mode, At: kb.Point{Valid: kb.Instant(random.Int64N(benchVersions*benchSecond)) + benchVersions/2*benchSecond, Known: kb.Forever}, Limit: 10,
				})
				benchMust(b, err)
				if mode == asof.Vector && len(found.Hits) == 0 {
					b.Fatal("nothing found")
				}
			}
		})
	}
}
