package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

// unseen are the files that were changed though their stat is the same.
type unseen struct {
	mu    sync.Mutex
	first string
	count int
}

func (u *unseen) add(path string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.count++; u.count == 1 {
		u.first = path
	}
}

// verdict fails if there are any: the scan has read a few files only to see, and
// there may be many more.
func (u *unseen) verdict(c *cli.Context) error {
	if u.count == 0 {
		return nil
	}
	tool.Warn(c, tool.WithHint(
		fmt.Errorf("%s changed, such as %s, though size and times are the same", tool.Count(int64(u.count), "file"), u.first),
		"there may be more of which this scan took no notice; to read all files: bscan -rehash"))
	return tool.Exit(tool.ExitPartial, nil)
}

// index is what a knowledge base has seen of the files. It is read while the scan goes
// on: in the order of names, which is about that of the scan.
type index struct {
	unseen  unseen
	reading sync.WaitGroup
	stop    context.CancelFunc
	err     error

	mu    sync.Mutex
	files *seenFiles
	more  sync.Cond // more has been read, or all
	all   bool
	last  string // that was read, where all names come in order; else ""
}

func newIndex() *index {
	x := &index{files: newSeenFiles(), stop: func() {}}
	x.more.L = &x.mu
	return x
}

// takenAtOnce is how many files are read before those who wait for them can go on.
const takenAtOnce = 256

// read takes what sightings calls a function with. inOrder says that these are in the
// order of names.
func (x *index) read(inOrder bool, sightings func(func(ingest.SeenFile)) error) error {
	few := make([]ingest.SeenFile, 0, takenAtOnce)
	take := func(all bool) {
		x.mu.Lock()
		defer x.mu.Unlock()
		for _, f := range few {
			x.files.add(f.Path, scan.Stat{Size: f.Size, MTime: f.MTime, CTime: f.CTime, Inode: f.Inode}, f.SHA256)
		}
		if inOrder && len(few) > 0 {
			x.last = few[len(few)-1].Path
		}
		few, x.all = few[:0], all
		x.more.Broadcast()
	}
	err := sightings(func(f ingest.SeenFile) {
		if few = append(few, f); len(few) == cap(few) {
			take(false)
		}
	})
	take(true)
	return err
}

// find returns the hash of a file that was seen with the same stat, as soon as that
// can be known.
func (x *index) find(path string, stat scan.Stat) (sum kb.Hash, found bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for {
		sum, found = x.files.find(path, stat)
		if found || x.all || path <= x.last {
			return sum, found
		}
		x.more.Wait()
	}
}

// openIndex opens a knowledge base to ask it; nil if it is not there, and so knows nothing.
func openIndex(ctx context.Context, path string) (*sqlite.Reader, error) {
	reader, err := sqlite.OpenReader(ctx, path)
	switch hint := sqlite.Hint(err); {
	case errors.Is(err, sqlite.ErrMissing):
		return nil, nil
	case hint != "":
		return nil, tool.WithHint(err, hint)
	}
	return reader, err
}

// useIndex has the scan leave out reading what a knowledge base has seen. One that
// is not there has seen nothing. If it cannot be read, the context ends.
func (s *settings) useIndex(ctx context.Context, opts *scan.Options) (context.Context, *index, error) {
	x := newIndex()
	if *s.index == "" || *s.rehash || *s.content {
		return ctx, x, nil
	}
	reader, err := openIndex(ctx, *s.index)
	if reader == nil || err != nil {
		return ctx, x, err
	}
	ctx, x.stop = context.WithCancel(ctx)
	prefixes := s.prefixes(opts)
	x.reading.Go(func() {
		err := x.read(len(prefixes) == 1, func(fn func(ingest.SeenFile)) error {
			return reader.Sightings(ctx, prefixes, fn)
		})
		limitMemory(x.files.bytes())
		if err = errors.Join(err, reader.Close()); err != nil {
			x.err = fmt.Errorf("read %s: %w", *s.index, err)
			x.stop()
		}
	})
	opts.Seen = x.find
	opts.Distrust = x.unseen.add
	return ctx, x, nil
}

// wait returns once the knowledge base has been read, and why it could not be.
func (x *index) wait() error {
	x.reading.Wait()
	return x.err
}

// end ends the reading after a scan, and returns why that failed: because of the
// knowledge base, if it could not be read.
func (x *index) end(scanned error) error {
	x.stop()
	if err := x.wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return scanned
}

// prefixes are those of the records of a scan; "" for all of a list.
func (s *settings) prefixes(opts *scan.Options) []string {
	if opts.List != nil {
		return []string{""}
	}
	var prefixes []string
	for _, root := range opts.Roots {
		prefix := path.Join(*s.prefix, root) // cleaned
		if prefix == "." {
			return []string{""}
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes
}
