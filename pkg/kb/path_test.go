package kb

import "testing"

func TestUnder(t *testing.T) {
	for _, test := range []struct {
		prefix, path string
		want         bool
	}{
		{"", "a/b", true},
		{"", "", true},
		{"a", "a", true},
		{"a", "a/b", true},
		{"a/", "a/b", true},
		{"a", "ab", false},
		{"a/b", "a", false},
		{"/", "/a", true},
	} {
		if got := Under(test.prefix, test.path); got != test.want {
			t.Errorf("Under(%q, %q) = %t", test.prefix, test.path, got)
		}
	}
}

func TestReadable(t *testing.T) {
	if name, raw := Readable("é"); name != "é" || raw != nil {
		t.Errorf("got %q, %q", name, raw)
	}
	if name, raw := Readable("a\xFFb"); name != "a\uFFFDb" || string(raw) != "a\xFFb" {
		t.Errorf("got %q, %q", name, raw)
	}
}
