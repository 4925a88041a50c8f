package main

import (
	"testing"

	"github.com/seed16713943/btools/pkg/tool/tooltest"
)

func TestMain(m *testing.M) { tooltest.Main(m) }

func TestScripts(t *testing.T) { tooltest.Run(t, "testdata") }
