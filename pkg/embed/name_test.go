package embed

import "testing"

func TestNamesOfEmbedders(t *testing.T) {
	server, err := NewServer("a-model", Options{URL: "http://localhost:1/v1"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]bool{
		NewBuiltin().Name(): {true, false},
		"builtin-99":        {true, false}, // of a version to come
		server.Name():       {false, true},
		None{}.Name():       {},
		"":                  {},
	} {
		if got := [2]bool{IsBuiltin(name), IsServer(name)}; got != want {
			t.Errorf("%q: built in, a server's: %t", name, got)
		}
	}
}
