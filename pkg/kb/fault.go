package kb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Class groups faults by what can be done about them, and is how reports count
// them.
type Class string

// The classes of faults.
const (
	Validation            Class = "validation"              // refused before any work
	Processing            Class = "processing"              // will not pass by trying again
	ExceptionAfterRetries Class = "exception_after_retries" // may pass, but outlasted its retries
)

// Code names one kind of fault.
type Code string

// The codes of faults and of skips.
const (
	BadRecord Code = "bad_record" // not a record of the stream
	BadPath   Code = "bad_path"   // a path that may not be read
	TooLarge  Code = "too_large"  // above the largest file size

	Vanished   Code = "vanished"    // was listed and is not there any more
	Permission Code = "permission"  // may not be read by this user
	Changing   Code = "changing"    // changed each time that it was read
	NotRegular Code = "not_regular" // a folder, device, pipe, socket or symbolic link now
	Corrupt    Code = "corrupt"     // content and hash do not agree
	Unreadable Code = "unreadable"  // any other refusal of the file system
	Rejected   Code = "rejected"    // the store refused it

	Unsupported Code = "unsupported" // no text, since only a filter makes it of that format
	Binary      Code = "binary"      // no text, since it is none at all

	Busy        Code = "busy"        // another process holds the lock, or the file
	Timeout     Code = "timeout"     // took too long
	IO          Code = "io"          // the device reported an error
	Unavailable Code = "unavailable" // a server or a resource was not to be had
)

// Fault is an error with its class and code. Every failure that is charged to
// a record is one.
type Fault struct {
	Class    Class
	Code     Code
	Attempts int // how often it was tried; 0 and 1 both mean once
	Err      error
}

// NewFault returns a fault with an error made as fmt.Errorf makes it.
func NewFault(class Class, code Code, format string, args ...any) *Fault {
	return &Fault{Class: class, Code: code, Err: fmt.Errorf(format, args...)}
}

// Error returns the text of the error alone; reports print class and code
// beside it.
func (f *Fault) Error() string { return f.Err.Error() }

// Unwrap returns the error inside.
func (f *Fault) Unwrap() error { return f.Err }

// fileFaults maps what the operating system says of a file to class and code;
// the first match counts.
var fileFaults = []struct {
	is    error
	class Class
	code  Code
}{
	{fs.ErrNotExist, Processing, Vanished},
	{syscall.ENOTDIR, Processing, Vanished}, // a parent became a file
	{fs.ErrPermission, Processing, Permission},
	{syscall.ELOOP, Processing, NotRegular}, // became a symbolic link
	{syscall.EISDIR, Processing, NotRegular},
	{syscall.ENXIO, Processing, NotRegular}, // became a socket
	{syscall.EIO, ExceptionAfterRetries, IO},
	{syscall.ESTALE, ExceptionAfterRetries, IO},
	{syscall.ETIMEDOUT, ExceptionAfterRetries, Timeout},
	{os.ErrDeadlineExceeded, ExceptionAfterRetries, Timeout},
	{context.DeadlineExceeded, ExceptionAfterRetries, Timeout},
	{syscall.EMFILE, ExceptionAfterRetries, Unavailable},
	{syscall.ENFILE, ExceptionAfterRetries, Unavailable},
	{syscall.ENOMEM, ExceptionAfterRetries, Unavailable},
	{syscall.EAGAIN, ExceptionAfterRetries, Unavailable},
	{syscall.EBUSY, ExceptionAfterRetries, Busy},
}

// FileFault classifies an error met while reading a file. An error that is a
// fault already is returned as it is.
func FileFault(err error) *Fault {
	var fault *Fault
	if errors.As(err, &fault) {
		return fault
	}
	for _, known := range fileFaults {
		if errors.Is(err, known.is) {
			return &Fault{Class: known.class, Code: known.code, Err: err}
		}
	}
	return &Fault{Class: Processing, Code: Unreadable, Err: err}
}
