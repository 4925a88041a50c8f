package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/stream"
)

// bench is a knowledge base on a clock that counts in seconds.
type bench struct {
	t     *testing.T
	path  string
	store *sqlite.Store
	now   int64
	opts  ingest.Options
	warns []string

	readers []*sqlite.Reader
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, path: filepath.Join(t.TempDir(), "kb.sqlite")}
	b.opts = ingest.Options{
		Clock: func() time.Time { return time.Unix(b.now, 0) }, Dir: t.TempDir(), Workers: 2, ChunkSize: 100,
		UnitBytes: 1 << 20, MaxFileSize: 1 << 20, MaxDelete: 1,
		Retry: ingest.Retry{Attempts: 3, Wait: time.Microsecond, MaxWait: time.Millisecond},
		Warn:  func(message string) { b.warns = append(b.warns, message) },

		Embedder: embed.NewBuiltin(),
	}
	var err error
	b.store, err = sqlite.Open(context.Background(), b.path, sqlite.Options{Clock: b.opts.Clock})
	b.check(err)
	t.Cleanup(func() {
		b.closeReaders()
		b.check(b.store.Close())
	})
	return b
}

func (b *bench) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// run takes a stream in at a moment; it may not fail as a whole.
func (b *bench) run(now int64, lines ...string) *ingest.Summary {
	b.t.Helper()
	b.now = now
	sum, err := ingest.Run(context.Background(), b.store, strings.NewReader(strings.Join(lines, "")), b.opts)
	b.check(err)
	return sum
}

// tree is a scan of the folder docs and all that it holds.
type tree struct {
	id     string
	start  int64
	covers kb.Coverage // of docs and all below it if empty
	dir    string
}

func (s tree) scan() *kb.Scan {
	if s.covers.Trees == nil {
		s.covers = kb.Coverage{Trees: []string{"docs"}, Extensions: []string{"*"}, Hidden: true}
	}
	return &kb.Scan{ID: s.id, Dir: s.dir, Roots: s.covers.Trees, StartedAt: at(s.start), Covers: s.covers}
}

// whole is a scan with all of its records and its end.
func (s tree) whole(records ...string) string {
	return s.cut(records...) + s.end(int64(len(records)))
}

// cut is a scan without its end.
func (s tree) cut(records ...string) string {
	return write(func(enc *stream.Encoder) error { return enc.Scan(s.scan()) }) + strings.Join(records, "")
}

func (s tree) end(paths int64, unread ...string) string {
	return write(func(enc *stream.Encoder) error {
		return enc.End(&kb.End{Scan: *s.scan(), Paths: paths, Unread: unread})
	})
}

func write(fn func(*stream.Encoder) error) string {
	var line bytes.Buffer
	if err := fn(stream.NewEncoder(&line)); err != nil {
		panic(err) // the lines of a test can be encoded
	}
	return line.String()
}

func line(rec kb.Record) string {
	return write(func(enc *stream.Encoder) error { return enc.Record(&rec) })
}

func at(seconds int64) kb.Instant { return kb.Instant(seconds * 1e6) }

// file is a live record with its content.
func file(path, text string, mtime int64) string {
	when := at(mtime)
	return line(kb.Record{Kind: kb.File, Path: path, MTime: &when, Content: []byte(text), HasContent: true})
}

// known is a record that carries its valid time; "" makes it one that is gone.
func known(path, text string, from, seq int64) string {
	when := at(from)
	rec := kb.Record{Kind: kb.Gone, Path: path, ValidFrom: &when, Seq: seq}
	if text != "" {
		rec.Kind, rec.Content, rec.HasContent = kb.File, []byte(text), true
	}
	return line(rec)
}

func unreadable(path string) string {
	return line(kb.Record{Kind: kb.Failed, Path: path, Class: kb.Processing, Code: kb.Permission, Message: "permission denied"})
}

func tooLarge(path string) string {
	return line(kb.Record{Kind: kb.Skipped, Path: path, Code: kb.TooLarge})
}

// reader opens what is committed; it is closed with the test, or by closeReaders.
func (b *bench) reader() *sqlite.Reader {
	b.t.Helper()
	r, err := sqlite.OpenReader(context.Background(), b.path)
	b.check(err)
	b.readers = append(b.readers, r)
	return r
}

func (b *bench) closeReaders() {
	for _, r := range b.readers {
		b.check(r.Close())
	}
	b.readers = nil
}

// history is what a path held and since which second, in the order of time.
func (b *bench) history(path string) string {
	b.t.Helper()
	r := b.reader()
	var lines []string
	for v, err := range r.Back(context.Background(), path, kb.Point{Valid: kb.Forever, Known: kb.Forever}) {
		b.check(err)
		text := bytes.NewBufferString("gone")
		if !v.Gone {
			text.Reset()
			b.check(r.WriteContent(context.Background(), text, v.SHA256))
		}
		seconds := strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.6f", float64(v.ValidFrom)/1e6), "0"), ".")
		lines = append(lines, fmt.Sprintf("%s %.20s", seconds, text))
	}
	slices.Reverse(lines)
	return strings.Join(lines, ", ")
}

func (b *bench) wantHistory(path, want string) {
	b.t.Helper()
	if got := b.history(path); got != want {
		b.t.Errorf("%s: %s; want %s", path, got, want)
	}
}

// failures are the failures of a run, as path class/code.
func (b *bench) failures(run int64) string {
	b.t.Helper()
	var lines []string
	for f, err := range b.reader().RunFailures(context.Background(), run) {
		b.check(err)
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s/%s", f.Path, f.Class, f.Code)))
	}
	return strings.Join(lines, ", ")
}
