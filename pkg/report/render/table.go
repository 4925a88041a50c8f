package render

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed16713943/btools/pkg/report"
)

// column is one of the table of runs.
type column struct {
	head string
	left bool
	keep int // the columns with the least are left out where there is no room
	text func(r *report.Run) string
}

// columnsFor are the columns of a series. That of the knowledge base, of which
// names are shortened to most characters, is only there where they differ.
func columnsFor(s *report.Series, most int) []column {
	bases := s.Bases()
	if len(bases) == 1 {
		return columns
	}
	names := shortNames(bases, most)
	of := column{"db", true, 10, func(r *report.Run) string { return names[r.DB()] }}
	return slices.Insert(slices.Clone(columns), 1, of)
}

// shortNames gives names of at most so many characters, or of as many more as it
// takes to tell them apart. What they end with says more than what they begin with.
func shortNames(bases []string, most int) map[string]string {
	longest := 0
	for _, db := range bases {
		longest = max(longest, utf8.RuneCountInString(baseName(db)))
	}
	for ; ; most *= 2 {
		for _, first := range []int{0, most / 2} {
			names, seen := make(map[string]string), make(map[string]bool)
			for _, db := range bases {
				names[db] = cutOut(baseName(db), first, most)
				seen[names[db]] = true
			}
			if len(seen) == len(bases) || most >= longest {
				return names
			}
		}
	}
}

// cutOut shortens a text to most characters, the first ones of which stay.
func cutOut(s string, first, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:first]) + "…" + string(runes[len(runes)-most+first+1:])
}

var columns = []column{
	{"run", false, 9, func(r *report.Run) string { return fmt.Sprint(r.Run) }},
	{"time (UTC)", true, 8, func(r *report.Run) string { return at(r.Timestamp) }},
	{"status", true, 7, func(r *report.Run) string { return shorten(visible(r.Status), 20) }},
	{"records", false, 4, func(r *report.Run) string { return count(r.Processing.TotalFiles) }},
	{"stored", false, 3, func(r *report.Run) string { return count(r.Processing.Stored) }},
	{"failed", false, 6, func(r *report.Run) string { return count(r.Processing.Failed) }},
	{"a second", false, 5, func(r *report.Run) string { return decimal(r.Performance.FilesPerSecond) }},
	{"took", false, 2, func(r *report.Run) string { return seconds(r.Performance.ElapsedSeconds) }},
	{"peak MiB", false, 1, func(r *report.Run) string { return peak(&r.Performance) }},
}

// table writes a line for each run, with the columns that there is room for.
func (t *text) table(s *report.Series) {
	columns := columnsFor(s, t.columns/4)
	cells := make([][]string, len(columns)) // by column
	widths := make([]int, len(columns))
	room := t.columns
	shown := make([]int, len(columns))
	for i, c := range columns {
		cells[i] = []string{c.head}
		for _, r := range s.Runs {
			cells[i] = append(cells[i], c.text(r))
		}
		for _, cell := range cells[i] {
			widths[i] = max(widths[i], columnsOf(cell))
		}
		room -= 2 + widths[i]
		shown[i] = i
	}
	for room < 0 && len(shown) > 1 {
		least := slices.MinFunc(shown, func(a, b int) int { return columns[a].keep - columns[b].keep })
		room += 2 + widths[least]
		shown = slices.DeleteFunc(shown, func(i int) bool { return i == least })
	}
	for row := range len(s.Runs) + 1 {
		var line strings.Builder
		for _, i := range shown {
			cell := cells[i][row]
			padding := strings.Repeat(" ", widths[i]-columnsOf(cell))
			painted := cell
			switch {
			case row == 0:
				painted = t.paint(faint, cell)
			case columns[i].head == "status":
				painted = t.status(s.Runs[row-1], cell)
			case columns[i].head == "failed" && cell != "0":
				painted = t.paint(red, cell)
			}
			if columns[i].left {
				line.WriteString("  " + painted + padding)
			} else {
				line.WriteString("  " + padding + painted)
			}
		}
		t.line(strings.TrimRight(line.String(), " "))
	}
}
