package ingest

import (
	"context"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/kb"
)

// TestCut checks that a unit cut into several is still the same, and that no
// part of it is too large but for one item.
func TestCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := &unit{scan: new(kb.Scan), end: new(kb.End), bad: []*kb.Fault{new(kb.Fault)}}
		for i := range rapid.IntRange(0, 20).Draw(t, "items") {
			size := int64(rapid.SampledFrom([]int{0, 1, 5, 10, 11, 50}).Draw(t, "size"))
			rec := kb.Record{Kind: kb.File, Line: int64(i), Size: &size}
			if rapid.Bool().Draw(t, "inline") {
				rec.Size, rec.Content, rec.HasContent = nil, make([]byte, size), true
			}
			it := item{rec: rec}
			if rapid.Bool().Draw(t, "known") {
				it.known = new(kb.Version)
			}
			u.items = append(u.items, it)
		}
		limit := int64(rapid.IntRange(1, 60).Draw(t, "limit"))
		var parts []*unit
		for rest := u; rest != nil; {
			var part *unit
			part, rest = rest.cut(limit)
			parts = append(parts, part)
		}
		next := int64(0)
		for i, part := range parts {
			last := i == len(parts)-1
			if part.scan != u.scan || (part.end != nil) != last || (len(part.bad) == 1) != last {
				t.Errorf("part %d of %d has %+v", i, len(parts), part)
			}
			if len(part.items) == 0 && len(u.items) > 0 || part.contentBytes() > limit && len(part.items) > 1 {
				t.Errorf("part %d has %d items of %d bytes, limit %d", i, len(part.items), part.contentBytes(), limit)
			}
			for _, it := range part.items {
				if it.rec.Line != next {
					t.Errorf("part %d has item %d, not %d", i, it.rec.Line, next)
				}
				next++
			}
			if !last && part.contentBytes()+parts[i+1].items[0].contentBytes() <= limit {
				t.Errorf("part %d would have had room for the next item", i)
			}
		}
		if next != int64(len(u.items)) {
			t.Errorf("%d of %d items are left", next, len(u.items))
		}
	})
}

// TestMakeRoom lets two workers take contents in hand that are not to be there at
// the same time.
func TestMakeRoom(t *testing.T) {
	r := newRunner(nil, Options{Clock: time.Now, Workers: 2, UnitBytes: 10})
	one, two := r.crew.hire(), r.crew.hire()
	if err := r.makeRoom(t.Context(), one, 8); err != nil {
		t.Fatal(err)
	}
	if err := r.makeRoom(t.Context(), one, 1000); err != nil { // which is alone then, however large
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.makeRoom(ctx, two, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("there is room beside it: %v", err)
	}
	r.release(one)
	if err := r.makeRoom(t.Context(), two, 10); err != nil {
		t.Fatal(err)
	}
	r.release(two)
	if !r.inHand.TryAcquire(10) {
		t.Error("not all was given back")
	}
}

func TestRetryCountsAttempts(t *testing.T) {
	passing := kb.NewFault(kb.ExceptionAfterRetries, kb.IO, "the disk is asleep")
	lasting := kb.NewFault(kb.Processing, kb.Permission, "permission denied")
	for _, test := range []struct {
		errs []error
		want int
		err  error
	}{
		{[]error{nil}, 1, nil},
		{[]error{passing, nil}, 2, nil},
		{[]error{passing, passing, passing}, 3, passing},
		{[]error{passing, lasting}, 2, lasting},
		{[]error{lasting}, 1, lasting},
		{[]error{context.Canceled}, 1, context.Canceled},
	} {
		r := &runner{opts: Options{Retry: Retry{Attempts: 3, Wait: time.Nanosecond, MaxWait: time.Microsecond}}}
		calls := 0
		attempts, err := r.retry(t.Context(), "", func() error {
			calls++
			return test.errs[calls-1]
		})
		if attempts != test.want || calls != test.want || !errors.Is(err, test.err) || r.retries.Load() != int64(test.want-1) {
			t.Errorf("%v: %d attempts, %d retries, %v", test.errs, attempts, r.retries.Load(), err)
		}
	}
}

// TestRetryWait checks the bounds of the waits, which are random: the first one
// is Wait, and they double until MaxWait.
func TestRetryWait(t *testing.T) {
	passing := kb.NewFault(kb.ExceptionAfterRetries, kb.IO, "the disk is asleep")
	for _, test := range []struct {
		retry Retry
		most  time.Duration
	}{
		{Retry{4, time.Millisecond, time.Hour}, 7 * time.Millisecond},
		{Retry{6, time.Millisecond, 2 * time.Millisecond}, 9 * time.Millisecond},
		{Retry{100, time.Microsecond, 10 * time.Microsecond}, 985 * time.Microsecond},
		{Retry{50, time.Hour, time.Microsecond}, 49 * time.Microsecond},
		{Retry{50, 0, 0}, 49},
	} {
		for range 20 {
			r := &runner{opts: Options{Retry: test.retry}}
			if _, err := r.retry(t.Context(), "", func() error { return passing }); !errors.Is(err, passing) {
				t.Error(err)
			}
			if waited := time.Duration(r.waited.Load()); waited > test.most || r.retries.Load() != int64(test.retry.Attempts-1) {
				t.Errorf("%+v: waited %v in %d retries, more than %v", test.retry, waited, r.retries.Load(), test.most)
			}
		}
	}
}

func TestBelowAny(t *testing.T) {
	for _, test := range []struct {
		folder, path string
		want         bool
	}{
		{"docs", "docs/a.md", true},
		{"docs", "docs", true},
		{"docs", "docs.md", false},
		{"docs", "docs-x/a.md", false},
		{"docs/a", "docs/a/b/c.md", true},
		{".", "docs/a.md", true},
		{".", "/docs/a.md", false},
		{".", "../docs/a.md", false},
		{"/", "/docs/a.md", true},
		{"/", "docs/a.md", false},
		{"..", "../a.md", true},
		{"..", "../../a.md", false},
	} {
		if got := belowAny([]string{"other", test.folder}, test.path); got != test.want {
			t.Errorf("%q below %q: %t", test.path, test.folder, got)
		}
	}
}
