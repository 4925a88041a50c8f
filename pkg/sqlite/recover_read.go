package sqlite

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/sqlite/pages"
)

// create makes the new file, and a staging file beside it that is dropped with the
// connection.
func (r *recovery) create(to, from string) (err error) {
	if err := createLike(to, from); err != nil {
		return err
	}
	pragmas := strings.Replace(guardPragmas, "temp_store = MEMORY", "temp_store = FILE", 1) +
		"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768; PRAGMA foreign_keys = OFF;"
	if r.out, err = openSession(r.ctx, dsn(to, nil), pragmas); err != nil {
		return err
	}
	if err := migrate(r.ctx, r.out, r.clock, nil); err != nil {
		return err
	}
	r.blobs = newBlobReader(r.out)
	script := "DELETE FROM meta; ATTACH '' AS stage; PRAGMA stage.cache_size = -16384; BEGIN;"
	for _, t := range r.layout.tables {
		if !t.kept || t.name == "part" {
			continue
		}
		// Rows that wait meet no constraints. Columns of which only integers are taken are
		// declared as such: what is compared with a rowid is not looked up by the index
		// of a column without a type.
		names, columns := make([]string, len(t.columns)), make([]string, len(t.columns))
		for i, c := range t.columns {
			names[i], columns[i] = c.name, c.name
			if c.kind == pages.Int {
				columns[i] += " INTEGER"
			}
		}
		key := "PRIMARY KEY (" + strings.Join(names, ", ") + ")"
		if t.tree == pages.TableLeaf {
			key = "_rowid INTEGER PRIMARY KEY"
		} else if t.column("id") >= 0 {
			key = "PRIMARY KEY (id)"
		} else if t.name == "filtered" {
			key = "PRIMARY KEY (blob, extension)"
		}
		script += fmt.Sprintf("CREATE TABLE stage.%s (%s, %s);", stageName(t.name), strings.Join(columns, ", "), key)
	}
	script += "CREATE TABLE stage.part_of (blob INTEGER, ordinal INTEGER, id INTEGER, PRIMARY KEY (blob, ordinal, id)) WITHOUT ROWID;"
	_, err = r.out.conn.ExecContext(r.ctx, script)
	return fault(err)
}

// stageName is the name of a table in the staging file; names that begin with
// sqlite_ are SQLite's own.
func stageName(name string) string { return "s_" + name }

// insertOf is the statement that puts a row where it waits, unless it is there.
func insertOf(t *tableLayout) string {
	names, marks := make([]string, len(t.columns)), make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i], marks[i] = c.name, "?"
	}
	table := "stage." + stageName(t.name)
	if t.name == "part" {
		table = "main.part"
	} else if t.tree == pages.TableLeaf {
		names, marks = append(names, "_rowid"), append(marks, "?")
	}
	return fmt.Sprintf("INSERT OR IGNORE INTO %s (%s) VALUES (%s)", table, strings.Join(names, ", "), strings.Join(marks, ", "))
}

// take keeps a row.
func (r *recovery) take(t *tableLayout, id int64, record []pages.Value) error {
	args := make([]any, len(record), len(record)+1)
	for i, v := range record {
		args[i] = v.Any()
		if t.columns[i].isRowID {
			args[i] = id
		}
	}
	if t.name == "part" {
		if len(record[t.column("data")].Bytes) > 2*content.MaxPart {
			return nil // it can be no part, whatever it is
		}
		_, err := r.out.exec("INSERT OR IGNORE INTO stage.part_of (blob, ordinal, id) VALUES (?, ?, ?)",
			t.int(record, "blob"), t.int(record, "ordinal"), id)
		if err != nil {
			return err
		}
	} else if t.tree == pages.TableLeaf {
		args = append(args, id)
	}
	_, err := r.out.exec(insertOf(t), args...)
	return err
}

// trees says what has become of the pages while trees are walked.
type trees struct {
	seen  *pages.Set
	again *pages.Set // pages whose rows are not, or not all, of the table that led to them
}

// readTrees walks the trees of tables and indexes whose roots are known.
func (r *recovery) readTrees() error {
	r.pages = trees{r.file.NewSet(), r.file.NewSet()}
	r.sum.Pages = int64(r.file.Pages())
	if lost := r.file.LostTransactions(); lost > 0 {
		if err := r.say(CodeLog, "the write-ahead log ends in %d transactions that cannot be read: a power cut took them, or damage", lost); err != nil {
			return err
		}
	}
	if cut := r.file.CutOff(); cut > 0 {
		r.sum.PagesLost += cut
		if err := r.say(CodePageLost, "the file ends after %d of %d pages", r.sum.Pages, r.sum.Pages+cut); err != nil {
			return err
		}
	}
	roots, err := r.roots()
	if err != nil {
		return err
	}
	for _, name := range append(append([]string{}, recoveredTables...), pathIndex, blobIndex, versionIndex) {
		root, ok := roots[name]
		if !ok {
			continue // its pages are among those that nothing leads to
		}
		if err := r.readTree(r.layout.tables[name], root); err != nil {
			return err
		}
	}
	return nil
}

// tellPages tells how many pages are read.
func (r *recovery) tellPages(done int64) {
	r.tellProgress("page", min(done, r.sum.Pages), r.sum.Pages)
}

// roots returns the root pages of tables and indexes by name, as the schema has
// them: its own tree, and pages of it that have been cut off.
func (r *recovery) roots() (map[string]uint32, error) {
	roots := make(map[string]uint32)
	add := func(p *pages.Page) {
		for _, cell := range p.Cells {
			record, err := r.file.Record(cell)
			if err != nil || len(record) != 5 || record[3].Type != pages.Int || record[1].Type != pages.Text {
				continue
			}
			name := string(record[1].Bytes)
			if _, known := roots[name]; !known && record[3].Int > 0 && record[3].Int <= math.MaxUint32 && r.layout.tables[name] != nil {
				roots[name] = uint32(record[3].Int)
			}
		}
	}
	seen := r.pages.seen
	err := r.file.Walk(1, seen, func(v pages.Visit) error {
		if v.Err != nil {
			r.sum.PagesLost++
			return r.say(CodePageLost, "the schema: %v", v.Err)
		}
		if v.Kind == pages.TableLeaf {
			add(v.Page)
		}
		return r.ctx.Err()
	})
	return roots, err
}

func (r *recovery) readTree(t *tableLayout, root uint32) error {
	last := int64(math.MinInt64)
	return r.file.Walk(root, r.pages.seen, func(v pages.Visit) error {
		if err := r.ctx.Err(); err != nil {
			return context.Cause(r.ctx)
		}
		r.visited++
		r.tellPages(r.visited)
		if v.Err != nil {
			r.sum.PagesLost++
			return r.say(CodePageLost, "%s: %v", t.name, v.Err)
		}
		if v.Kind == pages.TableInterior || v.Bad > 0 {
			r.pages.noteBad(v.Page)
			if v.Kind == pages.TableInterior {
				return nil
			}
		}
		for _, cell := range v.Cells {
			record, err := r.file.Record(cell)
			inPlace := t.tree == pages.IndexLeaf || v.After < cell.RowID && cell.RowID <= v.Last && cell.RowID > last
			if err != nil || !t.takes(typesOf(record)) || !inPlace {
				r.pages.again.Add(v.Number)
				continue
			}
			last = cell.RowID
			if err := r.take(t, cell.RowID, record); err != nil {
				return err
			}
		}
		return nil
	})
}

// noteBad is for pages with cells that make no sense.
func (t *trees) noteBad(p *pages.Page) {
	if p.Bad > 0 {
		t.again.Add(p.Number)
	}
}

func typesOf(record []pages.Value) []pages.Type {
	types := make([]pages.Type, len(record))
	for i, v := range record {
		types[i] = v.Type
	}
	return types
}

// readOrphans takes the rows of pages that no tree led to, and those that a tree
// led to by mistake.
func (r *recovery) readOrphans() error {
	for n := uint32(1); n <= r.file.Pages(); n++ {
		if err := r.ctx.Err(); err != nil {
			return context.Cause(r.ctx)
		}
		// Pages of trees are passed over, and so the rest is read in one go.
		r.tellPages(r.visited + int64(n)*(r.sum.Pages-r.visited)/r.sum.Pages)
		if r.pages.seen.Has(n) && !r.pages.again.Has(n) {
			continue
		}
		page, err := r.file.Page(n)
		if err != nil || page.Kind == pages.TableInterior {
			continue
		}
		if err := r.readOrphan(page); err != nil {
			return err
		}
	}
	return nil
}

// readOrphan takes the rows of a page whose table is not known. Rows of most
// tables are known by their types; those of some only by what they say.
func (r *recovery) readOrphan(page *pages.Page) error {
	isTable := page.Kind == pages.TableLeaf
	names := !isTable && r.holdsNames(page)
	for _, cell := range page.Cells {
		types, err := r.file.Types(cell)
		if err != nil {
			continue
		}
		var of *tableLayout
		for _, t := range r.layout.tables {
			if !t.kept || isTable != (t.tree == pages.TableLeaf) || !t.takes(types) {
				continue
			}
			if t.name == pathIndex && !names || t.name == blobIndex && names {
				continue
			}
			of = t
		}
		if of == nil {
			continue
		}
		record, err := r.file.Record(cell)
		if err != nil || !of.sane(cell.RowID, record) {
			continue
		}
		if err := r.take(of, cell.RowID, record); err != nil {
			return err
		}
	}
	return nil
}

// namesShare is the share of rows that have to look like names on a page of names.
const namesShare = 0.9

// holdsNames reports whether the blobs on a page of an index are names of paths:
// hashes, and keys of texts, have the same types.
func (r *recovery) holdsNames(page *pages.Page) bool {
	var blobs, names float64
	for _, cell := range page.Cells {
		types, err := r.file.Types(cell)
		if err != nil || len(types) != 2 || types[0] != pages.Blob {
			continue
		}
		record, err := r.file.Record(cell)
		if err != nil {
			continue
		}
		if blobs++; isPlainName(record[0].Bytes) {
			names++
		}
	}
	return blobs > 0 && names >= namesShare*blobs
}
