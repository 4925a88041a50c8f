package sqlite

import (
	"context"
	"crypto/sha256"
	"math"
	"unicode/utf8"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite/pages"
)

// layout knows the tables of a knowledge base by the types of their values, so
// that rows are known that have lost their table.
type layout struct {
	tables map[string]*tableLayout
}

// tableLayout is a table, or an index of which the entries are read.
type tableLayout struct {
	name    string
	columns []columnLayout // in the order of the record
	tree    pages.Kind     // of its leaves
	kept    bool           // its rows are recovered
}

// columnLayout is a column of a record.
type columnLayout struct {
	name     string
	kind     pages.Type // of its values; pages.Null for any
	nullable bool
	isRowID  bool // it is NULL in the record
}

// recoveredTables are those that cannot be made again from the others. Contents
// are written to the new file at once, all others wait in a staging file.
var recoveredTables = []string{
	"path", "blob", "part", "version", "forgotten", "filtered", "scan", "listed", "seen", "run", "run_chunk", "failure", "skipped", "meta",
}

// The indexes that say once more what tables say.
const (
	pathIndex    = "sqlite_autoindex_path_1"
	blobIndex    = "sqlite_autoindex_blob_1"
	versionIndex = "version_in_time"
)

// newLayout asks SQLite for the tables that the migrations make.
func newLayout(ctx context.Context) (*layout, error) {
	s, err := newInMemory(ctx, math.MaxInt)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	l := &layout{tables: make(map[string]*tableLayout)}
	rows, err := s.conn.QueryContext(ctx, `
		SELECT t.name, t.wr, c.name, c.type, c."notnull", c.pk
		FROM pragma_table_list t JOIN pragma_table_info(t.name) c
		WHERE t.schema = 'main' AND t.type IN ('table', 'shadow')
		ORDER BY t.name, iif(t.wr AND c.pk > 0, c.pk, 1000 + c.cid)`)
	if err != nil {
		return nil, fault(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, column, kind string
		var without, notNull bool
		var pk int
		if err := rows.Scan(&name, &without, &column, &kind, &notNull, &pk); err != nil {
			return nil, fault(err)
		}
		t := l.tables[name]
		if t == nil {
			t = &tableLayout{name: name, tree: pages.TableLeaf}
			if without {
				t.tree = pages.IndexLeaf
			}
			l.tables[name] = t
		}
		t.columns = append(t.columns, columnLayout{
			name: column, kind: typeNamed(kind), nullable: !notNull && pk == 0, isRowID: pk > 0 && !without && kind == "INTEGER",
		})
	}
	if err := rows.Err(); err != nil {
		return nil, fault(err)
	}
	for _, name := range recoveredTables {
		l.tables[name].kept = true
	}
	l.addIndex(pathIndex, columnLayout{name: "name", kind: pages.Blob})
	l.addIndex(blobIndex, columnLayout{name: "sha256", kind: pages.Blob})
	l.addIndex(versionIndex, columnLayout{name: "path", kind: pages.Int}, columnLayout{name: "valid_from", kind: pages.Int}, columnLayout{name: "seq", kind: pages.Int})
	return l, nil
}

// addIndex adds an index, whose entries end with the rowid.
func (l *layout) addIndex(name string, columns ...columnLayout) {
	l.tables[name] = &tableLayout{
		name: name, columns: append(columns, columnLayout{name: "id", kind: pages.Int}), tree: pages.IndexLeaf, kept: true,
	}
}

func typeNamed(name string) pages.Type {
	switch name {
	case "INTEGER":
		return pages.Int
	case "TEXT":
		return pages.Text
	case "BLOB":
		return pages.Blob
	default:
		return pages.Null
	}
}

// takes reports whether a record of these types can be of the table.
func (t *tableLayout) takes(types []pages.Type) bool {
	if len(types) != len(t.columns) {
		return false
	}
	for i, c := range t.columns {
		switch {
		case c.isRowID:
			if types[i] != pages.Null {
				return false
			}
		case types[i] == pages.Null:
			if !c.nullable {
				return false
			}
		case c.kind != pages.Null && types[i] != c.kind:
			return false
		}
	}
	return true
}

// column returns the place of a column, or -1.
func (t *tableLayout) column(name string) int {
	for i, c := range t.columns {
		if c.name == name {
			return i
		}
	}
	return -1
}

// int returns a column of a record as a number.
func (t *tableLayout) int(record []pages.Value, name string) int64 {
	return record[t.column(name)].Int
}

// sane reports whether the values of a row can be true. It is asked of rows that
// have lost their table.
func (t *tableLayout) sane(id int64, record []pages.Value) bool {
	switch t.name {
	case "blob":
		size := t.int(record, "size")
		return id > 0 && len(record[t.column("sha256")].Bytes) == sha256.Size && size >= 0 &&
			t.int(record, "parts") == (size+content.MaxPart-1)/content.MaxPart
	case "part":
		return id > 0 && t.int(record, "blob") > 0 && t.int(record, "ordinal") >= 0 && t.int(record, "codec") < 16
	case "version", "run", "scan", "seen", "run_chunk", "failure", "skipped", "forgotten":
		return id > 0
	case versionIndex:
		return t.int(record, "path") > 0 && t.int(record, "id") > 0
	case blobIndex:
		return len(record[0].Bytes) == sha256.Size && t.int(record, "id") > 0
	case pathIndex:
		return isName(record[0].Bytes) && t.int(record, "id") > 0
	case "path":
		return id > 0 && isName(record[t.column("name")].Bytes)
	default:
		return true
	}
}

// maxName is longer than any name that a file system takes.
const maxName = 1 << 16

// isName reports whether bytes that nothing else tells of can be the name of a path.
func isName(name []byte) bool { return len(name) <= maxName && isCleaned(name) }

// isCleaned reports whether a name is one that records leave in the table of paths: that
// of a document, or of a folder that was given for one, which a failure stands under.
func isCleaned(name []byte) bool {
	return kb.IsPath(string(name)) || string(name) == "." || string(name) == "/"
}

// likeName says how much bytes look like a name, of two that claim to be the same.
func likeName(name []byte) (likeness int) {
	if isPlainName(name) {
		likeness += 2
	}
	if utf8.Valid(name) {
		likeness++
	}
	return likeness
}

// isPlainName reports whether bytes look like a name, and like nothing else.
func isPlainName(name []byte) bool {
	if !isName(name) {
		return false
	}
	for _, c := range name {
		if c < ' ' {
			return false
		}
	}
	return true
}
