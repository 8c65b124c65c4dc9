package session

import (
	"testing"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// What becomes of a claim that the ID Token has, when the userinfo endpoint has
// it, too.
func TestAddUserinfo(t *testing.T) {
	tests := []struct {
		name                   string
		claim, old, value      string // old may be empty
		replaced, merged, omit string // by MergeArrays
	}{
		{"new", "a", ``, `1`, `1`, `1`, ""},
		{"new array", "a", ``, `["x"]`, `["x"]`, `["x"]`, ""},
		{"new object", "a", ``, `{"b":1}`, `{"b":1}`, `{"b":1}`, ""},
		{"scalar", "a", `1`, `"x"`, `"x"`, `"x"`, ""},
		{"scalar as it is written", "a", `1`, `"<\u0061>"`, `"<\u0061>"`, `"<\u0061>"`, ""},
		{"null over a scalar", "a", `1`, `null`, `null`, `null`, ""},
		{"null over an object", "a", `{"b":1}`, `null`, `null`, `null`, ""},
		{"object over null", "a", `null`, `{"b":1}`, `{"b":1}`, `{"b":1}`, ""},
		{"object over a scalar", "a", `1`, `{"b":1}`, `{"b":1}`, `{"b":1}`, ""},
		{"scalar over an object", "a", `{"b":1}`, `1`, `1`, `1`, ""},
		{"objects", "a", `{"b":1,"c":2}`, `{"c":3,"d":4}`, `{"b":1,"c":3,"d":4}`, `{"b":1,"c":3,"d":4}`, ""},
		{"empty object", "a", `{"b":1}`, `{}`, `{"b":1}`, `{"b":1}`, ""},
		{"objects in objects", "a", `{"b":{"c":1}}`, `{"b":{"d":2}}`, `{"b":{"c":1,"d":2}}`, `{"b":{"c":1,"d":2}}`, ""},
		{"an object with a name twice", "a", `{"b":1}`, `{"c":{"d":1,"d":2}}`, `{"c":{"d":1,"d":2}}`, `{"c":{"d":1,"d":2}}`, ""},
		{"arrays", "a", `["x","y"]`, `["y","z"]`, `["y","z"]`, `["x","y","z"]`, ""},
		{"arrays that have one twice", "a", `[1,1]`, `[2,2]`, `[2,2]`, `[1,2]`, ""},
		{"arrays of objects", "a", `[{"b":1}]`, `[{"b":2},{"b":1}]`, `[{"b":2},{"b":1}]`, `[{"b":1},{"b":2}]`, ""},
		{"empty arrays", "a", `[]`, `[]`, `[]`, `[]`, ""},
		{"empty array", "a", `["x"]`, `[]`, `[]`, `["x"]`, ""},
		{"array over a scalar", "a", `"x"`, `["y"]`, `["y"]`, `["x","y"]`, ""},
		{"scalar over an array", "a", `["x"]`, `"y"`, `"y"`, `["x","y"]`, ""},
		{"object over an array", "a", `["x"]`, `{"b":1}`, `{"b":1}`, `["x",{"b":1}]`, ""},
		{"arrays in objects", "a", `{"b":[1]}`, `{"b":[2]}`, `{"b":[2]}`, `{"b":[1,2]}`, ""},
		{"whose they are", "sub", `"me"`, `"you"`, `"me"`, `"me"`, ""},
		{"for whom they are", "aud", `["app"]`, `["evil"]`, `["app"]`, `["app"]`, ""},
		{"a member with that name", "a", `{"sub":"me"}`, `{"sub":"you"}`, `{"sub":"you"}`, `{"sub":"you"}`, ""},
		{"one that is omitted", "a", `1`, `2`, `1`, `1`, "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for arrays, want := range map[bool]string{false: tt.replaced, true: tt.merged} {
				s := ProfileSettings{MergeArrays: arrays, Omit: []string{tt.omit}}
				profile := map[string]strictjson.RawMessage{}
				if tt.old != "" {
					profile[tt.claim] = strictjson.RawMessage(tt.old)
				}
				s.addUserinfo(profile, map[string]strictjson.RawMessage{tt.claim: strictjson.RawMessage(tt.value)})
				if got := string(profile[tt.claim]); got != want {
					t.Errorf("MergeArrays %t: %s, want %s", arrays, got, want)
				}
			}
		})
	}
}

// A provider cannot keep the program busy with an array.
func TestMergeManyElements(t *testing.T) {
	many := strictjson.RawMessage(`[0`)
	for i := range 200_000 {
		many = append(many, ',', byte('0'+i%10))
	}
	many = append(many, ']')
	if got := string(union(many, many)); got != `[0,1,2,3,4,5,6,7,8,9]` {
		t.Errorf("%d bytes", len(got))
	}
}
