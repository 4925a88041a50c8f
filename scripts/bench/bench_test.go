package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The commands are run by this program as a parent of its own.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == measureWord {
		os.Exit(measureChild(os.Args[2:]))
	}
	os.Exit(m.Run())
}

func newBench(t *testing.T) *bench {
	return &bench{ctx: context.Background(), scale: 1, reps: 3, cache: t.TempDir(), env: os.Environ(), out: io.Discard}
}

func TestMeasure(t *testing.T) {
	b := newBench(t)
	cost, out, err := b.measure("head -c 64000000 /dev/zero | tail -c 50000000 | wc -c")
	if err != nil || strings.TrimSpace(string(out)) != "50000000" {
		t.Fatalf("%q, %v", out, err)
	}
	// tail holds more than that, and it is neither the first nor the last of the pipe.
	if cost.Wall <= 0 || cost.User <= 0 || cost.PeakMB < 40 {
		t.Errorf("got %+v", cost)
	}
	if small, _, err := b.measure("true"); err != nil || small.PeakMB > 30 {
		t.Errorf("got %+v, %v", small, err)
	}
	if _, _, err := b.measure("echo why >&2; exit 3"); err == nil || !strings.Contains(err.Error(), "why") {
		t.Errorf("got %v", err)
	}
}

func TestTurns(t *testing.T) {
	b := newBench(t)
	var order string
	note := func(who string) side {
		return side{before: "true", line: "true", after: func(Cost, []byte) { order += who }}
	}
	c, err := b.compare(note("a"), note("b"))
	if err != nil || order != "abababab" || len(c.Ratios) != 3 {
		t.Errorf("got %s, %d ratios, %v", order, len(c.Ratios), err)
	}
}

func TestMissingPeerIsNamedAndNotBeaten(t *testing.T) {
	b := newBench(t)
	r := new(Result)
	if err := b.add(r, Line{Row: "row", Goal: 1}, "sh no-such-program", side{}, side{}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.write(&out, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "left out: no-such-program is not installed") || r.Lines[0].Met {
		t.Errorf("got %s", &out)
	}
}

func TestGoals(t *testing.T) {
	for _, test := range []struct {
		line Line
		want bool
	}{
		{Line{Ratio: 0.7, Goal: 0.7}, true},
		{Line{Ratio: 0.71, Goal: 0.7}, false},
		{Line{Ours: 48, Goal: 48, Absolute: true}, true},
		{Line{Ours: 0.95, Goal: 0.95, Absolute: true, AtLeast: true}, true},
		{Line{Ours: 0.94, Goal: 0.95, Absolute: true, AtLeast: true}, false},
	} {
		if test.line.judge(); test.line.Met != test.want {
			t.Errorf("%+v", test.line)
		}
	}
}

func TestNearestReadsTurns(t *testing.T) {
	c, recalls := nearest([]byte(`
BenchmarkNearest/float32-2     50  900 ns/op  1.000 recall@10
BenchmarkNearest/codes-2       50  800 ns/op  0.500 recall@10
BenchmarkNearest/float32#01-2  50  1000 ns/op  1.000 recall@10
BenchmarkNearest/codes#01-2    50  100 ns/op  0.980 recall@10
PASS`))
	if len(c.Ratios) != 1 || c.Ratios[0] != 0.1 || len(recalls) != 1 || recalls[0] != 0.98 {
		t.Errorf("got %+v, %v", c, recalls)
	}
}

func TestDocumentsAreTheSameEachTime(t *testing.T) {
	write := func() string {
		var out strings.Builder
		w := newWriter(1)
		w.markdown(&out, 3)
		w.html(&out, 3)
		return out.String()
	}
	text := write()
	if text != write() || strings.Count(text, "\n## ") != 3 || strings.Count(text, "<section>") != 3 {
		t.Errorf("got %s", text)
	}
}

func TestUnfinishedDataIsMadeAnew(t *testing.T) {
	b := newBench(t)
	path := filepath.Join(b.cache, "data")
	failed := errors.New("full")
	if _, err := b.made(path, func(path string) error { return errors.Join(os.Mkdir(path, 0o777), failed) }); !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
	if _, err := b.made(path, func(path string) error { return os.Mkdir(path, 0o777) }); err != nil {
		t.Error(err)
	}
	if _, err := b.made(path, func(string) error { return failed }); err != nil {
		t.Errorf("made twice: %v", err)
	}
}

func TestPictureIsXML(t *testing.T) {
	r := &Result{Lines: []Line{{Row: "a < b", Peer: "x && y", Ratio: 3, Goal: 0.5}, {Row: "c", Ours: 1, Goal: 2, Absolute: true}, {Row: "d", LeftOut: "why"}}}
	var out strings.Builder
	if err := r.draw(&out); err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(strings.NewReader(out.String()))
	rects := 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "rect" {
			rects++
		}
	}
	if rects != 4 { // a bar and its goal for each row with figures
		t.Errorf("%d rects in %s", rects, &out)
	}
}
