package session

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// The token of a resource is for its API alone: the userinfo endpoint never gets it,
// and what that has said of the End-User stays.
func TestTokenOfAResource(t *testing.T) {
	for _, refresh := range []bool{true, false} {
		for _, silent := range []bool{true, false} {
			t.Run(fmt.Sprintf("refresh token: %t, signinSilent: %t", refresh, silent), func(t *testing.T) {
				var mu sync.Mutex
				var shown []string // to the userinfo endpoint
				w, client, _ := newResources(t, func(w *world) {
					w.op.RefreshTokens = refresh
					w.settings.LoadUserinfo = true
					w.op.EditUserinfo = func(claims map[string]any) { claims["team"] = "red" }
				})
				w.op.Hold = func(endpoint string, r *http.Request) {
					if endpoint == oidctest.Userinfo {
						mu.Lock()
						defer mu.Unlock()
						shown = append(shown, r.Header.Get("Authorization"))
					}
				}
				if silent {
					if _, err := client.SigninSilent(t.Context(), SigninArgs{Request: RequestSettings{Resource: []string{"urn:files"}}}); err != nil {
						t.Fatal(err)
					}
					if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil { // it stays that of the resource
						t.Fatal(err)
					}
				} else {
					getAt(t, client, "https://files.example.test/", &api{})
				}
				if len(shown) > 0 {
					t.Errorf("the userinfo endpoint was asked with the token of a resource %d times", len(shown))
				}
				if team := string(client.Current().Profile["team"]); team != `"red"` {
					t.Errorf("team = %s", team)
				}
				// No resource again: the token is for everything.
				if _, err := client.SigninSilent(t.Context(), SigninArgs{Request: RequestSettings{Resource: []string{}}}); err != nil {
					t.Fatal(err)
				}
				if want := []string{"Bearer " + client.Current().AccessToken.Reveal()}; !slices.Equal(shown, want) {
					t.Errorf("the userinfo endpoint was asked %d times, want once with the token of the user", len(shown))
				}
			})
		}
	}
}

// A renewal asks for the resource of the token that it renews.
func TestRenewalKeepsResource(t *testing.T) {
	_, client, forms := newResources(t, nil)
	forms()
	for _, resource := range [][]string{{"urn:files"}, nil, {}, nil} {
		if _, err := client.SigninSilent(t.Context(), SigninArgs{Request: RequestSettings{Resource: resource}}); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"urn:files ", "urn:files ", " ", " "}
	for i, form := range forms() {
		if !strings.HasPrefix(form, "refresh_token "+want[i]) {
			t.Errorf("request %d: %q, want %q", i, form, want[i])
		}
	}
}

// A step-up takes nothing from a session that another tab has begun.
func TestStepUpKeeps(t *testing.T) {
	for _, mode := range []StepUpMode{StepUpPopup, StepUpRedirect} {
		t.Run(string(mode), func(t *testing.T) {
			w, _ := newBound(t)
			w.op.RefreshTokens = false
			plain := w.settings
			plain.DPoP, plain.LoadUserinfo = false, false
			plain.Fetch = FetchSettings{Allow: []API{{URL: "https://api.example.test/v1"}}, StepUp: mode}
			w.settings.Scope = "openid profile email"
			w.settings.Request = RequestSettings{ACRValues: "silver", Claims: `{"id_token":{"phone_number":null}}`, Extra: map[string]string{"audience": "b"}}
			client, tab := w.open(false)
			w.signIn(client, tab)
			w.settings = plain
			other, otherTab := w.open(false)
			a := &api{answer: func(n int, _ map[string]string) *oidc.Response {
				if n > 1 {
					return &oidc.Response{Status: 200}
				}
				return challenged(403, `Bearer error="insufficient_scope", scope="pay"`)
			}}
			_, err := get(other, a)
			if mode == StepUpRedirect {
				mustFail(t, "Fetch", err, ErrStepUpRequired)
				_, err = other.SigninCallback(t.Context(), w.op.Visit(otherTab.address))
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"openid+profile+email+pay", "silver", "phone_number", "audience=b"} {
				if !strings.Contains(otherTab.address, want) {
					t.Errorf("no %s in %s", want, otherTab.address)
				}
			}
			if !isBound(client.Current()) {
				t.Error("the tokens are not bound any more")
			}
			if _, err := other.SigninSilent(t.Context(), SigninArgs{}); err != nil {
				t.Fatal(err)
			}
			if !isBound(client.Current()) || !contains(client.Current().Scopes(), []string{"email", "pay"}) {
				t.Errorf("scope %q, %s", client.Current().Scope, client.Current().TokenType)
			}
		})
	}
}

// A step-up that the provider does not go on with ends itself, and not the session.
func TestRenewalAfterAStepUp(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	w.signIn(client, tab)
	if _, err := client.SigninPopup(t.Context(), SigninArgs{Scope: "openid profile pay", Request: RequestSettings{ACRValues: "gold"}}); err != nil {
		t.Fatal(err)
	}
	var asked []string
	tab.frame = func(_ context.Context, address string) (string, error) {
		query := address[strings.Index(address, "?"):]
		gold := strings.Contains(query, "acr_values=gold")
		asked = append(asked, fmt.Sprint(gold))
		w.op.SignedIn = !gold
		return w.op.Visit(address), nil
	}
	for range 2 {
		if err := client.session.keep(t.Context(), client, client.Current()); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(asked, []string{"true", "true", "false", "false"}) || client.Current().Scope != "openid profile pay" {
		t.Errorf("asked for gold: %q; scope %q", asked, client.Current().Scope)
	}
	w.op.SignedIn = true
	tab.frame = func(_ context.Context, address string) (string, error) {
		w.op.SignedIn = false
		return w.op.Visit(address), nil
	}
	mustFail(t, "keep", client.session.keep(t.Context(), client, client.Current()), oidc.ErrProvider)
	if client.Current() != nil {
		t.Error("the session goes on")
	}
}

// The token of a resource goes nowhere else, however the sign-in asked for it.
func TestUserinfoOfAResource(t *testing.T) {
	const resource = "https://api.example.test/v1"
	for _, way := range []string{"redirect", "popup", "silent"} {
		t.Run(way, func(t *testing.T) {
			w := newWorld(t)
			w.settings.LoadUserinfo, w.settings.ManualRenew = true, true
			client, tab := w.open(false)
			args := SigninArgs{Request: RequestSettings{Resource: []string{resource}}}
			var err error
			switch way {
			case "redirect":
				if err = client.SigninRedirect(t.Context(), args); err == nil {
					_, err = client.SigninCallback(t.Context(), w.op.Visit(tab.address))
				}
			case "popup":
				_, err = client.SigninPopup(t.Context(), args)
			default:
				_, err = client.SigninSilent(t.Context(), args)
			}
			if err != nil {
				t.Fatal(err)
			}
			if n := w.op.Count(oidctest.Userinfo); n > 0 {
				t.Errorf("the token of %s went to the userinfo endpoint", resource)
			}
			_ = client.RemoveUser(t.Context())
		})
	}
}

// A renewal asks for the resource of the sign-in, however that came.
func TestResourceOfARenewal(t *testing.T) {
	const resource = "https://api.example.test/v1"
	for _, way := range []string{"redirect", "popup", "setting", "silent"} {
		t.Run(way, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens, w.settings.ManualRenew = true, true
			args := SigninArgs{Request: RequestSettings{Resource: []string{resource}}}
			if way == "setting" {
				w.settings.Request.Resource, args = args.Request.Resource, SigninArgs{}
			}
			client, tab := w.open(false)
			var form url.Values
			w.transport.Fail = func(req *oidc.Request) error {
				if req.Method == "POST" {
					form, _ = url.ParseQuery(req.Body)
				}
				return nil
			}
			var err error
			switch way {
			case "popup":
				_, err = client.SigninPopup(t.Context(), args)
			case "silent":
				_, err = client.SigninSilent(t.Context(), args)
			default:
				if err = client.SigninRedirect(t.Context(), args); err == nil {
					_, err = client.SigninCallback(t.Context(), w.op.Visit(tab.address))
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("the code was exchanged with the resource %q", form["resource"])
			if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
				t.Fatal(err)
			}
			if form.Get("grant_type") != "refresh_token" || form.Get("resource") != resource {
				t.Errorf("the renewal asks for the resource %q", form["resource"])
			}
			_ = client.RemoveUser(t.Context())
		})
	}
}
