package main

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
)

// TestIndexIsReadMeanwhile looks for files while the knowledge base is being read: an
// answer comes as soon as it is known, and not before.
func TestIndexIsReadMeanwhile(t *testing.T) {
	name := func(i int) string { return fmt.Sprintf("docs/%06d.md", i) }
	for _, inOrder := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			x, upTo := newIndex(), make(chan int)
			x.reading.Go(func() {
				next := 0
				x.read(inOrder, func(fn func(ingest.SeenFile)) error {
					for end := range upTo {
						for ; next < end; next++ {
							i := 2 * next // there are no odd ones
							fn(ingest.SeenFile{Path: name(i), Size: int64(i), SHA256: kb.HashOf([]byte(name(i)))})
						}
					}
					return nil
				})
			})
			look := func(i int) chan bool {
				answer := make(chan bool, 1)
				go func() {
					sum, found := x.find(name(i), scan.Stat{Size: int64(i)})
					if found && sum != kb.HashOf([]byte(name(i))) {
						t.Errorf("%s: found with %s", name(i), sum)
					}
					answer <- found
				}()
				synctest.Wait()
				return answer
			}
			upTo <- 10 * takenAtOnce // the last name is 2·2560 - 2
			synctest.Wait()
			for i, want := range map[int]string{
				0: "known", 2 * takenAtOnce: "known", 20*takenAtOnce - 2: "known",
				1: "unknown", 20*takenAtOnce - 3: "unknown", 20*takenAtOnce - 1: "waits", 20 * takenAtOnce: "waits",
			} {
				if want == "unknown" && !inOrder {
					want = "waits"
				}
				answer, got := look(i), "waits"
				select {
				case found := <-answer:
					got = map[bool]string{true: "known", false: "unknown"}[found]
				default:
				}
				if got != want {
					t.Errorf("in order %t: %s is %s, not %s", inOrder, name(i), got, want)
				}
			}
			later := look(20*takenAtOnce + 2)
			never := look(20*takenAtOnce + 1)
			upTo <- 11*takenAtOnce + 1 // and one that does not fill a batch
			close(upTo)
			x.reading.Wait()
			if found := <-later; !found {
				t.Error("a file that was read late is not found")
			}
			if found := <-never; found {
				t.Error("a file is found that is not there")
			}
			if found := <-look(22 * takenAtOnce); !found {
				t.Error("the last file is not found")
			}
		})
	}
}
