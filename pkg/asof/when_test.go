package asof_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
)

func (b *base) when(phrase string, prefixes ...string) string {
	b.t.Helper()
	var said []string
	for s, err := range asof.When(context.Background(), b.reader(), phrase, prefixes, valid(kb.Forever)) {
		check(b.t, err)
		to := "-"
		if s.To != kb.Forever {
			to = fmt.Sprint(int64(s.To))
		}
		said = append(said, fmt.Sprintf("%s %d %s", s.Path, s.From, to))
	}
	return strings.Join(said, ", ")
}

func TestWhen(t *testing.T) {
	b := newBase(t)
	b.document("a.md", "# Retries\n\nThree Attempts with\nexponential  backoff; CAFÉ.\n", 10, 20)
	b.document("docs/b.md", "We retry with 检索增强 and GPU检索.\n", 15, kb.Forever)
	b.document("docs/c.md", "半角のﾃﾞｰﾀ。\n", 15, kb.Forever)
	b.document("docs/d.md", "全角のガイド。\n", 15, kb.Forever)
	b.document("docs/e.md", "Un cœur. "+norm.NFD.String("데이터베이스 백업 절차를 설명합니다. Свежий йогурт.")+"\n", 15, kb.Forever)
	b.document("docs/f.md", "복원 절차. Ветчина, чай.\n", 15, kb.Forever)
	for _, test := range []struct{ phrase, want string }{
		{"백업", "docs/e.md 15 -"},
		{norm.NFD.String("백업"), "docs/e.md 15 -"},
		{"백업 절차를", "docs/e.md 15 -"},
		{"свежий йогурт", "docs/e.md 15 -"},
		{"свежии иогурт", ""},
		{norm.NFD.String("절차"), "docs/e.md 15 -, docs/f.md 15 -"},
		{norm.NFD.String("чай"), "docs/f.md 15 -"},
		{"coeur", "docs/e.md 15 -"},
		{"データ", "docs/c.md 15 -"},
		{"のｶﾞｲﾄﾞ", "docs/d.md 15 -"},
		{"カイ", ""},
		{"three attempts", "a.md 10 20"},
		{"ATTEMPTS WITH EXPONENTIAL", "a.md 10 20"},
		{"attempts, with (exponential)", "a.md 10 20"},
		{"attempts exponential", ""},
		{"attempt", ""},
		{"retries", "a.md 10 20"}, // a heading
		{"retries three", ""},     // a heading and a body
		{"retry", "docs/b.md 15 -"},
		{"cafe", "a.md 10 20"},
		{"café", "a.md 10 20"},
		{"ca\u00adfe", "a.md 10 20"},
		{"检索", "docs/b.md 15 -"},
		{"索增", "docs/b.md 15 -"},
		{"强", "docs/b.md 15 -"},
		{"增强 and gpu检", "docs/b.md 15 -"},
		{"gpu索", ""},
		{"检强", ""},
		{"", ""}, {"?!", ""}, {`"`, ""},
	} {
		if got := b.when(test.phrase); got != test.want {
			t.Errorf("%q was said %q, not %q", test.phrase, got, test.want)
		}
	}
	long := strings.Repeat("on and ", 100)
	b.document("long.md", long+"off", 10, kb.Forever)
	if got := b.when(long+"off") + b.when(long+"on"); got != "long.md 10 -" {
		t.Errorf("a long phrase: %q", got)
	}
	if got := b.when("retry", "docs") + b.when("retry", "a.md"); got != "docs/b.md 15 -" {
		t.Errorf("under prefixes: %q", got)
	}
}

// TestWhenAgainstScan compares what is read from the intervals with a look at
// each moment of each document.
func TestWhenAgainstScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const last = 12
		b := newBase(t)
		word := rapid.SampledFrom([]string{"retry", "retries", "backoff"})
		var stays []stay
		for range rapid.IntRange(1, 12).Draw(t, "passages") {
			s := stay{
				path: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "path"),
				body: strings.Join(rapid.SliceOfN(word, 1, 3).Draw(t, "body"), " "),
				from: kb.Instant(rapid.IntRange(0, last).Draw(t, "from")), to: kb.Forever,
			}
			if rapid.Bool().Draw(t, "closed") {
				s.to = min(s.from+kb.Instant(rapid.IntRange(0, 4).Draw(t, "lasts")), last)
				s.from = min(s.from, s.to)
			}
			stays = append(stays, s)
		}
		text := "text"
		b.version("a", 0, &text)
		b.stays(stays...)
		phrase := strings.Join(rapid.SliceOfN(word, 1, 2).Draw(t, "phrase"), " ")
		var want []string
		for _, path := range []string{"a", "b"} {
			said := func(at kb.Instant) bool {
				return slices.ContainsFunc(stays, func(s stay) bool {
					return s.path == path && s.from <= at && at < s.to && strings.Contains(" "+s.body+" ", " "+phrase+" ")
				})
			}
			for at := kb.Instant(0); at <= last; at++ {
				if !said(at) || at > 0 && said(at-1) {
					continue
				}
				to := at
				for to <= last && said(to) {
					to++
				}
				if to > last {
					want = append(want, fmt.Sprintf("%s %d -", path, at))
				} else {
					want = append(want, fmt.Sprintf("%s %d %d", path, at, to))
				}
			}
		}
		if got := b.when(phrase); got != strings.Join(want, ", ") {
			t.Fatalf("%q was said %s, not %s", phrase, got, want)
		}
	})
}
