package render_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/report"
)

// seriesOf has two runs of each knowledge base, on four days, the rates of which
// are 10 and 11 times its place, counted from 1.
func seriesOf(bases ...string) *report.Series {
	s := new(report.Series)
	for run := range 2 {
		for i, db := range bases {
			s.Add(&report.Run{Report: report.Report{
				Run: int64(run + 1), Status: "complete", Config: map[string]any{"db": db},
				Timestamp:   kb.InstantOf(time.Date(2025, 1, 1+run*len(bases)+i, 2, 0, 0, 0, time.UTC)),
				Performance: report.Performance{FilesPerSecond: float64((10 + run) * (i + 1)), PeakMemoryMB: 50},
			}})
		}
	}
	return s
}

// TestBases demands that each run of a series, and each curve, is seen to be of
// its own knowledge base.
func TestBases(t *testing.T) {
	s := seriesOf("a.sqlite", "b.sqlite")
	for ending, want := range map[string][]string{
		"txt": {
			"  1  a.sqlite  2025-01-01", "  1  b.sqlite  2025-01-02", "  2  a.sqlite  2025-01-03", "  2  b.sqlite  2025-01-04",
			"\n  a.sqlite\n  rate         ██  10 to 11 files a second\n", "\n  b.sqlite\n  rate         ██  20 to 22 files a second\n",
		},
		"md": {
			"| 1 | a.sqlite | 2025-01-01", "| 2 | b.sqlite | 2025-01-04",
			"\n<code>a.sqlite</code>\n\n- rate over the runs: <code>██</code> 10 to 11 files", "\n<code>b.sqlite</code>\n\n- rate over the runs: <code>██</code> 20 to 22 files",
		},
		"html": {
			`<td class="n">1</td><td>a.sqlite</td><td>2025-01-01`, `<td class="n">2</td><td>b.sqlite</td><td>2025-01-04`,
			"<h3>a.sqlite</h3>", `"rate over 2 runs: from 10 to 11 files a second"`, "<h3>b.sqlite</h3>", `"rate over 2 runs: from 20 to 22 files a second"`,
		},
	} {
		got := written(t, ending, s)
		for _, text := range want {
			if !strings.Contains(got, text) {
				t.Errorf("%s: no %q in\n%s", ending, text, got)
			}
		}
		if one := written(t, ending, seriesOf("a.sqlite")); strings.Contains(one, ">db</th>") || strings.Contains(one, " db ") || strings.Contains(one, "<h3>") {
			t.Errorf("%s: the only knowledge base is told from others in\n%s", ending, one)
		}
	}
	// All plots are over the same time.
	if n := strings.Count(written(t, "html", s), ">4 Jan</text>"); n != 6 {
		t.Errorf("the last day is on %d of 6 plots", n)
	}
}

// TestManyBases bounds what is drawn of them.
func TestManyBases(t *testing.T) {
	var names []string
	for i := range 30 {
		names = append(names, fmt.Sprintf("%02d.sqlite", i))
	}
	s := seriesOf(names...)
	for ending, want := range map[string]string{"md": "\nand 10 other knowledge bases\n", "html": "and 10 other knowledge bases</p>"} {
		if got := written(t, ending, s); !strings.Contains(got, want) {
			t.Errorf("%s: no %q", ending, want)
		}
	}
}

// TestLongNames demands that names which are cut short are still told apart.
func TestLongNames(t *testing.T) {
	end := strings.Repeat("/folder", 5) + "/kb.sqlite"
	got := written(t, "narrow.txt", seriesOf("/one"+end, "/two"+end))
	for _, want := range []string{"  1  /one/…qlite  2025", "  1  /two/…qlite  2025"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	got = written(t, "narrow.txt", seriesOf("/srv/a/one.sqlite", "/srv/b/two.sqlite"))
	if !strings.Contains(got, "  1  …one.sqlite  2025") {
		t.Errorf("names are not cut short in\n%s", got)
	}
}

func written(t *testing.T, ending string, s *report.Series) string {
	t.Helper()
	var out bytes.Buffer
	if err := formats[ending](&out, s); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
