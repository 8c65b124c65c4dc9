package session

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// refuses answers a frame with an error, by whether there is a hint in the request; ""
// is no error.
func refuses(w *world, hinted, unhinted string) func(context.Context, string) (string, error) {
	return func(_ context.Context, address string) (string, error) {
		u, err := url.Parse(address)
		code := unhinted
		if u.Query().Has("id_token_hint") {
			code = hinted
		}
		if err != nil || code == "" {
			return w.op.Visit(address), err
		}
		return refusal(address, code), nil
	}
}

// A hint that the provider does not take is no reason to sign anybody out.
func TestRefusedHint(t *testing.T) {
	tests := []struct {
		name             string
		hinted, unhinted string // what the frame is refused with
		edit             func(w *world)
		want             []oidc.Code // of renewals; "" for success
		frames           int
	}{
		{"taken", "", "invalid_request", nil, []oidc.Code{"", ""}, 2},
		{"invalid_request", "invalid_request", "", nil, []oidc.Code{"", ""}, 4},
		{"login_required, which is doubted while that helps", "login_required", "", nil, []oidc.Code{"", ""}, 4},
		{"interaction_required says nothing of a hint", "interaction_required", "", nil, []oidc.Code{oidc.ErrProvider}, 1},
		{"nobody either way", "login_required", "login_required", nil, []oidc.Code{oidc.ErrProvider, oidc.ErrProvider}, 3},
		{"somebody else", "login_required", "", func(w *world) { w.op.Subject = "subject-2" }, []oidc.Code{oidc.ErrSubjectChanged}, 2},
		{"no hint in the first place", "", "invalid_request", func(w *world) { w.settings.OmitIDTokenHint = true }, []oidc.Code{oidc.ErrProvider}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			client, tab := w.open(false)
			w.signIn(client, tab)
			if tt.edit != nil {
				w.op.Edit(func() { tt.edit(w) })
				client = w.openIn(tab, false)
			}
			tab.frame = refuses(w, tt.hinted, tt.unhinted)
			for _, want := range tt.want {
				if _, err := client.SigninSilent(t.Context(), SigninArgs{}); want != "" || err != nil {
					mustFail(t, "SigninSilent", err, want)
				}
			}
			if tab.frames != tt.frames {
				t.Errorf("%d frames, want %d", tab.frames, tt.frames)
			}
		})
	}
}

// Where there is nobody who could be hinted at, a refusal is nobody: getUser() must not
// fail with each page anew.
func TestRefusedRestore(t *testing.T) {
	for _, mode := range []RestoreMode{"", RestoreRedirect} {
		for code, nobody := range map[string]bool{
			"invalid_request": true, "unauthorized_client": true, "a code of its own": true,
			"temporarily_unavailable": false, "server_error": false,
		} {
			t.Run(code+" "+string(mode), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.settings.Restore = mode
					tab := newTab(w.op)
					tab.hint = true
					tab.frame = refuses(w, code, code)
					restore := func() (*User, error) { return w.openIn(tab, true).User(t.Context()) }
					if mode == RestoreRedirect {
						if roundTrip(t, w, tab) == "" {
							t.Fatal("the tab stays")
						}
						restore = func() (*User, error) {
							return w.openIn(tab, true).SigninCallback(t.Context(), refusal(tab.address, code))
						}
					}
					user, err := restore()
					if user != nil || (err == nil) != nobody || slices.Contains(tab.heard(), RestoreError) != nobody || tab.hint == nobody {
						t.Errorf("%v, %v, hint %t; want nobody and the reason: %t", user, err, tab.hint, nobody)
					}
				})
			})
		}
	}
}

// What a call asks for on its own may be refused, and the refresh token goes on.
func TestRefusedCall(t *testing.T) {
	for name, args := range map[string]SigninArgs{
		"scope":     {Scope: "openid admin"},
		"resource":  {Request: RequestSettings{Resource: []string{"https://api.example.test/"}}},
		"parameter": {ExtraToken: map[string]string{"claims": "{}"}},
		"header":    {Header: map[string]string{"X-Tenant": "other"}},
	} {
		for _, code := range []string{"invalid_scope", "invalid_target", "invalid_request", "invalid_grant", ""} {
			t.Run(name+" "+code, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens = true
				client, tab := w.open(false)
				user := w.signIn(client, tab)
				w.op.Edit(func() {
					w.op.Respond = func(endpoint string, rw http.ResponseWriter, r *http.Request) bool {
						refused := endpoint == oidctest.Token && r.PostFormValue("grant_type") == "refresh_token"
						if refused && code == "" {
							status(400)(rw)
						} else if refused {
							refuse(400, code)(rw)
						}
						return refused
					}
				})
				_, err := client.SigninSilent(t.Context(), args)
				gone := code == "invalid_grant" // and a frame has done it
				if (err == nil) != gone || !gone && !client.session.refreshable(user) {
					t.Errorf("SigninSilent: %v; the refresh token can be used: %t", err, client.session.refreshable(user))
				}
			})
		}
	}
}

// A refusal of a pushed request is one of the hint, too.
func TestRefusedHintPushed(t *testing.T) {
	w := newWorld(t)
	w.op.RequirePAR = true
	client, tab := w.open(false)
	w.signIn(client, tab)
	w.op.ResetRequests()
	w.op.Edit(func() {
		w.op.Respond = func(endpoint string, rw http.ResponseWriter, r *http.Request) bool {
			refused := endpoint == oidctest.PAR && r.PostFormValue("id_token_hint") != ""
			if refused {
				refuse(400, "invalid_request")(rw)
			}
			return refused
		}
	})
	if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil || w.op.Count(oidctest.PAR) != 2 || tab.frames != 1 {
		t.Errorf("SigninSilent: %v; %d pushed requests, %d frames", err, w.op.Count(oidctest.PAR), tab.frames)
	}
}

// Whatever a provider answers from some time on, the session works or ends, and getUser()
// says so without an error in the end.
func TestNoSessionThatNeitherWorksNorEnds(t *testing.T) {
	json := func(status int, body string) fault {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	for name, answer := range map[string]fault{
		"a refusal": refuse(400, "invalid_request"), "an own one": refuse(400, "no"), "as a success": refuse(200, "no"),
		"dpop": refuse(400, "invalid_dpop_proof"), "nothing": status(400), "404": status(404), "403": status(403),
		"a page": html, "a number": json(200, "7"), "no tokens": json(200, "{}"), "no ID token": json(200, `{"access_token":"a","token_type":"Bearer"}`),
		"bad tokens": json(200, `{"access_token":"a","token_type":"Bearer","id_token":"b"}`), "another type": json(200, `{"access_token":"a","token_type":"mac","id_token":"b"}`),
	} {
		for _, refresh := range []bool{false, true} {
			t.Run(name+map[bool]string{true: " to a refresh"}[refresh], func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.op.RefreshTokens = refresh
					client, tab := w.open(false)
					w.signIn(client, tab)
					w.op.Edit(func() {
						w.op.Respond = func(endpoint string, rw http.ResponseWriter, _ *http.Request) bool {
							if endpoint == oidctest.Token {
								answer(rw)
							}
							return endpoint == oidctest.Token
						}
					})
					time.Sleep(3 * time.Hour)
					synctest.Wait()
					user, err := client.User(t.Context())
					if err != nil || user != nil && user.left(time.Now()) <= 0 {
						t.Errorf("User = %v, %v", user, err)
					}
					for _, event := range tab.events {
						if event.Name == UserUnloaded && (event.Err == nil || errors.Is(event.Err, ErrNotSignedIn)) {
							t.Error("the session ends without a reason")
						}
					}
					client.session.stopTimer()
				})
			})
		}
	}
}

// A refusal without a state is told as one in windows and frames, too, and ends nothing:
// of which request it is cannot be known.
func TestRefusalWithoutState(t *testing.T) {
	for _, code := range []string{"invalid_scope", "login_required"} {
		w := newWorld(t)
		client, tab := w.open(false)
		w.signIn(client, tab)
		tab.heard()
		answer := w.settings.RedirectURI + "?error=" + code
		tab.popup = func(context.Context, Popup) (string, error) { return answer, nil }
		tab.frame = func(context.Context, string) (string, error) { return answer, nil }
		for name, call := range map[string]func() (*User, error){
			"SigninPopup":  func() (*User, error) { return client.SigninPopup(t.Context(), SigninArgs{Window: 1}) },
			"SigninSilent": func() (*User, error) { return client.SigninSilent(t.Context(), SigninArgs{}) },
		} {
			_, err := call()
			if refusal := (*oidc.ProviderError)(nil); !errors.As(err, &refusal) || !refusal.NoState || refusal.ErrorCode != code {
				t.Errorf("%s = %v, want %s without state", name, err, code)
			}
			if wantsUser(err) {
				t.Errorf("%s: %v says that nobody is signed in", name, err)
			}
		}
		if client.Current() == nil {
			t.Error("the session has ended")
		}
	}
}
