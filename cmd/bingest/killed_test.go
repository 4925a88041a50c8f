package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/report"
)

// TestReportOfKilled has monitoring look at a knowledge base whose last run was
// killed: it is told, and not shown the run before as if that were the last one.
func TestReportOfKilled(t *testing.T) {
	p := newPrograms(t)
	for i := range 4 {
		p.write(fmt.Sprintf("docs/%d.md", i), "text\n")
	}
	name := "./kb.sqlite" // as another program may call it
	first := p.output(0, bytes.NewReader(p.output(0, nil, "bscan", "docs")), "bingest", "-db", name)
	if got := p.healthy(); got != "" {
		t.Errorf("after a complete run monitoring is told %q", got)
	}

	bad := []byte("no record\n" + `{"type":"file","path":"docs/none.md"}` + "\n")
	stream := append(bad, p.output(0, nil, "bscan", "docs")...)
	run := p.begin(stream, 5, 4)
	// While it goes on, it is not taken for a dead one.
	if got := p.output(0, nil, "bingest", "report"); !bytes.Equal(got, first) {
		t.Errorf("a run goes on, and the last report is %s", got)
	}
	if got := p.output(0, nil, "bingest", "report", "-all"); !bytes.Equal(got, first) {
		t.Errorf("a run goes on, and the reports are %s", got)
	}
	p.output(4, nil, "bingest", "report", "-run", "2")

	if err := run.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	run.Wait()
	killed := p.output(0, nil, "bingest", "report")
	checkKilled(t, decode[killedRun](t, killed), decode[status](t, p.output(0, nil, "bingest", "status", "-json")), name)
	if got, want := p.healthy(), `breport: error: run 2: the status is "interrupted", not complete`+"\n"; got != want {
		t.Errorf("after a killed run monitoring is told %q", got)
	}
	metrics := string(p.output(0, nil, "sh", "-c", "bingest report -all | breport -format prometheus"))
	for _, want := range []string{
		`btools_ingest_last_run_status{db="./kb.sqlite",status="interrupted"} 1`, `btools_ingest_last_run_status{db="./kb.sqlite",status="complete"} 0`,
		`btools_ingest_last_run_files{db="./kb.sqlite",outcome="failed"} 2`, `btools_ingest_last_complete_run_timestamp_seconds{db="./kb.sqlite"} `,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in\n%s", want, metrics)
		}
	}
	if strings.Contains(metrics, "memory_bytes{") {
		t.Errorf("the memory of a killed run is made up:\n%s", metrics)
	}

	// It stays as it is, whatever comes after.
	p.output(0, nil, "bcheck", "-repair")
	if got := p.output(0, nil, "bingest", "report", "-run", "2"); !bytes.Equal(got, killed) {
		t.Errorf("after a repair the report is\n%s, not\n%s", got, killed)
	}
	last := p.output(0, bytes.NewReader(p.output(0, nil, "bscan", "docs")), "bingest", "-db", name)
	if got, want := p.output(0, nil, "bingest", "report", "-all"), bytes.Join([][]byte{first, killed, last}, nil); !bytes.Equal(got, want) {
		t.Errorf("all reports are\n%s, not\n%s", got, want)
	}
	if got := p.healthy(); got != "" {
		t.Errorf("after another complete run monitoring is told %q", got)
	}
}

// healthy is what the command for monitoring says that btools-cron(7) shows; ""
// if it succeeds.
func (p *programs) healthy() string {
	p.t.Helper()
	cmd := p.command("sh", "-c", "bingest report | breport -max-age 36h >/dev/null")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	if exit, ok := err.(*exec.ExitError); err != nil && (!ok || exit.ExitCode() != 3) || err == nil != (stderr.Len() == 0) {
		p.t.Errorf("%v: %s", err, &stderr)
	}
	return stderr.String()
}

type killedRun struct {
	report.Report
	Errors []report.Error      `json:"errors"`
	Counts report.ErrorSummary `json:"error_summary"`
	Config map[string]any      `json:"configuration"`
}

// checkKilled holds a report against what bingest status says of the same run.
func checkKilled(t *testing.T, r killedRun, st status, db string) {
	t.Helper()
	if st.Status != "killed" || r.Run != st.Run || r.Status != "interrupted" || !strings.Contains(r.Fatal, fmt.Sprintf("process %d ", st.PID)) {
		t.Errorf("report %+v of a run that was killed: %+v", r, st)
	}
	if n := r.Processing; n.TotalFiles != 4 || n.Failed != 2 || n.Unchanged != 2 || n.Bytes != st.Bytes || n.SuccessRate != 50 {
		t.Errorf("it did %+v, not %+v", n, st)
	}
	if r.Counts != (report.ErrorSummary{Validation: 1, Processing: 1}) || len(r.Errors) != 2 {
		t.Errorf("what failed: %+v, %+v", r.Counts, r.Errors)
	}
	if took := r.Timestamp.Time().Sub(st.StartedAt.Time()); took <= 0 || report.RoundSeconds(took) != r.Performance.ElapsedSeconds {
		t.Errorf("it began at %v, ended at %v and took %v s", st.StartedAt, r.Timestamp, r.Performance.ElapsedSeconds)
	}
	if got := r.Config["db"]; got != db {
		t.Errorf("the knowledge base is called %v", got)
	}
}

// TestEndedMeanwhile has a run end as it should between the look at the knowledge
// base and the look for its process: it was not killed.
func TestEndedMeanwhile(t *testing.T) {
	p := newPrograms(t)
	p.write("docs/a.md", "text\n")
	p.output(0, bytes.NewReader(p.output(0, nil, "bscan", "docs")), "bingest")
	s := newQuery()
	*s.db = filepath.Join(p.dir, "kb.sqlite")
	kept, err := s.withoutEnding(t.Context(), []ingest.RunState{{ID: 1, Status: ingest.Running}})
	if err != nil || len(kept) > 0 {
		t.Errorf("%+v, %v", kept, err)
	}
}
