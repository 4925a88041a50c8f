package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
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
		Description: `Each record has the class, the code and the message of its failure, and names its file where the failing run looked for it; a run with -C needs that again. The scan around them is a new one, made now: what is read is so from now on, or from the file's own time where nothing contradicts that, as after any scan. It covers no folder, and so nothing is recorded as gone. Without failures it is empty.

A record whose content came with it, as from a history or another machine, has the type "skip": the content is not kept, and has to come again from where it came. Lines that were no record have no path and are not among these; see: bingest report.`,
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
	again, err := newRepetition(c.App.Writer, time.Now())
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
	return again.close()
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
}

func newRepetition(w io.Writer, now time.Time) (*repetition, error) {
	dir, err := os.Getwd()
	return &repetition{out: stream.NewEncoder(w), now: now, dir: dir}, err
}

// add writes one record, in a scan that reads it where its own did.
func (r *repetition) add(f *ingest.StandingFailure) error {
	if err := r.enter(r.placeOf(f.Scan)); err != nil {
		return err
	}
	if f.Again == kb.Skipped {
		r.lost++
		r.end.Skipped++
	}
	if f.Again != kb.Gone && !r.paths[f.Path] { // which is no listing
		r.paths[f.Path] = true
		r.end.Paths++
	}
	return r.out.Record(&kb.Record{
		Kind: f.Again, Path: f.Path, ValidFrom: f.ValidFrom, Seq: f.Seq, Source: f.Source,
		Class: f.Class, Code: f.Code, Message: f.Message,
	})
}

// placeOf is a scan that says where the records of another are read, and nothing
// else of it: it covers nothing.
func (r *repetition) placeOf(s *kb.Scan) kb.Scan {
	if s == nil {
		return kb.Scan{Dir: r.dir, Follow: true}
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
