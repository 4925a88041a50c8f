package sqlite

import "testing"

// SmallBlocks makes the blocks of packed vectors small for the time of a test.
func SmallBlocks(t testing.TB) {
	block, interval := blockSize, intervalSize
	blockSize, intervalSize = 64, 16
	t.Cleanup(func() { blockSize, intervalSize = block, interval })
}
