package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/sysload"
	"github.com/seed16713943/btools/pkg/tool"
)

func statusCommand() *cli.Command {
	s := newQuery()
	s.json = s.set.Bool("json", "", "print one JSON object a run, and with -all one a document")
	s.all = s.set.Bool("all", "", "list what failed and did not succeed since, and the documents without text to search, with the reasons")
	return &cli.Command{
		Name:  "status",
		Usage: "shows what the runs that go on, or else the last one, have done, and what searches lack",
		UsageText: `bingest status
bingest status -json | jq .done
bingest status -all -json | jq -r 'select(.type == "textless" and .code == "extract").path'
watch -n 1 bingest status`,
		Flags:  tool.Flags(&s.set),
		Action: s.status,
	}
}

// status is what bingest status tells.
type status struct {
	Type       string      `json:"type"` // "status"
	Run        int64       `json:"run"`
	Status     string      `json:"status"` // as in a report, or running, or killed
	StartedAt  kb.Instant  `json:"started_at"`
	FinishedAt *kb.Instant `json:"finished_at"`
	PID        int         `json:"pid"`
	Host       string      `json:"host"`

	Done      int64  `json:"done"`     // records
	Expected  *int64 `json:"expected"` // records in all; null if not known
	Stored    int64  `json:"stored"`
	Unchanged int64  `json:"unchanged"`
	Deleted   int64  `json:"deleted"`
	Skipped   int64  `json:"skipped"`
	Failed    int64  `json:"failed"`
	Bytes     int64  `json:"bytes"`
	Unread    int64  `json:"unread,omitempty"`   // folders, as in the report
	Withheld  int64  `json:"withheld,omitempty"` // deletions, as in the report

	FilesPerSecond float64  `json:"files_per_second"`
	SecondsLeft    *float64 `json:"seconds_left"` // null if not known
	Standing       int64    `json:"standing_failures"`

	Index *index `json:"index"`
}

// statusRuns is how many of the last runs may still go on: workers of one stream
// begin together.
const statusRuns = 64

func (s *settings) status(c *cli.Context) error {
	if c.Args().Present() {
		return tool.Usagef("status takes no arguments")
	}
	reader, err := s.openReader(c.Context)
	if err != nil {
		return err
	}
	defer reader.Close() // only read
	list, err := current(c.Context, reader)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return tool.Exit(tool.ExitNothing, tool.WithHint(
			fmt.Errorf("%s: no run has been made yet", *s.db), "make one with: bscan FOLDER | bchunk | bingest"))
	}
	standing, err := reader.Standing(c.Context)
	if err != nil {
		return err
	}
	index, textless, err := indexOf(c.Context, reader)
	if err != nil {
		return err
	}
	var failed []failure
	if *s.all {
		failed, err = failuresOf(c.Context, reader)
	} else {
		textless = nil
	}
	if err != nil {
		return err
	}
	if *s.json {
		return writeJSON(c.App.Writer, list, standing, failed, index, textless)
	}
	for _, st := range list {
		if err := st.write(c.App.Writer); err != nil {
			return err
		}
	}
	if standing > 0 {
		roots, err := rootsOf(c.Context, reader)
		if err == nil {
			err = writeFailed(c.App.Writer, standing, failed, roots)
		}
		if err != nil {
			return err
		}
	}
	return index.write(c.App.Writer, textless)
}

func writeJSON(w io.Writer, list []*status, standing int64, failed []failure, index *index, textless []textless) error {
	out := kb.NewJSONEncoder(w)
	for _, st := range list {
		st.Standing, st.Index = standing, index
		if err := out.Encode(st); err != nil {
			return err
		}
	}
	for _, f := range failed {
		if err := out.Encode(f); err != nil {
			return err
		}
	}
	for _, t := range textless {
		if err := out.Encode(t); err != nil {
			return err
		}
	}
	return nil
}

// failure is a record that failed and did not succeed since.
type failure struct {
	Type     string     `json:"type"` // "failure"
	Run      int64      `json:"run"`  // that tried last
	FailedAt kb.Instant `json:"failed_at"`
	report.Error
}

func failuresOf(ctx context.Context, reader *sqlite.Reader) ([]failure, error) {
	var list []failure
	for f, err := range reader.Failed(ctx) {
		if err != nil {
			return nil, err
		}
		list = append(list, failure{"failure", f.Run, f.At, reportError(&f.Failure)})
	}
	return list, nil
}

func writeFailed(w io.Writer, standing int64, failed []failure, roots map[int64]string) error {
	terminal := tool.IsTerminal(w)
	root := ""
	for _, run := range slices.Sorted(maps.Keys(roots)) {
		root = cmp.Or(root, roots[run]) // nothing of the others is read outside of it either
	}
	hint := "; to try again: " + tryAgain(root, terminal)
	if failed == nil {
		hint = "; -all lists them" + hint
	}
	_, err := fmt.Fprintf(w, "%s failed, in this run or an earlier one, and did not succeed since%s\n", tool.Count(standing, "record"), hint)
	for _, f := range failed {
		if err == nil {
			_, err = fmt.Fprintf(tool.Visible(w), "%s: %s: %s\n", tool.Display(f.Path, terminal), f.Code, f.Message)
		}
	}
	return err
}

// current returns the runs that go on, or else the last one.
func current(ctx context.Context, reader *sqlite.Reader) ([]*status, error) {
	var running, last []*status
	seen := 0
	for run, err := range reader.Runs(ctx) {
		if err != nil {
			return nil, err
		}
		if seen++; seen > statusRuns {
			break
		}
		st := statusOf(&run, time.Now())
		if st.Status == string(ingest.Running) {
			running = append(running, st)
		}
		if last == nil {
			last = []*status{st}
		}
	}
	if running != nil {
		return running, nil
	}
	return last, nil
}

func statusOf(run *ingest.RunState, now time.Time) *status {
	st := &status{
		Type: "status", Run: run.ID, Status: string(run.Status), StartedAt: run.StartedAt, FinishedAt: run.FinishedAt,
		PID: run.PID, Host: run.Host, Done: run.Counts.Total(), Expected: run.Expected,
		Stored: run.Counts.Stored, Unchanged: run.Counts.Unchanged, Deleted: run.Counts.Deleted,
		Skipped: run.Counts.Skipped, Failed: run.Counts.Failed, Bytes: run.Counts.Bytes,
	}
	var rep report.Report
	if json.Unmarshal(run.Report, &rep) == nil { // else the run goes on, or was killed
		st.Unread, st.Withheld = rep.Processing.Unread, rep.Processing.Withheld
	}
	end := now
	switch {
	case run.FinishedAt != nil:
		end = run.FinishedAt.Time()
	case !alive(run):
		st.Status = "killed"
		if run.LastCommit != nil {
			end = run.LastCommit.Time()
		}
	}
	elapsed := end.Sub(run.StartedAt.Time()).Seconds()
	if elapsed > 0 {
		st.FilesPerSecond = report.Round1(float64(st.Done) / elapsed)
	}
	if st.Status == string(ingest.Running) && st.Expected != nil && st.Done > 0 {
		left := report.Round1(elapsed * float64(max(0, *st.Expected-st.Done)) / float64(st.Done))
		st.SecondsLeft = &left
	}
	return st
}

// alive reports whether the process of a run still works. Of a process on
// another machine nothing is known, and it is believed.
func alive(run *ingest.RunState) bool {
	return sysload.AliveOn(run.Host, run.PID, run.StartedAt.Time())
}

// write writes the status for people.
func (st *status) write(w io.Writer) error {
	line := fmt.Sprintf("run %d: %s, started %s", st.Run, st.Status, local(st.StartedAt))
	switch {
	case st.FinishedAt != nil:
		line += ", finished " + local(*st.FinishedAt)
	case st.Status == "killed":
		line += fmt.Sprintf(" by process %d, which is gone; run the same line again", st.PID)
	default:
		line += fmt.Sprintf(" by process %d on %s", st.PID, st.Host)
	}
	done := tool.Count(st.Done, "record")
	if st.FinishedAt == nil && st.Expected != nil && *st.Expected > 0 {
		done += fmt.Sprintf(" of about %d (%.0f %%)", *st.Expected, min(100, 100*float64(st.Done)/float64(*st.Expected)))
	}
	done += fmt.Sprintf(", %.0f a second", st.FilesPerSecond)
	if st.SecondsLeft != nil {
		left := time.Duration(*st.SecondsLeft * float64(time.Second)).Round(time.Second)
		done += fmt.Sprintf(", %s left", left)
	}
	if st.FinishedAt == nil || st.Done > 0 { // else it may be a reindex
		line += fmt.Sprintf("\n%s\nstored %d, unchanged %d, deleted %d, skipped %d, failed %d",
			done, st.Stored, st.Unchanged, st.Deleted, st.Skipped, st.Failed)
	}
	if st.Unread > 0 {
		line += fmt.Sprintf("\n%s could not be read; what lies below is left as it was", tool.Count(st.Unread, "folder"))
	}
	if st.Withheld > 0 {
		line += fmt.Sprintf("\n%s withheld, more than -max-delete allows", verb(st.Withheld, "deletion", "is", "are"))
	}
	_, err := fmt.Fprintln(w, line)
	return err
}

func local(i kb.Instant) string { return i.Time().Local().Format("2006-01-02 15:04:05") }
