package extract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkExtract reads each document of testdata over and over, joined to a
// megabyte of the format.
func BenchmarkExtract(b *testing.B) {
	for _, name := range goldenInputs(b) {
		content, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		ext := Extension(name)
		if ext == "html" {
			content = []byte(strings.ReplaceAll(string(content), "</body>", ""))
		}
		content = []byte(strings.Repeat(string(content)+"\n\n", 1<<20/len(content)+1))
		b.Run(filepath.Base(name), func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Extract("x."+ext, content); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
