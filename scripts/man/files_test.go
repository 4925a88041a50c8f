package man

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	vec "github.com/asg017/sqlite-vec-go-bindings/cgo"
	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3", as others would have it
)

// ofKind lists the examples of some kinds; there is at least one of each.
func ofKind(t *testing.T, kinds ...string) []example {
	t.Helper()
	list := slices.DeleteFunc(examples(t), func(e example) bool { return !slices.Contains(kinds, e.kind) })
	for _, kind := range kinds {
		if !slices.ContainsFunc(list, func(e example) bool { return e.kind == kind }) {
			t.Fatalf("no page has an example of the kind %s", kind)
		}
	}
	return list
}

// testStream gives the stream that is shown to bchunk and bingest.
func testStream(t *testing.T) {
	path, work, _ := runner(t)
	for _, e := range ofKind(t, "ndjson") {
		stream := strings.ReplaceAll(e.text, "\n  ", "")
		stream = strings.ReplaceAll(stream, `"dir":"/srv"`, fmt.Sprintf("%q:%q", "dir", work))
		if err := os.WriteFile(filepath.Join(work, "docs", "a.md"), []byte("# A\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := shell(path, work, "bchunk <<'END' | bingest -db stream.sqlite\n"+stream+"END\n")
		if err != nil || !strings.Contains(string(out), `"status":"complete","processing_summary":{"total_files":1,"stored":1,`) {
			t.Errorf("%s: %v\n%s", e, err, out)
		}
	}
}

// testSQL runs what is shown of SQL with an SQLite and an extension like those
// that others have, and compares two of the answers with those of basof.
func testSQL(t *testing.T) {
	path, work, _ := runner(t)
	// A document that goes after the moment asked about, and one that has gone before.
	if out, err := shell(path, work, `rm -r docs/old; bscan docs | bchunk | bingest >/dev/null
		bingest -partial >/dev/null <<'END'
{"type":"file","path":"notes/a.md","valid_from":"2025-01-01T00:00:00Z","content":"A"}
{"type":"gone","path":"notes/a.md","valid_from":"2025-01-05T00:00:00Z"}
END`); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	vec.Auto()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(work, "kb.sqlite")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, e := range ofKind(t, "sql") {
		// The knowledge base of the test learns everything now.
		text := strings.ReplaceAll(e.text, "2025-02-01T", "9999-02-01T")
		for query := range strings.SplitSeq(strings.TrimSpace(text), ";\n") {
			got, err := firstColumn(db, query)
			if err != nil {
				t.Errorf("%s: %v\n%s", e, err, query)
			}
			if len(got) == 0 && e.note == "" && !strings.Contains(query, "MATCH 'retry") {
				t.Errorf("%s: no row\n%s", e, query)
			}
			if e.note == "" {
				continue
			}
			want, err := shell(path, work, "basof ls -at 2025-01-15")
			if err != nil || strings.Join(got, "\n")+"\n" != string(want) {
				t.Errorf("%s: %v\ngot\n%s\nand basof ls\n%s", e, err, strings.Join(got, "\n"), want)
			}
		}
	}
	passages, err := firstColumn(db, "SELECT count(*) FROM passages_now")
	if err != nil {
		t.Fatal(err)
	}
	info, err := shell(path, work, "basof info -json")
	if err != nil || !strings.Contains(string(info), `"passages":`+passages[0]+",") {
		t.Errorf("passages_now has %s rows, and basof info says %s %v", passages[0], info, err)
	}
}

func firstColumn(db *sql.DB, query string) ([]string, error) {
	rows, err := db.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var list []string
	for rows.Next() {
		values := make([]any, len(columns))
		dest := make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		list = append(list, fmt.Sprint(values[0]))
	}
	return list, rows.Err()
}

func testPython(t *testing.T) {
	tool(t, "python3")
	path, work, _ := runner(t)
	for _, e := range ofKind(t, "python") {
		if e.note == "vec" && exec.Command("python3", "-c", "import sqlite3, sqlite_vec; sqlite3.Connection.enable_load_extension").Run() != nil {
			t.Logf("%s needs sqlite_vec, and a Python that can load extensions", e)
			continue
		}
		out, err := shell(path, work, "python3 <<'END'\n"+e.text+"END\n")
		if err != nil || len(out) == 0 {
			t.Errorf("%s: %v\n%s", e, err, out)
		}
	}
}

// testWorkflowInstalls looks for what a job needs that starts in an image with next
// to nothing in it: the programs of others that it calls, or that ours call.
func testWorkflowInstalls(t *testing.T) {
	for _, e := range ofKind(t, "gitlab") {
		if !strings.Contains(e.text, "image: debian:stable-slim\n") {
			t.Fatalf("%s: what its image holds is not known here", e)
		}
		installed := regexp.MustCompile(`apt-get install -y (.*)`).FindStringSubmatch(e.text)
		if installed == nil {
			t.Fatalf("%s installs nothing", e)
		}
		packages := strings.Fields(installed[1])
		for used, name := range map[string]string{"curl ": "curl", "https:|BTOOLS_ARCHIVE": "ca-certificates", "bscan .*-git ": "git", "jq ": "jq"} {
			if regexp.MustCompile(used).MatchString(e.text) && !slices.Contains(packages, name) {
				t.Errorf("%s needs %s and installs %q", e, name, packages)
			}
		}
	}
}

// testWorkflows has the linters of the two services read what is shown.
func testWorkflows(t *testing.T) {
	for _, e := range ofKind(t, "github", "gitlab") {
		file := filepath.Join(t.TempDir(), e.kind+".yml")
		if err := os.WriteFile(file, []byte(e.text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, line := range [][]string{
			{"actionlint", "-no-color", file},
			{"check-jsonschema", "--builtin-schema", "vendor." + map[string]string{"github": "github-workflows", "gitlab": "gitlab-ci"}[e.kind], file},
		} {
			if line[0] == "actionlint" && e.kind != "github" {
				continue
			}
			if _, err := exec.LookPath(line[0]); err != nil {
				t.Logf("%s: %v", e, err)
				continue
			}
			if out, err := exec.Command(line[0], line[1:]...).CombinedOutput(); err != nil {
				t.Errorf("%s: %s: %v\n%s", e, line[0], err, out)
			}
		}
	}
}

// testUnits has systemd read the units, as instances for a folder, and with the
// part that a page adds. It looks their documentation up, which must not depend on
// what is installed.
func testUnits(t *testing.T) {
	tool(t, "systemd-analyze")
	dir := t.TempDir()
	files, err := filepath.Glob("../systemd/*@.*")
	if err != nil || len(files) != 4 {
		t.Fatalf("%q, %v", files, err)
	}
	var units []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(file) == "btools@.service" {
			for _, e := range ofKind(t, "unit") {
				text = append(text, "\n"+e.text...)
			}
		}
		unit := filepath.Join(dir, strings.Replace(filepath.Base(file), "@.", "@handbook.", 1))
		if err := os.WriteFile(unit, text, 0o600); err != nil {
			t.Fatal(err)
		}
		units = append(units, unit)
	}
	out, err := exec.Command("systemd-analyze", append([]string{"verify"}, units...)...).CombinedOutput()
	if err != nil || strings.Contains(string(out), "handbook") {
		t.Errorf("%v\n%s", err, out)
	}
}
