// Package strictjson reads and writes JSON the way security needs it: member
// names are case-sensitive, duplicate members, invalid UTF-8, halves of
// characters and deep nesting are refused. It is go-jose's own JSON package behind those checks; using it
// everywhere keeps encoding/json out of the wasm (docs/decisions).
package strictjson

import (
	"errors"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4/json"
)

// maxDepth bounds nesting: the decoder recurses, and a megabyte of brackets
// would otherwise exhaust the stack.
const maxDepth = 64

var (
	errUTF8   = errors.New("invalid UTF-8")
	errHalf   = errors.New("half a character")
	errDepth  = errors.New("nested too deeply")
	errSyntax = errors.New("not the JSON expected")
)

// RawMessage is a JSON value kept as it was written. The library's own type
// is written as base64 wherever it cannot be addressed, as in a map.
type RawMessage []byte

// MarshalJSON returns m, and null for an empty one.
func (m RawMessage) MarshalJSON() ([]byte, error) {
	if len(m) == 0 {
		return []byte("null"), nil
	}
	return m, nil
}

// UnmarshalJSON keeps a copy of data.
func (m *RawMessage) UnmarshalJSON(data []byte) error {
	*m = append((*m)[:0], data...)
	return nil
}

// Marshal returns v as JSON.
func Marshal(v any) ([]byte, error) { return json.Marshal(v) }

// Unmarshal decodes data into v. Its errors never quote the input.
func Unmarshal(data []byte, v any) error {
	if text, ok := v.(*string); ok && isPlain(data) {
		*text = string(data[1 : len(data)-1])
		return nil
	}
	if err := UnmarshalEnvelope(data, v); err != nil {
		return err
	}
	if name, found := repeats(data); found {
		return &Misfit{Member: name}
	}
	if halves(data) {
		return errHalf
	}
	return nil
}

// isPlain tells whether data is a text without escapes, as most are: what it says is what
// stands there.
func isPlain(data []byte) bool {
	last := len(data) - 1
	if last < 1 || data[0] != '"' || data[last] != '"' {
		return false
	}
	for _, c := range data[1:last] {
		if c < ' ' || c == '"' || c == '\\' {
			return false
		}
	}
	return utf8.Valid(data)
}

// UnmarshalEnvelope is [Unmarshal] for what holds values that are decoded later,
// each for itself: it does not look for members that a [RawMessage] has twice,
// nor for halves of characters.
func UnmarshalEnvelope(data []byte, v any) error {
	if !utf8.Valid(data) {
		return errUTF8
	}
	if depth(data) > maxDepth {
		return errDepth
	}
	if json.Unmarshal(data, v) != nil {
		return whyNot(data, reflect.TypeOf(v).Elem())
	}
	return nil
}

// whyNot says why data does not decode.
func whyNot(data []byte, t reflect.Type) error {
	var whole RawMessage
	if json.Unmarshal(data, &whole) != nil {
		return errSyntax
	}
	if name, found := repeats(data); found {
		return &Misfit{Member: name}
	}
	if misfit := findMisfit(data, t); misfit != nil {
		return misfit
	}
	return errSyntax
}

// Seconds are a time that settings and arguments name.
type Seconds float64

// UnmarshalJSON refuses negative ones: no time is.
func (s *Seconds) UnmarshalJSON(data []byte) error {
	err := json.Unmarshal(data, (*float64)(s))
	if err == nil && *s < 0 {
		return errSyntax
	}
	return err
}

// A Misfit is a member of another type than that of the struct, or one that is there
// twice; without a name, all that was decoded.
type Misfit struct {
	Member string
	Want   reflect.Type // nil for what is there twice
}

// Error names the member, and what it has to be.
func (m *Misfit) Error() string {
	want := m.Want
	if want == nil {
		if len(m.Member) > 40 || strings.Trim(m.Member, "abcdefghijklmnopqrstuvwxyz_") != "" { // no name that anybody knows
			return "a member is there twice"
		}
		return m.Member + " is there twice"
	}
	if want.Kind() == reflect.Pointer {
		want = want.Elem()
	}
	text := "an object"
	switch want.Kind() {
	case reflect.String:
		text = "text"
	case reflect.Bool:
		text = "true or false"
	case reflect.Int64, reflect.Float64:
		text = "a number"
		if want == reflect.TypeFor[Seconds]() {
			text = "a number of seconds, not negative"
		}
	case reflect.Slice:
		text = "an array"
		if want.Elem().Kind() == reflect.String {
			text = "an array of texts"
		}
	}
	return strings.TrimPrefix(m.Member+" has to be "+text, " ")
}

// Unwrap returns what it is for the rest.
func (m *Misfit) Unwrap() error { return errSyntax }

// findMisfit returns the first member that does not decode, nil if it is none.
func findMisfit(data []byte, t reflect.Type) *Misfit {
	var members map[string]RawMessage
	if t.Kind() != reflect.Struct || json.Unmarshal(data, &members) != nil {
		return &Misfit{"", t}
	}
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Anonymous && field.Type.Kind() == reflect.Struct {
			if misfit := findMisfit(data, field.Type); misfit != nil {
				return misfit
			}
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		raw := members[name]
		if len(raw) == 0 || raw[0] == '{' && field.Type.Kind() != reflect.String { // what is wrong may be further down
			continue
		}
		if json.Unmarshal(raw, reflect.New(field.Type).Interface()) != nil {
			return &Misfit{name, field.Type}
		}
	}
	return nil
}

// UnmarshalKnown is [Unmarshal] into a pointer to a struct, and refuses
// members that the struct does not name. The error names the member.
func UnmarshalKnown(data []byte, v any) error {
	if err := Unmarshal(data, v); err != nil {
		return err
	}
	var members map[string]RawMessage
	if err := Unmarshal(data, &members); err != nil {
		return err
	}
	known := fieldNames(reflect.TypeOf(v).Elem())
	if members["0"] != nil { // what JavaScript makes of "text" in { ...args }
		return errors.New("an object is expected, and no text or array")
	}
	for name := range members {
		if !known[name] {
			return errors.New("unknown member " + Printable(name))
		}
	}
	return nil
}

func fieldNames(t reflect.Type) map[string]bool {
	names := make(map[string]bool, t.NumField())
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Anonymous && field.Type.Kind() == reflect.Struct {
			for name := range fieldNames(field.Type) {
				names[name] = true
			}
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			names[name] = true
		}
	}
	return names
}

// Printable keeps a name out of messages unless it looks like a name.
func Printable(name string) string {
	if len(name) > 40 {
		return "(too long to show)"
	}
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return "(not a name)"
		}
	}
	return name
}

// depth returns how deeply objects and arrays nest in data.
func depth(data []byte) int {
	var depth, deepest int
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			i = endOfString(data, i) - 1
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		}
	}
	return deepest
}
