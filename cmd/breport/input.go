package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/tool"
)

// warnings is how many lines that are no report are told of one by one.
const warnings = 10

var errNoReport = errors.New("there is no report in the input")

// readAll adds the reports of all files to a series, and returns how many lines
// are none. The first signal does not end it: the same one has gone to bingest,
// which is about to say how far it came.
func readAll(c *cli.Context, series *report.Series) (bad int64, err error) {
	files := c.Args().Slice()
	if len(files) == 0 {
		files = []string{"-"}
	}
	bases := make(bases)
	stop := context.AfterFunc(c.Context, func() {
		tool.Warn(c, errors.New("interrupted, and waiting for the report; a second time ends this at once"))
	})
	defer stop()
	add := func(run *report.Run) {
		bases.unify(run)
		series.Add(run)
	}
	for _, file := range files {
		refused := func(err error) {
			if bad++; bad > warnings {
				return
			}
			err = fmt.Errorf("%s, %w", nameOf(file), err)
			if errors.Is(err, report.ErrCutOff) {
				err = tool.WithHint(err, "a report is one line; to make it one again: jq -c . FILE")
			}
			tool.Warn(c, err)
		}
		if err := readFile(c, file, add, refused); err != nil {
			return bad, err
		}
	}
	return bad, nil
}

func nameOf(file string) string {
	if file == "-" {
		return "stdin"
	}
	return file
}

func readFile(c *cli.Context, file string, add func(*report.Run), refused func(error)) error {
	if file == "-" {
		if err := tool.NeedsPipe(c.App.Reader); err != nil {
			return err
		}
		return read(c.App.Reader, file, add, refused)
	}
	f, err := tool.OpenInput(file, tool.Instead{Folder: "name the files with the reports", Database: "bingest report -db " + file + " | breport"})
	if err != nil {
		return err
	}
	defer f.Close() // only read
	return read(f, file, add, refused)
}

func read(in io.Reader, file string, add func(*report.Run), refused func(error)) error {
	reports := report.NewReader(in)
	for {
		run, err := reports.Next()
		var line *report.LineError
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &line):
			refused(line)
		case err != nil:
			return fmt.Errorf("read %s: %w", nameOf(file), err)
		default:
			add(run)
		}
	}
}

// bases are the names of knowledge bases in the first report of each, by their identity.
type bases map[string]string

// unify gives a run's knowledge base the name that it had in the first report.
func (b bases) unify(run *report.Run) {
	db := run.DB()
	if db == "" {
		return
	}
	id := identity(db)
	if _, known := b[id]; !known {
		b[id] = db
	}
	run.Config["db"] = b[id]
}

// identity is the same for all names of a file that is there, and of one that is not, for
// those that come to the same.
func identity(db string) string {
	if path, err := filepath.EvalSymlinks(db); err == nil {
		if path, err = filepath.Abs(path); err == nil {
			return path
		}
	}
	return filepath.Clean(db)
}
