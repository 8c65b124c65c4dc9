package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A page that asks an API when it comes up, and gets a challenge: it leaves so often
// in a minute and no more, whatever the provider does, also where the program ends
// with each page.
func TestStepUpLeavesPerMinute(t *testing.T) {
	for _, how := range []string{"does not step up", "refuses", "is left with the back button", "steps up", "asks for something else each time", "has a long address"} {
		for _, ends := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, the program ends %t", how, ends), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { stepUpLeaves(t, how, ends) })
			})
		}
	}
}

func stepUpLeaves(t *testing.T, how string, ends bool) {
	address := apiURL
	if how == "has a long address" {
		address += strings.Repeat("x", keptLimit)
	}
	w, client, tab, a := redirectFetcher(t, func(w *world) {
		w.settings.ManualRenew = true
		w.settings.Fetch.Allow = []API{{URL: address}}
	})
	a.answer = func(n int, _ map[string]string) *oidc.Response {
		if how == "asks for something else each time" {
			return challenged(401, fmt.Sprintf(`Bearer error="insufficient_user_authentication", acr_values="mfa", max_age="%d"`, 1000+n))
		}
		return challenged(401, mfa)
	}
	if how != "does not step up" {
		w.op.EditIDToken = func(_, claims map[string]any) { claims["acr"] = "mfa" }
	}
	want := 1
	if how == "asks for something else each time" {
		want = stepUpLimit
	}
	for minute := range 2 {
		left := 0
		for range 10 {
			if _, err := client.Fetch(t.Context(), &FetchRequest{Method: "GET", URL: address, Repeatable: true}, a); err == ErrStepUpRequired {
				left++
				callback := w.op.Visit(tab.address)
				if how == "refuses" {
					callback = refusal(tab.address, "access_denied")
				}
				if ends {
					client.Close()
					w.restart()
					client = w.openIn(tab, true)
				}
				if how != "is left with the back button" {
					_, _ = client.SigninCallback(t.Context(), callback)
				}
			}
			if ends { // the app goes to another of its pages
				client.Close()
				w.restart()
				client = w.openIn(tab, true)
			}
			time.Sleep(time.Second)
		}
		if left != want {
			t.Errorf("minute %d: the tab left %d times, want %d", minute, left, want)
		}
		time.Sleep(time.Minute)
	}
	_ = client.RemoveUser(t.Context())
}

// What is kept in the tab stays short enough to be believed: the oldest go.
func TestStepUpNotesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client, tab, _ := redirectFetcher(t, nil)
		var last StepUp
		for i := range 500 {
			time.Sleep(time.Millisecond)
			last = StepUp{ACRValues: fmt.Sprint(i), API: fmt.Sprint("https://api.example.test/", i)}
			if !client.answers(t.Context(), client.Current(), &last) {
				t.Fatal("it is not answered")
			}
		}
		if n := len(tab.transactions[client.stepUpMark()].Record); n > keptLimit {
			t.Errorf("%d bytes are kept", n)
		}
		client.session.fetches = fetches{}
		client.recalled.Store(false)
		if client.answers(t.Context(), client.Current(), &last) {
			t.Error("the last one is forgotten")
		}
		_ = client.RemoveUser(t.Context())
	})
}

// What is kept of that in the tab is anybody's on the origin: what is no such note
// counts for nothing, and that it cannot be kept has the tab stay.
func TestStepUpNotesOfTheTab(t *testing.T) {
	w, client, tab, a := redirectFetcher(t, nil)
	a.answer = always(mfa)
	later := w.registry.config.Now().Add(time.Hour).UnixMilli()
	for _, record := range []string{"", "x", "{}", "[]", "[1]", `{"` + client.session.who(client.Current()) + `":1}`, fmt.Sprintf(`{"who":"x","at":{"mfa phr\n300\n":%d}}`, later)} {
		client.session.fetches = fetches{}
		tab.transactions[client.stepUpMark()] = Transaction{Record: []byte(record), ExpiresAt: later}
		if _, err := get(client, a); err != ErrStepUpRequired {
			t.Errorf("with %q: %v", record, err)
		}
	}
	client.session.fetches = fetches{}
	tab.full = true
	went := len(tab.addresses)
	if _, err := get(client, a); err == nil || len(tab.addresses) != went {
		t.Errorf("the tab cannot keep it, and leaves: %v", err)
	}
}

// A window counts when it opens, whatever becomes of it.
func TestStepUpWindowsPerMinute(t *testing.T) {
	for _, how := range []error{ErrPopupClosed, ErrPopupBlocked, ErrPopupSevered, oidc.ErrAborted, oidc.ErrTimeout, ErrPageGone, oidc.ErrNetwork, nil} {
		for _, ends := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v, the program ends %t", how, ends), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w, client, tab, a := newFetcher(t, func(w *world) {
						w.settings.Fetch.StepUp, w.settings.ManualRenew = StepUpPopup, true
					})
					windows := 0
					tab.popup = func(_ context.Context, p Popup) (string, error) {
						windows++
						return refusal(p.URL, "access_denied"), how
					}
					tab.late = func(context.Context, Popup) (string, error) { return "", oidc.ErrTimeout }
					a.answer = always(mfa)
					for range 10 {
						_, _ = get(client, a)
						if ends {
							client.Close()
							w.restart()
							client = w.openIn(tab, true)
						}
					}
					if windows != 1 {
						t.Errorf("%d windows", windows)
					}
					time.Sleep(refusalPause)
					if _, _ = get(client, a); windows != 2 {
						t.Errorf("%d windows a minute later", windows)
					}
					_ = client.RemoveUser(t.Context())
					synctest.Wait() // the window that is late has been read
				})
			})
		}
	}
}

// Whatever an API answers, its answers have tokens renewed so often in a minute and
// no more.
func TestRenewalsOfRefusalsPerMinute(t *testing.T) {
	refused := challenged(401, `Bearer error="invalid_token"`)
	for name, answer := range map[string]func(n int, uses int) *oidc.Response{
		"never content":                     func(int, int) *oidc.Response { return refused },
		"each token is good for one use":    func(_, uses int) *oidc.Response { return when(uses > 1, refused) },
		"each token is refused once":        func(_, uses int) *oidc.Response { return when(uses == 1, refused) },
		"every other request is refused":    func(n, _ int) *oidc.Response { return when(n%2 == 1, refused) },
		"no header tells what it wants":     func(int, int) *oidc.Response { return &oidc.Response{Status: 401} },
		"every other one, without a header": func(n, _ int) *oidc.Response { return when(n%2 == 1, &oidc.Response{Status: 401}) },
	} {
		for _, resource := range []string{"", "urn:things"} {
			for _, repeatable := range []bool{true, false} {
				for _, down := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s, resource %q, repeatable %t, provider down %t", name, resource, repeatable, down), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							w, client, _, a := newFetcher(t, func(w *world) {
								w.settings.ManualRenew = true
								w.settings.Fetch.Allow = []API{{URL: apiURL, Resource: resource}}
							})
							uses := map[string]int{}
							a.answer = func(n int, header map[string]string) *oidc.Response {
								uses[header["Authorization"]]++
								return answer(n, uses[header["Authorization"]])
							}
							fetch := func() {
								_, _ = client.Fetch(t.Context(), &FetchRequest{Method: "POST", URL: apiURL, Repeatable: repeatable}, a)
							}
							if fetch(); down {
								w.op.Edit(func() { w.op.EditTokenResponse = func(r map[string]any) { clear(r) } })
							}
							for range 20 {
								fetch()
							}
							limit := refusalLimit + 1 // the first one of a resource is no renewal
							if down && resource != "" {
								limit += refusalLimit // those that fail count for themselves
							}
							first := w.op.Count(oidctest.Token)
							if first > limit {
								t.Errorf("%d renewals in a minute", first)
							}
							time.Sleep(refusalPause)
							for range 20 {
								fetch()
							}
							if n := w.op.Count(oidctest.Token) - first; n > limit || n == 0 && !down && name == "never content" {
								t.Errorf("%d renewals in the minute after", n)
							}
							_ = client.RemoveUser(t.Context())
						})
					})
				}
			}
		}
	}
}

func when(refuses bool, refused *oidc.Response) *oidc.Response {
	if refuses {
		return refused
	}
	return &oidc.Response{Status: 200}
}

// What was remembered of a person ends with the sign-out, and with somebody else.
func TestWhatIsRememberedOfAPersonEnds(t *testing.T) {
	for how, change := range map[string]func(w *world, client *Client, tab *tab){
		"signed out": func(w *world, client *Client, tab *tab) { _ = client.RemoveUser(w.t.Context()) },
		"somebody else": func(w *world, _ *Client, _ *tab) {
			w.op.Edit(func() { w.op.Subject = "subject-2" })
		},
		"somebody else with another tab": func(w *world, _ *Client, _ *tab) {
			w.op.Edit(func() { w.op.Subject = "subject-2" })
			w.signIn(w.open(false))
		},
	} {
		t.Run(how, func(t *testing.T) {
			w, client, tab, a := redirectFetcher(t, func(w *world) { w.settings.ManualRenew = true })
			a.answer = func(int, map[string]string) *oidc.Response { return challenged(401, `Bearer error="invalid_token"`) }
			mustGet(t, client, a) // renewed, in vain
			a.answer = always(mfa)
			if _, err := get(client, a); err != ErrStepUpRequired {
				t.Fatal(err)
			}
			change(w, client, tab)
			w.signIn(client, tab)
			renewed := w.op.Count(oidctest.Token)
			if _, err := get(client, a); err != ErrStepUpRequired {
				t.Errorf("the challenge of somebody else counts as answered: %v", err)
			}
			a.answer = func(int, map[string]string) *oidc.Response { return challenged(401, `Bearer error="invalid_token"`) }
			if mustGet(t, client, a); w.op.Count(oidctest.Token) != renewed+1 {
				t.Error("a token is not renewed, as that was in vain for somebody else")
			}
			_ = client.RemoveUser(t.Context())
		})
	}
	t.Run("renewed", func(t *testing.T) { // the same person, and the same session
		_, client, _, a := redirectFetcher(t, func(w *world) { w.settings.ManualRenew = true })
		a.answer = always(mfa)
		_, _ = get(client, a)
		if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
			t.Fatal(err)
		}
		if status := mustGet(t, client, a); status != 401 {
			t.Errorf("status %d", status)
		}
		_ = client.RemoveUser(t.Context())
	})
}

// A request is of who was signed in when it was made, at every point where it waits.
func TestFetchIsOfWhoMadeIt(t *testing.T) {
	nonce := &oidc.Response{Status: 401, Header: map[string]string{
		"www-authenticate": `DPoP error="use_dpop_nonce"`, "dpop-nonce": "nonce-1",
	}}
	for _, tt := range []struct {
		name    string
		subject string // who signs in meanwhile; nobody: a sign-out alone
		anew    bool   // after a sign-out
		sent    int
		want    oidc.Code
	}{
		{"the same person", "subject-1", false, 2, ""},
		{"the same person anew", "subject-1", true, 2, ""},
		{"somebody else", "subject-2", false, 1, oidc.ErrSubjectChanged},
		{"somebody else after a sign-out", "subject-2", true, 1, oidc.ErrSubjectChanged},
		{"nobody", "", true, 1, ErrNotSignedIn},
	} {
		change := func(w *world, other *Client, tab *tab) {
			w.op.Edit(func() { w.op.Subject = tt.subject })
			if tt.anew {
				_ = other.RemoveUser(w.t.Context())
			}
			if tt.subject != "" {
				w.signIn(other, tab)
			}
		}
		check := func(t *testing.T, a *api, sent int, err error) {
			t.Helper()
			if len(a.sent) != sent {
				t.Errorf("%d requests, want %d", len(a.sent), sent)
			}
			if tt.want != "" {
				mustFail(t, "Fetch", err, tt.want)
			} else if err != nil {
				t.Error(err)
			}
		}
		t.Run(tt.name+", while the API wants a nonce", func(t *testing.T) {
			w, _ := newBound(t)
			w.settings.Fetch.Allow, w.settings.ManualRenew = []API{{URL: apiURL}}, true
			client, tab := w.open(false)
			w.signIn(client, tab)
			other, otherTab := w.open(false)
			a := &api{answer: func(n int, _ map[string]string) *oidc.Response {
				if n > 1 {
					return &oidc.Response{Status: 200}
				}
				change(w, other, otherTab)
				return nonce
			}}
			_, err := client.Fetch(t.Context(), &FetchRequest{Method: "POST", URL: apiURL, Repeatable: true}, a)
			check(t, a, tt.sent, err)
			_ = client.RemoveUser(t.Context())
		})
	}
}

// Nobody's request goes out as that of who signs in with a page while it waits:
// neither after a sign-out, nor beside a restore that finds nobody.
func TestFetchOfNobody(t *testing.T) {
	t.Run("signed out", func(t *testing.T) {
		w, client, tab, a := newFetcher(t, nil)
		_ = client.RemoveUser(t.Context())
		_, err := get(client, a)
		mustFail(t, "Fetch", err, ErrNotSignedIn)
		w.signIn(client, tab)
		if len(a.sent) != 0 {
			t.Error("it was sent")
		}
	})
	t.Run("restored", func(t *testing.T) { // whoever that is: the page did not know it
		w := newWorld(t)
		w.settings.Fetch.Allow = []API{{URL: apiURL}}
		client, _ := w.open(true)
		a := &api{}
		if status := mustGet(t, client, a); status != 200 {
			t.Errorf("status %d", status)
		}
		_ = client.RemoveUser(t.Context())
	})
	t.Run("somebody else comes while it is restored", func(t *testing.T) {
		ann := "subject-1"
		w := newWorld(t)
		w.settings.Fetch.Allow = []API{{URL: apiURL}}
		client, tab := w.open(true)
		tab.frame = func(_ context.Context, url string) (string, error) {
			tab.set(func() { tab.frame = nil })
			w.op.Edit(func() { w.op.Subject = "subject-2" })
			w.signIn(client, tab)
			return w.op.Visit(url), nil
		}
		a := &api{}
		_, err := client.Fetch(t.Context(), &FetchRequest{Method: "POST", URL: apiURL, Shown: &ann}, a)
		mustFail(t, "Fetch", err, oidc.ErrSubjectChanged)
		if len(a.sent) != 0 {
			t.Error("it was sent")
		}
		_ = client.RemoveUser(t.Context())
	})
}

// A call with other arguments is another one: what it asks for is not lost to the
// one in the air.
func TestCallsWithOtherArguments(t *testing.T) {
	metadata := func(w *world) (release func()) {
		held := make(chan struct{})
		w.op.Edit(func() {
			w.op.Hold = func(endpoint string, _ *http.Request) {
				if endpoint == oidctest.Discovery {
					<-held
				}
			}
		})
		return func() { close(held) }
	}
	together := func(t *testing.T, release func(), calls ...func() error) {
		t.Helper()
		var all sync.WaitGroup
		for _, call := range calls {
			all.Go(func() {
				if err := call(); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		release()
		all.Wait()
	}
	asked := func(tab *tab, name string) (values []string) {
		for _, address := range tab.addresses {
			u, _ := url.Parse(address)
			values = append(values, u.Query().Get(name))
		}
		slices.Sort(values)
		return slices.Compact(values)
	}
	// One goes on after the other, as in the wasm, in different orders.
	for name, after := range map[string]func(n int64) int64{"first to last": func(n int64) int64 { return n }, "last to first": func(n int64) int64 { return 20 - n }, "mixed": func(n int64) int64 { return n * 7 % 11 }} {
		t.Run("signinRedirect, "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				client, tab := w.open(false)
				var kept atomic.Int64
				tab.keeping = func() { time.Sleep(time.Duration(after(kept.Add(1))) * time.Millisecond) }
				signin := func(args SigninArgs) func() error {
					return func() error { return client.SigninRedirect(t.Context(), args) }
				}
				together(t, metadata(w), signin(SigninArgs{}), signin(SigninArgs{}), signin(SigninArgs{LoginHint: "ann"}),
					signin(SigninArgs{LoginHint: "ann", State: []byte(`1`)}), signin(SigninArgs{LoginHint: "bob"}))
				if u, _ := url.Parse(tab.address); u.Query().Get("login_hint") != "bob" || len(tab.addresses) > 4 {
					t.Errorf("the tab leaves for %q, with %d requests", u.Query().Get("login_hint"), len(tab.addresses))
				}
				forgetMetadata(client.session.provider) // and once more for the first
				together(t, metadata(w), signin(SigninArgs{}), signin(SigninArgs{LoginHint: "ann"}), signin(SigninArgs{}))
				if u, _ := url.Parse(tab.address); u.Query().Get("login_hint") != "" {
					t.Errorf("the tab leaves for %q, and not for the last call", u.Query().Get("login_hint"))
				}
			})
		})
	}
	t.Run("signoutRedirect", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			client, tab := w.open(false)
			w.signIn(client, tab)
			tab.addresses = nil
			forgetMetadata(client.session.provider)
			held := metadata(w)
			signout := func(args SignoutArgs) func() error {
				return func() error { return client.SignoutRedirect(t.Context(), args) }
			}
			together(t, held, signout(SignoutArgs{}), signout(SignoutArgs{}), signout(SignoutArgs{PostLogoutRedirectURI: "https://app.example.test/bye"}))
			if got := asked(tab, "post_logout_redirect_uri"); len(got) > 2 || !slices.Contains(got, "https://app.example.test/bye") {
				t.Errorf("the ways back: %q", got)
			}
			if got := asked(tab, "id_token_hint"); len(got) != 1 || got[0] == "" {
				t.Error("one of them does not say who signs out")
			}
		})
	})
	t.Run("signoutRedirect, and signinRedirect, which waits for less", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens, w.settings.ManualRenew, w.settings.Scope = true, true, "openid offline_access"
			client, tab := w.open(false)
			w.signIn(client, tab)
			w.op.Edit(func() {
				w.op.Hold = func(endpoint string, _ *http.Request) {
					if endpoint == oidctest.Revocation {
						time.Sleep(time.Second)
					}
				}
			})
			together(t, func() {}, func() error { return client.SignoutRedirect(t.Context(), SignoutArgs{}) }, func() error { return client.SigninRedirect(t.Context(), SigninArgs{}) })
			if !strings.Contains(tab.address, "response_type") {
				t.Error("the tab leaves for the sign-out, which was called first")
			}
			time.Sleep(time.Minute)
		})
	})
	t.Run("signinCallback", func(t *testing.T) { // another response under the same state is another one
		w := newWorld(t)
		client, tab := w.open(false)
		callback := w.redirect(client, tab)
		forged := refusal(tab.address, "access_denied")
		w.op.Edit(func() {
			w.op.Hold = func(endpoint string, _ *http.Request) {
				if endpoint == oidctest.Token {
					if _, err := client.SigninCallback(t.Context(), forged); !errors.Is(err, oidc.ErrStateUnknown) {
						t.Errorf("the other response: %v", err)
					}
				}
			}
		})
		if _, err := client.SigninCallback(t.Context(), callback); err != nil {
			t.Error(err)
		}
		_ = client.RemoveUser(t.Context())
	})
}

// Tokens of a sign-in that lost to a sign-out are revoked also where whoever asked
// for it is gone, and also access tokens, if the settings name them.
func TestLateTokensAreRevoked(t *testing.T) {
	for _, how := range []string{"redirect", "popup", "popup that seemed closed", "password", "renewal", "frame", "restore", "ahead"} {
		for _, types := range [][]TokenType{nil, {AccessToken}, {AccessToken, RefreshToken}} {
			for _, refresh := range []bool{true, false} {
				if how == "renewal" && !refresh {
					continue
				}
				t.Run(fmt.Sprintf("%s, %v, refresh tokens %t", how, types, refresh), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { revokeLate(t, how, types, refresh) })
				})
			}
		}
	}
}

func revokeLate(t *testing.T, how string, types []TokenType, refresh bool) {
	w := newWorld(t)
	w.t = t
	w.op.RefreshTokens, w.op.Password = refresh, "secret-password"
	w.settings.RevokeTypes, w.settings.ManualRenew = types, true
	other, _ := w.open(false)
	client, tab := w.open(how == "restore")
	if how == "renewal" || how == "frame" {
		w.signIn(client, tab)
	}
	ctx, leave := context.WithCancel(t.Context())
	late := map[TokenType]string{}
	signOut := func() {
		w.op.Edit(func() {
			w.op.EditTokenResponse = func(r map[string]any) {
				late[AccessToken], _ = r["access_token"].(string)
				late[RefreshToken], _ = r["refresh_token"].(string)
			}
			w.op.Hold = func(endpoint string, _ *http.Request) {
				if endpoint == oidctest.Token {
					w.op.Edit(func() { w.op.Hold = nil })
					_ = other.SignoutRedirect(t.Context(), SignoutArgs{})
				}
				if endpoint == oidctest.Revocation {
					leave()
				}
			}
		})
	}
	signOut()
	var err error
	switch how {
	case "redirect":
		_, err = client.SigninCallback(ctx, w.redirect(client, tab))
	case "ahead":
		w.redirect(client, tab)
		address, arrival := tab.handOn(w.op.Visit(tab.address))
		w.registry.Arrive(address, arrival)
		synctest.Wait()
		_, err = client.SigninCallback(ctx, address)
	case "popup that seemed closed":
		tab.popup = func(context.Context, Popup) (string, error) { return "", ErrPopupClosed }
		tab.late = func(_ context.Context, p Popup) (string, error) { return w.op.Visit(p.URL), nil }
		_, err = client.SigninPopup(ctx, SigninArgs{})
		leave()
	case "popup":
		_, err = client.SigninPopup(ctx, SigninArgs{})
	case "password":
		_, err = client.SigninPassword(ctx, PasswordArgs{Username: "me", Password: "secret-password"})
	case "restore":
		_, _ = client.User(ctx)
		err = ErrNotSignedIn
	default:
		_, err = client.SigninSilent(ctx, SigninArgs{ForceFrame: how == "frame"})
	}
	leave() // the page goes, as soon as the call is over
	if err == nil {
		t.Error("somebody is signed in")
	}
	synctest.Wait()
	time.Sleep(time.Second)
	if client.Current() != nil {
		t.Error("somebody is signed in after the sign-out")
	}
	if types == nil {
		types = []TokenType{RefreshToken}
	}
	for _, typ := range types {
		token := late[typ]
		if token == "" && (how == "renewal" || typ == RefreshToken && !refresh) {
			continue // none came: the sign-out has revoked what it is renewed with
		}
		if !w.op.Revoked(token) {
			t.Errorf("the %s is good", typ)
		}
	}
}
