package githist

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
)

// findLine resolves what the user has named, looks at the line once, and fills
// in what the scan says of it.
func (h *History) findLine(ctx context.Context) error {
	hist := h.scan.History
	var err error
	if hist.Commit, err = h.resolve(ctx, "rev", h.opts.Rev); err != nil {
		return err
	}
	watched := make(map[string]bool)
	if h.opts.Since != "" {
		if h.from.id, err = h.resolve(ctx, "since", h.opts.Since); err != nil {
			return err
		}
		watched[h.from.id] = true
	}
	taken := newTaken(h.opts.Taken, &h.scan)
	taken.watch(watched)
	for _, past := range h.opts.Heard {
		watched[past.History.Commit] = true
	}
	survey, err := h.survey(ctx, watched)
	if err != nil {
		return err
	}
	hist.First, hist.At, hist.Seq = survey.first, survey.last.at, survey.last.seq
	parent, err := h.parent(ctx, survey.first)
	if err != nil {
		return err
	}
	hist.Shallow = parent != ""
	switch {
	case h.opts.Since != "" && hist.Shallow:
		return &Error{Message: fmt.Sprintf("%s is a shallow clone, which begins with commit %s: times and places of what came after %s count from before that",
			h.opts.Dir, hist.First, h.opts.Since),
			Hint: "git fetch --unshallow brings what came before; -index kb.sqlite in place of -since goes on from what a knowledge base has"}
	case h.opts.Since != "":
		var onLine bool
		if h.from, onLine = survey.find(h.from.id); !onLine {
			return &Error{Setting: "since", Message: fmt.Sprintf("%s is not on the first-parent line of %s", h.opts.Since, h.opts.Rev),
				Hint: "git log --first-parent --oneline " + h.opts.Rev + " lists the commits that are"}
		}
	case h.opts.Taken != nil && !h.opts.Again:
		h.from = taken.last(hist, survey)
	}
	h.tellOfTaken(ctx, survey)
	hist.Since = h.from.id
	if counted, ok := survey.find(h.from.id); ok {
		hist.Seq += h.from.seq - counted.seq
		hist.At = max(hist.At, h.from.at)
	}
	note, err := h.placeLine(ctx, parent)
	if err != nil {
		return err
	}
	h.tellOfLine(hist, survey, note)
	return nil
}

// tellOfLine warns of a line that is not what the user may take it for.
func (h *History) tellOfLine(hist *kb.History, s *survey, note string) {
	if hist.Shallow {
		hint := "git fetch --unshallow brings what came before"
		if h.opts.Versions == nil {
			hint += "; with -index kb.sqlite it goes on from what a knowledge base has"
		}
		h.opts.Warn(fmt.Sprintf("%s is a shallow clone: its history begins at %v, with commit %s%s", h.opts.Dir, s.began, hist.First, note), hint)
	}
	if now := kb.InstantOf(h.opts.Clock()); hist.At > now {
		h.opts.Warn(fmt.Sprintf("the history of %s runs into the future: its last commit counts from %v on", h.opts.Dir, hist.At),
			"a commit is never earlier than the one before it; git log --first-parent --format='%h %ci' shows whose clock was wrong")
	}
}

// tellOfPartialClone warns where contents may be missing on purpose.
func (h *History) tellOfPartialClone(ctx context.Context) {
	if h.git.isPartial(ctx) {
		h.opts.Warn(h.opts.Dir+" is a partial clone, and what it does not have is not fetched", "a clone made without --filter has all contents")
	}
}

// resolve returns the full name of the commit that the user means.
func (h *History) resolve(ctx context.Context, setting, rev string) (string, error) {
	id, err := h.git.line(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	if err == nil && !strings.HasPrefix(id, "^") { // which is all but a commit
		return id, nil
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if rev == "HEAD" {
		return "", &Error{Message: "HEAD of " + h.opts.Dir + " names no commit", Hint: "there is no commit yet, or the branch has none; -rev BRANCH names another, and git branch -a lists them"}
	}
	return "", &Error{Setting: setting, Message: fmt.Sprintf("%q names no commit in %s", rev, h.opts.Dir),
		Hint: "give a branch, a tag or the beginning of a commit's name, as git log --oneline shows it"}
}

// parent returns the commit that one says was before it, be it there or not; ""
// if there was none.
func (h *History) parent(ctx context.Context, id string) (string, error) {
	raw, err := h.git.output(ctx, "cat-file", "commit", id)
	head, _, _ := bytes.Cut(raw, []byte("\n\n"))
	_, rest, _ := bytes.Cut(head, []byte("\nparent "))
	parent, _, _ := bytes.Cut(rest, []byte("\n"))
	return string(parent), err
}

// survey is what one walk along the line has found.
type survey struct {
	first string
	began kb.Instant // when
	last  commit
	met   []commit // those watched for, oldest first
}

// find returns where a commit that was watched for stands on the line as it was
// counted.
func (s *survey) find(id string) (commit, bool) {
	at := slices.IndexFunc(s.met, func(c commit) bool { return c.id == id })
	if at < 0 {
		return commit{}, false
	}
	return s.met[at], true
}

// survey walks along the whole line.
func (h *History) survey(ctx context.Context, watched map[string]bool) (*survey, error) {
	s := new(survey)
	err := h.walk(ctx, commit{}, func(c commit) error {
		if c.seq == 1 {
			s.first, s.began = c.id, c.at
		}
		if watched[c.id] {
			s.met = append(s.met, c)
		}
		s.last = c
		return nil
	})
	return s, err
}

// walk calls fn for each commit of the line after the given one, or for all if it
// has no name, counted on from its place.
func (h *History) walk(ctx context.Context, c commit, fn func(commit) error) error {
	args := []string{"rev-list", "--first-parent", "--reverse", "--timestamp", h.scan.History.Commit}
	if c.id != "" {
		args = append(args, "^"+c.id)
	}
	p, err := h.git.start(ctx, args...)
	if err != nil {
		return err
	}
	_ = p.stdin.Close() // there is nothing to say
	lines := bufio.NewReaderSize(p.stdout, 64<<10)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return p.wait()
		}
		if err == nil {
			err = c.advance(line)
		}
		if err == nil {
			h.known.raise(&c)
			err = fn(c)
		}
		if err != nil {
			p.kill()
			return err
		}
	}
}

// lastSecond is the last one of the year 9999, in Unix time.
var lastSecond = uint64(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix())

// advance makes c the commit after it, which a line of rev-list tells of. A
// time that is none, as broken commits have them, counts as the time before.
func (c *commit) advance(line string) error {
	stamp, id, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	if !ok {
		return fmt.Errorf("git rev-list: %q is not a time and a commit", line)
	}
	c.id = id
	c.seq++
	if seconds, err := strconv.ParseUint(stamp, 10, 64); err == nil && seconds <= lastSecond {
		at := kb.Instant(seconds * uint64(time.Second/time.Microsecond))
		c.at = max(c.at, at)
	}
	return nil
}
