package ingest_test

import "testing"

// TestLastCovering checks that the last complete scan is the one that started
// last, in whatever order the scans were settled.
func TestLastCovering(t *testing.T) {
	early := step{302, tree{id: "1", start: 100}.whole()}
	late := step{301, tree{id: "2", start: 200}.whole()}
	for _, r := range []rule{
		{"the earlier scan was settled last", []step{late, early, {401, tree{id: "3", start: 400}.whole(file(doc, "A", 150))}}, "400 A"},
		{"the later scan was settled last", []step{early, late, {401, tree{id: "3", start: 400}.whole(file(doc, "A", 150))}}, "400 A"},
		{"from after both", []step{late, early, {401, tree{id: "3", start: 400}.whole(file(doc, "A", 201))}}, "201 A"},
	} {
		t.Run(r.name, r.check)
	}
}
