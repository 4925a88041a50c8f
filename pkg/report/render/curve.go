package render

import (
	"fmt"

	"github.com/seed16713943/btools/pkg/report"
)

// point is a value at a time, both in the units of their curve.
type point struct{ x, y float64 }

// curve is how something went on.
type curve struct {
	name   string
	unit   string // of y
	whole  bool   // y counts things
	dated  bool   // x is seconds since 1970, not since the run began
	points []point
	bad    []bool // for each point, whether its run did not complete; nil within a run
}

// fewest is how many points it takes to see a course.
const fewest = 3

// shortest is the shortest time that reports tell apart, in seconds.
const shortest = 0.001

// overRun is how a run went on; nil where the report does not say.
func overRun(r *report.Run) []curve {
	if len(r.Samples) < fewest {
		return nil
	}
	rate := curve{name: "rate", unit: "files a second"}
	memory := curve{name: "memory", unit: "MiB"}
	failed := curve{name: "failed", unit: "records", whole: true}
	var before report.Sample // the beginning
	for i, s := range r.Samples {
		closing := i == len(r.Samples)-1 && s.Files == before.Files // no files were left to take in
		if took := s.ElapsedSeconds - before.ElapsedSeconds; took >= shortest && !closing {
			rate.points = append(rate.points, point{s.ElapsedSeconds, float64(s.Files-before.Files) / took})
		}
		memory.points = append(memory.points, point{s.ElapsedSeconds, s.MemoryMB})
		failed.points = append(failed.points, point{s.ElapsedSeconds, float64(s.Failed)})
		before = s
	}
	if len(rate.points) < 2 { // it was all over at once
		return nil
	}
	return []curve{rate, memory, failed}
}

// overRuns is how run after run went; nil for a single one.
func overRuns(s *report.Series) []curve {
	if len(s.Runs) < 2 {
		return nil
	}
	rate := curve{name: "rate", unit: "files a second", dated: true}
	memory := curve{name: "peak memory", unit: "MiB", dated: true}
	failed := curve{name: "failed", unit: "records", whole: true, dated: true}
	for _, r := range s.Runs {
		x := float64(r.Timestamp) / 1e6
		bad := r.Status != complete
		rate.add(point{x, r.Performance.FilesPerSecond}, bad)
		if r.Performance.Measured() {
			memory.add(point{x, r.Performance.PeakMemoryMB}, bad)
		}
		failed.add(point{x, float64(r.Processing.Failed)}, bad)
	}
	if len(memory.points) == 0 {
		return []curve{rate, failed}
	}
	return []curve{rate, memory, failed}
}

func (c *curve) add(p point, bad bool) {
	c.points = append(c.points, p)
	c.bad = append(c.bad, bad)
}

// most returns the largest value.
func (c *curve) most() float64 {
	var most float64
	for _, p := range c.points {
		most = max(most, p.y)
	}
	return most
}

// least returns the smallest value.
func (c *curve) least() float64 {
	least := c.most()
	for _, p := range c.points {
		least = min(least, p.y)
	}
	return least
}

// scale says in words what values a curve has.
func (c *curve) scale() string {
	return fmt.Sprintf("%s to %s %s", decimal(c.least()), decimal(c.most()), c.unit)
}

// none reports whether there was none of what the curve counts.
func (c *curve) none() bool { return c.whole && c.most() == 0 }

// spark draws a curve in one line of at most width characters, from zero up to
// its largest value. Where there are more points than that, each character is the
// mean of several, or the largest of them where they count things.
func (c *curve) spark(width int) string {
	bars := []rune("▁▂▃▄▅▆▇█")
	n, top := len(c.points), c.most()
	width = min(width, n)
	line := make([]rune, width)
	for i := range line {
		part := c.points[i*n/width : (i+1)*n/width]
		var most, mean float64
		for _, p := range part {
			most = max(most, p.y)
			mean += p.y / float64(len(part))
		}
		if !c.whole {
			most = mean
		}
		level := 0
		if top > 0 {
			level = min(int(most/top*float64(len(bars))), len(bars)-1)
		}
		line[i] = bars[level]
	}
	return string(line)
}
