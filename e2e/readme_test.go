//go:build !js

package e2e

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// readmePage serves the first example of README as a page, which says what came of it.
func (a *app) readmePage(t *testing.T, issuer, mode string) {
	document, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(document), "```js\n")
	example, _, _ = strings.Cut(example, "```")
	for was, is := range map[string]string{
		"./oidcspa/oidcspa.js": "./oidcspa.js", "/oidcspa/callback.html": "/callback.html", "my-app": clientID,
		`authority: "https://op.example"`: `response_mode: ` + mode + `, authority: "` + issuer + `"`,
	} {
		if !strings.Contains(example, was) {
			t.Fatalf("README's example has no %s", was)
		}
		example = strings.ReplaceAll(example, was, is)
	}
	imports, body, _ := strings.Cut(example, "\n\n")
	a.respondPage("readme", imports+`
document.body.append(Object.assign(document.createElement("button"), { id: "sign-in" }));
try {`+body+`
globalThis.outcome = user?.profile.sub ?? "nobody";
} catch (error) { globalThis.outcome = error.code + " " + error.error; }
globalThis.ready = true;`)
}

// README's example has a user or an error, and a clean address, wherever the response is.
func TestReadmeExample(t *testing.T) {
	tests := []struct {
		name, mode string
		refused    string // where the refusal is; empty: somebody signs in
		want       string
	}{
		{"in the query", `undefined`, "", "subject-1"},
		{"in the fragment", `"fragment"`, "", "subject-1"},
		{"signed, in the fragment", `"fragment.jwt"`, "", "subject-1"},
		{"refused", `undefined`, "?", "provider_error invalid_scope"},
		{"refused in the fragment", `"fragment"`, "#", "provider_error invalid_scope"},
		{"in the fragment, unasked", `undefined`, "#", "callback_malformed undefined"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			op := newHostile(t, a)
			a.readmePage(t, op.Issuer, tt.mode)
			if tt.refused != "" {
				op.Edit(func() {
					op.Answer(oidctest.Authorize, func(w http.ResponseWriter, r *http.Request) {
						q := r.URL.Query()
						response := url.Values{"error": {"invalid_scope"}, "state": {q.Get("state")}, "iss": {op.Issuer}}
						http.Redirect(w, r, q.Get("redirect_uri")+tt.refused+response.Encode(), http.StatusFound)
					})
				})
			}
			tab := newTab(t)
			tab.visit(a.origin + "/readme.html?view=cart#top")
			if got := eval[string](tab, "outcome"); got != "nobody" {
				t.Fatalf("before: %s", got)
			}
			eval[bool](tab, `globalThis.ready = false, document.querySelector("#sign-in").click(), true`)
			tab.waitReady()
			if got := eval[string](tab, "outcome"); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if got := eval[string](tab, "location.search + location.hash"); got != "?view=cart#top" {
				t.Errorf("the address became %q", got)
			}
		})
	}
}
