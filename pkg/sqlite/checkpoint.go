package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
)

// checkpointer moves what the write-ahead log holds into the file while transactions
// go on, since that waits for the disk, a tenth of a second or longer. What these add
// meanwhile is little, and is moved between two of them, so that the log begins anew.
//
// A checkpoint that fails is made up for by the next one, and by that of SQLite itself
// when the log is too long (see writerPragmas): nothing is lost while it is in the log.
type checkpointer struct {
	open  func() (*session, error) // a connection beside the one that writes
	pages int64                    // that the log has when a checkpoint begins

	own  *session      // opened when it is needed
	done chan struct{} // closed when the checkpoint has ended; nil where none was begun
}

// checkpointPages are 48 MB. A run writes the same pages of its indexes again and
// again, so that the longer the log, the less is moved in all.
const checkpointPages = 12_000

// committed is to be called after each transaction, with the connection that made it.
func (c *checkpointer) committed(write *session) {
	if c.done != nil {
		select {
		case <-c.done:
			c.done = nil
			_, _ = write.checkpoint("PASSIVE")
		default:
		}
		return
	}
	pages, err := write.checkpoint("NOOP")
	if err != nil || pages < c.pages {
		return
	}
	if c.own == nil {
		if c.own, err = c.open(); err != nil {
			return
		}
	}
	c.done = make(chan struct{})
	go func() {
		defer close(c.done)
		_, _ = c.own.checkpoint("PASSIVE")
	}()
}

// checkpoint runs a checkpoint of a mode and returns how many pages of the log have
// not been moved after it.
func (s *session) checkpoint(mode string) (left int64, err error) {
	var busy, pages, moved int64
	_, err = s.rowNow("PRAGMA wal_checkpoint("+mode+")", nil, &busy, &pages, &moved)
	return pages - moved, err
}

// truncateLog moves all of the write-ahead log into the file and empties it. It waits
// for readers, in steps: SQLite does not look whether it is to stop while it waits.
func (s *session) truncateLog(ctx context.Context) error {
	const step = 100 * time.Millisecond
	if _, err := s.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", step.Milliseconds())); err != nil {
		return fault(err)
	}
	for until := time.Now().Add(defaultBusyTimeout); time.Now().Before(until); {
		var busy, pages, moved int64
		if err := s.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved); err != nil {
			return fault(err)
		}
		if busy == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return kb.NewFault(kb.ExceptionAfterRetries, kb.Busy, "another process is reading the knowledge base")
}

// wait waits for a checkpoint that is under way: another one is refused meanwhile.
func (c *checkpointer) wait() {
	if c.done != nil {
		<-c.done
	}
}

func (c *checkpointer) close() error {
	c.wait()
	if c.own == nil {
		return nil
	}
	return c.own.Close()
}
