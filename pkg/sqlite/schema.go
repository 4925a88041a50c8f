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

// checkSchema refuses a file whose schema is not that of its version, in anything
// that our scripts make. What somebody has added under other names is left alone.
func (s *session) checkSchema(version int64) error {
	scripts, err := migrations()
	if err != nil {
		return err
	}
	ours := strings.Join(scripts[:version], "\n")
	created, altered := creations(ours)
	made := make(map[string]string) // by type and name
	err = s.each("SELECT type, name, coalesce(sql, '') FROM sqlite_schema", nil, func(rows *sql.Rows) error {
		var kind, name, how sql.NullString
		err := rows.Scan(&kind, &name, &how)
		made[strings.ToUpper(kind.String)+" "+name.String] = how.String
		return err
	})
	if err != nil {
		return err
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
