package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// row is one of the things to measure.
type row struct {
	name    string
	long    bool // only where it is asked for
	measure func(*bench, *Result) error
}

var rows = []row{
	{"scan", false, (*bench).scan},
	{"rescan", false, (*bench).rescan},
	{"first", false, (*bench).first},
	{"again", false, (*bench).again},
	{"at", false, (*bench).at},
	{"git", false, (*bench).git},
	{"search", false, (*bench).search},
	{"growth", true, (*bench).growth},
}

const (
	smallFiles  = 40_000
	sections    = 5 // of a small file at most
	largeFiles  = 3_000
	passages    = 1_000_000
	versions    = 100_000
	memoryGoal  = 256 // MiB, of bingest
	answersGoal = 48  // MiB, of basof
)

// add measures a row of two sides, unless a peer is missing.
func (b *bench) add(r *Result, line Line, programs string, ours, peer side) error {
	if name := missing(strings.Fields(programs)...); name != "" {
		return r.skip(b, line, name+" is not installed")
	}
	b.say("measuring %s", line.Row)
	c, err := b.compare(ours, peer)
	if err != nil {
		return err
	}
	line.fill(c)
	r.Lines = append(r.Lines, line)
	return nil
}

func (b *bench) scan(r *Result) error {
	tree, err := b.smallTree(b.scaled(smallFiles), sections)
	if err != nil {
		return err
	}
	return b.add(r, Line{Row: "bscan a warm tree", Peer: "find -print0 | xargs -0 sha256sum", Goal: 0.7}, "find xargs sha256sum",
		side{line: "bscan -ext '*' " + tree + " >/dev/null"},
		side{line: "find " + tree + " -type f -print0 | xargs -0 sha256sum >/dev/null"})
}

// takeIn is the pipeline.
func takeIn(flags, tree, db string) string {
	return "bscan " + flags + " " + tree + " | bchunk -n 100 | bingest -db " + db
}

func (b *bench) rescan(r *Result) error {
	tree, err := b.smallTree(b.scaled(smallFiles), sections)
	if err != nil {
		return err
	}
	db, err := b.base(tree)
	if err != nil {
		return err
	}
	line := Line{Row: "bscan again, nothing changed", Peer: "find -printf", Goal: 1.5}
	return b.add(r, line, "find",
		side{line: "bscan -index " + db + " " + tree + " >/dev/null"},
		side{line: "find " + tree + ` -type f -printf '%p %s %T@ %C@ %i %m\n' >/dev/null`})
}

// base is a knowledge base of a tree.
func (b *bench) base(tree string) (string, error) {
	return b.knowledgeBase(tree+".sqlite", func(db string) error { return b.shell("%s >/dev/null", takeIn("", tree, db)) })
}

func (b *bench) first(r *Result) error {
	small, err := b.smallTree(b.scaled(smallFiles), sections)
	if err != nil {
		return err
	}
	large, err := b.largeTree(b.scaled(largeFiles))
	if err != nil {
		return err
	}
	for name, tree := range map[string]string{"small": small, "large": large} {
		var peaks []float64
		db, repo := filepath.Join(b.cache, "first.sqlite"), filepath.Join(b.cache, "first.restic")
		line := Line{Row: "first ingest, " + name + " files", Peer: "restic backup", Goal: 0.8}
		peer := side{before: "rm -rf " + repo + " && restic init -q -r " + repo, line: "restic -q -r " + repo + " backup " + tree}
		err := b.add(r, line, "restic",
			side{before: "rm -f " + db + "*", line: takeIn("", tree, db), after: func(_ Cost, report []byte) {
				peaks = append(peaks, peakOf(report))
			}}, peer)
		if err != nil {
			return err
		}
		if err := b.add(r, line.floor(), "restic sqlite3", wordsAlone(db), peer); err != nil {
			return err
		}
		if len(peaks) > 0 {
			r.Lines = append(r.Lines, Line{Row: "peak memory of bingest, " + name + " files, MiB", Goal: memoryGoal,
				Ours: median(peaks, func(x float64) float64 { return x }), Absolute: true})
		}
		if err := errors.Join(os.RemoveAll(repo), b.shell("rm -f %s*", db)); err != nil {
			return err
		}
	}
	return nil
}

// peakOf reads the peak memory of bingest from its report, in MiB.
func peakOf(report []byte) float64 {
	var fields struct {
		Metrics struct {
			Peak float64 `json:"peak_memory_mb"`
		} `json:"performance_metrics"`
	}
	if err := json.Unmarshal(bytes.TrimSpace(report), &fields); err != nil {
		return 0
	}
	return fields.Metrics.Peak
}

func (b *bench) again(r *Result) error {
	tree, err := b.smallTree(b.scaled(smallFiles), sections)
	if err != nil {
		return err
	}
	db, err := b.base(tree)
	if err != nil {
		return err
	}
	line := Line{Row: "second ingest, nothing changed", Peer: "the second restic backup", Goal: 0.25}
	indexed := Line{Row: "second ingest, bscan -index", Peer: line.Peer, Goal: 0.15}
	if name := missing("restic"); name != "" {
		return errors.Join(r.skip(b, line, name+" is not installed"), r.skip(b, indexed, name+" is not installed"))
	}
	repo, err := b.made(tree+".restic", func(repo string) error {
		return b.shell("restic init -q -r %s && restic -q -r %[1]s backup %s", repo, tree)
	})
	if err != nil {
		return err
	}
	peer := side{line: "restic -q -r " + repo + " backup " + tree}
	if err := b.add(r, line, "restic", side{line: takeIn("", tree, db)}, peer); err != nil {
		return err
	}
	return b.add(r, indexed, "restic", side{line: takeIn("-index "+db, tree, db)}, peer)
}

func (b *bench) at(r *Result) error {
	n := b.scaled(versions)
	line := Line{Row: fmt.Sprintf("basof -at T path, %d versions", n), Peer: "git show $(git rev-list -1 --before=T HEAD):path", Goal: 0.07}
	if name := missing("git"); name != "" {
		return r.skip(b, line, name+" is not installed")
	}
	repo, err := b.repository(n, 1, 1)
	if err != nil {
		return err
	}
	clone, err := b.clone(repo)
	if err != nil {
		return err
	}
	db, err := b.versionsBase(n, 1, nil)
	if err != nil {
		return err
	}
	const path = "docs/000/0.md"
	at := minute(n / 2).Format("2006-01-02T15:04:05Z")
	var peaks []float64
	for _, peer := range []struct{ repo, state string }{{clone, "as cloned"}, {repo, "after git gc"}} {
		line, answers := line, [2][]byte{}
		line.Peer += ", " + peer.state
		err = b.add(r, line, "git",
			side{line: "basof -db " + db + " -at " + at + " " + path, after: func(c Cost, answer []byte) {
				answers[0], peaks = answer, append(peaks, c.PeakMB)
			}},
			side{line: "git -C " + peer.repo + " show $(git -C " + peer.repo + " rev-list -1 --before=" + at + " HEAD):" + path,
				after: func(_ Cost, answer []byte) { answers[1] = answer }})
		if err != nil {
			return err
		}
		if len(answers[0]) == 0 || !bytes.Equal(answers[0], answers[1]) {
			return fmt.Errorf("basof and git give different answers as of %s", at)
		}
	}
	r.Lines = append(r.Lines, Line{Row: "peak memory of basof, MiB", Goal: answersGoal, Absolute: true,
		Ours: median(peaks, func(x float64) float64 { return x })})
	return nil
}

func (b *bench) git(r *Result) error {
	n := b.scaled(versions)
	line := Line{Row: fmt.Sprintf("a git history of %d file versions", n), Peer: "git log --raw + git cat-file --batch", Goal: 4}
	if name := missing("git"); name != "" {
		return r.skip(b, line, name+" is not installed")
	}
	repo, err := b.repository(n, max(n/50, 1), 5)
	if err != nil {
		return err
	}
	if b.shell("bscan -git %s >/dev/null", repo) != nil {
		return r.skip(b, line, "bscan has no -git yet")
	}
	db := filepath.Join(b.cache, "git.sqlite")
	defer b.shell("rm -f %s*", db)
	peer := side{line: "git -C " + repo + " log --raw --no-abbrev --no-renames --format= | awk '{ print $4 }' | git -C " + repo + " cat-file --batch >/dev/null"}
	err = b.add(r, line, "git awk", side{before: "rm -f " + db + "*", line: takeIn("-git", repo, db)}, peer)
	if err != nil {
		return err
	}
	return b.add(r, line.floor(), "git awk sqlite3", wordsAlone(db), peer)
}

// floor is the row of what SQLite alone takes for the index of words that a row makes.
func (l Line) floor() Line {
	l.Row, l.Goal, l.Floor = "of which FTS5 alone, at the least", 0, true
	return l
}

// wordsAlone indexes the texts of a knowledge base in memory, in one transaction: the least
// that FTS5, which takes one row after another on one core, needs for them.
func wordsAlone(db string) side {
	return side{line: "sqlite3 :memory: \"ATTACH '" + db + "' AS kb; " +
		"CREATE VIRTUAL TABLE f USING fts5 (heading, body, content = '', tokenize = 'unicode61 remove_diacritics 2'); " +
		"INSERT INTO f (rowid, heading, body) SELECT id, heading, body FROM kb.text_indexed\""}
}

// search is measured inside one process by a benchmark of pkg/sqlite, which has both
// sides, since what is to be compared takes less time than a process.
func (b *bench) search(r *Result) error {
	n := b.scaled(passages)
	line := Line{Row: fmt.Sprintf("search as of T among %d passages", n), Peer: "an exact float32 scan in sqlite-vec", Goal: 0.15}
	b.say("measuring %s", line.Row)
	cmd := exec.CommandContext(b.ctx, "go", "test", "-run", "-", "-bench", "^BenchmarkNearest$/^(float32|codes)(#[0-9]+)?$", "-benchtime", "50x", "-timeout", "3h", "./pkg/sqlite")
	cmd.Env = append(os.Environ(), "PASSAGES="+strconv.Itoa(n), "ROUNDS="+strconv.Itoa(1+b.reps), "TMPDIR="+b.cache)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("go test: %w: %s", err, out)
	}
	c, recalls := nearest(out)
	if len(c.Ratios) == 0 {
		return fmt.Errorf("the benchmark printed no figures: %s", out)
	}
	line.fill(c)
	r.Lines = append(r.Lines, line, Line{Row: "recall@10 of that search", Goal: 0.95, Absolute: true, AtLeast: true,
		Ours: median(recalls, func(x float64) float64 { return x })})
	return nil
}

// nearest reads what the benchmark printed: lines of a name, a count, and values with
// their units.
func nearest(out []byte) (c *Comparison, recalls []float64) {
	c = new(Comparison)
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		values := make(map[string]float64)
		for i := 2; i+1 < len(fields); i += 2 {
			values[fields[i+1]], _ = strconv.ParseFloat(fields[i], 64)
		}
		cost := Cost{Wall: values["ns/op"] / 1e9}
		switch {
		case cost.Wall == 0:
		case strings.HasPrefix(fields[0], "BenchmarkNearest/float32"):
			c.Peers = append(c.Peers, cost)
		case strings.HasPrefix(fields[0], "BenchmarkNearest/codes"):
			c.Ours, recalls = append(c.Ours, cost), append(recalls, values["recall@10"])
		}
	}
	if len(c.Ours) != len(c.Peers) || len(c.Ours) < 2 {
		return new(Comparison), nil
	}
	c.Ours, c.Peers, recalls = c.Ours[1:], c.Peers[1:], recalls[1:] // after the warm-up
	for i := range c.Ours {
		c.Ratios = append(c.Ratios, c.Ours[i].Wall/c.Peers[i].Wall)
	}
	return c, recalls
}

// growth measures how the cost grows with files and with versions of a path.
func (b *bench) growth(r *Result) error {
	for _, files := range []int{10_000, 100_000, 1_000_000} {
		n := b.scaled(files)
		tree, err := b.smallTree(n, 1)
		if err != nil {
			return err
		}
		db := filepath.Join(b.cache, "growth.sqlite")
		if err := b.shell("rm -f %s*", db); err != nil {
			return err
		}
		b.say("taking %d files in", n)
		for _, what := range []string{"files, first time", "files, again"} {
			cost, report, err := b.measure(takeIn("", tree, db))
			if err != nil {
				return err
			}
			cost.PeakMB = peakOf(report)
			r.Growth = append(r.Growth, grown(what, n, cost))
		}
		if err := b.shell("rm -f %s*", db); err != nil {
			return err
		}
	}
	for _, most := range []int{1_000, 10_000, 100_000} {
		n := b.scaled(most)
		b.say("taking %d versions of a path in", n)
		var taken Cost
		name, err := b.versionsBase(n, 1, func(c Cost) { taken = c })
		if err != nil {
			return err
		}
		if taken.Wall > 0 {
			r.Growth = append(r.Growth, grown("versions of one path taken in", n, taken))
		}
		cost, _, err := b.measure("basof -db " + name + " -at " + minute(n/2).Format("2006-01-02T15:04:05Z") + " docs/000/0.md >/dev/null")
		if err != nil {
			return err
		}
		r.Growth = append(r.Growth, grown("versions of one path, one asked for", n, cost))
	}
	return nil
}

func grown(what string, n int, cost Cost) Growth {
	return Growth{What: what, N: n, Cost: cost, PerThousand: cost.Wall / float64(n) * 1000}
}
