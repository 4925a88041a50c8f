package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/tool/tooltest"
)

// farm is a folder of documents that is taken in in several ways, each into a
// knowledge base of its own, and asked the same questions.
type farm struct {
	t   *testing.T
	dir string
	env []string

	written map[string]bool // the modification times of the documents, as answers have them
}

func newFarm(t *testing.T) *farm {
	bin := tooltest.Build(t)
	f := &farm{t: t, dir: t.TempDir(), written: make(map[string]bool)}
	f.env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "TZ=UTC", "LC_ALL=C.UTF-8", "HOME="+f.dir)
	return f
}

// sh runs a script, and gives what it wrote to stdout.
func (f *farm) sh(script string, args ...any) string {
	f.t.Helper()
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", fmt.Sprintf(script, args...))
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = f.dir, f.env, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		f.t.Fatalf("%s: %v\n%s%s", cmd.Args[len(cmd.Args)-1], err, &stdout, &stderr)
	}
	return stdout.String()
}

// document is the text of a document in a generation. No two are equally long.
func document(n, generation int) string {
	return fmt.Sprintf("# Document %d\n\nThe ledger of machine %d is kept in generation %d%s.\n\n## Steps\n\nTurn valve %d, then read gauge %d%[4]s.\n",
		n, n%17, generation, strings.Repeat(" on", n), n*7%101, n*13%89)
}

const (
	documents = 120
	firstDay  = "2025-01-15T10:00:00.000000Z"
)

// write makes the documents of a generation: in the second every third is edited,
// every fifth is gone, and some are new. Those of the first are of one day, those of
// the second later than all scans of the first, so that they are valid from their
// modification time on.
func (f *farm) write(generation int) {
	f.t.Helper()
	day, err := time.Parse(time.RFC3339, firstDay)
	if err != nil {
		f.t.Fatal(err)
	}
	for n := range documents + 20*(generation-1) {
		path := filepath.Join(f.dir, "docs", fmt.Sprint(n%9), fmt.Sprintf("%d.md", n))
		if generation == 2 && n < documents {
			switch {
			case n%5 == 0:
				if err := os.Remove(path); err != nil {
					f.t.Fatal(err)
				}
				continue
			case n%3 != 0:
				continue
			}
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			f.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(document(n, generation)), 0o666); err != nil {
			f.t.Fatal(err)
		}
		if generation == 1 {
			if err := os.Chtimes(path, day, day); err != nil {
				f.t.Fatal(err)
			}
		}
		info, err := os.Stat(path)
		if err != nil {
			f.t.Fatal(err)
		}
		f.written[kb.InstantOf(info.ModTime()).String()] = true
	}
}

// varying are the fields of answers that say when a run was, and so differ from
// one knowledge base to the next.
var varying = []string{"recorded_at", "as_of", "cite", "source"}

// answers gives all that can be asked of a knowledge base, one text a question.
func (f *farm) answers(db string) map[string]string {
	f.t.Helper()
	questions := []string{
		"ls -json", "ls -json -at " + firstDay, "ls -json -at 2025-01-01", "diff -p -from " + firstDay,
		"when -json generation", "search -json -k 20 -at " + firstDay + " 'ledger of machine 4'",
	}
	for _, words := range []string{"ledger generation", "valve gauge", "'read gauge 12'", "'on on'", "maschine"} {
		for _, mode := range []string{"hybrid", "text", "vector"} {
			questions = append(questions, "search -json -k 15 -mode "+mode+" "+words)
		}
	}
	answers := make(map[string]string)
	for _, question := range questions {
		answers[question] = f.settled(question, f.sh("basof -db %s %s || [ $? = 4 ]", db, question))
	}
	paths := strings.Fields(f.sh("basof -db %s ls -at %s", db, firstDay) + f.sh("basof -db %s ls", db))
	slices.Sort(paths)
	logs := f.sh("for path in %s; do echo log $path; basof -db %s log -json $path; done", strings.Join(slices.Compact(paths), " "), db)
	for log := range strings.SplitSeq(strings.TrimPrefix(logs, "log "), "\nlog ") {
		path, lines, _ := strings.Cut(log, "\n")
		answers["log "+path] = f.settled("log", lines)
	}
	return answers
}

// settled leaves out of an answer what varies. Valid times that are no modification
// time are those of a scan: since when something is gone.
func (f *farm) settled(question, text string) string {
	if strings.HasPrefix(question, "diff") {
		return text
	}
	var lines []string
	for line := range strings.Lines(text) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			f.t.Fatalf("%s: %s: %v", question, line, err)
		}
		f.settle(fields)
		settled, err := json.Marshal(fields)
		if err != nil {
			f.t.Fatal(err)
		}
		lines = append(lines, string(settled))
	}
	return strings.Join(lines, "\n")
}

func (f *farm) settle(fields map[string]any) {
	for _, name := range varying {
		delete(fields, name)
	}
	for name, value := range fields {
		switch v := value.(type) {
		case map[string]any:
			f.settle(v)
		case string:
			if (name == "valid_from" || name == "valid_to") && !f.written[v] {
				fields[name] = "a scan"
			}
		}
	}
}

// firstDifference gives the first line in which two answers differ.
func firstDifference(a, b string) string {
	left, right := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(left), len(right)) {
		if left[i] != right[i] {
			return fmt.Sprintf("line %d: %s\nby one process: %s", i+1, left[i], right[i])
		}
	}
	return fmt.Sprintf("%d lines, and %d by one process", len(left), len(right))
}

// ways are the ways to take the documents in; %s is the knowledge base.
var ways = []struct{ name, needs, script string }{
	{"parallel --pipe", "parallel", `bscan docs | bchunk -n 7 | parallel --will-cite --pipe -N 1 -j 4 bingest -partial -db %[1]s >reports`},
	{"parallel --pipe, several chunks each", "parallel", `bscan docs | bchunk -n 3 | parallel --will-cite --pipe -N 5 -j 3 bingest -partial -db %[1]s >reports`},
	{"shards, one after the other", "", `for i in 1 2 3; do bscan -shard $i/3 docs | bchunk | bingest -db %[1]s; done >reports`},
	{"shards at once", "", `pids=; for i in 1 2 3; do (bscan -shard $i/3 docs | bchunk -n 9 | bingest -db %[1]s >said$i) & pids="$pids $!"; done; for p in $pids; do wait $p; done; cat said? >reports`},
	{"parallel over shards", "parallel", `seq 4 | parallel --will-cite -j 4 'bscan -shard {}/4 docs | bchunk -n 11 | bingest -db %[1]s' >reports`},
}

// TestManyWorkersMakeTheSameKnowledgeBase takes two generations of a folder in, by one
// process and in each of the ways, and compares all answers.
func TestManyWorkersMakeTheSameKnowledgeBase(t *testing.T) {
	f := newFarm(t)
	scripts := map[string]string{"one": `bscan docs | bingest -db %[1]s >reports`}
	for i, way := range ways {
		if _, err := exec.LookPath(way.needs); way.needs != "" && err != nil {
			t.Logf("left out: %s: %s is not installed (apt-get install %[2]s)", way.name, way.needs)
			continue
		}
		scripts[fmt.Sprint("way", i)] = way.script
	}
	for generation := range 2 {
		f.write(generation + 1)
		for db, script := range scripts {
			f.sh(script, db+".sqlite")
			f.checkReports(db, generation+1)
		}
	}
	want := f.answers("one.sqlite")
	if log := want["log docs/3/3.md"]; strings.Count(log, "\n") != 1 {
		t.Fatalf("not two versions: %s", log)
	}
	if n := strings.Count(want["ls -json"], "\n") + 1; n != documents+20-documents/5 {
		t.Fatalf("%d documents in force", n)
	}
	if !strings.Contains(want["diff -p -from "+firstDay], "+The ledger of machine 3 is kept in generation 2 on on on.") {
		t.Fatal("no edit in the diff")
	}
	for i, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			db := fmt.Sprint("way", i)
			if scripts[db] == "" {
				t.Skipf("%s is not installed (apt-get install %[1]s)", way.needs)
			}
			asked := *f
			asked.t = t
			got := asked.answers(db + ".sqlite")
			for question, answer := range want {
				if got[question] != answer {
					t.Errorf("%s: %s", question, firstDifference(got[question], answer))
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d answers, want %d", len(got), len(want))
			}
		})
	}
}

// checkReports sums up what the workers say that they did.
func (f *farm) checkReports(db string, generation int) {
	f.t.Helper()
	text, err := os.ReadFile(filepath.Join(f.dir, "reports"))
	if err != nil {
		f.t.Fatal(err)
	}
	var stored, deleted, failed int
	for line := range bytes.Lines(text) {
		var report struct {
			Status  string
			Summary struct{ Stored, Deleted, Failed int } `json:"processing_summary"`
		}
		if err := json.Unmarshal(line, &report); err != nil || report.Status != "complete" {
			f.t.Fatalf("%s: %s: %v", db, line, err)
		}
		stored, deleted, failed = stored+report.Summary.Stored, deleted+report.Summary.Deleted, failed+report.Summary.Failed
	}
	edited := 0
	for n := range documents {
		if n%3 == 0 && n%5 != 0 {
			edited++
		}
	}
	want := map[int][3]int{1: {documents, 0, 0}, 2: {edited + 20, documents / 5, 0}}[generation]
	if got := [3]int{stored, deleted, failed}; got != want {
		f.t.Errorf("%s, generation %d: stored, deleted and failed %v, want %v", db, generation, got, want)
	}
}
