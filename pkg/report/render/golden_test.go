package render_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/report/render"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// formats are all that there are, with the endings of their golden files.
var formats = map[string]func(io.Writer, *report.Series) error{
	"txt": func(w io.Writer, s *report.Series) error { return render.Text(w, s, render.TextOptions{Columns: 80}) },
	"narrow.txt": func(w io.Writer, s *report.Series) error {
		return render.Text(w, s, render.TextOptions{Columns: 44})
	},
	"color.txt": func(w io.Writer, s *report.Series) error {
		return render.Text(w, s, render.TextOptions{Columns: 200, Color: true})
	},
	"md": render.Markdown, "html": render.HTML, "prom": render.Prometheus,
}

// TestGolden shows each file of reports in each format. With -update it rewrites
// what is expected.
func TestGolden(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*.ndjson")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("%d inputs: %v", len(inputs), err)
	}
	for _, input := range inputs {
		for ending, format := range formats {
			golden := strings.TrimSuffix(input, "ndjson") + ending
			t.Run(filepath.Base(golden), func(t *testing.T) {
				var got bytes.Buffer
				if err := format(&got, read(t, input)); err != nil {
					t.Fatal(err)
				}
				if *update {
					if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got.Bytes(), want) {
					t.Errorf("got (-update if it is right)\n%s", &got)
				}
			})
		}
	}
}

// read reads the reports of a file.
func read(t testing.TB, name string) *report.Series {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := new(report.Series)
	for r := report.NewReader(file); ; {
		run, err := r.Next()
		if errors.Is(err, io.EOF) {
			return s
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s.Add(run)
	}
}
