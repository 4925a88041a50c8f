// Command breport shows reports of bingest to people and to monitoring.
package main

import (
	"context"
	"io"
	"math"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/config"
	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/report/render"
	"github.com/seed16713943/btools/pkg/tool"
)

func main() { os.Exit(tool.Main(newApp())) }

const examples = `
bscan docs | bchunk | bingest | breport
bingest report -all | breport -last 30
bingest report | breport -format markdown >> "$GITHUB_STEP_SUMMARY"
bingest report -all | breport -format html -o runs.html
bingest report -all | breport -format prometheus -o /var/lib/prometheus/node-exporter/btools.prom
bingest report | breport -max-failures 1% -min-rate 50   # exit code 3 if it was worse
bingest report | breport -max-failures 0 -max-text-failures 0
`

const description = `
Reads the reports that bingest prints, one JSON object a line, from FILEs or stdin, and shows them. Several reports
are a series, in the order of their timestamps: its course is shown, and the newest run in full. Where they are of more
than one knowledge base, each has a course of its own, and is named wherever one of its runs is; reports with the same "db"
in their configuration are of one, and so are names that lead to one file from the current folder: an absolute -db, or
BATCH_DB, has one name wherever breport runs. Lines that are no report are told of and left out, and the exit code is
then 3; without any report it is 1, and nothing is written.

"text" is for a terminal, "markdown" for the summary of a CI job, "html" a page in one file that needs no other, and
"prometheus" metrics for the textfile collector of node_exporter, the newest run of each knowledge base with the label
db.

Limits are held against every report that is read; -max-age against the newest of each knowledge base that took
documents in: not one of bingest forget, say. Where there is any limit, a run that is not complete breaks it too;
-max-failures 100% demands no more than that, that all folders were read and that no deletions were withheld. What
breaks a limit is said in a sentence each, after the reports are shown, and the exit code is 3.

-max-failures is about records that were not stored. A document that was stored, and of which no text could be had since
a filter failed, say, is no failed record, though bingest ends with the exit code 3: -max-text-failures is about
these. Documents of a format that bingest knows no text of, and has no filter for, break neither, nor do passages that
wait for a vector.

After an interruption it waits for the report of bingest, which ends too, shows it, and the exit code is 130.

With -o the FILE is written beside its place and then put there, so that nobody reads half of it, and one that was there
stays as it was if anything fails.
`

// settings are the flags of breport.
type settings struct {
	config.Set
	format, out *string
	last        *int64
	limits      limits
}

// renderers are what -format chooses from.
var renderers = map[string]func(io.Writer, *report.Series) error{
	"markdown": render.Markdown, "html": render.HTML, "prometheus": render.Prometheus,
}

func newApp() *cli.App {
	s := new(settings)
	s.format = s.Enum("format", "", "text", []string{"text", "markdown", "html", "prometheus"}, "what to write: `FORMAT` is text, markdown, html or prometheus")
	s.out = s.Name("o", "", "", "a file", "write to `FILE`, all of it or nothing, rather than to stdout")
	s.last = s.Int("last", "", 0, 0, math.MaxInt32, "take the newest `N` reports only; 0 takes all")
	s.limits.add(&s.Set)
	return &cli.App{
		Name: "breport", Usage: "shows reports of bingest to people and to monitoring", ArgsUsage: "[FILE]...",
		UsageText: examples, Description: description, Flags: tool.Flags(&s.Set),
		Action: func(c *cli.Context) error { return run(c, s) },
	}
}

func run(c *cli.Context, s *settings) error {
	series := &report.Series{Most: int(*s.last)}
	bad, err := readAll(c, series)
	if err != nil {
		return err
	}
	interrupted := c.Context.Err() != nil
	if len(series.Runs) == 0 && interrupted {
		return context.Cause(c.Context)
	}
	if len(series.Runs) == 0 {
		return tool.WithHint(errNoReport, "breport reads what bingest prints: bscan docs | bchunk | bingest | breport")
	}
	write := func(w io.Writer) error { return s.render(w, series) }
	if *s.out == "" || *s.out == "-" {
		err = write(c.App.Writer)
	} else {
		err = replace(*s.out, write)
	}
	if err != nil && !tool.IsClosed(err) { // whether limits are kept is told who does not read the report, too
		return err
	}
	if interrupted {
		return tool.Exit(tool.ExitInterrupted, nil)
	}
	return verdict(bad, s.limits.broken(series, time.Now()))
}

func (s *settings) render(w io.Writer, series *report.Series) error {
	if *s.format == "text" {
		return render.Text(w, series, render.TextOptions{Columns: tool.Columns(w, widestText), Color: tool.Color(w)})
	}
	return renderers[*s.format](w, series)
}
