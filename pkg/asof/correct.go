package asof

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	leastCorrected = 4  // characters of a word that is corrected
	longWord       = 8  // characters of a word that is corrected by two steps
	mostCorrected  = 8  // words of a query
	mostNearest    = 3  // words that one is taken for
	mostWeighed    = 64 // words of the same distance whose texts are counted
)

// correctable reports whether a word can be a misspelled one: neither a number
// nor short, nor in writing without spaces.
func correctable(w Word) bool {
	return !w.Spaceless && !strings.ContainsAny(w.Text, "0123456789") && utf8.RuneCountInString(w.Text) >= leastCorrected
}

// wordHeld is a word that texts hold.
type wordHeld struct {
	text         string
	count, first int64 // texts that hold it, and the first of them
}

// nearest returns the words of the texts in scope that a word is the likeliest to be
// meant for: those in the fewest steps from it, and of these the frequent ones.
func (f *finder) nearest(ctx context.Context, word string, most int64) ([]wordHeld, error) {
	near, err := f.within(ctx, []rune(word))
	if err != nil {
		return nil, err
	}
	for _, words := range near {
		slices.Sort(words) // they are in the order in which they came
		var held []wordHeld
		for _, text := range words[:min(len(words), mostWeighed)] {
			w := wordHeld{text: text}
			if w.count, w.first, err = f.holding(ctx, text, most); err != nil {
				return nil, err
			}
			if w.count > 0 {
				held = append(held, w)
			}
		}
		if len(held) > 0 {
			return frequent(held), nil
		}
	}
	return nil, nil
}

// frequent returns the most frequent words. Of forms that are one to the text
// index, which are in the same texts, one is enough.
func frequent(held []wordHeld) []wordHeld {
	slices.SortStableFunc(held, func(a, b wordHeld) int { return cmp.Compare(b.count, a.count) })
	var kept []wordHeld
	for _, w := range held {
		same := func(o wordHeld) bool { return o.count == w.count && o.first == w.first }
		if len(kept) < mostNearest && !slices.ContainsFunc(kept, same) {
			kept = append(kept, w)
		}
	}
	return kept
}

// within returns the words of the collection that are one step from a word, and
// those that are two, if that is long.
func (f *finder) within(ctx context.Context, word []rune) (near [2][]string, err error) {
	most := 1
	if len(word) >= longWord {
		most = 2
	}
	d := distance{word: word, most: most}
	for length := len(word) - most; length <= len(word)+most; length++ {
		lines, err := f.store.Vocabulary(ctx, length)
		if err != nil {
			return near, err
		}
		for other := range strings.Lines(lines) {
			other = strings.TrimSuffix(other, "\n")
			if steps := d.to(other); steps > 0 && steps <= most {
				near[steps-1] = append(near[steps-1], other)
			}
		}
		if err := ctx.Err(); err != nil {
			return near, err
		}
	}
	return near, nil
}

// distance counts steps between a word and others: a letter more, less or
// another, or two neighbours swapped (optimal string alignment).
type distance struct {
	word  []rune
	most  int // steps that matter
	other []rune
	rows  [3][]int
}

// to returns how many steps the other word is away, or a number greater than
// most.
func (d *distance) to(word string) int {
	d.other = d.other[:0]
	for _, r := range word {
		d.other = append(d.other, r)
	}
	width := len(d.word) + 1
	for i := range d.rows {
		d.rows[i] = slices.Grow(d.rows[i][:0], width)[:width]
	}
	before, above, row := d.rows[0], d.rows[1], d.rows[2]
	for j := range above {
		above[j] = j
	}
	for i, letter := range d.other {
		row[0] = i + 1
		least := row[0]
		for j, mine := range d.word {
			steps := min(above[j+1], row[j]) + 1
			if mine == letter {
				steps = min(steps, above[j])
			} else {
				steps = min(steps, above[j]+1)
			}
			if i > 0 && j > 0 && mine == d.other[i-1] && d.word[j-1] == letter {
				steps = min(steps, before[j-1]+1)
			}
			row[j+1] = steps
			least = min(least, steps)
		}
		if least > d.most {
			return least
		}
		before, above, row = above, row, before
	}
	return above[len(d.word)]
}

// replaceWord puts another word in the place of one wherever that stands by
// itself.
func replaceWord(text, word, other string) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, word)
		out.WriteString(before)
		if !found {
			return out.String()
		}
		last, _ := utf8.DecodeLastRuneInString(out.String())
		first, _ := utf8.DecodeRuneInString(after)
		if inWord(last) || inWord(first) {
			out.WriteString(word)
		} else {
			out.WriteString(other)
		}
		text = after
	}
}

func inWord(r rune) bool { return unicode.In(r, unicode.L, unicode.M, unicode.N) }
