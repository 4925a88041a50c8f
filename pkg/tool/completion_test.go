package tool

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A completer asks a shell, once it has loaded the script of the sample program,
// what it offers for a command line whose last word is being typed.
var completers = map[string]func(t *testing.T, script string, words []string) []string{
	"bash": completeInBash,
	"zsh":  completeInZsh,
	"fish": completeInFish,
}

func TestCompletion(t *testing.T) {
	tests := []struct {
		line string // | between the words
		want string // offered, in any order; files are not asked for
	}{
		{"sample|--js", "--json"},
		{"sample|-form", "-format"},
		{"sample|-n|5|--format|", "text html"},
		{"sample|-format|h", "html"},
		{"sample|-format=", "text html"},
		{"sample|-db|x|--format=h", "html"},
		{"sample|-n=5|-format=h", "html"},
		{"sample|-db=te", ""}, // a file, and no format
		{"sample|ls|-db|x|--ex", "--exclude"},
		{"sample|-db|ls|--f", "--format"},
		{"sample|-json|diff|--pr", "--print-config"},
		{"sample|d", "diff"},
	}
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			if _, err := exec.LookPath(shell); err != nil {
				t.Skipf("the script is tried in the shell itself: %v", err)
			}
			code, script, stderr := sample(t, "--completion", shell)
			if code != 0 || stderr != "" {
				t.Fatalf("code %d, %s", code, stderr)
			}
			// Not in the folder of the test, whose files would be offered too.
			t.Chdir(t.TempDir())
			file := filepath.Join(t.TempDir(), "script")
			if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(shell, "-n", file).CombinedOutput(); err != nil || len(out) > 0 {
				t.Fatalf("%s -n: %v\n%s\n%s", shell, err, out, script)
			}
			for _, test := range tests {
				got := completers[shell](t, file, strings.Split(test.line, "|"))
				want := strings.Fields(test.want)
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("%s: got %q, want %q", test.line, got, want)
				}
			}
			all := completers[shell](t, file, []string{"sample", "--"})
			for _, flag := range []string{"--db", "--at", "--json", "--n", "--help", "--version", "--completion", "--print-config"} {
				if !slices.Contains(all, flag) && !(shell == "fish" && flag == "--n") {
					t.Errorf("%s is not offered: %q", flag, all)
				}
			}
			if slices.Contains(all, "--exclude") || slices.Contains(all, "--l") {
				t.Errorf("flags of another command are offered: %q", all)
			}
		})
	}
}

func completeInBash(t *testing.T, script string, words []string) []string {
	const program = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sample; printf '%s\n' "${COMPREPLY[@]}"`
	var parts []string // as readline makes them
	for _, word := range words {
		name, value, found := strings.Cut(word, "=")
		parts = append(parts, name)
		if found {
			parts = append(parts, "=")
		}
		if value != "" {
			parts = append(parts, value)
		}
	}
	words = parts
	return runShell(t, "bash", "--norc", "-c", program, append([]string{"bash", script}, words...)...)
}

// completeInZsh calls the function with the builtins of the completion system,
// which exist only while a line is edited, replaced by ones that print.
func completeInZsh(t *testing.T, script string, words []string) []string {
	const program = `
compdef() { :; }
_files() { :; }
offer() { local w; for w in "$@"; do [[ $w == "$PREFIX"* ]] && print -r -- "$w"; done; return 0; }
compset() { [[ "$*" == '-P 1 *=' ]] && PREFIX=${PREFIX#*=}; }
compadd() { shift; offer "$@"; }
_describe() { local -a offered; offered=("${(@P)@[-1]}"); offer "${(@)offered%%:*}"; }
source "$1"; shift; words=("$@"); CURRENT=$#; PREFIX=$words[-1]; _sample`
	return runShell(t, "zsh", "-f", "-c", program, append([]string{"zsh", script}, words...)...)
}

func completeInFish(t *testing.T, script string, words []string) []string {
	const program = `source $argv[1]; complete --do-complete "$argv[2..]"`
	var names []string
	begun := regexp.MustCompile(`^-[^=]*=|`).FindString(words[len(words)-1])
	for _, l := range runShell(t, "fish", "--no-config", "-c", program, append([]string{script}, words...)...) {
		name, _, _ := strings.Cut(strings.TrimPrefix(l, begun), "\t")
		names = append(names, name)
	}
	return names
}

func runShell(t *testing.T, shell, option, c, program string, args ...string) []string {
	t.Helper()
	cmd := exec.Command(shell, append([]string{option, c, program}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if stderr.Len() > 0 {
		t.Fatalf("%q: %v\n%s", args, err, &stderr)
	}
	return slices.DeleteFunc(strings.Split(string(out), "\n"), func(l string) bool { return l == "" })
}
