package tool

import (
	"flag"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/config"
)

// Flags makes the settings of set the flags of a cli.App or a cli.Command. For
// settings that several commands share, give each command a config.Join.
//
// A flag belongs to the command that runs, wherever on the line it stands. In one
// program a name must either take a value everywhere or nowhere.
func Flags(set *config.Set) []cli.Flag {
	return []cli.Flag{&settings{set: set}}
}

// settings stands for all flags of a Set. It is one cli.Flag without a name:
// cli would otherwise read the environment in its own way, and set a flag that
// has two names twice.
type settings struct {
	set *config.Set
	bad error // the first value that a setting refused
}

func (s *settings) String() string  { return "" }
func (s *settings) Names() []string { return nil }
func (s *settings) IsSet() bool     { return false }

// Apply defines the flags in fs.
func (s *settings) Apply(fs *flag.FlagSet) error {
	for _, setting := range s.set.Settings() {
		for _, name := range setting.Names() {
			fs.Var(recorded{setting, s}, name, "")
		}
	}
	return nil
}

// recorded keeps the error of a setting, of which package flag passes on only
// the text.
type recorded struct {
	*config.Setting
	in *settings
}

func (r recorded) Set(text string) error {
	err := r.Setting.Set(text)
	if r.in.bad == nil {
		r.in.bad = err
	}
	return err
}
