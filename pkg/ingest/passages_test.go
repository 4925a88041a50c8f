package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

// errUndo ends transactions that only look.
var errUndo = errors.New("undo")

// intervals are the passages of a path in the order of their rows, those left out
// that are never in force.
func (b *bench) intervals(path string) (rows []ingest.Interval) {
	b.t.Helper()
	err := b.store.Update(context.Background(), func(tx ingest.Tx) error {
		state, err := tx.Path(path)
		if err != nil {
			return err
		}
		if rows, err = tx.Intervals(state.ID, -1<<62); err != nil {
			return err
		}
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		b.t.Fatal(err)
	}
	rows = slices.DeleteFunc(rows, func(row ingest.Interval) bool { return row.From == row.To })
	slices.SortFunc(rows, func(a, b ingest.Interval) int { return int(a.ID - b.ID) })
	return rows
}

func keysOf(path, text string) []passage.Key {
	doc, err := extract.Extract(path, []byte(text))
	if err != nil {
		return nil
	}
	var keys []passage.Key
	for _, p := range passage.Split(doc) {
		keys = append(keys, p.Key())
	}
	return distinct(keys)
}

func distinct(keys []passage.Key) []passage.Key {
	slices.SortFunc(keys, func(a, b passage.Key) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(keys)
}

// checkPassages compares, at each moment at which anything changes on a path, the
// passages in force with those that the version in force is split into.
func (b *bench) checkPassages(t interface{ Errorf(string, ...any) }, path string) {
	b.t.Helper()
	ctx, r := context.Background(), b.reader()
	rows := b.intervals(path)
	moments := []kb.Instant{-1 << 61, kb.Forever - 1}
	for v, err := range r.Back(ctx, path, kb.Point{Valid: kb.Forever, Known: kb.Forever}) {
		b.check(err)
		moments = append(moments, v.ValidFrom-1, v.ValidFrom)
	}
	for i, row := range rows {
		moments = append(moments, row.From-1, row.From, row.To-1, row.To)
		for _, other := range rows[:i] {
			if row.Key == other.Key && row.From <= other.To && other.From <= row.To {
				t.Errorf("%s: %v and %v of one passage meet", path, row, other)
			}
		}
	}
	for _, moment := range moments {
		moment = min(moment, kb.Forever-1)
		var want, got []passage.Key
		v, err := r.InForce(ctx, path, kb.Point{Valid: moment, Known: kb.Forever})
		b.check(err)
		if v != nil && !v.Gone {
			var text strings.Builder
			b.check(r.WriteContent(ctx, &text, v.SHA256))
			want = keysOf(path, text.String())
		}
		for _, row := range rows {
			if row.From <= moment && moment < row.To {
				got = append(got, row.Key)
			}
		}
		if !slices.Equal(distinct(got), want) {
			t.Errorf("%s has at %d the passages %x, but its version has %x", path, moment, got, want)
			return
		}
	}
}

// counting is the built-in embedder, and remembers what it was asked for. While
// it is down, it gives no vectors; it rejects texts with the given word.
type counting struct {
	*embed.Builtin
	name   string
	reject string

	mu    sync.Mutex
	down  bool
	calls int
	texts map[string]int // embedded, how often
}

func newCounting(name string) *counting {
	return &counting{Builtin: embed.NewBuiltin(), name: name, texts: make(map[string]int)}
}

func (c *counting) Name() string { return c.name }

func (c *counting) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	vectors, err := c.Builtin.Embed(ctx, texts)
	faults := make(map[int]*kb.Fault)
	for i, text := range texts {
		switch {
		case c.down:
			faults[i] = kb.NewFault(kb.ExceptionAfterRetries, kb.Unavailable, "nobody is there")
		case c.reject != "" && strings.Contains(text, c.reject):
			faults[i] = kb.NewFault(kb.Processing, embed.Rejected, "not this one")
		default:
			c.texts[text]++
			continue
		}
		vectors[i] = nil
	}
	if err == nil && len(faults) > 0 {
		err = &embed.BatchError{Texts: len(texts), Faults: faults}
	}
	return vectors, err
}

// sections makes a document of which each letter is a passage.
func sections(letters string) string {
	var text strings.Builder
	for _, letter := range letters {
		fmt.Fprintf(&text, "# Section %c\n\nWhat is to be said of %c.\n\n", letter, letter)
	}
	return text.String()
}

var (
	anyName = rapid.SampledFrom([]string{"docs/a.md", "docs/b.md", "docs/b.html", "docs/c.pdf"})
	anyText = rapid.SampledFrom([]string{"A", "AB", "BA", "ABC", "CA", "D", "DAB", "", "\x00"})
)

func sectionsOrBytes(letters string) string {
	if strings.ContainsRune(letters, 0) {
		return letters // no text
	}
	return sections(letters)
}

// anyStep draws a run of the program.
func (b *bench) anyStep(t *rapid.T, n int) {
	now := int64(1000 + 10*n)
	start := now - int64(rapid.SampledFrom([]int{1, 1, 15, 35}).Draw(t, "late"))
	s := tree{id: fmt.Sprint(n), start: start}
	switch rapid.IntRange(0, 6).Draw(t, "what") {
	case 0, 1, 2: // a scan
		var records []string
		for _, name := range rapid.SliceOfNDistinct(anyName, 0, 4, rapid.ID[string]).Draw(t, "names") {
			mtime := start - int64(rapid.IntRange(-2, 30).Draw(t, "age"))
			text := sectionsOrBytes(anyText.Draw(t, "text"))
			switch rapid.IntRange(0, 9).Draw(t, "record") {
			case 0:
				records = append(records, unreadable(name))
			case 1:
				records = append(records, modeOnly(name, text, mtime))
			case 2:
				records = append(records, known(name, text, mtime, 0))
			default:
				records = append(records, file(name, text, mtime))
			}
		}
		if rapid.Bool().Draw(t, "whole") {
			b.run(now, s.whole(records...))
		} else {
			b.run(now, s.cut(records...))
		}
	case 3, 4: // a history
		var in strings.Builder
		for range rapid.IntRange(1, 6).Draw(t, "records") {
			text := anyText.Draw(t, "text")
			if text != "" {
				text = sectionsOrBytes(text)
			}
			from := int64(rapid.IntRange(900, 1200).Draw(t, "from") / 10 * 10)
			in.WriteString(known(anyName.Draw(t, "name"), text, from, int64(rapid.IntRange(0, 1).Draw(t, "seq"))))
		}
		b.run(now, in.String())
	case 5:
		b.now = now
		when := at(int64(rapid.IntRange(900, 1200).Draw(t, "at")))
		prefix := rapid.SampledFrom([]string{"docs", "docs/a.md"}).Draw(t, "prefix")
		_, err := ingest.Remove(context.Background(), b.store, ingest.RunStart{At: at(now)}, ingest.Options{Retry: ingest.Retry{Attempts: 1}}, &when, []string{prefix})
		b.check(err)
	case 6:
		b.now = now
		_, err := ingest.Reindex(context.Background(), b.store, ingest.RunStart{At: at(now)}, b.opts)
		b.check(err)
	}
}

// modeOnly is a live record that has the hash of a content, and not the content.
func modeOnly(path, text string, mtime int64) string {
	when, hash, mode := at(mtime), kb.HashOf([]byte(text)), kb.Mode(0o755)
	return line(kb.Record{Kind: kb.File, Path: path, MTime: &when, Mode: &mode, SHA256: &hash})
}

// TestPassagesInForce takes in any history in any order: at every moment, the
// passages in force are those of the version in force, and to make them anew
// changes nothing.
func TestPassagesInForce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench(t)
		b.opts.Partial = true
		b.opts.ChunkSize = rapid.IntRange(1, 6).Draw(rt, "chunk size")
		for n := range rapid.IntRange(1, 8).Draw(rt, "steps") {
			b.anyStep(rt, n)
		}
		var before []string
		names := []string{"docs/a.md", "docs/b.md", "docs/b.html", "docs/c.pdf"}
		for _, name := range names {
			b.checkPassages(rt, name)
			before = append(before, b.stays(name))
		}
		other := newCounting("another")
		b.opts.Embedder = other
		sum, err := ingest.Reindex(context.Background(), b.store, ingest.RunStart{At: at(9999)}, b.opts)
		b.check(err)
		if sum.Status != ingest.Complete || sum.Waiting != 0 || int(sum.Embedded) != len(other.texts) {
			rt.Errorf("made anew: %+v", sum)
		}
		for i, name := range names {
			if after := b.stays(name); after != before[i] {
				rt.Errorf("%s had the passages\n%s\nand has, made anew,\n%s", name, before[i], after)
			}
		}
	})
}

// stays is when which passages of a path are in force.
func (b *bench) stays(path string) string {
	var lines []string
	for _, row := range b.intervals(path) {
		lines = append(lines, fmt.Sprintf("%x %d %d", row.Key, row.From, row.To))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// TestEmbeddedOnce takes in any history and counts: no text is embedded twice,
// and none waits.
func TestEmbeddedOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench(t)
		b.opts.Partial = true
		b.opts.ChunkSize = rapid.IntRange(1, 6).Draw(rt, "chunk size")
		by := newCounting("counting")
		b.opts.Embedder = by
		embedded := int64(0)
		for n := range rapid.IntRange(1, 3).Draw(rt, "runs") {
			var in strings.Builder
			for range rapid.IntRange(1, 12).Draw(rt, "records") {
				from := int64(rapid.IntRange(900, 1200).Draw(rt, "from"))
				in.WriteString(known(anyName.Draw(rt, "name"), sectionsOrBytes(anyText.Draw(rt, "text")), from, 0))
			}
			sum := b.run(int64(1000+n), in.String())
			embedded += sum.Embedded
			if sum.Waiting != 0 || sum.FirstEmbedFault != nil {
				rt.Errorf("%d texts wait: %v", sum.Waiting, sum.FirstEmbedFault)
			}
		}
		for text, n := range by.texts {
			if n > 1 {
				rt.Errorf("%q was embedded %d times", text, n)
			}
		}
		if int(embedded) != len(by.texts) {
			rt.Errorf("%d texts were embedded, and %d counted", len(by.texts), embedded)
		}
	})
}
