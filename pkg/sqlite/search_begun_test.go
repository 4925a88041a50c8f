package sqlite

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/sqlite/tokens"
)

// begunBase is a knowledge base with texts and no headings, the first of which has the
// id 1.
func begunBase(t *testing.T, bodies ...string) *Reader {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store := openStore(t, path)
	must(t, store.Update(t.Context(), func(tx ingest.Tx) error {
		texts := make([]*ingest.Text, len(bodies))
		for i, body := range bodies {
			texts[i] = text(body)
			texts[i].Heading = nil
		}
		return tx.AddTexts(texts)
	}))
	r, err := OpenReader(t.Context(), path)
	must(t, err)
	t.Cleanup(func() { must(t, r.Close()) })
	return r
}

// foundBy returns the texts that match a query, in order.
func foundBy(t testing.TB, r *Reader, query string) []int64 {
	t.Helper()
	matches, err := r.Matches(t.Context(), asof.Query{Syntax: query})
	if err != nil {
		t.Errorf("%s: %v", query, err)
	}
	ids := make([]int64, len(matches))
	for i, m := range matches {
		ids[i] = m.Text
	}
	slices.Sort(ids)
	return ids
}

func TestBegunWords(t *testing.T) {
	r := begunBase(t,
		"The installation of indications and references. Stopped.",
		"They retry, retried and retrial.",
		"A retryable installer; Übersetzungen.",
		"The stopwatch of 1990s types2 and x86s.",
	)
	for query, want := range map[string][]int64{
		"instal*":                              {1, 3},
		"installa*":                            {1, 3}, // as installer has the same stem
		"INSTALLA *":                           {1, 3},
		`"installa"*`:                          {1, 3},
		"indica*":                              {1},
		"referen*":                             {1},
		"stopp*":                               {1},
		"stopping*":                            {1}, // as stopping does
		"stop*":                                {1, 4},
		"retry*":                               {2, 3},
		"retrya*":                              {3},
		"übersetzungen*":                       {3},
		"1990s*":                               {4},
		"x86*":                                 {4},
		"type*":                                {4},
		"instal* stopp*":                       {1},
		"instal* OR stopw*":                    {1, 3, 4},
		"instal* AND retrya*":                  {3},
		"instal* NOT retryable stopp*":         {1, 3}, // the words together are what is not to be there
		"the NOT referen* stopp* indica*":      {4},
		"(installa* OR retry*) AND (stopp*)":   {1},
		"body:installa* body : stopp*":         {1},
		"heading:installa*":                    {},
		"- heading : installa*":                {1, 3},
		"{heading body} : installa* stopp*":    {1},
		"body : (installa* stopp*)":            {1},
		"^installa*":                           {},
		"body : ^ the OR ^ retry*":             {1, 4},
		"^th*":                                 {1, 2, 4},
		"NEAR(the instal*) installa*":          {1},
		"the + instal*":                        {1},
		"the + instal* indica*":                {1},
		`"the instal"* referen*`:               {1},
		"instal* NEAR(indications stopped, 9)": {1},
	} {
		if got := foundBy(t, r, query); !slices.Equal(got, want) {
			asked, err := syntaxOf(query, r.begun)
			t.Errorf("%s, asked for as %s, finds %d and not %d, %v", query, asked, got, want, err)
		}
	}
	for _, query := range []string{"instal* (stopped)", "(stopped) instal*", "instal* AND", "instal* : stopped", "instal* *", "* instal*", "instal* )", "{body : instal*", "instal*, stopp*"} {
		if _, err := r.Matches(t.Context(), asof.Query{Syntax: query}); err == nil {
			t.Errorf("%s is no mistake", query)
		}
	}
}

// Words of many stems and endings; some with digits.
var (
	someStems   = []string{"instal", "stop", "hop", "retr", "indic", "refer", "rel", "gener", "operat", "sens", "cav", "tri", "di", "contro", "fizz", "fu", "polic", "ag"}
	someEndings = []string{
		"", "l", "p", "y", "e", "s", "es", "ies", "ied", "ed", "eed", "ing", "ation", "ational", "ator", "ate", "alism", "iveness", "ousness", "ality", "ivity",
		"ability", "able", "ably", "icate", "ative", "alize", "icity", "ical", "ful", "ness", "al", "ance", "ence", "er", "ery", "ic", "ment", "ent", "ion", "ism", "ous", "ive",
		"ization", "izing", "ying", "ly", "2", "x2", "s2",
	}
)

// TestBegunWordsFound has a large collection in which every text with a word that begins
// with some letters is found by them, and no others but those that the word itself
// finds or that have the same stem as such a word.
func TestBegunWordsFound(t *testing.T) {
	var words []string
	for _, stem := range someStems {
		for _, middle := range []string{"", "l", "p", "at"} {
			for _, ending := range someEndings {
				words = append(words, stem+middle+ending)
			}
		}
	}
	pick := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(words), 1, 12, rapid.ID).Draw(t, "words"), " ")
	})
	seen := make(map[string]bool)
	for seed := range 4000 {
		seen[pick.Example(seed)] = true
	}
	bodies := slices.Sorted(maps.Keys(seen))
	r := begunBase(t, bodies...)
	tok, err := tokens.New(tokens.NewKnown(), tokenizer...)
	must(t, err)
	defer tok.Close()
	stem := func(word string) string {
		stem, err := tok.Stem(word)
		must(t, err)
		return stem
	}
	have := make(map[string][]int64) // the texts that have a word
	for i, body := range bodies {
		for word := range strings.FieldsSeq(body) {
			have[word] = append(have[word], int64(i+1))
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.SampledFrom(words).Draw(rt, "word")
		beginning := word[:rapid.IntRange(min(2, len(word)), len(word)).Draw(rt, "length")]
		has := make(map[int64]bool)
		stems := map[string]bool{stem(beginning): true}
		for word, texts := range have {
			if strings.HasPrefix(word, beginning) {
				stems[stem(word)] = true
				for _, id := range texts {
					has[id] = true
				}
			}
		}
		may := maps.Clone(has)
		for word, texts := range have {
			if stems[stem(word)] {
				for _, id := range texts {
					may[id] = true
				}
			}
		}
		other := rapid.SampledFrom(words).Draw(rt, "other")
		for query, only := range map[string]func(int64) bool{
			beginning + "*": func(int64) bool { return true },
			other + " body:" + beginning + "*": func(id int64) bool {
				return slices.ContainsFunc(strings.Fields(bodies[id-1]), func(w string) bool { return stem(w) == stem(other) })
			},
		} {
			got := foundBy(t, r, query)
			for id := range has {
				if _, found := slices.BinarySearch(got, id); !found && only(id) {
					rt.Fatalf("%s does not find %q", query, bodies[id-1])
				}
			}
			for _, id := range got {
				if !may[id] || !only(id) {
					rt.Fatalf("%s finds %q", query, bodies[id-1])
				}
			}
		}
	})
}

// TestBegunWordsMany begins more words than are asked for by themselves: the longest are
// left out.
func TestBegunWordsMany(t *testing.T) {
	bodies := []string{"inset", "inseparable insects", "inst insignia", "insedx"} // the last is one of the many
	for a := 'a'; a <= 'z'; a++ {
		for b := 'a'; b <= 'z'; b++ {
			bodies = append(bodies, fmt.Sprintf("insed%c%cxyz", a, b))
		}
	}
	r := begunBase(t, bodies...)
	got := foundBy(t, r, "ins*")
	if len(got) != mostBegun+3 || !slices.Equal(got[:4], []int64{1, 2, 3, 4}) {
		t.Errorf("%d of %d texts are found, %d first", len(got), len(bodies), got[:4])
	}
}
