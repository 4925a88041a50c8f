package extract

import "strings"

// adocMacro reports lines that only tell a processor what to do.
func adocMacro(line string) bool {
	switch name, ok := blockMacro(line); name {
	case "toc", "video", "audio", "asciimath":
		return ok
	}
	return adocDirective(line)
}

// adocDirective reports lines in whose place a processor puts others or none before
// it sees blocks.
func adocDirective(line string) bool {
	name, ok := blockMacro(line)
	return ok && name == "include" || adocCondition(line)
}

// adocCondition reports lines between which text stands only under a condition.
func adocCondition(line string) bool {
	switch name, ok := blockMacro(line); name {
	case "ifdef", "ifndef", "ifeval", "endif":
		return ok
	}
	return false
}

// blockMacro gives the name of the macro that a line consists of.
func blockMacro(line string) (name string, ok bool) {
	if !strings.HasSuffix(line, "]") {
		return "", false
	}
	name, _, ok = strings.Cut(line, "::")
	return name, ok
}

// shown gives what stands in the brackets of a condition on one line, such as
// ifdef::name[text], since a processor puts it in the place of the line. Any other
// line stays as it is.
func shown(line string) string {
	for {
		rest, found := strings.CutPrefix(line, "ifdef::")
		if !found {
			if rest, found = strings.CutPrefix(line, "ifndef::"); !found {
				return line
			}
		}
		name, text, _ := strings.Cut(trimRight(rest), "[")
		text, found = strings.CutSuffix(text, "]")
		if !found || text == "" || name == "" || strings.ContainsAny(name, " \t") {
			return line
		}
		line = text
	}
}

// withoutLines gives the lines of a block as a processor sees them. Those that it
// does not see, which drop tells, are empty, so that the others keep their numbers.
func withoutLines(body string, drop func(line string) bool) string {
	if !strings.Contains(body, "//") && !strings.Contains(body, "::") {
		return body
	}
	kept := make([]byte, 0, len(body))
	for line := range strings.Lines(body) {
		if text := shown(line); text != line {
			line = text + "\n"
		}
		if rest, escaped := strings.CutPrefix(line, `\`); escaped && adocDirective(trimRight(rest)) {
			line = rest
		} else if drop(trimRight(line)) {
			line = "\n"
		}
		kept = append(kept, line...)
	}
	return string(kept)
}
