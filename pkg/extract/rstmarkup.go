package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What is done with the directives of reStructuredText that are known. The
// argument and the content of any other are text: those of autoclass and the like
// too, where documents add to what comes from the code.
var (
	rstCode = set("code", "code-block", "sourcecode", "parsed-literal", "literalinclude", "highlight", "math", "productionlist",
		"doctest", "testcode", "testoutput", "prompt", "graphviz", "digraph", "graph", "kernel-render", "uml", "mermaid",
		"ipython", "command-output", "program-output", "console")
	rstDropped = set("toctree", "contents", "sectnum", "section-numbering", "include", "raw", "meta", "role", "default-role",
		"index", "default-domain", "currentmodule", "header", "footer", "target-notes", "date", "unicode", "replace",
		"tabularcolumns", "bibliography", "kernel-doc", "kernel-include", "kernel-abi", "kernel-feat", "maintainers-include",
		"c:namespace", "c:namespace-push", "c:namespace-pop", "tags", "namespace", "program", "py:currentmodule")
	rstImages = set("image", "figure", "kernel-image", "kernel-figure")
	// The argument of these says where or how and is not text.
	rstContent = set("only", "container", "class", "cssclass", "rst-class", "ifconfig", "table", "list-table", "csv-table",
		"flat-table", "tab-set", "tabs", "grid", "compound", "hlist", "glossary", "module", "py:module", "automodule")
)

// rstVersions are the words that Sphinx puts before the argument of a directive, which
// is a version.
var rstVersions = map[string]string{
	"versionadded": "Added in version", "versionchanged": "Changed in version", "versionremoved": "Removed in version",
	"deprecated": "Deprecated since version", "deprecated-removed": "Deprecated since version",
}

// rstVersion gives the text of the argument of a directive that tells of a version. It
// may go on below.
func rstVersion(name, argument string, goesOn bool) string {
	words, ok := rstVersions[name]
	if !ok || argument == "" {
		return argument
	}
	version, text, _ := strings.Cut(argument, " ")
	words += " " + version
	if removed, rest, _ := strings.Cut(text, " "); name == "deprecated-removed" && removed != "" {
		words, text = words+", removed in version "+removed, rest
	}
	switch {
	case text != "":
		words += ": " + text
	case goesOn:
		words += ":"
	}
	return words
}

func set(names ...string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, name := range names {
		s[name] = true
	}
	return s
}

// explicit reads what ".." begins: a directive, a footnote, a target or a comment.
func (r *rstReader) explicit(indent int, text string) {
	r.nest.leave(indent)
	switch {
	case text == "":
		if below, _ := r.l.peek(); !blank(below) {
			r.l.takeDeeper(indent)
		}
		return
	case text[0] == '_' || text[0] == '|' || strings.HasPrefix(text, "__ "): // a target, a substitution
		r.l.takeDeeper(indent)
		return
	case text[0] == '[': // a footnote or a citation
		if label, next, ok := between(text, 0, "[", "]"); ok && label != "" {
			rest := strings.TrimSpace(text[next:])
			if strings.Trim(label, "0123456789#*") != "" && label[0] != '#' {
				rest = label + ": " + rest
			}
			r.hang(Paragraph, indent+1, rest)
			return
		}
	}
	name, argument, ok := strings.Cut(text, "::")
	name = strings.ToLower(strings.TrimSpace(name))
	if !ok || name == "" || strings.ContainsAny(name, " \t`") {
		r.l.takeDeeper(indent) // a comment
		return
	}
	r.directive(indent, name, strings.TrimSpace(argument))
}

// directive reads a directive whose name and argument have been read.
func (r *rstReader) directive(indent int, name, argument string) {
	switch {
	case rstDropped[name]:
		r.l.takeDeeper(indent)
	case rstCode[name]:
		rstOptions(&r.l, indent)
		start := r.l.n + 1
		if name == "math" && argument != "" {
			r.b.code(argument, r.l.n)
		}
		r.b.code(dedent(r.l.takeDeeper(indent)), start)
	case rstImages[name]:
		if alt := rstOptions(&r.l, indent)["alt"]; len(alt.text) > 0 {
			r.add(Paragraph, 0, string(alt.text), alt.start, alt.end)
		}
	case rstContent[name]:
		if strings.HasSuffix(name, "table") && argument != "" {
			r.add(Paragraph, 0, argument, r.l.n, r.l.n) // its title
		}
		options := rstOptions(&r.l, indent)
		switch name {
		case "list-table", "flat-table":
			r.listTable(indent)
		case "csv-table":
			r.csvTable(indent, options["header"])
		}
	default:
		if argument != "" {
			below, _ := r.l.peek()
			argument = rstVersion(name, argument, !blank(below) && indentOf(below) > indent)
			r.hang(Paragraph, indent+1, argument)
			if strings.Contains(argument, "(") || !strings.Contains(argument, " ") {
				r.signature(indent)
			}
			below, _ = r.l.peek()
			if _, _, option := rstField(strings.TrimSpace(below)); option && indentOf(below) > indent {
				r.close()
			}
		}
		rstOptions(&r.l, indent)
	}
}

// signature reads the further lines of what a directive describes, such as a function
// with its arguments, if its options come below them.
func (r *rstReader) signature(indent int) {
	ahead := r.l
	for read := 0; ; {
		line, _ := ahead.peek()
		text := strings.TrimSpace(line)
		if text == "" || indentOf(line) <= indent || strings.HasPrefix(text, "..") || read > window {
			return
		}
		if _, _, option := rstField(text); option {
			break
		}
		read += len(line)
		ahead.next()
	}
	for r.l.n < ahead.n {
		line, _ := r.l.next()
		r.p.line(strings.TrimSpace(line), r.l.n)
	}
}

// hang opens a paragraph whose further lines stand in.
func (r *rstReader) hang(kind Kind, indent int, text string) {
	r.p.begin(kind, 0, indent, r.l.n)
	r.hangs = true
	if text != "" {
		r.p.line(text, r.l.n)
	}
}

// option is what an option of a directive says, and on which lines.
type option struct {
	text       []byte
	start, end int
}

// rstOptions reads the options of a directive, which stand in from a column. What
// is too long is cut off.
func rstOptions(l *lines, indent int) map[string]option {
	var options map[string]option
	name := ""
	for {
		line, ok := l.peek()
		if !ok || blank(line) || indentOf(line) <= indent {
			return options
		}
		text := strings.TrimSpace(line)
		field, value, ok := rstField(text)
		if !ok && name == "" {
			return options
		}
		if options == nil {
			options = map[string]option{}
		}
		l.next()
		if ok {
			name = field
			options[name] = option{[]byte(value), l.n, l.n}
		} else if o := options[name]; len(o.text)+len(text) < window {
			options[name] = option{append(append(o.text, '\n'), text...), o.start, l.n}
		}
	}
}

var rstInline = inline{
	marks: []mark{
		{sign: "``", verbatim: true}, {sign: "**"}, {sign: "*"},
	},
	signs: "`*:|\\_[",
}

// special reads roles, links, references, substitutions and backslashes.
func (r *rstReader) special(dst []byte, s string, i int) ([]byte, int) {
	switch s[i] {
	case '\\':
		if i+1 < len(s) {
			if s[i+1] != ' ' && s[i+1] != '\n' {
				dst = append(dst, s[i+1])
			}
			return dst, i + 2
		}
	case ':': // :role:`text`
		end := i + 1
		for end < min(len(s), i+60) && (isWordByte(s[end]) || strings.IndexByte(":-_.+", s[end]) >= 0) {
			end++
		}
		if end-i < 3 || s[end-1] != ':' {
			return dst, i
		}
		if text, next, ok := between(s, end, "`", "`"); ok && text != "" {
			return append(dst, rstRole(strings.ToLower(s[i+1:end-1]), text)...), next
		}
	case '`':
		if strings.HasPrefix(s[i:], "``") || !opens(s, i, i+1) {
			return dst, i
		}
		if text, end, ok := between(s, i, "`", "`"); ok {
			for end < len(s) && s[end] == '_' {
				end++
			}
			return append(dst, rstReference(text)...), end
		}
	case '|': // |substitution|
		if text, end, ok := between(s, i, "|", "|"); ok && text != "" && len(text) < 100 && opens(s, i, i+1) && text[len(text)-1] != ' ' {
			for n := 0; n < 2 && end < len(s) && s[end] == '_'; n++ { // it is a reference too
				end++
			}
			return r.substitute(dst, s, text, end)
		}
	case '[': // [1]_
		text, end, ok := between(s, i, "[", "]_")
		if ok && text != "" && !strings.ContainsAny(text, "[] \n") && (end == len(s) || !isWordByte(s[end])) {
			if strings.Trim(text, "0123456789*") == "" || text[0] == '#' {
				return dst, end
			}
			return append(dst, text...), end
		}
	case '_': // the end of reference_
		end := i + 1
		if end < len(s) && s[end] == '_' {
			end++
		}
		from := i
		for from > 0 && i-from < 60 && (isWordByte(s[from-1]) || s[from-1] == '_') {
			from--
		}
		if i > from && s[from] != '_' && s[i-1] != '_' && (end == len(s) || strings.IndexByte(" \n.,;:!?)'\"", s[end]) >= 0) {
			return dst, end
		}
	}
	return dst, i
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// rstWords are the roles of which nothing is a target or a part of a name.
var rstWords = set("emphasis", "strong", "literal", "sub", "subscript", "sup", "superscript", "file", "samp", "kbd",
	"guilabel", "menuselection")

// rstRole gives the text of what stands in a role.
func rstRole(role, text string) string {
	switch {
	case role == "code" || role == "math": // a backslash is one there
		return text
	case rstWords[role]:
		return unescaped(text)
	case role == "pep" || role == "pep-reference" || role == "rfc" || role == "rfc-reference":
		if _, titled := beforeTarget(text); !titled {
			return rstStandard(strings.ToUpper(role[:3]), text)
		}
	}
	return rstReference(text)
}

// rstStandard gives the name of a document by its series and number, which may have a
// place in it: "RFC 7231 Section 3.1".
func rstStandard(series, number string) string {
	number, place, _ := strings.Cut(number, "#")
	name := series + " " + number
	switch kind, at, _ := strings.Cut(place, "-"); kind {
	case "section", "appendix", "page":
		name += " " + strings.ToUpper(kind[:1]) + kind[1:] + " " + at
	}
	return name
}

// rstReference gives the text of what stands in a role or a link: the text before
// a target, the last part of a name after "~".
func rstReference(text string) string {
	if before, found := beforeTarget(text); found {
		if before != "" {
			return before
		}
		return strings.Trim(text, "<>")
	}
	switch text[0] {
	case '!':
		text = text[1:]
	case '~':
		text = text[1+strings.LastIndexByte(text[1:], '.')+1:]
	}
	return unescaped(text)
}

// beforeTarget gives the text before a target in angle brackets. White space before
// these is needed in docutils, but not in the roles of Sphinx; without it, a word
// has to end there, so that <CONFIG> stays in FLAGS_<CONFIG>.
func beforeTarget(text string) (before string, found bool) {
	if !strings.HasSuffix(text, ">") || strings.HasSuffix(text, `\>`) {
		return "", false
	}
	at := max(strings.LastIndex(text, " <"), strings.LastIndex(text, "\n<")) + 1
	if text[at] == '<' {
		return strings.TrimSpace(unescaped(text[:at])), true
	}
	at = strings.LastIndexByte(text, '<')
	if at < 0 || strings.Contains(text[at:len(text)-1], ">") {
		return "", false
	}
	last, _ := utf8.DecodeLastRuneInString(text[:at])
	if !unicode.IsLetter(last) && !unicode.IsDigit(last) && !strings.ContainsRune(`)]"'.?!`, last) {
		return "", false
	}
	return unescaped(text[:at]), true
}

// unescaped leaves out the backslashes before characters, and white space after
// one.
func unescaped(text string) string {
	if strings.IndexByte(text, '\\') < 0 {
		return text
	}
	kept := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
			if text[i] == ' ' || text[i] == '\n' {
				continue
			}
		}
		kept = append(kept, text[i])
	}
	return string(kept)
}
