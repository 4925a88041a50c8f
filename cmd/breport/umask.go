package main

import (
	"io/fs"
	"syscall"
)

// umask is what the user wants no new file to allow. It can only be read by
// setting it; nothing else makes files meanwhile.
func umask() fs.FileMode {
	mask := syscall.Umask(0)
	syscall.Umask(mask)
	return fs.FileMode(mask)
}
