package kb_test

import (
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/kb"
)

func TestModeText(t *testing.T) {
	for m := range kb.Mode(0o7777 + 1) {
		text, err := m.MarshalText()
		var back kb.Mode
		if err != nil || string(text) != m.String() || len(text) != 4 || back.UnmarshalText(text) != nil || back != m {
			t.Fatalf("mode %#o is written %s (%v), as a string %s, and read as %#o", uint32(m), text, err, m, uint32(back))
		}
		if m.Executable() != (m&0o100 != 0) {
			t.Fatalf("mode %s executable: %v", m, m.Executable())
		}
	}
	for _, text := range []string{"", "8", "0o644", "-1", "10000", "100644", "rw-", " 644"} {
		if m := new(kb.Mode); m.UnmarshalText([]byte(text)) == nil {
			t.Errorf("mode %q is read as %s", text, m)
		}
	}
}

func TestHashText(t *testing.T) {
	// The SHA-256 of "abc", from FIPS 180-2, appendix B.1.
	const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if got := kb.HashOf([]byte("abc")).String(); got != abc {
		t.Errorf("hash of abc is %s", got)
	}
	for _, text := range []string{abc, strings.ToUpper(abc)} {
		if h, err := kb.ParseHash(text); err != nil || h.String() != abc {
			t.Errorf("ParseHash(%s) is %s, %v", text, h, err)
		}
	}
	for _, text := range []string{"", abc[1:], abc + "0", abc[1:] + "g", strings.Repeat("0", 1<<20)} {
		if h, err := kb.ParseHash(text); err == nil || len(err.Error()) > 200 {
			t.Errorf("ParseHash(%.80s) is %s, %.300v", text, h, err)
		}
	}
}

func TestSameState(t *testing.T) {
	mode := func(m kb.Mode) *kb.Mode { return &m }
	a, b := kb.HashOf([]byte("a")), kb.HashOf([]byte("b"))
	for name, test := range map[string]struct {
		x, y kb.Version
		want bool
	}{
		"same content":              {kb.Version{SHA256: a, ValidFrom: 1}, kb.Version{SHA256: a, ValidFrom: 2}, true},
		"other content":             {kb.Version{SHA256: a}, kb.Version{SHA256: b}, false},
		"executable now":            {kb.Version{SHA256: a, Mode: mode(0o644)}, kb.Version{SHA256: a, Mode: mode(0o755)}, false},
		"other bits of the mode":    {kb.Version{SHA256: a, Mode: mode(0o600)}, kb.Version{SHA256: a, Mode: mode(0o644)}, true},
		"executable for the group":  {kb.Version{SHA256: a, Mode: mode(0o610)}, kb.Version{SHA256: a, Mode: mode(0o600)}, true},
		"executable, or not told":   {kb.Version{SHA256: a, Mode: mode(0o755)}, kb.Version{SHA256: a}, false},
		"a mode that nobody told":   {kb.Version{SHA256: a, Mode: mode(0o644)}, kb.Version{SHA256: a}, true},
		"gone twice":                {kb.Version{Gone: true}, kb.Version{Gone: true}, true},
		"gone, with a hash besides": {kb.Version{Gone: true, SHA256: a}, kb.Version{Gone: true}, true},
		"gone and empty":            {kb.Version{Gone: true}, kb.Version{}, false},
	} {
		if test.x.SameState(&test.y) != test.want || test.y.SameState(&test.x) != test.want {
			t.Errorf("%s: want %v both ways", name, test.want)
		}
	}
}

func TestAfterIsATotalOrder(t *testing.T) {
	var versions []kb.Version
	for _, validFrom := range []kb.Instant{1, 2} {
		for _, seq := range []int64{-1, 0, 1} {
			for _, id := range []int64{1, 2} {
				versions = append(versions, kb.Version{ValidFrom: validFrom, Seq: seq, ID: id})
			}
		}
	}
	for i := range versions { // which stand in their order
		for j := range versions {
			if got := versions[i].After(&versions[j]); got != (i > j) {
				t.Errorf("%+v after %+v: %v", versions[i], versions[j], got)
			}
		}
	}
}
