package storetest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

// testTexts checks the promises of ingest.Store and ingest.Tx that are about
// what search stands on.
func testTexts(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		run  func(*bench)
	}{
		{"the state of the index is what was recorded", indexState},
		{"a text is stored once", textTwice},
		{"a text that waits gets its vector once", textWaits},
		{"waiting texts are listed in pages", waitingPages},
		{"a failed update leaves no texts", failedTexts},
		{"intervals are those in force later and those never in force", intervals},
		{"an interval needs its text and its own path", wrongIntervals},
		{"a dropped index can be made again", dropIndex},
		{"what a filter made is read in the place of the content", filteredText},
		{"content without text is recorded and cleared", textless},
		{"what there is as the text of a content is known, and who held it", keptText},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(newBench(t, open)) })
	}
}

func textOf(body string) ingest.Text {
	p := passage.Passage{Heading: []string{"Guide", "Part " + body}, Text: body}
	return ingest.Text{Key: p.Key(), Heading: p.Heading, Body: p.Text}
}

func withVector(body string) ingest.Text {
	text := textOf(body)
	text.Vector = []int8{127, -3, 0, int8(len(body)), 1, 2, 3, 4}
	return text
}

func keyOf(body string) passage.Key { return textOf(body).Key }

// index returns the state of the index as it is committed.
func (b *bench) index() ingest.IndexState {
	b.t.Helper()
	state, err := b.Index(context.Background())
	b.check(err)
	return state
}

// embedded checks for which texts no vector is wanted any more.
func (b *bench) embedded(want string, bodies ...string) {
	b.t.Helper()
	var keys []passage.Key
	for _, body := range bodies {
		keys = append(keys, keyOf(body))
	}
	got, err := b.Embedded(context.Background(), keys)
	b.check(err)
	if fmt.Sprint(got) != want {
		b.t.Errorf("embedded %q: %v, not %s", bodies, got, want)
	}
}

func (b *bench) waiting(after int64, limit int) []ingest.Text {
	b.t.Helper()
	texts, err := b.Waiting(context.Background(), after, limit)
	b.check(err)
	return texts
}

// stay stores an interval of a text, with the text, which may be prepared or not.
func (b *bench) stay(tx ingest.Tx, path int64, text ingest.Text, from, to kb.Instant) {
	b.t.Helper()
	if text.Key[0]%2 == 0 {
		b.Prepare([]*ingest.Text{&text})
	}
	b.check(tx.AddTexts([]*ingest.Text{&text}))
	b.check(tx.PutInterval(path, ingest.Interval{Key: text.Key, From: from, To: to}))
}

// stays lists the intervals of a path after a moment, in their order.
func (b *bench) stays(tx ingest.Tx, path int64, after kb.Instant) []ingest.Interval {
	b.t.Helper()
	found, err := tx.Intervals(path, after)
	b.check(err)
	slices.SortFunc(found, func(x, y ingest.Interval) int {
		return cmp.Or(cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To), bytes.Compare(x.Key[:], y.Key[:]))
	})
	return found
}

// wantStays checks the intervals of a path, written as body[from,to).
func (b *bench) wantStays(tx ingest.Tx, path int64, after kb.Instant, bodies, want string) {
	b.t.Helper()
	names := make(map[passage.Key]string)
	for _, body := range bodies {
		names[keyOf(string(body))] = string(body)
	}
	var got []string
	for _, i := range b.stays(tx, path, after) {
		if i.ID == 0 {
			b.t.Errorf("interval %+v has no ID", i)
		}
		to := fmt.Sprint(int64(i.To))
		if i.To == kb.Forever {
			to = "∞"
		}
		got = append(got, fmt.Sprintf("%s[%d,%s)", names[i.Key], i.From, to))
	}
	if fmt.Sprint(got) != want {
		b.t.Errorf("intervals of path %d after %d: %v, not %s", path, after, got, want)
	}
}

func indexState(b *bench) {
	if state := b.index(); state != (ingest.IndexState{}) {
		b.t.Errorf("of a new store: %+v", state)
	}
	for i, index := range []ingest.Index{{Extractor: 1, Splitter: 2, Embedder: "one", Dim: 0}, {Extractor: 3, Splitter: 4, Embedder: "two", Dim: 256}, {}} {
		before := b.index()
		b.update(func(tx ingest.Tx) error {
			b.check(tx.SetIndex(index))
			if state, err := tx.Index(); err != nil || state.Index != index || !state.Recorded {
				b.t.Errorf("in transaction %d: %+v, %v", i, state, err)
			}
			if state := b.index(); state != before {
				b.t.Errorf("before the commit of transaction %d: %+v", i, state)
			}
			return nil
		})
		if state := b.index(); state != (ingest.IndexState{Index: index, Recorded: true}) {
			b.t.Errorf("after transaction %d: %+v", i, state)
		}
	}
}

func textTwice(b *bench) {
	for range 2 {
		b.update(func(tx ingest.Tx) error {
			id := b.ids(tx, "a.md", "b.md")
			b.stay(tx, id[0], textOf("A"), 10, 20)
			b.stay(tx, id[1], textOf("A"), 10, kb.Forever)
			return nil
		})
	}
	b.update(func(tx ingest.Tx) error {
		id := b.ids(tx, "a.md", "b.md")
		b.wantStays(tx, id[0], 0, "A", "[A[10,20) A[10,20)]")
		b.wantStays(tx, id[1], 0, "A", "[A[10,∞) A[10,∞)]")
		return nil
	})
	if texts := b.waiting(0, 10); len(texts) != 1 {
		b.t.Errorf("%d texts are stored", len(texts))
	}
}

func textWaits(b *bench) {
	none := textOf("C")
	none.NoVector = true
	b.update(func(tx ingest.Tx) error {
		id := b.ids(tx, "a.md")[0]
		for _, text := range []ingest.Text{textOf("A"), textOf("B"), none, withVector("D")} {
			b.stay(tx, id, text, 10, kb.Forever)
		}
		return nil
	})
	b.embedded("[false false true true false]", "A", "B", "C", "D", "E")
	if state := b.index(); state.Waiting != 2 {
		b.t.Errorf("%d wait", state.Waiting)
	}
	never := textOf("B")
	never.NoVector = true
	b.update(func(tx ingest.Tx) error {
		a, again := withVector("A"), withVector("D")
		again.Vector[0] = -127
		return errors.Join(tx.AddTexts([]*ingest.Text{&a}), tx.AddTexts([]*ingest.Text{&a}), tx.AddTexts([]*ingest.Text{&never}), tx.AddTexts([]*ingest.Text{&again}))
	})
	b.embedded("[true true true true false]", "A", "B", "C", "D", "E")
	b.update(func(tx ingest.Tx) error { // nothing takes that back
		a, late := textOf("A"), withVector("B")
		b.check(errors.Join(tx.AddTexts([]*ingest.Text{&a}), tx.AddTexts([]*ingest.Text{&late})))
		b.stay(tx, b.ids(tx, "b.md")[0], withVector("A"), 10, 20)
		return nil
	})
	b.embedded("[true true]", "A", "B")
	if state, texts := b.index(), b.waiting(0, 10); state.Waiting != 0 || len(texts) != 0 {
		b.t.Errorf("%d wait: %v", state.Waiting, texts)
	}
}

func waitingPages(b *bench) {
	var want []string
	b.update(func(tx ingest.Tx) error {
		for i := range 10 {
			text := textOf(fmt.Sprint(i))
			switch i % 3 {
			case 1:
				text.NoVector = true
			case 2:
				text.Heading = nil
				fallthrough
			default:
				want = append(want, fmt.Sprintf("%q %s %x", text.Heading, text.Body, text.Key))
			}
			b.check(tx.AddTexts([]*ingest.Text{&text}))
		}
		return nil
	})
	var got []string
	for after := int64(0); ; {
		page := b.waiting(after, 3)
		if len(page) == 0 {
			break
		}
		for _, text := range page {
			if text.ID <= after || len(page) > 3 {
				b.t.Fatalf("after %d: %+v", after, page)
			}
			after = text.ID
			got = append(got, fmt.Sprintf("%q %s %x", text.Heading, text.Body, text.Key))
		}
	}
	if !slices.Equal(got, want) {
		b.t.Errorf("waiting are\n%q\nnot\n%q", got, want)
	}
}

func failedTexts(b *bench) {
	b.update(func(tx ingest.Tx) error {
		b.stay(tx, b.ids(tx, "a.md")[0], textOf("A"), 10, kb.Forever)
		return nil
	})
	err := b.Update(context.Background(), func(tx ingest.Tx) error {
		id := b.ids(tx, "a.md")[0]
		b.stay(tx, id, withVector("A"), 5, 10)
		b.stay(tx, id, withVector("B"), 10, kb.Forever)
		b.check(tx.SetIndex(ingest.Index{Extractor: 1}))
		return errTest
	})
	if !errors.Is(err, errTest) {
		b.t.Fatalf("the error of the function became %v", err)
	}
	if state := b.index(); state != (ingest.IndexState{Waiting: 1}) {
		b.t.Errorf("after a failed update: %+v", state)
	}
	b.embedded("[false false]", "A", "B")
	b.update(func(tx ingest.Tx) error {
		id := b.ids(tx, "a.md")[0]
		b.wantStays(tx, id, 0, "AB", "[A[10,∞)]")
		b.stay(tx, id, withVector("B"), 10, kb.Forever)
		a := withVector("A")
		return tx.AddTexts([]*ingest.Text{&a})
	})
	b.embedded("[true true]", "A", "B")
}

func intervals(b *bench) {
	b.update(func(tx ingest.Tx) error {
		id := b.ids(tx, "a.md", "b.md")
		b.stay(tx, id[0], textOf("A"), 10, 20)
		b.stay(tx, id[0], withVector("B"), 20, kb.Forever)
		b.stay(tx, id[0], textOf("C"), 5, 5)
		b.stay(tx, id[0], textOf("D"), 30, 30)
		b.stay(tx, id[1], textOf("A"), 15, 25)
		return nil
	})
	b.update(func(tx ingest.Tx) error {
		id := b.ids(tx, "a.md", "b.md")
		b.wantStays(tx, id[0], 19, "ABCD", "[C[5,5) A[10,20) B[20,∞) D[30,30)]")
		b.wantStays(tx, id[0], 20, "ABCD", "[C[5,5) B[20,∞) D[30,30)]")
		b.wantStays(tx, id[1], -100, "ABCD", "[A[15,25)]")
		b.wantStays(tx, id[1], 25, "ABCD", "[]")
		found := b.stays(tx, id[0], 19)
		for at, bounds := range [][2]kb.Instant{{50, 60}, {10, 10}, {20, 50}, {-70, -60}} {
			found[at].From, found[at].To = bounds[0], bounds[1]
			b.check(tx.PutInterval(id[0], found[at]))
		}
		b.wantStays(tx, id[0], 20, "ABCD", "[A[10,10) B[20,50) C[50,60)]")
		b.wantStays(tx, id[0], -100, "ABCD", "[D[-70,-60) A[10,10) B[20,50) C[50,60)]")
		return nil
	})
}

// wrongIntervals stores what a store has to refuse, at the latest when the transaction
// ends.
func wrongIntervals(b *bench) {
	b.update(func(tx ingest.Tx) error {
		b.stay(tx, b.ids(tx, "a.md")[0], textOf("A"), 10, 20)
		return nil
	})
	for what, put := range map[string]func(tx ingest.Tx, id []int64) error{
		"an interval of no text is stored": func(tx ingest.Tx, id []int64) error {
			return tx.PutInterval(id[0], ingest.Interval{Key: keyOf("none"), From: 1, To: 2})
		},
		"an interval of another path is moved": func(tx ingest.Tx, id []int64) error {
			i := b.stays(tx, id[0], 0)[0]
			i.To = 30
			return tx.PutInterval(id[1], i)
		},
		"an interval is moved to another text": func(tx ingest.Tx, id []int64) error {
			text := textOf("B")
			b.check(tx.AddTexts([]*ingest.Text{&text}))
			i := b.stays(tx, id[0], 0)[0]
			i.Key = text.Key
			return tx.PutInterval(id[0], i)
		},
	} {
		err := b.Update(context.Background(), func(tx ingest.Tx) error { return put(tx, b.ids(tx, "a.md", "b.md")) })
		if err == nil {
			b.t.Error(what)
		}
		b.update(func(tx ingest.Tx) error {
			id := b.ids(tx, "a.md", "b.md")
			b.wantStays(tx, id[0], 0, "AB", "[A[10,20)]")
			b.wantStays(tx, id[1], 0, "AB", "[]")
			return nil
		})
	}
}

func dropIndex(b *bench) {
	fill := func(dim int) {
		b.update(func(tx ingest.Tx) error {
			b.check(tx.SetIndex(ingest.Index{Extractor: 1, Embedder: "one", Dim: dim}))
			for i := range 40 {
				text := textOf(fmt.Sprint(i))
				if i%2 == 0 {
					text.Vector = slices.Repeat([]int8{127}, dim)
				}
				b.stay(tx, b.ids(tx, "a.md")[0], text, 10, kb.Forever)
			}
			return nil
		})
		if state := b.index(); state.Waiting != 20 || state.Dim != dim || !state.Recorded {
			b.t.Errorf("filled: %+v", state)
		}
		b.embedded("[true false]", "0", "1")
	}
	empty := func(tx ingest.Tx) {
		b.check(tx.DropIndex())
		b.wantStays(tx, b.ids(tx, "a.md")[0], -100, "", "[]")
		if state, err := tx.Index(); err != nil || state.Behind {
			b.t.Errorf("a dropped index: %+v, %v", state, err)
		}
	}
	fill(8)
	err := b.Update(context.Background(), func(tx ingest.Tx) error {
		empty(tx)
		return errTest
	})
	if !errors.Is(err, errTest) {
		b.t.Fatalf("the error of the function became %v", err)
	}
	b.embedded("[true false]", "0", "1")
	b.update(func(tx ingest.Tx) error {
		empty(tx)
		b.embedded("[true false]", "0", "1") // until it is committed
		return nil
	})
	b.embedded("[false false]", "0", "1")
	if state := b.index(); state.Waiting != 0 {
		b.t.Errorf("%d texts of a dropped index wait", state.Waiting)
	}
	fill(16)
	b.update(func(tx ingest.Tx) error { // all in one
		empty(tx)
		b.stay(tx, b.ids(tx, "a.md")[0], withVector("A"), 10, 20)
		b.wantStays(tx, b.ids(tx, "a.md")[0], 0, "A", "[A[10,20)]")
		return nil
	})
	b.embedded("[true false]", "A", "0")
}
