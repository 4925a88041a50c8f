package ingest

import (
	"bytes"
	"sync"
	"sync/atomic"

	"github.com/seed16713943/btools/pkg/content"
)

// worker is what one goroutine needs to take in one content at a time.
type worker struct {
	enc   *content.Encoder
	plain plain // the content in hand
	held  int64 // bytes of runner.inHand
}

func newWorker() *worker { return &worker{enc: content.NewEncoder()} }

// keptBuffer is the largest buffer that a worker keeps for the next content.
const keptBuffer = content.MaxPart

// crew are the workers of a run. While memory is short, one does the work of all.
// While whoever commits has more to do than they bring, they leave a processor to
// it.
type crew struct {
	size int // of all

	mu      sync.Mutex
	changed *sync.Cond
	idle    []*worker // some of those that are not at work
	busy    int
	resting bool
	yields  bool
}

func newCrew(size int) *crew {
	c := &crew{size: size}
	c.changed = sync.NewCond(&c.mu)
	return c
}

// allowed is how many may be at work now.
func (c *crew) allowed() int {
	switch {
	case c.resting:
		return 1
	case c.yields:
		return max(c.size-1, 1)
	default:
		return c.size
	}
}

// hire waits for a worker, which has to be released.
func (c *crew) hire() *worker {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.busy >= c.allowed() {
		c.changed.Wait()
	}
	c.busy++
	if len(c.idle) == 0 {
		return newWorker()
	}
	w := c.idle[len(c.idle)-1]
	c.idle = c.idle[:len(c.idle)-1]
	return w
}

func (c *crew) release(w *worker) {
	if w.plain.Cap() > keptBuffer {
		w.plain.Buffer = bytes.Buffer{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy--
	c.idle = append(c.idle, w)
	c.changed.Signal()
}

// rest sends all workers away but one, with what they keep for later, until it is
// called with false.
func (c *crew) rest(resting bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resting = resting
	if resting && len(c.idle) > 1 {
		c.idle = []*worker{c.idle[0]}
	}
	c.changed.Broadcast()
}

// yield has one worker less at work, until it is called with false.
func (c *crew) yield(yields bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.yields = yields
	c.changed.Broadcast()
}

// spread calls fn with the numbers below n, from as many goroutines as there are
// workers: the stack of one is as large as it has to be from its first number on.
func (c *crew) spread(n int, fn func(i int)) {
	var wait sync.WaitGroup
	var next atomic.Int64
	for range min(c.size, n) {
		wait.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				fn(int(i - 1))
			}
		})
	}
	wait.Wait()
}
