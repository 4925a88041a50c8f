package asof_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
)

// steps counts steps by trying each way.
func steps(a, b []rune) int {
	switch {
	case len(a) == 0 || len(b) == 0:
		return len(a) + len(b)
	case a[0] == b[0]:
		return steps(a[1:], b[1:])
	}
	least := 1 + min(steps(a[1:], b), steps(a, b[1:]), steps(a[1:], b[1:]))
	if len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] {
		least = min(least, 1+steps(a[2:], b[2:]))
	}
	return least
}

func TestSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.RuneFrom([]rune("abü")), 0, 6, -1)
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		want := steps([]rune(a), []rune(b))
		most := rapid.IntRange(0, 7).Draw(t, "most")
		if got := asof.Steps(a, b, most); got != want && (got <= most || want <= most) {
			t.Fatalf("%q and %q are %d steps apart, not %d", a, b, want, got)
		}
	})
}

func TestCorrection(t *testing.T) {
	b := newBaseOf(t, map[string]string{
		"a.md": "Retry with exponential backoff, and retry again.",
		"b.md": "The retries are counted. A ferry is no retro car.",
		"c.md": "Kubernetes clusters und Straßenbahnen in Zürich.",
		"d.md": "东京都的检索 1234567",
		"e.md": "Something else altogether, so that no word is common.",
		"f.md": "One more text, about nothing.",
	})
	for _, test := range []struct {
		words  string
		strict bool
		want   string
		first  string
	}{
		{"retry", false, "[]", "a.md"},
		{"RETRIES", false, "[]", "a.md"},
		{"rerty", false, "[{rerty [retry] false}]", "a.md"},
		{"rerty", true, "[{rerty [] false}]", ""},
		{"rettry bakcoff", false, "[{rettry [retry] false} {bakcoff [backoff] false}]", "a.md"},
		{"kubrenetse", false, "[{kubrenetse [kubernetes] false}]", "c.md"}, // two steps
		{"kubrenetsez", false, "[{kubrenetsez [] false}]", ""},             // three
		{"zurihc", false, "[{zurihc [zurich] false}]", "c.md"},
		{"Strassenbahnen", false, "[]", "c.md"},
		{"STRAßENBHANEN", false, "[{STRAßENBHANEN [strassenbahnen] false}]", "c.md"},
		{"car", false, "[]", "b.md"},
		{"cra", false, "[{cra [] false}]", ""},         // too short
		{"1234576", false, "[{1234576 [] false}]", ""}, // a number
		{"京東", false, "[{京東 [] false}]", ""},
		{"東京都", true, "[{東京都 [] false}]", "d.md"}, // by 京都
		{"东京都", true, "[]", "d.md"},
		{"东京塔", true, "[{东京塔 [] false}]", "d.md"},
		{"东京塔", false, "[]", "d.md"},
		{"重试退避", false, "[{重试退避 [] false}]", ""},
		{"rerty exponential", false, "[{rerty [retry] false}]", "a.md"},
	} {
		found := b.find(asof.Search{Words: test.words, Strict: test.strict, Mode: asof.Text, At: valid(20), Limit: 5})
		if got := fmt.Sprint(found.Corrected); got != test.want {
			t.Errorf("%q: corrected %s, not %s", test.words, got, test.want)
		}
		first := ""
		if len(found.Hits) > 0 {
			first = found.Hits[0].Version.Path
		}
		if first != test.first {
			t.Errorf("%q finds %q first, not %q", test.words, first, test.first)
		}
	}
}

func TestReplaceWord(t *testing.T) {
	for _, test := range []struct{ text, word, want string }{
		{"atte attempts atte", "atte", "matte attempts matte"},
		{"late, atte; (atte)", "atte", "late, matte; (matte)"},
		{"atte1 1atte atteé", "atte", "atte1 1atte atteé"},
		{"nothing", "atte", "nothing"},
		{"", "atte", ""},
	} {
		if got := asof.ReplaceWord(test.text, test.word, "matte"); got != test.want {
			t.Errorf("%q for %q is %q, not %q", test.text, test.word, got, test.want)
		}
	}
}

// TestMisspelledByVector asks the built-in embedder for what was meant.
func TestMisspelledByVector(t *testing.T) {
	b := newBaseOf(t, map[string]string{
		"a.md": "Certificates are renewed in March.",
		"b.md": "Carefully ironed sheets lie here.",
	})
	search := asof.Search{Words: "certiifcates", Mode: asof.Vector, At: valid(20), Now: 20, Limit: 2}
	corrected := b.find(search)
	search.Strict = true
	typed := b.find(search)
	if len(corrected.Corrected) != 1 || *corrected.Hits[0].Cosine <= *typed.Hits[0].Cosine {
		t.Errorf("%v is %v from the passage, and was %v", corrected.Corrected, *corrected.Hits[0].Cosine, *typed.Hits[0].Cosine)
	}
}

// TestCorrectedInScope asserts that what came in later, or stands elsewhere, neither keeps
// a word from being corrected nor is what it is taken for.
func TestCorrectedInScope(t *testing.T) {
	b := newBase(t)
	b.document("ops/restart.md", "Restart the gateway.", 10, kb.Forever)
	for i := range 9 {
		b.document(fmt.Sprintf("%d.md", i), "Nothing like it.", 10, kb.Forever)
	}
	ask := asof.Search{Words: "retsart", Mode: asof.Text, At: valid(20), Now: 50, Limit: 5}
	before := b.find(ask)
	b.document("notes/typo.md", "Someone wrote retsart here.", 30, kb.Forever)
	b.document("notes/later.md", "Retsarx is another one.", 30, kb.Forever)
	after := b.find(ask)
	ask.At, ask.Prefixes = valid(40), []string{"ops"}
	elsewhere := b.find(ask)
	for name, found := range map[string]*asof.Found{"before": before, "after": after, "elsewhere": elsewhere} {
		if len(found.Hits) != 1 || found.Hits[0].Version.Path != "ops/restart.md" {
			t.Errorf("%s: %d hits, not the one that holds restart", name, len(found.Hits))
		}
		if c := found.Corrected; len(c) != 1 || !slices.Equal(c[0].Nearest, []string{"restart"}) {
			t.Errorf("%s: corrected %v", name, c)
		}
	}
	ask.Prefixes = nil
	if c := elsewhere.Corrected; len(c) != 1 || !c[0].Elsewhere {
		t.Errorf("elsewhere: %v, and not that it stands there", c)
	}
	if found := b.find(ask); len(found.Hits) != 1 || found.Hits[0].Version.Path != "notes/typo.md" || found.Corrected != nil {
		t.Errorf("the word as it stands is not found: %d hits, corrected %v", len(found.Hits), found.Corrected)
	}
}
