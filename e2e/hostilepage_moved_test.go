//go:build !js

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// moved puts a redirect into the cache, for the first of two requests.
const moved = `await put("application/json", new Response(null, { status: 302, headers: { Location: discovery, Vary: "Accept" } }));`

// A movedRow is what a script puts into the cache of the app's service worker, beside
// metadata that it has made.
type movedRow struct{ name, put, want string }

var movedRows = []movedRow{
	{"metadata that a script has made", "", "answer_forged"},
	{"a redirect, and metadata that a script has made", moved, "answer_forged"},
	{"a redirect, and what somebody has put at the provider's origin", moved + `await put("*/*", await fetch(origin + "/jwks"));`, "redirect_refused"},
}

// What a script has made is no answer of the provider either where a redirect comes
// first: metadata may move, and are asked for again then. The app's service worker answers
// from a cache that any script of the page can write; the two requests differ in Accept. Nor
// is any file of the provider's origin that the redirect might have led to.
func TestHostileServiceWorkerBehindARedirect(t *testing.T) {
	for _, row := range movedRows {
		t.Run(row.name, func(t *testing.T) {
			a, op, tab := newPWAWith(t, folder, true)
			tab.expectProblems()
			theirs := newForeign(t)
			metadata, err := json.Marshal(map[string]any{
				"issuer": op.Issuer, "authorization_endpoint": theirs.origin + "/login", "token_endpoint": theirs.origin + "/token", "jwks_uri": theirs.origin + "/jwks",
				"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
				"id_token_signing_alg_values_supported": []string{"RS256"},
			})
			if err != nil {
				t.Fatal(err)
			}
			op.Edit(func() { // what somebody has put at the provider's origin
				op.Respond = func(endpoint string, w http.ResponseWriter, _ *http.Request) bool {
					if endpoint == oidctest.JWKS {
						w.Header().Set("Content-Type", "text/plain")
						_, _ = w.Write(metadata)
					}
					return endpoint == oidctest.JWKS
				}
			})
			a.respond("/", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				_, _ = io.WriteString(w, strings.Replace(file(t, "index.html"), `"app.js"`, `"/app.js"`, 1))
			})
			eval[bool](tab, `caches.delete("app-1")`)
			tab.visit(a.origin + "/")
			eval[bool](tab, fmt.Sprintf(`(async () => {
				const origin = %q, discovery = origin + "/.well-known/openid-configuration";
				const put = async (Accept, answer) => (await caches.open(Accept)).put(new Request(discovery, { headers: { Accept } }), answer);
				const made = () => new Response(JSON.stringify(%s), { headers: { "Content-Type": "application/json", Vary: "Accept" } });
				for (const accept of ["application/json", "*/*"]) await put(accept, made());
				%s;
				return true;
			})()`, op.Issuer, metadata, row.put))
			if code := codeOf(tab, "um.signinSilent()"); code != row.want {
				t.Errorf("code %q, want %q", code, row.want)
			}
			if n := op.Count(oidctest.Discovery); n != 0 {
				t.Errorf("the provider was asked %d times", n)
			}
			for _, request := range theirs.requests() {
				line, _, _ := strings.Cut(request, "\r\n")
				t.Errorf("the attacker was asked: %s", line)
			}
		})
	}
}
