package tooltest

import (
	"os"
	"path/filepath"
	"testing"
)

// writeModule makes a module with one program, which exits with the code that is
// its argument.
func writeModule(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	files := map[string]string{
		"go.mod": "module example.com/module\n\ngo 1.25\n",
		"cmd/leave/main.go": `package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	fmt.Println("out", n)
	fmt.Fprintln(os.Stderr, "err", n)
	os.Exit(n)
}
`,
	}
	for name, text := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestScripts(t *testing.T) {
	t.Setenv("BATCH_DB", "leaked.sqlite")
	t.Setenv("TEMPORAL_QUERY_LIMIT", "1")
	run(t, writeModule(t), "testdata")
}

func TestProgramsAreRemoved(t *testing.T) {
	root := writeModule(t)
	var dir string
	t.Run("user", func(t *testing.T) {
		dir = build(t, root)
		if again := build(t, root); again != dir {
			t.Errorf("built again, in %s", again)
		}
		if _, err := os.Stat(filepath.Join(dir, "leave")); err != nil {
			t.Error(err)
		}
	})
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("still there: %v", err)
	}
}

// TestProgramsAreKept demands that tests which come one after the other share
// what was built, as long as somebody holds it.
func TestProgramsAreKept(t *testing.T) {
	root := writeModule(t)
	built.hold()
	var first, second string
	t.Run("one", func(t *testing.T) { first = build(t, root) })
	t.Run("another", func(t *testing.T) { second = build(t, root) })
	if _, err := os.Stat(filepath.Join(first, "leave")); err != nil || first != second {
		t.Errorf("built in %s, and again in %s: %v", first, second, err)
	}
	built.release()
	if _, err := os.Stat(first); !os.IsNotExist(err) {
		t.Errorf("still there: %v", err)
	}
}

func TestField(t *testing.T) {
	const text = `{"type":"scan","records":[{"path":"a"},{"path":"b.md"}]}
{"type":"report","sum":{"total":1002,"rate":99.30},"none":null,"errors":[],"html":"<b>","list":["<", 1]}`
	tests := []struct{ path, want string }{ // want "": an error
		{"type", "report"}, {"sum.total", "1002"}, {"sum.rate", "99.30"}, {"none", "null"}, {"errors", "[]"}, {"errors.length", "0"},
		{"html", "<b>"}, {"list", `["<",1]`}, {"/0.records.1.path", "b.md"}, {"/0.records.length", "2"}, {"/length", "2"},
		{"sum", `{"rate":99.30,"total":1002}`},
		{"missing", ""}, {"type.x", ""}, {"errors.0", ""}, {"/2.type", ""}, {"", ""}, {"list.-1", ""},
	}
	values, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		if got, err := field(values, test.path); got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%s: got %s, %v, want %s", test.path, got, err, test.want)
		}
	}
	if got, err := field(nil, "type"); err == nil {
		t.Errorf("field %q in nothing", got)
	}
	if _, err := decode(`{"a":1} {`); err == nil {
		t.Error("half an object was taken")
	}
}
