package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

// index is what bingest status tells of what searches stand on.
type index struct {
	Embedder    string            `json:"embedder"`     // that made the vectors; "" before the first run
	Waiting     int64             `json:"waiting"`      // wordings of passages, for their vector
	Rejected    int64             `json:"rejected"`     // wordings of passages that the embedder gave no vector for
	WithoutText map[kb.Code]int64 `json:"without_text"` // documents in force now, by reason
	Behind      bool              `json:"behind"`       // it does not know all versions: reindex
	Outdated    bool              `json:"outdated"`     // this bingest would make another one: reindex

	otherWords bool // it would have the same passages
}

// textless is a document in force now that has no text to search.
type textless struct {
	Type string `json:"type"` // "textless"
	Run  int64  `json:"run"`  // that tried last
	report.TextError
}

// indexOf asks for the state of the index, and for the documents that it cannot
// have.
func indexOf(ctx context.Context, reader *sqlite.Reader) (*index, []textless, error) {
	state, err := reader.Index(ctx)
	if err != nil {
		return nil, nil, err
	}
	otherPassages := state.Recorded && (state.Extractor != extract.Version || state.Splitter != passage.Version)
	i := &index{
		Embedder: state.Embedder, Waiting: state.Waiting, WithoutText: make(map[kb.Code]int64), Behind: state.Behind,
		Outdated: otherPassages || state.OtherWords, otherWords: !otherPassages,
	}
	if i.Rejected, err = reader.Rejected(ctx); err != nil {
		return nil, nil, err
	}
	var list []textless
	for f, err := range reader.Textless(ctx, now()) {
		if err != nil {
			return nil, nil, err
		}
		i.WithoutText[f.Code]++
		list = append(list, textless{"textless", f.Run, f.TextError()})
	}
	return i, list, nil
}

// write tells people what is not as it should be.
func (i *index) write(w io.Writer, list []textless) error {
	var lines []string
	if i.Waiting > 0 {
		lines = append(lines, fmt.Sprintf("%s for a vector of %s; every run asks for them first", verb(i.Waiting, "passage", "waits", "wait"), i.Embedder))
	}
	if i.Rejected > 0 {
		it := "them"
		if i.Rejected == 1 {
			it = "it"
		}
		lines = append(lines, fmt.Sprintf("%s no vector, since %s gave none that can be used; the words alone find %s, and bingest reindex asks again",
			verb(i.Rejected, "passage", "has", "have"), i.Embedder, it))
	}
	switch {
	case i.Behind:
		lines = append(lines, "searches do not find all that was taken in; make the index anew with: bingest reindex")
	case i.Outdated && i.otherWords:
		lines = append(lines, "the words of the text index are those of another version of btools, and some are not found; make the index anew with: bingest reindex")
	case i.Outdated:
		lines = append(lines, "the passages are those of another version of btools; make the index anew with: bingest reindex")
	}
	if total, reasons := countCodes(i.WithoutText); total > 0 {
		line := fmt.Sprintf("%s no text to search (%s)", verb(total, "document", "has", "have"), reasons)
		if list == nil {
			line += "; -all lists them"
		}
		lines = append(lines, line)
	}
	terminal := tool.IsTerminal(w)
	for _, t := range list {
		lines = append(lines, fmt.Sprintf("%s: %s: %s", tool.Display(t.Path, terminal), t.Code, t.Message))
	}
	if len(lines) == 0 {
		return nil
	}
	// A message may quote what a filter says.
	_, err := fmt.Fprintln(tool.Visible(w), strings.Join(lines, "\n"))
	return err
}

// countCodes adds numbers up, and lists them with what they are the numbers of.
func countCodes(codes map[kb.Code]int64) (total int64, list string) {
	var parts []string
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		total += codes[code]
		parts = append(parts, fmt.Sprintf("%s %d", code, codes[code]))
	}
	return total, strings.Join(parts, ", ")
}

// verb writes a number of things and what they do.
func verb(n int64, thing, does, do string) string {
	if n == 1 {
		do = does
	}
	return tool.Count(n, thing) + " " + do
}
