package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

func TestFault(t *testing.T) {
	for _, test := range []struct {
		code    sqlite3.ErrNo
		is      error
		busy    bool
		ofStore bool
	}{
		{sqlite3.ErrBusy, nil, true, true},
		{sqlite3.ErrLocked, nil, true, true},
		{sqlite3.ErrProtocol, nil, true, true},
		{sqlite3.ErrNotADB, ErrForeign, false, true},
		{sqlite3.ErrCorrupt, ErrDamaged, false, true},
		{sqlite3.ErrFull, ErrFull, false, true},
		{sqlite3.ErrReadonly, ErrReadOnly, false, true},
		{sqlite3.ErrIoErr, nil, false, true},
		{sqlite3.ErrNomem, nil, false, true},
		{sqlite3.ErrCantOpen, nil, false, true},
		{sqlite3.ErrConstraint, nil, false, false},
		{sqlite3.ErrTooBig, nil, false, false},
	} {
		raw := sqlite3.Error{Code: test.code}
		for _, err := range []error{fault(raw), fault(fmt.Errorf("store: %w", raw)), fault(fault(raw))} {
			if test.is != nil && !errors.Is(err, test.is) || isBusy(err) != test.busy || ofStore(err) != test.ofStore || !errors.Is(err, raw) ||
				test.is != nil && strings.Count(err.Error(), test.is.Error()) != 1 {
				t.Errorf("%v becomes %v", test.code, err)
			}
		}
	}
	if fault(nil) != nil || fault(os.ErrNotExist) != os.ErrNotExist || ofStore(os.ErrNotExist) {
		t.Error("an error that is not SQLite's is changed")
	}
}

// TestFaultOfTheSystem tells a full disk and a limit by what the operating system says of it.
func TestFaultOfTheSystem(t *testing.T) {
	for errno, want := range map[syscall.Errno]error{
		syscall.ENOSPC: ErrFull, syscall.EDQUOT: ErrFull, syscall.EFBIG: ErrFileLimit, syscall.EROFS: ErrReadOnly, syscall.EIO: nil,
	} {
		err := fault(sqlite3.Error{Code: sqlite3.ErrIoErr, SystemErrno: errno})
		if want != nil && !errors.Is(err, want) || want == nil && (errors.Is(err, ErrFull) || errors.Is(err, ErrReadOnly)) || !ofStore(err) {
			t.Errorf("%v becomes %v", errno, err)
		}
	}
}

// TestCancelledWhileLocked gives up waiting for another writer as soon as nobody
// wants it any more.
func TestCancelledWhileLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	one := openStore(t, path)
	two, err := Open(t.Context(), path, Options{BusyTimeout: time.Hour})
	must(t, err)
	must(t, one.Update(t.Context(), func(ingest.Tx) error {
		for range 2 {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(10*time.Millisecond, func() { cancel(errStop) })
			if err := two.Update(ctx, nil); !errors.Is(err, errStop) && !errors.Is(err, context.Canceled) {
				t.Errorf("update: %v", err)
			}
			if _, err := two.BeginRun(ctx, ingest.RunStart{}); !errors.Is(err, errStop) && !errors.Is(err, context.Canceled) {
				t.Errorf("begin: %v", err)
			}
		}
		return nil
	}))
	must(t, two.Close())
}

// TestBusy meets another writer at each step.
func TestBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	one, two := openStore(t, path), openStore(t, path)
	run, err := two.BeginRun(t.Context(), ingest.RunStart{})
	must(t, err)
	must(t, one.Update(t.Context(), func(tx ingest.Tx) error {
		err := two.Update(t.Context(), func(ingest.Tx) error {
			t.Error("two transactions at once")
			return nil
		})
		if !isBusy(err) {
			t.Errorf("update: %v", err)
		}
		if _, err := two.BeginRun(t.Context(), ingest.RunStart{}); !isBusy(err) {
			t.Errorf("begin: %v", err)
		}
		if err := two.FinishRun(t.Context(), run, ingest.RunFinish{Status: ingest.Complete}); !isBusy(err) {
			t.Errorf("finish: %v", err)
		}
		if _, err := two.InForce(t.Context(), []string{"a.md"}); err != nil {
			t.Errorf("reading: %v", err)
		}
		openReaderAt(t, path)
		return nil
	}))
	must(t, put(two, "a.md"))
	must(t, two.FinishRun(t.Context(), run, ingest.RunFinish{Status: ingest.Complete}))
}

// TestWriters lets several write at once: nothing is lost, and no two
// transactions have the same moment.
func TestWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	const writers, each = 4, 12
	var wait sync.WaitGroup
	for w := range writers {
		store, err := Open(t.Context(), path, Options{})
		must(t, err)
		wait.Go(func() {
			for i := range each {
				if err := put(store, fmt.Sprintf("%d/%02d.md", w, i)); err != nil {
					t.Error(err)
				}
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	r := openReaderAt(t, path)
	moments := make(map[kb.Instant]bool)
	for v, err := range r.List(t.Context(), "", always) {
		must(t, err)
		moments[v.RecordedAt] = true
	}
	listOf(t, r)
	if len(moments) != writers*each {
		t.Errorf("%d moments of %d transactions", len(moments), writers*each)
	}
}

// TestCommitFails lets the commit itself fail, as a violated constraint that is
// checked then does.
func TestCommitFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store := openStore(t, path)
	must(t, put(store, "a.md"))
	err := store.Update(t.Context(), func(tx ingest.Tx) error {
		if _, err := store.write.exec("PRAGMA defer_foreign_keys = ON"); err != nil {
			return err
		}
		if err := add(tx, 1, "b.md", "b.md"); err != nil {
			return err
		}
		return tx.AddChunk(ingest.ChunkResult{Run: 1 << 40})
	})
	if err == nil {
		t.Fatal("a run that is not there is accepted")
	}
	if got := listOf(t, openReaderAt(t, path)); got != "[a.md]" {
		t.Errorf("after the commit failed: %s", got)
	}
	must(t, put(store, "c.md"))
	if got := listOf(t, openReaderAt(t, path)); got != "[a.md c.md]" {
		t.Errorf("after the next commit: %s", got)
	}
}

// TestFullDisk runs out of space in the middle of a transaction, which is the fault
// of no record, and goes on once there is room.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store := openStore(t, path)
	must(t, put(store, "a.md"))
	_, err := store.write.conn.ExecContext(t.Context(), "PRAGMA max_page_count = 1") // means as many as there are
	must(t, err)
	big := make([]byte, 1<<16)
	rand.NewChaCha8([32]byte{}).Read(big) // never fails
	err = store.Update(t.Context(), func(tx ingest.Tx) error {
		return add(tx, 1, "b.md", string(big))
	})
	var fault *kb.Fault
	if !errors.Is(err, ErrFull) || errors.As(err, &fault) {
		t.Errorf("the disk is full: %v", err)
	}
	_, err = store.write.conn.ExecContext(t.Context(), "PRAGMA max_page_count = 1000000")
	must(t, err)
	must(t, put(store, "c.md"))
	if got := listOf(t, openReaderAt(t, path)); got != "[a.md c.md]" {
		t.Errorf("after room was made: %s", got)
	}
}

// TestFullDiskOfVectors runs out of space wherever that can be while vectors are
// stored, also within vec0, which says no more than that it failed.
func TestFullDiskOfVectors(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "kb.sqlite"))
	var pages int
	_, err := store.write.row("SELECT page_count FROM pragma_page_count", nil, &pages)
	must(t, err)
	full := 0
	for err = ErrFull; err != nil && full < 100; full++ {
		_, limit := store.write.conn.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages+full))
		must(t, limit)
		err = updateVectors(t, store, func(x *tx) error {
			return insertPassage(x, passageRow{id: 1, path: 1, text: 1, to: kb.Forever}, []float32{1, 2, 3})
		})
		if err != nil && (!errors.Is(err, ErrFull) || strings.Count(err.Error(), "full") != 2) { // ours, and what SQLite says
			t.Errorf("with room for %d pages: %v", full, err)
		}
	}
	if err != nil || full < 10 {
		t.Errorf("with room for %d pages: %v", full, err)
	}
}

func TestFailures(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store := openStore(t, path)
	run, err := store.BeginRun(t.Context(), ingest.RunStart{})
	must(t, err)
	update := func(fn func(tx ingest.Tx, a, b int64) error) {
		t.Helper()
		must(t, store.Update(t.Context(), func(tx ingest.Tx) error {
			a, err := tx.Path("a.md")
			must(t, err)
			b, err := tx.Path("b.md")
			must(t, err)
			return fn(tx, a.ID, b.ID)
		}))
	}
	fail := func(tx ingest.Tx, path int64) error {
		return tx.AddFailure(ingest.Failure{Run: run, PathID: path, Again: kb.File, Class: kb.Processing, Code: kb.Vanished, Message: "no such file"})
	}
	standing := func(want int64) {
		t.Helper()
		if n, err := openReaderAt(t, path).Standing(t.Context()); n != want || err != nil {
			t.Errorf("%d failures stand, %v; want %d", n, err, want)
		}
	}
	standing(0)
	update(func(tx ingest.Tx, a, b int64) error {
		return errors.Join(tx.ClearFailure(a, ingest.Statement{}), fail(tx, a), fail(tx, 0), fail(tx, a))
	})
	standing(1)
	update(func(tx ingest.Tx, a, b int64) error {
		return errors.Join(fail(tx, b), tx.ClearFailure(b, ingest.Statement{}))
	})
	standing(1)
	update(func(tx ingest.Tx, a, b int64) error {
		return errors.Join(fail(tx, b), tx.ClearFailure(a, ingest.Statement{}))
	})
	standing(1)
	update(func(tx ingest.Tx, a, b int64) error { return tx.ClearFailure(b, ingest.Statement{}) })
	standing(0)
	var got []string
	for f, err := range openReaderAt(t, path).RunFailures(t.Context(), run) {
		must(t, err)
		got = append(got, fmt.Sprintf("%q %d", f.Path, f.Attempts))
	}
	if want := `["a.md" 1 "" 1 "a.md" 1 "b.md" 1 "b.md" 1]`; fmt.Sprint(got) != want {
		t.Errorf("the failures of the run: %s", got)
	}
}

// writePairs stores two documents in each transaction until it is stopped.
func writePairs(store *Store) (stop func() error) {
	done := make(chan struct{})
	written := make(chan error, 1)
	go func() {
		var err error
		for i := 0; err == nil; i++ {
			select {
			case <-done:
				written <- nil
				return
			default:
				err = put(store, fmt.Sprintf("%04d/a", i), fmt.Sprintf("%04d/b", i))
			}
		}
		written <- err
	}()
	return func() error {
		close(done)
		return <-written
	}
}

// TestSnapshotWhileWriting reads again and again while somebody writes: what a
// reader sees is the state after one of the transactions.
func TestSnapshotWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store := openStore(t, path)
	stop := writePairs(store)
	for range 20 {
		r, err := OpenReader(t.Context(), path)
		must(t, err)
		first := listOf(t, r)
		info, err := r.Info(t.Context(), kb.Forever, 1)
		must(t, err)
		if again := listOf(t, r); again != first || info.Documents%2 != 0 {
			t.Errorf("%d documents; the list was\n%s\nand is\n%s", info.Documents, first, again)
		}
		must(t, r.Close())
	}
	must(t, stop())
}

// TestBackup copies while somebody writes.
func TestBackup(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "kb.sqlite")
	store := openStore(t, path)
	must(t, put(store, "a.md", "b.md"))
	r := openReaderAt(t, path)
	must(t, put(store, "c.md")) // after the snapshot

	copied := filepath.Join(dir, "copy of kb.sqlite")
	must(t, r.Backup(t.Context(), copied, nil))
	twin, err := OpenReader(t.Context(), copied)
	must(t, err)
	if got := listOf(t, twin); got != "[a.md b.md]" {
		t.Errorf("the copy holds %s", got)
	}
	must(t, twin.Close())
	must(t, put(openStore(t, copied), "d.md"))

	if err := r.Backup(t.Context(), copied, nil); err == nil {
		t.Error("a file that was there is overwritten")
	}
	if err := r.Backup(t.Context(), filepath.Join(dir, "nowhere", "kb.sqlite"), nil); err == nil {
		t.Error("a backup into a folder that is not there")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Backup(ctx, filepath.Join(dir, "cancelled"), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled backup: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	for _, name := range left {
		switch filepath.Base(name) {
		case "kb.sqlite", "kb.sqlite-wal", "kb.sqlite-shm", "copy of kb.sqlite", "copy of kb.sqlite-wal", "copy of kb.sqlite-shm":
		default:
			t.Errorf("left behind: %s", name)
		}
	}
}

// TestBackupOfNothing copies a knowledge base that has no tables yet.
func TestBackupOfNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "kb.sqlite")
	must(t, os.WriteFile(path, nil, 0o600))
	must(t, openReaderAt(t, path).Backup(t.Context(), filepath.Join(dir, "copy"), nil))
	if got := listOf(t, openReaderAt(t, filepath.Join(dir, "copy"))); got != "[]" {
		t.Errorf("the copy holds %s", got)
	}
}

// TestApartWhileWriting copies a file and its WAL while somebody writes, and
// often moves the WAL into the file: the copy is the state after one of the
// transactions, or there is none.
func TestApartWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store := openStore(t, path)
	store.checkpoints.pages = 60
	noise := make([]byte, 4<<20) // a copy takes a while
	rand.NewChaCha8([32]byte{}).Read(noise)
	must(t, put(store, "noise", string(noise)))
	stop := writePairs(store)
	copies := 0
	for range 15 {
		info, err := os.Stat(path)
		must(t, err)
		r := &Reader{path: path}
		err = r.beginApart(t.Context(), info)
		switch {
		case errors.Is(err, errUnsteady):
		case err != nil:
			t.Error(err)
		case r.copied != "":
			copies++
			var check string
			if _, err := r.row("PRAGMA integrity_check", nil, &check); err != nil || check != "ok" {
				t.Errorf("the copy is damaged: %s, %v", check, err)
			}
			if info, err := r.Info(t.Context(), kb.Forever, 1); err != nil || info.Documents%2 != 0 {
				t.Errorf("%d documents, %v", info.Documents, err)
			}
		}
		if err := r.Close(); err != nil && r.copied != "" {
			t.Error(err)
		}
	}
	must(t, stop())
	t.Logf("%d copies could be made", copies)
}
