package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
)

// reindex makes the index anew; it may not fail.
func (b *bench) reindex(now int64) *ingest.Summary {
	b.t.Helper()
	b.now = now
	sum, err := ingest.Reindex(context.Background(), b.store, ingest.RunStart{At: at(now)}, b.opts)
	b.check(err)
	return sum
}

func (b *bench) index() ingest.IndexState {
	b.t.Helper()
	state, err := b.store.Index(context.Background())
	b.check(err)
	return state
}

// TestOtherEmbedder refuses to mix vectors.
func TestOtherEmbedder(t *testing.T) {
	b := newBench(t)
	b.opts.Partial = true
	b.run(100, file(doc, sections("A"), 5))
	b.opts.Embedder = newCounting("openai:x")
	sum, err := ingest.Run(t.Context(), b.store, strings.NewReader(file(doc, sections("B"), 150)), b.opts)
	var differ *ingest.EmbedderError
	if !errors.As(err, &differ) || differ.Made != "builtin-1" || differ.Asked != "openai:x" || sum.Run != 0 || sum.Status != ingest.Errored {
		t.Errorf("%v, %+v", err, sum)
	}
	if sum.Counts.Total() != 0 {
		t.Errorf("taken in all the same: %+v", sum.Counts)
	}
	if sum := b.reindex(300); sum.Embedded != 1 || b.index().Embedder != "openai:x" {
		t.Errorf("made anew: %+v, by %s", sum, b.index().Embedder)
	}
	b.run(400, file(doc, sections("B"), 350))
}

// TestReindexedMeanwhile makes the index anew with another embedder while a run
// is under way, which ends it.
func TestReindexedMeanwhile(t *testing.T) {
	b := newBench(t)
	b.opts.Partial, b.opts.ChunkSize = true, 1
	other := b.opts
	other.Embedder = newCounting("openai:x")
	b.opts.Progress = func(p ingest.Progress) {
		if p.Chunks == 1 {
			_, err := ingest.Reindex(context.Background(), b.store, ingest.RunStart{At: at(100)}, other)
			b.check(err)
		}
	}
	in := file("docs/a.md", sections("A"), 5) + file("docs/b.md", sections("B"), 5)
	sum, err := ingest.Run(t.Context(), b.store, strings.NewReader(in), b.opts)
	if differ := new(ingest.EmbedderError); !errors.As(err, &differ) || sum.Counts.Stored != 1 || differ.Meanwhile {
		t.Errorf("%v, %+v", err, sum)
	}

	// Where no embedder was asked for, it is said that another run does it.
	other.Embedder = newCounting("openai:y")
	b.opts.Adopt = func(string) (embed.Embedder, error) { return newCounting("openai:x"), nil }
	in = file("docs/a.md", sections("C"), 105) + file("docs/b.md", sections("B"), 5)
	sum, err = ingest.Run(t.Context(), b.store, strings.NewReader(in), b.opts)
	if differ := new(ingest.EmbedderError); !errors.As(err, &differ) || sum.Counts.Stored != 1 || !differ.Meanwhile {
		t.Errorf("%v, %+v", err, sum)
	}
}

// busy is a store that makes its index anew before a run can begin.
type busy struct {
	*sqlite.Store
	before func()
}

func (s *busy) BeginRun(ctx context.Context, start ingest.RunStart) (int64, error) {
	s.before()
	return s.Store.BeginRun(ctx, start)
}

// TestReindexedBefore makes the index anew with another embedder while a run waits
// to begin, which takes that one if it was not asked to take another.
func TestReindexedBefore(t *testing.T) {
	for _, asked := range []bool{false, true} {
		b := newBench(t)
		b.opts.Partial = true
		b.run(100, file(doc, sections("A"), 5))
		by := newCounting("openai:x")
		s := &busy{b.store, func() {
			other := b.opts
			other.Embedder = by
			_, err := ingest.Reindex(context.Background(), b.store, ingest.RunStart{At: at(100)}, other)
			b.check(err)
		}}
		opts := b.opts
		if !asked {
			opts.Adopt = func(name string) (embed.Embedder, error) {
				if name != by.Name() {
					return nil, fmt.Errorf("%s made it", name)
				}
				return by, nil
			}
		}
		sum, err := ingest.Run(t.Context(), s, strings.NewReader(file("docs/b.md", sections("B"), 5)), opts)
		switch differ := new(ingest.EmbedderError); {
		case asked && (!errors.As(err, &differ) || differ.Meanwhile || sum.Counts.Stored != 0):
			t.Errorf("asked for another: %v, %+v", err, sum)
		case !asked && (err != nil || sum.Counts.Stored != 1 || sum.Embedded != 1 || len(by.texts) != 2 || b.index().Waiting != 0):
			t.Errorf("%v, %+v, and %v were embedded", err, sum, by.texts)
		}
	}
}

// TestModeOnly checks that what only may be executed now keeps its rows.
func TestModeOnly(t *testing.T) {
	b := newBench(t)
	text := sections("AB")
	mtime, mode, hash := at(50), kb.Mode(0o644), kb.HashOf([]byte(text))
	rec := kb.Record{Kind: kb.File, Path: doc, MTime: &mtime, Mode: &mode, Content: []byte(text), HasContent: true}
	b.run(101, tree{id: "1", start: 100}.whole(line(rec)))
	before := fmt.Sprint(b.intervals(doc))
	rec.Content, rec.HasContent, rec.SHA256, mode = nil, false, &hash, 0o755
	sum := b.run(301, tree{id: "2", start: 300}.whole(line(rec)))
	if after := fmt.Sprint(b.intervals(doc)); sum.Counts.Stored != 1 || sum.Embedded != 0 || after != before {
		t.Errorf("%+v: %s, and before %s", sum, after, before)
	}
}

// TestComesBack checks that a passage that comes back opens a new interval, and
// is not embedded again.
func TestComesBack(t *testing.T) {
	b := newBench(t)
	by := newCounting("counting")
	b.opts.Embedder = by
	for n, letters := range []string{"AB", "B", "BA"} {
		start := int64(100 * (n + 1))
		b.run(start+1, tree{id: letters, start: start}.whole(file(doc, sections(letters), start-10)))
	}
	a, rest := keysOf(doc, sections("A")), 0
	for _, row := range b.intervals(doc) {
		if row.Key != a[0] {
			rest++
			continue
		}
		if first := row.From == at(90) && row.To == at(190); !first && (row.From != at(290) || row.To != kb.Forever) {
			t.Errorf("A stands from %d to %d", row.From, row.To)
		}
	}
	if rest != 1 || len(by.texts) != 2 {
		t.Errorf("B has %d intervals, and %d texts were embedded", rest, len(by.texts))
	}
}

func filter(t *testing.T, s string) []*extract.Filter {
	t.Helper()
	f, err := extract.ParseFilter(s)
	if err != nil {
		t.Fatal(err)
	}
	return []*extract.Filter{f}
}

// TestFilter gives a document of another format to filters that fail, work, and
// are not there any more.
func TestFilter(t *testing.T) {
	const pdf = "docs/a.pdf"
	b := newBench(t)
	b.opts.Partial = true
	sum := b.run(100, file(pdf, "one", 5))
	if sum.Counts.Stored != 1 || sum.Counts.Failed != 0 || sum.Textless[kb.Unsupported] != 1 {
		t.Errorf("without a filter: %+v", sum)
	}
	b.opts.Filters = filter(t, "pdf=false")
	if sum = b.run(200, file(pdf, "two", 150)); sum.Counts.Stored != 1 || sum.Textless[extract.Failed] != 1 {
		t.Errorf("with one that fails: %+v", sum)
	}
	b.opts.Filters = filter(t, "pdf=sleep 60")
	b.opts.Filters[0].Timeout = time.Millisecond
	if sum = b.run(300, file(pdf, "three", 250)); sum.Counts.Stored != 1 || sum.Textless[kb.Timeout] != 1 || sum.Retries != 2 {
		t.Errorf("with one that takes too long: %+v", sum)
	}
	if rows := b.intervals(pdf); len(rows) != 0 {
		t.Errorf("passages of no text: %v", rows)
	}
	b.opts.Filters = filter(t, "pdf=tr a-z A-Z")
	if sum = b.run(400, file(pdf, "four", 350)); len(sum.Textless) != 0 {
		t.Errorf("with one that works: %+v", sum)
	}
	b.wantPassages(pdf, "350 FOUR")
	if sum = b.reindex(500); len(sum.Textless) != 0 {
		t.Errorf("made anew: %+v", sum)
	}
	b.wantPassages(pdf, "5 ONE", "150 TWO", "250 THREE", "350 FOUR")
	b.opts.Filters = nil
	b.reindex(600)
	b.wantPassages(pdf, "5 ONE", "150 TWO", "250 THREE", "350 FOUR")
	b.opts.Filters = filter(t, "pdf=tr a-z X")
	b.reindex(700)
	b.wantPassages(pdf, "5 XXX", "250 XXXXX", "350 XXXX") // equal neighbours are one
}

// meanwhile is a store in which something is done between the reading of a unit and
// its transaction.
type meanwhile struct {
	*sqlite.Store
	do func()
}

func (s *meanwhile) Update(ctx context.Context, fn func(ingest.Tx) error) error {
	if do := s.do; do != nil {
		s.do = nil
		do()
	}
	return s.Store.Update(ctx, fn)
}

// TestTextMeanwhile has another run give a content its text while this one has made
// another: all documents have the one that is there in the end.
func TestTextMeanwhile(t *testing.T) {
	for _, test := range []struct {
		name                    string
		before, other, reindex  string // filters; what is done before, and meanwhile
		filter                  string // of the run
		takesBefore, takesOther bool
		want                    string
	}{
		{name: "by another filter", takesOther: true, other: "foo=cat", filter: "foo=tr a-z A-Z", want: "5 one"},
		{name: "without a filter", takesOther: true, filter: "foo=tr a-z A-Z", want: "5 one"},
		{name: "by a filter, and this run has none", takesOther: true, other: "foo=tr a-z A-Z", want: "5 ONE"},
		{name: "with none", takesOther: true, other: "foo=false", filter: "foo=cat"},
		{name: "made anew", takesBefore: true, before: "foo=cat", reindex: "foo=tr a-z A-Z", want: "5 ONE"},
		{name: "made anew, that there was none", takesBefore: true, before: "foo=false", reindex: "foo=cat", want: "5 one"},
		{name: "made anew by one that fails", takesBefore: true, before: "foo=cat", reindex: "foo=false", filter: "foo=tr a-z A-Z", want: "5 one"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.opts.Partial = true
			with := func(s string) ingest.Options {
				opts := b.opts
				if s != "" {
					opts.Filters = filter(t, s)
				}
				return opts
			}
			take := func(store ingest.Store, path, filter string) {
				_, err := ingest.Run(t.Context(), store, strings.NewReader(file(path, "one", 5)), with(filter))
				b.check(err)
			}
			b.now = 100
			if test.takesBefore {
				take(b.store, "a.foo", test.before)
			}
			take(&meanwhile{b.store, func() {
				if test.takesOther {
					take(b.store, "a.foo", test.other)
				} else {
					_, err := ingest.Reindex(t.Context(), b.store, ingest.RunStart{}, with(test.reindex))
					b.check(err)
				}
			}}, "b.foo", test.filter)
			var want []string
			if test.want != "" {
				want = append(want, test.want)
			}
			b.wantPassages("a.foo", want...)
			b.wantPassages("b.foo", want...)
		})
	}
}

// TestTextForgotten forgets the only version with a content, and so the text that a
// filter made of it, while a run takes in another document with the content.
func TestTextForgotten(t *testing.T) {
	b := newBench(t)
	b.opts.Partial = true
	b.opts.Filters = filter(t, "foo=tr a-z A-Z")
	b.now = 100
	take := func(store ingest.Store, path, text string, at int64) {
		_, err := ingest.Run(t.Context(), store, strings.NewReader(file(path, text, at)), b.opts)
		b.check(err)
	}
	take(b.store, "a.foo", "one", 5)
	take(b.store, "a.foo", "two", 8)
	take(&meanwhile{b.store, func() {
		f, err := b.store.Forget(t.Context(), ingest.Forgetting{Before: at(9)})
		b.check(err)
		if f.Contents != 2 {
			t.Errorf("%d contents and texts were forgotten", f.Contents)
		}
	}}, "b.foo", "one", 7)
	b.wantPassages("b.foo", "7 ONE")
	var text bytes.Buffer
	filtered, err := b.store.ReadText(t.Context(), &text, kb.HashOf([]byte("one")), "foo")
	if b.check(err); !filtered || text.String() != "ONE" {
		t.Errorf("the text that is kept is %q, of a filter: %t", text.String(), filtered)
	}
}

// wantPassages compares the passages of a path with plain texts and the seconds
// since which they stand.
func (b *bench) wantPassages(path string, want ...string) {
	b.t.Helper()
	var got, wanted []string
	for _, one := range want {
		from, text, _ := strings.Cut(one, " ")
		wanted = append(wanted, fmt.Sprintf("%x %s000000", keysOf("a.txt", text)[0], from))
	}
	for _, row := range b.intervals(path) {
		got = append(got, fmt.Sprintf("%x %d", row.Key, row.From))
	}
	slices.Sort(got)
	slices.Sort(wanted)
	if !slices.Equal(got, wanted) {
		b.t.Errorf("%s has the passages\n%q, not\n%q, which are %q", path, got, wanted, want)
	}
}

// TestReindexFails lets the embedder go away while the index is made anew: all is
// as it was.
func TestReindexFails(t *testing.T) {
	b := newBench(t)
	b.opts.Partial, b.opts.ChunkSize = true, 1
	b.run(100, file("docs/a.md", sections("AB"), 5), file("docs/b.md", sections("C"), 5))
	for i := range 20 { // more than are embedded ahead
		b.run(int64(101+i), file(fmt.Sprintf("docs/%d.md", i), sections(string(rune('a'+i))), 5))
	}
	before := b.stays("docs/a.md")
	by := newCounting("openai:x")
	b.opts.Embedder, b.opts.Workers = by, 1
	b.opts.Progress = func(ingest.Progress) {
		by.mu.Lock()
		by.down = true
		by.mu.Unlock()
	}
	sum, err := ingest.Reindex(t.Context(), b.store, ingest.RunStart{At: at(200)}, b.opts)
	if err == nil || !strings.Contains(err.Error(), "nobody is there") || sum.Status != ingest.Errored || sum.Retries != 0 {
		t.Errorf("%v, %+v", err, sum)
	}
	if state := b.index(); state.Embedder != "builtin-1" || b.stays("docs/a.md") != before {
		t.Errorf("the index is %+v", state)
	}
}

// damaged is a store that cannot read one of its contents any more.
type damaged struct {
	*sqlite.Store
	hash kb.Hash
}

func (s *damaged) ReadText(ctx context.Context, w io.Writer, hash kb.Hash, extension string) (bool, error) {
	if hash == s.hash {
		return false, kb.NewFault(kb.Processing, kb.Corrupt, "it is damaged")
	}
	return s.Store.ReadText(ctx, w, hash, extension)
}

// TestDamagedContent makes the index anew where one content cannot be read: it is
// without text, and the others are not.
func TestDamagedContent(t *testing.T) {
	b := newBench(t)
	b.opts.Partial = true
	b.run(100, known("docs/a.md", sections("AB"), 5, 0), known("docs/a.md", sections("B"), 50, 0), file("docs/b.md", sections("C"), 5))
	store := &damaged{b.store, kb.HashOf([]byte(sections("B")))}
	sum, err := ingest.Reindex(t.Context(), store, ingest.RunStart{At: at(200)}, b.opts)
	b.check(err)
	if sum.Status != ingest.Complete || sum.Textless[kb.Corrupt] != 1 || sum.Embedded != 3 {
		t.Errorf("%+v", sum)
	}
	for _, row := range b.intervals("docs/a.md") {
		if row.From != at(5) || row.To != at(50) {
			t.Errorf("a passage stands from %d to %d", row.From, row.To)
		}
	}
	if len(b.intervals("docs/a.md")) != 2 || len(b.intervals("docs/b.md")) != 1 {
		t.Error("passages of what can be read are lost")
	}
	var named []string
	for f, err := range b.reader().TextFailures(t.Context(), sum.Run) {
		b.check(err)
		named = append(named, fmt.Sprintf("%s %s/%s: %s", f.Path, f.Class, f.Code, f.Message))
	}
	if want := []string{"docs/a.md processing/corrupt: it is damaged"}; !slices.Equal(named, want) {
		t.Errorf("without text are %q", named)
	}
	if sum = b.reindex(300); sum.Textless[kb.Corrupt] != 0 || len(b.intervals("docs/a.md")) != 2 { // B from 5 on, A until 50
		t.Errorf("repaired: %+v", sum)
	}
}

func TestReindexInterrupted(t *testing.T) {
	b := newBench(t)
	b.opts.Partial, b.opts.ChunkSize = true, 1
	b.run(100, file("docs/a.md", sections("AB"), 5), file("docs/b.md", sections("C"), 5))
	before := b.stays("docs/a.md")
	ctx, cancel := context.WithCancel(t.Context())
	b.opts.Progress = func(ingest.Progress) { cancel() }
	sum, err := ingest.Reindex(ctx, b.store, ingest.RunStart{At: at(200)}, b.opts)
	if err != nil || sum.Status != ingest.Interrupted || b.stays("docs/a.md") != before {
		t.Errorf("%v, %+v", err, sum)
	}
}

// strange is a store whose index was made by others.
type strange struct {
	*sqlite.Store
	change func(*ingest.IndexState)
}

func (s *strange) Index(ctx context.Context) (ingest.IndexState, error) {
	state, err := s.Store.Index(ctx)
	s.change(&state)
	return state, err
}

// TestAdvice warns where the index should be made anew.
func TestAdvice(t *testing.T) {
	for _, test := range []struct {
		change func(*ingest.IndexState)
		want   int
	}{
		{func(*ingest.IndexState) {}, 0},
		{func(s *ingest.IndexState) { s.Behind = true }, 1},
		{func(s *ingest.IndexState) { s.Extractor-- }, 1},
		{func(s *ingest.IndexState) { s.Splitter-- }, 1},
		{func(s *ingest.IndexState) { s.OtherWords = true }, 1},
	} {
		b := newBench(t)
		b.opts.Partial = true
		b.run(100, file(doc, sections("A"), 5))
		if _, err := ingest.Run(t.Context(), &strange{b.store, test.change}, strings.NewReader(""), b.opts); err != nil {
			t.Error(err)
		}
		if len(b.warns) != test.want || test.want > 0 && !strings.Contains(b.warns[0], "bingest reindex") {
			t.Errorf("the warnings are %q", b.warns)
		}
	}
}
