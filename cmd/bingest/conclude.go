package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/sysload"
	"github.com/seed16713943/btools/pkg/tool"
)

// conclude keeps and prints the report of a run, and turns it into the exit
// code.
func (s *settings) conclude(c *cli.Context, store ingest.Store, sum *ingest.Summary, fatal error, judge judge) error {
	store = ingest.Retrying(store, s.retry(), nil)
	finish := func(rep *report.Report) error {
		kept, err := report.Marshal(rep)
		if err != nil {
			return err
		}
		ctx := context.WithoutCancel(c.Context) // an interrupted run is finished too
		return store.FinishRun(ctx, sum.Run, ingest.RunFinish{At: now(), Status: sum.Status, Report: kept})
	}
	if sum.Run == 0 { // not even begun
		finish = nil
	}
	if err := s.writeReport(c, sum, finish, fatal); err != nil {
		return errors.Join(fatal, err)
	}
	if fatal != nil {
		return fatal
	}
	return judge(c, sum)
}

// writeReport makes the report, lets keep have it, and prints it with the
// errors of the run. A report that cannot be kept is printed as that of a run
// that failed.
func (s *settings) writeReport(c *cli.Context, sum *ingest.Summary, keep func(*report.Report) error, fatal error) error {
	ctx := context.WithoutCancel(c.Context) // an interrupted run is reported too
	usage, err := sysload.Memory()
	if err != nil {
		tool.Warn(c, err)
	}
	rep := sum.Report(time.Now(), usage, s.set.Map(), fatal)
	rep.Command = s.makes
	failures := noErrors
	var lost error
	if keep != nil {
		var reader *sqlite.Reader
		err := s.nameTextless(ctx, rep)
		if err == nil {
			err = keep(rep)
		}
		if err == nil {
			reader, err = s.openReader(ctx)
		}
		switch {
		case err == nil:
			defer reader.Close() // only read
			failures = errorsOf(reader.RunFailures(ctx, sum.Run))
		case fatal == nil: // else the one is the reason of the other
			lost = storeHint(fmt.Errorf("finish run: %w", err))
			rep.Status, rep.Fatal = string(ingest.Errored), lost.Error()
		}
	}
	err = report.Write(c.App.Writer, rep, failures)
	if tool.IsClosed(err) { // who does not read the report is told the rest all the same
		err = nil
	}
	return errors.Join(lost, err)
}

// closeStore closes the store after a run. Where that has failed, it has said already what
// stands in the way of moving the log.
func closeStore(store *sqlite.Store, fatal error) error {
	err := store.Close()
	if fatal != nil && errors.Is(err, sqlite.ErrLogLeft) {
		return nil
	}
	return storeHint(err)
}

func noErrors(func(report.Error, error) bool) {}

// nameTextless puts the documents that should have text and have none into a
// report. The reader is closed before the report is kept, or it would stand in
// the way of that.
func (s *settings) nameTextless(ctx context.Context, rep *report.Report) error {
	if rep.Text.WithoutText == 0 {
		return nil
	}
	reader, err := s.openReader(ctx)
	if err != nil {
		return err
	}
	defer reader.Close() // only read
	for f, err := range reader.TextFailures(ctx, rep.Run) {
		if err != nil {
			return err
		}
		if len(rep.Text.Errors) == report.TextErrors {
			break
		}
		rep.Text.Errors = append(rep.Text.Errors, f.TextError())
	}
	return nil
}

// errorsOf walks failures in the form that reports have them in.
func errorsOf(failures iter.Seq2[ingest.Failure, error]) iter.Seq2[report.Error, error] {
	return func(yield func(report.Error, error) bool) {
		for f, err := range failures {
			if !yield(reportError(&f), err) || err != nil {
				return
			}
		}
	}
}

func reportError(f *ingest.Failure) report.Error {
	name, raw := kb.Readable(f.Path)
	return report.Error{Path: name, PathBytes: raw, Class: f.Class, Code: f.Code, Attempts: f.Attempts, Message: f.Message}
}
