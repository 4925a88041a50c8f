package tool

import (
	"slices"
	"strings"
	"testing"
)

func FuzzOrder(f *testing.F) {
	for _, seed := range []string{
		"", "a.md|-at|2025", "-at|T|ls|docs|-l", "--|ls", "ls|--|-x|--|y", "-db|--|x", "-n", "-|-|-json", "--json=1|x||-at=-36h",
		"-=|---|--=x|diff|-unknown|ls", "-exclude||ls",
	} {
		f.Add(seed)
	}
	syntax := newProgram(newSample()).syntax()
	f.Fuzz(func(t *testing.T, text string) {
		var words []string
		if text != "" {
			words = strings.Split(text, "|")
		}
		l, err := order(syntax, words)
		ordered := l.words()

		// Nothing is lost and nothing is added but the -- before the arguments.
		got, want := slices.Sorted(slices.Values(ordered)), slices.Sorted(slices.Values(words))
		if i, found := slices.BinarySearch(got, "--"); found && len(l.arguments) > 0 && len(got) > len(want) {
			got = slices.Delete(got, i, i+1)
		} else if i, found := slices.BinarySearch(want, "--"); found && len(l.arguments) == 0 && len(got) < len(want) {
			want = slices.Delete(want, i, i+1)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q became %q", words, ordered)
		}
		if err != nil {
			return
		}
		if again, err := order(syntax, ordered); err != nil || !slices.Equal(again.words(), ordered) {
			t.Fatalf("%q became %q, and then %q (%v)", words, ordered, again.words(), err)
		}
		// Words after -- stay as they are, in their order, at the end.
		if i := slices.Index(words, "--"); i >= 0 && !valueIsDashes(l) {
			if tail := words[i+1:]; !slices.Equal(tail, l.arguments[len(l.arguments)-len(tail):]) {
				t.Fatalf("%q: arguments %q", words, l.arguments)
			}
		}
	})
}

// valueIsDashes reports whether a flag has the value "--".
func valueIsDashes(l line) bool {
	return slices.ContainsFunc(l.flags, func(f givenFlag) bool {
		return len(f.words) == 2 && f.words[1] == "--"
	})
}
