package scan_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed16713943/btools/pkg/scan"
)

// BenchmarkScan walks 1,000 files of 4 KB, reads them and hashes them.
func BenchmarkScan(b *testing.B) {
	const files, size = 1000, 4 << 10
	dir := b.TempDir()
	for i := range files {
		folder := filepath.Join(dir, fmt.Sprint(i/100))
		if err := os.MkdirAll(folder, 0o777); err != nil {
			b.Fatal(err)
		}
		text := bytes.Repeat([]byte{byte(i)}, size)
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d.md", i)), text, 0o666); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(files * size)
	for b.Loop() {
		scanner, err := scan.New(scan.Options{Roots: []string{dir}})
		if err != nil {
			b.Fatal(err)
		}
		end, err := scanner.Run(b.Context(), new(collector))
		if err != nil || end.Paths != files {
			b.Fatalf("%d paths, %v", end.Paths, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/files, "ns/file")
}
