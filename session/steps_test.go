package session

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

func (w *world) steps() *Steps {
	w.t.Helper()
	steps, err := w.registry.OpenSteps(w.settings, newTab(w.op).page())
	if err != nil {
		w.t.Fatal(err)
	}
	return steps
}

// A renewal is known by what the app has kept: the tokens.
func TestStepsRefresh(t *testing.T) {
	tests := []struct {
		name      string
		known     bool // the ID Token is
		comes     bool // another one does
		subject   string
		inProfile string
	}{
		{"12.2 another ID Token", true, true, "subject-1", `"subject-1"`},
		{"12.2 no other ID Token", true, false, "subject-1", `"subject-1"`},
		{"the first ID Token", false, true, "subject-1", `"subject-1"`},
		{"6749 6 OAuth alone", false, false, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			user := w.kept(0)
			previous := &User{RefreshToken: user.RefreshToken, Scope: user.Scope}
			if tt.known {
				previous.IDToken = user.IDToken
			}
			if !tt.comes {
				w.op.Edit(func() { w.op.EditTokenResponse = noIDToken })
			}
			renewed, err := w.steps().Refresh(t.Context(), previous, SigninArgs{})
			if err != nil || renewed.Subject() != tt.subject || string(renewed.Profile["sub"]) != tt.inProfile {
				t.Errorf("Refresh = %v, %v", renewed, err)
			}
		})
	}
	w := newWorld(t)
	w.op.RefreshTokens = true
	user := w.kept(0)
	w.op.Edit(func() { w.op.Subject = "subject-2" })
	_, err := w.steps().Refresh(t.Context(), user, SigninArgs{})
	mustFail(t, "Refresh", err, oidc.ErrSubjectChanged)
}

// What is looked at is still there for the step that completes the sign-out.
func TestStepsSignout(t *testing.T) {
	const look, take, complete = "look", "take", "complete"
	tests := []struct {
		name  string
		steps []string
		want  string // in the last step; in those before, what was kept
	}{
		{"complete", []string{complete}, `"bye"`},
		{"look, complete", []string{look, look, complete}, `"bye"`},
		{"take, look", []string{take, look}, ""},
		{"take, complete", []string{look, take, complete}, ""},
		{"complete, take", []string{complete, take}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			steps := w.steps()
			address, _, err := steps.Signout(t.Context(), SignoutArgs{State: []byte(`"bye"`), URLState: "en"})
			if err != nil {
				t.Fatal(err)
			}
			back := w.op.Visit(address)
			for i, step := range tt.steps {
				want := `"bye"`
				if i == len(tt.steps)-1 {
					want = tt.want
				}
				var response *SignoutResponse
				if step == complete {
					response, err = steps.SignoutResponse(t.Context(), back)
				} else {
					response, err = steps.SignoutState(t.Context(), back, step == look)
				}
				if err != nil || string(response.State) != want || response.URLState != "en" {
					t.Errorf("step %d, %s: %v, %v", i, step, response, err)
				}
			}
		})
	}
}

// The extra parameters of the settings go with a sign-out that names none, as in
// oidc-client-ts.
func TestStepsSignoutExtra(t *testing.T) {
	w := newWorld(t)
	w.settings.Request.Extra = map[string]string{"tenant": "one"}
	for want, extra := range map[string]map[string]string{"tenant=one": nil, "tenant=two": {"tenant": "two"}} {
		address, _, err := w.steps().Signout(t.Context(), SignoutArgs{Extra: extra})
		if err != nil || !strings.Contains(address, want) {
			t.Errorf("%s is not asked for: %v", want, err)
		}
	}
}

// What belongs to a sign-in at another provider is shown to nobody, as it is taken by
// nobody.
func TestStepsLookAtAnother(t *testing.T) {
	w := newWorld(t)
	tab := newTab(w.op)
	steps, err := w.registry.OpenSteps(w.settings, tab.page())
	if err != nil {
		t.Fatal(err)
	}
	address := w.callback(steps)
	w.settings.Issuer = "https://other.example.test"
	other, err := w.registry.OpenSteps(w.settings, tab.page())
	if err != nil {
		t.Fatal(err)
	}
	for _, keep := range []bool{true, false} {
		_, _, err = other.SigninState(t.Context(), address, keep)
		mustFail(t, "SigninState", err, ErrClientMismatch)
	}
}

// A refusal is for the step that completes the sign-out, where there is a state.
func TestStepsSignoutRefused(t *testing.T) {
	w := newWorld(t)
	steps := w.steps()
	_, state, err := steps.Signout(t.Context(), SignoutArgs{State: []byte(`"bye"`)})
	if err != nil {
		t.Fatal(err)
	}
	refused := w.settings.PostLogoutRedirectURI + "?error=access_denied"
	_, err = steps.SignoutState(t.Context(), refused, true)
	mustFail(t, "SignoutState", err, oidc.ErrProvider)
	refused += "&state=" + state.Reveal()
	if response, err := steps.SignoutState(t.Context(), refused, true); err != nil || string(response.State) != `"bye"` {
		t.Errorf("SignoutState = %v, %v", response, err)
	}
	_, err = steps.SignoutResponse(t.Context(), refused)
	mustFail(t, "SignoutResponse", err, oidc.ErrProvider)
	if response, err := steps.SignoutState(t.Context(), w.settings.PostLogoutRedirectURI, true); response != nil || err != nil {
		t.Errorf("SignoutState without a state = %v, %v", response, err)
	}
}

// callback starts a sign-in, and returns where the provider sends it back to.
func (w *world) callback(steps *Steps) string {
	w.t.Helper()
	request, err := steps.Signin(w.t.Context(), SigninArgs{State: []byte(`"here"`)})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.op.Visit(request.URL)
}

// Whoever looks at a state takes it from nobody, not for a moment.
func TestStepsLook(t *testing.T) {
	w := newWorld(t)
	tab := newTab(w.op)
	steps, err := w.registry.OpenSteps(w.settings, lookOnly{tab}.page())
	if err != nil {
		t.Fatal(err)
	}
	back := w.callback(steps)
	for range 2 {
		if _, state, err := steps.SigninState(t.Context(), back, true); err != nil || string(state) != `"here"` {
			t.Errorf("SigninState = %s, %v", state, err)
		}
	}
	if _, err := steps.SigninResponse(t.Context(), back, ResponseArgs{Keep: true}); err != nil {
		t.Errorf("SigninResponse: %v", err)
	}
	address, _, err := steps.Signout(t.Context(), SignoutArgs{State: []byte(`"bye"`)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := steps.SignoutState(t.Context(), w.op.Visit(address), true); err != nil {
		t.Errorf("SignoutState: %v", err)
	}
}

// lookOnly is a tab that nothing can be taken from.
type lookOnly struct{ *tab }

func (lookOnly) Take(context.Context, oidc.Secret) (Kept, error) { return Kept{}, ErrInternal }

func (l lookOnly) page() Page {
	page := l.tab.page()
	page.Transactions = l
	return page
}

// A state that was taken is not there for the step that completes the sign-in.
func TestStepsTake(t *testing.T) {
	w := newWorld(t)
	steps := w.steps()
	back := w.callback(steps)
	request, _, err := steps.SigninState(t.Context(), back, false)
	if err != nil || request.RedirectURI != w.settings.RedirectURI {
		t.Errorf("SigninState = %v, %v", request, err)
	}
	_, _, err = steps.SigninState(t.Context(), back, true)
	mustFail(t, "SigninState", err, oidc.ErrStateUnknown)
	_, err = steps.SigninResponse(t.Context(), back, ResponseArgs{})
	mustFail(t, "SigninResponse", err, oidc.ErrStateUnknown)
}

// A state that was kept is there for another call, as after a failure, and one
// that was not works once.
func TestStepsKeep(t *testing.T) {
	tests := []struct {
		name string
		keep []bool    // for each call; all but the last find no network
		want oidc.Code // of the last; empty if it has to succeed
	}{
		{"taken", []bool{false, false}, oidc.ErrStateUnknown},
		{"kept", []bool{true, false}, ""},
		{"kept twice", []bool{true, true, true}, ""},
		{"kept, then taken", []bool{true, false, false}, oidc.ErrStateUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			var online atomic.Bool
			w.transport.Fail = func(req *oidc.Request) error {
				if req.Method == "POST" && !online.Load() {
					return oidc.ErrNetwork
				}
				return nil
			}
			steps := w.steps()
			back := w.callback(steps)
			for i, keep := range tt.keep {
				last := i == len(tt.keep)-1
				online.Store(last)
				_, err := steps.SigninResponse(t.Context(), back, ResponseArgs{Keep: keep})
				switch {
				case !last:
					mustFail(t, "SigninResponse", err, oidc.ErrNetwork)
				case tt.want != "":
					mustFail(t, "SigninResponse", err, tt.want)
				case err != nil:
					t.Errorf("SigninResponse: %v", err)
				}
			}
		})
	}
}

// Headers of a call go with its token request alone, and replace nothing.
func TestStepsHeader(t *testing.T) {
	tests := []struct {
		name, settings string
		header         map[string]string
		dpop           bool
		see            string
		want           string // with the token request
	}{
		{"none", "", nil, false, "X-A", ""},
		{"one", "", map[string]string{"X-A": "1"}, false, "X-A", "1"},
		{"empty", "", map[string]string{"X-A": ""}, false, "X-A", ""},
		{"beside one of the settings", `{"X-B":"2"}`, map[string]string{"X-A": "1"}, false, "X-A", "1"},
		{"one of the settings stays", `{"x-a":"2"}`, map[string]string{"X-A": "1"}, false, "X-A", "2"},
		{"one of the request stays", "", map[string]string{"accept": "text/html"}, false, "Accept", "application/json"},
		{"with a proof", "", map[string]string{"X-A": "1"}, true, "X-A", "1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			if tt.dpop {
				w, _ = newBound(t)
			}
			w.op.RefreshTokens = true
			w.settings.LoadUserinfo = true
			w.settings.Provider.Headers = tt.settings
			s := see(w, tt.see)
			steps := w.steps()
			user, err := steps.SigninResponse(t.Context(), w.callback(steps), ResponseArgs{Header: tt.header})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := steps.Refresh(t.Context(), user, SigninArgs{Header: tt.header}); err != nil {
				t.Fatal(err)
			}
			if got := s.at(oidctest.Token); !slices.Equal(got, []string{tt.want, tt.want}) {
				t.Errorf("token requests with %q, want %q", got, tt.want)
			}
			for _, endpoint := range []string{oidctest.Discovery, oidctest.JWKS, oidctest.Userinfo} {
				for _, got := range s.at(endpoint) {
					if value := tt.header[tt.see]; value != "" && got == value {
						t.Errorf("%s with %q", endpoint, got)
					}
				}
			}
		})
	}
}

// A proof of the app's does not replace the program's own, nor credentials
// those of the client.
func TestStepsHeaderOfTheProtocol(t *testing.T) {
	w, proofs := newBound(t)
	steps := w.steps()
	mine := ResponseArgs{Header: map[string]string{"dpop": "mine"}}
	if _, err := steps.SigninResponse(t.Context(), w.callback(steps), mine); err != nil {
		t.Fatal(err)
	}
	if got := proofs[oidctest.Token][0].Values("DPoP"); len(got) != 1 || got[0] == "mine" {
		t.Errorf("DPoP = %q", got)
	}

	w = newWorld(t)
	w.settings.Authentication = oidc.ClientAuthentication{Method: "client_secret_basic", Secret: "s"}
	steps = w.steps()
	back := w.callback(steps)
	var sent http.Header
	w.transport.Fail = func(req *oidc.Request) error {
		if req.Method == "POST" {
			sent = http.Header{}
			for name, value := range req.Header {
				sent.Add(name, value)
			}
			return oidc.ErrNetwork
		}
		return nil
	}
	_, err := steps.SigninResponse(t.Context(), back, ResponseArgs{Header: map[string]string{"authorization": "mine"}})
	mustFail(t, "SigninResponse", err, oidc.ErrNetwork)
	if got := sent.Values("Authorization"); len(got) != 1 || got[0] == "mine" {
		t.Errorf("%d headers Authorization, the app's among them", len(got))
	}
}
