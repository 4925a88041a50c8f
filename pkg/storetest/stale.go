package storetest

import (
	"errors"
	"slices"
	"strings"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

func staleness(b *bench) {
	since := epoch - 3
	b.put("docs/b.md", "one", epoch, 0)
	b.put("docs/a.md", "one", epoch, 0)
	b.put("fine.md", "one", epoch, 0)
	b.update(func(tx ingest.Tx) error {
		s := b.scan(tx, "s1", epoch, ".")
		for _, path := range []string{"docs/a.md", "docs/b.md", "never.md"} {
			b.check(tx.See(b.ids(tx, path)[0], ingest.Sighting{Scan: s.ID, StaleSince: &since}))
		}
		return tx.See(b.ids(tx, "fine.md")[0], ingest.Sighting{Scan: s.ID})
	})
	for prefix, want := range map[string]string{"": "docs/a.md docs/b.md", "docs/b.md": "docs/b.md", "fine.md": ""} {
		var got []string
		for stale, err := range b.snapshot().Stale(background, prefix, kb.Point{Valid: epoch, Known: kb.Forever}) {
			b.check(err)
			if got = append(got, stale.Path); stale.Since != since {
				b.t.Errorf("%s is stale since %s", stale.Path, rel(stale.Since))
			}
		}
		if strings.Join(got, " ") != want {
			b.t.Errorf("stale under %q: %q, not %q", prefix, got, want)
		}
	}
	b.missed("never.md", kb.Point{Valid: epoch, Known: kb.Forever}, &since)
	b.missed("never.md", kb.Point{Valid: since - 1, Known: kb.Forever}, nil)
	b.missed("never.md", kb.Point{Valid: epoch, Known: since - 1}, nil)
	b.missed("fine.md", kb.Point{Valid: epoch, Known: kb.Forever}, nil)
	b.missed("other.md", kb.Point{Valid: epoch, Known: kb.Forever}, nil)
	v, err := b.snapshot().InForce(background, "fine.md", everything)
	b.check(err)
	later := v.RecordedAt + 10
	b.update(func(tx ingest.Tx) error {
		s := b.scan(tx, "s2", later, ".")
		return tx.See(b.ids(tx, "fine.md")[0], ingest.Sighting{Scan: s.ID, StaleSince: &later})
	})
	for known, want := range map[kb.Instant]bool{later - 1: false, later: true} {
		found := false
		for _, err := range b.snapshot().Stale(background, "fine.md", kb.Point{Valid: later, Known: known}) {
			b.check(err)
			found = true
		}
		if found != want {
			b.t.Errorf("stale since %s as known at %s: %t", rel(later), rel(known), found)
		}
	}
}

func failedVersions(b *bench) {
	b.put("a.md", "one", epoch, 1)
	b.put("a.md", "three", epoch+20, 1)
	from := epoch + 10
	failed := ingest.Statement{ValidFrom: &from, Seq: 1}
	var path int64
	b.update(func(tx ingest.Tx) error {
		path = b.ids(tx, "a.md")[0]
		return tx.AddFailure(ingest.Failure{Run: b.run, PathID: path, Again: kb.Skipped, Statement: failed, Class: kb.Processing, Code: kb.Unreadable, Message: "m"})
	})
	stale := func(at kb.Point) (since []kb.Instant) {
		for s, err := range b.snapshot().Stale(background, "", at) {
			b.check(err)
			since = append(since, s.Since)
		}
		return since
	}
	first, last := int64(0), int64(1)
	for _, test := range []struct {
		at   kb.Point
		want bool
	}{
		{kb.Point{Valid: epoch + 9, Known: kb.Forever}, false},
		{kb.Point{Valid: epoch + 10, Seq: &first, Known: kb.Forever}, false},
		{kb.Point{Valid: epoch + 10, Seq: &last, Known: kb.Forever}, true},
		{kb.Point{Valid: epoch + 19, Known: kb.Forever}, true},
		{kb.Point{Valid: epoch + 20, Known: kb.Forever}, false},
	} {
		if got := stale(test.at); len(got) > 0 != test.want || test.want && got[0] != from {
			b.t.Errorf("at %s: stale since %v", rel(test.at.Valid), got)
		}
	}
	v, err := b.snapshot().InForce(background, "a.md", kb.Point{Valid: epoch, Known: kb.Forever})
	b.check(err)
	if got := stale(kb.Point{Valid: epoch + 19, Known: v.RecordedAt}); len(got) > 0 {
		b.t.Errorf("before it failed: stale since %v", got)
	}
	b.missed("a.md", kb.Point{Valid: from, Known: kb.Forever}, &from)
	b.missed("a.md", kb.Point{Valid: from - 1, Known: kb.Forever}, nil)
	b.update(func(tx ingest.Tx) error { return tx.ClearFailure(path, failed) })
	b.missed("a.md", kb.Point{Valid: from, Known: kb.Forever}, nil)
	if got := stale(kb.Point{Valid: epoch + 19, Known: kb.Forever}); len(got) > 0 {
		b.t.Errorf("when it has been taken in: stale since %v", got)
	}
}

func skippedVersions(b *bench) {
	b.put("a.md", "one", epoch, 1)
	b.put("a.md", "three", epoch+20, 1)
	b.put("gone.md", "", epoch, 1)
	b.put("gone.md", "back", epoch+20, 1)
	b.skip("gone.md", epoch+15, 1)
	b.skip("a.md", epoch+10, 1)
	b.skip("never.md", epoch+10, 1)
	first, last := int64(0), int64(1)
	for _, test := range []struct {
		at   kb.Point
		want []asof.Stale
	}{
		{kb.Point{Valid: epoch + 9, Known: kb.Forever}, nil},
		{kb.Point{Valid: epoch + 10, Seq: &first, Known: kb.Forever}, nil},
		{kb.Point{Valid: epoch + 10, Seq: &last, Known: kb.Forever}, []asof.Stale{{Path: "a.md", Since: epoch + 10}}},
		{kb.Point{Valid: epoch + 14, Known: kb.Forever}, []asof.Stale{{Path: "a.md", Since: epoch + 10}}},
		{kb.Point{Valid: epoch + 19, Known: kb.Forever}, []asof.Stale{{Path: "a.md", Since: epoch + 10}, {Path: "gone.md", Since: epoch + 15}}},
		{kb.Point{Valid: epoch + 20, Known: kb.Forever}, nil},
	} {
		if got := b.stale(test.at); !slices.Equal(got, test.want) {
			b.t.Errorf("at %s: %v", rel(test.at.Valid), got)
		}
	}
	v, err := b.snapshot().InForce(background, "a.md", kb.Point{Valid: epoch, Known: kb.Forever})
	b.check(err)
	from := epoch + 10
	b.missed("never.md", kb.Point{Valid: from, Seq: &last, Known: kb.Forever}, &from)
	b.missed("never.md", kb.Point{Valid: from, Seq: &first, Known: kb.Forever}, nil)
	b.missed("never.md", kb.Point{Valid: from, Known: v.RecordedAt}, nil)
	if got := b.stale(kb.Point{Valid: epoch + 19, Known: v.RecordedAt}); len(got) > 0 {
		b.t.Errorf("before it was skipped: %v", got)
	}
	b.put("a.md", "two", epoch+10, 1)
	b.put("gone.md", "", epoch+15, 1)
	if got := b.stale(kb.Point{Valid: epoch + 19, Known: kb.Forever}); len(got) > 0 {
		b.t.Errorf("when it has been taken in: %v", got)
	}
	b.skip("a.md", epoch+10, 1)
	if got := b.stale(kb.Point{Valid: epoch + 19, Known: kb.Forever}); len(got) > 0 {
		b.t.Errorf("when it is skipped once more: %v", got)
	}
}

func skippedFirst(b *bench) {
	b.skip("never.md", epoch+10, 1)
	b.skip("first.md", epoch+10, 1)
	b.put("other.md", "one", epoch, 0)
	earlier := b.recorded("other.md")
	b.put("first.md", "two", epoch+20, 1)
	first := []asof.Stale{{Path: "first.md", Since: epoch + 10}}
	for _, test := range []struct {
		at   kb.Point
		want []asof.Stale
	}{
		{kb.Point{Valid: epoch + 9, Known: kb.Forever}, nil},
		{kb.Point{Valid: epoch + 10, Known: kb.Forever}, first},
		{kb.Point{Valid: epoch + 19, Known: kb.Forever}, first},
		{kb.Point{Valid: epoch + 19, Known: earlier}, nil}, // nothing of it is known yet
		{kb.Point{Valid: epoch + 20, Known: kb.Forever}, nil},
	} {
		if got := b.stale(test.at); !slices.Equal(got, test.want) {
			b.t.Errorf("at %s: %v", rel(test.at.Valid), got)
		}
	}
	var absent *asof.AbsentError
	_, err := asof.Held(background, b.snapshot(), "first.md", kb.Point{Valid: epoch + 19, Known: kb.Forever})
	if !errors.As(err, &absent) || absent.Missed == nil || *absent.Missed != epoch+10 || absent.First == nil || *absent.First != epoch+20 {
		b.t.Errorf("seen and not stored: %v", err)
	}
	_, err = asof.Held(background, b.snapshot(), "first.md", kb.Point{Valid: epoch + 9, Known: kb.Forever})
	if !errors.As(err, &absent) || absent.Missed != nil || absent.First == nil {
		b.t.Errorf("not seen yet: %v", err)
	}
}

func leftOut(b *bench) {
	b.put("a.md", "one", epoch, 1)
	expect := func(seq int64, want *kb.Instant) {
		b.t.Helper()
		b.update(func(tx ingest.Tx) error {
			got, err := tx.LeftOut(b.ids(tx, "a.md")[0], &kb.Version{ValidFrom: epoch, Seq: seq})
			if (got == nil) != (want == nil) || got != nil && *got != *want {
				b.t.Errorf("left out after seq %d: %v, not %v", seq, got, want)
			}
			return err
		})
	}
	now, later := epoch, epoch+10
	expect(0, nil)
	b.skip("a.md", now, 2)
	b.skip("other.md", epoch+20, 0)
	expect(1, &now)
	expect(2, nil)
	failed := ingest.Statement{ValidFrom: &later}
	b.update(func(tx ingest.Tx) error {
		return tx.AddFailure(ingest.Failure{Run: b.run, PathID: b.ids(tx, "a.md")[0], Again: kb.File, Statement: failed, Class: kb.Processing, Code: kb.Unreadable, Message: "m"})
	})
	expect(1, &later)
	expect(2, &later)
	b.update(func(tx ingest.Tx) error { return tx.ClearFailure(b.ids(tx, "a.md")[0], failed) })
	expect(1, &now)
}

func readSince(b *bench) {
	for _, name := range []string{"changed.md", "read.md"} {
		b.put(name, "one", epoch, 0)
		b.skip(name, epoch+10, 0)
	}
	b.put("read.md", "two", epoch+5, 0)
	one, two := kb.HashOf([]byte("one")), kb.HashOf([]byte("two"))
	start := b.recorded("read.md") + 10
	b.update(func(tx ingest.Tx) error {
		s := b.scan(tx, "s1", start, ".")
		b.check(tx.See(b.ids(tx, "read.md")[0], ingest.Sighting{Scan: s.ID, SHA256: &two}))
		return tx.See(b.ids(tx, "changed.md")[0], ingest.Sighting{Scan: s.ID, SHA256: &two}) // which is not in force
	})
	changed, read := asof.Stale{Path: "changed.md", Since: epoch + 10}, asof.Stale{Path: "read.md", Since: epoch + 10}
	for _, test := range []struct {
		at   kb.Point
		want []asof.Stale
	}{
		{kb.Point{Valid: start - 1, Known: kb.Forever}, []asof.Stale{changed, read}},
		{kb.Point{Valid: start, Known: start - 1}, []asof.Stale{changed, read}},
		{kb.Point{Valid: start, Known: kb.Forever}, []asof.Stale{changed}},
		{everything, []asof.Stale{changed}},
	} {
		if got := b.stale(test.at); !slices.Equal(got, test.want) {
			b.t.Errorf("at %s, as known at %s: %v", rel(test.at.Valid), rel(test.at.Known), got)
		}
	}
	b.skip("read.md", start+20, 0)
	if got, want := b.stale(everything), []asof.Stale{changed, {Path: "read.md", Since: start + 20}}; !slices.Equal(got, want) {
		b.t.Errorf("left out after it was read: %v", got)
	}
	b.update(func(tx ingest.Tx) error {
		s := b.scan(tx, "s2", start+10, ".")
		return tx.See(b.ids(tx, "changed.md")[0], ingest.Sighting{Scan: s.ID, SHA256: &one})
	})
	if got, want := b.stale(everything), []asof.Stale{{Path: "read.md", Since: start + 20}}; !slices.Equal(got, want) {
		b.t.Errorf("when it has been read: %v", got)
	}
}

func laterVersions(b *bench) {
	b.put("a.md", "one", epoch, 0)
	b.put("gone.md", "one", epoch, 0)
	b.put("gone.md", "", epoch+5, 0)
	first := b.recorded("gone.md") + 10
	see := func(scan string, at kb.Instant) {
		b.update(func(tx ingest.Tx) error {
			s := b.scan(tx, scan, at, ".")
			b.check(tx.See(b.ids(tx, "gone.md")[0], ingest.Sighting{Scan: s.ID, StaleSince: &first}))
			return tx.See(b.ids(tx, "a.md")[0], ingest.Sighting{Scan: s.ID, StaleSince: &first})
		})
	}
	expect := func(valid kb.Instant, want ...asof.Stale) {
		b.t.Helper()
		if got := b.stale(kb.Point{Valid: valid, Known: kb.Forever}); !slices.Equal(got, want) {
			b.t.Errorf("at %s: %v, not %v", rel(valid), got, want)
		}
	}
	a, gone := asof.Stale{Path: "a.md", Since: first}, asof.Stale{Path: "gone.md", Since: first}
	see("s1", first)
	expect(first - 1)
	expect(first, a, gone)
	b.put("a.md", "two", first+10, 0)
	b.put("gone.md", "", first+10, 0)
	expect(first+9, a, gone)
	expect(first + 10)
	expect(kb.Forever)
	see("s2", first+20) // and it is still so
	expect(first+9, a, gone)
	expect(first + 19)
	gone.Since = first + 20
	expect(first+20, a, gone)
}

// skip records that a version was left out, for its size.
func (b *bench) skip(name string, from kb.Instant, seq int64) {
	b.update(func(tx ingest.Tx) error {
		return tx.Skip(b.ids(tx, name)[0], ingest.Statement{ValidFrom: &from, Seq: seq}, "git:1")
	})
}

// recorded is when the version in force of a path was recorded.
func (b *bench) recorded(path string) kb.Instant {
	v, err := b.snapshot().InForce(background, path, everything)
	b.check(err)
	return v.RecordedAt
}

// stale lists what is stale at a point.
func (b *bench) stale(at kb.Point) (all []asof.Stale) {
	for s, err := range b.snapshot().Stale(background, "", at) {
		b.check(err)
		all = append(all, s)
	}
	return all
}

// missed expects that a path could not be taken in since a moment, or none.
func (b *bench) missed(path string, at kb.Point, want *kb.Instant) {
	b.t.Helper()
	got, err := b.snapshot().Missed(background, path, at)
	b.check(err)
	if (got == nil) != (want == nil) || got != nil && *got != *want {
		b.t.Errorf("%s is missed since %v, not %v", path, got, want)
	}
}
