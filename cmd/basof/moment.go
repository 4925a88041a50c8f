package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/config"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
	"github.com/seed16713943/btools/pkg/when"
)

// moment is a time that the user typed.
type moment struct {
	flag, typed string
	at          kb.Instant
	commit      string // digits of a commit, which the knowledge base has to place in time
	perhaps     string // digits of at that may have been meant for a commit
	ever        bool   // all times: nothing was typed
}

// moment reads the time of a flag. Where that was not given, and has no default,
// it is all times.
func (q *question) moment(c *cli.Context, flag, typed string) (moment, error) {
	m := moment{flag: flag, typed: typed, at: kb.Forever}
	if typed == "" && q.set.Lookup(flag[1:]).Source() == config.FromDefault {
		m.ever = true
		return m, nil
	}
	digits, sure := when.Commit(typed)
	if sure && flag == "-known" && when.Seconds(typed) == "" {
		return m, tool.WithHint(tool.Usagef("-known: %s is a commit, and -known asks when the knowledge base learned something", typed),
			"give the time, or ask with -at "+typed)
	}
	if sure && flag != "-known" {
		m.commit = digits
		return m, nil
	}
	if q.now.IsZero() {
		q.now = time.Now()
	}
	result, err := when.Parse(typed, q.now, time.Local)
	if err != nil {
		return m, tool.Usagef("%s: %w", flag, err)
	}
	if result.Note != "" {
		tool.Warn(c, errors.New(result.Note))
	}
	if m.at = kb.InstantOf(result.Time); len(digits) < 10 { // before 2001-09-09
		m.perhaps = digits
	}
	return m, nil
}

// place is a moment that has its place in the knowledge base.
type place struct {
	moment
	seq  *int64 // as in kb.Point
	hash string // of a commit, in full
}

// find gives a moment its place.
func (m moment) find(c *cli.Context, reader *sqlite.Reader) (place, error) {
	p := place{moment: m}
	if m.commit == "" {
		if m.perhaps != "" {
			return p, warnCommit(c, reader, m)
		}
		return p, nil
	}
	const most = 5
	found, err := reader.Commits(c.Context, m.commit, most)
	switch {
	case err != nil:
		return p, err
	case len(found) == 0:
		return p, noCommit(c, reader, m)
	case len(found) > 1:
		hashes := make([]string, len(found))
		for i, one := range found {
			hashes[i] = "@" + one.Hash
		}
		return p, tool.WithHint(tool.Usagef("%s: %s is more than one commit", m.flag, m.typed), "give more digits: "+orList(hashes))
	}
	commit := &found[0]
	p.at, p.seq, p.hash = commit.ValidFrom, &commit.Seq, commit.Hash
	one, other, err := reader.Branches(c.Context, commit)
	if err != nil {
		return p, err
	}
	if other != "" {
		tool.Warn(c, tool.WithHint(
			fmt.Errorf("@%s and @%s are of two lines of history under one prefix, and the tree as of @%s may hold what is of the other line", one, other, commit.Hash),
			"to keep lines apart, take each in with a -prefix of its own"))
	}
	if commit.Elsewhere {
		tool.Warn(c, fmt.Errorf("the commit %s was taken in with several places in its history; the last, of %s, was taken", commit.Hash, p.at))
	}
	return p, nil
}

// warnCommit tells of a commit that begins with digits which were taken for a
// time.
func warnCommit(c *cli.Context, reader *sqlite.Reader, m moment) error {
	found, err := reader.Commits(c.Context, m.perhaps, 1)
	if err == nil && len(found) > 0 {
		tool.Warn(c, tool.WithHint(fmt.Errorf("%s was taken for seconds since 1970, which is %s", m.typed, m.at),
			"the commit "+found[0].Hash+" is asked about with @git:"+m.perhaps))
	}
	return err
}

// noCommit says that a commit is not known, and why that may be.
func noCommit(c *cli.Context, reader *sqlite.Reader, m moment) error {
	if seconds := when.Seconds(m.typed); seconds != "" {
		return tool.WithHint(tool.Usagef("%s: %s is no commit that is known, and too many seconds since 1970", m.flag, m.typed),
			"if it has milliseconds or less, write "+seconds)
	}
	some, err := reader.Commits(c.Context, "", 1)
	switch {
	case err != nil:
		return err
	case len(some) == 0:
		return tool.WithHint(tool.Usagef("%s: %s is a commit, and no history of git has been taken in", m.flag, m.typed),
			"take it in with: bscan -git FOLDER | bchunk | bingest; or ask by a time")
	}
	why := "one that changed no document leaves no trace"
	if forgotten, err := memoryBegins(c, reader); err != nil {
		return err
	} else if forgotten != nil {
		why += fmt.Sprintf(", nor may one from before %s, which is forgotten", forgotten.Before)
	}
	why += "; one of a rewritten history that says what another said before is known by the name of that one"
	err = tool.WithHint(tool.Usagef("%s: nothing that is known comes from the commit %s", m.flag, m.commit), why)
	// Not by its time: where clocks went backwards, it counts from a later one, and others may share it.
	return tool.WithHint(err, fmt.Sprintf("ask by the last commit of its line that changed the document: %s \"@$(git rev-list -1 --first-parent %s -- PATH)\"",
		m.flag, m.commit))
}

// asked is the point that a question is about.
type asked struct {
	kb.Point
	when, known place
}

// open opens the knowledge base and works out the point asked about.
func (q *question) open(c *cli.Context) (*sqlite.Reader, asked, error) {
	tool.WarnZone(c)
	at, err := q.moment(c, q.flag, *q.at)
	if err != nil {
		return nil, asked{}, err
	}
	known, err := q.moment(c, "-known", *q.known)
	if err != nil {
		return nil, asked{}, err
	}
	reader, err := openReader(c, *q.db)
	if err != nil {
		return nil, asked{}, err
	}
	point, err := q.ask(c, reader, at, known)
	if err != nil {
		return nil, asked{}, errors.Join(err, reader.Close())
	}
	if *q.verbose {
		tool.Note(c, point.String())
	}
	return reader, point, nil
}

// ask places what was asked in the knowledge base.
func (q *question) ask(c *cli.Context, reader *sqlite.Reader, at, known moment) (a asked, err error) {
	if a.when, err = at.find(c, reader); err != nil {
		return a, err
	}
	if a.known, err = known.find(c, reader); err != nil {
		return a, err
	}
	a.Point = kb.Point{Valid: a.when.at, Seq: a.when.seq, Known: a.known.at}
	if a.when.hash != "" {
		err = warnAside(c, reader, &a)
	}
	return a, err
}

// String says how a point was understood.
func (a *asked) String() string {
	text := "at all times"
	if !a.when.ever {
		text = "as of " + a.when.String()
	}
	if a.known.ever {
		return text + ", with all that is known"
	}
	return text + ", as it was known at " + a.known.String()
}

func (p *place) String() string {
	if p.hash != "" {
		return fmt.Sprintf("%s (the commit %s)", p.at, p.hash)
	}
	return fmt.Sprintf("%s (%s, %s)", p.at, p.typed, localZone())
}

// stamp is the point that an answer is about, in JSON. It stands in every line.
type stamp struct {
	AsOf       *kb.Instant `json:"as_of"` // null for all times
	AsOfCommit string      `json:"as_of_commit,omitempty"`
	KnownAt    *kb.Instant `json:"known_at"` // null for all that is known
}

func (a *asked) stamp() stamp {
	var s stamp
	if !a.when.ever {
		s.AsOf, s.AsOfCommit = &a.Valid, a.when.hash
	}
	if !a.known.ever {
		s.KnownAt = &a.Known
	}
	return s
}

// knows reports whether a point is about all that is known, which is what the
// index of searches is about.
func (a *asked) knows() bool { return a.Known == kb.Forever && a.Seq == nil }

// localZone names the zone that times are read in.
func localZone() string {
	if name := time.Local.String(); name != "Local" {
		return name
	}
	if target, err := os.Readlink("/etc/localtime"); err == nil {
		if _, name, ok := strings.Cut(target, "zoneinfo/"); ok {
			return name
		}
	}
	return "the local zone"
}
