package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestPublishDoesNotOverwrite(t *testing.T) {
	dir := t.TempDir()
	part, to := filepath.Join(dir, "part"), filepath.Join(dir, "to")
	for name, content := range map[string]string{part: "new", to: "old"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := publish(part, to); !errors.Is(err, os.ErrExist) {
		t.Errorf("publishing over a file that is there: %v", err)
	}
	if content, err := os.ReadFile(to); err != nil || string(content) != "old" {
		t.Errorf("the file that was there now holds %q, %v", content, err)
	}
	if err := os.Remove(to); err != nil {
		t.Fatal(err)
	}
	if err := publish(part, to); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(to); err != nil || string(content) != "new" {
		t.Errorf("published %q, %v", content, err)
	}
	if !missing(part) {
		t.Error("the unfinished name is still there")
	}
}
