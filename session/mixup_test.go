package session

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Path
}

const otherIssuer = "https://other.example.test"

// Where several issuers share a redirect URI, one that does not say who it is
// is refused, before anybody goes anywhere and before a code is used
// (RFC 9700 4.4).
func TestSharedRedirectURI(t *testing.T) {
	silent := func(w *world) {
		w.op.EditMetadata = func(m map[string]any) { delete(m, "authorization_response_iss_parameter_supported") }
		w.op.EditCallback = func(p url.Values) { p.Del("iss") }
	}
	shared := func(w *world) { w.registry.Meet(Peer{otherIssuer, []string{w.settings.RedirectURI}}) }
	tests := []struct {
		name string
		edit func(w *world)
		want oidc.Code
	}{
		{"one issuer that is silent", silent, ""},
		{"two issuers", shared, ""},
		{"two issuers, and this one is silent", func(w *world) { silent(w); shared(w) }, ErrRedirectURIShared},
		{"another redirect URI", func(w *world) {
			silent(w)
			w.registry.Meet(Peer{otherIssuer, []string{w.settings.RedirectURI + "?op=2", ""}})
		}, ""},
		{"the same issuer twice", func(w *world) {
			silent(w)
			w.registry.Meet(Peer{w.op.Issuer, []string{w.settings.RedirectURI}})
		}, ""},
		{"a client of the other issuer", func(w *world) { silent(w); w.another() }, ErrRedirectURIShared},
		{"a client of the other issuer that is closed", func(w *world) { silent(w); w.another().Close() }, ""},
		{"a page that named the other issuer and is gone", func(w *world) {
			silent(w)
			w.registry.Meet(Peer{otherIssuer, []string{w.settings.RedirectURI}})()
		}, ""},
		{"a signed response", func(w *world) {
			silent(w)
			shared(w)
			w.settings.Request.ResponseMode = "jwt"
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tt.edit(w)
			client, tab := w.open(false)
			err := client.SigninRedirect(t.Context(), SigninArgs{})
			if tt.want != "" {
				mustFail(t, "SigninRedirect", err, tt.want)
				_, err = client.SigninSilent(t.Context(), SigninArgs{})
				mustFail(t, "SigninSilent", err, tt.want)
				if n := w.op.Count(oidctest.Authorize); n != 0 {
					t.Errorf("%d visits to the provider", n)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.SigninCallback(t.Context(), w.op.Visit(tab.address)); err != nil {
				t.Error(err)
			}
		})
	}
}

// another opens a client of the other issuer with the same redirect URI.
func (w *world) another() *Client {
	w.t.Helper()
	settings := w.settings
	settings.Issuer = otherIssuer
	client, err := w.registry.Open(settings, newTab(w.op).page(), Hint{})
	if err != nil {
		w.t.Fatal(err)
	}
	return client
}

// What a page named counts as long as it is there, and for the sign-ins that
// began meanwhile until they are over.
func TestSharedRedirectURIForgotten(t *testing.T) {
	w := newWorld(t)
	w.op.EditMetadata = func(m map[string]any) { delete(m, "authorization_response_iss_parameter_supported") }
	client, tab := w.open(false)
	forget := w.registry.Meet(Peer{otherIssuer, []string{w.settings.RedirectURI + "?op=2"}})
	address := w.redirect(client, tab)
	forget()
	_, err := client.SigninCallback(t.Context(), strings.Replace(address, "?", "?op=2&", 1))
	mustFail(t, "where the other issuer was known", err, oidc.ErrRedirectURIMismatch)
	address = strings.Replace(w.redirect(client, tab), "?", "?op=2&", 1)
	if _, err := client.SigninCallback(t.Context(), address); err != nil {
		t.Errorf("where it was forgotten: %v", err)
	}
	client.Close()
	if r := &w.registry.redirects; len(r.issuers) > 0 || len(r.rivals) > 1 {
		t.Errorf("%d redirect URIs and %d transactions are left", len(r.issuers), len(r.rivals))
	}
}

// The program learns of the other issuer while the user is away.
func TestSharedRedirectURILater(t *testing.T) {
	w := newWorld(t)
	w.op.EditMetadata = func(m map[string]any) { delete(m, "authorization_response_iss_parameter_supported") }
	client, tab := w.open(false)
	address := w.redirect(client, tab)
	w.registry.Meet(Peer{otherIssuer, []string{w.settings.RedirectURI}})
	_, err := client.SigninCallback(t.Context(), address)
	mustFail(t, "SigninCallback", err, ErrRedirectURIShared)
	if n := w.op.Count(oidctest.Token); n != 0 {
		t.Errorf("%d token requests", n)
	}
}

// An argument can lead to a redirect URI that is shared, too.
func TestSharedRedirectURIOfACall(t *testing.T) {
	w := newWorld(t)
	w.op.EditMetadata = func(m map[string]any) { delete(m, "authorization_response_iss_parameter_supported") }
	const uri = "https://app.example.test/other.html"
	w.registry.Meet(Peer{otherIssuer, []string{uri}})
	client, tab := w.open(false)
	mustFail(t, "SigninRedirect", client.SigninRedirect(t.Context(), SigninArgs{RedirectURI: uri}), ErrRedirectURIShared)
	if err := client.SigninRedirect(t.Context(), SigninArgs{}); err != nil || !strings.Contains(tab.address, "callback.html") {
		t.Errorf("with the URI of the settings: %v", err)
	}
}

// silentProvider is a world whose provider does not say in its responses who it is.
func silentProvider(t *testing.T) *world {
	w := newWorld(t)
	w.t = t
	w.settings.ManualRenew = true
	w.op.EditMetadata = func(m map[string]any) { delete(m, "authorization_response_iss_parameter_supported") }
	w.op.EditCallback = func(p url.Values) { p.Del("iss") }
	return w
}

// A sign-in that may take an hour has its rivals for an hour.
func TestRivalsInAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := silentProvider(t)
		w.settings.RedirectTimeout = time.Hour
		client, tab := w.open(false)
		forget := w.registry.Meet(Peer{otherIssuer, []string{w.settings.RedirectURI + "?op=2"}})
		address := w.redirect(client, tab)
		forget()
		time.Sleep(59 * time.Minute)
		other, otherTab := w.open(false)
		w.redirect(other, otherTab) // old ones are forgotten then
		w.op.ResetRequests()
		_, err := client.SigninCallback(t.Context(), strings.Replace(address, "?", "?op=2&", 1))
		mustFail(t, "at the redirect URI of another", err, oidc.ErrRedirectURIMismatch)
		if n := w.op.Count(oidctest.Token); n != 0 {
			t.Errorf("%d token requests", n)
		}
		_ = client.RemoveUser(t.Context())
	})
}

// named are redirect URIs that could be taken for that of w.
func (w *world) named(n int) Peer {
	peer := Peer{Issuer: otherIssuer}
	for i := range n {
		peer.RedirectURIs = append(peer.RedirectURIs, fmt.Sprintf("%s?op=%d", w.settings.RedirectURI, i))
	}
	return peer
}

// However much a page names, and however many sign-ins begin then, little of it
// is kept when it is gone. A sign-in that lost its rivals by that is refused, and
// nobody is held up who comes later.
func TestRivalsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := silentProvider(t)
		client, tab := w.open(false)
		forget := w.registry.Meet(w.named(2))
		address := strings.Replace(w.redirect(client, tab), "?", "?op=1&", 1)
		forget()

		forget = w.registry.Meet(w.named(500))
		steps, err := w.registry.OpenSteps(w.settings, newTab(w.op).page())
		if err != nil {
			t.Fatal(err)
		}
		r := &w.registry.redirects
		for range 100 {
			if _, err := steps.Signin(t.Context(), SigninArgs{}); err != nil {
				t.Fatal(err)
			}
			size := 0
			for _, rivals := range r.rivals {
				size += rivals.size
			}
			if size != r.size || size > rivalsSize {
				t.Fatalf("%d bytes are kept, counted as %d", size, r.size)
			}
		}
		forget()
		forget = w.registry.Meet(w.named(10_000))
		_, err = steps.Signin(t.Context(), SigninArgs{})
		mustFail(t, "with more than there is room for", err, ErrRedirectURIShared)
		forget()
		steps.Close()

		w.op.ResetRequests()
		_, err = client.SigninCallback(t.Context(), address)
		mustFail(t, "a sign-in whose rivals are lost", err, ErrRedirectURIShared)
		if n := w.op.Count(oidctest.Token); n != 0 {
			t.Errorf("%d token requests", n)
		}
		time.Sleep(time.Second)
		w.signIn(client, tab)
		time.Sleep(underway + time.Second)
		w.redirect(client, tab)
		if len(r.rivals) != 0 || r.size != 0 {
			t.Errorf("a quarter of an hour later %d bytes of %d sign-ins are kept", r.size, len(r.rivals))
		}
		_ = client.RemoveUser(t.Context())
	})
}

// A provider that says who it is needs no rivals, and so none can be lost.
func TestRivalsOfAProviderThatSaysWhoItIs(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	w.registry.Meet(w.named(10_000))
	w.signIn(client, tab)
}
