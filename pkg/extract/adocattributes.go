package extract

import (
	"html"
	"strings"
)

// adocCharacters are the attributes of every document, which stand for characters
// that are markup or hard to type. The last two are those of AsciiDoc.py and of the
// manual of git.
var adocCharacters = map[string]string{
	"empty": "", "blank": "", "sp": " ", "nbsp": "\u00a0", "zwsp": "\u200b", "wj": "\u2060",
	"startsb": "[", "endsb": "]", "vbar": "|", "brvbar": "¦", "caret": "^", "asterisk": "*", "tilde": "~", "plus": "+",
	"backslash": `\`, "backtick": "`", "two-colons": "::", "two-semicolons": ";;", "deg": "°", "pp": "++", "cpp": "C++", "cxx": "C++",
	"quot": `"`, "apos": "'", "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”", "amp": "&", "lt": "<", "gt": ">",
	"apostrophe": "'", "litdd": "--",
}

// adocAttribute splits the line that sets an attribute.
func adocAttribute(line string) (name, value string, ok bool) {
	if line == "" || line[0] != ':' {
		return "", "", false
	}
	name, value, ok = strings.Cut(line[1:], ":")
	return name, value, ok && name != "" && !strings.ContainsAny(name, " \t") && (value == "" || value[0] == ' ')
}

// attribute reads the line that sets an attribute.
func (r *adocReader) attribute(line string, keep bool) bool {
	name, value, ok := adocAttribute(line)
	if !ok {
		return false
	}
	first := r.l.n
	set := strings.Trim(name, "!")
	if set != name {
		delete(r.attributes, strings.ToLower(set))
		return true
	}
	name, value = strings.ToLower(name), strings.TrimSpace(value)
	for strings.HasSuffix(value, " \\") {
		line, ok := r.l.next()
		if !ok || len(value) > window {
			break
		}
		value = strings.TrimSuffix(value, "\\") + strings.TrimSpace(line)
	}
	if value = r.define(value); len(value) < window {
		r.attributes[name] = value
	}
	if keep {
		r.b.meta(name, value, first, r.l.n)
	}
	return true
}

// define gives what a reference to an attribute of a value stands for.
func (r *adocReader) define(value string) string {
	value = string(r.expand(nil, value))
	name, list, macro := strings.Cut(value, ":")
	if !macro || !strings.Contains(list, "[") {
		return value
	}
	if list, whole := strings.CutSuffix(list, "]"); whole && name == "pass" {
		_, text, _ := strings.Cut(list, "[")
		return rawText(text)
	}
	return string(r.inline.strip(nil, value)) // it may have links, of which the text is wanted
}

// reference gives what stands for the reference to an attribute at s[i:], if it is
// set, and where s goes on after it.
func (r *adocReader) reference(s string, i int) (value string, next int, ok bool) {
	name, next, ok := between(s, i, "{", "}")
	if !ok || name == "" || strings.ContainsAny(name, " {\n") {
		return "", i, false
	}
	value, ok = r.attributes[strings.ToLower(name)]
	if !ok {
		value, ok = adocCharacters[name]
	}
	if len(value) > r.budget {
		return "", next, false
	}
	r.budget -= len(value)
	return value, next, ok
}

// expand appends text to dst that has no markup but references to attributes and to
// characters.
func (r *adocReader) expand(dst []byte, text string) []byte {
	for {
		i := strings.IndexAny(text, "{&")
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(dst, text[:i]...)
		next := i
		if text[i] == '&' {
			dst, next = adocCharacter(dst, text, i)
		} else if i > 0 && text[i-1] == '\\' { // it is no reference
			dst = dst[:len(dst)-1]
		} else if value, after, ok := r.reference(text, i); ok {
			dst, next = append(dst, value...), after
		}
		if next == i {
			dst = append(dst, text[i])
			next++
		}
		text = text[next:]
	}
}

// adocCharacter reads a reference to a character, such as &lt; or &#8217;.
func adocCharacter(dst []byte, s string, i int) ([]byte, int) {
	const longest = len("&CounterClockwiseContourIntegral;")
	end := i + 1
	for end < min(len(s), i+longest) && (isWordByte(s[end]) || s[end] == '#') {
		end++
	}
	if end == len(s) || s[end] != ';' {
		return dst, i
	}
	if plain := html.UnescapeString(s[i : end+1]); plain != s[i:end+1] {
		return append(dst, plain...), end + 1
	}
	return dst, i
}
