package sqlite

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestSyntaxOf(t *testing.T) {
	for query, want := range map[string]string{
		`retry* AND "two ""words"""`: `retry* AND "two ""words"""`,
		`内存管理`:                       `"内存 存管 管理"`,
		`内存管理*`:                      `"内存 存管 管理"*`,
		`"内存管理"`:                     `"内存 存管 管理"`,
		`内`:                          `"内"*`,
		`内 *`:                        `"内" *`,
		`"内。"`:                       `"内"*`,
		`"内存，"`:                      `"内存"`,
		`GPU内存 "a ""内存"" b"`:         `"GPU 内存" "a ""内存 存"" b"`,
		`^内存 OR (검색은 NOT "메모리")`:     `^"内存" OR ("검색 색은" NOT "메모 모리")`,
		`NEAR(内存 管理, 5)`:             `NEAR("内存" "管理", 5)`,
		`heading:内存 {heading body}:ที่รัก`: `heading:"内存" {heading body}:"ที่รั รัก"`,
		`- body : 内`:            `- body : "内"*`,
		`内存 + 管 * + "理论 x" + 式`: `"内存 存" + "管" * + "理论 论 x" + "式"*`,
		`ﾃﾞｰﾀ`:                  `"デー ータ"`,
		`内存:x {内存}:x 内存 (x) NEAR(a b, 内存)`: `内存:x {内存}:x 内存 (x) NEAR(a b, 内存)`,
		`"内存 管理`:   `"内存 管理`,
		"内存\x00内存": "\"内存\"\x00内存",
		"weiß ＮＥＡＲ(ｏｎｅ two) a AND \u05B8": "weiss NEAR(one two) a AND \"\"",
		"\u05B8*reads": `""*reads`,
		"内存 \u0301 \"管理 \u05B8\" + \xe5 \x1a": "\"内存\" \u0301 \"管理 理 \" + \xe5 \x1a",
	} {
		if got := askedAs(t, query); got != want {
			t.Errorf("%q is asked for as\n%s and not\n%s", query, got, want)
		}
	}
}

// askedAs returns what a query is asked for as, but for beginnings of words.
func askedAs(t interface{ Fatal(...any) }, query string) string {
	text, err := syntaxOf(query, nil)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// syntaxBase is a text index alone, like that of a knowledge base.
func syntaxBase(t *testing.T) *sql.DB {
	db := openDB("file:"+t.Name()+"?mode=memory", "")
	t.Cleanup(func() { must(t, db.Close()) })
	db.SetMaxOpenConns(1)
	_, err := db.Exec(`
		CREATE VIRTUAL TABLE t USING fts5 (
			heading, body, tokenize = "porter unicode61 remove_diacritics 2 categories 'L* M* N* Co' separators '` + "\uFE0E\uFE0F" + `'")`)
	must(t, err)
	return db
}

// units are what a phrase is compared with: characters of runs, and words.
type unit struct {
	text string
	goes bool // on in the run of the unit before
}

func unitsOf(text string) (units []unit) {
	inRun, inWord := false, false
	for _, r := range text {
		switch last := len(units) - 1; {
		case unicode.IsMark(r): // texts have them after letters of runs alone
			units[last].text += string(r)
		case r > unicode.MaxLatin1 && unicode.IsLetter(r):
			units = append(units, unit{string(r), inRun})
			inRun, inWord = true, false
		case unicode.IsLetter(r):
			if inWord {
				units[last].text += string(r)
			} else {
				units = append(units, unit{string(r), false})
			}
			inRun, inWord = false, true
		default:
			inRun, inWord = false, false
		}
	}
	return units
}

// unitsHave reports whether a text says what a phrase does; at its beginning, if
// first. A character alone, which the phrase ends in, may have marks in the text.
func unitsHave(text, phrase string, first bool) bool {
	has, wants := unitsOf(text), unitsOf(phrase)
	for at := 0; at+len(wants) <= len(has) && (at == 0 || !first); at++ {
		same := true
		for i, want := range wants {
			got := has[at+i]
			end := i == len(wants)-1 && !want.goes && want.text[0] >= 0x80
			same = same && (got.goes == want.goes || i == 0) && (got.text == want.text || end && strings.HasPrefix(got.text, want.text))
		}
		if same {
			return true
		}
	}
	return false
}

// Characters and what stands between them, few enough for phrases to recur.
var (
	someRuns   = rapid.StringOfN(rapid.SampledFrom([]rune("内存管理データ검색은กขท")), 1, 6, -1)
	someThai   = rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"ก", "กั", "ที่", "รั", "ข"}), 1, 5), func(list []string) string { return strings.Join(list, "") })
	someWords  = rapid.SampledFrom([]string{"gpu", "x", "retry"})
	someSpaces = rapid.SampledFrom([]string{"", " ", "，", "。 ", "-", `"`})
	someTexts  = rapid.Map(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		return rapid.OneOf(someRuns, someRuns, someThai, someWords).Draw(t, "piece") + someSpaces.Draw(t, "space")
	}), 0, 6), func(list []string) string { return strings.Join(list, "") })
)

// partOf draws a phrase that a text has, or may have: some of its characters and
// words, with what is between them.
func partOf(t *rapid.T, text string, within bool) string {
	units := unitsOf(text)
	if len(units) == 0 {
		return "内存"
	}
	first := rapid.IntRange(0, len(units)-1).Draw(t, "first")
	last := first + 1
	for last < len(units) && (units[last].goes || !within) && rapid.IntRange(0, 3).Draw(t, "more") > 0 {
		last++
	}
	start := 0
	for _, u := range units[:first] {
		start += strings.Index(text[start:], u.text) + len(u.text)
	}
	start += strings.Index(text[start:], units[first].text)
	end := start
	for _, u := range units[first:last] {
		end += strings.Index(text[end:], u.text) + len(u.text)
	}
	return text[start:end]
}

// TestSyntaxFinds asks for parts of texts as words, as phrases and within
// operators: exactly those texts are found that have them.
func TestSyntaxFinds(t *testing.T) {
	db := syntaxBase(t)
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) [2]string {
			return [2]string{someTexts.Draw(t, "heading"), someTexts.Draw(t, "body")}
		}), 1, 4).Draw(t, "rows")
		if _, err := db.Exec("DELETE FROM t"); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			heading, _ := indexed(row[0])
			body, _ := indexed(row[1])
			if _, err := db.Exec("INSERT INTO t (rowid, heading, body) VALUES (?, ?, ?)", i, heading, body); err != nil {
				t.Fatal(err)
			}
		}
		// operand draws a part of a text and how it is asked for.
		operand := func(name string) (phrase, query string) {
			text := rapid.SampledFrom(rows).Draw(t, name)[rapid.IntRange(0, 1).Draw(t, "column")]
			bare := rapid.Bool().Draw(t, "bare")
			phrase = partOf(t, text, bare)
			if bare {
				return phrase, phrase
			}
			return phrase, quoted(phrase)
		}
		a, qa := operand("a")
		b, qb := operand("b")
		either := func(phrase string) func([2]string) bool {
			return func(row [2]string) bool { return unitsHave(row[0], phrase, false) || unitsHave(row[1], phrase, false) }
		}
		hasA, hasB := either(a), either(b)
		type asked struct {
			query string
			want  func(row [2]string) bool
		}
		for _, ask := range []asked{
			{qa, hasA},
			{" " + qa + "\n", hasA},
			{qa + " AND " + qb, func(row [2]string) bool { return hasA(row) && hasB(row) }},
			{qa + " " + qb, func(row [2]string) bool { return hasA(row) && hasB(row) }},
			{qa + " OR " + qb, func(row [2]string) bool { return hasA(row) || hasB(row) }},
			{qa + " NOT (" + qb + ")", func(row [2]string) bool { return hasA(row) && !hasB(row) }},
			{"heading:" + qa, func(row [2]string) bool { return unitsHave(row[0], a, false) }},
			{"- {heading} : " + qa, func(row [2]string) bool { return unitsHave(row[1], a, false) }},
			{"body:^" + qa, func(row [2]string) bool { return unitsHave(row[1], a, true) }},
			{qa + " + " + qb, either(a + " " + b)},
			{"NEAR(" + qa + " " + qb + ", 1000)", func(row [2]string) bool {
				return unitsHave(row[0], a, false) && unitsHave(row[0], b, false) || unitsHave(row[1], a, false) && unitsHave(row[1], b, false)
			}},
		} {
			got, err := stringsOf(db, "SELECT rowid FROM t WHERE t MATCH ?", askedAs(t, ask.query))
			if err != nil {
				t.Fatalf("%q: %v", ask.query, err)
			}
			var want []string
			for i, row := range rows {
				if ask.want(row) {
					want = append(want, fmt.Sprint(i))
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q, asked for as %s, finds %q in %q, not %q", ask.query, askedAs(t, ask.query), got, rows, want)
			}
		}
	})
}

// TestSyntaxErrors asks for anything: what FTS5 reads as it stands, it reads as it
// is asked for, and what has no spaceless writing is asked for as it stands.
func TestSyntaxErrors(t *testing.T) {
	db := syntaxBase(t)
	pieces := rapid.SampledFrom([]string{
		"内", "内存", "검색", "ที่", "ﾃﾞ", "x", "2", "AND", "OR", "NOT", "NEAR", "heading", "body", `"`, `""`, "*", "+", "^", "-", ":", ",", ";",
		"(", ")", "{", "}", " ", " ", "\n", "，", "ß", "\u0301", "\u05B8", "\x00", "\xe5", "\x1a", "_",
	})
	readable := 0
	rapid.Check(t, func(t *rapid.T) {
		query := strings.Join(rapid.SliceOfN(pieces, 0, 12).Draw(t, "query"), "")
		whole := respelled(query)
		asked := askedAs(t, query)
		if query != "" && whole != "" && whole[0] != '*' {
			_, err := stringsOf(db, "SELECT rowid FROM t WHERE t MATCH ?", whole)
			if err == nil {
				readable++
				_, err = stringsOf(db, "SELECT rowid FROM t WHERE t MATCH ?", asked)
			} else {
				err = nil
			}
			if err != nil {
				t.Errorf("%q, asked for as %q: %v", query, asked, err)
			}
		}
		// With words for the beginning of one it is read, or a mistake, as without.
		begun, err := syntaxOf(query, func(word string) ([]string, error) { return []string{quoted(word) + "*", `"y"`}, nil })
		if err != nil {
			t.Fatal(err)
		}
		if asked != "" && asked[0] != '*' {
			_, before := stringsOf(db, "SELECT rowid FROM t WHERE t MATCH ?", asked)
			_, after := stringsOf(db, "SELECT rowid FROM t WHERE t MATCH ?", begun)
			if (before == nil) != (after == nil) {
				t.Errorf("%q is asked for as %q, %v, and with words begun as %q, %v", query, asked, before, begun, after)
			}
		}
		if !strings.ContainsFunc(query, isSpaceless) && strings.ReplaceAll(asked, `""`, "") != strings.ReplaceAll(whole, `""`, "") {
			t.Errorf("%q is asked for as %q", query, asked)
		}
	})
	if readable == 0 {
		t.Error("FTS5 reads none of the queries")
	}
}
