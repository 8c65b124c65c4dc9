package web

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	exported = regexp.MustCompile(`(?m)^export \{([^}]*)\};$`)
	declared = regexp.MustCompile(`(?m)^export (?:declare )?(?:class|enum|const|function) (\w+)`)
)

// TestTypes expects each script to have declarations of what it exports, and
// of nothing else that an app could import as a value.
func TestTypes(t *testing.T) {
	var all []string
	for _, script := range []string{"oidcspa", "log", "stores", "client", "monitor"} {
		got := declarations(t, script)
		if want := exports(t, script); !slices.Equal(got, want) {
			t.Errorf("%s.d.ts declares\n%q\nthe script exports\n%q", script, got, want)
		}
		all = append(all, got...)
	}
	for _, script := range []string{"createoidc", "entrypoint", "core-mock", "react-spa", "keycloak", "decode-jwt"} { // which are no part of index.js
		if got, want := declarations(t, script), exports(t, script); !slices.Equal(got, want) {
			t.Errorf("%s.d.ts declares\n%q\nthe script exports\n%q", script, got, want)
		}
	}
	all = append(all, declarations(t, "index")...)
	slices.Sort(all)
	if want := exports(t, "index"); !slices.Equal(all, want) {
		t.Errorf("the declarations have\n%q\nindex.js exports\n%q", all, want)
	}
}

func declarations(t *testing.T, script string) []string {
	t.Helper()
	var names []string
	for _, match := range declared.FindAllStringSubmatch(source(t, script+".d.ts"), -1) {
		names = append(names, match[1])
	}
	slices.Sort(names)
	return slices.Compact(names) // a function may have several forms
}

func exports(t *testing.T, script string) []string {
	t.Helper()
	match := exported.FindStringSubmatch(source(t, script+".js"))
	if match == nil {
		t.Fatalf("%s.js exports nothing", script)
	}
	names := strings.Split(strings.ReplaceAll(match[1], " ", ""), ",")
	slices.Sort(names)
	return names
}

func source(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
