// Package storetest is the conformance suite of stores. A store that passes it
// keeps every promise that package ingest and package asof rely on, and answers
// as of any moment what a small model answers.
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(dir string, clock kb.Clock) (*storetest.Store, error) {
//			…
//		})
//	}
//
// The model is in model.go; what it is compared over is drawn by
// pgregory.net/rapid, which shrinks a failure and prints how to repeat it:
// -rapid.checks=N sets the number of histories, -rapid.seed=N repeats one run.
package storetest

import (
	"testing"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// Store is a store under test.
type Store struct {
	ingest.Store

	// Snapshot opens what is committed now for questions. Close is called
	// before the store's own.
	Snapshot func() (Snapshot, error)
	// Close closes the store; what was committed stays in its folder.
	Close func() error
}

// Snapshot is an unchanging state of a store.
type Snapshot interface {
	asof.Store
	Close() error
}

// Open opens the one store of a folder, and makes it if it is not there. The
// store takes the time from clock.
type Open func(dir string, clock kb.Clock) (*Store, error)

// Run runs the whole suite, with its parts in parallel: most of their time they
// wait for the disk.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, Open){
		"writing": testWriting, "scans": testScans, "answers": testAnswers, "model": testModel,
		"order": testOrder, "texts": testTexts, "reigns": testReigns, "spans": testSpans,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open)
		})
	}
}
