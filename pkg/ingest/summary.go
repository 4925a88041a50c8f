package ingest

import (
	"context"
	"errors"
	"time"
)

// account adds what a transaction did to the summary.
func (r *runner) account(u *unit, a *applier) {
	r.sum.Chunks += u.chunks
	r.sum.Counts.Add(a.out.counts)
	r.sum.sample(r.opts.Clock())
	r.sum.Withheld += a.out.withheld
	if r.sum.Unread == 0 && len(a.out.unread) > 0 {
		r.sum.FirstUnread = a.out.unread[0]
	}
	r.sum.Unread += int64(len(a.out.unread))
	r.sum.FailedContents += a.out.contents
	r.sum.FailedNames += a.out.names
	r.sum.FailedLines += a.out.lines
	r.sum.SkippedForgotten += a.out.forgot
	for class, n := range a.out.classes {
		r.sum.Classes[class] += n
	}
	for code, n := range a.out.textless {
		r.sum.Textless[code] += n
	}
	if u.scan != nil {
		r.unsettled[u.scan.ID] = !a.scan.Closed
	}
	if a.out.otherDir != "" {
		r.opts.Warn("the paths of this scan came from " + a.out.otherDir + " before and come from " + u.scan.Dir + " now; if they are other documents, give them another name with bscan -prefix")
	}
	if a.out.fast {
		r.opts.Warn("this scan says that it began at " + u.scan.StartedAt.String() + ", which is yet to come, and counts as begun when it came in; is the clock of the machine right that made it?")
	}
	if r.opts.Progress != nil {
		r.opts.Progress(Progress{Run: r.id, Counts: r.sum.Counts, Read: r.taken.Load(), Chunks: r.sum.Chunks})
	}
}

// finish sums the run up.
func (r *runner) finish(ctx context.Context, err error) (*Summary, error) {
	state, lost := r.store.Index(context.WithoutCancel(ctx))
	if err == nil {
		err = lost
	}
	r.sum.Waiting = state.Waiting
	r.sum.Status = r.status(ctx, err)
	r.sum.Run = r.id
	r.sum.Elapsed = r.opts.Clock().Sub(r.sum.Started)
	r.sum.Retries = r.retries.Load()
	r.sum.Waited = time.Duration(r.waited.Load())
	r.sum.HeldBack, r.sum.Pressed = r.heldBack()
	r.sum.Read = time.Duration(r.readTime.Load())
	r.sum.Extract = time.Duration(r.extractTime.Load())
	if e := r.embedding; e != nil {
		r.sum.Embed = time.Duration(e.took.Load())
		r.sum.Embedded, r.sum.Reused = e.embedded.Load(), e.reused.Load()
		r.sum.FirstEmbedFault = e.firstFault()
		r.sum.Rejected, r.sum.FirstRefusal = e.rejected.Load(), e.firstRefusal()
	}
	if r.sum.Status == Interrupted {
		err = nil
	}
	return &r.sum, err
}

// status says how the run ended.
func (r *runner) status(ctx context.Context, err error) Status {
	switch {
	case ctx.Err() != nil && (err == nil || Stopped(ctx, err)):
		return Interrupted
	case err != nil:
		return Errored
	case !r.opts.Partial && !r.allClosed():
		return Incomplete
	default:
		return Complete
	}
}

// Stopped reports whether err came of it that ctx was cancelled.
func Stopped(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Cause(ctx)) || errors.Is(err, ctx.Err()))
}

// end says how a run ended that makes one change, or none. To have been stopped is no
// error.
func (s *Summary) end(ctx context.Context, err error) (*Summary, error) {
	s.Elapsed = time.Since(s.began)
	switch {
	case err == nil:
		s.Status = Complete
	case Stopped(ctx, err):
		s.Status = Interrupted
		return s, nil
	default:
		s.Status = Errored
	}
	return s, err
}

// counting tells of each attempt that failed, and counts it with the delay after it.
func (s *Summary) counting(told func(error, time.Duration)) func(error, time.Duration) {
	return func(err error, delay time.Duration) {
		if told != nil {
			told(err, delay)
		}
		s.Retries++
		s.Waited += delay
	}
}

// allClosed reports whether the stream held a scan and all of its scans are
// settled, those too of which it had nothing but the beginning.
func (r *runner) allClosed() bool {
	for id := range r.begun {
		if _, committed := r.unsettled[id]; !committed {
			return false
		}
	}
	for _, open := range r.unsettled {
		if open {
			return false
		}
	}
	return len(r.unsettled) > 0
}
