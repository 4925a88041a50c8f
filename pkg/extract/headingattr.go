package extract

import (
	"regexp"
	"strings"
	"sync"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// headingAttributes are what many dialects of Markdown allow at the end of a
// heading: {#id .class name="value" name=value}, with a colon in Kramdown's; and
// Pandoc's {-}. Other braces are text: what has neither an id nor a class nor
// quotes at its beginning.
var headingAttributes = sync.OnceValue(func() *regexp.Regexp {
	const (
		id     = `#[^\s{}"'=#\\]+|\.[\pL_-][^\s{}"'=#.\\]*`
		quoted = `[\w:-]+=("[^"]*"|'[^']*')`
		more   = `(` + id + `|` + quoted + `|[\w:-]+=[^\s{}"'=]+)`
	)
	return regexp.MustCompile(`([ \t]+#+)?([ \t]+\{-\}|[ \t]*\{:?[ \t]*(` + id + `|` + quoted + `)([ \t]+` + more + `)*[ \t]*\})$`)
})

// withoutAttributes cuts the attributes off the text of a heading, unless that has
// nothing else in its last line.
func withoutAttributes(heading string) string {
	if !strings.HasSuffix(heading, "}") {
		return heading
	}
	last := strings.TrimLeft(heading[strings.LastIndexByte(heading, '\n')+1:], " \t")
	at := headingAttributes().FindStringIndex(last)
	if at == nil || at[0] == 0 || last[at[0]-1] == '\\' {
		return heading
	}
	return heading[:len(heading)-len(last)+at[0]]
}

// headingBlock parses headings and leaves out their attributes.
type headingBlock struct{ parser.BlockParser }

func (h headingBlock) Close(n ast.Node, reader text.Reader, pc parser.Context) {
	h.BlockParser.Close(n, reader, pc)
	lines := n.Lines()
	if lines.Len() == 0 {
		return
	}
	last := lines.At(lines.Len() - 1)
	line := strings.TrimRight(string(reader.Source()[last.Start:last.Stop]), " \t\n")
	if title := withoutAttributes(line); title != line {
		lines.Set(lines.Len()-1, last.WithStop(last.Start+len(title)))
	}
}
