package tool

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/config"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sysload"
)

// Done is how far a program is.
type Done struct {
	Files  int64 // records, paths or contents: what ProgressOptions.One says
	Of     int64 // how many there will be; 0 if that is not known
	Read   int64 // of the Input so far, those that are read ahead too; 0 if that is not known
	Failed int64 // of Files
	Bytes  int64 // of Files
	Chunks int64 // 0 in programs that know none
}

// ProgressOptions say how a program tells of its progress.
type ProgressOptions struct {
	One string // what is counted, in the singular: "record"

	// Feeds says that stdout is for another program, which then is the one to
	// draw a bar: programs in one pipeline share the terminal. Such a program
	// draws where its stdout is a file.
	Feeds bool
}

// Progress tells the user on stderr how far a program is that works long: with a
// bar on a terminal, which messages on stderr stand above, while the program is in
// the foreground, with a line now and then, or with JSON for programs. All its
// methods may be called where nothing is to be told, and by several goroutines.
//
//	shown := s.progress.Start(c, tool.ProgressOptions{One: "record"})
//	defer shown.Close()
//	in = shown.Input(in)
//	…
//	shown.Tell(tool.Done{Files: 10})
//	…
//	shown.Finish()
type Progress struct {
	c       *cli.Context
	opts    ProgressOptions
	form    form
	every   int64 // chunks between two lines
	started time.Time
	stderr  io.Writer // what c.App.ErrWriter was

	mu        sync.Mutex
	done      Done
	told      Done // last
	toldAt    time.Time
	read, all int64 // bytes of the input; all is 0 if that is not known, -1 if it never will be
	delay     *time.Timer
	bar       *bar
	finished  bool // all that was read was worked on
	closed    bool
}

// form is how progress is told.
type form int

const (
	untold form = iota
	asBar
	asLines
	asJSON
)

const (
	barDelay  = 300 * time.Millisecond // what is done sooner needs no bar
	lineEvery = time.Second            // between two lines of a program that knows no chunks
)

// ProgressSettings are the flag -progress and, for programs that work on chunks,
// the variable BATCH_PROGRESS_INTERVAL.
type ProgressSettings struct {
	set   *config.Set
	how   progressValue
	every *int64 // nil without chunks
}

// AddProgress adds the settings to those of a program or a command.
func AddProgress(set *config.Set, chunks bool) *ProgressSettings {
	s := &ProgressSettings{set: set, how: progressValue{word: "auto", numbers: chunks}}
	if !chunks {
		set.Var("progress", "", &s.how, "`HOW` to tell on stderr how far it is: auto (a bar on a terminal), bar, json, none")
		return s
	}
	set.Var("progress", "", &s.how, "`HOW` to tell on stderr how far it is: auto (a bar on a terminal), bar, json, none, or a line every N chunks")
	s.every = set.Int("", "BATCH_PROGRESS_INTERVAL", 10, 1, math.MaxInt64, "chunks between two lines of progress; off a terminal, lines are written if this is set")
	return s
}

// Start begins to tell. Until Close the App.ErrWriter of c is one that can be
// written to beside a bar.
func (s *ProgressSettings) Start(c *cli.Context, opts ProgressOptions) *Progress {
	p := &Progress{c: c, opts: opts, form: s.form(c, opts), started: time.Now(), stderr: c.App.ErrWriter, every: 1}
	if s.every != nil {
		p.every = *s.every
	}
	if s.how.n > 0 {
		p.every = s.how.n
	}
	if p.form == asBar {
		c.App.ErrWriter = besideBar{p}
		onSecondSignal.Store(p)
		p.delay = time.AfterFunc(barDelay, p.draw)
	}
	return p
}

// form decides how to tell.
func (s *ProgressSettings) form(c *cli.Context, opts ProgressOptions) form {
	bar := drawable(c.App.ErrWriter)
	switch s.how.word {
	case "none":
		return untold
	case "json":
		return asJSON
	case "bar":
		if bar {
			return asBar
		}
		return untold
	}
	lines := s.how.n > 0 || !opts.Feeds && s.every != nil && s.set.Lookup("BATCH_PROGRESS_INTERVAL").Source() != config.FromDefault
	switch {
	case bar && (!opts.Feeds || isFile(c.App.Writer)):
		return asBar
	case lines && !bar:
		return asLines
	}
	return untold
}

// Shown reports whether anything is told, for what is costly to find out.
func (p *Progress) Shown() bool { return p.form != untold }

// Tell takes note of how far the program is.
func (p *Progress) Tell(done Done) {
	if p.form == untold {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = done
	if p.form == asBar || p.closed || !p.due() {
		return
	}
	p.write(false)
	p.told, p.toldAt = p.done, time.Now()
}

// due reports whether it is time for a line.
func (p *Progress) due() bool {
	if p.done.Chunks > 0 {
		return p.done.Chunks/p.every > p.told.Chunks/p.every && p.done.Files != p.told.Files
	}
	return p.done.Files != p.told.Files && time.Since(later(p.toldAt, p.started)) >= lineEvery
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// write writes a line. A failure to write to stderr could not be told to anybody.
func (p *Progress) write(final bool) {
	if p.form == asJSON {
		_ = kb.NewJSONEncoder(p.stderr).Encode(p.object(final))
		return
	}
	line := fmt.Sprintf("%s: %s, %.0f a second", p.c.App.Name, Count(p.done.Files, p.opts.One), p.rate())
	if p.done.Failed > 0 {
		line += fmt.Sprintf(", %d failed", p.done.Failed)
	}
	fmt.Fprintln(p.stderr, line)
}

// progressLine is a line of -progress json. All fields are always there.
type progressLine struct {
	Type           string     `json:"type"` // "progress"
	Program        string     `json:"program"`
	Timestamp      kb.Instant `json:"timestamp"`
	Files          int64      `json:"files"`
	Failed         int64      `json:"failed"`
	Bytes          int64      `json:"bytes"`
	Chunks         int64      `json:"chunks"`
	ElapsedSeconds float64    `json:"elapsed_seconds"`
	FilesPerSecond float64    `json:"files_per_second"`
	Share          *float64   `json:"share"`        // of all that is to be done, 0 to 1; null if that is not known
	SecondsLeft    *float64   `json:"seconds_left"` // null if that is not known
	MemoryMB       float64    `json:"memory_mb"`
	Final          bool       `json:"final"` // true in the last line, when the program has ended its work
}

func (p *Progress) object(final bool) progressLine {
	memory, _ := sysload.Memory() // 0 where it cannot be known
	line := progressLine{
		Type: "progress", Program: p.c.App.Name, Timestamp: kb.InstantOf(time.Now()),
		Files: p.done.Files, Failed: p.done.Failed, Bytes: p.done.Bytes, Chunks: p.done.Chunks,
		ElapsedSeconds: rounded(time.Since(p.started).Seconds(), 3), FilesPerSecond: rounded(p.rate(), 1),
		MemoryMB: memory.ResidentMB(), Final: final,
	}
	if share, known := p.share(); known {
		share = rounded(share, 4)
		line.Share = &share
	}
	if left, known := p.left(); known {
		seconds := rounded(left.Seconds(), 1)
		line.SecondsLeft = &seconds
	}
	return line
}

func rounded(x float64, digits int) float64 {
	shift := math.Pow10(digits)
	return math.Round(x*shift) / shift
}

// rate is in files a second.
func (p *Progress) rate() float64 {
	return float64(p.done.Files) / max(time.Since(p.started).Seconds(), 1e-3)
}

// share is the part that is done, by the number of files, or else by what was
// read of the input. More may come than was expected.
func (p *Progress) share() (share float64, known bool) {
	switch {
	case p.done.Of > 0:
		share = float64(p.done.Files) / float64(p.done.Of)
	case p.all > 0 && p.finished:
		share = float64(p.read) / float64(p.all)
	case p.all > 0 && p.done.Files > 0: // before, all there is may have been read ahead
		// What is read last still has to be worked on.
		const most = 0.99
		share = min(float64(p.read)/float64(p.all), most)
		if p.done.Read > p.done.Files {
			share *= float64(p.done.Files) / float64(p.done.Read)
		}
	default:
		return 0, false
	}
	return min(share, 1), true
}

// left is how long it will take at the pace so far.
func (p *Progress) left() (left time.Duration, known bool) {
	share, known := p.share()
	elapsed := time.Since(p.started)
	allRead := p.done.Of == 0 && p.done.Read == 0 && p.read >= p.all
	if !known || share == 0 || allRead || elapsed < time.Second {
		return 0, false
	}
	return time.Duration(float64(elapsed) * (1 - share) / share), true
}

// Input makes how much of r was read count as the share that is done, unless
// Done.Of is known. That takes a file; all inputs must be.
func (p *Progress) Input(r io.Reader) io.Reader {
	if p.form == untold {
		return r
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	size, ok := restOf(r)
	if !ok || p.all < 0 {
		p.all = -1
		return r
	}
	p.all += size
	return countedReader{r, p}
}

// restOf is how many bytes of a file are still to be read.
func restOf(r io.Reader) (int64, bool) {
	f, ok := r.(*os.File)
	if !ok {
		return 0, false
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	at, err := f.Seek(0, io.SeekCurrent)
	return max(info.Size()-at, 0), err == nil
}

type countedReader struct {
	io.Reader
	p *Progress
}

func (r countedReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	r.p.mu.Lock()
	r.p.read += int64(n)
	r.p.mu.Unlock()
	return n, err
}

// Finish says that what was read of the Input was worked on too, down to its end.
// A program that fails or is interrupted does not come to say so.
func (p *Progress) Finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finished = true
}

// Close ends the telling and leaves the terminal without the bar.
func (p *Progress) Close() {
	switch p.form {
	case asJSON:
		p.mu.Lock()
		defer p.mu.Unlock()
		if !p.closed {
			p.write(true)
		}
		p.closed = true
	case asBar:
		p.erase()
	}
}

// progressValue is the value of -progress.
type progressValue struct {
	word    string
	n       int64 // in place of a word
	numbers bool  // are accepted
}

// Words are the values that are no number.
func (v *progressValue) Words() []string { return []string{"auto", "bar", "json", "none"} }

// Set reads a word or a number.
func (v *progressValue) Set(text string) error {
	if slices.Contains(v.Words(), text) {
		v.word, v.n = text, 0
		return nil
	}
	if !v.numbers {
		return fmt.Errorf("%q is not one of auto, bar, json, none", text)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return fmt.Errorf("%q is not auto, bar, json, none, or a number of chunks of at least 1", text)
	}
	v.word, v.n = "auto", n
	return nil
}

// String gives the form that Set reads.
func (v *progressValue) String() string {
	if v.n > 0 {
		return strconv.FormatInt(v.n, 10)
	}
	return v.word
}
