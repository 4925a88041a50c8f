package kb_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/kb"
)

func FuzzScanRoundTrip(f *testing.F) {
	f.Add("s1", "/home", "docs", "p", "*.md", ".md", int64(1736935200_000000), true, 1, 2)
	f.Add("\u2028", "/\xff", "\xfe<&>", "", "\xc3", "*", int64(0), false, 0, 0)
	f.Fuzz(func(t *testing.T, id, dir, root, prefix, pattern, extension string, at int64, hidden bool, index, count int) {
		scan := kb.Scan{
			ID: "x" + strings.ToValidUTF8(id, "?"), Dir: dir, Roots: []string{root, dir}, Prefix: prefix,
			StartedAt: kb.InstantOf(kb.Instant(at).Time()),
		}
		if hidden {
			scan.Covers = kb.Coverage{
				Trees: []string{root}, Extensions: []string{strings.ToValidUTF8(extension, "?")},
				Include: []string{pattern}, Exclude: []string{dir, ""}, Hidden: true,
			}
		}
		if hidden && 0 < index && index <= count {
			scan.Covers.Shard = kb.Shard{Index: index, Count: count}
		}
		if count > index {
			scan.History = &kb.History{
				Commit: scan.ID, Rev: root, At: scan.StartedAt, Seq: at, Since: strings.ToValidUTF8(dir, "?"), First: scan.ID, Shallow: hidden,
				Takes:   kb.Coverage{Trees: []string{root, "."}, Extensions: []string{"*"}, Exclude: []string{pattern}, Shard: scan.Covers.Shard},
				MaxSize: int64(count),
			}
		}
		text, err := json.Marshal(scan)
		if err != nil {
			t.Fatal(err)
		}
		var back kb.Scan
		if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, scan) {
			t.Fatalf("%s\ngot  %+v, %v\nwant %+v", text, back, err, scan)
		}
	})
}

// TestScanThatCoversNothing must stay so on the wire: a scan of a list may
// never say that a path is gone.
func TestScanThatCoversNothing(t *testing.T) {
	text, err := json.Marshal(kb.Scan{ID: "a"})
	if err != nil || strings.Contains(string(text), "covers") || !strings.Contains(string(text), `"roots":[]`) {
		t.Errorf("%s, %v", text, err)
	}
	var back kb.Scan
	if err := json.Unmarshal(text, &back); err != nil || back.Covers.Trees != nil {
		t.Errorf("covers %+v, %v", back.Covers, err)
	}
}

func TestBadScan(t *testing.T) {
	const good = `"id":"a","started_at":"2025-01-15T10:00:00Z"`
	for text, want := range map[string]string{
		`{}`:                                     `a scan needs "id" and "started_at"`,
		`{"id":"a"}`:                             `a scan needs "id" and "started_at"`,
		`{"id":"a","started_at":"soon"}`:         `"soon" is not an RFC 3339 time such as 2025-01-15T10:00:00Z`,
		`{` + good + `,"dir":5}`:                 `expected a file name, a string or {"bytes":"<base64>"}, found 5`,
		`{` + good + `,"dir":{}}`:                `expected a file name, a string or {"bytes":"<base64>"}, found {}`,
		`{` + good + `,"roots":[{"bytes":"?"}]}`: `expected a file name, a string or {"bytes":"<base64>"}, found {"bytes":"?"}`,
		`{` + good + `,"covers":{"shard":{"index":0,"count":1}}}`: `"shard" needs 1 ≤ index ≤ count`,
		`{` + good + `,"covers":{"shard":{"index":2,"count":1}}}`: `"shard" needs 1 ≤ index ≤ count`,
	} {
		if err := json.Unmarshal([]byte(text), new(kb.Scan)); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
}
