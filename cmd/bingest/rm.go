package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/tool"
	"github.com/seed16713943/btools/pkg/when"
)

func rmCommand() *cli.Command {
	s := newQuery()
	s.makes = report.Remove
	s.at = s.set.String("at", "", "now", "gone since `TIME`")
	s.addRetries()
	return &cli.Command{
		Name:      "rm",
		Usage:     "records by hand that documents are gone; what they said before stays",
		ArgsUsage: "PREFIX...",
		UsageText: `bingest rm docs/old.md
bingest rm -at 2025-01-15 docs/drafts docs/notes.md`,
		Description: `A PREFIX is the name of a document or of a folder, as basof ls prints it. A file that is still there comes back with the next scan.`,
		Flags:       tool.Flags(&s.set),
		Action:      s.rm,
	}
}

// parseTime reads a time that a flag was given.
func parseTime(c *cli.Context, flag, text string) (kb.Instant, error) {
	tool.WarnZone(c)
	moment, err := when.Parse(text, time.Now(), time.Local)
	if err != nil {
		return 0, tool.Usagef("%s: %w", flag, err)
	}
	if moment.Note != "" {
		tool.Warn(c, errors.New(moment.Note))
	}
	return kb.InstantOf(moment.Time), nil
}

func (s *settings) rm(c *cli.Context) error {
	if !c.Args().Present() {
		return tool.Usagef("name the documents or folders that are gone")
	}
	moment, err := parseTime(c, "-at", *s.at)
	if err != nil {
		return err
	}
	var at *kb.Instant
	if *s.at != "now" {
		at = &moment
	}
	var prefixes []string
	for _, prefix := range c.Args().Slice() {
		if prefix = kb.CleanPrefix(prefix); prefix == "" || prefix == "/" {
			return tool.Usagef("rm needs the name of a document or folder, not of everything")
		}
		prefixes = append(prefixes, prefix)
	}
	if err := s.mustExist(c); err != nil {
		return s.refuse(c, err) // rather than making a knowledge base to remove nothing from
	}
	store, err := s.openStore(c)
	if err != nil {
		return s.refuse(c, err)
	}
	sum, fatal := ingest.Remove(c.Context, store, ingest.RunHere(now()), s.byHand(c), at, prefixes)
	err = s.conclude(c, store, sum, storeHint(fatal), s.removed)
	if err == nil && sum.Counts.Deleted == 0 {
		err = tool.Exit(tool.ExitNothing, tool.WithHint(
			fmt.Errorf("nothing was there under %s", strings.Join(prefixes, ", ")), "see basof ls"))
	}
	return errors.Join(err, closeStore(store, fatal))
}

// byHand are the options of a run that makes one change.
func (s *settings) byHand(c *cli.Context) ingest.Options {
	return ingest.Options{Retry: s.retry(), Retrying: func(err error, wait time.Duration) { warnRetry(c, err, wait) }}
}

// removed is the judge of bingest rm.
func (s *settings) removed(c *cli.Context, sum *ingest.Summary) error {
	if sum.Status == ingest.Interrupted {
		return stoppedAs("interrupted, and nothing is recorded as gone", "to record it, run the same line again")
	}
	return s.verdict(c, sum)
}

// mustExist fails where there is no knowledge base.
func (s *settings) mustExist(c *cli.Context) error {
	reader, err := s.openReader(c.Context)
	if err != nil {
		return err
	}
	return reader.Close()
}
