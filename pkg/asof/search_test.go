package asof_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// TestHit looks at what is said of a passage through time.
func TestHit(t *testing.T) {
	b := newBase(t)
	const text = "# Guide\n\n## Retries\n\nRetry with backoff,\nthree times.\n\n## More\n\nOther words.\n"
	b.document("same.md", text, 10, kb.Forever)
	b.document("gone.md", text, 10, 20)
	b.document("changed.md", text, 10, 20)
	b.document("changed.md", "# Guide\n\nNothing of it.\n", 20, kb.Forever)
	for at, want := range map[kb.Instant]string{
		5:  "",
		10: "changed.md:5-6 changed 10 20 true, gone.md:5-6 gone 10 20 false, same.md:5-6 same 10 - true",
		20: "same.md:5-6 same 10 - true",
	} {
		found := b.find(asof.Search{Words: "backoff", Mode: asof.Text, At: valid(at), Now: 30, Limit: 9})
		var lines []string
		for _, h := range found.Hits {
			to := "-"
			if h.To != kb.Forever {
				to = fmt.Sprint(int64(h.To))
			}
			lines = append(lines, fmt.Sprintf("%s:%d-%d %s %d %s %t", h.Version.Path, h.Start, h.End, h.Current, h.From, to, h.Now != nil))
			if strings.Join(h.Heading, ">") != "Guide>Retries" || h.Version.SHA256 != kb.HashOf([]byte(text)) {
				t.Errorf("at %d: %+v", at, h)
			}
			var cited bytes.Buffer
			c := h.Cite()
			check(t, asof.WriteCite(context.Background(), b.reader(), &cited, c))
			if cited.String() != "Retry with backoff,\nthree times.\n" {
				t.Errorf("%s is %q", c, cited.String())
			}
		}
		slices.Sort(lines)
		if got := strings.Join(lines, ", "); got != want {
			t.Errorf("at %d: %s", at, got)
		}
	}
}

func TestMarks(t *testing.T) {
	const text = "Retry. The \x01RETRIES\x02 of cafés at 检索增强 and GPU检索, ひらがな. Weiß, oﬃce ２０km."
	b := newBaseOf(t, map[string]string{"b.txt": "Retry some more in plain Latin.", "c.txt": "x", "d.txt": "y", "e.txt": "z"})
	b.stays(stay{path: "a.txt", body: text, from: 10, to: kb.Forever})
	b.stays(stay{path: "a.txt", body: "全角のデータと半角のﾃﾞｰﾀ。", from: 10, to: kb.Forever})
	b.stays(stay{path: "a.txt", body: "Του Οδυσσέα, ᾠδή. Ещё ёлки. שָׁלוֹם, العَرَبِيّة.", from: 10, to: kb.Forever})
	b.stays(stay{path: "a.txt", body: "Cœur, " + norm.NFD.String("ガイドの백업 절차、йогурт, Łódź, Đà Nẵng") + ".", from: 10, to: kb.Forever})
	for _, test := range []struct {
		words  string
		syntax bool
		want   string
	}{
		{"백업", false, norm.NFD.String("백업")},
		{norm.NFD.String("백업의 절차"), false, norm.NFD.String("백업 절차")},
		{"ガイド", false, norm.NFD.String("ガイド")},
		{"йогурт", false, norm.NFD.String("йогурт")},
		{"йогру*", true, ""},
		{"йогур*", true, norm.NFD.String("йогурт")},
		{norm.NFD.String("йогур*"), true, norm.NFD.String("йогурт")},
		{"coeur", false, "Cœur"},
		{"lodz", false, norm.NFD.String("Łódź")},
		{"da nang", false, norm.NFD.String("Đà Nẵng")},
		{"retry", false, "Retry RETRIES"},
		{"retried cafe", false, "Retry RETRIES cafés"},
		{"检索", false, "检索 检索"},
		{"索增强", false, "索增强"},
		{"检索增强", false, "检索增强"},
		{"gpu", false, "GPU"},
		{"らが", false, "らが"},
		{"rerty", false, "Retry RETRIES"},
		{"WEISS", false, "Weiß"},
		{"weiß", false, "Weiß"},
		{"re\u00adtry", false, "Retry RETRIES"},
		{"office 20KM", false, "oﬃce ２０km"},
		{"ΤΟΥ ΟΔΥΣΣΕΑ", false, "Του Οδυσσέα"},
		{"ωδη", false, "ᾠδή"},
		{"еще елки", false, "Ещё ёлки"},
		{"שלום العربية", false, "שָׁלוֹם العَرَبِيّة"},
		{"οδυσσ*", true, "Οδυσσέα"},
		{"データ", false, "データ ﾃﾞｰﾀ"},
		{"ﾃﾞｰ", false, "デー ﾃﾞｰ"},
		{"テータ", false, "ータ ｰﾀ"},
		{"nothing here", false, ""},
		{`"the retries"`, true, "The \x01RETRIES"},
		{"ca*", true, "cafés"},
		{"weiß*", true, "Weiß"},
		{"NEAR(gpu 检索)", true, "检索 GPU 检索"},
		{"检索增强", true, "检索增强"},
		{`"索增强"`, true, "索增强"},
		{"检索增强 + 检索", true, ""},
		{"GPU检索 NOT 增强检", true, "GPU检索"},
		{"ﾃﾞｰﾀ", true, "データ ﾃﾞｰﾀ"},
		{norm.NFD.String("업 + 절차"), true, norm.NFD.String("업 절차")},
	} {
		found := b.find(asof.Search{Words: test.words, Syntax: test.syntax, Mode: asof.Text, At: valid(20), Limit: 9, Prefixes: []string{"a.txt"}})
		var marked []string
		for _, h := range found.Hits {
			for _, m := range h.Marks.Text {
				marked = append(marked, h.Text[m[0]:m[1]])
			}
		}
		if got := strings.Join(marked, " "); got != test.want {
			t.Errorf("%q marks %q, not %q", test.words, got, test.want)
		}
	}
}

func TestHeadingMarks(t *testing.T) {
	b := newBaseOf(t, map[string]string{"b.txt": "Latin.", "c.txt": "x", "d.txt": "y", "e.txt": "z"})
	heading := []string{"Retries", norm.NFD.String("Cafés und 検索増強")}
	b.stays(stay{path: "a.txt", heading: heading, body: "Retry in cafes.", from: 10, to: kb.Forever})
	for _, test := range []struct{ words, heading, text string }{
		{"retry", "Retries", "Retry"},
		{"cafe 増強", norm.NFD.String("Cafés 増強"), "cafes"},
		{"und", "und", ""},
	} {
		found := b.find(asof.Search{Words: test.words, Mode: asof.Text, At: valid(20), Limit: 1})
		if len(found.Hits) == 0 {
			t.Fatalf("%q finds nothing", test.words)
		}
		marks := found.Hits[0].Marks
		if got := marked(strings.Join(heading, "\n"), marks.Heading); got != test.heading {
			t.Errorf("%q marks %q of the headings, not %q", test.words, got, test.heading)
		}
		if got := marked("Retry in cafes.", marks.Text); got != test.text {
			t.Errorf("%q marks %q of the text, not %q", test.words, got, test.text)
		}
	}
}

// marked returns what is marked of a text.
func marked(text string, marks [][2]int) string {
	var parts []string
	for _, m := range marks {
		parts = append(parts, text[m[0]:m[1]])
	}
	return strings.Join(parts, " ")
}

// TestForms finds the same in documents of the same text, whether letters stand with
// their marks as one character or as several, and whichever way they are asked for.
func TestForms(t *testing.T) {
	words := []string{"데이터베이스", "백업", "절차를", "データベース", "ヴァイオリン", "がくせい", "йогурт", "Чай", "ёлка", "мій", "cœur",
		"naïve", "Ærø", "Łódź", "Đắk", "ế", "ἀρχῇ", "Ελλάδα", "שָׁלוֹם", "العَرَبِيّة", "آب", "हिन्दी", "क़लम", "ที่รัก", "检索", "x", "and"}
	rapid.Check(t, func(t *rapid.T) {
		b := newBase(t)
		forms := []func(string) string{norm.NFC.String, norm.NFD.String}
		texts := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom(words), 1, 6), 1, 4).Draw(t, "texts")
		for i, text := range texts {
			for f, form := range forms {
				b.document(fmt.Sprintf("%c/%d", 'a'+f, i), form(strings.Join(text, " ")+"."), 10, kb.Forever)
			}
		}
		asked := rapid.SliceOfN(rapid.SampledFrom(texts[0]), 1, 3).Draw(t, "asked")
		var found []string
		for _, form := range forms {
			for _, folder := range []string{"a", "b"} {
				var hits []string
				s := asof.Search{Words: form(strings.Join(asked, " ")), Strict: true, Mode: asof.Text, At: valid(20), Limit: 99, Prefixes: []string{folder}}
				for _, h := range b.find(s).Hits {
					hits = append(hits, h.Version.Path[1:])
					var marked []string
					for _, m := range h.Marks.Text {
						marked = append(marked, norm.NFC.String(h.Text[m[0]:m[1]]))
					}
					hits = append(hits, marked...)
				}
				found = append(found, fmt.Sprint(hits))
				found = append(found, strings.ReplaceAll(b.when(form(texts[0][0]), folder), folder+"/", "/"))
			}
		}
		for i := range found {
			if found[i] != found[i%2] || found[i] == "" || found[i] == "[]" {
				t.Errorf("%q finds %q", asked, found)
			}
		}
	})
}

// TestTitles asserts that the page which the words are the title of comes before one
// that has them in passing.
func TestTitles(t *testing.T) {
	b := newBase(t)
	b.document("disk.md", "# Replacing a disk\n\n"+strings.Repeat("Switch the machine off, and wait. ", 2), 10, kb.Forever)
	b.document("diary.md", "# Diary\n\nReplacing a disk took all day.\n", 10, kb.Forever)
	for i := range 9 {
		b.document(fmt.Sprintf("%d.md", i), "# Other\n\nNothing like it.\n", 10, kb.Forever)
	}
	for _, ask := range []asof.Search{{Mode: asof.Text}, {Mode: asof.Hybrid}, {Syntax: true}} {
		ask.Words, ask.At, ask.Limit = "replacing disk", valid(20), 9
		var paths []string
		for _, h := range b.find(ask).Hits {
			paths = append(paths, h.Version.Path)
		}
		if len(paths) < 2 || paths[0] != "disk.md" || paths[1] != "diary.md" {
			t.Errorf("%+v: found %q", ask, paths)
		}
	}
}

// A phrase that is rare, of words that are frequent, ranks what has it.
func TestSyntaxRanks(t *testing.T) {
	b := newBase(t)
	for i := range 20 {
		b.document(fmt.Sprintf("%d.txt", i), fmt.Sprintf("to be %d the one\n", i), 10, kb.Forever)
	}
	b.document("once.txt", "be to the "+strings.Repeat("one and another ", 20)+"\n", 10, kb.Forever)
	b.document("often.txt", "be to the, to the, to the\n", 10, kb.Forever)
	found := b.find(asof.Search{Words: `"to the"`, Syntax: true, Mode: asof.Text, At: valid(20), Limit: 9})
	if len(found.Hits) != 2 || found.Hits[0].Version.Path != "often.txt" || found.Hits[0].Score <= found.Hits[1].Score {
		t.Errorf("found %+v", found.Hits)
	}
}

// fails is an embedder whose server is away.
type fails struct{ *embed.Builtin }

var errAway = errors.New("the server is away")

func (fails) Embed(context.Context, []string) ([][]float32, error) { return nil, errAway }

type renamed struct{ *embed.Builtin }

func (renamed) Name() string { return "openai:other" }

func TestSearchWithoutVectors(t *testing.T) {
	b := newBaseOf(t, map[string]string{"a.md": "Retry with backoff."})
	r := b.reader()
	find := func(mode asof.SearchMode, e embed.Embedder) (*asof.Found, error) {
		return asof.Find(context.Background(), r, e, asof.Search{Words: "retry", Mode: mode, At: valid(20), Limit: 3})
	}
	found, err := find(asof.Hybrid, fails{builtin})
	if err != nil || !errors.Is(found.Degraded, errAway) || len(found.Hits) != 1 || found.Hits[0].Cosine != nil {
		t.Errorf("a hybrid search without its server: %+v, %v", found, err)
	}
	if _, err := find(asof.Vector, fails{builtin}); !errors.Is(err, errAway) {
		t.Errorf("a search by vectors without its server: %v", err)
	}
	for _, e := range []embed.Embedder{renamed{builtin}, embed.None{}, nil} {
		var other *asof.EmbedderError
		if _, err := find(asof.Hybrid, e); !errors.As(err, &other) {
			t.Errorf("a search with another embedder: %v", err)
		}
		if found, err := find(asof.Text, e); err != nil || len(found.Hits) != 1 {
			t.Errorf("a search by words with another embedder: %v, %v", found, err)
		}
	}
	b.update(func(tx ingest.Tx) error { return tx.SetIndex(ingest.Index{Embedder: "none"}) })
	r = b.reader()
	if found, err := find(asof.Hybrid, embed.None{}); err != nil || found.Degraded != nil || len(found.Hits) != 1 {
		t.Errorf("a hybrid search where there are no vectors: %+v, %v", found, err)
	}
	if _, err := find(asof.Vector, embed.None{}); !errors.Is(err, asof.ErrNoVectors) {
		t.Errorf("a search by vectors where there are none: %v", err)
	}
}

func TestSearchNothing(t *testing.T) {
	b := newBaseOf(t, map[string]string{"a.md": "Retry with backoff."})
	for _, words := range []string{"", " ", "?!", `"`, "\x00", "\u0301", "🦀"} {
		for _, mode := range []asof.SearchMode{asof.Hybrid, asof.Text, asof.Vector} {
			if found := b.find(asof.Search{Words: words, Mode: mode, At: valid(20), Limit: 3}); len(found.Hits) != 0 {
				t.Errorf("%q finds %+v", words, found.Hits)
			}
		}
	}
	for _, words := range []string{`"`, "AND", "a AND", "other:retry", "(", "NEAR(", "*", ""} {
		var query *asof.QueryError
		_, err := asof.Find(context.Background(), b.reader(), builtin, asof.Search{Words: words, Syntax: true, Mode: asof.Hybrid, At: valid(20), Limit: 3})
		if !errors.As(err, &query) && words != "" {
			t.Errorf("%q in the syntax of FTS5: %v", words, err)
		}
	}
}

// FuzzSearch asks for anything: no text can be an error.
func FuzzSearch(f *testing.F) {
	base := newBase(f)
	for i, text := range []string{"Retry with backoff.", "检索增强 and more", "heading: x", "a b c"} {
		base.document(fmt.Sprintf("%d.md", i), text, 10, kb.Forever)
	}
	b := base.reader()
	for _, words := range []string{`a" OR "b`, "retry AND", "NEAR(a b)", "heading:x", "c*", "\x00", "检", "検索 retry", strings.Repeat("a b ", 999), "ｶﾞ゛", "ก็่"} {
		f.Add(words)
	}
	f.Fuzz(func(t *testing.T, words string) {
		for _, mode := range []asof.SearchMode{asof.Hybrid, asof.Text, asof.Vector} {
			_, err := asof.Find(context.Background(), b, builtin, asof.Search{Words: words, Mode: mode, At: valid(20), Now: 30, Limit: 3})
			check(t, err)
		}
		for _, err := range asof.When(context.Background(), b, words, nil, valid(kb.Forever)) {
			check(t, err)
		}
		_, err := asof.Find(context.Background(), b, builtin, asof.Search{Words: words, Syntax: true, Mode: asof.Text, At: valid(20), Now: 30, Limit: 3})
		var query *asof.QueryError
		if err != nil && !errors.As(err, &query) {
			t.Errorf("in the syntax of FTS5: %v", err)
		}
	})
}
