package repotest

import (
	"regexp"
	"slices"
	"testing"
)

// inQuotes is a name in a list of Go or of JavaScript.
var inQuotes = regexp.MustCompile(`"(\w+)"`)

// namesIn returns the names of a list in a file: list is what it begins with, up to the names.
func namesIn(t *testing.T, file, list string) []string {
	t.Helper()
	found := regexp.MustCompile(regexp.QuoteMeta(list) + `([^\]}]*)`).FindStringSubmatch(repositoryFiles(t)[file])
	if found == nil {
		t.Fatalf("%s has no %q", file, list)
	}
	var names []string
	for _, name := range inQuotes.FindAllStringSubmatch(found[1], -1) {
		names = append(names, name[1])
	}
	return names
}

// TestProtectedParameters compares what an app cannot add to a request in the program with what it cannot add in the page,
// where createOidc() changes the address: but for scope, and what the client checks in the answer.
func TestProtectedParameters(t *testing.T) {
	const program, page = "oidc/authorization.go", "web/shim/roundtrip.js"
	want := namesIn(t, program, "protectedParameters = []string{")
	want = slices.DeleteFunc(want, func(name string) bool { return slices.Contains([]string{"scope", "max_age", "acr_values"}, name) })
	got := namesIn(t, page, "const OURS = [")
	slices.Sort(want)
	slices.Sort(got)
	if len(want) < 10 || !slices.Equal(got, want) {
		t.Errorf("%s has %q, %s %q", page, got, program, want)
	}
}
