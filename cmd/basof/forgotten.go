package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

// remembered fails if what is asked about was forgotten on purpose.
func remembered(c *cli.Context, reader *sqlite.Reader, at kb.Point, prefixes ...string) error {
	err := asof.Remembered(c.Context, reader, at, prefixes...)
	var forgotten *asof.ForgottenError
	if !errors.As(err, &forgotten) {
		return err
	}
	err = tool.Exit(tool.ExitNothing, forgotten)
	switch {
	case forgotten.Known:
		return tool.WithHint(err, "ask without -known, or about what was known later")
	case forgotten.Prefix != "" && forgotten.Prefix != forgotten.Asked:
		return tool.WithHint(err, fmt.Sprintf("ask about %s or later, or about something that is not in %s", forgotten.Before, shellArgument(forgotten.Prefix)))
	default:
		return tool.WithHint(err, fmt.Sprintf("ask about %s or later", forgotten.Before))
	}
}

// memoryBegins returns what was forgotten of the documents under prefixes, for
// lists of all times, which begin there; nil if nothing was.
func memoryBegins(c *cli.Context, reader *sqlite.Reader, prefixes ...string) (*asof.Forgotten, error) {
	first := kb.Point{Valid: -kb.Forever, Known: kb.Forever}
	err := asof.Remembered(c.Context, reader, first, prefixes...)
	var forgotten *asof.ForgottenError
	if errors.As(err, &forgotten) {
		return &forgotten.Forgotten, nil
	}
	return nil, err
}
