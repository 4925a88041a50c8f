package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

var allNames = []string{"docs/a.md", "docs/b.md", "docs/b.html", "docs/c.pdf"}

func (b *bench) forget(prefix string, before kb.Instant) *ingest.Summary {
	b.t.Helper()
	what := ingest.Forgetting{Prefix: prefix, Before: before}
	foreseen, err := b.reader().Forgettable(context.Background(), what)
	b.check(err)
	b.closeReaders()
	sum, err := ingest.Forget(context.Background(), b.store, ingest.RunStart{At: at(b.now)}, ingest.Options{Retry: ingest.Retry{Attempts: 1}}, what)
	b.check(err)
	done := *sum.Forgotten
	done.Run = 0
	if done != foreseen {
		b.t.Errorf("%+v were to be forgotten, and %+v were", foreseen, done)
	}
	return sum
}

// answers is what the documents hold at each second from a moment on, and which
// passages stand in them.
func (b *bench) answersFrom(first int64) string {
	b.t.Helper()
	ctx, r := context.Background(), b.reader()
	defer b.closeReaders()
	var all strings.Builder
	for _, name := range allNames {
		for second := first; second <= 1300; second += 3 {
			v, err := r.InForce(ctx, name, kb.Point{Valid: at(second), Known: kb.Forever})
			b.check(err)
			if v == nil || v.Gone {
				fmt.Fprintf(&all, "%s %d %t\n", name, second, v == nil)
				continue
			}
			var text bytes.Buffer
			b.check(r.WriteContent(ctx, &text, v.SHA256))
			fmt.Fprintf(&all, "%s %d %s %s %q\n", name, second, v.ValidFrom, v.RecordedAt, text.Bytes())
		}
		for _, row := range b.intervals(name) {
			if row.To > at(first) {
				fmt.Fprintf(&all, "%x %d %d\n", row.Key, max(row.From, at(first)), row.To)
			}
		}
	}
	return all.String()
}

// TestForgetChangesNoLaterAnswer forgets parts of any history: what was so from
// the moment on is so still, and passages are those of the versions.
func TestForgetChangesNoLaterAnswer(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench(t)
		b.opts.Partial = true
		for n := range rapid.IntRange(1, 6).Draw(rt, "steps") {
			b.anyStep(rt, n)
		}
		for range rapid.IntRange(1, 2).Draw(rt, "times") {
			moment := int64(rapid.IntRange(890, 1110).Draw(rt, "before"))
			before := b.answersFrom(moment)
			b.forget(rapid.SampledFrom([]string{"", "docs", "docs/a.md"}).Draw(rt, "prefix"), at(moment))
			if after := b.answersFrom(moment); after != before {
				rt.Errorf("from %d on, it was\n%s\nand is\n%s", moment, before, after)
			}
			for _, name := range allNames {
				b.checkPassages(rt, name)
			}
			b.closeReaders()
		}
		b.anyStep(rt, 9)
		for _, name := range allNames {
			b.checkPassages(rt, name)
		}
	})
}

// TestForgottenRecordsComeAgain takes in a history, forgets a part of it, and takes
// it in again, whole and in another order: that changes nothing.
func TestForgottenRecordsComeAgain(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench(t)
		b.opts.Partial = true
		var records []string
		for range rapid.IntRange(1, 12).Draw(rt, "records") {
			from := int64(rapid.IntRange(900, 1000).Draw(rt, "from") / 10 * 10)
			seq := int64(rapid.IntRange(0, 1).Draw(rt, "seq"))
			text := rapid.SampledFrom([]string{"", "# One\n", "# Two\n", "# Three\n"}).Draw(rt, "text")
			records = append(records, known(rapid.SampledFrom(allNames).Draw(rt, "name"), text, from, seq))
		}
		b.run(1100, records...)
		moment := int64(rapid.IntRange(890, 1010).Draw(rt, "before"))
		b.forget("", at(moment))
		before := b.answersFrom(moment)
		sum := b.run(1200, rapid.Permutation(records).Draw(rt, "order")...)
		if after := b.answersFrom(moment); after != before {
			rt.Errorf("from %d on, it was\n%s\nand is\n%s", moment, before, after)
		}
		if c := sum.Counts; c.Stored+c.Deleted != 0 || c.Skipped != sum.SkippedForgotten {
			rt.Errorf("counted %+v", c)
		}
	})
}

// TestForgetFiltered forgets texts of a filter with the contents that they were made of.
func TestForgetFiltered(t *testing.T) {
	b := newBench(t)
	b.opts.Partial = true
	b.opts.Filters = filter(t, "pdf=tr a-z A-Z")
	b.run(1000,
		known("docs/a.pdf", "one", 900, 0), known("docs/a.pdf", "two", 920, 0), known("docs/a.pdf", "three", 940, 0),
		known("docs/b.md", "TWO", 900, 0))
	b.now = 1100
	if f := b.forget("", at(940)).Forgotten; f.Versions != 2 || f.Contents != 3 { // TWO is needed for b.md
		t.Errorf("%+v", f)
	}
}

// TestForgottenIsNowhere looks for what was forgotten in the bytes of the file.
func TestForgottenIsNowhere(t *testing.T) {
	b := newBench(t)
	b.opts.Partial = true
	paragraph := strings.Repeat("Some other words of the same document, which stay. ", 30)
	b.run(1000,
		known(doc, "# Old\n\nThe zyzzogeton leaps.\n\n"+paragraph, 900, 0),
		known(doc, "# New\n\nIt leaps no more.\n\n"+paragraph, 950, 0),
		known("docs/b.md", "# Gone\n\nA quinquagesima passes.\n", 900, 0),
		known("docs/b.md", "", 950, 0))
	size := func() int {
		var all []byte
		for _, suffix := range []string{"", "-wal"} {
			part, err := os.ReadFile(b.path + suffix)
			b.check(err)
			all = append(all, part...)
		}
		for _, word := range []string{"zyzzogeton", "quinquagesima"} {
			if found := bytes.Contains(bytes.ToLower(all), []byte(word)); found != (b.now == 1000) {
				t.Errorf("at %d, %s stands in the file: %t", b.now, word, found)
			}
		}
		return len(all)
	}
	before := size()
	b.closeReaders()
	b.now = 1100
	b.forget("", at(940)) // which is too early for anything
	b.now = 1000
	size()
	b.now = 1100
	if sum := b.forget("", at(960)); sum.Forgotten.Versions != 2 || sum.Forgotten.Contents != 2 {
		t.Errorf("%+v", sum.Forgotten)
	}
	if after := size(); after > before {
		t.Errorf("the file grew from %d to %d bytes", before, after)
	}
	b.wantHistory(doc, "950 # New\n\nIt leaps no m")
	b.wantHistory("docs/b.md", "950 gone")
	sum := b.run(1200, known(doc, "# Old\n\nThe zyzzogeton leaps.\n\n"+paragraph, 900, 0))
	if sum.SkippedForgotten != 1 {
		t.Errorf("%+v", sum)
	}
	size()
}
