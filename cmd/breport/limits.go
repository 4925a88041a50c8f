package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/seed16713943/btools/pkg/config"
	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/tool"
)

// limits are what a run has to keep to; the zero value of each is no limit.
type limits struct {
	failures  failureLimit
	texts     failureLimit
	rate      rateLimit
	memory    *int64 // bytes
	time, age *time.Duration
}

func (l *limits) add(set *config.Set) {
	set.Var("max-failures", "", &l.failures, "at most `N` records, or N% of them, may have failed, and so were not stored, all folders were read, and no deletions were withheld")
	set.Var("max-text-failures", "", &l.texts, "at most `N` versions, or N% of the records, may be stored without text because a filter or the reading of their format failed")
	set.Var("min-rate", "", &l.rate, "at least `N` files a second, where there were any")
	l.memory = set.Bytes("max-memory", "", 0, "at most `SIZE` of memory at any time; 0 for no limit")
	l.time = set.Duration("max-time", "", 0, "at most this `TIME` for a run, such as 30m; 0 for no limit")
	l.age = set.Duration("max-age", "", 0, "the newest run of each knowledge base at most this `TIME` ago, such as 36h or 7d; 0 for no limit")
}

// clocksDiffer is by how much the clocks of machines may differ.
const clocksDiffer = 10 * time.Minute

func (l *limits) any() bool {
	return l.failures.given || l.texts.given || l.rate > 0 || *l.memory > 0 || *l.time > 0 || *l.age > 0
}

// broken says in a sentence each what does not keep to the limits.
func (l *limits) broken(s *report.Series, now time.Time) []string {
	if !l.any() {
		return nil
	}
	var list []string
	bases := s.Bases()
	for _, r := range s.Runs {
		for _, why := range l.brokenBy(r) {
			list = append(list, nameOfRun(r, bases)+": "+why)
		}
	}
	if *l.age == 0 {
		return list
	}
	newest := s.Newest()
	for _, db := range bases {
		r := newest[db]
		if !r.Of(report.Ingest) { // however young it is
			list = append(list, nameOfRun(r, bases)+": it took no documents in, and -max-age is about runs that do: bingest report -command ingest")
			continue
		}
		switch age := now.Sub(r.Timestamp.Time()); {
		case age > *l.age:
			list = append(list, fmt.Sprintf("%s: it is the newest and ended %s ago, longer than -max-age %s", nameOfRun(r, bases), age.Round(time.Second), *l.age))
		case age < -clocksDiffer:
			list = append(list, fmt.Sprintf("%s: it is the newest and says that it ended at %s, which is yet to come; is a clock wrong?", nameOfRun(r, bases), r.Timestamp))
		}
	}
	return list
}

// nameOfRun names a run, and where there are several knowledge bases, its own.
func nameOfRun(r *report.Run, bases []string) string {
	switch {
	case len(bases) == 1:
		return fmt.Sprintf("run %d", r.Run)
	case r.DB() == "":
		return fmt.Sprintf("run %d (knowledge base not named)", r.Run)
	}
	return fmt.Sprintf("run %d of %s", r.Run, tool.Printable(r.DB()))
}

func (l *limits) brokenBy(r *report.Run) []string {
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	p, m := &r.Processing, &r.Performance
	if r.Status != "complete" {
		add("the status is %.40q, not complete", r.Status)
	}
	if l.failures.given && p.Unread > 0 {
		add("%s could not be read, and -max-failures allows none of these", tool.Count(p.Unread, "folder"))
	}
	if l.failures.given && p.Withheld > 0 {
		add("%s withheld, as -max-delete of bingest has it, and -max-failures allows none of these", tool.Count(p.Withheld, "deletion"))
	}
	if l.failures.exceeded(p.Failed, p.TotalFiles) {
		add("%d of %s failed, more than -max-failures %s", p.Failed, tool.Count(p.TotalFiles, "record"), &l.failures)
	}
	if n := r.Text.Failed(); l.texts.exceeded(n, p.TotalFiles) {
		add("no text, or none but that of before, could be had of %s, of %s, more than -max-text-failures %s", tool.Count(n, "version"), tool.Count(p.TotalFiles, "record"), &l.texts)
	}
	if p.TotalFiles > 0 && m.FilesPerSecond < float64(l.rate) {
		add("%s files a second, fewer than -min-rate %s", number(m.FilesPerSecond), &l.rate)
	}
	if *l.memory > 0 && !m.Measured() {
		add("its memory is not known, and so not whether it keeps to -max-memory %s", config.FormatBytes(*l.memory))
	}
	if peak := m.PeakMemoryMB * (1 << 20); *l.memory > 0 && peak > float64(*l.memory) {
		add("%s MiB of memory, more than -max-memory %s", number(m.PeakMemoryMB), config.FormatBytes(*l.memory))
	}
	if took := m.ElapsedSeconds; *l.time > 0 && took > l.time.Seconds() {
		add("%s seconds, longer than -max-time %s", number(took), *l.time)
	}
	return list
}

// verdict is the exit code, and what is said of it.
func verdict(bad int64, broken []string) error {
	if bad == 1 {
		broken = append(broken, "1 line is not a report")
	} else if bad > 1 {
		broken = append(broken, fmt.Sprintf("%d lines are not reports", bad))
	}
	if len(broken) == 0 {
		return nil
	}
	return tool.Exit(tool.ExitPartial, errors.New(strings.Join(broken, "\n")))
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// failureLimit is a number of records or documents, or a part of all records.
type failureLimit struct {
	most    float64
	percent bool
	given   bool
}

// Set reads N or N%.
func (v *failureLimit) Set(text string) error {
	digits, percent := strings.CutSuffix(text, "%")
	most, err := strconv.ParseFloat(digits, 64)
	whole := most == math.Trunc(most)
	// The comparison is written so that NaN fails it.
	if err != nil || !(0 <= most && most <= math.MaxInt32) || percent && most > 100 || !percent && !whole {
		return fmt.Errorf("%q is not a whole number such as 5, nor a percentage such as 1%%", text)
	}
	*v = failureLimit{most, percent, true}
	return nil
}

// String gives the form that Set reads; "" for no limit.
func (v *failureLimit) String() string {
	switch {
	case !v.given:
		return ""
	case v.percent:
		return number(v.most) + "%"
	}
	return number(v.most)
}

func (v *failureLimit) exceeded(failed, total int64) bool {
	switch {
	case !v.given:
		return false
	case v.percent: // a reindex has documents without text, and no records
		return v.most < 100 && float64(failed)*100 > v.most*float64(total)
	}
	return float64(failed) > v.most
}

// rateLimit is a number of files in a second.
type rateLimit float64

// Set reads a number above zero.
func (v *rateLimit) Set(text string) error {
	rate, err := strconv.ParseFloat(text, 64)
	if err != nil || !(0 < rate && rate <= math.MaxInt32) {
		return fmt.Errorf("%q is not a number above 0, such as 50", text)
	}
	*v = rateLimit(rate)
	return nil
}

// String gives the form that Set reads; "" for no limit.
func (v *rateLimit) String() string {
	if *v == 0 {
		return ""
	}
	return number(float64(*v))
}
