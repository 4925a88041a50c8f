package config

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Print writes one line a setting, in three aligned columns: its flag and its
// variable, its value, and where the value came from. Values that are empty, or
// would not read as one word, are quoted.
func (s *Set) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, setting := range s.settings {
		value := setting.String()
		if value == "" || strconv.Quote(value) != `"`+value+`"` || strings.Contains(value, " ") {
			value = strconv.Quote(value)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", setting.label(), value, setting.source)
	}
	return table.Flush()
}

func (s *Setting) label() string {
	var labels []string
	if len(s.names) > 0 {
		labels = append(labels, "-"+s.names[0])
	}
	if s.env != "" {
		labels = append(labels, s.env)
	}
	return strings.Join(labels, ", ")
}

// Map gives the settings for the "configuration" object of a report. Keys are
// the flag, or else the variable, in lower case with underscores: max_delete.
// Numbers, bools and lists keep their type, sizes are bytes, percentages 0 to
// 100, durations text that Set accepts. Secrets are left out.
func (s *Set) Map() map[string]any {
	m := make(map[string]any, len(s.settings))
	for _, setting := range s.settings {
		if setting.secret {
			continue
		}
		name := setting.env
		if len(setting.names) > 0 {
			name = setting.names[0]
		}
		m[strings.ToLower(strings.ReplaceAll(name, "-", "_"))] = setting.typed()
	}
	return m
}

func (s *Setting) typed() any {
	switch v := s.value.(type) {
	case *intValue:
		return *v.n
	case *mebibytesValue:
		return *v.n
	case *bytesValue:
		return int64(*v)
	case *boolValue:
		return bool(*v)
	case *percentValue:
		return float64(*v)
	case *stringsValue:
		return append([]string{}, *v.list...)
	}
	return s.value.String()
}
