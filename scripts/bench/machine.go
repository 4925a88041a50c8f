package main

import (
	"bufio"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Machine is what the figures were taken on.
type Machine struct {
	CPU      string            `json:"cpu"`
	Cores    int               `json:"cores"`
	Memory   string            `json:"memory"`
	Kernel   string            `json:"kernel"`
	Go       string            `json:"go"`
	Load     string            `json:"load"` // before the measurements, over 1, 5 and 15 minutes
	Versions map[string]string `json:"versions"`
}

func machine(b *bench) Machine {
	m := Machine{
		CPU: valueIn("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(), Memory: valueIn("/proc/meminfo", "MemTotal"),
		Kernel: firstLine("uname", "-sr"), Go: runtime.Version(), Versions: make(map[string]string),
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load = strings.Join(strings.Fields(string(load))[:3], " ")
	}
	for name, args := range map[string][]string{
		"restic": {"version"}, "git": {"--version"}, "find": {"--version"}, "sha256sum": {"--version"},
	} {
		if missing(name) == "" {
			m.Versions[name] = firstLine(name, args...)
		}
	}
	if out, err := b.ourVersion(); err == nil {
		m.Versions["btools"] = out
	}
	return m
}

func (b *bench) ourVersion() (string, error) {
	_, out, err := b.measure("bingest -version")
	line, _, _ := strings.Cut(string(out), "\n")
	return line, err
}

// valueIn finds "name : value" in a file of such lines.
func valueIn(path, name string) string {
	f, err := os.Open(path)
	if err != nil {
		return "unknown"
	}
	defer f.Close() // only read
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func firstLine(program string, args ...string) string {
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		return "unknown"
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}
