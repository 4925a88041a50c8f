package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

// shownOfCode is how many findings of a code people are shown, unless they ask
// for all.
const shownOfCode = 10

// printer prints findings as they come, and counts them.
type printer struct {
	stdout   io.Writer
	w        io.Writer     // stdout, as it is written to
	json     *json.Encoder // nil for people
	terminal bool
	all      bool
	db       string

	codes   map[string]int64
	cures   map[sqlite.Cure]int64 // of damages
	notes   int64
	damages int64
	order   []string // codes as they came
	sum     sqlite.CheckSummary
	checked bool // with -data
	sample  float64
}

func newPrinter(c *cli.Context, s *settings) *printer {
	p := &printer{
		stdout: c.App.Writer, w: whileRead{c.App.Writer}, terminal: tool.IsTerminal(c.App.Writer), all: *s.all, db: *s.db, checked: *s.data, sample: *s.sample,
		codes: make(map[string]int64), cures: make(map[sqlite.Cure]int64),
	}
	if *s.json {
		p.json = kb.NewJSONEncoder(p.w)
	}
	return p
}

// whileRead writes for as long as somebody reads. After that a check goes on, for its
// exit code, and so do a repair and a recovery.
type whileRead struct{ io.Writer }

func (w whileRead) Write(text []byte) (int, error) {
	n, err := w.Writer.Write(text)
	if tool.IsClosed(err) {
		return len(text), nil
	}
	return n, err
}

// beside makes what is printed stand above a bar, until the function that it
// returns is called.
func (p *printer) beside(shown *tool.Progress) (end func()) {
	before := *p
	p.w = whileRead{shown.Beside(p.stdout)}
	if p.json != nil {
		p.json = kb.NewJSONEncoder(p.w)
	}
	return func() { p.w, p.json = before.w, before.json }
}

// again makes the printer ready for another check.
func (p *printer) again() {
	clear(p.codes)
	clear(p.cures)
	p.notes, p.damages, p.order = 0, 0, nil
}

// finding is the JSON of a sqlite.Finding.
type finding struct {
	Type      string      `json:"type"` // "finding"
	Code      string      `json:"code"`
	Severity  string      `json:"severity"` // "damage" or "note"
	Cure      sqlite.Cure `json:"cure"`     // "repair", "recover", "reindex", "ingest" or ""
	Path      string      `json:"path,omitempty"`
	PathBytes string      `json:"path_bytes,omitempty"` // base64, where the name is not UTF-8
	ValidFrom *kb.Instant `json:"valid_from,omitempty"`
	SHA256    string      `json:"sha256,omitempty"`
	Message   string      `json:"message"`
}

// finding prints one finding.
func (p *printer) finding(f sqlite.Finding) error {
	if p.codes[f.Code]++; p.codes[f.Code] == 1 {
		p.order = append(p.order, f.Code)
	}
	severity := "note"
	if f.Damage {
		severity = "damage"
		p.damages++
		p.cures[f.Cure]++
	} else {
		p.notes++
	}
	if p.json != nil {
		out := finding{Type: "finding", Code: f.Code, Severity: severity, Cure: f.Cure, Path: f.Path, ValidFrom: f.ValidFrom, Message: f.Message}
		if !utf8.ValidString(f.Path) {
			out.PathBytes = base64.StdEncoding.EncodeToString([]byte(f.Path))
		}
		if f.SHA256 != nil {
			out.SHA256 = f.SHA256.String()
		}
		return p.json.Encode(out)
	}
	if p.codes[f.Code] > shownOfCode && !p.all {
		return nil
	}
	_, err := fmt.Fprintf(p.w, "%s %s: %s\n", severity, f.Code, p.sentence(&f))
	return err
}

// sentence puts what a finding is about before what it says.
func (p *printer) sentence(f *sqlite.Finding) string {
	var b strings.Builder
	if f.Path != "" {
		b.WriteString(tool.Display(f.Path, p.terminal))
		if f.ValidFrom != nil {
			b.WriteString(", valid from " + f.ValidFrom.String())
		}
		b.WriteString(": ")
	} else if f.SHA256 != nil {
		fmt.Fprintf(&b, "content %s: ", f.SHA256)
	}
	b.WriteString(f.Message)
	if p.terminal { // a message may quote what is in the file
		return tool.Printable(b.String())
	}
	return b.String()
}

// say prints a line about what was done: for people a sentence, in JSON an object.
func (p *printer) say(event any, format string, args ...any) error {
	if p.json != nil {
		return p.json.Encode(event)
	}
	_, err := fmt.Fprintf(p.w, format+"\n", args...)
	return err
}

// more says how many findings were not shown.
func (p *printer) more() error {
	for _, code := range p.order {
		if n := p.codes[code]; n > shownOfCode && !p.all {
			if _, err := fmt.Fprintf(p.w, "… and %d more of %s; -all prints them\n", n-shownOfCode, code); err != nil {
				return err
			}
		}
	}
	return nil
}

// summary is the last object of bcheck -json.
type summary struct {
	Type    string           `json:"type"` // "summary"
	DB      string           `json:"db"`
	Whole   bool             `json:"whole"` // no damage was found
	Damages int64            `json:"damages"`
	Notes   int64            `json:"notes"`
	Codes   map[string]int64 `json:"codes"`

	Paths    int64 `json:"paths"`
	Versions int64 `json:"versions"`
	Contents int64 `json:"contents"`
	Texts    int64 `json:"texts"`
	Passages int64 `json:"passages"`
	Vectors  int64 `json:"vectors"`

	Data *dataSummary `json:"data"` // null without -data
}

// dataSummary is what -data has read.
type dataSummary struct {
	Sample   float64 `json:"sample"` // percent
	Contents int64   `json:"contents"`
	Bytes    int64   `json:"bytes"`
	Texts    int64   `json:"texts"`
	Paths    int64   `json:"paths"` // whose versions were split again
}

// summary prints what was looked at and what was found.
func (p *printer) summary() error {
	if p.json != nil {
		out := summary{
			Type: "summary", DB: p.db, Whole: p.damages == 0, Damages: p.damages, Notes: p.notes, Codes: p.codes,
			Paths: p.sum.Paths, Versions: p.sum.Versions, Contents: p.sum.Contents,
			Texts: p.sum.Texts, Passages: p.sum.Passages, Vectors: p.sum.Vectors,
		}
		if p.checked {
			out.Data = &dataSummary{p.sample, p.sum.ContentsRead, p.sum.BytesRead, p.sum.TextsRead, p.sum.PathsSplit}
		}
		return p.json.Encode(out)
	}
	if err := p.more(); err != nil {
		return err
	}
	damage := "no damage found"
	if p.damages > 0 {
		damage = tool.Count(p.damages, "damage") + " found"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %s; %s of %s, %s, %s", tool.Display(p.db, p.terminal),
		damage, tool.Count(p.notes, "note"),
		tool.Count(p.sum.Versions, "version"), tool.Count(p.sum.Paths, "path"),
		tool.Count(p.sum.Contents, "content"), tool.Count(p.sum.Passages, "passage"))
	if p.checked {
		fmt.Fprintf(&b, "; read %s with %d bytes, split %s again", tool.Count(p.sum.ContentsRead, "content"), p.sum.BytesRead, tool.Count(p.sum.PathsSplit, "path"))
	}
	b.WriteString("\n")
	_, err := io.WriteString(p.w, b.String())
	return err
}
