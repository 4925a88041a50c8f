package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

// recovered is the last object of bcheck -recover -json.
type recovered struct {
	Type string `json:"type"` // "recovered"
	From string `json:"from"`
	To   string `json:"to"`
	All  bool   `json:"all"` // nothing is lost

	Pages           int64 `json:"pages"`
	PagesLost       int64 `json:"pages_lost"`
	Paths           int64 `json:"paths"`
	PathsLost       int64 `json:"paths_lost"` // their names are
	Versions        int64 `json:"versions"`
	VersionsLost    int64 `json:"versions_lost"`    // known, but not what they held
	VersionsMissing int64 `json:"versions_missing"` // of which nothing is known
	Contents        int64 `json:"contents"`
	ContentsLost    int64 `json:"contents_lost"`
	ContentBytes    int64 `json:"content_bytes"`

	Codes map[string]int64 `json:"codes"`
}

// runRecover makes a new knowledge base of what can be read, under another name
// until it is whole.
func (s *settings) runRecover(c *cli.Context, out *printer) (err error) {
	to := *s.recover
	switch _, err := os.Lstat(to); {
	case err == nil:
		return tool.WithHint(fmt.Errorf("recover to %s: the file is there already", to), "name a file that is not there: bcheck -recover overwrites nothing")
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("recover to %s: %w", to, errors.Unwrap(err))
	}
	part := sqlite.PartName(to)
	defer func() { err = errors.Join(err, sqlite.Discard(part)) }()
	sum, err := s.read(c, out, part)
	if err == nil {
		err = s.rebuild(c, part)
	}
	if err == nil {
		err = sqlite.Publish(part, to)
	}
	if err != nil {
		return storeHint(err)
	}
	return errors.Join(out.recovered(to, &sum), s.saved(out, to))
}

// read makes a new file of the pages that can be read. It tells how far it is of one
// thing after the other.
func (s *settings) read(c *cli.Context, out *printer, to string) (sqlite.RecoverySummary, error) {
	var shown *tool.Progress
	var end func()
	var one string
	tell := func(what string) {
		one = what
		shown = s.progress.Start(c, tool.ProgressOptions{One: one})
		end = out.beside(shown)
	}
	untell := func() {
		end()
		shown.Close()
	}
	tell("page")
	defer func() { untell() }()
	return sqlite.Recover(c.Context, *s.db, to, time.Now, out.finding, func(p sqlite.RecoveryProgress) {
		if p.One != one {
			untell()
			tell(p.One)
		}
		shown.Tell(tool.Done{Files: p.Done, Of: p.Of})
	})
}

// rebuild makes the index of a recovered file.
func (s *settings) rebuild(c *cli.Context, path string) (err error) {
	store, err := sqlite.Open(c.Context, path, sqlite.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return s.reindex(c, store, *s.db)
}

// saved makes the exit code of a recovery.
func (s *settings) saved(out *printer, to string) error {
	if out.damages == 0 {
		return nil
	}
	return tool.Exit(tool.ExitPartial, tool.WithHint(
		fmt.Errorf("%s holds what could be saved, and that is not all", to),
		"keep the damaged file; a copy that basof backup made, or the documents themselves, may have what is lost"))
}

// recovered prints what a recovery saved.
func (p *printer) recovered(to string, sum *sqlite.RecoverySummary) error {
	if p.json != nil {
		return p.json.Encode(recovered{
			Type: "recovered", From: p.db, To: to, All: p.damages == 0,
			Pages: sum.Pages, PagesLost: sum.PagesLost, Paths: sum.Paths, PathsLost: sum.PathsLost,
			Versions: sum.Versions, VersionsLost: sum.VersionsLost, VersionsMissing: sum.VersionsMissing,
			Contents: sum.Contents, ContentsLost: sum.ContentsLost, ContentBytes: sum.ContentBytes, Codes: p.codes,
		})
	}
	if err := p.more(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.w, "%s: saved %s of %s, with %s of %d bytes; lost: %s, %s with nothing left of them, %s\n",
		tool.Display(to, p.terminal), tool.Count(sum.Versions, "version"), tool.Count(sum.Paths, "path"),
		tool.Count(sum.Contents, "content"), sum.ContentBytes,
		tool.Count(sum.VersionsLost, "version"), tool.Count(sum.VersionsMissing, "version"), tool.Count(sum.ContentsLost, "content"))
	return err
}
