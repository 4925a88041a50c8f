package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"syscall"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/seed16713943/btools/pkg/kb"
)

// Errors that callers tell apart.
var (
	// ErrMissing: there is no file.
	ErrMissing = errors.New("no such file")
	// ErrNoFolder: there is no folder for the file to be made in.
	ErrNoFolder = errors.New("its folder is not there")
	// ErrForeign: the file is no knowledge base, but something else.
	ErrForeign = errors.New("not a knowledge base")
	// ErrTrigger: a trigger that somebody has added would change what is written.
	ErrTrigger = errors.New("a trigger that is not of a knowledge base may change what is written")
	// ErrNewer: the file was written by a later version of this program.
	ErrNewer = errors.New("made by a newer version of btools")
	// ErrDamaged: SQLite says that the file is damaged.
	ErrDamaged = errors.New("the file is damaged")
	// ErrFull: there is no space left.
	ErrFull = errors.New("the disk is full")
	// ErrFileLimit: a file would be larger than this process may make one, or than the file
	// system takes.
	ErrFileLimit = errors.New("a limit on the size of files is reached (see ulimit -f)")
	// ErrReadOnly: the file or its folder cannot be written.
	ErrReadOnly = errors.New("it cannot be written")
	// ErrUnreadable: the file, or what SQLite has beside it, may not be read.
	ErrUnreadable = errors.New("it may not be read")
	// ErrLeftBehind: what SQLite has beside the file cannot be written, and holds nothing.
	ErrLeftBehind = errors.New("it cannot be written while a file beside it may not be")
	// ErrOtherLog: the write-ahead log beside the file would ruin it.
	ErrOtherLog = errors.New("the write-ahead log beside it is that of another file, or of another state of this one")
	// ErrReplaced: another file has the name of the one that is written, or none has.
	ErrReplaced = errors.New("the file was replaced or moved away while it was written")
	// ErrLogGone: that is so of one of the files that SQLite has beside it.
	ErrLogGone = errors.New("its -wal or -shm was removed or replaced while it was written")
)

// fault gives an error of SQLite the class or the sentinel that callers branch
// on, by its result code. It is the one place that decides: what is refused for
// its content is a *kb.Fault of class Processing, what may pass one of class
// ExceptionAfterRetries, and what is neither is the matter of the whole store. An
// error that it has decided on before stays as it is.
func fault(err error) error {
	if err == nil {
		return nil // at no cost, as it mostly is
	}
	var e sqlite3.Error
	if !errors.As(err, &e) || isDecided(err) {
		return err
	}
	switch e.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrProtocol:
		return &kb.Fault{
			Class: kb.ExceptionAfterRetries, Code: kb.Busy,
			Err: fmt.Errorf("another process is writing to the knowledge base: %w", err),
		}
	case sqlite3.ErrError:
		if e.Error() == badFormat {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		return err
	case sqlite3.ErrNotADB:
		return fmt.Errorf("%w: %w", ErrForeign, err)
	case sqlite3.ErrCorrupt:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	case sqlite3.ErrFull:
		return fmt.Errorf("%w: %w", ErrFull, err)
	case sqlite3.ErrReadonly:
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	case sqlite3.ErrConstraint, sqlite3.ErrTooBig, sqlite3.ErrMismatch, sqlite3.ErrRange:
		return &kb.Fault{Class: kb.Processing, Code: kb.Rejected, Err: fmt.Errorf("the knowledge base refuses it: %w", err)}
	case sqlite3.ErrIoErr, sqlite3.ErrCantOpen:
		if e.ExtendedCode == sqlite3.ErrIoErrShortRead { // of a log that the -shm knows more of; what the system said is of something else
			return &logGone{err}
		}
		return systemFault(e, e.SystemErrno)
	default:
		return err
	}
}

// isDecided reports whether an error has been through fault.
func isDecided(err error) bool {
	isOne := func(one error) bool { return errors.Is(err, one) }
	return errors.As(err, new(*kb.Fault)) || slices.ContainsFunc([]error{ErrForeign, ErrDamaged, ErrFull, ErrFileLimit, ErrReadOnly, ErrNoFolder, ErrLogGone}, isOne)
}

// badFormat is all that SQLite says where the number of the format of the schema, which
// has not changed in twenty years, is none that it knows.
const badFormat = "unsupported file format"

// noFolder is ErrNoFolder with what SQLite said, which readers go by: beside a file
// on a read-only file system too, SQLite misses files that it cannot make.
type noFolder struct{ err error }

func (*noFolder) Error() string     { return ErrNoFolder.Error() }
func (e *noFolder) Unwrap() []error { return []error{ErrNoFolder, e.err} }

// logGone is ErrLogGone with what SQLite said, which is not to be read.
type logGone struct{ err error }

func (*logGone) Error() string     { return ErrLogGone.Error() }
func (e *logGone) Unwrap() []error { return []error{ErrLogGone, e.err} }

// systemFault gives an error the sentinel for what the operating system said, where
// SQLite says no more than that opening, reading or writing failed.
func systemFault(err error, said syscall.Errno) error {
	switch said {
	case syscall.ENOSPC, syscall.EDQUOT: // a quota is a full disk too
		return fmt.Errorf("%w: %w", ErrFull, err)
	case syscall.EFBIG:
		return fmt.Errorf("%w: %w", ErrFileLimit, err)
	case syscall.EROFS:
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	case syscall.ENOENT:
		return &noFolder{err}
	default:
		return err
	}
}

// fileFault is systemFault of an error of a file that SQLite did not open.
func fileFault(err error) error {
	var said syscall.Errno
	if errors.As(err, &said) {
		return systemFault(err, said)
	}
	return err
}

// isBusy reports whether an error says that another process holds the lock.
func isBusy(err error) bool {
	var f *kb.Fault
	return errors.As(err, &f) && f.Code == kb.Busy
}

// ofStore reports whether an error is a fault of the store as a whole, which
// no record can be charged with.
func ofStore(err error) bool {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return false
	}
	var f *kb.Fault
	return !errors.As(fault(e), &f) || f.Code != kb.Rejected
}
