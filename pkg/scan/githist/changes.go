package githist

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// The kinds of entries in a tree of git, as its modes have them.
const (
	kindMask   = 0o170000
	kindFile   = 0o100000
	kindLink   = 0o120000
	kindFolder = 0o040000
)

// change is what one commit made of one path.
type change struct {
	path             string
	oldMode, newMode uint32 // 0 where there is nothing
	oid              string // of the new content
}

func isFile(mode uint32) bool { return mode&kindMask == kindFile }
func isLink(mode uint32) bool { return mode&kindMask == kindLink }

// linesAhead is how many commits may be on their way through diff-tree. It tells
// of every one of them, and holds no more of them back than its buffer of some
// kilobytes has room for: so it is never waiting for the next commit while we
// wait for it.
const linesAhead = 4096

// differ is the git that says what each commit changed.
type differ struct {
	*process
	out     *bufio.Reader
	commits chan commit // that it has been given
}

func (h *History) startDiffer(ctx context.Context) (*differ, error) {
	args := []string{"diff-tree", "--stdin", "--always", "--root", "-r", "--raw", "-z", "--no-renames", "--no-abbrev",
		"--no-ext-diff", "--no-textconv", "--ignore-submodules=none"}
	if trees := h.rules.scan.Covers.Trees; !h.opts.Follow && trees[0] != "." {
		args = append(args, "--")
		for _, tree := range trees { // from the root, wherever git is started, and as they are
			args = append(args, ":(top,literal)"+tree)
		}
	}
	p, err := h.git.start(ctx, args...)
	if err != nil {
		return nil, err
	}
	return &differ{process: p, out: bufio.NewReaderSize(p.stdout, 64<<10), commits: make(chan commit, linesAhead)}, nil
}

// feed gives the commits of the line to the differ, each with the one before it
// on the line, which is what it is compared to.
func (h *History) feed(ctx context.Context, d *differ) error {
	defer close(d.commits)
	in := bufio.NewWriter(d.stdin)
	before := h.from
	err := h.walk(ctx, h.from, func(c commit) error {
		select {
		case d.commits <- c:
		case <-ctx.Done():
			return ctx.Err()
		}
		in.WriteString(c.id) // the error stays until Flush
		if before.id != "" {
			in.WriteString(" ")
			in.WriteString(before.id)
		}
		before = c
		return in.WriteByte('\n')
	})
	if err == nil {
		err = in.Flush()
	}
	if closeErr := d.stdin.Close(); err == nil {
		err = closeErr
	}
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) {
		return nil // it has died, and whoever waits for it, and closes what it reads, says of what
	}
	return err
}

// each calls fn for every change, and done at the end of every commit.
func (d *differ) each(ctx context.Context, fn func(*commit, *change) error, done func(*commit) error) error {
	var at commit
	for {
		token, err := d.token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if token[0] == ':' {
			var c change
			if err := c.parse(token); err != nil {
				return err
			}
			name, err := d.token()
			if err != nil {
				return fmt.Errorf("git diff-tree: a name is missing: %w", err)
			}
			c.path = string(name)
			if err := fn(&at, &c); err != nil {
				return err
			}
			continue
		}
		if at.id != "" {
			if err := done(&at); err != nil {
				return err
			}
		}
		if at, err = d.next(ctx, token); err != nil {
			return err
		}
	}
	if at.id == "" {
		return nil
	}
	return done(&at)
}

// next returns the commit that the differ has come to.
func (d *differ) next(ctx context.Context, id []byte) (commit, error) {
	select {
	case c := <-d.commits:
		if c.id != string(id) {
			return c, fmt.Errorf("git diff-tree: %.80q came where commit %s was expected", id, c.id)
		}
		return c, nil
	case <-ctx.Done():
		return commit{}, ctx.Err()
	}
}

// token reads what stands before the next NUL.
func (d *differ) token() ([]byte, error) {
	token, err := d.out.ReadSlice(0)
	if err == bufio.ErrBufferFull {
		begin := bytes.Clone(token)
		token, err = d.out.ReadBytes(0)
		token = append(begin, token...)
	}
	if err == io.EOF && len(token) > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	if len(token) < 2 {
		return nil, errors.New("git diff-tree: an empty field")
	}
	return token[:len(token)-1], nil
}

// parse reads ":100644 100755 oid oid M".
func (c *change) parse(token []byte) error {
	fields := strings.Fields(string(token[1:]))
	if len(fields) != 5 {
		return fmt.Errorf("git diff-tree: %.200q is not a change", token)
	}
	oldMode, err1 := strconv.ParseUint(fields[0], 8, 32)
	newMode, err2 := strconv.ParseUint(fields[1], 8, 32)
	if err1 != nil || err2 != nil {
		return fmt.Errorf("git diff-tree: %.200q is not a change", token)
	}
	c.oldMode, c.newMode, c.oid = uint32(oldMode), uint32(newMode), fields[3]
	return nil
}
