package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestEightWritersTwoReaders lets eight bingests write into one knowledge base at
// the same time, each its own history of the same documents, while two readers ask
// again and again: nobody fails, nothing is lost, and a reader never sees half of a
// transaction.
func TestEightWritersTwoReaders(t *testing.T) {
	const writers, documents = 8, 20
	rounds := either(3, 60)
	p := newPrograms(t)
	p.output(0, strings.NewReader(""), "bingest", "-partial")
	var wait, readers sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			for {
				p.readPairs(writers, documents)
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for w := range writers {
		wait.Go(func() {
			for round := range rounds {
				out, err := p.run(writerRecords(w, round, documents), "bingest", "-partial", "-n", "10", "-retries", "10")
				if err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
				rep := decode[memoryReport](t, out)
				if rep.Processing.Stored != documents || rep.Processing.Failed != 0 {
					t.Errorf("writer %d, round %d: %s", w, round, out)
				}
			}
		})
	}
	wait.Wait()
	close(done)
	readers.Wait()
	p.checked("kb.sqlite")

	// One after the other, they leave the same.
	for w := range writers {
		for round := range rounds {
			p.output(0, strings.NewReader(writerRecords(w, round, documents)), "bingest", "-partial", "-n", "10", "-db", "calm.sqlite")
		}
	}
	for i := range documents {
		name := fmt.Sprintf("docs/%02d.md", i)
		a, b := p.versionsOf("kb.sqlite", name), p.versionsOf("calm.sqlite", name)
		if !slices.Equal(a, b) || len(a) != writers*rounds {
			t.Errorf("%s has %d versions\n%s\nbut one after the other %d\n%s", name, len(a), a, len(b), b)
		}
	}
	p.compareFound("kb.sqlite", "calm.sqlite", "writer")
}

// writerRecords is one round of a writer: a version of each document, no other
// writer's. Two after each other are of one transaction, and say the same.
func writerRecords(w, round, documents int) string {
	var b strings.Builder
	for i := range documents {
		fmt.Fprintf(&b, `{"type":"file","path":"docs/%02d.md","valid_from":"2024-01-%02dT%02d:%02d:00Z","content":"# Round\n\nof writer %d is %d, pair %d"}`+"\n",
			i, 1+w, round/60, round%60, w, round, i/2)
	}
	return b.String()
}

// run is output for goroutines other than that of the test.
func (p *programs) run(stdin, name string, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := p.command(name, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", name, args, err, &stderr)
	}
	return stdout.Bytes(), nil
}

// readPairs asks what there was on each writer's day, and demands that the two
// documents of a pair held the same: they are written in one transaction.
func (p *programs) readPairs(writers, documents int) {
	for w := range writers {
		day := fmt.Sprintf("2024-01-%02dT23:59:59Z", 1+w)
		out, err := p.run("", "basof", "ls", "-json", "-at", day)
		if err != nil && !strings.Contains(err.Error(), "exit status 4") {
			p.t.Error(err)
		}
		held := make(map[string]string)
		for _, line := range lines(out) {
			v := decode[struct{ Path, SHA256 string }](p.t, line)
			held[v.Path] = v.SHA256
		}
		for i := 0; i < documents; i += 2 {
			if one, two := held[fmt.Sprintf("docs/%02d.md", i)], held[fmt.Sprintf("docs/%02d.md", i+1)]; one != two {
				p.t.Errorf("a reader sees half of a transaction: %q and %q of pair %d on %s", one, two, i/2, day)
			}
		}
		if _, err := p.run("", "basof", "search", "-strict", "-at", day, "round"); err != nil && !strings.Contains(err.Error(), "exit status 4") {
			p.t.Error(err)
		}
	}
}

// versionsOf lists the valid times and contents of a document.
func (p *programs) versionsOf(db, name string) []string {
	p.t.Helper()
	var list []string
	for _, line := range lines(p.output(0, nil, "basof", "log", "-limit", "100000", "-json", "-db", db, name)) {
		v := decode[struct {
			ValidFrom string `json:"valid_from"`
			SHA256    string `json:"sha256"`
		}](p.t, line)
		list = append(list, v.ValidFrom+" "+v.SHA256)
	}
	slices.Sort(list)
	return list
}

// compareFound demands that a phrase is found in the same documents at the same
// times.
func (p *programs) compareFound(one, two, phrase string) {
	p.t.Helper()
	const when = `basof when -limit 100000 -db "$0" "$1" | sort`
	if a, b := p.output(0, nil, "sh", "-c", when, one, phrase), p.output(0, nil, "sh", "-c", when, two, phrase); !bytes.Equal(a, b) {
		p.t.Errorf("%q is found\n%s\nin one, and in the other\n%s", phrase, a, b)
	}
}
