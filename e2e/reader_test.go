//go:build !js

package e2e

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

var twelve = []string{
	"Entra, common", "Entra, a single tenant", "Azure AD B2C with an API scope", "Okta", "Auth0", "Google", "Amazon Cognito",
	"Zitadel", "Duende IdentityServer", "Keycloak 26", "ADFS", "GitLab", "Ory Hydra",
}

func TestReaderByTheLetter(t *testing.T) {
	reading(t)
	for _, name := range append(twelve, "Azure AD B2C without an API scope") {
		t.Run(name, func(t *testing.T) {
			title("%s: by the letter", name)
			d := newDesk(t, name)
			d.life()
		})
	}
}

func text(status int, contentType, body string, cors bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if cors {
			w.Header().Set("Access-Control-Allow-Origin", "*")
		}
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// at answers one endpoint.
func at(endpoint string, handler http.HandlerFunc) func(string, http.ResponseWriter, *http.Request) bool {
	return func(asked string, w http.ResponseWriter, r *http.Request) bool {
		if asked != endpoint {
			return false
		}
		handler(w, r)
		return true
	}
}

// back sends the person back with an error.
func back(parameters ...string) func(string, http.ResponseWriter, *http.Request) bool {
	return at(oidctest.Authorize, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		p := url.Values{"state": {q.Get("state")}}
		for i := 0; i+1 < len(parameters); i += 2 {
			p.Set(parameters[i], parameters[i+1])
		}
		sep := "?"
		if q.Get("response_mode") == "fragment" {
			sep = "#"
		}
		http.Redirect(w, r, q.Get("redirect_uri")+sep+p.Encode(), http.StatusFound)
	})
}

func (d *desk) signin() sight {
	d.visit(d.a.origin + "/?view=list#row-7")
	return d.call("um.signinRedirect()")
}

// TestReaderAuthority: the address is a slash off, or another.
func TestReaderAuthority(t *testing.T) {
	reading(t)
	for _, name := range twelve {
		t.Run(name, func(t *testing.T) {
			title("%s: the slash", name)
			d := newDesk(t, name)
			a := d.op.Issuer
			if strings.HasSuffix(a, "/") {
				a = strings.TrimSuffix(a, "/")
			} else {
				a += "/"
			}
			d.a.set("authority", a)
			d.signin()
		})
	}
}

// TestReaderTenant: the traditional wrong authorities, with what the providers say.
func TestReaderTenant(t *testing.T) {
	reading(t)
	v1 := func(issuer string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration") {
				text(200, "application/json; charset=utf-8", `{"issuer":"`+issuer+`","authorization_endpoint":"https://login.example/authorize","token_endpoint":"https://login.example/token","jwks_uri":"https://login.example/keys","response_types_supported":["code"],"subject_types_supported":["pairwise"],"id_token_signing_alg_values_supported":["RS256"]}`, true)(w, r)
				return
			}
			http.NotFound(w, r)
		}
	}
	tests := []struct {
		name, what, authority string
		wrong                 http.HandlerFunc
	}{
		{"Entra, a single tenant", "no tenant of that name", "/contoso.example/v2.0", text(400, "application/json; charset=utf-8", `{"error":"invalid_tenant","error_description":"AADSTS90002: Tenant 'contoso.example' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant. Trace ID: 0 Correlation ID: 0","error_codes":[90002]}`, true)},
		{"Entra, a single tenant", "without /v2.0", "/8eaef023-2b34-4da1-9baa-8bc8c9d6a490", v1("https://sts.windows.net/8eaef023-2b34-4da1-9baa-8bc8c9d6a490/")},
		{"Entra, common", "without /v2.0", "/common", v1("https://sts.windows.net/{tenantid}/")},
		{"Entra, a single tenant", "domain for GUID", "/contoso.onmicrosoft.com/v2.0", v1("https://login.microsoftonline.com/8eaef023-2b34-4da1-9baa-8bc8c9d6a490/v2.0")},
		{"Okta", "unknown server", "/oauth2/other", text(404, "application/json", `{"errorCode":"E0000007","errorSummary":"Not found: Resource not found: other (AuthorizationServer)","errorLink":"E0000007","errorId":"oae","errorCauses":[]}`, true)},
		{"Keycloak 26", "unknown realm", "/realms/other", text(404, "application/json", `{"error":"Realm does not exist"}`, false)},
		{"Keycloak 26", "auth path", "/auth/realms/acme", text(404, "application/json", `{"error":"Unable to find matching target resource method"}`, false)},
		{"Amazon Cognito", "unknown pool", "/us-east-1_other", text(400, "application/json", `{"message":"User pool us-east-1_other does not exist."}`, true)},
		{"Azure AD B2C with an API scope", "unknown policy", "", nil},
		{"Auth0", "HTML 404", "/tenant/", text(404, "text/html", `<!doctype html><title>Oops</title>`, false)},
		{"Duende IdentityServer", "the app itself (SPA fallback)", "/spa", text(200, "text/html", `<!doctype html><title>App</title>`, true)},
	}
	for _, tt := range tests {
		t.Run(tt.name+tt.what, func(t *testing.T) {
			title("%s: %s", tt.name, tt.what)
			d := newDesk(t, tt.name)
			d.wrong = tt.wrong
			if tt.wrong == nil {
				d.wrong = text(404, "text/html", "The resource you are looking for has been removed, had its name changed, or is temporarily unavailable.", false)
				d.a.set("metadataUrl", originOf(d.op.Issuer)+"/contoso.onmicrosoft.com/b2c_1_other/v2.0/.well-known/openid-configuration")
			} else {
				d.a.set("authority", originOf(d.op.Issuer)+tt.authority)
			}
			d.signin()
		})
	}
	t.Run("b2c", func(t *testing.T) {
		title("B2C: authority is the policy, no metadataUrl")
		d := newDesk(t, "Azure AD B2C with an API scope")
		d.a.set("metadataUrl", nil)
		d.a.set("authority", originOf(d.op.Issuer)+"/contoso.onmicrosoft.com/b2c_1_signupsignin1/v2.0")
		d.signin()
		title("B2C: authority is the issuer, no metadataUrl")
		d = newDesk(t, "Azure AD B2C with an API scope")
		d.a.set("metadataUrl", nil)
		d.wrong = text(404, "text/html", "The resource you are looking for has been removed", false)
		d.signin()
	})
}

// TestReaderRegistration: what is not registered.
func TestReaderRegistration(t *testing.T) {
	reading(t)
	for _, name := range []string{"Entra, common", "Keycloak 26", "Google"} {
		t.Run(name, func(t *testing.T) {
			title("%s: wrong client", name)
			d := newDesk(t, name)
			d.a.set("client_id", "other")
			d.signin()
			d.call("history.back()")
			d.call("um.signinSilent()")
			title("%s: wrong redirect URI", name)
			d = newDesk(t, name)
			d.registered = nil
			d.signin()
			d.visit(d.a.origin + "/?view=list#row-7")
			d.call("um.signinSilent()")
			d.call("um.signinPopup()")
		})
	}
	denied := []struct {
		name, what, endpoint string
		status               int
		body                 string
		cors                 bool
	}{
		{"Entra, common", "platform Web", oidctest.Token, 400, `{"error":"invalid_request","error_description":"AADSTS9002326: Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Trace ID: 0","error_codes":[9002326]}`, true},
		{"Entra, common", "platform mobile: secret wanted", oidctest.Token, 401, `{"error":"invalid_client","error_description":"AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.","error_codes":[7000218]}`, true},
		{"Okta", "client authentication on", oidctest.Token, 401, `{"error":"invalid_client","error_description":"Client authentication failed. Either the client or the client credentials are invalid."}`, true},
		{"Keycloak 26", "client authentication on", oidctest.Token, 401, `{"error":"unauthorized_client","error_description":"Invalid client or Invalid client credentials"}`, true},
		{"Amazon Cognito", "with a secret", oidctest.Token, 400, `{"error":"invalid_client"}`, true},
		{"Auth0", "regular web app", oidctest.Token, 401, `{"error":"access_denied","error_description":"Unauthorized"}`, true},
		{"GitLab", "confidential", oidctest.Token, 401, `{"error":"invalid_client","error_description":"Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method."}`, true},
		{"Duende IdentityServer", "secret", oidctest.Token, 400, `{"error":"invalid_client"}`, true},
		{"Ory Hydra", "auth method", oidctest.Token, 401, `{"error":"invalid_client","error_description":"Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method). The OAuth 2.0 Client supports client authentication method 'client_secret_basic', but method 'none' was requested."}`, true},
		{"Zitadel", "grant refresh not on", oidctest.Token, 400, `{"error":"unauthorized_client","error_description":"grant_type refresh_token not supported"}`, true},
		{"Keycloak 26", "web origins missing", oidctest.Token, 200, `{}`, false},
		{"Okta", "trusted origins missing, discovery", oidctest.Discovery, 200, `{}`, false},
		{"ADFS", "no CORS at keys", oidctest.JWKS, 200, `{}`, false},
	}
	for _, tt := range denied {
		t.Run(tt.name+tt.what, func(t *testing.T) {
			title("%s: %s", tt.name, tt.what)
			d := newDesk(t, tt.name)
			d.hijack = at(tt.endpoint, text(tt.status, "application/json", tt.body, tt.cors))
			d.signin()
			d.visit(d.a.origin + "/?view=list#row-7")
		})
	}
	scopes := []struct {
		name, what string
		parameters []string
	}{
		{"Entra, common", "scope", []string{"error", "invalid_client", "error_description", "AADSTS650053: The application 'x' asked for scope 'foo' that doesn't exist on the resource '00000003-0000-0000-c000-000000000000'. Contact the app vendor."}},
		{"Keycloak 26", "scope", []string{"error", "invalid_scope", "error_description", "Invalid scopes: openid profile foo", "iss", "$iss"}},
		{"Okta", "scope", []string{"error", "invalid_scope", "error_description", "One or more scopes are not configured for the authorization server resource."}},
		{"Amazon Cognito", "scope", []string{"error", "invalid_request", "error_description", "invalid_scope"}},
		{"GitLab", "scope", []string{"error", "invalid_scope", "error_description", "The requested scope is invalid, unknown, or malformed."}},
		{"Azure AD B2C with an API scope", "forgot password", []string{"error", "access_denied", "error_description", "AADB2C90118: The user has forgotten their password.\r\nCorrelation ID: 0\r\n"}},
		{"Auth0", "unverified", []string{"error", "unauthorized", "error_description", "Please verify your email before logging in."}},
		{"Ory Hydra", "forbidden", []string{"error", "request_forbidden", "error_description", "The request is not allowed. The state is missing or does not have enough characters"}},
	}
	for _, tt := range scopes {
		t.Run(tt.name+tt.what, func(t *testing.T) {
			title("%s: %s", tt.name, tt.what)
			d := newDesk(t, tt.name)
			for i := range tt.parameters {
				if tt.parameters[i] == "$iss" {
					tt.parameters[i] = d.op.Issuer
				}
			}
			d.hijack = back(tt.parameters...)
			d.signin()
			d.hijack = nil
			d.call("um.signinRedirect()")
		})
	}
}
