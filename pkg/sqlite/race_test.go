//go:build race

package sqlite

// Raced is whether the tests run under the race detector.
const Raced = true
