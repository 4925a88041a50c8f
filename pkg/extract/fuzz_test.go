package extract

import (
	"errors"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/kb"
)

// fuzz gives any bytes to the extractor of an extension and asserts what every
// document promises, and that nothing takes more of the processor's time than its
// length allows, however busy the machine is.
func fuzz(f *testing.F, ext string) {
	for _, name := range goldenInputs(f) {
		content, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	for _, hostile := range hostileTexts {
		f.Add([]byte(hostile.make(300)))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		before := processorTime(t)
		doc, err := Extract("x."+ext, content)
		if took := processorTime(t) - before; took > time.Second+time.Duration(len(content))*20*time.Microsecond {
			t.Errorf("%d bytes took %s", len(content), took)
		}
		var fault *kb.Fault
		switch {
		case err == nil:
			check(t, doc, "x."+ext, content)
		case !errors.As(err, &fault) || fault.Code != kb.Binary:
			t.Errorf("error %v", err)
		}
	})
}

// processorTime returns how long the processor has worked for this process.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var at unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &at); err != nil {
		t.Fatal(err)
	}
	return time.Duration(at.Nano())
}

func FuzzMarkdown(f *testing.F) { fuzz(f, "md") }
func FuzzMDX(f *testing.F)      { fuzz(f, "mdx") }
func FuzzHTML(f *testing.F)     { fuzz(f, "html") }
func FuzzXHTML(f *testing.F)    { fuzz(f, "xhtml") }
func FuzzRST(f *testing.F)      { fuzz(f, "rst") }
func FuzzAsciiDoc(f *testing.F) { fuzz(f, "adoc") }
func FuzzOrg(f *testing.F)      { fuzz(f, "org") }
func FuzzProse(f *testing.F)    { fuzz(f, "txt") }
func FuzzVerbatim(f *testing.F) { fuzz(f, "go") }

func FuzzRoughMarkdown(f *testing.F) {
	f.Add("# a\n\n| b | c |\n|---|---|\n\n- d\n")
	f.Fuzz(func(t *testing.T, text string) {
		text, err := decode([]byte(text), nil)
		if err != nil {
			return
		}
		var b builder
		roughMarkdown(&b, text, 1)
		check(t, &b.doc, "x.md", []byte(text))
	})
}

func FuzzParseFilter(f *testing.F) {
	f.Add(`pdf=pdftotext -layout - -`)
	f.Add(`x=a "b c" 'd e' f\ g`)
	f.Fuzz(func(t *testing.T, s string) {
		filter, err := ParseFilter(s)
		if err == nil && (filter.Ext == "" || len(filter.Argv) == 0 || filter.Argv[0] == "") {
			t.Errorf("%q gives %+v", s, filter)
		}
	})
}
