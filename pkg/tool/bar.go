package tool

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/seed16713943/btools/pkg/sysload"
)

// clearLine erases the line that the cursor is in; clearBelow what is below too.
const (
	clearLine  = "\r\x1b[K"
	clearBelow = "\r\x1b[J"
)

// onSecondSignal is the Progress whose bar is to be erased before a second
// signal ends the process.
var onSecondSignal atomic.Pointer[Progress]

// bar is a line on the terminal that is drawn again and again.
type bar struct {
	container *mpb.Progress
	line      *mpb.Bar
	screen    *screen
}

// draw begins to draw. It is called once, when the program has taken a while.
func (p *Progress) draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	b := &bar{screen: &screen{out: p.stderr}}
	b.container = mpb.New(mpb.WithConsoleWriter(b.screen))
	fill := func(w io.Writer, stat decor.Statistics) error { return p.fill(w, stat.AvailableWidth) }
	// The number is not used: fill knows what to draw.
	b.line, _ = b.container.Add(0, mpb.BarFillerFunc(fill), mpb.BarFillerTrim())
	p.bar = b
}

// erase ends the bar.
func (p *Progress) erase() {
	p.delay.Stop()
	p.mu.Lock()
	b := p.bar
	p.bar, p.closed = nil, true
	p.mu.Unlock()
	onSecondSignal.CompareAndSwap(p, nil)
	if b != nil {
		b.line.Abort(true)
		b.container.Wait()
		_ = b.screen.Flush(0) // what was written since the last frame
	}
	p.c.App.ErrWriter = p.stderr
}

// besideBar is stderr while there may be a bar: what is written to it stands
// above the bar. Each Write must be of whole lines.
type besideBar struct{ p *Progress }

func (w besideBar) Write(text []byte) (int, error) {
	w.p.mu.Lock()
	b := w.p.bar
	w.p.mu.Unlock()
	// Not under the lock, which the drawing of a frame needs.
	if b != nil {
		if n, err := b.container.Write(text); err == nil {
			return n, nil
		}
	}
	return w.p.stderr.Write(text)
}

// Beside gives a stdout that may share the terminal with the bar, and w itself if
// there will be no bar. Each Write must be of whole lines; they stand above the bar.
func (p *Progress) Beside(w io.Writer) io.Writer {
	if p.form != asBar || !IsTerminal(w) {
		return w
	}
	return stdoutBesideBar{w, p}
}

type stdoutBesideBar struct {
	io.Writer
	p *Progress
}

func (w stdoutBesideBar) Write(text []byte) (int, error) {
	w.p.mu.Lock() // no bar begins meanwhile
	defer w.p.mu.Unlock()
	if b := w.p.bar; b != nil {
		b.screen.mu.Lock() // no frame is drawn
		defer b.screen.mu.Unlock()
		// The next frame draws the bar again, below. What could not be cleared could not
		// be told to anybody.
		if inForeground(b.screen.out) {
			_, _ = io.WriteString(b.screen.out, clearLine)
		}
	}
	return w.Writer.Write(text)
}

// screen is where the bar is drawn. The cursor waits at the beginning of the bar, not
// below it as the library has it by default: so a message of another program of
// the pipeline starts at the beginning of a line, and a resized window keeps the
// cursor where the bar begins, however many lines that takes now.
type screen struct {
	out io.Writer

	mu     sync.Mutex
	buffer bytes.Buffer
	width  int // of the window in the frame before
}

func (s *screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buffer.Write(text)
}

// ReadFrom is Write, for lines of the bar.
func (s *screen) ReadFrom(r io.Reader) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buffer.ReadFrom(r)
}

// IsTerminal reports true: there is no bar elsewhere.
func (s *screen) IsTerminal() bool { return true }

// GetTermSize gives the size of the window. A terminal that does not know its
// own is as one of old.
func (s *screen) GetTermSize() (width, height int, err error) {
	if f, ok := s.out.(interface{ Fd() uintptr }); ok {
		width, height, err = term.GetSize(int(f.Fd()))
	}
	if width <= 0 || height <= 0 {
		return 80, 25, nil
	}
	return width, height, err
}

// Flush writes a frame, whose last lines (one or none) are the bar, in one piece
// and in place of the frame before. In the background it writes the messages alone,
// and clears nothing: the line belongs to the user.
func (s *screen) Flush(lines int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !inForeground(s.out) {
		messages := s.buffer.Bytes()
		if lines > 0 {
			messages = messages[:bytes.LastIndexByte(bytes.TrimSuffix(messages, []byte("\n")), '\n')+1]
		}
		var err error
		if len(messages) > 0 {
			_, err = s.out.Write(messages)
		}
		s.buffer.Reset()
		return err
	}
	// Where the window was made narrower, the bar takes several lines. To clear all
	// below each time would fill the history of some terminals.
	frame := clearLine
	if width, _, err := s.GetTermSize(); err == nil && width != s.width {
		frame, s.width = clearBelow, width
	}
	frame += s.buffer.String()
	s.buffer.Reset()
	if lines > 0 {
		frame = strings.TrimSuffix(frame, "\n") + "\r"
	}
	_, err := io.WriteString(s.out, frame)
	return err
}

// fill writes what fits in width.
func (p *Progress) fill(w io.Writer, width int) error {
	memory, _ := sysload.Memory() // 0 where it cannot be known
	p.mu.Lock()
	parts, share, known := p.parts(memory)
	p.mu.Unlock()
	// A line that is full would make some terminals go on to the next.
	line, room := fit(parts, width-1)
	if room -= len(gap); known && room >= leastGraph {
		graph := mpb.BarStyle().Build()
		var b bytes.Buffer
		const whole = 1000
		stat := decor.Statistics{AvailableWidth: min(room, mostGraph), Total: whole, Current: int64(whole * share)}
		if err := graph.Fill(&b, stat); err != nil {
			return err
		}
		line += gap + b.String()
	}
	_, err := io.WriteString(w, line)
	return err
}

const (
	gap        = "  "
	leastGraph = 10
	mostGraph  = 40
)

// A part is a word of the bar. Those with a low rank stay longest when the window
// gets narrow.
type part struct {
	text string
	rank int // 0 to mostRank
}

const mostRank = 7

func (p *Progress) parts(memory sysload.Usage) (parts []part, share float64, known bool) {
	add := func(rank int, format string, args ...any) {
		parts = append(parts, part{fmt.Sprintf(format, args...), rank})
	}
	add(mostRank, "%s", p.c.App.Name)
	add(0, "%s", Count(p.done.Files, p.opts.One))
	if p.done.Failed > 0 {
		add(2, "%d failed", p.done.Failed)
	}
	if p.done.Bytes > 0 {
		add(5, "%s", Size(p.done.Bytes))
	}
	add(4, "%.0f/s", p.rate())
	share, known = p.share()
	if left, ok := p.left(); ok {
		add(3, "%s left", left.Round(time.Second))
	} else {
		add(3, "%s", time.Since(p.started).Round(time.Second))
	}
	if memory.Resident > 0 {
		add(6, "%s RAM", Size(memory.Resident))
	}
	if known {
		add(1, "%.0f%%", 100*share)
	}
	return parts, share, known
}

// fit joins the parts that have room in width, those of low rank before others,
// and returns how much room is left.
func fit(parts []part, width int) (line string, room int) {
	var taken []string
	for most := mostRank; most >= 0; most-- {
		taken = taken[:0]
		for _, part := range parts {
			if part.rank <= most {
				taken = append(taken, part.text)
			}
		}
		if line = strings.Join(taken, gap); len(line) <= width {
			return line, width - len(line)
		}
	}
	return line[:max(width, 0)], 0
}

// drawable reports whether w is a terminal that can draw a line again.
func drawable(w io.Writer) bool {
	name := os.Getenv("TERM")
	return IsTerminal(w) && name != "" && name != "dumb"
}

// inForeground reports whether this process may draw on the terminal w: one that
// was started with &, or sent there by bg, would draw over what the user types. It
// changes with bg and fg, and so is asked each time.
func inForeground(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	if !ok {
		return false
	}
	group, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}

// isFile reports whether w, an App.Writer, is a file or a device, but neither a
// terminal nor a pipe.
func isFile(w io.Writer) bool {
	o, ok := w.(*output)
	if !ok || o.terminal {
		return false
	}
	mode, ok := o.mode()
	return ok && mode&(os.ModeNamedPipe|os.ModeSocket) == 0
}

// A lineClearer is the stderr of a program that feeds another one, on a terminal:
// that one's bar may be where a message goes.
type lineClearer struct{ *os.File }

func (w lineClearer) Write(text []byte) (int, error) {
	if !inForeground(w.File) {
		return w.File.Write(text)
	}
	n, err := w.File.Write(append([]byte(clearLine), text...))
	return max(n-len(clearLine), 0), err
}

// sharedStderr gives the stderr of a program by what its stdout is.
func sharedStderr(stdout *output, stderr io.Writer) io.Writer {
	f, ok := stderr.(*os.File)
	if mode, known := stdout.mode(); ok && known && mode&os.ModeNamedPipe != 0 && drawable(f) {
		return lineClearer{f}
	}
	return stderr
}
