package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/stream"
)

// takeIn makes a knowledge base of the copies.
func takeIn(ctx context.Context, db, dir string, c *corpus, embedder embed.Embedder) error {
	var records bytes.Buffer
	enc := stream.NewEncoder(&records)
	from := kb.Instant(0)
	for _, d := range c.documents {
		rec := kb.Record{Kind: kb.File, Path: d.path, ValidFrom: &from, Content: []byte(d.text), HasContent: true}
		if err := enc.Record(&rec); err != nil {
			return err
		}
	}
	store, err := sqlite.Open(ctx, db, sqlite.Options{})
	if err != nil {
		return err
	}
	defer store.Close() // thrown away
	_, err = ingest.Run(ctx, store, &records, ingest.Options{
		Clock: time.Now, Dir: dir, Workers: runtime.NumCPU(), ChunkSize: 100, UnitBytes: 32 << 20, MaxDelete: 1,
		Partial: true, Embedder: embedder, Retry: ingest.Retry{Attempts: 3, Wait: time.Second, MaxWait: 10 * time.Second},
		Warn: func(string) {},
	})
	return err
}

const (
	first = 5  // recall@first
	depth = 30 // passages looked at
)

// score sums up how questions of one kind went.
type score struct {
	asked  int
	within int     // document among the first five
	ranks  float64 // sum of the reciprocal ranks
}

func (s score) String() string {
	if s.asked == 0 {
		return "      -       -"
	}
	return fmt.Sprintf("%7.3f %7.3f", float64(s.within)/float64(s.asked), s.ranks/float64(s.asked))
}

func measure(ctx context.Context, out io.Writer, db string, embedder embed.Embedder, c *corpus, questions []question) error {
	reader, err := sqlite.OpenReader(ctx, db)
	if err != nil {
		return err
	}
	defer reader.Close() // only read
	var wrong []question
	for _, q := range questions {
		if words, ok := misspelled(q.words); ok {
			wrong = append(wrong, question{words, q.document})
		}
	}
	fmt.Fprintf(out, "%d documents, %d questions, %d misspelled, embedder %s\n\n",
		len(c.documents), len(questions), len(wrong), embedder.Name())
	fmt.Fprintf(out, "%-22s %15s  %15s  %15s\n", "", "plain", "misspelled", "uncorrected")
	fmt.Fprintf(out, "%-22s %7s %7s  %7s %7s  %7s %7s\n", "", "rec@5", "MRR", "rec@5", "MRR", "rec@5", "MRR")
	for _, mode := range []asof.SearchMode{asof.Text, asof.Vector, asof.Hybrid} {
		ask := asof.Search{Mode: mode, At: kb.Point{Valid: kb.InstantOf(time.Now()), Known: kb.Forever}, Limit: depth}
		plain, err := asked(ctx, reader, embedder, ask, questions)
		if err != nil {
			return err
		}
		corrected, err := asked(ctx, reader, embedder, ask, wrong)
		if err != nil {
			return err
		}
		ask.Strict = true
		strict, err := asked(ctx, reader, embedder, ask, wrong)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%-22s %s  %s  %s\n", mode, plain, corrected, strict)
	}
	return nil
}

// asked asks all questions in one way.
func asked(ctx context.Context, reader *sqlite.Reader, embedder embed.Embedder, ask asof.Search, questions []question) (score, error) {
	var sum score
	for _, q := range questions {
		ask.Words = q.words
		found, err := asof.Find(ctx, reader, embedder, ask)
		if err != nil {
			return sum, fmt.Errorf("search %q: %w", q.words, err)
		}
		sum.asked++
		rank := rankOf(q.document, found.Hits)
		if rank == 0 {
			continue
		}
		sum.ranks += 1 / float64(rank)
		if rank <= first {
			sum.within++
		}
	}
	return sum, nil
}

// rankOf returns the place of a document among the documents found, from 1, or
// 0 where it is not among them.
func rankOf(document string, hits []asof.Hit) int {
	var seen []string
	for i := range hits {
		path := hits[i].Version.Path
		if path == document {
			return len(seen) + 1
		}
		if !slices.Contains(seen, path) {
			seen = append(seen, path)
		}
	}
	return 0
}
