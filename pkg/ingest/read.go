package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
	"github.com/seed16713943/btools/pkg/scan/rawfile"
)

// steadyTries is how often a file is read in the hope that nobody writes to it
// meanwhile.
const steadyTries = 3

// take fills in the content of an item: what the stream carries, or else what
// the file holds now, with the stat that belongs to it. The error is the store's.
func (r *runner) take(ctx context.Context, s *kb.Scan, it *item) (err error) {
	w := r.crew.hire()
	defer r.release(w)
	if ctx.Err() != nil {
		return nil // the unit will not be committed
	}
	plain := r.takeBytes(ctx, w, s, it)
	if it.content != nil {
		it.doc, err = r.documentOf(ctx, w, it, plain)
	}
	it.rec.Content = nil
	return err
}

// takeBytes fills in the content of an item and returns its bytes, which are the
// worker's.
func (r *runner) takeBytes(ctx context.Context, w *worker, s *kb.Scan, it *item) []byte {
	defer r.takesTime(&r.readTime)()
	if it.rec.HasContent {
		if r.makeRoom(ctx, w, int64(len(it.rec.Content))) != nil {
			return nil // the unit will not be committed
		}
		r.takeInline(ctx, w, it)
		return it.rec.Content
	}
	attempts, err := r.retry(ctx, "", func() error { return r.readFile(ctx, w, s, it) })
	if err != nil {
		it.fault = kb.FileFault(err)
		it.fault.Attempts = attempts
	}
	return w.plain.Bytes()
}

// recall makes the document of content that was not read, since it is known. If
// the store fails here, the transaction asks it again.
func (r *runner) recall(ctx context.Context, it *item) {
	if doc, err := r.stored(ctx, it.rec.Path, it.known.SHA256); err == nil {
		it.doc = doc
	}
}

// takeInline takes the content that the stream carries. It is checked against
// the hash of the record, since nobody can read it again.
func (r *runner) takeInline(ctx context.Context, w *worker, it *item) {
	if size, limit := int64(len(it.rec.Content)), r.opts.largest(); size > limit {
		it.fault = tooLarge(size, limit)
		return
	}
	hash := it.carried.hash()
	if it.rec.SHA256 != nil && hash != *it.rec.SHA256 {
		it.fault = kb.NewFault(kb.Processing, kb.Corrupt, "the content has SHA-256 %s, but its record says %s", hash, it.rec.SHA256)
		return
	}
	it.content = w.enc.EncodeAfter(r.base(ctx, it), hash, it.rec.Content)
}

func tooLarge(size, limit int64) *kb.Fault {
	return kb.NewFault(kb.Validation, kb.TooLarge, "%d bytes, but the largest file size is %d", size, limit)
}

// readFile reads a file until its stat before and after the reading agree.
func (r *runner) readFile(ctx context.Context, w *worker, s *kb.Scan, it *item) error {
	for range steadyTries {
		steady, err := r.readOnce(ctx, w, s, it)
		if err != nil || steady {
			return err
		}
	}
	return kb.NewFault(kb.Processing, kb.Changing, "changed each of the %d times that it was read", steadyTries)
}

func (r *runner) readOnce(ctx context.Context, w *worker, s *kb.Scan, it *item) (steady bool, err error) {
	file, err := r.open(s, it)
	if err != nil {
		return false, err
	}
	defer file.Close() // only read
	before, err := file.Stat()
	if err != nil {
		return false, err
	}
	if !isRegular(&before) {
		return false, notRegular(before.Mode)
	}
	if before.Size > r.opts.largest() {
		return false, tooLarge(before.Size, r.opts.largest())
	}
	if err := r.makeRoom(ctx, w, before.Size); err != nil {
		return false, err
	}
	expected := before.Size // if there is more, the stat after tells
	if expected == 0 {      // so say files of the kernel's, whatever they hold
		expected = r.opts.largest() + 1
	}
	c, err := r.encode(ctx, w, it, io.LimitReader(file, expected), before.Size)
	if err != nil {
		return false, err
	}
	after, err := file.Stat()
	if err != nil {
		return false, err
	}
	if c.Size != before.Size || !sameStat(&before, &after) {
		return false, nil
	}
	it.content = c
	it.setStat(&after)
	return true, nil
}

// encode reads a content of about the given size to its end, and leaves its bytes
// with the worker, unless it is large and has no text.
func (r *runner) encode(ctx context.Context, w *worker, it *item, in io.Reader, size int64) (*content.Content, error) {
	w.plain.begin(it.rec.Path, r.filterOf(it.rec.Path) != nil, size)
	if size > content.MaxPart {
		return w.enc.Encode(io.TeeReader(in, &w.plain))
	}
	w.plain.Grow(int(size) + bytes.MinRead) // so that reading to the end does not make it grow
	if _, err := w.plain.ReadFrom(in); err != nil {
		return nil, err
	}
	plain := w.plain.Bytes()
	return w.enc.EncodeAfter(r.base(ctx, it), kb.HashOf(plain), plain), nil
}

func isRegular(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFREG }

func notRegular(mode uint32) *kb.Fault {
	return kb.NewFault(kb.Processing, kb.NotRegular, "not a regular file any more, but %s", kindName(mode))
}

func kindName(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return "a folder"
	case unix.S_IFLNK:
		return "a symbolic link"
	case unix.S_IFIFO:
		return "a named pipe"
	case unix.S_IFSOCK:
		return "a socket"
	default:
		return "a device"
	}
}

func sameStat(a, b *unix.Stat_t) bool {
	return a.Size == b.Size && a.Mtim == b.Mtim && a.Ctim == b.Ctim
}

// setStat makes the record say what was found at the reading.
func (it *item) setStat(st *unix.Stat_t) {
	size, inode, mode := st.Size, st.Ino, kb.ModeOf(st.Mode)
	mtime, ctime := kb.InstantOf(time.Unix(st.Mtim.Unix())), kb.InstantOf(time.Unix(st.Ctim.Unix()))
	it.rec.Size, it.rec.Inode, it.rec.Mode = &size, &inode, &mode
	it.rec.MTime, it.rec.CTime = &mtime, &ctime
}

// open opens the file of an item. What is no regular file is not opened, and what
// turns into a pipe or a socket after the look blocks nobody. When it is opened for
// the first time, measure has just looked.
func (r *runner) open(s *kb.Scan, it *item) (file rawfile.File, err error) {
	name, err := r.fileName(s, it.rec.Path)
	if err != nil {
		return file, err
	}
	if !it.seenRegular {
		st, err := r.stat(name, s.Follow)
		if err != nil {
			return file, err
		}
		if !isRegular(&st) {
			return file, notRegular(st.Mode)
		}
	}
	it.seenRegular = false
	if r.opts.Root == nil {
		return openListed(s, it.rec.Path, name)
	}
	found, err := r.opts.Root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return file, outside(err)
	}
	return rawfile.Of(found), nil
}

// openListed opens the file of a record, which fileName has named. On the way to it from
// the root of the scan were no symbolic links when it was listed, unless the scan followed
// them; one that took the place of a folder may lead anywhere.
func openListed(s *kb.Scan, record, name string) (rawfile.File, error) {
	listed, err := scan.FilePath(s, record)
	root, rest, below := scan.SplitRoot(s, listed)
	if err != nil || !below || s.Follow {
		return rawfile.Open(name, s.Follow)
	}
	if !filepath.IsAbs(root) {
		root = filepath.Join(s.Dir, root)
	}
	file, err := rawfile.OpenBelow(root, rest)
	if errors.Is(err, unix.ELOOP) {
		err = kb.NewFault(kb.Processing, kb.NotRegular, "not a regular file any more, but below a symbolic link")
	}
	return file, err
}

// fileName returns the name of the file of a record: one below Root if there is a root,
// and else one for the system.
func (r *runner) fileName(s *kb.Scan, path string) (string, error) {
	name, err := scan.FilePath(s, path)
	switch {
	case err != nil:
		return "", &kb.Fault{Class: kb.Validation, Code: kb.BadPath, Err: err}
	case r.opts.Root == nil && filepath.IsAbs(name):
		return name, nil
	case r.opts.Root == nil:
		return filepath.Join(s.Dir, name), nil
	case r.opts.Root.Name() == "/":
		name = strings.TrimLeft(name, "/")
	}
	if !filepath.IsLocal(name) {
		return "", kb.NewFault(kb.Validation, kb.BadPath, "%q lies outside of %s", name, r.opts.Root.Name())
	}
	return name, nil
}

// stat is lstat(2), or stat(2) with follow, of what lies below Root if there is a root,
// whatever its name and the symbolic links on its way say.
func (r *runner) stat(name string, follow bool) (unix.Stat_t, error) {
	if r.opts.Root == nil {
		return rawfile.Stat(name, follow)
	}
	look := r.opts.Root.Lstat
	if follow {
		look = r.opts.Root.Stat
	}
	info, err := look(name)
	if err != nil {
		return unix.Stat_t{}, outside(err)
	}
	sys := info.Sys().(*syscall.Stat_t)
	return unix.Stat_t{Size: info.Size(), Mode: sys.Mode, Dev: sys.Dev, Ino: sys.Ino}, nil
}

// outside turns the refusal of os.Root to leave its folder, which is the one
// error it makes that the system did not, into a fault.
func outside(err error) error {
	var path *fs.PathError
	var errno syscall.Errno
	if errors.As(err, &path) && !errors.As(err, &errno) {
		return &kb.Fault{Class: kb.Validation, Code: kb.BadPath, Err: err}
	}
	return err
}
