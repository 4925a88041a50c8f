// Package sysload says how much memory this process holds, and which processes run.
//
//	m, err := sysload.Memory()
//	if m.Resident > threshold { … }
package sysload

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v3/process"
)

// Usage is the memory of a process, in bytes.
type Usage struct {
	Resident int64
	Peak     int64 // the most that was resident at any time
}

// Memory returns the usage of this process.
func Memory() (Usage, error) {
	self, err := process.NewProcess(int32(os.Getpid()))
	if err != nil {
		return Usage{}, fmt.Errorf("measure memory: %w", err)
	}
	info, err := self.MemoryInfo()
	if err != nil {
		return Usage{}, fmt.Errorf("measure memory: %w", err)
	}
	usage := Usage{Resident: int64(info.RSS)}
	peak, err := highWaterMark()
	usage.Peak = max(peak, usage.Resident)
	return usage, err
}

// highWaterMark returns the most memory that was resident since this program
// began. The kernel's ru_maxrss would not do: it begins with the process, and
// what our parent held before it became us counts there.
func highWaterMark() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("measure memory: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			return kib * 1024, nil
		}
	}
	return 0, errors.New("measure memory: /proc/self/status has no VmHWM")
}

// AliveOn is Alive for a process of the given host. Of one on another machine
// nothing is known, and it is believed to run.
func AliveOn(host string, pid int, since time.Time) bool {
	here, err := os.Hostname()
	return err != nil || here != host || Alive(pid, since)
}

// Alive reports whether the process pid runs on this machine and had already
// begun at the given time; a process that began later has only inherited the
// number. One that has ended and was not yet waited for does not run.
func Alive(pid int, since time.Time) bool {
	p, err := process.NewProcess(int32(pid))
	if err != nil {
		return false
	}
	if states, err := p.Status(); err == nil && slices.Contains(states, process.Zombie) {
		return false
	}
	created, err := p.CreateTime() // ms since 1970, to the tick of the kernel's clock
	return err != nil || time.UnixMilli(created).Before(since.Add(time.Second))
}

// Guard watches the memory of this process against a threshold. It looks at
// most once an interval, since looking costs a few system calls.
type Guard struct {
	Threshold int64 // bytes
	Interval  time.Duration
	Warn      func(resident int64) // called once, the first time that the threshold is exceeded

	mu     sync.Mutex
	looked time.Time
	over   bool
	warned bool
}

// Over reports whether the process held more than the threshold when last
// looked at.
func (g *Guard) Over() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if now.Sub(g.looked) < g.Interval {
		return g.over
	}
	usage, err := Memory()
	if err != nil {
		return g.over // no news
	}
	g.looked, g.over = now, usage.Resident > g.Threshold
	if g.over && !g.warned {
		g.warned = true
		g.Warn(usage.Resident)
	}
	return g.over
}

// ResidentMB returns Resident in units of 1,048,576 bytes, with one decimal.
func (u Usage) ResidentMB() float64 { return megabytes(u.Resident) }

// PeakMB returns Peak in units of 1,048,576 bytes, with one decimal.
func (u Usage) PeakMB() float64 { return megabytes(u.Peak) }

func megabytes(n int64) float64 { return math.Round(10*float64(n)/(1<<20)) / 10 }
