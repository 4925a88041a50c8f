package ingest_test

import (
	"context"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

// locked is a store that another process keeps locked at each first attempt.
type locked struct {
	ingest.Store
	calls map[string]int
}

func (s *locked) attempt(method string) error {
	s.calls[method]++
	if s.calls[method] == 1 {
		return kb.NewFault(kb.ExceptionAfterRetries, kb.Busy, "locked")
	}
	return nil
}

func (s *locked) InForce(_ context.Context, paths []string) ([]*kb.Version, error) {
	return make([]*kb.Version, len(paths)), s.attempt("InForce")
}

func (s *locked) BeginRun(context.Context, ingest.RunStart) (int64, error) {
	return 7, s.attempt("BeginRun")
}

func (s *locked) Index(context.Context) (ingest.IndexState, error) {
	return ingest.IndexState{Waiting: 5}, s.attempt("Index")
}

func (s *locked) Embedded(_ context.Context, keys []passage.Key) ([]bool, error) {
	return make([]bool, len(keys)), s.attempt("Embedded")
}

func (s *locked) Waiting(_ context.Context, _ int64, limit int) ([]ingest.Text, error) {
	return make([]ingest.Text, limit), s.attempt("Waiting")
}

func (s *locked) Update(context.Context, func(ingest.Tx) error) error { return s.attempt("Update") }

func (s *locked) FinishRun(context.Context, int64, ingest.RunFinish) error {
	return s.attempt("FinishRun")
}

func TestRetrying(t *testing.T) {
	below := &locked{calls: make(map[string]int)}
	delays := 0
	retry := ingest.Retry{Attempts: 2, Wait: time.Nanosecond, MaxWait: time.Nanosecond}
	store := ingest.Retrying(below, retry, func(error, time.Duration) { delays++ })
	if versions, err := store.InForce(t.Context(), []string{doc}); err != nil || len(versions) != 1 {
		t.Errorf("InForce: %v, %v", versions, err)
	}
	if run, err := store.BeginRun(t.Context(), ingest.RunStart{}); err != nil || run != 7 {
		t.Errorf("BeginRun: %d, %v", run, err)
	}
	if index, err := store.Index(t.Context()); err != nil || index.Waiting != 5 {
		t.Errorf("Index: %+v, %v", index, err)
	}
	if done, err := store.Embedded(t.Context(), make([]passage.Key, 3)); err != nil || len(done) != 3 {
		t.Errorf("Embedded: %v, %v", done, err)
	}
	if texts, err := store.Waiting(t.Context(), 0, 4); err != nil || len(texts) != 4 {
		t.Errorf("Waiting: %v, %v", texts, err)
	}
	if err := store.Update(t.Context(), nil); err != nil {
		t.Errorf("Update: %v", err)
	}
	if err := store.FinishRun(t.Context(), 7, ingest.RunFinish{}); err != nil {
		t.Errorf("FinishRun: %v", err)
	}
	for method, n := range below.calls {
		if n != 2 {
			t.Errorf("%s was called %d times", method, n)
		}
	}
	if delays != 7 || len(below.calls) != 7 {
		t.Errorf("told of %d delays", delays)
	}
}
