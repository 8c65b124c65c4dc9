package session

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// cacheTransport sets the Cache-Control of the key set, and counts.
type cacheTransport struct {
	oidc.Transport
	cacheControl string
	fetches      int
}

func (c *cacheTransport) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	resp, err := c.Transport.Do(ctx, req)
	if err == nil && strings.HasSuffix(req.URL, "/jwks") {
		c.fetches++
		resp.Header["cache-control"] = c.cacheControl
	}
	return resp, err
}

// Keys are used as long as their answer allows.
func TestKeysAreFetchedAgain(t *testing.T) {
	tests := []struct {
		name, cacheControl string
		after              time.Duration
		want               int
	}{
		{"within max-age", "max-age=600", 599 * time.Second, 1},
		{"after max-age", "max-age=600", 600 * time.Second, 2},
		{"no-store, within a minute", "no-store", 59 * time.Second, 1},
		{"no-store, after a minute", "no-store", 60 * time.Second, 2},
		{"within a day", "max-age=99999999", 24*time.Hour - time.Second, 1},
		{"after a day", "max-age=99999999", 24 * time.Hour, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.settings.ManualRenew = true
				transport := &cacheTransport{Transport: w.transport, cacheControl: tt.cacheControl}
				w.registry = NewRegistry(Config{Transport: transport, Logf: t.Logf})
				client, _ := w.open(false)
				for range 2 {
					if _, err := client.session.provider.fetchKeys(t.Context(), false); err != nil {
						t.Fatal(err)
					}
					time.Sleep(tt.after)
				}
				if transport.fetches != tt.want {
					t.Errorf("%d fetches, want %d", transport.fetches, tt.want)
				}
			})
		})
	}
}

// The provider has new keys since the sign-in, and a refresh brings no ID Token that
// would have them fetched (OIDC Core 12.2): the signed userinfo is verified with them
// nevertheless, and the session goes on.
func TestUserinfoByNewKeys(t *testing.T) {
	for _, idToken := range []bool{true, false} {
		t.Run(fmt.Sprintf("with an ID Token %t", idToken), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens, w.op.SignUserinfo = true, true
				w.settings.LoadUserinfo = true
				w.op.Respond = func(endpoint string, rw http.ResponseWriter, _ *http.Request) bool {
					if endpoint == oidctest.JWKS {
						rw.Header().Set("Cache-Control", "max-age=86400")
					}
					return false
				}
				client, tab := w.open(false)
				w.signIn(client, tab)
				time.Sleep(30 * time.Second) // the keys are good for longer
				w.op.Edit(func() {
					w.op.Rotate()
					w.op.SignedIn = false // or the browser keeps the provider's cookies from the frame
					w.op.EditTokenResponse = func(response map[string]any) {
						if !idToken {
							delete(response, "id_token")
						}
					}
				})
				if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
					t.Errorf("SigninSilent = %v", err)
				}
				time.Sleep(time.Hour)
				if user, err := client.User(t.Context()); user == nil || err != nil {
					t.Errorf("an hour later %v, %v; heard %v", user != nil, err, tab.heard())
				}
			})
		})
	}
}
