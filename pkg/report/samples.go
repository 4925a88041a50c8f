package report

import "time"

// MaxSamples is how many samples a report holds at most.
const MaxSamples = 100

// firstSpacing is how far apart the samples of a short run are at least. It is
// long beside what it takes to measure the memory of a process.
const firstSpacing = 50 * time.Millisecond

// Sample says how far a run was at a moment: what it had done since it began,
// and the memory that it held just then.
type Sample struct {
	ElapsedSeconds float64 `json:"elapsed_seconds"`
	Files          int64   `json:"files"`  // as TotalFiles of Processing
	Failed         int64   `json:"failed"` // of Files
	MemoryMB       float64 `json:"memory_mb"`
}

// Samples gathers the samples of a run of any length in bounded memory: whenever
// there are MaxSamples, those that are nearest to each other are dropped, and from
// then on they are as far apart as those that are left. The zero value is ready
// for use.
type Samples struct {
	list    []Sample
	spacing time.Duration
	next    time.Duration // since the run began
}

// Due reports whether Add would keep a sample of this moment.
func (s *Samples) Due(elapsed time.Duration) bool { return elapsed >= s.next }

// Add keeps a sample, unless the last one was a moment ago.
func (s *Samples) Add(elapsed time.Duration, files, failed int64, memoryMB float64) {
	if !s.Due(elapsed) {
		return
	}
	if len(s.list) == MaxSamples-1 { // the last place is for End
		s.thin(elapsed)
	}
	s.next = elapsed + max(s.spacing, firstSpacing)
	s.list = append(s.list, Sample{RoundSeconds(elapsed), files, failed, memoryMB})
}

// thin leaves half of the samples at most, however they came, and has those to
// come as far apart.
func (s *Samples) thin(elapsed time.Duration) {
	s.spacing = elapsed / (MaxSamples / 2)
	s.spread(s.spacing)
}

// spread drops the samples that are nearer than spacing to the one before.
func (s *Samples) spread(spacing time.Duration) {
	kept := s.list[:0]
	for _, sample := range s.list {
		if n := len(kept); n == 0 || sample.ElapsedSeconds-kept[n-1].ElapsedSeconds >= spacing.Seconds() {
			kept = append(kept, sample)
		}
	}
	s.list = kept
}

// End adds the sample of the end of the run, and returns all of them, evenly
// spread.
func (s *Samples) End(elapsed time.Duration, files, failed int64, memoryMB float64) []Sample {
	s.spread(elapsed / MaxSamples)
	end := Sample{RoundSeconds(elapsed), files, failed, memoryMB}
	if n := len(s.list); n > 0 && s.list[n-1].ElapsedSeconds == end.ElapsedSeconds {
		s.list = s.list[:n-1]
	}
	return append(s.list, end)
}
