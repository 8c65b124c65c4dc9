//go:build !js

package e2e

import (
	"testing"

	"github.com/oidcspa/oidcspa/demo/recorder"
)

// TestKeycloak are whole sessions with a real Keycloak: one server and one browser.
func TestKeycloak(t *testing.T) {
	k := newKeycloak(t)
	for _, test := range []struct {
		name string
		test func(*testing.T, *keycloakRig)
	}{
		{"session", testKeycloakSession},
		{"frame", testKeycloakFrame},
		{"monitor", testKeycloakMonitor},
		{"DPoP", testKeycloakDPoP},
		{"PAR", testKeycloakPAR},
		{"step-up", testKeycloakStepUp},
		{"API", testKeycloakAPI},
		{"demo", testKeycloakDemo},
		{"broker", testKeycloakBroker},
		{"action", testKeycloakAction},
		{"JARM", testKeycloakJARM},
		{"refusals", testKeycloakRefusals},
		{"unusable", testKeycloakUnusable},
		{"administrator", testKeycloakAdmin},
		{"sign-outs", testKeycloakSignouts},
		{"back", testKeycloakBack},
	} {
		t.Run(test.name, func(t *testing.T) { test.test(t, k) })
	}
}

// Sign-in, refresh, reload and sign-out, wherever the program runs.
func testKeycloakSession(t *testing.T, k *keycloakRig) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			k.app.setHost(host)
			t.Cleanup(func() { k.app.setHost("") })
			tab := k.open(t, "spa", map[string]any{"host": host})
			k.signInAs(tab, "alice", "{ state: { page: 7 } }")
			if got := eval[string](tab, "callback.then((u) => JSON.stringify([u.state, u.profile.preferred_username, location.search]))"); got != `[{"page":7},"alice","?view=cart"]` {
				t.Errorf("after the sign-in: %s", got)
			}
			k.wantCounts(t, "sign-in", map[recorder.Kind]int{
				recorder.Discovery: 1, recorder.JWKS: 1, recorder.Token: 1, recorder.Authorize: 1,
			})
			checkStorage(t, tab, k.secrets)

			before := eval[string](tab, "um.getUser().then((u) => u.access_token)")
			if after := eval[string](tab, "um.signinSilent().then((u) => u.access_token)"); after == before {
				t.Error("the renewal brought the same access token")
			}
			k.wantCounts(t, "refresh", map[recorder.Kind]int{recorder.Token: 1})

			tab.reload()
			tab.waitReady()
			if got := eval[string](tab, userState); got != "somebody" {
				t.Errorf("after the reload: %s", got)
			}
			restored := map[recorder.Kind]int{}
			if host != "shared" {
				restored = map[recorder.Kind]int{recorder.Discovery: 1, recorder.JWKS: 1, recorder.Token: 1, recorder.Authorize: 1}
			}
			k.wantCounts(t, "reload", restored)
			checkStorage(t, tab, k.secrets)

			k.signOutThere(tab)
			if got := eval[string](tab, userState); got != "nobody" {
				t.Errorf("after the sign-out: %s", got)
			}
			if got := eval[string](tab, "um.signinSilent().catch((e) => e.error)"); got != "login_required" {
				t.Errorf("silent sign-in after the sign-out: %s", got)
			}
		})
	}
}

// Without refresh tokens the hidden frame renews.
func testKeycloakFrame(t *testing.T, k *keycloakRig) {
	tab := k.open(t, "spa-frame", nil)
	k.signInAs(tab, "alice", "")
	k.log.Reset()
	before := eval[string](tab, "um.getUser().then((u) => u.access_token)")
	if after := eval[string](tab, "um.signinSilent().then((u) => u.access_token)"); after == before {
		t.Error("the renewal brought the same access token")
	}
	k.wantCounts(t, "renewal", map[recorder.Kind]int{recorder.Token: 1, recorder.Authorize: 1})
	checkStorage(t, tab, k.secrets)
}

// A sign-out at Keycloak in another tab is seen by its frame.
func testKeycloakMonitor(t *testing.T, k *keycloakRig) {
	tab := k.open(t, "spa", map[string]any{"monitorSession": true, "checkSessionIntervalInSeconds": 0.1})
	k.signInAs(tab, "alice", "")
	eval[bool](tab, hearAll)
	tab.waitFor(checkFrames + " === 1")
	elsewhere := tab.sibling()
	elsewhere.navigate(k.issuer + "/protocol/openid-connect/logout")
	elsewhere.waitFor("document.querySelector('#kc-logout') !== null")
	k.press(elsewhere, "#kc-logout")
	tab.waitFor(`heard.includes("UserUnloaded")`)
	if got := eval[string](tab, `heard.filter((name) => name !== "UserLoaded").join()`); got != "UserSignedOut,UserUnloaded" {
		t.Errorf("events: %s", got)
	}
}

// Tokens that are bound to the program's key, refresh tokens, too.
func testKeycloakDPoP(t *testing.T, k *keycloakRig) {
	for name, dpop := range map[string]any{"plain": true, "bound code": map[string]any{"bind_authorization_code": true}} {
		t.Run(name, func(t *testing.T) {
			tab := k.open(t, "spa-dpop", map[string]any{"dpop": dpop, "loadUserInfo": true})
			k.signInAs(tab, "alice", "")
			if got := eval[string](tab, "callback.then((u) => u.token_type + ' ' + u.profile.email)"); got != "DPoP alice@example.test" {
				t.Errorf("after the sign-in: %s", got)
			}
			for _, args := range []string{"", "{ forceIframeAuth: true }"} {
				if got := eval[string](tab, "um.signinSilent("+args+").then((u) => u.token_type, (e) => e.code)"); got != "DPoP" {
					t.Errorf("signinSilent(%s): %s", args, got)
				}
			}
		})
	}
}

// A client that demands pushed requests, which the metadata do not say.
func testKeycloakPAR(t *testing.T, k *keycloakRig) {
	for name, more := range map[string]map[string]any{
		"plain": {"par": "required"},
		"DPoP":  {"par": "required", "dpop": map[string]any{"bind_authorization_code": true}},
	} {
		t.Run(name, func(t *testing.T) {
			tab := k.open(t, "spa-par", more)
			k.signInAs(tab, "alice", "")
			if code := codeOf(tab, "um.signinSilent({ forceIframeAuth: true })"); code != "" {
				t.Errorf("frame: code %q", code)
			}
			if got := k.asked("request", "auth"); got != "request auth request auth" {
				t.Errorf("it was asked for %s", got)
			}
		})
	}
}

// A stronger sign-in by acr: the password once more.
func testKeycloakStepUp(t *testing.T, k *keycloakRig) {
	const acr = "um.getUser().then((u) => u.profile.acr)"
	const gold = `{ claims: { id_token: { acr: { essential: true, values: ["gold"] } } } }`
	for _, args := range []string{`{ acr_values: "gold" }`, gold} {
		t.Run(args, func(t *testing.T) {
			tab := k.open(t, "spa-stepup", map[string]any{"filterProtocolClaims": false})
			k.signInAs(tab, "alice", "")
			if got := eval[string](tab, acr); got != "silver" {
				t.Errorf("after the sign-in: acr %s", got)
			}
			k.leave(tab, "um.signinRedirect("+args+")", "#kc-login")
			eval[bool](tab, "password.value = 'password', true")
			k.press(tab, "#kc-login")
			if code := k.come(tab); code != "" {
				t.Fatalf("step-up: code %q", code)
			}
			for _, renewal := range []string{"", "{ forceIframeAuth: true }"} {
				if code := codeOf(tab, "um.signinSilent("+renewal+")"); code != "" {
					t.Errorf("signinSilent(%s): code %q", renewal, code)
				}
				if got := eval[string](tab, acr); got != "gold" {
					t.Errorf("after signinSilent(%s): acr %s", renewal, got)
				}
			}
		})
	}
}
