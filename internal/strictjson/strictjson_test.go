package strictjson

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// mark is part of every input that is refused, and of no error.
const mark = "s3cr3t"

type person struct {
	Name   string     `json:"name"`
	Age    int64      `json:"age,omitempty"`
	Pet    *person    `json:"pet,omitempty"`
	Raw    RawMessage `json:"raw,omitempty"`
	Hidden string     `json:"-"`
}

func TestUnmarshal(t *testing.T) {
	brackets := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	tests := []struct {
		name, data string
		want       error
	}{
		{"an object", `{"name":"` + mark + `","age":1}`, nil},
		{"white space", " \t\r\n{ } ", nil},
		{"an unknown member", `{"x":"` + mark + `"}`, nil},
		{"null", `null`, nil},
		{"empty", ``, errSyntax},
		{"truncated", `{"name":"` + mark, errSyntax},
		{"trailing data", `{}"` + mark + `"`, errSyntax},
		{"a trailing comma", `{"name":"` + mark + `",}`, errSyntax},
		{"a comment", `{/*` + mark + `*/}`, errSyntax},
		{"single quotes", `{'` + mark + `':1}`, errSyntax},
		{"an unescaped line break", "{\"name\":\"" + mark + "\n\"}", errSyntax},
		{"a byte order mark", "\ufeff{}", errSyntax},
		{"a number with a leading zero", `{"age":01}`, errSyntax},
		{"a number with a plus", `{"age":+1}`, errSyntax},
		{"NaN", `{"age":NaN}`, errSyntax},
		{"a duplicate", `{"name":"` + mark + `","name":"x"}`, errSyntax},
		{"a duplicate with the same value", `{"name":"x","name":"x"}`, errSyntax},
		{"a duplicate, once escaped", `{"name":"x","n\u0061me":"x"}`, errSyntax},
		{"a duplicate of an unknown member", `{"` + mark + `":1,"` + mark + `":2}`, errSyntax},
		{"a duplicate further down", `{"pet":{"name":"x","name":"x"}}`, errSyntax},
		{"a duplicate in what is kept as it is", `{"raw":{"` + mark + `":1,"` + mark + `":1}}`, errSyntax},
		{"a duplicate deep in what is kept as it is", `{"raw":[1,{"x":[{"y":1},{"y":1, "\u0079" :2}]}]}`, errSyntax},
		{"a duplicate deep in an unknown member", `{"x":{"y":{"z":1,"z":2}}}`, errSyntax},
		{"a name that is a value, too", `{"raw":{"x":"y","y":"x","z":["x","x"]}}`, nil},
		{"a name with a quote and a brace", `{"raw":{"\"{":1,"\"}":2,"\\":3}}`, nil},
		{"a number that no type holds, kept as it is", `{"raw":1e400}`, nil},
		{"a string for a number", `{"age":"` + mark + `"}`, errSyntax},
		{"a number for a string", `{"name":1}`, errSyntax},
		{"a fraction for an integer", `{"age":1.5}`, errSyntax},
		{"an integer out of range", `{"age":9223372036854775808}`, errSyntax},
		{"an array for an object", `[]`, errSyntax},
		{"invalid UTF-8", "{\"name\":\"" + mark + "\xff\"}", errUTF8},
		{"invalid UTF-8 outside of text", "{}\xff", errUTF8},
		{"a surrogate in UTF-8", "{\"name\":\"\xed\xa0\x80\"}", errUTF8},
		{"half a character, escaped", `{"name":"` + mark + `\ud83d"}`, errHalf},
		{"the other half", `{"name":"\uDE00` + mark + `"}`, errHalf},
		{"two first halves", `{"name":"\ud83d\ud83d\ude00"}`, errHalf},
		{"halves that do not touch", `{"name":"\ud83d-\ude00"}`, errHalf},
		{"halves, the second for itself", `{"name":"\ud83d\n\ude00"}`, errHalf},
		{"half a character behind a whole one", `{"name":"\ud83d\ude00\ude00"}`, errHalf},
		{"half a character in what is kept as it is", `{"raw":["\udfff"]}`, errHalf},
		{"half a character in an unknown member", `{"x":"\ud800"}`, errHalf},
		{"half a character in a name", `{"\ud800":1}`, errHalf},
		{"a whole character, escaped", `{"name":"\ud83d\uDE00\uD83D\ude00\ufffd\ud7ff\ue000"}`, nil},
		{"a backslash before what looks like one", `{"name":"\\ud83d\\\\ude00"}`, nil},
		{"an overlong form", "{\"name\":\"\xc0\xaf\"}", errUTF8},
		{"as deep as may be", `{"x":` + brackets(maxDepth-1) + `}`, nil},
		{"too deep", `{"x":` + brackets(maxDepth) + `}`, errDepth},
		{"too deep in objects", strings.Repeat(`{"x":`, maxDepth+1) + `1` + strings.Repeat(`}`, maxDepth+1), errDepth},
		{"a megabyte of brackets", strings.Repeat("[", 1<<20), errDepth},
		{"brackets behind closing ones", strings.Repeat("]", 1000) + strings.Repeat("[", 1000), errSyntax},
		{"brackets in text", `{"name":"` + strings.Repeat("[{", 100) + `"}`, nil},
		{"brackets in text behind an escaped quote", `{"name":"\"` + strings.Repeat("[{", 100) + `"}`, nil},
		{"brackets behind an escaped backslash", `{"name":"\\","x":` + brackets(maxDepth) + `}`, errDepth},
		{"a text that ends in a backslash", `{"name":"\`, errSyntax},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var p person
			err := Unmarshal([]byte(tt.data), &p)
			if !errors.Is(err, tt.want) {
				t.Errorf("error = %v, want %v", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), mark) {
				t.Errorf("the error quotes the input: %v", err)
			}
		})
	}
}

// Member names are case-sensitive: encoding/json would take NAME for name.
// A text alone is read as it is anywhere else.
func TestUnmarshalText(t *testing.T) {
	tests := []struct {
		name, data, text string
		want             error
	}{
		{"a text", `"a é 🐈"`, "a é 🐈", nil},
		{"an empty one", `""`, "", nil},
		{"white space around it", " \n\"a\" ", "a", nil},
		{"escapes", `"\"\u00e9\\"`, `"é\`, nil},
		{"an escaped quote at its end", `"a\"`, "", errSyntax},
		{"a quote within", `"a"b"`, "", errSyntax},
		{"two texts", `"a","b"`, "", errSyntax},
		{"a quote alone", `"`, "", errSyntax},
		{"a line break", "\"a\nb\"", "", errSyntax},
		{"a NUL", "\"a\x00\"", "", errSyntax},
		{"invalid UTF-8", "\"a\xff\"", "", errUTF8},
		{"half a character in UTF-8", "\"\xed\xa0\x80\"", "", errUTF8},
		{"half a character", `"\ud800"`, "", errHalf},
		{"null", `null`, "", nil},
		{"a number", `1`, "", errSyntax},
	}
	for _, tt := range tests {
		text := ""
		err := Unmarshal([]byte(tt.data), &text)
		wrong := !errors.Is(err, tt.want)
		if tt.want == errSyntax { // or what says more
			wrong = err == nil
		}
		if wrong || err == nil && text != tt.text {
			t.Errorf("%s: %q, %v, want %q, %v", tt.name, text, err, tt.text, tt.want)
		}
	}
}

func TestUnmarshalCase(t *testing.T) {
	for _, data := range []string{`{"NAME":"x"}`, `{"Name":"x"}`, `{"nAme":"x"}`, `{"Hidden":"x"}`, `{"-":"x"}`} {
		var p person
		if err := Unmarshal([]byte(data), &p); err != nil || !reflect.DeepEqual(p, person{}) {
			t.Errorf("%s decodes into %+v, error %v", data, p, err)
		}
	}
	var p person
	if err := Unmarshal([]byte(`{"NAME":"x","name":"y"}`), &p); err != nil || p.Name != "y" {
		t.Errorf("name = %q, error = %v", p.Name, err)
	}
}

// A RawMessage is kept as it was written, null included; duplicates in it are
// refused all the same, in an envelope as soon as it is opened.
func TestRawMessage(t *testing.T) {
	for _, raw := range []string{`null`, `{"a": 1}`, `"\u0061"`, `1e400`} {
		var p person
		if err := Unmarshal([]byte(`{"raw":`+raw+`}`), &p); err != nil || string(p.Raw) != raw {
			t.Errorf("raw = %s, error = %v, want %s", p.Raw, err, raw)
		}
	}
	const twice = `{"raw":{"name":"x","name":"y"}}`
	if err := Unmarshal([]byte(twice), &person{}); !errors.Is(err, errSyntax) || err.Error() != "name is there twice" {
		t.Errorf("error = %v", err)
	}
	var envelope person
	if err := UnmarshalEnvelope([]byte(twice), &envelope); err != nil {
		t.Errorf("in an envelope: %v", err)
	}
	if err := Unmarshal(envelope.Raw, &person{}); !errors.Is(err, errSyntax) {
		t.Errorf("out of an envelope: %v, want %v", err, errSyntax)
	}
}

func TestMarshal(t *testing.T) {
	want := person{Name: "ä<\"\u2028", Age: 1, Pet: &person{Name: "x"}, Raw: RawMessage(`[1]`)}
	data, err := Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got person
	if err := UnmarshalKnown(data, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s decodes into %+v, error %v", data, got, err)
	}
}

// A RawMessage is written as it is wherever it stands.
func TestMarshalRawMessage(t *testing.T) {
	raw := RawMessage(`{"b":1,"a":[null]}`)
	for want, value := range map[string]any{
		string(raw):                             raw,
		string(raw) + " ":                       &raw,
		`{"x":` + string(raw) + `}`:             map[string]RawMessage{"x": raw},
		`[` + string(raw) + `]`:                 []RawMessage{raw},
		`{"name":"","raw":` + string(raw) + `}`: person{Raw: raw},
		`{"x":null}`:                            map[string]RawMessage{"x": nil},
	} {
		if data, err := Marshal(value); err != nil || string(data) != strings.TrimSpace(want) {
			t.Errorf("%s, error = %v, want %s", data, err, want)
		}
	}
	if data, err := Marshal(RawMessage(`{"name":`)); err == nil {
		t.Errorf("half a value is written: %s", data)
	}
}

// employee embeds, as DTOs that share members do.
type employee struct {
	person
	Job string `json:"job"`
}

func TestUnmarshalKnown(t *testing.T) {
	tests := []struct {
		name, data string
		want       string // the error; empty: none
	}{
		{"all known", `{"name":"x","age":1,"job":"y"}`, ""},
		{"none at all", `{}`, ""},
		{"unknown", `{"name":"` + mark + `","boss":1}`, "unknown member boss"},
		{"another case", `{"Name":"` + mark + `"}`, "unknown member Name"},
		{"not for JSON", `{"Hidden":"` + mark + `"}`, "unknown member Hidden"},
		{"the dash", `{"-":"` + mark + `"}`, "unknown member (not a name)"},
		{"the embedded type", `{"person":{}}`, "unknown member person"},
		{"empty", `{"":1}`, "unknown member "},
		{"a token as a name", `{"` + mark + `.x":1}`, "unknown member (not a name)"},
		{"a long name", `{"` + mark + strings.Repeat("x", 40) + `":1}`, "unknown member (too long to show)"},
		{"twice", `{"job":"` + mark + `","job":""}`, "job is there twice"},
		{"twice, and no name", `{"` + mark + `":1,"` + mark + `":2}`, "a member is there twice"},
		{"a wrong type", `{"job":1}`, "job has to be text"},
		{"a wrong type of the embedded", `{"age":"1"}`, "age has to be a number"},
		{"an array", `[]`, "has to be an object"},
		{"a text", `"` + mark + `"`, "has to be an object"},
		{"a text whose characters JavaScript has made members", `{"0":"` + mark + `","1":"b"}`, "an object is expected, and no text or array"},
		{"invalid UTF-8", "{\"job\":\"\xff\"}", errUTF8.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := UnmarshalKnown([]byte(tt.data), &employee{}); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("error = %q, want %q", got, tt.want)
			}
		})
	}
}

// Looking for members that are there twice costs little for each.
func TestManyMembers(t *testing.T) {
	const n = 1000
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"%x":0`, i)
	}
	data := []byte("{" + b.String()[1:] + "}")
	if allocs := testing.AllocsPerRun(3, func() { repeats(data) }); allocs > 1.5*n {
		t.Errorf("%v allocations for %d members", allocs, n)
	}
}

// Members that are the same twice are one; all else stays what it was.
func TestOnce(t *testing.T) {
	for data, want := range map[string]string{
		`{"iss":"a","x":1,"iss":"a"}`:                 `{"iss":"a","x":1}`,
		` {"iss":"a" , "iss":"a"} `:                   `{"iss":"a"}`,
		`{"iss":"a","iss":"b"}`:                       `{"iss":"a","iss":"b"}`,
		`{"iss":"a","\u0069ss":"a"}`:                  `{"iss":"a","\u0069ss":"a"}`,
		`{"iss":"a","iss": "a"}`:                      `{"iss":"a","iss": "a"}`,
		`{"x":{"iss":"a","iss":"a"},"y":[1,1,1]}`:     `{"x":{"iss":"a","iss":"a"},"y":[1,1,1]}`,
		`{"x":{"iss":"a"},"iss":"a","x":{"iss":"a"}}`: `{"x":{"iss":"a"},"iss":"a"}`,
		`{"x":"a,\"iss\":\"a\"","iss":"a","iss":"a"}`: `{"x":"a,\"iss\":\"a\"","iss":"a"}`,
		`{}`: `{}`, `[1,1]`: `[1,1]`, `null`: `null`, ``: ``, `{`: `{`,
	} {
		if got := string(Once([]byte(data))); got != want {
			t.Errorf("%s becomes %s, want %s", data, got, want)
		}
	}
}

// What is refused stays refused, and what is accepted means the same.
func FuzzOnce(f *testing.F) {
	for _, data := range []string{`{"a":1,"a":1}`, `{"a":[1,2],"b":{"c":"}"}}`, `{"a":1,}`, `{"a":1}}`, `{,}`, `{"a":1,,"b":2}`, `{"a"`, `{"a":"\`} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data string) {
		var before, after map[string]RawMessage
		errBefore, errAfter := Unmarshal([]byte(data), &before), Unmarshal(Once([]byte(data)), &after)
		if errBefore == nil && (errAfter != nil || !reflect.DeepEqual(before, after)) {
			t.Errorf("%q: %v, %v, %v", data, before, after, errAfter)
		}
	})
}
