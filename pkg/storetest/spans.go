package storetest

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// span is what a path holds from one microsecond to another.
type span struct {
	state    string
	from, to kb.Instant // to is kb.Forever where it does not end
}

// lifetime is how many microseconds the versions of testSpans span.
const lifetime = 14

// testSpans compares the spans of a random list of versions with what the store
// answers microsecond by microsecond.
func testSpans(t *testing.T, open Open) {
	parent := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		store, known := randomVersions(t, open, parent)
		s, err := store.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		at := rapid.SampledFrom(append(known, kb.Forever)).Draw(t, "known")
		truth := evaluate(t, s, at)
		compareLog(t, s, at, truth)
		for valid := epoch - 1; valid < epoch+lifetime+1; valid++ {
			compareSpan(t, s, kb.Point{Valid: valid, Known: at}, truth)
		}
	})
}

// randomVersions makes a store with versions of a.md, and returns the moments
// at which they were recorded.
func randomVersions(t *rapid.T, open Open, parent string) (*Store, []kb.Instant) {
	dir, err := os.MkdirTemp(parent, "kb")
	if err != nil {
		t.Fatal(err)
	}
	store, err := open(dir, func() time.Time { return epoch.Time() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(store.Close(), os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
	})
	run, err := store.BeginRun(background, ingest.RunStart{At: epoch})
	if err != nil {
		t.Fatal(err)
	}
	var known []kb.Instant
	for range rapid.IntRange(1, 3).Draw(t, "transactions") {
		err := store.Update(background, func(tx ingest.Tx) error {
			known = append(known, tx.Now())
			return errors.Join(addVersions(t, tx, run), tx.AddChunk(ingest.ChunkResult{Run: run}))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return store, known
}

func addVersions(t *rapid.T, tx ingest.Tx, run int64) error {
	path, err := tx.Path("a.md")
	if err != nil {
		return err
	}
	enc := content.NewEncoder()
	for range rapid.IntRange(1, 6).Draw(t, "versions") {
		text := rapid.SampledFrom([]string{"A", "B", ""}).Draw(t, "text")
		v := &kb.Version{
			Path: "a.md", Gone: text == "", ValidFrom: epoch + kb.Instant(rapid.IntRange(0, lifetime).Draw(t, "valid from")),
			Seq: int64(rapid.IntRange(0, 1).Draw(t, "seq")),
		}
		var c *content.Content
		if !v.Gone {
			if c, err = enc.Encode(strings.NewReader(text)); err != nil {
				return err
			}
			v.SHA256, v.Size = c.SHA256, c.Size
		}
		if err := tx.AddVersion(path.ID, run, v, c); err != nil {
			return err
		}
	}
	return nil
}

// evaluate asks for every microsecond and puts equal neighbours together.
func evaluate(t *rapid.T, s asof.Store, known kb.Instant) []span {
	var spans []span
	for valid := epoch - 1; valid <= epoch+lifetime; valid++ {
		v, err := s.InForce(background, "a.md", kb.Point{Valid: valid, Known: known})
		if err != nil {
			t.Fatal(err)
		}
		if last := len(spans) - 1; last < 0 || spans[last].state != state(v) {
			if last >= 0 {
				spans[last].to = valid
			}
			spans = append(spans, span{state(v), valid, kb.Forever})
		}
	}
	return spans
}

// spanOf turns a span of package asof into one of ours.
func spanOf(s *asof.Span) span {
	to := kb.Forever
	if s.ValidTo != nil {
		to = *s.ValidTo
	}
	return span{state(&s.Version), s.ValidFrom, to}
}

// compareLog compares the log, in which the versions that never were in force
// stand too.
func compareLog(t *rapid.T, s asof.Store, known kb.Instant, truth []span) {
	var got, want, never, replaced []span
	for one, err := range asof.Log(background, s, "a.md", kb.Point{Valid: kb.Forever, Known: known}) {
		if err != nil {
			t.Fatal(err)
		}
		if one.Superseded {
			never = append(never, spanOf(&one))
		} else {
			got = append(got, spanOf(&one))
		}
	}
	for _, one := range slices.Backward(truth) {
		if one.state != "nothing" {
			want = append(want, one)
		}
	}
	for v, err := range s.Back(background, "a.md", kb.Point{Valid: kb.Forever, Known: known}) {
		if err != nil {
			t.Fatal(err)
		}
		if holds := stateAt(truth, v.ValidFrom); holds != state(&v) {
			replaced = append(replaced, span{state(&v), v.ValidFrom, v.ValidFrom})
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the log as known at %s is\n%v, but evaluated it is\n%v", rel(known), got, want)
	}
	if !slices.Equal(never, replaced) {
		t.Errorf("superseded as known at %s are\n%v, but evaluated\n%v", rel(known), never, replaced)
	}
}

func stateAt(truth []span, valid kb.Instant) string { return spanAt(truth, valid).state }

func spanAt(truth []span, valid kb.Instant) span {
	for _, one := range truth {
		if one.from <= valid && valid < one.to {
			return one
		}
	}
	return span{state: "nothing"}
}

// compareSpan compares what asof.At says of one moment.
func compareSpan(t *rapid.T, s asof.Store, at kb.Point, truth []span) {
	want := spanAt(truth, at.Valid)
	got, err := asof.At(background, s, "a.md", at)
	var absent *asof.AbsentError
	switch {
	case errors.As(err, &absent):
		compareAbsent(t, absent, at, want, truth)
	case err != nil:
		t.Fatal(err)
	case spanOf(got) != want:
		t.Errorf("at (%s, %s): %v, but evaluated it is %v", rel(at.Valid), rel(at.Known), spanOf(got), want)
	}
}

// compareAbsent compares what is said of a path that was not there.
func compareAbsent(t *rapid.T, e *asof.AbsentError, at kb.Point, want span, truth []span) {
	var first, gone, last *kb.Instant
	if want.state == "gone" {
		gone = &want.from
	}
	for _, one := range truth {
		if one.state == "gone" || one.state == "nothing" {
			continue
		}
		if first == nil {
			first = &one.from
		}
		if last = &one.to; one.to == kb.Forever {
			last = nil
		}
	}
	text := func(i *kb.Instant) string {
		if i == nil {
			return "none"
		}
		return rel(*i)
	}
	got := fmt.Sprintf("first %s, gone %s, last %s", text(e.First), text(e.Gone), text(e.Last))
	wanted := fmt.Sprintf("first %s, gone %s, last %s", text(first), text(gone), text(last))
	if got != wanted || e.Folder || e.Path != "a.md" || e.At != at || want.state != "gone" && want.state != "nothing" {
		t.Errorf("at (%s, %s): absent with %s, but evaluated %s with %v", rel(at.Valid), rel(at.Known), got, wanted, want)
	}
}
