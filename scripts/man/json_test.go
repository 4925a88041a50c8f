package man

import (
	"go/ast"
	goparser "go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// jsonPage is the page that says what JSON the programs print. A comment before each
// of its lists says what that is of:
//
//	.\" fields FILE NAME...   the fields of structs: the names of types, or of the
//	                          functions that write them
//	.\" values TYPE           the constants of a type
const jsonPage = "btools-json.7"

// testJSONIsDescribed holds the page to the sources, both ways.
func testJSONIsDescribed(t *testing.T) {
	sources := readJSONSources(t)
	described := make(names) // what the page says of each key
	for _, l := range jsonLists(t) {
		known := make(map[string]string)
		for _, key := range l.keys {
			if sources[key] == nil {
				t.Errorf("%s:%d: there is no %s with JSON in it", jsonPage, l.line, key)
			}
			maps.Copy(known, sources[key])
			for name, typ := range l.names {
				described.put(key, name, typ)
			}
		}
		for name, typ := range l.names {
			if of, found := known[name]; !found {
				t.Errorf("%s:%d: there is no %q in %q", jsonPage, l.line, name, l.keys)
			} else if !sameType(typ, of) {
				t.Errorf("%s:%d: %q in %q is said to be %q, and is %q", jsonPage, l.line, name, l.keys, typ, of)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(sources)) {
		for _, name := range slices.Sorted(maps.Keys(sources[key])) {
			if _, found := described[key][name]; !found {
				t.Errorf("%s does not name %q of %s", jsonPage, name, key)
			}
		}
	}
}

// names has the names of fields or values, and the types of fields, by what they
// are of.
type names map[string]map[string]string

func (n names) put(key, name, typ string) {
	if n[key] == nil {
		n[key] = make(map[string]string)
	}
	n[key][name] = typ
}

// sameType compares what the page says of a type with that of a field. An object may
// be one that is always there, and a string in Go one of a certain form.
func sameType(said, of string) bool {
	if form, _, _ := strings.Cut(said, " "); form == "hash" || form == "base64" {
		of = strings.Replace(of, "string", form, 1)
	}
	return of == "" || said == of || said == "object" && of == "object or null"
}

// A jsonList is a list of the page.
type jsonList struct {
	line  int
	keys  []string // what it is of
	names map[string]string
}

func jsonLists(t *testing.T) []jsonList {
	t.Helper()
	item := regexp.MustCompile(`^\.It Cm (.*?)(?: Pq (.*))?$`)
	var all []jsonList
	open := false
	for i, line := range strings.Split(written(t)[jsonPage], "\n") {
		comment, _ := strings.CutPrefix(line, `.\" `)
		switch words := strings.Fields(comment); {
		case len(words) > 2 && words[0] == "fields":
			var keys []string
			for _, name := range words[2:] {
				keys = append(keys, words[1]+" "+name)
			}
			all, open = append(all, jsonList{i + 1, keys, make(map[string]string)}), true
		case len(words) == 2 && words[0] == "values":
			all, open = append(all, jsonList{i + 1, words[1:], make(map[string]string)}), true
		case line == ".El":
			open = false
		}
		m := item.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if !open {
			t.Errorf("%s:%d: no comment says of what this is", jsonPage, i+1)
			continue
		}
		for name := range strings.SplitSeq(m[1], " , ") {
			all[len(all)-1].names[name] = m[2]
		}
	}
	return all
}

// elsewhere is what the page need not describe: the stream has a page of its own, an
// embedding server is asked and not answered, and its faults are told to people only.
var elsewhere = regexp.MustCompile(`^pkg/(stream|chunk|embed|storetest)/|^pkg/kb/scan(json)?\.go (scanJSON|coverageJSON|fileNameBytes|Shard|UnmarshalJSON)$`)

// readJSONSources gives the fields of all structs with tags for JSON, and the values
// of the constants that fields hold.
func readJSONSources(t *testing.T) names {
	t.Helper()
	all := make(names)
	for _, dir := range []string{"cmd", "pkg"} {
		err := filepath.WalkDir(filepath.Join("../..", dir), func(file string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return err
			}
			source, err := goparser.ParseFile(token.NewFileSet(), file, nil, goparser.SkipObjectResolution)
			if err == nil {
				jsonOf(t, all, filepath.ToSlash(strings.TrimPrefix(file, "../../")), source)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// jsonOf adds what a file has. A struct is known by the type or the function that it
// stands in.
func jsonOf(t *testing.T, all names, file string, source *ast.File) {
	for _, decl := range source.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			jsonIn(t, all, file+" "+decl.Name.Name, decl)
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					jsonIn(t, all, file+" "+spec.Name.Name, spec)
				case *ast.ValueSpec:
					constants(all, file, spec)
				}
			}
		}
	}
}

// jsonIn adds the fields of the structs below a node, those that are written by hand,
// and what repairs say that they did.
func jsonIn(t *testing.T, all names, key string, node ast.Node) {
	if elsewhere.MatchString(key) {
		return
	}
	byHand := regexp.MustCompile(`[{},\]]"([a-z_]+)":`)
	ast.Inspect(node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			if n.Tag == nil {
				return true
			}
			tag, _ := strconv.Unquote(n.Tag.Value)
			name, options, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
			if name == "" || name == "-" {
				return true
			}
			typ := jsonType(n.Type)
			if typ == "" {
				t.Errorf("%s: the type of %q is not known here", key, name)
			}
			if strings.HasPrefix(options, "omit") {
				typ = strings.TrimSuffix(typ, " or null") + " or absent"
			}
			all.put(key, name, typ)
		case *ast.BasicLit:
			text, _ := strconv.Unquote(n.Value)
			for _, m := range byHand.FindAllStringSubmatch(text, -1) {
				all.put(key, m[1], "")
			}
		case *ast.CompositeLit:
			if typ, ok := n.Type.(*ast.Ident); ok && typ.Name == "action" {
				all.put("action", constant(n.Elts[1]), "")
			}
		}
		return true
	})
}

// jsonType gives the words of the page for a type.
func jsonType(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return jsonType(e.X) + " or null"
	case *ast.ArrayType:
		if of := jsonType(e.Elt); of != "base64" {
			return "list of " + of + "s"
		}
		return "base64"
	case *ast.MapType, *ast.StructType:
		return "object"
	case *ast.SelectorExpr:
		return map[string]string{
			"kb.Instant": "time", "kb.Hash": "hash", "kb.Mode": "mode", "kb.FileName": "name", "kb.Scan": "object",
			"kb.Class": "string", "kb.Code": "string", "sqlite.Cure": "string", "asof.Current": "string",
		}[e.X.(*ast.Ident).Name+"."+e.Sel.Name]
	case *ast.Ident:
		basic := map[string]string{"string": "string", "bool": "bool", "int": "integer", "int64": "integer", "float64": "number", "byte": "base64", "Instant": "time", "FileName": "name"}
		if typ := basic[e.Name]; typ != "" {
			return typ
		}
		return "object"
	}
	return ""
}

// constants adds the constants of types that fields hold.
func constants(all names, file string, spec *ast.ValueSpec) {
	if elsewhere.MatchString(file) {
		return
	}
	for i, value := range spec.Values {
		typ, dir := "", path.Base(path.Dir(file))
		switch of := spec.Type.(type) {
		case *ast.Ident:
			typ = dir + "." + of.Name
		case *ast.SelectorExpr:
			typ = of.X.(*ast.Ident).Name + "." + of.Sel.Name
		case nil:
			if dir == "sqlite" && strings.HasPrefix(spec.Names[i].Name, "Code") {
				typ = "sqlite.Code*"
			}
		}
		switch typ {
		case "kb.Class", "kb.Code", "ingest.Status", "sqlite.Cure", "sqlite.Code*", "asof.Current":
			if name := constant(value); name != "" {
				all.put(typ, name, "")
			}
		}
	}
}

// constant gives the value of a string.
func constant(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok {
		text, _ := strconv.Unquote(lit.Value)
		return text
	}
	return ""
}
