package main

import (
	"errors"
	"fmt"
	"math"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

func listCommand() *cli.Command {
	l := &list{question: newQuestion()}
	l.addAt()
	l.addKnown()
	l.long = l.set.Bool("l", "", "mode, size, the moment since when, and path")
	l.null = l.set.Bool("0", "", "end names with NUL, for xargs -0")
	l.limit = l.set.Int("limit", "", 0, 0, math.MaxInt64, "print `N` documents at most; 0 is all")
	return &cli.Command{
		Name:      "ls",
		Usage:     "lists the documents that existed",
		ArgsUsage: "[PREFIX]",
		UsageText: `basof ls
basof ls -at 2025-01-15 docs
basof ls -l docs/guide.md
basof ls -0 docs | xargs -0 -n 1 basof log
basof ls -json | jq -r 'select(.size > 10000) | .path'`,
		Description: `A PREFIX is the name of a document or of a folder. Names are printed in the order of their bytes.`,
		Flags:       tool.Flags(&l.set),
		Action:      l.run,
	}
}

type list struct {
	*question
	long, null *bool
	limit      *int64
}

func (l *list) run(c *cli.Context) (err error) {
	if c.Args().Len() > 1 {
		return tool.Usagef("ls takes one prefix, but there are %d arguments", c.Args().Len())
	}
	reader, point, err := l.open(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	prefix := kb.CleanPrefix(c.Args().First())
	if err := remembered(c, reader, point.Point, prefix); err != nil {
		return err
	}
	print := l.printer(c, reader, &point)
	var count int64
	for v, err := range reader.List(c.Context, prefix, point.Point) {
		if err != nil {
			return err
		}
		if err := c.Context.Err(); err != nil {
			return err
		}
		if *l.limit > 0 && count == *l.limit {
			tool.Warn(c, fmt.Errorf("%w, as -limit says", cutList("first", count)))
			break
		}
		count++
		if err := print(&v); err != nil {
			return err
		}
	}
	if count > 0 {
		return warnStale(c, reader, point.Point, prefix)
	}
	return nothing(c, reader, prefix, point.Point)
}

// nothing says that a list is empty, and when it would not be.
func nothing(c *cli.Context, reader *sqlite.Reader, prefix string, point kb.Point) error {
	then := thenText(point)
	if prefix == "" {
		if err := warnStale(c, reader, point, ""); err != nil {
			return err
		}
		sum, err := reader.Info(c.Context, point.Valid, 0)
		switch {
		case err != nil:
			return err
		case sum.ValidFrom == nil:
			return tool.Exit(tool.ExitNothing, tool.WithHint(
				fmt.Errorf("%s: nothing is in it yet", sum.Path), "take a folder in with: bscan FOLDER | bchunk | bingest"))
		}
		err = tool.Exit(tool.ExitNothing, fmt.Errorf("nothing was there at %s", then))
		if point.Known < *sum.RecordedFrom {
			return tool.WithHint(err, fmt.Sprintf("the first thing was recorded at %s; -known asks for what was known earlier", sum.RecordedFrom))
		}
		first, gone, belowErr := reader.Below(c.Context, "", point) // as it was known
		switch {
		case belowErr != nil:
			return belowErr
		case first == nil:
			return tool.WithHint(err, "nothing was known but that documents were gone")
		case gone == nil || point.Valid < *first:
			return hintHistory(c, reader, "", tool.WithHint(err, fmt.Sprintf("the first thing known is from %s", first)))
		}
		return tool.WithHint(err, fmt.Sprintf("all that had been there since %s was gone by then", first))
	}
	_, err := asof.Held(c.Context, reader, prefix, point)
	var absent *asof.AbsentError
	if errors.As(err, &absent) && (absent.First != nil || absent.Overtaken != nil || absent.Missed != nil) {
		return explainGone(c, reader, absent)
	}
	if err := warnStale(c, reader, point, prefix); err != nil {
		return err
	}
	return tool.Exit(tool.ExitNothing, tool.WithHint(
		fmt.Errorf("%s: nothing was there at %s", prefix, then), "see what was there with: basof ls"))
}

// hintHistory tells those who ask of a time before all that is known of a path, or of all
// of them (""), where that may come from, unless it has been taken in from its beginning.
func hintHistory(c *cli.Context, reader *sqlite.Reader, path string, err error) error {
	scans, lost := reader.Histories(c.Context)
	if lost != nil {
		return lost
	}
	for i := range scans {
		s := &scans[i]
		covers, lost := scan.NewCoverage(&kb.Scan{Prefix: s.Prefix, Covers: s.History.Takes})
		if lost != nil {
			return lost
		}
		if s.History.Since == "" && !s.History.Shallow && (path == "" || listed(covers, path)) {
			return err
		}
	}
	return tool.WithHint(err, "where git knows what was before, take its history in with: bscan -git FOLDER | bchunk | bingest")
}

// thenText writes a point for a message.
func thenText(point kb.Point) string {
	then := point.Valid.String()
	if point.Known != kb.Forever {
		then += ", as it was known at " + point.Known.String()
	}
	return then
}

// cutList says that a list was cut short to its first or latest n entries.
func cutList(which string, n int64) error {
	if n == 1 {
		return fmt.Errorf("only the %s one is listed", which)
	}
	return fmt.Errorf("only the %s %d are listed", which, n)
}

// printer returns what prints one version in the form asked for.
func (l *list) printer(c *cli.Context, store asof.Store, point *asked) func(*kb.Version) error {
	out, about := c.App.Writer, point.stamp()
	switch {
	case *l.json:
		enc := kb.NewJSONEncoder(out)
		return func(v *kb.Version) error {
			span, err := asof.Whole(c.Context, store, v, point.Point)
			if err != nil {
				return err
			}
			return enc.Encode(answerOf(span, about))
		}
	case *l.null:
		return func(v *kb.Version) error {
			_, err := fmt.Fprintf(out, "%s\x00", v.Path)
			return err
		}
	}
	terminal := tool.IsTerminal(out)
	if !*l.long {
		return func(v *kb.Version) error {
			_, err := fmt.Fprintln(out, tool.Display(v.Path, terminal))
			return err
		}
	}
	return func(v *kb.Version) error {
		since, err := asof.Since(c.Context, store, v, point.Point)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s %10d  %s  %s\n", modeText(since.Mode), v.Size, since.ValidFrom, tool.Display(v.Path, terminal))
		return err
	}
}

func modeText(mode *kb.Mode) string {
	if mode == nil {
		return "----"
	}
	return mode.String()
}
