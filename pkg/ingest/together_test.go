package ingest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/ingest"
)

// slowStore takes its time for the first transaction, until all else is planned
// and some of it has been read.
type slowStore struct {
	ingest.Store
	updates int
	planned chan struct{}
}

func (s *slowStore) Update(ctx context.Context, fn func(ingest.Tx) error) error {
	if s.updates++; s.updates == 1 {
		<-s.planned
		time.Sleep(10 * time.Millisecond)
	}
	return s.Store.Update(ctx, fn)
}

// TestTogether has chunks wait for the store: they then share transactions of as
// many records as are allowed, and everything is as if each had its own, what a
// later chunk says of the path of an earlier one included.
func TestTogether(t *testing.T) {
	var records []string
	for i := range 40 {
		records = append(records, file(fmt.Sprintf("docs/%d.md", i%30), sections(fmt.Sprintf("%c", 'A'+i)), int64(i%7)))
	}
	in := tree{id: "1", start: 10}.whole(records...)
	var alone string
	for _, test := range []struct{ together, least, most int }{{0, 9, 9}, {10, 4, 8}, {1000, 1, 8}} {
		b := newBench(t)
		b.opts.ChunkSize, b.opts.Together = 5, test.together
		b.now = 20
		store := &slowStore{Store: b.store, planned: make(chan struct{})}
		planned := 0
		b.opts.Pressure = func() bool { // asked before each chunk is read
			if planned++; planned == 8 {
				close(store.planned)
			}
			return false
		}
		sum, err := ingest.Run(t.Context(), store, strings.NewReader(in), b.opts)
		b.check(err)
		if sum.Counts.Stored != 40 || sum.Chunks != 9 {
			t.Errorf("together %d: %d chunks, %+v", test.together, sum.Chunks, sum.Counts)
		}
		if store.updates < test.least || store.updates > test.most {
			t.Errorf("together %d: %d transactions", test.together, store.updates)
		}
		got := b.list()
		for i := range 30 {
			got += "\n" + b.stays(fmt.Sprintf("docs/%d.md", i))
		}
		if test.together == 0 {
			alone = got
		} else if got != alone {
			t.Errorf("together %d:\n%s\neach by itself:\n%s", test.together, got, alone)
		}
	}
}
