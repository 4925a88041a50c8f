package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/stream"
)

// base is a knowledge base of the documents of a corpus.
type base struct {
	*sqlite.Reader
	embedder embed.Embedder
	form     form
}

// form gives the path and the content that a document is taken in with.
type form func(*document) (path string, content []byte)

func original(d *document) (string, []byte) { return d.path, d.content }

// copied is a copy without headings.
func copied(d *document) (string, []byte) { return d.path + ".txt", []byte(d.text) }

// base makes a knowledge base at db.
func (c *corpus) base(ctx context.Context, db string, embedder embed.Embedder, form form) (*base, error) {
	var records bytes.Buffer
	enc := stream.NewEncoder(&records)
	from := kb.Instant(0)
	for i := range c.documents {
		path, content := form(&c.documents[i])
		rec := kb.Record{Kind: kb.File, Path: path, ValidFrom: &from, Content: content, HasContent: true}
		if err := enc.Record(&rec); err != nil {
			return nil, err
		}
	}
	if err := takeIn(ctx, db, &records, embedder); err != nil {
		return nil, err
	}
	reader, err := sqlite.OpenReader(ctx, db)
	return &base{reader, embedder, form}, err
}

func takeIn(ctx context.Context, db string, records io.Reader, embedder embed.Embedder) error {
	store, err := sqlite.Open(ctx, db, sqlite.Options{})
	if err != nil {
		return err
	}
	defer store.Close() // thrown away
	_, err = ingest.Run(ctx, store, records, ingest.Options{
		Clock: time.Now, Dir: filepath.Dir(db), Workers: runtime.NumCPU(), ChunkSize: 100, UnitBytes: 32 << 20, MaxDelete: 1,
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

// measure asks both knowledge bases all questions, and prints how that went.
func measure(ctx context.Context, out io.Writer, copies, originals *base, questions []question) error {
	var wrong, asked []question
	for _, q := range questions {
		asked = append(asked, question{"how do I " + q.words, q.document})
		if words, ok := misspelled(q.words); ok {
			wrong = append(wrong, question{words, q.document})
		}
	}
	fmt.Fprintf(out, "%d questions, %d of them misspelled, embedder %s\n\n", len(questions), len(wrong), copies.embedder.Name())
	fmt.Fprintf(out, "%-8s %15s  %15s  %15s  %15s  %15s\n", "", "plain", "how do I …", "misspelled", "uncorrected", "headings left")
	fmt.Fprintf(out, "%-8s%s\n", "", strings.Repeat("   rec@5     MRR ", 5))
	for _, mode := range []asof.SearchMode{asof.Text, asof.Vector, asof.Hybrid} {
		now := kb.InstantOf(time.Now())
		ask := asof.Search{Mode: mode, At: kb.Point{Valid: now, Known: kb.Forever}, Now: now, Limit: depth}
		strict := ask
		strict.Strict = true
		fmt.Fprintf(out, "%-8s", mode)
		for _, round := range []struct {
			of        *base
			ask       asof.Search
			questions []question
		}{{copies, ask, questions}, {copies, ask, asked}, {copies, ask, wrong}, {copies, strict, wrong}, {originals, ask, questions}} {
			sum, err := round.of.asked(ctx, round.ask, round.questions)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, " %s ", sum)
		}
		fmt.Fprintln(out)
	}
	return nil
}

// asked asks all questions in one way.
func (b *base) asked(ctx context.Context, ask asof.Search, questions []question) (score, error) {
	var sum score
	for _, q := range questions {
		ask.Words = q.words
		found, err := asof.Find(ctx, b, b.embedder, ask)
		if err != nil {
			return sum, fmt.Errorf("search %q: %w", q.words, err)
		}
		sum.asked++
		path, _ := b.form(q.document)
		rank := rankOf(path, found.Hits)
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
