package tool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/config"
)

// The exit codes, the same in all programs.
const (
	ExitOK          = 0   // all done
	ExitFailed      = 1   // failed
	ExitUsage       = 2   // the command line or the environment is wrong
	ExitPartial     = 3   // done, but not all; bcheck: damage found; breport: a limit broken
	ExitNothing     = 4   // nothing of that name was there, or nothing at that time
	ExitInterrupted = 130 // ended by SIGINT, SIGTERM or SIGHUP
)

// exitCodes is what help says about them.
var exitCodes = []entry{
	{"0", "all done"},
	{"1", "failed"},
	{"2", "the command line or the environment is wrong"},
	{"3", "done, but not all, as stderr says; damage found (bcheck); a limit broken (breport)"},
	{"4", "nothing of that name was there, or nothing at that time"},
	{"130", "interrupted"},
}

// ErrInterrupted is the cause (context.Cause) of a context that a signal has
// cancelled.
var ErrInterrupted = errors.New("interrupted")

// An ExitError is an error with an exit code of its own.
type ExitError struct {
	Code int
	Err  error // nil: there is nothing more to say
}

func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}

func (e *ExitError) Unwrap() error { return e.Err }

// Exit makes err end the program with code. With a nil err it ends silently: all
// has been said already.
func Exit(code int, err error) error { return &ExitError{code, err} }

// Usagef makes an error for a command line that is wrong (ExitUsage). Unless it
// is given hints, the user is pointed to the help.
func Usagef(format string, args ...any) error {
	return Exit(ExitUsage, fmt.Errorf(format, args...))
}

type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

// WithHint adds to err what the user may do next.
func WithHint(err error, hint string) error { return &hinted{err, hint} }

// hints lists the hints of an error, the innermost first, and each once.
func hints(err error) []string { return addHints(nil, err) }

func addHints(list []string, err error) []string {
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			list = addHints(list, inner)
		}
	case interface{ Unwrap() error }:
		list = addHints(list, e.Unwrap())
	}
	if h, ok := err.(*hinted); ok && !slices.Contains(list, h.hint) {
		list = append(list, h.hint)
	}
	return list
}

// Warn tells the user about something that does not fail the program, on lines
// "PROGRAM: warning: ..." and "PROGRAM: hint: ...".
func Warn(c *cli.Context, err error) {
	say(c.App.ErrWriter, c.App.Name, "warning", err.Error())
	for _, hint := range hints(err) {
		say(c.App.ErrWriter, c.App.Name, "hint", hint)
	}
}

// Note tells the user something that they have asked to be told, on a line
// "PROGRAM: note: ...".
func Note(c *cli.Context, text string) {
	say(c.App.ErrWriter, c.App.Name, "note", text)
}

// say writes a message, each line under the name of the program. A failure to
// write to stderr could not be told to anybody.
func say(w io.Writer, program, kind, text string) {
	terminal := IsTerminal(w)
	for part := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		if terminal {
			part = escape(part, "")
		}
		fmt.Fprintf(w, "%s: %s: %s\n", program, kind, part)
	}
}

// finish flushes the output, tells err on stderr and turns it into the exit code.
// command is the program and the command that ran.
func finish(ctx context.Context, command string, err error, out *output, stderr io.Writer) int {
	program, _, _ := strings.Cut(command, " ")
	flushErr := out.Flush()
	switch {
	case IsClosed(err) || err == nil && IsClosed(flushErr):
		if interrupted(ctx) {
			return ExitInterrupted
		}
		return ExitOK
	case IsClosed(flushErr), errors.As(err, new(*outputError)):
		flushErr = nil
	}
	code := ExitOK
	if err != nil {
		code = tell(ctx, command, err, stderr)
	}
	if flushErr != nil {
		say(stderr, program, "error", flushErr.Error())
		code = ExitFailed
	}
	return code
}

// tell writes the message and the hints of an error, and gives its exit code.
func tell(ctx context.Context, command string, err error, stderr io.Writer) int {
	program, _, _ := strings.Cut(command, " ")
	var exit *ExitError
	code := ExitFailed
	switch {
	case errors.As(err, &exit):
		code = exit.Code
		if exit.Err == nil {
			return code
		}
	case errors.As(err, new(*config.Error)):
		code = ExitUsage
	case interrupted(ctx) && (errors.Is(err, context.Canceled) || errors.Is(err, ErrInterrupted)):
		say(stderr, program, "error", ErrInterrupted.Error())
		return ExitInterrupted
	}
	say(stderr, program, "error", err.Error())
	list := hints(err)
	if len(list) == 0 && code == ExitUsage && !errors.Is(err, errNeedsPipe) {
		list = []string{"see " + command + " --help"}
	}
	for _, hint := range list {
		say(stderr, program, "hint", hint)
	}
	return code
}

func interrupted(ctx context.Context) bool {
	return errors.Is(context.Cause(ctx), ErrInterrupted)
}

// IsClosed reports whether err says that nobody reads the output any more.
func IsClosed(err error) bool {
	return errors.As(err, new(*outputError)) && errors.Is(err, syscall.EPIPE)
}
