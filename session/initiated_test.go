package session

import (
	"net/url"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
)

func TestSigninInitiated(t *testing.T) {
	const page = "https://app.example.test/start"
	tests := []struct {
		name     string
		query    url.Values
		returnTo string
		hint     string
		want     oidc.Code
	}{
		{"4 iss alone", url.Values{}, page, "", ""},
		{"4 login_hint", url.Values{"login_hint": {"me"}}, page, "me", ""},
		{"4 target_link_uri", url.Values{"target_link_uri": {"https://app.example.test/cart?a=b"}}, "https://app.example.test/cart?a=b", "", ""},
		{"4 target_link_uri is the callback page", url.Values{"target_link_uri": {"https://app.example.test/callback.html"}}, page, "", ""},
		{"4 target_link_uri is the callback page, rewritten", url.Values{"target_link_uri": {"https://app.example.test/callback/?a=b"}}, page, "", ""},
		{"4 target_link_uri is this page", url.Values{"target_link_uri": {page + "?view=cart"}}, page + "?view=cart", "", ""},
		{"4 target_link_uri begins a login", url.Values{"target_link_uri": {page + "?iss=ISSUER"}}, page, "", ""},
		{"4 target_link_uri of another origin", url.Values{"target_link_uri": {"https://evil.example/"}}, "", "", oidc.ErrTargetNotAllowed},
		{"4 iss unknown", url.Values{"iss": {"https://evil.example"}}, "", "", oidc.ErrIssuerMismatch},
		{"4 iss missing", url.Values{"iss": nil}, "", "", oidc.ErrCallbackMissing},
		{"4 login_hint twice", url.Values{"login_hint": {"me", "you"}}, "", "", oidc.ErrCallbackMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			client, tab := w.open(false)
			if _, ok := tt.query["iss"]; !ok {
				tt.query.Set("iss", w.op.Issuer)
			}
			for name, values := range tt.query {
				for i := range values {
					tt.query[name][i] = strings.ReplaceAll(values[i], "ISSUER", url.QueryEscape(w.op.Issuer))
				}
			}
			err := client.SigninInitiated(t.Context(), page+"?"+tt.query.Encode()+"#top")
			if tt.want != "" {
				mustFail(t, "SigninInitiated", err, tt.want)
				if tab.address != "" || len(tab.transactions) > 0 {
					t.Error("a sign-in that is refused begins")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(tab.address)
			if err != nil || u.Query().Get("login_hint") != tt.hint {
				t.Errorf("login_hint = %q, %v; want %q", u.Query().Get("login_hint"), err, tt.hint)
			}
			for _, transaction := range tab.transactions {
				if transaction.ReturnTo != tt.returnTo {
					t.Errorf("return to %q, want %q", transaction.ReturnTo, tt.returnTo)
				}
			}
			if len(tab.transactions) != 2 { // and which of them is under way
				t.Errorf("the tab keeps %d", len(tab.transactions))
			}
		})
	}
}
