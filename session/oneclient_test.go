package session

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// otherSettings are of another page load, or of another release of the app.
var otherSettings = map[string]func(s *Settings){
	"a correlation id":     func(s *Settings) { s.Provider.Headers = `{"X-Load":"2"}` },
	"a header by function": func(s *Settings) { s.Provider.Headers = `{"X-Load":null}` },
	"a timeout":            func(s *Settings) { s.Provider.RequestTimeout = 7 * time.Second },
	"cookies":              func(s *Settings) { s.Provider.Cookies = true },
	"everything of the tab": func(s *Settings) {
		s.Scope, s.DPoP, s.Push, s.ManualRenew = "openid", true, oidc.PushMode("off"), true
	},
}

// A client has one session, however the settings of its tabs differ: who is
// signed in in one is so in the other, without a request, and signs out of both.
func TestOneSession(t *testing.T) {
	for name, edit := range otherSettings {
		for _, release := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", the first tab is gone: ", release), func(t *testing.T) {
				w := newWorld(t)
				w.settings.Provider.Headers = `{"X-Load":"1"}`
				client, tab := w.open(false)
				user := w.signIn(client, tab)
				if release {
					client.Close()
				}
				edit(&w.settings)
				other, otherTab := w.open(true)
				got, err := other.User(t.Context())
				if err != nil || got != user || otherTab.frames+tab.frames > 0 || w.op.Count(oidctest.Discovery) != 1 {
					t.Fatalf("User = %v, %v after %d frames, with %d requests for metadata", got != nil, err, otherTab.frames, w.op.Count(oidctest.Discovery))
				}
				if left := w.left(); left[0] != 1 || left[1] != 1 {
					t.Errorf("%d sessions and %d providers", left[0], left[1])
				}
				if err := other.RemoveUser(t.Context()); err != nil || client.Current() != nil {
					t.Errorf("RemoveUser = %v; signed in: %t", err, client.Current() != nil)
				}
			})
		}
	}
}

// A request has the headers and the time of the tab whose call it is.
func TestRequestsOfATab(t *testing.T) {
	w := newWorld(t)
	w.op.RefreshTokens = true
	w.settings.LoadUserinfo = true
	var clients []*Client
	for i := range 3 {
		w.settings.Provider.Headers = fmt.Sprintf(`{"X-Load":"%d","X-Made":null}`, i)
		client, tab := w.open(false)
		tab.headers = gives("X-Made", fmt.Sprint("made by ", i))
		clients = append(clients, client)
		if i == 0 {
			w.signIn(client, tab)
		}
	}
	for _, name := range []string{"X-Load", "X-Made"} {
		s := see(w, name)
		for _, i := range []int{2, 0, 1} {
			if _, err := clients[i].SigninSilent(t.Context(), SigninArgs{}); err != nil {
				t.Fatal(err)
			}
		}
		want := []string{"2", "0", "1"}
		if name == "X-Made" {
			want = []string{"made by 2", "made by 0", "made by 1"}
		}
		for _, endpoint := range []string{oidctest.Token, oidctest.Userinfo} {
			if got := s.at(endpoint); !slices.Equal(got, want) {
				t.Errorf("%s with %s %q, want %q", endpoint, name, got, want)
			}
		}
	}
}

// A tab that asks for the metadata does not get what the settings of another come to.
func TestMetadataOfATab(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.settings.Provider.Headers = `{"X-Made":null}`
		broken, tab := w.open(false)
		release := make(chan struct{})
		tab.headers = func([]string) (map[string]string, error) { <-release; return nil, oidc.ErrInvalidConfig }
		w.settings.Provider.Headers = ""
		good, _ := w.open(false)
		failed := make(chan error, 1)
		go func() { _, err := broken.Metadata(context.Background()); failed <- err }()
		synctest.Wait()
		if _, err := good.Metadata(t.Context()); err != nil {
			t.Errorf("Metadata = %v", err)
		}
		close(release)
		mustFail(t, "Metadata", <-failed, oidc.ErrInvalidConfig)
	})
}

// What a page brings of the provider serves no other: but a sign-out reaches all.
func TestSourcesStayApart(t *testing.T) {
	for name, edit := range map[string]func(w *world){
		"an address": func(w *world) { w.settings.Provider.MetadataURL = oidc.ConfigurationURL(w.op.Issuer) + "?a=1" },
		"a member": func(w *world) {
			w.settings.Provider.MetadataSeed = `{"token_endpoint":"https://op.example.test/token"}`
		},
		"keys": func(w *world) {
			w.settings.Provider.SigningKeys = toJSON(map[string]any{"keys": []any{w.op.PublicJWK()}})
		},
		"a secret": func(w *world) { w.settings.Authentication.Secret = "secret" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				client, tab := w.open(false)
				user := w.signIn(client, tab)
				synctest.Wait() // what the program says of it is said
				edit(w)
				other, otherTab := w.open(false)
				otherTab.frame = func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
				tab.frame = otherTab.frame
				if got := other.Current(); got != nil || other.session == client.session {
					t.Errorf("the user of another source: %t, one session: %t", got != nil, other.session == client.session)
				}
				if err := other.StoreUser(t.Context(), &User{AccessToken: "x"}); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if now := client.Current(); now != nil && now.AccessToken == "x" || user == nil {
					t.Error("a token has reached the other source")
				}
				_ = client.SignoutSilent(t.Context(), SignoutArgs{})
				synctest.Wait()
				if client.Current() != nil || other.Current() != nil {
					t.Errorf("signed in after a sign-out: %t, %t", client.Current() != nil, other.Current() != nil)
				}
			})
		})
	}
}

// asks has a tab's frame write down what it asks for.
func asks(w *world, tab *tab) func() url.Values {
	var last string
	tab.frame = func(_ context.Context, address string) (string, error) {
		last = address
		return w.op.Visit(address), nil
	}
	return func() url.Values {
		address, _ := url.Parse(last)
		return address.Query()
	}
}

// A renewal by frame asks for what the sign-in asked for, whichever tab it is of:
// here the oldest one, of a release that asks for less.
func TestRenewalAsksAgain(t *testing.T) {
	hour := int64(3600)
	tests := []struct {
		name  string
		edit  func(s *Settings) // of the tab that signs in
		args  SigninArgs
		want  url.Values // what the frame of the other asks for
		never []string
	}{
		{"scope", func(s *Settings) { s.Scope = "openid profile api" }, SigninArgs{}, url.Values{"scope": {"openid profile api"}}, nil},
		{"request", func(s *Settings) {
			s.Request = RequestSettings{ACRValues: "gold", Claims: `{"id_token":{"phone_number":null}}`, Resource: []string{"urn:a", "urn:b"}, Extra: map[string]string{"audience": "b"}, MaxAge: &hour}
		}, SigninArgs{}, url.Values{
			"acr_values": {"gold"}, "claims": {`{"id_token":{"phone_number":null}}`}, "resource": {"urn:a", "urn:b"}, "audience": {"b"}, "max_age": {"3600"},
		}, nil},
		{"step-up", func(*Settings) {}, SigninArgs{Scope: "openid profile pay", Request: RequestSettings{ACRValues: "gold", MaxAge: new(int64), Prompt: "login", Claims: `{"id_token":{"acr":null}}`}},
			url.Values{"scope": {"openid profile pay"}, "acr_values": {"gold"}, "claims": {`{"id_token":{"acr":null}}`}, "prompt": {"none"}}, []string{"max_age"}},
	}
	for _, tt := range tests {
		for _, how := range []string{"redirect", "popup", "redirect to a new program"} {
			t.Run(tt.name+" by "+how, func(t *testing.T) {
				w := newWorld(t)
				plain := w.settings
				plain.Scope = "openid"
				full := w.settings
				tt.edit(&full)

				w.settings = plain
				oldest, oldestTab := w.open(false)
				w.settings = full
				client, tab := w.open(false)
				var err error
				if how == "popup" {
					_, err = client.SigninPopup(t.Context(), tt.args)
				} else {
					if err := client.SigninRedirect(t.Context(), tt.args); err != nil {
						t.Fatal(err)
					}
					back := w.op.Visit(tab.address)
					if how != "redirect" {
						w.restart()
						w.settings = plain
						oldest = w.openIn(oldestTab, false)
						client = w.openIn(tab, false)
					}
					_, err = client.SigninCallback(t.Context(), back)
				}
				if err != nil {
					t.Fatal(err)
				}
				asked := asks(w, oldestTab)
				for range 2 { // the second renews a user of the first
					if _, err := oldest.SigninSilent(t.Context(), SigninArgs{}); err != nil {
						t.Fatal(err)
					}
					got := asked()
					for name, want := range tt.want {
						if !slices.Equal(got[name], want) {
							t.Errorf("%s = %q, want %q", name, got[name], want)
						}
					}
					for _, name := range tt.never {
						if got.Has(name) {
							t.Errorf("%s = %q", name, got[name])
						}
					}
				}
			})
		}
	}
}

// An argument is a call: from then on it is what is asked for.
func TestRenewalAsksForArguments(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	w.signIn(client, tab)
	asked := asks(w, tab)
	for _, args := range []SigninArgs{{Scope: "openid more", Request: RequestSettings{ACRValues: "gold"}}, {}} {
		if _, err := client.SigninSilent(t.Context(), args); err != nil {
			t.Fatal(err)
		}
		if got := asked(); got.Get("scope") != "openid more" || got.Get("acr_values") != "gold" {
			t.Errorf("asked for %q %q", got.Get("scope"), got.Get("acr_values"))
		}
	}
	if _, err := client.QuerySessionStatus(t.Context(), SigninArgs{}); err != nil {
		t.Fatal(err)
	}
	if got := asked(); got.Get("scope") != "openid" {
		t.Errorf("a look at the provider's session asked for %q", got.Get("scope"))
	}
}

// The binding to a key stays, whichever tab renews, and none comes on top.
func TestRenewalKeepsBinding(t *testing.T) {
	for _, bound := range []bool{true, false} {
		t.Run(fmt.Sprint(bound), func(t *testing.T) {
			w, _ := newBound(t)
			w.op.RefreshTokens = false
			if !bound {
				w.op.EditTokenResponse = nil
			}
			w.settings.DPoP = !bound
			oldest, _ := w.open(false)
			w.settings.DPoP = bound
			client, tab := w.open(false)
			w.signIn(client, tab)
			if _, err := oldest.SigninSilent(t.Context(), SigninArgs{}); err != nil {
				t.Fatal(err)
			}
			if got := isBound(client.Current()); got != bound {
				t.Errorf("bound after the renewal: %t", got)
			}
		})
	}
}

// Nor does the profile lose claims because of the tab that renews.
func TestRenewalKeepsProfile(t *testing.T) {
	for _, refresh := range []bool{true, false} {
		t.Run(fmt.Sprint("with the refresh token: ", refresh), func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = refresh
			w.op.EditUserinfo = func(claims map[string]any) { claims["team"] = "red" }
			w.op.EditTokenResponse = func(response map[string]any) { response["tenant"] = "t" }
			oldest, _ := w.open(false)
			w.settings.LoadUserinfo = true
			w.settings.TokenMembers = []string{"tenant"}
			w.settings.Profile.Omit = []string{}
			client, tab := w.open(false)
			w.signIn(client, tab)
			if _, err := oldest.SigninSilent(t.Context(), SigninArgs{}); err != nil {
				t.Fatal(err)
			}
			user := client.Current()
			if user.Profile["team"] == nil || user.Kept["tenant"] == nil || user.Profile["auth_time"] == nil && user.Profile["nonce"] == nil {
				t.Errorf("profile %q, kept %q", user.Profile, user.Kept)
			}
		})
	}
}

// What a frame comes to with the redirect URI of one tab says nothing of another's.
func TestFrameOfAnotherRedirectURI(t *testing.T) {
	w := newWorld(t)
	w.settings.SilentRedirectURI = "https://app.example.test/broken.html"
	broken, brokenTab := w.open(true)
	fails := func(_ context.Context, address string) (string, error) {
		if strings.Contains(address, "broken") {
			return "", ErrFrameNoResponse
		}
		return w.op.Visit(address), nil
	}
	brokenTab.frame = fails
	if user, err := broken.User(t.Context()); err != nil || user != nil {
		t.Fatalf("User = %v, %v", user != nil, err)
	}
	w.settings.SilentRedirectURI = ""
	good, goodTab := w.open(true)
	goodTab.frame = fails
	if user, err := good.User(t.Context()); err != nil || user == nil {
		t.Errorf("User = %v, %v", user != nil, err)
	}
}

// A tab whose settings fail does not fail the renewals of the others.
func TestRenewalOfATabThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.RefreshTokens, w.op.Lifetime = true, time.Hour
		var slow atomic.Bool
		w.transport.Fail = func(*oidc.Request) error {
			if slow.Load() {
				time.Sleep(time.Second)
			}
			return nil
		}
		w.settings.Provider.RequestTimeout = time.Millisecond
		w.open(false)
		w.settings.Provider.RequestTimeout = 0
		client, tab := w.open(false)
		w.signIn(client, tab)
		user := client.Current()
		slow.Store(true)
		time.Sleep(time.Hour)
		synctest.Wait()
		if now := client.Current(); now == nil || now == user {
			t.Errorf("renewed: %t, events %v", now != nil && now != user, tab.heard())
		}
		_ = client.RemoveUser(t.Context())
	})
}
