package main

import (
	"testing"

	"github.com/seed16713943/btools/pkg/tool/tooltest"
)

func TestScripts(t *testing.T) { tooltest.Run(t, "testdata") }
