package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/seed16713943/btools/pkg/kb"
)

const (
	// MaxFailures is how many failures a Run names at most.
	MaxFailures = 100
	// maxReasons is how many reasons of failures are told apart.
	maxReasons = 1000
	// maxValue bounds a part of a report that is held at once, in bytes: one
	// failure, the configuration. The list of failures may be of any length.
	maxValue = 16 << 20
)

// Run is a report that was read back.
type Run struct {
	Report
	Failures []Error          // the first MaxFailures
	Reasons  map[Reason]int64 // how many failures there are of each, of all of them
}

// Reason is why a record failed.
type Reason struct {
	Class kb.Class
	Code  kb.Code
}

// String gives the form that people read: processing/vanished.
func (r Reason) String() string { return string(r.Class) + "/" + string(r.Code) }

// DB names the knowledge base of a run, as its user did; "" if the report does
// not say.
func (r *Run) DB() string {
	db, _ := r.Config["db"].(string)
	return db
}

// A LineError is a line that is no report.
type LineError struct {
	Line int64 // from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

func (e *LineError) Unwrap() error { return e.Err }

// ErrCutOff is a line that ends in the middle of its report, as when it was laid
// out over several lines.
var ErrCutOff = errors.New("the report ends in the middle")

// Reader reads reports, one a line. However many failures a report has, it takes
// little memory.
type Reader struct{ lines lineReader }

// NewReader returns a reader of the reports of r.
func NewReader(r io.Reader) *Reader { return &Reader{newLineReader(r)} }

// Next returns the next report; blank lines are passed over. The error is io.EOF
// at the end, a *LineError for a line that is no report, after which the next
// line can be read, and else what reading gave.
func (r *Reader) Next() (*Run, error) {
	for r.lines.next() {
		run, err := r.read()
		if r.lines.err != nil {
			return nil, r.lines.err
		}
		if err == nil && run == nil {
			continue
		}
		if err != nil {
			r.lines.skip()
			return nil, &LineError{r.lines.number, err}
		}
		return run, nil
	}
	if r.lines.err != nil {
		return nil, r.lines.err
	}
	return nil, io.EOF
}

// read reads the report of a line; it returns nil for a blank one.
func (r *Reader) read() (*Run, error) {
	p := parser{dec: json.NewDecoder(&r.lines), run: new(Run), seen: make(map[string]bool)}
	r.lines.held = func(delivered int64) bool { return delivered-p.dec.InputOffset() <= maxValue }
	token, err := p.dec.Token()
	switch {
	case err == io.EOF:
		return nil, nil
	case err != nil:
		return nil, syntax(err)
	case token != json.Delim('{'):
		return nil, errors.New("not a JSON object")
	}
	for p.dec.More() {
		if err := p.field(); err != nil {
			return nil, err
		}
	}
	if _, err := p.dec.Token(); err != nil { // the closing brace
		return nil, syntax(err)
	}
	if _, err := p.dec.Token(); err != io.EOF {
		return nil, errors.New("there is more on the line after the report")
	}
	if err := p.complete(); err != nil {
		return nil, err
	}
	return p.run, p.run.check()
}

// parser reads one report.
type parser struct {
	dec  *json.Decoder
	run  *Run
	seen map[string]bool
}

// field reads one field of the report.
func (p *parser) field() error {
	token, err := p.dec.Token()
	if err != nil {
		return syntax(err)
	}
	name, _ := token.(string) // package json takes nothing else for a name
	if name == "errors" {
		return p.failures()
	}
	var raw json.RawMessage
	if err := p.dec.Decode(&raw); err != nil {
		return syntax(err)
	}
	if string(raw) == "null" {
		return nil
	}
	p.seen[name] = true
	to, known := map[string]any{
		"type": &p.run.Type, "timestamp": &p.run.Timestamp, "run": &p.run.Run, "command": &p.run.Command, "status": &p.run.Status,
		"fatal": &p.run.Fatal, "processing_summary": &p.run.Processing, "performance_metrics": &p.run.Performance,
		"error_summary": &p.run.Errors, "text_summary": &p.run.Text, "forgotten": &p.run.Forgotten,
		"samples": &p.run.Samples, "configuration": &p.run.Config,
	}[name]
	if !known {
		return nil
	}
	if err := unmarshal(raw, name, to); err != nil {
		return err
	}
	if name == "type" && p.run.Type != "report" {
		return fmt.Errorf("a JSON object of the type %.40q, not a report", p.run.Type)
	}
	return nil
}

// failures reads the list of failures one by one.
func (p *parser) failures() error {
	token, err := p.dec.Token()
	switch {
	case err != nil:
		return syntax(err)
	case token == nil: // null
		return nil
	case token != json.Delim('['):
		return errors.New("errors is not a list")
	}
	p.run.Reasons = make(map[Reason]int64)
	for p.dec.More() {
		var raw json.RawMessage
		if err := p.dec.Decode(&raw); err != nil {
			return syntax(err)
		}
		var failure Error
		if err := unmarshal(raw, "errors", &failure); err != nil {
			return err
		}
		reason := Reason{failure.Class, failure.Code}
		if _, known := p.run.Reasons[reason]; !known && len(p.run.Reasons) == maxReasons {
			reason = Reason{"other", "other"}
		}
		p.run.Reasons[reason]++
		if len(p.run.Failures) < MaxFailures {
			p.run.Failures = append(p.run.Failures, failure)
		}
	}
	if _, err := p.dec.Token(); err != nil { // the closing bracket
		return syntax(err)
	}
	return nil
}

// complete demands the fields without which a report says nothing, and could be
// taken for that of a run that went well.
func (p *parser) complete() error {
	for _, name := range []string{"type", "timestamp", "status", "processing_summary", "performance_metrics"} {
		if !p.seen[name] {
			return fmt.Errorf("not a report: %s is missing", name)
		}
	}
	return nil
}

// syntax says that a line is not JSON.
func syntax(err error) error {
	switch {
	case errors.Is(err, errTooMuch):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return ErrCutOff
	}
	return fmt.Errorf("not JSON: %w", err)
}

// unmarshal reads the value of a field, and says in the words of JSON what is
// wrong with it.
func unmarshal(raw json.RawMessage, name string, to any) error {
	err := json.Unmarshal(raw, to)
	var mismatch *json.UnmarshalTypeError
	if !errors.As(err, &mismatch) {
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
	if mismatch.Field != "" {
		name += "." + mismatch.Field
	}
	want := kindOf(mismatch.Type.Kind())
	if digits, ok := strings.CutPrefix(mismatch.Value, "number "); ok { // one that does not fit
		if strings.ContainsAny(digits, ".eE") && want == "a whole number" {
			return fmt.Errorf("%s: %.40s is not a whole number", name, digits)
		}
		return fmt.Errorf("%s: %.40s is too large", name, digits)
	}
	got := strings.Replace("a "+mismatch.Value, "a array", "a list", 1)
	return fmt.Errorf("%s: %s, where %s is expected", name, got, want)
}

func kindOf(kind reflect.Kind) string {
	switch kind {
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "a list"
	default:
		return "an object"
	}
}
