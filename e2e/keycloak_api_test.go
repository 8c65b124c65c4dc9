//go:build !js

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/internal/keycloak"
	"github.com/oidcspa/oidcspa/resource"
)

// apiClients are those whose access tokens are for the API, in all forms that Keycloak has.
func (k *keycloakRig) apiClients() []keycloak.Object {
	typed := map[string]string{"access.token.header.type.rfc9068": "true"}
	light := map[string]string{"client.use.lightweight.access.token.enabled": "true"}
	attributes, mappers := keycloak.API("api-complete", k.api())
	clients := []keycloak.Object{
		keycloak.App("api-plain", k.app.origin, nil, keycloak.Audience(k.api())),
		keycloak.App("api-alone", k.app.origin, nil, keycloak.Audience(k.api())),
		keycloak.App("api-typed", k.app.origin, typed, keycloak.Audience(k.api())),
		keycloak.App("api-complete", k.app.origin, attributes, mappers...),
		keycloak.App("api-light", k.app.origin, light, keycloak.Audience(k.api())),
		keycloak.App("api-light-nobody", k.app.origin, light),
		keycloak.App("api-other", k.app.origin, nil, keycloak.Audience("https://other.example")),
		keycloak.App("api-none", k.app.origin, nil),
	}
	clients[1]["fullScopeAllowed"] = false // no roles at other clients: aud is one text
	for _, client := range clients {
		client["directAccessGrantsEnabled"] = true
	}
	return clients
}

// keycloakTokens are those of a sign-in.
type keycloakTokens struct {
	AccessToken  string `json:"access_token"`
	IDToken      string `json:"id_token"`
	RefreshToken string `json:"refresh_token"`
}

// tokens signs somebody in with the password alone.
func (k *keycloakRig) tokens(t *testing.T, realm, client, user string) (tokens keycloakTokens) {
	t.Helper()
	form := url.Values{
		"grant_type": {"password"}, "client_id": {client}, "scope": {"openid profile"},
		"username": {user}, "password": {keycloak.Password},
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, k.base+"/realms/"+realm+"/protocol/openid-connect/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&tokens); err != nil || tokens.AccessToken == "" || tokens.IDToken == "" || tokens.RefreshToken == "" {
		t.Fatalf("%s: status %d, %v", client, res.StatusCode, err)
	}
	return tokens
}

// guard is package resource in front of what tells whose token it was, after edit.
func (k *keycloakRig) guard(t *testing.T, edit func(*resource.Issuer)) http.Handler {
	t.Helper()
	config := resource.Config{
		Issuers: []resource.Issuer{{Issuer: k.issuer, Audiences: []string{k.api()}, Tokens: resource.Keycloak}},
		Scopes:  []string{"profile"}, DPoP: resource.DPoP{BaseURL: k.app.origin},
	}
	if edit != nil {
		edit(&config.Issuers[0])
	}
	guard, err := resource.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := resource.ClaimsFrom(r.Context())
		_, _ = fmt.Fprintf(w, "%s sub:%t bound:%t audiences:%d roles:%t account:%t", c.ClientID, c.Subject != "", c.KeyThumbprint != "",
			len(c.Audience), slices.Contains(c.Roles, "offline_access"), slices.Contains(c.ClientRoles["account"], "view-profile"))
	}))
}

// send asks with a bearer token.
func send(h http.Handler, token string) (status int, answer string) {
	r := httptest.NewRequest(http.MethodGet, "/api/hello", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		return w.Code, w.Header().Get("WWW-Authenticate")
	}
	return w.Code, w.Body.String()
}

// Access tokens at package resource, in each form that Keycloak has, and its other tokens.
func testKeycloakAPI(t *testing.T, k *keycloakRig) {
	preset := k.guard(t, nil)
	strict := k.guard(t, func(i *resource.Issuer) { i.Tokens = resource.Preset{} })
	nobody := k.guard(t, func(i *resource.Issuer) { i.WithoutSubject = true })
	tests := []struct {
		name, client string
		h            http.Handler
		status       int
		answer       string // or a part of the challenge
	}{
		{"typ JWT", "api-plain", preset, 200, "api-plain sub:true bound:false audiences:2 roles:true account:true"},
		{"typ JWT, without the preset", "api-plain", strict, 401, "typ_not_allowed"},
		{"typ JWT, aud one text", "api-alone", preset, 200, "api-alone sub:true bound:false audiences:1 roles:false account:false"},
		{"typ at+jwt without client_id", "api-typed", preset, 200, "api-typed sub:true bound:false audiences:2 roles:true account:true"},
		{"typ at+jwt without client_id, without the preset", "api-typed", strict, 200, "api-typed sub:true bound:false audiences:2 roles:false account:false"},
		{"typ at+jwt with client_id, without the preset", "api-complete", strict, 200, "api-complete sub:true bound:false audiences:2 roles:false account:false"},
		{"lightweight", "api-light", preset, 401, "claim_invalid"},
		{"lightweight, for who needs nobody", "api-light", nobody, 200, "api-light sub:false bound:false audiences:1 roles:false account:false"},
		{"lightweight, for nobody", "api-light-nobody", nobody, 401, "claim_invalid"},
		{"another audience", "api-other", preset, 401, "audience_mismatch"},
		{"no audience of ours", "api-none", preset, 401, "audience_mismatch"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tokens := k.tokens(t, "app", tt.client, "alice")
			status, answer := send(tt.h, tokens.AccessToken)
			if status != tt.status || status == 200 && answer != tt.answer || !strings.Contains(answer, tt.answer) {
				t.Errorf("%d %s, want %d %s", status, answer, tt.status, tt.answer)
			}
			asClient := k.guard(t, func(i *resource.Issuer) {
				i.Audiences, i.WithoutSubject = append(i.Audiences, tt.client, k.issuer), true
			})
			for name, token := range map[string]string{"ID Token": tokens.IDToken, "refresh token": tokens.RefreshToken} {
				for _, h := range []http.Handler{tt.h, asClient} {
					if status, _ := send(h, token); status != http.StatusUnauthorized {
						t.Errorf("the %s: status %d", name, status)
					}
				}
			}
		})
	}
	t.Run("another realm", func(t *testing.T) {
		theirs := k.tokens(t, "partner", "api-plain", "paula").AccessToken
		if status, answer := send(preset, theirs); status != 401 {
			t.Errorf("%d %s", status, answer)
		}
		there := k.guard(t, func(i *resource.Issuer) { i.Issuer = k.base + "/realms/partner" })
		if status, answer := send(there, theirs); status != 200 {
			t.Errorf("at its own API: %d %s", status, answer)
		}
	})
	k.app.respond("/api/hello", preset.ServeHTTP)
	for client, more := range map[string]map[string]any{"api-plain": {}, "spa-dpop": {"dpop": true}} {
		t.Run("from the browser, "+client, func(t *testing.T) {
			settings := map[string]any{"fetch": map[string]any{"allow": []string{k.api()}}}
			maps.Copy(settings, more)
			tab := k.open(t, client, settings)
			k.signInAs(tab, "alice", "")
			want := fmt.Sprintf("200 %s sub:true bound:%t audiences:2 roles:true account:true", client, len(more) > 0)
			const call = `um.fetch("api/hello").then(async (r) => r.status + " " + await r.text())`
			for range 2 { // the second with a token that has been seen
				if got := eval[string](tab, call); got != want {
					t.Errorf("the API answers %s, want %s", got, want)
				}
			}
			eval[bool](tab, "um.signinSilent().then(() => true)")
			if got := eval[string](tab, call); got != want {
				t.Errorf("after a refresh the API answers %s", got)
			}
			tab.expectProblems() // the browser logs what is refused
			const asBearer = `um.getUser().then((u) => fetch("api/hello", { headers: { authorization: "Bearer " + u.%s } })).then((r) => r.status)`
			for _, token := range []string{"id_token", "refresh_token"} {
				if status := eval[int](tab, fmt.Sprintf(asBearer, token)); status != http.StatusUnauthorized {
					t.Errorf("%s at the API: status %d", token, status)
				}
			}
			if status := eval[int](tab, fmt.Sprintf(asBearer, "access_token")); (status == 200) == (len(more) > 0) {
				t.Errorf("the access token as a bearer token: status %d", status)
			}
		})
	}
}
