package extract

import (
	"bufio"
	"encoding/csv"
	"strings"
	"sync"
	"unicode/utf8"
)

// table reads a table that is drawn with characters.
func (r *rstReader) table(before lines, text string) bool {
	switch {
	case strings.HasPrefix(text, "+-") && strings.HasSuffix(text, "+") && strings.Trim(text, "+-") == "":
		r.l = before
		r.grid()
	case isBorder(text):
		r.l = before
		r.simple()
	default:
		return false
	}
	return true
}

// isBorder reports the border of a simple table: a run of signs over each column.
func isBorder(text string) bool {
	return strings.HasPrefix(text, "=") && strings.Contains(text, " =") && strings.Trim(text, "= ") == ""
}

// maxColumns bounds the columns of a table; what is beyond belongs to the last.
const maxColumns = 1000

// cells gathers the text of a row over the lines that it takes.
type cells struct {
	text       [][]byte
	start, end int
}

func (c *cells) add(column int, text string, n int) {
	text = strings.TrimSpace(text)
	for hasNoText(text) {
		_, text, _ = strings.Cut(text, "\n")
		text = strings.TrimSpace(text)
	}
	if text = directiveInCell(text); text == "" {
		return
	}
	if c.start == 0 {
		c.start = n
	}
	c.end = n
	column = min(column, maxColumns)
	for len(c.text) <= column {
		c.text = append(c.text, nil)
	}
	c.text[column] = append(append(c.text[column], text...), '\n')
}

// directiveInCell gives the text of a line of a cell that may begin a directive.
func directiveInCell(line string) string {
	rest, ok := strings.CutPrefix(line, ".. ")
	name, argument, found := strings.Cut(rest, "::")
	if name = strings.ToLower(name); !ok || !found || name == "" || strings.ContainsAny(name, " \t`") {
		return line
	}
	if rstDropped[name] || rstCode[name] || rstImages[name] || rstContent[name] {
		return ""
	}
	return rstVersion(name, strings.TrimSpace(argument), false)
}

// row makes a block of a row and begins the next one.
func (r *rstReader) row(c *cells) {
	for _, text := range c.text {
		r.b.part(nextCell)
		r.plain = r.inline.strip(r.plain[:0], string(text))
		r.b.fold(string(r.plain))
	}
	r.b.flush(Row, 0, c.start, c.end)
	*c = cells{}
}

// grid reads a table with lines around its cells. Cells that span others are
// taken apart at the signs between columns alone.
func (r *rstReader) grid() {
	var c cells
	for {
		line, ok := r.l.peek()
		text := strings.TrimSpace(line)
		if !ok || text == "" || text[0] != '+' && text[0] != '|' {
			r.row(&c)
			return
		}
		r.l.next()
		if text[0] == '+' && strings.Trim(text, "+-=") == "" {
			r.row(&c)
			continue
		}
		column := 0
		for cell := range strings.SplitSeq(strings.Trim(text, "|+"), "|") {
			if strings.Trim(cell, "-+ ") != "" {
				c.add(column, cell, r.l.n)
			}
			column++
		}
	}
}

// simple reads a table whose columns are marked above and below. A line whose
// first column is empty belongs to the row before it, and may be of a table in a
// cell.
func (r *rstReader) simple() {
	border, _ := r.l.next()
	columns := simpleColumns(expandTabs(border))
	var c cells
	for borders := 1; ; {
		line, ok := r.l.peek()
		line = expandTabs(line)
		text, indent := strings.TrimSpace(line), indentOf(line)
		if !ok || text != "" && indent < columns[0] {
			r.row(&c)
			return
		}
		r.l.next()
		switch {
		case text == "":
		case indent == columns[0] && strings.Trim(text, "= ") == "":
			r.row(&c)
			borders++
			below, more := r.l.peek()
			if borders > 2 || !more || blank(below) {
				return
			}
		case indent == columns[0] && strings.Trim(text, "- ") == "":
			r.row(&c)
		default:
			parts := slice(line, columns)
			if !blank(parts[0]) {
				r.row(&c)
			}
			for i, part := range parts {
				if !isBorder(strings.TrimSpace(part)) { // of a table in a cell
					c.add(i, part, r.l.n)
				}
			}
		}
	}
}

// simpleColumns gives the column at which each run of a border begins.
func simpleColumns(border string) []int {
	var columns []int
	for i := range len(border) {
		if border[i] == '=' && (i == 0 || border[i-1] != '=') {
			columns = append(columns, i)
		}
	}
	return columns
}

// slice cuts a line at columns, but for those that a word reaches across: that
// cell spans more than one. Characters of ideographic scripts take two columns.
func slice(line string, columns []int) []string {
	var parts []string
	column, from, next := 0, 0, 1
	for i, char := range line {
		if next < len(columns) && column >= columns[next] {
			if i == 0 || line[i-1] == ' ' || char == ' ' {
				parts = append(parts, line[from:i])
				from = i
			}
			next++
		}
		column++
		if twoColumns(char) {
			column++
		}
	}
	return append(parts, line[min(from, len(line)):])
}

// listTable reads a table that is written as a list of lists: "* -" begins a row,
// "-" a cell. Any marks of lists do.
func (r *rstReader) listTable(indent int) {
	var c cells
	column, outer, inner := 0, -1, -1 // inner is the column at which the marks of cells stand
	for {
		line, ok := r.l.peek()
		if !ok || !blank(line) && indentOf(line) <= indent {
			r.row(&c)
			return
		}
		r.l.next()
		line = expandTabs(line)
		at, text := indentOf(line), strings.TrimSpace(line)
		rest, marked := cutBullet(text)
		if marked && (outer < 0 || at == outer) {
			r.row(&c)
			column, outer, inner = -1, at, -1
			at += len(text) - len(rest)
			text = rest
			rest, marked = cutBullet(text)
		}
		if marked && (inner < 0 || at <= inner) {
			column, inner = column+1, at
			text = rest
		}
		c.add(max(column, 0), text, r.l.n)
	}
}

// cutBullet cuts the mark of an item off that has no number.
func cutBullet(text string) (rest string, ok bool) {
	if text == "" || strings.IndexByte("-*+", text[0]) < 0 || len(text) > 1 && text[1] != ' ' {
		return text, false
	}
	return strings.TrimLeft(text[1:], " "), true
}

// csvTable reads a table of values with commas between them, whose head is an
// option.
func (r *rstReader) csvTable(indent int, header option) {
	r.values(string(header.text), header.start)
	start := r.l.n + 1
	r.values(dedent(r.l.takeDeeper(indent)), start)
}

func (r *rstReader) values(text string, start int) {
	records(text, ',', start, func(record []string, first, last int) {
		c := cells{}
		for i, value := range record {
			c.add(i, value, first)
		}
		c.end = last
		r.row(&c)
	})
}

// buffers keeps those of readers of values, which for a small table are many times
// what it says.
var buffers = sync.Pool{New: func() any { return bufio.NewReader(nil) }}

// records reads values with a separator between them, and gives those of each
// record with the lines that it comes from, from a first one. They are valid until
// the next.
func records(text string, separator rune, start int, each func(record []string, first, last int)) {
	if blank(text) {
		return
	}
	buffer := buffers.Get().(*bufio.Reader)
	defer func() {
		buffer.Reset(nil) // it keeps nothing of the document
		buffers.Put(buffer)
	}()
	buffer.Reset(strings.NewReader(text))
	values := csv.NewReader(buffer)
	values.FieldsPerRecord, values.LazyQuotes, values.TrimLeadingSpace, values.ReuseRecord = -1, true, true, true
	if separator != '"' && separator != '\n' && separator != utf8.RuneError {
		values.Comma = separator
	}
	end := start + strings.Count(strings.TrimRight(text, "\n"), "\n")
	for {
		record, err := values.Read()
		if err != nil {
			return
		}
		line, _ := values.FieldPos(0)
		first := start + line - 1
		last := first
		for i, value := range record {
			record[i] = strings.ToValidUTF8(value, string(utf8.RuneError))
			last += strings.Count(value, "\n")
		}
		each(record, first, min(last, end))
	}
}
