// Bench measures the programs beside others that do comparable work on the same
// data: ours, theirs, ours, theirs, and so on after a warm-up of each, so that
// whatever else the machine does falls on both. It prints one table of ratios,
// and writes it as JSON and as an SVG.
//
//	go run ./scripts/bench -bin bin -cache .build/bench -rows scan,first -scale 0.1
//
// All data is made from a fixed seed and stays in the cache folder for the next
// time. A row whose peer is not installed, or whose program has no such flag yet, is
// named and left out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == measureWord {
		os.Exit(measureChild(os.Args[2:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "bench: error: %v\n", err)
		os.Exit(1)
	}
}

// bench is one run of this program.
type bench struct {
	ctx   context.Context
	scale float64
	reps  int
	cache string // absolute
	env   []string
	out   io.Writer // what is going on
}

// scaled is a size of the full run at the scale of this one.
func (b *bench) scaled(n int) int { return max(int(float64(n)*b.scale), 10) }

// path is a file in the cache, whose name says for which size it was made.
func (b *bench) path(name string, size int) string {
	return filepath.Join(b.cache, name+"-"+strconv.Itoa(size))
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.out, format+"\n", args...) }

func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	bin := flags.String("bin", "bin", "the `FOLDER` of our programs")
	cache := flags.String("cache", ".build/bench", "the `FOLDER` of data and results")
	names := flags.String("rows", "", "the `ROWS` to measure, with commas between: "+rowNames()+"; all but growth if empty")
	scale := flags.Float64("scale", 1, "the `PART` of the full sizes")
	reps := flags.Int("reps", 5, "measure each row `N` times")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || *scale <= 0 || *reps < 1 {
		return errors.New("want flags alone, with -scale above 0 and -reps of at least 1")
	}
	chosen, err := choose(*names)
	if err != nil {
		return err
	}
	folder, err := filepath.Abs(*bin)
	if err != nil {
		return err
	}
	b := &bench{ctx: ctx, scale: *scale, reps: *reps, out: os.Stderr}
	if b.cache, err = filepath.Abs(*cache); err != nil {
		return err
	}
	if err := os.MkdirAll(b.cache, 0o777); err != nil {
		return err
	}
	// Nothing of the user's settings changes what is measured.
	b.env = append(withoutSettings(os.Environ()), "PATH="+folder+string(os.PathListSeparator)+os.Getenv("PATH"),
		"RESTIC_PASSWORD=bench", "RESTIC_CACHE_DIR="+filepath.Join(b.cache, "restic-cache"),
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "TZ=UTC", "LC_ALL=C.UTF-8")
	result := &Result{Machine: machine(b), Scale: *scale, Repetitions: *reps}
	for _, r := range chosen {
		if err := r.measure(b, result); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
	return result.write(stdout, b.cache)
}

// withoutSettings leaves out what our programs and their peers take from the
// environment.
func withoutSettings(env []string) []string {
	var kept []string
	for _, line := range env {
		drop := false
		for _, prefix := range []string{"BATCH_", "TEMPORAL_", "RESTIC_", "GIT_", "GOMEMLIMIT=", "GOGC=", "GOMAXPROCS=", "PATH=", "TZ=", "LC_ALL="} {
			drop = drop || strings.HasPrefix(line, prefix)
		}
		if !drop {
			kept = append(kept, line)
		}
	}
	return kept
}

// choose finds the rows of a list.
func choose(list string) ([]row, error) {
	var chosen []row
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		found := false
		for _, r := range rows {
			if r.name == name {
				chosen, found = append(chosen, r), true
			}
		}
		if !found {
			return nil, fmt.Errorf("%q is none of the rows %s", name, rowNames())
		}
	}
	if chosen == nil {
		for _, r := range rows {
			if !r.long {
				chosen = append(chosen, r)
			}
		}
	}
	return chosen, nil
}

func rowNames() string {
	var names []string
	for _, r := range rows {
		names = append(names, r.name)
	}
	return strings.Join(names, ", ")
}
