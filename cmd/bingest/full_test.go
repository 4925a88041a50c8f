package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFullDisk takes documents in where no file may grow beyond a random size, much as
// on a disk that is full: each run says so, what it committed is there, and once
// there is room, the same line does the rest.
func TestFullDisk(t *testing.T) {
	k := newKillTest(t, fromEnv(t, "BTOOLS_KILL_SEED", killSeed)+2)
	k.again = func(db string) string { return few + "exec bingest -n 4 -db " + db + " records" }
	k.before = func() { k.write("records", string(k.output(0, nil, "bscan", "docs"))) }
	k.disturb = k.fill
	k.run(either(8, 50))
}

// fill runs the line with a limit on the size of files that is somewhere between
// nothing and what it takes in all.
func (k *killTest) fill(db string) {
	k.t.Helper()
	spared, err := os.Stat(filepath.Join(k.dir, "spared.sqlite"))
	if err != nil {
		k.t.Fatal(err)
	}
	size := spared.Size()
	if old, err := os.Stat(filepath.Join(k.dir, db)); err == nil {
		size -= old.Size() / 2 // so that the second ingest too gets somewhere, and not always to its end
	}
	const block = 512 // the unit of ulimit -f in a POSIX shell
	limit := k.rand.Int64N(max(size, 1)/block) + 1
	// The report goes through a pipe, which has no size.
	cmd := k.command("sh", "-c", fmt.Sprintf("ulimit -f %d; %s", limit, k.again(db)))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	switch code := exitCode(k.t, cmd.Run()); code {
	case 0:
	case 1:
		if !strings.Contains(stderr.String(), "bingest: error: ") || !strings.Contains(stderr.String(), "a limit on the size of files is reached") ||
			!strings.HasSuffix(stderr.String(), "\nbingest: hint: raise the limit, of which ulimit -f tells, and run the same line again; nothing that was committed is lost\n") || strings.Count(stderr.String(), "\n") != 2 {
			k.t.Errorf("limit %d: said %s", limit, &stderr)
		}
		if rep := decode[map[string]any](k.t, stdout.Bytes()); rep["status"] != "failed" {
			k.t.Errorf("limit %d: report %v", limit, rep)
		}
	default:
		k.t.Errorf("limit %d: exit code %d: %s", limit, code, &stderr)
	}
	k.countMidway(db)
}

// mount makes a folder that is a file system of so many bytes, for as long as the test runs.
func (p *programs) mount(name string, size int64) (dir string) {
	p.t.Helper()
	dir = filepath.Join(p.dir, name)
	if err := os.Mkdir(dir, 0o777); err != nil {
		p.t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%d", size), "none", dir).CombinedOutput(); err != nil {
		p.t.Skipf("nothing can be mounted here: %s", out)
	}
	p.t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			p.t.Errorf("%v: %s", err, out)
		}
	})
	return dir
}

// TestFullBackup copies a knowledge base to where there is hardly room for it: a copy
// that fails leaves nothing behind, at whatever it failed.
func TestFullBackup(t *testing.T) {
	p := newPrograms(t)
	p.write("docs/a.md", "one\n")
	p.output(0, bytes.NewReader(p.output(0, nil, "bscan", "docs")), "bingest")
	p.output(0, nil, "basof", "backup", "copy.sqlite")
	whole, err := os.Stat(filepath.Join(p.dir, "copy.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	const step = 4096
	failed := 0
	for room := -2 * int64(step); ; room += step {
		if failed == 64 {
			t.Fatalf("with room for %d bytes more than it has, no copy can be made", room)
		}
		name := fmt.Sprintf("room%d", failed)
		dir := p.mount(name, whole.Size()+room)
		_, err := p.run("", "basof", "backup", name+"/copy.sqlite")
		if err == nil {
			break
		}
		failed++
		if strings.Count(err.Error(), "basof: error: ") != 1 || !strings.Contains(err.Error(), "basof: hint: make room there, or ") {
			t.Errorf("with room for %d bytes more: %v", room, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("with room for %d bytes more, there are left: %v, %v", room, left, err)
		}
	}
	if failed < 3 {
		t.Errorf("%d copies failed", failed)
	}
}

// TestFullFileSystem does what TestFullDisk does with a real file system that is full, where one
// may be mounted.
func TestFullFileSystem(t *testing.T) {
	p := newPrograms(t)
	small := p.mount("small", 1<<20)
	for i := range 300 {
		p.write(fmt.Sprintf("docs/%03d.md", i), strings.Repeat(fmt.Sprintf("line of document %d\n", i*i), 50+i))
	}
	stream := p.output(0, nil, "bscan", "docs")
	rep := decode[map[string]any](t, p.output(1, bytes.NewReader(stream), "bingest", "-n", "5", "-db", "small/kb.sqlite"))
	if rep["status"] != "failed" || !strings.Contains(fmt.Sprint(rep["fatal"]), "the disk is full") {
		t.Errorf("report %v", rep)
	}
	p.checked("small/kb.sqlite")
	before := lines(p.output(0, nil, "basof", "ls", "-db", "small/kb.sqlite"))
	if len(before) == 0 || len(before) == 300 {
		t.Errorf("%d documents fit in", len(before))
	}
	if out, err := exec.Command("mount", "-o", "remount,size=64m", small).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	rep = decode[map[string]any](t, p.output(0, bytes.NewReader(stream), "bingest", "-n", "5", "-db", "small/kb.sqlite"))
	if done := rep["processing_summary"].(map[string]any); done["unchanged"] != float64(len(before)) || done["total_files"] != 300.0 {
		t.Errorf("%d were there, then: %v", len(before), rep)
	}

	// On a disk with no room for another byte, questions are answered too.
	cmd := p.command("sh", "-c", "cat /dev/zero >small/rest")
	if cmd.Run() == nil {
		t.Error("the disk is not full")
	}
	if all := lines(p.output(0, nil, "basof", "ls", "-db", "small/kb.sqlite")); len(all) != 300 {
		t.Errorf("%d documents", len(all))
	}
	p.checked("small/kb.sqlite")
	if err := os.Remove(filepath.Join(small, "rest")); err != nil {
		t.Fatal(err)
	}

	// Where the file system is read-only, questions are answered and nothing is
	// taken in.
	if out, err := exec.Command("mount", "-o", "remount,ro", small).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if all := lines(p.output(0, nil, "basof", "ls", "-db", "small/kb.sqlite")); len(all) != 300 {
		t.Errorf("%d documents", len(all))
	}
	p.output(0, nil, "basof", "search", "-db", "small/kb.sqlite", "line of document")
	for _, db := range []string{"small/kb.sqlite", "small/new.sqlite"} {
		rep = decode[map[string]any](t, p.output(1, bytes.NewReader(stream), "bingest", "-db", db))
		if !strings.Contains(fmt.Sprint(rep["fatal"]), "it cannot be written") {
			t.Errorf("report of %s: %v", db, rep)
		}
	}
}
