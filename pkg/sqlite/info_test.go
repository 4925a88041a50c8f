package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
)

// TestReadTextWithoutIndex reads text from a file of the first schema, which had
// no table of what filters made.
func TestReadTextWithoutIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	scripts, err := migrations()
	must(t, err)
	execSQL(t, path, scripts[0]+"; PRAGMA user_version = 1; PRAGMA application_id = 1651797107")
	hash := kb.HashOf([]byte("text"))
	execSQL(t, path, fmt.Sprintf(`INSERT INTO part (id, blob, ordinal, codec, data) VALUES (1, 1, 0, 0, x'74657874');
		INSERT INTO blob (id, sha256, size, first_part, parts, depth) VALUES (1, x'%s', 4, 1, 1, 0)`, hash))
	r, err := OpenReader(t.Context(), path)
	must(t, err)
	var out strings.Builder
	filtered, err := r.ReadText(t.Context(), &out, hash, "md")
	must(t, errors.Join(err, r.Close()))
	if filtered || out.String() != "text" {
		t.Errorf("read %q, filtered: %t", out.String(), filtered)
	}
}

// TestInfoWithoutIndex sums up a file of the first schema, which had no tables
// for an index.
func TestInfoWithoutIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	scripts, err := migrations()
	must(t, err)
	execSQL(t, path, scripts[0]+"; PRAGMA user_version = 1; PRAGMA application_id = 1651797107")
	for _, behind := range []bool{false, true} {
		r, err := OpenReader(t.Context(), path)
		must(t, err)
		info, err := r.Info(t.Context(), kb.Forever, 0)
		must(t, errors.Join(err, r.Close()))
		if want := (asof.IndexInfo{Behind: behind}); info.Index != want {
			t.Errorf("%+v, not %+v", info.Index, want)
		}
		if behind {
			break
		}
		execSQL(t, path, "INSERT INTO path (name) VALUES (x'61'); INSERT INTO version (path, valid_from, seq, recorded_at, source, run, checksum) VALUES (1, 1, 0, 1, '', 1, 0)")
	}
}
