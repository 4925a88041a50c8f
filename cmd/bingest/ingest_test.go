package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/report"
)

// TestReportNotKept checks that a run whose report the knowledge base does not
// take is reported all the same, and as failed.
func TestReportNotKept(t *testing.T) {
	refused := errors.New("no room")
	for _, fatal := range []error{nil, errors.New("no room before")} {
		var out bytes.Buffer
		c := cli.NewContext(&cli.App{Writer: &out}, nil, nil)
		sum := &ingest.Summary{Run: 3, Status: ingest.Complete, Counts: ingest.Counts{Stored: 2}}
		want, reason := `"fatal":"finish run: no room"`, refused
		if fatal != nil {
			sum.Status = ingest.Errored
			want, reason = `"fatal":"no room before"`, nil
		}
		err := new(settings).writeReport(c, sum, func(*report.Report) error { return refused }, fatal)
		if !errors.Is(err, reason) {
			t.Errorf("%v, not %v", err, reason)
		}
		for _, part := range []string{`"status":"failed"`, want, `"stored":2`} {
			if !strings.Contains(out.String(), part) {
				t.Errorf("no %s in %s", part, out.String())
			}
		}
	}
}
