//go:build !js

package e2e

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// endings are the requests that a provider which demands POST got at its end-session endpoint.
type endings struct {
	mu    sync.Mutex
	forms []url.Values
	query string
	other []string // methods that it refused
}

// demandPost makes a provider refuse everything but POST.
func demandPost(op *oidctest.OP) *endings {
	e := &endings{}
	op.Edit(func() {
		op.Respond = func(endpoint string, w http.ResponseWriter, r *http.Request) bool {
			if endpoint != oidctest.EndSession {
				return false
			}
			_ = r.ParseForm()
			e.mu.Lock()
			defer e.mu.Unlock()
			if r.Method != http.MethodPost {
				e.other = append(e.other, r.Method)
				w.Header().Set("Content-Type", "text/html")
				_, _ = w.Write([]byte(`<!doctype html><link rel="icon" href="data:,"><title>POST</title>`))
				return true
			}
			e.forms, e.query = append(e.forms, r.PostForm), r.URL.RawQuery
			return false
		}
	})
	return e
}

// longGroups makes ID Tokens too long for an address.
func longGroups(op *oidctest.OP) {
	op.Edit(func() {
		op.EditIDToken = func(_, claims map[string]any) { claims["groups"] = strings.Repeat("group ", 3_000) }
	})
}

// TestSignoutByPost signs out at a provider that demands a form, with an ID
// Token that no address holds, and with fields that are called as members of a form.
func TestSignoutByPost(t *testing.T) {
	extra := url.Values{"submit": {"1"}, "action": {"https://evil.example/"}, "method": {"get"}, "target": {"é&="}, "append": {"a\r\nb"}}
	const args = `{ state: 7, extraQueryParams: { submit: 1, action: "https://evil.example/", method: "get", target: "é&=", append: "a\nb" } }`
	tests := []struct {
		name string
		out  func(*testing.T, *tab)
	}{
		{"redirect", func(t *testing.T, tab *tab) {
			eval[bool](tab, "globalThis.ready = false, void um.signoutRedirect("+args+"), true")
			tab.waitReady()
			if got := eval[int](tab, "callback.then(({ userState }) => userState)"); got != 7 {
				t.Errorf("state = %d", got)
			}
		}},
		{"popup", func(t *testing.T, tab *tab) {
			tab.openPopup("um.signoutPopup(" + args + ")")
			if got := tab.popupResult(); got != "" {
				t.Errorf("code %q", got)
			}
		}},
		{"frame", func(t *testing.T, tab *tab) {
			if code := codeOf(tab, "um.signoutSilent("+args+")"); code != "" {
				t.Errorf("code %q", code)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			op := newHostile(t, a)
			longGroups(op)
			a.set("signoutMethod", "post")
			a.set("popup_post_logout_redirect_uri", a.origin+"/callback.html")
			got, tab := demandPost(op), newTab(t)
			tab.visit(a.origin + "/")
			if code := signinCode(tab); code != "" {
				t.Fatalf("code %q", code)
			}
			token := eval[string](tab, "um.getUser().then((user) => user.id_token)")
			tt.out(t, tab)
			got.mu.Lock()
			defer got.mu.Unlock()
			if len(got.forms) != 1 || len(got.other) != 0 || got.query != "" {
				t.Fatalf("%d forms, query %q, other methods %q", len(got.forms), got.query, got.other)
			}
			form := got.forms[0]
			if hint := form.Get("id_token_hint"); hint != token || len(hint) < 10_000 {
				t.Errorf("id_token_hint of %d characters, want all %d", len(hint), len(token))
			}
			for name, want := range extra {
				if !slices.Equal(form[name], want) {
					t.Errorf("%s = %q, want %q", name, form[name], want)
				}
			}
			if len(form) != len(extra)+4 { // id_token_hint, client_id, post_logout_redirect_uri, state
				t.Errorf("the form has %d fields", len(form))
			}
			if got := eval[int](tab, "document.forms.length"); got != 0 {
				t.Errorf("%d forms are left in the page", got)
			}
		})
	}
}

// A page whose policy keeps the form back hears of it, and so it does of one that
// lets it go to the provider and not back.
func TestSignoutFormBlocked(t *testing.T) {
	for _, allowed := range []string{"'none'", "the provider"} {
		for _, call := range []string{"signoutRedirect", "signoutPopup", "signoutSilent"} {
			t.Run(call+" "+allowed, func(t *testing.T) {
				a := newApp(t)
				a.expectReports()
				op := newHostile(t, a)
				a.set("signoutMethod", "post")
				a.set("popup_post_logout_redirect_uri", a.origin+"/callback.html")
				a.respond("/", func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Security-Policy", policy("")+"; form-action "+strings.Replace(allowed, "the provider", op.Issuer, 1))
					http.ServeFileFS(w, r, testappFiles(), "index.html")
				})
				got, tab := demandPost(op), newTab(t)
				tab.expectProblems() // the browser says what it has blocked
				tab.visit(a.origin + "/")
				if code := signinCode(tab); code != "" {
					t.Fatalf("code %q", code)
				}
				tab.openPopup(`um.` + call + `().catch((error) => { globalThis.text = error.message; throw error; })`)
				if code := tab.popupResult(); code != "form_blocked" || !strings.Contains(eval[string](tab, "text"), "form-action") {
					t.Errorf("code %q, text %q", code, eval[string](tab, "globalThis.text"))
				}
				got.mu.Lock()
				defer got.mu.Unlock()
				if reached := len(got.forms) > 0; reached != (allowed != "'none'") || len(got.other) != 0 {
					t.Errorf("%d forms have reached the provider, %d other requests", len(got.forms), len(got.other))
				}
				if user := eval[string](tab, userState); user != "nobody" {
					t.Errorf("somebody is signed in: %s", user)
				}
			})
		}
	}
}
