package githist

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/seed16713943/btools/pkg/kb"
)

// git starts the processes of git, all in one folder and under the same rules.
type git struct {
	program string
	dir     string
	env     []string
}

// handedOn are the variables of git that a user may need: where it is, and
// configuration, such as safe.directory. All others are left out, but for those of
// quarantine. They change what is read, and stand in the environment of every hook.
var handedOn = []string{
	"GIT_EXEC_PATH", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT",
	"GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM",
}

// environment is that of all processes: their messages in English, the history
// as it was committed (without replacements and grafts), nothing fetched, and no
// keys of other programs.
func environment() []string {
	var env []string
	for _, v := range kb.WithoutKeys(os.Environ()) {
		name, _, _ := strings.Cut(v, "=")
		if !strings.HasPrefix(name, "GIT_") || slices.Contains(handedOn, name) ||
			strings.HasPrefix(name, "GIT_CONFIG_KEY_") || strings.HasPrefix(name, "GIT_CONFIG_VALUE_") {
			env = append(env, v)
		}
	}
	return append(env,
		"LC_ALL=C", "GIT_NO_REPLACE_OBJECTS=1", "GIT_GRAFT_FILE="+os.DevNull,
		"GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0",
	)
}

// quarantine adds to the environment where the objects are that a push has brought, if
// the push is to the repository in question: in a pre-receive hook they are not in it
// yet.
func (g *git) quarantine(ctx context.Context) error {
	incoming, there := os.LookupEnv("GIT_QUARANTINE_PATH")
	if !there {
		return nil
	}
	own, err := g.line(ctx, "rev-parse", "--path-format=absolute", "--git-path", "objects")
	if err != nil {
		return err
	}
	incoming, err1 := filepath.EvalSymlinks(incoming)
	own, err2 := filepath.EvalSymlinks(own)
	if err1 != nil || err2 != nil || filepath.Dir(incoming) != own {
		return nil // another repository's, or of a push that is over
	}
	for _, name := range []string{"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"} {
		if value, ok := os.LookupEnv(name); ok {
			g.env = append(g.env, name+"="+value)
		}
	}
	return nil
}

// openGit finds git, the repository, and the folder that its paths begin in:
// that of the files, or of a bare repository itself.
func openGit(ctx context.Context, dir string) (*git, string, error) {
	program, err := exec.LookPath("git")
	if err != nil {
		return nil, "", &Error{Message: "the program git is not there", Hint: "a history is read through git: install it, or put it into the PATH"}
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, "", err
	}
	if !info.IsDir() {
		return nil, "", &Error{Message: dir + " is not a folder", Hint: "a bundle has to be cloned first: git clone --bare " + dir + " history.git"}
	}
	g := &git{program: program, dir: dir, env: environment()}
	root, err := g.line(ctx, "rev-parse", "--absolute-git-dir")
	if err != nil {
		return nil, "", g.explain(err)
	}
	if err := g.quarantine(ctx); err != nil {
		return nil, "", err
	}
	inside, err := g.line(ctx, "rev-parse", "--is-inside-work-tree")
	if err == nil && inside == "true" {
		root, err = g.line(ctx, "rev-parse", "--show-toplevel")
	}
	return g, root, err
}

// explain makes of git's refusal to open a repository what a user can act upon.
func (g *git) explain(err error) error {
	full, absErr := filepath.Abs(g.dir)
	if absErr != nil {
		full = g.dir
	}
	switch said := err.Error(); {
	case strings.Contains(said, "dubious ownership"), strings.Contains(said, "unsafe repository"):
		return &Error{Message: g.dir + " belongs to another user, and so git does not read it",
			Hint: "if you trust it: git config " + configScope() + " --add safe.directory " + full}
	case strings.Contains(said, "not a git repository"):
		return &Error{Message: g.dir + " is not in a git repository", Hint: "without -git, bscan takes in the files as they are now"}
	default:
		return err
	}
}

// process is a running git.
type process struct {
	cmd    *exec.Cmd
	name   string
	stdin  io.WriteCloser
	stdout io.ReadCloser
	stderr saying
}

// saying keeps the beginning of what a process says.
type saying struct{ bytes.Buffer }

func (s *saying) Write(p []byte) (int, error) {
	const most = 4096
	s.Buffer.Write(p[:min(len(p), most-min(most, s.Len()))])
	return len(p), nil
}

// settings stand before every command of git: the configuration of a repository may
// name programs to run, and a clone of a stranger's may hold another with its
// configuration.
var settings = []string{"-c", "advice.graftFileDeprecated=false", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull}

// start starts a command of git, which is ended when ctx is.
func (g *git) start(ctx context.Context, args ...string) (*process, error) {
	p := &process{name: args[0]}
	p.cmd = exec.CommandContext(ctx, g.program, slices.Concat(settings, args)...)
	p.cmd.Dir, p.cmd.Env, p.cmd.Stderr = g.dir, g.env, &p.stderr
	// An interrupt from the keyboard is for us to act upon.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err == nil {
		if p.stdout, err = p.cmd.StdoutPipe(); err == nil {
			err = p.cmd.Start()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("git %s: %w", p.name, err)
	}
	return p, nil
}

// wait waits for the end of a process whose output has been read.
func (p *process) wait() error {
	err := p.cmd.Wait()
	if err == nil {
		return nil
	}
	return fmt.Errorf("git %s: %w%s", p.name, err, p.said())
}

// said is what the process told last on stderr, for the end of a message.
func (p *process) said() string {
	lines := strings.Split(strings.TrimSpace(p.stderr.String()), "\n")
	for _, line := range slices.Backward(lines) {
		if fatal, ok := strings.CutPrefix(line, "fatal: "); ok {
			return ": " + fatal
		}
	}
	if last := lines[len(lines)-1]; last != "" {
		return ": " + last
	}
	return ""
}

// kill ends a process that nobody waits for any more.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended by itself
	_ = p.cmd.Wait()         // it was killed
}

// output runs a command to its end and returns what it wrote.
func (g *git) output(ctx context.Context, args ...string) ([]byte, error) {
	return g.outputOf(ctx, "", args...)
}

// outputOf is output of a command that reads all of its input before it writes.
func (g *git) outputOf(ctx context.Context, stdin string, args ...string) ([]byte, error) {
	p, err := g.start(ctx, args...)
	if err != nil {
		return nil, err
	}
	_, _ = io.WriteString(p.stdin, stdin) // if it does not read that, it says why not
	_ = p.stdin.Close()
	out, err := io.ReadAll(p.stdout)
	return out, errors.Join(err, p.wait())
}

// line returns the output of a command that writes one line.
func (g *git) line(ctx context.Context, args ...string) (string, error) {
	out, err := g.output(ctx, args...)
	return strings.TrimSuffix(string(out), "\n"), err
}

// isPartial reports whether the repository leaves out objects that it would
// fetch when asked for them.
func (g *git) isPartial(ctx context.Context) bool {
	_, err := g.output(ctx, "config", "--get-regexp", `^(remote\..*\.promisor|extensions\.partialclone)$`)
	return err == nil
}

// withoutPromises returns a git for the objects that a partial clone has. In the
// clone itself, git goes through all of its objects for each one that it is asked
// for and does not have, and then dies. So it is asked in another repository, made
// in the given empty folder, which has the same objects and was promised none.
func (g *git) withoutPromises(ctx context.Context, folder string) (*git, error) {
	objects, err := g.line(ctx, "rev-parse", "--path-format=absolute", "--git-path", "objects")
	if err != nil {
		return nil, err
	}
	format, err := g.line(ctx, "rev-parse", "--show-object-format")
	if err != nil {
		return nil, err
	}
	if _, err := g.output(ctx, "init", "--quiet", "--bare", "--template=", "--object-format="+format, folder); err != nil {
		return nil, err
	}
	apart := *g
	apart.env = append(slices.Clone(g.env), "GIT_DIR="+folder, "GIT_OBJECT_DIRECTORY="+objects)
	return &apart, nil
}

// configScope is where git looks for what the user says of all repositories: without
// HOME, as in a service of the system, only there where the system says it.
func configScope() string {
	if os.Getenv("HOME") == "" && os.Getenv("XDG_CONFIG_HOME") == "" {
		return "--system"
	}
	return "--global"
}
