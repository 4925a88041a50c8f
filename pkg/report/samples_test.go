package report_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/report"
)

// TestSamples holds what is kept of runs of any length against all that was
// there to be kept.
func TestSamples(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.IntRange(0, 5000).Draw(t, "steps")
		longest := rapid.SampledFrom([]time.Duration{time.Millisecond, 80 * time.Millisecond, time.Minute}).Draw(t, "longest")
		step := rapid.Int64Range(1, int64(longest))
		var s report.Samples
		var elapsed time.Duration
		var files int64
		filesAt := map[float64]int64{}
		for range steps {
			elapsed += time.Duration(step.Draw(t, "step"))
			files++
			filesAt[report.RoundSeconds(elapsed)] = files
			s.Add(elapsed, files, files/10, 1)
		}
		got := s.End(elapsed, files, files/10, 2)
		if len(got) > report.MaxSamples || len(got) == 0 {
			t.Fatalf("%d samples", len(got))
		}
		last := got[len(got)-1]
		if last != (report.Sample{ElapsedSeconds: report.RoundSeconds(elapsed), Files: files, Failed: files / 10, MemoryMB: 2}) {
			t.Fatalf("the last sample is %+v, after %v and %d files", last, elapsed, files)
		}
		for i, sample := range got[:len(got)-1] {
			if i > 0 && sample.ElapsedSeconds-got[i-1].ElapsedSeconds < last.ElapsedSeconds/report.MaxSamples-0.001 {
				t.Fatalf("samples %d and %d are near: %+v", i-1, i, got)
			}
			if i > 0 && sample.ElapsedSeconds <= got[i-1].ElapsedSeconds {
				t.Fatalf("sample %d is not later than the one before: %+v", i, got)
			}
			// Several steps may fall into the same millisecond; the last of them is in the map.
			if most := filesAt[sample.ElapsedSeconds]; sample.Files > most || sample.Files == 0 {
				t.Fatalf("a sample that never was: %+v", sample)
			}
		}
	})
}

// TestSamplesSpread demands that a long run is covered from its beginning to its
// end, however long it is.
func TestSamplesSpread(t *testing.T) {
	for _, steps := range []int{200, 10_000, 1_000_000} {
		var s report.Samples
		for i := range steps {
			if elapsed := time.Duration(i) * time.Second; s.Due(elapsed) {
				s.Add(elapsed, int64(i), 0, 0)
			}
		}
		got := s.End(time.Duration(steps)*time.Second, int64(steps), 0, 0)
		if len(got) < report.MaxSamples/2 || len(got) > report.MaxSamples {
			t.Errorf("%d steps: %d samples", steps, len(got))
		}
		for i, before := range got[:len(got)-1] {
			if gap := got[i+1].ElapsedSeconds - before.ElapsedSeconds; gap > float64(steps)*2.5/report.MaxSamples {
				t.Errorf("%d steps: nothing between %v and %v s", steps, before.ElapsedSeconds, got[i+1].ElapsedSeconds)
			}
		}
	}
}
