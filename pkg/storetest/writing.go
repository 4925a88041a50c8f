package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// testWriting checks the promises of ingest.Store, and those of ingest.Tx that
// are about paths and versions.
func testWriting(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		run  func(*bench)
	}{
		{"a failed update leaves nothing", failedUpdate},
		{"an update after cancellation does nothing", cancelledUpdate},
		{"now is later than every transaction before", laterNow},
		{"now is never earlier than the clock", clockNow},
		{"a version is found again by valid time, seq and state", hasVersion},
		{"content that is stored already need not be given", sharedContent},
		{"content that is nowhere is a fault of the record", missingContent},
		{"a path keeps its number and every byte of its name", pathNames},
		{"a path tells what is in force now", pathInForce},
		{"what was looked up together is as by itself", lookTogether},
		{"what is in force can be asked while a transaction is open", inForceMeanwhile},
		{"an older sighting is replaced", sightings},
		{"under is a document or a folder", underPrefix},
		{"holding walks what holds content now", holding},
		{"a run is finished", finishRun},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(newBench(t, open)) })
	}
}

var errTest = errors.New("the test says so")

func failedUpdate(b *bench) {
	b.put("a.md", "one", epoch, 0)
	err := b.Update(context.Background(), func(tx ingest.Tx) error {
		b.check(b.write(tx, "a.md", "two", epoch+1, 0))
		b.check(b.write(tx, "new.md", "new", epoch, 0))
		b.scan(tx, "s", epoch, "docs")
		b.check(tx.AddFailure(ingest.Failure{Run: b.run, Again: kb.Skipped, Class: kb.Processing, Code: kb.Corrupt}))
		return errTest
	})
	if !errors.Is(err, errTest) {
		b.t.Fatalf("the error of the function became %v", err)
	}
	b.holds("a.md", everything, "one")
	b.holds("new.md", everything, "nothing")
	b.update(func(tx ingest.Tx) error {
		if state, err := tx.Path("new.md"); err != nil || state.InForce != nil {
			b.t.Errorf("a path of a failed update holds %v, %v", state.InForce, err)
		}
		return b.write(tx, "a.md", "three", epoch+1, 0)
	})
	b.holds("a.md", everything, "three")
}

func cancelledUpdate(b *bench) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := b.Update(ctx, func(ingest.Tx) error {
		b.t.Error("the function is called")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		b.t.Errorf("the error is %v", err)
	}
}

func laterNow(b *bench) {
	var last kb.Instant
	for i, clock := range []kb.Instant{epoch, epoch, epoch - 3600*second, epoch - 3600*second, epoch + 5, epoch} {
		b.clock = clock
		b.update(func(tx ingest.Tx) error {
			if tx.Now() <= last {
				b.t.Errorf("transaction %d at %v, not later than %v", i, tx.Now(), last)
			}
			last = tx.Now()
			b.clock++
			b.check(b.write(tx, "a.md", fmt.Sprint(i), epoch+kb.Instant(i), 0))
			if tx.Now() != last {
				b.t.Errorf("the moment of transaction %d changes from %v to %v", i, last, tx.Now())
			}
			return nil
		})
		v, err := b.snapshot().InForce(context.Background(), "a.md", kb.Point{Valid: kb.Forever, Known: last})
		b.check(err)
		if v.RecordedAt != last {
			b.t.Errorf("recorded at %v, not at the transaction's %v", v.RecordedAt, last)
		}
		b.holds("a.md", kb.Point{Valid: kb.Forever, Known: last}, fmt.Sprint(i))
	}
}

func clockNow(b *bench) {
	b.put("a.md", "one", epoch, 0)
	b.clock += 3600 * second
	b.update(func(tx ingest.Tx) error {
		if tx.Now() != b.clock {
			b.t.Errorf("now is %v, but the clock says %v", tx.Now(), b.clock)
		}
		return nil
	})
}

func hasVersion(b *bench) {
	b.put("a.md", "one", epoch, 1)
	b.put("a.md", "", epoch+1, 0)
	one, two := kb.HashOf([]byte("one")), kb.HashOf([]byte("two"))
	plain, executable := kb.Mode(0o644), kb.Mode(0o755)
	b.update(func(tx ingest.Tx) error {
		id := b.ids(tx, "a.md", "b.md")
		for _, test := range []struct {
			path int64
			v    kb.Version
			want bool
		}{
			{id[0], kb.Version{ValidFrom: epoch, Seq: 1, SHA256: one}, true},
			{id[0], kb.Version{ValidFrom: epoch, Seq: 0, SHA256: one}, false},
			{id[0], kb.Version{ValidFrom: epoch, Seq: 1, SHA256: two}, false},
			{id[0], kb.Version{ValidFrom: epoch, Seq: 1, Gone: true}, false},
			{id[0], kb.Version{ValidFrom: epoch + 1, Seq: 1, SHA256: one}, false},
			{id[0], kb.Version{ValidFrom: epoch + 1, Gone: true}, true},
			{id[0], kb.Version{ValidFrom: epoch, Seq: 1, SHA256: one, Mode: &plain}, true}, // nobody told of a mode before
			{id[0], kb.Version{ValidFrom: epoch, Seq: 1, SHA256: one, Mode: &executable}, false},
			{id[1], kb.Version{ValidFrom: epoch, Seq: 1, SHA256: one}, false},
		} {
			got, err := tx.HasVersion(test.path, &test.v)
			b.check(err)
			if got != test.want {
				b.t.Errorf("has version %+v: %t", test.v, got)
			}
		}
		last := kb.Version{ValidFrom: epoch + 2, SHA256: one}
		b.check(tx.AddVersion(id[1], b.run, &last, nil))
		if got, err := tx.HasVersion(id[1], &last); !got || err != nil {
			b.t.Errorf("has the version that was just added: %t, %v", got, err)
		}
		return nil
	})
}

func sharedContent(b *bench) {
	b.put("a.md", "shared", epoch, 0)
	b.update(func(tx ingest.Tx) error {
		v := &kb.Version{ValidFrom: epoch, SHA256: kb.HashOf([]byte("shared")), Size: 6}
		return tx.AddVersion(b.ids(tx, "b.md")[0], b.run, v, nil)
	})
	b.holds("b.md", everything, "shared")
}

func missingContent(b *bench) {
	err := b.Store.Update(background, func(tx ingest.Tx) error {
		id := b.ids(tx, "a.md")[0]
		return tx.AddVersion(id, b.run, &kb.Version{ValidFrom: epoch, SHA256: kb.HashOf(nil)}, nil)
	})
	var fault *kb.Fault
	if !errors.As(err, &fault) || fault.Class != kb.Processing {
		b.t.Errorf("a version whose content is neither given nor stored: %v", err)
	}
	b.holds("a.md", everything, "nothing")
}

func pathNames(b *bench) {
	names := []string{"docs/a.md", "docs/A.md", "docs/\xff\xfe.md", "docs/new\nline", "docs/ü", "docs/u\u0308", " ", "docs/%_", "\x01"}
	first := make([]int64, len(names))
	b.update(func(tx ingest.Tx) error {
		copy(first, b.ids(tx, names...))
		for i, name := range names {
			b.check(b.write(tx, name, name, epoch, 0))
			if state, err := tx.Path(name); err != nil || state.ID != first[i] || state.Name != name {
				b.t.Errorf("path %q is %+v, %v", name, state, err)
			}
		}
		return nil
	})
	b.update(func(tx ingest.Tx) error {
		for i, id := range b.ids(tx, names...) {
			if id != first[i] {
				b.t.Errorf("path %q was %d and is %d", names[i], first[i], id)
			}
		}
		return nil
	})
	for _, name := range names {
		b.holds(name, everything, name)
	}
	for v, err := range b.snapshot().List(context.Background(), "", everything) {
		b.check(err)
		if v.SHA256 != kb.HashOf([]byte(v.Path)) {
			b.t.Errorf("a listed path is %q, which has the content of another", v.Path)
		}
	}
}

// lookTogether asks for some hundred paths, some of them new, changed since they were
// looked up, or asked for twice.
func lookTogether(b *bench) {
	names := []string{"docs/\xff\xfe.md", "docs/ü", " "}
	for i := range 250 {
		names = append(names, fmt.Sprintf("docs/%d.md", i))
	}
	b.update(func(tx ingest.Tx) error {
		scan := b.scan(tx, "s", epoch, "docs")
		for i, name := range names[:200] {
			b.check(b.write(tx, name, name, epoch+kb.Instant(i), int64(i)))
			if i%3 == 0 {
				b.check(tx.See(b.ids(tx, name)[0], ingest.Sighting{Scan: scan.ID, StaleSince: &scan.StartedAt}))
			}
		}
		return nil
	})
	ask := func(tx ingest.Tx) string {
		var all strings.Builder
		for round := range 2 {
			for i, name := range names {
				state, err := tx.Path(name)
				b.check(err)
				fmt.Fprintf(&all, "%q %d %t %d %v", state.Name, state.ID, state.New, state.SeenBy, state.SeenAt)
				if state.StaleSince != nil {
					fmt.Fprintf(&all, " stale since %v", *state.StaleSince)
				}
				if v := state.InForce; v != nil {
					fmt.Fprintf(&all, " holds %d of %v, %s", v.ID, v.ValidFrom, v.SHA256)
				}
				if round == 0 && i%7 == 0 {
					b.check(b.write(tx, name, fmt.Sprint("changed ", i), epoch+kb.Instant(1000+i), 0))
				}
				all.WriteByte('\n')
			}
		}
		return all.String()
	}
	answers := make([]string, 2)
	for i := range answers {
		err := b.Update(background, func(tx ingest.Tx) error {
			if i == 0 {
				b.check(tx.Look(append(names, names[:10]...)))
			}
			answers[i] = ask(tx)
			return errTest
		})
		if !errors.Is(err, errTest) {
			b.t.Errorf("the update gives %v", err)
		}
	}
	if answers[0] != answers[1] {
		b.t.Errorf("looked up together:\n%s\none by one:\n%s", answers[0], answers[1])
	}
}

func pathInForce(b *bench) {
	b.put("a.md", "past", epoch-10, 7)
	b.put("a.md", "future", b.clock+3600*second, 0)
	b.update(func(tx ingest.Tx) error {
		state, err := tx.Path("a.md")
		b.check(err)
		if state.InForce == nil || state.InForce.SHA256 != kb.HashOf([]byte("past")) || state.InForce.Seq != 7 {
			b.t.Errorf("in force is %+v", state.InForce)
		}
		if state.SeenBy != 0 || state.StaleSince != nil {
			b.t.Errorf("a path that no scan has seen: %+v", state)
		}
		return nil
	})
}

func inForceMeanwhile(b *bench) {
	b.put("a.md", "one", epoch, 0)
	b.put("b.md", "", epoch, 0)
	b.update(func(tx ingest.Tx) error {
		b.check(b.write(tx, "a.md", "two", epoch+1, 0))
		found, err := b.InForce(context.Background(), []string{"a.md", "b.md", "c.md", "a.md"})
		b.check(err)
		one := kb.HashOf([]byte("one"))
		if len(found) != 4 || found[0] == nil || found[0].SHA256 != one || found[1] == nil || !found[1].Gone ||
			found[2] != nil || found[3] == nil || found[3].SHA256 != one || found[3].Path != "a.md" {
			b.t.Errorf("in force are %v", found)
		}
		return nil
	})
}

func sightings(b *bench) {
	when, inode := epoch-5, uint64(1<<63+1)
	b.update(func(tx ingest.Tx) error {
		first, second := b.scan(tx, "s1", epoch, "docs"), b.scan(tx, "s2", epoch+1, "docs")
		id := b.ids(tx, "docs/a.md")[0]
		b.check(tx.See(id, ingest.Sighting{Scan: first.ID, MTime: &when, CTime: &when, Inode: &inode, StaleSince: &when}))
		state, err := tx.Path("docs/a.md")
		b.check(err)
		if state.SeenBy != first.ID || state.SeenAt != epoch || state.StaleSince == nil || *state.StaleSince != when {
			b.t.Errorf("after the first sighting: %+v", state)
		}
		b.check(tx.See(id, ingest.Sighting{Scan: second.ID}))
		state, err = tx.Path("docs/a.md")
		b.check(err)
		if state.SeenBy != second.ID || state.SeenAt != epoch+1 || state.StaleSince != nil {
			b.t.Errorf("after the second sighting: %+v", state)
		}
		return nil
	})
}

func underPrefix(b *bench) {
	for _, path := range []string{"docs", "docs.md", "docs/a.md", "docs/sub/b.md", "docs0", "docs-x/c.md", "doc/d.md"} {
		b.put(path, "one", epoch, 0)
	}
	b.put("docs/a.md", "", epoch+10, 0)
	b.put("docs/later.md", "one", epoch+10, 0)
	b.update(func(tx ingest.Tx) error {
		for _, test := range []struct {
			prefix string
			at     kb.Instant
			want   string
		}{
			{"docs", epoch, "[docs docs/a.md docs/sub/b.md]"},
			{"docs", epoch + 10, "[docs docs/later.md docs/sub/b.md]"},
			{"docs/sub", epoch, "[docs/sub/b.md]"},
			{"docs/a.md", epoch, "[docs/a.md]"},
			{"docs/a.md", epoch + 10, "[]"},
			{"docs/a", epoch, "[]"},
			{"docs", epoch - 1, "[]"},
		} {
			got, err := sortedNames(func(fn func(ingest.PathState) error) error { return tx.Under(test.prefix, test.at, fn) })
			b.check(err)
			if got != test.want {
				b.t.Errorf("under %s at %s: %s, not %s", test.prefix, rel(test.at), got, test.want)
			}
		}
		return nil
	})
}

func holding(b *bench) {
	b.put("a.md", "one", epoch, 0)
	b.put("gone.md", "", epoch, 0)
	b.put("future.md", "one", b.clock+3600*second, 0)
	b.update(func(tx ingest.Tx) error {
		var names []string
		b.check(tx.Holding(func(name string) error {
			names = append(names, name)
			return nil
		}))
		if fmt.Sprint(names) != "[a.md]" {
			b.t.Errorf("holding: %q", names)
		}
		if err := tx.Holding(func(string) error { return errTest }); !errors.Is(err, errTest) {
			b.t.Errorf("the error of the function became %v", err)
		}
		return nil
	})
}

func finishRun(b *bench) {
	ctx, cancel := context.WithCancel(context.Background())
	next, err := b.BeginRun(ctx, ingest.RunStart{At: b.clock + kb.Instant(time.Second.Microseconds())})
	b.check(err)
	if next <= b.run {
		b.t.Errorf("run %d follows run %d", next, b.run)
	}
	cancel() // a run that was interrupted is finished too
	b.check(b.FinishRun(ctx, next, ingest.RunFinish{At: b.clock, Status: ingest.Interrupted, Report: []byte("{}")}))
}
