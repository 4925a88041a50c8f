package ingest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
)

var errStop = errors.New("stop")

// forgetsAndStops is a store whose user stops it once it has forgotten, and that was
// busy before.
type forgetsAndStops struct {
	*sqlite.Store
	stop context.CancelCauseFunc
	busy int
}

func (s *forgetsAndStops) Forget(ctx context.Context, what ingest.Forgetting) (ingest.Forgotten, error) {
	if s.busy > 0 {
		s.busy--
		return ingest.Forgotten{}, kb.NewFault(kb.ExceptionAfterRetries, kb.Busy, "busy")
	}
	done, err := s.Store.Forget(ctx, what)
	s.stop(errStop)
	return done, err
}

// TestStopped: to stop a run that makes one change is no fault, and what it has done is
// told.
func TestStopped(t *testing.T) {
	b := newBench(t)
	start := ingest.RunStart{At: at(b.now)}
	opts := ingest.Options{Retry: ingest.Retry{Attempts: 3, Wait: time.Millisecond, MaxWait: time.Millisecond}}
	ctx, stop := context.WithCancelCause(t.Context())
	store := &forgetsAndStops{b.store, stop, 2}
	sum, err := ingest.Forget(ctx, store, start, opts, ingest.Forgetting{Before: 1})
	if err != nil || sum.Status != ingest.Interrupted || sum.Forgotten == nil || sum.Retries != 2 {
		t.Errorf("stopped while it gave space back: %+v, %v", sum, err)
	}
	for name, run := range map[string]func() (*ingest.Summary, error){
		"forget": func() (*ingest.Summary, error) {
			return ingest.Forget(ctx, store, start, opts, ingest.Forgetting{Before: 1})
		},
		"rm": func() (*ingest.Summary, error) { return ingest.Remove(ctx, store, start, opts, nil, []string{"docs"}) },
	} {
		if sum, err := run(); err != nil || sum.Status != ingest.Interrupted || sum.Forgotten != nil {
			t.Errorf("%s, stopped before it began: %+v, %v", name, sum, err)
		}
	}
}
