package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

func tarCommand() *cli.Command {
	q := &question{flag: "-at"}
	q.addDB()
	q.addAt()
	q.addKnown()
	q.progress = tool.AddProgress(&q.set, false)
	return &cli.Command{
		Name:      "tar",
		Usage:     "writes the documents that existed as a tar stream",
		ArgsUsage: "[PREFIX]...",
		UsageText: `basof -at 2024-06-01 tar docs | tar x
basof -at @3f0c2ab tar | tar x -C /tmp/then
basof tar -at 2024-06-01 -known 2024-07-01 docs | zstd > docs.tar.zst`,
		Description: `A PREFIX is the name of a document or of a folder. Documents have the modes and modification times that were recorded; one of which no time was recorded has that from which on it was so. One whose name is not UTF-8 has a time of whole seconds.

No name leads out of the folder that the archive is unpacked in: a leading / or ../ is left out, and so are setuid, setgid and sticky bits. What cannot stand beside another document, as one that was a folder at once, is left out and told, and the exit code is 3. An archive that could not be finished looks broken to tar.`,
		Flags:  tool.Flags(&q.set),
		Action: q.tar,
	}
}

func (q *question) tar(c *cli.Context) (err error) {
	if tool.IsTerminal(c.App.Writer) {
		return tool.WithHint(tool.Usagef("tar writes an archive, and not to a terminal"), "unpack it with: basof tar | tar x")
	}
	reader, point, err := q.open(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	prefixes := cleanNames(c.Args().Slice())
	if err := remembered(c, reader, point.Point, prefixes...); err != nil {
		return err
	}
	held, err := checkFolders(c, reader, prefixes, point.Point)
	if err != nil {
		return err
	}
	sum, err := q.writeTar(c, &asof.Tar{Store: reader, Prefixes: prefixes, At: point.Point})
	switch {
	case err != nil:
		return err
	case sum.Documents+sum.LeftOut == 0:
		return nothing(c, reader, "", point.Point)
	}
	if len(prefixes) == 0 {
		held = []string{""}
	}
	if err := warnStale(c, reader, point.Point, held...); err != nil {
		return err
	}
	if sum.LeftOut > 0 {
		return tool.Exit(tool.ExitPartial, errors.New("the archive lacks "+tool.Count(sum.LeftOut, "document")))
	}
	return nil
}

// writeTar writes an archive to stdout. What reads it is no program of ours, and so
// draws no bar.
func (q *question) writeTar(c *cli.Context, archive *asof.Tar) (asof.Written, error) {
	shown := q.progress.Start(c, tool.ProgressOptions{One: "document"})
	defer shown.Close()
	archive.Warn = func(err error) { tool.Warn(c, err) }
	archive.Progress = func(done asof.Written, of int64) {
		shown.Tell(tool.Done{Files: done.Documents + done.LeftOut, Of: of, Failed: done.LeftOut, Bytes: done.Bytes})
	}
	return archive.Write(c.Context, c.App.Writer)
}

// checkFolders warns of prefixes under which nothing was, and fails if that is all
// of them. It returns the others.
func checkFolders(c *cli.Context, reader *sqlite.Reader, prefixes []string, point kb.Point) (held []string, err error) {
	var empty []error
	for _, prefix := range prefixes {
		ok, err := anything(c, reader, prefix, point)
		switch {
		case err != nil:
			return nil, err
		case ok:
			held = append(held, prefix)
		default:
			empty = append(empty, nothing(c, reader, prefix, point))
		}
	}
	if len(prefixes) > 0 && len(held) == 0 {
		return nil, empty[0]
	}
	for _, err := range empty {
		tool.Warn(c, err)
	}
	return held, nil
}
