package tool

import (
	"fmt"
	"io"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/seed16713943/btools/pkg/config"
)

const helpWidth = 100 // columns

// An entry is a row of a table in a help text.
type entry struct{ left, right string }

// writeHelp writes the help of a command: examples first, since most readers
// need no more.
func (p *program) writeHelp(w io.Writer, cmd *command) error {
	var b strings.Builder
	if cmd.UsageText != "" {
		section(&b, "Examples", indent(cmd.UsageText))
	}
	section(&b, "Usage", p.synopsis(cmd))
	about := cmd.Usage
	if cmd == p.fallback {
		about = p.app.Name + ": " + about
	}
	b.WriteString("\n" + strings.Join(wrap(about, helpWidth), "\n") + "\n")
	for paragraph := range strings.SplitSeq(strings.TrimSpace(cmd.Description), "\n\n") {
		if paragraph != "" {
			b.WriteString("\n" + strings.Join(wrap(paragraph, helpWidth), "\n") + "\n")
		}
	}
	var commands []entry
	for _, c := range p.visibleCommands() {
		commands = append(commands, entry{strings.Join(c.Names(), ", "), c.Usage})
	}
	if cmd == p.fallback && len(commands) > 0 {
		section(&b, "Commands", table(commands))
	}
	options, environment := entries(cmd.all)
	section(&b, "Options", table(options))
	if len(environment) > 0 {
		section(&b, "Environment", table(environment))
	}
	section(&b, "Exit codes", table(exitCodes))
	if cmd == p.fallback && len(commands) > 0 {
		fmt.Fprintf(&b, "\n%s COMMAND --help tells more about a command.\n", p.app.Name)
	}
	_, err := io.WriteString(w, strings.TrimPrefix(b.String(), "\n"))
	return err
}

func (p *program) visibleCommands() []*command {
	return slices.DeleteFunc(slices.Clone(p.commands), func(c *command) bool { return c.Hidden })
}

func (p *program) synopsis(cmd *command) string {
	var b strings.Builder
	if cmd.Action != nil {
		line := fmt.Sprintf("  %s [OPTION]... %s", p.name(cmd), cmd.ArgsUsage)
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if cmd == p.fallback && len(p.visibleCommands()) > 0 {
		fmt.Fprintf(&b, "  %s COMMAND [OPTION]... [ARGUMENT]...\n", p.app.Name)
	}
	return b.String()
}

func section(b *strings.Builder, title, body string) {
	fmt.Fprintf(b, "\n%s:\n%s", title, body)
}

// entries describes the settings that have a flag, and those that have none.
func entries(set *config.Set) (options, environment []entry) {
	for _, s := range set.Settings() {
		if len(s.Names()) == 0 {
			environment = append(environment, variableEntry(s))
		} else {
			options = append(options, optionEntry(s))
		}
	}
	return options, environment
}

// optionEntry describes a setting that has a flag.
func optionEntry(s *config.Setting) entry {
	placeholder, text := s.Usage()
	var notes []string
	if value := s.Default(); value != "" {
		notes = append(notes, "default "+value)
	}
	if s.Env() != "" {
		notes = append(notes, "$"+s.Env())
	}
	left := strings.TrimSpace("-" + strings.Join(s.Names(), ", -") + " " + placeholder)
	return entry{left, note(text, notes)}
}

// variableEntry describes a setting that comes from the environment alone.
func variableEntry(s *config.Setting) entry {
	_, text := s.Usage()
	var notes []string
	if value := s.Default(); value != "" {
		notes = append(notes, "default "+value)
	}
	return entry{s.Env(), note(text, notes)}
}

func note(text string, notes []string) string {
	if len(notes) == 0 {
		return text
	}
	return text + " (" + strings.Join(notes, ", ") + ")"
}

// table sets entries in two columns. A left side that is too wide for its column
// has a line of its own.
func table(rows []entry) string {
	const widest = 24
	column := 0
	for _, row := range rows {
		if len(row.left) <= widest {
			column = max(column, len(row.left))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		left := row.left
		if len(left) > widest {
			b.WriteString("  " + left + "\n")
			left = ""
		}
		for _, text := range wrap(row.right, helpWidth-column-4) {
			fmt.Fprintf(&b, "  %-*s  %s\n", column, left, text)
			left = ""
		}
	}
	return b.String()
}

func indent(text string) string {
	var b strings.Builder
	for l := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		b.WriteString(strings.TrimRight("  "+l, " ") + "\n")
	}
	return b.String()
}

// wrap breaks text into lines of at most width columns, unless a word is longer.
func wrap(text string, width int) []string {
	var lines []string
	var current string
	for word := range strings.FieldsSeq(text) {
		switch {
		case current == "":
			current = word
		case len(current)+1+len(word) > width:
			lines = append(lines, current)
			current = word
		default:
			current += " " + word
		}
	}
	return append(lines, current)
}

// writeVersion writes what the program was built from, and a line for each entry
// of App.ExtraInfo.
func (p *program) writeVersion(w io.Writer) error {
	var b strings.Builder
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = new(debug.BuildInfo)
	}
	fmt.Fprintf(&b, "%s %s\n", p.app.Name, buildVersion(info))
	fmt.Fprintf(&b, "%s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if p.app.ExtraInfo != nil {
		extra := p.app.ExtraInfo()
		for _, key := range slices.Sorted(maps.Keys(extra)) {
			fmt.Fprintf(&b, "%s %s\n", key, extra[key])
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// buildVersion gives the version of the main module, or "devel", and the commit
// if the build recorded it.
func buildVersion(info *debug.BuildInfo) string {
	version := info.Main.Version
	if version == "" || version == "(devel)" {
		version = "devel"
	}
	var revision, modified string
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = ", modified"
		}
	}
	if revision == "" {
		return version
	}
	return fmt.Sprintf("%s (revision %.12s%s)", version, revision, modified)
}
