package asof_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
)

// filtered is a library whose filters change from run to run, and what was seen of
// it before.
type filtered struct {
	*library
	texts map[string]string    // what each content under an extension was searched as
	cited map[asof.Cite]string // what citations printed when they were given
}

var (
	filteredPaths    = []string{"a.foo", "b.foo", "n\xff.foo", "a.md", "b.md", "a.pdf", "b.pdf", "a.txt"}
	filteredContents = []string{"wombat one\n", "zero\n\nwombat two\n", "wombat one\n\nquokka\n", "wombat\x00", "\n"}
	// One of them writes something else each time.
	someFilters = []string{"", "", "cat", "tr a-z A-Z", "tac", "false", "sh -c 'echo first; cat; date +%N'", "sh -c 'test $(($(date +%N | tail -c 3) % 2)) = 1 && cat'"}
)

// drawFilters has runs from now on use other filters.
func (f *filtered) drawFilters(t *rapid.T) {
	f.filters = nil
	for _, ext := range []string{"foo", "md", "pdf"} {
		command := rapid.SampledFrom(someFilters).Draw(t, ext)
		if command == "" {
			continue
		}
		filter, err := extract.ParseFilter(ext + "=" + command)
		check(t, err)
		f.filters = append(f.filters, filter)
	}
}

// fails reports whether a content under an extension has a filter that always fails,
// and so keeps the text that it has.
func (f *filtered) fails(id string) bool {
	_, ext, _ := strings.Cut(id, ".")
	return slices.ContainsFunc(f.filters, func(filter *extract.Filter) bool { return filter.Ext == ext && filter.Argv[0] == "false" })
}

// drawRecords makes the records of one transaction.
func drawRecords(t *rapid.T) []kb.Record {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) kb.Record {
		from := kb.Instant(rapid.Int64Range(1, 9).Draw(t, "from"))
		rec := kb.Record{
			Kind: kb.File, Path: rapid.SampledFrom(filteredPaths).Draw(t, "path"), ValidFrom: &from, HasContent: true,
			Content: []byte(rapid.SampledFrom(filteredContents).Draw(t, "content")),
		}
		if rapid.IntRange(0, 9).Draw(t, "gone") == 0 {
			rec.Kind, rec.Content, rec.HasContent = kb.Gone, nil, false
		}
		return rec
	}), 1, 5).Draw(t, "records")
}

// TestFiltersChange takes in the same few contents under several names and times, by
// filters that come, go, fail and write something else each time. Nothing is damaged
// by it, each search finds what the text of a document then says, and citations
// print what they cited.
func TestFiltersChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &filtered{library: newLibrary(t, embed.None{}), texts: make(map[string]string), cited: make(map[asof.Cite]string)}
		var known []kb.Instant
		for range rapid.IntRange(2, 6).Draw(t, "steps") {
			f.drawFilters(t)
			if rapid.IntRange(0, 4).Draw(t, "reindex") == 0 {
				f.reindex()
				maps.DeleteFunc(f.texts, func(id, _ string) bool { return !f.fails(id) })
			} else {
				f.take(drawRecords(t))
				known = append(known, f.learned())
			}
			f.checkAll(t, append(known[max(len(known)-3, 0):len(known):len(known)], kb.Forever))
		}
	})
}

func (f *filtered) checkAll(t *rapid.T, known []kb.Instant) {
	ctx := context.Background()
	k, err := sqlite.OpenChecker(ctx, f.path)
	check(t, err)
	_, err = k.Check(ctx, sqlite.CheckOptions{Data: true, Sample: 1, Alive: func(*ingest.RunState) bool { return true }}, func(found sqlite.Finding) error {
		if found.Damage {
			t.Errorf("%s %q: %s", found.Code, found.Path, found.Message)
		}
		return nil
	})
	check(t, errors.Join(err, k.Close()))

	r, err := sqlite.OpenReader(ctx, f.path)
	check(t, err)
	defer func() { check(t, r.Close()) }()
	for _, k := range known {
		for v := kb.Instant(1); v < 10; v += 2 {
			f.checkSearch(t, r, kb.Point{Valid: v, Known: k})
		}
	}
	for cite, want := range f.cited {
		if got := f.print(t, r, cite); got != want {
			t.Errorf("%s prints %q, and printed %q", cite, got, want)
		}
	}
}

// checkSearch compares what a search finds with what the documents say.
func (f *filtered) checkSearch(t *rapid.T, r *sqlite.Reader, at kb.Point) {
	ctx := context.Background()
	found, err := asof.Find(ctx, r, nil, asof.Search{Words: "wombat", Mode: asof.Text, At: at, Now: 50, Limit: 1000})
	check(t, err)
	if found.Unindexed > 0 || found.Behind {
		t.Errorf("%v: %d passages have no text, behind %t", at, found.Unindexed, found.Behind)
	}
	hits := make(map[string]bool)
	for i := range found.Hits {
		h := &found.Hits[i]
		hits[h.Version.Path] = true
		if h.Start == 0 {
			t.Errorf("%v: %q has %q, in no line", at, h.Version.Path, h.Text)
			continue
		}
		got := f.print(t, r, h.Cite())
		if !slices.Equal(strings.Fields(got), strings.Fields(h.Text)) {
			t.Errorf("%v: %s prints %q, and not %q", at, h.Cite(), got, h.Text)
		}
		pathless := h.Cite()
		pathless.Path = ""
		f.cited[h.Cite()], f.cited[pathless] = got, got
	}
	for _, path := range filteredPaths {
		v, err := r.InForce(ctx, path, at)
		check(t, err)
		if v == nil || v.Gone {
			if hits[path] {
				t.Errorf("%v: found is %q, which is not there", at, path)
			}
			continue
		}
		text := f.textOf(t, r, v)
		if says := strings.Contains(strings.ToLower(text), "wombat"); says != hits[path] {
			t.Errorf("%v: %q says %q, found %t", at, path, text, hits[path])
		}
		id := fmt.Sprintf("%s .%s", v.SHA256, extract.Extension(path))
		if before, is := f.texts[id]; is && before != text {
			t.Errorf("the text of %q was %q, and is %q without reindex", path, before, text)
		}
		f.texts[id] = text
	}
}

// textOf returns the text that a version is searched as, "" for none.
func (f *filtered) textOf(t *rapid.T, r *sqlite.Reader, v *kb.Version) string {
	ctx, ext := context.Background(), extract.Extension(v.Path)
	none, err := r.WithoutText(ctx, v.SHA256, ext)
	check(t, err)
	if none {
		return ""
	}
	var text bytes.Buffer
	_, err = r.ReadText(ctx, &text, v.SHA256, ext)
	check(t, err)
	return text.String()
}

// print returns what a citation prints.
func (f *filtered) print(t *rapid.T, r *sqlite.Reader, cite asof.Cite) string {
	var got bytes.Buffer
	if err := asof.WriteCite(context.Background(), r, &got, cite); err != nil {
		t.Errorf("%s prints nothing: %v", cite, err)
	}
	return got.String()
}
