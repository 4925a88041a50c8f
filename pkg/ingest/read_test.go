package ingest_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/stream"
)

// TestReading lets files become something else between the scan and the
// reading.
func TestReading(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(path string) error
		want string // the failure; "" if it is read
	}{
		{"a file", func(path string) error { return os.WriteFile(path, []byte("A"), 0o600) }, ""},
		{"an empty file", func(path string) error { return os.WriteFile(path, nil, 0o600) }, ""},
		{"as large as may be", func(path string) error { return os.WriteFile(path, make([]byte, 1<<20), 0o600) }, ""},
		{"vanished", func(string) error { return nil }, "processing/vanished"},
		{"its folder vanished", func(path string) error { return os.Remove(filepath.Dir(path)) }, "processing/vanished"},
		{"its folder became a file", func(path string) error {
			return errors.Join(os.Remove(filepath.Dir(path)), os.WriteFile(filepath.Dir(path), nil, 0o600))
		}, "processing/vanished"},
		{"a folder", func(path string) error { return os.Mkdir(path, 0o700) }, "processing/not_regular"},
		{"a named pipe", func(path string) error { return syscall.Mkfifo(path, 0o600) }, "processing/not_regular"},
		{"a symbolic link", func(path string) error { return os.Symlink("/etc/passwd", path) }, "processing/not_regular"},
		{"a device", func(path string) error { return os.Symlink("/dev/null", path) }, "processing/not_regular"},
		{"too large", func(path string) error { return os.WriteFile(path, make([]byte, 1<<20+1), 0o600) }, "validation/too_large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			dir := t.TempDir()
			b.check(os.Mkdir(filepath.Join(dir, "docs"), 0o700))
			b.check(test.make(filepath.Join(dir, "docs", "a.md")))
			sum := b.run(1<<40, tree{id: "1", start: 1, dir: dir}.whole(line(kb.Record{Kind: kb.File, Path: doc})))
			want := test.want
			if want != "" {
				want = doc + " " + want
			}
			if got := b.failures(sum.Run); got != want || (sum.Counts.Failed == 1) != (want != "") || sum.Counts.Total() != 1 {
				t.Errorf("failures: %q, counted: %+v", got, sum.Counts)
			}
		})
	}
}

// TestStat checks that a version has the stat of the reading, whatever the
// record says.
func TestStat(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "docs", "a.md")
	b.check(os.Mkdir(filepath.Dir(path), 0o700))
	b.check(os.WriteFile(path, []byte("#!/bin/sh"), 0o755))
	b.check(os.Chtimes(path, at(7).Time(), at(7).Time()))
	mtime, size, mode := at(3), int64(99), kb.Mode(0o600)
	hash := kb.HashOf([]byte("what was there at the time of the scan"))
	sum := b.run(100, tree{id: "1", start: 10, dir: dir}.whole(line(kb.Record{
		Kind: kb.File, Path: doc, MTime: &mtime, Size: &size, Mode: &mode, SHA256: &hash,
	})))
	v, err := b.reader().InForce(t.Context(), doc, kb.Point{Valid: kb.Forever, Known: kb.Forever})
	b.check(err)
	if v == nil || v.SHA256 != sha256.Sum256([]byte("#!/bin/sh")) || v.Size != 9 || *v.Mode != 0o755 || *v.MTime != at(7) || v.ValidFrom != at(7) {
		t.Errorf("the version is %+v", v)
	}
	if sum.Counts.Stored != 1 || sum.Counts.Bytes != 9 {
		t.Errorf("counted: %+v", sum.Counts)
	}
}

// TestSparedReading checks that a file whose hash is in force is not opened.
func TestSparedReading(t *testing.T) {
	b := newBench(t)
	b.run(101, tree{id: "1", start: 100}.whole(file(doc, "A", 50)))
	hash := kb.HashOf([]byte("A"))
	record := line(kb.Record{Kind: kb.File, Path: doc, SHA256: &hash}) // no such file
	if sum := b.run(201, tree{id: "2", start: 200}.whole(record)); sum.Counts.Unchanged != 1 || sum.Counts.Bytes != 1 {
		t.Errorf("counted: %+v, failures %s", sum.Counts, b.failures(sum.Run))
	}
	b.run(301, tree{id: "3", start: 300}.whole())
	if sum := b.run(401, tree{id: "4", start: 400}.whole(record)); b.failures(sum.Run) != doc+" processing/vanished" {
		t.Errorf("a path that is gone has nothing in force, but: %+v, failures %s", sum.Counts, b.failures(sum.Run))
	}
}

// early is a store in which nothing is committed before it has been asked as
// often as given what is in force.
type early struct {
	*sqlite.Store
	times int
	asked chan struct{}
}

func (e *early) InForce(ctx context.Context, paths []string) ([]*kb.Version, error) {
	if e.times--; e.times == 0 {
		defer close(e.asked)
	}
	return e.Store.InForce(ctx, paths)
}

func (e *early) Update(ctx context.Context, fn func(ingest.Tx) error) error {
	<-e.asked
	return e.Store.Update(ctx, fn)
}

// TestSparedReadingWithinOneStream replaces what was found to be in force, and
// was not read for that reason, before it is committed: the record still says
// what it says.
func TestSparedReadingWithinOneStream(t *testing.T) {
	b := newBench(t)
	b.opts.ChunkSize = 1
	b.opts.Partial = true
	b.run(101, tree{id: "1", start: 100}.whole(file(doc, "A", 50)))
	hash, mtime := kb.HashOf([]byte("A")), at(205)
	again := line(kb.Record{Kind: kb.File, Path: doc, SHA256: &hash, MTime: &mtime})
	b.now = 301
	in := strings.NewReader(tree{id: "2", start: 200}.cut(file(doc, "B", 150), again))
	if _, err := ingest.Run(t.Context(), &early{b.store, 2, make(chan struct{})}, in, b.opts); err != nil {
		t.Fatal(err)
	}
	b.wantHistory(doc, "50 A, 150 B, 205 A")
	b.checkPassages(t, doc)
}

func TestInlineContent(t *testing.T) {
	hash, wrong := kb.HashOf([]byte("A")), kb.HashOf([]byte("B"))
	for _, test := range []struct {
		name string
		rec  kb.Record
		want string
	}{
		{"with its hash", kb.Record{Content: []byte("A"), SHA256: &hash}, ""},
		{"without a hash", kb.Record{Content: []byte("A")}, ""},
		{"empty", kb.Record{}, ""},
		{"no text", kb.Record{Content: []byte("\xff\x00")}, ""},
		{"with another hash", kb.Record{Content: []byte("A"), SHA256: &wrong}, doc + " processing/corrupt"},
		{"too large", kb.Record{Content: make([]byte, 1<<20+1)}, doc + " validation/too_large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			test.rec.Kind, test.rec.Path, test.rec.HasContent = kb.File, doc, true
			sum := b.run(101, tree{id: "1", start: 100}.whole(line(test.rec)))
			if got := b.failures(sum.Run); got != test.want {
				t.Errorf("failures: %q", got)
			}
			v, err := b.reader().InForce(t.Context(), doc, kb.Point{Valid: kb.Forever, Known: kb.Forever})
			b.check(err)
			if stored := v != nil && v.SHA256 == kb.HashOf(test.rec.Content); stored != (test.want == "") {
				t.Errorf("stored is %+v", v)
			}
		})
	}
}

// TestNeverSteady reads a file whose size is not what its stat says, as is so of
// what the kernel makes up.
func TestNeverSteady(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("there is no /proc")
	}
	b := newBench(t)
	b.opts.Partial = true
	sum := b.run(101, tree{id: "1", start: 100, dir: "/"}.cut(line(kb.Record{Kind: kb.File, Path: "/proc/self/status"})))
	if got := b.failures(sum.Run); got != "/proc/self/status processing/changing" {
		t.Errorf("failures: %q", got)
	}
}

// TestGrowingFile reads a file to which somebody appends all the time: what is
// stored is what it held at a moment, or nothing.
func TestGrowingFile(t *testing.T) {
	b := newBench(t)
	b.opts.Partial = true
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "a.md"))
	b.check(err)
	const text = "0123456789"
	stop, stopped := make(chan struct{}), make(chan error)
	go func() {
		defer close(stopped)
		for n := 0; n < 50_000; n++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := f.WriteString(text); err != nil {
				stopped <- err
				return
			}
		}
	}()
	b.run(101, tree{id: "1", start: 100, dir: dir}.cut(line(kb.Record{Kind: kb.File, Path: "a.md"})))
	close(stop)
	b.check(<-stopped)
	b.check(f.Close())
	v, err := b.reader().InForce(t.Context(), "a.md", kb.Point{Valid: kb.Forever, Known: kb.Forever})
	b.check(err)
	if v != nil && v.SHA256 != kb.HashOf([]byte(strings.Repeat(text, int(v.Size)/len(text)))) {
		t.Errorf("what is stored was never there: %+v", v)
	}
}

// TestBelowRoot keeps bingest -C inside its folder.
func TestBelowRoot(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret.md")
	dir := t.TempDir()
	for path, err := range map[string]error{
		outside:                    os.WriteFile(outside, []byte("secret"), 0o600),
		filepath.Join(dir, "docs"): os.Mkdir(filepath.Join(dir, "docs"), 0o700),
		filepath.Join(dir, "a.md"): os.WriteFile(filepath.Join(dir, "a.md"), []byte("A"), 0o600),
		"docs/up.md":               os.Symlink("../a.md", filepath.Join(dir, "docs", "up.md")),
		"docs/out.md":              os.Symlink(outside, filepath.Join(dir, "docs", "out.md")),
		"docs/tmp":                 os.Symlink(filepath.Dir(outside), filepath.Join(dir, "docs", "tmp")),
		"docs/passwd.md":           os.Symlink("../../../../../../../../etc/passwd", filepath.Join(dir, "docs", "passwd.md")),
	} {
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	const refused = "validation/bad_path"
	for _, test := range []struct {
		path   string
		follow bool
		want   string
	}{
		{"a.md", false, ""},
		{"a.md", true, ""},
		{"docs/up.md", true, ""},
		{"docs/up.md", false, "processing/not_regular"},
		{"docs/out.md", true, refused},
		{"docs/out.md", false, "processing/not_regular"},
		{"docs/passwd.md", true, refused},
		{"docs/tmp/secret.md", true, refused},
		{"docs/tmp/secret.md", false, refused},
		{outside, true, refused},
		{filepath.Join(dir, "a.md"), true, refused},
		{"../" + filepath.Base(dir) + "/a.md", true, refused},
		{"../../" + filepath.Base(dir) + "/a.md", true, refused},
		{"..", true, refused},
		{"nothing.md", true, "processing/vanished"},
	} {
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		b := newBench(t)
		b.opts.Root, b.opts.Partial = root, true
		s := tree{id: "1", start: 1}.scan()
		s.Follow = test.follow
		in := write(func(enc *stream.Encoder) error { return enc.Scan(s) }) + line(kb.Record{Kind: kb.File, Path: test.path})
		sum := b.run(1<<40, in)
		want := test.want
		if want != "" {
			want = path.Clean(test.path) + " " + want
		}
		if got := b.failures(sum.Run); got != want {
			t.Errorf("%s, follow %t: failures %q, not %q", test.path, test.follow, got, want)
		}
		b.check(root.Close())
	}
}

// crowded is a store that is slow to read contents, and sees how many want them at
// the same time.
type crowded struct {
	ingest.Store
	mu      sync.Mutex
	readers int
	most    map[kb.Hash]int // how many there were while this one was read
}

func (c *crowded) ReadText(ctx context.Context, w io.Writer, hash kb.Hash, extension string) (bool, error) {
	c.mu.Lock()
	c.readers++
	c.most[hash] = c.readers
	c.mu.Unlock()
	time.Sleep(5 * time.Millisecond)
	defer func() {
		c.mu.Lock()
		c.readers--
		c.mu.Unlock()
	}()
	return c.Store.ReadText(ctx, w, hash, extension)
}

// TestPressureComesAndGoes sends workers away and calls them back, again and again:
// while memory is short one reads at a time, and otherwise many.
func TestPressureComesAndGoes(t *testing.T) {
	const units, unitSize, stretch = 24, 8, 4 // units under pressure, and then as many without
	b := newBench(t)
	b.opts.Workers, b.opts.ChunkSize = 4, unitSize
	var before, after []string
	unitOf := make(map[kb.Hash]int)
	for i := range units * unitSize {
		name, old := fmt.Sprintf("docs/%03d.md", i), fmt.Sprintf("old text %d", i)
		unitOf[kb.HashOf([]byte(old))] = i / unitSize
		before = append(before, file(name, old, 5))
		after = append(after, file(name, fmt.Sprintf("new text %d", i), 6))
	}
	b.run(10, tree{id: "1", start: 1}.whole(before...))

	store := &crowded{Store: b.store, most: make(map[kb.Hash]int)}
	asked := 0
	b.opts.Pressure = func() bool {
		asked++
		return (asked-1)/stretch%2 == 1
	}
	b.now = 20
	sum, err := ingest.Run(t.Context(), store, strings.NewReader(tree{id: "2", start: 15}.whole(after...)), b.opts)
	b.check(err)
	if sum.Counts.Stored != units*unitSize || sum.Status != ingest.Complete || asked != units+1 || sum.HeldBack != units/stretch/2 {
		t.Fatalf("asked %d times: %+v", asked, sum)
	}
	most := make([]int, units/stretch)
	for hash, n := range store.most {
		if u := unitOf[hash]; u%stretch != stretch-1 { // while the last one is read, workers may be called back
			most[u/stretch] = max(most[u/stretch], n)
		}
	}
	for i, n := range most {
		if short := i%2 == 1; (n == 1) != short || n > b.opts.Workers {
			t.Errorf("at the same time, in turns without pressure and under it, were read %v", most)
			break
		}
	}
}

// TestPressure takes in less at a time while memory is short, and just as much
// in the end.
func TestPressure(t *testing.T) {
	chunks := make(map[bool]int64)
	for _, short := range []bool{false, true} {
		b := newBench(t)
		b.opts.UnitBytes = 64
		b.opts.Pressure = func() bool { return short }
		var records []string
		for _, name := range strings.Split("abcdefghijkl", "") {
			records = append(records, file("docs/"+name, strings.Repeat(name, 8), 5))
		}
		sum := b.run(10, tree{id: "1", start: 1}.whole(records...))
		if sum.Counts.Stored != 12 || sum.Status != ingest.Complete {
			t.Errorf("pressure %t: %+v", short, sum)
		}
		if (sum.HeldBack == 1) != short {
			t.Errorf("pressure %t: held back %d times", short, sum.HeldBack)
		}
		chunks[short] = sum.Chunks
	}
	if chunks[true] <= chunks[false] {
		t.Errorf("%d transactions under pressure, %d without", chunks[true], chunks[false])
	}
}
