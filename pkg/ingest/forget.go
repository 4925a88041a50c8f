package ingest

import (
	"context"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/report"
)

// Forgetting says what is to be forgotten: what the documents of a prefix held
// before a moment, unless they hold it at that moment still.
type Forgetting struct {
	Run    int64
	Prefix string // the name of a document or of a folder; "" for everything
	Before kb.Instant
}

// Forgotten is what was dropped.
type Forgotten struct {
	Forgetting
	Versions int64
	Contents int64 // that no version holds any more
	Bytes    int64 // of these contents
}

// Report returns the part of a report that is about it.
func (f *Forgotten) Report() *report.Forgotten {
	return &report.Forgotten{
		Prefix: kb.FileName(f.Prefix), Before: f.Before, Versions: f.Versions, Contents: f.Contents, Bytes: f.Bytes,
	}
}

// ForgetfulStore is a store that can drop what is not to be kept for ever.
type ForgetfulStore interface {
	Store
	// Forget drops the versions that are not needed to answer from a moment on,
	// and all that nothing else needs then, in one transaction, which also records
	// the chunk of the run. It keeps that it did so.
	Forget(ctx context.Context, what Forgetting) (Forgotten, error)
	// Vacuum gives space that is not used back to the system.
	Vacuum(ctx context.Context) error
}

// Forget drops for good what the documents of a prefix held before a moment, and
// gives the space back. If that fails after the one and before the other, it is
// told in the summary: Forgotten is set then. Of opts it heeds Retry and Retrying.
func Forget(ctx context.Context, store ForgetfulStore, start RunStart, opts Options, what Forgetting) (*Summary, error) {
	sum := &Summary{Started: start.At.Time(), began: time.Now()}
	told := sum.counting(opts.Retrying)
	var err error
	if sum.Run, err = Retrying(store, opts.Retry, told).BeginRun(ctx, start); err != nil {
		return sum.end(ctx, err)
	}
	what.Run = sum.Run
	_, err = opts.Retry.Do(ctx, told, func() error {
		forgotten, err := store.Forget(ctx, what)
		if err == nil {
			sum.Forgotten, sum.Chunks = &forgotten, 1
		}
		return err
	})
	if err == nil {
		_, err = opts.Retry.Do(ctx, told, func() error { return store.Vacuum(ctx) })
	}
	return sum.end(ctx, err)
}

// Beginning is where what is remembered of a path begins: the place in time of
// its first version.
type Beginning struct {
	From kb.Instant
	Seq  int64
}

// forgot reports whether a place in time lies before. What lies between there and
// the moment up to which was forgotten is news, and is needed to answer from that
// moment on.
func (b *Beginning) forgot(from kb.Instant, seq int64) bool {
	return b != nil && (from < b.From || from == b.From && seq < b.Seq)
}
