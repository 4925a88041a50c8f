package sqlite

import "errors"

// Hint says what a user can do about an error, where that is the same in every program;
// else it is "".
func Hint(err error) string {
	for _, one := range []struct {
		err  error
		hint string
	}{
		{ErrDamaged, "bcheck says what is damaged and how to save the rest; or go back to a copy that basof backup made, with the -wal beside the file removed first"},
		{ErrTrigger, "look at what it does and may have done, and remove it, with DROP TRIGGER in sqlite3; views, and triggers on tables of your own, may stay"},
		{ErrNewer, "install that version or a later one"},
		{ErrUnreadable, "run this as its owner, or have the owner let you read it, with the -wal beside it (chmod, chgrp)"},
		{ErrLeftBehind, "remove that file, which holds nothing, while no program has the knowledge base open"},
		{ErrOtherLog, "if the file was put in the place of another, as a copy that is gone back to, move the -wal and -shm beside it away; if not, put back the file that they belong to"},
		{ErrLogGone, "stop what writes to it, which puts into the file what was committed, and run the same line again; leave alone what lies beside it"},
	} {
		if errors.Is(err, one.err) {
			return one.hint
		}
	}
	return ""
}
