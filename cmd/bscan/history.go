package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/config"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan/githist"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

// history lists the history of a repository.
func (s *settings) history(c *cli.Context, out *output) error {
	opts, err := s.historyOptions(c)
	if err != nil {
		return err
	}
	opts.Warn = func(message, hint string) { tool.Warn(c, tool.WithHint(errors.New(message), hint)) }
	history, err := githist.New(opts)
	if err != nil {
		return s.refused(tool.Usagef("%w", err))
	}
	end, err := history.Run(c.Context, out)
	if end.Skipped > 0 {
		// Here it is still easy to have them all; basof says it only to those who ask about such a moment.
		tool.Warn(c, tool.WithHint(
			fmt.Errorf("%s of more than %d bytes left out; until its next version, such a document is taken to hold what it held before",
				tool.Count(end.Skipped, "content"), *s.maxSize),
			"-max-size 0 leaves none out"))
	}
	if err != nil {
		return s.refused(err)
	}
	return out.verdict("content")
}

func (s *settings) historyOptions(c *cli.Context) (githist.Options, error) {
	opts := githist.Options{
		Dir: *s.git, Rev: *s.rev, Since: *s.since, Paths: c.Args().Slice(),
		Prefix: *s.prefix, Extensions: *s.ext, Include: *s.include, Exclude: *s.exclude, Hidden: *s.hidden,
		Follow: *s.follow, MaxSize: *s.maxSize, Shard: kb.Shard(s.shard),
	}
	switch {
	case slices.Contains(opts.Paths, "-"), *s.nul:
		return opts, tool.Usagef("-git takes no list of paths on stdin")
	case *s.since != "" && *s.index != "":
		return opts, tool.WithHint(tool.Usagef("-since and -index both say where to begin"), "-index finds the commit for -since by itself")
	case *s.index != "":
		err := s.askIndex(c.Context, &opts)
		return opts, err
	}
	return opts, nil
}

// askIndex has the history begin after what a knowledge base has taken in.
func (s *settings) askIndex(ctx context.Context, opts *githist.Options) error {
	opts.Taken, opts.Again = []kb.Scan{}, *s.rehash
	opts.Versions = func(ctx context.Context, fn func(*kb.Version) error) error {
		return reading(ctx, *s.index, func(r *sqlite.Reader) error { return r.HistoryVersions(ctx, fn) })
	}
	return reading(ctx, *s.index, func(r *sqlite.Reader) (err error) {
		if opts.Taken, err = r.Histories(ctx); err != nil {
			return err
		}
		opts.Heard, err = r.HistoriesHeard(ctx)
		return err
	})
}

// reading asks a knowledge base. One that is not there has nothing.
func reading(ctx context.Context, path string, ask func(*sqlite.Reader) error) error {
	reader, err := openIndex(ctx, path)
	if reader == nil || err != nil {
		return err
	}
	return errors.Join(ask(reader), reader.Close())
}

// refused gives an error of package githist its exit code and its hint.
func (s *settings) refused(err error) error {
	var known *githist.Error
	if !errors.As(err, &known) {
		return err
	}
	switch set := s.Lookup(known.Setting); {
	case set != nil && set.Source() != config.FromDefault:
		err = set.Refuse("%w", known)
	case errors.Is(err, githist.ErrNeverThere):
		err = tool.Exit(tool.ExitPartial, known)
	}
	return tool.WithHint(err, known.Hint)
}

// needsGit is the error about a setting of histories where there is none.
func (s *settings) needsGit(name string) error {
	if name == "git" {
		return s.Lookup(name).Refuse("the folder of the repository is missing; . is the one in which you are")
	}
	return tool.WithHint(tool.Usagef("-%s is about a history and goes with -git", name), "bscan -git . lists the history of the repository in which you are")
}
