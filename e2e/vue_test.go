//go:build !js

package e2e

import (
	"testing"
)

// TestVue runs vuex-oidc and vue3-oidc. The latter has oidc-client-ts among its
// dependencies: that no token is in the storage shows that it is not used.
func TestVue(t *testing.T) {
	tests := []struct {
		wrapper string
		public  bool   // the app has a page for those who are signed out
		private string // path of the one that shows the user
	}{
		{"vuex-oidc", true, "/private"},
		{"vue3-oidc", false, "/"},
	}
	for _, tt := range tests {
		t.Run(tt.wrapper, func(t *testing.T) {
			origin, p := viteApp{project: "vue", root: tt.wrapper, redirectPath: "/callback"}.serve(t)
			tab := newTab(t)
			tab.navigate(origin + "/")
			if tt.public {
				waitState(tab, "signed out")
				tab.clickOn("#in")
			}
			fillIn(tab)
			tab.waitFor(`location.pathname + location.search === "` + tt.private + `"`)
			waitState(tab, "signed in")

			tab.reload()
			waitState(tab, "signed in")
			const shown = `performance.getEntriesByType("navigation")[0].type + " " + document.getElementById("sub").textContent`
			if got := eval[string](tab, shown); got != "reload demo-user-1" { // navigate: by way of the provider
				t.Errorf("after a reload: %s", got)
			}

			tab.waitFor("tokens.size === 1")
			tab.clickOn("#renew")
			tab.waitFor("tokens.size === 2")
			waitState(tab, "signed in")
			checkSecrets(t, tab, p.secrets)

			tab.clickOn("#signout")
			if tt.public {
				waitState(tab, "signed out")
			} else {
				tab.waitFor("document.querySelector('input[name=password]') !== null")
			}
		})
	}
}
