package scan

import (
	"context"
	"crypto/sha256"
	"hash"
	"hash/fnv"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan/rawfile"
)

const (
	attempts   = 3 // at a file that changes while it is read
	readBuffer = 128 << 10
)

// fileID is the identity of a file or folder on this machine.
type fileID struct {
	dev, ino uint64
}

func idOf(st *unix.Stat_t) fileID { return fileID{uint64(st.Dev), st.Ino} }

func isRegular(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFREG }

func isFolder(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFDIR }

// fileReader reads one file at a time; each worker has one.
type fileReader struct {
	clock   kb.Clock
	maxSize int64
	seen    func(path string, stat Stat) (kb.Hash, bool)
	doubt   func(path string) // Options.Distrust
	sample  uint32            // which files are read whatever is known
	content *budget           // nil: content is hashed and not kept
	buf     []byte
	hash    hash.Hash
}

func newFileReader(opts *Options, content *budget) *fileReader {
	r := &fileReader{
		clock: opts.Clock, maxSize: opts.MaxSize, content: content, seen: opts.Seen, doubt: opts.Distrust,
		buf: make([]byte, readBuffer), hash: sha256.New(),
	}
	if r.seen != nil {
		r.sample = uint32(r.clock().UnixNano())
	}
	return r
}

// read completes the record of j, if not with the file then with what kept it
// from being read.
func (r *fileReader) read(ctx context.Context, j *job) {
	err := r.try(ctx, j)
	for n := 1; err == errChanged && n < attempts; n++ {
		err = r.try(ctx, j)
	}
	if err == errChanged {
		fault := kb.NewFault(kb.Processing, kb.Changing, "read %s: changed each of the %d times that it was read", j.file, attempts)
		fault.Attempts = attempts
		err = fault
	}
	if err != nil {
		j.rec = failed(j.rec.Path, err)
	}
}

func failed(path string, err error) kb.Record {
	fault := kb.FileFault(err)
	return kb.Record{Kind: kb.Failed, Path: path, Class: fault.Class, Code: fault.Code, Message: fault.Error()}
}

var errChanged = kb.NewFault(kb.Processing, kb.Changing, "changed while it was read")

// try reads the file once. What is not a regular file, by its folder or its stat, is
// not opened.
func (r *fileReader) try(ctx context.Context, j *job) error {
	if j.listed && r.seen == nil && r.content == nil { // nothing more needs to be known of it
		return r.readFile(ctx, j, r.clock())
	}
	st, err := rawfile.Stat(j.file, j.follow)
	if err != nil {
		return err
	}
	if err := onlyRegular(j.file, &st); err != nil {
		return err
	}
	if r.tooLarge(j, &st) {
		return nil
	}
	if r.content != nil {
		if err := r.content.take(ctx, j, st.Size); err != nil {
			return err
		}
	}
	readAt := r.clock()
	known, same := r.known(j.rec.Path, &st)
	if same && !r.sampled(j.rec.Path) {
		j.fill(&st, readAt, known)
		return nil
	}
	if err := r.readFile(ctx, j, readAt); err != nil {
		return err
	}
	if same && j.sum != known && r.doubt != nil {
		r.doubt(j.rec.Path)
	}
	return nil
}

// tooLarge completes the record of a file that is left out for its size.
func (r *fileReader) tooLarge(j *job, st *unix.Stat_t) bool {
	if r.maxSize == 0 || st.Size <= r.maxSize {
		return false
	}
	j.tooLarge(st.Size, r.maxSize)
	return true
}

// known returns the hash of a file that was seen before with the same stat, and whether
// it was.
func (r *fileReader) known(path string, st *unix.Stat_t) (kb.Hash, bool) {
	if r.seen == nil || r.content != nil {
		return kb.Hash{}, false
	}
	return r.seen(path, Stat{Size: st.Size, MTime: instantOf(st.Mtim), CTime: instantOf(st.Ctim), Inode: st.Ino})
}

// sampledShare is of how many files that need no reading one is read.
const sampledShare = 256

// sampled reports whether a file is among those that are read whatever is known.
func (r *fileReader) sampled(path string) bool {
	h := fnv.New32a()
	h.Write([]byte(path)) // never fails
	return (h.Sum32()^r.sample)%sampledShare == 0
}

// readFile opens the file, reads it and fills in the record.
func (r *fileReader) readFile(ctx context.Context, j *job, readAt time.Time) error {
	file, err := rawfile.Open(j.file, j.follow)
	if err != nil {
		// Of one that is left out for its size, nobody has to be able to read it.
		if st, statErr := rawfile.Stat(j.file, j.follow); statErr == nil && isRegular(&st) && r.tooLarge(j, &st) {
			return nil
		}
		return err
	}
	err = r.readOpen(ctx, j, file, readAt)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return err
}

func onlyRegular(path string, st *unix.Stat_t) error {
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return nil
	case unix.S_IFDIR:
		return kb.NewFault(kb.Processing, kb.NotRegular, "open %s: is a folder, not a file", path)
	case unix.S_IFLNK:
		return kb.NewFault(kb.Processing, kb.NotRegular, "open %s: is a symbolic link, not a file", path)
	default:
		return kb.NewFault(kb.Processing, kb.NotRegular, "open %s: is a pipe, socket or device, not a file", path)
	}
}

// readOpen hashes the open file and fills in the record, if the file stood
// still meanwhile.
func (r *fileReader) readOpen(ctx context.Context, j *job, file rawfile.File, readAt time.Time) error {
	before, err := file.Stat()
	if err != nil {
		return err
	}
	if err := onlyRegular(j.file, &before); err != nil || r.tooLarge(j, &before) {
		return err
	}
	var content []byte
	if r.content != nil {
		if before.Size != j.taken {
			return errChanged
		}
		content = make([]byte, before.Size)
	}
	n, err := r.sum(ctx, file, before.Size, content)
	if err != nil {
		return err
	}
	after, err := file.Stat()
	if err != nil {
		return err
	}
	if n != before.Size || after.Size != before.Size || after.Mtim != before.Mtim || after.Ctim != before.Ctim {
		return errChanged
	}
	var sum kb.Hash
	r.hash.Sum(sum[:0])
	j.fill(&after, readAt, sum)
	if content != nil {
		j.rec.Content, j.rec.HasContent = content, true
	}
	return nil
}

// sum hashes size bytes, and puts them into content unless that is nil. It
// returns how many there are, one more than size standing for any more. Where
// size bytes have come, the stat after tells whether that was all; only a file
// that claims to be empty is read to see.
func (r *fileReader) sum(ctx context.Context, file rawfile.File, size int64, content []byte) (int64, error) {
	r.hash.Reset()
	for n := int64(0); ; {
		part := r.buf
		if content != nil && size > 0 {
			part = content[n:]
		}
		got, err := file.Read(part)
		if err == nil || err == io.EOF {
			err = ctx.Err()
		}
		if err != nil {
			return n, err
		}
		r.hash.Write(part[:got])
		n += int64(got)
		switch {
		case n > size:
			return size + 1, nil
		case got == 0, n == size:
			return n, nil
		}
	}
}
