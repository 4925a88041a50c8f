// Package tooltest runs test scripts (txtar files) through the real programs. It
// is for tests only.
//
// All programs of the module are built once and stand first in PATH, so that a
// script may also use them from a shell. A script sees nothing of the user's
// environment: TZ is UTC, the locale C.UTF-8, HOME its work folder; git reads no
// configuration from outside and knows an author. With the flag -update of the
// test binary, a cmp that fails rewrites its golden file in the script.
//
//	func TestScripts(t *testing.T) { tooltest.Run(t, "testdata") }
//
// Commands beside those of testscript:
//
//	code N program [argument...]     runs it, and demands the exit code N
//	[!] jsonfield FILE PATH [VALUE]  demands a value of, or the presence of, a field
//
// FILE is a file of JSON values, stdout or stderr; PATH is a field in the last
// value of it (a report is the last line): processing_summary.total_files, or
// errors.0.code in an array, whose length is errors.length. A PATH that begins with a
// slash counts the values from 0: /2.records.0.path. VALUE is the text of a
// string, or anything else as JSON without spaces.
package tooltest

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the golden files in test scripts")

// Run runs the scripts in dir, each as a subtest, in parallel.
func Run(t *testing.T, dir string) {
	t.Helper()
	run(t, moduleRoot(t), dir)
}

func run(t *testing.T, root, dir string) {
	t.Helper()
	bin := build(t, root)
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars,
				"PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"),
				"HOME="+env.WorkDir,
				"TZ=UTC",
				"LC_ALL=C.UTF-8",
				"GIT_CONFIG_GLOBAL="+os.DevNull,
				"GIT_CONFIG_NOSYSTEM=1",
				"GIT_AUTHOR_NAME=author",
				"GIT_AUTHOR_EMAIL=author@example.com",
				"GIT_COMMITTER_NAME=committer",
				"GIT_COMMITTER_EMAIL=committer@example.com",
			)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code":      code,
			"jsonfield": jsonField,
		},
		UpdateScripts:       *update,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
	})
}

// Build gives the folder of the programs, for tests that start them by
// themselves. It is there until the end of t.
func Build(t testing.TB) string {
	t.Helper()
	return build(t, moduleRoot(t))
}

func moduleRoot(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatalf("find the module: %v", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out)))
}

// Main runs the tests of a package that builds the programs in many of them: they
// are built once, when they are first needed, and not again by each test.
//
//	func TestMain(m *testing.M) { tooltest.Main(m) }
func Main(m *testing.M) {
	built.hold()
	defer built.release()
	m.Run()
}

// built is the folder of the programs, "" before they are built, and how many
// want to keep them: running tests, and Main. The last of them removes the folder.
var built programs

type programs struct {
	sync.Mutex
	dir   string
	users int
}

func (p *programs) hold() {
	p.Lock()
	defer p.Unlock()
	p.users++
}

func (p *programs) release() {
	p.Lock()
	defer p.Unlock()
	if p.users--; p.users == 0 && p.dir != "" {
		os.RemoveAll(p.dir)
		p.dir = ""
	}
}

func build(t testing.TB, root string) string {
	t.Helper()
	built.hold()
	t.Cleanup(built.release)
	built.Lock()
	defer built.Unlock()
	if built.dir == "" {
		dir, err := buildAnew(root)
		if err != nil {
			t.Fatal(err)
		}
		built.dir = dir
	}
	return built.dir
}

func buildAnew(root string) (dir string, err error) {
	if dir, err = os.MkdirTemp("", "btools-programs-"); err != nil {
		return "", err
	}
	if err = readFolders(root); err == nil {
		cmd := exec.Command("go", "build", "-o", dir+string(os.PathSeparator), "./cmd/...")
		cmd.Dir = root
		if out, failed := cmd.CombinedOutput(); failed != nil {
			err = fmt.Errorf("build the programs: %w\n%s", failed, out)
		}
	}
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return dir, nil
}

// readFolders opens every folder of sources. The go command repeats the result
// of a test from its cache unless a file has changed that the test has opened;
// of what the build opens, in a process of its own, it would see nothing.
func readFolders(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != root {
			return filepath.SkipDir
		}
		return err
	})
}

func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N program [argument...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func jsonField(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: [!] jsonfield FILE PATH [VALUE]")
	}
	values, err := decode(ts.ReadFile(args[0]))
	ts.Check(err)
	got, err := field(values, args[1])
	if len(args) == 2 {
		if (err == nil) == neg {
			ts.Fatalf("%s: field %s there: %t", args[0], args[1], err == nil)
		}
		return
	}
	ts.Check(err)
	if (got == args[2]) == neg {
		ts.Fatalf("%s: field %s is %s", args[0], args[1], got)
	}
}

// decode reads all JSON values of text, with numbers as they are written.
func decode(text string) ([]any, error) {
	var values []any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	for {
		var v any
		if err := d.Decode(&v); err == io.EOF {
			return values, nil
		} else if err != nil {
			return nil, fmt.Errorf("value %d: %w", len(values), err)
		}
		values = append(values, v)
	}
}

// field gives the text of the value at path.
func field(values []any, path string) (string, error) {
	var v any = values
	if fromStart, ok := strings.CutPrefix(path, "/"); ok {
		path = fromStart
	} else {
		path = strconv.Itoa(len(values)-1) + "." + path
	}
	for step := range strings.SplitSeq(path, ".") {
		var ok bool
		switch in := v.(type) {
		case map[string]any:
			v, ok = in[step]
		case []any:
			if i, err := strconv.Atoi(step); err == nil && 0 <= i && i < len(in) {
				v, ok = in[i], true
			} else if step == "length" {
				v, ok = len(in), true
			}
		}
		if !ok {
			return "", fmt.Errorf("no %q of %s", step, path)
		}
	}
	if s, ok := v.(string); ok {
		return s, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSpace(b.String()), err
}
