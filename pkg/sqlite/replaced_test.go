package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestReplaced takes a knowledge base away while it is being written, as git checkout or
// a restored copy does. Nothing more is written, the file has all that it was told, and
// what has its name now is what it was.
func TestReplaced(t *testing.T) {
	tests := []struct {
		name     string
		moved    []string // away, with what SQLite has beside the file
		newcomer bool
		written  bool // on after that
		told     error
	}{
		{"moved away", []string{"", "-wal", "-shm"}, false, true, ErrReplaced},
		{"the file alone", []string{""}, false, true, ErrReplaced},
		{"replaced", []string{""}, true, true, ErrReplaced},
		{"replaced after the last write", []string{""}, true, false, nil},
		{"its log", []string{"-wal"}, false, true, ErrLogGone},
		{"what its log needs", []string{"-shm"}, false, true, ErrLogGone},
		{"both", []string{"-wal", "-shm"}, false, true, ErrLogGone},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path, away, other := filepath.Join(dir, "kb.sqlite"), filepath.Join(dir, "away.sqlite"), filepath.Join(dir, "other.sqlite")
			newcomer, err := Open(t.Context(), other, Options{})
			must(t, err)
			must(t, put(newcomer, "other"))
			must(t, newcomer.Close())

			store, err := Open(t.Context(), path, Options{})
			must(t, err)
			must(t, put(store, "one", "two"))
			for _, beside := range test.moved {
				must(t, os.Rename(path+beside, away+beside))
			}
			if test.newcomer {
				must(t, os.Rename(other, path))
			}
			store.checkpoints.pages = 1
			if test.written {
				if err := put(store, "three"); !errors.Is(err, test.told) {
					t.Errorf("it was written on: %v", err)
				}
			}
			must(t, store.Close())
			if test.told == ErrLogGone {
				must(t, os.Rename(path, away)) // without it
			}
			if _, err := os.Stat(path); !test.newcomer && !os.IsNotExist(err) {
				t.Errorf("there is a file again where it was (%v)", err)
			}
			if got := listOf(t, openReaderAt(t, away)); got != "[one two]" {
				t.Errorf("the file that was moved away has %s", got)
			}
			if test.newcomer {
				if got := listOf(t, openReaderAt(t, path)); got != "[other]" {
					t.Errorf("the file that has the name now has %s", got)
				}
			}
		})
	}
}
