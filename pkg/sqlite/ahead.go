package sqlite

import (
	"sync"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// What a transaction has to know of a path was mostly found out a moment before, when its
// record was planned (see InForce). It is not asked for again while nothing can have
// changed it: no other connection has committed, which SQLite's data_version tells; no
// transaction of this store has written of the path, which is kept track of here; and the
// moment of the transaction lies in the time that the answer is for.

const (
	maxAhead   = 1 << 14 // answers that wait for their transaction
	maxWritten = 1 << 16 // paths that are known to have been written of
)

// ahead has what was found out ahead of transactions.
type ahead struct {
	mu      sync.Mutex
	answers map[string]aheadAnswer // by the name of the path
	now     aheadMark
	written map[int64]int64 // by path, the last transaction that wrote of it
	forgot  int64           // which paths the transactions up to this one wrote of is forgotten
}

// aheadMark is a state of the store, as far as it is known without asking.
type aheadMark struct {
	other int64 // data_version
	ended int64 // how many transactions of this store have ended
}

// aheadAnswer is what was found out of a path.
type aheadAnswer struct {
	state       ingest.PathState
	held        heldBlob   // the content in force, if there is one
	from, until kb.Instant // it is for moments from the first one on, and before the other
	mark        aheadMark  // from before it was asked for
}

func newAhead() *ahead {
	return &ahead{answers: make(map[string]aheadAnswer), written: make(map[int64]int64)}
}

// mark returns what is to be remembered with answers that are asked for from here on.
func (a *ahead) mark() aheadMark {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}

// keep keeps answers for the transaction that is to come.
func (a *ahead) keep(answers []aheadAnswer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, answer := range answers {
		if len(a.answers) == maxAhead {
			return
		}
		a.answers[answer.state.Name] = answer
	}
}

// begin tells that a transaction has begun, and which data_version it sees.
func (a *ahead) begin(dataVersion int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now.other = dataVersion
}

// end tells that it has ended, and of which paths it wrote.
func (a *ahead) end(paths []int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.written) > maxWritten {
		clear(a.written)
		a.forgot = a.now.ended
	}
	a.now.ended++
	for _, path := range paths {
		a.written[path] = a.now.ended
	}
}

// take calls fn with the answers for some paths that still hold at a moment of the
// transaction that is open, and drops those that do not. It returns the other names.
func (a *ahead) take(names []string, at kb.Instant, fn func(aheadAnswer)) (rest []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, name := range names {
		answer, found := a.answers[name]
		if found {
			delete(a.answers, name)
		}
		if found && a.holds(answer, at) {
			fn(answer)
		} else {
			rest = append(rest, name)
		}
	}
	return rest
}

func (a *ahead) holds(answer aheadAnswer, at kb.Instant) bool {
	return answer.mark.other == a.now.other && answer.mark.ended >= a.forgot && answer.mark.ended >= a.written[answer.state.ID] &&
		answer.from <= at && at < answer.until
}
