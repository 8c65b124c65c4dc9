package session

import (
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// What the callback page hands on is the response as it arrived; what the app's
// own page has in its query is no part of it, and a mark of another visit
// counts for nothing.
func TestArrival(t *testing.T) {
	const page, mark = "https://app.example.test/callback.html", "1-2-3-4"
	tests := []struct {
		name    string
		arrival Arrival
		url     string
		want    string
	}{
		{"at the page itself", Arrival{}, page + "?op=1&code=c", page + "?op=1&code=c"},
		{"handed on", Arrival{page, mark}, "https://app.example.test/?oidcspa.arrival=1-2-3-4&op=1&code=c", page + "?op=1&code=c"},
		{"to a page with a query", Arrival{page, mark}, "https://app.example.test/?op=2&oidcspa.arrival=1-2-3-4&code=c", page + "?code=c"},
		{"in the fragment", Arrival{page, mark}, "https://app.example.test/?oidcspa.arrival=1-2-3-4#code=c", page + "?#code=c"},
		{"of another visit", Arrival{page, mark}, "https://app.example.test/?oidcspa.arrival=1-2-3-5&code=c", "https://app.example.test/?oidcspa.arrival=1-2-3-5&code=c"},
		{"without a mark in the address", Arrival{page, mark}, "https://app.example.test/?code=c", "https://app.example.test/?code=c"},
		{"with the mark in a value", Arrival{page, mark}, "https://app.example.test/?x=oidcspa.arrival=1-2-3-4&code=c", "https://app.example.test/?x=oidcspa.arrival=1-2-3-4&code=c"},
		{"with the mark in the fragment", Arrival{page, mark}, "https://app.example.test/#oidcspa.arrival=1-2-3-4&code=c", "https://app.example.test/#oidcspa.arrival=1-2-3-4&code=c"},
		{"with no mark kept", Arrival{Address: page}, "https://app.example.test/?oidcspa.arrival=&code=c", "https://app.example.test/?oidcspa.arrival=&code=c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.arrival.at(tt.url); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// A response that the callback page hands on to a page of the app is bound to
// the address of the callback page, also when it has to be tried again.
func TestSigninCallbackHandedOn(t *testing.T) {
	const handedOn = "https://app.example.test/welcome?view=cart&oidcspa.arrival=1-2&"
	tests := []struct {
		name    string
		arrival Arrival
		want    oidc.Code
	}{
		{"from the redirect URI", Arrival{"https://app.example.test/callback.html", "1-2"}, ""},
		{"from another page", Arrival{"https://app.example.test/other.html", "1-2"}, oidc.ErrRedirectURIMismatch},
		{"from the redirect URI, another visit", Arrival{"https://app.example.test/callback.html", "1-3"}, oidc.ErrRedirectURIMismatch},
		{"from nowhere", Arrival{}, oidc.ErrRedirectURIMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			client, tab := w.open(false)
			back := w.redirect(client, tab)
			tab.set(func() {
				for state, transaction := range tab.transactions {
					transaction.Arrival = tt.arrival
					tab.transactions[state] = transaction
				}
			})
			w.restart() // the metadata has to be fetched again
			client = w.openIn(tab, false)
			address := handedOn + back[len(w.settings.RedirectURI)+1:]
			w.transport.Fail = func(*oidc.Request) error { return oidc.ErrNetwork }
			_, err := client.SigninCallback(t.Context(), address)
			mustFail(t, "without a network", err, oidc.ErrNetwork)
			w.transport.Fail = nil
			_, err = client.SigninCallback(t.Context(), address)
			if tt.want == "" && err != nil {
				t.Error(err)
			}
			if tt.want != "" {
				mustFail(t, "SigninCallback", err, tt.want)
				if n := w.op.Count(oidctest.Token); n != 0 {
					t.Errorf("%d token requests", n)
				}
			}
		})
	}
}
