package asof_test

import (
	"fmt"
	"testing"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
)

// TestQuestions asserts that a question finds what it is about, and not what asks in
// the same words.
func TestQuestions(t *testing.T) {
	b := newBase(t)
	asks := []string{"How do I? What can I?", "Wie kann ich? Was ist?", "Comment puis-je? Qu'est-ce?", "¿Cómo puedo yo? ¿Qué es?"}
	for i, text := range asks {
		b.document(fmt.Sprintf("asks%d.txt", i), text, 10, kb.Forever)
	}
	for i := range 20 {
		b.document(fmt.Sprintf("page%02d.txt", i), fmt.Sprintf("Backup of the system with number %d and many other words, as they stand on a page.", i), 10, kb.Forever)
	}
	find := func(words string, strict bool) string {
		found := b.find(asof.Search{Words: words, Strict: strict, Mode: asof.Text, At: valid(20), Now: 20, Limit: 1})
		if len(found.Hits) == 0 {
			return ""
		}
		return found.Hits[0].Version.Path
	}
	for _, test := range []struct {
		words  string
		strict bool
		want   string
	}{
		{"How do I backup a system?", false, "page00.txt"},
		{"how do I backup a system", true, "asks0.txt"},
		{"Wie kann ich das system", false, "page00.txt"},
		{"Comment puis-je system", false, "page00.txt"},
		{"¿Cómo puedo system?", false, "page00.txt"},
		{"what can I", false, "asks0.txt"},           // it is about nothing else
		{"what system", false, "asks0.txt"},          // one may be a name
		{"ist what system", false, "asks1.txt"},      // two languages
		{"can you do I system", false, "page00.txt"}, // not in this order anywhere
		{"How do I? What can I", false, "asks0.txt"}, // a text has the question
		{"system of I do", false, "asks0.txt"},       // no question begins so
	} {
		if got := find(test.words, test.strict); got != test.want {
			t.Errorf("%q, strict %t: found %q first, and not %q", test.words, test.strict, got, test.want)
		}
	}
}
