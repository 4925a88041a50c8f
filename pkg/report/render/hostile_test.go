package render_test

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	markdownhtml "github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/report/render"
)

// marker begins and ends every hostile text, so that it can be found again.
const marker = "zqz"

// pieces are what can mean something to a terminal, to Markdown, to HTML and to
// Prometheus.
var pieces = []string{
	"<script>alert(1)</script>", "<img src=x onerror=y>", "</code>", "</style>", "<!--", "&lt;", "&#60;", "`", "```", "|", "\\", "\\|", "*a*", "_b_", "~~c~~", "[d](javascript:e)",
	"![f](http://g)", "http://h.example", "www.i.example", " www.i.example ", "# j", "\n# k", "\n\n- l", "\n---\n", "> m", "1. n", "$o$", "@p", "#1", ":q:", "10:00", ":", "\x1b[31m", "\x1b]0;r\x07", "\r", "\t", "\x00",
	"\u202e", "\u2028", "\ufeff", "\u200b", "\u0085", `"`, "'", "{{.}}", "{u=\"v\"}", "é", "文", " ", "a", ".", "-",
}

func hostileText() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return marker + strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 8).Draw(t, "pieces"), "") + marker
	})
}

// hostileSeries draws reports whose names, messages and numbers are anything that
// the reader lets through.
func hostileSeries() *rapid.Generator[*report.Series] {
	return rapid.Custom(func(t *rapid.T) *report.Series {
		s := new(report.Series)
		text := func() string { return hostileText().Draw(t, "text") }
		number := rapid.OneOf(rapid.Float64Range(0, 1e12), rapid.SampledFrom([]float64{0, 5e-324, 1e-300, 1e12}))
		whole := rapid.Int64Range(0, 1e12)
		for range rapid.IntRange(1, 5).Draw(t, "runs") {
			r := &report.Run{Report: report.Report{
				Run: whole.Draw(t, "run"), Status: rapid.SampledFrom([]string{"complete", "failed", text()}).Draw(t, "status"), Fatal: text(),
				Timestamp: kb.Instant(rapid.Int64Range(-62135596800_000000, 253402300799_000000).Draw(t, "time")),
				Config:    map[string]any{"db": text(), text(): text()},
			}}
			r.Processing = report.Processing{TotalFiles: whole.Draw(t, "total"), Failed: whole.Draw(t, "failed") + 1, Stored: whole.Draw(t, "stored"), Bytes: rapid.Int64Range(0, 1e18).Draw(t, "bytes")}
			r.Performance = report.Performance{ElapsedSeconds: number.Draw(t, "elapsed"), FilesPerSecond: number.Draw(t, "rate"), PeakMemoryMB: number.Draw(t, "memory"), Retries: whole.Draw(t, "retries")}
			r.Text = report.TextSummary{WithoutText: 1, Codes: map[kb.Code]int64{kb.Code(text()): 1}, Errors: []report.TextError{{Path: text(), Code: kb.Code(text()), Message: text()}}}
			r.Failures = []report.Error{{Path: text(), Class: kb.Class(text()), Code: kb.Code(text()), Message: text(), Attempts: 2}}
			r.Reasons = map[report.Reason]int64{{Class: kb.Class(text()), Code: "x"}: whole.Draw(t, "reasons")}
			var elapsed float64
			var files int64
			for range rapid.IntRange(0, 6).Draw(t, "samples") {
				elapsed = min(1e12, elapsed+rapid.SampledFrom([]float64{0, 5e-324, 1e-300, 1e-3, 1, 1e11}).Draw(t, "step"))
				files = min(1e12, files+whole.Draw(t, "files"))
				r.Samples = append(r.Samples, report.Sample{ElapsedSeconds: elapsed, Files: files, Failed: whole.Draw(t, "failed"), MemoryMB: number.Draw(t, "memory")})
			}
			s.Add(r)
		}
		return s
	})
}

// TestHostileText demands that nothing but a line feed and the colours of our own
// reaches a terminal.
func TestHostileText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var out bytes.Buffer
		opts := render.TextOptions{Columns: rapid.IntRange(0, 200).Draw(t, "columns")}
		if err := render.Text(&out, hostileSeries().Draw(t, "series"), opts); err != nil {
			t.Fatal(err)
		}
		for _, r := range out.String() {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Fatalf("%U in %q", r, &out)
			}
		}
	})
}

// TestHostileMarkdown reads the Markdown as GitHub does, with HTML let through,
// and demands that nothing is in it but our own tables and lists, and that every
// name can be read as it is.
func TestHostileMarkdown(t *testing.T) {
	github := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(markdownhtml.WithUnsafe()))
	allowed := strings.Fields("html head body h2 h3 p blockquote strong ul li table thead tbody tr th td code")
	rapid.Check(t, func(t *rapid.T) {
		s := hostileSeries().Draw(t, "series")
		var out, page bytes.Buffer
		if err := render.Markdown(&out, s); err != nil {
			t.Fatal(err)
		}
		if err := github.Convert(out.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		codes := checkPage(t, page.String(), allowed, []string{"align", "style"})
		for _, want := range []string{s.Last().Failures[0].Path, s.Last().Failures[0].Message, s.Last().Text.Errors[0].Path} {
			if !slices.Contains(codes, shown(want)) {
				t.Fatalf("%q is not shown as %q in %q\n%s", want, shown(want), codes, &out)
			}
		}
	})
}

// TestMarkdownTimes demands that a time of day is written as it is, and any other
// colon so that it makes no address and no emoji.
func TestMarkdownTimes(t *testing.T) {
	for text, want := range map[string]string{
		"10:00:00":         "10:00:00",
		"at 10:00, or so":  "at 10:00, or so",
		"(23:59)":          "(23:59)",
		"1:100:2":          "1&#58;100&#58;2",
		"12:100:12":        "12&#58;100&#58;12",
		"10:00:smile:":     "10:00&#58;smile&#58;",
		":clock10:00":      "&#58;clock10&#58;00",
		":+10:00":          "&#58;&#43;10&#58;00",
		"10:00_a:":         "10&#58;00&#95;a&#58;",
		"http://127.0.0.1": "http&#58;//127.0.0.1",
		"10:":              "10&#58;",
		":10":              "&#58;10",
	} {
		s := new(report.Series)
		s.Add(&report.Run{Report: report.Report{Status: "failed", Fatal: text}})
		var out bytes.Buffer
		if err := render.Markdown(&out, s); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), "> **"+want+"**\n") {
			t.Errorf("%s is not written as %s in\n%s", text, want, &out)
		}
	}
}

// TestHostileHTML demands of a page what TestHostileMarkdown does, that it asks
// for nothing from elsewhere, and that its drawings have nothing but numbers.
func TestHostileHTML(t *testing.T) {
	allowed := strings.Fields("html head meta title style body main header h1 h2 h3 p span b div section i figure figcaption svg g path text ul li code br details summary dl dt dd table tbody tr th td")
	attributes := strings.Fields("lang charset name content http-equiv class style aria-label role viewbox d transform x y")
	rapid.Check(t, func(t *rapid.T) {
		s := hostileSeries().Draw(t, "series")
		var out bytes.Buffer
		if err := render.HTML(&out, s); err != nil {
			t.Fatal(err)
		}
		page := out.String()
		codes := checkPage(t, page, allowed, attributes)
		for _, want := range []string{s.Last().Failures[0].Path, s.Last().Text.Errors[0].Path} {
			if !slices.Contains(codes, shown(want)) {
				t.Fatalf("%q is not shown as %q in %q", want, shown(want), codes)
			}
		}
		drawn := page[strings.Index(page, "<body>"):]
		for _, bad := range []string{"NaN", "Inf", "#0", "url("} {
			for svg := range strings.SplitSeq(drawn, "<svg") {
				svg, _, _ = strings.Cut(svg, "</svg>")
				if strings.HasPrefix(svg, " role") && strings.Contains(svg, bad) {
					t.Fatalf("%s in %s", bad, svg)
				}
			}
		}
	})
}

// checkPage demands that a page has no elements and attributes but those that
// are allowed, and returns the texts of its code elements.
func checkPage(t *rapid.T, page string, elements, attributes []string) (codes []string) {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.CommentNode {
			t.Fatalf("a comment %q in\n%s", n.Data, page)
		}
		if n.Type != html.ElementNode {
			continue
		}
		if !slices.Contains(elements, n.Data) {
			t.Fatalf("an element %s in\n%s", n.Data, page)
		}
		for _, a := range n.Attr {
			if !slices.Contains(attributes, strings.ToLower(a.Key)) || strings.Contains(a.Val, marker) {
				t.Fatalf("an attribute %s=%q in\n%s", a.Key, a.Val, page)
			}
		}
		if n.Data == "code" && n.FirstChild != nil {
			if n.FirstChild != n.LastChild {
				t.Fatalf("markup in a code element of\n%s", page)
			}
			codes = append(codes, n.FirstChild.Data)
		}
	}
	return codes
}

// shown is how a name is shown: in one line, with what cannot be seen written
// out.
func shown(name string) string {
	return strings.NewReplacer("\n", `\n`, "\r", `\r`, "\t", `\t`, "\x00", `\x00`, "\x07", `\a`, "\x1b", `\x1b`,
		"\u202e", `\u202e`, "\u2028", `\u2028`, "\ufeff", `\ufeff`, "\u200b", `\u200b`, "\u0085", `\u0085`).Replace(name)
}

// TestHostilePrometheus reads the metrics as Prometheus does, and holds their
// names against its conventions.
func TestHostilePrometheus(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := hostileSeries().Draw(t, "series")
		var out bytes.Buffer
		if err := render.Prometheus(&out, s); err != nil {
			t.Fatal(err)
		}
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(bytes.NewReader(out.Bytes()))
		if err != nil {
			t.Fatalf("%v in\n%s", err, &out)
		}
		newest := map[string]*report.Run{}
		for _, r := range s.Runs {
			newest[shown(r.DB())] = r
		}
		got := families["btools_ingest_last_run_timestamp_seconds"].GetMetric()
		if len(got) != len(newest) {
			t.Fatalf("%d knowledge bases, not %d, in\n%s", len(got), len(newest), &out)
		}
		for _, m := range got {
			r := newest[m.GetLabel()[0].GetValue()]
			if r == nil || m.GetGauge().GetValue() != float64(r.Timestamp)/1e6 {
				t.Fatalf("%v, of %v", m, newest)
			}
		}
		problems, err := promlint.New(&out).Lint()
		if err != nil || len(problems) > 0 {
			t.Fatalf("%v, %v", problems, err)
		}
	})
}

// TestPromtool has promtool, where it is installed, look at the golden files.
func TestPromtool(t *testing.T) {
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Skip("promtool is not installed")
	}
	for _, name := range []string{"one", "series", "bases", "old", "hostile", "ages"} {
		file, err := os.Open("testdata/" + name + ".prom")
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("promtool", "check", "metrics")
		cmd.Stdin = file
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		file.Close()
	}
}
