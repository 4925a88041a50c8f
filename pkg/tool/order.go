package tool

import (
	"fmt"
	"slices"
	"strings"
)

// A syntax is what must be known about a program to tell its flags, their values,
// its commands and its arguments apart.
type syntax struct {
	program string
	// flags holds, for each command under each of its names, its flags and whether
	// they take a value. The default action is the command "".
	flags map[string]map[string]bool
}

// A line is a command line whose words are sorted by what they are.
type line struct {
	command   string // as typed; "" for the default action
	flags     []givenFlag
	arguments []string
}

type givenFlag struct {
	name  string
	words []string // as typed: the flag, and its value if that is a word of its own
}

func (l line) has(name string) bool {
	return slices.ContainsFunc(l.flags, func(f givenFlag) bool { return f.name == name })
}

// words gives the line in the order that cli and package flag understand: the
// command, its flags, "--" and the arguments.
func (l line) words() []string {
	var words []string
	if l.command != "" {
		words = append(words, l.command)
	}
	for _, f := range l.flags {
		words = append(words, f.words...)
	}
	if len(l.arguments) > 0 {
		words = append(append(words, "--"), l.arguments...)
	}
	return words
}

// order sorts the words of a command line. Flags are known by their dashes
// wherever they stand, up to a word "--"; the word after a flag that takes a value
// is its value, whatever it looks like; the first word that is neither is the
// command if there is one of that name; all others, "-" among them, are arguments.
// With an error, which is of kind ExitUsage, the line still holds every word.
func order(s syntax, words []string) (line, error) {
	var l line
	var err error
	for i := 0; i < len(words); i++ {
		word := words[i]
		if word == "--" {
			l.arguments = append(l.arguments, words[i+1:]...)
			break
		}
		if len(word) < 2 || word[0] != '-' {
			if _, ok := s.flags[word]; ok && word != "" && l.command == "" && len(l.arguments) == 0 {
				l.command = word
			} else {
				l.arguments = append(l.arguments, word)
			}
			continue
		}
		name, _, joined := strings.Cut(strings.TrimPrefix(word[1:], "-"), "=")
		given := givenFlag{name, words[i : i+1]}
		if s.takesValue(name) && !joined {
			if i++; i < len(words) {
				given.words = words[i-1 : i+1]
			} else if err == nil {
				err = Usagef("flag -%s needs a value", name)
			}
		}
		l.flags = append(l.flags, given)
	}
	for _, f := range l.flags {
		if _, known := s.flags[l.command][f.name]; !known {
			return l, s.unknownFlag(l.command, f.name)
		}
	}
	return l, err
}

// takesValue looks at the flags of all commands, since a flag may stand before
// the word that says which command it is for.
func (s syntax) takesValue(name string) bool {
	for _, flags := range s.flags {
		if flags[name] {
			return true
		}
	}
	return false
}

func (s syntax) unknownFlag(command, name string) error {
	var here, elsewhere []string
	for other, flags := range s.flags {
		for flag := range flags {
			if other == command {
				here = append(here, flag)
			} else if flag == name {
				elsewhere = append(elsewhere, strings.TrimSuffix(s.program+" "+other, " "))
			}
		}
	}
	slices.Sort(here)
	slices.Sort(elsewhere)
	err := Usagef("unknown flag -%s", name)
	if len(elsewhere) > 0 {
		return WithHint(err, fmt.Sprintf("-%s is a flag of %s", name, strings.Join(elsewhere, ", ")))
	}
	if flag := Nearest(name, here); flag != "" {
		return WithHint(err, "did you mean -"+flag)
	}
	program := strings.TrimSuffix(s.program+" "+command, " ")
	return WithHint(WithHint(err, "see "+program+" --help"), "a name that begins with - goes after --")
}

// syntax describes the program to order.
func (p *program) syntax() syntax {
	s := syntax{program: p.app.Name, flags: map[string]map[string]bool{}}
	values := map[string]bool{}
	for _, c := range append([]*command{p.fallback}, p.commands...) {
		flags := map[string]bool{}
		for _, setting := range c.all.Settings() {
			for _, name := range setting.Names() {
				takes := !setting.IsBoolFlag()
				if before, seen := values[name]; seen && before != takes {
					panic("tool: flag -" + name + " takes a value in one command and none in another")
				}
				flags[name], values[name] = takes, takes
			}
		}
		for _, name := range c.Names() {
			s.flags[name] = flags
		}
	}
	return s
}

// Nearest gives the word among words that was probably meant, or "" if none is
// close: as many edits apart as a slip of the fingers makes.
func Nearest(word string, words []string) string {
	best, least := "", 2+len(word)/5
	for _, candidate := range words {
		// An edit must leave something of the word.
		if d := edits(word, candidate); d < least && d < len(word) && d < len(candidate) {
			best, least = candidate, d
		}
	}
	return best
}

// edits counts the insertions, deletions, substitutions and swaps of neighbours
// that lead from a to b: the optimal string alignment distance, in bytes.
func edits(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
