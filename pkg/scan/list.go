package scan

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/seed16713943/btools/pkg/kb"
)

// longestPath is more than any file system takes.
const longestPath = 1 << 20 // bytes

// ErrNUL says that a list of lines has a NUL byte, which no file name can have:
// it is probably one of names that are ended by NUL.
var ErrNUL = errors.New("the list of paths has NUL bytes")

// listed lists the files that a list names, each once.
func (w *walker) listed() error {
	names := make(chan string, window)
	var readErr error
	go func() { // not waited for: a read of stdin cannot be broken off
		defer close(names)
		readErr = readList(w.ctx, w.opts.List, w.opts.NUL, names)
	}()
	seen := make(map[[16]byte]bool) // half a SHA-256 each, since a list may be long
	for {
		select {
		case <-w.ctx.Done():
			return w.ctx.Err()
		case name, ok := <-names:
			if !ok {
				return readErr
			}
			clean := path.Clean(name)
			sum := sha256.Sum256([]byte(clean))
			key := [16]byte(sum[:])
			if seen[key] {
				continue
			}
			seen[key] = true
			if err := w.listedFile(clean); err != nil {
				return err
			}
		}
	}
}

func (w *walker) listedFile(file string) error {
	if w.prefix != "" && (path.IsAbs(file) || climbs(file)) {
		fault := kb.NewFault(kb.Validation, kb.BadPath, "path %q leads out of the current folder, which no path below the prefix %q can say", file, w.prefix)
		return w.record(&job{rec: failed(file, fault)})
	}
	return w.file(file, true)
}

// readList splits a list. Empty paths name nothing and are passed over.
func readList(ctx context.Context, r io.Reader, nul bool, names chan<- string) error {
	in := bufio.NewScanner(r)
	in.Buffer(nil, longestPath)
	end := byte('\n')
	if nul {
		end = 0
	}
	in.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		if i := bytes.IndexByte(data, end); i >= 0 {
			return i + 1, data[:i], nil
		}
		if atEOF && len(data) > 0 {
			return len(data), data, nil
		}
		return 0, nil, nil
	})
	for in.Scan() {
		switch {
		case len(in.Bytes()) == 0:
			continue
		case bytes.IndexByte(in.Bytes(), 0) >= 0:
			return ErrNUL
		}
		select {
		case names <- in.Text():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("read the list of paths: %w", err)
	}
	return nil
}
