// Package report is the report of a run: what went in, how long it took, and
// what failed. It is one JSON object, made for jq.
//
//	err := report.Write(os.Stdout, rep, failures)
//
// The errors of a run can be many, and are therefore written one by one and
// never held together.
package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
)

// Report is the report of a run, but for its list of errors.
type Report struct {
	Type        string         `json:"type"` // "report"
	Timestamp   kb.Instant     `json:"timestamp"`
	Run         int64          `json:"run"`
	Command     string         `json:"command,omitempty"` // what ran; not known of a run that was killed, nor in older reports
	Status      string         `json:"status"`            // complete, incomplete, interrupted or failed
	Fatal       string         `json:"fatal,omitempty"`   // what ended a run that failed or was killed
	Processing  Processing     `json:"processing_summary"`
	Performance Performance    `json:"performance_metrics"`
	Errors      ErrorSummary   `json:"error_summary"`
	Text        TextSummary    `json:"text_summary,omitzero"` // not in reports made before there was text to search
	Forgotten   *Forgotten     `json:"forgotten,omitempty"`   // only of bingest forget
	Samples     []Sample       `json:"samples,omitempty"`     // over the run, the last one at its end; not in older reports
	Config      map[string]any `json:"-"`
}

// The commands that make reports.
const (
	Ingest  = "ingest"
	Remove  = "rm"
	Forget  = "forget"
	Reindex = "reindex"
	Repair  = "repair" // bcheck -repair
)

// Of reports whether the report is of a command. One that does not say is taken for
// Ingest, unless something was forgotten.
func (r *Report) Of(command string) bool {
	if r.Command != "" {
		return r.Command == command
	}
	return command == Ingest && r.Forgotten == nil || command == Forget && r.Forgotten != nil
}

// Processing counts records by outcome. TotalFiles is the sum of Stored,
// Unchanged, Deleted, Skipped and Failed.
type Processing struct {
	TotalFiles  int64   `json:"total_files"`
	Stored      int64   `json:"stored"`
	Unchanged   int64   `json:"unchanged"`
	Deleted     int64   `json:"deleted"`
	Skipped     int64   `json:"skipped"`
	Forgotten   int64   `json:"forgotten,omitempty"` // of Skipped: records from before what is remembered
	Failed      int64   `json:"failed"`
	SuccessRate float64 `json:"success_rate"`       // percent of TotalFiles that did not fail
	Withheld    int64   `json:"withheld,omitempty"` // deletions not made, since they were too many
	Unread      int64   `json:"unread,omitempty"`   // folders that scans could not read: what they hold is left as it was
	Bytes       int64   `json:"bytes"`              // of the files stored or found unchanged
}

// Performance says what a run cost.
type Performance struct {
	ElapsedSeconds       float64 `json:"elapsed_seconds"`
	FilesPerSecond       float64 `json:"files_per_second"`
	MemoryMB             float64 `json:"memory_mb"` // resident, in units of 1,048,576 bytes
	PeakMemoryMB         float64 `json:"peak_memory_mb"`
	Chunks               int64   `json:"chunks"`
	Retries              int64   `json:"retries"`
	SecondsLostToRetries float64 `json:"seconds_lost_to_retries"`
	HeldBack             int64   `json:"held_back"`         // times that memory was above the threshold, so that less was taken in at a time
	SecondsHeldBack      float64 `json:"seconds_held_back"` // for which it was
	Seconds              Seconds `json:"seconds"`

	PassagesEmbedded int64 `json:"passages_embedded"` // that got their vector
	PassagesReused   int64 `json:"passages_reused"`   // whose wording had its vector already
	PassagesRejected int64 `json:"passages_rejected"` // that the embedder gives no vector for: they are found by their words alone
	PassagesWaiting  int64 `json:"passages_waiting"`  // of the whole knowledge base, still without a vector when the run ended
}

// Measured reports whether what a run cost is known. The report of one that was
// killed has only what its transactions say: no process holds no memory.
func (p *Performance) Measured() bool { return p.MemoryMB > 0 || p.PeakMemoryMB > 0 }

// Seconds says where the time went; stages run side by side, so that the sum
// may exceed what elapsed.
type Seconds struct {
	Read    float64 `json:"read"`
	Extract float64 `json:"extract"` // splitting into passages included
	Embed   float64 `json:"embed"`
	Store   float64 `json:"store"`
}

// ErrorSummary counts failures by class; their sum is Processing.Failed.
type ErrorSummary struct {
	Validation            int64 `json:"validation"`
	Processing            int64 `json:"processing"`
	ExceptionAfterRetries int64 `json:"exception_after_retries"`
}

// TextErrors is how many documents a TextSummary names at most.
const TextErrors = 100

// TextSummary is about the documents that were taken in, but without text to
// search. What they held is stored as of any moment all the same: they count as
// stored or unchanged, not as failed, and are not in the ErrorSummary.
type TextSummary struct {
	WithoutText int64             `json:"without_text"` // versions
	Codes       map[kb.Code]int64 `json:"codes"`        // their sum is WithoutText: unsupported, binary, corrupt, extract, timeout

	// Kept counts in the same way those whose filter failed in bingest reindex: they keep
	// the text that they had. They are in neither of the above.
	Kept int64 `json:"kept,omitempty"`

	// Errors names those for which an extractor or a filter failed, the first
	// TextErrors of them: not those whose format is unsupported or binary.
	Errors []TextError `json:"errors"`
}

// Failed is how many documents have no text, or an old one, because an extractor or a
// filter failed on them. That a format is unsupported or binary is no failure.
func (t *TextSummary) Failed() int64 {
	n := t.WithoutText - t.Codes[kb.Unsupported] - t.Codes[kb.Binary]
	return max(n, 0) + t.Kept // sums of reports from elsewhere need not fit
}

// TextError is why a document has no text to search.
type TextError struct {
	Path      string   `json:"path"`
	PathBytes []byte   `json:"path_bytes,omitempty"` // where the path is not UTF-8
	Class     kb.Class `json:"class"`
	Code      kb.Code  `json:"code"`
	Message   string   `json:"message"`
}

// Error is one failure.
type Error struct {
	Path      string   `json:"path,omitempty"`
	PathBytes []byte   `json:"path_bytes,omitempty"` // where the path is not UTF-8
	Class     kb.Class `json:"class"`
	Code      kb.Code  `json:"code"`
	Attempts  int      `json:"attempts"`
	Message   string   `json:"message"`
}

// Forgotten is what bingest forget dropped.
type Forgotten struct {
	Prefix   kb.FileName `json:"prefix"` // "" for everything
	Before   kb.Instant  `json:"before"`
	Versions int64       `json:"versions"`
	Contents int64       `json:"contents"` // that no version holds any more
	Bytes    int64       `json:"bytes"`    // of these contents
}

// SuccessRate returns the percentage of total that did not fail, rounded down
// to one decimal, so that 100 always means all of them.
func SuccessRate(total, failed int64) float64 {
	if total == 0 {
		return 100
	}
	return math.Floor(1000*float64(total-failed)/float64(total)) / 10
}

// RoundSeconds returns d in seconds, to the millisecond.
func RoundSeconds(d time.Duration) float64 {
	return float64(d.Round(time.Millisecond).Milliseconds()) / 1000
}

// Write writes the report and a newline. Errors come in their order; the first
// error of the sequence itself ends the writing.
func Write(w io.Writer, r *Report, failures iter.Seq2[Error, error]) error {
	head, err := kb.MarshalJSON(r)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	config, err := kb.MarshalJSON(r.Config)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	out := bufio.NewWriter(w)
	out.Write(head[:len(head)-1]) // the errors of out are kept until Flush
	out.WriteString(`,"errors":[`)
	first := true
	for failure, err := range failures {
		if err != nil {
			return fmt.Errorf("write report: %w", err)
		}
		line, err := kb.MarshalJSON(failure)
		if err != nil {
			return fmt.Errorf("write report: %w", err)
		}
		if !first {
			out.WriteByte(',')
		}
		first = false
		out.Write(line)
	}
	out.WriteString(`],"configuration":`)
	out.Write(config)
	out.WriteString("}\n")
	return out.Flush()
}

// Marshal returns the report without its errors, to be kept with the run.
func Marshal(r *Report) ([]byte, error) {
	return kb.MarshalJSON(stored{*r, r.Config})
}

// Unmarshal reads what Marshal wrote.
func Unmarshal(data []byte) (*Report, error) {
	var s stored
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	s.Report.Config = s.Configuration
	return &s.Report, nil
}

type stored struct {
	Report
	Configuration map[string]any `json:"configuration"`
}

// Round1 returns x with one decimal.
func Round1(x float64) float64 { return math.Round(10*x) / 10 }
