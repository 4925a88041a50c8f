package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
	"unicode"

	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/kb"
)

// The limits of a filter that does not set its own.
const (
	DefaultTimeout   = 2 * time.Minute
	DefaultMaxOutput = 64 << 20 // bytes
)

const (
	lastWords = 2 << 10         // bytes of what a filter says on stderr that are told on
	patience  = 2 * time.Second // for output after a filter has ended
)

// FilteredName is the path under which Extract reads what a filter wrote: that
// of plain text.
const FilteredName = "filtered.txt"

// Filter is a program that makes plain text of the files of an extension.
type Filter struct {
	Ext       string   // in lower case, without a dot
	Argv      []string // the program and its arguments; no shell is between
	Timeout   time.Duration
	MaxOutput int64 // bytes
}

// ParseFilter reads a filter as "pdf=pdftotext - -". Words are split at white
// space; quotes and backslashes keep it, as in a shell, and nothing else is
// special.
func ParseFilter(s string) (*Filter, error) {
	ext, command, found := strings.Cut(s, "=")
	ext = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(ext), "."))
	if !found || ext == "" || strings.ContainsAny(ext, "./*? \t") {
		return nil, fmt.Errorf("%q is not EXTENSION=COMMAND, such as pdf='pdftotext - -'", s)
	}
	argv, err := splitWords(command)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", s, err)
	}
	if len(argv) == 0 || argv[0] == "" {
		return nil, fmt.Errorf("%q has no command", s)
	}
	return &Filter{Ext: ext, Argv: argv, Timeout: DefaultTimeout, MaxOutput: DefaultMaxOutput}, nil
}

// splitWords splits a command into its words.
func splitWords(s string) ([]string, error) {
	var words []string
	var word []rune
	var quote rune
	open, escaped := false, false
	for _, c := range s {
		switch {
		case escaped:
			if quote == '"' && !strings.ContainsRune(`"\$`+"`", c) {
				word = append(word, '\\')
			}
			word, escaped = append(word, c), false
		case c == '\\' && quote != '\'':
			open, escaped = true, true
		case c == quote:
			quote = 0
		case quote != 0:
			word = append(word, c)
		case c == '"' || c == '\'':
			open, quote = true, c
		case !unicode.IsSpace(c):
			word, open = append(word, c), true
		case open:
			words, word, open = append(words, string(word)), word[:0], false
		}
	}
	switch {
	case quote != 0:
		return nil, fmt.Errorf("a quote %c has no end", quote)
	case escaped:
		return nil, errors.New("nothing comes after the last backslash")
	case open:
		words = append(words, string(word))
	}
	return words, nil
}

// Handles reports whether a path has the extension of the filter, in whatever
// case.
func (f *Filter) Handles(path string) bool { return Extension(path) == f.Ext }

// The causes for which a filter is ended.
var (
	errTimeout = errors.New("took too long")
	errOutput  = errors.New("wrote too much")
)

// errLeftOpen is the failure of a filter whose output may go on without it.
var errLeftOpen = errors.New("it has ended, but what it started has not closed its output")

// Run gives content to the filter and returns what it writes, which is plain text
// for Extract, as FilteredName, in an encoding that Extract knows. The filter has
// the environment of this process, but for the keys in it.
//
// If the filter takes longer than its Timeout, writes more than MaxOutput, or ctx
// ends, its whole process group is killed, as it is after any failure; zero stands
// for the default limits. The error is that of ctx, or a *kb.Fault with the last
// 2 KiB that the filter said on stderr: of the class exception_after_retries if it
// took too long (kb.Timeout), of the class processing (Failed) for any other
// failure.
func (f *Filter) Run(ctx context.Context, content []byte) ([]byte, error) {
	timeout, most := f.Timeout, f.MaxOutput
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	if most <= 0 {
		most = DefaultMaxOutput
	}
	limited, stop := context.WithTimeoutCause(ctx, timeout, errTimeout)
	defer stop()
	limited, end := context.WithCancelCause(limited)
	defer end(nil)

	stdout := &output{most: most, full: func() { end(errOutput) }}
	stderr := &tail{}
	cmd := exec.CommandContext(limited, f.Argv[0], f.Argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(content), stdout, stderr
	cmd.Env = kb.WithoutKeys(os.Environ())
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return killGroup(cmd.Process.Pid) }
	cmd.WaitDelay = patience
	err := cmd.Run()
	if err == nil {
		return stdout.text.Bytes(), nil
	}
	if cmd.Process != nil {
		// What the filter started may have outlived it. The number of a group is not
		// given out again while it has members, nor soon after.
		_ = killGroup(cmd.Process.Pid)
	}
	ended := cmd.ProcessState != nil && cmd.ProcessState.Exited() // by itself
	switch cause := context.Cause(limited); {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("filter %s: %w", f.Argv[0], ctx.Err())
	case errors.Is(cause, errTimeout) && !ended:
		return nil, kb.NewFault(kb.ExceptionAfterRetries, kb.Timeout, "filter %s: %w: more than %s%s", f.Argv[0], cause, timeout, stderr)
	case errors.Is(cause, errOutput):
		return nil, kb.NewFault(kb.Processing, Failed, "filter %s: %w: more than %d bytes%s", f.Argv[0], cause, most, stderr)
	case errors.Is(err, exec.ErrWaitDelay):
		err = errLeftOpen
	}
	return nil, kb.NewFault(kb.Processing, Failed, "filter %s: %w%s", f.Argv[0], err, stderr)
}

// killGroup ends a process and all that it started.
func killGroup(leader int) error { return unix.Kill(-leader, unix.SIGKILL) }

// output holds what a filter writes, up to a limit.
type output struct {
	text bytes.Buffer // not embedded: its ReadFrom would go past the limit
	most int64
	full func()
}

func (o *output) Write(p []byte) (int, error) {
	if int64(o.text.Len()+len(p)) > o.most {
		o.full()
		return 0, errOutput
	}
	return o.text.Write(p)
}

// tail holds the last that a filter says.
type tail struct{ last []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.last = append(t.last, p[max(0, len(p)-lastWords):]...)
	t.last = append(t.last[:0], t.last[max(0, len(t.last)-lastWords):]...)
	return len(p), nil
}

// String gives what was said on one line, with a colon before it.
func (t *tail) String() string {
	said := strings.Join(strings.Fields(strings.ToValidUTF8(string(t.last), "\uFFFD")), " ")
	if said == "" {
		return ""
	}
	return ": " + said
}
