package storetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
)

// drawnPoints is how many points are drawn, besides those on the two axes that
// people ask most: all valid times as known now, and now as known at all times.
const drawnPoints = 60

// compare asks the store and the model the same.
func (w *world) compare() {
	snapshot, err := w.store.Snapshot()
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() {
		if err := snapshot.Close(); err != nil {
			w.t.Error(err)
		}
	}()
	points := w.points()
	for _, at := range points {
		w.compareAt(snapshot, at)
	}
	for range 10 {
		from, to := rapid.SampledFrom(points).Draw(w.t, "from"), rapid.SampledFrom(points).Draw(w.t, "to")
		w.compareChanges(snapshot, from, to)
	}
	w.compareStale(snapshot)
}

func (w *world) points() []kb.Point {
	valid := w.moments(func(v kb.Version) kb.Instant { return v.ValidFrom })
	known := w.moments(func(v kb.Version) kb.Instant { return v.RecordedAt })
	var points []kb.Point
	for _, v := range valid {
		points = append(points, kb.Point{Valid: v, Known: kb.Forever})
	}
	for _, k := range known {
		points = append(points, kb.Point{Valid: w.model.now, Known: k})
	}
	for range drawnPoints {
		at := kb.Point{
			Valid: rapid.SampledFrom(valid).Draw(w.t, "valid"), Known: rapid.SampledFrom(known).Draw(w.t, "known"),
		}
		if seq := int64(rapid.IntRange(-1, 4).Draw(w.t, "seq")); seq < 3 {
			at.Seq = &seq
		}
		points = append(points, at)
	}
	return points
}

// compareAt compares what existed, and what each path held.
func (w *world) compareAt(snapshot asof.Store, at kb.Point) {
	var want []string
	for _, path := range w.model.paths() {
		v, known := w.model.at(path, at)
		if known && !v.Gone {
			want = append(want, path+" "+state(&v))
		}
		got, err := snapshot.InForce(context.Background(), path, at)
		if err != nil {
			w.t.Fatal(err)
		}
		if known != (got != nil) || known && state(&v) != state(got) {
			w.t.Errorf("%s at (%v, %v): %s, but the model says %s", path, rel(at.Valid), rel(at.Known), state(got), state(&v))
		}
	}
	prefix := rapid.SampledFrom([]string{"", "", "docs", "docs/sub", "p"}).Draw(w.t, "prefix")
	want = slices.DeleteFunc(want, func(line string) bool { return !below(prefix, strings.Fields(line)[0]) })
	var got []string
	for v, err := range snapshot.List(context.Background(), prefix, at) {
		if err != nil {
			w.t.Fatal(err)
		}
		got = append(got, v.Path+" "+state(&v))
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("list %q at (%v, %v):\n%q, but the model says\n%q", prefix, rel(at.Valid), rel(at.Known), got, want)
	}
}

// state says what a version says.
func state(v *kb.Version) string {
	switch {
	case v == nil:
		return "nothing"
	case v.Gone:
		return "gone"
	}
	executable := v.Mode != nil && v.Mode.Executable()
	return fmt.Sprintf("%s %t", v.SHA256, executable)
}

func (w *world) compareChanges(snapshot asof.Store, from, to kb.Point) {
	want := make(map[string]string)
	for _, path := range w.model.paths() {
		before, after := w.content(path, from), w.content(path, to)
		if before != after {
			want[path] = before + " → " + after
		}
	}
	got := make(map[string]string)
	for c, err := range snapshot.Changes(context.Background(), "", from, to) {
		if err != nil {
			w.t.Fatal(err)
		}
		got[c.Path] = state(c.Old) + " → " + state(c.New)
	}
	if !maps.Equal(got, want) {
		w.t.Errorf("changes from %v to %v: %v, but the model says %v", from, to, got, want)
	}
}

func (w *world) content(path string, at kb.Point) string {
	if v, known := w.model.at(path, at); known && !v.Gone {
		return state(&v)
	}
	return state(nil)
}

// compareStale compares of which documents what is in force may be out of date, since
// the scan that looked at them last could not read them.
func (w *world) compareStale(snapshot asof.Store) {
	now := kb.Point{Valid: w.model.now, Known: kb.Forever}
	var got, want []string
	for _, path := range w.model.paths() {
		if w.model.stale(path) {
			want = append(want, path)
		}
	}
	for stale, err := range snapshot.Stale(context.Background(), "", now) {
		if err != nil {
			w.t.Fatal(err)
		}
		got = append(got, stale.Path)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("stale: %q, but the model says %q", got, want)
	}
}
