package ingest

import (
	"cmp"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
)

// outcome is what a transaction did.
type outcome struct {
	counts   Counts
	classes  map[kb.Class]int64
	textless map[kb.Code]int64 // versions stored without text
	withheld int64
	unread   []string // folders that it could not read; a root that it did not find is among the records
	otherDir string   // see ScanState
	fast     bool     // the scan is new, and says that it began at a time that is yet to come
	contents int64    // failed records whose content came with them, or was to
	names    int64    // other failed records, with a name that may not be read
	lines    int64    // failed lines that are no records
	forgot   int64    // records of what was forgotten
}

// applier applies one unit inside one transaction.
type applier struct {
	tx        Tx
	run       int64
	unit      *unit
	scan      ScanState
	covers    *scan.Coverage
	closed    *closedScans
	maxDelete float64
	index     Index
	passages  deriver
	listed    []int64 // paths that the unit lists for its scan; the records themselves of a history
	live      bool    // some of them were looked at as files
	out       outcome
}

// apply takes in all that the unit holds.
func (a *applier) apply() error {
	a.out.classes = make(map[kb.Class]int64)
	a.out.textless = a.passages.textless
	if err := record(a.tx, a.index); err != nil {
		return err
	}
	a.out.lines = int64(len(a.unit.bad))
	for _, fault := range a.unit.bad {
		if err := a.fail(Failure{Again: kb.Skipped}, fault); err != nil {
			return err
		}
	}
	if a.unit.scan != nil {
		if err := a.applyScan(); err != nil {
			return err
		}
	}
	if err := addEmbedded(a.tx, a.unit.documents()); err != nil {
		return err
	}
	if err := a.passages.finish(); err != nil {
		return err
	}
	return a.tx.AddChunk(ChunkResult{Run: a.run, Scan: a.scan.ID, Counts: a.out.counts})
}

// muchTooEarly is how far, in microseconds, the clock of another machine may be ahead
// without a word.
const muchTooEarly = 60_000_000

// applyScan takes in records of a scan. By a clock that is ahead, it would be later than
// those that come after it: it counts as begun when it came in, if not before.
func (a *applier) applyScan() error {
	var err error
	begun := *a.unit.scan
	begun.StartedAt = min(begun.StartedAt, a.tx.Now())
	if a.scan, err = a.tx.Scan(&begun); err != nil {
		return err
	}
	a.scan.StartedAt = min(a.scan.StartedAt, a.tx.Now()) // in a file of earlier days, it may lie ahead all the same
	a.out.otherDir = a.scan.OtherDir
	a.out.fast = a.scan.New && a.unit.scan.StartedAt > a.tx.Now()+muchTooEarly
	if err := a.closed.refresh(a.tx); err != nil {
		return err
	}
	if a.covers, err = scan.NewCoverage(a.unit.scan); err != nil {
		return err
	}
	if err := a.look(); err != nil {
		return err
	}
	for i := range a.unit.items {
		if err := a.item(&a.unit.items[i]); err != nil {
			return err
		}
	}
	if len(a.listed) > 0 && (a.live || !a.scan.Closed) { // else they are in already, or nobody asks for them
		if err := a.tx.List(a.scan.ID, a.listed, a.live); err != nil {
			return err
		}
	}
	if end := a.unit.end; end != nil {
		a.scan.Expected, a.scan.Unread = &end.Paths, end.Unread
		if err := a.tx.EndScan(a.scan.ID, end); err != nil {
			return err
		}
		for _, folder := range end.Unread {
			if a.covers.InTree(folder) {
				a.out.unread = append(a.out.unread, folder)
			}
		}
	}
	return a.settle()
}

// look prepares for the items.
func (a *applier) look() error {
	names := make([]string, len(a.unit.items))
	var contents []kb.Hash
	for i := range a.unit.items {
		it := &a.unit.items[i]
		names[i] = it.rec.Path
		if it.content != nil {
			contents = append(contents, it.content.SHA256)
		}
	}
	if err := a.tx.Look(names); err != nil {
		return err
	}
	return a.tx.LookForContents(contents)
}

// noReason is what is said of an error record that says nothing.
const noReason = "no reason was given"

// item takes in one record.
func (a *applier) item(it *item) error {
	rec := &it.rec
	path, err := a.tx.Path(rec.Path)
	if err != nil {
		return err
	}
	switch {
	case a.unit.scan.History != nil:
		a.listed = append(a.listed, listing(path.ID, rec))
	case rec.Kind != kb.Gone:
		a.listed = append(a.listed, path.ID)
	}
	switch rec.Kind {
	case kb.Skipped:
		return a.skip(it, &path)
	case kb.Failed:
		return a.failItem(it, &path, kb.NewFault(rec.Class, rec.Code, "%s", cmp.Or(rec.Message, noReason)))
	case kb.Gone, kb.File:
		switch {
		case it.fault != nil:
			return a.failItem(it, &path, it.fault)
		case it.forgotten:
			a.skipForgotten()
			return nil
		}
		if err := a.store(it, &path); err != nil {
			return err
		}
		if err := a.tx.ClearFailure(path.ID, statementOf(rec)); err != nil {
			return err
		}
		return a.see(it, &path, true)
	}
	return nil
}

// skip keeps what a record says whose content was left out: from when on the path
// holds something else than the version before.
func (a *applier) skip(it *item, path *PathState) error {
	a.out.counts.Skipped++
	if !it.rec.Live() {
		if err := a.tx.Skip(path.ID, statementOf(&it.rec), it.rec.Source); err != nil {
			return err
		}
	}
	return a.see(it, path, false)
}

// listing stands for one record of a history, by its commit and its path: a
// history is complete when all of its records are in, while its paths are so long
// before.
func listing(path int64, rec *kb.Record) int64 { return rec.Seq<<32 ^ path }

// store makes a version of a record, unless it says nothing new.
func (a *applier) store(it *item, path *PathState) error {
	v := versionOf(it)
	known, err := a.place(v, it, path)
	if err != nil {
		return err
	}
	if known {
		a.out.counts.Unchanged++
		a.out.counts.Bytes += v.Size
		return a.confirm(v, it, path)
	}
	begins, err := a.tx.MemoryBegins(path.ID)
	if err != nil {
		return err
	}
	if begins.forgot(v.ValidFrom, v.Seq) {
		a.skipForgotten()
		return nil
	}
	if err := a.tx.AddVersion(path.ID, a.run, v, it.content); err != nil {
		return err
	}
	a.passages.add(path, v, it.doc)
	if v.Gone {
		a.out.counts.Deleted++
	} else {
		a.out.counts.Stored++
		a.out.counts.Bytes += v.Size
	}
	return a.reassert(v, it, path)
}

// skipForgotten counts a record of what was forgotten.
func (a *applier) skipForgotten() {
	a.out.counts.Skipped++
	a.out.forgot++
}

// place gives v its valid time and seq, and reports whether the knowledge base
// says as much already.
func (a *applier) place(v *kb.Version, it *item, path *PathState) (known bool, err error) {
	if !it.rec.Live() {
		v.ValidFrom, v.Seq = *it.rec.ValidFrom, it.rec.Seq
		return a.tx.HasVersion(path.ID, v)
	}
	before := path.InForce
	if before == nil {
		before = &kb.Version{Gone: true, ValidFrom: minInstant}
	}
	if before.SameState(v) {
		return true, nil
	}
	mtime := v.MTime
	if v.Gone {
		mtime = nil // no file, no time of its own
	}
	if v.ValidFrom, err = a.liveInstant(mtime, path); err != nil {
		return false, err
	}
	if v.ValidFrom == before.ValidFrom {
		v.Seq = before.Seq // what is seen now is not beaten by what was there before
	}
	return false, nil
}

// minInstant is earlier than every valid time.
const minInstant = kb.Instant(-1 << 63)

// reassert says once more what a later scan has seen, where a record of an
// earlier scan arrives after it and would otherwise be taken for the newest.
func (a *applier) reassert(v *kb.Version, it *item, path *PathState) error {
	later := path.InForce
	if !it.rec.Live() || later == nil || path.failed() ||
		path.SeenAt <= a.scan.StartedAt || v.ValidFrom >= path.SeenAt || v.ValidFrom < later.ValidFrom {
		return nil
	}
	again := *later
	again.ValidFrom, again.Seq = min(path.SeenAt, a.tx.Now()), 0
	if again.ValidFrom == v.ValidFrom {
		again.Seq = v.Seq
	}
	if err := a.tx.AddVersion(path.ID, a.run, &again, nil); err != nil {
		return err
	}
	a.passages.add(path, &again, nil)
	return nil
}

// confirm says once more what is in force where something later is known to have been
// there, and was left out: a scan has found that the file holds what is in force again.
func (a *applier) confirm(v *kb.Version, it *item, path *PathState) error {
	if !it.rec.Live() || v.Gone || path.InForce == nil {
		return nil
	}
	left, err := a.tx.LeftOut(path.ID, path.InForce)
	if err != nil || left == nil || *left >= a.scan.StartedAt {
		return err
	}
	if v.ValidFrom, err = a.liveInstant(v.MTime, path); err != nil {
		return err
	}
	if v.ValidFrom <= *left { // a time that was set back
		v.ValidFrom = a.scan.StartedAt
	}
	begins, err := a.tx.MemoryBegins(path.ID)
	if err != nil || begins.forgot(v.ValidFrom, v.Seq) {
		return err
	}
	if err := a.tx.AddVersion(path.ID, a.run, v, nil); err != nil {
		return err
	}
	a.passages.add(path, v, nil)
	return nil
}

// versionOf is the version that a record describes, without its place in time.
func versionOf(it *item) *kb.Version {
	rec := &it.rec
	v := &kb.Version{Path: rec.Path, Source: rec.Source, Gone: rec.Kind == kb.Gone}
	if v.Gone {
		return v
	}
	v.Mode, v.MTime = rec.Mode, rec.MTime
	if it.content != nil {
		v.SHA256, v.Size = it.content.SHA256, it.content.Size
	} else {
		v.SHA256, v.Size = it.known.SHA256, it.known.Size
	}
	return v
}

// see keeps that the scan has listed the path. Only what looked at the file
// counts: a history says nothing of what the folder holds now.
func (a *applier) see(it *item, path *PathState, readable bool) error {
	if !it.rec.Live() && !a.covers.Covers(path.Name) || it.rec.Kind == kb.Gone {
		return nil
	}
	a.live = true
	if path.SeenBy != 0 && path.SeenAt > a.scan.StartedAt {
		return nil
	}
	s := Sighting{Scan: a.scan.ID, MTime: it.rec.MTime, CTime: it.rec.CTime, Inode: it.rec.Inode}
	if readable {
		s.SHA256 = &versionOf(it).SHA256
		if path.StaleSince != nil && *path.StaleSince > a.scan.StartedAt { // a later scan could not look for it
			s.StaleSince = path.StaleSince
		}
	} else {
		s.StaleSince = &a.scan.StartedAt
		if path.StaleSince != nil && *path.StaleSince < a.scan.StartedAt {
			s.StaleSince = path.StaleSince
		}
	}
	return a.tx.See(path.ID, s)
}

func (a *applier) failItem(it *item, path *PathState, fault *kb.Fault) error {
	f := Failure{PathID: path.ID, Scan: a.scan.ID, Statement: statementOf(&it.rec), Again: again(&it.rec), Source: it.rec.Source}
	if f.Again == kb.Skipped {
		a.out.contents++
	} else if fault.Code == kb.BadPath {
		a.out.names++
	}
	if err := a.fail(f, fault); err != nil {
		return err
	}
	return a.see(it, path, false)
}

func (a *applier) fail(f Failure, fault *kb.Fault) error {
	a.out.counts.Failed++
	a.out.classes[fault.Class]++
	f.Run, f.Class, f.Code, f.Attempts, f.Message = a.run, fault.Class, fault.Code, fault.Attempts, fault.Error()
	return a.tx.AddFailure(f)
}

func statementOf(rec *kb.Record) Statement {
	if rec.Live() {
		return Statement{}
	}
	return Statement{rec.ValidFrom, rec.Seq}
}

// again returns the kind of the record that tries again what one could not do. What
// came with its content, or of a history, has to come from there once more.
func again(rec *kb.Record) kb.Kind {
	switch {
	case rec.Kind == kb.Gone:
		return kb.Gone
	case rec.HasContent, rec.Kind == kb.Failed && !rec.Live():
		return kb.Skipped
	default:
		return kb.File
	}
}
