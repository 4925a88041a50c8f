package githist

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
)

// objects is a git that is asked for objects, many ahead, and answers in the same
// order. Where it dies of one that it cannot read, another goes on after it.
type objects struct {
	ctx  context.Context // of the one walk that it serves
	git  *git
	args []string

	mu      sync.Mutex
	process *process
	pending []string // asked and not answered

	out *bufio.Reader
}

// object is the head of an answer.
type object struct {
	kind string // "blob", "tree"
	size int64
}

func (g *git) objects(ctx context.Context, args ...string) (*objects, error) {
	o := &objects{ctx: ctx, git: g, args: append([]string{"cat-file"}, args...)}
	return o, o.restart()
}

func (o *objects) restart() (err error) {
	if o.process, err = o.git.start(o.ctx, o.args...); err != nil {
		return err
	}
	o.out = bufio.NewReaderSize(o.process.stdout, 128<<10)
	for _, id := range o.pending {
		o.write(id)
	}
	return nil
}

// write asks. That the process has died shows in its answers.
func (o *objects) write(id string) { _, _ = io.WriteString(o.process.stdin, id+"\n") }

// ask asks for an object. No more may be asked ahead than a pipe has room for.
func (o *objects) ask(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pending = append(o.pending, id)
	o.write(id)
}

// errUnread says that an object could not be had; the next one may be.
var errUnread = errors.New("cannot be read")

// head reads the head of the next answer. An error that is errUnread is of this
// object alone.
func (o *objects) head() (object, error) {
	line, err := o.out.ReadString('\n')
	if err != nil {
		return object{}, o.died(err)
	}
	var obj object
	fields := strings.Fields(line)
	if len(fields) == 3 {
		obj.kind = fields[1]
		obj.size, err = strconv.ParseInt(fields[2], 10, 64)
	}
	if len(fields) != 3 || err != nil {
		id := o.answered()
		return obj, fmt.Errorf("object %s %w: it is not in the repository", id, errUnread)
	}
	return obj, nil
}

// body reads the content that follows a head.
func (o *objects) body(obj object) ([]byte, error) {
	content := make([]byte, obj.size)
	_, err := io.ReadFull(o.out, content)
	if err == nil {
		_, err = o.out.Discard(1)
	}
	if err != nil {
		return nil, o.died(err)
	}
	o.answered()
	return content, nil
}

// answered takes the object off that was asked for first.
func (o *objects) answered() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	id := o.pending[0]
	o.pending = o.pending[1:]
	return id
}

// died replaces the process, which has ended where an answer was due.
func (o *objects) died(cause error) error {
	if err := o.ctx.Err(); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	_ = o.process.stdin.Close()
	err := o.process.wait()
	if len(o.pending) == 0 || err == nil {
		return errors.Join(fmt.Errorf("git cat-file: %w", cause), err)
	}
	why := o.process.said()
	id := o.pending[0]
	o.pending = o.pending[1:]
	if err := o.restart(); err != nil {
		return err
	}
	return fmt.Errorf("object %s %w%s", id, errUnread, why)
}

// close ends the process when all has been answered.
func (o *objects) close() error {
	if err := o.process.stdin.Close(); err != nil {
		return err
	}
	return o.process.wait()
}
