package storetest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/stream"
)

// world is a folder of documents that people work on, the scans that they make
// of it, a store that takes these in, and the model that the store has to agree
// with.
type world struct {
	t     *rapid.T
	open  Open
	dir   string
	store *Store
	model *model

	clock   kb.Instant
	files   map[string]file
	pending []piece // records of scans that no run has taken in yet
	done    []piece // those that one has
	started map[kb.Instant]bool
	scans   int
	log     []string
}

// file is what stands under a path.
type file struct {
	content string
	mtime   kb.Instant
	mode    kb.Mode
	trouble kb.Kind // kb.Failed or kb.Skipped where it cannot be read; else ""
}

// piece is a part of a scan that is taken in by one transaction.
type piece struct {
	scan    *kb.Scan
	rules   rules
	records []kb.Record
	end     *kb.End
}

var (
	documents = []string{"docs/a.md", "docs/b.md", "docs/sub/c.md", "docs/sub/d.txt", "docs/.old/e.md", "wiki/f.md", "docs.md"}
	second    = kb.Instant(time.Second / time.Microsecond)
	epoch     = kb.InstantOf(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
)

func newWorld(t *rapid.T, open Open, parent string) *world {
	dir, err := os.MkdirTemp(parent, "kb")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, open: open, dir: dir, clock: epoch,
		model: &model{
			scans: make(map[string]*modelScan), unread: make(map[string]kb.Instant), lastSighting: make(map[string]*modelScan),
		},
		files: make(map[string]file), started: make(map[kb.Instant]bool),
	}
	if w.store, err = open(dir, func() time.Time { return w.clock.Time() }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(w.store.Close(), os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			for _, line := range w.log {
				t.Log(line)
			}
		}
	})
	return w
}

func (w *world) note(format string, args ...any) {
	for i, arg := range args {
		switch arg := arg.(type) {
		case kb.Instant:
			args[i] = rel(arg)
		case *kb.Instant:
			if arg != nil {
				args[i] = rel(*arg)
			}
		}
	}
	w.log = append(w.log, fmt.Sprintf("%s ", rel(w.clock))+fmt.Sprintf(format, args...))
}

// rel writes an instant in seconds since the world began.
func rel(i kb.Instant) string {
	if i == kb.Forever {
		return "∞"
	}
	return fmt.Sprintf("%.6f", time.Duration(i-epoch).Seconds()*1000)
}

// pass lets time pass, seldom backwards, and gives a start that no scan has
// had.
func (w *world) pass() kb.Instant {
	step := rapid.SampledFrom([]kb.Instant{1, second, 10 * second, -5 * second}).Draw(w.t, "passes")
	for w.clock += step; w.started[w.clock]; {
		w.clock++
	}
	return w.clock
}

// work changes a document.
func (w *world) work(t *rapid.T) {
	w.pass()
	path := rapid.SampledFrom(documents).Draw(t, "document")
	f, exists := w.files[path]
	what := rapid.SampledFrom([]string{"edit", "edit", "move in", "touch", "chmod", "delete", "trouble"}).Draw(t, "work")
	if !exists && what != "move in" {
		what = "edit"
	}
	switch what {
	case "edit":
		f = file{content: rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "content"), mtime: w.clock, mode: f.mode}
	case "move in":
		f = file{content: rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "content"), mtime: w.moment("mtime")}
	case "touch":
		f.mtime = w.moment("mtime")
	case "chmod":
		f.mode ^= 0o111
	case "delete":
		delete(w.files, path)
		w.note("%s: deleted", path)
		return
	case "trouble":
		f.trouble = rapid.SampledFrom([]kb.Kind{kb.Failed, kb.Skipped, kb.File, ""}).Draw(t, "trouble")
	}
	f.mode |= 0o644
	w.files[path] = f
	w.note("%s: %s, now %q of %v %v %s", path, what, f.content, f.mtime, f.mode, f.trouble)
}

// moment draws a moment from around now, or one at which something begins.
func (w *world) moment(label string) kb.Instant {
	var known []kb.Instant
	switch rapid.IntRange(0, 4).Draw(w.t, label+" is") {
	case 0:
		for _, v := range w.model.versions {
			known = append(known, v.ValidFrom, v.RecordedAt)
		}
	case 1:
		known = slices.Sorted(maps.Keys(w.started))
	}
	if len(known) == 0 {
		return w.clock + second*kb.Instant(rapid.IntRange(-60, 20).Draw(w.t, label))
	}
	known = known[max(0, len(known)-6):]
	return rapid.SampledFrom(known).Draw(w.t, label) + kb.Instant(max(0, rapid.IntRange(-3, 1).Draw(w.t, "later")))
}

// scan looks at the documents, while somebody may go on working.
func (w *world) scan(t *rapid.T) {
	w.scans++
	r := w.drawRules()
	s := w.newScan(r)
	w.note("scan %s begins: %+v", s.ID, r)
	end := &kb.End{Scan: *s}
	if rapid.IntRange(0, 5).Draw(t, "unread") == 0 {
		end.Unread = []string{r.record(rapid.SampledFrom([]string{"docs/sub", "wiki", "docs"}).Draw(t, "folder"))}
	}
	hidden := &modelScan{rules: r, end: end}
	var records []kb.Record
	for _, path := range documents {
		if f, exists := w.files[path]; exists && hidden.judges(r.record(path)) {
			records = append(records, f.record(r.record(path)))
			end.Paths++
		}
		if rapid.IntRange(0, 9).Draw(t, "meanwhile") == 0 {
			w.work(t)
		}
	}
	pieces := cut(t, piece{scan: s, rules: r, records: records})
	if rapid.IntRange(0, 5).Draw(t, "crash") > 0 {
		pieces[len(pieces)-1].end = end
		w.note("scan %s ends: %d paths, unread %q", s.ID, end.Paths, end.Unread)
	}
	w.pending = append(w.pending, pieces...)
}

func (w *world) newScan(r rules) *kb.Scan {
	s := &kb.Scan{ID: fmt.Sprintf("s%d", w.scans), Dir: "/home/docs", Roots: r.trees, Prefix: r.prefix, StartedAt: w.pass()}
	if w.started[s.StartedAt] = true; rapid.IntRange(0, 9).Draw(w.t, "skewed") == 0 {
		for s.StartedAt += 7 * second; w.started[s.StartedAt]; { // a machine whose clock is fast
			s.StartedAt++
		}
		w.started[s.StartedAt] = true
	}
	if len(r.trees) > 0 {
		s.Covers = kb.Coverage{Trees: r.trees, Extensions: []string{r.ext}, Hidden: r.hidden, Shard: r.shard}
		if r.exclude != "" {
			s.Covers.Exclude = []string{r.exclude}
		}
	}
	return s
}

func (w *world) drawRules() rules {
	r := rules{
		trees:   rapid.SampledFrom([][]string{{"docs"}, {"docs"}, {"."}, {"docs/sub"}, {"docs", "wiki"}, {".", "docs/.old"}}).Draw(w.t, "trees"),
		ext:     rapid.SampledFrom([]string{".md", ".md", "*"}).Draw(w.t, "extension"),
		hidden:  rapid.IntRange(0, 3).Draw(w.t, "hidden") == 0,
		exclude: rapid.SampledFrom([]string{"", "", "", "sub", "b.md"}).Draw(w.t, "exclude"),
		shard:   rapid.SampledFrom([]kb.Shard{{}, {}, {Index: 1, Count: 2}, {Index: 2, Count: 2}}).Draw(w.t, "shard"),
		prefix:  rapid.SampledFrom([]string{"", "", "", "", "p"}).Draw(w.t, "prefix"),
	}
	return r
}

// record returns the name that a document has in the records of a scan.
func (r rules) record(document string) string {
	if r.prefix == "" {
		return document
	}
	return r.prefix + "/" + document
}

func (f file) record(path string) kb.Record {
	mtime, mode, hash := f.mtime, f.mode, kb.HashOf([]byte(f.content))
	r := kb.Record{Kind: kb.File, Path: path, MTime: &mtime, Mode: &mode, SHA256: &hash, Content: []byte(f.content), HasContent: true}
	switch f.trouble {
	case kb.Failed:
		return kb.Record{Kind: kb.Failed, Path: path, Class: kb.Processing, Code: kb.Permission, Message: "permission denied"}
	case kb.Skipped:
		return kb.Record{Kind: kb.Skipped, Path: path, Code: kb.TooLarge}
	case kb.File: // the content is damaged on its way
		r.SHA256 = new(kb.Hash)
	}
	return r
}

// cut cuts a piece into several.
func cut(t *rapid.T, whole piece) []piece {
	records := whole.records
	var pieces []piece
	for n := rapid.IntRange(1, 9).Draw(t, "records in a chunk"); ; {
		p := whole
		p.records = records[:min(n, len(records))]
		records = records[len(p.records):]
		pieces = append(pieces, p)
		if len(records) == 0 {
			return pieces
		}
	}
}

// history takes in records that carry their valid time, or were made by hand.
func (w *world) history(t *rapid.T) {
	w.scans++
	var r rules
	if rapid.IntRange(0, 3).Draw(t, "covered") == 0 {
		r = rules{trees: []string{"."}, ext: "*", hidden: true}
	}
	p := piece{scan: w.newScan(r), rules: r}
	byHand := rapid.IntRange(0, 3).Draw(t, "by hand") == 0
	for range rapid.IntRange(1, 3).Draw(t, "records") {
		rec := w.statement(t)
		if byHand {
			rec.ValidFrom, rec.Seq = nil, 0
		}
		p.records = append(p.records, rec)
		w.note("record in %s: %s %s %q from %v seq %d", p.scan.ID, rec.Kind, rec.Path, rec.Content, rec.ValidFrom, rec.Seq)
	}
	w.pending = append(w.pending, p)
}

func (w *world) statement(t *rapid.T) kb.Record {
	from := w.moment("valid from")
	rec := kb.Record{
		Kind: rapid.SampledFrom([]kb.Kind{kb.File, kb.File, kb.Gone}).Draw(t, "kind"),
		Path: rapid.SampledFrom(documents).Draw(t, "document"), ValidFrom: &from,
		Seq: int64(rapid.IntRange(0, 2).Draw(t, "seq")),
	}
	if rec.Kind == kb.File {
		mode := rapid.SampledFrom([]kb.Mode{0o644, 0o755}).Draw(t, "mode")
		rec.Content, rec.HasContent, rec.Mode = []byte(rapid.SampledFrom([]string{"A", "B", "X"}).Draw(t, "content")), true, &mode
		rec.Source = "git:1234"
	}
	return rec
}

// take runs ingest over some of what is pending, mostly in order, and now and
// then once more over what has been taken in before.
func (w *world) take(t *rapid.T) {
	if len(w.pending) == 0 {
		w.scan(t)
	}
	w.pass()
	var batch []piece
	n := rapid.SampledFrom([]int{len(w.pending), len(w.pending), len(w.pending), 1, 2}).Draw(t, "pieces")
	shuffled := rapid.IntRange(0, 3).Draw(t, "shuffled") == 0
	for range min(n, len(w.pending)) {
		i := 0
		if shuffled {
			i = rapid.IntRange(0, len(w.pending)-1).Draw(t, "piece")
		}
		batch = append(batch, w.pending[i])
		w.pending = slices.Delete(w.pending, i, i+1)
	}
	w.done = append(w.done, batch...)
	if rapid.IntRange(0, 3).Draw(t, "again") == 0 {
		batch = append(batch, rapid.SampledFrom(w.done[max(0, len(w.done)-5):]).Draw(t, "piece"))
	}
	w.run(batch)
}

// run lets the store and the model take in the same.
func (w *world) run(batch []piece) {
	maxDelete := rapid.SampledFrom([]float64{1, 1, 0.5, 0.25}).Draw(w.t, "max delete")
	chunked := rapid.Bool().Draw(w.t, "chunked")
	var in bytes.Buffer
	var want ingest.Counts
	var withheld int64
	for i := range batch {
		for _, unit := range batch[i].write(w.t, &in, chunked) {
			w.model.now = max(w.clock, w.model.now+1)
			counts, kept := w.model.unit(&unit, maxDelete)
			w.note("unit of %s, recorded %v: %d records, end %t: %+v, withheld %d", unit.scan.ID, w.model.now, len(unit.records), unit.end != nil, counts, kept)
			want.Add(counts)
			withheld += kept
		}
	}
	sum, err := ingest.Run(context.Background(), w.store, &in, ingest.Options{
		Clock: func() time.Time { return w.clock.Time() }, Dir: "/home/docs", Workers: 2, ChunkSize: 1000,
		UnitBytes: 1 << 20, MaxFileSize: 1 << 20, MaxDelete: maxDelete, Partial: true,
		Retry: ingest.Retry{Attempts: 1}, Embedder: embed.None{}, Warn: func(string) {},
	})
	if err != nil {
		w.t.Fatalf("run: %v", err)
	}
	sum.Counts.Bytes = 0
	if sum.Counts != want || sum.Withheld != withheld {
		w.t.Errorf("the run counts %+v, withheld %d, but the model %+v, withheld %d", sum.Counts, sum.Withheld, want, withheld)
	}
}

// write writes a piece to a stream and returns the units that ingest makes of
// it.
func (p piece) write(t *rapid.T, in *bytes.Buffer, chunked bool) []piece {
	enc := stream.NewEncoder(in)
	fail := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if !chunked {
		fail(enc.Scan(p.scan))
		for i := range p.records {
			fail(enc.Record(&p.records[i]))
		}
	} else {
		fail(p.chunk(in))
	}
	if p.end != nil {
		fail(enc.End(p.end))
	}
	switch {
	case len(p.records) == 0 && p.end == nil && !chunked:
		return nil
	case p.end != nil && chunked:
		first, last := p, p
		first.end, last.records = nil, nil
		return []piece{first, last}
	default:
		return []piece{p}
	}
}

func (p piece) chunk(in *bytes.Buffer) error {
	var records bytes.Buffer
	enc := stream.NewEncoder(&records)
	for i := range p.records {
		if err := enc.Record(&p.records[i]); err != nil {
			return err
		}
	}
	lines := bytes.Split(bytes.TrimSpace(records.Bytes()), []byte("\n"))
	scan, err := json.Marshal(p.scan)
	fmt.Fprintf(in, `{"type":"chunk","scan":%s,"seq":1,"records":[%s]}`+"\n", scan, bytes.Join(lines, []byte(",")))
	return err
}

// remove records documents as gone by hand.
func (w *world) remove(t *rapid.T) {
	w.pass()
	prefix := rapid.SampledFrom([]string{"docs", "docs/a.md", "docs/sub", "p", "docs.md"}).Draw(t, "prefix")
	at := w.moment("removed at")
	w.model.now = max(w.clock, w.model.now+1)
	var want int64
	for _, path := range w.model.paths() {
		v, known := w.model.at(path, kb.Point{Valid: at, Known: kb.Forever})
		if !known || v.Gone || !below(prefix, path) {
			continue
		}
		want++
		gone := kb.Version{Path: path, Gone: true, ValidFrom: at}
		if v.ValidFrom == at {
			gone.Seq = v.Seq
		}
		w.model.add(gone)
	}
	w.note("remove %s at %v, recorded %v: %d", prefix, at, w.model.now, want)
	sum, err := ingest.Remove(context.Background(), w.store, ingest.RunStart{At: w.clock}, ingest.Options{Retry: ingest.Retry{Attempts: 1}}, &at, []string{prefix, prefix})
	if err != nil {
		t.Fatalf("remove: %v", err)
	}
	if sum.Counts.Deleted != want {
		t.Errorf("remove counts %d, but the model %d", sum.Counts.Deleted, want)
	}
}

// below reports whether a path is the prefix or lies below it.
func below(prefix, path string) bool {
	return prefix == "" || path == prefix || len(path) > len(prefix) && path[:len(prefix)+1] == prefix+"/"
}

// testModel lets people work, scan and ingest in every order, and then asks
// store and model the same questions.
func testModel(t *testing.T, open Open) {
	parent := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, open, parent)
		t.Repeat(map[string]func(*rapid.T){
			"work": w.work, "work more": w.work, "scan": w.scan, "take": w.take, "take more": w.take,
			"history": w.history, "remove": w.remove,
		})
		w.compare()
	})
}

// moments are those at which an answer may change, and those just before, in
// order.
func (w *world) moments(of func(kb.Version) kb.Instant) []kb.Instant {
	set := map[kb.Instant]bool{kb.Forever: true}
	for _, v := range w.model.versions {
		set[of(v)], set[of(v)-1] = true, true
	}
	return slices.SortedFunc(maps.Keys(set), cmp.Compare[kb.Instant])
}
