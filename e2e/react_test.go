//go:build !js

package e2e

import (
	"testing"
	"time"
)

func TestReact(t *testing.T) {
	origin, p := viteApp{project: "react", root: ".", redirectPath: "/", lifetime: 15 * time.Second}.serve(t)
	tab := newTab(t)
	tab.navigate(origin + "/")
	waitState(tab, "signed out")

	tab.clickOn("#redirect")
	fillIn(tab)
	waitState(tab, "signed in")
	for selector, want := range map[string]string{"#sub": "demo-user-1", "#class": "true", "#app-state": `{"page":7}`} {
		if got := eval[string](tab, `document.querySelector("`+selector+`").textContent`); got != want {
			t.Errorf("%s shows %q, want %q", selector, got, want)
		}
	}
	if got := eval[string](tab, "location.search"); got != "" {
		t.Error("the response is left in the address")
	}

	tab.clickOn("#renew")
	tab.waitFor("tokens.size === 2")
	waitState(tab, "signed in")
	tab.waitFor(`heard.includes("expiring") && tokens.size === 3`) // by itself
	checkStorage(t, tab, p.secrets)

	tab.reload()
	waitState(tab, "signed in")

	tab.clickOn("#signout")
	tab.waitFor("document.querySelector('button[value=sign-out]') !== null || document.getElementById('state')?.textContent === 'signed out'")
	if eval[bool](tab, "document.getElementById('state') === null") {
		tab.clickOn("button[value=sign-out]")
	}
	waitState(tab, "signed out")

	tab.clickOn("#popup")
	popup := tab.attach(tab.waitPopup(p.issuer))
	fillIn(popup)
	waitState(tab, "signed in")
	tab.until("the window is closed", func() bool { return len(tab.popups("")) == 0 })
}
