package main

import (
	"os"
	"strconv"
	"testing"
)

// The tests that break things are made in a short form, for every day, and in a
// long one, which BTOOLS_TORTURE=1 asks for (make torture). Both are the same but
// for their numbers.
func torture() bool { return os.Getenv("BTOOLS_TORTURE") != "" }

// either returns the number for the form that is asked for.
func either(short, long int) int {
	if torture() {
		return long
	}
	return short
}

func fromEnv(t *testing.T, name string, value int) int {
	t.Helper()
	if text := os.Getenv(name); text != "" {
		var err error
		if value, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	return value
}

// checked demands that a knowledge base is whole, in all that it holds.
func (p *programs) checked(db string) {
	p.t.Helper()
	p.output(0, nil, "sh", "-c", `bcheck -data -all -db "$0" >&2`, db) // what it finds is the error
}
