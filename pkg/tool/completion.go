package tool

import (
	"embed"
	"io"
	"slices"
	"strings"
	"sync"
	"text/template"
)

var shells = []string{"bash", "zsh", "fish"}

//go:embed completion
var completionFiles embed.FS

// completionTemplates are the scripts by shell: bash.tmpl and so on. They get a
// completionScript.
var completionTemplates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"quote": quote,
		"join":  strings.Join,
		"colon": func(s string) string { return strings.ReplaceAll(s, ":", `\:`) },
	}).ParseFS(completionFiles, "completion/*.tmpl"))
})

// A completionScript is what the templates are filled with. Commands[0] is the
// default action.
type completionScript struct {
	Program  string
	Function string // a name that the shells take for a function
	Commands []completionCommand
	Values   []completionFlag // the flags of all commands that take a value
}

type completionCommand struct {
	Names []string // nil for the default action
	About string
	Flags []completionFlag
}

type completionFlag struct {
	Name       string
	About      string
	TakesValue bool
	Words      []string // values that are accepted; nil if no word is known
}

// Whole are the words that are a value.
func (f completionFlag) Whole() []string { return slices.DeleteFunc(slices.Clone(f.Words), begins) }

// Begun are the words with which a value begins.
func (f completionFlag) Begun() []string {
	return slices.DeleteFunc(slices.Clone(f.Words), func(word string) bool { return !begins(word) })
}

func begins(word string) bool { return strings.HasSuffix(word, ":") }

// Subcommands are all commands but the default action.
func (s completionScript) Subcommands() []completionCommand { return s.Commands[1:] }

// SubcommandNames are the words that name a command.
func (s completionScript) SubcommandNames() []string {
	var names []string
	for _, c := range s.Subcommands() {
		names = append(names, c.Names...)
	}
	return names
}

func (p *program) writeCompletion(w io.Writer, shell string) error {
	script := completionScript{
		Program:  p.app.Name,
		Function: "_" + strings.ReplaceAll(p.app.Name, "-", "_"),
	}
	seen := map[string]bool{}
	for _, c := range append([]*command{p.fallback}, p.visibleCommands()...) {
		flags := completionFlags(c)
		entry := completionCommand{About: c.Usage, Flags: flags}
		if c != p.fallback {
			entry.Names = c.Names()
		}
		script.Commands = append(script.Commands, entry)
		for _, f := range flags {
			if f.TakesValue && !seen[f.Name] {
				seen[f.Name] = true
				script.Values = append(script.Values, f)
			}
		}
	}
	return completionTemplates().ExecuteTemplate(w, shell+".tmpl", script)
}

func completionFlags(c *command) []completionFlag {
	var flags []completionFlag
	for _, s := range c.all.Settings() {
		_, about := s.Usage()
		for _, name := range s.Names() {
			flags = append(flags, completionFlag{name, about, !s.IsBoolFlag(), s.Words()})
		}
	}
	return flags
}

// quote makes s one word of bash, zsh and fish alike. In fish, a backslash is
// special between single quotes too.
func quote(s string) string {
	return "'" + strings.NewReplacer(`'`, `'"'"'`, `\`, `'"\\"'`).Replace(s) + "'"
}
