package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/sysload"
	"github.com/seed16713943/btools/pkg/tool"
)

func reportCommand() *cli.Command {
	s := newQuery()
	s.run = s.set.Int("run", "", 0, 0, math.MaxInt64, "the run of number `N`; 0 is the last that is over")
	s.all = s.set.Bool("all", "", "all runs that are over, a line each, the first one first")
	s.command = s.set.Enum("command", "", "", []string{report.Ingest, report.Remove, report.Forget, report.Reindex, report.Repair}, "of the runs of `COMMAND` alone: the last that is over, or -all")
	return &cli.Command{
		Name:        "report",
		Usage:       "prints the report of a run again",
		Description: `A run that was killed, or that ended with its machine, made no report itself. Its report has the status "interrupted", a "fatal" that says so, and what its transactions hold: the records done, those that failed, and its last commit as its end. What only its process knew, such as the memory, is 0. A run that goes on is passed over, and so is one of another machine that did not say how it ended; bingest status shows both.`,
		UsageText: `bingest report | jq .processing_summary
bingest report -command ingest | breport -max-age 36h    # not of forget, say
bingest report -run 12
bingest report -all | jq -c '[.run, .status, .performance_metrics.files_per_second]'`,
		Flags:  tool.Flags(&s.set),
		Action: s.report,
	}
}

func (s *settings) report(c *cli.Context) error {
	if c.Args().Present() {
		return tool.Usagef("report takes no arguments; the number of a run goes with -run")
	}
	if *s.run != 0 && *s.command != "" {
		return tool.Usagef("-run and -command do not go together")
	}
	reader, err := s.openReader(c.Context)
	if err != nil {
		return err
	}
	defer reader.Close() // only read
	if *s.run != 0 {
		return s.reportOne(c, reader)
	}
	ended, err := s.ended(c.Context, reader, *s.all)
	if err != nil {
		return err
	}
	if len(ended) == 0 {
		of := ""
		if *s.command != "" {
			of = " of " + *s.command
		}
		return tool.Exit(tool.ExitNothing, fmt.Errorf("%s: no run%s has been finished yet", *s.db, of))
	}
	db := s.knownAs(ended)
	if !*s.all {
		ended = ended[:1]
	}
	for _, run := range slices.Backward(ended) {
		if err := printReport(c, reader, &run, db); err != nil {
			return err
		}
	}
	return nil
}

// reportOne prints the report of the run that -run names.
func (s *settings) reportOne(c *cli.Context, reader *sqlite.Reader) error {
	run, found, err := reader.Run(c.Context, *s.run)
	switch {
	case err != nil:
		return err
	case !found:
		return tool.Exit(tool.ExitNothing, fmt.Errorf("%s: there is no run %d", *s.db, *s.run))
	case run.Report != nil:
		return printReport(c, reader, &run, "")
	}
	ended, err := s.ended(c.Context, reader, true)
	if err != nil {
		return err
	}
	over := func(r ingest.RunState) bool { return r.ID == run.ID }
	if !slices.ContainsFunc(ended, over) {
		return tool.Exit(tool.ExitNothing, tool.WithHint(fmt.Errorf("run %d has no report yet: it goes on", *s.run), "see bingest status"))
	}
	return printReport(c, reader, &run, s.knownAs(ended))
}

// ended returns the runs that are over, the latest first: all of them, or those
// up to one that has a report.
func (s *settings) ended(ctx context.Context, reader *sqlite.Reader, all bool) ([]ingest.RunState, error) {
	var list []ingest.RunState
	unsure := false
	for run, err := range reader.Runs(ctx) {
		if err != nil {
			return nil, err
		}
		open := run.FinishedAt == nil
		if open && alive(&run) || !s.askedFor(&run) {
			continue
		}
		unsure = unsure || open
		list = append(list, run)
		if run.Report != nil && !all {
			break
		}
	}
	if !unsure {
		return list, nil
	}
	return s.withoutEnding(ctx, list)
}

// askedFor reports whether a run is of the -command, if one is given. A report that
// cannot be read is told of when it is printed.
func (s *settings) askedFor(run *ingest.RunState) bool {
	if *s.command == "" {
		return true
	}
	rep := new(report.Report) // a run that was killed has none
	if run.Report != nil {
		var err error
		if rep, err = report.Unmarshal(run.Report); err != nil {
			return true
		}
	}
	return rep.Of(*s.command)
}

// withoutEnding leaves out the runs that ended, and said so, between the moment
// that the reader shows and the one at which their process was looked for.
func (s *settings) withoutEnding(ctx context.Context, list []ingest.RunState) ([]ingest.RunState, error) {
	now, err := s.openReader(ctx)
	if err != nil {
		return nil, err
	}
	defer now.Close() // only read
	list = slices.DeleteFunc(list, func(run ingest.RunState) bool {
		if run.FinishedAt != nil {
			return false
		}
		later, _, readErr := now.Run(ctx, run.ID)
		err = errors.Join(err, readErr)
		return later.FinishedAt != nil
	})
	return list, err
}

// knownAs is what the latest report calls the knowledge base, so that a run
// without a report is in the same series.
func (s *settings) knownAs(runs []ingest.RunState) string {
	for _, run := range runs {
		if run.Report == nil {
			continue
		}
		if rep, err := report.Unmarshal(run.Report); err == nil {
			if db, _ := rep.Config["db"].(string); db != "" {
				return db
			}
		}
	}
	return *s.db
}

// printReport prints the report of a run that is over; db is the name of the
// knowledge base for one that has none.
func printReport(c *cli.Context, reader *sqlite.Reader, run *ingest.RunState, db string) error {
	var rep *report.Report
	var err error
	if run.Report != nil {
		rep, err = report.Unmarshal(run.Report)
	} else {
		rep, err = killedReport(c.Context, reader, run, db)
	}
	if err != nil {
		return err
	}
	return report.Write(c.App.Writer, rep, errorsOf(reader.RunFailures(c.Context, run.ID)))
}

// killedReport makes the report of a run that made none itself: what its
// transactions say.
func killedReport(ctx context.Context, reader *sqlite.Reader, run *ingest.RunState, db string) (*report.Report, error) {
	end := run.StartedAt
	if run.LastCommit != nil {
		end = max(end, *run.LastCommit)
	}
	sum := &ingest.Summary{
		Run: run.ID, Status: ingest.Interrupted, Counts: run.Counts, Chunks: run.Chunks,
		Elapsed: end.Time().Sub(run.StartedAt.Time()), Classes: make(map[kb.Class]int64),
	}
	for f, err := range reader.RunFailures(ctx, run.ID) {
		if err != nil {
			return nil, err
		}
		sum.Classes[f.Class]++
	}
	fatal := fmt.Errorf("process %d on %s made no report: it was killed, or its machine went down", run.PID, run.Host)
	rep := sum.Report(end.Time(), sysload.Usage{}, map[string]any{"db": db}, fatal)
	rep.Samples, rep.Text = nil, report.TextSummary{} // not known
	return rep, nil
}
