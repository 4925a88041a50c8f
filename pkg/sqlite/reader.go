package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/seed16713943/btools/pkg/kb"
)

// Reader answers questions from one snapshot of a knowledge base, taken when it
// is opened. It never writes, and implements asof.Store.
type Reader struct {
	*session
	name    string // of the file, as it was given
	path    string // without links
	dsn     string // of the session
	pragmas string // of the session; readerPragmas if ""
	blobs   *blobReader
	syntax  [2]string // the last query in the syntax of FTS5, and what it was asked for as

	immutable os.FileInfo // of a file opened as immutable, to be looked at again
	copied    string      // the folder of a temporary copy
}

// OpenReader opens the knowledge base at path. A file without tables is an
// empty knowledge base. Errors that callers tell apart are ErrMissing, ErrDamaged,
// ErrForeign, ErrNewer, ErrUnreadable, ErrOtherLog, ErrLogGone, ErrFull and ErrFileLimit.
//
// Where SQLite cannot make the files that it needs beside a file in WAL mode, or would
// make some that the owner of the file cannot write, the file is read as immutable if
// its WAL is empty, and looked at again by Close; otherwise it is copied with its WAL
// into a temporary folder.
func OpenReader(ctx context.Context, path string) (*Reader, error) {
	return openReaderWith(ctx, path, readerPragmas)
}

func openReaderWith(ctx context.Context, path, pragmas string) (*Reader, error) {
	r, err := openReader(ctx, withoutLinks(path), pragmas)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	r.name = path
	return r, nil
}

func openReader(ctx context.Context, path, pragmas string) (*Reader, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, ErrMissing
	case err != nil:
		return nil, unstatted(err)
	case info.IsDir():
		return nil, fmt.Errorf("%w, but a folder", ErrForeign)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w, but no regular file", ErrForeign)
	case info.Size() == 0:
		return emptyReader(ctx, path)
	}
	if err := errors.Join(checkReadable(path), checkLog(ctx, path)); err != nil {
		return nil, err
	}
	r := &Reader{path: path, pragmas: pragmas}
	if inTheWay(path, info) {
		err = r.beginApart(ctx, info)
	} else if err = r.begin(ctx, dsn(path, url.Values{"mode": {"ro"}, "_busy_timeout": {"5000"}})); cannotShare(err) {
		err = r.beginApart(ctx, info)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	id, err := r.identity()
	if err == nil {
		err = id.check()
	}
	if err == nil && !id.empty() {
		err = r.checkSchema(id.version)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	if id.empty() {
		if err := r.Close(); err != nil { // a lock that is kept would be in the way of a writer
			return nil, err
		}
		return emptyReader(ctx, path)
	}
	return r, nil
}

// cannotShare reports whether SQLite could not open a file in WAL mode for want
// of write access to its folder, or of room in it.
func cannotShare(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && (e.Code == sqlite3.ErrCantOpen || e.Code == sqlite3.ErrReadonly ||
		e.Code == sqlite3.ErrIoErr && (errors.Is(err, ErrFull) || errors.Is(err, ErrFileLimit)))
}

// begin opens the session and takes the snapshot.
func (r *Reader) begin(ctx context.Context, dsn string) error {
	s, err := openSession(ctx, dsn, cmp.Or(r.pragmas, readerPragmas))
	if err != nil {
		return err
	}
	for _, stmt := range []string{"BEGIN", "SELECT count(*) FROM sqlite_schema"} {
		if _, err := s.conn.ExecContext(ctx, stmt); err != nil {
			return errors.Join(fault(err), s.Close())
		}
	}
	r.session, r.dsn, r.blobs = s, dsn, newBlobReader(s)
	return nil
}

// beginApart reads a file without making another beside it.
func (r *Reader) beginApart(ctx context.Context, info os.FileInfo) error {
	wal, err := os.Stat(r.path + "-wal")
	if errors.Is(err, os.ErrNotExist) || err == nil && wal.Size() == 0 {
		r.immutable = info
		return r.begin(ctx, dsn(r.path, url.Values{"mode": {"ro"}, "immutable": {"1"}}))
	}
	if err != nil {
		return err
	}
	twin, err := r.copyApart()
	if err != nil {
		return fmt.Errorf("copy it to where it can be read: %w", fileFault(err))
	}
	return r.begin(ctx, dsn(twin, url.Values{"mode": {"rw"}}))
}

// copyTries is how often a file and its WAL are copied in the hope that they
// belong together.
const copyTries = 5

// errUnsteady says that no copy of a file could be made that is of one state.
var errUnsteady = errors.New("somebody writes to it all the time, and it cannot be shared with them; ask again")

// copyApart copies the file and its WAL into a temporary folder. A writer who
// moves the WAL into the file, or begins it anew, while they are copied makes
// the copies of two states that cannot be put together; then they are made
// again.
func (r *Reader) copyApart() (twin string, err error) {
	if r.copied, err = os.MkdirTemp("", "btools-"); err != nil {
		return "", err
	}
	twin = filepath.Join(r.copied, "kb.sqlite")
	before, err := generationOf(r.path)
	for range copyTries {
		if err != nil {
			return "", err
		}
		for _, suffix := range []string{"", "-wal"} {
			if err := copyFile(twin+suffix, r.path+suffix); err != nil {
				return "", err
			}
		}
		var after generation
		if after, err = generationOf(r.path); err == nil && after == before {
			return twin, nil
		}
		before = after
	}
	return "", errors.Join(err, errUnsteady)
}

// generation tells states of a file and its WAL apart between which something
// else happened than that the WAL grew.
type generation struct {
	size     int64
	modified time.Time
	wal      [32]byte // see logHeader
}

func generationOf(path string) (generation, error) {
	info, err := os.Stat(path)
	if err != nil {
		return generation{}, err
	}
	g := generation{size: info.Size(), modified: info.ModTime()}
	wal, err := os.Open(path + "-wal")
	if err != nil {
		return g, err
	}
	defer wal.Close() // only read
	if g.wal, err = logHeader(wal); err != nil {
		return g, fmt.Errorf("read the WAL: %w", err)
	}
	return g, nil
}

func copyFile(to, from string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()          // only read
	out, err := os.Create(to) // in a folder that nobody else may enter
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// emptyReader reads a knowledge base without anything in it.
func emptyReader(ctx context.Context, path string) (*Reader, error) {
	s, err := openSession(ctx, "file::memory:", guardPragmas)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, s, time.Now, nil); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &Reader{session: s, path: path, blobs: newBlobReader(s)}, nil
}

// Close ends the snapshot. Its error says so where the file was read as
// immutable and has been changed since: the answers may then mix two states.
func (r *Reader) Close() error {
	var errs []error
	if r.session != nil {
		errs = append(errs, r.session.Close())
		r.blobs.Close()
	}
	if before := r.immutable; before != nil {
		after, err := os.Stat(r.path)
		if err == nil && (after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime())) {
			err = fmt.Errorf("%s was written to while it was read; ask again", r.name)
		}
		errs = append(errs, err)
	}
	if r.copied != "" {
		errs = append(errs, os.RemoveAll(r.copied))
	}
	return errors.Join(errs...)
}

// WriteContent writes the content with the given hash to w, and fails unless
// what the file holds has that hash.
func (r *Reader) WriteContent(ctx context.Context, w io.Writer, hash kb.Hash) error {
	return r.blobs.write(ctx, w, hash)
}

// Histories returns the scans of histories that were taken in whole, each record
// of them and none with a failure, in the order in which they were begun.
func (r *Reader) Histories(context.Context) ([]kb.Scan, error) {
	return r.histories(`s.closed_at IS NOT NULL AND s.id NOT IN (SELECT scan FROM run_chunk WHERE failed > 0 AND scan IS NOT NULL)`)
}

// HistoriesHeard returns all scans of histories, taken in whole or not, in the order
// in which they were begun.
func (r *Reader) HistoriesHeard(context.Context) ([]kb.Scan, error) { return r.histories("true") }

func (r *Reader) histories(which string) ([]kb.Scan, error) {
	histories := []kb.Scan{}
	err := r.each(`
		SELECT s.body FROM scan s
		WHERE json_extract(s.body, '$.history') IS NOT NULL AND `+which+`
		ORDER BY s.started_at, s.id`, nil, func(rows *sql.Rows) error {
		scan, err := scanBody(rows)
		histories = append(histories, scan)
		return err
	})
	return histories, err
}
