package passage

import (
	"strings"

	"github.com/seed16713943/btools/pkg/extract"
)

// lineCounter says which line of the source holds a place of a block's text.
// Where the text has the line breaks of its source, as code has, that is exact.
// Running text has lost them, and its places are taken to be as far down the
// block as they are down its text.
type lineCounter struct {
	block   extract.Block
	exact   bool
	counted int // bytes of the text that newlines have been counted in
	line    int // of the place counted
}

func newLineCounter(b extract.Block) lineCounter {
	exact := strings.Count(b.Text, "\n") == b.End-b.Start
	return lineCounter{block: b, exact: exact, line: b.Start}
}

// of returns the line of the byte at a place, which must not be before that of
// the call before.
func (c *lineCounter) of(at int) int {
	b := &c.block
	if !c.exact {
		return b.Start + int(int64(at)*int64(b.End-b.Start+1)/int64(len(b.Text)))
	}
	c.line += strings.Count(b.Text[c.counted:at], "\n")
	c.counted = at
	return c.line
}
