package scan

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/kb"
)

// job is one path on its way from the walk, through a worker if it is to be
// read, to the sink.
type job struct {
	rec    kb.Record
	file   string // to be read; "" if the record is complete from the start
	follow bool   // file may be a symbolic link
	listed bool   // its folder has just been found to list it as a regular file
	unread error  // the path is a folder that could not be read, and there is no record
	number int64  // place in the order, from 1 on
	taken  int64  // bytes of the content budget

	facts // that rec points to, so that they cost no allocation of their own
}

type facts struct {
	size                 int64
	mtime, ctime, readAt kb.Instant
	inode                uint64
	mode                 kb.Mode
	sum                  kb.Hash
}

// fill makes the record that of a file with the given hash.
func (j *job) fill(st *unix.Stat_t, readAt time.Time, sum kb.Hash) {
	j.facts = facts{
		size: st.Size, inode: st.Ino, mode: kb.ModeOf(st.Mode), readAt: kb.InstantOf(readAt),
		mtime: instantOf(st.Mtim), ctime: instantOf(st.Ctim), sum: sum,
	}
	j.rec = kb.Record{
		Kind: kb.File, Path: j.rec.Path, Size: &j.size, MTime: &j.mtime, CTime: &j.ctime,
		Inode: &j.inode, Mode: &j.mode, SHA256: &j.sum, ReadAt: &j.readAt,
	}
}

func instantOf(t unix.Timespec) kb.Instant { return kb.InstantOf(time.Unix(t.Unix())) }

// tooLarge makes the record that of a file which is left out for its size.
func (j *job) tooLarge(size, limit int64) {
	j.size = size
	j.rec = kb.Record{
		Kind: kb.Skipped, Path: j.rec.Path, Code: kb.TooLarge, Size: &j.size,
		Message: fmt.Sprintf("%d bytes, but at most %d are taken", size, limit),
	}
}

// budget bounds the content that waits in memory for its turn. The job whose
// turn it is gets what it asks for, so that one file may be larger than the
// whole budget and the order can never lock itself up.
type budget struct {
	mu    sync.Mutex
	freed sync.Cond
	limit int64
	used  int64
	turn  int64 // the number of the job that the sink waits for
}

func newBudget(limit int64) *budget {
	b := &budget{limit: limit}
	b.freed.L = &b.mu
	return b
}

// take waits until j may hold n bytes. A job that asks again, since its file
// has changed, first gives back what it had.
func (b *budget) take(ctx context.Context, j *job, n int64) error {
	defer context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.freed.Broadcast()
	})()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= j.taken
	j.taken = 0
	for b.used+n > b.limit && j.number != b.turn {
		if err := ctx.Err(); err != nil {
			return err
		}
		b.freed.Wait()
	}
	b.used += n
	j.taken = n
	return nil
}

// next says whose turn it is.
func (b *budget) next(j *job) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn = j.number
	b.freed.Broadcast()
}

// release takes back what j holds.
func (b *budget) release(j *job) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= j.taken
	b.freed.Broadcast()
}
