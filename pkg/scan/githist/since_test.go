package githist_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan/githist"
)

// take lists what is new to a knowledge base and takes it in.
func (b base) takeNew(opts githist.Options) (fresh []kb.Record, end kb.End, warnings []string) {
	b.t.Helper()
	b.index(&opts)
	opts.Warn = func(message, hint string) { warnings = append(warnings, message+"\n"+hint) }
	text, end := list(b.t, opts)
	b.take(text)
	return records(b.t, text), end, warnings
}

// index has a history begin after what a knowledge base has.
func (b base) index(opts *githist.Options) {
	b.t.Helper()
	opts.Taken = b.histories()
	opts.Versions = func(context.Context, func(*kb.Version) error) error { return nil }
	if _, err := os.Stat(b.path); err != nil {
		return
	}
	reader := b.reader()
	var err error
	if opts.Heard, err = reader.HistoriesHeard(context.Background()); err != nil {
		b.t.Fatal(err)
	}
	opts.Versions = reader.HistoryVersions
}

// main points the branch to a commit.
func (r repo) main(commit string) { r.run("", "update-ref", "refs/heads/main", commit) }

// TestNightly takes a history in as it grows, night by night.
func TestNightly(t *testing.T) {
	r := randomRepo(t, "sha1", 7, 90)
	line := r.line()
	at := moments(rand.New(rand.NewPCG(1, 1)), line, 0)
	whole, _ := list(t, githist.Options{Dir: r.dir})
	once := newBase(t)
	once.take(whole)

	nightly := newBase(t)
	var all []kb.Record
	since := ""
	for n := 0; ; n = min(n+1+n/3, len(line)-1) {
		r.main(line[n].id)
		fresh, end, warnings := nightly.takeNew(githist.Options{Dir: r.dir})
		if end.Scan.History.Since != since || len(warnings) > 0 {
			t.Fatalf("up to %d: %+v, %q", n, end.Scan.History, warnings)
		}
		since = line[n].id
		all = append(all, fresh...)
		if again, end, _ := nightly.takeNew(githist.Options{Dir: r.dir}); len(again) > 0 || end.Scan.History.Since != since {
			t.Fatalf("again up to %d: %d records, %+v", n, len(again), end.Scan.History)
		}
		if n == len(line)-1 {
			break
		}
	}
	if want := records(t, whole); fmt.Sprint(say(all)) != fmt.Sprint(say(want)) {
		t.Errorf("night by night:\n%q\nat once:\n%q", say(all), say(want))
	}
	if nightly.answers(at) != once.answers(at) {
		t.Error("night by night it says something else")
	}
}

// say writes records so that they can be compared.
func say(list []kb.Record) []string {
	var said []string
	for _, r := range list {
		mode := kb.Mode(0)
		if r.Mode != nil {
			mode = *r.Mode
		}
		said = append(said, fmt.Sprint(r.Kind, r.Path, r.ValidFrom, r.Seq, mode, r.Source, string(r.Content)))
	}
	return said
}

// linear makes a line of so many commits, each of which writes a document of
// its own, and returns their names.
func linear(t testing.TB, n int) (repo, []string) {
	r := newRepo(t, "sha1")
	r.grow("main", 0, n)
	var ids []string
	for _, p := range r.line() {
		ids = append(ids, p.id)
	}
	return r, ids
}

func (r repo) grow(branch string, from, to int) {
	var w importer
	for n := from; n < to; n++ {
		parent := ""
		if n > 0 {
			parent = fmt.Sprintf(":%d", w.marks)
			if w.marks == 0 {
				parent = "refs/heads/" + branch + "^0"
			}
		}
		w.commit(branch, 1_500_000_000+int64(n), parent, "")
		w.file(fmt.Sprintf("%d.md", n), "100644", branch)
	}
	r.run(w.String(), "fast-import", "--quiet", "--force")
}

func TestTakenIsNotTakenForMore(t *testing.T) {
	r, ids := linear(t, 6)
	opts := githist.Options{Dir: r.dir}

	t.Run("interrupted", func(t *testing.T) {
		b := newBase(t)
		text, _ := list(t, opts)
		lines := strings.SplitAfter(text, "\n")
		b.take(strings.Join(lines[:4], ""))
		if fresh, _, _ := b.takeNew(opts); len(fresh) != 6 {
			t.Errorf("after an interrupted run %d records", len(fresh))
		}
	})
	t.Run("failed", func(t *testing.T) {
		b := newBase(t)
		text, _ := list(t, opts)
		b.take(strings.Replace(text, `"content":"main"`, `"sha256":"`+strings.Repeat("0", 64)+`","content":"main"`, 1))
		if fresh, _, _ := b.takeNew(opts); len(fresh) != 6 {
			t.Errorf("after a failure %d records", len(fresh))
		}
	})
	t.Run("a part", func(t *testing.T) {
		b := newBase(t)
		text, _ := list(t, githist.Options{Dir: r.dir, Since: ids[3]})
		b.take(text)
		if fresh, _, _ := b.takeNew(opts); len(fresh) != 6 {
			t.Errorf("after the end alone %d records", len(fresh))
		}
		b = newBase(t)
		b.take(text)
		text, _ = list(t, githist.Options{Dir: r.dir, Rev: ids[3]})
		b.take(text)
		if fresh, end, _ := b.takeNew(opts); len(fresh) != 0 || end.Scan.History.Since != ids[5] {
			t.Errorf("after the end and then the beginning %d records, %+v", len(fresh), end.Scan.History)
		}
	})
	t.Run("other rules", func(t *testing.T) {
		b := newBase(t)
		text, _ := list(t, opts)
		b.take(text)
		for _, other := range []githist.Options{
			{Extensions: []string{"md"}}, {Paths: []string{"1.md"}}, {Include: []string{"*"}}, {Exclude: []string{"1.md"}}, {Hidden: true},
			{Follow: true}, {MaxSize: 3}, {Shard: kb.Shard{Index: 1, Count: 2}}, {Prefix: "p"},
		} {
			other.Dir, other.Taken = r.dir, b.histories()
			if _, end := list(t, other); end.Scan.History.Since != "" {
				t.Errorf("under other rules %+v it begins after %s", other, end.Scan.History.Since)
			}
		}
	})
	t.Run("another history", func(t *testing.T) {
		b := newBase(t)
		other := newRepo(t, "sha1")
		other.grow("main", 0, 3)
		text, _ := list(t, githist.Options{Dir: other.dir})
		b.take(strings.NewReplacer(ids[0], strings.Repeat("0", 40), ids[2], strings.Repeat("3", 40)).Replace(text))
		if _, end, warnings := b.takeNew(opts); end.Scan.History.Since != "" || len(warnings) > 0 {
			t.Errorf("after another history: %+v, %q", end.Scan.History, warnings)
		}
	})
}

// TestRewrittenHistory lists a line again from where it was rewritten, and says
// so.
func TestRewrittenHistory(t *testing.T) {
	r, ids := linear(t, 6)
	b := newBase(t)
	r.main(ids[2])
	b.takeNew(githist.Options{Dir: r.dir})
	r.main(ids[5])
	b.takeNew(githist.Options{Dir: r.dir})
	r.run("", "update-ref", "refs/heads/other", ids[3])
	r.grow("other", 4, 8)
	r.main(strings.TrimSpace(r.run("", "rev-parse", "other")))
	fresh, end, warnings := b.takeNew(githist.Options{Dir: r.dir})
	if len(fresh) != 5 || end.Scan.History.Since != ids[2] {
		t.Errorf("%d records, %+v", len(fresh), end.Scan.History)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], ids[5]) || !strings.Contains(warnings[0], "rewritten") {
		t.Errorf("warnings %q", warnings)
	}
	if fresh, _, warnings := b.takeNew(githist.Options{Dir: r.dir, Rev: ids[1]}); len(warnings) != 0 {
		t.Errorf("of an earlier commit %d records, %q", len(fresh), warnings)
	}
}

// TestShallowClones go on where a knowledge base has come to, with the places
// that it knows, though they count from another commit each night.
func TestShallowClones(t *testing.T) {
	r, ids := linear(t, 12)
	clone := func(depth int, commit string) githist.Options {
		r.main(commit)
		return githist.Options{Dir: r.clone(t.TempDir(), depth)}
	}
	shallow := clone(4, ids[5])
	var warned []string
	shallow.Warn = func(message, hint string) { warned = append(warned, message+"\n"+hint) }
	text, end := list(t, shallow)
	if h := end.Scan.History; !h.Shallow || h.First != ids[2] || h.Seq != 4 || end.Paths != 6 {
		t.Errorf("a shallow clone: %d records, %+v", end.Paths, h)
	}
	if len(warned) != 1 || !strings.Contains(warned[0], "begins at 2017-07-14T02:40:02") || !strings.Contains(warned[0], "--unshallow") {
		t.Errorf("warnings %q", warned)
	}

	b := newBase(t)
	b.take(text)
	fresh, end, warnings := b.takeNew(clone(4, ids[7]))
	if h := end.Scan.History; len(fresh) != 2 || h.Since != ids[5] || h.Seq != 6 || fresh[0].Seq != 5 || !onlyShallow(warnings) {
		t.Errorf("the next night: %q, %+v, %q", say(fresh), h, warnings)
	}
	fresh, end, _ = b.takeNew(clone(1, ids[9]))
	if h := end.Scan.History; len(fresh) != 10 || h.Since != "" {
		t.Errorf("a clone that does not reach back: %d records, %+v", len(fresh), h)
	}
	whole := clone(100, ids[9])
	fresh, end, _ = b.takeNew(whole)
	if h := end.Scan.History; len(fresh) != 10 || h.Since != "" || h.Shallow {
		t.Errorf("the whole line, of which the end was taken in: %d records, %+v", len(fresh), h)
	}
	fresh, end, _ = b.takeNew(clone(3, ids[10]))
	if h := end.Scan.History; len(fresh) != 1 || h.Seq != 11 || !slices.Equal([]string{fresh[0].Path}, []string{"10.md"}) {
		t.Errorf("a shallow clone after the whole line: %q, %+v", say(fresh), h)
	}
}
