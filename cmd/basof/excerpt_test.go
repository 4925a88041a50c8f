package main

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// TestWrapText holds lines to the width, and every character that is not blank
// to one place.
func TestWrapText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "retry", " ", "\n", "\n\n", "\t", "重试", "é", "e\u0301", "👩\u200d💻",
			strings.Repeat("x", 50), "\xff"}), 0, 60).Draw(t, "words")
		text := strings.Join(words, rapid.SampledFrom([]string{"", " "}).Draw(t, "glue"))
		columns := rapid.IntRange(2, 40).Draw(t, "columns")
		var kept strings.Builder
		for _, line := range wrapText(text, columns) {
			part := text[line.from:line.to]
			if strings.ContainsRune(part, '\n') || strings.TrimSpace(part) == "" {
				t.Fatalf("line %q", part)
			}
			width := 0
			for i, r := range part {
				if width += columnsOf(r); width > columns && i > 0 && columnsOf(r) > 0 {
					t.Fatalf("%q is wider than %d columns", part, columns)
				}
			}
			kept.WriteString(part)
		}
		if got, want := dense(kept.String()), dense(text); got != want {
			t.Fatalf("%q, not %q", got, want)
		}
	})
}

// dense leaves the blanks out.
func dense(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

// shown writes an excerpt with its marks in brackets.
func shown(lines [][]fragment) string {
	var b strings.Builder
	for _, line := range lines {
		for _, part := range line {
			if part.marked {
				b.WriteString("[" + part.text + "]")
			} else {
				b.WriteString(part.text)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// marksOf finds words in a text, in order.
func marksOf(text string, words ...string) [][2]int {
	var marks [][2]int
	for i := range text {
		for _, word := range words {
			if strings.HasPrefix(text[i:], word) {
				marks = append(marks, [2]int{i, i + len(word)})
			}
		}
	}
	return marks
}

func TestExcerpt(t *testing.T) {
	long := "one two three four five\nsix seven eight nine ten\n\neleven twelve thirteen\nfourteen fifteen sixteen\nseventeen eighteen\nnineteen twenty\ntwenty-one"
	for _, test := range []struct {
		name, text string
		words      []string
		want       string
	}{
		{"short", "one two\nthree", []string{"two", "three"}, "one [two]\n[three]\n"},
		{"nothing marked", long, nil, "one two three four five\nsix seven eight nine ten\neleven twelve thirteen …\n"},
		{"in the middle", long, []string{"fifteen"}, "… eleven twelve thirteen\nfourteen [fifteen] sixteen\nseventeen eighteen …\n"},
		{"at the end", long, []string{"twenty-one"}, "… seventeen eighteen\nnineteen twenty\n[twenty-one]\n"},
		{"most different words", long, []string{"e", "twelve", "fifteen"}, "… [e]l[e]v[e]n [twelve] thirt[e][e]n\nfourt[e][e]n [fifteen] sixt[e][e]n\ns[e]v[e]nt[e][e]n [e]ight[e][e]n …\n"},
		{"a mark over the end of a line", "aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd", []string{"bbbbbbbbb ccccccccc"}, "aaaaaaaaa [bbbbbbbbb]\n[ccccccccc] ddddddddd\n"},
		{"code", "func f() {\n\treturn\n}", []string{"return"}, "func f() {\n    [return]\n}\n"},
		{"what a terminal must not see", "a\x1b[2Jb\u202ec", nil, "a\uFFFD[2Jbc\n"},
		{"marks that overlap", "retry", []string{"retry", "ret", "try"}, "[retry]\n"},
	} {
		if got := shown(excerpt(test.text, marksOf(test.text, test.words...), 25, 3)); got != test.want {
			t.Errorf("%s:\n%s\nnot\n%s", test.name, got, test.want)
		}
	}
}
