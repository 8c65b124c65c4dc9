package session_test

// No answer of a provider leaves a session that neither works nor ends, and none ends one
// whose provider still knows the End-User.

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/session"
)

// A reader is a tab whose frames do what a browser's do.
type reader struct {
	op     *oidctest.OP
	c      *session.Client
	at     string
	mu     sync.Mutex // guards the below
	kept   map[oidc.Secret]session.Kept
	events []session.Event
}

func (r *reader) Navigate(_ context.Context, address oidc.Address) error {
	r.at = address.URL
	return nil
}

func (r *reader) Frame(_ context.Context, address oidc.Address, _ time.Duration) (string, error) {
	if back := r.op.Visit(address.URL); back != "" {
		return back, nil
	}
	return "", session.ErrFrameNoResponse
}

func (r *reader) Put(_ context.Context, state oidc.Secret, tx session.Transaction) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept[state] = session.Kept{Record: tx.Record, ReturnTo: tx.ReturnTo, Client: tx.Client}
	return nil
}

func (r *reader) Look(_ context.Context, state oidc.Secret) (session.Kept, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.kept[state], nil
}

func (r *reader) Take(_ context.Context, state oidc.Secret) (session.Kept, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := r.kept[state]
	delete(r.kept, state)
	return kept, nil
}

func (r *reader) Notify(e session.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func (r *reader) Hint(session.Hint) {}

// open opens a tab in a new program.
func (r *reader) open(t *testing.T, hint session.Hint) {
	t.Helper()
	registry := session.NewRegistry(session.Config{Transport: r.op.Transport()})
	c, err := registry.Open(session.Settings{Issuer: r.op.Issuer, ClientID: "app", RedirectURI: "https://app.example/callback.html"},
		session.Page{Navigator: r, Framer: r, Transactions: r, Listener: r}, hint)
	if err != nil {
		t.Fatal(err)
	}
	r.c = c
}

// leave lets the program come to its end.
func (r *reader) leave() {
	_ = r.c.RemoveUser(context.Background())
	r.c.Close()
	time.Sleep(48 * time.Hour)
}

// who is what getUser() says.
func (r *reader) who() string {
	user, err := r.c.User(context.Background())
	switch {
	case err != nil:
		return "rejects"
	case user == nil:
		return "nobody"
	case user.ExpiresAt != 0 && user.ExpiresAt <= time.Now().Unix():
		return user.Subject() + ", expired"
	}
	return user.Subject()
}

// readerWorld runs a test in which somebody has signed in, if a provider is so.
func readerWorld(t *testing.T, prepare func(*oidctest.OP), test func(t *testing.T, r *reader)) {
	synctest.Test(t, func(t *testing.T) {
		r := &reader{op: oidctest.New(t), kept: map[oidc.Secret]session.Kept{}}
		prepare(r.op)
		r.open(t, session.Hint{})
		if err := r.c.SigninRedirect(t.Context(), session.SigninArgs{}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.c.SigninCallback(t.Context(), r.op.Visit(r.at)); err != nil {
			t.Fatal(err)
		}
		test(t, r)
		r.leave()
	})
}

// getUser() answers with "an access token that is not known to be expired: an expired
// one is renewed first" (oidcspa.d.ts), and no answer of a provider leaves a session that
// neither works nor ends, such as one whose token lives no moment: Keycloak cuts that of the access token
// to what is left of its session, whose last second gives 0, and has given negative ones.
func TestTokenThatExpiresAtOnce(t *testing.T) {
	for _, life := range []int{0, -1, -3600} {
		answers := func(t *testing.T, r *reader) {
			r.op.Edit(func() { r.op.EditTokenResponse = func(answer map[string]any) { answer["expires_in"] = life } })
			if _, err := r.c.SigninSilent(t.Context(), session.SigninArgs{}); err != nil {
				t.Fatal(err)
			}
		}
		refreshes := func(op *oidctest.OP) { op.RefreshTokens = true }
		t.Run(fmt.Sprintf("%d, the provider's session lives", life), func(t *testing.T) {
			readerWorld(t, refreshes, func(t *testing.T, r *reader) {
				answers(t, r)
				r.op.Edit(func() { r.op.EditTokenResponse = nil })
				if got := r.who(); got != r.op.Subject {
					t.Errorf("getUser(): %s", got)
				}
			})
		})
		t.Run(fmt.Sprintf("%d, the provider's session is over", life), func(t *testing.T) {
			readerWorld(t, refreshes, func(t *testing.T, r *reader) {
				answers(t, r)
				r.op.Edit(func() { r.op.SignedIn = false })
				r.op.RevokeRefreshTokens()
				time.Sleep(24 * time.Hour)
				if got := r.who(); got != "nobody" {
					t.Errorf("getUser() a day later: %s", got)
				}
			})
		})
	}
}

// "getUser() rejects with frame_no_response for some minutes, and then gives null"
// (docs/providers.md): a page in the frame may be the login page, or that of a provider
// that is overloaded.
func TestLoginPageInTheFrame(t *testing.T) {
	readerWorld(t, func(*oidctest.OP) {}, func(t *testing.T, r *reader) {
		r.op.Edit(func() {
			r.op.Answer(oidctest.Authorize, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "<!doctype html><title>Sign in</title>")
			})
		})
		user := r.c.Current()
		end := time.Unix(user.ExpiresAt, 0)
		time.Sleep(time.Until(end.Add(-time.Second)))
		if got := r.who(); got != r.op.Subject && got != "rejects" {
			t.Errorf("before the token ends: %s", got)
		}
		rejected := time.Duration(0)
		for time.Sleep(2 * time.Second); time.Since(end) < time.Hour; time.Sleep(5 * time.Second) {
			switch got := r.who(); got {
			case "rejects":
				rejected = time.Since(end)
				continue
			case "nobody":
			default:
				t.Errorf("%s after the end of the token: %s", time.Since(end), got)
			}
			break
		}
		if rejected < time.Minute || rejected > 15*time.Minute {
			t.Errorf("getUser() rejects until %s after the end of the token", rejected)
		}
	})
}

// A provider whose session ends, and that cuts the life of tokens to what is left of it.
// Whatever second the last renewal falls into, nobody is signed in afterwards.
func TestTokensToTheEndOfTheSession(t *testing.T) {
	zombies := 0
	for i := range 50 {
		readerWorld(t, func(op *oidctest.OP) { op.RefreshTokens = true }, func(t *testing.T, r *reader) {
			end := time.Now().Add(30*time.Minute + time.Duration(i)*time.Second)
			r.op.Edit(func() {
				r.op.EditTokenResponse = func(answer map[string]any) {
					answer["expires_in"] = max(0, min(300, int(time.Until(end)/time.Second)))
				}
			})
			if _, err := r.c.SigninSilent(t.Context(), session.SigninArgs{}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Until(end))
			r.op.Edit(func() { r.op.SignedIn = false })
			r.op.RevokeRefreshTokens()
			time.Sleep(24 * time.Hour)
			if r.who() != "nobody" {
				zombies++
			}
		})
	}
	if zombies > 0 {
		t.Errorf("%d of 50 sessions never end", zombies)
	}
}

// A request that carried an id_token_hint and is refused is asked once more without it,
// and again where that helped.
func TestHintThatIsRefusedTwice(t *testing.T) {
	readerWorld(t, func(*oidctest.OP) {}, func(t *testing.T, r *reader) {
		r.op.Edit(func() {
			r.op.Respond = func(endpoint string, w http.ResponseWriter, req *http.Request) bool {
				q := req.URL.Query()
				if endpoint != oidctest.Authorize || !q.Has("id_token_hint") {
					return false
				}
				answer := url.Values{"error": {"login_required"}, "state": {q.Get("state")}, "iss": {r.op.Issuer}}
				http.Redirect(w, req, q.Get("redirect_uri")+"?"+answer.Encode(), http.StatusFound)
				return true
			}
		})
		for hour := range 3 {
			time.Sleep(time.Hour)
			if got := r.who(); got != r.op.Subject {
				t.Fatalf("after %d hours: %s", hour+1, got)
			}
		}
	})
}

// "When the provider refuses the refresh token (with any code, or none), the hidden frame
// is asked before anybody is signed out" (docs/migrating-from-oidc-client-ts.md).
func TestRefusalsThatAskNoFrame(t *testing.T) {
	for _, refusal := range []struct {
		name   string
		status int
		body   string
	}{
		{"as Slack refuses, see docs/providers.md", 200, `{"ok":false,"error":"token_expired"}`},
		{"a code that nobody knows, 423", 423, `{"error":"account_locked"}`},
		{"403 without a body", 403, ""},
		{"404", 404, ""},
		{"410", 410, ""},
		{"440, as IIS says that a login is over", 440, ""},
	} {
		t.Run(refusal.name, func(t *testing.T) {
			readerWorld(t, func(op *oidctest.OP) { op.RefreshTokens = true }, func(t *testing.T, r *reader) {
				r.op.Edit(func() {
					r.op.Respond = func(endpoint string, w http.ResponseWriter, req *http.Request) bool {
						if endpoint != oidctest.Token || req.PostFormValue("grant_type") != "refresh_token" {
							return false
						}
						if strings.HasPrefix(refusal.body, "{") {
							w.Header().Set("Content-Type", "application/json")
						}
						w.WriteHeader(refusal.status)
						_, _ = io.WriteString(w, refusal.body)
						return true
					}
				})
				time.Sleep(2 * time.Hour)
				if got := r.who(); got != r.op.Subject || r.op.Count(oidctest.Authorize) < 2 {
					t.Errorf("%s, after %d visits to the authorization endpoint; the provider's session lives", got, r.op.Count(oidctest.Authorize))
				}
			})
		})
	}
}

// "If that fails and may succeed later, the promise rejects [...] and the user stays signed
// in; if the session is over, the answer is null", and restoreError tells why (oidcspa.d.ts).
func TestRestoreThatFailsACheck(t *testing.T) {
	for name, edit := range map[string]func(*oidctest.OP){
		"key not found": func(op *oidctest.OP) { op.Signer = oidctest.NewKey("RS256", "next") },
		"no keys":       func(op *oidctest.OP) { op.EditJWKS = func(keys map[string]any) { keys["keys"] = []any{} } },
		"no iss":        func(op *oidctest.OP) { op.EditCallback = func(p url.Values) { p.Del("iss") } },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &reader{op: oidctest.New(t), kept: map[oidc.Secret]session.Kept{}}
				edit(r.op)
				r.open(t, session.NewHint(true, ""))
				first, second := r.who(), r.who()
				if first != "nobody" || second != first || len(r.events) != 1 || r.events[0].Name != session.RestoreError {
					t.Errorf("getUser(): first %s, then %s; %d events", first, second, len(r.events))
				}
				r.leave()
			})
		})
	}
}

// "Messages name what is wrong: the member and what it has to be" (CHANGELOG.md).
func TestTextOfADoubledMember(t *testing.T) {
	for endpoint, body := range map[string]string{
		oidctest.Discovery: `{"issuer":"https://op.example.test","issuer":"https://op.example.test"}`,
		oidctest.Token:     `{"access_token":"one","access_token":"two","token_type":"Bearer"}`,
	} {
		t.Run(endpoint, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &reader{op: oidctest.New(t), kept: map[oidc.Secret]session.Kept{}}
				r.op.Answer(endpoint, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					_, _ = io.WriteString(w, body)
				})
				r.open(t, session.Hint{})
				err := r.c.SigninRedirect(t.Context(), session.SigninArgs{})
				if err == nil {
					_, err = r.c.SigninCallback(t.Context(), r.op.Visit(r.at))
				}
				if member := strings.Split(body, `"`)[1]; err == nil || !strings.Contains(err.Error(), member) {
					t.Errorf("%v does not name %s", err, member)
				}
				r.leave()
			})
		})
	}
}
