package build

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// TestSpaEntries expects the package to have every entry point that npm oidc-spa
// 10 has beside its main one, as what it is or as what says what to use.
func TestSpaEntries(t *testing.T) {
	tests := []struct{ name, file, says string }{
		{"core", "createoidc.js", "export"},
		{"core-mock", "core-mock.js", "export"},
		{"decode-jwt", "decode-jwt.js", "export"},
		{"entrypoint", "entrypoint.js", "export"},
		{"keycloak", "keycloak.js", "export"},
		{"react-spa", "react-spa.js", "export"},
		{"vite-plugin", "vite-plugin.js", "export"},
		{"angular", "angular.js", "oidcspa has no angular: use core"},
		{"browser-runtime-freeze", "browser-runtime-freeze.js", "oidcspa has no browser-runtime-freeze: leave it out"},
		{"DPoP", "DPoP.js", "oidcspa has no DPoP: leave it out of createOidc(); UserManager"},
		{"keycloak-js", "keycloak-js.js", "oidcspa has no keycloak-js: use core"},
		{"keycloak-js-authz", "keycloak-js-authz.js", "oidcspa has no keycloak-js-authz: use core"},
		{"nuxt-spa", "nuxt-spa.js", "oidcspa has no nuxt-spa: use core"},
		{"react-tanstack-start", "react-tanstack-start.js", "oidcspa has no react-tanstack-start: use react-spa"},
		{"server", "server.js", "oidcspa has no server: use package resource"},
		{"token-substitution", "token-substitution.js", "oidcspa has no token-substitution: leave it out; getTokens()"},
	}
	folder, _ := dist(t)
	packed := files(t, filepath.Join(folder, "package"))
	var p packageJSON
	if err := json.Unmarshal([]byte(packed["package.json"]), &p); err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		e := p.Exports["./"+tt.name]
		if e.Default != "./"+tt.file || e.Types != "./"+typesOf(tt.file) {
			t.Errorf("%s is %+v, want %s and its types", tt.name, e, tt.file)
		}
		if text := packed[tt.file]; !strings.Contains(text, tt.says) {
			t.Errorf("%s is %q, which does not say %q", tt.file, text, tt.says)
		}
	}
}
