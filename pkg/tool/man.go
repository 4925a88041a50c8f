package tool

import (
	"fmt"
	"io"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/seed16713943/btools/pkg/config"
)

// writeMan writes the manual page of the program in mdoc(7), made of what help
// is made of.
func (p *program) writeMan(w io.Writer) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = new(debug.BuildInfo)
	}
	var m manual
	version, _, _ := strings.Cut(buildVersion(info), " ")
	fmt.Fprintf(&m, ".Dd %s\n.Dt %s 1\n.Os btools %s\n", buildDate(info), strings.ToUpper(p.app.Name), footVersion(version))
	m.macro("Sh", "NAME")
	m.macro("Nm", p.app.Name)
	m.macro("Nd", p.app.Usage)
	m.macro("Sh", "SYNOPSIS")
	if p.fallback.Action != nil {
		m.synopsis(p.app.Name, p.fallback)
	}
	if len(p.visibleCommands()) > 0 {
		m.macro("Nm", p.app.Name)
		m.macro("Ar", "COMMAND", "[OPTION]...", "[ARGUMENT]...")
	}
	m.macro("Sh", "DESCRIPTION")
	m.paragraphs(p.fallback.Description)
	m.macro("Pp")
	m.text("Flags may stand before or after commands and arguments. A flag beats its environment variable, and that the default.")
	m.macro("Sh", "OPTIONS")
	m.options(p.fallback.all.Settings())
	m.commands(p)
	m.environment(p)
	m.WriteString(".Sh EXIT STATUS\n")
	m.list(exitCodes, func(code string) { m.WriteString(".It " + code + "\n") })
	if p.app.UsageText != "" {
		m.macro("Sh", "EXAMPLES")
		m.literal(p.app.UsageText)
	}
	m.WriteString(".Sh SEE ALSO\n")
	m.seeAlso(p.app.Name)
	_, err := io.WriteString(w, m.String())
	return err
}

// furtherPages are those of section 7 that a reader of a program's page wants next,
// beside that about them all.
var furtherPages = map[string][]string{
	"bscan":   {"btools-ci", "btools-cron", "btools-stream"},
	"bchunk":  {"btools-stream"},
	"bingest": {"btools-cron", "btools-embeddings", "btools-json", "btools-stream"},
	"basof":   {"btools-json", "btools-sql", "btools-time"},
	"bcheck":  {"btools-cron", "btools-json"},
	"breport": {"btools-ci", "btools-cron", "btools-json"},
}

func (m *manual) seeAlso(program string) {
	m.WriteString(".Xr btools 7")
	for _, page := range furtherPages[program] {
		m.WriteString(" ,\n.Xr " + page + " 7")
	}
	m.WriteString("\n")
}

// buildDate is the day of the commit that the program was built from, or the
// request for no date where the build has not recorded it.
func buildDate(info *debug.BuildInfo) string {
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			if t, err := time.Parse(time.RFC3339, s.Value); err == nil {
				return t.UTC().Format("January 2, 2006")
			}
		}
	}
	return "$Mdocdate$"
}

// untagged is the version that the go command gives to a commit without a tag.
var untagged = regexp.MustCompile(`^v.*[-.][0-9]{14}-([0-9a-f]{12})(\+dirty)?$`)

// footVersion shortens a version for the foot of the page, where it stands on both
// sides of the date. The date says what is left out.
func footVersion(version string) string { return untagged.ReplaceAllString(version, "$1$2") }

// A manual is a page in mdoc that is being written.
type manual struct{ strings.Builder }

// synopsis writes how a command is called.
func (m *manual) synopsis(name string, cmd *command) {
	m.macro("Nm", name)
	args := []string{"[OPTION]..."}
	m.macro("Ar", append(args, strings.Fields(cmd.ArgsUsage)...)...)
}

// commands writes a section with a part for each command.
func (m *manual) commands(p *program) {
	commands := p.visibleCommands()
	if len(commands) == 0 {
		return
	}
	m.macro("Sh", "COMMANDS")
	known := map[entry]bool{}
	for _, s := range p.fallback.all.Settings() {
		known[optionEntry(s)] = true
	}
	for _, c := range commands {
		// Without \&, the last dot or bracket would be taken for the end of a sentence.
		m.WriteString(".Ss " + roff(strings.TrimSpace(p.name(c)+" [OPTION]... "+c.ArgsUsage), true) + "\\&\n")
		m.text(sentence(c.Usage))
		if len(c.Aliases) > 0 {
			m.text("Its other name is " + strings.Join(c.Aliases, ", ") + ".")
		}
		if strings.TrimSpace(c.Description) != "" {
			m.macro("Pp")
			m.paragraphs(c.Description)
		}
		var own []*config.Setting
		var shared []string
		for _, s := range c.own.Settings() {
			switch {
			case len(s.Names()) == 0:
			case known[optionEntry(s)]:
				shared = append(shared, "-"+s.Names()[0])
			default:
				own = append(own, s)
			}
		}
		m.options(own)
		if len(shared) > 0 {
			m.macro("Pp")
			m.text("It also takes, as under OPTIONS: " + strings.Join(shared, ", ") + ".")
		}
		if c.UsageText != "" {
			m.literal(c.UsageText)
		}
	}
}

// sentence makes one of what help says without a full stop.
func sentence(usage string) string {
	r, n := utf8.DecodeRuneInString(usage)
	return strings.ToUpper(string(r)) + usage[n:] + "."
}

func (m *manual) options(settings []*config.Setting) {
	var rows []entry
	names := map[string]*config.Setting{}
	for _, s := range settings {
		if len(s.Names()) > 0 {
			row := optionEntry(s)
			names[row.left] = s
			rows = append(rows, row)
		}
	}
	m.list(rows, func(left string) {
		placeholder, _ := names[left].Usage()
		m.WriteString(".It")
		for i, name := range names[left].Names() {
			if i > 0 {
				m.WriteString(" ,")
			}
			m.WriteString(" Fl " + argument(name))
		}
		if placeholder != "" {
			m.WriteString(" Ar " + argument(placeholder))
		}
		m.WriteString("\n")
	})
}

// environment lists the variables that any command reads.
func (m *manual) environment(p *program) {
	var rows []entry
	seen := map[string]bool{}
	for _, c := range append([]*command{p.fallback}, p.visibleCommands()...) {
		for _, s := range c.all.Settings() {
			if s.Env() == "" || seen[s.Env()] {
				continue
			}
			seen[s.Env()] = true
			if len(s.Names()) > 0 {
				rows = append(rows, entry{s.Env(), "is for -" + s.Names()[0] + "."})
			} else {
				rows = append(rows, variableEntry(s))
			}
		}
	}
	if len(rows) == 0 {
		return
	}
	m.macro("Sh", "ENVIRONMENT")
	m.list(rows, func(name string) { m.WriteString(".It Ev " + argument(name) + "\n") })
}

// list writes rows, each after an item that head makes of its left side.
func (m *manual) list(rows []entry, head func(left string)) {
	if len(rows) == 0 {
		return
	}
	m.WriteString(".Bl -tag -width Ds\n")
	for _, row := range rows {
		head(row.left)
		m.text(row.right)
	}
	m.macro("El")
}

func (m *manual) paragraphs(text string) {
	for i, paragraph := range slices.Collect(strings.SplitSeq(strings.TrimSpace(text), "\n\n")) {
		if i > 0 {
			m.macro("Pp")
		}
		m.text(paragraph)
	}
}

// literal writes the lines of examples. One that is too wide for a terminal of 80
// columns gets its comment above it, and is broken after pipes.
func (m *manual) literal(text string) {
	const width = 68 // columns, beside the indentation
	m.WriteString(".Bd -literal -offset indent\n")
	for l := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		if command, comment, found := strings.Cut(l, "  # "); found && len(l) > width {
			m.WriteString("# " + roff(comment, true) + "\n")
			l = strings.TrimRight(command, " ")
		}
		if len(l) > width {
			l = afterPipes(l)
		}
		for part := range strings.SplitSeq(l, "\n") {
			for _, line := range beforeFlags(part, width) {
				m.WriteString(plain(roff(line, true)) + "\n")
			}
		}
	}
	m.macro("Ed")
}

// afterPipes breaks a command line after each pipe that is not in quotes.
func afterPipes(line string) string {
	parts := strings.SplitAfter(line, " | ")
	var b strings.Builder
	for i, part := range parts {
		if i > 0 && strings.Count(b.String(), "'")%2 == 0 {
			text := strings.TrimSuffix(b.String(), " ")
			b.Reset()
			b.WriteString(text + "\n    ")
		}
		b.WriteString(part)
	}
	return b.String()
}

// beforeFlags breaks a command line that is too long before a flag that is not in
// quotes, the last one possible.
func beforeFlags(line string, width int) []string {
	const more = ` \`
	if len(line) <= width {
		return []string{line}
	}
	for at := width - len(more); at > 0; at-- {
		if strings.HasPrefix(line[at:], " -") && strings.Count(line[:at], "'")%2 == 0 && strings.Count(line[:at], `"`)%2 == 0 {
			indent := line[:len(line)-len(strings.TrimLeft(line, " "))] + "    "
			return []string{line[:at] + more, indent + line[at+1:]}
		}
	}
	return []string{line}
}

// text writes running text, each sentence on lines of its own, as mdoc has it.
func (m *manual) text(text string) {
	const width = 78 // columns; sources longer than 80 are frowned upon
	text = strings.Join(strings.Fields(text), " ")
	for text != "" {
		end := strings.Index(text, ". ")
		if end < 0 {
			end = len(text) - 1
		}
		for _, l := range wrap(text[:end+1], width) {
			m.WriteString(plain(roff(l, false)) + "\n")
		}
		text = strings.TrimPrefix(text[end+1:], " ")
	}
}

func (m *manual) macro(name string, args ...string) {
	m.WriteString("." + name)
	for _, arg := range args {
		m.WriteString(" " + argument(arg))
	}
	m.WriteString("\n")
}

// argument makes one argument of a macro of a text, which is not taken for a
// macro or for punctuation itself.
func argument(text string) string {
	text = strings.ReplaceAll(roff(text, true), `"`, `\(dq`)
	if macroName().MatchString(text) || strings.Trim(text, ".,:;()[]?!|") == "" {
		text = `\&` + text
	}
	if strings.Contains(text, " ") {
		text = `"` + text + `"`
	}
	return text
}

// macroName is what mdoc would take for the name of a macro.
var macroName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Z%][A-Za-z0-9]{1,2}$`) })

// plain keeps the beginning of a line of text from being a request.
func plain(text string) string {
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		return `\&` + text
	}
	return text
}

// roff writes text in the characters of roff. What people copy stays what it is:
// all hyphens of what is literal, and those that begin a word elsewhere, are the
// minus that shells know, and quotes are not made typographic.
func roff(text string, literal bool) string {
	var b strings.Builder
	before := ' '
	for _, r := range text {
		switch {
		case r == '\\':
			b.WriteString(`\e`)
		case r == '-' && (literal || strings.ContainsRune(" (\"'=@", before)):
			b.WriteString(`\-`)
		case r == '\'':
			b.WriteString(`\(aq`)
		case r == '`':
			b.WriteString("\\`")
		case r == '^':
			b.WriteString(`\(ha`)
		case r == '~':
			b.WriteString(`\(ti`)
		case r > '~':
			fmt.Fprintf(&b, `\[u%04X]`, r)
		default:
			b.WriteRune(r)
		}
		before = r
	}
	return b.String()
}
