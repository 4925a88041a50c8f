package extract

import "testing"

// TestTitleAlone asserts that the title of a document without any text is its
// text, with its lines, and that of any other is in no block.
func TestTitleAlone(t *testing.T) {
	for _, test := range []struct {
		name, path, source string
		want               []Block
	}{
		{"YAML", "a.md", "---\ndate: 2025-01-15\ntitle: Release checklist\n---\n", []Block{{Heading, 1, "Release checklist", 3, 3}}},
		{"YAML over lines", "a.md", "---\ntitle: Release\n  checklist\ndate: x\n---\n", []Block{{Heading, 1, "Release checklist", 2, 3}}},
		{"TOML", "a.md", "+++\ntitle = \"Release checklist\"\n+++\n\n", []Block{{Heading, 1, "Release checklist", 2, 2}}},
		{"JSON", "a.md", "{\n\"date\": 1,\n\"title\":\n  \"Release checklist\"\n}\n", []Block{{Heading, 1, "Release checklist", 3, 4}}},
		{"HTML", "a.html", "<html><head>\n<title>\nRelease\nchecklist</title></head><body><div id=app></div></body></html>", []Block{{Heading, 1, "Release checklist", 3, 4}}},
		{"Org", "a.org", "#+AUTHOR: me\n#+TITLE: Release checklist\n", []Block{{Heading, 1, "Release checklist", 2, 2}}},
		{"AsciiDoc", "a.adoc", ":toc:\n:title: Release checklist\n", []Block{{Heading, 1, "Release checklist", 2, 2}}},
		{"text below", "a.md", "---\ntitle: Release checklist\n---\nTag it.\n", []Block{{Paragraph, 0, "Tag it.", 4, 4}}},
		{"a heading below", "a.md", "---\ntitle: Release checklist\n---\n# Checklist\n", []Block{{Heading, 1, "Checklist", 4, 4}}},
		{"no title", "a.md", "---\ntitle:\ndate: 2025-01-15\n---\n", nil},
		{"text before it", "a.html", "Tag it.<title>Release checklist</title>", []Block{{Paragraph, 0, "Tag it.", 1, 1}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Extract(test.path, []byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			check(t, doc, test.path, []byte(test.source))
			compare(t, doc.Blocks, test.want)
		})
	}
}

// TestTitleBesideSite asserts that the title of a page is that of its heading where
// it has only the name of the site besides, and all of it where it says more.
func TestTitleBesideSite(t *testing.T) {
	for _, test := range []struct{ title, body, want string }{
		{"Scale - Kettles", "<h1>Scale</h1>", "Scale"},
		{"Scale — why — Kettles", "<h1>Scale — why</h1>", "Scale — why"},
		{"Kettles: Scale", "<h1>Scale</h1>", "Scale"},
		{"Scale | Kettles", "<h2>Scale</h2><h2>More</h2>", "Scale"},
		{"Scale — Kettles 3.2", "<h1>Kettles 3.2</h1><h1>Scale</h1>", "Scale"},
		{"Scale — Kettles 3.2", "<h1>Kettles 3.2</h1><h2>Lime</h2>", "Scale — Kettles 3.2"},
		{"Scale in kettles", "<h1>Scale</h1>", "Scale in kettles"},
		{"Kettles-pots - Kitchen", "<h1>Kettles</h1>", "Kettles-pots - Kitchen"},
		{"Scale - Kettles", "<h1>Lime</h1><h2>Scale</h2>", "Scale - Kettles"},
	} {
		doc, err := Extract("x.html", []byte("<title>"+test.title+"</title>"+test.body))
		if err != nil {
			t.Fatal(err)
		}
		if doc.Title != test.want {
			t.Errorf("%s %s: got %q, want %q", test.title, test.body, doc.Title, test.want)
		}
	}
}
