package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

func forgetCommand() *cli.Command {
	s := newQuery()
	s.makes = report.Forget
	s.at = s.set.String("before", "", "", "forget what was so before `TIME`; required")
	s.yes = s.set.Bool("yes", "", "do it: what is forgotten cannot be brought back")
	s.dryRun = s.set.Bool("dry-run", "", "print what would go, and change nothing")
	s.addRetries()
	return &cli.Command{
		Name:      "forget",
		Usage:     "drops for good what documents held before a moment, and gives the space back",
		ArgsUsage: "[PREFIX]",
		UsageText: `bingest forget -before "2 years ago" -dry-run
bingest forget -before 2024-01-01 -yes
bingest forget -before 2024-01-01 -yes docs/drafts`,
		Description: `A PREFIX is the name of a document or of a folder, as basof ls prints it; without one, it is everything. What a document held at TIME is kept, since that is needed to answer from TIME on. Questions about earlier moments are answered with "forgotten before"; basof log and basof when without -at list what is left, and say where memory begins. Records from then that come again are skipped.

Copies that basof backup made before keep what they hold.`,
		Flags:  tool.Flags(&s.set),
		Action: s.forget,
	}
}

func (s *settings) forget(c *cli.Context) error {
	what, err := s.forgetting(c)
	if err != nil {
		return err
	}
	f, err := s.foresee(c, what)
	if err != nil {
		if !*s.yes || errors.As(err, new(*tool.ExitError)) { // no run was asked for, or there is nothing to do
			return err
		}
		return s.refuse(c, err)
	}
	if *s.dryRun {
		return kb.NewJSONEncoder(c.App.Writer).Encode(f)
	}
	if !*s.yes {
		return tool.WithHint(
			tool.Usagef("%s and %s (%s) would be forgotten for good; nothing has been done",
				tool.Count(f.Versions, "version"), tool.Count(f.Contents, "content"), tool.Size(f.Bytes)),
			fmt.Sprintf("to do it, add -yes; it needs up to %s of free space", tool.Size(f.SpaceNeeded)))
	}
	s.warnOfSpace(c, f.SpaceNeeded)
	store, err := s.openStore(c)
	if err != nil {
		return s.refuse(c, err)
	}
	sum, err := ingest.Forget(c.Context, store, ingest.RunHere(now()), s.byHand(c), what)
	if sum.Forgotten != nil && err != nil {
		err = fmt.Errorf("all is forgotten, but its space could not be given back: %w", err)
	}
	return errors.Join(s.conclude(c, store, sum, storeHint(err), s.forgot), closeStore(store, err))
}

// forgot is the judge of bingest forget.
func (s *settings) forgot(c *cli.Context, sum *ingest.Summary) error {
	switch {
	case sum.Status != ingest.Interrupted:
		return s.verdict(c, sum)
	case sum.Forgotten == nil:
		return stoppedAs("interrupted, and nothing is forgotten", "to forget it, run the same line again")
	default:
		return stoppedAs("interrupted; all is forgotten, and its space may not be given back yet", "to give it back, run the same line again")
	}
}

// forgetting reads the command line.
func (s *settings) forgetting(c *cli.Context) (what ingest.Forgetting, err error) {
	switch {
	case c.Args().Len() > 1:
		return what, tool.Usagef("forget takes one prefix, but there are %d arguments", c.Args().Len())
	case c.Args().Present() && c.Args().First() == "": // as of a variable that is not set
		return what, tool.Usagef("the prefix is empty; to forget everything before a moment, leave it out")
	case *s.at == "":
		return what, tool.Usagef("forget needs -before, such as -before \"2 years ago\"")
	case *s.yes && *s.dryRun:
		return what, tool.Usagef("of -yes and -dry-run, only one")
	}
	if what.Before, err = parseTime(c, "-before", *s.at); err != nil {
		return what, err
	}
	if what.Before > now() {
		return what, tool.Usagef("-before: %s lies ahead", what.Before)
	}
	what.Prefix = kb.CleanPrefix(c.Args().First())
	return what, nil
}

// foresee says what would be forgotten, and how much free space that needs: the
// file is written twice over, once into a temporary file and once beside it.
func (s *settings) foresee(c *cli.Context, what ingest.Forgetting) (f foreseen, err error) {
	reader, err := s.openReader(c.Context)
	if err != nil {
		return f, err
	}
	defer reader.Close() // only read
	known, err := everKnown(c.Context, reader, what.Prefix)
	if err == nil && !known {
		// To forget it would be for good, and what is not there makes every list from before that moment refused.
		err = tool.Exit(tool.ExitNothing, tool.WithHint(fmt.Errorf("nothing was ever there under %s", what.Prefix), "see basof ls"))
	}
	if err != nil {
		return f, err
	}
	dropped, err := reader.Forgettable(c.Context, what)
	if err != nil {
		return f, err
	}
	f = foreseen{Type: "forget", DryRun: true, Forgotten: *dropped.Report()}
	f.FileBytes, err = s.fileBytes()
	f.SpaceNeeded = 2 * f.FileBytes
	return f, err
}

// everKnown reports whether anything was ever known under a prefix, be it that it
// was gone.
func everKnown(ctx context.Context, reader *sqlite.Reader, prefix string) (bool, error) {
	if prefix == "" {
		return true, nil
	}
	for _, err := range reader.Back(ctx, prefix, kb.Point{Valid: kb.Forever, Known: kb.Forever}) {
		return err == nil, err
	}
	first, gone, err := reader.Below(ctx, prefix, kb.Point{Valid: kb.Forever, Known: kb.Forever})
	return first != nil || gone != nil, err
}

// foreseen is what -dry-run prints.
type foreseen struct {
	Type   string `json:"type"` // "forget"
	DryRun bool   `json:"dry_run"`
	report.Forgotten
	FileBytes   int64 `json:"file_bytes"`   // that the knowledge base takes
	SpaceNeeded int64 `json:"space_needed"` // bytes, at most, until all is done
}

// fileBytes returns what the knowledge base takes on the disk.
func (s *settings) fileBytes() (sum int64, err error) {
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(*s.db + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		sum += info.Size()
	}
	return sum, nil
}

// warnOfSpace tells the user where there may be too little room. It is a guess
// from above, so that it is worth trying all the same: a disk that gets full
// leaves everything as it was.
func (s *settings) warnOfSpace(c *cli.Context, needed int64) {
	for _, dir := range []string{filepath.Dir(*s.db), os.TempDir()} {
		var stat unix.Statfs_t
		if err := unix.Statfs(dir, &stat); err != nil {
			continue // nobody can say
		}
		if free := int64(stat.Bavail) * stat.Bsize; free < needed {
			tool.Warn(c, fmt.Errorf("%s has %s of free space, and up to %s may be needed", dir, tool.Size(free), tool.Size(needed)))
		}
	}
}
