// Command bcheck verifies, repairs and recovers knowledge bases.
package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/config"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/sysload"
	"github.com/seed16713943/btools/pkg/tool"
)

func main() { os.Exit(tool.Main(newApp())) }

// memoryLimit keeps the collector from letting garbage grow; GOMEMLIMIT overrides
// it.
const memoryLimit = 192 << 20

// settings are those of the one command.
type settings struct {
	set      config.Set
	db       *string
	json     *bool
	all      *bool
	data     *bool
	sample   *float64
	repair   *bool
	recover  *string
	progress *tool.ProgressSettings
}

func newApp() *cli.App {
	s := new(settings)
	s.db = s.set.Name("db", "BATCH_DB", "kb.sqlite", "a knowledge base", "the knowledge base `FILE`")
	s.data = s.set.Bool("data", "", "also read every content and text, and split every version again")
	s.sample = s.set.Percent("sample", "", 100, "of the contents, texts and documents that -data is about, take `PERCENT`, others each time")
	s.repair = s.set.Bool("repair", "", "make anew what is derived, and end what was left open, after a copy")
	s.recover = s.set.Name("recover", "", "", "a file", "read whatever can still be read into the new file `OUT`")
	s.all = s.set.Bool("all", "", "print every finding, and not the first ten of each kind")
	s.json = s.set.Bool("json", "", "print NDJSON, an object a finding, and a summary")
	s.progress = tool.AddProgress(&s.set, false)
	return &cli.App{
		Name:  "bcheck",
		Usage: "verifies a knowledge base, repairs what can be made again, and recovers what can still be read",
		UsageText: `bcheck
bcheck -data
bcheck -data -sample 10%                     # each night, from cron
bcheck -json | jq -r 'select(.type == "finding") | .code'
bcheck -repair
bcheck -recover saved.sqlite`,
		Description: `Without more, verifies what the file is made of: SQLite's own check, the schema, that no version is missing and all are in order, that each transaction is there as its run has reported it, the scans, the index of words against the texts, the vectors and their packed codes against the passages. With -data, every content is read and compared with its SHA-256, and every version is split into passages again, which have to be those that searches find.

Nothing is written, except by -repair and -recover. What is damaged makes the exit code 3. A note is about something left open or out of date, and is no damage.

-repair makes anew what is derived from the versions. It copies the file first, to FILE.before-repair beside it, or FILE.before-repair.2 and so on where that is taken. Where SQLite's own check fails, it refuses: what it would build would stand on damaged pages.

-recover reads the pages of a damaged file by itself, those too that nothing leads to any more, proves each content by its SHA-256, and makes a new knowledge base of them. It lists what is lost. A version whose content is lost stays, and asking for it is an error, rather than an older version an answer.`,
		Flags:     tool.Flags(&s.set),
		Action:    s.run,
		ExtraInfo: func() map[string]string { return map[string]string{"SQLite": sqlite.Version()} },
	}
}

func (s *settings) run(c *cli.Context) error {
	switch {
	case c.Args().Present():
		return tool.WithHint(tool.Usagef("bcheck takes no arguments, but there is %q", c.Args().First()), "name the knowledge base with -db or BATCH_DB")
	case *s.repair && *s.recover != "":
		return tool.Usagef("-repair and -recover do not go together")
	case *s.sample == 0:
		return s.set.Lookup("sample").Refuse("%q leaves nothing to check; give more, such as 10%%", "0%")
	case *s.sample < 100 && !*s.data:
		return tool.Usagef("-sample is for -data")
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	out := newPrinter(c, s)
	switch {
	case *s.recover != "":
		return s.runRecover(c, out)
	case *s.repair:
		return s.runRepair(c, out)
	}
	return s.runCheck(c, out)
}

// options are those of all checks that a command makes.
func (s *settings) options() sqlite.CheckOptions {
	return sqlite.CheckOptions{
		Data: *s.data, Sample: *s.sample / 100, Rand: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())),
		Alive: func(run *ingest.RunState) bool { return sysload.AliveOn(run.Host, run.PID, run.StartedAt.Time()) },
	}
}

// runCheck is bcheck without -repair and -recover.
func (s *settings) runCheck(c *cli.Context, out *printer) error {
	if err := s.check(c, out); err != nil {
		return err
	}
	return errors.Join(out.summary(), s.verdict(out))
}

// check verifies the knowledge base and prints the findings.
func (s *settings) check(c *cli.Context, out *printer) (err error) {
	k, err := sqlite.OpenChecker(c.Context, *s.db)
	if err != nil {
		return s.unopened(c, out, err)
	}
	defer func() { err = errors.Join(err, k.Close()) }()
	opts := s.options()
	what := "part"
	if *s.data {
		what = "item"
	}
	shown := s.progress.Start(c, tool.ProgressOptions{One: what})
	defer shown.Close()
	defer out.beside(shown)()
	if *s.data {
		opts.Progress = func(p sqlite.CheckProgress) { shown.Tell(tool.Done{Files: p.Done, Of: p.Of, Bytes: p.Bytes}) }
	} else { // some parts take a hundred times as long as others, so that nothing is said of their share
		opts.Part = func(done int64) { shown.Tell(tool.Done{Files: done}) }
	}
	out.sum, err = k.Check(c.Context, opts, out.finding)
	return storeHint(err)
}

// unopened makes a finding of a file that was a knowledge base and cannot be
// opened; any other that cannot is an error.
func (s *settings) unopened(c *cli.Context, out *printer, err error) error {
	damaged := errors.Is(err, sqlite.ErrDamaged) || errors.Is(err, sqlite.ErrForeign) && sqlite.Recoverable(c.Context, *s.db)
	if !damaged {
		return storeHint(err)
	}
	return out.finding(sqlite.Finding{Code: sqlite.CodeUnreadable, Damage: true, Cure: sqlite.ByRecovery, Message: err.Error()})
}

// verdict makes the exit code of what was found.
func (s *settings) verdict(out *printer) error {
	if out.damages == 0 {
		return nil
	}
	err := fmt.Errorf("%s is damaged", *s.db)
	switch {
	case out.cures[sqlite.ByRecovery] > 0:
		err = tool.WithHint(err, "to save what can still be read: bcheck -recover OUT; or go back to a copy that basof backup made, with the -wal beside the file removed first")
	default:
		again := "bcheck -repair"
		if *s.data { // or it would not find what is damaged
			again = "bcheck -data -repair"
		}
		err = tool.WithHint(err, "only what can be made again is damaged; to make it again: "+again)
	}
	return tool.Exit(tool.ExitPartial, err)
}

// storeHint says what to do about a knowledge base that cannot be checked.
func storeHint(err error) error {
	var fault *kb.Fault
	switch {
	case errors.As(err, &fault) && fault.Code == kb.Busy:
		return tool.WithHint(err, "run the same line again when it is done; see bingest status")
	case errors.Is(err, sqlite.ErrDamaged):
		return err // what to do is said of the findings
	case errors.Is(err, sqlite.ErrMissing):
		return tool.WithHint(err, "name it with -db or BATCH_DB, or make it with: bscan FOLDER | bchunk | bingest")
	case errors.Is(err, sqlite.ErrForeign):
		return tool.WithHint(err, "name another file with -db or BATCH_DB")
	case errors.Is(err, sqlite.ErrFull):
		return tool.WithHint(err, "make room there, and for temporary files where TMPDIR says")
	case errors.Is(err, sqlite.ErrFileLimit):
		return tool.WithHint(err, "raise the limit, of which ulimit -f tells, or work on a file system that takes larger files")
	case errors.Is(err, sqlite.ErrReadOnly):
		return tool.WithHint(err, "make the file and its folder writable, or work on a copy that basof backup makes")
	}
	if hint := sqlite.Hint(err); hint != "" {
		return tool.WithHint(err, hint)
	}
	return err
}
