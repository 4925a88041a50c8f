package asof

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/seed16713943/btools/pkg/kb"
)

// ErrNoLines says that a content is no text, and has no lines.
var ErrNoLines = errors.New("no text, but binary")

// Line is a line of a document, with the version since which it has stood there.
type Line struct {
	Text  string // with its end
	Since *kb.Version
}

// Annotate returns the lines of what a path held at a point, each with the version
// that brought it, as was known then: the first after which no version lacks it. A
// line that went and came back is one that came then. The error is an
// *AbsentError if the path held nothing, and ErrNoLines if it held no text.
func Annotate(ctx context.Context, store Store, path string, at kb.Point) ([]Line, error) {
	span, err := At(ctx, store, path, at)
	if err != nil {
		return nil, err
	}
	a := annotator{ctx: ctx, store: store}
	if err := a.read(&span.Version); err != nil {
		return nil, err
	}
	if isBinary(a.content.Bytes()) {
		return nil, fmt.Errorf("%s: %w", path, ErrNoLines)
	}
	begin := kb.Point{Valid: math.MinInt64, Known: at.Known}
	var step *kb.Version // that is still to be taken: another with the same place may follow, and counts
	for v, err := range store.Forward(ctx, path, begin) {
		if err != nil {
			return nil, err
		}
		if !at.Begun(&v) {
			break
		}
		if step != nil && (step.ValidFrom != v.ValidFrom || step.Seq != v.Seq) {
			if err := a.take(step); err != nil {
				return nil, err
			}
		}
		step = &v
	}
	err = a.take(step)
	return a.lines, err
}

// annotator goes over the versions of a document, the earliest first.
type annotator struct {
	ctx     context.Context
	store   Store
	content bytes.Buffer // of the version in hand
	hash    kb.Hash      // of the version before; not set where that was gone
	lines   []Line
}

func (a *annotator) read(v *kb.Version) error {
	a.content.Reset()
	if err := a.store.WriteContent(a.ctx, &a.content, v.SHA256); err != nil {
		return fmt.Errorf("%s of %s: %w", v.Path, v.ValidFrom, err)
	}
	return nil
}

// take goes on to a version.
func (a *annotator) take(v *kb.Version) error {
	switch {
	case v.Gone:
		a.hash, a.lines = kb.Hash{}, nil
		return a.ctx.Err()
	case v.SHA256 == a.hash:
		return a.ctx.Err()
	}
	if err := a.read(v); err != nil {
		return err
	}
	before := make([]string, len(a.lines))
	for i := range a.lines {
		before[i] = a.lines[i].Text
	}
	after := splitLines(a.content.String())
	lines := make([]Line, len(after))
	for i, from := range matchLines(before, after) {
		if lines[i] = (Line{after[i], v}); from >= 0 {
			lines[i] = a.lines[from]
		}
	}
	a.hash, a.lines = v.SHA256, lines
	return a.ctx.Err()
}

// splitLines splits a text after each newline.
func splitLines(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	if last := len(lines) - 1; lines[last] == "" {
		lines = lines[:last]
	}
	return lines
}
