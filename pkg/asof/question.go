package asof

import (
	"context"
	"strings"
)

// A question begins with words that say nothing of what is asked, as in "how do I …".
// They are rare in manuals, so that BM25 would go by them. They are left out, unless a
// text asks the same.

// language has the words of a language that a question may begin with.
type language struct {
	first map[string]bool // that it begins with
	more  map[string]bool // that follow
}

// Accents are folded, as they are in the text index. Articles and prepositions are not
// among the words: they are everywhere, and weigh nothing.
var languages = [...]language{
	{wordSet(`how what when where why who which whom whose do does did can could should would will is are was were may must shall am`),
		wordSet(`i me my mine we us our you your he she they it this that these there to
			been being have has had m s re d ll ve`)},
	{wordSet(`wie was wann wo wohin woher warum wieso weshalb wer wem wen welche welcher welches welchen
		kann konnen konnte konnten soll sollen sollte muss mussen darf ist sind war waren wird werden`),
		wordSet(`ich mir mich mein meine meinen meinem meiner wir uns unser unsere unseren
		du dir dich dein deine ihr euch euer man bin habe haben`)},
	{wordSet(`comment que quoi quel quelle quels quelles quand pourquoi qui qu est puis peut`),
		wordSet(`ce peux pouvons pouvez dois doit devons devez faut suis sont etait etre ai avons avez
		je j me m mon ma mes nous notre nos tu te ton tes vous votre vos on`)},
	{wordSet(`como que cual cuales cuando donde quien quienes puedo puede podemos`),
		wordSet(`pueden debo debe debemos hay soy es son esta estan era ser fue
		yo me mi mis nos nuestro nuestra tu te tus usted su sus`)},
}

func wordSet(list string) map[string]bool {
	set := make(map[string]bool)
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}

// minQuestionWords is how many such words make a question. One alone may be the name of
// something, as in "who command", or a clause, as in "where clause".
const minQuestionWords = 2

// questionWords returns how many words at the beginning of a search only ask. They are not all
// words: something is asked about.
func questionWords(words []Word) int {
	most := 0
	for _, language := range languages {
		n := 0
		for n < len(words) && (language.first[words[n].Text] || n > 0 && language.more[words[n].Text]) {
			n++
		}
		most = max(most, n)
	}
	if most < minQuestionWords || most == len(words) {
		return 0
	}
	return most
}

// dropQuestionWords leaves out the words that only ask, unless a text in scope has the
// whole question, as the heading of a page of answers has.
func (f *finder) dropQuestionWords(ctx context.Context, words []Word) ([]Word, error) {
	n := questionWords(words)
	if n == 0 || len(words) > maxIndexWords {
		return words, nil
	}
	count, _, err := f.holding(ctx, f.Words, 1)
	if err != nil || count > 0 {
		return words, err
	}
	for _, word := range words[:n] {
		f.found.QuestionWords = append(f.found.QuestionWords, word.Typed)
	}
	return words[n:], nil
}
