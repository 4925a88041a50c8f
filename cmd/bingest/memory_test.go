package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// memoryReport is what the memory tests look at of a report.
type memoryReport struct {
	Status     string
	Processing struct {
		Stored, Failed int64
		Total          int64 `json:"total_files"`
	} `json:"processing_summary"`
	Memory struct {
		Peak     float64 `json:"peak_memory_mb"`
		HeldBack int64   `json:"held_back"`
		Seconds  float64 `json:"seconds_held_back"`
	} `json:"performance_metrics"`
}

// makeLarge makes files of many sizes up to the given one, half of them text and
// half of them not, none of them like another.
func (p *programs) makeLarge(count, size int) {
	noise := rand.NewChaCha8([32]byte{1})
	for i := range count {
		data := make([]byte, max(1, size>>(i%3)))
		noise.Read(data) // never fails
		name := fmt.Sprintf("large/%03d.bin", i)
		if i%2 == 1 {
			name = fmt.Sprintf("large/%03d.txt", i)
			for at := range data { // words of hexadecimal digits
				data[at] = "0123456789abcdef \n"[data[at]%18]
			}
			data = data[:len(data)/64]
		}
		p.write(name, string(data))
	}
}

// takeMeasured takes records in and demands that no more than so many MB were in
// memory at any time. A process begins with the peak of the one that started it:
// let that be a shell.
func (p *programs) takeMeasured(most float64, records []byte, args string) memoryReport {
	p.t.Helper()
	out := p.output(0, bytes.NewReader(records), "sh", "-c", "bingest "+args+" || exit $?")
	rep := decode[memoryReport](p.t, out)
	p.t.Logf("bingest %s: %+v", args, rep)
	if rep.Status != "complete" || rep.Memory.Peak > most {
		p.t.Errorf("bingest %s: %+v, but at most %v MB", args, rep, most)
	}
	return rep
}

// TestMemory takes in many large files with many workers: what is in memory does
// not depend on how many there are, nor on what their records say of their sizes.
func TestMemory(t *testing.T) {
	p := newPrograms(t)
	p.makeLarge(24, 32<<20)
	records := p.output(0, nil, "bscan", "-ext", "*", "large")
	rep := p.takeMeasured(256, records, "-db sized.sqlite -j 8")
	if rep.Processing.Stored != 24 || rep.Memory.HeldBack != 0 || rep.Memory.Seconds != 0 {
		t.Errorf("report %+v", rep)
	}
	var bare strings.Builder
	names, err := filepath.Glob(filepath.Join(p.dir, "large", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		size := [2]string{"", `,"size":1`}[i/2%2] // which is wrong
		fmt.Fprintf(&bare, `{"type":"file","path":"large/%s"%s}`+"\n", filepath.Base(name), size)
	}
	p.takeMeasured(256, []byte(bare.String()), "-db bare.sqlite -partial -j 8")
	p.compareAnswers("sized.sqlite", "bare.sqlite")

	// With a threshold that is exceeded all the time, it goes on with less, and the
	// report says so.
	rep = p.takeMeasured(192, records, "-db low.sqlite -j 8 -memory 48")
	if rep.Processing.Stored != 24 || rep.Memory.HeldBack < 1 || rep.Memory.Seconds <= 0 {
		t.Errorf("report %+v", rep)
	}
	p.compareAnswers("sized.sqlite", "low.sqlite")
}

// compareAnswers demands that two knowledge bases hold the same now.
func (p *programs) compareAnswers(one, two string) {
	p.t.Helper()
	const list = `basof ls -json -db "$0" | sed 's/"\(valid_from\|recorded_at\|as_of\)":"[^"]*"//g'`
	if a, b := p.output(0, nil, "sh", "-c", list, one), p.output(0, nil, "sh", "-c", list, two); !bytes.Equal(a, b) {
		p.t.Errorf("%s holds\n%s\nbut %s\n%s", one, a, two, b)
	}
}

// TestManyLargeFiles takes in one chunk of many files as large as files may be by
// default: 1,000 in the long form. They are links to a few, which are stored once
// but read each time.
func TestManyLargeFiles(t *testing.T) {
	p := newPrograms(t)
	const different = 3
	noise := rand.NewChaCha8([32]byte{2})
	data := make([]byte, 50<<20)
	for i := range different {
		noise.Read(data)
		p.write(fmt.Sprintf("docs/%d.bin", i), string(data))
	}
	count := either(12, 1000)
	for i := different; i < count; i++ {
		if err := os.Link(filepath.Join(p.dir, fmt.Sprintf("docs/%d.bin", i%different)), filepath.Join(p.dir, fmt.Sprintf("docs/%d.bin", i))); err != nil {
			t.Fatal(err)
		}
	}
	var records strings.Builder
	records.WriteString(`{"type":"chunk","records":[`)
	for i := range count {
		if i > 0 {
			records.WriteByte(',')
		}
		fmt.Fprintf(&records, `{"type":"file","path":"docs/%d.bin","size":%d}`, i, len(data))
	}
	records.WriteString("]}\n")
	rep := p.takeMeasured(256+50, []byte(records.String()), "-partial -j 4") // with the one in hand
	if rep.Processing.Stored != int64(count) {
		t.Errorf("report %+v", rep)
	}
}

// TestLongChunk takes in a chunk of very many small records, as no bchunk makes it:
// what is in memory at a time is a part of them, and none is lost.
func TestLongChunk(t *testing.T) {
	count := either(100_000, 600_000)
	chunk := `{"type":"chunk","records":[` + strings.Repeat(`{"type":"gone","path":"a"},`, count) + "1]}\n"
	p := newPrograms(t)
	out := p.output(3, strings.NewReader(chunk), "sh", "-c", "bingest -partial || exit $?")
	rep := decode[memoryReport](t, out)
	if rep.Processing.Failed != 1 || rep.Processing.Total != int64(count)+1 || rep.Memory.Peak > 192 {
		t.Errorf("report %+v", rep)
	}
}
