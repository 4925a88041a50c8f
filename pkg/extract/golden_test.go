package extract

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldenInputs gives the documents of testdata.
func goldenInputs(tb testing.TB) []string {
	names, err := filepath.Glob("testdata/*")
	if err != nil {
		tb.Fatal(err)
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		info, err := os.Stat(name)
		return err != nil || info.IsDir() || strings.HasSuffix(name, ".golden")
	})
	if len(names) == 0 {
		tb.Fatal("no documents in testdata")
	}
	return names
}

func TestGolden(t *testing.T) {
	for _, name := range goldenInputs(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			doc, err := Extract(name, content)
			if err != nil {
				t.Fatal(err)
			}
			check(t, doc, name, content)
			got := render(doc)
			golden := name + ".golden"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// render writes a document for people to read and to compare.
func render(doc *Document) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "title %q\n", doc.Title)
	var names []string
	for name := range doc.Meta {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&out, "meta %s %q\n", name, doc.Meta[name])
	}
	for b := range doc.All() {
		kind := b.Kind.String()
		if b.Level > 0 {
			kind += " " + strconv.Itoa(b.Level)
		}
		lines := strconv.Itoa(b.Start)
		if b.End > b.Start {
			lines += "-" + strconv.Itoa(b.End)
		}
		fmt.Fprintf(&out, "%-7s %-11s ", lines, kind)
		fmt.Fprintln(&out, strings.ReplaceAll(b.Text, "\n", "\n                    "))
	}
	return out.Bytes()
}
