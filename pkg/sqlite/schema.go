package sqlite

import (
	"database/sql"
	"fmt"
	"regexp"
	"strings"
)

// A file may come from a stranger. One whose tables are not ours, as a view under
// the name of one that never ends, could keep a question from ever being answered;
// it is no knowledge base.

var (
	creates = regexp.MustCompile(`(?m)^CREATE (?:VIRTUAL )?(TABLE|INDEX|VIEW|TRIGGER) (\w+)`)
	alters  = regexp.MustCompile(`(?m)^ALTER TABLE (\w+) ADD COLUMN`)
	// generated finds columns that are computed, of which our tables have none.
	generated = regexp.MustCompile(`(?i)\b(generated|as)\s*\(|\balways\b`)
)

// checkSchema refuses a file whose schema is not that of its version, in anything
// that our scripts make. What somebody has added under other names is left alone.
func (s *session) checkSchema(version int64) error {
	scripts, err := migrations()
	if err != nil {
		return err
	}
	ours := strings.Join(scripts[:version], "\n")
	altered := make(map[string]bool)
	for _, m := range alters.FindAllStringSubmatch(ours, -1) {
		altered[m[1]] = true
	}
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
	for _, m := range creates.FindAllStringSubmatch(ours, -1) {
		how, there := made[m[1]+" "+m[2]]
		if !there && (m[1] == "INDEX" || m[1] == "TRIGGER") {
			continue // every answer is right without it; bcheck tells of it
		}
		same := how != "" && strings.HasPrefix(how, m[0]) && strings.Contains(ours, how+";")
		if altered[m[2]] { // SQLite has put the new columns into its text
			same = strings.HasPrefix(how, m[0]+" (") && !generated.MatchString(how)
		}
		if !same {
			return fmt.Errorf("%w: its %s %s is not ours", ErrForeign, strings.ToLower(m[1]), m[2])
		}
	}
	return nil
}
