package session

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

func TestFrontChannelLogout(t *testing.T) {
	const page = "https://app.example.test/frontchannel.html"
	query := func(iss, sid string) string { return page + "?" + url.Values{"iss": {iss}, "sid": {sid}}.Encode() }
	tests := []struct {
		name, address string
		ended         bool
	}{
		{"2 of this session", query("https://op.example.test", "sid-1"), true},
		{"2 neither iss nor sid", page, true},
		{"2 another session", query("https://op.example.test", "sid-2"), false},
		{"2 another issuer", query("https://evil.example", "sid-1"), false},
		{"2 iss alone", page + "?iss=https%3A%2F%2Fop.example.test", false},
		{"2 sid alone", page + "?sid=sid-1", false},
		{"2 not an address", "%", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.SessionID = "sid-1"
			client, first := w.open(false)
			_, second := w.open(false)
			w.signIn(client, first)
			first.heard()
			second.heard()
			if ended := w.registry.FrontChannelLogout(tt.address); ended != tt.ended {
				t.Errorf("FrontChannelLogout = %t, want %t", ended, tt.ended)
			}
			want := []EventName{}
			if tt.ended {
				want = []EventName{UserSignedOut, UserUnloaded}
			}
			for _, tab := range []*tab{first, second} {
				if heard := tab.heard(); !slices.Equal(heard, want) || tab.hint == tt.ended {
					t.Errorf("events = %v, hint %t; want %v", heard, tab.hint, want)
				}
			}
		})
	}
}

// A program that another one tells of it has its tabs hear the same.
func TestFrontChannelLogoutElsewhere(t *testing.T) {
	withOrigin(t, 2, func(t *testing.T, o *origin) {
		o.w.signIn(o.clients[0], o.tabs[0])
		o.want("a sign-in", "subject-1 subject-1")
		for _, tab := range o.tabs {
			tab.heard()
		}
		o.clients[0].session.registry.FrontChannelLogout("https://app.example.test/frontchannel.html")
		synctest.Wait()
		o.clients[1].session.registry.FrontChannelLogout("https://app.example.test/frontchannel.html")
		for i, tab := range o.tabs {
			if heard := tab.heard(); !slices.Equal(heard, []EventName{UserSignedOut, UserUnloaded}) {
				t.Errorf("tab %d hears %v", i, heard)
			}
		}
	})
}

// The provider ends a session while it is on its way to the app: it does not
// arrive, and another one does.
func TestFrontChannelLogoutMeanwhile(t *testing.T) {
	const page = "https://app.example.test/frontchannel.html"
	query := func(sid string) string {
		return page + "?" + url.Values{"iss": {"https://op.example.test"}, "sid": {sid}}.Encode()
	}
	var many []string
	for i := range 2 * endingsLimit {
		many = append(many, query(strconv.Itoa(i)))
	}
	tests := []struct {
		name      string
		addresses []string
		comes     bool
	}{
		{"2 this session", []string{query("sid-1")}, false},
		{"2 neither iss nor sid", []string{page}, false},
		{"2 another session", []string{query("sid-2")}, true},
		{"2 this one after others", append(many, query("sid-1")), false},
		{"2 too long for an address", []string{query("sid-1") + "&x=" + strings.Repeat("x", endingSize)}, true},
	}
	ways := map[string]func(w *world, client *Client, tab *tab) error{
		"restore": func(w *world, client *Client, _ *tab) error {
			user, err := client.User(w.t.Context())
			if user == nil && err == nil {
				err = ErrNotSignedIn // which is no error there
			}
			return err
		},
		"silent": func(w *world, client *Client, _ *tab) error {
			_, err := client.SigninSilent(w.t.Context(), SigninArgs{})
			return err
		},
		"redirect": func(w *world, client *Client, tab *tab) error {
			_, err := client.SigninCallback(w.t.Context(), w.redirect(client, tab))
			return err
		},
	}
	for _, tt := range tests {
		for way, signIn := range ways {
			t.Run(tt.name+", "+way, func(t *testing.T) {
				// What names no session is of those before an interactive sign-in.
				comes := tt.comes || way == "redirect" && tt.addresses[0] == page
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.t = t
					w.settings.ManualRenew = true
					w.op.SessionID = "sid-1"
					client, tab := w.open(true)
					w.op.Hold = func(endpoint string, _ *http.Request) {
						if endpoint == oidctest.Token {
							time.Sleep(time.Second)
						}
					}
					done := make(chan error)
					go func() { done <- signIn(w, client, tab) }()
					time.Sleep(time.Second / 2)
					for _, address := range tt.addresses {
						w.registry.FrontChannelLogout(address)
					}
					if err := <-done; comes && err != nil {
						t.Error(err)
					} else if !comes {
						mustFail(t, "the sign-in", err, ErrNotSignedIn)
					}
					if user := client.Current(); (user != nil) != comes {
						t.Errorf("signed in: %t, want %t", user != nil, comes)
					}
					if n := len(client.session.ended); n > endingsLimit {
						t.Errorf("%d are remembered", n)
					}
					time.Sleep(time.Second)
					w.signIn(client, tab) // what begins afterwards is news
				})
			})
		}
	}
}

// A refreshed ID Token without sid is of the session of before.
func TestFrontChannelLogoutAfterRefresh(t *testing.T) {
	w := newWorld(t)
	w.op.RefreshTokens, w.op.SessionID = true, "sid-1"
	client, tab := w.open(false)
	w.signIn(client, tab)
	w.op.SessionID = ""
	if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
		t.Fatal(err)
	}
	if !w.registry.FrontChannelLogout("https://app.example.test/?iss=" + url.QueryEscape(w.op.Issuer) + "&sid=sid-1") {
		t.Error("the session is not known any more")
	}
}

// Nobody is signed in: there is nothing to end, and nothing to tell.
func TestFrontChannelLogoutOfNobody(t *testing.T) {
	w := newWorld(t)
	_, tab := w.open(false)
	if w.registry.FrontChannelLogout("https://app.example.test/") || len(tab.heard()) > 0 {
		t.Error("nobody was signed out")
	}
}

// An end that the front channel names by sid is the end of that session, and of
// no other (front-channel logout 3; "Nobody is signed out by an engine whose access
// token is new, and no API has refused it", habits "goes"): what a program that slept says
// of the session that it had does not end the one after it.
func TestOverOfTheSessionBefore(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		o.w.op.Edit(func() { o.w.op.SessionID = "sid-1" })
		o.w.signIn(o.clients[0], o.tabs[0])
		o.want("a sign-in", "subject-1")
		o.sleeps(0, true) // the browser freezes the page
		// At the provider Ann signs out and in again.
		o.w.op.Edit(func() { o.w.op.SessionID = "sid-2" })
		next, _ := o.open()
		if user, err := next.User(t.Context()); err != nil || user == nil {
			t.Fatalf("User = %v, %v", user, err)
		}
		synctest.Wait()
		o.sleeps(0, false) // the page goes on, and hears what it has missed
		o.clients[0].session.registry.FrontChannelLogout("https://app.example.test/frontchannel.html?" + url.Values{"iss": {o.w.op.Issuer}, "sid": {"sid-1"}}.Encode())
		synctest.Wait()
		time.Sleep(time.Second)
		if user := next.Current(); user == nil || user.claims.SessionID != "sid-2" {
			t.Error("the session sid-2 lives, and is over here because sid-1 is")
		}
	})
}
