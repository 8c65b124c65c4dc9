//go:build !js

package e2e

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/e2e/engine"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// openPopup calls signinPopup, or what is given, in the handler of a click.
func (tab *tab) openPopup(call string) {
	tab.t.Helper()
	eval[bool](tab, `(() => {
		const button = document.createElement("button");
		button.id = "popup";
		button.onclick = () => {
			globalThis.began = performance.now();
			globalThis.settled = null;
			globalThis.popup = `+call+`.then((u) => u?.profile.sub ?? "", (e) => e.code ?? String(e))
				.then((result) => settled = [result, performance.now() - ended]);
		};
		document.querySelector("#popup")?.remove();
		document.body.append(button);
		const open = window.open;
		window.open = (...args) => { globalThis.features = args; return globalThis.opened = open(...args); };
		globalThis.ended = 0;
		return true;
	})()`)
	tab.clickOn("#popup")
}

// popups returns the windows of the tab's profile that show an
// address which begins with prefix, less the tab itself.
func (tab *tab) popups(prefix string) []engine.Window {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	own := tab.page.Window()
	windows, err := browserOf(tab.t).Windows(ctx, own.Profile)
	if err != nil {
		tab.t.Fatal(err)
	}
	return slices.DeleteFunc(windows, func(w engine.Window) bool {
		return w.ID == own.ID || !strings.HasPrefix(w.URL, prefix) && w.Title != prefix
	})
}

// waitPopup waits for a window at an address, or with a title.
func (tab *tab) waitPopup(prefix string) engine.Window {
	tab.t.Helper()
	var windows []engine.Window
	tab.until("a window at "+prefix, func() bool {
		windows = tab.popups(prefix)
		return len(windows) > 0
	})
	return windows[0]
}

// closePopup closes a window as a person does.
func (tab *tab) closePopup(window engine.Window) {
	tab.t.Helper()
	eval[bool](tab, "globalThis.ended = performance.now(), true")
	closeWindow(tab.t, window)
}

// looked waits until the page has looked at its window a few times: it tells
// by that whether the window is closed or cut off later.
func (tab *tab) looked() {
	tab.t.Helper()
	eval[bool](tab, `(async () => {
		for (let i = 0; i < 10; i++) await new Promise((resolve) => setTimeout(resolve, 20));
		return true;
	})()`)
}

// popupResult waits until the call has settled.
func (tab *tab) popupResult() string {
	tab.t.Helper()
	result := eval[string](tab, "popup.then(([result]) => result)")
	tab.until("the windows are closed", func() bool { return len(tab.popups("")) == 0 })
	return result
}

// showLogin lets the provider show pages that wait for somebody.
func showLogin(op *oidctest.OP) {
	op.Edit(func() {
		op.Respond = func(endpoint string, w http.ResponseWriter, _ *http.Request) bool {
			if endpoint != oidctest.Authorize && endpoint != oidctest.EndSession {
				return false
			}
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(`<!doctype html><link rel="icon" href="data:,"><title>Login</title><p>Password?`))
			return true
		}
	})
}

// A sign-in and a sign-out in popup windows, on each host.
func TestPopup(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			op := newHostile(t, a)
			tab := newTab(t)
			tab.visit(a.origin + "/")
			tab.openPopup("um.signinPopup({state: 7})")
			if got := tab.popupResult(); got != op.Subject {
				t.Fatalf("signinPopup: %q", got)
			}
			if got := eval[string](tab, "um.getUser().then((u) => JSON.stringify(u.state))"); got != "7" {
				t.Errorf("state = %s", got)
			}
			if got := eval[string](tab, "features[2]"); !strings.HasPrefix(got, "location=no,toolbar=no,height=640,closePopupWindowAfterInSeconds=-1,width=") {
				t.Errorf("features = %s", got)
			}
			tab.openPopup("um.signoutPopup()")
			if got := tab.popupResult(); got != "" {
				t.Errorf("signoutPopup: %q", got)
			}
			if got := eval[string](tab, userState); got != "nobody" {
				t.Errorf("after the sign-out: %s", got)
			}
		})
	}
}

// Each end of a window but the answer has a code of its own, at once.
func TestPopupEnds(t *testing.T) {
	tests := []struct {
		name, call string
		end        func(tab *tab, op *oidctest.OP)
		want       string
	}{
		{"closed", "um.signinPopup()", func(tab *tab, op *oidctest.OP) {
			id := tab.waitPopup("Login")
			tab.looked()
			tab.closePopup(id)
		}, "popup_closed"},
		{"closed at the sign-out", "um.signoutPopup()", func(tab *tab, op *oidctest.OP) {
			id := tab.waitPopup("Login")
			tab.looked()
			tab.closePopup(id)
		}, "popup_closed"},
		{"closed before the provider came up", "um.signinPopup()", func(tab *tab, op *oidctest.OP) {
			tab.waitFor("globalThis.opened !== undefined")
			tab.closePopup(tab.waitPopup("about:blank"))
		}, "popup_closed"},
		{"popupSignal", "um.signinPopup({popupSignal: (globalThis.controller = new AbortController()).signal})", func(tab *tab, op *oidctest.OP) {
			tab.waitPopup(op.Issuer)
			eval[bool](tab, "globalThis.ended = performance.now(), controller.abort(), true")
		}, "aborted"},
		{"popupSignal aborted before", "um.signinPopup({popupSignal: AbortSignal.abort()})", func(*tab, *oidctest.OP) {}, "aborted"},
		{"closePopupWindowAfterInSeconds", "um.signinPopup({popupWindowFeatures: {closePopupWindowAfterInSeconds: 1}})", func(*tab, *oidctest.OP) {}, "timeout"},
		{"an argument that is not known", "um.signinPopup({popup: 1})", func(*tab, *oidctest.OP) {}, "invalid_argument"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			op := newHostile(t, a)
			showLogin(op)
			if strings.HasPrefix(tt.name, "closed before") {
				holdFirst(t, op, oidctest.Authorize)
			}
			tab := newTab(t)
			tab.visit(a.origin + "/")
			tab.openPopup(tt.call)
			tt.end(tab, op)
			if got := tab.popupResult(); got != tt.want {
				t.Errorf("code %q, want %q", got, tt.want)
			}
			t.Logf("%.0f ms after the end", eval[float64](tab, "settled[1]"))
		})
	}
}

// A browser that opens no window without a click says so at once, and no
// worker is started for it.
func TestPopupBlocked(t *testing.T) {
	a := newApp(t)
	newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if code := codeOf(tab, "um.signinPopup()"); code != "popup_blocked" {
		t.Errorf("code %q", code)
	}
}

// coop makes pages of the app, or of the provider, cut off their openers.
func (a *app) coop() {
	a.respond("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
		w.Header().Set("Content-Security-Policy", policy(""))
		http.ServeFileFS(w, r, testappFiles(), "index.html")
	})
}

// Where Cross-Origin-Opener-Policy takes the opener away, the answer comes by
// another way.
func TestPopupSevered(t *testing.T) {
	a := newApp(t)
	a.coop()
	op := newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	tab.openPopup("um.signinPopup()")
	if got := tab.popupResult(); got != op.Subject {
		t.Fatalf("signinPopup: %q", got)
	}
	if !eval[bool](tab, "opened.closed") {
		t.Error("the window was not cut off")
	}
}

// Who comes back to the page without an answer may have closed a window that
// cannot be seen: the call ends, and a window that is there after all still
// signs in.
func TestPopupSeveredAndLeft(t *testing.T) {
	a := newApp(t)
	a.coop()
	op := newHostile(t, a)
	op.Edit(func() { op.SignedIn, op.LoginForm = false, true })
	tab := newTab(t)
	tab.visit(a.origin + "/")
	tab.openPopup("um.signinPopup()")
	window := tab.attach(tab.waitPopup(op.Issuer))
	window.waitFor("document.querySelector('button') !== null")
	tab.waitFor("opened.closed")
	eval[bool](tab, "dispatchEvent(new Event('focus')), true")
	if got := eval[string](tab, "popup.then(([result]) => result)"); got != "popup_severed" {
		t.Errorf("code %q", got)
	}
	window.clickOn("button")
	tab.waitFor("heard.includes('UserLoaded')")
	tab.until("the window is closed", func() bool { return len(tab.popups("")) == 0 })
}

// A window that is cut off and then closed ends its call when the page has the
// focus again, which drivers do not give it.
func TestPopupSeveredAndClosed(t *testing.T) {
	a := newApp(t)
	a.coop()
	op := newHostile(t, a)
	showLogin(op)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	tab.openPopup("um.signinPopup()")
	window := tab.waitPopup("Login")
	tab.waitFor("opened.closed")
	tab.looked()
	if eval[bool](tab, "globalThis.settled !== null") {
		t.Errorf("the call ends while somebody is signing in: %s", eval[string](tab, "String(settled)"))
	}
	tab.closePopup(window)
	eval[bool](tab, "dispatchEvent(new Event('focus')), true")
	if got := tab.popupResult(); got != "popup_severed" {
		t.Errorf("code %q", got)
	}
}

// Two windows at a time answer the calls that opened them.
func TestTwoPopups(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	op.Edit(func() { op.SignedIn, op.LoginForm = false, true })
	tab := newTab(t)
	tab.visit(a.origin + "/")
	tab.openPopup("um.signinPopup({state: 1})")
	first := tab.waitPopup(op.Issuer)
	eval[bool](tab, "globalThis.one = popup, true")
	tab.openPopup("um.signinPopup({state: 2}).then((u) => ({profile: {sub: 'state ' + u.state}}))")
	tab.until("the second window", func() bool { return len(tab.popups(op.Issuer)) == 2 })
	for _, window := range tab.popups(op.Issuer) {
		if window.ID != first.ID {
			second := tab.attach(window)
			second.waitFor("document.querySelector('button') !== null")
			second.clickOn("button")
		}
	}
	if got := eval[string](tab, "popup.then(([result]) => result)"); got != "state 2" {
		t.Errorf("the second window: %q", got)
	}
	tab.closePopup(first)
	if got := eval[string](tab, "one.then(([result]) => result)"); got != "popup_closed" {
		t.Errorf("the first window: %q", got)
	}
}

// A page of the app as the redirect URI of the window: signinCallback hands
// the response over, and signinPopupCallback can leave the window open.
func TestPopupOnAppPage(t *testing.T) {
	for _, coop := range []bool{false, true} {
		t.Run(map[bool]string{false: "with an opener", true: "cut off"}[coop], func(t *testing.T) {
			a := newApp(t)
			if coop {
				a.coop()
			}
			a.set("popup_redirect_uri", a.origin+"/")
			op := newHostile(t, a)
			tab := newTab(t)
			tab.visit(a.origin + "/")
			tab.openPopup("um.signinPopup()")
			if got := tab.popupResult(); got != op.Subject {
				t.Errorf("signinCallback in the window: %q", got)
			}
			tab.openPopup("um.signinPopup({redirect_uri: '" + a.origin + "/?keep=open'})")
			if got := eval[string](tab, "popup.then(([result]) => result)"); got != op.Subject {
				t.Errorf("signinPopupCallback in the window: %q", got)
			}
			window := tab.attach(tab.waitPopup(a.origin + "/"))
			window.waitFor("globalThis.ready === true && globalThis.callback !== undefined")
			if code := codeOf(window, "callback"); code != "" {
				t.Errorf("signinPopupCallback: code %q", code)
			}
			if got := eval[string](window, "location.search"); got != "?keep=open" {
				t.Errorf("the window keeps %d characters of the response", len(got))
			}
			window.close()
		})
	}
}

// A worker that dies while a window is open takes the call with it.
func TestWorkerDiesDuringPopup(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	showLogin(op)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	eval[bool](tab, impatient)
	tab.openPopup("um.signinPopup()")
	tab.waitPopup(op.Issuer)
	killWorkers(t, a.origin)
	if got := tab.popupResult(); got != "runtime_stopped" {
		t.Errorf("code %q", got)
	}
}
