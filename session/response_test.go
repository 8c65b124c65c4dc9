package session

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

func TestResponseModes(t *testing.T) {
	for mode, want := range map[string]oidc.Code{
		"query": "", "fragment": "", "jwt": "", "query.jwt": "", "fragment.jwt": "",
		"form_post": oidc.ErrInvalidConfig, "form_post.jwt": oidc.ErrInvalidConfig,
	} {
		w := newWorld(t)
		w.settings.Request.ResponseMode = mode
		if want != "" {
			_, err := w.registry.Open(w.settings, Page{}, Hint{})
			mustFail(t, mode, err, want)
			continue
		}
		client, tab := w.open(false)
		if err := client.SigninRedirect(t.Context(), SigninArgs{}); err != nil {
			t.Fatal(err)
		}
		address := w.op.Visit(tab.address)
		if inFragment := strings.Contains(address, "#"); inFragment != strings.HasPrefix(mode, "fragment") {
			t.Errorf("%s: the response is in the fragment: %t", mode, inFragment)
		}
		if _, err := client.SigninCallback(t.Context(), address); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// A sign-in whose signed response cannot be verified for want of keys can be
// completed later: the code has not been used.
func TestSignedResponseWithoutKeys(t *testing.T) {
	w := newWorld(t)
	w.settings.Request.ResponseMode = "jwt"
	client, tab := w.open(false)
	address := w.redirect(client, tab)
	w.transport.Fail = func(req *oidc.Request) error {
		if strings.HasSuffix(req.URL, "/jwks") {
			return oidc.ErrNetwork
		}
		return nil
	}
	_, err := client.SigninCallback(t.Context(), address)
	mustFail(t, "without keys", err, oidc.ErrNetwork)
	if n := w.op.Count(oidctest.Token); n != 0 {
		t.Errorf("%d token requests", n)
	}
	w.transport.Fail = nil
	if _, err := client.SigninCallback(t.Context(), address); err != nil {
		t.Errorf("once more: %v", err)
	}
}

// A code can be bound to the key, and is worth nothing without it.
func TestBindCode(t *testing.T) {
	bound := func(t *testing.T) (*world, *Client, *tab) {
		w, _ := newBound(t)
		w.settings.BindCode = true
		client, tab := w.open(false)
		return w, client, tab
	}
	t.Run("dpop_jkt is sent, and the key is kept", func(t *testing.T) {
		w, client, tab := bound(t)
		address := w.redirect(client, tab)
		asked := tab.address
		user, err := client.SigninCallback(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(asked, "dpop_jkt="+user.key.Thumbprint()) {
			t.Error("the request does not name the key")
		}
		if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
			t.Errorf("renewal: %v", err)
		}
	})
	t.Run("in a pushed request", func(t *testing.T) {
		w, client, tab := bound(t)
		w.op.RequirePAR = true
		w.signIn(client, tab) // the provider compares the keys
	})
	t.Run("the program that had the key has ended", func(t *testing.T) {
		w, client, tab := bound(t)
		address := w.redirect(client, tab)
		w.op.ResetRequests()
		w.registry = NewRegistry(Config{Transport: w.transport, NewKey: newES256})
		_, err := w.openIn(tab, false).SigninCallback(t.Context(), address)
		mustFail(t, "SigninCallback", err, oidc.ErrDPoPKeyLost)
		if n := w.op.Count(oidctest.Token); n != 0 {
			t.Errorf("%d token requests", n)
		}
	})
	t.Run("a sign-out meanwhile", func(t *testing.T) {
		w, client, tab := bound(t)
		w.signIn(client, tab)
		address := w.redirect(client, tab)
		_ = client.RemoveUser(t.Context())
		_, err := client.SigninCallback(t.Context(), address)
		mustFail(t, "SigninCallback", err, ErrNotSignedIn)
	})
	t.Run("an app that tidies up meanwhile", func(t *testing.T) {
		w, client, tab := bound(t)
		address := w.redirect(client, tab)
		_ = client.RemoveUser(t.Context()) // where nobody is signed in
		if _, err := client.SigninCallback(t.Context(), address); err != nil {
			t.Error(err)
		}
	})
	t.Run("a key that ends with the page", func(t *testing.T) {
		w, _, _ := bound(t)
		w.registry = NewRegistry(Config{Transport: w.transport, NewKey: newES256, OnePage: true})
		client, _ := w.open(false)
		mustFail(t, "SigninRedirect", client.SigninRedirect(t.Context(), SigninArgs{}), oidc.ErrUnsupported)
		if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
			t.Errorf("in the frame: %v", err)
		}
	})
	t.Run("without DPoP", func(t *testing.T) {
		w, _, _ := bound(t)
		w.settings.DPoP = false
		_, err := w.registry.Open(w.settings, newTab(w.op).page(), Hint{})
		mustFail(t, "Open", err, oidc.ErrInvalidConfig)
	})
}

// A renewal that fails after the provider has rotated the refresh token is
// followed by one with the new token: the provider takes the second use of the
// old one for a theft, and fails the test.
func TestRenewalAfterAFailedOne(t *testing.T) {
	tests := []struct {
		name string
		edit func(op *oidctest.OP)
		heal func(op *oidctest.OP)
		want oidc.Code
	}{
		{"ID Token of somebody else",
			func(op *oidctest.OP) {
				op.EditIDToken = func(_, claims map[string]any) { claims["sub"] = "other" }
			},
			func(op *oidctest.OP) { op.EditIDToken = nil }, oidc.ErrSubjectChanged},
		{"userinfo of somebody else",
			func(op *oidctest.OP) { op.EditUserinfo = func(claims map[string]any) { claims["sub"] = "other" } },
			func(op *oidctest.OP) { op.EditUserinfo = nil }, oidc.ErrSubjectChanged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			w.settings.LoadUserinfo = true
			client, tab := w.open(false)
			before := w.signIn(client, tab)
			w.op.Edit(func() { tt.edit(w.op) })
			_, err := client.SigninSilent(t.Context(), SigninArgs{})
			mustFail(t, "the first renewal", err, tt.want)
			w.op.Edit(func() { tt.heal(w.op) })
			w.op.ResetRequests()
			user, err := client.SigninSilent(t.Context(), SigninArgs{})
			if err != nil || user == before {
				t.Fatalf("the second renewal: %v", err)
			}
			if n := w.op.Count(oidctest.Authorize); n != 0 {
				t.Error("the second renewal took the frame")
			}
		})
	}
}

// A response that belongs to nothing leaves who is signed in alone: what that person's own
// sign-in brought with it, the app's state and what the response said, is not given to the
// call that reads the stray one, which an attacker's link may have brought.
func TestStrayResponseBringsNoState(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	if err := client.SigninRedirect(t.Context(), SigninArgs{State: strictjson.RawMessage(`"/pay"`), URLState: "link"}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.SigninCallback(t.Context(), w.op.Visit(tab.address)+"&kc_action_status=success"); err != nil {
		t.Fatal(err)
	}
	other := newTab(w.op)
	user, err := w.openIn(other, true).SigninCallback(t.Context(), "https://app.example.test/callback.html?code=c&state=forged")
	if err != nil || user == nil {
		t.Fatalf("SigninCallback = %v, %v", user, err)
	}
	if user.State != nil || user.URLState != "" || user.Response != nil {
		t.Errorf("a stray response brings state %s, url_state %q and %v of another sign-in", user.State, user.URLState, user.Response)
	}
}

// A state that is the name of something else that the tab keeps is one that it does not know:
// the sign-in that has left begins again, or who is signed in stays.
func TestStateOfANote(t *testing.T) {
	for _, state := range []string{"forged", "underway", "restore:" + "ISSUER" + ":" + "CLIENT"} {
		for _, signedIn := range []bool{true, false} {
			t.Run(fmt.Sprintf("%.8s, signed in %t", state, signedIn), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.settings.Restore = RestoreRedirect
					client, tab := w.open(false)
					if signedIn {
						w.signIn(client, tab)
					}
					if err := client.mark(t.Context(), 1); err != nil {
						t.Fatal(err)
					}
					_ = w.redirect(client, tab)
					state = strings.NewReplacer("ISSUER", w.settings.Issuer, "CLIENT", w.settings.ClientID).Replace(state)
					gone := len(tab.addresses)
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					user, err := client.SigninCallback(ctx, "https://app.example.test/callback.html?code=c&state="+url.QueryEscape(state))
					if user == nil && len(tab.addresses) == gone {
						t.Errorf("nobody, and the tab stays: %v", err)
					}
				})
			})
		}
	}
}
