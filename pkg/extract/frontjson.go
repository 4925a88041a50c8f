package extract

import (
	"encoding/json"
	"strings"
)

// longestJSON bounds, in bytes, front matter in JSON, which takes many times as much
// while it is read.
const longestJSON = 1 << 16

// jsonFrontMatter reads the object of JSON that a text begins with, if nothing
// stands beside it, and gives where the text goes on.
func jsonFrontMatter(b *builder, text string) lines {
	fields, size := jsonFields(text)
	after, _, _ := strings.Cut(text[size:], "\n")
	if len(fields) == 0 || !blank(after) {
		return lines{rest: text}
	}
	for _, f := range fields {
		b.meta(f.name, f.value, f.start, f.end)
	}
	l := lines{rest: text}
	for len(text)-len(l.rest) < size {
		l.next()
	}
	return l
}

// jsonFields reads the object that a text begins with, and gives its length; nil if
// there is none.
func jsonFields(text string) (fields []field, size int) {
	text = text[:min(len(text), longestJSON)]
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if begin, err := d.Token(); err != nil || begin != json.Delim('{') {
		return nil, 0
	}
	counted, line := 0, 1
	here := func() int {
		offset := int(d.InputOffset())
		line += strings.Count(text[counted:offset], "\n")
		counted = offset
		return line
	}
	fields = []field{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, 0
		}
		start := here()
		var value any
		if err := d.Decode(&value); err != nil {
			return nil, 0
		}
		if scalar, ok := jsonScalar(value); ok {
			fields = append(fields, field{name.(string), scalar, start, here()})
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, 0
	}
	return fields, int(d.InputOffset())
}

// jsonScalar gives a value as front matter of other formats has it; false if it is
// an object, or a list of some.
func jsonScalar(value any) (string, bool) {
	switch value := value.(type) {
	case nil:
		return "", true
	case bool:
		if value {
			return "true", true
		}
		return "false", true
	case json.Number:
		return value.String(), true
	case string:
		return strings.Join(strings.Fields(strings.Map(seen, value)), " "), true
	case []any:
		var members []string
		for _, m := range value {
			member, ok := jsonScalar(m)
			if !ok {
				return "", false
			}
			members = append(members, member)
		}
		return strings.Join(members, ", "), true
	}
	return "", false
}

// seen leaves out control characters.
func seen(char rune) rune {
	if char = visible(char); char == 0 {
		return -1
	}
	return char
}
