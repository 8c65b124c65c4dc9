//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// What the simulator of session/explore looks for in all orders, seen in a browser:
// a few orders of events in several tabs, each of which went wrong once.

// A held request has come, and has no answer until it is released.
type held struct {
	came    chan struct{}
	release func()
}

// hold keeps the next request to an endpoint that is one of some.
func hold(t *testing.T, op *oidctest.OP, endpoint string, some ...func(*http.Request) bool) *held {
	answered := make(chan struct{})
	h := &held{came: make(chan struct{}), release: sync.OnceFunc(func() { close(answered) })}
	t.Cleanup(h.release)
	var once atomic.Bool
	op.Edit(func() {
		before := op.Hold
		op.Hold = func(to string, r *http.Request) {
			wanted := to == endpoint && r.Method != http.MethodOptions
			for _, one := range some {
				wanted = wanted && one(r)
			}
			switch {
			case wanted && !once.Swap(true):
				close(h.came)
				select {
				case <-answered:
				case <-r.Context().Done():
				}
			case before != nil:
				before(to, r)
			}
		}
	})
	return h
}

// wait waits until the request has come.
func (h *held) wait(tab *tab) {
	tab.t.Helper()
	tab.until("a request", func() bool {
		select {
		case <-h.came:
			return true
		default:
			return false
		}
	})
}

// notes the refresh tokens that a provider issues.
func refreshTokens(op *oidctest.OP) (last func() string) {
	var token string
	op.Edit(func() {
		op.RefreshTokens = true
		op.EditTokenResponse = func(r map[string]any) { token, _ = r["refresh_token"].(string) }
	})
	return func() (found string) {
		op.Edit(func() { found = token })
		return found
	}
}

// hearNews counts what programs tell each other, and hasNews waits for some.
const (
	hearNews = `globalThis.news = 0, new BroadcastChannel("oidcspa.session").onmessage = () => news++, true`
	hasNews  = "news > 0"
)

// shown is what the first getUser() of a page has come to.
const shown = `firstUser.then(([u]) => u?.profile.sub ?? "nobody", (e) => e.code)`

// becomes waits until getUser() of a tab says so.
func (tab *tab) becomes(who string) {
	tab.t.Helper()
	tab.waitFor(fmt.Sprintf("(%s).then((got) => globalThis.now = got), globalThis.now === %q", subject, who))
}

// fetching has somebody signed in, and an API below /api.
func fetching(t *testing.T, host string) (*app, *oidctest.OP, *tab) {
	a := newApp(t)
	a.keeps = false
	a.setHost(host)
	a.set("fetch", map[string]any{"allow": []string{a.origin + "/api"}})
	op := newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if code := signinCode(tab); code != "" {
		t.Fatal(code)
	}
	return a, op, tab
}

// A sign-out wins over a restore that another tab has begun: nobody is signed in
// in either, and tokens that come late are revoked.
func TestSignoutDuringARestoreElsewhere(t *testing.T) {
	a, op, tab := fetching(t, "dedicated")
	for _, endpoint := range []string{oidctest.Authorize, oidctest.Token} {
		if code := codeOf(tab, "um.signinSilent()"); code != "" {
			t.Fatal(code)
		}
		late := refreshTokens(op)
		before := late()
		restore := hold(t, op, endpoint)
		other := tab.sibling()
		other.visit(a.origin + "/")
		restore.wait(other)
		eval[bool](other, hearNews)
		eval[bool](tab, "um.removeUser().then(() => true)")
		other.waitFor(hasNews)
		restore.release()
		if got := eval[string](other, shown) + " " + eval[string](other, subject) + " " + eval[string](tab, subject); got != "nobody nobody nobody" {
			t.Errorf("%s: the restore has found %s", endpoint, got)
		}
		if got := eval[string](other, "heard.join()"); got != "" {
			t.Errorf("%s: that tab has heard %s", endpoint, got)
		}
		if endpoint == oidctest.Token {
			other.until("the tokens are revoked", func() bool { return late() != before && op.Revoked(late()) })
		}
	}
}

// A sign-in whose response is being read ends with its user, whatever becomes of the
// session before it in another tab; but not after a sign-out.
func TestSigninCallbackWhileATabEnds(t *testing.T) {
	tests := []struct {
		name     string
		hosts    string // where that is news
		do       func(op *oidctest.OP, other *tab)
		callback string
		there    string
	}{
		{"a renewal fails", "shared", func(op *oidctest.OP, other *tab) {
			op.Edit(func() { op.SignedIn = false })
			op.RevokeRefreshTokens()
			eval[bool](other, "um.fetch('api/refuses').then(() => true)")
			other.waitFor("heard.includes('UserUnloaded')")
			op.Edit(func() { op.SignedIn = true })
		}, "cart", "subject-1"},
		{"another sign-in", "shared dedicated", func(_ *oidctest.OP, other *tab) {
			if code := signinCode(other); code != "" {
				other.t.Error(code)
			}
		}, "cart", "subject-1"},
		{"a sign-out", "shared", func(_ *oidctest.OP, other *tab) {
			eval[bool](other, "um.removeUser().then(() => true)")
		}, "not_signed_in", "nobody"},
	}
	for _, host := range []string{"shared", "dedicated"} {
		a, op, other := fetching(t, host)
		a.respond("/api/refuses", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			w.WriteHeader(http.StatusUnauthorized)
		})
		other.expectProblems() // the browser logs that
		late := refreshTokens(op)
		for _, tt := range tests {
			if !strings.Contains(tt.hosts, host) {
				continue
			}
			tab := other.sibling()
			tab.visit(a.origin + "/")
			eval[string](tab, shown)
			callback := hold(t, op, oidctest.Token)
			eval[bool](tab, "globalThis.ready = false, um.signinRedirect({ state: 'cart' }), true")
			tab.waitReady()
			callback.wait(tab)
			before := late()
			eval[bool](tab, hearNews)
			tt.do(op, other)
			if host == "dedicated" {
				tab.waitFor(hasNews)
			}
			callback.release()
			if got := eval[string](tab, "callback.then((u) => u.state, (e) => e.code)"); got != tt.callback {
				t.Errorf("%s, %s: signinCallback: %s, want %s", host, tt.name, got, tt.callback)
			}
			tab.becomes(tt.there)
			other.becomes(tt.there)
			if tt.there == "nobody" {
				tab.until("the tokens are revoked", func() bool { return late() != before && op.Revoked(late()) })
			}
		}
	}
}

// Tabs that restore at once all find the session, also if the first tells the others.
func TestRestoresAtOnce(t *testing.T) {
	a, op, first := fetching(t, "dedicated")
	second := first.sibling()
	var restores []*held
	for _, tab := range []*tab{first, second} {
		restore := hold(t, op, oidctest.Token)
		tab.visit(a.origin + "/")
		restore.wait(tab)
		restores = append(restores, restore)
	}
	restores[0].release()
	if got := eval[string](first, shown); got != op.Subject {
		t.Errorf("the first tab: %s", got)
	}
	restores[1].release()
	if got := eval[string](second, shown) + " " + eval[string](second, subject) + " " + eval[string](first, subject); got != "subject-1 subject-1 subject-1" {
		t.Errorf("the second tab, and then both: %s", got)
	}
	if got := eval[string](second, "heard.join()") + eval[string](first, "heard.join()"); got != "UserLoadedUserLoaded" {
		t.Errorf("they have heard %s", got)
	}
}

// A request that was refused when somebody else has signed in in another tab is not
// sent again as theirs.
func TestRefusedPostOfAnotherEndUser(t *testing.T) {
	a, op, tab := fetching(t, "shared")
	tab.expectProblems() // the browser logs the 401
	came, answer := make(chan struct{}), make(chan struct{})
	refuse := sync.OnceFunc(func() { close(answer) })
	t.Cleanup(refuse)
	var posts []string // their tokens
	a.respond("/api/pay", func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		posts = append(posts, r.Header.Get("Authorization"))
		first := len(posts) == 1
		a.mu.Unlock()
		if first {
			close(came)
			<-answer
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	const pay = "um.fetch('api/pay', { method: 'POST', body: 'pay' }).then((r) => String(r.status), (e) => e.code)"
	eval[bool](tab, "globalThis.paid = "+pay+", true")
	(&held{came: came}).wait(tab)
	op.Edit(func() { op.Subject = "subject-2" })
	other := tab.sibling()
	other.visit(a.origin + "/")
	if code := signinCode(other); code != "" {
		t.Fatal(code)
	}
	tab.becomes("subject-2")
	refuse()
	if got := eval[string](tab, "paid"); got != "subject_changed" {
		t.Errorf("the request of the first: %s", got)
	}
	if got := eval[string](tab, pay); got != "200" {
		t.Errorf("that of the second: %s", got)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(posts) != 2 || posts[0] == posts[1] {
		t.Errorf("%d requests, want one of each", len(posts))
	}
}

// A page of the next release that finds nobody takes nothing from the program of
// this one, nor from its pages.
func TestFailedRestoreInTheNextRelease(t *testing.T) {
	a, op, tab := signedIn(t)
	a.serveAlso(t, "/v2/")
	op.Edit(func() { op.SignedIn = false })
	a.set("assets", "v2/")
	newer := tab.sibling()
	newer.visit(a.origin + "/")
	if got := eval[string](newer, shown); got != "nobody" || sharedWorkers(t, a.origin) != 2 {
		t.Errorf("the page of the next release has %s and %d workers", got, sharedWorkers(t, a.origin))
	}
	tab.waitFor("localStorage.getItem(`oidcspa.session:${um.settings.authority}:${um.settings.client_id}`) !== null")
	a.set("assets", "")
	another := tab.sibling()
	another.visit(a.origin + "/")
	if got := eval[string](another, shown) + " " + eval[string](tab, subject); got != "subject-1 subject-1" {
		t.Errorf("the pages of this one have %s", got)
	}
	if got := eval[string](tab, "heard.join()"); got != "UserLoaded" {
		t.Errorf("the page has heard %s", got)
	}
}
