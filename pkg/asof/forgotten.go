package asof

import (
	"context"
	"fmt"

	"github.com/seed16713943/btools/pkg/kb"
)

// Forgotten is what was forgotten on purpose, as by bingest forget: nothing is
// said of the documents under a prefix before a moment.
type Forgotten struct {
	Prefix string // the name of a document or of a folder; "" for everything
	Before kb.Instant
	// Known says that what was forgotten may have been believed at the recorded
	// time asked about, of a moment from Before on.
	Known bool
}

// ForgottenError says that a question is about what was forgotten.
type ForgottenError struct {
	Asked string // the prefix that was asked about
	Forgotten
}

func (e *ForgottenError) Error() string {
	about := e.Prefix
	if about == "" || len(e.Asked) > len(about) {
		about = e.Asked
	}
	if about != "" {
		about += ": "
	}
	if e.Known {
		return fmt.Sprintf("%swhat was known then is forgotten, as is all from before %s", about, e.Before)
	}
	return fmt.Sprintf("%sforgotten before %s", about, e.Before)
}

// Remembered returns a *ForgottenError if anything under one of the prefixes that
// bears on a point was forgotten, so that no answer is whole. No prefix stands for
// everything.
func Remembered(ctx context.Context, store Store, at kb.Point, prefixes ...string) error {
	if len(prefixes) == 0 {
		prefixes = []string{""}
	}
	for _, prefix := range prefixes {
		f, err := store.Forgotten(ctx, prefix, at)
		if err != nil {
			return err
		}
		if f != nil {
			return &ForgottenError{prefix, *f}
		}
	}
	return nil
}
