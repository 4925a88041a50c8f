package ingest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// TestEmbedderAway takes documents in while the embedder is away, and then again
// while it is not.
func TestEmbedderAway(t *testing.T) {
	b := newBench(t)
	by := newCounting("server")
	by.down, b.opts.Embedder, b.opts.Partial, b.opts.ChunkSize = true, by, true, 1
	var in []string
	for i := range 10 {
		in = append(in, file(fmt.Sprintf("docs/%d.md", i), sections(fmt.Sprint(i)), 5))
	}
	sum := b.run(100, in...)
	if sum.Status != ingest.Complete || sum.Counts.Stored != 10 || sum.Waiting != 10 || sum.Embedded != 0 {
		t.Errorf("while it is away: %+v", sum)
	}
	if sum.FirstEmbedFault == nil || sum.FirstEmbedFault.Code != kb.Unavailable {
		t.Errorf("the reason is %v", sum.FirstEmbedFault)
	}
	if by.calls > b.opts.Workers {
		t.Errorf("it was asked %d times", by.calls)
	}
	if len(b.intervals("docs/7.md")) != 1 {
		t.Error("the passages are not there")
	}
	if sum = b.run(101, file("docs/7.md", sections("7"), 5)); sum.Waiting != 10 || sum.Counts.Unchanged != 1 {
		t.Errorf("while it is still away: %+v", sum)
	}
	by.down = false
	sum = b.run(200, file("docs/x.md", sections("x"), 5))
	if sum.Waiting != 0 || sum.Embedded != 11 || sum.FirstEmbedFault != nil || len(by.texts) != 11 {
		t.Errorf("when it is back: %+v", sum)
	}
}

// TestEmbedderComesBack lets the embedder come back within a run: after a while
// it is asked again.
func TestEmbedderComesBack(t *testing.T) {
	b := newBench(t)
	by := newCounting("server")
	by.down, b.opts.Embedder, b.opts.Partial, b.opts.ChunkSize, b.opts.Workers = true, by, true, 1, 1
	var in []string
	for i := range 30 {
		in = append(in, file(fmt.Sprintf("docs/%02d.md", i), sections(string(rune('a'+i))), 5))
	}
	clock := make(chan time.Duration, 1) // what has passed
	clock <- 0
	b.opts.Clock = func() time.Time {
		passed := <-clock
		clock <- passed
		return time.Unix(100, 0).Add(passed)
	}
	b.opts.Progress = func(p ingest.Progress) {
		if p.Chunks == 15 {
			by.mu.Lock()
			by.down = false
			by.mu.Unlock()
			clock <- <-clock + 2*time.Minute
		}
	}
	sum := b.run(100, in...)
	if sum.Embedded < 5 || sum.Embedded > 15 || sum.Waiting != 30-sum.Embedded {
		t.Errorf("%d texts were embedded after it came back, %d wait", sum.Embedded, sum.Waiting)
	}
}

func TestEmbedderRejects(t *testing.T) {
	b := newBench(t)
	by := newCounting("server")
	by.reject, b.opts.Embedder, b.opts.Partial = "Section B", by, true
	sum := b.run(100, file(doc, sections("ABC"), 5))
	if sum.Waiting != 0 || sum.Embedded != 2 || sum.FirstEmbedFault != nil || len(b.intervals(doc)) != 3 {
		t.Errorf("one of three is rejected: %+v", sum)
	}
	if n, err := b.reader().Rejected(t.Context()); err != nil || n != 1 || sum.Rejected != 1 || sum.FirstRefusal == nil {
		t.Errorf("%d are counted (%v), and by the run: %+v", n, err, sum)
	}
	calls := by.calls
	if sum = b.run(200, file("docs/b.md", sections("CB"), 150)); sum.Embedded != 0 || sum.Reused != 2 || by.calls != calls {
		t.Errorf("and is asked for again: %+v", sum)
	}
}

// TestEmbedderRejectsAll tells texts that an embedder rejects from an embedder
// that rejects all texts, which wait until it works.
func TestEmbedderRejectsAll(t *testing.T) {
	b := newBench(t)
	by := newCounting("server")
	by.reject, b.opts.Embedder, b.opts.Partial = "e", by, true // every text has one
	sum := b.run(100, file(doc, sections("AB"), 5))
	if sum.Waiting != 2 || sum.Rejected != 0 || sum.FirstEmbedFault == nil {
		t.Errorf("while it rejects all: %+v", sum)
	}
	by.reject = "Section"
	if sum = b.run(200); sum.Waiting != 0 || sum.Rejected != 2 || sum.FirstEmbedFault != nil {
		t.Errorf("when it rejects these two: %+v", sum)
	}
	by.reject = ""
	if sum = b.reindex(300); sum.Embedded != 2 || sum.Rejected != 0 {
		t.Errorf("made anew: %+v", sum)
	}
}

// wider gives vectors of another dimension than it did.
type wider struct{ *counting }

func (w wider) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	vectors, err := w.counting.Embed(ctx, texts)
	for i := range vectors {
		vectors[i] = append(vectors[i], 1)
	}
	return vectors, err
}

func TestEmbedderChangesDimension(t *testing.T) {
	b := newBench(t)
	by := newCounting("server")
	b.opts.Embedder, b.opts.Partial = by, true
	b.run(100, file(doc, sections("A"), 5))
	b.opts.Embedder = wider{by}
	sum := b.run(200, file(doc, sections("AB"), 150))
	if sum.Waiting != 1 || sum.FirstEmbedFault == nil || sum.FirstEmbedFault.Code != embed.BadAnswer {
		t.Errorf("vectors of 257 dimensions are taken: %+v", sum)
	}
}

func TestNoEmbedder(t *testing.T) {
	b := newBench(t)
	b.opts.Embedder, b.opts.Partial = embed.None{}, true
	sum := b.run(100, file(doc, sections("AB"), 5))
	if n, err := b.reader().Rejected(t.Context()); err != nil || n != 0 {
		t.Errorf("%d texts are rejected by nobody (%v)", n, err)
	}
	if sum.Waiting != 0 || sum.Embedded != 0 || len(b.intervals(doc)) != 2 {
		t.Errorf("without an embedder: %+v", sum)
	}
}

// TestServerIsKeptBusy has chunks of fewer texts than the requests that may be under way
// at a time.
func TestServerIsKeptBusy(t *testing.T) {
	const inFlight = 4
	var mu sync.Mutex
	var open, most int
	full := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		if open++; open > most {
			if most = open; most == inFlight {
				close(full)
			}
		}
		mu.Unlock()
		select {
		case <-full:
		case <-time.After(2 * time.Second):
		}
		io.WriteString(w, `{"data":[{"index":0,"embedding":[1,2,3]}]}`)
		mu.Lock()
		open--
		mu.Unlock()
	}))
	defer server.Close()
	by, err := embed.NewServer("m", embed.Options{URL: server.URL, InFlight: inFlight})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	b.opts.Embedder, b.opts.Partial, b.opts.ChunkSize = by, true, 1
	var in []string
	for i := range 12 {
		in = append(in, file(fmt.Sprintf("docs/%d.md", i), sections(string(rune('A'+i))), 5))
	}
	if sum := b.run(100, in...); sum.Embedded != 12 {
		t.Errorf("%+v", sum)
	}
	if most != inFlight {
		t.Errorf("%d requests at a time", most)
	}
}
