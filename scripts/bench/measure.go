package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// Cost is what a command took.
type Cost struct {
	Wall   float64 `json:"wall_seconds"`
	User   float64 `json:"user_seconds"`
	System float64 `json:"system_seconds"`
	PeakMB float64 `json:"peak_memory_mb"` // of the largest of its processes
}

// measureWord makes this program the parent of what is measured. What a parent
// holds before it becomes another program counts in the kernel's figure of the
// child; so the parent must be a small one, and not the one that made the data.
const measureWord = "-measure-child"

// measureChild runs a shell line and writes its Cost to file 3.
func measureChild(args []string) int {
	cmd := exec.Command("sh", "-c", args[0])
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	started := time.Now()
	err := cmd.Run()
	wall := time.Since(started)
	if cmd.ProcessState == nil {
		fmt.Fprintf(os.Stderr, "bench: error: %v\n", err)
		return 1
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	cost := Cost{
		Wall: wall.Seconds(), User: cmd.ProcessState.UserTime().Seconds(), System: cmd.ProcessState.SystemTime().Seconds(),
		PeakMB: float64(usage.Maxrss) / 1024,
	}
	if err := json.NewEncoder(os.NewFile(3, "cost")).Encode(cost); err != nil {
		return 1
	}
	return cmd.ProcessState.ExitCode()
}

// measure runs a shell line in the cache folder, and gives what it wrote to
// stdout.
func (b *bench) measure(line string) (Cost, []byte, error) {
	var cost Cost
	self, err := os.Executable()
	if err != nil {
		return cost, nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return cost, nil, err
	}
	defer r.Close()
	cmd := exec.CommandContext(b.ctx, self, measureWord, line)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = b.cache, b.env, &stdout, &stderr
	cmd.ExtraFiles = []*os.File{w}
	err = cmd.Run()
	if err := w.Close(); err != nil {
		return cost, nil, err
	}
	if err != nil {
		return cost, nil, fmt.Errorf("%s: %w: %s", line, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return cost, stdout.Bytes(), json.NewDecoder(r).Decode(&cost)
}

// shell runs a line that is not measured.
func (b *bench) shell(format string, args ...any) error {
	_, _, err := b.measure(fmt.Sprintf(format, args...))
	return err
}

// side is one of the two things that are compared.
type side struct {
	before string // a shell line run before each time, not measured; "" for none
	line   string
	after  func(Cost, []byte) // is given what it cost and wrote; may be nil
}

func (b *bench) once(s side) (Cost, error) {
	if s.before != "" {
		if err := b.shell("%s", s.before); err != nil {
			return Cost{}, err
		}
	}
	cost, out, err := b.measure(s.line)
	if err == nil && s.after != nil {
		s.after(cost, out)
	}
	return cost, err
}

// compare measures two sides in turns, after a warm-up of each.
func (b *bench) compare(ours, peer side) (*Comparison, error) {
	if _, err := b.once(ours); err != nil {
		return nil, err
	}
	if _, err := b.once(peer); err != nil {
		return nil, err
	}
	c := new(Comparison)
	for range b.reps {
		a, err := b.once(ours)
		if err != nil {
			return nil, err
		}
		p, err := b.once(peer)
		if err != nil {
			return nil, err
		}
		c.Ours, c.Peers = append(c.Ours, a), append(c.Peers, p)
		c.Ratios = append(c.Ratios, a.Wall/p.Wall)
	}
	return c, nil
}

// Comparison is what two sides cost, in the order of the runs.
type Comparison struct {
	Ours   []Cost    `json:"ours"`
	Peers  []Cost    `json:"peers"`
	Ratios []float64 `json:"ratios"` // of the wall times, pair by pair
}

// median of what pick picks.
func median[T any](list []T, pick func(T) float64) float64 {
	values := make([]float64, len(list))
	for i, x := range list {
		values[i] = pick(x)
	}
	slices.Sort(values)
	n := len(values)
	if n == 0 {
		return 0
	}
	return (values[(n-1)/2] + values[n/2]) / 2
}

func wall(c Cost) float64 { return c.Wall }

// missing gives the first of some programs that is not installed, or "".
func missing(programs ...string) string {
	for _, p := range programs {
		if _, err := exec.LookPath(p); errors.Is(err, exec.ErrNotFound) {
			return p
		}
	}
	return ""
}
