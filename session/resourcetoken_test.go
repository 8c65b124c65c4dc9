package session

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A token for a resource that is asked for in a frame is that of the user who
// was renewed meanwhile; of one who signed out or in meanwhile it is none.
func TestResourceTokenMeanwhile(t *testing.T) {
	tests := []struct {
		name      string
		meanwhile func(w *world, c *Client) error
		good      bool
	}{
		{"nothing", func(*world, *Client) error { return nil }, true},
		{"a renewal", func(w *world, c *Client) error {
			_, err := c.SigninSilent(w.t.Context(), SigninArgs{})
			return err
		}, true},
		{"a sign-out", func(w *world, c *Client) error { return c.RemoveUser(w.t.Context()) }, false},
		{"a sign-in", func(w *world, c *Client) error {
			_, err := c.SigninPopup(w.t.Context(), SigninArgs{})
			return err
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			client, tab := w.open(false)
			w.signIn(client, tab)
			first := true
			tab.frame = func(_ context.Context, url string) (string, error) {
				if first {
					first = false
					if err := tt.meanwhile(w, client); err != nil {
						t.Error(err)
					}
				}
				return w.op.Visit(url), nil
			}
			_, err := client.session.resourceToken(t.Context(), client, "https://api.example.test/")
			if tt.good && err != nil {
				t.Error(err)
			} else if !tt.good {
				mustFail(t, "resourceToken", err, ErrNotSignedIn)
			}
			n := w.op.Count(oidctest.Token)
			if _, err := client.session.resourceToken(t.Context(), client, "https://api.example.test/"); tt.good && (err != nil || w.op.Count(oidctest.Token) != n) {
				t.Errorf("asked for again, %v", err)
			}
			_ = client.RemoveUser(t.Context())
		})
	}
}

// The answer to a refresh request for a resource is checked as that of a renewal is: the
// rows of the hostile table that are about one.
func TestHostileResourceToken(t *testing.T) {
	const resource = "https://api.example.test/"
	n := 0
	for _, c := range oidctest.Cases() {
		if c.Flow != oidctest.FlowRefresh || strings.Contains(c.Name, "userinfo") { // which does not get the token of a resource
			continue
		}
		n++
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVictim(t, c)
				before := v.signIn(v.client, v.tab)
				v.c.Strike(v.op)
				token, err := v.client.session.resourceToken(t.Context(), v.client, resource)
				if !errors.Is(err, c.Want) && (err != nil || c.Want != "") {
					t.Errorf("error %v, want %q", err, string(c.Want))
				}
				if (token == nil) != (c.Want != "") || v.client.Current() != before {
					t.Errorf("token %t, and %v is signed in", token != nil, v.client.Current())
				}
				_ = v.client.RemoveUser(t.Context())
			})
		})
	}
	if n == 0 {
		t.Error("the table has no rows about renewals")
	}
}
