package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
)

const (
	killDocuments = 600
	killSeed      = 20250115 // BTOOLS_KILL_SEED overrides it
	killsPerBase  = 2        // in each of the two ingests of a knowledge base

	// few makes transactions small, so that there are many to be hit, and lets four
	// chunks share one at most.
	few = "export BATCH_MAX_BATCH_SIZE=16; "
)

// TestKilled kills ingests at random moments and runs the same command line
// again: in the end, all is as in a knowledge base whose ingests were never
// killed, for a stream from a file as for the whole pipeline.
func TestKilled(t *testing.T) {
	seed, kills := fromEnv(t, "BTOOLS_KILL_SEED", killSeed), fromEnv(t, "BTOOLS_KILLS", either(16, 200))
	t.Logf("seed %d, %d kills", seed, kills)
	// What takes its time from the scan has the same in all knowledge bases, since
	// all are made of one scan.
	t.Run("stream", func(t *testing.T) {
		t.Parallel()
		k := newKillTest(t, seed)
		k.again = func(db string) string { return few + "exec bingest -n 4 -db " + db + " records" }
		k.before = func() { k.write("records", string(k.output(0, nil, "bscan", "docs"))) }
		k.run(kills / 2)
	})
	// Here each run has a scan of its own.
	t.Run("pipeline", func(t *testing.T) {
		t.Parallel()
		k := newKillTest(t, seed+1)
		k.again = func(db string) string { return few + "bscan docs | bchunk -n 4 | bingest -db " + db }
		k.before = func() { k.edited = kb.InstantOf(time.Now()).String() }
		k.run(kills / 2)
	})
}

// killTest takes one tree of documents into several knowledge bases, each time in
// two states, as it was and edited.
type killTest struct {
	*programs
	rand   *rand.Rand
	again  func(db string) string // the command line, for a shell
	before func()                 // is called before each state is taken in
	edited string                 // times after this one are those of scans; "" if these are all the same
	middle string                 // a time between the two states

	disturb func(db string) // an ingest that comes to nothing, or not to its end
	longest time.Duration   // that an ingest took lately which nobody killed
	midway  int             // disturbed ingests that had begun and not ended
}

func newKillTest(t *testing.T, seed int) *killTest {
	k := &killTest{programs: newPrograms(t), rand: rand.New(rand.NewPCG(uint64(seed), 0)), edited: "9999"}
	k.disturb = k.kill
	return k
}

func (k *killTest) run(kills int) {
	dbs := []string{"spared.sqlite"}
	for i := range max(1, kills/(2*killsPerBase)) {
		dbs = append(dbs, fmt.Sprintf("killed%d.sqlite", i))
	}
	k.makeTree()
	k.before()
	for _, db := range dbs {
		k.takeIn(db)
	}
	k.middle = kb.InstantOf(time.Now()).String()
	time.Sleep(10 * time.Millisecond) // more than a tick of the file system's clock
	k.editTree()
	k.before()
	for _, db := range dbs {
		k.takeIn(db)
	}
	if k.t.Logf("%d runs were hit that had begun", k.midway); k.midway == 0 {
		k.t.Error("no run was hit that had begun")
	}
	want := k.answers(dbs[0])
	for _, db := range dbs[1:] {
		for i, got := range k.answers(db) {
			k.compare(db, want[i], got)
		}
	}
}

// takeIn takes the tree in, and, unless the knowledge base is the one to be
// spared, only after some attempts that were killed.
func (k *killTest) takeIn(db string) {
	k.t.Helper()
	if db == "spared.sqlite" {
		began := time.Now()
		defer func() { k.longest = time.Since(began) }()
	} else {
		for range killsPerBase {
			k.disturb(db)
			// What is there can be asked for at any time.
			if _, err := os.Stat(filepath.Join(k.dir, db)); err == nil {
				k.checked(db)
			}
		}
	}
	rep := decode[map[string]any](k.t, k.output(0, nil, "sh", "-c", k.again(db)))
	if rep["status"] != "complete" {
		k.t.Errorf("%s: report %v", db, rep)
	}
}

// kill starts an ingest and kills it, with all the processes of its pipeline, at a
// moment at which it may have just begun or be nearly done.
func (k *killTest) kill(db string) {
	k.t.Helper()
	cmd := k.command("sh", "-c", k.again(db))
	var out bytes.Buffer // so that Wait waits for all of them
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	began, done := time.Now(), make(chan struct{})
	go func() {
		cmd.Wait() // killed, as a rule
		close(done)
	}()
	select {
	case <-time.After(time.Duration(k.rand.Int64N(int64(k.longest)))):
	case <-done:
		k.longest = time.Since(began) // the machine is less busy than it was
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
		k.t.Fatal(err)
	}
	<-done
	k.countMidway(db)
}

// countMidway looks whether the last run had begun and did not end.
func (k *killTest) countMidway(db string) {
	k.t.Helper()
	last, err := k.command("bingest", "status", "-json", "-db", db).Output()
	if err != nil {
		return // nothing is there yet
	}
	if st := decode[status](k.t, lines(last)[0]); st.Status != "complete" && st.Run > 0 && (st.FinishedAt == nil || st.Done > 0) {
		k.midway++
	}
}

func (k *killTest) name(i int) string { return fmt.Sprintf("docs/%02d/%03d.md", i%12, i) }

func (k *killTest) makeTree() {
	for i := range killDocuments {
		k.write(k.name(i), strings.Repeat(fmt.Sprintf("line of document %d\n", i), 1+k.rand.IntN(100)))
	}
}

// editTree edits, deletes, marks as executable and adds documents.
func (k *killTest) editTree() {
	for i := range killDocuments {
		file := filepath.Join(k.dir, k.name(i))
		var err error
		switch i % 7 {
		case 1, 2:
			k.write(k.name(i), fmt.Sprintf("document %d, edited\n", i))
		case 3:
			err = os.Remove(file)
		case 4:
			err = os.Chmod(file, 0o755)
		case 5:
			k.write(k.name(i)+".new.md", fmt.Sprintf("new %d\n", i))
		}
		if err != nil {
			k.t.Fatal(err)
		}
	}
}

// answers are what a knowledge base says: what there is, what it held and holds,
// byte for byte, what was said when and is found, and what became of some of the
// documents.
func (k *killTest) answers(db string) [][]byte {
	k.t.Helper()
	all := [][]byte{
		k.output(0, nil, "basof", "-db", db, "ls", "-json"),
		k.output(0, nil, "basof", "-db", db, "diff", "-p", "-from", "2000-01-01"),
		k.output(0, nil, "basof", "-db", db, "diff", "-p", "-from", "2000-01-01", "-to", k.middle),
	}
	for _, phrase := range []string{"line of document", "edited", "new"} {
		all = append(all, k.output(0, nil, "sh", "-c", `basof when -json -limit 1000000 -db "$0" "$1" | sort`, db, phrase))
	}
	all = append(all, k.output(0, nil, "basof", "-db", db, "search", "-json", "-k", "40", "document 77 edited"))
	for i := range 21 {
		all = append(all, k.output(0, nil, "basof", "-db", db, "log", "-json", k.name(i*17)))
	}
	for i := range all {
		all[i] = k.normal(all[i])
	}
	return all
}

var (
	recordedAt = regexp.MustCompile(`"(recorded_at|as_of)":"[^"]*"`)
	validTime  = regexp.MustCompile(`"valid_(from|to)":"([^"]*)"`)
)

// normal takes from an answer what may differ: when something was recorded, and
// where each run has a scan of its own, when that began.
func (k *killTest) normal(answer []byte) []byte {
	answer = recordedAt.ReplaceAll(answer, nil)
	return validTime.ReplaceAllFunc(answer, func(field []byte) []byte {
		if m := validTime.FindSubmatch(field); string(m[2]) > k.edited {
			return []byte(fmt.Sprintf(`"valid_%s":"scan"`, m[1]))
		}
		return field
	})
}

func (k *killTest) compare(db string, want, got []byte) {
	k.t.Helper()
	wanted := lines(want)
	for i, line := range lines(got) {
		if i >= len(wanted) || !bytes.Equal(line, wanted[i]) {
			k.t.Errorf("%s: line %d is %s", db, i+1, line)
			if i < len(wanted) {
				k.t.Errorf("but should be %s", wanted[i])
			}
			return
		}
	}
	if len(got) != len(want) {
		k.t.Errorf("%s: %d bytes of an answer that has %d", db, len(got), len(want))
	}
}
