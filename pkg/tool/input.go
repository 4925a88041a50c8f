package tool

import (
	"io/fs"
	"os"
)

// Instead are hints for those who name what is no file of lines.
type Instead struct {
	Folder, Database string
}

// OpenInput opens a file of lines that was named as an argument. A folder, or a
// database, is a usage error with a hint.
func OpenInput(name string, instead Instead) (*os.File, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		err = notLines(file, info, instead)
	}
	if err != nil {
		file.Close() // only read
		return nil, err
	}
	return file, nil
}

func notLines(file *os.File, info fs.FileInfo, instead Instead) error {
	const sqlite = "SQLite format 3\x00"
	begin := make([]byte, len(sqlite))
	switch {
	case info.IsDir():
		return WithHint(Usagef("%s is a folder", file.Name()), instead.Folder)
	case !info.Mode().IsRegular():
		return nil // which is read once
	}
	if _, err := file.ReadAt(begin, 0); err == nil && string(begin) == sqlite {
		return WithHint(Usagef("%s is a SQLite database", file.Name()), instead.Database)
	}
	return nil
}
