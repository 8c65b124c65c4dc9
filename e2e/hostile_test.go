//go:build !js

package e2e

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// newHostile starts the provider for tests, which one edit makes hostile.
func newHostile(t *testing.T, a *app) *oidctest.OP {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	op := oidctest.New(t)
	op.Issuer = localhost(t, server.Listener.Addr())
	op.ClientID = clientID
	server.Config.Handler = op
	server.Start()
	t.Cleanup(server.Close)
	a.set("authority", op.Issuer)
	return op
}

// signinCode signs in by redirect and returns the code of the failure.
func signinCode(tab *tab) string {
	tab.t.Helper()
	eval[bool](tab, "globalThis.ready = false, um.signinRedirect().catch((e) => { globalThis.refused = e.code; }), true")
	tab.waitFor("globalThis.refused !== undefined || globalThis.ready === true")
	if code := eval[string](tab, "globalThis.refused ?? ''"); code != "" {
		return code
	}
	return codeOf(tab, "callback")
}

// TestTamperedIDToken: each claim, and the signature. Nobody is signed in,
// no further request is made, and the error has a code and no secret.
func TestTamperedIDToken(t *testing.T) {
	claim := func(name string, value any) func(*oidctest.OP) {
		return func(op *oidctest.OP) {
			op.EditIDToken = func(_, claims map[string]any) {
				if value == nil {
					delete(claims, name)
				} else {
					claims[name] = value
				}
			}
		}
	}
	header := func(name string, value any) func(*oidctest.OP) {
		return func(op *oidctest.OP) {
			op.EditIDToken = func(header, _ map[string]any) { header[name] = value }
		}
	}
	tests := []struct {
		name string
		edit func(*oidctest.OP)
		want string
	}{
		{"nothing", func(*oidctest.OP) {}, ""},
		{"iss", claim("iss", "https://evil.example"), "issuer_mismatch"},
		{"iss missing", claim("iss", nil), "claim_invalid"},
		{"sub missing", claim("sub", nil), "claim_invalid"},
		{"aud", claim("aud", "other"), "audience_mismatch"},
		{"aud with a stranger", claim("aud", []string{clientID, "other"}), "audience_mismatch"},
		{"azp", claim("azp", "other"), "azp_mismatch"},
		{"exp", claim("exp", 1), "token_expired"},
		{"exp as text", claim("exp", "1e99"), "claim_invalid"},
		{"iat", claim("iat", 1<<34), "issued_in_future"},
		{"iat missing", claim("iat", nil), "claim_invalid"},
		{"nbf", claim("nbf", 1<<34), "token_not_yet_valid"},
		{"nonce", claim("nonce", "other"), "nonce_mismatch"},
		{"nonce missing", claim("nonce", nil), "nonce_mismatch"},
		{"at_hash", claim("at_hash", "other"), "at_hash_mismatch"},
		{"alg none", header("alg", "none"), "alg_not_allowed"},
		{"alg HS256", header("alg", "HS256"), "alg_not_allowed"},
		{"kid", header("kid", "other"), "key_not_found"},
		{"typ", header("typ", "at+jwt"), "typ_not_allowed"},
		{"crit", header("crit", []string{"exp"}), "header_not_allowed"},
		{"signature", func(op *oidctest.OP) { op.ReplaceIDToken = flipSignature }, "signature_invalid"},
		{"payload after signing", func(op *oidctest.OP) { op.ReplaceIDToken = replaceSubject }, "signature_invalid"},
		{"id_token missing", func(op *oidctest.OP) {
			op.EditTokenResponse = func(response map[string]any) { delete(response, "id_token") }
		}, "id_token_missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			op := newHostile(t, a)
			op.Edit(func() { tt.edit(op) })
			tab := newTab(t)
			tab.visit(a.origin + "/")
			if code := signinCode(tab); code != tt.want {
				t.Errorf("code %q, want %q", code, tt.want)
			}
			want := "nobody"
			if tt.want == "" {
				want = "somebody"
			}
			if got := eval[string](tab, userState); got != want {
				t.Errorf("getUser: %s, want %s", got, want)
			}
			if n := op.Count(oidctest.Userinfo); n != 0 || op.Count(oidctest.Token) != 1 {
				t.Errorf("requests = %v", op.Requests())
			}
		})
	}
}

func flipSignature(token string) string {
	dot := strings.LastIndexByte(token, '.')
	signature, _ := base64.RawURLEncoding.DecodeString(token[dot+1:])
	signature[0] ^= 1
	return token[:dot+1] + base64.RawURLEncoding.EncodeToString(signature)
}

func replaceSubject(token string) string {
	parts := strings.Split(token, ".")
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), "subject-1", "subject-2", 1)))
	return strings.Join(parts, ".")
}

// TestProviderMistakes: what a provider can be wrong about before it is asked
// for tokens.
func TestProviderMistakes(t *testing.T) {
	metadata := func(name string, value any) func(*oidctest.OP) {
		return func(op *oidctest.OP) {
			op.EditMetadata = func(metadata map[string]any) { metadata[name] = value }
		}
	}
	respond := func(endpoint string, handler http.HandlerFunc) func(*oidctest.OP) {
		return func(op *oidctest.OP) {
			op.Respond = func(asked string, w http.ResponseWriter, r *http.Request) bool {
				if asked != endpoint {
					return false
				}
				handler(w, r)
				return true
			}
		}
	}
	html := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>Welcome</title>"))
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	tests := []struct {
		name string
		edit func(*oidctest.OP)
		want string
	}{
		{"issuer with a slash more", func(op *oidctest.OP) { metadata("issuer", op.Issuer+"/")(op) }, "issuer_mismatch"},
		{"issuer of somebody else", metadata("issuer", "https://evil.example"), "issuer_mismatch"},
		{"token endpoint over http", metadata("token_endpoint", "http://evil.example/token"), "insecure_url"},
		{"PKCE plain only", metadata("code_challenge_methods_supported", []string{"plain"}), "unsupported"},
		{"discovery in HTML", respond(oidctest.Discovery, html), "not_json"},
		{"discovery with status 404", respond(oidctest.Discovery, status(404)), "http_status"},
		{"discovery redirects", respond(oidctest.Discovery, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}), "redirect_refused"},
		{"discovery without CORS", respond(oidctest.Discovery, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Del("Access-Control-Allow-Origin")
			w.WriteHeader(http.StatusOK)
		}), "cors_refused"},
		{"discovery too large", respond(oidctest.Discovery, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"issuer":"` + strings.Repeat("x", 2<<20) + `"}`))
		}), "response_too_large"},
		{"token endpoint in HTML", respond(oidctest.Token, html), "not_json"},
		{"token endpoint without CORS", respond(oidctest.Token, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Del("Access-Control-Allow-Origin")
			w.WriteHeader(http.StatusOK)
		}), "cors_refused"},
		{"token endpoint down", respond(oidctest.Token, status(503)), "http_status"},
		{"keys in HTML", respond(oidctest.JWKS, html), "not_json"},
		{"access_denied", func(op *oidctest.OP) {
			op.EditCallback = func(parameters url.Values) {
				delete(parameters, "code")
				parameters["error"] = []string{"access_denied"}
			}
		}, "provider_error"},
		{"iss of somebody else", func(op *oidctest.OP) {
			op.EditCallback = func(parameters url.Values) { parameters["iss"] = []string{"https://evil.example"} }
		}, "issuer_mismatch"},
		{"iss missing", func(op *oidctest.OP) {
			op.EditCallback = func(parameters url.Values) { delete(parameters, "iss") }
		}, "issuer_mismatch"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			op := newHostile(t, a)
			op.Edit(func() { tt.edit(op) })
			tab := newTab(t)
			tab.visit(a.origin + "/")
			if code := signinCode(tab); code != tt.want {
				t.Errorf("code %q, want %q", code, tt.want)
			}
			if got := eval[string](tab, userState); got != "nobody" {
				t.Errorf("getUser: %s", got)
			}
			tab.expectProblems() // the browser logs what it could not fetch
		})
	}
}
