package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// way is a way to fail.
type way struct {
	class, code string
	prepare     func(file string) error // makes the file as it should not be; nil where there is none
	line        string                  // with %s for the path, quoted
	again       string                  // the type that bingest failed gives it; "" for a line that is no record
}

const wrongHash = `"sha256":"0000000000000000000000000000000000000000000000000000000000000000"`

var waysToFail = []way{
	{"validation", "bad_record", nil, "no record at all", ""},
	{"validation", "bad_record", nil, `{"type":"file"}`, ""},
	{"validation", "bad_record", nil, `{"type":"file","path":%s,"mtime":"yesterday"}`, ""},
	{"validation", "bad_record", nil, `{"type":"file","path":%s,"size":-1}`, ""},
	{"validation", "bad_record", nil, "{\"type\":\"file\",\"path\":\"\xff\"}", ""},
	{"validation", "too_large", func(file string) error { return os.WriteFile(file, make([]byte, 5000), 0o666) }, `{"type":"file","path":%s}`, "file"},
	{"validation", "too_large", nil, `{"type":"file","path":%s,"content":"` + strings.Repeat("x", 5000) + `"}`, "skip"},
	{"processing", "vanished", func(string) error { return nil }, `{"type":"file","path":%s,"size":7}`, "file"},
	{"processing", "vanished", func(string) error { return nil }, `{"type":"file","path":%s,"valid_from":"2024-01-01T00:00:00Z","seq":7}`, "file"},
	{"processing", "not_regular", func(file string) error { return os.Mkdir(file, 0o777) }, `{"type":"file","path":%s}`, "file"},
	{"processing", "not_regular", func(file string) error { return os.Symlink("/etc/passwd", file) }, `{"type":"file","path":%s}`, "file"},
	{"processing", "corrupt", nil, `{"type":"file","path":%s,"content":"x",` + wrongHash + `}`, "skip"},
	{"processing", "corrupt", nil, `{"type":"file","path":%s,"content":"x","valid_from":"2024-01-01T00:00:00Z",` + wrongHash + `}`, "skip"},
	{"processing", "permission", func(string) error { return nil }, `{"type":"error","path":%s,"class":"processing","code":"permission","message":"said bscan"}`, "file"},
	{"exception_after_retries", "io", func(string) error { return nil }, `{"type":"error","path":%s,"class":"exception_after_retries","code":"io","message":"said bscan"}`, "file"},
	{"processing", "rejected", func(file string) error { return os.WriteFile(file, []byte("x"), 0o666) }, `{"type":"file","path":%s,"source":"poison"}`, "file"},
}

// expectation is what has to come out.
type expectation struct {
	records []string
	errors  []string // path, class and code
	classes map[string]int64
	again   []string // type, path, class and code
	files   []string // of those that can be tried again
	good    int
}

// expect makes count records, of which every second one fails, in one way after
// the other.
func (p *programs) expect(count int) *expectation {
	p.t.Helper()
	e := &expectation{classes: make(map[string]int64)}
	for i := range count {
		name := fmt.Sprintf("docs/%02d/%04d.md", i%50, i)
		p.write(name, fmt.Sprintf("document %d\n", i))
		if i%2 == 0 {
			e.records = append(e.records, fmt.Sprintf(`{"type":"file","path":%q}`, name))
			e.good++
			continue
		}
		w := waysToFail[i/2%len(waysToFail)]
		file := filepath.Join(p.dir, name)
		if err := os.Remove(file); err != nil {
			p.t.Fatal(err)
		}
		if w.prepare != nil {
			if err := w.prepare(file); err != nil {
				p.t.Fatal(err)
			}
		}
		e.records = append(e.records, strings.ReplaceAll(w.line, "%s", fmt.Sprintf("%q", name)))
		e.classes[w.class]++
		if w.again == "" {
			name = ""
		} else {
			e.again = append(e.again, strings.Join([]string{w.again, name, w.class, w.code}, " "))
		}
		if w.again == "file" {
			e.files = append(e.files, name)
		}
		e.errors = append(e.errors, strings.Join([]string{name, w.class, w.code}, " "))
	}
	slices.Sort(e.errors)
	slices.Sort(e.again)
	return e
}

// poison makes a knowledge base that refuses versions of a certain source: one is
// there, of a document that is gone, and no second may be.
func (p *programs) poison(db string) {
	p.t.Helper()
	p.output(0, strings.NewReader(`{"type":"file","path":"first","source":"poison","valid_from":"2024-01-01T00:00:00Z","content":"x"}`), "bingest", "-partial", "-db", db)
	p.output(0, nil, "bingest", "rm", "-db", db, "first")
	conn, err := new(sqlite3.SQLiteDriver).Open(filepath.Join(p.dir, db))
	if err == nil {
		_, err = conn.(*sqlite3.SQLiteConn).Exec("CREATE UNIQUE INDEX poison ON version (source) WHERE source = 'poison'", nil)
		err = errors.Join(err, conn.Close())
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// TestFailures takes records in of which half fail, in every way that there is:
// report, bingest failed and bingest status are right to the last one, the good
// ones are all there, and once the reasons are gone, bingest failed | bingest does
// the rest.
func TestFailures(t *testing.T) {
	p := newPrograms(t)
	want := p.expect(either(640, 5120))
	p.poison("kb.sqlite")
	stream := fmt.Sprintf(`{"type":"scan","format":1,"scan":{"id":"x","dir":%q,"roots":["docs"],"started_at":"2025-01-01T00:00:00Z"}}`, p.dir) +
		"\n" + strings.Join(want.records, "\n") + "\n"
	rep := decode[failureReport](t, p.output(3, strings.NewReader(stream), "bingest", "-partial", "-max-size", "1000"))
	rep.compare(t, want)
	again := p.output(0, nil, "bingest", "failed")
	if got := failedLines(t, again); !slices.Equal(got, want.again) {
		t.Errorf("failed, in all %d:\n%s\nbut should be %d:\n%s", len(got), got, len(want.again), want.again)
	}
	st := decode[status](t, p.output(0, nil, "bingest", "status", "-json"))
	if st.Standing != int64(len(want.again)) || st.Failed != int64(len(want.errors)) {
		t.Errorf("status %+v", st)
	}
	if docs := lines(p.output(0, nil, "basof", "ls")); len(docs) != want.good {
		t.Errorf("%d documents, not %d", len(docs), want.good)
	}

	// Nothing has changed: the same fail again, and no others.
	p.output(3, bytes.NewReader(again), "bingest", "-max-size", "1000")
	if got := failedLines(t, p.output(0, nil, "bingest", "failed")); len(got) != len(want.again) {
		t.Errorf("failed again: %d, not %d", len(got), len(want.again))
	}

	for _, name := range want.files {
		if err := os.RemoveAll(filepath.Join(p.dir, name)); err != nil {
			t.Fatal(err)
		}
		p.write(name, "now it is there: "+name+"\n")
	}
	p.output(0, nil, "sh", "-c", `bingest failed | sed 's/"source":"poison",//' | bingest -max-size 1000`)
	left := failedLines(t, p.output(0, nil, "bingest", "failed"))
	for _, line := range left {
		if !strings.HasPrefix(line, "skip ") {
			t.Errorf("still failed: %s", line)
		}
	}
	if docs := lines(p.output(0, nil, "basof", "ls")); len(docs) != want.good+len(want.files) || len(left) != len(want.again)-len(want.files) {
		t.Errorf("%d documents, and %d still failed", len(docs), len(left))
	}
}

// failureReport is what TestFailures looks at of a report.
type failureReport struct {
	Status     string
	Processing struct {
		Stored, Failed int64
		TotalFiles     int64   `json:"total_files"`
		SuccessRate    float64 `json:"success_rate"`
	} `json:"processing_summary"`
	Summary map[string]int64 `json:"error_summary"`
	Errors  []struct{ Path, Class, Code string }
}

func (r *failureReport) compare(t *testing.T, want *expectation) {
	t.Helper()
	var got []string
	for _, e := range r.Errors {
		got = append(got, strings.Join([]string{e.Path, e.Class, e.Code}, " "))
	}
	slices.Sort(got)
	if !slices.Equal(got, want.errors) {
		t.Errorf("%d errors:\n%s\nbut should be %d:\n%s", len(got), got, len(want.errors), want.errors)
	}
	for class, n := range r.Summary {
		if n != want.classes[class] {
			t.Errorf("%d of class %s, not %d", n, class, want.classes[class])
		}
	}
	if r.Processing.TotalFiles != int64(len(want.records)) || r.Processing.Stored != int64(want.good) ||
		r.Processing.Failed != int64(len(want.errors)) || r.Processing.SuccessRate != 50 {
		t.Errorf("report %+v", r.Processing)
	}
}

// failedLines are the records of bingest failed: type, path, class and code.
func failedLines(t *testing.T, stream []byte) []string {
	t.Helper()
	var list []string
	for _, line := range lines(stream) {
		rec := decode[struct{ Type, Path, Class, Code string }](t, line)
		if rec.Type != "scan" && rec.Type != "end" {
			list = append(list, strings.Join([]string{rec.Type, rec.Path, rec.Class, rec.Code}, " "))
		}
	}
	slices.Sort(list)
	return list
}
