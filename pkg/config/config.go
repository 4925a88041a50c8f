// Package config holds the typed settings of a program: a flag beats the
// environment, the environment beats the default.
//
// A Set is declared like a flag.FlagSet and knows, for every setting, its value
// and where the value came from. Parsing the command line is left to the caller:
// a Setting is a flag.Value, so any flag parser can fill it. A bad value gives an
// *Error that names the setting, the value and what is accepted. Nothing here
// reads the process environment or writes anywhere by itself.
//
//	var set config.Set
//	db := set.String("db", "BATCH_DB", "kb.sqlite", "the knowledge base `FILE`")
//	n := set.Int("n", "BATCH_CHUNK_SIZE", 100, 1, 1000, "records in a chunk")
//	for _, s := range set.Settings() { ... flags.Var(s, name, "") ... }
//	err := set.Resolve(os.LookupEnv) // after the flags: *db and *n are final
package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Value is what a setting holds. It is the interface of flag.Value.
type Value interface {
	// Set parses text. Its error should quote text and say what is accepted, in
	// the form: "abc" is not a whole number from 1 to 1000.
	Set(text string) error
	// String gives the value in a form that Set accepts.
	String() string
}

// A Set is the settings of one program or of one of its commands, in the order
// of their declaration. The zero Set is empty and ready for use.
//
// The methods that declare a setting take its flag and its environment variable.
// The flag is written without dashes, further names for it after commas
// ("null,0"); either of flag and variable may be "", but not both. As in package
// flag, a word of the usage text in backquotes is the placeholder of the value in
// help texts. A setting declared twice is a programming error and panics.
type Set struct {
	settings []*Setting
}

// Join gives a Set of all the settings of sets, which stay shared: for settings
// that several commands have in common.
func Join(sets ...*Set) *Set {
	joined := new(Set)
	for _, set := range sets {
		for _, s := range set.settings {
			joined.add(s)
		}
	}
	return joined
}

// String declares a setting that takes any text.
func (s *Set) String(name, env, value, usage string) *string {
	s.Var(name, env, (*stringValue)(&value), usage)
	return &value
}

// Name declares a setting that takes the name of something, such as "a folder". No name
// is one only if the setting is not given: its flag with "" is that of a script whose
// variable is not set, which asks for something else than no flag.
func (s *Set) Name(name, env, value, what, usage string) *string {
	s.Var(name, env, &nameValue{&value, what}, usage)
	return &value
}

// Int declares a setting that takes a whole number from least to most.
func (s *Set) Int(name, env string, value, least, most int64, usage string) *int64 {
	s.Var(name, env, &intValue{&value, least, most}, usage)
	return &value
}

// Mebibytes declares a setting that takes a whole number of MiB from least to most, or a
// size, as ParseBytes reads it, of which a part of a MiB is dropped.
func (s *Set) Mebibytes(name, env string, value, least, most int64, usage string) *int64 {
	s.Var(name, env, &mebibytesValue{intValue{&value, least, most}}, usage)
	return &value
}

// Bytes declares a setting that takes a size, as ParseBytes reads it.
func (s *Set) Bytes(name, env string, value int64, usage string) *int64 {
	s.Var(name, env, (*bytesValue)(&value), usage)
	return &value
}

// Bool declares a setting that is on or off; its flag needs no value.
func (s *Set) Bool(name, env, usage string) *bool {
	on := new(bool)
	s.Var(name, env, (*boolValue)(on), usage)
	return on
}

// Duration declares a setting that takes a time span of zero or more, in the
// notation of time.ParseDuration, with weeks and days of 24 hours before: 1w2d12h.
func (s *Set) Duration(name, env string, value time.Duration, usage string) *time.Duration {
	s.Var(name, env, (*durationValue)(&value), usage)
	return &value
}

// Percent declares a setting that takes a number from 0 to 100, with or without
// a percent sign.
func (s *Set) Percent(name, env string, value float64, usage string) *float64 {
	s.Var(name, env, (*percentValue)(&value), usage)
	return &value
}

// Enum declares a setting that takes one of the given words.
func (s *Set) Enum(name, env, value string, words []string, usage string) *string {
	s.Var(name, env, &enumValue{&value, words}, usage)
	return &value
}

// Strings declares a setting whose flag may be repeated and adds one text each
// time, replacing the default. The variable holds all of them, comma separated.
func (s *Set) Strings(name, env string, value []string, usage string) *[]string {
	s.Var(name, env, &stringsValue{list: &value}, usage)
	return &value
}

// List is like Strings, but each flag too may hold several texts, comma separated.
func (s *Set) List(name, env string, value []string, usage string) *[]string {
	s.Var(name, env, &stringsValue{list: &value, split: true}, usage)
	return &value
}

// Secret declares a text that comes from the environment alone, since a command
// line can be seen by everybody on the machine. Print tells only whether it is
// set, and Map leaves it out.
func (s *Set) Secret(env, usage string) *string {
	secret := new(string)
	s.add(&Setting{env: env, usage: usage, value: (*stringValue)(secret), secret: true})
	return secret
}

// Var declares a setting of the caller's own type, whose default is the value
// that it holds. A value with a method IsBoolFlag() bool that gives true is, as
// in package flag, set by its bare flag.
func (s *Set) Var(name, env string, value Value, usage string) {
	var names []string
	if name != "" {
		names = strings.Split(name, ",")
	}
	s.add(&Setting{names: names, env: env, usage: usage, value: value, byDefault: value.String()})
}

func (s *Set) add(setting *Setting) {
	if len(setting.names) == 0 && setting.env == "" {
		panic("config: a setting needs a flag or an environment variable")
	}
	for _, old := range s.settings {
		for _, name := range setting.names {
			if slices.Contains(old.names, name) {
				panic(fmt.Sprintf("config: flag -%s declared twice", name))
			}
		}
		if old.env != "" && old.env == setting.env {
			panic(fmt.Sprintf("config: variable %s declared twice", old.env))
		}
	}
	s.settings = append(s.settings, setting)
}

// Settings lists the settings in the order of their declaration.
func (s *Set) Settings() []*Setting {
	return slices.Clone(s.settings)
}

// Lookup finds a setting by one of the names of its flag, or by its variable; it
// is nil if there is none.
func (s *Set) Lookup(name string) *Setting {
	for _, setting := range s.settings {
		if slices.Contains(setting.names, name) || (setting.env != "" && setting.env == name) {
			return setting
		}
	}
	return nil
}

// Resolve takes from the environment what no flag has set. An empty variable
// counts as not there. lookup is os.LookupEnv outside tests. The error is an
// *Error.
func (s *Set) Resolve(lookup func(string) (string, bool)) error {
	for _, setting := range s.settings {
		if setting.source == FromFlag || setting.env == "" {
			continue
		}
		if text, _ := lookup(setting.env); text != "" {
			if err := setting.setEnv(text); err != nil {
				return err
			}
		}
	}
	return nil
}
