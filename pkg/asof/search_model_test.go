package asof_test

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// What the model's texts are made of: words that no stemming changes, and runs
// of characters.
var (
	someWords = []string{"retri", "backoff", "Kafka", "cafè", "x", "42", "omega", "sigma", "how", "I", "wie", "ist"}
	someRuns  = []string{"检索", "检索增强", "索", "増", "增强检索", "ひらがな"}
)

// tokens are those of the text index.
func tokens(units []string) []string {
	var all []string
	for _, unit := range units {
		run := []rune(unit)
		if run[0] < 0x3000 {
			all = append(all, strings.ReplaceAll(strings.ToLower(unit), "è", "e"))
			continue
		}
		for i := range len(run) - 1 {
			all = append(all, string(run[i:i+2]))
		}
		all = append(all, string(run[len(run)-1:]))
	}
	return all
}

// term is a word of a query as tokens that follow each other.
type term struct {
	tokens []string
	prefix bool // the last one is the beginning of a token
}

func termOf(unit string) term {
	all := tokens([]string{unit})
	if []rune(unit)[0] < 0x3000 {
		return term{tokens: all}
	}
	if len(all) == 1 {
		return term{tokens: all, prefix: true}
	}
	return term{tokens: all[:len(all)-1]}
}

func (t term) countIn(tokens []string) int {
	n := 0
	for i := 0; i+len(t.tokens) <= len(tokens); i++ {
		last := i + len(t.tokens) - 1
		match := slices.Equal(tokens[i:last], t.tokens[:len(t.tokens)-1])
		if t.prefix {
			match = match && strings.HasPrefix(tokens[last], t.tokens[len(t.tokens)-1])
		} else {
			match = match && tokens[last] == t.tokens[len(t.tokens)-1]
		}
		if match {
			n++
		}
	}
	return n
}

// model says once more how passages are ranked.
type model struct {
	weight float64 // of the cosine
	noise  float64 // the least cosine that counts without a word
	texts  []modelText
	stays  []modelStay
}

type modelText struct {
	columns [2][]string
	vector  []int8
	waiting bool
}

type modelStay struct {
	stay
	text int
}

func (m *model) holding(t term) float64 {
	n := 0.0
	for i := range m.texts {
		if t.countIn(m.texts[i].columns[0])+t.countIn(m.texts[i].columns[1]) > 0 {
			n++
		}
	}
	return n
}

func (m *model) idf(holding float64) float64 {
	return max(math.Log((float64(len(m.texts))-holding+0.5)/(holding+0.5)), 1e-6)
}

// inScope reports whether a text in scope has a term.
func (m *model) inScope(t term, texts map[int]bool) bool {
	for i := range texts {
		if t.countIn(m.texts[i].columns[0])+t.countIn(m.texts[i].columns[1]) > 0 {
			return true
		}
	}
	return false
}

// dropQuestionWords leaves out the words that a question begins with, unless a text has it.
func (m *model) dropQuestionWords(units []string, texts map[int]bool) []string {
	var different []string
	for _, unit := range units {
		if !slices.ContainsFunc(different, func(o string) bool {
			return strings.Join(tokens([]string{o}), " ") == strings.Join(tokens([]string{unit}), " ")
		}) {
			different = append(different, unit)
		}
	}
	n := 0
	for n < len(different) && (different[n] == "how" || n > 0 && different[n] == "I") {
		n++
	}
	if german := slices.IndexFunc(different, func(unit string) bool { return unit != "wie" && unit != "ist" }); german > n {
		n = german
	}
	last := len(units) - 1
	whole := termOf(units[last])
	whole.tokens = append(tokens(units[:last]), whole.tokens...)
	if n < 2 || n == len(different) || m.inScope(whole, texts) {
		return different
	}
	return different[n:]
}

// ask returns the terms that a query searches for among texts in scope, and the sum of
// the weights of all.
func (m *model) ask(units []string, strict bool, texts map[int]bool) (terms []term, sum float64) {
	if !strict {
		units = m.dropQuestionWords(units, texts)
	}
	seen := map[string]bool{}
	add := func(t term) bool {
		n := m.holding(t)
		if n > 0 && !slices.ContainsFunc(terms, func(o term) bool { return slices.Equal(o.tokens, t.tokens) }) {
			terms = append(terms, t)
		}
		return n > 0
	}
	for _, unit := range units {
		folded := strings.Join(tokens([]string{unit}), " ")
		if seen[folded] {
			continue
		}
		seen[folded] = true
		t := termOf(unit)
		if m.inScope(t, texts) {
			add(t)
			sum += 2.2 * m.idf(m.holding(t))
			continue
		}
		if len(t.tokens) == 1 {
			sum += 2.2 * m.idf(0)
			continue
		}
		for _, pair := range t.tokens {
			add(term{tokens: []string{pair}})
			sum += 2.2 * m.idf(m.holding(term{tokens: []string{pair}}))
		}
	}
	return terms, max(sum, 2.2e-6)
}

// bm25 is the BM25 of a text, in which what stands in a heading counts three times.
func (m *model) bm25(terms []term, text *modelText) float64 {
	total := 0
	for i := range m.texts {
		total += len(m.texts[i].columns[0]) + len(m.texts[i].columns[1])
	}
	average := float64(total) / float64(len(m.texts))
	length := float64(len(text.columns[0]) + len(text.columns[1]))
	sum := 0.0
	for _, t := range terms {
		f := float64(3*t.countIn(text.columns[0]) + t.countIn(text.columns[1]))
		sum += m.idf(m.holding(t)) * f * 2.2 / (f + 1.2*(0.25+0.75*length/average))
	}
	return sum
}

type scored struct {
	name  string
	score float64
}

func (s *modelStay) name() string {
	return fmt.Sprint(s.path, s.from, s.to, strings.Join(s.heading, "\n"), "|", s.body)
}

func (s *modelStay) inScope(asked asof.Search) bool {
	inside := len(asked.Prefixes) == 0
	for _, prefix := range asked.Prefixes {
		inside = inside || s.path == prefix || strings.HasPrefix(s.path, prefix+"/")
	}
	return inside && s.from <= asked.At.Valid && asked.At.Valid < s.to
}

// find ranks all that is eligible.
func (m *model) find(t rapid.TB, units []string, s asof.Search) (all []scored, waiting int64) {
	texts := map[int]bool{}
	for i := range m.stays {
		if m.stays[i].inScope(s) {
			texts[m.stays[i].text] = true
		}
	}
	terms, sum := m.ask(units, s.Strict, texts)
	query, err := builtin.Embed(context.Background(), []string{s.Words})
	check(t, err)
	for i := range m.stays {
		p := &m.stays[i]
		if !p.inScope(s) {
			continue
		}
		text := &m.texts[p.text]
		score := 0.0
		if s.Mode != asof.Vector {
			score = min(m.bm25(terms, text)/sum, 1)
		}
		if text.waiting {
			waiting++
		}
		if s.Mode == asof.Hybrid && !text.waiting {
			if near := max(cosine(query[0], text.vector), 0); score > 0 || near >= m.noise {
				score += m.weight * near
			}
		}
		if s.Mode == asof.Vector {
			if text.waiting {
				continue
			}
			score = cosine(query[0], text.vector)
		}
		if score > 0 || s.Mode == asof.Vector {
			all = append(all, scored{p.name(), score})
		}
	}
	slices.SortStableFunc(all, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	if s.Mode == asof.Text {
		waiting = 0
	}
	return all, waiting
}

func cosine(query []float32, vector []int8) float64 {
	var dot, a, b float64
	for i, x := range vector {
		dot += float64(query[i]) * float64(x)
		a += float64(query[i]) * float64(query[i])
		b += float64(x) * float64(x)
	}
	return dot / math.Sqrt(a*b)
}

func (m *model) draw(t *rapid.T) {
	unit := rapid.SampledFrom(slices.Concat(someWords, someRuns))
	known := map[string]int{}
	for range rapid.IntRange(1, 25).Draw(t, "passages") {
		heading := rapid.SliceOfN(unit, 0, 2).Draw(t, "heading")
		body := rapid.SliceOfN(unit, 1, 6).Draw(t, "body")
		s := modelStay{stay: stay{
			path: rapid.SampledFrom([]string{"a", "a/b", "a/c", "a.md", "d"}).Draw(t, "path"), heading: heading,
			body: strings.Join(body, " "), from: kb.Instant(rapid.IntRange(0, 6).Draw(t, "from")), to: kb.Forever,
		}}
		if rapid.Bool().Draw(t, "closed") {
			s.to = s.from + kb.Instant(rapid.IntRange(0, 4).Draw(t, "lasts"))
		}
		full := s.passage().Full()
		at, found := known[full]
		if !found {
			at = len(m.texts)
			known[full] = at
			s.waiting = rapid.IntRange(0, 5).Draw(t, "waiting") == 0
			vectors, err := builtin.Embed(context.Background(), []string{full})
			check(t, err)
			m.texts = append(m.texts, modelText{[2][]string{tokens(heading), tokens(body)}, embed.Int8(vectors[0]), s.waiting})
		}
		s.text, s.waiting = at, m.texts[at].waiting
		m.stays = append(m.stays, s)
	}
}

// TestSearchAgainstModel compares searches with a ranking of all passages by
// hand: what is eligible, its scores, and its order.
func TestSearchAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{weight: 0.05, noise: 0.25}
		m.draw(t)
		b := newBase(t)
		var embedder embed.Embedder = builtin
		if rapid.Bool().Draw(t, "model") { // one that knows what words mean
			embedder, m.weight, m.noise = renamed{builtin}, 1, 0
			b.update(func(tx ingest.Tx) error {
				return tx.SetIndex(ingest.Index{Embedder: embedder.Name(), Dim: embedder.Dim()})
			})
		}
		var stays []stay
		for i := range m.stays {
			stays = append(stays, m.stays[i].stay)
		}
		text := "text"
		b.version("a", 0, &text)
		b.stays(stays...)
		r := b.reader()
		t.Repeat(map[string]func(*rapid.T){"search": func(t *rapid.T) {
			units := rapid.SliceOfN(rapid.SampledFrom(slices.Concat(someWords, someRuns, []string{"强检索", "がなひらが", "nothing"})), 1, 5).Draw(t, "query")
			s := asof.Search{
				Words: strings.Join(units, " "), Strict: rapid.Bool().Draw(t, "strict"), At: valid(kb.Instant(rapid.IntRange(0, 9).Draw(t, "at"))), Now: 9,
				Mode:  rapid.SampledFrom([]asof.SearchMode{asof.Hybrid, asof.Text, asof.Vector}).Draw(t, "mode"),
				Limit: rapid.IntRange(1, 8).Draw(t, "limit"), Exact: rapid.Bool().Draw(t, "exact"),
				Prefixes: rapid.SampledFrom([][]string{nil, {"a"}, {"a/b", "d"}, {"a.md"}, {"none"}}).Draw(t, "prefixes"),
			}
			found, err := asof.Find(context.Background(), r, embedder, s)
			check(t, err)
			all, waiting := m.find(t, units, s)
			compare(t, found, all, s)
			if found.Waiting != waiting {
				t.Errorf("%d wait, and not %d", found.Waiting, waiting)
			}
		}})
	})
}

// compare checks hits against the ranking of all. The order among equal scores
// is left open, and so is whether a score that is 0 but for rounding is a hit.
func compare(t *rapid.T, found *asof.Found, all []scored, s asof.Search) {
	t.Helper()
	const close = 1e-5
	zero := 0
	for _, p := range all {
		if math.Abs(p.score) < close {
			zero++
		}
	}
	hits := len(found.Hits)
	if s.Mode == asof.Vector {
		zero = 0
	}
	for s.Mode != asof.Vector && hits > 0 && found.Hits[hits-1].Score < close {
		hits--
	}
	if hits != min(s.Limit, len(all)-zero) || zero == 0 && hits == len(found.Hits) && found.More != (len(all) > s.Limit) {
		t.Fatalf("%d hits of %d, more %t", hits, len(all), found.More)
	}
	left := slices.Clone(all)
	for i := range found.Hits[:hits] {
		hit := &found.Hits[i]
		p := modelStay{stay: stay{path: hit.Version.Path, heading: hit.Heading, body: hit.Text, from: hit.From, to: hit.To}}
		at := slices.IndexFunc(left, func(o scored) bool { return o.name == p.name() })
		if at < 0 {
			t.Fatalf("%s is not eligible, or twice", p.name())
		}
		if math.Abs(left[at].score-hit.Score) > close || math.Abs(all[i].score-hit.Score) > close {
			t.Fatalf("%s has the score %f, not %f; the best at its place %f", p.name(), hit.Score, left[at].score, all[i].score)
		}
		left = slices.Delete(left, at, at+1)
	}
}
