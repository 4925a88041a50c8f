package scan

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
)

const (
	window        = 4096     // paths between the walk and the sink, but for a batch
	contentWindow = 64 << 20 // bytes of content between the workers and the sink
	idleAfter     = 20 * time.Millisecond
	batchSize     = 16
)

// batch has jobs that go on together, since it takes as long to pass one on as to look at
// its file. All readers share the work of a batch, as it may be of large files.
type batch struct {
	jobs []*job
	next atomic.Int64  // of jobs, to be read
	left atomic.Int64  // how many are not complete
	read chan struct{} // closed when there are none
}

// pump is the way from the walk to the sink: the walk puts every job into the
// queue, in order, and into the work of the readers too, once for each that can share it.
type pump struct {
	queue   chan *batch
	work    chan *batch
	readers int
	size    int    // of a batch
	open    []*job // of a batch that the walk fills
	opened  time.Time
	content *budget
	idle    func() error
	running sync.WaitGroup // all that was started
	count   int64          // jobs that the walk has put in
}

func (s *Scanner) pump(ctx context.Context, roots []root, sink Sink, end *kb.End) error {
	ctx, stop := context.WithCancel(ctx)
	p := &pump{readers: s.opts.Workers, size: batchSize, idle: s.opts.Idle}
	if s.opts.Content {
		p.content = newBudget(contentWindow)
	}
	if s.opts.Content || s.opts.List != nil {
		p.size = 1 // what one takes may be long in coming, as those behind it are
	}
	p.queue, p.work = make(chan *batch, window/p.size), make(chan *batch, window/p.size*min(p.readers, p.size))
	defer p.running.Wait()
	defer stop()
	var walkErr error
	p.running.Go(func() {
		defer close(p.queue)
		defer close(p.work)
		walkErr = s.walk(ctx, roots, p)
		if err := p.send(ctx); walkErr == nil {
			walkErr = err
		}
	})
	for range p.readers {
		p.running.Go(func() {
			reader := newFileReader(&s.opts, p.content)
			for b := range p.work {
				b.share(ctx, reader)
			}
		})
	}
	for {
		b, err := p.next(ctx)
		if err != nil {
			return err
		}
		if b == nil {
			return walkErr
		}
		for _, j := range b.jobs {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := s.deliver(j, sink, end); err != nil {
				return err
			}
			if p.content != nil {
				p.content.release(j)
			}
		}
	}
}

// share reads files of the batch until all have a reader.
func (b *batch) share(ctx context.Context, reader *fileReader) {
	for i := b.next.Add(1) - 1; i < int64(len(b.jobs)); i = b.next.Add(1) - 1 {
		if j := b.jobs[i]; j.file != "" {
			reader.read(ctx, j)
		}
		if b.left.Add(-1) == 0 {
			close(b.read)
		}
	}
}

// put sends a job on its way. It is for the walk alone.
func (p *pump) put(ctx context.Context, j *job) error {
	p.count++
	j.number = p.count
	if len(p.open) == 0 {
		p.opened = time.Now()
	}
	p.open = append(p.open, j)
	if len(p.open) < p.size {
		return nil
	}
	return p.send(ctx)
}

// overdue sends the open batch if it has been open for long, or if what the walk goes on
// with is not ready: where few files are taken of many, they do not wait for each other.
func (p *pump) overdue(ctx context.Context, ready <-chan struct{}) error {
	select {
	case <-ready:
		if len(p.open) == 0 || time.Since(p.opened) < idleAfter {
			return nil
		}
	default:
	}
	return p.send(ctx)
}

// send sends the open batch, unless it is empty, and begins another.
func (p *pump) send(ctx context.Context) error {
	if len(p.open) == 0 {
		return nil
	}
	b := &batch{jobs: p.open, read: make(chan struct{})}
	b.left.Store(int64(len(b.jobs)))
	p.open = make([]*job, 0, p.size)
	to := p.queue
	for range 1 + min(p.readers, len(b.jobs)) {
		select {
		case to <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
		to = p.work
	}
	return nil
}

// next returns the next complete batch, nil after the last one.
func (p *pump) next(ctx context.Context) (*batch, error) {
	b, err := await(ctx, p.queue, p.idle)
	if err != nil || b == nil {
		return nil, err
	}
	if p.content != nil {
		p.content.next(b.jobs[0]) // there is no other
	}
	_, err = await(ctx, b.read, p.idle)
	return b, err
}

// await receives from c, calling idle once if that takes long.
func await[T any](ctx context.Context, c <-chan T, idle func() error) (v T, err error) {
	select {
	case v = <-c:
		return v, ctx.Err()
	default:
	}
	var slow <-chan time.Time
	if idle != nil {
		timer := time.NewTimer(idleAfter)
		defer timer.Stop()
		slow = timer.C
	}
	for {
		select {
		case v = <-c:
			return v, ctx.Err()
		case <-ctx.Done():
			return v, ctx.Err()
		case <-slow:
			if err := idle(); err != nil {
				return v, err
			}
			slow = nil
		}
	}
}

// deliver gives the sink what a job has become, and counts it.
func (s *Scanner) deliver(j *job, sink Sink, end *kb.End) error {
	if j.unread != nil {
		end.Unread = append(end.Unread, j.rec.Path)
		if s.opts.Unread != nil {
			s.opts.Unread(j.rec.Path, j.unread)
		}
		return nil
	}
	if err := sink.Record(&j.rec); err != nil {
		return err
	}
	end.Count(&j.rec)
	return nil
}
