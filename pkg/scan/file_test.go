package scan_test

import (
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
)

func TestFacts(t *testing.T) {
	makeTree(t)
	writeFile(t, "a.md", "# A\n")
	mtime := time.Date(2024, 2, 29, 12, 0, 0, 123456789, time.UTC)
	if err := os.Chtimes("a.md", mtime, mtime); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod("a.md", 0o751); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2025, 1, 15, 10, 0, 0, 0, time.UTC)
	c, end := mustScan(t, scan.Options{Roots: []string{"."}, Clock: func() time.Time { return now }})
	rec := &c.records[0]
	var st unix.Stat_t
	if err := unix.Stat("a.md", &st); err != nil {
		t.Fatal(err)
	}
	switch {
	case *rec.Size != 4, *rec.SHA256 != kb.HashOf([]byte("# A\n")), *rec.Mode != 0o751:
		t.Errorf("size %d, hash %s, mode %s", *rec.Size, rec.SHA256, rec.Mode)
	case rec.MTime.String() != "2024-02-29T12:00:00.123456Z", *rec.Inode != st.Ino:
		t.Errorf("mtime %s, inode %d", rec.MTime, *rec.Inode)
	case *rec.CTime != kb.InstantOf(time.Unix(st.Ctim.Unix())):
		t.Errorf("ctime %s", rec.CTime)
	case *rec.ReadAt != kb.InstantOf(now), end.Scan.StartedAt != kb.InstantOf(now):
		t.Errorf("read at %s, started at %s", rec.ReadAt, end.Scan.StartedAt)
	case rec.HasContent, end.Bytes != 4:
		t.Errorf("content %q, %d bytes in all", rec.Content, end.Bytes)
	}
}

// TestChanging reads a file that is touched all the time, and takes longer to
// read than to touch.
func TestChanging(t *testing.T) {
	makeTree(t, "b.md")
	writeFile(t, "a.md", "")
	// Of nothing but a hole, which takes no room, and long enough to read that a busy
	// machine gets to touching it meanwhile.
	if err := os.Truncate("a.md", 512<<20); err != nil {
		t.Fatal(err)
	}
	var stop atomic.Bool
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for at := int64(0); !stop.Load(); at++ {
			os.Chtimes("a.md", time.Unix(at, 0), time.Unix(at, 0))
		}
	}()
	c, end := mustScan(t, scan.Options{Roots: []string{"."}})
	stop.Store(true)
	<-stopped
	rec := &c.records[0]
	if rec.Kind != kb.Failed || rec.Class != kb.Processing || rec.Code != kb.Changing || end.Errors != 1 {
		t.Errorf("got %+v", rec)
	}
	if c.records[1].Kind != kb.File {
		t.Errorf("got %+v", c.records[1])
	}
}

// TestReplacedBeforeOpening puts something else in the place of a file that was
// found to be regular, in the moment before it is opened: the scan asks the
// clock then.
func TestReplacedBeforeOpening(t *testing.T) {
	tests := []struct {
		name    string
		replace func() error
		want    kb.Code
	}{
		{"pipe", func() error { return syscall.Mkfifo("a.md", 0o666) }, kb.NotRegular},
		{"link", func() error { return os.Symlink("b.md", "a.md") }, kb.NotRegular},
		{"folder", func() error { return os.Mkdir("a.md", 0o777) }, kb.NotRegular},
		{"nothing", func() error { return nil }, kb.Vanished},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			makeTree(t, "a.md", "b.md")
			calls := 0
			clock := func() time.Time {
				if calls++; calls == 2 {
					if err := os.Remove("a.md"); err != nil {
						t.Error(err)
					}
					if err := test.replace(); err != nil {
						t.Error(err)
					}
				}
				return time.Now()
			}
			c, _ := mustScan(t, scan.Options{Roots: []string{"."}, Workers: 1, Clock: clock})
			if got := c.records[0]; got.Kind != kb.Failed || got.Code != test.want {
				t.Errorf("got %+v, want an error of code %s", got, test.want)
			}
			wantPaths(t, "files", c.paths(kb.File), "b.md")
		})
	}
}

// TestShrunkBeforeOpening has the content of a file change between the first
// look at it and the reading: what counts is what was read.
func TestShrunkBeforeOpening(t *testing.T) {
	for _, content := range []bool{false, true} {
		makeTree(t, "a.md")
		calls := 0
		clock := func() time.Time {
			if calls++; calls == 2 {
				writeFile(t, "a.md", "x")
			}
			return time.Now()
		}
		c, _ := mustScan(t, scan.Options{Roots: []string{"."}, Content: content, Clock: clock})
		rec := &c.records[0]
		if *rec.Size != 1 || *rec.SHA256 != kb.HashOf([]byte("x")) || content && string(rec.Content) != "x" {
			t.Errorf("content %v: got %+v", content, rec)
		}
	}
}

// TestFilesThatLieAboutTheirSize reads a file that says it is empty and is not.
func TestFilesThatLieAboutTheirSize(t *testing.T) {
	const file = "/proc/self/status"
	if info, err := os.Stat(file); err != nil || info.Size() != 0 {
		t.Skip("there is no " + file)
	}
	c, _ := mustScan(t, scan.Options{Roots: []string{file}})
	if rec := &c.records[0]; rec.Kind != kb.Failed || rec.Code != kb.Changing {
		t.Errorf("got %+v", rec)
	}
}

func TestMaxSize(t *testing.T) {
	makeTree(t)
	writeFile(t, "a.md", "12345")
	writeFile(t, "b.md", "123456")
	for _, root := range []string{".", "b.md"} {
		c, end := mustScan(t, scan.Options{Roots: []string{root}, MaxSize: 5})
		wantPaths(t, "skipped", c.paths(kb.Skipped), "b.md")
		rec := &c.records[len(c.records)-1]
		if *rec.Size != 6 || rec.Code != kb.TooLarge || end.Skipped != 1 || end.Bytes != 5*(end.Paths-1) {
			t.Errorf("got %+v, %+v", rec, end)
		}
	}
}
