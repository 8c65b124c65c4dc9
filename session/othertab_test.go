package session

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// keepsNothing fails the test if a tab is given something to keep.
func (t *tab) keepsNothing(test *testing.T) {
	t.keeping = func() { test.Error("the new tab is given something to keep") }
}

// A response comes up in another tab than the one that has left.
func TestOtherTab(t *testing.T) {
	tests := []struct {
		name string
		edit func(w *world)                                     // before anybody leaves
		args SigninArgs                                         // of who leaves
		then func(w *world, left *Client, tab *tab, url string) // before the new tab is there
		url  func(url string) string                            // what comes up there
		want oidc.Code
	}{
		{name: "a link in a mail"},
		{name: "the tab that has left is gone", then: func(_ *world, left *Client, _ *tab, _ string) { left.Close() }},
		{name: "a program that may stop with its pages", edit: func(w *world) { w.stops = true; w.restart() }},
		{name: "told before by the callback page", then: func(w *world, _ *Client, _ *tab, url string) {
			w.registry.Arrive(url, Arrival{})
			synctest.Wait()
		}},
		{name: "an hour later, if a sign-in may take so long", edit: func(w *world) { w.settings.RedirectTimeout = 2 * time.Hour },
			then: func(*world, *Client, *tab, string) { time.Sleep(time.Hour) }},
		{name: "an hour later", then: func(*world, *Client, *tab, string) { time.Sleep(time.Hour) }, want: oidc.ErrStateUnknown},
		{name: "a program of one page", edit: func(w *world) { w.onePage = true; w.restart() }, want: oidc.ErrStateUnknown},
		{name: "another program", then: func(w *world, _ *Client, _ *tab, _ string) { w.restart() }, want: oidc.ErrStateUnknown},
		{name: "of another browser", then: func(w *world, _ *Client, _ *tab, _ string) {
			w.restart()
			client, tab := w.open(false)
			w.redirect(client, tab)
		}, want: oidc.ErrStateUnknown},
		{name: "another state", url: func(url string) string { return strings.Replace(url, "state=", "state=x", 1) }, want: oidc.ErrStateUnknown},
		{name: "at another address", url: func(url string) string { return strings.Replace(url, "/callback.html", "/other", 1) }, want: oidc.ErrRedirectURIMismatch},
		{name: "another client", then: func(w *world, _ *Client, _ *tab, _ string) { w.settings.ClientID = "other" }, want: oidc.ErrStateUnknown},
		{name: "another secret", then: func(w *world, _ *Client, _ *tab, _ string) { w.settings.Authentication.Secret = "other" }, want: oidc.ErrStateUnknown},
		{name: "metadata of a page's own", then: func(w *world, _ *Client, _ *tab, _ string) {
			w.settings.Provider.MetadataURL = w.op.Issuer + "/other"
		}, want: oidc.ErrStateUnknown},
		{name: "more state of the app's than is kept", args: SigninArgs{State: strictjson.RawMessage(`"` + strings.Repeat("a", recordLimit) + `"`)}, want: oidc.ErrStateUnknown},
		{name: "a longer address of the app's than is kept", args: SigninArgs{ReturnTo: "https://app.example.test/" + strings.Repeat("a", recordLimit)}, want: oidc.ErrStateUnknown},
		{name: "a sign-out meanwhile", then: func(w *world, left *Client, _ *tab, _ string) {
			_ = left.SignoutRedirect(w.t.Context(), SignoutArgs{})
		}, want: ErrNotSignedIn},
		{name: "somebody has signed in and out meanwhile", then: func(w *world, left *Client, tab *tab, _ string) {
			if _, err := left.SigninCallback(w.t.Context(), w.redirect(left, tab)); err != nil {
				w.t.Fatal(err)
			}
			left.session.endIf(func(*User) bool { return true })
		}, want: oidc.ErrStateUnknown},
		{name: "the tab that has left was faster", then: func(w *world, left *Client, _ *tab, url string) {
			if _, err := left.SigninCallback(w.t.Context(), url); err != nil {
				w.t.Fatal(err)
			}
			_ = left.RemoveUser(w.t.Context())
		}, want: oidc.ErrStateUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.t = t
				if tt.edit != nil {
					tt.edit(w)
				}
				left, tab := w.open(false)
				if tt.args.State == nil {
					tt.args.State = strictjson.RawMessage(`{"page":1}`)
				}
				if err := left.SigninRedirect(t.Context(), tt.args); err != nil {
					t.Fatal(err)
				}
				url := w.op.Visit(tab.address)
				if tt.then != nil {
					tt.then(w, left, tab, url)
				}
				if tt.url != nil {
					url = tt.url(url)
				}
				client, other := w.open(false)
				other.keepsNothing(t)
				user, err := client.SigninCallback(t.Context(), url)
				if tt.want != "" {
					mustFail(t, "SigninCallback", err, tt.want)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if user.Profile["sub"] == nil || string(user.State) != `{"page":1}` {
					t.Errorf("the state of the app is %s", user.State)
				}
				if len(other.transactions) > 0 {
					t.Error("the new tab keeps something")
				}
				if n := w.op.Count(oidctest.Token); n != 1 {
					t.Errorf("%d token requests", n)
				}
				// It was used: there, and in the tab that has left.
				_ = client.RemoveUser(t.Context())
				again, _ := w.open(false)
				_, err = again.SigninCallback(t.Context(), url)
				mustFail(t, "SigninCallback once more", err, oidc.ErrStateUnknown)
				_, err = w.openIn(tab, false).SigninCallback(t.Context(), url)
				mustFail(t, "SigninCallback in the tab that has left", err, oidc.ErrStateUnknown)
				if n := w.op.Count(oidctest.Token); n != 1 {
					t.Errorf("%d token requests in the end", n)
				}
			})
		})
	}
}

// The callback page of the new tab hands the response on, with what the program says of it.
func TestOtherTabHandedOn(t *testing.T) {
	w := newWorld(t)
	left, tab := w.open(false)
	const page = "https://app.example.test/orders?a=1"
	if err := left.SigninRedirect(t.Context(), SigninArgs{ReturnTo: page}); err != nil {
		t.Fatal(err)
	}
	url := w.op.Visit(tab.address)
	state, err := oidc.CallbackState(url)
	if err != nil {
		t.Fatal(err)
	}
	for _, unknown := range []oidc.Secret{"", "x", state + "x", underwayMark, left.restoreMark()} {
		if _, awaited := w.registry.Awaits(unknown); awaited {
			t.Errorf("a response with the state %q is awaited", unknown.Reveal())
		}
	}
	way, awaited := w.registry.Awaits(state)
	if !awaited || way.Record != nil || way.ReturnTo != page || way.Client != left.name() || way.Address != w.settings.RedirectURI || way.ExpiresAt <= time.Now().Unix() {
		t.Errorf("awaited: %t, %+v", awaited, way)
	}
	client, other := w.open(false)
	other.transactions[state] = way
	handed, arrival := other.handOn(url)
	w.registry.Arrive(handed, arrival)
	other.keepsNothing(t)
	if _, err := client.SigninCallback(t.Context(), handed); err != nil {
		t.Fatal(err)
	}
	if _, awaited := w.registry.Awaits(state); awaited || len(other.transactions) > 0 {
		t.Errorf("in the end: awaited %t, %d kept in the new tab", awaited, len(other.transactions))
	}
}

// What the app has not asked for is its tab's alone.
func TestOtherTabOfARestore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, tab := newRedirectWorld(t)
		program := w.registry
		url := roundTrip(t, w, tab)
		w.registry = program
		state, err := oidc.CallbackState(url)
		if err != nil {
			t.Fatal(err)
		}
		if _, awaited := w.registry.Awaits(state); awaited {
			t.Error("the response to a restore is awaited")
		}
		client, _ := w.open(false)
		_, err = client.SigninCallback(t.Context(), url)
		mustFail(t, "SigninCallback", err, oidc.ErrStateUnknown)
	})
}

// An app that keeps the session itself completes what it has begun, and nothing else.
func TestOtherTabOfSteps(t *testing.T) {
	w := newWorld(t)
	left, tab := w.open(false)
	url := w.redirect(left, tab)
	steps := w.steps()
	_, err := steps.SigninResponse(t.Context(), url, ResponseArgs{})
	mustFail(t, "SigninResponse", err, oidc.ErrStateUnknown)
	_, _, err = steps.SigninState(t.Context(), url, true)
	mustFail(t, "SigninState", err, oidc.ErrStateUnknown)
}

// What somebody else has begun in this browser is completed by its tab alone: its login_hint may
// have the provider mail the link to them.
func TestOtherTabInitiated(t *testing.T) {
	w := newWorld(t)
	left, tab := w.open(false)
	if err := left.SigninInitiated(t.Context(), "https://app.example.test/login?iss="+w.settings.Issuer+"&login_hint=bob"); err != nil {
		t.Fatal(err)
	}
	url := w.op.Visit(tab.address)
	other, _ := w.open(false)
	_, err := other.SigninCallback(t.Context(), url)
	mustFail(t, "SigninCallback in another tab", err, oidc.ErrStateUnknown)
	if _, err := w.openIn(tab, false).SigninCallback(t.Context(), url); err != nil {
		t.Errorf("SigninCallback in the tab that has left: %v", err)
	}
}
