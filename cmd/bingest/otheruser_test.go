package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestOtherUser has another user read a knowledge base where everybody may make files.
// Nothing is left there that would keep its owner from writing.
func TestOtherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may be others")
	}
	p := newPrograms(t)
	for dir := filepath.Dir(filepath.Dir(p.dir)); dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil || info.Mode()&0o001 == 0 {
			t.Skipf("others may not go through %s", dir)
		}
	}
	for _, dir := range []string{filepath.Dir(p.dir), p.dir} {
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"bingest", "basof"} {
		program, err := os.ReadFile(filepath.Join(p.bin, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(p.dir, name), program, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const owner, other, team = 54321, 54322, 54323
	as := func(user uint32, code int, stdin string, name string, args ...string) (stdout, stderr string) {
		t.Helper()
		var out, errs bytes.Buffer
		cmd := p.command("sh", append([]string{"-c", `exec ./"$0" "$@"`, name}, args...)...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user, Groups: []uint32{team}}}
		if got := exitCode(t, cmd.Run()); got != code {
			t.Fatalf("%s %s: exit code %d, want %d\n%s", name, strings.Join(args, " "), got, code, &errs)
		}
		return out.String(), errs.String()
	}
	p.write("docs/a.md", "one\n")
	stream := string(p.output(0, nil, "bscan", "docs", "-content"))
	as(owner, 0, stream, "bingest", "-db", "kb.sqlite")
	if text, _ := as(other, 0, "", "basof", "-db", "kb.sqlite", "docs/a.md"); text != "one\n" {
		t.Errorf("the other user reads %q", text)
	}
	if _, said := as(other, 1, stream, "bingest", "-db", "kb.sqlite"); !strings.Contains(said, "it cannot be written, since it belongs to user ") {
		t.Errorf("the other user writes, and is told: %s", said)
	}
	as(owner, 0, stream, "bingest", "-db", "kb.sqlite")

	// So it is where the other one is of the file's group, as in the folder of a team.
	for _, folder := range []os.FileMode{0o777, 0o777 | os.ModeSetgid} {
		if err := errors.Join(os.Chown(p.dir, 0, team), os.Chmod(p.dir, folder), os.Chown(filepath.Join(p.dir, "kb.sqlite"), owner, team),
			os.Chmod(filepath.Join(p.dir, "kb.sqlite"), 0o660)); err != nil {
			t.Fatal(err)
		}
		as(other, 0, "", "basof", "-db", "kb.sqlite", "ls")
		as(owner, 0, stream, "bingest", "-db", "kb.sqlite")
	}

	// Nor does the owner stand in the way of himself, who may want to write it again.
	for _, mode := range []os.FileMode{0o444, 0o644} {
		if err := os.Chmod(filepath.Join(p.dir, "kb.sqlite"), mode); err != nil {
			t.Fatal(err)
		}
		as(owner, 0, "", "basof", "-db", "kb.sqlite", "ls")
	}
	as(owner, 0, stream, "bingest", "-db", "kb.sqlite")

	// What other programs left there is named.
	p.write("kb.sqlite-shm", "")
	if _, said := as(owner, 1, stream, "bingest", "-db", "kb.sqlite"); !strings.Contains(said, "kb.sqlite-shm, which belongs to root") || !strings.Contains(said, "hint: remove that file") {
		t.Errorf("the owner is told: %s", said)
	}
	if text, _ := as(owner, 0, "", "basof", "-db", "kb.sqlite", "docs/a.md"); text != "one\n" {
		t.Errorf("the owner reads %q", text)
	}

	// What only its owner may read is said to be so, once.
	as(owner, 0, "", "basof", "-db", "kb.sqlite", "backup", "private.sqlite")
	for name, mode := range map[string]os.FileMode{"private.sqlite": 0o600, "private": 0o700} {
		if err := errors.Join(os.MkdirAll(filepath.Join(p.dir, "private"), 0o700), os.Chmod(filepath.Join(p.dir, name), mode)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"private.sqlite", "private/kb.sqlite"} {
		want := "\\Abasof: error: open " + name + ": it may not be read(, since it belongs to .*|: its folder): permission denied\nbasof: hint: run this as its owner, .*\n\\z"
		if _, said := as(other, 1, "", "basof", "-db", name, "ls"); !regexp.MustCompile(want).MatchString(said) {
			t.Errorf("who may not read %s is told: %s", name, said)
		}
	}
}
