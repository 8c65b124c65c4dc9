//go:build !js

package api

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/session"
)

func situations() []situation {
	return slices.Concat(
		settingSituations(), metadataSituations(), requestSituations(), responseSituations(),
		tokenSituations(), claimSituations(), userinfoSituations(), pageSituations(),
	)
}

// settingSituations are mistakes in settings and arguments.
func settingSituations() []situation {
	return []situation{
		{"authority is missing", setting("authority", nil), nil},
		{"authority without https://", setting("authority", "op.example.test"), nil},
		{"authority over http", setting("authority", "http://op.example.test"), nil},
		{"client_id is missing", setting("client_id", nil), nil},
		{"client_id an object", setting("client_id", object{"id": "app"}), nil},
		{"redirect_uri is missing", setting("redirect_uri", nil), nil},
		{"redirect_uri with a route behind #", setting("redirect_uri", "https://app.example.test/app.html#/callback"), nil},
		{"redirect_uri a path", setting("redirect_uri", "/callback"), nil},
		{"redirect_uri over http on a test machine", setting("redirect_uri", "http://app.lan/callback.html"), nil},
		{"redirect_uri of a page from file:", setting("redirect_uri", "file:///app/index.html"), nil},
		{"loadUserInfo no truth value", setting("loadUserInfo", "yes"), nil},
		{"accessTokenExpiringNotificationTimeInSeconds no number", setting("accessTokenExpiringNotificationTimeInSeconds", "1m"), nil},
		{"a setting with a typing error", setting("automaticSilentRenw", true), nil},
		{"response_type of the implicit flow", setting("response_type", "id_token token"), nil},
		{"dpop neither a truth value nor options", setting("dpop", "on"), nil},
		{"restore of another value", setting("restore", "always"), nil},
		{"allowed_tenants a name", setting("allowed_tenants", []string{"contoso.example"}), nil},
		{"fetch.allow a path", setting("fetch", object{"allow": []string{"/api"}}), nil},
		{"fetch.allow with a wildcard", setting("fetch", object{"allow": []string{"https://api.example.test/v1/*"}}), nil},
		{"fetch an array", setting("fetch", []string{"https://api.example.test"}), nil},
		{"idle a number", setting("idle", 600), nil},
		{"signoutMethod in capitals", setting("signoutMethod", "POST"), nil},
		{"requestTimeoutInSeconds negative", setting("requestTimeoutInSeconds", -1), nil},
		{"idle.timeoutInSeconds negative", setting("idle", object{"timeoutInSeconds": -1}), nil},
		{"post_logout_redirect_uri a path", setting("post_logout_redirect_uri", "/"), nil},
		{"silent_redirect_uri a path", setting("silent_redirect_uri", "/silent.html"), nil},
		{"response_mode of another kind, as a setting", setting("response_mode", "form_post"), nil},
		{"claims a text that is no JSON, as a setting", setting("claims", "email"), nil},
		{"post_logout_redirect_uri a path, as an argument", nil, signedIn(nil, signout, object{"post_logout_redirect_uri": "/"})},
		{"response_mode of another kind, as an argument", nil, signingInWith(object{"response_mode": "form_post"})},
		{"silentRequestTimeoutInSeconds negative, as an argument", nil, signedIn(nil, silent, object{"silentRequestTimeoutInSeconds": -1})},
		{"an address in the place of the arguments", nil, signingInWith(object{"0": "/", "1": "h", "2": "o", "return_to": "https://app.example.test/"})},
		{"redirect_uri of another origin than the page", setting("redirect_uri", elsewhere), nil},
		{"popup_redirect_uri of another origin than the page", setting("popup_redirect_uri", elsewhere), func(w *world) error { return w.open().call(popup, nil, nil) }},
		{"redirect_uri of another origin than the page, as an argument", nil, signingInWith(object{"redirect_uri": elsewhere})},
		{"return_to of another origin than the page", nil, signingInWith(object{"return_to": elsewhere})},
		{"max_age no number", nil, signingInWith(object{"max_age": "soon"})},
		{"scope a truth value", nil, signingInWith(object{"scope": true})},
		{"extraQueryParams with an array", nil, signingInWith(object{"extraQueryParams": object{"kc_idp_hint": []string{"github"}}})},
		{"an argument with a typing error", nil, signingInWith(object{"loginHint": "me"})},
		{"extraQueryParams with a parameter of the protocol", nil, signingInWith(object{"extraQueryParams": object{"nonce": "1"}})},
		{"resource a number", nil, signingInWith(object{"resource": 7})},
		{"claims an array", nil, signingInWith(object{"claims": []string{"email"}})},
		{"claims a text that is no JSON", nil, signingInWith(object{"claims": "email"})},
		{"client_authentication of another kind", all(setting("client_secret", "secret"), setting("client_authentication", "private_key_jwt")), nil},
		{"par of another value", setting("par", "yes"), nil},
		{"prompt none with another", nil, signingInWith(object{"prompt": "none login"})},
	}
}

// metadataSituations are those of the discovery document.
func metadataSituations() []situation {
	return []situation{
		{"issuer differs by a slash", announced("issuer", "https://op.example.test/"), nil},
		{"issuer is another", announced("issuer", "https://login.other.example/tenant"), nil},
		{"a slash behind the authority for all tenants (Entra)", authorityOf("https://op.example.test/common/v2.0/", "https://op.example.test/{tenantid}/v2.0"), nil},
		{"the authority of a tenant without /v2.0 (Entra)", authorityOf("https://op.example.test/common", "https://sts.windows.net/{tenantid}/"), nil},
		{"allowed_tenants, and the authority is one tenant", setting("allowed_tenants", []string{tenant}), nil},
		{"no issuer in the metadata", announced("issuer", nil), nil},
		{"a realm that is not there, whose 404 has no CORS headers", failing("/.well-known/", oidc.ErrCORSRefused), nil},
		{"authority is the discovery address; its 404 can be read", serving(oidctest.Discovery, 404, html, login), nil},
		{"a tenant that is not there (Entra)", serving(oidctest.Discovery, 400, "application/json", `{"error":"invalid_tenant","error_description":"AADSTS90002: Tenant 'contoso.example' not found."}`), nil},
		{"a pool that is not there (Cognito)", serving(oidctest.Discovery, 400, "application/json", `{"message":"User pool us-east-1_other does not exist."}`), nil},
		{"a proxy refuses discovery", serving(oidctest.Discovery, 403, html, login), nil},
		{"discovery down", serving(oidctest.Discovery, 503, html, login), nil},
		{"discovery cannot be reached, or connect-src forbids it", failing("/.well-known/", oidc.ErrNetwork), nil},
		{"discovery redirects to another origin", func(w *world) {
			w.op.Answer(oidctest.Discovery, func(rw http.ResponseWriter, r *http.Request) {
				http.Redirect(rw, r, "https://login.other.example/.well-known/openid-configuration", http.StatusFound)
			})
		}, nil},
		{"discovery answered by index.html", serving(oidctest.Discovery, 200, html, login), nil},
		{"discovery cut off", serving(oidctest.Discovery, 200, "application/json", `{"issuer":"https://op`), nil},
		{"a member of discovery twice", serving(oidctest.Discovery, 200, "application/json", `{"issuer":"https://op.example.test","issuer":""}`), nil},
		{"token_endpoint is missing", announced("token_endpoint", nil), nil},
		{"token_endpoint over http", announced("token_endpoint", "http://op.example/token"), nil},
		{"response_types_supported a text", announced("response_types_supported", "code"), nil},
		{"code flow switched off", announced("response_types_supported", []string{"id_token"}), nil},
		{"PKCE plain alone", announced("code_challenge_methods_supported", []string{"plain"}), nil},
		{"ID Tokens by HMAC alone", announced("id_token_signing_alg_values_supported", []string{"HS256"}), nil},
		{"dpop that is not announced", all(bindable, setting("dpop", true), announced("dpop_signing_alg_values_supported", nil)), nil},
		{"dpop with algorithms that no browser has", all(bindable, setting("dpop", true), announced("dpop_signing_alg_values_supported", []string{"PS512"})), nil},
		{"par that is not announced", all(setting("par", "required"), announced("pushed_authorization_request_endpoint", nil)), nil},
		{"par required by the provider, off in the app", all(setting("par", "off"), announced("require_pushed_authorization_requests", true)), nil},
		{"response_mode jwt that is not announced", all(setting("response_mode", "jwt"), announced("authorization_signing_alg_values_supported", nil)), nil},
		{"no userinfo_endpoint", all(setting("loadUserInfo", true), announced("userinfo_endpoint", nil)), nil},
		{"no end_session_endpoint", announced("end_session_endpoint", nil), signedIn(nil, signout, nil)},
		{"no revocation_endpoint", announced("revocation_endpoint", nil), signedIn(nil, "revokeTokens", nil)},
	}
}

// requestSituations are those of requests to the provider.
func requestSituations() []situation {
	refusal := func(status int, code, description string) func(*world) {
		return serving(oidctest.Token, status, "application/json", `{"error":"`+code+`","error_description":"`+description+`"}`)
	}
	return []situation{
		{"token endpoint without CORS for the origin", failing("/token", oidc.ErrCORSRefused), nil},
		{"keys without CORS for the origin", failing("/jwks", oidc.ErrCORSRefused), nil},
		{"the preflight of the token endpoint refuses DPoP", all(bindable, setting("dpop", true), failing("/token", oidc.ErrCORSRefused)), nil},
		{"token endpoint cannot be reached", failing("/token", oidc.ErrNetwork), nil},
		{"token endpoint redirects", func(w *world) {
			w.op.Answer(oidctest.Token, func(rw http.ResponseWriter, r *http.Request) {
				http.Redirect(rw, r, "https://op.example.test/v2/token", http.StatusPermanentRedirect)
			})
		}, nil},
		{"keys answered by a page", serving(oidctest.JWKS, 200, html, login), nil},
		{"token endpoint answered by a page", serving(oidctest.Token, 200, html, login), nil},
		{"token endpoint of a proxy", serving(oidctest.Token, 502, html, login), nil},
		{"a service worker answers", failing("/token", oidc.ErrAnswerForged), nil},
		{"a client with a secret that none is set for", refusal(401, "invalid_client", "Client authentication failed"), nil},
		{"a client with a secret that none is set for (Keycloak)", refusal(401, "unauthorized_client", "Invalid client or Invalid client credentials"), nil},
		{"a client of a web server, with a secret (Auth0)", refusal(401, "access_denied", "Unauthorized"), nil},
		{"a firewall before the token endpoint", serving(oidctest.Token, 403, html, login), nil},
		{"the DPoP nonce is hidden", all(bindable, setting("dpop", true), func(w *world) { w.op.RequireNonce, w.op.HideHeaders = true, true }), nil},
		{"a bearer token in the place of a bound one", all(bindable, setting("dpop", true), answered("token_type", "Bearer")), nil},
		{"PAR endpoint does not know the client", all(setting("par", "required"), serving(oidctest.PAR, 401, "application/json", `{"error":"invalid_client"}`)), nil},
		{"DPoP proof with a wrong clock (Keycloak)", refusal(400, "invalid_request", "DPoP proof is not active"), nil},
	}
}

// responseSituations are those of the way back from the provider.
func responseSituations() []situation {
	const app = "https://app.example.test/callback.html"
	refusal := func(code, description string) func(*world) {
		return response("error", code, "error_description", description)
	}
	return []situation{
		{"PAR demanded without metadata saying so (Keycloak)", refusal("invalid_request", "Pushed Authorization Request is only allowed."), nil},
		{"an old login page (Keycloak)", refusal("temporarily_unavailable", "authentication_expired"), nil},
		{"a scope that the client may not have", refusal("invalid_scope", "Invalid scopes: openid api"), nil},
		{"a flow that the client may not use", refusal("unauthorized_client", ""), nil},
		{"somebody cancels the login", refusal("access_denied", "User cancelled"), nil},
		{"prompt none, and nobody is signed in", refusal("login_required", ""), nil},
		{"signinCallback on another page", nil, callingBack(func(string) string { return app })},
		{"signinCallback twice, signed out between", nil, func(w *world) error {
			tab := w.open()
			tab.must(redirect, nil, nil)
			address := w.op.Visit(tab.visited())
			tab.must("signinCallback", object{"url": address}, nil)
			tab.must("removeUser", nil, nil)
			return tab.call("signinCallback", object{"url": address}, nil)
		}},
		{"the provider returns no state", nil, callingBack(func(address string) string {
			before, _, _ := strings.Cut(address, "&state=")
			return before
		})},
		{"the provider refuses, and returns no state (Cognito, WSO2)", response("error", "invalid_scope", "code", "", "state", ""), nil},
		{"the provider answers plainly where response_mode jwt was asked for", all(setting("response_mode", "jwt"), func(w *world) { w.op.PlainResponses = true }), nil},
		{"an answer in the query where the fragment was asked for", setting("response_mode", "fragment"), callingBack(func(address string) string {
			return strings.Replace(address, "#", "?", 1)
		})},
		{"a parameter twice", nil, callingBack(func(address string) string { return address + "&code=2" })},
		{"the response is of another client of the page", nil, func(w *world) error {
			first := w.open()
			first.must(redirect, nil, nil)
			w.settings = w.with("client_id", "other")
			second := w.open()
			second.offer("transactions.take", func(ctx context.Context, params []byte) (any, error) { return first.take(ctx, params) })
			return second.call("signinCallback", object{"url": w.op.Visit(first.visited())}, nil)
		}},
		{"a server rewrites the address of the redirect URI", nil, callingBack(func(address string) string {
			return strings.Replace(address, "/callback.html", "/app/signed-in", 1)
		})},
		{"the answer comes after 15 minutes", nil, late(16 * time.Minute)},
		{"the answer comes after what staleStateAgeInSeconds says", setting("staleStateAgeInSeconds", 60), late(2 * time.Minute)},
		{"the response names no issuer, as promised", response("iss", ""), nil},
		{"the response is of another issuer", response("iss", "https://other.example"), nil},
		{"two providers share a redirect URI", announced("authorization_response_iss_parameter_supported", nil), func(w *world) error {
			own := w.settings
			w.settings = w.with("authority", "https://other.example")
			w.open()
			w.settings = own
			return signingIn(w)
		}},
	}
}

// late has the response come that much later.
func late(by time.Duration) func(w *world) error {
	return func(w *world) error {
		tab := w.open()
		tab.must(redirect, nil, nil)
		address := w.op.Visit(tab.visited())
		pause(by)
		tab.must("removeUser", nil, nil)
		return tab.call("signinCallback", object{"url": address}, nil)
	}
}

// tokenSituations are those of the token answer and the tokens as a whole.
func tokenSituations() []situation {
	replaced := func(change func(string) string) func(*world) {
		return func(w *world) { w.op.ReplaceIDToken = change }
	}
	return []situation{
		{"access_token is missing, as no scope of an API was asked for", answered("access_token", nil), nil},
		{"a member of the token answer twice", serving(oidctest.Token, 200, "application/json", `{"token_type":"Bearer","token_type":"bearer"}`), nil},
		{"token_type is missing", answered("token_type", nil), nil},
		{"token_type MAC", answered("token_type", "mac"), nil},
		{"expires_in a date", answered("expires_in", "tomorrow"), nil},
		{"refresh_token a number", answered("refresh_token", 7), nil},
		{"no ID Token", answered("id_token", nil), nil},
		{"ID Token of 300 kB", replaced(func(token string) string { return token + strings.Repeat("A", 300_000) }), nil},
		{"ID Token encrypted", replaced(func(string) string { return "a.b.c.d.e" }), nil},
		{"ID Token opaque", replaced(func(string) string { return "opaque" }), nil},
		{"ID Token by HMAC", func(w *world) {
			w.op.EditIDToken = func(header, _ map[string]any) { header["alg"] = "HS256" }
		}, nil},
		{"no key of that name, as a cache is stale", func(w *world) { w.op.Signer = oidctest.NewKey("RS256", "new") }, nil},
		{"other keys under the same name, after a restart behind a cache", replaced(func(token string) string {
			dot := strings.LastIndexByte(token, '.')
			return token[:dot+1] + strings.Repeat("A", len(token)-dot-1)
		}), nil},
		{"no usable key", func(w *world) { w.op.EditJWKS = func(jwks map[string]any) { jwks["keys"] = []any{} } }, nil},
	}
}

// claimSituations are those of the claims of an ID Token.
func claimSituations() []situation {
	tenants := authority("https://op.example.test/common")
	of := func(id string) func(*world) {
		return all(tenants, func(w *world) { w.op.Tenant = tenant }, setting("allowed_tenants", []string{id}))
	}
	return []situation{
		{"audiences beside the client, without azp", claimed(object{"aud": []string{"app", "sibling"}}), nil},
		{"aud is another client", claimed(object{"aud": "other"}), nil},
		{"azp is another client", claimed(object{"azp": "other"}), nil},
		{"iss of the ID Token is another", claimed(object{"iss": "https://other.example"}), nil},
		{"a tenant that allowed_tenants lacks", of("72f988bf-86f1-41af-91ab-2d7cd011db47"), nil},
		{"no tid of a provider with tenants", all(of(tenant), claimed(object{"tid": nil})), nil},
		{"sub is missing", claimed(object{"sub": nil}), nil},
		{"exp a text", claimed(object{"exp": "tomorrow"}), nil},
		{"nonce is missing", claimed(object{"nonce": nil}), nil},
		{"nonce is another", claimed(object{"nonce": "other"}), nil},
		{"at_hash by another algorithm", func(w *world) {
			sum := sha512.Sum512([]byte("access"))
			claimed(object{"at_hash": base64.RawURLEncoding.EncodeToString(sum[:32])})(w)
			answered("access_token", "access")(w)
		}, nil},
		{"at_hash is another", claimed(object{"at_hash": "other"}), nil},
		{"the clock of the device is an hour behind", func(w *world) {
			w.op.EditIDToken = func(_, claims map[string]any) {
				claims["iat"], claims["exp"] = time.Now().Unix()+3600, time.Now().Unix()+7200
			}
		}, nil},
		{"auth_time is missing after max_age", all(setting("max_age", 300), claimed(object{"auth_time": nil})), nil},
		{"the sign-in is older than max_age", all(setting("max_age", 300), func(w *world) {
			w.op.EditIDToken = func(_, claims map[string]any) { claims["auth_time"] = time.Now().Unix() - 3600 }
		}), nil},
		{"acr is not the essential one", setting("claims", object{"id_token": object{"acr": object{"essential": true, "value": "phr"}}}), nil},
	}
}

func userinfoSituations() []situation {
	load := setting("loadUserInfo", true)
	challenge := func(value string) func(*world) {
		return func(w *world) {
			w.op.Answer(oidctest.Userinfo, func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("WWW-Authenticate", value)
				rw.WriteHeader(http.StatusUnauthorized)
			})
		}
	}
	subject := func(value any) func(*world) { return func(w *world) { w.op.EditUserinfo = edit("sub", value) } }
	return []situation{
		{"userinfo refuses the token", all(load, challenge(`Bearer error="invalid_token", error_description="Lightweight access token not allowed"`)), nil},
		{"userinfo refuses the token for another reason", all(load, challenge(`Bearer error="invalid_token"`)), nil},
		{"userinfo wants a scope", all(load, challenge(`Bearer error="insufficient_scope"`)), nil},
		{"userinfo answers 403 and nothing else", all(load, serving(oidctest.Userinfo, 403, html, login)), nil},
		{"userinfo without CORS", all(load, failing("/userinfo", oidc.ErrCORSRefused)), nil},
		{"userinfo without sub", all(load, subject(nil)), nil},
		{"userinfo about somebody else", all(load, subject("subject-2")), nil},
	}
}

// pageSituations are those that the page tells the program of.
func pageSituations() []situation {
	return []situation{
		{"the frame ends on a page of the provider", nil, refused("frame", "frame_no_response", silent)},
		{"the frame says nothing", nil, refused("frame", "timeout", silent)},
		{"signoutSilent without an address to come back to", setting("post_logout_redirect_uri", nil),
			signedIn(func(_ *world, tab *tab) { tab.refuse("frame", `{"code":"frame_no_response"}`) }, signoutInFrame, nil)},
		{"signoutSilent, and the address to come back to is not registered", nil,
			signedIn(func(_ *world, tab *tab) { tab.refuse("frame", `{"code":"frame_no_response"}`) }, signoutInFrame, nil)},
		{"nobody is signed in whose tokens could be revoked", nil, func(w *world) error { return w.open().call("revokeTokens", nil, nil) }},
		{"the popup window is closed", nil, refused("popup", "popup_closed", popup)},
		{"the popup window is cut off", nil, refused("popup", "popup_severed", popup)},
		{"the browser stores nothing", nil, refused("transactions.put", "storage_unavailable", redirect)},
		{"an API that fetch.allow lacks", setting("fetch", object{"allow": []string{"https://api.example.test"}}),
			signedIn(nil, "fetch", request(object{"url": "https://other.example.test/things"}))},
		{"page and worker of different builds", nil, func(w *world) error {
			return w.connect().call("open", object{"version": Version + 1, "settings": w.settings}, nil)
		}},
		{"the frame finds somebody else", nil, signedIn(func(w *world, _ *tab) { w.op.Edit(func() { w.op.Subject = "subject-2" }) }, silent, nil)},
	}
}

const elsewhere = "https://www.example.test/callback.html"

// bindable lets tokens be bound to keys.
func bindable(w *world) {
	w.registry = session.NewRegistry(session.Config{Transport: w.transport, NewKey: func(context.Context) (oidc.Signer, error) {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		return proofKey{private}, err
	}})
}

type proofKey struct{ private *ecdsa.PrivateKey }

func (proofKey) Algorithm() string { return "ES256" }

func (k proofKey) PublicJWK() map[string]string {
	point, _ := k.private.PublicKey.Bytes()
	encode := base64.RawURLEncoding.EncodeToString
	return map[string]string{"kty": "EC", "crv": "P-256", "x": encode(point[1:33]), "y": encode(point[33:])}
}

func (k proofKey) Sign(_ context.Context, input []byte) ([]byte, error) {
	sum := sha256.Sum256(input)
	r, s, err := ecdsa.Sign(rand.Reader, k.private, sum[:])
	if err != nil {
		return nil, err
	}
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), nil
}
