package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeIsWhatIsRun checks that the pipeline which the README shows on the
// reader's own folder is, line by line, the one that testdata/readme.txtar runs.
func TestReadmeIsWhatIsRun(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("testdata/readme.txtar")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(readme), "\n## On your own folder\n\n")
	if !found {
		t.Fatal("the README has no section on the reader's own folder")
	}
	block, _, _ := strings.Cut(section, "\n\n")
	for line := range strings.Lines(block) {
		if command := strings.TrimSpace(line); !strings.Contains(string(script), command) {
			t.Errorf("the README shows a line that readme.txtar does not run: %s", command)
		}
	}
	if n := strings.Count(block, "\n") + 1; n != 3 {
		t.Errorf("the README shows %d lines, not 3", n)
	}
}

// TestReadmePromises demands that every test exists that README.md names for a
// promise, and that there are some.
func TestReadmePromises(t *testing.T) {
	root := filepath.Join("..", "..")
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## What survives\n")
	section, _, _ = strings.Cut(section, "\n## ")
	named := regexp.MustCompile("`(Test[A-Z][A-Za-z]*)`").FindAllStringSubmatch(section, -1)
	if len(named) < 10 {
		t.Errorf("%d tests are named", len(named))
	}
	var tests []byte
	err = filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		tests = append(tests, text...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range named {
		if !bytes.Contains(tests, []byte("\nfunc "+m[1]+"(t *testing.T) {")) {
			t.Errorf("there is no %s", m[1])
		}
	}
}
