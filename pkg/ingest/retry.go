package ingest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	retry "github.com/avast/retry-go/v4"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

// passing reports whether trying again may help.
func passing(err error) bool {
	return kb.FileFault(err).Class == kb.ExceptionAfterRetries && !errors.Is(err, context.Canceled)
}

// Do calls fn until it succeeds, fails for good, or has failed as often as is
// allowed, and returns how often it was called. The delay between attempts is
// random, up to a bound that doubles each time ("full jitter"), so that those
// who collided once do not collide again; waits is told of each attempt that
// failed and of the delay after it, unless it is nil.
func (r Retry) Do(ctx context.Context, waits func(error, time.Duration), fn func() error) (attempts int, err error) {
	attempt := func() error {
		attempts++
		return fn()
	}
	delay := func(n uint, err error, _ *retry.Config) time.Duration { // n is 1 before the second attempt
		bound := r.Wait
		for ; n > 1 && bound < r.MaxWait; n-- {
			bound *= 2
		}
		wait := time.Duration(rand.Int64N(int64(max(min(bound, r.MaxWait), 1))))
		if waits != nil {
			waits(err, wait)
		}
		return wait
	}
	err = retry.Do(attempt,
		retry.Context(ctx),
		retry.Attempts(uint(r.Attempts)),
		retry.RetryIf(passing),
		retry.DelayType(delay),
		retry.LastErrorOnly(true),
	)
	return attempts, err
}

// retry does so for a run, which counts what it costs. The errors of fn do not
// say by themselves that they are about name; "" if they do.
func (r *runner) retry(ctx context.Context, name string, fn func() error) (attempts int, err error) {
	waits := r.waits
	if name != "" {
		waits = func(err error, delay time.Duration) { r.waits(fmt.Errorf("%s: %w", name, err), delay) }
	}
	return r.opts.Retry.Do(ctx, waits, fn)
}

// waits counts an attempt that failed, and the delay after it.
func (r *runner) waits(err error, delay time.Duration) {
	if r.opts.Retrying != nil {
		r.opts.Retrying(err, delay)
	}
	r.retries.Add(1)
	r.waited.Add(int64(delay))
}

// retrying is a Store that tries again what may pass, but for what gives its
// answer bit by bit.
type retrying struct {
	Store
	retry Retry
	waits func(error, time.Duration)
}

// Retrying returns a store that tries again what may pass. waits is told of each
// attempt that failed and of the delay after it, unless it is nil.
func Retrying(store Store, retry Retry, waits func(error, time.Duration)) Store {
	return &retrying{store, retry, waits}
}

// retried calls fn as the store's Retry says, and returns what its last call did.
func retried[T any](ctx context.Context, s *retrying, fn func() (T, error)) (v T, err error) {
	_, err = s.retry.Do(ctx, s.waits, func() (err error) {
		v, err = fn()
		return err
	})
	return v, err
}

func (s *retrying) do(ctx context.Context, fn func() error) error {
	_, err := s.retry.Do(ctx, s.waits, fn)
	return err
}

func (s *retrying) InForce(ctx context.Context, paths []string) ([]*kb.Version, error) {
	return retried(ctx, s, func() ([]*kb.Version, error) { return s.Store.InForce(ctx, paths) })
}

func (s *retrying) MemoryBegins(ctx context.Context, paths []string) ([]*Beginning, error) {
	return retried(ctx, s, func() ([]*Beginning, error) { return s.Store.MemoryBegins(ctx, paths) })
}

func (s *retrying) BeginRun(ctx context.Context, start RunStart) (int64, error) {
	return retried(ctx, s, func() (int64, error) { return s.Store.BeginRun(ctx, start) })
}

func (s *retrying) Index(ctx context.Context) (IndexState, error) {
	return retried(ctx, s, func() (IndexState, error) { return s.Store.Index(ctx) })
}

func (s *retrying) Embedded(ctx context.Context, keys []passage.Key) ([]bool, error) {
	return retried(ctx, s, func() ([]bool, error) { return s.Store.Embedded(ctx, keys) })
}

func (s *retrying) Waiting(ctx context.Context, after int64, limit int) ([]Text, error) {
	return retried(ctx, s, func() ([]Text, error) { return s.Store.Waiting(ctx, after, limit) })
}

func (s *retrying) Kept(ctx context.Context, hash kb.Hash, extension string) (Kept, error) {
	return retried(ctx, s, func() (Kept, error) { return s.Store.Kept(ctx, hash, extension) })
}

func (s *retrying) Held(ctx context.Context, hash kb.Hash, extension string) (bool, error) {
	return retried(ctx, s, func() (bool, error) { return s.Store.Held(ctx, hash, extension) })
}

func (s *retrying) Update(ctx context.Context, fn func(Tx) error) error {
	return s.do(ctx, func() error { return s.Store.Update(ctx, fn) })
}

func (s *retrying) FinishRun(ctx context.Context, run int64, finish RunFinish) error {
	return s.do(ctx, func() error { return s.Store.FinishRun(ctx, run, finish) })
}
