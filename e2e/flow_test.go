//go:build !js

package e2e

import (
	"maps"
	"testing"

	"github.com/oidcspa/oidcspa/demo/recorder"
)

// hosts are the places where the program can run.
var hosts = []string{"shared", "dedicated", "page"}

// userState says what the app sees of its user.
const userState = `um.getUser().then((u) => u === null ? "nobody" : u.expired ? "expired" : u.profile.sub ? "somebody" : "no sub")`

func TestFlowGoOIDC(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			testFlow(t, a, newGoOIDC(t, a, options{}), host)
		})
	}
}

func TestFlowPeer(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			testFlow(t, a, newPeer(t, a), host)
		})
	}
}

// testFlow is a whole session: sign-in through the login form, silent renewal
// in the frame, reload, sign-out.
func testFlow(t *testing.T, a *app, p *provider, host string) {
	tab := newTab(t)
	tab.visit(a.origin + "/?view=cart")
	if got := eval[string](tab, userState); got != "nobody" {
		t.Errorf("before the sign-in: %s", got)
	}
	p.signIn(tab)
	if got := eval[string](tab, "callback.then((u) => JSON.stringify([u.state, u.token_type.toLowerCase(), u.scopes.includes('openid'), u.expires_in > 0]))"); got != `[{"page":7},"bearer",true,true]` {
		t.Errorf("the user of the callback: %s", got)
	}
	if got := eval[string](tab, "location.search"); got != "?view=cart" {
		t.Errorf("the address after the sign-in ends in %q", got)
	}
	signIn := map[recorder.Kind]int{recorder.Discovery: 1, recorder.JWKS: 1, recorder.Token: 1, recorder.Authorize: 1}
	if host == "shared" && !outlivesPages(t) && p.counts()[recorder.Discovery] == 2 {
		signIn[recorder.Discovery]++ // by the worker that the tab has left, and by the one that it comes back to
	}
	p.wantCounts(t, "sign-in", signIn)
	if got := eval[string](tab, userState); got != "somebody" {
		t.Errorf("after the sign-in: %s", got)
	}
	checkStorage(t, tab, p.secrets)

	before := eval[string](tab, "um.getUser().then((u) => u.access_token)")
	if after := eval[string](tab, "um.signinSilent().then((u) => u.access_token)"); after == before {
		t.Error("the renewal brought the same access token")
	}
	p.wantCounts(t, "silent renewal", map[recorder.Kind]int{recorder.Token: 1, recorder.Authorize: 1})
	if n := eval[int](tab, "document.querySelectorAll('iframe').length"); n != 0 {
		t.Errorf("%d frames are left", n)
	}
	checkStorage(t, tab, p.secrets)

	tab.reload()
	tab.waitReady()
	if got := eval[string](tab, userState); got != "somebody" {
		t.Errorf("after the reload: %s", got)
	}
	p.wantReload(t, host)
	checkStorage(t, tab, p.secrets)

	p.signOut(tab)
	if got := eval[string](tab, userState); got != "nobody" {
		t.Errorf("after the sign-out: %s", got)
	}
	checkStorage(t, tab, p.secrets)
	if got := eval[string](tab, "Object.keys(localStorage).map((key) => key.split(':', 1)[0]).join()"); got != "oidcspa.order" {
		t.Errorf("after the sign-out localStorage keeps %q, want the order of it", got)
	}
	if code := codeOf(tab, "um.signinSilent()"); code != "provider_error" {
		t.Errorf("silent sign-in after the sign-out: code %q", code)
	}
}

// outlivesPages says whether a shared worker lives on through a navigation of its
// only page. Engines that do not know extendedLifetime end it soon, or not yet.
func outlivesPages(t *testing.T) bool {
	t.Helper()
	return inChromium(t)
}

// wantReload checks the requests of a reload: a silent sign-in where the program
// has ended with the page, else none. Where there is a keeper none may do, too.
func (p *provider) wantReload(t *testing.T, host string) {
	t.Helper()
	restored := map[recorder.Kind]int{recorder.Discovery: 1, recorder.JWKS: 1, recorder.Token: 1, recorder.Authorize: 1}
	if host == "shared" && outlivesPages(t) || host != "page" && len(p.counts()) == 0 {
		restored = map[recorder.Kind]int{}
	}
	p.wantCounts(t, "reload", restored)
}

// wantCounts checks the requests since the last time.
func (p *provider) wantCounts(t *testing.T, what string, want map[recorder.Kind]int) {
	t.Helper()
	if got := p.counts(); !maps.Equal(got, want) {
		t.Errorf("%s made the requests %v, want %v", what, got, want)
	}
	p.log.Reset()
}

// Without a host in the settings, the shared worker is chosen.
func TestHostByDefault(t *testing.T) {
	a := newApp(t)
	p := newGoOIDC(t, a, options{})
	tab := newTab(t)
	tab.visit(a.origin + "/")
	p.signIn(tab)
	p.log.Reset()
	tab.reload()
	tab.waitReady()
	if got := eval[string](tab, userState); got != "somebody" {
		t.Errorf("after the reload: %s", got)
	}
	p.wantReload(t, "shared")
}

// Signing out in one tab unloads the user in the other.
func TestTwoTabs(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			p := newGoOIDC(t, a, options{})
			first := newTab(t)
			first.visit(a.origin + "/")
			p.signIn(first)
			p.log.Reset()
			second := first.sibling()
			second.visit(a.origin + "/")
			if got := eval[string](second, userState); got != "somebody" {
				t.Errorf("in the second tab: %s", got)
			}
			if host == "shared" {
				p.wantCounts(t, "a second tab", map[recorder.Kind]int{})
			}
			p.signOut(first)
			second.waitFor("heard.includes('UserUnloaded')")
			if got := eval[string](second, userState); got != "nobody" {
				t.Errorf("in the second tab after the sign-out: %s", got)
			}
		})
	}
}

// A person who never signed in pays for the script alone.
func TestVisitorStartsNoWorker(t *testing.T) {
	a := newApp(t)
	p := newGoOIDC(t, a, options{})
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if got := eval[string](tab, userState); got != "nobody" {
		t.Errorf("getUser: %s", got)
	}
	if loaded := eval[bool](tab, "performance.getEntriesByType('resource').some((e) => /worker|wasm/.test(e.name))"); loaded {
		t.Error("the worker was loaded")
	}
	p.wantCounts(t, "a visit", map[recorder.Kind]int{})
}
