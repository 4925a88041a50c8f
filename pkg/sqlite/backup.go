package sqlite

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"syscall"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// backupPages is how many pages are copied between two looks at the context.
const backupPages = 1024

// Backup writes a consistent copy of the knowledge base to a new file, with
// SQLite's backup interface, while others may go on writing. The copy appears
// under its name only when it is whole and on the disk, and nobody may read it who
// may not read the knowledge base. A file that is there
// already is left alone: os.ErrExist. If progress is not nil, it is told how many
// pages are copied, and of how many.
func (r *Reader) Backup(ctx context.Context, to string, progress func(done, of int64)) (err error) {
	if err := checkFree(to); err != nil {
		return fmt.Errorf("back up to %s: %w", to, err)
	}
	part := PartName(to)
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("back up to %s: %w", to, err), Discard(part))
		}
	}()
	if err := createLike(part, r.path); err != nil {
		return err
	}
	if err := r.copyTo(ctx, part, progress); err != nil {
		return err
	}
	return Publish(part, to)
}

// PartName returns the name that a file has until it is whole. It is random: in
// containers processes that write to one folder may have the same number.
func PartName(to string) string {
	return fmt.Sprintf("%s.%.10s.part", to, strings.ToLower(rand.Text()))
}

// checkFree returns os.ErrExist if there is a file, and why that cannot be told.
func checkFree(path string) error {
	switch _, err := os.Stat(path); {
	case err == nil:
		return os.ErrExist
	case !errors.Is(err, os.ErrNotExist):
		return errors.Unwrap(err)
	}
	return nil
}

// Publish gives a file that was made under another name its own, once it is on the
// disk, and does not overwrite another.
func Publish(part, to string) error {
	if err := syncFile(part); err != nil {
		return err
	}
	return publish(part, to)
}

// publish gives a file its final name. A link does not overwrite a file made
// meanwhile; where the file system has none, the name is looked at once more.
func publish(part, to string) error {
	err := os.Link(part, to)
	switch {
	case err == nil:
		return os.Remove(part)
	case errors.Is(err, os.ErrExist) || !missing(to):
		return os.ErrExist
	default:
		return os.Rename(part, to)
	}
}

// createLike makes an empty file that its owner can write, with no other permissions than
// those of another.
func createLike(path, other string) error {
	st, err := os.Stat(other)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, st.Mode().Perm()|0o600)
	if err != nil {
		return fileFault(err)
	}
	if sys, ok := st.Sys().(*syscall.Stat_t); ok && file.Chown(-1, int(sys.Gid)) != nil {
		err = file.Chmod(st.Mode().Perm()&0o707 | 0o600) // for another group than that of the other
	}
	return errors.Join(err, file.Close())
}

func (r *Reader) copyTo(ctx context.Context, path string, progress func(done, of int64)) (err error) {
	target, err := openSession(ctx, dsn(path, url.Values{"mode": {"rw"}}), "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	err = target.conn.Raw(func(to any) error {
		return r.conn.Raw(func(from any) error {
			return copyPages(ctx, to.(*sqlite3.SQLiteConn), from.(*sqlite3.SQLiteConn), progress)
		})
	})
	var e sqlite3.Error
	if errors.As(err, &e) && e.Code&0xff == sqlite3.ErrIoErr { // the driver has lost what the system said
		err = cmp.Or(r.fits(path), err)
	}
	if err != nil {
		return fault(fileFault(err))
	}
	// The copy has no WAL beside it; one file is what was asked for.
	_, err = target.conn.ExecContext(ctx, "PRAGMA journal_mode = DELETE")
	return fault(err)
}

func copyPages(ctx context.Context, to, from *sqlite3.SQLiteConn, progress func(done, of int64)) (err error) {
	backup, err := to.Backup("main", from, "main")
	if err != nil {
		return err
	}
	defer func() {
		if end := backup.Finish(); err == nil { // else it says the same again
			err = end
		}
	}()
	for done := false; !done; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if done, err = backup.Step(backupPages); err != nil {
			return err
		}
		if progress != nil {
			of := int64(backup.PageCount())
			progress(of-int64(backup.Remaining()), of)
		}
	}
	return nil
}

// fits fails as the system does where a file cannot grow to the size of a copy.
func (r *Reader) fits(path string) error {
	var size int64
	if _, err := r.row("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", nil, &size); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteAt([]byte{0}, size)
	return errors.Join(err, file.Close())
}

func syncFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// Discard removes a file that was not finished, and what SQLite has left beside it.
func Discard(part string) error {
	var errs []error
	for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
		if _, err := os.Lstat(part + suffix); err == nil { // else it was never made, as where nothing may be
			errs = append(errs, os.Remove(part+suffix))
		}
	}
	return errors.Join(errs...)
}
