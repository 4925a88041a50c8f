package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/stream"
)

func TestStatus(t *testing.T) {
	one, two := tree{id: "1", start: 1}, tree{id: "2", start: 2}
	a := file(doc, "A", 1)
	for _, test := range []struct {
		name, stream string
		partial      bool
		want         ingest.Status
	}{
		{"a whole scan", one.whole(a), false, ingest.Complete},
		{"two whole scans", one.whole(a) + two.whole(a), false, ingest.Complete},
		{"a whole scan of nothing", one.whole(), false, ingest.Complete},
		{"no end", one.cut(a), false, ingest.Incomplete},
		{"no end, and that is fine", one.cut(a), true, ingest.Complete},
		{"the end of one of two", one.whole(a) + two.cut(a), false, ingest.Incomplete},
		{"the second scan has only begun", one.whole(a) + two.cut(), false, ingest.Incomplete},
		{"only begun", one.cut(), false, ingest.Incomplete},
		{"nothing at all", "", false, ingest.Incomplete},
		{"nothing at all, and that is fine", "", true, ingest.Complete},
		{"no scan", a, false, ingest.Incomplete},
		{"no scan, and that is fine", a, true, ingest.Complete},
		{"the end counts more", one.cut(a) + one.end(2), false, ingest.Incomplete},
		{"a bad line instead of a record", one.cut("{}\n") + one.end(1), false, ingest.Incomplete},
		{"a last line without newline", strings.TrimSuffix(one.whole(a), "\n"), false, ingest.Complete},
		{"the same scan again", one.whole(a) + one.whole(a), false, ingest.Complete},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.opts.Partial = test.partial
			if sum := b.run(10, test.stream); sum.Status != test.want {
				t.Errorf("the run is %s, not %s", sum.Status, test.want)
			}
		})
	}
}

func TestFormatEndsTheRun(t *testing.T) {
	b := newBench(t)
	in := tree{id: "1", start: 1}.cut(file(doc, "A", 1)) + `{"type":"scan","format":9,"scan":{"id":"x","started_at":"2025-01-01T00:00:00Z"}}` + "\n"
	sum, err := ingest.Run(t.Context(), b.store, strings.NewReader(in), b.opts)
	var format *stream.FormatError
	if !errors.As(err, &format) || sum.Status != ingest.Errored {
		t.Errorf("the run is %s: %v", sum.Status, err)
	}
}

var errDisk = errors.New("the disk is on fire")

func TestReadErrorEndsTheRun(t *testing.T) {
	b := newBench(t)
	in := io.MultiReader(strings.NewReader(tree{id: "1", start: 1}.cut(file(doc, "A", 1))), errReader{})
	sum, err := ingest.Run(t.Context(), b.store, in, b.opts)
	if !errors.Is(err, errDisk) || sum.Status != ingest.Errored {
		t.Errorf("the run is %s: %v", sum.Status, err)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errDisk }

// TestOtherDir takes documents of the same name in from two folders.
func TestOtherDir(t *testing.T) {
	b := newBench(t)
	b.run(1, tree{id: "1", start: 1, dir: "/home/one"}.whole(file(doc, "A", 1)))
	b.run(2, tree{id: "2", start: 2, dir: "/home/one"}.whole(file(doc, "A", 1)))
	if len(b.warns) > 0 {
		t.Errorf("a warning without a reason: %q", b.warns)
	}
	b.run(3, tree{id: "3", start: 3, dir: "/home/two"}.whole(file(doc, "A", 1), file("docs/b.md", "B", 1)))
	if len(b.warns) != 1 || !strings.Contains(b.warns[0], "/home/one") || !strings.Contains(b.warns[0], "/home/two") {
		t.Errorf("the warnings are %q", b.warns)
	}
}

// flaky is a store that is busy for a while.
type flaky struct {
	*sqlite.Store
	busy  int // how many more updates fail
	fault error
	tried int
}

func (f *flaky) Update(ctx context.Context, fn func(ingest.Tx) error) error {
	f.tried++
	if f.busy > 0 {
		f.busy--
		// The transaction has run and its commit fails, which is the worst case.
		return f.Store.Update(ctx, func(tx ingest.Tx) error { return errors.Join(fn(tx), f.fault) })
	}
	return f.Store.Update(ctx, fn)
}

func TestRetry(t *testing.T) {
	busy := kb.NewFault(kb.ExceptionAfterRetries, kb.Busy, "busy")
	for _, test := range []struct {
		name    string
		busy    int
		fault   error
		retries int64
		tried   int
		want    ingest.Status
	}{
		{"never busy", 0, busy, 0, 2, ingest.Complete},
		{"busy once", 1, busy, 1, 3, ingest.Complete},
		{"busy until the last attempt", 2, busy, 2, 4, ingest.Complete},
		{"busy for too long", 3, busy, 2, 3, ingest.Errored},
		{"a fault that does not pass", 1, sqlite.ErrFull, 0, 1, ingest.Errored},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.opts.ChunkSize = 2
			store := &flaky{Store: b.store, busy: test.busy, fault: test.fault}
			in := tree{id: "1", start: 1}.whole(file("docs/a.md", "A", 1), file("docs/b.md", "B", 1), "{}\n")
			in = strings.Replace(in, `"paths":3`, `"paths":2`, 1)
			b.now = 10
			sum, err := ingest.Run(t.Context(), store, strings.NewReader(in), b.opts)
			if (err != nil) != (test.want == ingest.Errored) || err != nil && !errors.Is(err, test.fault) {
				t.Errorf("the error is %v", err)
			}
			if sum.Status != test.want || sum.Retries != test.retries || store.tried != test.tried {
				t.Errorf("the run is %s after %d retries and %d updates", sum.Status, sum.Retries, store.tried)
			}
			want := ingest.Counts{Stored: 2, Failed: 1, Bytes: 2}
			if err != nil {
				want = ingest.Counts{}
			}
			if sum.Counts != want || sum.Counts.Failed != sum.Classes[kb.Validation] {
				t.Errorf("counted: %+v, %v", sum.Counts, sum.Classes)
			}
			run, _, err := b.reader().Run(t.Context(), sum.Run)
			b.check(err)
			if run.Counts != want {
				t.Errorf("kept: %+v", run.Counts)
			}
		})
	}
}

func TestCancelEndsTheWait(t *testing.T) {
	b := newBench(t)
	b.opts.Retry = ingest.Retry{Attempts: 2, Wait: 1000 * time.Hour, MaxWait: 1000 * time.Hour}
	store := &flaky{Store: b.store, busy: 1, fault: kb.NewFault(kb.ExceptionAfterRetries, kb.Busy, "busy")}
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(10*time.Millisecond, func() { cancel(errDisk) })
	sum, err := ingest.Run(ctx, store, strings.NewReader(tree{id: "1", start: 1}.whole(file(doc, "A", 1))), b.opts)
	if err != nil || sum.Status != ingest.Interrupted || sum.Counts.Total() != 0 {
		t.Errorf("the run is %s, %+v: %v", sum.Status, sum.Counts, err)
	}
}

func TestCancelWhileInputBlocks(t *testing.T) {
	b := newBench(t)
	in, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if sum, err := ingest.Run(ctx, b.store, in, b.opts); err != nil || sum.Status != ingest.Interrupted {
		t.Errorf("the run is %s: %v", sum.Status, err)
	}
}

// TestInterrupt cancels a run after each of its transactions, for two kinds of
// causes, and then runs the same line again: the end is that of a run that
// nobody interrupted.
func TestInterrupt(t *testing.T) {
	var records []string
	for i := range 12 {
		records = append(records, file(fmt.Sprintf("docs/%02d.md", i), fmt.Sprint(i), 5))
	}
	before, in := tree{id: "0", start: 10}.whole(file("docs/old.md", "old", 5)), tree{id: "1", start: 20}.whole(records...)
	reference := newBench(t)
	reference.opts.ChunkSize = 2
	reference.run(11, before)
	reference.run(21, in)
	want := reference.list()

	for after := range int64(7) {
		b := newBench(t)
		b.opts.ChunkSize = 2
		b.run(11, before)
		ctx, cancel := context.WithCancelCause(t.Context())
		b.opts.Progress = func(p ingest.Progress) {
			if p.Chunks == after {
				cancel(errDisk)
			}
		}
		if after == 0 {
			cancel(errDisk)
		}
		b.now = 21
		sum, err := ingest.Run(ctx, b.store, strings.NewReader(in), b.opts)
		cancel(nil)
		if err != nil || sum.Status != ingest.Interrupted || sum.Chunks != after || sum.Counts.Stored != min(2*after, 12) {
			t.Fatalf("after %d: %s, %d chunks, %+v: %v", after, sum.Status, sum.Chunks, sum.Counts, err)
		}
		b.opts.Progress = nil
		if sum := b.run(30, in); sum.Status != ingest.Complete || sum.Counts.Unchanged != min(2*after, 12) {
			t.Errorf("after %d, again: %s, %+v", after, sum.Status, sum.Counts)
		}
		if got := b.list(); got != want {
			t.Errorf("interrupted after %d:\n%s\nnot interrupted:\n%s", after, got, want)
		}
	}
}

// list says what there is now, and since when.
func (b *bench) list() string {
	var lines []string
	for v, err := range b.reader().List(context.Background(), "", kb.Point{Valid: kb.Forever, Known: kb.Forever}) {
		b.check(err)
		lines = append(lines, fmt.Sprintf("%s %d %.8s", v.Path, v.ValidFrom, v.SHA256))
	}
	return strings.Join(lines, "\n")
}

// TestTotals takes streams in that hold everything, right and wrong, and counts
// the lines.
func TestTotals(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench(t)
		b.opts.Partial = true
		b.opts.ChunkSize = rapid.IntRange(1, 5).Draw(rt, "chunk size")
		b.opts.UnitBytes = rapid.SampledFrom([]int64{1, 20, 1000}).Draw(rt, "unit bytes")
		b.opts.MaxFileSize = 50
		pressed := rapid.Bool().Draw(rt, "pressure")
		b.opts.Pressure = func() bool { return pressed }
		var in strings.Builder
		lines := int64(0)
		for range rapid.IntRange(1, 15).Draw(rt, "lines") {
			text, counts := anyLine(rt)
			in.WriteString(text)
			lines += counts
		}
		sum := b.run(100, in.String())
		if sum.Counts.Total() != lines {
			rt.Errorf("%d lines of\n%s\nare counted as %+v", lines, in.String(), sum.Counts)
		}
		failed := int64(0)
		for _, n := range sum.Classes {
			failed += n
		}
		run, _, err := b.reader().Run(t.Context(), sum.Run)
		b.check(err)
		if failed != sum.Counts.Failed || run.Counts != sum.Counts || run.Chunks != sum.Chunks {
			rt.Errorf("%+v in classes %v, but %+v is kept", sum.Counts, sum.Classes, run.Counts)
		}
	})
}

// anyLine draws a line and says as how many records it counts.
func anyLine(t *rapid.T) (text string, counts int64) {
	path := rapid.SampledFrom([]string{"docs/a.md", "docs/b.md", "../c.md", "/etc/nothing.md", "\xff"}).Draw(t, "path")
	switch kind := rapid.IntRange(0, 10).Draw(t, "kind"); kind {
	case 0:
		return rapid.SampledFrom([]string{"{}\n", "[\n", "{\"type\":\"file\"}\n", "\x00\n", "{\"type\":\"what\"}\n", "{\"type\":\"file\",\"path\":7}\n"}).Draw(t, "bad"), 1
	case 1:
		return unreadable(path), 1
	case 2:
		return tooLarge(path), 1
	case 3:
		return line(kb.Record{Kind: kb.Gone, Path: path}), 1
	case 4:
		return known(path, "A", 50, 1), 1
	case 5:
		return line(kb.Record{Kind: kb.File, Path: path}), 1 // nothing to read
	case 6:
		return line(kb.Record{Kind: kb.File, Path: path, SHA256: new(kb.Hash), HasContent: true}), 1
	case 7:
		return file(path, strings.Repeat("large ", 10), 50), 1
	case 8:
		inner := strings.TrimSpace(file(path, "A", 50))
		return `{"type":"chunk","records":[` + inner + `,{},` + inner + "]}\n", 3
	case 9:
		return tree{id: "1", start: 10}.end(0), 0
	default:
		return file(path, rapid.SampledFrom([]string{"A", "B"}).Draw(t, "content"), 50), 1
	}
}
