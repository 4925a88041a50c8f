package extract

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// substitution is what stands in the text for |name|.
type substitution struct {
	text         string
	markup       bool // it has some
	ltrim, rtrim bool // the white space before and after it goes
}

// substitutions finds those that a document defines, which may be below where they
// are used. What stands in a definition defines nothing. Of several, the last of those
// counts that stand in least: the others may be shown as code.
func substitutions(text string) map[string]substitution {
	if !strings.Contains(text, "|") {
		return nil
	}
	defined := map[string]substitution{}
	in := map[string]int{} // how far each stands in
	for l := (lines{rest: text}); ; {
		line, ok := l.next()
		if !ok {
			return defined
		}
		rest, found := strings.CutPrefix(strings.TrimLeft(line, " \t"), "..")
		rest = strings.TrimLeft(rest, " \t")
		if !found || !strings.HasPrefix(rest, "|") {
			continue
		}
		name, s, ok := rstSubstitution(rest + "\n" + l.takeDeeper(indentOf(line)))
		if !ok {
			continue
		}
		indent := indentOf(line)
		if least, twice := in[name]; twice && least < indent {
			continue
		}
		defined[name], in[name] = s, indent
		if folded := strings.ToLower(name); folded != name {
			if _, exact := defined[folded]; !exact {
				defined[folded] = s
			}
		}
	}
}

// rstSubstitution reads "|name| directive:: text", which may take several lines.
func rstSubstitution(text string) (name string, s substitution, ok bool) {
	name, next, ok := between(text, 0, "|", "|")
	directive, rest, found := strings.Cut(text[next:], "::")
	if name = oneLine(name); !ok || name == "" || !found {
		return "", s, false
	}
	switch strings.ToLower(strings.TrimSpace(directive)) {
	case "replace":
		s.text, s.markup = oneLine(rest), true
	case "unicode":
		s = rstUnicode(rest)
	case "image":
		l := lines{rest: rest}
		l.next() // where it is
		s.text = oneLine(string(rstOptions(&l, 0)["alt"].text))
	}
	return name, s, s.text != ""
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// rstUnicode reads text that is given by the numbers of its characters, with a
// comment and options.
func rstUnicode(text string) (s substitution) {
	var codes strings.Builder
	for line := range strings.Lines(text) {
		switch line = strings.TrimSpace(line); line {
		case ":ltrim:":
			s.ltrim = true
		case ":rtrim:":
			s.rtrim = true
		case ":trim:":
			s.ltrim, s.rtrim = true, true
		default:
			codes.WriteString(line + " ")
		}
	}
	written, _, _ := strings.Cut(codes.String(), " .. ")
	var b strings.Builder
	for code := range strings.FieldsSeq(written) {
		b.WriteString(rstCharacter(code))
	}
	s.text = b.String()
	return s
}

// rstCharacter gives the character of a number such as 169, 0xA9 or U+00A9. What is
// none is text.
func rstCharacter(code string) string {
	base, digits := 10, code
	for _, prefix := range []string{"0x", `\x`, "x", "u+", `\u`, "u", "&#x"} {
		if len(code) > len(prefix) && strings.EqualFold(code[:len(prefix)], prefix) {
			base, digits = 16, strings.TrimSuffix(code[len(prefix):], ";")
			break
		}
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n < ' ' || n > unicode.MaxRune {
		return code
	}
	return string(rune(n))
}

const (
	substituted         = 4 // bytes that substitutions may put into the text for each of the document
	deepestSubstitution = 8 // substitutions of which each stands in the text of the one before
)

// substitute writes what stands for a name in the place of the text up to s[end:],
// and gives where the text goes on. A name for which nothing stands is text itself.
func (r *rstReader) substitute(dst []byte, s, name string, end int) ([]byte, int) {
	key := oneLine(name)
	sub, found := r.defined[key]
	if !found {
		key = strings.ToLower(key)
		sub, found = r.defined[key]
	}
	if !found || len(sub.text) > r.budget || len(r.within) == deepestSubstitution || slices.Contains(r.within, key) {
		return append(dst, name...), end
	}
	r.budget -= len(sub.text)
	if sub.ltrim {
		dst = bytes.TrimRightFunc(dst, unicode.IsSpace)
	}
	if sub.markup {
		r.within = append(r.within, key)
		dst = r.inline.strip(dst, sub.text)
		r.within = r.within[:len(r.within)-1]
	} else {
		dst = append(dst, sub.text...)
	}
	for sub.rtrim && end < len(s) && (s[end] == ' ' || s[end] == '\n') {
		end++
	}
	return dst, end
}
