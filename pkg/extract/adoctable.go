package extract

import (
	"bytes"
	"cmp"
	"strings"
	"unicode/utf8"
)

// tableSpec is what the line before a table says of it.
type tableSpec struct {
	columns   int
	format    string // psv, csv, tsv or dsv
	separator string // of its cells
}

// read reads a line of attributes in brackets.
func (t *tableSpec) read(line string) {
	if columns, _, ok := cutAfter(line, "cols="); ok {
		t.columns = countColumns(columns)
	}
	if format, _, ok := cutAfter(line, "format="); ok {
		t.format = strings.TrimSpace(format)
	}
	if separator, _, ok := cutAfter(line, "separator="); ok {
		t.separator = strings.ReplaceAll(separator, `\t`, "\t")
	}
}

// complete says what was left out, by the sign that the table begins with.
func (t *tableSpec) complete(sign string) {
	format, separator := "psv", "|"
	switch {
	case t.format == "csv", t.format == "" && sign == ",":
		format, separator = "csv", ","
	case t.format == "tsv":
		format, separator = "csv", "\t"
	case t.format == "dsv", t.format == "" && sign == ":":
		format, separator = "dsv", ":"
	case sign == "!":
		separator = "!"
	}
	t.format, t.separator = format, cmp.Or(t.separator, separator)
}

// table reads the cells of a table, which begins with a sign, and puts them into
// rows.
func (r *adocReader) table(sign, body string, start int) {
	spec := r.next
	spec.complete(sign)
	r.next = tableSpec{}
	if spec.format == "csv" {
		r.values(spec.separator, body, start)
		return
	}
	t := adocTable{r: r, columns: spec.columns, separator: spec.separator, rowPerLine: spec.format == "dsv"}
	for l := (lines{rest: body, n: start - 1}); ; {
		line, ok := l.next()
		if !ok {
			break
		}
		t.line(line, l.n)
	}
	t.cell()
	t.row()
}

// values reads a table of values with a separator between them.
func (r *adocReader) values(separator, body string, start int) {
	body = withoutLines(body, func(line string) bool { return strings.HasPrefix(line, "//") || adocMacro(line) })
	sign, _ := utf8.DecodeRuneInString(separator)
	records(body, sign, start, func(record []string, first, last int) {
		for _, value := range record {
			r.b.part(nextCell)
			r.plain = r.inline.strip(r.plain[:0], value)
			r.b.fold(string(r.plain))
		}
		r.b.flush(Row, 0, first, last)
	})
}

// adocTable is a table with a separator before each cell, or between the cells of
// each line. In a row there are as many as were declared, or as are on the first
// line.
type adocTable struct {
	r          *adocReader
	columns    int
	separator  string
	rowPerLine bool
	count      int // cells of the row so far
	text       []byte
	start, end int
	open       bool // a cell is
}

func (t *adocTable) line(line string, n int) {
	line = shown(line)
	if strings.HasPrefix(line, "//") || adocMacro(trimRight(line)) || blockMark(trimRight(line)) || t.rowPerLine && blank(line) {
		return
	}
	cells, begins, joint := 0, t.rowPerLine, "\n"
	for part := range strings.SplitSeq(line, t.separator) {
		part, escaped := strings.CutSuffix(part, `\`)
		switch {
		case begins:
			t.begin(cells)
			t.add(part, n)
			cells++
		case t.open:
			t.add(joint, n)
			t.add(part, n)
		}
		begins, joint = !escaped, t.separator
	}
	if !begins && t.open { // the backslash at the end of the line keeps nothing from being a separator
		t.add(`\`, n)
	}
	if t.columns == 0 {
		t.columns = cells
	}
}

// blockMark reports a line around a block of code or text that stands in a cell.
func blockMark(line string) bool {
	return strings.HasPrefix(line, "[source") && strings.HasSuffix(line, "]") || strings.HasPrefix(line, "```") ||
		len(line) >= 4 && strings.ContainsAny(line[:1], "-.=*_+") && strings.Trim(line, line[:1]) == ""
}

// begin begins a cell, before which there are some on its line.
func (t *adocTable) begin(before int) {
	if !t.rowPerLine {
		t.text = cutSpec(t.text)
	}
	t.cell()
	if t.rowPerLine && before == 0 || !t.rowPerLine && t.columns > 0 && t.count >= t.columns {
		t.row()
	}
	t.open = true
}

// cutSpec leaves out the end of a cell that says how the next one spans or looks,
// which stands before its separator, and the space before that.
func cutSpec(text []byte) []byte {
	at := bytes.LastIndexAny(text, " \n")
	if at >= 0 && isSpec(text[at+1:]) {
		return text[:at]
	}
	return text
}

// isSpec reports what may stand before the separator of a cell: "2+" or ".3*", how
// it is aligned, and a letter for its style.
func isSpec(spec []byte) bool {
	if n := len(spec); n > 0 && strings.IndexByte("adehlmsv", spec[n-1]) >= 0 {
		spec = spec[:n-1]
	}
	spec = bytes.TrimRight(spec, "<>^.")
	n := len(spec)
	return n == 0 || n > 1 && n < 8 && (spec[n-1] == '+' || spec[n-1] == '*') && len(bytes.Trim(spec[:n-1], "0123456789.")) == 0
}

func (t *adocTable) add(text string, n int) {
	t.text = append(t.text, text...)
	if blank(text) {
		return
	}
	if t.start == 0 {
		t.start = n
	}
	t.end = n
}

// cell ends the cell that is open.
func (t *adocTable) cell() {
	if !t.open {
		return
	}
	t.r.b.part(nextCell)
	t.r.plain = t.r.inline.strip(t.r.plain[:0], string(t.text))
	t.r.b.fold(string(t.r.plain))
	t.count++
	t.open, t.text = false, t.text[:0]
}

func (t *adocTable) row() {
	t.r.b.flush(Row, 0, t.start, t.end)
	t.count, t.start = 0, 0
}
