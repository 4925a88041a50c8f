package sqlite

import (
	"database/sql"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestIndexed(t *testing.T) {
	for text, want := range map[string]string{
		"检索增强":               "检索 索增 增强 强",
		"检":                  "检",
		"用Go语言写第3章。":         "用 Go 语言 言写 写第 第 3 章。",
		"《检索》, 增强!":          "《检索 索》, 增强 强!",
		"データベース":             "デー ータ タベ ベー ース ス",
		"か\u3099く":           "がく く",
		"ｶ\u3099":            "ガ",
		"검색은 빠르다":            "검색 색은 은 빠르 르다 다",
		"ที่รัก":             "ที่รั รัก ก",
		"二〇二五年":              "二〇 〇二 二五 五年 年",
		"\xff检\xff":          "\xff检\xff",
		"Straße":             "Strasse",
		"GROẞ, weiß":         "GROss, weiss",
		"oﬃce":               "office",
		"第１章ＳＱＬ":             "第 1 章 SQL",
		"ｶﾅ":                 "カナ ナ",
		"ｶﾞｷﾞﾊﾟ":             "ガギ ギパ パ",
		"ﾃﾞｰﾀﾍﾞｰｽ":           "デー ータ タベ ベー ース ス",
		"カﾞが":                "ガが が",
		"ｱﾞﾅ":                "ア\u3099ナ ナ",
		"GOｶﾞ":               "GO ガ",
		"Ελλάδα":             "Ελλαδα",
		"ἀρχῇ":               "αρχη",
		"Ёлка":               "Елка",
		"שָׁלוֹם":            "שלום",
		"العَرَبِيّة":        "العربية",
		"检\u05B8索":           "检索 索",
		"cœur, ŒUVRE":        "coeur, oeUVRE",
		"Ærø":                "aero",
		"Ðuro Đuro":          "Ðuro duro",
		"Łódź":               "lódź",
		"Ǿ ǽ":                "o ae",
		"\u0438\u0306од":     "\u0439од",
		"\u0415\u0308":       "Е",
		"\u0065\u0301":       "é",
		"\u1103\u1161\u11B0": "닭",
		"\u1112\u1161\u11AB\u1100\u1173\u11AF\u110B\u1173\u11AB": "한글 글은 은",
		"\u212Bngström": "Ångström",
		"a\u0301\u0323": "ạ\u0301",
	} {
		if got, differs := indexed(text); got != want || !differs {
			t.Errorf("%q is indexed as %q, %t, not %q", text, got, differs, want)
		}
	}
	for _, text := range []string{"", "Plain text – with “quotes”, naïve ½ Ελλαδα Йод Україна हिन्दी שלום العربية 🙂", "ᎣᏏᏲ Tiếng Việt ế Ãž �"} {
		if got, differs := indexed(text); got != text || differs {
			t.Errorf("%q is indexed as %q, %t", text, got, differs)
		}
	}
}

// TestWordsAreTokens compares the words of texts with what the tokenizer makes
// of them.
func TestWordsAreTokens(t *testing.T) {
	db := openDB("file:words?mode=memory", "")
	defer func() { must(t, db.Close()) }()
	db.SetMaxOpenConns(1)
	_, err := db.Exec(`
		CREATE VIRTUAL TABLE t USING fts5 (x, tokenize = "unicode61 remove_diacritics 2 categories 'L* M* N* Co' separators '` + "\uFE0E\uFE0F" + `'");
		CREATE VIRTUAL TABLE v USING fts5vocab (t, instance)`)
	must(t, err)
	letters := []rune("aZ09 _-'.,éÉèøØłıIİßẞﬀﬆ０９ＡＺａｚſςΣάÅñŁđĐЁёйЖאבשॐहिन्दी检索增ー々〇ひらカナ검색\u05B8\u064Eไทยที่ลาວកខမြန\u0301\u0308\u0323\u0345\u3099\uFE0F\u200D❤½²Ⅳ\uE000,。\u00A0ﬁ𠀀ǆǄếﾊﾝｶｳﾞﾟｰœÆǿ=и\u0306\u0338\u1112\u1161\u11ab\u313F\u212B")
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom(letters)).Draw(t, "text")
		spaced, _ := indexed(text)
		if _, err := db.Exec("DELETE FROM t; INSERT INTO t (rowid, x) VALUES (1, ?1)", spaced); err != nil {
			t.Fatal(err)
		}
		tokens, err := stringsOf(db, `SELECT term FROM v WHERE term <> '' ORDER BY "offset"`)
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		text = composed(text)
		eachWord(text, func(start, end int, spaceless bool) bool {
			word := text[start:end]
			if !spaceless {
				words = append(words, fold(word))
				return true
			}
			var last string
			for pair := range pairs(word) {
				words = append(words, fold(pair))
				last = pair[character(pair):]
			}
			if last != "" {
				words = append(words, fold(last))
			}
			return true
		})
		words = slices.DeleteFunc(words, func(word string) bool { return word == "" }) // of marks alone
		if places := placesOf(text); places != nil && len(places) != len(spaced)+1 {
			t.Errorf("%q has %d places for %q", text, len(places), spaced)
		}
		if !slices.Equal(tokens, words) {
			t.Errorf("%q has the tokens\n%+q and the words\n%+q", text, tokens, words)
		}
	})
}

// torn has a mark of another script between a half-width kana and its sound mark, which
// no text has: the two come together only once the word has been folded and composed.
var torn = regexp.MustCompile(`[ｦ-ﾝ]\x{093C}+[\x{3099}\x{309A}]`)

// TestForms has texts whose letters stand with their marks as one character or
// as several: the text index has the same of both, and knows where that stands.
func TestForms(t *testing.T) {
	letters := []rune("aZ9 -.,=≠éÉøłœßẞếάῷἀйЁїоשּׁبآأहिक़ড়กำ检豈がパヷｶ한글닭각\u0301\u0323\u0308\u0306\u0313\u0345\u3099\u05BC\u0651\u064E\u0E38\u0E48\u20D2\uFE0F\u212A\u212B\u2126𑂚𝅗𝅥")
	texts := rapid.StringOf(rapid.SampledFrom(letters))
	rapid.Check(t, func(t *rapid.T) {
		text := texts.Draw(t, "text")
		whole := norm.NFC.String(text)
		want, _ := indexed(whole)
		for _, other := range []string{norm.NFD.String(text), text, whole} {
			words, _ := indexed(other)
			if words != want {
				t.Errorf("%+q is indexed as\n%+q and not\n%+q", other, words, want)
			}
			if got, want := phraseOf(other), phraseOf(whole); got != want {
				t.Errorf("%+q is asked for as\n%+q and not\n%+q", other, got, want)
			}
			if got, want := tokensOf(other), tokensOf(whole); !slices.Equal(got, want) {
				t.Errorf("%+q says\n%+q and not\n%+q", other, got, want)
			}
			checkPlaces(t, other, words)
		}
		// A folded word is asked for as it stands in texts.
		for _, word := range new(Reader).SplitWords(text) {
			if torn.MatchString(word.Typed) {
				continue
			}
			if got, want := foldedWords(phraseOf(word.Text)), foldedWords(phraseOf(word.Typed)); !slices.Equal(got, want) {
				t.Errorf("%+q, folded, is asked for as\n%+q and not\n%+q", word.Typed, got, want)
			}
		}
	})
}

// foldedWords returns the words of what is indexed, folded.
func foldedWords(indexed string) (words []string) {
	eachWord(indexed, func(start, end int, _ bool) bool {
		words = append(words, fold(indexed[start:end]))
		return true
	})
	return words
}

// checkPlaces demands that each byte of a text as it is indexed has its place.
func checkPlaces(t *rapid.T, text, words string) {
	t.Helper()
	p := placesOf(text)
	if p == nil && text == words {
		return
	}
	if len(p) != len(words)+1 || p[len(words)] != len(text) {
		t.Fatalf("%+q has the places %d for %+q", text, p, words)
	}
	for i := range words {
		if p[i] < len(text) && utf8.RuneStart(words[i]) && !utf8.RuneStart(text[p[i]]) {
			t.Errorf("%+q, indexed as %+q, has the places %d", text, words, p)
		}
	}
	// The text up to the place of a word is indexed as what stands before that.
	eachWord(words, func(start, _ int, spaceless bool) bool {
		before := text[:p[start]]
		if got, _ := indexed(before); !spaceless && !strings.HasPrefix(words, strings.TrimRight(got, " ")) {
			t.Errorf("%+q, indexed as %+q, has the place %d of %d", text, words, p[start], start)
		}
		return true
	})
}

// TestLoose compares the characters that a text is looked through for with all that
// a composed text may be without.
func TestLoose(t *testing.T) {
	for r := rune(utf8.RuneSelf); r <= unicode.MaxRune; r++ {
		letter := string(r)
		if !utf8.ValidRune(r) || unicode.IsSpace(r) {
			continue
		}
		p := norm.NFC.PropertiesString(letter)
		loose := p.CCC() != 0 || !p.BoundaryBefore() || !norm.NFC.IsNormalString(letter)
		if loose && !isLoose(r) {
			t.Errorf("%U is loose", r)
		}
		_, other := spelling(r)
		if (loose || other || isSpaceless(r)) && !mayDiffer[letter[0]] {
			t.Errorf("%U may begin with %#x", r, letter[0])
		}
		if _, listed := spellings().words[r]; listed != other {
			t.Errorf("%U is written otherwise: %t", r, other)
		}
	}
}

// TestSpellings compares each spelling with what the tokenizer makes of it.
func TestSpellings(t *testing.T) {
	db := openDB("file:spellings?mode=memory", "")
	defer func() { must(t, db.Close()) }()
	db.SetMaxOpenConns(1)
	_, err := db.Exec(`
		CREATE VIRTUAL TABLE t USING fts5 (x, tokenize = "unicode61 remove_diacritics 2 categories 'L* M* N* Co'");
		CREATE VIRTUAL TABLE v USING fts5vocab (t, instance)`)
	must(t, err)
	for r := range spellings().words {
		word := "a" + string(r) + "b"
		if isSpaceless(r) {
			word = string(r) // a letter of no other run
		}
		words, differ := indexed(word)
		_, err := db.Exec("DELETE FROM t; INSERT INTO t (rowid, x) VALUES (1, ?1)", words)
		must(t, err)
		tokens, err := stringsOf(db, "SELECT term FROM v")
		must(t, err)
		if !differ || len(tokens) != 1 || tokens[0] != fold(word) {
			t.Errorf("%+q has the tokens %+q and is folded to %+q", word, tokens, fold(word))
		}
		if places := placesOf(word); len(places) != len(words)+1 {
			t.Errorf("%+q has %d places for %+q", word, len(places), words)
		}
	}
}

func stringsOf(db *sql.DB, query string, args ...any) (list []string, err error) {
	rows, err := db.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

func BenchmarkStandsAsIs(b *testing.B) {
	text := strings.Repeat("plain text without any such letter. ", 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, differs := indexed(text); differs {
			b.Fatalf("%.20q differs", text)
		}
	}
}

// TestStandsAsIs has a character that matters at every place of a text.
func TestStandsAsIs(t *testing.T) {
	for length := range 20 {
		if text := strings.Repeat("a", length); !standsAsIs(text) || !isASCII(text) {
			t.Errorf("%q does not stand as it is", text)
		}
		for at := range length + 1 {
			around := func(c string) string { return strings.Repeat("a", at) + c + strings.Repeat("a", length-at) }
			if text := around("é"); !standsAsIs(text) || isASCII(text) {
				t.Errorf("%q does not stand as it is, or is ASCII", text)
			}
			if text := around("ß"); standsAsIs(text) || isASCII(text) {
				t.Errorf("%q stands as it is, or is ASCII", text)
			}
		}
	}
}
