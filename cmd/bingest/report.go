package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

func reportCommand() *cli.Command {
	s := newQuery()
	s.run = s.set.Int("run", "", 0, 0, math.MaxInt64, "the run of number `N`; 0 is the last that was finished")
	s.all = s.set.Bool("all", "", "all runs, a line each, the first one first")
	return &cli.Command{
		Name:  "report",
		Usage: "prints the report of a run again",
		UsageText: `bingest report | jq .processing_summary
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
	reader, err := s.openReader(c.Context)
	if err != nil {
		return err
	}
	defer reader.Close() // only read
	if *s.run != 0 {
		run, found, err := reader.Run(c.Context, *s.run)
		switch {
		case err != nil:
			return err
		case !found:
			return tool.Exit(tool.ExitNothing, fmt.Errorf("%s: there is no run %d", *s.db, *s.run))
		case run.Report == nil:
			return tool.Exit(tool.ExitNothing, tool.WithHint(fmt.Errorf("run %d has no report: it was not finished", *s.run), "see bingest status"))
		}
		return printReport(c, reader, &run)
	}
	var finished []ingest.RunState
	for run, err := range reader.Runs(c.Context) {
		if err != nil {
			return err
		}
		if run.Report == nil {
			continue
		}
		finished = append(finished, run)
		if !*s.all {
			break
		}
	}
	if len(finished) == 0 {
		return tool.Exit(tool.ExitNothing, fmt.Errorf("%s: no run has been finished yet", *s.db))
	}
	for _, run := range slices.Backward(finished) {
		if err := printReport(c, reader, &run); err != nil {
			return err
		}
	}
	return nil
}

func printReport(c *cli.Context, reader *sqlite.Reader, run *ingest.RunState) error {
	rep, err := report.Unmarshal(run.Report)
	if err != nil {
		return err
	}
	return report.Write(c.App.Writer, rep, errorsOf(reader.RunFailures(c.Context, run.ID)))
}
