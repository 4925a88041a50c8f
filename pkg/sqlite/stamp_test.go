package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestOtherLog puts each of some states of a file beside each of some states of its log,
// as somebody does who puts a backup in the place of a file whose writer was killed. What
// is opened is the state of the log, undamaged, or it is refused: never a mixture.
func TestOtherLog(t *testing.T) {
	dir := t.TempDir()
	var states []string // folders with a file and its log as a killed writer leaves them
	var lists []string
	var unstamped []string
	keep := func(path string) {
		state := filepath.Join(dir, fmt.Sprint(len(states)))
		must(t, os.Mkdir(state, 0o700))
		for _, suffix := range []string{"", "-wal"} {
			must(t, copyFile(filepath.Join(state, "kb.sqlite"+suffix), path+suffix))
		}
		r, err := OpenReader(t.Context(), path)
		must(t, err)
		states, lists = append(states, state), append(lists, listOf(t, r))
		must(t, r.Close())
	}
	for _, name := range []string{"one", "two"} {
		path := filepath.Join(dir, name+".sqlite")
		for i := range 3 { // times that it is opened
			store, err := Open(t.Context(), path, Options{})
			must(t, err)
			store.checkpoints.pages = 150 // so that the log begins anew in between
			for j := range 3 {
				var names []string // and contents, for pages that are not written again
				for k := range 40 {
					names = append(names, fmt.Sprintf("%s %d %d %02d %0200d", name, i, j, k, 0))
				}
				must(t, put(store, names...))
				store.checkpoints.wait()
				keep(path)
			}
			if i == 1 { // as forget does; it moves meta to another page
				must(t, store.Vacuum(t.Context()))
			}
			must(t, store.Close())
			if i == 0 { // a copy of before there were stamps
				state := filepath.Join(dir, name+" without stamps")
				must(t, os.Mkdir(state, 0o700))
				must(t, copyFile(filepath.Join(state, "kb.sqlite"), path))
				execSQL(t, filepath.Join(state, "kb.sqlite"), "DELETE FROM meta WHERE key LIKE 'stamp%'")
				unstamped = append(unstamped, state)
			}
		}
	}
	files := append(slices.Clone(states), unstamped...)
	var opened, refused int
	for i := range files {
		for j := range states {
			path := filepath.Join(dir, fmt.Sprintf("%d-%d.sqlite", i, j))
			must(t, copyFile(path, filepath.Join(files[i], "kb.sqlite")))
			must(t, copyFile(path+"-wal", filepath.Join(states[j], "kb.sqlite-wal")))
			if j%2 == 1 { // SQLite looks beside what a link leads to
				must(t, os.Symlink(path, path+".link"))
				path += ".link"
			}
			mixed := fmt.Sprintf("the file of state %d with the log of state %d", i, j)
			r, err := OpenReader(t.Context(), path)
			switch {
			case err == nil:
				opened++
				var said string
				if _, err := r.row("PRAGMA integrity_check(1)", nil, &said); err != nil || said != "ok" {
					t.Errorf("%s: %s, %v", mixed, said, err)
				}
				if listOf(t, r) != lists[j] {
					t.Errorf("%s has other documents than were there", mixed)
				}
				must(t, r.Close())
			case i == j:
				t.Errorf("%s: %v", mixed, err)
			case errors.Is(err, ErrOtherLog):
				refused++
				if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, ErrOtherLog) {
					t.Errorf("%s can be written: %v", mixed, err)
				}
			case !errors.Is(err, ErrDamaged) || !empty(t, files[i]):
				t.Errorf("%s: %v", mixed, err)
			}
		}
	}
	if opened == len(states) || refused < len(states) {
		t.Errorf("%d opened, %d refused: that tries little", opened, refused)
	}
}

// empty reports whether a file has nothing in it, without its log.
func empty(t *testing.T, state string) bool {
	info, err := os.Stat(filepath.Join(state, "kb.sqlite"))
	must(t, err)
	return info.Size() <= 4096
}
