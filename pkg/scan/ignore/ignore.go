// Package ignore matches paths against the patterns of ignore files in the way
// of git: the same lines give the same answers as git check-ignore --no-index,
// byte for byte, with no regard to case or encoding.
//
// A List holds the patterns of one file and judges paths relative to the
// folder of that file. Two rules are left to the caller, who walks the tree:
// the list of a deeper folder is asked first, and below a folder that is
// ignored everything is.
//
//	list := ignore.Parse([]byte("*.log\n!keep.log\n/build/\n"))
//	switch list.Match("sub/x.log", false) {
//	case ignore.Ignored: // leave it out
//	case ignore.Kept:    // take it, whatever a folder above says
//	case ignore.Unknown: // ask the list of the folder above
//	}
package ignore

import (
	"bytes"
	"fmt"
	"strings"
)

// Verdict is what a list says of a path.
type Verdict int8

// The verdicts. The last pattern of a list that matches decides.
const (
	Unknown Verdict = iota // no pattern matches
	Ignored
	Kept // matched by a pattern that begins with "!"
)

// List is the patterns of one ignore file. The zero value has none; a list is
// immutable and may be shared.
type List struct {
	patterns []pattern
}

// pattern is one line. The parts before the first wildcard and after the last are
// compared as they are, which decides nearly every line without a look at the rest.
type pattern struct {
	verdict  Verdict
	files    bool // matches files too; false for "name/"
	anywhere bool // has no slash, so that the last component alone is compared
	literal  string
	tail     string // of what rest matches
	rest     glob
}

// Parse reads the content of an ignore file. No content is an error: a line
// that means nothing matches nothing.
func Parse(content []byte) List {
	var list List
	content = bytes.TrimPrefix(content, []byte("\xEF\xBB\xBF"))
	for line := range bytes.SplitSeq(content, []byte("\n")) {
		if p, ok := parseLine(string(bytes.TrimSuffix(line, []byte("\r")))); ok {
			list.patterns = append(list.patterns, p)
		}
	}
	return list
}

// Compile makes a list of patterns that were given one by one, as flags are.
// One that could match nothing is an error, since it was not meant.
func Compile(patterns []string) (List, error) {
	var list List
	for _, text := range patterns {
		p, ok := parseLine(text)
		switch {
		case strings.HasPrefix(text, "#"):
			return List{}, fmt.Errorf(`pattern %q is a comment in an ignore file; write \# for a name that begins with #`, text)
		case !ok:
			return List{}, fmt.Errorf("pattern %q can match nothing", text)
		}
		list.patterns = append(list.patterns, p)
	}
	return list, nil
}

// Empty reports whether the list has no pattern.
func (l List) Empty() bool { return len(l.patterns) == 0 }

// Match judges one path, slash-separated and relative to the folder of the
// list. Patterns that end in a slash match folders alone.
func (l List) Match(path string, folder bool) Verdict {
	name := path[strings.LastIndexByte(path, '/')+1:]
	for i := len(l.patterns) - 1; i >= 0; i-- {
		p := &l.patterns[i]
		if !folder && !p.files {
			continue
		}
		subject := path
		if p.anywhere {
			subject = name
		}
		if rest, ok := strings.CutPrefix(subject, p.literal); ok && strings.HasSuffix(rest, p.tail) && p.rest.match(rest) {
			return p.verdict
		}
	}
	return Unknown
}

// MatchBelow reports whether the list ignores a file, by itself or with one of
// the folders that it lies in.
func (l List) MatchBelow(path string) bool {
	for i := 0; i < len(path); i++ {
		if path[i] == '/' && l.Match(path[:i], true) == Ignored {
			return true
		}
	}
	return l.Match(path, false) == Ignored
}

// parseLine reads one line without its line ending. ok is false for comments
// and for lines that can match nothing.
func parseLine(line string) (p pattern, ok bool) {
	if strings.HasPrefix(line, "#") {
		return p, false
	}
	line, _, _ = strings.Cut(line, "\x00") // where C ends a string
	line = trimSpaces(line)
	p.verdict, p.files = Ignored, true
	if rest, negated := strings.CutPrefix(line, "!"); negated {
		p.verdict, line = Kept, rest
	}
	if rest, slash := strings.CutSuffix(line, "/"); slash {
		p.files, line = false, rest
	}
	p.anywhere = !strings.Contains(line, "/")
	line = strings.TrimPrefix(line, "/")
	if line == "" {
		return p, false
	}
	wild := strings.IndexAny(line, `*?[\`)
	if wild < 0 {
		p.literal = line
		return p, true
	}
	p.literal = line[:wild]
	p.tail = strings.TrimPrefix(line[strings.LastIndexAny(line, `*?[]\`)+1:], "/") // that "**/" may take
	p.rest, ok = compileGlob(line[wild:])
	return p, ok
}

// trimSpaces cuts off the spaces at the end of a line, but for those that a
// backslash protects.
func trimSpaces(line string) string {
	end := 0
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case ' ':
			continue
		case '\\':
			i++
			if i == len(line) {
				return line
			}
		}
		end = i + 1
	}
	return line[:end]
}
