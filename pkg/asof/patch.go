package asof

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/seed16713943/btools/pkg/kb"
)

// contextLines stand around each hunk of a patch, as in git and diff -u.
const contextLines = 3

// Patch is the difference of two contents, line by line.
type Patch struct {
	Added   int  // lines
	Removed int  // lines
	Binary  bool // at least one side is no text; there are then no lines
	// SHA256 says that git names contents by their SHA-256, as it does in some
	// repositories, where no commit that a side comes from tells.
	SHA256 bool

	before, after []byte
	hunks         udiff.UnifiedDiff
}

// NewPatch compares two contents. A content with a NUL byte is no text.
func NewPatch(before, after []byte) *Patch {
	p := &Patch{before: before, after: after}
	if isBinary(before) || isBinary(after) {
		p.Binary = !bytes.Equal(before, after)
		return p
	}
	p.hunks.Hunks = hunksOf(splitLines(string(before)), splitLines(string(after)))
	for _, hunk := range p.hunks.Hunks {
		for _, line := range hunk.Lines {
			switch line.Kind {
			case udiff.Insert:
				p.Added++
			case udiff.Delete:
				p.Removed++
			}
		}
	}
	return p
}

// hunksOf returns what makes one text of another, as few lines as are matched
// (udiff.Lines takes many that are the same for changed, where more than some are),
// in time that grows with their number (that of udiff.ToUnifiedDiff, with its square).
func hunksOf(from, to []string) (hunks []*udiff.Hunk) {
	var h *udiff.Hunk
	add := func(kind udiff.OpKind, lines []string) {
		for _, line := range lines {
			h.Lines = append(h.Lines, udiff.Line{Kind: kind, Content: line})
		}
	}
	x, y := 0, 0 // the lines up to which both are matched
	last := 0    // the line of from up to which h has all
	change := func(xEnd, yEnd int) {
		if x == xEnd && y == yEnd {
			return
		}
		if h == nil || x > last+2*contextLines {
			if h != nil {
				add(udiff.Equal, from[last:last+contextLines])
			}
			last = max(x-contextLines, 0)
			h = &udiff.Hunk{FromLine: last + 1, ToLine: y - (x - last) + 1}
			hunks = append(hunks, h)
		}
		add(udiff.Equal, from[last:x])
		add(udiff.Delete, from[x:xEnd])
		add(udiff.Insert, to[y:yEnd])
		last = xEnd
	}
	for at, line := range matchLines(from, to) {
		if line >= 0 {
			change(line, at)
			x, y = line+1, at+1
		}
	}
	change(len(from), len(to))
	if h != nil {
		add(udiff.Equal, from[last:min(last+contextLines, len(from))])
	}
	return hunks
}

func isBinary(content []byte) bool { return bytes.IndexByte(content, 0) >= 0 }

// PatchNames says of which changes there can be patches. A patch changes nothing outside
// the folder that it is applied in: of names, a leading slash and what leads up are left
// out. A document whose name becomes another's has none.
type PatchNames struct{ names harmlessNames }

// NewPatchNames is for the changes under a prefix between two points. It warns once if
// names become shorter.
func NewPatchNames(store Store, prefix string, from, to kb.Point, warn func(error)) *PatchNames {
	return &PatchNames{harmlessNames{store: store, prefixes: []string{prefix}, at: []kb.Point{from, to}, warn: warn}}
}

// Refuse says why there is no patch of a change, and "" if there is one.
func (n *PatchNames) Refuse(ctx context.Context, c *Change) (why string, err error) {
	_, why, err = n.names.shorten(ctx, c.Path)
	if why == "" && err == nil && c.Renamed() {
		_, why, err = n.names.shorten(ctx, c.Old.Path)
	}
	return why, err
}

// Write writes the patch of a change in the form of git diff, which git apply
// takes in; so does patch, but for what is no text.
func (p *Patch) Write(w io.Writer, c *Change) error {
	before, after := c.Path, c.Path
	if c.Renamed() {
		before = c.Old.Path
	}
	before, _ = harmless(before)
	after, _ = harmless(after)
	from, to := quoteName("a/"+before), quoteName("b/"+after)
	var b strings.Builder
	fmt.Fprintf(&b, "diff --git %s %s\n", from, to)
	switch {
	case c.Old == nil:
		fmt.Fprintf(&b, "new file mode %s\n", gitMode(c.New))
		from = "/dev/null"
	case c.New == nil:
		fmt.Fprintf(&b, "deleted file mode %s\n", gitMode(c.Old))
		to = "/dev/null"
	case gitMode(c.Old) != gitMode(c.New):
		fmt.Fprintf(&b, "old mode %s\nnew mode %s\n", gitMode(c.Old), gitMode(c.New))
	}
	if c.Renamed() {
		fmt.Fprintf(&b, "similarity index %d%%\nrename from %s\nrename to %s\n", c.Similarity, quoteName(before), quoteName(after))
	}
	switch {
	case p.Binary:
		p.writeBinary(&b, c)
	case len(p.hunks.Hunks) > 0:
		p.hunks.From, p.hunks.To = endName(from), endName(to)
		b.WriteString(p.hunks.String())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func gitMode(v *kb.Version) string {
	if v.Mode != nil && v.Mode.Executable() {
		return "100755"
	}
	return "100644"
}

// endName ends a name that has a blank in it with a tab, as git does: patch
// would otherwise take what follows the blank for a date.
func endName(name string) string {
	if strings.Contains(name, " ") {
		return name + "\t"
	}
	return name
}

// quoteName writes a name as git does: as it is, or as a C string where it
// holds quotes, backslashes, control characters or bytes above 127.
func quoteName(name string) string {
	plain := true
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
			plain = false
		case c == '\n':
			b.WriteString(`\n`)
			plain = false
		case c == '\t':
			b.WriteString(`\t`)
			plain = false
		case c < 0x20 || c >= 0x7f:
			fmt.Fprintf(&b, `\%03o`, c)
			plain = false
		default:
			b.WriteByte(c)
		}
	}
	if plain {
		return name
	}
	return b.String() + `"`
}
