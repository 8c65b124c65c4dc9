package session

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// tokens returns the refresh tokens that a provider has issued and not revoked.
func liveRefreshToken(t *testing.T, w *world, token oidc.Secret) bool {
	t.Helper()
	return token != "" && !w.op.Revoked(token.Reveal())
}

// A refresh token that arrives when its user has signed out is revoked: the
// sign-out could not know of it.
func TestLateRefreshTokenIsRevoked(t *testing.T) {
	for _, how := range []string{"renewal", "redirect", "popup", "resource", "password"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens = true
				w.op.Password = "secret-password"
				client, tab := w.open(false)
				if how == "renewal" || how == "resource" {
					w.signIn(client, tab)
				}
				var late oidc.Secret
				w.op.Edit(func() {
					w.op.EditTokenResponse = func(r map[string]any) {
						token, _ := r["refresh_token"].(string)
						late = oidc.Secret(token)
					}
					w.op.Hold = func(endpoint string, _ *http.Request) {
						if endpoint == oidctest.Token {
							w.op.Edit(func() { w.op.Hold = nil })
							if err := client.RemoveUser(t.Context()); err != nil {
								t.Error(err)
							}
						}
					}
				})
				var err error
				switch how {
				case "renewal":
					_, err = client.SigninSilent(t.Context(), SigninArgs{})
				case "resource":
					_, err = client.session.resourceToken(t.Context(), client, "https://api.example.test/")
				case "password":
					_, err = client.SigninPassword(t.Context(), PasswordArgs{Username: "me", Password: "secret-password"})
				case "redirect":
					_, err = client.SigninCallback(t.Context(), w.redirect(client, tab))
				default:
					_, err = client.SigninPopup(t.Context(), SigninArgs{})
				}
				mustFail(t, how, err, ErrNotSignedIn)
				synctest.Wait()
				if late == "" || liveRefreshToken(t, w, late) {
					t.Error("the refresh token that came late is good")
				}
			})
		})
	}
}

// With one refresh token Keycloak ends all that the client has of a person: none is
// revoked while that person is signed in, whoever it comes too late for.
func TestNoTokenOfWhoIsBackIsRevoked(t *testing.T) {
	for how, late := range map[string]func(w *world, client *Client, tab *tab) error{
		"a renewal": func(w *world, client *Client, _ *tab) error {
			_, err := client.SigninSilent(w.t.Context(), SigninArgs{})
			return err
		},
		"a token for a resource": func(w *world, client *Client, _ *tab) error {
			_, err := client.session.resourceToken(w.t.Context(), client, "https://api.example.test/")
			return err
		},
		"a sign-out": func(w *world, client *Client, tab *tab) error {
			forgetMetadata(client.session.provider)
			return client.SignoutRedirect(w.t.Context(), SignoutArgs{})
		},
		"a response that nobody asks for": func(w *world, client *Client, _ *tab) error {
			second, other := w.open(false)
			url, arrival := other.handOn(w.redirect(second, other))
			second.Close()
			w.registry.Arrive(url, arrival)
			time.Sleep(2 * aheadLimit)
			return nil
		},
	} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.t = t
				w.op.RefreshTokens, w.settings.ManualRenew, w.settings.Scope = true, true, "openid offline_access"
				client, tab := w.open(false)
				w.signIn(client, tab)
				w.op.ResetRequests()
				w.op.Edit(func() {
					w.op.Hold = func(endpoint string, _ *http.Request) {
						w.op.Edit(func() { w.op.Hold = nil })
						if endpoint == oidctest.Token {
							_ = client.RemoveUser(t.Context())
						}
						if _, err := client.SigninPopup(t.Context(), SigninArgs{}); err != nil {
							t.Error(err)
						}
					}
				})
				err := late(w, client, tab)
				synctest.Wait()
				if n := w.op.Count(oidctest.Revocation); n > 0 || client.Current() == nil {
					t.Errorf("%d revocations while that person is signed in (%v)", n, err)
				}
				_ = client.RemoveUser(t.Context())
			})
		})
	}
}

// A challenge that the sign-in does not meet is not answered again at once.
func TestStepUpThatIsNotMet(t *testing.T) {
	w, client, tab, a := newFetcher(t, func(w *world) { w.settings.Fetch.StepUp = StepUpRedirect })
	a.answer = func(int, map[string]string) *oidc.Response {
		return challenged(401, `Bearer error="insufficient_user_authentication", acr_values="mfa"`)
	}
	left := 0
	for range 4 { // the app's page asks the API when it comes up
		if _, err := get(client, a); !errors.Is(err, ErrStepUpRequired) {
			break
		}
		left++
		_, err := client.SigninCallback(t.Context(), w.op.Visit(tab.address))
		mustFail(t, "SigninCallback", err, oidc.ErrACRNotMet)
	}
	if left != 1 {
		t.Errorf("the tab left %d times", left)
	}
}

// The program may have ended meanwhile: what came back counts, too.
func TestStepUpThatIsNotMetInANewProgram(t *testing.T) {
	w, client, tab, a := newFetcher(t, func(w *world) { w.settings.Fetch.StepUp = StepUpRedirect })
	a.answer = func(int, map[string]string) *oidc.Response {
		return challenged(401, `Bearer error="insufficient_user_authentication", acr_values="mfa"`)
	}
	if _, err := get(client, a); !errors.Is(err, ErrStepUpRequired) {
		t.Fatal(err)
	}
	address := w.op.Visit(tab.address)
	w.restart()
	client = w.openIn(tab, true)
	_, err := client.SigninCallback(t.Context(), address)
	mustFail(t, "SigninCallback", err, oidc.ErrACRNotMet)
	if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
		t.Fatal(err)
	}
	if _, err := get(client, a); err != nil {
		t.Errorf("the tab leaves again: %v", err)
	}
}

// The metadata of a provider can name any address: its cookies go to the origin
// of the issuer alone.
func TestCookiesOfTheIssuerAlone(t *testing.T) {
	for address, want := range map[string]bool{
		"/token":                                true,
		"https://app.example.test/api/transfer": false,
		"https://op.example.test:8443/token":    false,
	} {
		t.Run(address, func(t *testing.T) {
			w := newWorld(t)
			w.settings.Provider.Cookies = true
			w.op.EditMetadata = func(m map[string]any) {
				if address[0] != '/' {
					m["token_endpoint"] = address
				}
			}
			var mu sync.Mutex
			var sent []oidc.Request
			w.transport.Fail = func(req *oidc.Request) error {
				mu.Lock()
				defer mu.Unlock()
				sent = append(sent, *req)
				if req.Method == "POST" && address[0] != '/' {
					return oidc.ErrNetwork
				}
				return nil
			}
			client, tab := w.open(false)
			_, _ = client.SigninCallback(t.Context(), w.redirect(client, tab))
			mu.Lock()
			defer mu.Unlock()
			posts := slices.DeleteFunc(sent, func(req oidc.Request) bool { return req.Method != "POST" })
			if len(posts) != 1 || posts[0].Cookies != want {
				t.Errorf("%d requests; with cookies: %v", len(posts), len(posts) > 0 && posts[0].Cookies)
			}
		})
	}
}

// A request for an API with a token of its own is of who made it, too.
func TestFetchOfAnotherEndUserWithResource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, client, _, a := newFetcher(t, func(w *world) {
			w.settings.Fetch.Allow = []API{{URL: "https://api.example.test/v1", Resource: "https://api.example.test"}}
			w.settings.ManualRenew = true
		})
		other, tab := w.open(false)
		held := false
		w.op.Edit(func() {
			w.op.Hold = func(endpoint string, r *http.Request) {
				if endpoint == oidctest.Token && !held { // the renewal of another tab has the turn
					held = true
					time.Sleep(2 * time.Second)
				}
			}
		})
		go func() { _, _ = other.SigninSilent(t.Context(), SigninArgs{}) }()
		synctest.Wait()
		done := make(chan error, 1)
		go func() {
			_, err := client.Fetch(t.Context(), &FetchRequest{Method: "POST", URL: apiURL, Repeatable: true}, a)
			done <- err
		}()
		synctest.Wait() // it waits for the turn
		w.op.Edit(func() { w.op.Subject = "subject-2" })
		w.signIn(other, tab)
		if err := <-done; err == nil || len(a.sent) != 0 {
			t.Errorf("%d requests, error %v", len(a.sent), err)
		}
		_ = client.RemoveUser(t.Context())
	})
}

// Who signs in while the token is renewed has not made the request: of a token
// that is not to be sent any more, or of one that is not to be handed out.
func TestFetchOfAnotherEndUserAtRenewal(t *testing.T) {
	for name, times := range map[string][2]time.Duration{
		"not to be sent":       {20 * time.Second, 15 * time.Second},
		"not to be handed out": {100 * time.Second, 98 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, client, _, a := newFetcher(t, func(w *world) {
					w.op.Lifetime = times[0]
					w.settings.ManualRenew = true
				})
				other, tab := w.open(false)
				time.Sleep(times[1])
				w.op.Edit(func() {
					w.op.Hold = func(endpoint string, _ *http.Request) {
						if endpoint == oidctest.Token {
							w.op.Edit(func() { w.op.Subject, w.op.Hold = "subject-2", nil })
							w.signIn(other, tab)
						}
					}
				})
				_, err := client.Fetch(t.Context(), &FetchRequest{Method: "POST", URL: apiURL, Repeatable: true}, a)
				mustFail(t, "Fetch", err, oidc.ErrSubjectChanged)
				if len(a.sent) != 0 {
					t.Errorf("%d requests", len(a.sent))
				}
				_ = client.RemoveUser(t.Context())
			})
		})
	}
}

// A sign-out wins over a tab that has gone to the provider by itself, to look for
// the session.
func TestSignoutDuringRestoreByRedirect(t *testing.T) {
	for _, ahead := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.t = t
			w.op.RefreshTokens = true
			w.settings.Restore = RestoreRedirect
			first, tab := w.open(true)
			second, _ := w.open(true)
			ctx, leave := context.WithCancel(t.Context())
			go func() { _, _ = first.Restore(ctx, "https://app.example.test/") }()
			synctest.Wait()
			leave()
			if err := second.RemoveUser(t.Context()); err != nil {
				t.Fatal(err)
			}
			url, arrival := tab.handOn(w.op.Visit(tab.address))
			if ahead {
				w.registry.Arrive(url, arrival)
				synctest.Wait()
			}
			user, err := first.SigninCallback(t.Context(), url)
			if user != nil || err != nil || second.Current() != nil {
				t.Errorf("ahead %t: somebody is signed in after the sign-out: %v, %v", ahead, user, err)
			}
			_ = second.RemoveUser(t.Context())
		})
	}
}

// Pages see no refresh token of an answer whose checks have failed; the program
// renews with it all the same, as the one before is used up.
func TestRefreshTokenOfARefusedAnswer(t *testing.T) {
	w := newWorld(t)
	w.op.RefreshTokens = true
	w.settings.ManualRenew = true
	client, tab := w.open(false)
	w.signIn(client, tab)
	var second string
	w.op.EditTokenResponse = func(r map[string]any) { second, _ = r["refresh_token"].(string) }
	w.op.EditIDToken = func(_, c map[string]any) { c["aud"] = "somebody-else" }
	_, err := client.SigninSilent(t.Context(), SigninArgs{})
	mustFail(t, "SigninSilent", err, oidc.ErrAudienceMismatch)
	user := *client.Current()
	user.State = strictjson.RawMessage(`"x"`)
	if err := client.StoreUser(t.Context(), &user); err != nil {
		t.Fatal(err)
	}
	for _, event := range tab.events {
		if event.User != nil && event.User.RefreshToken.Reveal() == second {
			t.Error("the pages have it")
		}
	}
	w.op.EditIDToken = nil
	if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
		t.Errorf("the next renewal: %v", err)
	}
	_ = client.RemoveUser(t.Context())
}

// Tokens for resources go with the renewal that makes them useless.
func TestResourceTokensAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.t = t
		w.op.RefreshTokens = true
		client, tab := w.open(false)
		w.signIn(client, tab)
		for _, resource := range []string{"https://api.example.test/1", "https://api.example.test/2"} {
			if _, err := client.session.resourceToken(t.Context(), client, resource); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
			t.Fatal(err)
		}
		if n := len(client.session.fetches.tokens); n != 0 {
			t.Errorf("%d tokens of a user who was renewed", n)
		}
		_ = client.RemoveUser(t.Context())
	})
}

// A sign-out revokes the refresh tokens of all programs: each knows its own alone.
func TestSignoutRevokesInOtherPrograms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.t = t
		w.op.RefreshTokens, w.settings.Scope = true, "openid offline_access"
		p := newPrograms(w, 2)
		w.signIn(p.client[0], p.tab[0])
		synctest.Wait()
		var tokens []oidc.Secret
		for _, client := range p.client {
			tokens = append(tokens, client.Current().RefreshToken)
		}
		if err := p.client[0].SignoutRedirect(t.Context(), SignoutArgs{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		for i, token := range tokens {
			if liveRefreshToken(t, w, token) {
				t.Errorf("the refresh token of program %d is good", i)
			}
		}
	})
}

// Who gives a sign-in up after the tokens are there leaves none behind: a sign-in
// that came to nothing is revoked ("revoked").
func TestGivenUpAfterTheTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.RefreshTokens, w.settings.ManualRenew, w.settings.LoadUserinfo = true, true, true
		client, _ := w.open(false)
		var token string
		ctx, cancel := context.WithCancel(t.Context())
		w.op.Edit(func() {
			w.op.EditTokenResponse = func(response map[string]any) { token = response["refresh_token"].(string) }
			w.op.Hold = func(endpoint string, _ *http.Request) {
				if endpoint == oidctest.Userinfo {
					cancel() // the tab is closed
					time.Sleep(time.Second)
				}
			}
		})
		_, err := client.SigninPopup(ctx, SigninArgs{})
		t.Log(err)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if err != nil && token != "" && !w.op.Revoked(token) {
			t.Error("the sign-in came to nothing, and its refresh token is still good")
		}
		_ = client.RemoveUser(t.Context())
	})
}
