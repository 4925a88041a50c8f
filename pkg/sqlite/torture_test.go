package sqlite_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/sqlite/pages"
	"github.com/seed16713943/btools/pkg/stream"
)

func fromEnv(t *testing.T, name string, value int) int {
	t.Helper()
	if text := os.Getenv(name); text != "" {
		var err error
		if value, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	return value
}

// tortured reports whether the long form of tests is asked for.
func tortured() bool { return os.Getenv("BTOOLS_TORTURE") != "" }

// taken reports whether a case of those that a test has is run. All are, but under the
// race detector: there many cases that damage a file differ in what is read, and not
// in which goroutines read it, and take several times as long. make test runs them
// all without it as well.
func taken(i int) bool { return !sqlite.Raced || tortured() || i%6 == 0 }

// words are what documents are made of; common ones come first.
var words = strings.Fields(`the of retry backup passage version knowledge base restore attempt snapshot window quota
	reviewer approval schedule archive incident rollback compress checksum listing folder embedding citation transaction
	commit journal index splitter heading paragraph sentence evidence auditor retention deletion sentinel interval`)

func text(r *rand.Rand, size int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s %s\n\n", words[r.IntN(len(words))], words[r.IntN(len(words))])
	for n := 0; b.Len() < size; n++ {
		b.WriteString(words[min(r.IntN(len(words)), r.IntN(len(words)))])
		switch {
		case n%90 == 89:
			fmt.Fprintf(&b, ".\n\n## %s %d\n\n", words[r.IntN(len(words))], r.IntN(1000))
		case n%12 == 11:
			b.WriteString(".\n")
		default:
			b.WriteString(" ")
		}
	}
	return b.String()
}

// history makes a knowledge base of many documents in many versions, of all sizes,
// in several scans, and returns the moments at which it is asked.
func history(t testing.TB, path string, documents int) []kb.Instant {
	t.Helper()
	r := rand.New(rand.NewPCG(7, uint64(documents)))
	now := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	var mu sync.Mutex // the clock is asked from several goroutines
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Millisecond)
		return now
	}
	store, err := sqlite.Open(context.Background(), path, sqlite.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	held := make(map[int]string)
	var moments []kb.Instant
	for round := range 4 {
		now = now.Add(24 * time.Hour)
		start := kb.InstantOf(now)
		for i := range documents {
			size := 200 + r.IntN(3000)
			switch {
			case round > 0 && r.IntN(3) > 0:
				continue
			case round > 0 && r.IntN(8) == 0:
				delete(held, i)
				continue
			case i%50 == 1:
				size = 20_000 + r.IntN(100_000)
			}
			if at := len(held[i]) / 2; at > 0 && r.IntN(2) == 0 {
				held[i] = held[i][:at] + "\n\nAn edit. " + text(r, 100) + held[i][at:] // which makes a delta
				continue
			}
			held[i] = text(r, size)
			if i%97 == 3 {
				noise := make([]byte, 30_000)
				for n := range noise {
					noise[n] = byte(r.Uint32())
				}
				held[i] = "\x00" + string(noise)
			}
		}
		if round == 0 && documents >= 100 { // in several parts
			held[-1] = text(r, 2<<20)
		}
		takeIn(t, store, clock, round, start, held)
		moments = append(moments, kb.InstantOf(clock()))
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return moments
}

// unreadRound is that of which the scan could not read a file.
const unreadRound = 2

// takeIn takes documents in as a scan of them would.
func takeIn(t testing.TB, store *sqlite.Store, clock kb.Clock, round int, start kb.Instant, held map[int]string) {
	t.Helper()
	var in bytes.Buffer
	enc := stream.NewEncoder(&in)
	scan := kb.Scan{ID: fmt.Sprintf("scan-%d", round), Dir: "/docs", Roots: []string{"docs"}, StartedAt: start,
		Covers: kb.Coverage{Trees: []string{"docs"}, Extensions: []string{"*"}}}
	err := enc.Scan(&scan)
	mode := kb.Mode(0o644)
	for _, i := range slices.Sorted(maps.Keys(held)) {
		mtime := start - kb.Instant(1+i)
		err = errors.Join(err, enc.Record(&kb.Record{
			Kind: kb.File, Path: fmt.Sprintf("docs/%02d/document-%04d.md", (i+100)%17, i), Content: []byte(held[i]), HasContent: true, Mode: &mode, MTime: &mtime,
		}))
	}
	end := kb.End{Scan: scan, Paths: int64(len(held))}
	if round == unreadRound {
		err = errors.Join(err, enc.Record(&kb.Record{Kind: kb.Failed, Path: "docs/unread.md", Class: kb.Processing, Code: kb.Permission, Message: "no"}))
		end.Paths, end.Errors = end.Paths+1, 1
	}
	if err := errors.Join(err, enc.End(&end)); err != nil {
		t.Fatal(err)
	}
	sum, err := ingest.Run(context.Background(), store, &in, ingest.Options{
		Clock: clock, Dir: "/", Workers: 2, ChunkSize: 100, UnitBytes: 16 << 20, MaxFileSize: 10 << 20, MaxDelete: 1,
		Retry: ingest.Retry{Attempts: 1}, Embedder: embed.NewBuiltin(), Warn: func(message string) { t.Log(message) },
	})
	if err == nil {
		err = store.FinishRun(context.Background(), sum.Run, ingest.RunFinish{At: kb.InstantOf(clock()), Status: sum.Status, Report: []byte(`{}`)})
	}
	if err != nil || sum.Status != ingest.Complete || sum.Counts.Failed != end.Errors {
		t.Fatalf("%+v: %v", sum, err)
	}
}

// answer is what a question was answered with: a hash of it, or that it failed.
type answer struct {
	question string
	hash     [32]byte
	err      error
}

// ask asks everything that basof asks. Where the file cannot even be opened, every
// answer is that error.
func ask(path string, moments []kb.Instant) (answers []answer) {
	ctx := context.Background()
	r, err := sqlite.OpenReader(ctx, path)
	if err != nil {
		return []answer{{"open", [32]byte{}, err}}
	}
	defer r.Close()
	put := func(question string, fn func(b *bytes.Buffer) error) {
		var b bytes.Buffer
		err := fn(&b)
		answers = append(answers, answer{question, sha256.Sum256(b.Bytes()), err})
	}
	put("info", func(b *bytes.Buffer) error {
		info, err := r.Info(ctx, moments[len(moments)-1], 5)
		info.Path, info.FileBytes = "", 0
		fmt.Fprintf(b, "%+v", info)
		return err
	})
	for _, at := range moments {
		askAt(ctx, r, at, put)
	}
	return answers
}

// askAt asks what was so at a moment: each document, and what searches find.
func askAt(ctx context.Context, r *sqlite.Reader, at kb.Instant, put func(string, func(*bytes.Buffer) error)) {
	point := kb.Point{Valid: at, Known: kb.Forever}
	var listed []kb.Version
	put(fmt.Sprint("ls ", at), func(b *bytes.Buffer) error {
		for v, err := range r.List(ctx, "", point) {
			if err != nil {
				return err
			}
			if v.Mode == nil || v.MTime == nil {
				return fmt.Errorf("%s has no mode or no mtime", v.Path)
			}
			listed = append(listed, v)
			fmt.Fprintf(b, "%+v %v %v %v %v %s\n", v.Path, v.ValidFrom, v.SHA256, *v.Mode, *v.MTime, v.Source)
		}
		return nil
	})
	for _, known := range []kb.Point{point, {Valid: at, Known: at}} {
		put(fmt.Sprint("ls as known ", at), func(b *bytes.Buffer) error {
			for v, err := range r.List(ctx, "docs/03", known) {
				if err != nil {
					return err
				}
				fmt.Fprintf(b, "%+v %v %v %v %v\n", v.Path, v.ValidFrom, v.SHA256, v.RecordedAt, v.Size)
			}
			return nil
		})
	}
	for _, v := range listed {
		put(fmt.Sprint("show ", v.Path, at), func(b *bytes.Buffer) error {
			span, err := asof.At(ctx, r, v.Path, point)
			if err != nil {
				return err
			}
			fmt.Fprint(b, span.ValidFrom, span.ValidTo)
			return r.WriteContent(ctx, b, span.SHA256)
		})
	}
	for _, s := range []asof.Search{
		{Words: "retry backup", Mode: asof.Text}, {Words: "incident quota", Mode: asof.Vector}, {Words: "evidence auditer", Mode: asof.Hybrid},
		{Words: "sentinel", Mode: asof.Hybrid, Prefixes: []string{"docs/04"}},
	} {
		s.At, s.Now, s.Limit = kb.Point{Valid: at, Known: kb.Forever}, at, 20
		put(fmt.Sprint("search ", s.Words, at), func(b *bytes.Buffer) error {
			found, err := asof.Find(ctx, r, embed.NewBuiltin(), s)
			if err != nil {
				return err
			}
			fmt.Fprint(b, found.Corrected, found.Waiting, found.Behind, found.Degraded, found.More)
			for _, hit := range found.Hits {
				fmt.Fprintln(b, hit.Version.Path, hit.Version.SHA256, hit.Text, hit.Score, hit.From, hit.To)
			}
			return nil
		})
	}
}

// damage overwrites pages, in one of several ways, and says what it did and which
// pages it touched.
// Every second page is one of those that matter most.
func damage(r *rand.Rand, file []byte, pageSize int, matter []uint32) (damaged []byte, did string, touched map[uint32]bool) {
	damaged = bytes.Clone(file)
	touched = make(map[uint32]bool)
	count := len(file) / pageSize
	for range 1 + r.IntN(4) {
		n := r.IntN(count)
		if r.IntN(2) == 0 {
			n = int(matter[r.IntN(len(matter))] - 1)
		}
		page := damaged[n*pageSize : (n+1)*pageSize]
		before := bytes.Clone(page)
		how := r.IntN(8)
		switch how {
		case 0:
			random(r, page)
		case 1:
			clear(page)
		case 2: // written to the wrong place
			from := r.IntN(count)
			copy(page, file[from*pageSize:(from+1)*pageSize])
		case 3: // a sector
			at := r.IntN(pageSize/512) * 512
			random(r, page[at:at+512])
		case 4:
			at := r.IntN(pageSize/512) * 512
			clear(page[at : at+512])
		case 5: // half of it was written
			from := r.IntN(count)
			copy(page[pageSize/2:], file[from*pageSize+pageSize/2:(from+1)*pageSize])
		case 6: // a bit has rotted
			page[r.IntN(pageSize)] ^= 1 << r.IntN(8)
		case 7: // some bytes have
			at := r.IntN(pageSize - 8)
			random(r, page[at:at+1+r.IntN(8)])
		}
		if !bytes.Equal(before, page) {
			touched[uint32(n+1)] = true
			did += fmt.Sprintf(" page %d in way %d;", n+1, how)
		}
	}
	if r.IntN(10) == 0 {
		from := count - r.IntN(count/4)
		for n := from; n < count; n++ {
			touched[uint32(n+1)] = true
		}
		damaged = damaged[:from*pageSize]
		did += fmt.Sprintf(" cut after page %d;", from)
	}
	return damaged, did, touched
}

func random(r *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(r.Uint32())
	}
}

// needs knows for each version the pages that have to be whole for it to come back:
// those with its row, the name of its path, the hash and the parts of its content.
// Names and hashes stand twice, and so each group has pages of which one will do.
type needs struct {
	versions []neededVersion
	inner    []uint32 // pages that lead to those of the truth, and that no version needs
}

type neededVersion struct {
	version kb.Version
	all     map[uint32]bool // have to be whole, each of them
	path    [2]uint32       // one of them
	hash    [2]uint32       // one of them; 0, 0 for a version that is gone
}

func (n *neededVersion) whole(touched map[uint32]bool) bool {
	for page := range n.all {
		if touched[page] {
			return false
		}
	}
	one := func(pages [2]uint32) bool { return pages[0] == 0 || !touched[pages[0]] || !touched[pages[1]] }
	return one(n.path) && one(n.hash)
}

// pages are all pages that any version needs, those that hold the schema and the
// roots of tables, and so often those that lead to others that they are a quarter:
// there are few, and without them all that they lead to has to be found again.
func (n *needs) pages() (all []uint32) {
	set := make(map[uint32]bool)
	for n := uint32(1); n <= 60; n++ {
		set[n] = true
	}
	for _, v := range n.versions {
		maps.Copy(set, v.all)
		for _, page := range []uint32{v.path[0], v.path[1], v.hash[0], v.hash[1]} {
			set[max(page, 1)] = true
		}
	}
	all = slices.Sorted(maps.Keys(set))
	for most := len(all) / 3; len(n.inner) > 0 && most > 0; most -= len(n.inner) {
		all = append(all, n.inner...)
	}
	return all
}

// needsOf reads the undamaged file, page by page.
func needsOf(t *testing.T, file []byte) needs {
	t.Helper()
	f, err := pages.Open(bytes.NewReader(file), int64(len(file)), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var n needs
	walk := func(root uint32, fn func(page uint32, cell pages.Cell, record []pages.Value)) {
		err := f.Walk(root, f.NewSet(), func(v pages.Visit) error {
			if v.Err == nil && v.Kind == pages.TableInterior && root != 1 {
				n.inner = append(n.inner, v.Number)
			}
			if v.Err != nil || v.Kind == pages.TableInterior {
				return v.Err
			}
			for _, cell := range v.Cells {
				record, err := f.Record(cell)
				if err != nil {
					return err
				}
				fn(v.Number, cell, record)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	roots := make(map[string]uint32)
	walk(1, func(_ uint32, _ pages.Cell, record []pages.Value) {
		roots[string(record[1].Bytes)] = uint32(record[3].Int)
	})
	names, paths, hashes := make(map[int64]string), make(map[int64][2]uint32), make(map[int64][2]uint32)
	shas := make(map[int64]kb.Hash)
	parts, bases := make(map[int64][]uint32), make(map[int64]int64)
	walk(roots["path"], func(page uint32, cell pages.Cell, record []pages.Value) {
		names[cell.RowID] = string(record[1].Bytes)
		paths[cell.RowID] = [2]uint32{page}
	})
	walk(roots["sqlite_autoindex_path_1"], func(page uint32, _ pages.Cell, record []pages.Value) {
		paths[record[1].Int] = [2]uint32{paths[record[1].Int][0], page}
	})
	walk(roots["blob"], func(page uint32, cell pages.Cell, record []pages.Value) {
		shas[cell.RowID] = kb.Hash(record[1].Bytes)
		hashes[cell.RowID] = [2]uint32{page}
	})
	walk(roots["sqlite_autoindex_blob_1"], func(page uint32, _ pages.Cell, record []pages.Value) {
		hashes[record[1].Int] = [2]uint32{hashes[record[1].Int][0], page}
	})
	walk(roots["part"], func(page uint32, cell pages.Cell, record []pages.Value) {
		parts[record[1].Int] = append(append(parts[record[1].Int], page), f.Overflow(cell)...)
		bases[record[1].Int] = record[4].Int // 0 for none
	})
	walk(roots["version"], func(page uint32, cell pages.Cell, record []pages.Value) {
		v := neededVersion{all: map[uint32]bool{page: true}, path: paths[record[1].Int]}
		v.version = kb.Version{ID: cell.RowID, Path: names[record[1].Int], ValidFrom: kb.Instant(record[2].Int), RecordedAt: kb.Instant(record[4].Int), Gone: record[5].Type == pages.Null}
		if blob := record[5].Int; !v.version.Gone {
			v.version.SHA256, v.hash = shas[blob], hashes[blob]
			for ; blob != 0; blob = bases[blob] { // those too that it is a delta from
				for _, page := range parts[blob] {
					v.all[page] = true
				}
			}
		}
		n.versions = append(n.versions, v)
	})
	return n
}

// TestDamagedPages overwrites pages at random. Whatever then gives another answer
// than before, without an error, a check has to see; and a recovery has to bring
// back every version whose pages are whole.
func TestDamagedPages(t *testing.T) {
	times, documents := 10, 150
	if tortured() {
		times, documents = 200, 1200
	}
	seed := fromEnv(t, "BTOOLS_DAMAGE_SEED", 20250115)
	times = fromEnv(t, "BTOOLS_DAMAGES", times)
	dir := t.TempDir()
	path := filepath.Join(dir, "kb.sqlite")
	moments := history(t, path, documents)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := ask(path, moments)
	for _, a := range want {
		if a.err != nil {
			t.Fatalf("%s: %v", a.question, a.err)
		}
	}
	if codes := check(t, path); len(codes) > 0 {
		t.Fatalf("the undamaged file: %v", codes)
	}
	need := needsOf(t, file)
	t.Logf("%d pages, %d versions, %d answers", len(file)/4096, len(need.versions), len(want))
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(uint64(seed), 4))
	matter := need.pages()
	var noticed, changed, silent int
	for i := range times {
		damaged, did, touched := damage(r, file, 4096, matter)
		if !taken(i) {
			continue
		}
		path := filepath.Join(dir, "damaged.sqlite")
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		codes := check(t, path)
		wrong := differences(want, ask(path, moments))
		if len(codes) > 0 {
			noticed++
		}
		if len(wrong) > 0 {
			changed++
		}
		if len(wrong) > 0 && len(codes) == 0 {
			silent++
			t.Errorf("%d: after%s the answers to %.200q are others, and the check says nothing", i, did, wrong)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, damaged) {
			t.Errorf("%d: after%s reading has changed the file: %v", i, did, err)
		}
		recoverAndCompare(t, fmt.Sprintf("%d: after%s", i, did), path, need, touched)
		removeAll(t, path)
	}
	t.Logf("%d of %d damages noticed, %d changed answers, %d of these unnoticed", noticed, times, changed, silent)
}

func removeAll(t *testing.T, path string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
}

// check returns the codes of the damages that bcheck -data finds, and those of a
// file that cannot be opened.
func check(t *testing.T, path string) map[string]int {
	t.Helper()
	codes := make(map[string]int)
	k, err := sqlite.OpenChecker(t.Context(), path)
	if err != nil {
		if !errors.Is(err, sqlite.ErrDamaged) && !errors.Is(err, sqlite.ErrForeign) && !errors.Is(err, sqlite.ErrNewer) {
			t.Errorf("open: %v", err)
		}
		return map[string]int{"open": 1}
	}
	defer k.Close()
	_, err = k.Check(t.Context(), sqlite.CheckOptions{Data: true, Sample: 1, Alive: func(*ingest.RunState) bool { return true }}, func(f sqlite.Finding) error {
		if f.Damage {
			codes[f.Code]++
		}
		return nil
	})
	if err != nil {
		t.Errorf("check: %v", err)
	}
	return codes
}

// differences returns the questions that are answered otherwise, and without an
// error.
func differences(want, got []answer) (questions []string) {
	hashes := make(map[string][32]byte)
	for _, a := range want {
		hashes[a.question] = a.hash
	}
	answered := make(map[string]bool)
	for _, a := range got {
		answered[a.question] = true
		if hash, asked := hashes[a.question]; a.err == nil && (!asked || hash != a.hash) {
			questions = append(questions, a.question)
		}
	}
	return questions
}

// recoverAndCompare recovers a file and looks for each version whose pages are
// whole.
func recoverAndCompare(t *testing.T, what, path string, need needs, touched map[uint32]bool) {
	t.Helper()
	to := path + ".recovered"
	defer removeAll(t, to)
	told := make(map[string]int)
	sum, err := sqlite.Recover(t.Context(), path, to, time.Now, func(f sqlite.Finding) error {
		told[f.Code]++
		return nil
	}, nil)
	if err != nil {
		t.Errorf("%s: recover: %v", what, err)
		return
	}
	r, err := sqlite.OpenReader(t.Context(), to)
	if err != nil {
		t.Errorf("%s: open what was recovered: %v", what, err)
		return
	}
	defer r.Close()
	var lost int
	contents := make(map[kb.Hash]error)
	byPath := make(map[string][]kb.Version)
	for _, n := range need.versions {
		if _, done := byPath[n.version.Path]; !done {
			byPath[n.version.Path] = nil
			for v, err := range r.Back(t.Context(), n.version.Path, kb.Point{Valid: kb.Forever - 1, Known: kb.Forever}) {
				if err != nil {
					t.Errorf("%s: %v", what, err)
					return
				}
				byPath[n.version.Path] = append(byPath[n.version.Path], v)
			}
		}
		if !n.whole(touched) {
			lost++
			continue
		}
		// Where a name stands twice and one of them has rotted into another name, nobody
		// can tell which is right, but that is said.
		if !has(t, r, byPath[n.version.Path], n.version, contents) && told[sqlite.CodePathDoubtful] == 0 {
			t.Errorf("%s: %s, valid from %s, is whole and was not recovered", what, n.version.Path, n.version.ValidFrom)
			return
		}
	}
	if codes := check(t, to); len(codes) > 0 {
		t.Errorf("%s: what was recovered is damaged: %v", what, codes)
	}
	if lost == 0 && sum.VersionsLost+sum.VersionsMissing > 0 {
		t.Errorf("%s: nothing is lost, but it says %+v", what, sum)
	}
	if testing.Verbose() {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		t.Logf("%s %d versions touched; %v", what, lost, told)
	}
}

func has(t *testing.T, r *sqlite.Reader, versions []kb.Version, want kb.Version, contents map[kb.Hash]error) bool {
	for _, v := range versions {
		if v.ID != want.ID {
			continue
		}
		if !v.Gone {
			if _, done := contents[v.SHA256]; !done {
				contents[v.SHA256] = r.WriteContent(t.Context(), new(bytes.Buffer), v.SHA256)
			}
		}
		return v.ValidFrom == want.ValidFrom && v.RecordedAt == want.RecordedAt && v.Gone == want.Gone && v.SHA256 == want.SHA256 && contents[v.SHA256] == nil
	}
	return false
}
