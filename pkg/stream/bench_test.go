package stream_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/stream"
)

func ptr[T any](v T) *T { return &v }

// scanned is a record as bscan writes them by the ten thousand.
func scanned() *kb.Record {
	at := time.Date(2025, 1, 15, 10, 0, 0, 123_456_000, time.UTC)
	return &kb.Record{
		Kind: kb.File, Path: "docs/guides/operations/backup-and-restore.md",
		Size: ptr[int64](12345), MTime: ptr(kb.InstantOf(at)), CTime: ptr(kb.InstantOf(at.Add(time.Second))),
		Inode: ptr[uint64](1234567), Mode: ptr(kb.Mode(0o644)), SHA256: ptr(kb.HashOf([]byte("a"))),
		ReadAt: ptr(kb.InstantOf(at.Add(time.Hour))),
	}
}

func BenchmarkEncodeRecord(b *testing.B) {
	enc := stream.NewEncoder(io.Discard)
	rec := scanned()
	b.ReportAllocs()
	for b.Loop() {
		if err := enc.Record(rec); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeRecord(b *testing.B) {
	var line bytes.Buffer
	if err := stream.NewEncoder(&line).Record(scanned()); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(line.Len()))
	b.ReportAllocs()
	dec := stream.NewDecoder(&again{text: line.Bytes()}, 1<<20)
	for b.Loop() {
		if _, err := dec.Next(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPeek(b *testing.B) {
	var line bytes.Buffer
	if err := stream.NewEncoder(&line).Record(scanned()); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(line.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := stream.Peek(line.Bytes(), 1); err != nil {
			b.Fatal(err)
		}
	}
}

// again reads as text over and over.
type again struct {
	text []byte
	at   int
}

func (r *again) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		copied := copy(p[n:], r.text[r.at:])
		n += copied
		r.at = (r.at + copied) % len(r.text)
	}
	return n, nil
}
