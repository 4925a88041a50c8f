package sqlite

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"syscall"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite/pages"
)

// The codes of what a recovery tells.
const (
	CodePageLost        = "page_lost"        // a page that cannot be read, where a tree has one, or that the file lacks at its end
	CodePathLost        = "path_lost"        // a path whose name is lost
	CodePathDoubtful    = "path_doubtful"    // a path that is named twice, and not the same
	CodeVersionLost     = "version_lost"     // a version of which only path and time are known
	CodeVersionsLost    = "versions_missing" // versions of which nothing is known
	CodeVersionDoubtful = "version_doubtful" // a version that is told twice, and not the same
	CodeUnproven        = "content_unproven" // a content whose hash is lost
	CodeUnnamed         = "content_unnamed"  // a content that no version has
	CodeFilteredLost    = "filtered_lost"    // what a filter made of a content
	CodeRowsLost        = "rows_lost"        // bookkeeping
)

// RecoverySummary is what a recovery saved, and what it could not.
type RecoverySummary struct {
	Pages, PagesLost       int64 // of the file; those that cannot be read
	Paths, PathsLost       int64 // with their names; without
	Versions, VersionsLost int64 // whole; without their content, or of which nothing else is known
	VersionsMissing        int64 // of which not even the path is known
	Contents, ContentsLost int64
	ContentBytes           int64
}

// pagesToKnow is how many pages of a file are read, at most, to know it again.
const pagesToKnow = 4096

// Recoverable reports whether a file that SQLite refuses looks like what is left
// of a knowledge base.
func Recoverable(ctx context.Context, path string) bool {
	r := &recovery{ctx: ctx, report: func(Finding) error { return nil }}
	if err := r.open(withoutLinks(path)); err != nil {
		return false
	}
	defer r.close()
	var err error
	if r.layout, err = newLayout(ctx); err != nil {
		return false
	}
	return r.isOurs(pagesToKnow)
}

// isOurs reports whether a file is marked as a knowledge base, or one of its first pages
// looks like that of one.
func (r *recovery) isOurs(most uint32) bool {
	if r.file.Application() == applicationID {
		return true
	}
	for n := uint32(1); n <= min(r.file.Pages(), most) && r.ctx.Err() == nil; n++ {
		page, err := r.file.Page(n)
		if err != nil || page.Kind != pages.TableLeaf {
			continue
		}
		for _, cell := range page.Cells {
			types, err := r.file.Types(cell)
			if err == nil && (r.layout.tables["version"].takes(types) || r.layout.tables["part"].takes(types)) {
				return true
			}
		}
	}
	return false
}

// RecoveryProgress is how far Recover is. It counts one thing after the other: pages
// that are read, contents that are proved, versions that are put in order, and before
// and after these, rows that are written in the course of it.
type RecoveryProgress struct {
	One      string // what is counted now, in the singular: "page", "content", "version" or "row"
	Done, Of int64  // Of is 0 for rows: how many there will be is not known
}

// recovery is one recovery under way.
type recovery struct {
	ctx      context.Context
	report   func(Finding) error
	progress func(RecoveryProgress) // nil for nobody
	file     *pages.File
	files    []*os.File
	layout   *layout
	pages    trees
	visited  int64 // pages that a tree led to
	clock    kb.Clock
	out      *session
	blobs    *blobReader
	sum      RecoverySummary
	rows     map[string]int64 // bookkeeping rows left out, by table
	nextID   int64            // of contents that stand for lost ones
	written  writtenRows
}

// Recover reads whatever can still be read of the knowledge base at from, which
// may be damaged anywhere, and makes a new one at to: all but the index, which it
// marks as behind. It calls report with everything that it could not save.
//
// A row is taken from the tree of its table, or else from a page that nothing
// leads to any more, by the types of its values. Each content is proved by its
// SHA-256, which stands in an index too. Of a content that is lost, the versions
// stay: asking for them is an error, which an older version would not be. A
// version that is lost but for its entry in an index is kept in the same way. A file
// in which nothing is of a knowledge base is refused: ErrForeign.
//
// If progress is not nil, it is told how far all of this is.
func Recover(ctx context.Context, from, to string, clock kb.Clock, report func(Finding) error, progress func(RecoveryProgress)) (sum RecoverySummary, err error) {
	r := &recovery{ctx: ctx, report: report, progress: progress, clock: clock, rows: make(map[string]int64)}
	file := withoutLinks(from)
	if err := errors.Join(checkReadable(file), checkLog(ctx, file)); err != nil {
		return sum, fmt.Errorf("open %s: %w", from, err)
	}
	if err := r.open(file); err != nil {
		return sum, fmt.Errorf("open %s: %w", from, err)
	}
	defer func() { err = errors.Join(err, r.close()) }()
	before, err := stateOf(file)
	if err != nil {
		return sum, err
	}
	if r.layout, err = newLayout(ctx); err != nil {
		return sum, err
	}
	if !r.isOurs(math.MaxUint32) {
		return sum, cmp.Or(context.Cause(ctx), fmt.Errorf("open %s: %w, nor what is left of one", from, ErrForeign))
	}
	if err := r.create(to, from); err != nil {
		return sum, fmt.Errorf("make %s: %w", to, err)
	}
	if err := r.fill(); err != nil {
		return r.sum, err
	}
	if after, err := stateOf(file); err != nil || after != before {
		return r.sum, errors.Join(err, fmt.Errorf("%s was written to while it was read; stop what writes to it, and run the same line again", from))
	}
	return r.sum, nil
}

// fill fills the new file.
func (r *recovery) fill() error {
	for _, step := range []func() error{r.readTrees, r.readOrphans, r.build, r.publish} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// stateOf tells states of a file and its WAL apart.
func stateOf(path string) (state string, err error) {
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(path + suffix)
		if errors.Is(err, os.ErrNotExist) && suffix != "" {
			continue
		}
		if err != nil {
			return "", err
		}
		state += fmt.Sprint(info.Size(), info.ModTime())
	}
	return state, nil
}

// open opens the file and its WAL as bytes.
func (r *recovery) open(path string) error {
	open := func(path string) (*os.File, int64, error) {
		file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe must not be waited for
		if err != nil {
			return nil, 0, err
		}
		info, err := file.Stat()
		if err == nil && !info.Mode().IsRegular() {
			err = fmt.Errorf("%w, but no regular file", ErrForeign)
		}
		if err != nil {
			return nil, 0, errors.Join(err, file.Close())
		}
		r.files = append(r.files, file)
		return file, info.Size(), nil
	}
	file, size, err := open(path)
	if errors.Is(err, os.ErrNotExist) {
		return ErrMissing
	}
	if err != nil {
		return err
	}
	var log io.ReaderAt
	wal, walSize, err := open(path + "-wal")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err == nil {
		log = wal
	}
	if r.file, err = pages.Open(file, size, log, walSize); errors.Is(err, pages.ErrEmpty) {
		return fmt.Errorf("%w: %w", ErrForeign, err)
	}
	return err
}

func (r *recovery) close() (err error) {
	for _, file := range r.files {
		err = errors.Join(err, file.Close())
	}
	if r.out != nil {
		err = errors.Join(err, r.out.Close())
	}
	if r.blobs != nil {
		r.blobs.Close()
	}
	return err
}

func (r *recovery) tell(f Finding) error {
	f.Damage = true
	return r.report(f)
}

func (r *recovery) say(code, format string, args ...any) error {
	return r.tell(Finding{Code: code, Message: fmt.Sprintf(format, args...)})
}

// lostZeros is how many zeros a lostHash begins with, as no SHA-256 that anybody has
// seen does.
const lostZeros = sha256.Size - 8

// lostHash stands for the hash of a content of which not even that is known: zeros and
// a number.
func lostHash(n int64) (hash kb.Hash) {
	binary.BigEndian.PutUint64(hash[lostZeros:], uint64(n))
	return hash
}

// isLostHash reports whether a hash is one of lostHash.
func isLostHash(hash []byte) bool {
	for _, b := range hash[:lostZeros] {
		if b != 0 {
			return false
		}
	}
	return true
}
