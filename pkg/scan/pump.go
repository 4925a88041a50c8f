package scan

import (
	"context"
	"sync"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
)

const (
	window        = 4096     // paths between the walk and the sink
	contentWindow = 64 << 20 // bytes of content between the workers and the sink
	idleAfter     = 20 * time.Millisecond
)

// pump is the way from the walk to the sink: the walk puts every job into the
// queue, in order, and those that have a file into the work of the readers too.
type pump struct {
	queue   chan *job
	work    chan *job
	content *budget
	idle    func() error
	running sync.WaitGroup // all that was started
	count   int64          // jobs that the walk has put in
}

func (s *Scanner) pump(ctx context.Context, roots []root, sink Sink, end *kb.End) error {
	ctx, stop := context.WithCancel(ctx)
	p := &pump{queue: make(chan *job, window), work: make(chan *job, window), idle: s.opts.Idle}
	if s.opts.Content {
		p.content = newBudget(contentWindow)
	}
	defer p.running.Wait()
	defer stop()
	var walkErr error
	p.running.Go(func() {
		defer close(p.queue)
		defer close(p.work)
		walkErr = s.walk(ctx, roots, p)
	})
	for range s.opts.Workers {
		p.running.Go(func() {
			reader := newFileReader(&s.opts, p.content)
			for j := range p.work {
				reader.read(ctx, j)
				close(j.read)
			}
		})
	}
	for {
		j, err := p.next(ctx)
		if err != nil {
			return err
		}
		if j == nil {
			return walkErr
		}
		if err := s.deliver(j, sink, end); err != nil {
			return err
		}
		if p.content != nil {
			p.content.release(j)
		}
	}
}

// put sends a job on its way. It is for the walk alone.
func (p *pump) put(ctx context.Context, j *job) error {
	p.count++
	j.number = p.count
	if j.file != "" {
		j.read = make(chan struct{})
	}
	select {
	case p.queue <- j:
	case <-ctx.Done():
		return ctx.Err()
	}
	if j.file == "" {
		return nil
	}
	select {
	case p.work <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// next returns the next complete job, nil after the last one.
func (p *pump) next(ctx context.Context) (*job, error) {
	j, err := await(ctx, p.queue, p.idle)
	if err != nil || j == nil || j.read == nil {
		return j, err
	}
	if p.content != nil {
		p.content.next(j)
	}
	if _, err := await(ctx, j.read, p.idle); err != nil {
		return nil, err
	}
	return j, nil
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
	end.Paths++
	switch j.rec.Kind {
	case kb.Skipped:
		end.Skipped++
	case kb.Failed:
		end.Errors++
	default:
		end.Bytes += *j.rec.Size
	}
	return nil
}
