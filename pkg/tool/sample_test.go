package tool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/config"
)

// The test binary is also the sample program, for the tests that need a process.
func TestMain(m *testing.M) {
	switch os.Getenv("BTOOLS_SAMPLE") {
	case "":
	case "worker":
		os.Exit(Main(newWorker()))
	default:
		os.Exit(Main(newSample()))
	}
	os.Exit(m.Run())
}

// newSample is a program with a default action and commands, shaped like basof.
// Its actions print what reached them.
func newSample() *cli.App {
	var common, show, list config.Set
	db := common.String("db", "SAMPLE_DB", "kb.sqlite", "the knowledge base `FILE`")
	at := common.String("at", "", "now", "the moment: it's `TIME`, as C:\\ or \"2025-01-15\"")
	asJSON := common.Bool("json,j", "", "print NDJSON")
	n := show.Int("n", "SAMPLE_N", 10, 1, 100, "how many")
	format := show.Enum("format", "", "text", []string{"text", "html"}, "what to print")
	excludes := list.Strings("exclude", "", nil, "leave out `GLOB`")
	long := list.Bool("l", "", "long, with a usage text that goes on and on until it has to be broken into two lines at least")
	list.Int("", "SAMPLE_MEMORY_MB", 1024, 1, 4096, "memory to use in MiB")

	print := func(c *cli.Context, name string, own ...any) error {
		_, err := fmt.Fprintf(c.App.Writer, "%s db=%s at=%s json=%t %v %q\n", name, *db, *at, *asJSON, own, c.Args().Slice())
		return err
	}
	return &cli.App{
		Name:        "sample",
		Usage:       "shows how a program is made",
		UsageText:   "sample a.md                 # shows a file\nsample ls -l docs",
		ArgsUsage:   "PATH...",
		Description: "The first paragraph.\n\nThe second one.",
		ExtraInfo:   func() map[string]string { return map[string]string{"sqlite": "3.50.4", "a": "b"} },
		Flags:       Flags(config.Join(&common, &show)),
		Action: func(c *cli.Context) error {
			if do := samples[c.Args().First()]; do != nil {
				return do(c)
			}
			return print(c, "show", *n, *format)
		},
		Commands: []*cli.Command{{
			Name: "ls", Aliases: []string{"list"}, Usage: "lists paths", ArgsUsage: "[PREFIX]",
			Flags:  Flags(config.Join(&common, &list)),
			Action: func(c *cli.Context) error { return print(c, "ls", *excludes, *long) },
		}, {
			Name: "diff", Usage: "shows: what changed", Flags: Flags(&common),
			Action: func(c *cli.Context) error { return print(c, "diff") },
		}},
	}
}

// samples are what the sample does for certain arguments.
var samples = map[string]cli.ActionFunc{
	"fail": func(c *cli.Context) error {
		err := WithHint(fmt.Errorf("open kb: %w", fs.ErrNotExist), "make one with bingest")
		return WithHint(WithHint(err, "or give -db"), "make one with bingest")
	},
	"two": func(*cli.Context) error {
		return errors.Join(errors.New("first"), WithHint(errors.New("second"), "try"))
	},
	"usage": func(*cli.Context) error {
		return fmt.Errorf("read options: %w", Usagef("-a and -b exclude each other"))
	},
	"partial": func(*cli.Context) error { return Exit(ExitPartial, nil) },
	"nothing": func(*cli.Context) error { return Exit(ExitNothing, errors.New("a.md: not there")) },
	"cancel":  func(c *cli.Context) error { return fmt.Errorf("walk: %w", c.Context.Err()) },
	"saved":   func(*cli.Context) error { return Exit(ExitPartial, errors.New("interrupted, but saved")) },
	"warn": func(c *cli.Context) error {
		Warn(c, WithHint(errors.New("a root moved"), "use -prefix"))
		return nil
	},
	"name": func(*cli.Context) error { return fmt.Errorf("open a\x1b[2Jb") },
	"read": func(c *cli.Context) error {
		if err := NeedsPipe(c.App.Reader); err != nil {
			return err
		}
		_, err := io.Copy(c.App.Writer, c.App.Reader)
		return err
	},
	"flood": func(c *cli.Context) error {
		for i := 0; ; i++ {
			if _, err := fmt.Fprintf(c.App.Writer, "line %d\n", i); err != nil {
				return fmt.Errorf("encode: %w", err)
			}
		}
	},
	"careless": func(c *cli.Context) error {
		fmt.Fprintln(c.App.Writer, strings.Repeat("x", 200<<10))
		return nil
	},
	"short": func(c *cli.Context) error {
		_, err := fmt.Fprintln(c.App.Writer, "short")
		return err
	},
	"short-partial": func(c *cli.Context) error {
		fmt.Fprintln(c.App.Writer, "short")
		return Exit(ExitPartial, nil)
	},
	"wait": func(c *cli.Context) error {
		fmt.Fprintln(c.App.Writer, "waiting")
		if err := Flush(c.App.Writer); err != nil {
			return err
		}
		<-c.Context.Done()
		if c.Args().Get(1) == "stubbornly" {
			fmt.Fprintln(c.App.Writer, "not yet")
			if err := Flush(c.App.Writer); err != nil {
				return err
			}
			select {}
		}
		return fmt.Errorf("wait: %w", c.Context.Err())
	},
}

// sample runs the sample program in this process.
func sample(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errOut bytes.Buffer
	code = Run(context.Background(), newSample(), args, strings.NewReader("input"), &out, &errOut)
	return code, out.String(), errOut.String()
}
