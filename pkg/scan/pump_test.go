package scan

import (
	"testing"
	"time"
)

// TestOverdue has a file whose batch does not fill.
func TestOverdue(t *testing.T) {
	ready, notReady := make(chan struct{}), make(chan struct{})
	close(ready)
	p := &pump{size: batchSize, readers: 1, queue: make(chan *batch, 3), work: make(chan *batch, 3)}
	step := func(next <-chan struct{}, want int) {
		t.Helper()
		if err := p.overdue(t.Context(), next); err != nil || len(p.queue) != want || len(p.work) != want {
			t.Errorf("%d and %d batches are sent, not %d: %v", len(p.queue), len(p.work), want, err)
		}
	}
	put := func() {
		t.Helper()
		if err := p.put(t.Context(), &job{}); err != nil {
			t.Error(err)
		}
	}
	step(notReady, 0)
	put()
	step(ready, 0)
	p.opened = p.opened.Add(-time.Second)
	step(ready, 1)
	put()
	step(notReady, 2)
	step(notReady, 2)
}
