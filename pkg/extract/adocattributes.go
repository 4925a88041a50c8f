package extract

import "strings"

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
	name, value = strings.ToLower(strings.Trim(name, "!")), strings.TrimSpace(value)
	for strings.HasSuffix(value, " \\") {
		line, ok := r.l.next()
		if !ok || len(value) > window {
			break
		}
		value = strings.TrimSuffix(value, "\\") + strings.TrimSpace(line)
	}
	if len(value) < window {
		r.attributes[name] = value
	}
	if keep {
		r.b.meta(name, value, first, r.l.n)
	}
	return true
}
