package session

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// refusal is the response of a provider that refuses the request at address.
func refusal(address, code string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	q := url.Values{"state": {u.Query().Get("state")}, "iss": {"https://op.example.test"}, "error": {code}}
	return u.Query().Get("redirect_uri") + "?" + q.Encode()
}

// A callback page asks for the user and completes the sign-in at once. The
// provider's cookie may be blocked in frames: the restore that fails does not
// undo the sign-in.
func TestRestoreFailsDuringSigninCallback(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(true)
	callback := w.redirect(client, tab)
	tab.frame = func(ctx context.Context, address string) (string, error) {
		if _, err := client.SigninCallback(ctx, callback); err != nil {
			t.Error(err)
		}
		return refusal(address, "login_required"), nil
	}
	user, err := client.User(t.Context())
	if err != nil || user == nil {
		t.Errorf("User = %v, %v; want who signed in meanwhile", user, err)
	}
	if !tab.hint {
		t.Error("the hint is gone, and with it the session in other tabs")
	}
}

// Who signed in with a page is not replaced by a silent sign-in that began
// before.
func TestSigninCallbackDuringRestore(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(true)
	callback := w.redirect(client, tab)
	var signedIn *User
	tab.frame = func(ctx context.Context, address string) (string, error) {
		var err error
		if signedIn, err = client.SigninCallback(ctx, callback); err != nil {
			t.Error(err)
		}
		return w.op.Visit(address), nil
	}
	user, err := client.User(t.Context())
	if err != nil || user != signedIn {
		t.Errorf("User = %v, %v; want the user of the callback", user, err)
	}
	if heard := tab.heard(); !slices.Equal(heard, []EventName{UserLoaded}) {
		t.Errorf("events = %v, want one", heard)
	}
}

// Who is removed while the session is restored is nobody, and that is no
// failure of getUser.
func TestRemoveUserDuringRestore(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(true)
	tab.frame = func(ctx context.Context, address string) (string, error) {
		return w.op.Visit(address), client.RemoveUser(ctx)
	}
	user, err := client.User(t.Context())
	if user != nil || err != nil {
		t.Errorf("User = %v, %v; want nobody", user, err)
	}
	if heard := tab.heard(); len(heard) > 0 || tab.hint {
		t.Errorf("events %v, hint %t; want none", heard, tab.hint)
	}
}

// Who signs out while a response is exchanged stays signed out.
func TestSignoutDuringSigninCallback(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	callback := w.redirect(client, tab)
	w.transport.Fail = func(req *oidc.Request) error {
		if req.Method == "POST" {
			return client.RemoveUser(t.Context())
		}
		return nil
	}
	user, err := client.SigninCallback(t.Context(), callback)
	mustFail(t, "SigninCallback", err, ErrNotSignedIn)
	if now, _ := client.User(t.Context()); user != nil || now != nil || tab.hint {
		t.Errorf("the user is back")
	}
}

// A sign-out is not taken for the sign-in that is on its way.
func TestSignoutDuringSigninRedirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		client, tab := w.open(false)
		release := make(chan struct{})
		w.transport.Fail = func(*oidc.Request) error { <-release; return nil }
		go func() { _ = client.SigninRedirect(t.Context(), SigninArgs{}) }()
		synctest.Wait()
		signedOut := make(chan error)
		go func() { signedOut <- client.SignoutRedirect(t.Context(), SignoutArgs{}) }()
		synctest.Wait()
		close(release)
		if err := <-signedOut; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if !slices.ContainsFunc(tab.addresses, func(a string) bool {
			u, err := url.Parse(a)
			return err == nil && u.Path == "/logout"
		}) {
			t.Error("the tab never went to the end_session_endpoint")
		}
	})
}

// Loading and unloading at the same time leaves the tabs and the watch with
// what is true in the end.
func TestLoadAndUnloadRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		client, tab := w.open(false)
		user := w.signIn(client, tab)
		s := client.session
		for range 2000 {
			var wg sync.WaitGroup
			_, began := s.current()
			wg.Go(func() { _ = s.load(user, began) })
			wg.Go(func() { _ = s.load(user, began) })
			wg.Go(func() { _ = s.signOut((*standing).signedOut) })
			wg.Wait()
			if now, _ := s.current(); now != nil || tab.hint {
				t.Fatalf("user %v, hint %t after a sign-out", now, tab.hint)
			}
		}
		tab.heard()
		time.Sleep(2 * time.Hour)
		if heard := tab.heard(); len(heard) > 0 {
			t.Errorf("%d events after the sign-out: a watch was left behind", len(heard))
		}
	})
}

// A frame whose tab goes away moves to another one, also to one that came
// later: a reload is both.
func TestSigninSilentMovesOn(t *testing.T) {
	w := newWorld(t)
	client, tab1 := w.open(false)
	tab2 := newTab(w.op)
	tab1.frame = func(context.Context, string) (string, error) {
		w.openIn(tab2, false)
		return "", ErrPageGone
	}
	if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
		t.Errorf("SigninSilent = %v", err)
	}
	if tab1.frames != 1 || tab2.frames != 1 {
		t.Errorf("%d and %d frames in the two tabs, want one each", tab1.frames, tab2.frames)
	}
}

// prompt=none is what makes a silent sign-in silent.
func TestSigninSilentPrompt(t *testing.T) {
	tests := []struct {
		name     string
		settings RequestSettings
		args     RequestSettings
	}{
		{"setting", RequestSettings{Prompt: "login"}, RequestSettings{}},
		{"argument", RequestSettings{}, RequestSettings{Prompt: "login"}},
		{"extra setting", RequestSettings{Extra: map[string]string{"prompt": "login"}}, RequestSettings{}},
		{"extra argument", RequestSettings{}, RequestSettings{Extra: map[string]string{"prompt": "login"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.settings.Request = tt.settings
			client, tab := w.open(false)
			tab.frame = func(_ context.Context, address string) (string, error) {
				if u, err := url.Parse(address); err != nil || u.Query().Get("prompt") != "none" {
					t.Errorf("prompt = %q, want none", u.Query().Get("prompt"))
				}
				return w.op.Visit(address), nil
			}
			if _, err := client.SigninSilent(t.Context(), SigninArgs{Request: tt.args}); err != nil {
				t.Error(err)
			}
		})
	}
	w := newWorld(t)
	w.settings.Request.Extra = map[string]string{"prompt": "login"}
	client, tab := w.open(false)
	_ = client.SigninRedirect(t.Context(), SigninArgs{})
	if u, _ := url.Parse(tab.address); u.Query().Get("prompt") != "login" {
		t.Error("the silent sign-in changed the settings")
	}
}

// A provider whose tokens are dead on arrival is not asked without a pause.
func TestRenewalPauses(t *testing.T) {
	for _, lifetime := range []int{0, 1, 2} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			client, tab := w.open(false)
			requests := 0
			w.op.EditTokenResponse = func(response map[string]any) {
				response["expires_in"] = lifetime
				if requests++; requests > 100 { // or the test would not end
					_ = client.RemoveUser(t.Context())
				}
			}
			w.signIn(client, tab)
			time.Sleep(time.Minute)
			_ = client.RemoveUser(t.Context())
			if n := w.op.Count(oidctest.Token); n > 13 {
				t.Errorf("%d token requests in a minute for tokens of %d s", n, lifetime)
			}
		})
	}
}

// A renewal that fails after the provider rotated the refresh token does not
// use the old one again: the provider of the test reports that.
func TestRotatedRefreshToken(t *testing.T) {
	w := newWorld(t)
	w.op.RefreshTokens = true
	w.settings.LoadUserinfo = true
	client, tab := w.open(false)
	w.signIn(client, tab)
	w.transport.Fail = func(req *oidc.Request) error {
		if strings.HasSuffix(req.URL, "/userinfo") {
			return oidc.ErrNetwork
		}
		return nil
	}
	for range 2 {
		_, err := client.SigninSilent(t.Context(), SigninArgs{})
		mustFail(t, "SigninSilent", err, oidc.ErrNetwork)
	}
	w.transport.Fail = nil
	if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil || tab.frames > 0 {
		t.Errorf("SigninSilent = %v, %d frames; want the newest refresh token to work", err, tab.frames)
	}
}

// Who asks after a sign-out does not join who asked before it: that one stays here,
// and the other signs in.
func TestSigninRedirectAroundSignout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		client, tab := w.open(false)
		release := make(chan struct{})
		w.transport.Fail = func(*oidc.Request) error { <-release; return nil }
		before, since := make(chan error, 1), make(chan error, 1)
		go func() { before <- client.SigninRedirect(t.Context(), SigninArgs{}) }()
		synctest.Wait()
		_ = client.RemoveUser(t.Context())
		go func() { since <- client.SigninRedirect(t.Context(), SigninArgs{}) }()
		synctest.Wait()
		close(release)
		mustFail(t, "the sign-in before the sign-out", <-before, ErrNotSignedIn)
		if err := <-since; err != nil || len(tab.addresses) != 1 {
			t.Fatalf("SigninRedirect = %v, %d navigations", err, len(tab.addresses))
		}
		if _, err := client.SigninCallback(t.Context(), w.op.Visit(tab.address)); err != nil {
			t.Errorf("SigninCallback = %v", err)
		}
	})
}

// What begins between a sign-out and its effects is of before it: the user is still
// there, and must not come back.
func TestRenewalBeginsDuringSignout(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	w.signIn(client, tab)
	s := client.session
	s.turn.Lock()
	result := s.ask(func(st *standing) effects { return st.signedOut(s.wall()) })
	before := s.scene()
	s.carryOut(result, nil, nil)
	s.turn.Unlock()
	renewed := *before.user
	_, err := s.replace(before, &renewed, false)
	mustFail(t, "the renewal", err, ErrNotSignedIn)
	if client.Current() != nil {
		t.Error("somebody is signed in after the sign-out")
	}
}
