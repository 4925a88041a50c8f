package report

import (
	"maps"
	"slices"
)

// Series is a number of reports in the order of their time. All but the newest
// are kept without their failures, their samples and, but for the name of the
// knowledge base, their configuration, so that a series may be long.
type Series struct {
	Runs []*Run
	Most int // runs to keep, the newest ones; 0 for all
}

// Add puts a report into its place; of reports of the same time, the one added
// last is the newest.
func (s *Series) Add(r *Run) {
	at := len(s.Runs)
	for at > 0 && s.Runs[at-1].Timestamp > r.Timestamp {
		at--
	}
	switch {
	case at < len(s.Runs):
		r.shorten()
	case at > 0:
		s.Runs[at-1].shorten()
	}
	s.Runs = slices.Insert(s.Runs, at, r)
	if s.Most > 0 && len(s.Runs) > s.Most {
		s.Runs = slices.Delete(s.Runs, 0, len(s.Runs)-s.Most)
	}
}

// Last returns the newest report, or nil if there is none.
func (s *Series) Last() *Run {
	if len(s.Runs) == 0 {
		return nil
	}
	return s.Runs[len(s.Runs)-1]
}

// Newest returns the newest run of each knowledge base: of those that took documents in,
// or of all where none did.
func (s *Series) Newest() map[string]*Run {
	newest := make(map[string]*Run)
	for _, r := range s.Runs {
		if before := newest[r.DB()]; before == nil || r.Of(Ingest) || !before.Of(Ingest) {
			newest[r.DB()] = r
		}
	}
	return newest
}

// Bases returns the names of the knowledge bases that the runs are of, in the
// order of their letters.
func (s *Series) Bases() []string {
	names := make(map[string]bool)
	for _, r := range s.Runs {
		names[r.DB()] = true
	}
	return slices.Sorted(maps.Keys(names))
}

func (r *Run) shorten() {
	r.Failures, r.Samples, r.Text.Errors = nil, nil, nil
	if db := r.DB(); db != "" {
		r.Config = map[string]any{"db": db}
	} else {
		r.Config = nil
	}
}
