package ingest_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/sysload"
)

// TestSamples takes in a record a transaction, each of which lasts a second: the
// report says after each second what was done and what had failed.
func TestSamples(t *testing.T) {
	b := newBench(t)
	var now atomic.Int64
	b.opts.Clock = func() time.Time { return time.Unix(now.Load(), 0) }
	b.opts.Partial, b.opts.ChunkSize = true, 1
	var told []ingest.Progress
	b.opts.Progress = func(p ingest.Progress) { told = append(told, p); now.Add(1) }
	var lines []string
	for i := range 10 {
		lines = append(lines, file(fmt.Sprintf("docs/%d.md", i), "A", 1))
	}
	sum := b.run(0, append(lines, "{}\n")...)
	usage, err := sysload.Memory()
	b.check(err)
	rep := sum.Report(b.opts.Clock(), usage, nil, nil)
	if len(rep.Samples) != 12 || len(told) != 11 {
		t.Fatalf("%d samples of %d transactions: %+v", len(rep.Samples), len(told), rep.Samples)
	}
	for i, got := range rep.Samples[:11] {
		want := report.Sample{ElapsedSeconds: float64(i), Files: told[i].Counts.Total(), Failed: told[i].Counts.Failed, MemoryMB: got.MemoryMB}
		if got != want || got.MemoryMB <= 0 {
			t.Errorf("sample %d is %+v, not %+v", i, got, want)
		}
	}
	if got, want := rep.Samples[11], (report.Sample{ElapsedSeconds: 11, Files: 11, Failed: 1, MemoryMB: usage.ResidentMB()}); got != want {
		t.Errorf("the last sample is %+v, not %+v", got, want)
	}
}
