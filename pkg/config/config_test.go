package config_test

import (
	"encoding/json"
	"errors"
	"flag"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/config"
)

// settings is one setting of every kind, as a program declares them.
type settings struct {
	config.Set
	db       *string
	n        *int64
	bytes    *int64
	hidden   *bool
	wait     *time.Duration
	max      *float64
	format   *string
	excludes *[]string
	exts     *[]string
	memory   *int64
	key      *string
	at       moment
}

// moment is a setting type that config does not know.
type moment string

func (m *moment) String() string { return string(*m) }

func (m *moment) Set(text string) error {
	if text == "never" {
		return errors.New(`"never" is not a time such as 2025-01-15`)
	}
	*m = moment(text)
	return nil
}

func newSettings() *settings {
	s := &settings{at: "now"}
	s.db = s.String("db", "BATCH_DB", "kb.sqlite", "the knowledge base `FILE`")
	s.n = s.Int("n", "BATCH_CHUNK_SIZE", 100, 1, 1000, "records in a chunk")
	s.bytes = s.Bytes("bytes", "", 64<<20, "content in a chunk")
	s.hidden = s.Bool("hidden,H", "BATCH_HIDDEN", "take hidden files too")
	s.wait = s.Duration("retry-wait", "", 100*time.Millisecond, "the first pause")
	s.max = s.Percent("max-delete", "", 50, "deletions allowed")
	s.format = s.Enum("format", "", "text", []string{"text", "html"}, "the output")
	s.excludes = s.Strings("exclude", "BATCH_EXCLUDE", []string{".git"}, "leave out `GLOB`")
	s.exts = s.List("ext", "BATCH_EXTENSIONS", []string{".md", ".txt"}, "extensions")
	s.memory = s.Mebibytes("", "BATCH_MEMORY_THRESHOLD_MB", 1024, 0, 1<<30, "memory in MiB")
	s.key = s.Secret("BATCH_EMBED_KEY", "the key of the service")
	s.Var("at", "", &s.at, "the moment")
	return s
}

// parse sets s from flags and then from the environment, as a program does.
func (s *settings) parse(args []string, env map[string]string) error {
	fs := flag.NewFlagSet("test", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	for _, setting := range s.Settings() {
		for _, name := range setting.Names() {
			fs.Var(setting, name, "")
		}
	}
	if err := fs.Parse(args); err != nil {
		return err
	}
	return s.Resolve(lookup(env))
}

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}

func TestPrecedence(t *testing.T) {
	env := map[string]string{"BATCH_CHUNK_SIZE": "20"}
	tests := []struct {
		name   string
		args   []string
		env    map[string]string
		want   int64
		source config.Source
	}{
		{"nothing given", nil, nil, 100, config.FromDefault},
		{"empty variable", nil, map[string]string{"BATCH_CHUNK_SIZE": ""}, 100, config.FromDefault},
		{"variable", nil, env, 20, config.FromEnvironment},
		{"flag over variable", []string{"-n", "30"}, env, 30, config.FromFlag},
		{"flag equal to the default", []string{"-n=100"}, env, 100, config.FromFlag},
		{"last flag", []string{"-n", "30", "--n", "40"}, env, 40, config.FromFlag},
		{"bad variable that no one needs", []string{"-n=5"}, map[string]string{"BATCH_CHUNK_SIZE": "x"}, 5, config.FromFlag},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSettings()
			if err := s.parse(test.args, test.env); err != nil {
				t.Fatal(err)
			}
			if got := s.Lookup("n").Source(); *s.n != test.want || got != test.source {
				t.Errorf("got %d from the %v, want %d from the %v", *s.n, got, test.want, test.source)
			}
		})
	}
}

func TestBadValuesNameSettingValueAndWhatIsAccepted(t *testing.T) {
	tests := []struct {
		name, value, want string // name is a flag, or a variable if it begins with BATCH
	}{
		{"n", "abc", `-n: "abc" is not a whole number from 1 to 1000`},
		{"n", "0", `-n: "0" is not a whole number from 1 to 1000`},
		{"n", "1001", `-n: "1001" is not a whole number from 1 to 1000`},
		{"n", "1.5", `-n: "1.5" is not a whole number from 1 to 1000`},
		{"BATCH_CHUNK_SIZE", "99999999999999999999", `BATCH_CHUNK_SIZE: "99999999999999999999" is not a whole number from 1 to 1000`},
		{"BATCH_MEMORY_THRESHOLD_MB", "-1", `BATCH_MEMORY_THRESHOLD_MB: "-1" is not a number of MB from 0 to 1073741824, or a size such as 512MiB or 2G`},
		{"BATCH_MEMORY_THRESHOLD_MB", "2EB", `BATCH_MEMORY_THRESHOLD_MB: "2EB" is not a number of MB from 0 to 1073741824, or a size such as 512MiB or 2G`},
		{"bytes", "many", `-bytes: "many" is not a size such as 52428800, 50MiB or 1.5G`},
		{"BATCH_HIDDEN", "yes", `BATCH_HIDDEN: "yes" is not true or false, 1 or 0`},
		{"H", "perhaps", `-hidden: "perhaps" is not true or false, 1 or 0`},
		{"retry-wait", "-1s", `-retry-wait: "-1s" is not a duration such as 100ms, 30s, 1h30m, 7d or 2w`},
		{"retry-wait", "1d-1s", `-retry-wait: "1d-1s" is not a duration such as 100ms, 30s, 1h30m, 7d or 2w`},
		{"retry-wait", "9999w9999d2000000h", `-retry-wait: "9999w9999d2000000h" is not a duration such as 100ms, 30s, 1h30m, 7d or 2w`},
		{"max-delete", "101%", `-max-delete: "101%" is not a percentage from 0% to 100%`},
		{"max-delete", "NaN", `-max-delete: "NaN" is not a percentage from 0% to 100%`},
		{"format", "pdf", `-format: "pdf" is not one of text, html`},
		{"at", "never", `-at: "never" is not a time such as 2025-01-15`},
	}
	for _, test := range tests {
		s := newSettings()
		var err error
		if strings.HasPrefix(test.name, "BATCH") {
			err = s.Resolve(lookup(map[string]string{test.name: test.value}))
		} else {
			err = s.Lookup(test.name).Set(test.value)
		}
		var bad *config.Error
		if !errors.As(err, &bad) || err.Error() != test.want {
			t.Errorf("%s=%s: got error %v, want %s", test.name, test.value, err, test.want)
		}
		if s.Lookup(test.name).Source() != config.FromDefault {
			t.Errorf("%s=%s: a refused value changed the source", test.name, test.value)
		}
	}
}

func TestLists(t *testing.T) {
	tests := []struct {
		name           string
		args           []string
		env            map[string]string
		excludes, exts string // joined by |
	}{
		{"defaults", nil, nil, ".git", ".md|.txt"},
		{"flags add up and replace the default", []string{"-exclude", "a,b", "-exclude=c"}, nil, "a,b|c", ".md|.txt"},
		{"a list flag is split", []string{"-ext", ".rst, .org", "-ext=.md"}, nil, ".git", ".rst|.org|.md"},
		{"variables are split", nil, map[string]string{"BATCH_EXCLUDE": "a, b,", "BATCH_EXTENSIONS": "*"}, "a|b", "*"},
		{"a flag beats the variable", []string{"-exclude=c"}, map[string]string{"BATCH_EXCLUDE": "a"}, "c", ".md|.txt"},
	}
	for _, test := range tests {
		s := newSettings()
		if err := s.parse(test.args, test.env); err != nil {
			t.Fatal(err)
		}
		excludes, exts := strings.Join(*s.excludes, "|"), strings.Join(*s.exts, "|")
		if excludes != test.excludes || exts != test.exts {
			t.Errorf("%s: got %s and %s, want %s and %s", test.name, excludes, exts, test.excludes, test.exts)
		}
	}
}

func TestPrint(t *testing.T) {
	s := newSettings()
	args := []string{"-bytes", "1.5G", "-H", "-exclude", "with space", "-db", "", "-max-delete", "12.5", "-at=\x1b[2J"}
	env := map[string]string{"BATCH_CHUNK_SIZE": "7", "BATCH_EMBED_KEY": "hunter2"}
	if err := s.parse(args, env); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := s.Print(&out); err != nil {
		t.Fatal(err)
	}
	want := `-db, BATCH_DB              ""            flag
-n, BATCH_CHUNK_SIZE       7             environment
-bytes                     1536MiB       flag
-hidden, BATCH_HIDDEN      true          flag
-retry-wait                100ms         default
-max-delete                12.5%         flag
-format                    text          default
-exclude, BATCH_EXCLUDE    "with space"  flag
-ext, BATCH_EXTENSIONS     .md,.txt      default
BATCH_MEMORY_THRESHOLD_MB  1024          default
BATCH_EMBED_KEY            set           environment
-at                        "\x1b[2J"     flag
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestMapKeepsTypesAndNoSecrets(t *testing.T) {
	s := newSettings()
	if err := s.parse([]string{"-ext", ","}, map[string]string{"BATCH_EMBED_KEY": "hunter2"}); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(s.Map())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"at":"now","batch_memory_threshold_mb":1024,"bytes":67108864,"db":"kb.sqlite","exclude":[".git"],` +
		`"ext":[],"format":"text","hidden":false,"max_delete":50,"n":100,"retry_wait":"100ms"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestUsageShowsPlaceholders(t *testing.T) {
	s := newSettings()
	want := map[string][2]string{
		"db":         {"FILE", "the knowledge base FILE"},
		"n":          {"N", "records in a chunk"},
		"bytes":      {"SIZE", "content in a chunk"},
		"hidden":     {"", "take hidden files too"},
		"max-delete": {"PERCENT", "deletions allowed"},
		"retry-wait": {"DURATION", "the first pause"},
		"format":     {"text|html", "the output"},
		"at":         {"VALUE", "the moment"},
	}
	for name, usage := range want {
		placeholder, text := s.Lookup(name).Usage()
		if placeholder != usage[0] || text != usage[1] {
			t.Errorf("-%s: got %q, %q, want %q", name, placeholder, text, usage)
		}
	}
}

func TestJoinSharesSettings(t *testing.T) {
	var common, own config.Set
	db := common.String("db", "BATCH_DB", "kb.sqlite", "")
	n := own.Int("n", "", 1, 0, 9, "")
	joined := config.Join(&common, &own)
	if err := errors.Join(joined.Lookup("db").Set("other"), joined.Lookup("n").Set("2")); err != nil {
		t.Fatal(err)
	}
	if *db != "other" || *n != 2 || common.Lookup("db").Source() != config.FromFlag {
		t.Errorf("got -db %s -n %d", *db, *n)
	}
	if !reflect.DeepEqual(joined.Settings(), append(common.Settings(), own.Settings()...)) {
		t.Error("the order of declaration is lost")
	}
}

func TestDeclaringTwicePanics(t *testing.T) {
	for _, names := range [][4]string{{"n", "", "n", ""}, {"x,n", "", "n", ""}, {"a", "V", "b", "V"}, {"a", "", "", ""}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("no panic for %q", names)
				}
			}()
			var set config.Set
			set.Bool(names[0], names[1], "")
			set.Bool(names[2], names[3], "")
		}()
	}
}

func TestParseBytes(t *testing.T) {
	tests := []struct {
		text string
		want int64 // -1: refused
	}{
		{"0", 0}, {"52428800", 52428800}, {"50MiB", 50 << 20}, {"64M", 64 << 20}, {"64m", 64 << 20}, {"1.5G", 3 << 29},
		{"1k", 1024}, {"1KB", 1000}, {"2 MB", 2e6}, {"1t", 1 << 40}, {"7b", 7}, {"0.1k", 102},
		{"9223372036854775807", math.MaxInt64}, {"9007199254740993.0", 9007199254740993},
		{"9223372036854775808", -1}, {"8388608T", -1}, {"", -1}, {"M", -1}, {"-1", -1}, {"+1", -1}, {"1e3", -1}, {"1/2", -1},
		{"0x10", -1}, {"1_000", -1}, {".5M", -1}, {"1.", -1}, {"1.2.3", -1}, {"1 2M", -1}, {"1Mi", -1}, {"1P", -1}, {" 1", -1},
		{strings.Repeat("9", 1000), -1},
	}
	for _, test := range tests {
		got, err := config.ParseBytes(test.text)
		if err != nil {
			got = -1
		}
		if got != test.want {
			t.Errorf("%q: got %d, %v, want %d", test.text, got, err, test.want)
		}
	}
}

func FuzzBytes(f *testing.F) {
	f.Add(int64(50<<20), "1.5G")
	f.Add(int64(math.MaxInt64), "0.000000000000000000000000000001T")
	f.Fuzz(func(t *testing.T, n int64, text string) {
		if n >= 0 {
			if back, err := config.ParseBytes(config.FormatBytes(n)); back != n || err != nil {
				t.Errorf("%d became %s, and then %d, %v", n, config.FormatBytes(n), back, err)
			}
		}
		if size, err := config.ParseBytes(text); size < 0 || err != nil && size != 0 {
			t.Errorf("%q: %d, %v", text, size, err)
		}
	})
}

func TestRefuseNamesTheSettingAsTheUserDid(t *testing.T) {
	env := map[string]string{"BATCH_CHUNK_SIZE": "20", "BATCH_MEMORY_THRESHOLD_MB": "5"}
	for _, test := range []struct {
		setting string
		args    []string
		env     map[string]string
		want    string
	}{
		{"n", []string{"-n", "30"}, env, `-n: "30" is too many`},
		{"n", nil, env, `BATCH_CHUNK_SIZE: "20" is too many`},
		{"n", nil, nil, `-n: "100" is too many`},
		{"BATCH_MEMORY_THRESHOLD_MB", nil, nil, `BATCH_MEMORY_THRESHOLD_MB: "1024" is too many`},
	} {
		s := newSettings()
		if err := s.parse(test.args, test.env); err != nil {
			t.Fatal(err)
		}
		setting := s.Lookup(test.setting)
		err := setting.Refuse("%q is too many", setting)
		if !errors.As(err, new(*config.Error)) || err.Error() != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}
