package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// testAnswers checks the promises of asof.Store.
func testAnswers(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		run  func(*bench)
	}{
		{"an empty store answers", emptyStore},
		{"in force is decided by valid time, seq and recording", inForceOrder},
		{"both bounds are inclusive", inclusive},
		{"a moment may be asked about up to one of its steps", steps},
		{"commits are found by the digits that they begin with", commits},
		{"every field of a version comes back", versionFields},
		{"content comes back byte for byte", contents},
		{"content that is given as a delta comes back byte for byte", deltas},
		{"contents that were looked for together are stored once", lookForContents},
		{"content that is not there is an error", unknownContent},
		{"an error of the writer is passed on", brokenWriter},
		{"a list is in byte order and keeps to its prefix", listOrder},
		{"back and forward meet at the point", backAndForward},
		{"changes are those of content, mode and presence", changes},
		{"stale are those that could not be read", staleness},
		{"stale are those of which a later version failed", failedVersions},
		{"stale are those of which a later version was skipped", skippedVersions},
		{"stale are those that came before what is known of them", skippedFirst},
		{"stale is nothing that a scan has read since", readSince},
		{"what was left out after a version is known", leftOut},
		{"stale is nothing of which a later version is there", laterVersions},
		{"a folder that is not there tells when it was", absentFolder},
		{"a walk can be left", leaveWalk},
		{"walks can be under way side by side", sideBySide},
		{"a snapshot does not change", unchanging},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(newBench(t, open)) })
	}
}

var background = context.Background()

func emptyStore(b *bench) {
	s := b.snapshot()
	if v, err := s.InForce(background, "a.md", everything); v != nil || err != nil {
		b.t.Errorf("in force: %v, %v", v, err)
	}
	if got := b.listed(s.List(background, "", everything)); got != "[]" {
		b.t.Errorf("list: %s", got)
	}
	if got := b.listed(s.Back(background, "a.md", everything)); got != "[]" {
		b.t.Errorf("back: %s", got)
	}
}

// listed returns the paths and contents of a walk, in its order.
func (b *bench) listed(walk iter.Seq2[kb.Version, error]) string {
	b.t.Helper()
	var lines []string
	for v, err := range walk {
		b.check(err)
		lines = append(lines, v.Path)
	}
	return fmt.Sprint(lines)
}

func inForceOrder(b *bench) {
	b.put("a.md", "first", epoch, 1)
	b.put("a.md", "correction", epoch, 1)
	b.put("a.md", "lower seq", epoch, 0)
	b.holds("a.md", everything, "correction")
	b.put("a.md", "earlier", epoch-1, 9)
	b.holds("a.md", everything, "correction")
	b.put("a.md", "", epoch+1, 0)
	b.holds("a.md", everything, "gone")
	b.put("a.md", "again", epoch+2, 0)
	b.holds("a.md", everything, "again")
	b.holds("a.md", kb.Point{Valid: epoch + 1, Known: kb.Forever}, "gone")
	b.holds("a.md", kb.Point{Valid: epoch - 1, Known: kb.Forever}, "earlier")
	b.holds("a.md", kb.Point{Valid: epoch - 2, Known: kb.Forever}, "nothing")
	b.holds("a", everything, "nothing")
}

func inclusive(b *bench) {
	b.clock = epoch + 100
	b.put("a.md", "one", epoch, 0)
	b.holds("a.md", kb.Point{Valid: epoch, Known: epoch + 100}, "one")
	b.holds("a.md", kb.Point{Valid: epoch - 1, Known: epoch + 100}, "nothing")
	b.holds("a.md", kb.Point{Valid: epoch, Known: epoch + 99}, "nothing")
	for known, want := range map[kb.Instant]string{epoch + 100: "[a.md]", epoch + 99: "[]"} {
		at := kb.Point{Valid: epoch, Known: known}
		if got := b.listed(b.snapshot().List(background, "", at)); got != want {
			b.t.Errorf("list as known at %s: %s", rel(known), got)
		}
		if got := b.listed(b.snapshot().Back(background, "a.md", at)); got != want {
			b.t.Errorf("back as known at %s: %s", rel(known), got)
		}
	}
}

// steps asks about a moment that began in steps, as two commits of one second do.
func steps(b *bench) {
	for i, text := range []string{"one", "two", "three"} {
		b.put("a.md", text, epoch, int64(10*(i+1)))
	}
	b.put("a.md", "earlier", epoch-1, 99)
	b.put("b.md", "one", epoch, 10)
	b.put("b.md", "", epoch, 20)
	at := func(seq int64) kb.Point { return kb.Point{Valid: epoch, Seq: &seq, Known: kb.Forever} }
	for seq, want := range map[int64][2]string{
		9: {"earlier", "nothing"}, 10: {"one", "one"}, 19: {"one", "one"}, 20: {"two", "gone"}, 30: {"three", "gone"},
	} {
		b.holds("a.md", at(seq), want[0])
		b.holds("b.md", at(seq), want[1])
	}
	s := b.snapshot()
	if got := b.listed(s.Back(background, "a.md", at(20))) + b.listed(s.Forward(background, "a.md", at(20))); got != "[a.md a.md a.md][a.md]" {
		b.t.Errorf("back and forward from a step: %s", got)
	}
	if got := b.listed(s.List(background, "", at(10))) + b.listed(s.List(background, "", at(20))); got != "[a.md b.md][a.md]" {
		b.t.Errorf("lists at two steps: %s", got)
	}
	var changes []string
	for c, err := range s.Changes(background, "", at(10), at(20)) {
		b.check(err)
		changes = append(changes, c.Path)
	}
	if got := strings.Join(changes, " "); got != "a.md b.md" {
		b.t.Errorf("changes between two steps: %q", got)
	}
	if _, gone, err := s.Below(background, "", at(10)); err != nil || gone != nil {
		b.t.Errorf("gone before it was: %v, %v", gone, err)
	}
}

func commits(b *bench) {
	c := encode(b.t, []byte("text"))
	b.update(func(tx ingest.Tx) error {
		for i, source := range []string{"git:abcd1", "git:abcd1", "git:abcf", "git:abd0", "git:abc0", "export", "", "git:abcd1"} {
			v := &kb.Version{ValidFrom: epoch + kb.Instant(i/2), Seq: int64(i / 2), SHA256: c.SHA256, Size: c.Size, Source: source}
			b.check(tx.AddVersion(b.ids(tx, fmt.Sprint(i))[0], b.run, v, c))
		}
		return nil
	})
	for _, test := range []struct {
		digits string
		most   int
		want   string
	}{
		{"abc", 9, "[abc0 2 false] [abcd1 3 true] [abcf 1 false]"},
		{"abc", 2, "[abc0 2 false] [abcd1 3 true]"},
		{"abcd1", 9, "[abcd1 3 true]"},
		{"abd", 9, "[abd0 1 false]"},
		{"e", 9, ""},
	} {
		found, err := b.snapshot().Commits(background, test.digits, test.most)
		b.check(err)
		var got []string
		for _, c := range found {
			if c.ValidFrom != epoch+kb.Instant(c.Seq) {
				b.t.Errorf("%s has the seq %d of %s", c.Hash, c.Seq, rel(c.ValidFrom))
			}
			got = append(got, fmt.Sprint([]any{c.Hash, c.Seq, c.Elsewhere}))
		}
		if strings.Join(got, " ") != test.want {
			b.t.Errorf("%s: %v, not %s", test.digits, got, test.want)
		}
	}
}

func versionFields(b *bench) {
	mode, mtime := kb.Mode(0o4755), epoch-7
	c := encode(b.t, []byte("text"))
	full := kb.Version{
		Path: "a.md", ValidFrom: epoch - 5, Seq: -3, SHA256: c.SHA256, Size: c.Size,
		Mode: &mode, MTime: &mtime, Source: "git:0123",
	}
	bare := kb.Version{Path: "b.md", ValidFrom: -epoch, SHA256: c.SHA256, Size: c.Size}
	b.update(func(tx ingest.Tx) error {
		id := b.ids(tx, "a.md", "b.md")
		full.RecordedAt, bare.RecordedAt = tx.Now(), tx.Now()
		return errors.Join(tx.AddVersion(id[0], b.run, &full, c), tx.AddVersion(id[1], b.run, &bare, c))
	})
	describe := func(v *kb.Version) string {
		text := fmt.Sprintf("%s %d %d %d %t %s %d %q", v.Path, v.ValidFrom, v.Seq, v.RecordedAt, v.Gone, v.SHA256, v.Size, v.Source)
		if v.Mode != nil && v.MTime != nil {
			text += fmt.Sprint(" ", *v.Mode, *v.MTime)
		}
		return text
	}
	for _, want := range []kb.Version{full, bare} {
		got, err := b.snapshot().InForce(background, want.Path, everything)
		b.check(err)
		if describe(got) != describe(&want) || got.ID == 0 {
			b.t.Errorf("%s came back as\n%s", describe(&want), describe(got))
		}
	}
}

func contents(b *bench) {
	random := rand.New(rand.NewChaCha8([32]byte{1}))
	noise := make([]byte, 3*content.MaxPart+7)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	text := []byte(strings.Repeat("the same line again and again\n", 3*content.MaxPart/30+1))
	var want [][]byte
	for _, size := range []int{0, 1, 100, content.MaxPart - 1, content.MaxPart, content.MaxPart + 1, 3 * content.MaxPart} {
		want = append(want, noise[:size], text[:size])
	}
	want = append(want, slices.Concat(text[:content.MaxPart], noise), make([]byte, 2*content.MaxPart))
	b.update(func(tx ingest.Tx) error {
		for i, plain := range want {
			v := &kb.Version{ValidFrom: epoch, SHA256: sha256.Sum256(plain), Size: int64(len(plain))}
			b.check(tx.AddVersion(b.ids(tx, fmt.Sprint(i))[0], b.run, v, encode(b.t, plain)))
		}
		return nil
	})
	s := b.snapshot()
	for i, plain := range want {
		v, err := s.InForce(background, fmt.Sprint(i), everything)
		b.check(err)
		var got bytes.Buffer
		b.check(s.WriteContent(background, &got, v.SHA256))
		if !bytes.Equal(got.Bytes(), plain) || v.Size != int64(len(plain)) {
			b.t.Errorf("content %d of %d bytes came back as %d others, and its size is %d", i, len(plain), got.Len(), v.Size)
		}
	}
}

func unknownContent(b *bench) {
	var out bytes.Buffer
	if err := b.snapshot().WriteContent(background, &out, kb.HashOf(nil)); err == nil || out.Len() > 0 {
		b.t.Errorf("%v, after %d bytes", err, out.Len())
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errTest }

func brokenWriter(b *bench) {
	b.put("a.md", "one", epoch, 0)
	if err := b.snapshot().WriteContent(background, failingWriter{}, kb.HashOf([]byte("one"))); !errors.Is(err, errTest) {
		b.t.Errorf("the error became %v", err)
	}
}

func listOrder(b *bench) {
	paths := []string{"docs/b.md", "docs0", "docs", "docs.md", "docs/a.md", "docs/sub/c.md", "docs-x/d.md", "Docs/a.md", "docs/\xff", "a", "ü", "docs/a.md/e"}
	for _, path := range paths {
		b.put(path, "one", epoch, 0)
	}
	b.put("docs/gone.md", "one", epoch, 0)
	b.put("docs/gone.md", "", epoch+1, 0)
	slices.Sort(paths)
	s := b.snapshot()
	for prefix, want := range map[string][]string{
		"":          paths,
		"docs":      {"docs", "docs/a.md", "docs/a.md/e", "docs/b.md", "docs/sub/c.md", "docs/\xff"},
		"docs/a.md": {"docs/a.md", "docs/a.md/e"},
		"docs/sub":  {"docs/sub/c.md"},
		"docs/su":   nil,
		"doc":       nil,
		"DOCS":      nil,
		"docs%":     nil,
	} {
		if got := b.listed(s.List(background, prefix, everything)); got != fmt.Sprint(want) {
			b.t.Errorf("list %q: %s, not %s", prefix, got, want)
		}
	}
	at := kb.Point{Valid: epoch, Known: kb.Forever}
	if got := b.listed(s.List(background, "docs/gone.md", at)); got != "[docs/gone.md]" {
		b.t.Errorf("a document that was there then: %s", got)
	}
}

func backAndForward(b *bench) {
	for i, v := range []struct {
		from kb.Instant
		seq  int64
	}{{epoch, 0}, {epoch + 1, 1}, {epoch + 1, 0}, {epoch + 1, 0}, {epoch + 2, 0}, {epoch + 3, 0}, {epoch - 1, 5}} {
		b.put("a.md", fmt.Sprint(i), v.from, v.seq)
		b.put("b.md", "other", v.from, v.seq)
	}
	s := b.snapshot()
	texts := func(walk iter.Seq2[kb.Version, error]) string {
		var all []string
		for v, err := range walk {
			b.check(err)
			all = append(all, b.text(s, &v))
		}
		return strings.Join(all, "")
	}
	last, err := s.InForce(background, "a.md", kb.Point{Valid: epoch + 2, Known: kb.Forever})
	b.check(err)
	for _, test := range []struct {
		at            kb.Point
		back, forward string
	}{
		{everything, "5413206", ""},
		{kb.Point{Valid: epoch + 1, Known: kb.Forever}, "13206", "45"},
		{kb.Point{Valid: epoch - 2, Known: kb.Forever}, "", "6023145"},
		{kb.Point{Valid: epoch, Known: last.RecordedAt}, "0", "2314"},
	} {
		if got := texts(s.Back(background, "a.md", test.at)); got != test.back {
			b.t.Errorf("back from %s as known at %s: %s, not %s", rel(test.at.Valid), rel(test.at.Known), got, test.back)
		}
		if got := texts(s.Forward(background, "a.md", test.at)); got != test.forward {
			b.t.Errorf("forward from %s as known at %s: %s, not %s", rel(test.at.Valid), rel(test.at.Known), got, test.forward)
		}
	}
}

func changes(b *bench) {
	c := encode(b.t, []byte("one"))
	plain, writable, executable := kb.Mode(0o644), kb.Mode(0o666), kb.Mode(0o755)
	b.update(func(tx ingest.Tx) error {
		for path, modes := range map[string][2]*kb.Mode{
			"docs/exec.md": {&plain, &executable}, "docs/mode.md": {&plain, &writable}, "docs/untold.md": {nil, &executable},
		} {
			for i, mode := range modes {
				v := &kb.Version{ValidFrom: epoch + kb.Instant(i), SHA256: c.SHA256, Size: c.Size, Mode: mode}
				b.check(tx.AddVersion(b.ids(tx, path)[0], b.run, v, c))
			}
		}
		return errors.Join(
			b.write(tx, "docs/edited.md", "one", epoch, 0), b.write(tx, "docs/edited.md", "two", epoch+1, 0),
			b.write(tx, "docs/back.md", "one", epoch, 0), b.write(tx, "docs/back.md", "", epoch+1, 0), b.write(tx, "docs/back.md", "one", epoch+1, 1),
			b.write(tx, "docs/new.md", "one", epoch+1, 0), b.write(tx, "docs/deleted.md", "one", epoch, 0),
			b.write(tx, "docs/deleted.md", "", epoch+1, 0), b.write(tx, "docs/never.md", "", epoch+1, 0),
			b.write(tx, "docs/same.md", "one", epoch, 0), b.write(tx, "other.md", "one", epoch+1, 0))
	})
	walk := func(prefix string, from, to kb.Instant) string {
		var all []string
		for c, err := range b.snapshot().Changes(background, prefix, kb.Point{Valid: from, Known: kb.Forever}, kb.Point{Valid: to, Known: kb.Forever}) {
			b.check(err)
			all = append(all, fmt.Sprintf("%s %t %t", c.Path, c.Old != nil, c.New != nil))
		}
		return strings.Join(all, ", ")
	}
	const there = "docs/deleted.md true false, docs/edited.md true true, docs/exec.md true true, docs/new.md false true, docs/untold.md true true"
	for _, test := range []struct {
		prefix   string
		from, to kb.Instant
		want     string
	}{
		{"docs", epoch, epoch + 1, there},
		{"", epoch, epoch + 1, there + ", other.md false true"},
		{"docs/exec.md", epoch, epoch + 1, "docs/exec.md true true"},
		{"", epoch, epoch, ""},
		{"docs/new.md", epoch + 1, epoch, "docs/new.md true false"},
	} {
		if got := walk(test.prefix, test.from, test.to); got != test.want {
			b.t.Errorf("changes under %q from %s to %s: %s, not %s", test.prefix, rel(test.from), rel(test.to), got, test.want)
		}
	}
}

func absentFolder(b *bench) {
	for i, text := range []string{"one", "", "two", ""} {
		b.put("docs/a.md", text, epoch+10*kb.Instant(i+1), 0)
	}
	recorded := b.snapshot()
	b.put("docs/sub/b.md", "one", epoch+12, 0)
	b.put("docs/sub/b.md", "", epoch+18, 0)
	b.put("docs.md", "", epoch+25, 0) // which is not in docs
	b.put("open/a.md", "one", epoch+10, 0)
	text := func(s Snapshot, path string, valid kb.Instant) string {
		_, err := asof.At(background, s, path, kb.Point{Valid: epoch + valid, Known: kb.Forever})
		var e *asof.AbsentError
		if !errors.As(err, &e) {
			b.t.Fatalf("%s is there: %v", path, err)
		}
		var words []string
		for _, moment := range []*kb.Instant{e.First, e.Gone, e.Last} {
			if moment == nil {
				words = append(words, "-")
			} else {
				words = append(words, fmt.Sprint(int64(*moment-epoch)))
			}
		}
		return fmt.Sprint(e.Folder, e.Below, words)
	}
	for _, test := range []struct {
		path  string
		valid kb.Instant
		want  string
	}{
		{"docs", 9, "false true [10 - 40]"},
		{"docs", 10, "true false [- - -]"},
		{"docs", 20, "false true [10 20 40]"},
		{"docs", 29, "false true [10 20 40]"},
		{"docs", 40, "false true [10 40 40]"},
		{"docs/sub", 17, "true false [- - -]"},
		{"docs/sub", 99, "false true [12 18 18]"},
		{"docs/a.md", 29, "false false [10 20 40]"},
		{"open", 9, "false true [10 - -]"},
		{"docs/none", 99, "false false [- - -]"},
	} {
		if got := text(b.snapshot(), test.path, test.valid); got != test.want {
			b.t.Errorf("%s at %d: %s, not %s", test.path, test.valid, got, test.want)
		}
	}
	if got := text(recorded, "docs/sub", 99); got != "false false [- - -]" {
		b.t.Errorf("before it was recorded: %s", got)
	}
}

func leaveWalk(b *bench) {
	for i := range 5 {
		b.put(fmt.Sprint(i), "one", epoch, 0)
		b.put("a.md", fmt.Sprint(i), epoch+kb.Instant(i), 0)
	}
	s := b.snapshot()
	start := kb.Point{Valid: epoch - 1, Known: kb.Forever}
	for name, walk := range map[string]iter.Seq2[kb.Version, error]{
		"list": s.List(background, "", everything), "back": s.Back(background, "a.md", everything), "forward": s.Forward(background, "a.md", start),
	} {
		n := 0
		for _, err := range walk {
			b.check(err)
			if n++; n == 2 {
				break
			}
		}
		if n != 2 {
			b.t.Errorf("%s: %d steps", name, n)
		}
	}
	for range s.Changes(background, "", start, everything) {
		break
	}
	b.holds("a.md", everything, "4")
}

func sideBySide(b *bench) {
	for i := range 5 {
		b.put(fmt.Sprint(i), fmt.Sprint(i), epoch, 0)
	}
	s := b.snapshot()
	next, stop := iter.Pull2(s.List(background, "", everything))
	defer stop()
	for outer, err := range s.List(background, "", everything) {
		b.check(err)
		inner, err, ok := next()
		b.check(err)
		if !ok || inner.Path != outer.Path || b.text(s, &outer) != outer.Path {
			b.t.Errorf("one walk is at %q, the other at %q", outer.Path, inner.Path)
		}
		if _, err := asof.At(background, s, outer.Path, everything); err != nil {
			b.t.Errorf("a question in the middle of a walk: %v", err)
		}
	}
}

func unchanging(b *bench) {
	b.put("a.md", "one", epoch, 0)
	s := b.snapshot()
	b.put("a.md", "two", epoch+1, 0)
	b.put("b.md", "two", epoch, 0)
	v, err := s.InForce(background, "a.md", everything)
	b.check(err)
	if got := b.text(s, v); got != "one" {
		b.t.Errorf("the snapshot now says %q", got)
	}
	if got := b.listed(s.List(background, "", everything)); got != "[a.md]" {
		b.t.Errorf("the snapshot now lists %s", got)
	}
	b.holds("a.md", everything, "two")
}
