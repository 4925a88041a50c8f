package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/report"
)

// readAll reads a stream to its end. Lines that are no report are in bad, each
// with its number.
func readAll(t testing.TB, in io.Reader) (runs []*report.Run, bad []string) {
	t.Helper()
	r := report.NewReader(in)
	for {
		run, err := r.Next()
		var line *report.LineError
		switch {
		case err == io.EOF:
			return runs, bad
		case errors.As(err, &line):
			bad = append(bad, err.Error())
		case err != nil:
			t.Fatal(err)
		default:
			runs = append(runs, run)
		}
	}
}

// TestReadWhatIsWritten demands of every report that it is read back as it was
// written, whatever its names and messages are.
func TestReadWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var stream bytes.Buffer
		var want []*report.Run
		for range rapid.IntRange(0, 4).Draw(rt, "reports") {
			rep := sample()
			rep.Run = rapid.Int64Range(0, 1e12).Draw(rt, "run")
			rep.Fatal = rapid.String().Draw(rt, "fatal")
			rep.Performance.ElapsedSeconds = rapid.Float64Range(0, 1e9).Draw(rt, "seconds")
			rep.Samples = []report.Sample{{ElapsedSeconds: 0.5, Files: 3, Failed: 1, MemoryMB: 20}}
			run := &report.Run{Report: *rep, Reasons: map[report.Reason]int64{}}
			for range rapid.IntRange(0, 120).Draw(rt, "failures") {
				e := report.Error{
					Path: rapid.String().Draw(rt, "path"), Class: kb.Processing, Attempts: 1, Message: rapid.String().Draw(rt, "message"),
					Code: rapid.SampledFrom([]kb.Code{kb.Vanished, kb.Permission}).Draw(rt, "code"),
				}
				run.Failures = append(run.Failures, e)
				run.Reasons[report.Reason{Class: e.Class, Code: e.Code}]++
			}
			if err := report.Write(&stream, rep, failures(run.Failures...)); err != nil {
				rt.Fatal(err)
			}
			stream.WriteString(rapid.SampledFrom([]string{"", "\n", " \t\r\n"}).Draw(rt, "blank"))
			run.Failures = run.Failures[:min(len(run.Failures), report.MaxFailures):len(run.Failures)]
			want = append(want, run)
		}
		text := stream.String()
		if rapid.Bool().Draw(rt, "no newline at the end") {
			text = strings.TrimRight(text, "\r\n\t ")
		}
		got, bad := readAll(t, strings.NewReader(text))
		if len(bad) > 0 || len(got) != len(want) {
			rt.Fatalf("%d of %d reports, and %q", len(got), len(want), bad)
		}
		for i := range got {
			if !reflect.DeepEqual(got[i], want[i]) {
				rt.Fatalf("read\n%+v\nof\n%+v", got[i], want[i])
			}
		}
	})
}

const good = `{"type":"report","timestamp":"2025-01-15T10:00:00Z","run":1,"status":"complete","processing_summary":{"total_files":1},"performance_metrics":{"elapsed_seconds":1}}`

// TestReadRefuses has one line for each way in which a line is no report. The
// reports before and after it are read all the same.
func TestReadRefuses(t *testing.T) {
	with := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("no %s", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for _, test := range []struct{ line, want string }{
		{"x", "not JSON: invalid character 'x' looking for beginning of value"},
		{"[]", "not a JSON object"},
		{"7", "not a JSON object"},
		{`"report"`, "not a JSON object"},
		{"{", "the report ends in the middle"},
		{good[:60], "the report ends in the middle"},
		{good[:len(good)-1], "the report ends in the middle"},
		{good + good, "there is more on the line after the report"},
		{good + "x", "there is more on the line after the report"},
		{"{}", "not a report: type is missing"},
		{`{"type":"file","path":"a.md"}`, `a JSON object of the type "file", not a report`},
		{`{"type":7}`, "type: a number, where a string is expected"},
		{`{"type":"report"}`, "not a report: timestamp is missing"},
		{with(`"status":"complete",`, ""), "not a report: status is missing"},
		{with(`"status":"complete"`, `"status":null`), "not a report: status is missing"},
		{with(`"processing_summary"`, `"processing"`), "not a report: processing_summary is missing"},
		{with(`"performance_metrics"`, `"performance"`), "not a report: performance_metrics is missing"},
		{with("2025-01-15T10:00:00Z", "yesterday"), `timestamp: "yesterday" is not an RFC 3339 time such as 2025-01-15T10:00:00Z`},
		{with(`"total_files":1`, `"total_files":"NaN"`), "processing_summary.total_files: a string, where a whole number is expected"},
		{with(`"total_files":1`, `"total_files":NaN`), "not JSON: invalid character 'N' looking for beginning of value"},
		{with(`"total_files":1`, `"total_files":1.5`), "processing_summary.total_files: 1.5 is not a whole number"},
		{with(`"total_files":1`, `"total_files":-1`), "processing_summary.total_files: -1 is negative"},
		{with(`"total_files":1`, `"total_files":9223372036854775807`), "processing_summary.total_files: 9.223372036854776e+18 is more than can be"},
		{with(`"total_files":1`, `"total_files":99999999999999999999`), "processing_summary.total_files: 99999999999999999999 is too large"},
		{with(`"elapsed_seconds":1`, `"elapsed_seconds":1e400`), "performance_metrics.elapsed_seconds: 1e400 is too large"},
		{with(`"elapsed_seconds":1`, `"elapsed_seconds":1e300`), "performance_metrics.elapsed_seconds: 1e+300 is more than can be"},
		{with(`"run":1`, `"run":-1`), "run: -1 is negative"},
		{with(`{"total_files":1}`, `[]`), "processing_summary: a list, where an object is expected"},
		{with(`"run":1`, `"run":1,"errors":{}`), "errors is not a list"},
		{with(`"run":1`, `"run":1,"errors":[7]`), "errors: a number, where an object is expected"},
		{with(`"run":1`, `"run":1,"samples":[{"files":-3}]`), "samples.0.files: -3 is negative"},
		{with(`"run":1`, `"run":1,"samples":[{"files":3},{"files":2}]`), "samples.1 goes back behind the one before"},
		{with(`"run":1`, `"run":1,"samples":[`+strings.Repeat("{},", 10_000)+`{}]`), "samples: 10001 are more than the 10000 that are read"},
		{with(`"run":1`, `"run":1,"text_summary":{"codes":{"\u0007":-1}}`), `text_summary.codes."\a": -1 is negative`},
		{with(`"run":1`, `"run":1,"x":"`+strings.Repeat("x", 17<<20)+`"`), "a value is longer than the 16 MiB that are read"},
	} {
		runs, bad := readAll(t, strings.NewReader(good+"\n\n"+test.line+"\n"+good))
		if len(runs) != 2 || !reflect.DeepEqual(bad, []string{"line 3: " + test.want}) {
			t.Errorf("%.100s: %d reports, %q", test.line, len(runs), bad)
		}
	}
}

// TestReadMany reads a report of 300,000 failures in the memory of a few.
func TestReadMany(t *testing.T) {
	const many = 300_000
	in, out := io.Pipe()
	go func() {
		one := report.Error{Path: "docs/a.md", Class: kb.Processing, Code: kb.Vanished, Attempts: 1, Message: strings.Repeat("x", 100)}
		out.CloseWithError(report.Write(out, sample(), iter.Seq2[report.Error, error](func(yield func(report.Error, error) bool) {
			for range many {
				if !yield(one, nil) {
					return
				}
			}
		})))
	}()
	runs, bad := readAll(t, in)
	if len(runs) != 1 || len(bad) > 0 {
		t.Fatalf("%d reports, %q", len(runs), bad)
	}
	run := runs[0]
	if n := run.Reasons[report.Reason{Class: kb.Processing, Code: kb.Vanished}]; n != many || len(run.Failures) != report.MaxFailures {
		t.Errorf("%d failures counted, %d named", n, len(run.Failures))
	}
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	if stats.HeapAlloc > 32<<20 {
		t.Errorf("%d MiB are held", stats.HeapAlloc>>20)
	}
	runtime.KeepAlive(runs)
}

func TestReadBOM(t *testing.T) {
	if runs, bad := readAll(t, strings.NewReader("\xEF\xBB\xBF"+good)); len(runs) != 1 || len(bad) > 0 {
		t.Errorf("%d reports, %q", len(runs), bad)
	}
}

func TestReadFails(t *testing.T) {
	r := report.NewReader(io.MultiReader(strings.NewReader(good+"\n"+good[:20]), broken{}))
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); !errors.Is(err, errBroken) {
		t.Errorf("the stream breaks: %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

// TestSeries adds reports in any order.
func TestSeries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Int64Range(0, 5), 1, 20).Draw(t, "times")
		most := rapid.IntRange(0, 5).Draw(t, "most")
		s := report.Series{Most: most}
		for i, at := range times {
			s.Add(&report.Run{
				Report:   report.Report{Timestamp: kb.Instant(at), Run: int64(i), Config: map[string]any{"db": "x", "n": 1}, Samples: make([]report.Sample, 1)},
				Failures: make([]report.Error, 1),
			})
		}
		want := len(times)
		if most > 0 {
			want = min(want, most)
		}
		if len(s.Runs) != want {
			t.Fatalf("%d reports of %d", len(s.Runs), len(times))
		}
		last := s.Last()
		for i, at := range times {
			if at > int64(last.Timestamp) || at == int64(last.Timestamp) && int64(i) > last.Run {
				t.Fatalf("run %d is the last, not %d", last.Run, i)
			}
		}
		if len(last.Failures) != 1 || len(last.Samples) != 1 || len(last.Config) != 2 {
			t.Fatalf("the last one is not whole: %+v", last)
		}
		for i, run := range s.Runs[:len(s.Runs)-1] {
			if next := s.Runs[i+1]; run.Timestamp > next.Timestamp || run.Timestamp == next.Timestamp && run.Run > next.Run {
				t.Fatalf("run %d before run %d", run.Run, next.Run)
			}
			if run.Failures != nil || run.Samples != nil || run.DB() != "x" || len(run.Config) != 1 {
				t.Fatalf("an older one is kept whole: %+v", run)
			}
		}
	})
}

// FuzzReader never panics, and whatever it takes for a report can be written and
// read again.
func FuzzReader(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(good + "\n" + good[:40] + "\n{\"type\":\"file\"}\n"))
	var out bytes.Buffer
	if err := report.Write(&out, sample(), failures(report.Error{Path: "a\n", Class: kb.Processing, Code: kb.Vanished})); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		runs, bad := readAll(t, bytes.NewReader(data))
		if lines := bytes.Count(data, []byte("\n")) + 1; len(runs)+len(bad) > lines {
			t.Fatalf("%d reports and %d others on %d lines", len(runs), len(bad), lines)
		}
		for _, run := range runs {
			var out bytes.Buffer
			if err := report.Write(&out, &run.Report, failures(run.Failures...)); err != nil {
				t.Fatalf("%+v: %v", run, err)
			}
			again, bad := readAll(t, &out)
			if len(again) != 1 {
				t.Fatalf("%q of %s", bad, fmt.Sprintf("%+v", run))
			}
			if !reflect.DeepEqual(again[0].Processing, run.Processing) || !reflect.DeepEqual(again[0].Failures, run.Failures) {
				t.Fatalf("read\n%+v\nof\n%+v", again[0], run)
			}
		}
	})
}
