package session

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

func TestRevokeTokens(t *testing.T) {
	tests := []struct {
		name            string
		types           []TokenType
		access, refresh bool // what is revoked
		want            oidc.Code
	}{
		{"both by default", nil, true, true, ""},
		{"access token", []TokenType{AccessToken}, true, false, ""},
		{"refresh token", []TokenType{RefreshToken}, false, true, ""},
		{"one many times", []TokenType{AccessToken, AccessToken, AccessToken}, false, false, oidc.ErrInvalidArgument},
		{"something else beside", []TokenType{AccessToken, "id_token"}, false, false, oidc.ErrInvalidArgument},
		{"something else", []TokenType{"id_token"}, false, false, oidc.ErrInvalidArgument},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			client, tab := w.open(false)
			user := w.signIn(client, tab)
			err := client.RevokeTokens(t.Context(), tt.types...)
			if tt.want != "" {
				mustFail(t, "RevokeTokens", err, tt.want)
			} else if err != nil {
				t.Fatal(err)
			}
			if w.op.Revoked(user.AccessToken.Reveal()) != tt.access || w.op.Revoked(user.RefreshToken.Reveal()) != tt.refresh {
				t.Errorf("the wrong tokens are revoked")
			}
			now, err := client.User(t.Context())
			if err != nil || now == nil || (now.RefreshToken == "") != tt.refresh {
				t.Errorf("User = %v, %v", now, err)
			}
		})
	}
}

// When it has resolved, the newest refresh token of the user is revoked, and the user
// has none, also where a renewal was in the air.
func TestRevokeTokensDuringRenewal(t *testing.T) {
	for _, first := range []string{"renewal", "revocation"} {
		t.Run("first the "+first, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens, w.settings.ManualRenew = true, true
				client, tab := w.open(false)
				tokens := []oidc.Secret{w.signIn(client, tab).RefreshToken}
				w.op.Edit(func() {
					w.op.EditTokenResponse = func(response map[string]any) {
						tokens = append(tokens, oidc.Secret(response["refresh_token"].(string)))
					}
					w.op.Hold = func(endpoint string, _ *http.Request) {
						if endpoint == oidctest.Token || endpoint == oidctest.Revocation {
							time.Sleep(time.Second)
						}
					}
				})
				renewed := make(chan error)
				go func() {
					if first == "revocation" {
						time.Sleep(100 * time.Millisecond)
					}
					_, err := client.SigninSilent(t.Context(), SigninArgs{})
					renewed <- err
				}()
				if first == "renewal" {
					synctest.Wait()
				}
				if err := client.RevokeTokens(t.Context(), RefreshToken); err != nil {
					t.Fatal(err)
				}
				if user := client.Current(); user == nil || user.RefreshToken != "" {
					t.Error("revokeTokens has resolved, and the user has a refresh token")
				}
				if liveRefreshToken(t, w, tokens[len(tokens)-1]) {
					t.Error("the newest refresh token is still good")
				}
				if err := <-renewed; err != nil {
					t.Error(err)
				}
				_ = client.RemoveUser(t.Context())
			})
		})
	}
}

func TestRevokeTokensOfNobody(t *testing.T) {
	w := newWorld(t)
	client, _ := w.open(false)
	mustFail(t, "RevokeTokens", client.RevokeTokens(t.Context()), ErrNotSignedIn)
}

// A sign-out revokes a refresh token that would outlive it, or that it is told to, and
// does not depend on it.
func TestRevocationAtSignout(t *testing.T) {
	var navigates oidc.Code
	tests := []struct {
		name    string
		edit    func(w *world)
		revoked bool
	}{
		{"it ends with the session", func(w *world) { w.settings.RevokeAtSignout = nil }, false},
		{"the page goes with the form", func(w *world) {
			w.settings.RevokeAtSignout, w.settings.SignoutByPost, navigates = nil, true, ErrPageGone
		}, false},
		{"the page stays", func(w *world) { w.settings.RevokeAtSignout, navigates = nil, oidc.ErrAborted }, true},
		{"offline, and the page stays", func(w *world) {
			w.settings.RevokeAtSignout, w.settings.Scope, navigates = nil, "openid offline_access", oidc.ErrAborted
		}, true},
		{"offline", func(w *world) { w.settings.RevokeAtSignout, w.settings.Scope = nil, "openid offline_access" }, true},
		{"no session ends", func(w *world) {
			w.settings.RevokeAtSignout = nil
			w.op.EditMetadata = func(metadata map[string]any) { delete(metadata, "end_session_endpoint") }
		}, true},
		{"wanted", func(*world) {}, true},
		{"not wanted", func(w *world) { w.settings.RevokeAtSignout, w.settings.Scope = new(bool), "openid offline_access" }, false},
		{"refused", func(w *world) {
			w.op.Answer(oidctest.Revocation, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusServiceUnavailable) })
		}, false},
		{"not offered", func(w *world) {
			w.op.EditMetadata = func(metadata map[string]any) { delete(metadata, "revocation_endpoint") }
		}, false},
		{"never answers", func(w *world) {
			w.op.Answer(oidctest.Revocation, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				wanted := true
				navigates = ""
				w.op.RefreshTokens, w.settings.RevokeAtSignout = true, &wanted
				tt.edit(w)
				client, tab := w.open(false)
				user := w.signIn(client, tab)
				if navigates != "" {
					tab.navigates = navigates
				}
				err := client.SignoutRedirect(t.Context(), SignoutArgs{})
				synctest.Wait()
				if n := w.op.Count(oidctest.Revocation); n > 1 {
					t.Errorf("%d revocations of one token", n)
				}
				if tt.name == "no session ends" {
					mustFail(t, "SignoutRedirect", err, oidc.ErrUnsupported)
				} else if navigates != "" {
					mustFail(t, "SignoutRedirect", err, navigates)
				} else if err != nil || tab.address == "" {
					t.Errorf("SignoutRedirect = %v, and the tab is at %q", err, tab.address)
				}
				if w.op.Revoked(user.RefreshToken.Reveal()) != tt.revoked {
					t.Errorf("revoked: %t", !tt.revoked)
				}
			})
		})
	}
}

// A sign-out that comes while one with other arguments is in the air leaves that to it.
func TestRevocationAtTwoSignouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		wanted := true
		w.op.RefreshTokens, w.settings.RevokeAtSignout = true, &wanted
		client, tab := w.open(false)
		user := w.signIn(client, tab)
		w.op.Edit(func() {
			w.op.Hold = func(endpoint string, _ *http.Request) {
				if endpoint == oidctest.Revocation {
					time.Sleep(time.Second)
				}
			}
		})
		for _, urlState := range []string{"first", "second"} {
			go func() { _ = client.SignoutRedirect(t.Context(), SignoutArgs{URLState: urlState}) }()
			synctest.Wait()
		}
		time.Sleep(2 * time.Second)
		if n := w.op.Count(oidctest.Revocation); n != 1 || !w.op.Revoked(user.RefreshToken.Reveal()) {
			t.Errorf("%d revocations of one token", n)
		}
	})
}

// A sign-out that stays because a later call leaves revokes what that does not end.
func TestRevocationOfASignoutThatStays(t *testing.T) {
	for later, want := range map[string]int{"a sign-out": 0, "a sign-in": 1} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			client, tab := w.open(false)
			w.signIn(client, tab)
			held := make(chan struct{})
			var first atomic.Bool
			tab.keeping = func() {
				if !first.Swap(true) {
					<-held
				}
			}
			go func() { _ = client.SignoutRedirect(t.Context(), SignoutArgs{}) }()
			synctest.Wait()
			var err error
			if later == "a sign-out" {
				err = client.SignoutRedirect(t.Context(), SignoutArgs{URLState: "again"})
			} else {
				err = client.SigninRedirect(t.Context(), SigninArgs{})
			}
			close(held)
			synctest.Wait()
			if n := w.op.Count(oidctest.Revocation); err != nil || n != want {
				t.Errorf("the tab leaves for %s: %v, %d revocations, want %d", later, err, n, want)
			}
		})
	}
}

// Requests are pushed where the provider demands it, or the settings do.
func TestPushedRequests(t *testing.T) {
	tests := []struct {
		name    string
		require bool
		mode    oidc.PushMode
		pushed  int
		want    oidc.Code
	}{
		{"nobody wants it", false, "", 0, ""},
		{"the provider wants it", true, "", 2, ""},
		{"the settings want it", false, oidc.PushRequired, 2, ""},
		{"they disagree", true, oidc.PushOff, 0, oidc.ErrUnsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.RequirePAR = tt.require
			w.settings.Push = tt.mode
			client, tab := w.open(false)
			if tt.want != "" {
				mustFail(t, "SigninRedirect", client.SigninRedirect(t.Context(), SigninArgs{}), tt.want)
				return
			}
			w.signIn(client, tab)
			if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
				t.Fatal(err)
			}
			if n := w.op.Count(oidctest.PAR); n != tt.pushed {
				t.Errorf("%d requests were pushed, want %d", n, tt.pushed)
			}
		})
	}
}

// What the claims parameter calls essential has to come.
func TestEssentialClaims(t *testing.T) {
	tests := []struct {
		name, acr string
		want      oidc.Code
	}{
		{"met", "gold", ""},
		{"not met", "silver", oidc.ErrACRNotMet},
		{"missing", "", oidc.ErrACRNotMet},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.EditIDToken = func(_, claims map[string]any) {
				if tt.acr != "" {
					claims["acr"] = tt.acr
				}
			}
			w.settings.Request.Claims = `{"id_token":{"acr":{"essential":true,"values":["gold"]}}}`
			client, tab := w.open(false)
			_, err := client.SigninCallback(t.Context(), w.redirect(client, tab))
			if tt.want != "" {
				mustFail(t, "SigninCallback", err, tt.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// Whoever comes instead of somebody else: the refresh token of the one before ends,
// whichever program has it. That of the same person goes on, for a provider may end the
// whole grant with it, and so does what the app has stored.
func TestRevocationOfWhoIsReplaced(t *testing.T) {
	tests := []struct {
		name    string
		subject string // who comes
		stored  bool   // who is there was stored by the app
		revoked bool
	}{
		{"somebody else", "subject-2", false, true},
		{"the same person", "subject-1", false, false},
		{"somebody else after who was stored", "subject-2", true, false},
	}
	for _, tt := range tests {
		for program, where := range []string{"in the same program", "in another program"} {
			t.Run(tt.name+", "+where, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.t = t
					w.op.RefreshTokens, w.settings.ManualRenew = true, true
					p := newPrograms(w, 2)
					user := *w.signIn(p.client[0], p.tab[0])
					if tt.stored {
						_ = p.client[0].RemoveUser(t.Context())
						user.AccessToken, user.IDToken, user.asked = "stored", "", nil
						if err := p.client[0].StoreUser(t.Context(), &user); err != nil {
							t.Fatal(err)
						}
					}
					synctest.Wait()
					w.op.Edit(func() { w.op.Subject = tt.subject })
					w.signIn(p.client[program], p.tab[program])
					synctest.Wait()
					if got := w.op.Revoked(user.RefreshToken.Reveal()); got != tt.revoked {
						t.Errorf("the refresh token is revoked: %t, want %t", got, tt.revoked)
					}
					_ = p.client[0].RemoveUser(t.Context())
					synctest.Wait()
				})
			})
		}
	}
}
