package session

import (
	"context"
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

func TestStepUpOf(t *testing.T) {
	age := func(seconds int64) *int64 { return &seconds }
	tests := []struct {
		name, challenge string
		status          int
		want            *StepUp
	}{
		{"9470-3 both", `Bearer error="insufficient_user_authentication", acr_values="mfa phr", max_age="5"`, 401, &StepUp{ACRValues: "mfa phr", MaxAge: age(5)}},
		{"9470-3 DPoP", `DPoP error="insufficient_user_authentication", acr_values="mfa"`, 401, &StepUp{ACRValues: "mfa"}},
		{"9470-3 max_age=0", `Bearer error="insufficient_user_authentication", max_age=0`, 401, &StepUp{MaxAge: age(0)}},
		{"9470-3 nothing named", `Bearer error="insufficient_user_authentication"`, 401, &StepUp{}},
		{"6750-3.1 scope", `Bearer error="insufficient_scope", scope="read  write"`, 403, &StepUp{Scope: "read write"}},
		{"6750-3.1 no scope", `Bearer error="insufficient_scope"`, 403, &StepUp{}},
		{"9110-11.6.1 both", `Bearer error="insufficient_scope", scope="pay", DPoP error="insufficient_user_authentication", acr_values="mfa"`, 401, &StepUp{ACRValues: "mfa", Scope: "pay"}},
		{"9470-3 max_age no number", `Bearer error="insufficient_user_authentication", max_age="soon"`, 401, nil},
		{"6750-3.1 invalid_token", `Bearer error="invalid_token"`, 401, nil},
		{"another scheme", `Basic error="insufficient_scope"`, 403, nil},
		{"malformed", `Bearer error="insufficient_scope`, 403, nil},
		{"no challenge", ``, 403, nil},
		{"success", `Bearer error="insufficient_scope"`, 200, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := stepUpOf(challenged(tt.status, tt.challenge)); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

const mfa = `Bearer error="insufficient_user_authentication", acr_values="mfa phr", max_age="300"`

// always challenges every request.
func always(challenge string) func(int, map[string]string) *oidc.Response {
	return func(int, map[string]string) *oidc.Response { return challenged(401, challenge) }
}

// By default the app decides: it gets the answer and, in this tab, the event.
func TestStepUpEvent(t *testing.T) {
	w, client, first, a := newFetcher(t, nil)
	_, second := w.open(false)
	a.answer = always(mfa)
	if status := mustGet(t, client, a); status != 401 || len(a.sent) != 1 {
		t.Errorf("status %d after %d requests", status, len(a.sent))
	}
	if len(first.events) != 1 || len(second.events) != 0 {
		t.Fatalf("%d events in this tab, %d in the other", len(first.events), len(second.events))
	}
	event := first.events[0]
	if event.Name != StepUpRequired || event.URL != apiURL || event.StepUp.ACRValues != "mfa phr" || *event.StepUp.MaxAge != 300 {
		t.Errorf("the event is %+v, %+v", event, event.StepUp)
	}
	if len(first.addresses) != 1 { // the first sign-in
		t.Error("the tab was sent away")
	}
}

// redirectFetcher answers challenges by redirect.
func redirectFetcher(t *testing.T, edit func(*world)) (*world, *Client, *tab, *api) {
	t.Helper()
	return newFetcher(t, func(w *world) {
		w.settings.Fetch.StepUp = StepUpRedirect
		if edit != nil {
			edit(w)
		}
	})
}

// stepUp lets a challenge send the tab to the provider, and returns the
// address that it comes back to.
func stepUpByRedirect(t *testing.T, w *world, client *Client, tab *tab, a *api) string {
	t.Helper()
	_, err := client.Fetch(t.Context(), &FetchRequest{
		Method: "GET", URL: apiURL, Repeatable: true, ReturnTo: "https://app.example.test/cart",
	}, a)
	mustFail(t, "Fetch", err, ErrStepUpRequired)
	return w.op.Visit(tab.address)
}

func TestStepUpRedirect(t *testing.T) {
	tests := []struct {
		name, challenge  string
		acr, age, scopes string
	}{
		{"9470-4 acr_values and max_age", mfa, "mfa phr", "300", "openid profile"},
		{"6750-3.1 scope", `Bearer error="insufficient_scope", scope="pay profile"`, "", "", "openid profile pay"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, client, tab, a := redirectFetcher(t, nil)
			a.answer = always(tt.challenge)
			stepUpByRedirect(t, w, client, tab, a)
			u, err := url.Parse(tab.address)
			if err != nil {
				t.Fatal(err)
			}
			q := u.Query()
			if q.Get("acr_values") != tt.acr || q.Get("max_age") != tt.age || q.Get("scope") != tt.scopes {
				t.Errorf("asked for %q, %q, %q", q.Get("acr_values"), q.Get("max_age"), q.Get("scope"))
			}
			if got := tab.transactions[oidc.Secret(q.Get("state"))].ReturnTo; got != "https://app.example.test/cart" {
				t.Errorf("the tab comes back to %q", got)
			}
			if len(a.sent) != 1 {
				t.Errorf("%d requests", len(a.sent))
			}
		})
	}
}

// RFC 9728 5.1: an error says where the API describes itself, and no other text of it.
func TestStepUpNamesMetadata(t *testing.T) {
	const wellKnown = "https://api.example.test/.well-known/oauth-protected-resource"
	tests := []struct{ name, metadata, shown string }{
		{"3.1 of the host", wellKnown, wellKnown},
		{"3.1 of a path", wellKnown + "/v1", wellKnown + "/v1"},
		{"3.1 of the address itself", wellKnown + "/v1/things", wellKnown + "/v1/things"},
		{"3.3 of another path", wellKnown + "/v2", ""},
		{"3.3 of another origin", "https://evil.example.test/.well-known/oauth-protected-resource", ""},
		{"3.3 of a host that ours begins with", "https://api.example.te/.well-known/oauth-protected-resourcest", ""},
		{"3.3 below a path", "https://api.example.test/v1/.well-known/oauth-protected-resource", ""},
		{"3.3 with a query", wellKnown + "?" + "mark", ""},
		{"another document", "https://api.example.test/mark", ""},
		{"quotes", wellKnown + `\"mark`, ""},
		{"none", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, client, _, a := redirectFetcher(t, nil)
			a.answer = always(mfa + `, resource_metadata="` + tt.metadata + `"`)
			_, err := get(client, a)
			mustFail(t, "Fetch", err, ErrStepUpRequired)
			shown := strings.Contains(err.Error(), "what the API wants is at "+tt.shown+":")
			if (tt.shown == "") == strings.Contains(err.Error(), "at ") || tt.shown != "" && !shown || strings.Contains(err.Error(), "mark") {
				t.Errorf("error %v, want %q in it", err, tt.shown)
			}
			if len(a.sent) != 1 {
				t.Errorf("%d requests", len(a.sent))
			}
		})
	}
}

// What comes back meets the challenge, or nobody is signed in by it.
func TestStepUpMustBeMet(t *testing.T) {
	tests := []struct {
		name string
		edit func(claims map[string]any)
		want oidc.Code
	}{
		{"9470-5 one of the acr", func(claims map[string]any) { claims["acr"] = "phr" }, ""},
		{"9470-5 another acr", func(claims map[string]any) { claims["acr"] = "pwd" }, oidc.ErrACRNotMet},
		{"9470-5 no acr", func(map[string]any) {}, oidc.ErrACRNotMet},
		{"9470-5 an old sign-in", func(claims map[string]any) {
			claims["acr"], claims["auth_time"] = "mfa", time.Now().Add(-time.Hour).Unix()
		}, oidc.ErrAuthTimeTooOld},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, client, tab, a := redirectFetcher(t, nil)
			a.answer = always(mfa)
			callback := stepUpByRedirect(t, w, client, tab, a)
			w.op.EditIDToken = func(_, claims map[string]any) { tt.edit(claims) }
			_, err := client.SigninCallback(t.Context(), callback)
			if tt.want == "" && err != nil {
				t.Fatal(err)
			}
			if tt.want != "" {
				mustFail(t, "SigninCallback", err, tt.want)
			}
		})
	}
}

// An API that is never content gets one sign-in, not a loop: also where the
// program starts anew with each page.
func TestStepUpOneRound(t *testing.T) {
	for _, onePage := range []bool{false, true} {
		name := map[bool]string{false: "a program for all pages", true: "a program for each page"}[onePage]
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, client, tab, a := redirectFetcher(t, func(w *world) { w.onePage = onePage; w.restart() })
				a.answer = always(mfa)
				callback := stepUpByRedirect(t, w, client, tab, a)
				if onePage {
					client.session.stopTimer()
					w.restart()
					client = w.openIn(tab, true)
				}
				w.op.EditIDToken = func(_, claims map[string]any) { claims["acr"] = "mfa" }
				if _, err := client.SigninCallback(t.Context(), callback); err != nil {
					t.Fatal(err)
				}
				went := len(tab.addresses)
				if status := mustGet(t, client, a); status != 401 || len(tab.addresses) != went {
					t.Errorf("status %d after %d more redirects", status, len(tab.addresses)-went)
				}
				time.Sleep(refusalPause)
				stepUpByRedirect(t, w, client, tab, a) // long after, it is asked for again
				client.session.stopTimer()
			})
		})
	}
}

// A challenge that no sign-in can answer is the app's.
func TestStepUpUnanswerable(t *testing.T) {
	_, client, tab, a := redirectFetcher(t, nil)
	a.answer = always(`Bearer error="insufficient_scope"`)
	went := len(tab.addresses)
	if status := mustGet(t, client, a); status != 401 || len(tab.addresses) != went {
		t.Errorf("status %d after %d redirects", status, len(tab.addresses)-went)
	}
}

// Who was signed in meanwhile has another token: it is tried first.
func TestStepUpMeanwhile(t *testing.T) {
	w, client, tab, a := redirectFetcher(t, nil)
	callback := w.redirect(client, tab)
	a.answer = func(n int, _ map[string]string) *oidc.Response {
		if n == 1 {
			if _, err := client.SigninCallback(t.Context(), callback); err != nil {
				t.Error(err)
			}
			return challenged(401, mfa)
		}
		return &oidc.Response{Status: 200}
	}
	if status := mustGet(t, client, a); status != 200 || len(a.sent) != 2 {
		t.Errorf("status %d after %d requests", status, len(a.sent))
	}
}

// With a popup the request is repeated, once, with the token of the stronger
// sign-in; many requests share one window.
func TestStepUpPopup(t *testing.T) {
	tests := []struct {
		name     string
		calls    int
		edit     func(w *world, tab *tab)
		still    bool // the API goes on asking
		want     oidc.Code
		status   int
		requests int
	}{
		{"met", 1, nil, false, "", 200, 2},
		{"twenty requests", 20, nil, false, "", 200, 40},
		{"never content", 1, nil, true, "", 401, 2},
		{"another acr", 1, func(w *world, _ *tab) {
			w.op.EditIDToken = func(_, claims map[string]any) { claims["acr"] = "pwd" }
		}, false, oidc.ErrACRNotMet, 0, 1},
		{"somebody else", 1, func(w *world, _ *tab) { w.op.Subject = "subject-2" }, false, oidc.ErrSubjectChanged, 0, 1},
		{"closed", 1, func(_ *world, tab *tab) {
			tab.popup = func(context.Context, Popup) (string, error) { return "", ErrPopupBlocked }
		}, false, ErrPopupBlocked, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, client, tab, a := newFetcher(t, func(w *world) { w.settings.Fetch.StepUp = StepUpPopup })
			old, _ := client.session.current()
			var windows atomic.Int32
			asked := make(chan struct{})
			tab.popup = func(_ context.Context, p Popup) (string, error) {
				windows.Add(1)
				<-asked // until all requests were challenged
				return w.op.Visit(p.URL), nil
			}
			w.op.EditIDToken = func(_, claims map[string]any) { claims["acr"] = "mfa" }
			if tt.edit != nil {
				tt.edit(w, tab)
			}
			challenges := 0
			a.answer = func(_ int, header map[string]string) *oidc.Response {
				if !tt.still && header["Authorization"] != "Bearer "+old.AccessToken.Reveal() {
					return &oidc.Response{Status: 200}
				}
				if challenges++; challenges == tt.calls {
					close(asked)
				}
				return challenged(401, mfa)
			}
			var calls sync.WaitGroup
			for range tt.calls {
				calls.Go(func() {
					resp, err := get(client, a)
					if tt.want != "" {
						mustFail(t, "Fetch", err, tt.want)
					} else if err != nil || resp.Status != tt.status {
						t.Errorf("got %v, %v; want %d", resp, err, tt.status)
					}
				})
			}
			calls.Wait()
			if len(a.sent) != tt.requests || windows.Load() > 1 {
				t.Errorf("%d requests and %d windows, want %d and one at most", len(a.sent), windows.Load(), tt.requests)
			}
		})
	}
}

// An API that wants another sign-in with every answer gets three in a minute,
// also if all of them are asked for at once, and whatever becomes of the window.
func TestStepUpsAtOnce(t *testing.T) {
	for name, end := range map[string]error{"signed in": nil, "closed": ErrPopupClosed} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, client, tab, a := newFetcher(t, func(w *world) { w.settings.Fetch.StepUp = StepUpPopup })
				var windows, asked atomic.Int32
				tab.popup = func(_ context.Context, p Popup) (string, error) {
					windows.Add(1)
					time.Sleep(time.Second)
					return w.op.Visit(p.URL), end
				}
				a.answer = func(int, map[string]string) *oidc.Response {
					age := strconv.Itoa(1000 + int(asked.Add(1)))
					return challenged(401, `Bearer error="insufficient_user_authentication", max_age="`+age+`"`)
				}
				var calls sync.WaitGroup
				for range 10 {
					calls.Go(func() { _, _ = get(client, a) })
				}
				calls.Wait()
				if n := windows.Load(); n > stepUpLimit {
					t.Errorf("%d windows", n)
				}
				_ = client.RemoveUser(t.Context())
			})
		})
	}
}

// A request may be between its challenge and its window while another one's
// window does its work: it is repeated with what that brought, whatever it was.
func TestStepUpLate(t *testing.T) {
	w, client, tab, a := newFetcher(t, func(w *world) { w.settings.Fetch.StepUp = StepUpPopup })
	old, _ := client.session.current()
	var windows int
	tab.popup = func(_ context.Context, p Popup) (string, error) {
		windows++
		return w.op.Visit(p.URL), nil
	}
	w.op.EditIDToken = func(_, claims map[string]any) { claims["acr"] = "mfa" }
	a.answer = func(_ int, header map[string]string) *oidc.Response {
		if header["Authorization"] != "Bearer "+old.AccessToken.Reveal() {
			return &oidc.Response{Status: 200}
		}
		return challenged(401, mfa)
	}
	challenges := 0
	tab.onEvent = func(event Event) {
		if event.Name != StepUpRequired {
			return
		}
		if challenges++; challenges == 1 {
			if status := mustGet(t, client, a); status != 200 {
				t.Errorf("the other request: status %d", status)
			}
		}
	}
	if status := mustGet(t, client, a); status != 200 || windows != 1 {
		t.Errorf("status %d after %d windows", status, windows)
	}
}

// Nor does a request of who has signed in since a sign-out wait for the window of
// before it, which signs nobody in.
func TestStepUpAroundSignout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, client, tab, a := newFetcher(t, func(w *world) { w.settings.Fetch.StepUp = StepUpPopup })
		release := make(chan struct{})
		tab.popup = func(_ context.Context, p Popup) (string, error) {
			<-release
			return w.op.Visit(p.URL), nil
		}
		w.op.EditIDToken = func(_, claims map[string]any) { claims["acr"] = "mfa" }
		a.answer = func(n int, _ map[string]string) *oidc.Response {
			if n <= 2 {
				return challenged(401, mfa)
			}
			return &oidc.Response{Status: 200}
		}
		before, since := make(chan error, 1), make(chan error, 1)
		go func() { _, err := get(client, a); before <- err }()
		synctest.Wait()
		_ = client.RemoveUser(t.Context())
		w.signIn(client, tab)
		go func() { _, err := get(client, a); since <- err }()
		synctest.Wait()
		close(release)
		mustFail(t, "the request before the sign-out", <-before, ErrNotSignedIn)
		if err := <-since; err != nil {
			t.Errorf("the request since the sign-out: %v", err)
		}
		_ = client.RemoveUser(t.Context())
	})
}

// What a tab keeps of challenges that were answered ends with the sign-out, also where
// the program is another one; how many an API gets in a minute does not.
func TestStepUpNotesEndWithSignout(t *testing.T) {
	for _, ends := range []bool{false, true} {
		t.Run(fmt.Sprintf("the program ends %t", ends), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, client, tab, a := redirectFetcher(t, func(w *world) { w.settings.ManualRenew = true })
				a.answer = always(mfa)
				for i := range 2 * stepUpLimit {
					left := 0
					for range 3 {
						if _, err := get(client, a); err == ErrStepUpRequired {
							left++
						}
						if kept := client.session.standing.keeps(); ends { // the person goes back
							client.Close()
							w.restart()
							client = w.openIn(tab, true)
							client.hinted(kept, true)
						}
					}
					want := 1
					if i >= stepUpLimit {
						want = 0
					}
					if left != want {
						t.Errorf("after %d sign-outs the tab left %d times, want %d", i, left, want)
					}
					_ = client.RemoveUser(t.Context())
					w.signIn(client, tab)
				}
				_ = client.RemoveUser(t.Context())
			})
		})
	}
}
