//go:build !js

package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// Settings that differ with each load of a page, or each release of the app, make no
// other session: nothing is asked for anew, and a sign-out reaches all. A request
// has the headers of the page whose call it is.
func TestSettingsOfEachLoad(t *testing.T) {
	a := newApp(t)
	a.set("extraHeaders", map[string]string{"Accept-Language": "x-load-1"})
	op := newHostile(t, a)
	var mu sync.Mutex
	var loads []string
	op.Edit(func() {
		op.Hold = func(endpoint string, r *http.Request) {
			if endpoint == oidctest.Token {
				mu.Lock()
				defer mu.Unlock()
				loads = append(loads, r.Header.Get("Accept-Language"))
			}
		}
	})
	first := newTab(t)
	first.visit(a.origin + "/")
	if code := signinCode(first); code != "" {
		t.Fatal(code)
	}
	op.ResetRequests()
	a.set("extraHeaders", map[string]string{"Accept-Language": "x-load-2"})
	other := first.sibling()
	other.visit(a.origin + "/")
	a.set("extraHeaders", map[string]string{"Accept-Language": "x-load-3"})
	a.set("requestTimeoutInSeconds", 7)
	first.visit(a.origin + "/")
	if got := eval[string](first, shown) + " " + eval[string](other, shown); got != "subject-1 subject-1" {
		t.Errorf("after the reload, and in the other tab: %s", got)
	}
	if got := op.Requests(); len(got) > 0 {
		t.Errorf("the provider was asked for %q", got)
	}
	for _, one := range []*tab{first, other} {
		if code := codeOf(one, "um.signinSilent()"); code != "" {
			t.Error(code)
		}
	}
	mu.Lock()
	if got := strings.Join(loads, " "); got != "x-load-1 x-load-3 x-load-2" {
		t.Errorf("the requests have the headers %s", got)
	}
	mu.Unlock()
	eval[bool](other, "um.removeUser().then(() => true)")
	first.waitFor("heard.at(-1) === 'UserUnloaded'")
	if got := eval[string](first, subject); got != "nobody" {
		t.Errorf("after the sign-out: %s", got)
	}
}

// A renewal in the frame of an older tab, whose settings say less, loses nothing of
// what the session has: scopes, those of a single call, too, and the key.
func TestRenewalInTheFrameOfAnOlderTab(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	a.set("scope", "openid")
	older := newTab(t)
	older.visit(a.origin + "/")
	eval[bool](older, "um.stats({ collect: true }).then(() => true)")
	a.set("scope", "openid profile")
	a.set("dpop", true)
	newer := older.sibling()
	newer.visit(a.origin + "/")
	eval[bool](newer, "globalThis.ready = false, um.signinRedirect({ scope: 'openid profile more' }), true")
	newer.waitReady()
	eval[bool](newer, "callback.then(() => true)")
	var asked []string
	op.Edit(func() {
		op.Hold = func(endpoint string, r *http.Request) {
			if endpoint == oidctest.Authorize {
				op.Edit(func() { asked = append(asked, r.URL.Query().Get("scope")) })
			}
		}
	})
	const renew = "um.signinSilent().then((u) => u.token_type + ' ' + u.scope, (e) => e.code)"
	renewals := []string{eval[string](older, renew), eval[string](newer, renew)}
	newer.close()
	renewals = append(renewals, eval[string](older, renew))
	for i, got := range renewals {
		if got != "DPoP openid profile more" {
			t.Errorf("renewal %d: %s", i, got)
		}
	}
	op.Edit(func() {
		for _, scope := range asked {
			if scope != "openid profile more" {
				t.Errorf("a frame asks for %q", scope)
			}
		}
		if len(asked) != len(renewals) {
			t.Errorf("%d frames", len(asked))
		}
	})
}

// The idle time of a tab that is closed signs out no tab that has none.
func TestIdleTimeOfAClosedTab(t *testing.T) {
	r := newRig(t)
	tab := r.signedIn()
	const callbacks = "um.stats({ collect: true }).then((s) => globalThis.callbacks = s.runtime.callbacks)"
	before := eval[int](tab, callbacks)
	without := maps.Clone(r.settings)
	r.set("idle", map[string]any{"timeoutInSeconds": 60})
	other := r.another(tab)
	eval[string](other, userState)
	r.app.mu.Lock()
	r.settings = without
	r.app.mu.Unlock()
	other.close()
	tab.waitFor(fmt.Sprintf("%s, globalThis.callbacks <= %d", callbacks, before)) // the program knows
	eval[bool](tab, "heard.length = 0, true")
	for range 3 {
		r.timePasses(tab, 10*time.Minute)
	}
	if got := eval[string](tab, userState) + eval[string](tab, "heard.join()"); got != "somebody" {
		t.Errorf("half an hour later: %s", got)
	}
	r.check(tab)
}
