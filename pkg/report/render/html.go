package render

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/report"
)

const (
	htmlRuns     = 200
	htmlFailures = report.MaxFailures
	htmlUnfolded = 10 // of the failures
	htmlName     = 300
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// HTML writes a series as a page that needs nothing else: no script, no style
// sheet, no font, no picture from anywhere.
func HTML(w io.Writer, s *report.Series) error {
	p, err := newPage(s)
	if err != nil {
		return err
	}
	return pageTemplate.Execute(w, p)
}

// page is what the template is filled with. All of it is text, but for the plots.
type page struct {
	Title    string
	Status   string
	Class    string // of the status: good, odd or bad
	Time     string
	Warnings []string
	Tiles    []tile
	Outcomes []share
	Facts    []labelled
	OverRun  []figure
	Sections []section
	Config   []labelled

	Span       string
	OverRuns   []group
	OtherBases string // how many knowledge bases have no plots
	AnyBad     bool   // whether a run of the plots is not complete
	Heads      []cell
	Runs       [][]cell
	Earlier    string // how many runs are not in the table
}

type tile struct {
	Label, Value string
	Bad          bool
}

// share is a part of all records.
type share struct {
	Name, Count string
	Percent     float64
}

type labelled struct{ Name, Text string }

type figure struct {
	Name, Unit string
	Plot       template.HTML
}

// group is the plots of one knowledge base.
type group struct {
	Of    string // "" where there is no other one
	Plots []figure
}

type section struct {
	Title    string
	Reasons  []labelled // Name is how many
	Failures []entry
	Folded   []entry // that are shown when asked for
	More     string
}

type entry struct{ Path, Reason, Message string }

type cell struct {
	Text  string
	Class string
}

func newPage(s *report.Series) (*page, error) {
	r := s.Last()
	p := &page{
		Title: name(r), Status: visible(r.Status), Class: statusClass(r), Time: at(r.Timestamp) + " UTC", Warnings: warnings(r),
	}
	cost := &r.Performance
	most := "not known"
	if cost.Measured() {
		most = memory(cost.PeakMemoryMB)
	}
	p.Tiles = []tile{
		{"records", count(r.Processing.TotalFiles), false},
		{"failed", count(r.Processing.Failed), r.Processing.Failed > 0},
		{"files a second", decimal(cost.FilesPerSecond), false},
		{"took", seconds(cost.ElapsedSeconds), false},
		{"peak memory", most, false},
		{"read", size(r.Processing.Bytes), false},
	}
	for _, o := range outcomes(r) {
		p.Outcomes = append(p.Outcomes, share{o.name, count(o.n), 100 * float64(o.n) / max(1, float64(r.Processing.TotalFiles))})
	}
	for _, f := range facts(r) {
		p.Facts = append(p.Facts, labelled{f.name, f.text})
	}
	p.sections(r)
	for _, key := range slices.Sorted(maps.Keys(r.Config)) {
		value, err := kb.MarshalJSON(r.Config[key])
		if err != nil {
			return nil, fmt.Errorf("write configuration: %w", err)
		}
		p.Config = append(p.Config, labelled{visible(key), shorten(visible(string(value)), 1000)})
	}
	var err error
	if p.OverRun, err = figures(overRun(r), "over the run"); err != nil {
		return nil, err
	}
	return p, p.series(s)
}

func statusClass(r *report.Run) string {
	switch r.Status {
	case complete:
		return "good"
	case "failed":
		return "bad"
	}
	return "odd"
}

func (p *page) sections(r *report.Run) {
	add := func(title string, reasons []tally, list []failure, of int64) {
		s := section{Title: title}
		for _, reason := range reasons[:min(len(reasons), htmlFailures)] {
			s.Reasons = append(s.Reasons, labelled{count(reason.n), reason.name})
		}
		for _, f := range list {
			s.Failures = append(s.Failures, entry{f.path, f.reason, shorten(f.message, 2000)})
		}
		if n := htmlUnfolded; len(s.Failures) > n {
			s.Failures, s.Folded = s.Failures[:n], s.Failures[n:]
		}
		if more := of - int64(len(list)); more > 0 && len(list) > 0 {
			s.More = "and " + count(more) + " more, in the “errors” of the report"
		}
		p.Sections = append(p.Sections, s)
	}
	if n := r.Processing.Failed; n > 0 {
		add("Failed: "+counted(n, "record"), failureReasons(r), failures(r, htmlFailures), n)
	}
	if r.Text.WithoutText > 0 || r.Text.Kept > 0 {
		add("Without text to search: "+textCounts(r), textReasons(r), textFailures(r, htmlFailures), 0)
	}
}

func figures(curves []curve, over string) ([]figure, error) {
	var list []figure
	for _, c := range curves {
		scale := c.scale()
		if len(c.points) > 1 {
			scale = "from " + scale
		}
		title := fmt.Sprintf("%s %s: %s", c.name, over, scale)
		drawn, err := svg(&c, title)
		if err != nil {
			return nil, err
		}
		list = append(list, figure{c.name, c.unit, drawn})
	}
	return list, nil
}

// series adds what is to be said of many runs.
func (p *page) series(s *report.Series) error {
	courses := overRuns(s)
	if courses == nil {
		return nil
	}
	p.Span = span(s)
	p.AnyBad = slices.ContainsFunc(courses, func(c course) bool { return slices.Contains(c.curves[0].bad, true) })
	for _, c := range courses[:min(len(courses), mostCourses)] {
		figures, err := figures(c.curves, "over "+counted(int64(len(c.curves[0].points)), "run"))
		if err != nil {
			return err
		}
		p.OverRuns = append(p.OverRuns, group{c.of, figures})
	}
	if more := len(courses) - mostCourses; more > 0 {
		p.OtherBases = "and " + counted(int64(more), "other knowledge base")
	}
	columns := columnsFor(s, htmlName)
	for _, c := range columns {
		p.Heads = append(p.Heads, cell{c.head, align(c)})
	}
	for i := len(s.Runs) - 1; i >= max(0, len(s.Runs)-htmlRuns); i-- {
		var row []cell
		for _, c := range columns {
			class := align(c)
			if c.head == "status" {
				class = statusClass(s.Runs[i])
			}
			row = append(row, cell{c.text(s.Runs[i]), class})
		}
		p.Runs = append(p.Runs, row)
	}
	if more := len(s.Runs) - htmlRuns; more > 0 {
		p.Earlier = "and " + counted(int64(more), "earlier run")
	}
	return nil
}

func align(c column) string {
	if c.left {
		return ""
	}
	return "n"
}
