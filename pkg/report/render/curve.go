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
	unit   string  // of y
	whole  bool    // y counts things
	dates  *period // that the plot is over; nil where x is seconds since the run began
	end    float64 // of the run, by its last sample; not of dates
	points []point
	bad    []bool // for each point, whether its run did not complete; nil within a run
}

// period is a time from and to, in seconds since 1970.
type period struct{ from, to float64 }

// fewest is how many points it takes to see a course.
const fewest = 3

// shortest is the shortest time that reports tell apart, in seconds.
const shortest = 0.001

// overRun is how a run went on; nil where the report does not say.
func overRun(r *report.Run) []curve {
	if len(r.Samples) < fewest {
		return nil
	}
	end := r.Samples[len(r.Samples)-1].ElapsedSeconds
	rate := curve{name: "rate", unit: "files a second", end: end}
	memory := curve{name: "memory", unit: "MiB", end: end}
	failed := curve{name: "failed", unit: "records", whole: true, end: end}
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

// mostCourses is how many knowledge bases are drawn in a page or a summary.
const mostCourses = 20

// course is how the runs of one knowledge base went.
type course struct {
	of     string // its name; "" where there is no other one
	curves []curve
}

// overRuns is how run after run went, for each knowledge base; nil for a single
// run.
func overRuns(s *report.Series) []course {
	if len(s.Runs) < 2 {
		return nil
	}
	bases := s.Bases()
	if len(bases) == 1 {
		return []course{{"", curvesOf(s, bases[0])}}
	}
	var list []course
	for _, db := range bases {
		list = append(list, course{baseName(db), curvesOf(s, db)})
	}
	return list
}

// curvesOf draws the runs of one knowledge base over the time of all.
func curvesOf(s *report.Series, db string) []curve {
	dates := &period{since1970(s.Runs[0]), since1970(s.Last())}
	rate := curve{name: "rate", unit: "files a second", dates: dates}
	memory := curve{name: "peak memory", unit: "MiB", dates: dates}
	failed := curve{name: "failed", unit: "records", whole: true, dates: dates}
	for _, r := range s.Runs {
		if r.DB() != db {
			continue
		}
		x := since1970(r)
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

// since1970 is when a run ended, in seconds.
func since1970(r *report.Run) float64 { return float64(r.Timestamp) / 1e6 }

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
	if len(c.points) == 1 {
		return decimal(c.most()) + " " + c.unit
	}
	return fmt.Sprintf("%s to %s %s", decimal(c.least()), decimal(c.most()), c.unit)
}

// none reports whether there was none of what the curve counts.
func (c *curve) none() bool { return c.whole && c.most() == 0 }

// commonWidth is how wide curves can be drawn in a line each, at most, so that what is
// below each other in those of a run was at one time. In those of a series, a character
// is a run where there is room.
func commonWidth(curves []curve, most int) int {
	for _, c := range curves {
		if c.dates == nil {
			most = min(most, len(c.points))
		}
	}
	return most
}

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
