package sysload_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/sysload"
)

func TestMemory(t *testing.T) {
	held := make([]byte, 32<<20)
	for i := range held {
		held[i] = 1 // a page that nobody has written to is not resident
	}
	usage, err := sysload.Memory()
	if err != nil {
		t.Fatal(err)
	}
	if usage.Resident < int64(len(held)) || usage.Peak < usage.Resident || usage.PeakMB() < usage.ResidentMB() || usage.ResidentMB() < 32 {
		t.Errorf("with %d bytes in use: %+v", len(held), usage)
	}
	if held[0] != 1 {
		t.Error("the memory is gone")
	}
}

func TestAlive(t *testing.T) {
	if !sysload.Alive(os.Getpid(), time.Now()) {
		t.Error("this process does not run")
	}
	if sysload.Alive(os.Getpid(), time.Now().Add(-24*time.Hour)) {
		t.Error("this process ran yesterday")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if sysload.Alive(cmd.Process.Pid, time.Now()) {
		t.Error("a process that has ended still runs")
	}
}

func TestGuard(t *testing.T) {
	warned := 0
	g := sysload.Guard{Threshold: 1, Warn: func(int64) { warned++ }}
	for range 3 {
		if !g.Over() {
			t.Error("more than a byte is in use, but it is not over")
		}
	}
	if warned != 1 {
		t.Errorf("warned %d times", warned)
	}
	g = sysload.Guard{Threshold: 1 << 50, Warn: func(int64) { t.Error("a warning below the threshold") }}
	if g.Over() {
		t.Error("over a petabyte is in use")
	}
	g = sysload.Guard{Threshold: 1 << 50, Interval: time.Hour, Warn: func(int64) { t.Error("looked again within the interval") }}
	if g.Over() {
		t.Error("over a petabyte is in use")
	}
	if g.Threshold = 1; g.Over() {
		t.Error("it has looked again within the interval")
	}
}
