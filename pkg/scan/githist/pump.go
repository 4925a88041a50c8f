package githist

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
)

// window is how many objects are asked for ahead. What is asked for has to fit
// into a pipe.
const window = 50

// job is one record on its way to the sink.
type job struct {
	rec kb.Record
	oid string // of the content that is still to be read; "" for none

	at   kb.Instant // rec points to these
	size int64
	mode kb.Mode
}

// lister is one run.
type lister struct {
	*History
	store    *git   // that has the objects
	links    *links // nil where links are not followed
	differ   *differ
	sizes    *objects // nil where sizes do not matter
	contents *objects
	sized    chan *job // in order, those whose size is asked for too
	ready    chan *job // in order, their contents are asked for
}

// pump moves records through the stages: what changed, how large it is, and what
// it holds.
func (h *History) pump(ctx context.Context, sink scan.Sink, end *kb.End) error {
	l := &lister{History: h, store: h.git, sized: make(chan *job, window), ready: make(chan *job, window)}
	if h.git.isPartial(ctx) {
		folder, err := os.MkdirTemp("", "btools-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder) // nothing of worth
		if l.store, err = h.git.withoutPromises(ctx, folder); err != nil {
			return err
		}
	}
	return l.run(ctx, sink, end)
}

func (l *lister) run(ctx context.Context, sink scan.Sink, end *kb.End) error {
	group, ctx := errgroup.WithContext(ctx)
	ctx, stop := context.WithCancel(ctx)
	defer l.stop()
	defer stop()
	if err := l.start(ctx); err != nil {
		return err
	}
	group.Go(func() error { return l.feed(ctx, l.differ) })
	group.Go(func() error { return l.change(ctx) })
	group.Go(func() error { return l.size(ctx) })
	group.Go(func() error { return l.deliver(ctx, sink, end) })
	return group.Wait()
}

func (l *lister) start(ctx context.Context) (err error) {
	if l.opts.Follow {
		if l.links, err = newLinks(ctx, l.git, l.store, l.rules, l.from.id); err != nil {
			return err
		}
	}
	if l.differ, err = l.startDiffer(ctx); err != nil {
		return err
	}
	if l.opts.MaxSize > 0 {
		if l.sizes, err = l.store.objects(ctx, "--batch-check"); err != nil {
			return err
		}
	}
	l.contents, err = l.store.objects(ctx, "--batch")
	return err
}

// stop waits for the processes, which have ended or are being killed.
func (l *lister) stop() {
	if l.differ != nil {
		l.differ.kill()
	}
	if l.links != nil {
		l.links.trees.process.kill()
	}
	for _, o := range []*objects{l.sizes, l.contents} {
		if o != nil {
			o.process.kill()
		}
	}
}

// change makes jobs of what the commits changed.
func (l *lister) change(ctx context.Context) error {
	defer close(l.sized)
	err := l.differ.each(ctx, func(at *commit, c *change) error {
		return l.changed(ctx, at, c)
	}, func(at *commit) error {
		if err := l.relink(ctx, at); err != nil {
			return err
		}
		return l.lose(ctx, at)
	})
	return errors.Join(err, l.differ.wait())
}

func (l *lister) changed(ctx context.Context, at *commit, c *change) error {
	l.rules.note(c.path, entry{c.newMode, c.oid})
	if l.links != nil {
		l.links.changed(c)
	}
	if !isFile(c.oldMode) && !isFile(c.newMode) || !l.rules.take(c.path) {
		return nil
	}
	if !clean(c.path) {
		return l.put(ctx, l.badPath(at, c.path))
	}
	if isFile(c.newMode) {
		return l.put(ctx, l.file(at, c.path, c.newMode, c.oid))
	}
	if isLink(c.newMode) && l.links != nil {
		return nil // what it leads to takes its place, or nothing does
	}
	return l.put(ctx, l.record(kb.Gone, at, c.path))
}

// relink lists the links that a commit has made lead to something else.
func (l *lister) relink(ctx context.Context, at *commit) error {
	if l.links == nil {
		return nil
	}
	return l.links.settle(at.id, func(path string, to *link, unread error) error {
		switch {
		case unread != nil:
			j := l.record(kb.File, at, path)
			j.fail(unread)
			return l.put(ctx, j)
		case to.there:
			l.rules.note(path, to.end)
			return l.put(ctx, l.file(at, path, to.end.mode, to.end.oid))
		default:
			return l.put(ctx, l.record(kb.Gone, at, path))
		}
	})
}

// clean reports whether a path is its own cleaned form: what is not stands for
// another path, and no honest repository has it.
func clean(p string) bool { return path.Clean(p) == p && p != ".." && !strings.HasPrefix(p, "../") }

func (l *lister) badPath(at *commit, p string) *job {
	j := l.record(kb.Failed, at, p)
	j.rec.Class, j.rec.Code = kb.Validation, kb.BadPath
	j.rec.Message = fmt.Sprintf("%q in %s is no name of a document", p, j.rec.Source)
	return j
}

// record makes a job without content.
func (h *History) record(kind kb.Kind, at *commit, path string) *job {
	j := &job{at: at.at}
	j.rec = kb.Record{Kind: kind, Path: scan.WithPrefix(h.rules.scan.Prefix, path), ValidFrom: &j.at, Seq: at.seq, Source: kb.CommitSource + at.id}
	return j
}

func (h *History) file(at *commit, path string, mode uint32, oid string) *job {
	j := h.record(kb.File, at, path)
	j.oid, j.mode = oid, 0o644
	if mode&0o100 != 0 {
		j.mode = 0o755
	}
	j.rec.Mode = &j.mode
	return j
}

// put sends a job on its way.
func (l *lister) put(ctx context.Context, j *job) error {
	if l.lost != nil && j.rec.Kind != kb.Gone {
		delete(l.lost.paths, j.rec.Path)
	}
	if l.sizes != nil && j.oid != "" {
		l.sizes.ask(j.oid)
	}
	return send(ctx, l.sized, j)
}

func send(ctx context.Context, to chan<- *job, j *job) error {
	select {
	case to <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// size leaves out what is too large, and asks for all other contents.
func (l *lister) size(ctx context.Context) error {
	defer close(l.ready)
	for j := range l.sized {
		if l.sizes != nil && j.oid != "" {
			if err := l.measure(j); err != nil {
				return err
			}
		}
		if j.oid != "" {
			l.contents.ask(j.oid)
		}
		if err := send(ctx, l.ready, j); err != nil {
			return err
		}
	}
	if l.sizes == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	return l.sizes.close()
}

func (l *lister) measure(j *job) error {
	obj, err := l.sizes.head()
	switch {
	case errors.Is(err, errUnread):
		j.fail(err)
	case err != nil:
		return err
	default:
		l.sizes.answered()
		if obj.size > l.opts.MaxSize {
			j.tooLarge(obj.size, l.opts.MaxSize)
		}
	}
	return nil
}

// fail makes the record that of a content which cannot be had.
func (j *job) fail(err error) {
	j.rec.Kind, j.rec.Mode, j.oid = kb.Failed, nil, ""
	j.rec.Class, j.rec.Code = kb.Processing, kb.Unreadable
	j.rec.Message = fmt.Sprintf("%s in %s: %v", j.rec.Path, j.rec.Source, err)
}

// tooLarge makes the record that of a content which is left out for its size.
func (j *job) tooLarge(size, limit int64) {
	j.rec.Kind, j.rec.Mode, j.oid = kb.Skipped, nil, ""
	j.size, j.rec.Size = size, &j.size
	j.rec.Code, j.rec.Message = kb.TooLarge, fmt.Sprintf("%d bytes, but at most %d are taken", size, limit)
}

// deliver reads the contents and gives the records to the sink.
func (l *lister) deliver(ctx context.Context, sink scan.Sink, end *kb.End) error {
	for j := range l.ready {
		if j.oid != "" {
			if err := l.read(j); err != nil {
				return err
			}
		}
		if err := sink.Record(&j.rec); err != nil {
			return err
		}
		end.Count(&j.rec)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return l.contents.close()
}

func (l *lister) read(j *job) error {
	obj, err := l.contents.head()
	if err == nil {
		j.rec.Content, err = l.contents.body(obj)
	}
	if errors.Is(err, errUnread) {
		j.fail(err)
		return nil
	}
	j.rec.HasContent = true
	j.size, j.rec.Size = obj.size, &j.size
	return err
}
