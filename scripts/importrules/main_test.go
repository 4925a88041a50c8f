package main

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	tests := []struct{ from, to, want string }{
		{"cmd/basof", module + "pkg/sqlite", ""},
		{"cmd/basof", "github.com/urfave/cli/v2", ""},
		{"cmd/basof", "github.com/mattn/go-sqlite3", "only pkg/sqlite may"},
		{"cmd/basof", module + "pkg/storetest", "only tests may"},
		{"cmd/breport", module + "pkg/report/render", ""},
		{"cmd/breport", module + "pkg/sqlite", "imports point down"},
		{"cmd/bingest", module + "pkg/report/render", "only cmd/breport may"},
		{"pkg/report", "gonum.org/v1/plot", "only pkg/report/render may"},
		{"pkg/report/render", "gonum.org/v1/plot/vg", ""},
		{"pkg/tool", "github.com/urfave/cli/v2", ""},
		{"pkg/asof", "github.com/urfave/cli/v2", "only cmd and pkg/tool may"},
		{"pkg/asof", module + "pkg/sqlite", "imports point down"},
		{"pkg/asof", module + "pkg/kb", ""},
		{"pkg/ingest", module + "pkg/embed/hash", ""},
		{"pkg/ingest", module + "pkg/asof", "imports point down"},
		{"pkg/ingest", module + "cmd/bscan", "imports point down"},
		{"pkg/scan", module + "pkg/scan/ignore", ""},
		{"pkg/scan/githist", module + "pkg/scan", ""},
		{"pkg/scan/githist", module + "pkg/ingest", "imports point down"},
		{"pkg/extract", "github.com/yuin/goldmark", ""},
		{"pkg/sqlite", "github.com/asg017/sqlite-vec-go-bindings/cgo", ""},
		{"pkg/sqlite2", "fmt", "has no rule"},
		{"pkg/kb", "encoding/json", ""},
		{"pkg/kb", "golang.org/x/text", "standard library alone"},
		{"pkg/kb", module + "pkg/when", "imports point down"},
		{"scripts/importrules", module + "pkg/kb", "imports point down"},
		{"scripts/eval", module + "pkg/asof", ""},
	}
	for _, test := range tests {
		got := strings.Join(check(listed{ImportPath: module + test.from, Imports: []string{test.to}}), "\n")
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%s imports %s: got %q, want %q", test.from, test.to, got, test.want)
		}
	}
}
