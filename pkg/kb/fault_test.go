package kb_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/seed16713943/btools/pkg/kb"
)

func TestFileFault(t *testing.T) {
	own := kb.NewFault(kb.Validation, kb.TooLarge, "%d bytes", 7)
	for _, test := range []struct {
		err   error
		class kb.Class
		code  kb.Code
	}{
		{fs.ErrNotExist, kb.Processing, kb.Vanished},
		{syscall.ENOENT, kb.Processing, kb.Vanished},
		{syscall.ENOTDIR, kb.Processing, kb.Vanished},
		{syscall.EACCES, kb.Processing, kb.Permission},
		{syscall.EPERM, kb.Processing, kb.Permission},
		{syscall.ELOOP, kb.Processing, kb.NotRegular},
		{syscall.EISDIR, kb.Processing, kb.NotRegular},
		{syscall.EIO, kb.ExceptionAfterRetries, kb.IO},
		{syscall.EMFILE, kb.ExceptionAfterRetries, kb.Unavailable},
		{syscall.EBUSY, kb.ExceptionAfterRetries, kb.Busy},
		{context.DeadlineExceeded, kb.ExceptionAfterRetries, kb.Timeout},
		{syscall.ENAMETOOLONG, kb.Processing, kb.Unreadable},
		{errors.New("other"), kb.Processing, kb.Unreadable},
		{own, kb.Validation, kb.TooLarge},
	} {
		wrapped := fmt.Errorf("read: %w", &fs.PathError{Op: "open", Path: "a", Err: test.err})
		got := kb.FileFault(wrapped)
		if got.Class != test.class || got.Code != test.code || !errors.Is(got, test.err) {
			t.Errorf("%v: %s/%s, want %s/%s", test.err, got.Class, got.Code, test.class, test.code)
		}
	}
	if own.Error() != "7 bytes" {
		t.Errorf("fault reads %q", own.Error())
	}
}

// TestFileFaultOfRealFiles asks the operating system rather than a table.
func TestFileFaultOfRealFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]kb.Code{
		filepath.Join(dir, "none"):   kb.Vanished,
		filepath.Join(file, "below"): kb.Vanished,
		dir:                          kb.NotRegular,
	} {
		_, err := os.ReadFile(path)
		if err == nil || kb.FileFault(err).Code != want {
			t.Errorf("%v: %s, want %s", err, kb.FileFault(err).Code, want)
		}
	}
}
