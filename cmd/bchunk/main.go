// Command bchunk groups the records of a stream into chunks, one a line.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/chunk"
	"github.com/seed16713943/btools/pkg/config"
	"github.com/seed16713943/btools/pkg/stream"
	"github.com/seed16713943/btools/pkg/tool"
)

func main() { os.Exit(tool.Main(newApp())) }

const examples = `bscan docs | bchunk | bingest
bscan docs | bchunk -n 20 -bytes 8MiB | parallel --pipe -N 1 bingest -partial
bscan docs > docs.ndjson; bchunk docs.ndjson | bingest
bscan docs | jq -c 'select(.type != "file" or .size > 0)' | bchunk | bingest`

const description = `A chunk is a unit of work: bingest commits it as a whole or not at all. It closes at -n records or at
-bytes, whichever comes first; a record that is larger than -bytes is a chunk of its own. Each chunk carries its
scan, so every line can be worked on alone, in any order.

Records are passed on as they are, with fields that bchunk does not know. Chunks are taken apart and grouped anew. A
line that cannot be read becomes an error record, which bingest counts; the exit code is then 3.

Without FILE, or where FILE is -, bchunk reads stdin.`

func newApp() *cli.App {
	var set config.Set
	n := set.Int("n", "BATCH_CHUNK_SIZE", 100, 1, math.MaxInt, "`RECORDS` in a chunk at most")
	size := set.Bytes("bytes", "", 64<<20, "`SIZE` of a chunk at most, the content of its files included")
	maxSize := set.Bytes("max-size", "BATCH_MAX_FILE_SIZE", 50<<20, "`SIZE` of the largest file: no line, read or written, is more than 8 times as long or 4MiB; 0 for no limit")
	most := set.Int("", "BATCH_MAX_BATCH_SIZE", 1000, 1, math.MaxInt, "records in a chunk that -n may ask for")
	progress := tool.AddProgress(&set, true)

	return &cli.App{
		Name:        "bchunk",
		Usage:       "groups records into units of work",
		UsageText:   examples,
		ArgsUsage:   "[FILE]...",
		Description: description,
		Flags:       tool.Flags(&set),
		Action: func(c *cli.Context) error {
			if *size == 0 {
				return set.Lookup("bytes").Refuse(`"0" is not a size of at least 1 byte`)
			}
			records, err := set.Lookup("n").AtMost(*n, *most, "BATCH_MAX_BATCH_SIZE")
			if err != nil {
				return err
			}
			shown := progress.Start(c, tool.ProgressOptions{One: "record", Feeds: true})
			defer shown.Close()
			return run(c, c.Args().Slice(), shown, chunk.Options{Records: int(records), Bytes: *size, MaxLine: stream.MaxLine(*maxSize)})
		},
	}
}

// warnings is how many bad lines are told of one by one.
const warnings = 10

func run(c *cli.Context, files []string, shown *tool.Progress, opt chunk.Options) error {
	if len(files) == 0 {
		files = []string{"-"}
	}
	var bad int
	var name string // put before the number of a line, where there is more than stdin
	opt.Bad = func(err *stream.LineError) {
		if bad++; bad <= warnings {
			tool.Warn(c, fmt.Errorf("%s%w", name, err))
		}
	}
	var done tool.Done
	opt.Written = func(records int, weight int64) {
		done.Files, done.Bytes, done.Chunks = done.Files+int64(records), done.Bytes+weight, done.Chunks+1
		done.Failed = int64(bad)
		shown.Tell(done)
	}
	chunker := chunk.New(c.App.Writer, opt)
	for _, file := range files {
		if name = ""; file != "-" {
			name = file + ": "
		}
		err := read(c, chunker, file, shown)
		if errors.As(err, new(*stream.FormatError)) {
			err = fmt.Errorf("%s%w", name, err)
		}
		if err != nil {
			return err
		}
	}
	if err := chunker.Close(); err != nil {
		return err
	}
	shown.Finish()
	switch {
	case bad == 0:
		return nil
	case bad == 1:
		return tool.Exit(tool.ExitPartial, errors.New("1 line is not a record"))
	}
	return tool.Exit(tool.ExitPartial, fmt.Errorf("%d lines are not records", bad))
}

func read(c *cli.Context, chunker *chunk.Chunker, file string, shown *tool.Progress) error {
	if file == "-" {
		if err := tool.NeedsPipe(c.App.Reader); err != nil {
			return err
		}
		return chunker.Read(interruptible(c.Context, shown.Input(c.App.Reader)))
	}
	f, err := tool.OpenInput(file, tool.Instead{
		Folder:   "to take in its files: bscan " + file + " | bchunk",
		Database: "to take files in: bscan FOLDER | bchunk | bingest -db " + file,
	})
	if err != nil {
		return err
	}
	defer f.Close() // only read
	return chunker.Read(interruptible(c.Context, shown.Input(f)))
}

// interruptible reads as r does, but a Read that waits for a pipe ends when ctx
// does.
func interruptible(ctx context.Context, r io.Reader) io.Reader {
	out, in := io.Pipe()
	context.AfterFunc(ctx, func() { in.CloseWithError(context.Cause(ctx)) })
	go func() {
		_, err := io.Copy(in, r)
		in.CloseWithError(err) // io.EOF where there was none
	}()
	return out
}
