package ingest

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// TestCrew counts how many workers are at work at a time.
func TestCrew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew(3)
		atWork := func(want int64) {
			t.Helper()
			var busy atomic.Int64
			var wait sync.WaitGroup
			leave := make(chan struct{})
			for range 9 {
				wait.Go(func() {
					w := c.hire()
					busy.Add(1)
					<-leave
					c.release(w)
				})
			}
			synctest.Wait()
			if busy.Load() != want {
				t.Errorf("%d are at work, not %d", busy.Load(), want)
			}
			close(leave)
			wait.Wait()
			if busy.Load() != 9 {
				t.Errorf("%d were at work in all, not 9", busy.Load())
			}
		}
		atWork(3)
		c.yield(true)
		atWork(2)
		c.rest(true)
		if len(c.idle) != 1 {
			t.Errorf("%d keep what they have while memory is short", len(c.idle))
		}
		atWork(1)
		c.rest(false)
		atWork(2)
		c.yield(false)
		atWork(3)

		one := newCrew(1)
		one.yield(true)
		one.release(one.hire()) // somebody has to do the work
	})
}

func TestCrewSpread(t *testing.T) {
	for _, n := range []int{0, 1, 3, 100} {
		var mu sync.Mutex
		var got []int
		newCrew(3).spread(n, func(i int) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, i)
		})
		slices.Sort(got)
		for i := range n {
			if len(got) != n || got[i] != i {
				t.Fatalf("of the numbers below %d, it was called with %v", n, got)
			}
		}
	}
}
