package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
)

// TestSeenFiles compares what is remembered of files with a map.
func TestSeenFiles(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	type file struct {
		path string
		scan.Stat
	}
	anyFile := func() file {
		few := func() int64 { return random.Int64N(3) }
		f := file{fmt.Sprintf("docs/%d.md", random.IntN(5000)), scan.Stat{
			Size: few(), MTime: kb.Instant(few()), CTime: kb.Instant(few()), Inode: uint64(few()),
		}}
		if random.IntN(100) == 0 {
			f.path = strings.Repeat(f.path, 100)
		}
		return f
	}
	files, want := newSeenFiles(), make(map[file]kb.Hash)
	if _, found := files.find("docs/1.md", scan.Stat{}); found {
		t.Error("a file is found among none")
	}
	for i := range 20_000 {
		f, sum := anyFile(), kb.HashOf(fmt.Append(nil, i))
		files.add(f.path, f.Stat, sum)
		want[f] = sum // of two, the last one
	}
	others := 0
	for range 20_000 {
		f := anyFile()
		sum, found := files.find(f.path, f.Stat)
		if known, is := want[f]; found != is || found && sum != known {
			t.Fatalf("%+v: %s, %t, not %s, %t", f, sum, found, known, is)
		}
		if !found {
			others++
		}
	}
	for f, known := range want {
		if sum, found := files.find(f.path, f.Stat); !found || sum != known {
			t.Fatalf("%+v: %s, %t, not %s", f, sum, found, known)
		}
	}
	if others == 0 {
		t.Error("no file was asked for that is not there")
	}
}

// TestSeenFilesAreSmall measures how much memory a file takes.
func TestSeenFilesAreSmall(t *testing.T) {
	const n = 200_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	files := newSeenFiles()
	for i := range n {
		files.add(fmt.Sprintf("some/folder/with/a/long/name/%d.md", i), scan.Stat{Inode: uint64(i)}, kb.Hash{})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := int64(after.HeapAlloc-before.HeapAlloc) / n; each > 120 {
		t.Errorf("a file takes %d bytes", each)
	}
	runtime.KeepAlive(files)
}
