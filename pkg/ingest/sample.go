package ingest

import (
	"time"

	"github.com/seed16713943/btools/pkg/sysload"
)

// sample notes how far the run is, if that was not done a moment ago. Without a
// look at the memory there is no sample: the report says that it cannot be had.
func (s *Summary) sample(now time.Time) {
	elapsed := now.Sub(s.Started)
	if !s.samples.Due(elapsed) {
		return
	}
	usage, err := sysload.Memory()
	if err != nil {
		return
	}
	s.samples.Add(elapsed, s.Counts.Total(), s.Counts.Failed, usage.ResidentMB())
}
