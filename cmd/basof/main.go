// Command basof answers questions about a knowledge base as of any moment.
package main

import (
	"errors"
	"fmt"
	"os"
	"time"
	_ "time/tzdata" // -at is read in the user's zone, also where the system knows none

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/config"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

func main() { os.Exit(tool.Main(newApp())) }

// question is what all commands share: where to ask, and about which moment.
// Each command has its own.
type question struct {
	set      config.Set
	db       *string
	json     *bool
	at       *string
	flag     string // that at comes from
	known    *string
	verbose  *bool
	progress *tool.ProgressSettings // nil for what does not work long
	now      time.Time              // that all of its times are told from, once one has been
}

func newQuestion() *question {
	q := &question{flag: "-at"}
	q.addDB()
	q.json = q.set.Bool("json", "", "print NDJSON, an object a line")
	return q
}

func (q *question) addDB() {
	q.db = q.set.Name("db", "BATCH_DB", "kb.sqlite", "a knowledge base", "the knowledge base `FILE`")
}

// command is one that asks the same knowledge base, as it may be typed.
func (q *question) command(name string) string {
	command := "basof " + name
	if q.set.Lookup("db").Source() == config.FromFlag {
		command += " -db " + shellWord(*q.db)
	}
	return command
}

func (q *question) addAt() {
	q.at = q.set.String("at", "", "now", "what was so at `TIME`: 2025-01-15, \"2025-01-15 10:00\", yesterday, \"2 weeks ago\", -36h; or @COMMIT")
}

// addAtOrEver is for lists of what was so when.
func (q *question) addAtOrEver() {
	q.at = q.set.String("at", "", "", "leave out what began after `TIME`; without it, even what lies ahead is listed")
}

// addKnown adds what follows the moments asked about.
func (q *question) addKnown() {
	q.known = q.set.String("known", "", "", "as it was known at `TIME`; everything that is known today if not given")
	q.verbose = q.set.Bool("v", "", "say on stderr how the times, and the question of a search, were understood")
}

func newApp() *cli.App {
	s := newShow()
	return &cli.App{
		Name:      "basof",
		Usage:     "says what documents held, what changed and what a search finds, as of any moment",
		ArgsUsage: "PATH|CITATION",
		UsageText: `basof docs/guide.md
basof -at 2025-01-15 docs/guide.md
basof -at 2025-01-15 search "retry with backoff"
basof when "three attempts" docs
basof -at "2 weeks ago" ls docs
basof log docs/guide.md
basof diff -from 2025-01-01 -to 2025-02-01 -p docs
basof -at 2024-06-01 tar docs | tar x
basof info`,
		Description: `Without a command, prints what PATH held, byte for byte. A document whose name is that of a command is reached with: basof show NAME.`,
		Flags:       tool.Flags(&s.set),
		Action:      s.run,
		Commands: []*cli.Command{
			showCommand(), searchCommand(), whenCommand(), listCommand(), logCommand(), annotateCommand(), diffCommand(),
			tarCommand(), infoCommand(), backupCommand(),
		},
		ExtraInfo: func() map[string]string { return map[string]string{"SQLite": sqlite.Version()} },
	}
}

func openReader(c *cli.Context, db string) (*sqlite.Reader, error) {
	reader, err := sqlite.OpenReader(c.Context, db)
	switch {
	case errors.Is(err, sqlite.ErrMissing):
		return nil, tool.WithHint(err, "name it with -db or BATCH_DB, or make it with: bscan FOLDER | bchunk | bingest")
	case errors.Is(err, sqlite.ErrForeign) && sqlite.Recoverable(c.Context, db):
		return nil, tool.WithHint(err, "it looks like what is left of one: bcheck says how to save it; or name another file with -db or BATCH_DB")
	case errors.Is(err, sqlite.ErrForeign):
		return nil, tool.WithHint(err, "name another file with -db or BATCH_DB")
	case errors.Is(err, sqlite.ErrFull):
		return nil, tool.WithHint(err, "make room there, and for temporary files where TMPDIR says")
	case errors.Is(err, sqlite.ErrFileLimit):
		return nil, tool.WithHint(err, "raise the limit, of which ulimit -f tells")
	case sqlite.Hint(err) != "":
		return nil, tool.WithHint(err, sqlite.Hint(err))
	case err != nil:
		return nil, err
	}
	if n, err := reader.VersionsMissing(); err == nil && n > 0 { // else the question itself fails, or nothing is wrong
		tool.Warn(c, fmt.Errorf("%s was recovered from a damaged file, without %s of which nothing is known: what it says may be older than it was", db, tool.Count(n, "version")))
	}
	return reader, nil
}
