package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/scan"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/stream"
	"github.com/seed16713943/btools/pkg/tool"
)

func failedCommand() *cli.Command {
	s := newQuery()
	return &cli.Command{
		Name:  "failed",
		Usage: "prints the records that failed and have not succeeded since, to be tried again",
		UsageText: `bingest failed | bingest
bingest failed | jq -r 'select(.class) | [.code, .path, .message] | @tsv'
bingest failed | jq -c 'select(.code != "too_large")' | bchunk | bingest -partial`,
		Description: `Each record has the class, the code and the message of its failure, and names its file where the failing run looked for it; what a run with -C looked for needs that again, and stderr says so. The scan around them is a new one, made now: what is read is so from now on, or from the file's own time where nothing contradicts that, as after any scan. It covers no folder, and so nothing is recorded as gone. Without failures it is empty.

A record whose content came with it, as from a history or another machine, has the type "skip": the content is not kept, and has to come again from where it came. So has one whose name may not be read, as one outside of -C: that does not become better by trying. Lines that were no record have no path and are not among these; see: bingest report.`,
		Flags:  tool.Flags(&s.set),
		Action: s.failed,
	}
}

func (s *settings) failed(c *cli.Context) (err error) {
	if c.Args().Present() {
		return tool.Usagef("failed takes no arguments")
	}
	reader, err := s.openReader(c.Context)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	below, err := rootsOf(c.Context, reader)
	if err != nil {
		return err
	}
	again, err := newRepetition(c.App.Writer, time.Now(), below)
	if err != nil {
		return err
	}
	for f, err := range reader.Failed(c.Context) {
		if err != nil {
			return err
		}
		if err := again.add(&f); err != nil {
			return err
		}
		if err := c.Context.Err(); err != nil {
			return err
		}
	}
	if n := again.lost; n > 0 {
		tool.Warn(c, tool.WithHint(
			fmt.Errorf("%s with the content, which is not kept", verb(n, "record", "came", "came")),
			"take them in again from where they came; a history with the same bscan -git as before, and -rehash"))
	}
	terminal := tool.IsTerminal(c.App.ErrWriter)
	if n := again.refused; n > 0 {
		tool.Warn(c, tool.WithHint(
			fmt.Errorf("%s not tried again, since names such as %s may not be read", verb(n, "record", "is", "are"), tool.Display(again.firstRefused, terminal)),
			"put right what made the stream; for the reasons, see bingest status -all"))
	}
	if n := again.below; n > 0 {
		tool.Warn(c, tool.WithHint(
			fmt.Errorf("%s looked for below the folder of -C", verb(n, "record", "was", "were")),
			"to look there again, and nowhere else: "+tryAgain(again.firstRoot, terminal)))
	}
	return again.close()
}

// tryAgain is the line that tries again what failed in runs with a certain -C, which
// may be none.
func tryAgain(dir string, terminal bool) string {
	if dir == "" {
		return "bingest failed | bingest"
	}
	return "bingest failed | bingest -C " + tool.ShellWord(dir, terminal)
}

// rootsOf returns the -C that the runs with failures had, "" for none. Of a run that
// made no report it is not known.
func rootsOf(ctx context.Context, reader *sqlite.Reader) (map[int64]string, error) {
	ids, err := reader.FailedRuns(ctx)
	if err != nil {
		return nil, err
	}
	roots := make(map[int64]string, len(ids))
	for _, id := range ids {
		run, _, err := reader.Run(ctx, id)
		if err != nil {
			return nil, err
		}
		roots[id] = ""
		if rep, err := report.Unmarshal(run.Report); run.Report != nil && err == nil {
			roots[id], _ = rep.Config["c"].(string)
		}
	}
	return roots, nil
}

// repetition writes failed records as a stream that tries them again.
type repetition struct {
	out   *stream.Encoder
	now   time.Time
	dir   string // of records whose scan is not known
	open  *kb.Scan
	end   kb.End
	paths map[string]bool // of the open scan
	lost  int64           // records whose content came with them

	refused      int64 // other records, whose name may not be read
	firstRefused string

	roots     map[int64]string // the -C of runs
	below     int64            // records to be tried again that were looked for below one
	firstRoot string
}

func newRepetition(w io.Writer, now time.Time, roots map[int64]string) (*repetition, error) {
	dir, err := os.Getwd()
	return &repetition{out: stream.NewEncoder(w), now: now, dir: dir, roots: roots}, err
}

// add writes one record, in a scan that reads it where its own did.
func (r *repetition) add(f *ingest.StandingFailure) error {
	if err := r.enter(r.placeOf(f.Scan)); err != nil {
		return err
	}
	kind := f.Again
	switch root := r.roots[f.Run]; {
	case kind == kb.Skipped:
		r.lost++
	case f.Code == kb.BadPath:
		kind = kb.Skipped
		r.firstRefused = cmp.Or(r.firstRefused, f.Path)
		r.refused++
	case kind == kb.File && root != "":
		r.firstRoot = cmp.Or(r.firstRoot, root)
		r.below++
	}
	if kind == kb.Skipped {
		r.end.Skipped++
	}
	if kind != kb.Gone && !r.paths[f.Path] { // which is no listing
		r.paths[f.Path] = true
		r.end.Paths++
	}
	return r.out.Record(&kb.Record{
		Kind: kind, Path: f.Path, ValidFrom: f.ValidFrom, Seq: f.Seq, Source: f.Source,
		Class: f.Class, Code: f.Code, Message: f.Message,
	})
}

// placeOf is a scan that says where the records of another are read, and nothing
// else of it: it covers nothing.
func (r *repetition) placeOf(s *kb.Scan) kb.Scan {
	if s == nil {
		return kb.Scan{Dir: r.dir}
	}
	place := kb.Scan{Dir: s.Dir, Prefix: s.Prefix, Follow: s.Follow}
	if s.Prefix != "" && len(s.Roots) > 0 && path.IsAbs(s.Roots[0]) {
		place.Roots = []string{"/"} // below the prefix, paths are absolute ones
	}
	return place
}

// enter begins a scan, unless the open one is at the same place.
func (r *repetition) enter(place kb.Scan) error {
	if o := r.open; o != nil && o.Dir == place.Dir && o.Prefix == place.Prefix && o.Follow == place.Follow && len(o.Roots) == len(place.Roots) {
		return nil
	}
	if err := r.leave(); err != nil {
		return err
	}
	id, err := scan.NewID(r.now)
	if err != nil {
		return err
	}
	place.ID, place.StartedAt = id, kb.InstantOf(r.now)
	r.open, r.end, r.paths = &place, kb.End{Scan: place}, make(map[string]bool)
	return r.out.Scan(&place)
}

// leave ends the open scan, if there is one.
func (r *repetition) leave() error {
	if r.open == nil {
		return nil
	}
	return r.out.End(&r.end)
}

// close ends the stream. One without failures has an empty scan, which says that
// it is whole.
func (r *repetition) close() error {
	if r.open == nil {
		if err := r.enter(r.placeOf(nil)); err != nil {
			return err
		}
	}
	return r.leave()
}
