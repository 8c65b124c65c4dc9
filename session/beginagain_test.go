package session

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
)

// A provider that says "begin again" (Keycloak, of a login page that was open for too
// long) is asked once more by the tab, for the same, with secrets of its own.
func TestSigninBeginsAgain(t *testing.T) {
	expired := func(p url.Values) {
		p.Del("code")
		p.Set("error", "temporarily_unavailable")
		p.Set("error_description", "authentication_expired")
	}
	tests := []struct {
		name      string
		edit      func(url.Values)
		out       bool // somebody signs out before the response comes
		stays     bool // the tab
		nextFails bool
	}{
		{"once", expired, false, false, false},
		{"and no third time", expired, false, false, true},
		{"not after a sign-out", expired, true, true, false},
		{"not for another reason", func(p url.Values) { expired(p); p.Set("error_description", "too busy") }, false, true, false},
		{"not with another error", func(p url.Values) { expired(p); p.Set("error", "access_denied") }, false, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				client, tab := w.open(false)
				maxAge := int64(60)
				args := SigninArgs{
					State: strictjson.RawMessage(`"basket"`), URLState: "en", ReturnTo: "https://app.example.test/shop", Scope: "openid email",
					LoginHint: "ann", IDTokenHint: "e30.e30.c2ln", Nonce: oidc.Secret(strings.Repeat("nonce-", 7) + "n"),
					Request: RequestSettings{UILocales: "de", MaxAge: &maxAge, Extra: map[string]string{"kc_idp_hint": "partner"}},
				}
				if err := client.SigninRedirect(t.Context(), args); err != nil {
					t.Fatal(err)
				}
				w.op.EditCallback = tt.edit
				callback := w.op.Visit(tab.address)
				if tt.out {
					client.session.signOut((*standing).signedOut)
				}
				for _, kept := range tab.transactions {
					if record := string(kept.Record); strings.Contains(record, args.IDTokenHint.Reveal()) {
						t.Errorf("the tab keeps a token: %s", record)
					}
				}
				ctx, leave := context.WithCancel(t.Context())
				first := make(chan error, 1)
				go func() {
					_, err := client.SigninCallback(ctx, callback)
					first <- err
				}()
				synctest.Wait()
				if tt.stays {
					leave()
					if err := <-first; !isAny(err, oidc.ErrProvider) || len(tab.addresses) != 1 {
						t.Errorf("SigninCallback = %v; the tab has left %d times", err, len(tab.addresses))
					}
					return
				}
				if len(tab.addresses) != 2 {
					t.Fatalf("the tab has left %d times", len(tab.addresses))
				}
				leave() // the page ends
				if err := <-first; !errors.Is(err, context.Canceled) {
					t.Errorf("of the page that has left: %v", err)
				}
				before, after := query(t, tab.addresses[0]), query(t, tab.addresses[1])
				for _, name := range []string{"state", "nonce", "code_challenge"} {
					if after.Get(name) == "" || after.Get(name) == before.Get(name) {
						t.Errorf("%s is the same", name)
					}
					after.Set(name, before.Get(name))
				}
				before.Del("id_token_hint")
				if got, want := after.Encode(), before.Encode(); got != want {
					t.Errorf("the tab asks for %s, want %s", got, want)
				}
				if !tt.nextFails {
					w.op.EditCallback = nil
				}
				callback = w.op.Visit(tab.address)
				for _, kept := range tab.transactions {
					if kept.ReturnTo != args.ReturnTo {
						t.Errorf("the tab comes back to %q", kept.ReturnTo)
					}
				}
				user, err := client.SigninCallback(t.Context(), callback)
				if tt.nextFails {
					mustFail(t, "SigninCallback", err, oidc.ErrProvider)
				} else if err != nil || string(user.State) != `"basket"` || user.URLState != "en" {
					t.Errorf("SigninCallback = %v, %v", user, err)
				}
				if len(tab.addresses) != 2 || len(tab.transactions) != 0 {
					t.Errorf("the tab has left %d times, and keeps %d", len(tab.addresses), len(tab.transactions))
				}
			})
		})
	}
}

// What the app has prepared for one request is used up with it: the provider would show
// an error page, and the app would hear nothing.
func TestSigninBeginsNotAgain(t *testing.T) {
	for _, args := range []SigninArgs{
		{RequestURI: "urn:ietf:params:oauth:request_uri:of-the-app"},
		{RequestObject: "e30.e30.c2ln", Nonce: oidc.Secret(strings.Repeat("nonce-", 8))},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			client, tab := w.open(false)
			if err := client.SigninRedirect(t.Context(), args); err != nil {
				t.Fatal(err)
			}
			for state := range tab.transactions {
				if state == underwayMark {
					continue
				}
				_, err := client.SigninCallback(t.Context(), w.settings.RedirectURI+"?error=temporarily_unavailable&error_description=authentication_expired&iss="+w.op.Issuer+"&state="+state.Reveal())
				mustFail(t, "SigninCallback", err, oidc.ErrProvider)
			}
			if len(tab.addresses) != 1 {
				t.Error("the tab has left again")
			}
		})
	}
}

// The tab that does not leave after all has the provider's answer.
func TestSigninBeginsAgainInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		client, tab := w.open(false)
		w.op.EditCallback = func(p url.Values) {
			p.Set("error", "temporarily_unavailable")
			p.Set("error_description", "authentication_expired")
		}
		_, err := client.SigninCallback(t.Context(), w.redirect(client, tab))
		mustFail(t, "SigninCallback", err, oidc.ErrProvider)
	})
}

func query(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// A response that belongs to nothing the tab has begun, as that to a hidden frame which
// was given up, is read by nobody: the sign-in that the tab has left for begins again,
// once, and who is signed in stays so.
func TestResponseOfAnotherRequest(t *testing.T) {
	forged := func(*testing.T, *world, *Client) string {
		return "https://app.example.test/callback?code=c&state=forged&iss=https://op.example.test"
	}
	frame := func(t *testing.T, w *world, client *Client) (address string) {
		tab := client.page.Framer.(*tab)
		tab.frame = func(_ context.Context, url string) (string, error) {
			address = url
			return "", ErrFrameNoResponse
		}
		_, err := client.SigninSilent(t.Context(), SigninArgs{})
		mustFail(t, "SigninSilent", err, ErrFrameNoResponse)
		return address
	}
	tests := []struct {
		name    string
		request func(t *testing.T, w *world, client *Client) string
		then    func(w *world, client *Client, tab *tab) // the tab has left
		again   bool
		want    oidc.Code // where it stays
	}{
		{"of a frame that was given up", frame, nil, true, ""},
		{"of a frame, to another program", frame, func(w *world, _ *Client, _ *tab) { w.restart() }, true, ""},
		{"forged", forged, nil, true, ""},
		{"nothing is under way", forged, func(_ *world, _ *Client, tab *tab) { clear(tab.transactions) }, false, oidc.ErrStateUnknown},
		{"somebody has signed out since", forged, func(_ *world, c *Client, _ *tab) { c.session.signOut((*standing).signedOut) }, false, oidc.ErrStateUnknown},
		{"another client's is under way", forged, func(_ *world, _ *Client, tab *tab) {
			kept := tab.transactions[underwayMark]
			kept.Client = "https://other.example.test:app"
			tab.transactions[underwayMark] = kept
		}, false, oidc.ErrStateUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				client, tab := w.open(false)
				other := tt.request(t, w, client)
				if err := client.SigninRedirect(t.Context(), SigninArgs{State: strictjson.RawMessage(`"basket"`), ReturnTo: "https://app.example.test/shop"}); err != nil {
					t.Fatal(err)
				}
				own := tab.address
				if tt.then != nil {
					tt.then(w, client, tab)
					client = w.openIn(tab, false)
				}
				callback := other
				if strings.HasPrefix(other, w.op.Issuer) {
					callback = w.op.Visit(other)
				}
				comesBack := func(callback string) (*User, error) {
					ctx, leave := context.WithCancel(t.Context())
					go func() {
						synctest.Wait()
						leave() // the page ends
					}()
					return client.SigninCallback(ctx, callback)
				}
				_, err := comesBack(callback)
				if !tt.again {
					mustFail(t, "SigninCallback", err, tt.want)
					if len(tab.addresses) != 1 {
						t.Errorf("the tab has left %d times", len(tab.addresses))
					}
					return
				}
				if !errors.Is(err, context.Canceled) || len(tab.addresses) != 2 {
					t.Fatalf("SigninCallback = %v; the tab has left %d times", err, len(tab.addresses))
				}
				if before, after := query(t, own), query(t, tab.address); after.Get("state") == before.Get("state") || after.Get("nonce") == before.Get("nonce") {
					t.Error("the secrets are the same")
				}
				for _, answered := range []string{tab.address, own} { // whichever the provider answers now
					kept := maps.Clone(tab.transactions)
					user, err := client.SigninCallback(t.Context(), w.op.Visit(answered))
					if err != nil || string(user.State) != `"basket"` {
						t.Errorf("SigninCallback = %v, %v", user, err)
					}
					tab.transactions = kept
				}
				user, err := client.SigninCallback(t.Context(), forged(t, w, client)) // once, and no third time
				if err != nil || user.AccessToken != client.Current().AccessToken || len(tab.addresses) != 2 {
					t.Errorf("who is signed in: SigninCallback = %v, %v; the tab has left %d times", user, err, len(tab.addresses))
				}
			})
		})
	}
}

// Who goes back to the login page after a sign-in (Keycloak) brings the answer to what is
// over to a program that is new. Where a redirect restores sessions, it does that here,
// too, once: the page is that of the app, and nobody has to ask anew.
func TestAnswerToWhatIsOver(t *testing.T) {
	const answer = "?error=temporarily_unavailable&error_description=authentication_expired&state=of-before&iss=https://op.example.test"
	tests := []struct {
		name    string
		restore RestoreMode
		hint    bool
		page    string // where the answer arrives, if not at the redirect URI
		out     bool   // nobody is signed in at the provider
		leaves  int
		want    oidc.Code // empty: somebody is signed in
	}{
		{"a redirect restores", RestoreRedirect, true, "", false, 1, ""},
		{"and finds nobody", RestoreRedirect, true, "", true, 1, oidc.ErrStateUnknown},
		{"nobody was signed in", RestoreRedirect, false, "", false, 0, oidc.ErrStateUnknown},
		{"another page", RestoreRedirect, true, "https://app.example.test/help", false, 0, oidc.ErrStateUnknown},
		{"the frame restores", RestoreSilent, true, "", false, 0, ""},
		{"nothing restores", RestoreOff, true, "", false, 0, oidc.ErrStateUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.settings.Restore, w.op.SignedIn = tt.restore, !tt.out
				w.settings.RedirectURI = "https://app.example.test/?page=app"
				page, query := cmp.Or(tt.page, w.settings.RedirectURI), answer
				if tt.page == "" {
					query = "&" + answer[1:]
				}
				tab := newTab(w.op)
				client := w.openIn(tab, tt.hint)
				answered := func() (*User, error) { // the page ends when all is quiet
					ctx, leave := context.WithCancel(t.Context())
					done := make(chan struct{})
					var user *User
					var err error
					go func() {
						defer close(done)
						user, err = client.SigninCallback(ctx, page+query)
					}()
					synctest.Wait()
					leave()
					<-done
					return user, err
				}
				user, err := answered()
				if len(tab.addresses) != tt.leaves {
					t.Fatalf("SigninCallback = %v, %v; the tab has left %d times, want %d", user, err, len(tab.addresses), tt.leaves)
				}
				if tt.leaves > 0 {
					if !errors.Is(err, context.Canceled) {
						t.Errorf("of the page that has left: %v", err)
					}
					user, err = client.SigninCallback(t.Context(), w.op.Visit(tab.address))
					if err != nil {
						t.Errorf("the round trip: %v", err)
					}
				}
				if tt.want != "" {
					_, err = answered()
					mustFail(t, "SigninCallback", err, tt.want)
				} else if user == nil || user.AccessToken != client.Current().AccessToken {
					t.Errorf("SigninCallback = %v, %v", user, err)
				}
				if len(tab.addresses) != tt.leaves {
					t.Errorf("the tab has left %d times", len(tab.addresses))
				}
			})
		})
	}
}

// Who is signed in stays so: where the provider is away, and the token has ended, that is told.
func TestUnknownResponseWhileTheProviderIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.settings.ManualRenew, w.op.RefreshTokens = true, true
		client, tab := w.open(false)
		user := w.signIn(client, tab)
		time.Sleep(time.Until(time.Unix(user.ExpiresAt, 0)) + time.Minute)
		w.transport.Fail = func(*oidc.Request) error { return oidc.ErrNetwork }
		_, err := client.SigninCallback(t.Context(), w.settings.RedirectURI+"?code=c&state=of-before")
		mustFail(t, "SigninCallback", err, oidc.ErrNetwork)
		if client.Current() == nil {
			t.Error("the session has ended")
		}
		_ = client.RemoveUser(t.Context())
	})
}
