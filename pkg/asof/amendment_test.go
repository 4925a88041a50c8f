package asof_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/kb"
)

// TestAmendments compares the corrections of a document with what the definition
// says of each of its versions, one by one.
func TestAmendments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLibrary(t, embed.None{})
		for range rapid.IntRange(1, 5).Draw(t, "transactions") {
			var batch []kb.Record
			for range rapid.IntRange(1, 6).Draw(t, "records") {
				r := drawRecord(t)
				r.Path, r.Seq = "a.md", r.Seq%2
				*r.ValidFrom = 1 + *r.ValidFrom%4
				if r.Kind == kb.File {
					r.Content = []byte(rapid.SampledFrom([]string{"A", "B"}).Draw(t, "state"))
				}
				batch = append(batch, r)
			}
			l.take(batch)
		}
		r := l.reader()
		var all []kb.Version // the latest first
		for v, err := range r.Back(context.Background(), "a.md", valid(kb.Forever)) {
			check(t, err)
			all = append(all, v)
		}
		at := kb.Point{Valid: kb.Instant(rapid.IntRange(0, 7).Draw(t, "valid")), Known: kb.Forever}
		if rapid.Bool().Draw(t, "known") {
			at.Known = rapid.SampledFrom(all).Draw(t, "version").RecordedAt
		}
		var want, got []string
		for i := range all {
			if v := &all[i]; at.Begun(v) {
				want = append(want, amendmentOf(all, v)...)
			}
		}
		for a, err := range asof.Amendments(context.Background(), r, "a.md", at) {
			check(t, err)
			got = append(got, fmt.Sprint(a.At, int64(a.From), int64(a.To), a.Before.ID))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("corrections are\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// amendmentOf is the correction that a version is, if it is one. The versions
// come the latest first.
func amendmentOf(all []kb.Version, v *kb.Version) []string {
	believed := func(known kb.Instant) *kb.Version {
		for i := range all {
			if o := &all[i]; o.ValidFrom <= v.ValidFrom && o.RecordedAt <= known {
				return o
			}
		}
		return nil
	}
	before := believed(v.RecordedAt - 1)
	laterKnown := slices.ContainsFunc(all, func(o kb.Version) bool {
		return o.RecordedAt < v.RecordedAt && (o.ValidFrom > v.ValidFrom || o.ValidFrom == v.ValidFrom && o.Seq >= v.Seq)
	})
	if believed(v.RecordedAt).ID != v.ID || before == nil || before.SameState(v) || !laterKnown {
		return nil
	}
	to := kb.Forever
	for i := range all {
		if o := &all[i]; o.ValidFrom > v.ValidFrom && o.RecordedAt <= v.RecordedAt {
			to = o.ValidFrom
		}
	}
	return []string{fmt.Sprint(v.RecordedAt, int64(v.ValidFrom), int64(to), before.ID)}
}
