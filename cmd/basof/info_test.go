package main

import "testing"

func TestSizeText(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0 bytes", 1023: "1023 bytes", 1024: "1.0 KiB", 1536: "1.5 KiB", 42258432: "40.3 MiB",
		1<<20 - 1: "1.0 MiB", 1<<30 - 1: "1.0 GiB", 5 << 30: "5.0 GiB", 1 << 50: "1024.0 TiB",
	} {
		if got := sizeText(bytes); got != want {
			t.Errorf("%d: %s, want %s", bytes, got, want)
		}
	}
}
