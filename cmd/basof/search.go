package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/config"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

func searchCommand() *cli.Command {
	s := &search{question: newQuestion()}
	s.addAt()
	s.addKnown()
	modes := []string{string(asof.Hybrid), string(asof.Text), string(asof.Vector)}
	s.mode = s.set.Enum("mode", "", string(asof.Hybrid), modes, "go by words (text), by vectors, or by both")
	s.k = s.set.Int("k", "", 10, 1, math.MaxInt32, "print the best `N` passages")
	s.long = s.set.Bool("l", "", "with each passage its scores, and the command that prints exactly it")
	s.strict = s.set.Bool("strict", "", "search for the words as they are: not for similar ones in the place of those that no document holds, and with those that a question begins with, as 'how do I'")
	s.syntax = s.set.Bool("fts", "", "WORDS are in the query syntax of SQLite's FTS5, and the search goes by them alone: \"one two\" OR NEAR(three four), retr*, heading:retry")
	s.exact = s.set.Bool("exact", "", "compare with every vector in full; slower, and the same but for a few among very many")
	s.set.Var("embed-url", "BATCH_EMBED_URL", &s.url, "where the embedding server is, if one made the vectors: `URL`")
	s.timeout = s.set.Duration("embed-timeout", "", 20*time.Second, "give up a request to it that takes longer than `TIME`; it is made twice")
	s.limit = s.set.Int("", "TEMPORAL_QUERY_LIMIT", 1000, 1, math.MaxInt32, "what search, when and log print at most, in passages, lines and versions")
	return &cli.Command{
		Name:      "search",
		Usage:     "finds passages by their words, as of any moment",
		ArgsUsage: "WORDS [PREFIX]...",
		UsageText: `basof search "retry with backoff"
basof -at 2025-01-15 search "retry with backoff" docs/operations
basof -at 2025-02-01 -known 2025-03-03 search "who approves a release"    # as it was known in March
basof search -k 3 -json "who approves a release" | jq -r '.path, .text'
basof search -l "retry with backoff"         # with the commands that print the passages`,
		Description: `What was there at the moment is searched, be it superseded or deleted since, and nothing else. Best first, each passage with its document and lines then, its headings, from when to when it stood there, and what became of it.

In JSON, score is what the order goes by; text_score, from 0 to 1, is how well the words match, and cosine how near the vectors are. One that the search does not go by is null, and so is the cosine of a passage that has no vector.

With -fts, retr* finds every word that begins so. In a phrase and in NEAR, FTS5 compares such a beginning with the stems of words, and misses those whose stem ends before it: stopp* there does not find stopped.

A PREFIX is the name of a document or of a folder; with any, only what is under one of them is searched.`,
		Flags:  tool.Flags(&s.set),
		Action: s.run,
	}
}

type search struct {
	*question
	mode                        *string
	url                         embed.Address
	timeout                     *time.Duration
	k, limit                    *int64
	long, strict, syntax, exact *bool
}

func (s *search) run(c *cli.Context) (err error) {
	words := c.Args().First()
	if strings.TrimSpace(words) == "" {
		return tool.Usagef("say what to search for")
	}
	if asked := s.set.Lookup("mode").Source() != config.FromDefault; *s.syntax && asked && asof.SearchMode(*s.mode) != asof.Text {
		return tool.Usagef("-mode %s: with -fts a search goes by words alone, as with -mode text", *s.mode)
	}
	collectOften()
	reader, point, err := s.open(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	embedder, err := s.embedder(c.Context, reader)
	if err != nil {
		return err
	}
	prefixes := cleanNames(c.Args().Tail())
	if err := remembered(c, reader, point.Point, prefixes...); err != nil {
		return err
	}
	if err := checkPrefixes(c, reader, prefixes, point.Point); err != nil {
		return err
	}
	warnForeign(c, reader, &point)
	found, err := asof.Find(c.Context, reader, embedder, asof.Search{
		Words: words, Syntax: *s.syntax, Strict: *s.strict, Mode: asof.SearchMode(*s.mode), Exact: *s.exact,
		Prefixes: prefixes, At: point.Point, Now: kb.InstantOf(time.Now()), Limit: int(min(*s.k, *s.limit)),
	})
	if err != nil {
		return explainSearch(err, embedder.Name())
	}
	print := s.printer(c, point.stamp())
	for i := range found.Hits {
		if err := print(&found.Hits[i]); err != nil {
			return err
		}
	}
	s.warn(c, found)
	if len(found.Hits) == 0 {
		return s.nothingFound(c, reader, words, prefixes, &point)
	}
	if err := warnLonger(c, reader, found.Hits); err != nil {
		return err
	}
	return warnStale(c, reader, point.Point, hitPaths(found.Hits)...)
}

// warnLonger tells of passages that begin where what is remembered of their
// documents does, and so may be older.
func warnLonger(c *cli.Context, reader *sqlite.Reader, hits []asof.Hit) error {
	var last *asof.Forgotten
	begins := map[string]*ingest.Beginning{}
	for i := range hits {
		path := hits[i].Version.Path
		begin, asked := begins[path]
		if !asked {
			var err error
			if begin, err = reader.MemoryBegins(c.Context, path); err != nil {
				return err
			}
			begins[path] = begin
		}
		if begin == nil || hits[i].From != begin.From {
			continue
		}
		forgotten, err := memoryBegins(c, reader, path)
		if err != nil {
			return err
		}
		if forgotten != nil && (last == nil || forgotten.Before > last.Before) {
			last = forgotten
		}
	}
	if last != nil {
		tool.Warn(c, fmt.Errorf("what was there before %s is forgotten, at least in part; passages that stood there then may have stood longer", last.Before))
	}
	return nil
}

// collectOften keeps garbage from growing beside what a search holds: matches,
// the words of the collection, and documents whose lines are told. Most of the
// work is SQLite's, and so the time that it costs is little. GOGC overrides it.
func collectOften() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(25)
	}
}

func (s *search) printer(c *cli.Context, about stamp) func(*asof.Hit) error {
	if *s.json {
		enc := kb.NewJSONEncoder(c.App.Writer)
		return func(hit *asof.Hit) error { return enc.Encode(hitOf(hit, about)) }
	}
	show := ""
	if *s.long {
		show = s.command("show")
	}
	return newHitList(c.App.Writer, show).print
}

// warn says how the answer differs from what was asked for.
func (s *search) warn(c *cli.Context, found *asof.Found) {
	if *s.verbose && len(found.QuestionWords) > 0 {
		tool.Note(c, fmt.Sprintf("left out of the search, since it only asks: %s (-strict leaves it in)", strings.Join(found.QuestionWords, " ")))
	}
	var unheard []string
	for _, word := range found.Corrected {
		if len(word.Nearest) == 0 {
			unheard = append(unheard, quoted(word.Word))
			continue
		}
		err := tool.WithHint(errors.New("no document holds "+quoted(word.Word)),
			fmt.Sprintf("did you mean %s? that was searched for; -strict leaves it out", orList(word.Nearest)))
		if word.Elsewhere {
			err = tool.WithHint(err, "another document does, or did at another time: "+s.command("when")+" "+shellArgument(word.Word))
		}
		tool.Warn(c, err)
	}
	if more := len(unheard) - mostUnheard; more > 1 {
		unheard = append(unheard[:mostUnheard], fmt.Sprintf("%d other words", more))
	}
	if len(unheard) > 0 {
		tool.Warn(c, errors.New("no document holds "+orList(unheard)))
	}
	if found.Degraded != nil {
		tool.Warn(c, explainSearch(fmt.Errorf("searched by words alone: %w", found.Degraded), ""))
	}
	if found.Waiting > 0 {
		what := " no vector yet and could be found by words alone"
		if asof.SearchMode(*s.mode) == asof.Vector {
			what = " no vector yet and could not be found"
		}
		have := " have"
		if found.Waiting == 1 {
			have = " has"
		}
		tool.Warn(c, tool.WithHint(errors.New(tool.Count(found.Waiting, "passage")+have+what), "the next bingest makes the vectors"))
	}
	if found.Unindexed > 0 {
		tool.Warn(c, tool.WithHint(fmt.Errorf("%s of what was known then cannot be found: the text is not in the index", tool.Count(found.Unindexed, "passage")),
			"make the index anew with: bingest reindex"))
	}
	if found.Behind {
		tool.Warn(c, behind())
	}
	if found.More && *s.k > *s.limit {
		tool.Warn(c, tool.WithHint(cutList("best", int64(len(found.Hits))), "raise TEMPORAL_QUERY_LIMIT to see more"))
	}
}

// warnForeign warns of an index of another version: where its words are others, and
// where passages are made anew, for the past as it was known then, and its own are
// others.
func warnForeign(c *cli.Context, reader *sqlite.Reader, point *asked) {
	index, err := reader.SearchIndex(c.Context)
	var differs string
	switch {
	case err != nil: // a failure of the question too, which tells it
		return
	case index.Foreign() && !point.knows():
		differs = "parts documents otherwise than this one does"
	case index.OtherWords:
		differs = "has some words otherwise than this one looks for them"
	default:
		return
	}
	tool.Warn(c, tool.WithHint(errors.New("the index is that of another version of btools, and "+differs),
		"make the index anew with: bingest reindex"))
}

// mostUnheard is how many words that no document holds are told.
const mostUnheard = 8

// behind warns that an index does not know all that was taken in.
func behind() error {
	return tool.WithHint(errors.New("searches do not find all that was taken in"), "make the index anew with: bingest reindex")
}

// orList writes alternatives.
func orList(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// cleanNames makes prefixes of what the user typed. Everything, which "." stands
// for, needs none.
func cleanNames(typed []string) []string {
	var names []string
	for _, name := range typed {
		if name = kb.CleanPrefix(name); name == "" {
			return nil
		}
		names = append(names, name)
	}
	return names
}

// checkPrefixes is checkFolders for prefixes that come after words.
func checkPrefixes(c *cli.Context, reader *sqlite.Reader, prefixes []string, point kb.Point) error {
	_, err := checkFolders(c, reader, prefixes, point)
	var nothing *tool.ExitError
	if errors.As(err, &nothing) {
		return hintQuotes(c, err, prefixes[0])
	}
	return err
}

// hintQuotes helps the user who typed words without quotes, so that all but the
// first were taken for prefixes.
func hintQuotes(c *cli.Context, err error, prefix string) error {
	if strings.ContainsAny(prefix, "/.") { // meant as one, then
		return err
	}
	words := shellArgument(strings.Join(c.Args().Slice(), " "))
	return tool.WithHint(err, fmt.Sprintf("or, if that is what to look for: basof %s %s", c.Command.Name, words))
}

// anything reports whether anything was under a prefix.
func anything(c *cli.Context, reader *sqlite.Reader, prefix string, point kb.Point) (bool, error) {
	for _, err := range reader.List(c.Context, prefix, point) {
		return err == nil, err
	}
	return false, nil
}

// nothingFound says that a search found nothing, and why that may be.
func (s *search) nothingFound(c *cli.Context, reader *sqlite.Reader, words string, prefixes []string, point *asked) error {
	ok, err := anything(c, reader, "", point.Point)
	switch {
	case err != nil:
		return err
	case !ok:
		return nothing(c, reader, "", point.Point)
	}
	if len(reader.SplitWords(words)) == 0 {
		return wordless(words)
	}
	where := ""
	if len(prefixes) > 0 {
		where = " in " + strings.Join(prefixes, ", ")
	}
	err = tool.Exit(tool.ExitNothing, fmt.Errorf("nothing found for %s%s at %s", quoted(words), where, thenText(point.Point)))
	if *s.syntax || cut(words) != words { // no phrase, or none that a message could have
		return err
	}
	return tool.WithHint(err, "see whether it was ever said with: "+s.command("when")+" "+shellArgument(words))
}

// wordless says that nothing can be found for what has no letters and no digits.
func wordless(words string) error {
	return tool.Exit(tool.ExitNothing, tool.WithHint(
		fmt.Errorf("there is no word in %s", quoted(words)), "words, which are of letters and digits, are all that is searched for"))
}

// hitPaths lists the documents of hits, each once.
func hitPaths(hits []asof.Hit) []string {
	var paths []string
	seen := map[string]bool{}
	for i := range hits {
		if path := hits[i].Version.Path; !seen[path] {
			seen[path] = true
			paths = append(paths, path)
		}
	}
	return paths
}

// hitAnswer is a hit in JSON: the version that held the passage, with the time
// in which the passage stands there.
type hitAnswer struct {
	*answer
	Text      string       `json:"text"`
	Heading   []string     `json:"heading"`    // outermost first
	StartLine *int         `json:"start_line"` // null where the lines cannot be told
	EndLine   *int         `json:"end_line"`   // inclusive
	Score     float64      `json:"score"`
	TextScore *float64     `json:"text_score"` // null with -mode vector
	Cosine    *float64     `json:"cosine"`     // null with -mode text, and without a vector
	Current   asof.Current `json:"current"`    // same, changed or gone
	Now       *side        `json:"now"`        // what the path holds today; null if it is gone
	Cite      string       `json:"cite"`       // what basof show takes
}

func hitOf(hit *asof.Hit, about stamp) *hitAnswer {
	span := asof.Span{Version: hit.Version}
	a := &hitAnswer{
		answer: answerOf(&span, about), Text: hit.Text, Heading: append([]string{}, hit.Heading...),
		Score: hit.Score, TextScore: hit.TextScore, Cosine: hit.Cosine,
		Current: hit.Current, Cite: jsonCite(hit).String(),
	}
	if hit.Start > 0 {
		a.StartLine, a.EndLine = &hit.Start, &hit.End
	}
	a.ValidFrom, a.ValidTo = hit.From, openEnd(hit.To)
	if hit.Now != nil && !hit.Now.Gone {
		a.Now = sideOf(hit.Now)
	}
	return a
}

// jsonCite cites a hit in a form that JSON can hold: without a path that is not
// UTF-8, which show does without.
func jsonCite(hit *asof.Hit) asof.Cite {
	cite := hit.Cite()
	if !utf8.ValidString(cite.Path) {
		cite.Path = ""
	}
	return cite
}

// openEnd returns the end of an interval, or nil if it is open.
func openEnd(to kb.Instant) *kb.Instant {
	if to == kb.Forever {
		return nil
	}
	return &to
}
