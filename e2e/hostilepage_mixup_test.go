//go:build !js

package e2e

import (
	"net/http"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// TestHostileMixUps does what [oidctest.MixUps] says, in the browser. A row passes if
// the error is the one expected, no token is asked for, and nobody is signed
// in. Where the honest redirect URI is on another origin, the response is out
// of the app's sight: the frame and the window end without an answer, and the
// tab stays on the callback page.
func TestHostileMixUps(t *testing.T) {
	t.Parallel()
	describe := func(row oidctest.MixUp) (string, bool) { return row.Name, false }
	inLanes(t, 3, oidctest.MixUps(), describe, func(t *testing.T, row oidctest.MixUp) {
		m := newMixedUp(t, row)
		if code := m.act(); code != m.want() {
			t.Errorf("code %q, want %q", code, m.want())
		}
		if n := m.honest.Count(oidctest.Token) + m.attacker.Count(oidctest.Token); n != 0 {
			t.Errorf("%d token requests were sent", n)
		}
		if got := eval[string](m.tab, userState); got != "nobody" {
			t.Errorf("signed in is %s", got)
		}
		if came := m.honest.Count(oidctest.Authorize) == 1; came == row.Stays {
			t.Errorf("the browser came to the honest provider: %t", came)
		}
	})
}

// A mixedUp is an app with two providers, whose pages complete a sign-in with
// the one that attacks.
type mixedUp struct {
	row              oidctest.MixUp
	app              *app
	honest, attacker *oidctest.OP
	other            string // another origin of the app
	tab              *tab
}

func newMixedUp(t *testing.T, row oidctest.MixUp) *mixedUp {
	a := newApp(t)
	m := &mixedUp{row: row, app: a, honest: newHostile(t, a), attacker: newHostile(t, a), other: serve(t, a)}
	honestURI, attackerURI := row.Prepare(m.honest, m.attacker, a.origin, m.other)
	for _, path := range []string{"/callback", "/callback/", "/of-the-other/callback.html"} {
		a.serveAt(path, "/callback.html")
	}
	a.serveAt("/callback/callback.js", "/callback.js")
	a.serveAt("/of-the-other/callback.js", "/callback.js")
	a.set("redirect_uri", attackerURI)
	a.set("others", []map[string]string{{"authority": m.honest.Issuer, "redirect_uri": honestURI}})
	m.tab = newTab(t)
	m.tab.expectProblems()
	a.expectReports() // the callback page of another origin is in no frame of this one
	m.tab.visit(a.origin + "/")
	return m
}

// serveAt serves an asset at another path.
func (a *app) serveAt(path, asset string) {
	a.respond(path, func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = asset
		a.assets.ServeHTTP(w, r)
	})
}

// want is what the app sees.
func (m *mixedUp) want() string {
	if !m.row.OtherOrigin {
		return string(m.row.Want)
	}
	return map[oidctest.Flow]string{
		oidctest.FlowRedirect: "lost",
		oidctest.FlowPopup:    "popup_closed",
		oidctest.FlowFrame:    "frame_no_response",
	}[m.row.Flow]
}

// act signs in with the attacker, and returns what came of it: a code, the
// user, or that the tab was left on the callback page.
func (m *mixedUp) act() string {
	switch m.row.Flow {
	case oidctest.FlowFrame:
		return codeOf(m.tab, "um.signinSilent()")
	case oidctest.FlowPopup:
		m.tab.openPopup("um.signinPopup()")
		if m.row.OtherOrigin {
			window := m.tab.waitPopup(m.other)
			m.tab.looked()
			m.tab.closePopup(window)
		}
		return m.tab.popupResult()
	}
	eval[bool](m.tab, "globalThis.ready = false, um.signinRedirect().catch((e) => { globalThis.refused = e.code; }), true")
	m.tab.waitFor("globalThis.refused !== undefined || globalThis.ready === true || " + lost)
	if eval[bool](m.tab, lost) {
		m.tab.visit(m.app.origin + "/")
		return "lost"
	}
	if code := eval[string](m.tab, "globalThis.refused ?? ''"); code != "" {
		return code
	}
	return codeOf(m.tab, "callback")
}
