package ingest

import "github.com/seed16713943/btools/pkg/kb"

// doomed is a path that a complete scan covers and did not list.
type doomed struct {
	path      int64
	name      string
	validFrom kb.Instant
	seq       int64
}

// settle closes the scan once all that it listed has been taken in, and records
// as gone what it covers and did not list.
func (a *applier) settle() error {
	if a.scan.Expected == nil || a.scan.Closed && (a.scan.Withheld == 0 || a.unit.end == nil) {
		return nil
	}
	if all, err := a.tx.AllListed(a.scan.ID); err != nil || !all {
		return err
	}
	lost, err := a.unlisted()
	if err != nil {
		return err
	}
	tooMany, err := a.tooMany(int64(len(lost)))
	if err != nil {
		return err
	}
	a.scan.Closed = true
	if tooMany {
		a.out.withheld = int64(len(lost))
		return a.tx.CloseScan(a.scan.ID, a.out.withheld)
	}
	start := a.scan.StartedAt
	for _, d := range lost {
		v := &kb.Version{Path: d.name, Gone: true, ValidFrom: start}
		if d.validFrom == start {
			v.Seq = d.seq
		}
		if err := a.passages.bury(d.path, v); err != nil {
			return err
		}
	}
	a.out.counts.Deleted += int64(len(lost))
	if err := a.forgive(); err != nil {
		return err
	}
	return a.tx.CloseScan(a.scan.ID, 0)
}

// bury records that a path is gone, and so does not fail any more.
func (d *deriver) bury(path int64, v *kb.Version) error {
	if err := d.tx.AddVersion(path, d.run, v, nil); err != nil {
		return err
	}
	d.add(&PathState{ID: path}, v, nil)
	return d.tx.ClearFailure(path, Statement{})
}

// forgive clears the failures of paths that were never stored and that the scan
// would have listed, and of its trees, which earlier ones have missed: there is nothing
// left to be tried again.
func (a *applier) forgive() error {
	if len(a.unit.scan.Covers.Trees) == 0 {
		return nil
	}
	var lost []int64
	err := a.tx.Failing(a.scan, func(p PathState) error {
		if a.judges(p.Name) || a.covers.IsTree(p.Name) && !belowAny(a.scan.Unread, p.Name) {
			lost = append(lost, p.ID)
		}
		return nil
	})
	for _, path := range lost {
		if err == nil {
			err = a.tx.ClearFailure(path, Statement{})
		}
	}
	return err
}

// unlisted returns the paths that the scan covers, would have read, and did not
// list. It keeps of which others it could not tell.
func (a *applier) unlisted() ([]doomed, error) {
	if len(a.unit.scan.Covers.Trees) == 0 && len(a.scan.Unread) == 0 {
		return nil, nil
	}
	var lost []doomed
	var missed []PathState
	err := a.tx.Unlisted(a.scan, func(p PathState) error {
		switch {
		case a.misses(p.Name):
			missed = append(missed, p)
		// What is valid from a moment after the scan began is not for it to judge.
		case p.InForce.ValidFrom <= a.scan.StartedAt && a.judges(p.Name):
			lost = append(lost, doomed{p.ID, p.Name, p.InForce.ValidFrom, p.InForce.Seq})
		}
		return nil
	})
	for _, p := range missed {
		if err == nil {
			err = a.tx.Miss(p.ID, a.scan.StartedAt, p.InForce.ValidFrom)
		}
	}
	return lost, err
}

// misses reports whether the scan would have told whether a path is there, had it been
// able to read a folder. Of a root that it did not find, its rules are not looked at.
func (a *applier) misses(path string) bool {
	return belowAny(a.scan.Unread, path) && (a.covers.Covers(path) || !a.covers.InTree(path))
}

// judges reports whether the scan can tell that a path is not there.
func (a *applier) judges(path string) bool {
	return a.covers.Covers(path) && !belowAny(a.scan.Unread, path)
}

// tooMany reports whether more of the covered paths would go than may.
func (a *applier) tooMany(lost int64) (bool, error) {
	if lost == 0 || a.maxDelete >= 1 {
		return false, nil
	}
	var covered int64
	err := a.tx.Holding(func(name string) error {
		if a.judges(name) {
			covered++
		}
		return nil
	})
	return float64(lost) > a.maxDelete*float64(covered), err
}
