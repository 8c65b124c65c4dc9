package session

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// Each request to the provider ends in the time that the settings allow.
func TestRequestTimeout(t *testing.T) {
	operations := map[string]func(context.Context, *Client, *tab, *world) error{
		oidctest.Discovery: func(ctx context.Context, c *Client, _ *tab, _ *world) error {
			_, err := c.Metadata(ctx)
			return err
		},
		oidctest.JWKS: func(ctx context.Context, c *Client, _ *tab, _ *world) error {
			_, err := c.session.provider.fetchKeys(ctx, false)
			return err
		},
		oidctest.Token: func(ctx context.Context, c *Client, tab *tab, w *world) error {
			_, err := c.SigninCallback(ctx, w.redirect(c, tab))
			return err
		},
		oidctest.Userinfo: func(ctx context.Context, c *Client, tab *tab, w *world) error {
			_, err := c.SigninCallback(ctx, w.redirect(c, tab))
			return err
		},
	}
	limits := []struct{ setting, want time.Duration }{
		{0, 10 * time.Second}, {time.Second, time.Second}, {30 * time.Second, 30 * time.Second},
	}
	for endpoint, run := range operations {
		for _, limit := range limits {
			t.Run(endpoint+" "+limit.setting.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.settings.LoadUserinfo = true
					w.settings.Provider.RequestTimeout = limit.setting
					w.op.Hold = func(at string, r *http.Request) {
						if at == endpoint {
							<-r.Context().Done()
						}
					}
					client, tab := w.open(false)
					start := time.Now()
					mustFail(t, endpoint, run(t.Context(), client, tab, w), oidc.ErrTimeout)
					if took := time.Since(start); took != limit.want {
						t.Errorf("it took %v, want %v", took, limit.want)
					}
				})
			})
		}
	}
}

// Of a renewal, the argument bounds the refresh request or the life of the
// frame, whatever the settings say.
func TestSilentTimeout(t *testing.T) {
	tests := []struct {
		name                      string
		argument, request, silent time.Duration
		refresh, frame            time.Duration
	}{
		{"default", 0, 0, 0, 10 * time.Second, 10 * time.Second},
		{"argument", 3 * time.Second, 0, 0, 3 * time.Second, 3 * time.Second},
		{"long argument", time.Minute, 0, 0, time.Minute, time.Minute},
		{"request", 0, 4 * time.Second, 0, 4 * time.Second, 4 * time.Second},
		{"request and silent", 0, 4 * time.Second, 5 * time.Second, 4 * time.Second, 5 * time.Second},
		{"all", 30 * time.Second, 4 * time.Second, 5 * time.Second, 30 * time.Second, 30 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens = true
				w.settings.Provider.RequestTimeout, w.settings.SilentTimeout = tt.request, tt.silent
				client, tab := w.open(false)
				w.signIn(client, tab)
				w.op.Hold = func(endpoint string, r *http.Request) {
					if endpoint == oidctest.Token {
						<-r.Context().Done()
					}
				}
				start := time.Now()
				_, err := client.SigninSilent(t.Context(), SigninArgs{Timeout: tt.argument})
				mustFail(t, "with the refresh token", err, oidc.ErrTimeout)
				if took := time.Since(start); took != tt.refresh {
					t.Errorf("the refresh request took %v, want %v", took, tt.refresh)
				}
				w.op.Hold = nil
				if _, err := client.SigninSilent(t.Context(), SigninArgs{Timeout: tt.argument, ForceFrame: true}); err != nil {
					t.Fatal(err)
				}
				if tab.frameTimeout != tt.frame {
					t.Errorf("the frame may live %v, want %v", tab.frameTimeout, tt.frame)
				}
			})
		})
	}
}

// Which arguments go with the refresh token, and which calls share a renewal.
func TestSilentArguments(t *testing.T) {
	tests := []struct {
		name        string
		args        SigninArgs
		refreshable bool
	}{
		{"scope", SigninArgs{Scope: "email"}, true},
		{"state", SigninArgs{State: []byte(`1`)}, true},
		{"another state", SigninArgs{State: []byte(`2`)}, true},
		{"timeout", SigninArgs{Timeout: time.Second}, true},
		{"skip userinfo", SigninArgs{SkipUserinfo: true}, true},
		{"frame", SigninArgs{ForceFrame: true}, false},
		{"request", SigninArgs{RequestObject: "a"}, false},
		{"request_uri", SigninArgs{RequestURI: "a"}, false},
	}
	keys := map[string]string{"": "nothing"}
	for _, tt := range tests {
		if tt.args.refreshable() != tt.refreshable {
			t.Errorf("%s: refreshable = %t", tt.name, !tt.refreshable)
		}
		key := tt.args.key()
		if other, ok := keys[key]; ok {
			t.Errorf("%s asks for the same as %s", tt.name, other)
		}
		keys[key] = tt.name
	}
}

func TestRefreshAllowedScope(t *testing.T) {
	tests := []struct {
		name             string
		setting, granted string // besides, an argument wins
		argument         string
		want             []string
		scope            string // of the user, as the provider does not say
	}{
		{"none", "", "openid profile", "", []string{"openid profile"}, "openid profile"},
		{"all", "profile openid", "openid profile", "", []string{"openid profile"}, "openid profile"},
		{"some, in the user's order", "email profile openid", "openid address profile", "", []string{"openid profile"}, "openid profile"},
		{"part of a name", "openid pro", "openid profile", "", []string{"openid"}, "openid"},
		{"nothing", "email", "openid profile", "", nil, "openid profile"},
		{"argument", "openid", "openid profile", "profile", []string{"profile"}, "profile"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			w.settings.Scope = tt.granted
			w.settings.RefreshScope = tt.setting
			w.op.EditTokenResponse = func(response map[string]any) { delete(response, "scope") }
			client, tab := w.open(false)
			w.signIn(client, tab)
			var sent []string
			w.op.Respond = func(_ string, _ http.ResponseWriter, r *http.Request) bool {
				_ = r.ParseForm()
				sent = r.PostForm["scope"]
				return false
			}
			user, err := client.SigninSilent(t.Context(), SigninArgs{Scope: tt.argument})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(sent, tt.want) || user.Scope != tt.scope {
				t.Errorf("scope %q was sent, the user has %q; want %q, %q", sent, user.Scope, tt.want, tt.scope)
			}
		})
	}
}

// The state of a renewal is the user's from then on.
func TestSilentState(t *testing.T) {
	for _, frame := range []bool{false, true} {
		w := newWorld(t)
		w.op.RefreshTokens = true
		client, tab := w.open(false)
		w.signIn(client, tab)
		for _, args := range []SigninArgs{{State: []byte(`{"a":1}`), ForceFrame: frame}, {ForceFrame: frame}} {
			user, err := client.SigninSilent(t.Context(), args)
			if err != nil || string(user.State) != `{"a":1}` {
				t.Errorf("frame %t: state %q, %v", frame, user.State, err)
			}
		}
	}
}

// The userinfo endpoint is left alone where the call says so.
func TestSkipUserinfo(t *testing.T) {
	skip := SigninArgs{SkipUserinfo: true}
	ways := map[string]func(context.Context, *Client, *tab, *world) error{
		"redirect": func(ctx context.Context, c *Client, tab *tab, w *world) error {
			if err := c.SigninRedirect(ctx, skip); err != nil {
				return err
			}
			_, err := c.SigninCallback(ctx, w.op.Visit(tab.address))
			return err
		},
		"popup": func(ctx context.Context, c *Client, _ *tab, _ *world) error {
			_, err := c.SigninPopup(ctx, skip)
			return err
		},
		"frame": func(ctx context.Context, c *Client, _ *tab, _ *world) error {
			_, err := c.SigninSilent(ctx, skip)
			return err
		},
		"refresh token": func(ctx context.Context, c *Client, tab *tab, w *world) error {
			w.signIn(c, tab)
			w.op.ResetRequests()
			_, err := c.SigninSilent(ctx, skip)
			return err
		},
	}
	for name, signIn := range ways {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			w.settings.LoadUserinfo = true
			client, tab := w.open(false)
			if err := signIn(t.Context(), client, tab, w); err != nil {
				t.Fatal(err)
			}
			if w.op.Count(oidctest.Token) != 1 || w.op.Count(oidctest.Userinfo) != 0 {
				t.Errorf("requests = %q", w.op.Requests())
			}
		})
	}
}
