package session

import (
	"crypto/rand"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A response that is refused leads to no request: its code goes nowhere.
func TestRefusedResponseIsSilent(t *testing.T) {
	tests := []struct {
		name string
		edit func(callback *string)
		want oidc.Code
		sent int // token requests
	}{
		{"6749-4.1.2 valid", func(*string) {}, "", 1},
		{"6749-10.12 no state", func(callback *string) { *callback = set(*callback, "state", "") }, oidc.ErrStateMismatch, 0},
		{"6749-10.12 unknown state", func(callback *string) { *callback = set(*callback, "state", "x") }, oidc.ErrStateUnknown, 0},
		{"6749-3.1 duplicate code", func(callback *string) { *callback += "&code=other" }, oidc.ErrCallbackMalformed, 0},
		{"6749-4.1.2.1 an error beside the code", func(callback *string) { *callback += "&error=access_denied" }, oidc.ErrProvider, 0},
		{"9207-2.4 other iss", func(callback *string) { *callback = set(*callback, "iss", "https://evil.example") }, oidc.ErrIssuerMismatch, 0},
		{"9207-2.4 no iss", func(callback *string) { *callback = set(*callback, "iss", "") }, oidc.ErrIssuerMismatch, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				client, tab := w.open(false)
				callback := w.redirect(client, tab)
				tt.edit(&callback)
				_, err := client.SigninCallback(t.Context(), callback)
				if tt.want != "" {
					mustFail(t, "SigninCallback", err, tt.want)
				}
				if n := w.op.Count(oidctest.Token); n != tt.sent {
					t.Errorf("%d token requests, want %d (%v)", n, tt.sent, err)
				}
			})
		})
	}
}

// Nothing of a token response is used before its ID Token has been verified:
// the access token is not sent to the userinfo endpoint, and no tab hears of a
// user.
func TestRefusedTokensAreSilent(t *testing.T) {
	w := newWorld(t)
	w.settings.LoadUserinfo = true
	client, first := w.open(false)
	callback := w.redirect(client, first)
	_, second := w.open(false)
	w.op.EditIDToken = func(_, claims map[string]any) { claims["nonce"] = "other" }
	_, err := client.SigninCallback(t.Context(), callback)
	mustFail(t, "SigninCallback", err, oidc.ErrNonceMismatch)
	for _, tab := range []*tab{first, second} {
		if heard := tab.heard(); len(heard) != 0 || tab.hint {
			t.Errorf("a tab hears %v, hint %v", heard, tab.hint)
		}
	}
	if n := w.op.Count(oidctest.Userinfo); n != 0 {
		t.Errorf("%d userinfo requests, want none", n)
	}
}

// A refresh asks for the scope that was granted, not for the one that was
// asked for (RFC 6749 6).
func TestRefreshScope(t *testing.T) {
	w := newWorld(t)
	w.op.RefreshTokens = true
	w.settings.Scope = "openid email profile"
	w.op.EditTokenResponse = func(response map[string]any) { response["scope"] = "openid email" }
	client, tab := w.open(false)
	w.signIn(client, tab)
	var scope string
	w.transport.Fail = func(req *oidc.Request) error {
		form, err := url.ParseQuery(req.Body)
		scope = form.Get("scope")
		return err
	}
	if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil || scope != "openid email" {
		t.Errorf("scope = %q, error = %v", scope, err)
	}
}

// The HTTP cache keeps nothing about a person, and answers for nobody: it is
// for metadata and keys alone.
func TestNoStore(t *testing.T) {
	w := newWorld(t)
	w.op.RefreshTokens, w.op.RequirePAR, w.op.Password = true, true, "secret-of-the-user"
	w.settings.LoadUserinfo = true
	var mu sync.Mutex // keys are fetched beside
	asked := map[string]int{}
	w.transport.Fail = func(req *oidc.Request) error {
		mu.Lock()
		defer mu.Unlock()
		path := strings.TrimPrefix(req.URL, w.op.Issuer)
		form, err := url.ParseQuery(req.Body)
		asked[strings.TrimSpace(path+" "+form.Get("grant_type"))]++
		if public := path == "/.well-known/openid-configuration" || path == "/jwks"; req.NoStore == public {
			t.Errorf("%s: NoStore = %t", path, req.NoStore)
		}
		return err
	}
	client, tab := w.open(false)
	w.signIn(client, tab)
	if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
		t.Fatal(err)
	}
	if err := client.RevokeTokens(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := client.SigninPassword(t.Context(), PasswordArgs{Username: "user", Password: "secret-of-the-user"}); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, endpoint := range []string{
		"/.well-known/openid-configuration", "/jwks", "/par", "/userinfo", "/revoke",
		"/token authorization_code", "/token refresh_token", "/token password",
	} {
		if asked[endpoint] == 0 {
			t.Errorf("no request of %s: the test shows nothing; there were %v", endpoint, asked)
		}
	}
}

// Metadata is fetched again after an hour, and not before.
func TestMetadataAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.settings.ManualRenew = true
		client, tab := w.open(false)
		w.signIn(client, tab)
		for _, want := range []int{1, 2} {
			if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
				t.Fatal(err)
			}
			if n := w.op.Count(oidctest.Discovery); n != want {
				t.Errorf("%d discovery requests, want %d", n, want)
			}
			time.Sleep(cacheLifetime)
		}
		client.session.stopTimer()
	})
}

// Random bits come from the system unless a program says otherwise: in a
// browser, from crypto.getRandomValues.
func TestRandomByDefault(t *testing.T) {
	if NewRegistry(Config{}).config.Rand != rand.Reader {
		t.Error("another source")
	}
}
