//go:build !js

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// readNames finds the names that a script may read: of members, and in
// patterns.
var readNames = regexp.MustCompile(`\.\??\.?([A-Za-z_]\w*)|[{,]\s*([A-Za-z_]\w*)\s*[,:=}]`)

// namesInSources returns all names that the scripts of the page read, so that a
// new one is tried without anybody thinking of it.
func namesInSources(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../web/shim/*.js")
	if err != nil || len(files) < 20 {
		t.Fatal(files, err)
	}
	names := map[string]bool{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range readNames.FindAllStringSubmatch(string(source), -1) {
			names[found[1]+found[2]] = true
		}
	}
	// What the test app, or the driver of the browser, reads of objects of its own.
	for _, theirs := range []string{"", "get", "set", "value", "then", "toJSON", "constructor", "toString", "valueOf", "hasOwnProperty"} {
		delete(names, theirs)
	}
	all := make([]string, 0, len(names))
	for name := range names {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// TestHostilePollutedByEveryName puts a hostile value for every name that the scripts
// read into Object.prototype, before they load: a sign-in by redirect, a silent
// one, a renewal and getUser() do the same as without.
func TestHostilePollutedByEveryName(t *testing.T) {
	names, err := json.Marshal(namesInSources(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{`"https://evil.example/"`, `{ src: "https://evil.example/", srcdoc: "<script>hacked = 1</script>" }`, `1`} {
		for _, enumerable := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, enumerable %t", value, enumerable), func(t *testing.T) {
				a := newApp(t)
				op := newHostile(t, a)
				tab := newTab(t)
				script := fmt.Sprintf(`for (const name of %s) {
					if (!(name in Object.prototype)) Object.defineProperty(Object.prototype, name, {
						__proto__: null, value: %s, enumerable: %t, writable: true, configurable: true,
					});
				}`, names, value, enumerable)
				a.first(script)
				tab.visit(a.origin + "/")
				if code := signinCode(tab); code != "" {
					t.Fatalf("redirect: code %q", code)
				}
				if code := codeOf(tab, "um.signinSilent()"); code != "" {
					t.Errorf("frame: code %q", code)
				}
				if got := eval[string](tab, "um.getUser().then((user) => user?.profile.sub ?? '')"); got != op.Subject {
					t.Errorf("getUser: %q", got)
				}
				if got := eval[bool](tab, "Object.hasOwn(globalThis, 'hacked')"); got {
					t.Error("a script of the attacker ran")
				}
				if text := strings.Join(tab.takeProblems(), " "); strings.Contains(text, "evil.example") {
					t.Errorf("the console says %s", text)
				}
			})
		}
	}
}
