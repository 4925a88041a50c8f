package sqlite

import (
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// A file may come from a stranger. One whose tables are not ours, as a view under
// the name of one that never ends, could keep a question from ever being answered;
// it is no knowledge base.

// generated finds columns that are computed, of which our tables have none.
var generated = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(generated|as)\s*\(|\balways\b`)
})

// creation is a statement of our scripts that makes something.
type creation struct {
	begin      string // CREATE VIRTUAL TABLE text_fts
	kind, name string // TABLE, text_fts
	script     string // from the statement on
}

// creations returns those of our scripts, in which each begins a line, and the
// tables that get further columns later.
func creations(scripts string) (made []creation, altered map[string]bool) {
	altered = make(map[string]bool)
	for at := 0; at < len(scripts); {
		line, _, _ := strings.Cut(scripts[at:], "\n")
		if table, ok := strings.CutPrefix(line, "ALTER TABLE "); ok {
			if name, change, _ := strings.Cut(table, " "); strings.HasPrefix(change, "ADD COLUMN") {
				altered[name] = true
			}
		} else if rest, ok := strings.CutPrefix(line, "CREATE "); ok {
			kind, rest, _ := strings.Cut(strings.TrimPrefix(rest, "VIRTUAL "), " ")
			name, rest, _ := strings.Cut(rest, " ")
			begin := strings.TrimSuffix(line, " "+rest)
			made = append(made, creation{begin, kind, name, scripts[at:]})
		}
		at += len(line) + 1
	}
	return made, altered
}

// object is a row of the schema.
type object struct {
	kind, name string // TABLE, path
	table      string // that it is, or is of; in lower case, as names are the same to SQLite
	sql        string // "" of what SQLite makes itself
	rooted     bool   // it has pages of its own
}

func (s *session) objects() (all []object, err error) {
	err = s.each("SELECT type, name, tbl_name, coalesce(sql, ''), coalesce(rootpage, 0) > 0 FROM sqlite_schema", nil, func(rows *sql.Rows) error {
		var kind, name, table, how sql.NullString
		var rooted bool
		err := rows.Scan(&kind, &name, &table, &how, &rooted)
		all = append(all, object{strings.ToUpper(kind.String), name.String, strings.ToLower(table.String), how.String, rooted})
		return err
	})
	return all, err
}

// shadow finds the tables in which SQLite, FTS5 and sqlite-vec keep what is theirs,
// and which they read as what they were when they made them.
var shadow = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(sqlite_.*|text_fts_(data|idx|content|docsize|config)|` +
		`passage_vec_(info|chunks|rowids|auxiliary|(vector_chunks|metadatachunks|metadatatext)[0-9]+))$`)
})

// computing finds what may make a column a computed one in a text without comments.
var computing = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)\b(generated|as)\b`) })

// isSound reports whether an object may stand where SQLite, FTS5 or sqlite-vec expect
// a table, if its name is that of one: a table that holds what is read from it.
func (o *object) isSound() bool {
	switch {
	case o.kind != "TABLE" && o.kind != "VIEW":
		return true
	case o.table == "passage_vec":
		return strings.HasPrefix(o.sql, "CREATE VIRTUAL TABLE passage_vec USING vec0(") || o.isPlain()
	}
	return o.isPlain() || !shadow().MatchString(o.table)
}

// isPlain reports whether an object is a table, neither virtual nor computed.
func (o *object) isPlain() bool {
	return o.kind == "TABLE" && o.rooted && strings.HasPrefix(o.sql, "CREATE TABLE ") && !computing().MatchString(o.sql)
}

// checkSchema refuses a file whose schema is not that of its version, in anything
// that our scripts make, or what they make use of. What somebody has added under
// other names is left alone.
func (s *session) checkSchema(version int64) error {
	scripts, err := migrations()
	if err != nil {
		return err
	}
	ours := strings.Join(scripts[:version], "\n")
	created, altered := creations(ours)
	all, err := s.objects()
	if err != nil {
		return err
	}
	made := make(map[string]string) // by type and name
	for _, o := range all {
		made[o.kind+" "+o.name] = o.sql
		if !o.isSound() {
			return fmt.Errorf("%w: its table %s is not ours", ErrForeign, o.table)
		}
	}
	for _, c := range created {
		how, there := made[c.kind+" "+c.name]
		if !there && (c.kind == "INDEX" || c.kind == "TRIGGER") {
			continue // every answer is right without it; bcheck tells of it
		}
		same := how != "" && strings.HasPrefix(c.script, how+";")
		if altered[c.name] { // SQLite has put the new columns into its text
			same = strings.HasPrefix(how, c.begin+" (") && !generated().MatchString(how)
		}
		if !same {
			return fmt.Errorf("%w: its %s %s is not ours", ErrForeign, strings.ToLower(c.kind), c.name)
		}
	}
	return nil
}

// foreignTriggers returns the triggers that somebody has added and that fire when a
// table of ours is written to: on one, or on a table of his own that changes along with
// it, by a foreign key.
func (s *session) foreignTriggers(version int64) (foreign []object, err error) {
	scripts, err := migrations()
	if err != nil {
		return nil, err
	}
	created, _ := creations(strings.Join(scripts[:version], "\n"))
	own := make(map[string]bool)
	tables := []string{"passage_vec"}
	for _, c := range created {
		switch c.kind {
		case "TRIGGER":
			own[c.name] = true
		case "TABLE":
			tables = append(tables, c.name)
		}
	}
	changed, err := s.changedWith(tables)
	if err != nil {
		return nil, err
	}
	all, err := s.objects()
	for _, o := range all {
		if o.kind == "TRIGGER" && !own[o.name] && (changed[o.table] || shadow().MatchString(o.table)) {
			foreign = append(foreign, o)
		}
	}
	return foreign, err
}

// changedWith returns tables and those that foreign keys change along with them.
func (s *session) changedWith(tables []string) (map[string]bool, error) {
	along := make(map[string][]string)
	err := s.each(`
		SELECT lower(f."table"), lower(t.name) FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f
		WHERE f.on_delete NOT IN ('NO ACTION', 'RESTRICT') OR f.on_update NOT IN ('NO ACTION', 'RESTRICT')`, nil,
		func(rows *sql.Rows) error {
			var parent, child string
			err := rows.Scan(&parent, &child)
			along[parent] = append(along[parent], child)
			return err
		})
	changed := make(map[string]bool)
	for len(tables) > 0 {
		table := tables[len(tables)-1]
		tables = tables[:len(tables)-1]
		if !changed[table] {
			changed[table] = true
			tables = append(tables, along[table]...)
		}
	}
	return changed, err
}

// checkTriggers refuses to write to a file in which somebody else's triggers would
// change what is written.
func (s *session) checkTriggers(version int64) error {
	foreign, err := s.foreignTriggers(version)
	if err != nil || len(foreign) == 0 {
		return err
	}
	return fmt.Errorf("%w: %q on %s", ErrTrigger, foreign[0].name, foreign[0].table)
}
