package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/stream"
	"github.com/seed16713943/btools/pkg/tool"
)

// progress tells the user on stderr how far a run is.
type progress struct {
	*tool.Progress
	c  *cli.Context
	db string
	of int64 // expected; 0 if that is not known, or was not asked yet

	endless bool // some input does not say how much it holds
	asked   bool // the knowledge base, how much that may be

	mu      sync.Mutex
	retries int // told of
}

// toldRetries is how many attempts a run tells of one by one; a server that is
// away for hours would fill the screen.
const toldRetries = 20

func (s *settings) newProgress(c *cli.Context, one string) *progress {
	return &progress{Progress: s.progress.Start(c, tool.ProgressOptions{One: one}), c: c, db: *s.db}
}

// Input looks ahead in a file for how many records there will be.
func (p *progress) Input(r io.Reader) io.Reader {
	if p.Shown() {
		n := pathsIn(r)
		p.of += n
		p.endless = p.endless || n == 0
	}
	return p.Progress.Input(r)
}

// pathsIn reads the end line of a file of records; without one it gives 0. Whatever is
// wrong with the file, the run will tell.
func pathsIn(r io.Reader) int64 {
	const longest = 64 << 10 // bytes of the line
	file, ok := r.(*os.File)
	if !ok {
		return 0
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	from := max(info.Size()-longest, 0)
	tail, err := io.ReadAll(io.NewSectionReader(file, from, longest))
	if err != nil {
		return 0
	}
	tail = bytes.TrimSpace(tail)
	var end struct {
		Type  stream.Type
		Paths int64
	}
	if err := json.Unmarshal(tail[bytes.LastIndexByte(tail, '\n')+1:], &end); err != nil || end.Type != stream.TypeEnd {
		return 0
	}
	return end.Paths
}

// tell is told what was done so far, after each chunk.
func (p *progress) tell(done ingest.Progress) {
	if !p.Shown() {
		return
	}
	if p.endless && !p.asked {
		p.of, p.asked = 0, true
		p.expect(func(ctx context.Context, reader *sqlite.Reader) (int64, error) {
			run, _, err := reader.Run(ctx, done.Run)
			if run.Expected == nil {
				return 0, err
			}
			return *run.Expected, err
		})
	}
	p.Tell(tool.Done{
		Files: done.Counts.Total() - done.Counts.Deleted, Of: p.of, Read: done.Read, Failed: done.Counts.Failed,
		Bytes: done.Counts.Bytes, Chunks: done.Chunks,
	})
}

// tellReindex is told how many contents are made anew.
func (p *progress) tellReindex(done ingest.Progress) {
	p.Tell(tool.Done{Files: done.Contents, Of: p.of, Chunks: done.Chunks})
}

// expect asks the knowledge base how much there will be. Without an answer there
// is a progress of nobody knows how much.
func (p *progress) expect(ask func(context.Context, *sqlite.Reader) (int64, error)) {
	reader, err := sqlite.OpenReader(p.c.Context, p.db)
	if err != nil {
		return
	}
	defer reader.Close() // only read
	if n, err := ask(p.c.Context, reader); err == nil {
		p.of = n
	}
}

// warnRetry tells of an attempt that failed and will be made again.
func warnRetry(c *cli.Context, err error, wait time.Duration) {
	tool.Warn(c, fmt.Errorf("%v; trying again in %s", err, wait.Round(time.Millisecond)))
}

// warn tells the user about something.
func (p *progress) warn(message string) { tool.Warn(p.c, errors.New(message)) }

// retrying tells the user of an attempt that failed and will be made again.
func (p *progress) retrying(err error, wait time.Duration) {
	p.mu.Lock()
	p.retries++
	n := p.retries
	p.mu.Unlock()
	switch {
	case n <= toldRetries:
		warnRetry(p.c, err, wait)
	case n == toldRetries+1:
		p.warn(`there are more attempts that fail; "retries" in the report counts them all`)
	}
}
