package ingest

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/kb"
)

// pressureShare is the part of a unit that is taken in at a time while memory is
// short.
const pressureShare = 8

// pressure is what a run knows of its memory being short. It is looked at by the
// one goroutine that lets units in.
type pressure struct {
	since time.Time // when it began; zero while there is none
	times int64     // how often it began
	took  time.Duration
}

// pressed reports whether memory is short. While it is, one small unit is in memory
// at a time, one worker does the work of all, and what can be given back to the
// system is: see reserve.
func (r *runner) pressed() bool {
	p := &r.pressure
	over := r.opts.Pressure != nil && r.opts.Pressure()
	now := r.opts.Clock()
	switch {
	case over && p.since.IsZero():
		p.since = now
		p.times++
	case !over && !p.since.IsZero():
		p.took += now.Sub(p.since)
		p.since = time.Time{}
		r.crew.rest(false)
	}
	return over
}

// heldBack returns how often and for how long the run was held back.
func (r *runner) heldBack() (times int64, took time.Duration) {
	p := &r.pressure
	if !p.since.IsZero() {
		return p.times, p.took + r.opts.Clock().Sub(p.since)
	}
	return p.times, p.took
}

// share returns how many bytes of content to take in at a time.
func (r *runner) share() int64 {
	share := r.opts.UnitBytes / heldShare
	if r.pressed() {
		share /= pressureShare
	}
	return max(share, 1)
}

// reserve waits until there is memory for a unit with so many bytes of content,
// and returns what has to be given back. While memory is short, that is when no
// other unit is there any more.
func (r *runner) reserve(ctx context.Context, content int64) (weight int64, err error) {
	all := unitsInMemory * r.opts.UnitBytes
	weight = min(content*heldShare, all)
	if !r.pressure.since.IsZero() {
		weight = all
	}
	if err := r.memory.Acquire(ctx, weight); err != nil {
		return 0, context.Cause(ctx)
	}
	if !r.pressure.since.IsZero() { // with no other unit there, no worker is at work
		r.crew.rest(true)
		debug.FreeOSMemory()
	}
	return weight, nil
}

// measure looks how large the files are that will be read: a record made by hand
// need not say it, and any may be wrong by now. What is the matter with a file is
// found when it is read. The files of the store are not read at all: one that takes
// itself in would grow with every run.
func (r *runner) measure(u *unit) {
	for i := range u.items {
		it := &u.items[i]
		willRead := it.needsContent() && !it.rec.HasContent
		if !willRead && !r.mayBeOwn(it) {
			continue
		}
		st, err := r.lookAt(u.scan, it.rec.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if r.mayBeOwn(it) && r.wasOwn(u.scan, it.rec.Path) {
				it.rec.Kind = kb.Skipped
			}
		case err != nil || !isRegular(&st):
		case r.own.has(&st, &r.opts):
			it.rec.Kind = kb.Skipped
		case willRead:
			it.size, it.seenRegular = min(st.Size, r.opts.largest()), true
		}
	}
}

// mayBeOwn reports whether a record would store, or says that it could not read, what
// has the name of a file of the store.
func (r *runner) mayBeOwn(it *item) bool {
	return it.rec.Live() && (it.needsContent() || it.rec.Kind == kb.Failed) && r.opts.hasOwn(path.Base(it.rec.Path))
}

// wasOwn reports whether a file that is not there any more was one of the store.
func (r *runner) wasOwn(s *kb.Scan, path string) bool {
	name, err := r.fileName(s, path)
	if err != nil {
		return false
	}
	folder, err := r.stat(filepath.Dir(name), true)
	return err == nil && r.own.had(&folder, filepath.Base(name), &r.opts)
}

func (r *runner) lookAt(s *kb.Scan, path string) (st unix.Stat_t, err error) {
	name, err := r.fileName(s, path)
	if err != nil {
		return st, err
	}
	return r.stat(name, s.Follow)
}
