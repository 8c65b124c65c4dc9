//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/internal/keycloak"
)

// A sign-out reaches the identity provider behind Keycloak, which asks for the password
// again.
func testKeycloakBroker(t *testing.T, k *keycloakRig) {
	tab := k.open(t, "spa", map[string]any{"extraQueryParams": map[string]any{"kc_idp_hint": "partner"}})
	k.signInAs(tab, "paula", "")
	k.signOutThere(tab)
	if got := k.asked("revoke", "logout", "logout_response"); got != "logout logout logout_response" {
		t.Errorf("the sign-out asked for %s", got)
	}
	k.signInAs(tab, "paula", "") // through the form, or it fails
}

// A response in a JWT, which has iss twice.
func testKeycloakJARM(t *testing.T, k *keycloakRig) {
	tab := k.open(t, "spa", map[string]any{"response_mode": "jwt"})
	k.signInAs(tab, "alice", "")
	if code := codeOf(tab, "um.signinSilent({ forceIframeAuth: true })"); code != "" {
		t.Errorf("frame: code %q", code)
	}
	checkStorage(t, tab, k.secrets)
}

// What Keycloak refuses is told with its words, and with the setting that mends it.
func testKeycloakRefusals(t *testing.T, k *keycloakRig) {
	for _, tt := range []struct {
		name, client string
		more         map[string]any
		want         string // code, and error or claim
		says         string // in the message
	}{
		{"nobody is signed in", "spa", nil, "provider_error login_required", ""},
		{"a realm that is not there", "spa", map[string]any{"authority": k.base + "/realms/nope"}, "cors_refused ", "nothing is there, mend authority"},
		{"/auth, as it was before 17", "spa", map[string]any{"authority": k.base + "/auth/realms/app"}, "cors_refused ", "nothing is there, mend authority"},
		{"PAR that the client demands", "spa-par", nil, "provider_error invalid_request", `par: "required"`},
		{"an unknown scope", "spa", map[string]any{"scope": "openid nope"}, "provider_error invalid_scope", ""},
		{"an unknown client", "nobody", nil, "frame_no_response ", ""},
		{"no iss in the response", "spa-noiss", nil, "issuer_mismatch ", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tab := k.open(t, tt.client, tt.more)
			tab.expectProblems()
			got := eval[string](tab, `um.signinSilent().then(() => "signed in", (e) => [e.code, e.error ?? e.claim ?? "", e.message].join(" "))`)
			if !strings.HasPrefix(got, tt.want) || !strings.Contains(got, tt.says) {
				t.Errorf("got %s, want %s and %q", got, tt.want, tt.says)
			}
		})
	}
}

// After the password: what the answers cannot be used for.
func testKeycloakUnusable(t *testing.T, k *keycloakRig) {
	for _, tt := range []struct {
		name, client string
		more         map[string]any
		want         string
		says         string // in the message
	}{
		{"an encrypted ID Token", "spa-enc", nil, "token_malformed", "register the client for tokens that are signed"},
		{"a lightweight token at the userinfo endpoint", "spa-light", map[string]any{"loadUserInfo": true}, "provider_error", "turn lightweight access tokens off"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tab := k.open(t, tt.client, tt.more)
			tab.expectProblems()
			k.leave(tab, "um.signinRedirect()", "#kc-login")
			k.enter(tab, "alice")
			if code, message := k.come(tab), k.message(tab); code != tt.want || !strings.Contains(message, tt.says) {
				t.Errorf("code %q and %q, want %q and %q", code, message, tt.want, tt.says)
			}
		})
	}
}

// An administrator ends the session.
func testKeycloakAdmin(t *testing.T, k *keycloakRig) {
	tab := k.open(t, "spa", nil)
	k.signInAs(tab, "bob", "")
	var users []struct{ ID string }
	if err := k.server.Ask(t.Context(), http.MethodGet, "/app/users?username=bob", nil, &users); err != nil || len(users) != 1 {
		t.Fatalf("%d users, %v", len(users), err)
	}
	if err := k.server.Ask(t.Context(), http.MethodPost, "/app/users/"+users[0].ID+"/logout", keycloak.Object{}, nil); err != nil {
		t.Fatal(err)
	}
	if got := eval[string](tab, "um.signinSilent().catch((e) => e.error)"); got != "login_required" {
		t.Errorf("signinSilent: %s", got)
	}
	if got := eval[string](tab, userState); got != "somebody" { // until the access token ends
		t.Errorf("getUser: %s", got)
	}
}

// Back from an action that was asked for.
func testKeycloakAction(t *testing.T, k *keycloakRig) {
	tab := k.open(t, "spa", nil)
	k.signInAs(tab, "alice", "")
	k.leave(tab, `um.signinRedirect({ extraQueryParams: { kc_action: "UPDATE_PASSWORD" } })`, "[name=cancel-aia]")
	k.press(tab, "[name=cancel-aia]")
	if code := k.come(tab); code != "" {
		t.Fatalf("code %q", code)
	}
	const status = "JSON.stringify(%s.response_parameters ?? null)"
	const want = `{"kc_action":"UPDATE_PASSWORD","kc_action_status":"cancelled"}`
	if got := eval[string](tab, "Promise.all([callback, um.getUser()]).then((all) => all.map((u) => "+fmt.Sprintf(status, "u")+").join(' '))"); got != want+" "+want {
		t.Errorf("the user has %s", got)
	}
	if got := eval[string](tab, "location.search"); got != "?view=cart" {
		t.Errorf("the address ends in %q", got)
	}
	if got := eval[string](tab, "um.signinSilent().then((u) => "+fmt.Sprintf(status, "u")+")"); got != "null" {
		t.Errorf("after a renewal: %s", got)
	}

	// Where a page of the app is the redirect URI, the response is in its own address.
	tab = k.open(t, "spa", map[string]any{"redirect_uri": k.app.origin + "/?view=cart"})
	k.signInAs(tab, "alice", "")
	k.leave(tab, `um.signinRedirect({ extraQueryParams: { kc_action: "UPDATE_PASSWORD" } })`, "[name=cancel-aia]")
	k.press(tab, "[name=cancel-aia]")
	if code := k.come(tab); code != "" {
		t.Fatalf("code %q", code)
	}
	if got := eval[string](tab, "callback.then((u) => "+fmt.Sprintf(status, "u")+" + location.search)"); got != want+"?view=cart" {
		t.Errorf("the page has %s", got)
	}
}

// Sign-outs that Keycloak answers with a page of its own.
func testKeycloakSignouts(t *testing.T, k *keycloakRig) {
	k.app.expectReports() // of the frame that Keycloak refuses to be in
	tab := k.open(t, "spa-front", nil)
	tab.expectProblems() // the browser logs a refused frame
	k.signInAs(tab, "alice", "")
	if code := codeOf(tab, "um.signoutSilent()"); code != "frame_no_response" { // its page with the frames may not be framed
		t.Errorf("code %q", code)
	}
	if got := eval[string](tab, userState); got != "nobody" {
		t.Errorf("after the sign-out: %s", got)
	}
	k.signInAs(tab, "alice", "") // through the form, or it fails
	k.signOutThere(tab)          // over the page with the frames

	tab = k.open(t, "spa-nologout", nil)
	tab.expectProblems() // the browser logs Keycloak's status
	k.signInAs(tab, "alice", "")
	eval[void](tab, "void um.signoutRedirect()")
	tab.waitFor(`document.body?.innerText.includes("Invalid redirect uri")`)
}

// Who goes back to the login page after a sign-in comes to the app: Keycloak answers with
// the state of a sign-in that is over.
func testKeycloakBack(t *testing.T, k *keycloakRig) {
	tab := k.open(t, "spa", nil)
	k.signInAs(tab, "alice", "")
	tab.do("back", chromedp.NavigateBack())
	tab.waitReady()
	if got := eval[string](tab, userState+".then((state) => state + ' ' + location.href)"); got != "somebody "+k.app.origin+"/" {
		t.Errorf("the tab has %s", got)
	}
}
