//go:build !js

package peer_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/demo/recorder"
	"github.com/oidcspa/oidcspa/demo/visitor"
	"github.com/oidcspa/oidcspa/e2e/compat/peer"
)

const (
	clientID    = "app"
	app         = "http://app.localhost:8000"
	redirectURI = app + "/callback.html"
	goodbyeURI  = app + "/"
	audience    = "http://api.localhost:8000"
)

func newVisit(t *testing.T, edit func(*peer.Config)) (*visitor.Visitor, *peer.Peer) {
	t.Helper()
	config := peer.Config{
		ClientID:               clientID,
		RedirectURIs:           []string{redirectURI},
		PostLogoutRedirectURIs: []string{goodbyeURI},
		Origins:                []string{app},
		Audience:               audience,
	}
	if edit != nil {
		edit(&config)
	}
	p := peer.For(t, config)
	return visitor.New(t, p.Issuer, clientID, redirectURI), p
}

func TestCodeFlow(t *testing.T) {
	for _, algorithm := range []string{"RS256", "ES256"} {
		t.Run(algorithm, func(t *testing.T) {
			v, _ := newVisit(t, func(c *peer.Config) {
				c.SigningAlgorithm = algorithm
				c.AccessTokenLifetime, c.IDTokenLifetime = 90*time.Second, 60*time.Second
			})
			visitor.Check(t, "metadata", v.Metadata(), map[string]any{
				"issuer":                 v.Issuer,
				"authorization_endpoint": v.Issuer + "/auth",
				"end_session_endpoint":   v.Issuer + "/session/end",
				"authorization_response_iss_parameter_supported": true,
			})
			a := v.NewAttempt()
			callback := v.SignIn(a)
			if callback.Get("state") != "state-1" || callback.Get("iss") != v.Issuer {
				t.Errorf("callback has state %q and iss %q", callback.Get("state"), callback.Get("iss"))
			}
			status, tokens := v.Exchange(a, callback)
			if status != http.StatusOK {
				t.Fatalf("status %d: %v", status, tokens)
			}
			visitor.Check(t, "token response", tokens, map[string]any{"token_type": "Bearer", "expires_in": 90.0})
			visitor.Check(t, "access token header", v.Part(tokens["access_token"], 0), map[string]any{"typ": "at+jwt", "alg": algorithm})
			visitor.Check(t, "access token", v.Part(tokens["access_token"], 1), map[string]any{
				"iss": v.Issuer, "aud": audience, "sub": "demo-user-1", "client_id": clientID, "scope": "api",
			})
			visitor.Check(t, "ID Token", v.Part(tokens["id_token"], 1), map[string]any{
				"iss": v.Issuer, "aud": clientID, "nonce": "nonce-1", "name": "Demo User", "email": "demo@example.test",
			})
		})
	}
}

func TestSession(t *testing.T) {
	v, _ := newVisit(t, nil)
	if got := v.Callback(v.Authorize(v.NewAttempt("prompt", "none"))); got.Get("error") != "login_required" {
		t.Errorf("prompt=none without a session: %v, want login_required", got)
	}
	v.Tokens()
	if got := v.Callback(v.Authorize(v.NewAttempt("prompt", "none"))); !got.Has("code") {
		t.Errorf("prompt=none with a session: %v, want a code", got)
	}
	if got := v.Callback(v.Authorize(v.NewAttempt("code_challenge", "", "code_challenge_method", ""))); got.Get("error") != "invalid_request" {
		t.Errorf("without PKCE: %v, want invalid_request", got)
	}
}

func TestForm(t *testing.T) {
	v, _ := newVisit(t, nil)
	page := v.Submit(v.Authorize(v.NewAttempt()), visitor.Credentials("demo", "wrong"))
	if page.Status != http.StatusOK || !strings.Contains(page.Body, `role="alert"`) {
		t.Fatalf("wrong password: status %d: %s", page.Status, page.Body)
	}
	if got := v.Callback(v.Submit(page, visitor.Credentials("demo", "demo"))); !got.Has("code") {
		t.Errorf("second try: %v, want a code", got)
	}
	again := v.Authorize(v.NewAttempt("prompt", "login"))
	if got := v.Callback(v.Submit(again, url.Values{"action": {"cancel"}})); got.Get("error") != "access_denied" {
		t.Errorf("cancel: %v, want access_denied", got)
	}
}

func TestRefresh(t *testing.T) {
	v, _ := newVisit(t, nil)
	if _, ok := v.Tokens("scope", "openid api")["refresh_token"]; ok {
		t.Error("a refresh token without offline_access")
	}
	first := v.Tokens("prompt", "login")
	status, second := v.Refresh(first["refresh_token"])
	if status != http.StatusOK || second["refresh_token"] == first["refresh_token"] {
		t.Fatalf("status %d, want 200 and another refresh token", status)
	}
	if status, body := v.Refresh(first["refresh_token"]); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
		t.Errorf("replay: %d %v, want 400 invalid_grant", status, body)
	}
	if status, body := v.Refresh(second["refresh_token"]); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
		t.Errorf("the newest after a replay: %d %v, want 400 invalid_grant", status, body)
	}
}

func TestUserInfo(t *testing.T) {
	v, _ := newVisit(t, func(c *peer.Config) { c.Audience = "" })
	r, err := http.NewRequest("GET", v.Endpoint("userinfo_endpoint"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+v.Tokens("scope", "openid profile")["access_token"].(string))
	visitor.Check(t, "userinfo", v.JSON(v.Do(r)), map[string]any{"sub": "demo-user-1", "name": "Demo User"})
}

func TestLogout(t *testing.T) {
	v, p := newVisit(t, nil)
	hint, _ := v.Tokens()["id_token"].(string)
	page := v.Get(v.Endpoint("end_session_endpoint") + "?" + url.Values{
		"id_token_hint": {hint}, "post_logout_redirect_uri": {goodbyeURI}, "state": {"bye"},
	}.Encode())
	got := v.Submit(page, url.Values{"logout": {"yes"}})
	if got.Location == nil || got.Location.String() != goodbyeURI+"?state=bye" {
		t.Fatalf("status %d, location %v; %s", got.Status, got.Location, got.Body)
	}
	if got := v.Callback(v.Authorize(v.NewAttempt("prompt", "none"))); got.Get("error") != "login_required" {
		t.Errorf("after sign-out: %v, want login_required", got)
	}
	if n := p.Recorder.Count(recorder.EndSession); n != 1 {
		t.Errorf("%d requests to end the session, want 1", n)
	}
}

func TestCORS(t *testing.T) {
	v, p := newVisit(t, nil)
	for origin, want := range map[string]string{app: app, "http://evil.localhost:8000": ""} {
		r, err := http.NewRequest("POST", v.Endpoint("token_endpoint"), strings.NewReader("grant_type=refresh_token&refresh_token=x&client_id="+clientID))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", origin)
		if got := v.Do(r).Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("Access-Control-Allow-Origin for %s = %q, want %q", origin, got, want)
		}
	}
	if n := p.Recorder.Count(recorder.Token); n != 2 {
		t.Errorf("%d token requests recorded, want 2", n)
	}
}

// No path that is recorded holds an id.
func TestRecordedPaths(t *testing.T) {
	v, p := newVisit(t, nil)
	v.Tokens()
	kinds := map[recorder.Kind]bool{}
	for _, e := range p.Recorder.Entries() {
		kinds[e.Kind] = true
		if e.Kind == recorder.Other || len(e.Path) > 40 {
			t.Errorf("recorded %s as %s", e.Path, e.Kind)
		}
	}
	for _, kind := range []recorder.Kind{recorder.Discovery, recorder.Authorize, recorder.Login, recorder.Token} {
		if !kinds[kind] {
			t.Errorf("no %s recorded", kind)
		}
	}
}

// The provider ends with its context, and nobody answers any more.
func TestEnd(t *testing.T) {
	v, p := newVisit(t, nil)
	v.Metadata()
	p.Close()
	if res, err := http.Get(p.Issuer + "/jwks"); err == nil {
		res.Body.Close()
		t.Errorf("status %d after Close", res.StatusCode)
	}
}

func TestMistake(t *testing.T) {
	newVisit(t, nil) // or skip
	_, err := peer.Start(context.Background(), peer.Config{ClientID: clientID, RedirectURIs: []string{"no-uri"}, SigningAlgorithm: "none"})
	if err == nil || !strings.Contains(err.Error(), "did not start") {
		t.Errorf("Start = %v, want a reason", err)
	}
}
