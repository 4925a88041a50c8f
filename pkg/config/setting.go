package config

import (
	"fmt"
	"slices"
	"strings"
)

// A Source says where the value of a setting came from.
type Source int

// The sources, the weakest first.
const (
	FromDefault Source = iota
	FromEnvironment
	FromFlag
)

// String gives the source as Print shows it.
func (s Source) String() string {
	return [...]string{"default", "environment", "flag"}[s]
}

// An Error is a value that a setting does not accept.
type Error struct {
	Setting string // as the user wrote it: "-n" or "BATCH_CHUNK_SIZE"
	Err     error  // quotes the value and says what is accepted
}

func (e *Error) Error() string { return e.Setting + ": " + e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// A Setting is one entry of a Set. It is a flag.Value: what is set through it
// counts as given by flag.
type Setting struct {
	names     []string
	env       string
	usage     string
	value     Value
	byDefault string
	source    Source
	secret    bool
	suggested []string
}

// Names lists the names of the flag without dashes, the main one first; it is
// empty if the setting comes from the environment alone.
func (s *Setting) Names() []string { return slices.Clone(s.names) }

// Env is the environment variable, or "".
func (s *Setting) Env() string { return s.env }

// Source says where the present value came from.
func (s *Setting) Source() Source { return s.source }

// Default is the default in the form of String; "" stands for none, and for a
// bool that is off.
func (s *Setting) Default() string {
	if s.IsBoolFlag() && s.byDefault == "false" {
		return ""
	}
	return s.byDefault
}

// String is the present value in a form that Set accepts. Of a secret it tells
// only whether it is there: "set" or "unset".
func (s *Setting) String() string {
	switch {
	case s.secret && s.value.String() == "":
		return "unset"
	case s.secret:
		return "set"
	}
	return s.value.String()
}

// Set gives the setting a value by flag. The error is an *Error.
func (s *Setting) Set(text string) error {
	if err := s.value.Set(text); err != nil {
		return &Error{Setting: "-" + s.names[0], Err: err}
	}
	s.source = FromFlag
	return nil
}

func (s *Setting) setEnv(text string) error {
	set := s.value.Set
	if list, ok := s.value.(*stringsValue); ok {
		set = list.setAll
	}
	if err := set(text); err != nil {
		return &Error{Setting: s.env, Err: err}
	}
	s.source = FromEnvironment
	return nil
}

// Refuse makes the *Error of a value that Set has taken and the program cannot
// use, because of another setting perhaps. Like that of Set, its text should
// quote the value and say what is accepted.
func (s *Setting) Refuse(format string, args ...any) error {
	name := s.env
	if s.source != FromEnvironment && len(s.names) > 0 {
		name = "-" + s.names[0]
	}
	return &Error{Setting: name, Err: fmt.Errorf(format, args...)}
}

// AtMost holds the value n of a setting to the most that another one, of that name,
// allows. A default above it is not the user's fault.
func (s *Setting) AtMost(n, most int64, name string) (int64, error) {
	if n > most && s.source != FromDefault {
		return 0, s.Refuse("%q is not a whole number from 1 to %d, which is %s", s, most, name)
	}
	return min(n, most), nil
}

// IsBoolFlag reports whether the flag is complete without a value.
func (s *Setting) IsBoolFlag() bool {
	b, ok := s.value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// Suggest names words for shells to complete, of a setting that accepts others
// too. One that ends with a colon is how a value begins.
func (s *Setting) Suggest(words ...string) { s.suggested = words }

// Words lists the words that are accepted as values, or were suggested; nil if none
// is known. A type of value that has a method of that name may accept others too.
func (s *Setting) Words() []string {
	if s.suggested != nil {
		return slices.Clone(s.suggested)
	}
	if w, ok := s.value.(interface{ Words() []string }); ok {
		return w.Words()
	}
	return nil
}

// Usage gives the placeholder of the value and the usage text. The placeholder is
// the word of the text in backquotes, else one that suits the type; "" for a bool.
func (s *Setting) Usage() (placeholder, text string) {
	if before, rest, ok := strings.Cut(s.usage, "`"); ok {
		if word, after, ok := strings.Cut(rest, "`"); ok {
			return word, before + word + after
		}
	}
	switch v := s.value.(type) {
	case *intValue:
		return "N", s.usage
	case *bytesValue:
		return "SIZE", s.usage
	case *durationValue:
		return "DURATION", s.usage
	case *percentValue:
		return "PERCENT", s.usage
	case *enumValue:
		return strings.Join(v.words, "|"), s.usage
	}
	if s.IsBoolFlag() {
		return "", s.usage
	}
	return "VALUE", s.usage
}
