package asof

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/kb"
)

// Cite names lines of a version by the hash of its content:
// docs/guide.md@sha256:9f86…#L10-L24. Where a filter made the text that is searched,
// it has the hash of that text. What it names never changes.
type Cite struct {
	Path       string // may be empty
	SHA256     kb.Hash
	Start, End int // lines, from 1, inclusive; 0 for the whole content
}

// Errors of citations that name nothing.
var (
	// ErrNotCited: the content is not there, or the path never held it.
	ErrNotCited = errors.New("there is no such content")
	// ErrNoText: a filter made text of what the path held, but nothing like that is
	// there. It may have been replaced, and then forgotten.
	ErrNoText = fmt.Errorf("%w, nor a text that a filter made,", ErrNotCited)
	// ErrNoLine: the content ends before.
	ErrNoLine = errors.New("there is no line")
)

// String gives the form that ParseCite reads.
func (c Cite) String() string {
	s := c.Path + "@sha256:" + c.SHA256.String()
	switch {
	case c.Start == 0:
		return s
	case c.End <= c.Start:
		return fmt.Sprintf("%s#L%d", s, c.Start)
	default:
		return fmt.Sprintf("%s#L%d-L%d", s, c.Start, c.End)
	}
}

// The path may hold anything, also what looks like a citation: the last one
// counts.
var citation = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?s)^(.*)@sha256:([0-9a-fA-F]{64})(?:#L([1-9][0-9]{0,8})(?:-L([1-9][0-9]{0,8}))?)?$`)
})

// ParseCite reads a citation and reports whether s is one.
func ParseCite(s string) (Cite, bool) {
	if !strings.Contains(s, "@sha256:") {
		return Cite{}, false
	}
	parts := citation().FindStringSubmatch(s)
	if parts == nil {
		return Cite{}, false
	}
	c := Cite{Path: parts[1]}
	hash, err := kb.ParseHash(parts[2])
	if err != nil {
		return Cite{}, false
	}
	c.SHA256 = hash
	if parts[3] != "" {
		c.Start, _ = strconv.Atoi(parts[3]) // the pattern has digits alone
		c.End = c.Start
	}
	if parts[4] != "" {
		c.End, _ = strconv.Atoi(parts[4])
	}
	return c, c.Start <= c.End
}

// WriteCite writes what a citation names, byte for byte: lines with their ends,
// as far as they have them. The error is ErrNotCited if the content is not there or
// the path never held it, and ErrNoLine if it has fewer lines; nothing is written
// then.
func WriteCite(ctx context.Context, store SearchStore, w io.Writer, c Cite) error {
	if err := c.Check(ctx, store); err != nil {
		return err
	}
	read := func(w io.Writer) error { return store.WriteContent(ctx, w, c.SHA256) }
	if c.Start == 0 {
		return read(w)
	}
	var text lineCount // read twice, since it may be large
	if err := read(&text); err != nil {
		return err
	}
	end, count := text.lines()
	if count < int64(c.End) {
		return fmt.Errorf("%s: %w %d: it has %d", c, ErrNoLine, c.End, count)
	}
	return read(&lineWriter{w: w, end: end, first: c.Start, last: c.End})
}

// Check checks that there is a content and that its path held it: nil, ErrNotCited,
// or a failure of the store.
func (c Cite) Check(ctx context.Context, store SearchStore) error {
	if c.Path == "" {
		found, err := store.HasContent(ctx, c.SHA256)
		if err == nil && !found {
			err = fmt.Errorf("%s: %w", c, ErrNotCited)
		}
		return err
	}
	notCited := ErrNotCited
	for v, err := range store.Back(ctx, c.Path, kb.Point{Valid: kb.Forever, Known: kb.Forever}) {
		if err != nil {
			return err
		}
		if v.Gone {
			continue
		}
		if v.SHA256 == c.SHA256 {
			return nil
		}
		text, err := store.FilteredText(ctx, v.SHA256, extract.Extension(c.Path))
		switch {
		case err != nil:
			return err
		case text == nil:
		case *text == c.SHA256:
			return nil
		default:
			notCited = ErrNoText
		}
	}
	if notCited == ErrNoText {
		// Which texts were replaced is not kept, but they themselves are.
		if replaced, err := store.IsReplacedText(ctx, c.SHA256); err != nil || replaced {
			return err
		}
	}
	return fmt.Errorf("%s: %w of %s", c, notCited, c.Path)
}

// Names reports whether a citation is of a version, or of the text that a filter has
// made of it.
func (c Cite) Names(ctx context.Context, store SearchStore, v *kb.Version) (bool, error) {
	if v.Gone || v.SHA256 == c.SHA256 {
		return !v.Gone, nil
	}
	text, err := store.FilteredText(ctx, v.SHA256, extract.Extension(v.Path))
	return text != nil && *text == c.SHA256, err
}
