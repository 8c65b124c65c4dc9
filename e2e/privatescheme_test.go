//go:build !js

package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestPrivateScheme signs in with the redirect URI of an installed app (RFC
// 8252 7.1), whose navigator opens the system's browser and brings the response back.
func TestPrivateScheme(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	a.respond("/browser", func(w http.ResponseWriter, r *http.Request) {
		answer, err := browser.Get(r.URL.Query().Get("url"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = answer.Body.Close()
		_, _ = io.WriteString(w, answer.Header.Get("Location"))
	})
	tab := newTab(t)
	tab.visit(a.origin + "/")
	got := eval[[]string](tab, `(async () => {
		let back;
		const navigator = {
			async prepare() {
				return {
					async navigate({ url }) {
						back = await (await fetch("browser?url=" + encodeURIComponent(url))).text();
						return { url: back };
					},
					close() {},
				};
			},
			async callback() {},
		};
		const manager = new oidc.UserManager({ ...settings, redirect_uri: "com.example.app:/callback", restore: "off" }, navigator);
		await manager.signinRedirect();
		const user = await manager.signinCallback(back);
		return [back, user.profile.sub];
	})()`)
	if len(got) != 2 || !strings.HasPrefix(got[0], "com.example.app:/callback?") || got[1] != op.Subject {
		t.Errorf("got %q", got)
	}
}
