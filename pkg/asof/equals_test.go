package asof_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
)

// TestEqualScores asserts that hits with equal scores are in the order of their
// paths and lines, in whatever order documents came, and wherever the list
// ends.
func TestEqualScores(t *testing.T) {
	file := func(path string, from kb.Instant, text string) kb.Record {
		return kb.Record{Kind: kb.File, Path: path, ValidFrom: &from, Content: []byte(text), HasContent: true}
	}
	section := func(title string) string {
		return fmt.Sprintf("# Gauge\n\n%s the gauge is read.\n\n", title)
	}
	records := []kb.Record{
		// Of one document, two passages have the same score, and the later one is the first.
		file("b/two.md", 1, section("Daily")), file("b/two.md", 2, section("Often")+section("Daily")),
		file("best.md", 1, "# The gauge is read\n\nDaily the gauge is read.\n"),
		file("other.md", 1, "Something else.\n"), file("more.md", 1, "Nothing like it.\n"), file("last.md", 1, "No, no.\n"),
	}
	var alike []string
	for _, path := range []string{"a.md", "b/a.md", "b.md", "c/z.md", "c.md", "Z.md", "é.md", "b/three.md", "c/a/a.md"} {
		records = append(records, file(path, 1, section("Daily")))
		alike = append(alike, path+":3")
	}
	alike = append(alike, "b/two.md:3", "b/two.md:7")
	slices.Sort(alike)
	want := map[asof.SearchMode][]string{asof.Text: append([]string{"best.md:3"}, alike...)}
	rapid.Check(t, func(t *rapid.T) {
		order := rapid.Permutation(records).Draw(t, "order")
		n := rapid.IntRange(1, len(order)-1).Draw(t, "records of the first run")
		r := newLibrary(t, builtin, order[:n], order[n:]).reader()
		for _, mode := range []asof.SearchMode{asof.Text, asof.Hybrid, asof.Vector} {
			for _, k := range []int{1 + len(alike), rapid.IntRange(1, len(alike)).Draw(t, "limit")} {
				found, err := asof.Find(context.Background(), r, builtin, asof.Search{
					Words: "the gauge is read", Mode: mode, At: valid(9), Now: 9, Limit: k, Exact: rapid.Bool().Draw(t, "exact"),
				})
				check(t, err)
				var got []string
				for i := range found.Hits {
					hit := &found.Hits[i]
					got = append(got, fmt.Sprintf("%s:%d", hit.Version.Path, hit.Start))
					if i > 0 && hit.Score == found.Hits[i-1].Score && got[i] < got[i-1] {
						t.Errorf("%s: %s comes after %s", mode, got[i], got[i-1])
					}
				}
				if want[mode] == nil {
					want[mode] = got // whatever the order of arrival
				}
				if !slices.Equal(got, want[mode][:k]) {
					t.Fatalf("%s: the best %d are\n%s\nnot\n%s", mode, k, strings.Join(got, "\n"), strings.Join(want[mode][:k], "\n"))
				}
			}
		}
	})
}
