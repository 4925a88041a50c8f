package ingest_test

import (
	"testing"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

const doc = "docs/a.md"

// step is one run: what the stream holds, and when it is taken in.
type step struct {
	now    int64
	stream string
}

// rule is one sentence about a document, as README.md says from when on things
// are so.
type rule struct {
	name  string
	steps []step
	want  string // the versions of docs/a.md
}

func (r rule) check(t *testing.T) {
	b := newBench(t)
	b.opts.Partial = true
	for _, s := range r.steps {
		b.run(s.now, s.stream)
	}
	b.wantHistory(doc, r.want)
	b.checkPassages(t, doc)
}

// TestLiveTime has a test for each condition under which the modification time
// of a file is believed, on both sides of its bound.
func TestLiveTime(t *testing.T) {
	first := step{101, tree{id: "1", start: 100}.whole(file(doc, "A", 50))}
	crashed := step{201, tree{id: "2", start: 200}.cut(file(doc, "A", 50))}
	elsewhere := step{101, tree{id: "1", start: 100}.whole()}
	for _, r := range []rule{
		{"the first time is that of the file", []step{first}, "50 A"},
		{"without a time it is the start", []step{{101, tree{id: "1", start: 100}.whole(line(kb.Record{Kind: kb.File, Path: doc, HasContent: true}))}}, "100 "},
		{"an edit has the time of the file", []step{first, {301, tree{id: "2", start: 300}.whole(file(doc, "B", 250))}}, "50 A, 250 B"},
		{"equal to the version in force", []step{first, {301, tree{id: "2", start: 300}.whole(file(doc, "A", 250))}}, "50 A"},
		{"older than the version in force", []step{first, {301, tree{id: "2", start: 300}.whole(file(doc, "B", 40))}}, "50 A, 300 B"},
		{"as old as the version in force", []step{first, {301, tree{id: "2", start: 300}.whole(file(doc, "B", 50))}}, "50 A, 300 B"},
		{"later than the version in force, but listed since", []step{first, {301, tree{id: "2", start: 300}.whole(file(doc, "B", 60))}}, "50 A, 300 B"},
		{"from the start of the scan that listed it", []step{first, crashed, {301, tree{id: "3", start: 300}.whole(file(doc, "B", 200))}}, "50 A, 300 B"},
		{"just after the start of the scan that listed it", []step{first, crashed, {301, tree{id: "3", start: 300}.whole(file(doc, "B", 201))}}, "50 A, 201 B"},
		{"listed by a scan that could not read it", []step{first, {201, tree{id: "2", start: 200}.cut(unreadable(doc))}, {301, tree{id: "3", start: 300}.whole(file(doc, "B", 150))}}, "50 A, 300 B"},
		{"from before a scan that did not find it", []step{elsewhere, {301, tree{id: "2", start: 300}.whole(file(doc, "A", 50))}}, "300 A"},
		{"from the start of a scan that did not find it", []step{elsewhere, {301, tree{id: "2", start: 300}.whole(file(doc, "A", 100))}}, "300 A"},
		{"from after a scan that did not find it", []step{elsewhere, {301, tree{id: "2", start: 300}.whole(file(doc, "A", 101))}}, "101 A"},
		{"a scan that crashed says nothing of what it did not list", []step{{101, tree{id: "1", start: 100}.cut()}, {301, tree{id: "2", start: 300}.whole(file(doc, "A", 50))}}, "50 A"},
		{"nor does one that could not read the folder", []step{{101, tree{id: "1", start: 100}.cut() + tree{id: "1", start: 100}.end(0, "docs")}, {301, tree{id: "2", start: 300}.whole(file(doc, "A", 50))}}, "50 A"},
		{"nor one with another extension", []step{
			{101, tree{id: "1", start: 100, covers: kb.Coverage{Trees: []string{"docs"}, Extensions: []string{".txt"}}}.whole()},
			{301, tree{id: "2", start: 300}.whole(file(doc, "A", 50))},
		}, "50 A"},
		{"from the future", []step{first, {301, tree{id: "2", start: 300}.whole(file(doc, "B", 302))}}, "50 A, 300 B"},
		{"from now", []step{first, {301, tree{id: "2", start: 300}.whole(file(doc, "B", 301))}}, "50 A, 301 B"},
		{"a scan of a machine whose clock is fast", []step{{101, tree{id: "1", start: 500}.whole(file(doc, "A", 450))}}, "101 A"},
		{"a file that came back", []step{
			first, {201, tree{id: "2", start: 200}.whole()}, {301, tree{id: "3", start: 300}.whole(file(doc, "A", 50))},
		}, "50 A, 200 gone, 300 A"},
		{"what is seen now wins a tie of valid time", []step{{1, known(doc, "A", 100, 7)}, {101, tree{id: "1", start: 100}.whole(file(doc, "B", 90))}}, "100 A, 100 B"},
		{"a record by hand has the start of its run", []step{{101, line(kb.Record{Kind: kb.File, Path: doc, Content: []byte("A"), HasContent: true})}}, "101 A"},
		{"a deletion by hand has the start of its run", []step{first, {201, line(kb.Record{Kind: kb.Gone, Path: doc})}}, "50 A, 201 gone"},
		{"a scan that comes after a later one does not win", []step{
			{301, tree{id: "2", start: 300}.cut(file(doc, "B", 50))}, {302, tree{id: "1", start: 200}.cut(file(doc, "A", 150))},
		}, "50 B, 150 A, 300 B"},
		{"what a later scan has seen is said again, whatever it was", []step{
			{301, tree{id: "3", start: 300}.cut(file(doc, "A", 50))}, {302, tree{id: "2", start: 200}.cut(known(doc, "B", 150, 0), file(doc, "C", 160))},
		}, "50 A, 150 B, 160 C, 300 B"},
		{"listed by an earlier scan, and by a later one that came before", []step{
			{101, tree{id: "1", start: 100}.cut(file(doc, "A", 50))}, {301, tree{id: "3", start: 300}.cut(file(doc, "A", 50))},
			{302, tree{id: "2", start: 200}.cut(file(doc, "B", 90))},
		}, "50 A, 200 B, 300 A"},
		{"a later scan that could not read it says nothing of what was there", []step{
			first, {301, tree{id: "3", start: 300}.cut(unreadable(doc))}, {302, tree{id: "2", start: 200}.cut(file(doc, "B", 150))},
		}, "50 A, 150 B"},
		{"nor after one that could not read the folder, of a clock that was ahead", []step{
			first, {401, tree{id: "4", start: 400}.cut() + tree{id: "4", start: 400}.end(0, "docs")},
			{402, tree{id: "3", start: 300}.cut(unreadable(doc))}, {403, tree{id: "2", start: 200}.cut(file(doc, "B", 150))},
		}, "50 A, 150 B"},
	} {
		t.Run(r.name, r.check)
	}
}

func TestDeletion(t *testing.T) {
	first := step{101, tree{id: "1", start: 100}.whole(file(doc, "A", 50), file("docs/b.md", "B", 50))}
	rest := file("docs/b.md", "B", 50)
	second := tree{id: "2", start: 200}
	narrow := tree{id: "2", start: 200, covers: kb.Coverage{Trees: []string{"docs"}, Extensions: []string{".txt"}}}
	for _, r := range []rule{
		{"not listed", []step{first, {201, second.whole(rest)}}, "50 A, 200 gone"},
		{"not listed, and then again not", []step{first, {201, second.whole(rest)}, {301, tree{id: "3", start: 300}.whole(rest)}}, "50 A, 200 gone"},
		{"not listed by a scan without end", []step{first, {201, second.cut(rest)}}, "50 A"},
		{"the end comes in another run", []step{first, {201, second.cut(rest)}, {202, second.end(1)}}, "50 A, 200 gone"},
		{"the end comes first", []step{first, {201, second.end(1)}, {202, second.cut(rest)}}, "50 A, 200 gone"},
		{"the end counts more than has come", []step{first, {201, second.cut(rest) + second.end(2)}}, "50 A"},
		{"a deletion is no listing", []step{first, {201, second.cut(line(kb.Record{Kind: kb.Gone, Path: "docs/c.md"})) + second.end(1)}}, "50 A"},
		{"the same record twice is one path", []step{first, {201, second.cut(rest, rest) + second.end(2)}, {202, second.cut(rest)}}, "50 A"},
		{"could not be read", []step{first, {201, second.whole(rest, unreadable(doc))}}, "50 A"},
		{"has grown too large", []step{first, {201, second.whole(rest, tooLarge(doc))}}, "50 A"},
		{"has grown too large since it was listed", []step{first, {201, second.whole(rest, line(kb.Record{Kind: kb.File, Path: doc}))}}, "50 A"},
		{"below a folder that could not be read", []step{first, {201, second.cut(rest) + second.end(1, "docs")}}, "50 A"},
		{"the folder that could not be read is another", []step{first, {201, second.cut(rest) + second.end(1, "docs/a", "doc")}}, "50 A, 200 gone"},
		{"not covered", []step{first, {201, narrow.whole()}}, "50 A"},
		{"a list covers nothing", []step{first, {201, tree{id: "2", start: 200, covers: kb.Coverage{Trees: []string{}}}.whole(rest)}}, "50 A"},
		{"seen by a later scan", []step{first, {301, tree{id: "3", start: 300}.cut(file(doc, "A", 50))}, {302, second.whole(rest)}}, "50 A"},
		{"seen by a later scan that could not read it", []step{first, {301, tree{id: "3", start: 300}.cut(unreadable(doc))}, {302, second.whole(rest)}}, "50 A"},
		{"valid from the start of the scan", []step{{1, known(doc, "A", 200, 3)}, {201, second.whole(rest)}}, "200 A, 200 gone"},
		{"valid from after the start of the scan", []step{{1, known(doc, "A", 201, 0)}, {202, second.whole(rest)}}, "201 A"},
		{"known from elsewhere", []step{{1, known(doc, "A", 50, 0)}, {201, second.whole(rest)}}, "50 A, 200 gone"},
		{"a scan is settled once", []step{first, {201, second.whole(rest)}, {202, known(doc, "A", 150, 0)}, {203, second.whole(rest)}}, "50 A, 150 A, 200 gone"},
		{"a scan of a machine whose clock is fast", []step{first, {201, tree{id: "2", start: 900}.whole(rest)}}, "50 A, 201 gone"},
	} {
		t.Run(r.name, r.check)
	}
}

func TestExplicitTime(t *testing.T) {
	for _, r := range []rule{
		{"from the future", []step{{1, known(doc, "A", 900, 0)}}, "900 A"},
		{"again", []step{{1, known(doc, "A", 50, 1) + known(doc, "A", 50, 1)}, {2, known(doc, "A", 50, 1)}}, "50 A"},
		{"again with another seq", []step{{1, known(doc, "A", 50, 1) + known(doc, "A", 50, 2)}}, "50 A, 50 A"},
		{"equal neighbours are kept", []step{{1, known(doc, "A", 50, 0) + known(doc, "A", 60, 0)}}, "50 A, 60 A"},
		{"out of order", []step{{1, known(doc, "C", 70, 0)}, {2, known(doc, "A", 50, 0)}, {3, known(doc, "", 60, 0)}}, "50 A, 60 gone, 70 C"},
		{"seq decides", []step{{1, known(doc, "B", 50, 2) + known(doc, "A", 50, 1)}}, "50 A, 50 B"},
		{"without seq the last one is a correction", []step{{1, known(doc, "B", 50, 0)}, {2, known(doc, "A", 50, 0)}}, "50 B, 50 A"},
		{"seq decides what a scan is compared with", []step{
			{1, known(doc, "A", 100, 2) + known(doc, "B", 100, 1)}, {201, tree{id: "1", start: 200}.whole(file(doc, "B", 150))},
		}, "100 B, 100 A, 150 B"},
		{"gone is said once", []step{{1, known(doc, "", 50, 0) + known(doc, "", 50, 0)}}, "50 gone"},
	} {
		t.Run(r.name, r.check)
	}
}

func TestMaxDelete(t *testing.T) {
	all := []string{file("docs/a.md", "A", 50), file("docs/b.md", "B", 50), file("docs/c.md", "C", 50), file("docs/d.md", "D", 50)}
	b := newBench(t)
	b.opts.MaxDelete = 0.5
	b.run(101, tree{id: "1", start: 100}.whole(all...))

	three := tree{id: "2", start: 200}.whole(all[3:]...)
	sum := b.run(201, three)
	if sum.Withheld != 3 || sum.Counts.Deleted != 0 || sum.Status != ingest.Complete {
		t.Errorf("three of four would be gone: %+v", sum)
	}
	b.wantHistory("docs/a.md", "50 A")
	if sum = b.run(202, three); sum.Withheld != 3 {
		t.Errorf("and again: %+v", sum)
	}

	b.opts.MaxDelete = 1
	if sum = b.run(203, three); sum.Withheld != 0 || sum.Counts.Deleted != 3 {
		t.Errorf("the same scan, all may go: %+v", sum)
	}
	b.wantHistory("docs/a.md", "50 A, 200 gone")

	b.opts.MaxDelete = 0.5
	b.run(301, tree{id: "3", start: 300}.whole(all...))
	if sum = b.run(401, tree{id: "4", start: 400}.whole(all[2:]...)); sum.Withheld != 0 || sum.Counts.Deleted != 2 {
		t.Errorf("half of them are gone: %+v", sum)
	}
	b.wantHistory("docs/a.md", "50 A, 200 gone, 300 A, 400 gone")
}

// TestFoundAgain lets scans read a file of which a history has left something out: what
// they find is in force again, from when they first found it.
func TestFoundAgain(t *testing.T) {
	b := newBench(t)
	left := at(150)
	skipped := line(kb.Record{Kind: kb.Skipped, Path: doc, ValidFrom: &left, Code: kb.TooLarge})
	b.run(101, known(doc, "A", 100, 0), skipped)
	stale := func(valid int64) (since kb.Instant) {
		for stale, err := range b.reader().Stale(t.Context(), "", kb.Point{Valid: at(valid), Known: kb.Forever}) {
			b.check(err)
			since = stale.Since
		}
		return since
	}
	sum := b.run(201, tree{id: "1", start: 200}.whole(file(doc, "A", 50)))
	if b.wantHistory(doc, "100 A, 200 A"); sum.Counts.Unchanged != 1 || sum.Counts.Total() != 1 {
		t.Errorf("counted: %+v", sum.Counts)
	}
	b.run(301, tree{id: "2", start: 300}.whole(file(doc, "A", 50)))
	b.run(301, known(doc, "A", 100, 0), skipped)
	b.wantHistory(doc, "100 A, 200 A")
	b.run(401, tree{id: "3", start: 400}.whole(tooLarge(doc)))
	for valid, want := range map[int64]kb.Instant{149: 0, 150: left, 199: left, 200: 0, 399: 0, 400: at(400)} {
		if got := stale(valid); got != want {
			t.Errorf("at %d: stale since %v, not %v", valid, got, want)
		}
	}
	b.run(501, tree{id: "4", start: 500}.whole(file(doc, "A", 50)))
	b.wantHistory(doc, "100 A, 200 A")
	left = at(600)
	b.run(601, line(kb.Record{Kind: kb.Skipped, Path: doc, ValidFrom: &left, Code: kb.TooLarge}))
	b.run(701, tree{id: "5", start: 700}.whole(file(doc, "A", 650)))
	b.wantHistory(doc, "100 A, 200 A, 650 A")
}

func TestStale(t *testing.T) {
	b := newBench(t)
	b.run(101, tree{id: "1", start: 100}.whole(file(doc, "A", 50)))
	b.run(201, tree{id: "2", start: 200}.whole(unreadable(doc)))
	b.run(301, tree{id: "3", start: 300}.whole(tooLarge(doc)))
	for stale, err := range b.reader().Stale(t.Context(), "", kb.Point{Valid: kb.Forever, Known: kb.Forever}) {
		b.check(err)
		if stale.Path != doc || stale.Since != at(200) {
			t.Errorf("stale: %+v", stale)
		}
	}
	if n, err := b.reader().Standing(t.Context()); n != 1 || err != nil {
		t.Errorf("%d failures stand, %v", n, err)
	}
	b.run(401, tree{id: "4", start: 400}.whole(file(doc, "B", 350)))
	for stale := range b.reader().Stale(t.Context(), "", kb.Point{Valid: kb.Forever, Known: kb.Forever}) {
		t.Errorf("stale after it was read again: %+v", stale)
	}
	if n, err := b.reader().Standing(t.Context()); n != 0 || err != nil {
		t.Errorf("%d failures stand after the file was read, %v", n, err)
	}
	b.wantHistory(doc, "50 A, 350 B")
}

func TestExecutableBit(t *testing.T) {
	b := newBench(t)
	record := func(mode kb.Mode) string {
		mtime := at(50)
		return line(kb.Record{Kind: kb.File, Path: doc, MTime: &mtime, Mode: &mode, Content: []byte("A"), HasContent: true})
	}
	b.run(101, tree{id: "1", start: 100}.whole(record(0o644)))
	b.run(201, tree{id: "2", start: 200}.whole(record(0o600)))
	b.wantHistory(doc, "50 A")
	b.run(301, tree{id: "3", start: 300}.whole(record(0o755)))
	b.wantHistory(doc, "50 A, 300 A")
}
