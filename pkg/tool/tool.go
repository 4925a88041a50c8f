// Package tool is what the mains of the programs share: streams, signals, exit
// codes, the order of flags, help, manual pages, version and completion.
//
// A program describes itself as a cli.App, and Main runs it. One error becomes
// one exit code and one message; flags may stand before or after arguments and
// commands; every program and command has -help, -man, -version, -print-config and
// -completion. Output is buffered and its errors are checked at exit; a reader
// that has gone away is a quiet success.
//
//	func main() { os.Exit(tool.Main(newApp())) }
//
//	func newApp() *cli.App {
//		var set config.Set
//		n := set.Int("n", "BATCH_CHUNK_SIZE", 100, 1, 1000, "records in a chunk")
//		return &cli.App{Name: "bchunk", Flags: tool.Flags(&set), Action: func(c *cli.Context) error {
//			return run(c.Context, *n, c.App.Reader, c.App.Writer)
//		}}
//	}
//
// Of the App and its Commands these fields are used: Name, Aliases, Hidden; Usage
// (one sentence, without a full stop), UsageText (the examples that help begins
// with), ArgsUsage ("PATH..."), Description (paragraphs); Flags, all of them made
// by Flags; Before, After, Action. App.Action is what is done without a command.
// Commands are one level deep. App.ExtraInfo adds lines to -version.
package tool

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/config"
)

// Main runs app on the arguments, streams and signals of the process, and gives
// its exit code. The first SIGINT, SIGTERM or SIGHUP cancels the context of the action
// with the cause ErrInterrupted; a second one, but for further hangups, ends the process
// at once.
func Main(app *cli.App) int {
	ctx, stop := withSignals(context.Background())
	defer stop()
	useZone()
	return Run(ctx, app, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}

// Run runs app on words, which are its command line without the name of the
// program, and gives its exit code. The action finds the streams in its
// c.App.Reader, c.App.Writer and c.App.ErrWriter.
func Run(ctx context.Context, app *cli.App, words []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := newProgram(app)
	out := newOutput(stdout)
	stderr = sharedStderr(out, stderr)
	p.app.Reader, p.app.Writer, p.app.ErrWriter = stdin, out, stderr
	cmd, err := p.run(ctx, words)
	if errors.Is(err, errNeedsPipe) {
		// A failure to write to stderr could not be told to anybody.
		_ = p.writeHelp(stderr, cmd)
	}
	return finish(ctx, p.name(cmd), err, out, stderr)
}

// A program is a cli.App taken apart.
type program struct {
	app      cli.App
	fallback *command   // what is done without a command; its action may be nil
	commands []*command // in the order of the App

	standard    config.Set // the flags that every command has
	printConfig *bool
	version     *bool
	completion  *string
	man         *bool
}

// A command is one of a program's commands, or its default action.
type command struct {
	cli.Command
	own *config.Set // the settings of the command
	all *config.Set // and the standard ones
}

func newProgram(app *cli.App) *program {
	p := &program{app: *app}
	p.printConfig = p.standard.Bool("print-config", "", "print each setting, its value and where it came from")
	p.completion = p.standard.Enum("completion", "", "", shells, "print a completion script for `SHELL`: "+strings.Join(shells, ", "))
	p.man = p.standard.Bool("man", "", "print the manual page, in mdoc, for man -l -")
	p.standard.Bool("help,h", "", "print this help")
	p.version = p.standard.Bool("version", "", "print the version")

	p.fallback = p.newCommand(cli.Command{
		Usage: app.Usage, UsageText: app.UsageText, ArgsUsage: app.ArgsUsage, Description: app.Description,
		Flags: app.Flags, Action: app.Action,
	})
	for _, c := range app.Commands {
		p.commands = append(p.commands, p.newCommand(*c))
	}
	return p
}

func (p *program) newCommand(c cli.Command) *command {
	var sets []*config.Set
	for _, f := range c.Flags {
		sets = append(sets, f.(*settings).set)
	}
	cmd := &command{Command: c, own: config.Join(sets...)}
	cmd.all = config.Join(cmd.own, &p.standard)
	return cmd
}

// name is how the user calls a command, "basof" or "basof ls".
func (p *program) name(cmd *command) string {
	return strings.TrimSuffix(p.app.Name+" "+cmd.Name, " ")
}

// run finds the command that words are about, and runs it.
func (p *program) run(ctx context.Context, words []string) (*command, error) {
	line, err := order(p.syntax(), words)
	cmd := p.fallback
	for _, c := range p.commands {
		if c.HasName(line.command) {
			cmd = c
		}
	}
	if line.has("help") || line.has("h") {
		return cmd, p.writeHelp(p.app.Writer, cmd)
	}
	if err != nil {
		return cmd, err
	}
	return cmd, p.cliApp(cmd).RunContext(ctx, append([]string{p.app.Name}, line.words()...))
}

// cliApp makes the App that knows only cmd, so that cli cannot take an argument
// for a command where order has not.
func (p *program) cliApp(cmd *command) *cli.App {
	flags := &settings{set: cmd.all}
	onUsageError := func(_ *cli.Context, err error, _ bool) error {
		if flags.bad != nil {
			return flags.bad
		}
		return Usagef("%w", err)
	}
	app := p.app
	app.HideHelp, app.HideVersion = true, true
	app.OnUsageError = onUsageError
	// cli's own handler ends the process and skips the deferred calls.
	app.ExitErrHandler = func(*cli.Context, error) {}
	if cmd == p.fallback {
		app.Commands = nil
		app.Flags = []cli.Flag{flags}
		app.Action = p.action(cmd)
		return &app
	}
	c := cmd.Command
	c.HideHelp = true
	c.OnUsageError = onUsageError
	c.Flags = []cli.Flag{flags}
	c.Action = p.action(cmd)
	app.Flags = nil
	app.Commands = []*cli.Command{&c}
	return &app
}

// action is what runs once the flags are parsed: the standard flags that ask for
// something, or else the action of the command.
func (p *program) action(cmd *command) cli.ActionFunc {
	return func(c *cli.Context) error {
		switch {
		case *p.version:
			return p.writeVersion(c.App.Writer)
		case *p.completion != "":
			return p.writeCompletion(c.App.Writer, *p.completion)
		case *p.man:
			return p.writeMan(c.App.Writer)
		}
		if err := cmd.own.Resolve(os.LookupEnv); err != nil {
			return err
		}
		switch {
		case *p.printConfig:
			return cmd.own.Print(c.App.Writer)
		case cmd.Action != nil:
			return cmd.Action(c)
		case c.Args().Present():
			return p.unknownCommand(c.Args().First())
		}
		return Usagef("a command is missing")
	}
}

func (p *program) unknownCommand(word string) error {
	var names []string
	for _, c := range p.commands {
		names = append(names, c.Names()...)
	}
	err := Usagef("unknown command %q", word)
	if name := Nearest(word, names); name != "" {
		return WithHint(err, "did you mean "+name)
	}
	return err
}
