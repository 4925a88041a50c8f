package ingest

import (
	"time"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/sysload"
)

// TextError returns a failure to have the text of a document in the form that reports
// have it in.
func (f *Failure) TextError() report.TextError {
	name, raw := kb.Readable(f.Path)
	return report.TextError{Path: name, PathBytes: raw, Class: f.Class, Code: f.Code, Message: f.Message}
}

// Report makes the report of a run. fatal is the error that ended it, or nil.
// Which documents have no text, but for those that keep one, is left for the caller to fill in.
func (s *Summary) Report(now time.Time, usage sysload.Usage, config map[string]any, fatal error) *report.Report {
	c := s.Counts
	rep := &report.Report{
		Type: "report", Timestamp: kb.InstantOf(now), Run: s.Run, Status: string(s.Status),
		Processing: report.Processing{
			TotalFiles: c.Total(), Stored: c.Stored, Unchanged: c.Unchanged, Deleted: c.Deleted,
			Skipped: c.Skipped, Failed: c.Failed,
			SuccessRate: report.SuccessRate(c.Total(), c.Failed), Withheld: s.Withheld, Unread: s.Unread, Bytes: c.Bytes,
			Forgotten: s.SkippedForgotten,
		},
		Performance: report.Performance{
			ElapsedSeconds: report.RoundSeconds(s.Elapsed),
			MemoryMB:       usage.ResidentMB(), PeakMemoryMB: usage.PeakMB(),
			Chunks: s.Chunks, Retries: s.Retries, SecondsLostToRetries: report.RoundSeconds(s.Waited),
			HeldBack: s.HeldBack, SecondsHeldBack: report.RoundSeconds(s.Pressed),
			Seconds: report.Seconds{
				Read: report.RoundSeconds(s.Read), Extract: report.RoundSeconds(s.Extract),
				Embed: report.RoundSeconds(s.Embed), Store: report.RoundSeconds(s.Store),
			},
			PassagesEmbedded: s.Embedded, PassagesReused: s.Reused,
			PassagesRejected: s.Rejected, PassagesWaiting: s.Waiting,
		},
		Errors: report.ErrorSummary{
			Validation:            s.Classes[kb.Validation],
			Processing:            s.Classes[kb.Processing],
			ExceptionAfterRetries: s.Classes[kb.ExceptionAfterRetries],
		},
		Text:   report.TextSummary{Codes: make(map[kb.Code]int64), Errors: []report.TextError{}},
		Config: config,
	}
	for code, n := range s.Textless {
		rep.Text.Codes[code] = n
		rep.Text.WithoutText += n
	}
	rep.Text.Kept = s.KeptText
	for i := range s.KeptFaults {
		rep.Text.Errors = append(rep.Text.Errors, s.KeptFaults[i].TextError())
	}
	if seconds := s.Elapsed.Seconds(); seconds > 0 {
		rep.Performance.FilesPerSecond = report.Round1(float64(c.Total()) / seconds)
	}
	if c.Total() > 0 {
		rep.Samples = s.samples.End(s.Elapsed, c.Total(), c.Failed, usage.ResidentMB())
	}
	if s.Forgotten != nil {
		rep.Forgotten = s.Forgotten.Report()
	}
	if fatal != nil {
		rep.Fatal = fatal.Error()
	}
	return rep
}
