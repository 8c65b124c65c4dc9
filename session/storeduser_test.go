package session

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// kept is what an app has of a user who is not signed in here.
func (w *world) kept(lifetime time.Duration) *User {
	w.t.Helper()
	before := w.op.Lifetime
	w.op.Edit(func() { w.op.Lifetime = lifetime })
	steps := w.steps()
	request, err := steps.Signin(w.t.Context(), SigninArgs{})
	if err != nil {
		w.t.Fatal(err)
	}
	user, err := steps.SigninResponse(w.t.Context(), w.op.Visit(request.URL), ResponseArgs{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.op.Edit(func() { w.op.Lifetime = before })
	return given(user)
}

// given returns what of user a page can hand back.
func given(user *User) *User {
	return &User{
		AccessToken: user.AccessToken, TokenType: user.TokenType, RefreshToken: user.RefreshToken, IDToken: user.IDToken,
		Scope: user.Scope, ExpiresAt: user.ExpiresAt, SessionState: user.SessionState,
		Profile: user.Profile, State: user.State, URLState: user.URLState,
	}
}

func TestStoreUser(t *testing.T) {
	foreign := func(change func(claims map[string]any)) func(*world, *User) {
		return func(w *world, user *User) {
			claims := map[string]any{
				"iss": w.op.Issuer, "sub": w.op.Subject, "aud": w.op.ClientID,
				"iat": time.Now().Unix(), "exp": time.Now().Unix() + 300,
			}
			change(claims)
			user.IDToken = oidc.Secret(w.op.Sign(map[string]any{"alg": w.op.Keys[0].Alg, "kid": w.op.Keys[0].ID}, claims))
		}
	}
	tests := []struct {
		name string
		edit func(w *world, user *User)
		want oidc.Code
	}{
		{"as it came", func(*world, *User) {}, ""},
		{"no ID Token", func(_ *world, u *User) { u.IDToken = "" }, ""},
		{"no ID Token, no profile", func(_ *world, u *User) { u.IDToken, u.Profile = "", nil }, ""},
		{"no ID Token, a profile of anybody", func(_ *world, u *User) {
			u.IDToken, u.Profile = "", map[string]strictjson.RawMessage{"sub": []byte(`"anybody"`)}
		}, ""},
		{"no profile", func(_ *world, u *User) { u.Profile = nil }, ""},
		{"an ID Token without a nonce", foreign(func(map[string]any) {}), ""},
		{"no token type", func(_ *world, u *User) { u.TokenType = "" }, ""},
		{"no access token", func(_ *world, u *User) { u.AccessToken = "" }, oidc.ErrInvalidArgument},
		{"6749-A.12 an access token that no header can carry", func(_ *world, u *User) { u.AccessToken = "a\nb" }, oidc.ErrInvalidArgument},
		{"6749-A.17 a refresh token beyond ASCII", func(_ *world, u *User) { u.RefreshToken = "é" }, oidc.ErrInvalidArgument},
		{"a profile of somebody else", func(_ *world, u *User) {
			u.Profile = map[string]strictjson.RawMessage{"sub": []byte(`"subject-2"`)}
		}, oidc.ErrSubjectChanged},
		{"a profile of nobody", func(_ *world, u *User) { u.Profile = map[string]strictjson.RawMessage{} }, oidc.ErrSubjectChanged},
		{"a sub that is no string", func(_ *world, u *User) {
			u.Profile = map[string]strictjson.RawMessage{"sub": []byte(`1`)}
		}, oidc.ErrSubjectChanged},
		{"3.1.3.7 an ID Token of somebody else", foreign(func(c map[string]any) { c["sub"] = "subject-2" }), oidc.ErrSubjectChanged},
		{"3.1.3.7 iss", foreign(func(c map[string]any) { c["iss"] = "https://evil.example" }), oidc.ErrIssuerMismatch},
		{"3.1.3.7 aud", foreign(func(c map[string]any) { c["aud"] = "other" }), oidc.ErrAudienceMismatch},
		{"3.1.3.7 azp", foreign(func(c map[string]any) { c["azp"] = "other" }), oidc.ErrAZPMismatch},
		{"3.1.3.7 exp", foreign(func(c map[string]any) { c["exp"] = time.Now().Unix() - 60 }), oidc.ErrTokenExpired},
		{"3.1.3.8 at_hash", foreign(func(c map[string]any) { c["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA" }), oidc.ErrAtHashMismatch},
		{"7515 the signature", func(_ *world, u *User) { u.IDToken = u.IDToken[:len(u.IDToken)-8] + "AAAAAAAA" }, oidc.ErrSignatureInvalid},
		{"7519 no token at all", func(_ *world, u *User) { u.IDToken = "a.b" }, oidc.ErrTokenMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			client, tab := w.open(false)
			_, other := w.open(false)
			user := w.kept(time.Hour)
			tt.edit(w, user)
			err := client.StoreUser(t.Context(), user)
			if tt.want != "" {
				mustFail(t, "StoreUser", err, tt.want)
				if client.Current() != nil || len(tab.heard()) > 0 {
					t.Error("somebody is signed in")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			now, err := client.User(t.Context())
			if err != nil || now.AccessToken != user.AccessToken || now.IDToken != user.IDToken || now.TokenType != "Bearer" {
				t.Errorf("User = %v, %v", now, err)
			}
			if user.IDToken != "" && string(now.Profile["sub"]) != `"subject-1"` || user.IDToken == "" && now.Subject() != "" {
				t.Errorf("profile.sub = %s, subject %q", now.Profile["sub"], now.Subject())
			}
			for _, tab := range []*tabHeard{{tab, tab.heard()}, {other, other.heard()}} {
				if !slices.Equal(tab.names, []EventName{UserLoaded}) || !tab.hint {
					t.Errorf("events = %v, hint %t", tab.names, tab.hint)
				}
			}
		})
	}
}

type tabHeard struct {
	*tab
	names []EventName
}

func TestStoreNobody(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	_, other := w.open(false)
	w.signIn(client, tab)
	other.heard()
	if err := client.StoreUser(t.Context(), nil); err != nil || client.Current() != nil {
		t.Errorf("StoreUser = %v", err)
	}
	if heard := other.heard(); !slices.Equal(heard, []EventName{UserUnloaded}) || other.hint {
		t.Errorf("events = %v, hint %t", heard, other.hint)
	}
}

// The app's claims stay until a new ID Token comes; that of the current user is
// not looked at again, and need not be good any more.
func TestStoreClaims(t *testing.T) {
	tests := []struct {
		name    string
		idToken bool // comes with the renewal
	}{
		{"renewed with an ID Token", true},
		{"12.2 renewed without an ID Token", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens = true
				w.settings.LoadUserinfo = true
				client, tab := w.open(false)
				user := given(w.signIn(client, tab))
				time.Sleep(10 * time.Minute) // the ID Token is good for five
				user.Profile["role"] = []byte(`"admin"`)
				if err := client.StoreUser(t.Context(), user); err != nil {
					t.Fatal(err)
				}
				if now := client.Current(); now.Subject() != w.op.Subject || string(now.Profile["role"]) != `"admin"` {
					t.Errorf("User = %v", now)
				}
				w.op.Edit(func() {
					w.op.EditTokenResponse = func(response map[string]any) {
						if !tt.idToken {
							delete(response, "id_token")
						}
					}
				})
				renewed, err := client.SigninSilent(t.Context(), SigninArgs{})
				if err != nil || renewed.AccessToken == user.AccessToken {
					t.Fatalf("SigninSilent = %v, %v", renewed, err)
				}
				if _, ok := renewed.Profile["role"]; ok == tt.idToken || renewed.Profile["email"] == nil {
					t.Errorf("the profile after the renewal is %v", renewed.Profile)
				}
				client.session.stopTimer()
			})
		})
	}
}

// The life of a token that is stored goes on where it was, and its refresh
// token is what renews it.
func TestStoreRenews(t *testing.T) {
	tests := []struct {
		name  string
		wait  time.Duration // before it is stored
		after time.Duration // when there is no renewal yet
		until time.Duration // when there is one
	}{
		{"new", 0, 58 * time.Minute, time.Hour},
		{"of half an hour ago", 30 * time.Minute, 28 * time.Minute, 30 * time.Minute},
		{"about to end", 59*time.Minute + 58*time.Second, 0, 2 * time.Second},
		{"expired", 2 * time.Hour, 0, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens = true
				client, tab := w.open(false)
				user := w.kept(time.Hour)
				user.IDToken = "" // it would be too old
				time.Sleep(tt.wait)
				w.op.ResetRequests()
				if err := client.StoreUser(t.Context(), user); err != nil {
					t.Fatal(err)
				}
				if tt.after > 0 {
					time.Sleep(tt.after)
					if n := w.op.Count(oidctest.Token); n != 0 {
						t.Errorf("%d renewals %s later", n, tt.after)
					}
				}
				time.Sleep(tt.until - tt.after)
				synctest.Wait()
				if n := w.op.Count(oidctest.Token); n != 1 || tab.frames != 0 {
					t.Errorf("%d renewals by refresh token, %d in frames", n, tab.frames)
				}
				if now := client.Current(); now == nil || now.Subject() != w.op.Subject {
					t.Errorf("User = %v: the new ID Token says who it is", now)
				}
				client.session.stopTimer()
			})
		})
	}
}

// Where nobody says who it was, a frame must not make it whoever is signed in at the
// provider.
func TestStoredTokensInFrame(t *testing.T) {
	w := newWorld(t)
	client, _ := w.open(false)
	user := w.kept(time.Hour)
	user.IDToken, user.RefreshToken, user.Profile = "", "", nil
	if err := client.StoreUser(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	_, err := client.SigninSilent(t.Context(), SigninArgs{})
	mustFail(t, "SigninSilent", err, oidc.ErrSubjectChanged)
}

// What happens while the user is stored: a renewal uses the refresh token up
// that the app knows, and a sign-out wins.
func TestStoreMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.RefreshTokens = true
		client, tab := w.open(false)
		user := given(w.signIn(client, tab))
		user.State = []byte(`7`)
		client.session.renewing <- struct{}{}
		stored := make(chan error)
		store := func() { stored <- client.StoreUser(t.Context(), user) }

		go store()
		synctest.Wait()
		standing := client.session.scene()
		before := standing.user
		renewed, err := client.session.refresh(t.Context(), client, before, user.RefreshToken, SigninArgs{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.session.replace(standing, renewed, false); err != nil {
			t.Fatal(err)
		}
		<-client.session.renewing
		if err := <-stored; err != nil {
			t.Fatal(err)
		}
		if now := client.Current(); string(now.State) != "7" || now.RefreshToken != renewed.RefreshToken {
			t.Error("the user has a refresh token that is used up")
		}

		client.session.renewing <- struct{}{}
		go store()
		synctest.Wait()
		if err := client.RemoveUser(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-client.session.renewing
		if err := <-stored; !errors.Is(err, ErrNotSignedIn) || client.Current() != nil {
			t.Errorf("StoreUser during a sign-out = %v", err)
		}
	})
}

// Who is stored has the refresh token of the same sign-in, or none: not that of another
// one that the same person has made meanwhile.
func TestStoreBesideAnotherSignin(t *testing.T) {
	for _, refreshTokens := range []bool{true, false} {
		t.Run(fmt.Sprintf("with a refresh token %t", refreshTokens), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens = refreshTokens
				w.settings.ManualRenew = true
				client, tab := w.open(false)
				user := given(w.signIn(client, tab))
				client.session.renewing <- struct{}{}
				stored := make(chan error)
				go func() { stored <- client.StoreUser(t.Context(), user) }()
				synctest.Wait()
				w.op.Edit(func() { w.op.RefreshTokens = true })
				other := w.signIn(client, tab)
				<-client.session.renewing
				if err := <-stored; err != nil || other.RefreshToken == "" {
					t.Fatal(err)
				}
				if now := client.Current(); now.AccessToken != user.AccessToken || now.RefreshToken != user.RefreshToken {
					t.Error("who is stored has the refresh token of another sign-in")
				}
			})
		})
	}
}

// A renewal makes no other person of a user without an ID Token, of whom the app has
// said who it is.
func TestStoredRenewalOfAnother(t *testing.T) {
	for sub, want := range map[string]oidc.Code{`"subject-1"`: "", `"ann"`: oidc.ErrSubjectChanged} {
		t.Run(sub, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			client, _ := w.open(false)
			user := w.kept(time.Hour)
			user.IDToken, user.Profile = "", map[string]strictjson.RawMessage{"sub": strictjson.RawMessage(sub)}
			if err := client.StoreUser(t.Context(), user); err != nil {
				t.Fatal(err)
			}
			if _, err := client.SigninSilent(t.Context(), SigninArgs{}); (want == "") != (err == nil) {
				t.Errorf("SigninSilent = %v, want %q", err, string(want))
			} else if want != "" {
				mustFail(t, "SigninSilent", err, want)
			}
			_ = client.RemoveUser(t.Context())
		})
	}
}

// An app that stores who is there makes no sign-in of it, whatever ID Token it gives: who
// is stored goes when the provider ends that session, and no other, and does not come back
// if that was meanwhile.
func TestStoredSessionEnds(t *testing.T) {
	frontChannel := func(query url.Values) func(*Client, string) {
		return func(c *Client, issuer string) {
			if query != nil {
				query.Set("iss", issuer)
			}
			c.session.registry.FrontChannelLogout("https://app.example.test/frontchannel.html?" + query.Encode())
		}
	}
	elsewhere := func(sid string) func(*Client, string) {
		return func(c *Client, _ string) {
			s := c.session
			_, now := s.current()
			order := now.order
			s.follow(peerMessage{Issuer: s.id.source.Issuer, ClientID: s.id.clientID, Who: stamp(order, sid), Order: &order, How: "over"})
		}
	}
	ends := []struct {
		name string
		end  func(c *Client, issuer string)
		over bool
	}{
		{"2 the front channel names it", frontChannel(url.Values{"sid": {"sid-1"}}), true},
		{"2 the front channel names another one", frontChannel(url.Values{"sid": {"sid-2"}}), false},
		{"2 the front channel names none", frontChannel(nil), true},
		{"another program says so", elsewhere("sid-1"), true},
		{"another program says so of another one", elsewhere("sid-2"), false},
		{"its refresh token is refused, and so is the frame", func(c *Client, _ string) {
			user, _ := c.session.current()
			c.session.end(user, oidc.ErrTokenExpired)
		}, true},
		{"nobody is there any more", func(c *Client, _ string) { c.session.signOut((*standing).idled) }, true},
	}
	for _, tt := range ends {
		for _, idToken := range []string{"its ID Token", "none", "another"} {
			for _, meanwhile := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, with %s, meanwhile %t", tt.name, idToken, meanwhile), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(t)
						w.op.SessionID = "sid-1"
						client, tab := w.open(false)
						user := given(w.signIn(client, tab))
						switch idToken {
						case "none":
							user.IDToken = ""
						case "another": // which names no session, as a refreshed one need not
							user.IDToken = oidc.Secret(w.op.Sign(map[string]any{"alg": w.op.Keys[0].Alg, "kid": w.op.Keys[0].ID}, map[string]any{
								"iss": w.op.Issuer, "sub": w.op.Subject, "aud": w.op.ClientID, "iat": time.Now().Unix(), "exp": time.Now().Unix() + 300,
							}))
						}
						if meanwhile {
							client.session.renewing <- struct{}{}
						}
						stored := make(chan error, 1)
						go func() { stored <- client.StoreUser(t.Context(), user) }()
						synctest.Wait()
						tt.end(client, w.op.Issuer)
						if meanwhile {
							<-client.session.renewing
						}
						if err := <-stored; meanwhile && tt.over {
							mustFail(t, "StoreUser", err, ErrNotSignedIn)
						} else if err != nil {
							t.Error(err)
						}
						if over := client.Current() == nil; over != tt.over {
							t.Errorf("the session is over: %t, want %t", over, tt.over)
						}
						client.session.stopTimer()
					})
				})
			}
		}
	}
}
