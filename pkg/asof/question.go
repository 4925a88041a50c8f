package asof

import (
	"slices"
	"strings"
)

// questionWords are, by language, those that ask and those that stand for who asks,
// as in "how do I …". They say nothing of what is asked, but are rare in manuals, so
// that BM25 would go by them. Articles and prepositions are not among them: they are
// everywhere, and weigh nothing. Accents are folded.
var questionWords = [...]map[string]bool{
	wordSet(`how what when where why who which whom whose
		do does did doing done don doesn didn can could should would will may might must shall
		am is are was were be been being isn aren wasn
		i me my mine we us our you your he she they them their s t m re ve ll`),
	wordSet(`wie was wann wo wohin woher warum wieso weshalb wer wem wen welche welcher welches welchen
		kann konnen konnte konnten soll sollen sollte muss mussen darf
		bin ist sind war waren wird werden
		ich mir mich mein meine meinen meinem meiner wir uns unser unsere unseren
		du dir dich dein deine ihr euch euer man`),
	wordSet(`comment que quoi quel quelle quels quelles quand ou pourquoi qui qu est ce
		peut peux pouvons pouvez puis dois doit devons devez faut
		suis sont etait etre ai avons avez
		je j me m mon ma mes nous notre nos tu te ton tes vous votre vos on`),
	wordSet(`como que cual cuales cuando donde quien quienes
		puedo puede podemos pueden debo debe debemos hay
		soy es son esta estan era ser fue
		yo me mi mis nos nuestro nuestra tu te tus usted su sus`),
}

func wordSet(list string) map[string]bool {
	set := make(map[string]bool)
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}

// leastAsking is how many question words of one language make a question. One alone
// may be the name of something: who(1), du(1), DO in SQL.
const leastAsking = 2

// withoutQuestionWords leaves out the question words of the language that a search
// has most of, if it has anything else.
func withoutQuestionWords(words []Word) []Word {
	about := words
	for _, language := range questionWords {
		others := slices.DeleteFunc(slices.Clone(words), func(w Word) bool { return language[w.Text] })
		if len(words)-len(others) >= leastAsking && len(others) < len(about) && len(others) > 0 {
			about = others
		}
	}
	return about
}
