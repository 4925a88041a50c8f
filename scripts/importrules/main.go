// Importrules checks that imports point down, as the layout of the repository has it: programs know everything,
// the two halves (ingest, asof) know the stages and the vocabulary but no store, stages know the vocabulary, and the
// vocabulary knows nothing. It prints one line for each import that does not, and then exits with 1.
//
//	go run ./scripts/importrules
//
// Imports of tests are free: a test of ingest may open a real store.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

const module = "github.com/seed16713943/btools/"

// stages turn one form of a document into the next.
var stages = []string{"pkg/stream", "pkg/scan", "pkg/chunk", "pkg/content", "pkg/extract", "pkg/passage", "pkg/embed"}

// mayImport has for each package of the module, which stands for those in its folder too, the packages of the module
// that it may import besides its own folder.
var mayImport = map[string][]string{
	"cmd":           {"pkg"},
	"cmd/breport":   {"pkg/tool", "pkg/config", "pkg/report"}, // reads no knowledge base
	"pkg/tool":      {"pkg/kb", "pkg/config", "pkg/report", "pkg/stream", "pkg/sysload", "pkg/when"},
	"pkg/storetest": slices.Concat(stages, []string{"pkg/kb", "pkg/ingest", "pkg/asof"}),
	"pkg/sqlite":    slices.Concat(stages, []string{"pkg/kb", "pkg/ingest", "pkg/asof"}),
	"pkg/ingest":    slices.Concat(stages, []string{"pkg/kb", "pkg/report", "pkg/sysload"}),
	"pkg/asof":      slices.Concat(stages, []string{"pkg/kb"}),
	"pkg/stream":    {"pkg/kb"},
	"pkg/scan":      {"pkg/kb", "pkg/stream"},
	"pkg/chunk":     {"pkg/kb", "pkg/stream"},
	"pkg/content":   {"pkg/kb", "pkg/stream"},
	"pkg/extract":   {"pkg/kb", "pkg/stream"},
	"pkg/passage":   {"pkg/kb", "pkg/extract"},
	"pkg/embed":     {"pkg/kb", "pkg/stream"},
	"pkg/report":    {"pkg/kb"},
	"pkg/config":    {"pkg/kb"},
	"pkg/sysload":   {},
	"pkg/when":      {},
	"pkg/kb":        {},
	"scripts":       {},
	"scripts/eval":  {"pkg"}, // a program that is not installed
}

// onlyIn has the modules that few packages may import, and those packages.
var onlyIn = map[string][]string{
	"github.com/mattn/go-sqlite3":                  {"pkg/sqlite"},
	"github.com/asg017/sqlite-vec-go-bindings":     {"pkg/sqlite"},
	"github.com/urfave/cli":                        {"cmd", "pkg/tool"},
	"github.com/vbauerster/mpb":                    {"pkg/tool"},
	"gonum.org/v1/plot":                            {"pkg/report/render"},
	"github.com/prometheus":                        {"pkg/report/render"},
	"github.com/seed16713943/btools/pkg/storetest": nil,             // a conformance suite, for tests
	module + "pkg/report/render":                   {"cmd/breport"}, // fonts and plots
}

// standardOnly have no dependency but the standard library.
var standardOnly = []string{"pkg/kb"}

// listed is what go list says of a package; the imports of its tests are other fields.
type listed struct {
	ImportPath string
	Imports    []string
}

func main() {
	wrong, err := run()
	if err != nil {
		fmt.Fprintf(os.Stderr, "importrules: error: %v\n", err)
		os.Exit(1)
	}
	for _, line := range wrong {
		fmt.Println(line)
	}
	if len(wrong) > 0 {
		os.Exit(1)
	}
}

func run() ([]string, error) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("list packages: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("list packages: %w", err)
	}
	var wrong []string
	decoder := json.NewDecoder(out)
	for {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("read the list of packages: %w", err), cmd.Wait())
		}
		wrong = append(wrong, check(p)...)
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("list packages: %w", err)
	}
	return wrong, nil
}

// check gives a line for each import of p that the rules do not have.
func check(p listed) []string {
	from := strings.TrimPrefix(p.ImportPath, module)
	var wrong []string
	home := homeOf(from)
	if home == "" {
		return []string{from + " has no rule: say in scripts/importrules what it may import"}
	}
	for _, path := range p.Imports {
		to, ours := strings.CutPrefix(path, module)
		switch {
		case !allowedOnly(from, path):
			wrong = append(wrong, fmt.Sprintf("%s imports %s, which only %s may", from, path, permitted(path)))
		case ours && !within(to, home) && !slices.ContainsFunc(mayImport[home], func(may string) bool { return within(to, may) }):
			wrong = append(wrong, fmt.Sprintf("%s imports %s: imports point down (scripts/importrules)", from, to))
		case !ours && slices.Contains(standardOnly, home) && !standard(path):
			wrong = append(wrong, fmt.Sprintf("%s imports %s: it may import the standard library alone", from, path))
		}
	}
	return wrong
}

// homeOf is the key of mayImport that a package falls under; the longest, and "" if there is none.
func homeOf(from string) string {
	home := ""
	for key := range mayImport {
		if within(from, key) && len(key) > len(home) {
			home = key
		}
	}
	return home
}

// allowedOnly tells whether onlyIn lets from import path.
func allowedOnly(from, path string) bool {
	for restricted, homes := range onlyIn {
		if within(path, restricted) {
			inside := within(from, strings.TrimPrefix(restricted, module))
			return inside || slices.ContainsFunc(homes, func(home string) bool { return within(from, home) })
		}
	}
	return true
}

// permitted names those that may import path.
func permitted(path string) string {
	for restricted, homes := range onlyIn {
		if within(path, restricted) && len(homes) > 0 {
			return strings.Join(homes, " and ")
		}
	}
	return "tests"
}

// within tells whether path is folder, or below it.
func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// standard tells a package of the standard library by the lack of a dot in its first element.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}
