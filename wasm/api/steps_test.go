//go:build !js

package api

import (
	"net/url"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
)

// openSteps connects a tab as an OidcClient does.
func (w *world) openSteps() *tab {
	w.t.Helper()
	tab := w.connect()
	tab.must("open", object{"version": Version, "steps": true, "settings": w.settings}, nil)
	return tab
}

// A sign-in, a renewal and a sign-out that the app makes itself change no
// session, and no tab hears of them.
func TestSteps(t *testing.T) {
	w := newWorld(t)
	w.op.RefreshTokens = true
	other, tab := w.open(), w.openSteps()

	var request, read signinRequestJSON
	tab.must("createSignin", object{"state": object{"data": 7}}, &request)
	callback := w.op.Visit(request.URL)
	tab.must("readSignin", object{"url": callback, "keepState": true}, &read)
	if read.ID != request.ID || string(read.State) != `{"data":7}` {
		t.Errorf("readSignin = %+v", read)
	}
	var user, renewed userJSON
	tab.must("processSignin", object{"url": callback}, &user)
	if user.AccessToken == "" || string(user.State) != `{"data":7}` {
		t.Error("no user, or not the state of the app")
	}
	tab.mustFail("processSignin", object{"url": callback}, oidc.ErrStateUnknown)
	tab.must("useRefreshToken", object{"refresh_token": user.RefreshToken, "id_token": user.IDToken, "scope": user.Scope}, &renewed)
	if renewed.AccessToken == "" || renewed.AccessToken == user.AccessToken {
		t.Error("the user was not renewed")
	}
	tab.must("revokeToken", object{"token": renewed.AccessToken, "type": "access_token"}, nil)
	if !w.op.Revoked(renewed.AccessToken) {
		t.Error("the token was not revoked")
	}
	var out signoutRequestJSON
	tab.must("createSignout", object{"id_token_hint": user.IDToken, "state": 8, "url_state": "en"}, &out)
	callback = w.op.Visit(out.URL)
	for _, method := range []string{"readSignout", "readSignout", "processSignout"} {
		var back signoutResult
		params := object{"url": callback}
		if method == "readSignout" {
			params["keepState"] = true
		}
		tab.must(method, params, &back)
		if out.ID == "" || string(back.State) != "8" || back.URLState != "en" {
			t.Errorf("createSignout = %q; %s = %+v", out.ID, method, back)
		}
	}
	for _, method := range []string{"readSignout", "processSignout"} {
		for address, urlState := range map[string]string{callback: "en", "https://app.example.test/": ""} {
			back := signoutResult{State: []byte("8")}
			tab.must(method, object{"url": address}, &back)
			if string(back.State) != "null" || back.URLState != urlState {
				t.Errorf("%s afterwards = %+v", method, back)
			}
		}
	}
	var metadata oidc.Metadata
	tab.must("metadata", nil, &metadata)
	if metadata.Issuer != w.op.Issuer {
		t.Errorf("metadata of %q", metadata.Issuer)
	}

	other.must("getUser", nil, &user)
	if names := other.names(); len(names) > 0 {
		t.Errorf("another tab heard %v", names)
	}
	if err := tab.call("getUser", nil, nil); err == nil {
		t.Error("an OidcClient has a user")
	}
}

// A renewal has to be of the same End-User (OIDC Core 12.2).
func TestStepsOfAnother(t *testing.T) {
	w := newWorld(t)
	w.op.RefreshTokens = true
	tab := w.openSteps()
	var request signinRequestJSON
	tab.must("createSignin", nil, &request)
	var user userJSON
	tab.must("processSignin", object{"url": w.op.Visit(request.URL)}, &user)
	w.op.Edit(func() { w.op.Subject = "subject-2" })
	tab.mustFail("useRefreshToken", object{"refresh_token": user.RefreshToken, "id_token": user.IDToken, "scope": user.Scope}, oidc.ErrSubjectChanged)
}

// The forms of a client with a secret; the provider of the tests knows public
// clients alone, so the form does not get there.
func TestClientSecret(t *testing.T) {
	tests := []struct {
		name     string
		settings object
		header   string // the beginning of Authorization
		names    []string
	}{
		{"post", object{"client_secret": "s"}, "", []string{"client_id", "client_secret"}},
		{"basic", object{"client_secret": "s", "client_authentication": "client_secret_basic"}, "Basic ", nil},
		{"jwt", object{"client_secret": "s", "client_authentication": "client_secret_jwt", "token_endpoint_auth_signing_alg": "HS512"}, "",
			[]string{"client_assertion", "client_assertion_type", "client_id"}},
		{"no secret", object{"client_authentication": "client_secret_basic"}, "", []string{"client_id"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			for name, value := range tt.settings {
				w.settings = w.with(name, value)
			}
			var sent *oidc.Request
			w.transport.Fail = func(req *oidc.Request) error {
				if req.Method == "POST" {
					sent = req
					return oidc.ErrNetwork
				}
				return nil
			}
			tab := w.openSteps()
			tab.mustFail("processCredentials", object{"username": "ada", "password": "p", "extraTokenParams": object{"x": 1}}, oidc.ErrNetwork)
			form, err := url.ParseQuery(sent.Body)
			if err != nil || form.Get("grant_type") != "password" || form.Get("username") != "ada" || form.Get("password") != "p" || form.Get("x") != "1" {
				t.Errorf("form %q, %v", sent.Body, err)
			}
			for _, name := range []string{"client_id", "client_secret", "client_assertion", "client_assertion_type"} {
				want := false
				for _, n := range tt.names {
					want = want || n == name
				}
				if form.Has(name) != want {
					t.Errorf("%s in the form: %v", name, !want)
				}
			}
			if !strings.HasPrefix(sent.Header["Authorization"], tt.header) || tt.header == "" && sent.Header["Authorization"] != "" {
				t.Error("the wrong credentials in the header")
			}
		})
	}
}
