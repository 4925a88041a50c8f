package render

import (
	"fmt"
	"io"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/seed16713943/btools/pkg/report"
)

// prefix begins the names of all metrics.
const prefix = "btools_ingest_"

// megabyte is the unit of memory in reports.
const megabyte = 1 << 20

// Prometheus writes the newest run of each knowledge base, as Series.Newest has it, in
// the text format of Prometheus, for the textfile collector of node_exporter. All of it
// are gauges, with the label db: a run counts from zero, so that nothing only ever
// grows. What can be computed of them, such as the files in a second, is left to the
// query.
func Prometheus(w io.Writer, s *report.Series) error {
	registry := prometheus.NewPedanticRegistry()
	g := newGauges()
	for _, v := range g.all {
		if err := registry.Register(v.vec); err != nil {
			return fmt.Errorf("write metrics: %w", err)
		}
	}
	for _, r := range s.Runs {
		if r.Status == complete && r.Of(report.Ingest) {
			g.success.set(since1970(r), visible(r.DB()))
		}
	}
	newest := s.Newest()
	for _, db := range s.Bases() {
		g.run(newest[db], visible(db))
	}
	families, err := registry.Gather()
	if err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	encoder := expfmt.NewEncoder(w, expfmt.NewFormat(expfmt.TypeTextPlain).WithEscapingScheme(model.NoEscaping))
	for _, family := range families {
		if err := encoder.Encode(family); err != nil {
			return err
		}
	}
	return nil
}

// gauge is a metric with the label db, and perhaps one more.
type gauge struct{ vec *prometheus.GaugeVec }

func (g *gauge) set(x float64, labels ...string) { g.vec.WithLabelValues(labels...).Set(x) }

type gauges struct {
	all []*gauge

	time, success, status, duration, files, failures, content, memory, stages    *gauge
	chunks, retries, retryWait, passages, waiting, withheld, unread, withoutText *gauge
}

func newGauges() *gauges {
	g := new(gauges)
	add := func(name, help string, labels ...string) *gauge {
		opts := prometheus.GaugeOpts{Name: prefix + name, Help: help}
		v := &gauge{prometheus.NewGaugeVec(opts, append([]string{"db"}, labels...))}
		g.all = append(g.all, v)
		return v
	}
	g.time = add("last_run_timestamp_seconds", "When the last run ended, in seconds since 1970.")
	g.success = add("last_complete_run_timestamp_seconds", "When the last run that took documents in and was complete ended, among those reported, in seconds since 1970.")
	g.status = add("last_run_status", "How the last run ended: 1 for the status that it has, 0 for the others.", "status")
	g.duration = add("last_run_duration_seconds", "How long the last run took.")
	g.files = add("last_run_files", "Records of the last run by what became of them.", "outcome")
	g.failures = add("last_run_failures", "Records of the last run that failed, by class.", "class")
	g.content = add("last_run_content_bytes", "Size of the files that the last run stored or found unchanged.")
	g.memory = add("last_run_peak_memory_bytes", "The most memory that was resident in the last run.")
	g.stages = add("last_run_stage_seconds", "Time that the last run spent in each stage; stages run side by side.", "stage")
	g.chunks = add("last_run_chunks", "Chunks of the last run.")
	g.retries = add("last_run_retries", "How often the last run tried something again.")
	g.retryWait = add("last_run_retry_wait_seconds", "How long the last run waited before it tried again.")
	g.passages = add("last_run_passages", "Passages of the last run by where their vectors came from.", "outcome")
	g.waiting = add("waiting_passages", "Passages of the knowledge base that waited for a vector at the end of the last run.")
	g.unread = add("last_run_unread_folders", "Folders that the scans of the last run could not read.")
	g.withheld = add("last_run_withheld_deletions", "Deletions that the last run did not make, since they were too many.")
	g.withoutText = add("last_run_documents_without_text", "Versions that the last run stored without text to search.")
	return g
}

// run sets all but the time of success.
func (g *gauges) run(r *report.Run, db string) {
	p, m := &r.Processing, &r.Performance
	g.time.set(since1970(r), db)
	statuses := []string{complete, "incomplete", "interrupted", "failed"}
	for _, status := range statuses {
		x := 0.0
		if r.Status == status {
			x = 1
		}
		g.status.set(x, db, status)
	}
	g.duration.set(m.ElapsedSeconds, db)
	for _, o := range outcomes(r) {
		g.files.set(float64(o.n), db, o.name)
	}
	g.failures.set(float64(r.Errors.Validation), db, "validation")
	g.failures.set(float64(r.Errors.Processing), db, "processing")
	g.failures.set(float64(r.Errors.ExceptionAfterRetries), db, "exception_after_retries")
	g.content.set(float64(p.Bytes), db)
	g.chunks.set(float64(m.Chunks), db)
	if !m.Measured() { // none is better than a zero that looks real
		return
	}
	g.memory.set(m.PeakMemoryMB*megabyte, db)
	g.stages.set(m.Seconds.Read, db, "read")
	g.stages.set(m.Seconds.Extract, db, "extract")
	g.stages.set(m.Seconds.Embed, db, "embed")
	g.stages.set(m.Seconds.Store, db, "store")
	g.retries.set(float64(m.Retries), db)
	g.retryWait.set(m.SecondsLostToRetries, db)
	g.passages.set(float64(m.PassagesEmbedded), db, "embedded")
	g.passages.set(float64(m.PassagesReused), db, "reused")
	g.passages.set(float64(m.PassagesRejected), db, "rejected")
	g.waiting.set(float64(m.PassagesWaiting), db)
	g.withheld.set(float64(p.Withheld), db)
	g.unread.set(float64(p.Unread), db)
	g.withoutText.set(float64(r.Text.WithoutText), db)
}
