package render

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A plot is as wide as a phone, so that its text can be read there, and grows on
// wider screens.
const (
	plotWidth  = 340 // points
	plotHeight = 180
	plotText   = 11
	mostDots   = 90 // points that are still told apart
)

// The inks of a plot. Each is a colour that stands for a variable of the style
// sheet, so that a plot follows the page from light to dark; inks has which.
var (
	textInk = color.NRGBA{1, 1, 1, 255}
	gridInk = color.NRGBA{2, 2, 2, 255}
	lineInk = color.NRGBA{3, 3, 3, 255}
	areaInk = color.NRGBA{4, 4, 4, 255}
	badInk  = color.NRGBA{5, 5, 5, 255}
)

var inks = strings.NewReplacer(
	"#010101", "var(--text)", "#020202", "var(--grid)", "#030303", "var(--line)", "#040404", "var(--area)", "#050505", "var(--bad)",
)

// svg draws a curve as an SVG element for a page whose style sheet has the
// variables of inks. title is what a screen reader says.
func svg(c *curve, title string) (template.HTML, error) {
	p := plot.New()
	p.BackgroundColor = color.Transparent
	face := font.Font{Typeface: "Liberation", Variant: "Sans"}
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color, axis.Tick.Color, axis.Tick.Label.Color = gridInk, gridInk, textInk
		axis.Tick.Label.Font = font.From(face, plotText)
		axis.LineStyle.Width, axis.Tick.LineStyle.Width = 0.5, 0.5
		axis.Padding = 0
	}
	p.Y.LineStyle.Width, p.Y.Tick.LineStyle.Width, p.Y.Tick.Length = 0, 0, 2
	c.setAxes(p)
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color, grid.Horizontal.Width = nil, gridInk, 0.5
	p.Add(grid)
	if err := c.addTo(p); err != nil {
		return "", fmt.Errorf("plot %s: %w", c.name, err)
	}
	canvas := vgsvg.New(plotWidth, plotHeight)
	p.Draw(draw.New(canvas))
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return "", fmt.Errorf("plot %s: %w", c.name, err)
	}
	// What comes before the drawing is for files of their own.
	_, drawing, ok := strings.Cut(out.String(), `xmlns:xlink="http://www.w3.org/1999/xlink">`)
	if !ok {
		return "", fmt.Errorf("plot %s: the drawing does not begin as it should", c.name)
	}
	head := fmt.Sprintf(`<svg role="img" aria-label="%s" viewBox="0 0 %d %d">`, template.HTMLEscapeString(title), plotWidth, plotHeight)
	return template.HTML(head + inks.Replace(drawing)), nil // of numbers and our own words only
}

// setAxes sets the axes: from zero up, and over all the time that there is.
func (c *curve) setAxes(p *plot.Plot) {
	p.X.Min, p.X.Max = 0, c.end
	if c.dates != nil {
		p.X.Min, p.X.Max = wholeSeconds(c.dates.from, c.dates.to)
	} else if p.X.Max < shortest {
		p.X.Max = 1
	}
	p.Y.Min = 0
	least := 0.0
	if c.whole {
		least = 1
	}
	p.Y.Tick.Marker = plot.ConstantTicks(valueTicks(c.most(), least))
	p.Y.Max = p.Y.Tick.Marker.Ticks(0, 0)[len(p.Y.Tick.Marker.Ticks(0, 0))-1].Value
	if c.dates != nil {
		p.X.Tick.Marker = plot.ConstantTicks(dateTicks(p.X.Min, p.X.Max))
	} else {
		p.X.Tick.Marker = plot.ConstantTicks(secondTicks(p.X.Max))
	}
}

// addTo draws the line, the area below it, and a dot for each run while there
// are few of them.
func (c *curve) addTo(p *plot.Plot) error {
	var all, bad plotter.XYs
	for i, pt := range c.points {
		xy := plotter.XY{X: pt.x, Y: pt.y}
		all = append(all, xy)
		if c.bad != nil && c.bad[i] {
			bad = append(bad, xy)
		}
	}
	line, err := plotter.NewLine(all)
	if err != nil {
		return err
	}
	line.Color, line.Width, line.FillColor = lineInk, 1.5, areaInk
	p.Add(line)
	dots := func(at plotter.XYs, ink color.Color, radius float64) error {
		if len(at) == 0 {
			return nil
		}
		s, err := plotter.NewScatter(at)
		if err != nil {
			return err
		}
		s.GlyphStyle = draw.GlyphStyle{Color: ink, Radius: font.Length(radius), Shape: draw.CircleGlyph{}}
		p.Add(s)
		return nil
	}
	if c.bad != nil && len(all) <= mostDots {
		if err := dots(all, lineInk, 2); err != nil {
			return err
		}
	}
	return dots(bad, badInk, 3.5)
}

// step is the smallest of 1, 2 and 5 times a power of ten that divides span into
// at most parts.
func step(span float64, parts int) float64 {
	raw := span / float64(parts)
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= raw*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// valueTicks are at round numbers from zero to the first that is not below most,
// and at least so far apart.
func valueTicks(most, least float64) []plot.Tick {
	if most < 1e-6 {
		most = 1
	}
	by := max(step(most, 4), least)
	var ticks []plot.Tick
	for i := 0; ; i++ {
		y := float64(i) * by
		ticks = append(ticks, plot.Tick{Value: y, Label: short(y)})
		if y >= most*(1-1e-9) {
			return ticks
		}
	}
}

// short writes a number in little room: 1.5k, 20M.
func short(x float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if x >= unit.size {
			return fmt.Sprintf("%.4g%s", x/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%.3g", x)
}

const (
	minute = 60.0
	hour   = 60 * minute
	oneDay = 24 * hour
)

// clockSteps are the distances within a day that people read easily, in seconds.
var clockSteps = []float64{
	1, 2, 5, 10, 15, 30, minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute,
	hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour,
}

// secondTicks are those of a run: how long after its beginning.
func secondTicks(most float64) []plot.Tick {
	by := secondStep(most, 5)
	var ticks []plot.Tick
	for i := 0; float64(i)*by <= most*(1+1e-9); i++ {
		x := float64(i) * by
		label := fmt.Sprintf("%.3g s", x)
		switch {
		case by >= oneDay:
			label = fmt.Sprintf("%.0f d", x/oneDay)
		case by >= hour:
			label = fmt.Sprintf("%.0f h", x/hour)
		case by >= minute:
			label = fmt.Sprintf("%.0f min", x/minute)
		}
		ticks = append(ticks, plot.Tick{Value: x, Label: label})
	}
	return ticks
}

// secondStep divides a length of time into at most parts.
func secondStep(span float64, parts int) float64 {
	if span < float64(parts) {
		return step(span, parts)
	}
	for _, by := range clockSteps {
		if span/by <= float64(parts) {
			return by
		}
	}
	return max(1, step(span/oneDay, parts)) * oneDay
}
