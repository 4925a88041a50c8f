package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/report"
)

func sample() *report.Report {
	return &report.Report{
		Type: "report", Timestamp: 1_736_935_200_123_456, Run: 7, Status: "complete",
		Processing: report.Processing{TotalFiles: 10, Stored: 4, Unchanged: 3, Deleted: 1, Skipped: 1, Failed: 1, SuccessRate: 90, Bytes: 1234},
		Performance: report.Performance{
			ElapsedSeconds: 1.5, FilesPerSecond: 6.7, Chunks: 2, HeldBack: 2, SecondsHeldBack: 0.75, Seconds: report.Seconds{Read: 0.25, Extract: 0.125, Embed: 2, Store: 0.5},
			PassagesEmbedded: 40, PassagesReused: 30, PassagesRejected: 1, PassagesWaiting: 2,
		},
		Errors: report.ErrorSummary{Processing: 1},
		Text: report.TextSummary{
			WithoutText: 3, Codes: map[kb.Code]int64{"unsupported": 2, "extract": 1},
			Errors: []report.TextError{{Path: "docs/a.pdf", Class: kb.Processing, Code: "extract", Message: "filter pdftotext: exit status 1"}},
		},
		Config: map[string]any{"db": "kb.sqlite", "jobs": 2.0},
	}
}

func failures(list ...report.Error) iter.Seq2[report.Error, error] {
	return func(yield func(report.Error, error) bool) {
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// TestWrite reads the report as jq would: one line, one object, every field
// under the name that scripts rely on.
func TestWrite(t *testing.T) {
	var out bytes.Buffer
	err := report.Write(&out, sample(), failures(
		report.Error{Path: "docs/a.md", Class: kb.Processing, Code: kb.Vanished, Attempts: 1, Message: "no such\nfile"},
		report.Error{Path: "docs/\uFFFD", PathBytes: []byte("docs/\xff"), Class: kb.Processing, Code: kb.Permission, Attempts: 3, Message: "x"},
	))
	if err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "}\n") {
		t.Errorf("not one line: %q", text)
	}
	const want = `{"type":"report","timestamp":"2025-01-15T10:00:00.123456Z","run":7,"status":"complete",
		"processing_summary":{"total_files":10,"stored":4,"unchanged":3,"deleted":1,"skipped":1,"failed":1,"success_rate":90,"bytes":1234},
		"performance_metrics":{"elapsed_seconds":1.5,"files_per_second":6.7,"held_back":3,"seconds_held_back":0.5,"memory_mb":0,"peak_memory_mb":0,"chunks":2,
			"retries":0,"seconds_lost_to_retries":0,"held_back":2,"seconds_held_back":0.75,"seconds":{"read":0.25,"extract":0.125,"embed":2,"store":0.5},
			"passages_embedded":40,"passages_reused":30,"passages_rejected":1,"passages_waiting":2},
		"error_summary":{"validation":0,"processing":1,"exception_after_retries":0},
		"text_summary":{"without_text":3,"codes":{"unsupported":2,"extract":1},
			"errors":[{"path":"docs/a.pdf","class":"processing","code":"extract","message":"filter pdftotext: exit status 1"}]},
		"errors":[{"path":"docs/a.md","class":"processing","code":"vanished","attempts":1,"message":"no such\nfile"},
			{"path":"docs/�","path_bytes":"ZG9jcy//","class":"processing","code":"permission","attempts":3,"message":"x"}],
		"configuration":{"db":"kb.sqlite","jobs":2}}`
	if got, want := decode(t, out.String()), decode(t, want); !reflect.DeepEqual(got, want) {
		t.Errorf("the report is\n%v, not\n%v", got, want)
	}
}

func decode(t *testing.T, text string) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

func TestWriteWithoutErrors(t *testing.T) {
	var out bytes.Buffer
	if err := report.Write(&out, sample(), failures()); err != nil {
		t.Fatal(err)
	}
	if list, ok := decode(t, out.String())["errors"].([]any); !ok || len(list) != 0 {
		t.Errorf("the errors are not an empty list: %s", out.String())
	}
}

var errBroken = errors.New("broken")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteFails(t *testing.T) {
	if err := report.Write(brokenWriter{}, sample(), failures()); !errors.Is(err, errBroken) {
		t.Errorf("the writer fails: %v", err)
	}
	broken := func(yield func(report.Error, error) bool) { yield(report.Error{}, errBroken) }
	if err := report.Write(new(bytes.Buffer), sample(), broken); !errors.Is(err, errBroken) {
		t.Errorf("the list of errors fails: %v", err)
	}
}

func TestKept(t *testing.T) {
	kept, err := report.Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	back, err := report.Unmarshal(kept)
	if err != nil || !reflect.DeepEqual(back, sample()) {
		t.Errorf("%+v, %v", back, err)
	}
	const older = `{"type":"report","run":3,"configuration":{}}` // kept before there was text to search
	if back, err = report.Unmarshal([]byte(older)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := report.Write(&out, back, failures()); err != nil || strings.Contains(out.String(), "text_summary") {
		t.Errorf("%v, and an older report speaks of text: %s", err, out.String())
	}
	if _, err := report.Unmarshal([]byte("{")); err == nil {
		t.Error("half a report is read")
	}
}

func TestSuccessRate(t *testing.T) {
	for _, test := range []struct {
		total, failed int64
		want          float64
	}{
		{0, 0, 100}, {1, 0, 100}, {1, 1, 0}, {3, 1, 66.6}, {1000, 7, 99.3}, {100_000, 1, 99.9}, {1_000_000, 1, 99.9},
		{math.MaxInt32, 1, 99.9},
	} {
		if got := report.SuccessRate(test.total, test.failed); got != test.want {
			t.Errorf("%d of %d failed: %v, not %v", test.failed, test.total, got, test.want)
		}
	}
}

func TestRounding(t *testing.T) {
	if got := report.RoundSeconds(1234567 * time.Microsecond); got != 1.235 {
		t.Errorf("1.234567 s is %v", got)
	}
	if got := report.Round1(6.66); got != 6.7 {
		t.Errorf("6.66 is %v", got)
	}
}
