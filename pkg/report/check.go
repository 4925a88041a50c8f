package report

import "fmt"

// What no run can have; beyond these a report is damaged or made up, and sums
// and plots of it would be nonsense.
const (
	mostOfAny   = 1e12 // files, seconds, megabytes, passages
	mostBytes   = 1e18
	mostSamples = 10_000
)

// check refuses a report whose numbers cannot be.
func (r *Run) check() error {
	if r.Run < 0 {
		return fmt.Errorf("run: %d is negative", r.Run)
	}
	p, m, e := &r.Processing, &r.Performance, &r.Errors
	numbers := []number{
		{"processing_summary.total_files", float64(p.TotalFiles)}, {"processing_summary.stored", float64(p.Stored)},
		{"processing_summary.unchanged", float64(p.Unchanged)}, {"processing_summary.deleted", float64(p.Deleted)},
		{"processing_summary.skipped", float64(p.Skipped)}, {"processing_summary.failed", float64(p.Failed)},
		{"processing_summary.forgotten", float64(p.Forgotten)},
		{"processing_summary.withheld", float64(p.Withheld)}, {"processing_summary.unread", float64(p.Unread)},
		{"processing_summary.success_rate", p.SuccessRate},
		{"performance_metrics.elapsed_seconds", m.ElapsedSeconds}, {"performance_metrics.files_per_second", m.FilesPerSecond},
		{"performance_metrics.memory_mb", m.MemoryMB}, {"performance_metrics.peak_memory_mb", m.PeakMemoryMB},
		{"performance_metrics.chunks", float64(m.Chunks)}, {"performance_metrics.retries", float64(m.Retries)},
		{"performance_metrics.seconds_lost_to_retries", m.SecondsLostToRetries},
		{"performance_metrics.seconds.read", m.Seconds.Read}, {"performance_metrics.seconds.extract", m.Seconds.Extract},
		{"performance_metrics.seconds.embed", m.Seconds.Embed}, {"performance_metrics.seconds.store", m.Seconds.Store},
		{"performance_metrics.passages_embedded", float64(m.PassagesEmbedded)}, {"performance_metrics.passages_reused", float64(m.PassagesReused)},
		{"performance_metrics.passages_rejected", float64(m.PassagesRejected)}, {"performance_metrics.passages_waiting", float64(m.PassagesWaiting)},
		{"error_summary.validation", float64(e.Validation)}, {"error_summary.processing", float64(e.Processing)},
		{"error_summary.exception_after_retries", float64(e.ExceptionAfterRetries)},
		{"text_summary.without_text", float64(r.Text.WithoutText)}, {"text_summary.kept", float64(r.Text.Kept)},
	}
	for _, n := range numbers {
		if err := n.check(mostOfAny); err != nil {
			return err
		}
	}
	for code, n := range r.Text.Codes {
		if err := (number{fmt.Sprintf("text_summary.codes.%.40q", code), float64(n)}).check(mostOfAny); err != nil {
			return err
		}
	}
	if err := (number{"processing_summary.bytes", float64(p.Bytes)}).check(mostBytes); err != nil {
		return err
	}
	return checkSamples(r.Samples)
}

func checkSamples(samples []Sample) error {
	if len(samples) > mostSamples {
		return fmt.Errorf("samples: %d are more than the %d that are read", len(samples), mostSamples)
	}
	var before Sample
	for i, s := range samples {
		for _, n := range []number{
			{"elapsed_seconds", s.ElapsedSeconds}, {"files", float64(s.Files)}, {"failed", float64(s.Failed)}, {"memory_mb", s.MemoryMB},
		} {
			n.name = fmt.Sprintf("samples.%d.%s", i, n.name)
			if err := n.check(mostOfAny); err != nil {
				return err
			}
		}
		if s.ElapsedSeconds < before.ElapsedSeconds || s.Files < before.Files {
			return fmt.Errorf("samples.%d goes back behind the one before", i)
		}
		before = s
	}
	return nil
}

// number is a field that has a name.
type number struct {
	name  string
	value float64
}

func (n number) check(most float64) error {
	switch {
	case n.value < 0:
		return fmt.Errorf("%s: %v is negative", n.name, n.value)
	case n.value > most:
		return fmt.Errorf("%s: %v is more than can be", n.name, n.value)
	}
	return nil
}
