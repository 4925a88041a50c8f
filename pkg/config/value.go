package config

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

type stringValue string

func (v *stringValue) Set(text string) error { *v = stringValue(text); return nil }
func (v *stringValue) String() string        { return string(*v) }

type nameValue struct {
	name *string
	what string // it names
}

func (v *nameValue) Set(text string) error {
	if text == "" {
		return fmt.Errorf(`"" is not the name of %s`, v.what)
	}
	*v.name = text
	return nil
}

func (v *nameValue) String() string { return *v.name }

type intValue struct {
	n           *int64
	least, most int64
}

func (v *intValue) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && v.least <= n && n <= v.most {
		*v.n = n
		return nil
	}
	accepted := "a whole number"
	switch {
	case v.most != math.MaxInt64:
		accepted = fmt.Sprintf("a whole number from %d to %d", v.least, v.most)
	case v.least != math.MinInt64:
		accepted = fmt.Sprintf("a whole number of at least %d", v.least)
	}
	return notAccepted(text, accepted)
}

func (v *intValue) String() string { return strconv.FormatInt(*v.n, 10) }

// mebibytesValue is an intValue that takes sizes too.
type mebibytesValue struct{ intValue }

func (v *mebibytesValue) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		n, err = ParseBytes(text)
		n >>= 20
	}
	if err != nil || n < v.least || v.most < n {
		return notAccepted(text, fmt.Sprintf("a number of MB from %d to %d, or a size such as 512MiB or 2G", v.least, v.most))
	}
	*v.n = n
	return nil
}

type bytesValue int64

func (v *bytesValue) Set(text string) error {
	n, err := ParseBytes(text)
	if err != nil {
		return err
	}
	*v = bytesValue(n)
	return nil
}

func (v *bytesValue) String() string { return FormatBytes(int64(*v)) }

type boolValue bool

func (v *boolValue) Set(text string) error {
	on, err := strconv.ParseBool(text)
	if err != nil {
		return notAccepted(text, "true or false, 1 or 0")
	}
	*v = boolValue(on)
	return nil
}

func (v *boolValue) String() string   { return strconv.FormatBool(bool(*v)) }
func (v *boolValue) IsBoolFlag() bool { return true }

type durationValue time.Duration

func (v *durationValue) Set(text string) error {
	days := daysFirst.FindStringSubmatch(text)
	rest := text[len(days[0]):]
	if days[0] != "" && rest == "" {
		rest = "0"
	}
	weeks, _ := strconv.Atoi(days[1]) // nothing is none
	single, _ := strconv.Atoi(days[2])
	d, err := time.ParseDuration(rest)
	sum := time.Duration(7*weeks+single)*24*time.Hour + d
	if err != nil || d < 0 || sum < 0 {
		return notAccepted(text, "a duration such as 100ms, 30s, 1h30m, 7d or 2w")
	}
	*v = durationValue(sum)
	return nil
}

// daysFirst are the weeks and days of a duration, which time.ParseDuration does not know;
// so few that their sum is one.
var daysFirst = regexp.MustCompile(`^(?:(\d{1,4})w)?(?:(\d{1,4})d)?`)

func (v *durationValue) String() string { return time.Duration(*v).String() }

type percentValue float64

func (v *percentValue) Set(text string) error {
	digits := strings.TrimSuffix(text, "%")
	p, err := strconv.ParseFloat(digits, 64)
	// The comparison is written so that NaN fails it.
	if err != nil || !(0 <= p && p <= 100) {
		return notAccepted(text, "a percentage from 0% to 100%")
	}
	*v = percentValue(p)
	return nil
}

func (v *percentValue) String() string {
	return strconv.FormatFloat(float64(*v), 'f', -1, 64) + "%"
}

type enumValue struct {
	word  *string
	words []string
}

func (v *enumValue) Set(text string) error {
	if !slices.Contains(v.words, text) {
		return notAccepted(text, "one of "+strings.Join(v.words, ", "))
	}
	*v.word = text
	return nil
}

func (v *enumValue) String() string { return *v.word }

func (v *enumValue) Words() []string { return slices.Clone(v.words) }

// stringsValue is a repeatable setting. Until a flag was seen, list holds the
// default, which the first flag replaces.
type stringsValue struct {
	list  *[]string
	split bool
	given bool
}

func (v *stringsValue) Set(text string) error {
	if !v.given {
		*v.list, v.given = nil, true
	}
	if v.split {
		*v.list = append(*v.list, splitList(text)...)
	} else {
		*v.list = append(*v.list, text)
	}
	return nil
}

func (v *stringsValue) setAll(text string) error {
	*v.list = splitList(text)
	return nil
}

func (v *stringsValue) String() string { return strings.Join(*v.list, ",") }

// splitList cuts text at its commas; spaces around a part, and empty parts, do
// not count.
func splitList(text string) []string {
	var parts []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

func notAccepted(text, accepted string) error {
	return fmt.Errorf("%q is not %s", text, accepted)
}

// units are the suffixes of a size in lower case. The bare letters are powers of
// 1024, as in dd and GNU du.
var units = map[string]int64{
	"": 1, "b": 1,
	"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
	"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
}

// ParseBytes reads a size in bytes: a number, which may have a fraction, and a
// unit in any case: K, M, G, T or KiB, MiB, GiB, TiB for powers of 1024, KB, MB,
// GB, TB for powers of 1000. A part of a byte is dropped. The error quotes text
// and says what is accepted.
func ParseBytes(text string) (int64, error) {
	end := len(text)
	for end > 0 && !isDigit(text[end-1]) {
		end--
	}
	n, err := parseDecimal(text[:end])
	unit, known := units[strings.ToLower(strings.TrimSpace(text[end:]))]
	if err == nil && known {
		n.Mul(n, new(big.Rat).SetInt64(unit))
		if whole := new(big.Int).Quo(n.Num(), n.Denom()); whole.IsInt64() {
			return whole.Int64(), nil
		}
	}
	return 0, notAccepted(text, "a size such as 52428800, 50MiB or 1.5G")
}

// parseDecimal reads digits with at most one point between them. It is exact,
// unlike a float64, and takes none of the other notations of big.Rat.
func parseDecimal(text string) (*big.Rat, error) {
	const longest = 40 // digits: far more than an int64 has
	whole, fraction, pointed := strings.Cut(text, ".")
	for i := range len(whole + fraction) {
		if !isDigit((whole + fraction)[i]) {
			return nil, errors.New("not a digit")
		}
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok || whole == "" || pointed && fraction == "" || len(text) > longest {
		return nil, errors.New("not a decimal number")
	}
	return n, nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// FormatBytes writes a size in the largest binary unit that holds it as a whole
// number, so that ParseBytes gives the very same size back: 50MiB, 1000.
func FormatBytes(n int64) string {
	if n <= 0 {
		return strconv.FormatInt(n, 10)
	}
	for _, unit := range []string{"TiB", "GiB", "MiB", "KiB"} {
		if size := units[strings.ToLower(unit)]; n%size == 0 {
			return strconv.FormatInt(n/size, 10) + unit
		}
	}
	return strconv.FormatInt(n, 10)
}
