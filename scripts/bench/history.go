package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// began is when a history begins; a commit follows each minute.
var began = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func minute(n int) time.Time { return began.Add(time.Duration(n) * time.Minute) }

// edits calls version with each version of the documents of a history: one of so many
// paths after another, of which each time one paragraph was written anew.
func (w *writer) edits(versions, paths int, version func(n int, path, text string) error) error {
	documents := make([][]string, paths)
	for n := range versions {
		i := n % paths
		topic := w.topics[i%len(w.topics)]
		if documents[i] == nil {
			documents[i] = append(documents[i], "# "+w.sentence(topic, 3))
			for range 4 {
				documents[i] = append(documents[i], w.paragraph(topic, 4))
			}
		}
		documents[i][1+w.random.IntN(len(documents[i])-1)] = w.paragraph(topic, 4)
		path := fmt.Sprintf("docs/%03d/%d.md", i/100, i)
		if err := version(n, path, strings.Join(documents[i], "\n\n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// repository is a git repository with so many file versions, some in a commit.
func (b *bench) repository(versions, paths, inCommit int) (string, error) {
	return b.made(b.path(fmt.Sprintf("git%d", paths), versions), func(root string) error {
		if err := b.shell("git init -q -b main %s", root); err != nil {
			return err
		}
		cmd := exec.CommandContext(b.ctx, "git", "-C", root, "fast-import", "--quiet")
		cmd.Env, cmd.Stderr = b.env, os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		if err := cmd.Start(); err != nil {
			return err
		}
		out := bufio.NewWriter(in)
		err = newWriter(3).edits(versions, paths, func(n int, path, text string) error {
			if n%inCommit == 0 {
				fmt.Fprintf(out, "commit refs/heads/main\ncommitter a <a@example.com> %d +0000\ndata 1\n.\n", minute(n).Unix())
			}
			_, err := fmt.Fprintf(out, "M 100644 inline %s\ndata %d\n%s\n", path, len(text), text)
			return err
		})
		if err == nil {
			err = out.Flush()
		}
		in.Close()
		if waited := cmd.Wait(); err == nil {
			err = waited
		}
		if err != nil {
			return fmt.Errorf("git fast-import: %w", err)
		}
		return b.shell("git -C %s gc -q", root) // as a repository in use has it
	})
}

// clone is a repository as git clone leaves it: without a commit graph, which git gc
// makes and which git finds commits by in a tenth of the time.
func (b *bench) clone(repo string) (string, error) {
	return b.made(repo+".clone", func(root string) error { return b.shell("git clone -q --bare --no-local %s %s", repo, root) })
}

// records writes the same versions as a stream of records.
func (b *bench) records(out io.Writer, versions, paths int) error {
	buffer := bufio.NewWriter(out)
	enc := json.NewEncoder(buffer)
	err := newWriter(3).edits(versions, paths, func(n int, path, text string) error {
		return enc.Encode(map[string]any{
			"type": "file", "path": path, "content": text, "valid_from": minute(n).Format(time.RFC3339),
		})
	})
	if err != nil {
		return err
	}
	return buffer.Flush()
}

// versionsBase is a knowledge base with so many versions of paths; taking is given what
// it took to make it, where it was made now.
func (b *bench) versionsBase(versions, paths int, taking func(Cost)) (string, error) {
	return b.knowledgeBase(b.path(fmt.Sprintf("versions%d", paths), versions)+".sqlite", func(db string) error {
		name := db + ".ndjson"
		f, err := os.Create(name)
		if err != nil {
			return err
		}
		defer os.Remove(name)
		err = b.records(f, versions, paths)
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
		cost, _, err := b.measure(fmt.Sprintf("bingest -partial -db %s %s", db, name))
		if taking != nil {
			taking(cost)
		}
		return err
	})
}
