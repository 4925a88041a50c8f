package asof_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
	"github.com/seed16713943/btools/pkg/sqlite"
)

func TestMain(m *testing.M) {
	asof.SearchNarrowly()
	os.Exit(m.Run())
}

var builtin = embed.NewBuiltin()

// tester is what *testing.T, *testing.F and *rapid.T have in common.
type tester interface {
	rapid.TB
	Cleanup(func())
}

// base is a knowledge base with an index, in a file.
type base struct {
	t     tester
	path  string
	store *sqlite.Store
	run   int64
}

func newBase(t tester) *base {
	t.Helper()
	dir, err := os.MkdirTemp("", "btools-asof-")
	check(t, err)
	b := &base{t: t, path: filepath.Join(dir, "kb.sqlite")}
	b.store, err = sqlite.Open(context.Background(), b.path, sqlite.Options{})
	check(t, err)
	t.Cleanup(func() {
		check(t, b.store.Close())
		check(t, os.RemoveAll(dir))
	})
	b.run, err = b.store.BeginRun(context.Background(), ingest.RunStart{})
	check(t, err)
	b.update(func(tx ingest.Tx) error {
		return tx.SetIndex(ingest.Index{Extractor: extract.Version, Splitter: passage.Version, Embedder: builtin.Name(), Dim: builtin.Dim()})
	})
	return b
}

func check(t rapid.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *base) update(fn func(ingest.Tx) error) {
	b.t.Helper()
	check(b.t, b.store.Update(context.Background(), func(tx ingest.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return tx.AddChunk(ingest.ChunkResult{Run: b.run})
	}))
}

func (b *base) reader() *sqlite.Reader {
	b.t.Helper()
	r, err := sqlite.OpenReader(context.Background(), b.path)
	check(b.t, err)
	b.t.Cleanup(func() { check(b.t, r.Close()) })
	return r
}

// version stores a version, one that is gone for no text.
func (b *base) version(path string, from kb.Instant, text *string) {
	b.t.Helper()
	b.update(func(tx ingest.Tx) error {
		state, err := tx.Path(path)
		check(b.t, err)
		v := &kb.Version{ValidFrom: from, Gone: text == nil}
		if text == nil {
			return tx.AddVersion(state.ID, b.run, v, nil)
		}
		c, err := content.NewEncoder().Encode(bytes.NewReader([]byte(*text)))
		check(b.t, err)
		v.SHA256, v.Size = c.SHA256, c.Size
		return tx.AddVersion(state.ID, b.run, v, c)
	})
}

// stay is the stay of a passage in a document.
type stay struct {
	path     string
	heading  []string
	body     string
	from, to kb.Instant
	waiting  bool // for its vector
}

func (s *stay) passage() *passage.Passage { return &passage.Passage{Heading: s.heading, Text: s.body} }

// stays stores passages. Of those with the same text the first says whether it
// waits for its vector.
func (b *base) stays(stays ...stay) {
	b.t.Helper()
	b.update(func(tx ingest.Tx) error {
		for _, s := range stays {
			state, err := tx.Path(s.path)
			check(b.t, err)
			text := &ingest.Text{Key: s.passage().Key(), Heading: s.heading, Body: s.body}
			if !s.waiting {
				vectors, err := builtin.Embed(context.Background(), []string{s.passage().Full()})
				check(b.t, err)
				text.Vector = embed.Int8(vectors[0])
			}
			check(b.t, tx.AddTexts([]*ingest.Text{text}))
			check(b.t, tx.PutInterval(state.ID, ingest.Interval{Key: text.Key, From: s.from, To: s.to}))
		}
		return nil
	})
}

// document stores a version with its passages, until another one or for ever.
func (b *base) document(path, text string, from, to kb.Instant) {
	b.t.Helper()
	b.version(path, from, &text)
	doc, err := extract.Extract(path, []byte(text))
	check(b.t, err)
	for _, p := range passage.Split(doc) {
		b.stays(stay{path: path, heading: p.Heading, body: p.Text, from: from, to: to})
	}
	if to != kb.Forever {
		b.version(path, to, nil)
	}
}

// valid is a moment as all that is known has it.
func valid(at kb.Instant) kb.Point { return kb.Point{Valid: at, Known: kb.Forever} }

func (b *base) find(s asof.Search) *asof.Found {
	b.t.Helper()
	found, err := asof.Find(context.Background(), b.reader(), builtin, s)
	check(b.t, err)
	return found
}

func newBaseOf(t *testing.T, documents map[string]string) *base {
	t.Helper()
	b := newBase(t)
	for path, text := range documents {
		b.document(path, text, 10, kb.Forever)
	}
	return b
}
