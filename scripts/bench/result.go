package main

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

// Result is all that was measured.
type Result struct {
	Machine     Machine  `json:"machine"`
	Scale       float64  `json:"scale"`
	Repetitions int      `json:"repetitions"`
	Lines       []Line   `json:"rows"`
	Growth      []Growth `json:"growth,omitempty"`
}

// Line is a row of the table.
type Line struct {
	Row      string      `json:"row"`
	Peer     string      `json:"peer,omitempty"`
	Ours     float64     `json:"ours"`             // median of the wall times in seconds, or the value itself
	Theirs   float64     `json:"theirs,omitempty"` // the same of the peer
	Least    float64     `json:"ratio_min,omitempty"`
	Ratio    float64     `json:"ratio_median,omitempty"`
	Most     float64     `json:"ratio_max,omitempty"`
	Goal     float64     `json:"goal"`
	Absolute bool        `json:"absolute,omitempty"` // Goal is of Ours, and not of Ratio
	AtLeast  bool        `json:"at_least,omitempty"` // and Ours should not be less
	Floor    bool        `json:"floor,omitempty"`    // not ours, but what the row above takes at least; has no goal
	Met      bool        `json:"met"`
	LeftOut  string      `json:"left_out,omitempty"` // why there are no figures
	Runs     *Comparison `json:"runs,omitempty"`
}

// Growth is what a number of things took.
type Growth struct {
	What        string  `json:"what"`
	N           int     `json:"n"`
	Cost        Cost    `json:"cost"`
	PerThousand float64 `json:"seconds_per_thousand"`
}

func (l *Line) fill(c *Comparison) {
	same := func(x float64) float64 { return x }
	l.Runs = c
	l.Ours, l.Theirs = median(c.Ours, wall), median(c.Peers, wall)
	l.Least, l.Ratio, l.Most = slices.Min(c.Ratios), median(c.Ratios, same), slices.Max(c.Ratios)
}

// value is what is held against the goal.
func (l *Line) value() float64 {
	if l.Absolute {
		return l.Ours
	}
	return l.Ratio
}

func (l *Line) judge() {
	switch {
	case l.LeftOut != "", l.Floor:
		l.Met = false
	case l.AtLeast:
		l.Met = l.value() >= l.Goal
	default:
		l.Met = l.value() <= l.Goal
	}
}

// Verdict is the last column.
func (l *Line) Verdict() string {
	switch {
	case l.LeftOut != "":
		return "left out: " + l.LeftOut
	case l.Floor:
		return "for comparison"
	case l.Met:
		return "met"
	}
	return "not met"
}

// GoalText is the goal as the design has it, or "" for none.
func (l *Line) GoalText() string {
	switch {
	case l.Floor:
		return ""
	case l.AtLeast:
		return fmt.Sprintf("≥ %g", l.Goal)
	}
	return fmt.Sprintf("≤ %g", l.Goal)
}

// skip adds a row without figures.
func (r *Result) skip(b *bench, line Line, why string) error {
	b.say("left out: %s: %s", line.Row, why)
	line.LeftOut = why
	r.Lines = append(r.Lines, line)
	return nil
}

// write prints the tables, and writes bench.json and bench.svg into a folder.
func (r *Result) write(out io.Writer, folder string) error {
	for i := range r.Lines {
		r.Lines[i].judge()
	}
	if err := r.print(out); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "bench.json"), append(text, '\n'), 0o666); err != nil {
		return err
	}
	var svg strings.Builder
	if err := r.draw(&svg); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "bench.svg"), []byte(svg.String()), 0o666); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\nwritten: %[1]s/bench.json, %[1]s/bench.svg\n", folder)
	return err
}

func (r *Result) print(out io.Writer) error {
	m := r.Machine
	fmt.Fprintf(out, "%s, %d cores, %s; %s; %s; load %s\n", m.CPU, m.Cores, m.Memory, m.Kernel, m.Go, m.Load)
	for _, name := range slices.Sorted(keys(m.Versions)) {
		fmt.Fprintf(out, "%s: %s\n", name, m.Versions[name])
	}
	fmt.Fprintf(out, "scale %g, median of %d pairs of runs\n\n", r.Scale, r.Repetitions)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(r.Lines) > 0 {
		fmt.Fprintln(table, "ROW\tPEER\tOURS\tPEER'S\tRATIO\tMIN..MAX\tGOAL\t")
	}
	for _, l := range r.Lines {
		switch {
		case l.LeftOut != "":
			fmt.Fprintf(table, "%s\t%s\t\t\t\t\t%s\t%s\n", l.Row, l.Peer, l.GoalText(), l.Verdict())
		case l.Absolute:
			fmt.Fprintf(table, "%s\t\t%.3g\t\t\t\t%s\t%s\n", l.Row, l.Ours, l.GoalText(), l.Verdict())
		default:
			fmt.Fprintf(table, "%s\t%s\t%.4g s\t%.4g s\t%.2f\t%.2f..%.2f\t%s\t%s\n", l.Row, l.Peer, l.Ours, l.Theirs, l.Ratio, l.Least, l.Most, l.GoalText(), l.Verdict())
		}
	}
	if len(r.Growth) > 0 {
		fmt.Fprintln(table, "\nGROWTH\tN\tSECONDS\tFOR 1,000\tPEAK MiB")
	}
	for _, g := range r.Growth {
		fmt.Fprintf(table, "%s\t%d\t%.2f\t%.3f\t%.0f\n", g.What, g.N, g.Cost.Wall, g.PerThousand, g.Cost.PeakMB)
	}
	return table.Flush()
}

func keys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// bar is a line of the drawing.
type bar struct {
	Line
	Y, Width int
	Text     string
}

const (
	goalAt = 400 // pixels from the left edge of the bars to the line of the goal
	widest = 2 * goalAt
)

// draw draws a bar for each row: the share of its goal that is used up.
func (r *Result) draw(out io.Writer) error {
	var bars []bar
	for _, l := range r.Lines {
		if l.LeftOut != "" || l.Floor {
			continue
		}
		share := l.value() / l.Goal
		if l.AtLeast {
			share = l.Goal / max(l.value(), 1e-9)
		}
		width := min(int(share*goalAt), widest)
		bars = append(bars, bar{l, 60 + len(bars)*48, max(width, 1), fmt.Sprintf("%.3g of %s", l.value(), l.GoalText())})
	}
	return picture.Execute(out, map[string]any{
		"Bars": bars, "Height": 80 + len(bars)*48, "Machine": fmt.Sprintf("%s, %d cores, %s, scale %g", r.Machine.CPU, r.Machine.Cores, r.Machine.Kernel, r.Scale),
	})
}

var picture = template.Must(template.New("svg").Parse(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 {{.Height}}" role="img" font-family="sans-serif" font-size="14">
<title>Measured values as a share of their goals</title>
<style>
text { fill: #1f2328 } .met { fill: #2da44e } .missed { fill: #cf222e } .goal { fill: #1f2328 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .met { fill: #3fb950 } .missed { fill: #f85149 } .goal { fill: #e6edf3 } }
</style>
<text x="20" y="24">Each bar is what was measured; the line is its goal, and shorter is better</text>
<text x="20" y="42" font-size="11">{{.Machine}}</text>
{{range .Bars}}<text x="20" y="{{.Y}}" dy="14">{{.Row}}{{with .Peer}}, against {{.}}{{end}}: {{.Text}}</text>
<rect class="{{if .Met}}met{{else}}missed{{end}}" x="20" y="{{.Y}}" width="{{.Width}}" height="12" transform="translate(0 20)"/>
<rect class="goal" x="420" y="{{.Y}}" width="2" height="18" transform="translate(0 17)"/>
{{end}}</svg>
`))
