package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sysload"
	"github.com/seed16713943/btools/pkg/tool"
)

const (
	// unitBytes is the memory for one chunk, or for the part of it that is read at a time.
	unitBytes = 32 * mebibyte
	// heapLimit keeps the collector from letting garbage grow past what the
	// content in hand needs; GOMEMLIMIT overrides it. It is less where the user's
	// threshold is, but not so low that nothing but collecting would be done.
	heapLimit      = 180 * mebibyte
	leastHeapLimit = 64 * mebibyte
	// ballastSize counts as part of the heap though nothing touches it, so that a small heap
	// may have as much more garbage, and is collected a fourth as often.
	ballastSize = 16 * mebibyte
)

func now() kb.Instant { return kb.InstantOf(time.Now()) }

// ingest is the default command.
func (s *settings) ingest(c *cli.Context) error {
	shown := s.newProgress(c, "record")
	defer shown.Close()
	in, closeInput, err := input(c, shown.Input)
	if err != nil {
		return s.refuse(c, err)
	}
	defer closeInput()
	opts, err := s.options(shown)
	if err == nil {
		err = s.addInput(&opts)
	}
	if err != nil {
		return s.refuse(c, err)
	}
	judge := func(c *cli.Context, sum *ingest.Summary) error {
		if sum.Status == ingest.Interrupted { // who stops a run does not wait for more
			return s.verdict(c, sum)
		}
		return errors.Join(s.warnUntried(c, opts.Filters), s.verdict(c, sum))
	}
	return s.do(c, opts, s.adoptOrWait, judge, func(store ingest.Store, opts ingest.Options) (*ingest.Summary, error) {
		defer shown.Close()
		sum, err := ingest.Run(c.Context, store, in, opts)
		if err == nil && sum.Status != ingest.Interrupted {
			shown.Finish()
		}
		return sum, err
	})
}

// do makes a run, reports it, and has judge tell what is not as it should be.
func (s *settings) do(c *cli.Context, opts ingest.Options, adopt adopter, judge judge, run func(ingest.Store, ingest.Options) (*ingest.Summary, error)) error {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(ballastSize + max(leastHeapLimit, min(heapLimit, *s.memoryMB*mebibyte*3/4)))
		ballast := make([]byte, ballastSize)
		defer runtime.KeepAlive(ballast)
	}
	store, err := s.openStore(c)
	if err != nil {
		return s.refuse(c, err)
	}
	if opts.Embedder, err = s.embedder(c.Context, store, adopt); err != nil {
		return errors.Join(s.refuse(c, storeHint(err)), closeStore(store, err))
	}
	if !s.embedderGiven() {
		opts.Adopt = adopt
	}
	sum, err := run(store, opts)
	sum.Retries += s.index.retries.Load()
	sum.Waited += time.Duration(s.index.waited.Load())
	return errors.Join(s.conclude(c, store, sum, storeHint(err), judge), closeStore(store, err))
}

// refuse reports a run that could not begin; a wrong command line is none.
func (s *settings) refuse(c *cli.Context, err error) error {
	if isUsage(err) {
		return err
	}
	sum := &ingest.Summary{Status: ingest.Errored, Started: time.Now()}
	if ingest.Stopped(c.Context, err) {
		sum.Status = ingest.Interrupted
		stopped := stoppedAs("interrupted, and nothing has been done", "to do it, run the same line again")
		return errors.Join(stopped, s.writeReport(c, sum, nil, nil))
	}
	return errors.Join(err, s.writeReport(c, sum, nil, err))
}

// input is what is to be taken in: the files named, one after the other, or
// standard input, each of them seen by watched.
func input(c *cli.Context, watched func(io.Reader) io.Reader) (io.Reader, func(), error) {
	names := c.Args().Slice()
	if len(names) == 0 {
		names = []string{"-"}
	}
	var readers []io.Reader
	var files []*os.File
	closeAll := func() {
		for _, f := range files {
			f.Close() // only read
		}
	}
	for _, name := range names {
		if name == "-" {
			if err := tool.NeedsPipe(c.App.Reader); err != nil {
				closeAll()
				return nil, nil, err
			}
			readers = append(readers, watched(c.App.Reader))
			continue
		}
		file, err := openInput(name)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		files = append(files, file)
		// A last line without a newline counts, also where a file follows.
		readers = append(readers, watched(file), strings.NewReader("\n"))
	}
	return io.MultiReader(readers...), closeAll, nil
}

// openInput opens a file of records, and helps the user who took bingest for a
// program that reads documents, or mistyped a command.
func openInput(name string) (*os.File, error) {
	file, err := tool.OpenInput(name, tool.Instead{
		Folder:   "bscan " + name + " | bchunk | bingest",
		Database: "bscan FOLDER | bchunk | bingest -db " + name,
	})
	if near := tool.Nearest(name, []string{"reindex", "status", "failed", "report", "rm", "forget"}); errors.Is(err, os.ErrNotExist) && near != "" {
		return nil, tool.WithHint(tool.Usagef("%w", err), "did you mean bingest "+near)
	}
	return file, err
}

// options are those of all runs that make passages.
func (s *settings) options(shown *progress) (ingest.Options, error) {
	guard := &sysload.Guard{
		Threshold: *s.memoryMB * mebibyte, Interval: 100 * time.Millisecond,
		Warn: func(resident int64) {
			shown.warn(fmt.Sprintf("%d MB of memory are in use, more than the %d MB of BATCH_MEMORY_THRESHOLD_MB; less is taken in at a time", resident/mebibyte, *s.memoryMB))
		},
	}
	s.index.retrying = shown.retrying
	opts := ingest.Options{
		Clock: time.Now, Workers: int(*s.workers), UnitBytes: unitBytes,
		Retry: s.retry(), Pressure: guard.Over, Progress: shown.tell, Warn: shown.warn, Retrying: shown.retrying,
	}
	var err error
	if opts.Filters, err = s.parseFilters(); err != nil {
		return opts, err
	}
	return opts, s.checkEmbedder()
}

// addInput adds the options of runs that take records in.
func (s *settings) addInput(opts *ingest.Options) error {
	var err error
	if opts.Dir, err = os.Getwd(); err != nil {
		return fmt.Errorf("find the current folder: %w", err)
	}
	opts.Own = []string{*s.db, *s.db + "-wal", *s.db + "-shm", *s.db + "-journal"}
	size, err := s.set.Lookup("n").AtMost(*s.chunkSize, *s.together, "BATCH_MAX_BATCH_SIZE")
	if err != nil {
		return err
	}
	opts.ChunkSize, opts.Together, opts.MaxFileSize = int(size), int(*s.together), *s.maxFileSize
	opts.MaxDelete, opts.Partial = *s.maxDelete/100, *s.partial
	if *s.dir != "" {
		if opts.Root, err = os.OpenRoot(*s.dir); err != nil {
			return tool.Usagef("-C: %w", err)
		}
	}
	return nil
}
