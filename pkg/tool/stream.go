package tool

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
)

// output is the stdout of a program: buffered, but for a terminal, which sees
// every Write at once. It is for one goroutine at a time.
type output struct {
	buffer   *bufio.Writer
	under    io.Writer
	terminal bool
}

func newOutput(w io.Writer) *output {
	const size = 64 << 10 // what a pipe holds
	return &output{bufio.NewWriterSize(w, size), w, IsTerminal(w)}
}

// mode says what kind of file it is, if that is known.
func (o *output) mode() (fs.FileMode, bool) {
	f, ok := o.under.(*os.File)
	if !ok {
		return 0, false
	}
	info, err := f.Stat()
	if err != nil {
		return 0, false
	}
	return info.Mode(), true
}

func (o *output) Write(p []byte) (int, error) {
	if !o.terminal {
		n, err := o.buffer.Write(p)
		return n, wrapOutput(err)
	}
	_, err := o.buffer.Write(escapeC1(p))
	if err == nil {
		err = o.buffer.Flush()
	}
	return len(p), wrapOutput(err)
}

// Flush writes what the buffer holds; it reports every error since the start.
func (o *output) Flush() error { return wrapOutput(o.buffer.Flush()) }

// Flush makes what was written to w, the App.Writer of a program, reach its
// reader now. Without it that happens when the buffer is full and at exit.
func Flush(w io.Writer) error {
	if o, ok := w.(*output); ok {
		return o.Flush()
	}
	return nil
}

// An outputError says that stdout could not be written, which tells a closed
// stdout from another closed pipe.
type outputError struct{ err error }

func (e *outputError) Error() string { return "write stdout: " + e.err.Error() }

func (e *outputError) Unwrap() error { return e.err }

func wrapOutput(err error) error {
	if err == nil {
		return nil
	}
	// os.File puts "write /dev/stdout" before the reason.
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &outputError{err}
}

// withSignals gives a context that ends, with the cause ErrInterrupted, at the
// first SIGINT, SIGTERM or SIGHUP. The next SIGINT or SIGTERM ends the process.
func withSignals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	caught := make(chan os.Signal, 2)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		// What the parent process has us ignore (nohup, a job in the background of a
		// script) stays ignored.
		if !signal.Ignored(s) {
			signal.Notify(caught, s)
		}
	}
	// With SIGPIPE caught, writing to a closed stdout is an error and does not kill
	// the process; ignoring it would be inherited by the programs that we start.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	go func() {
		select {
		case <-caught:
			cancel(ErrInterrupted)
		case <-ctx.Done():
			return
		}
		for <-caught == syscall.SIGHUP { // the end of one terminal may send several
		}
		if p := onSecondSignal.Load(); p != nil && inForeground(p.stderr) {
			_, _ = io.WriteString(p.stderr, clearBelow)
		}
		os.Exit(ExitInterrupted)
	}()
	return ctx, func() { cancel(nil) }
}
