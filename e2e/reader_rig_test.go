//go:build !js

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A desk is what a developer has: an app after the README, and a provider of a
// profile, which refuses what is not registered.
type desk struct {
	t    *testing.T
	a    *app
	op   *oidctest.OP
	p    *oidctest.Profile
	tab  *tab
	page string // policy of the page; empty for that of the README

	mu         sync.Mutex
	registered []string // redirect URIs
	clients    []string
	cors       bool
	wrong      func(w http.ResponseWriter, r *http.Request) // what is not there
	seen       []string
	body       string // of the provider's last error page
	hijack     func(endpoint string, w http.ResponseWriter, r *http.Request) bool
}

const readmeApp = `
import { UserManager } from "./oidcspa.js";
import * as oidc from "./oidcspa.js";
globalThis.oidc = oidc;
globalThis.app = { phase: "booting" };
const settings = await (await fetch("/config.json")).json();
globalThis.settings = settings;
globalThis.told = [];
globalThis.watch = (manager) => {
for (const name of ["UserLoaded", "UserUnloaded", "AccessTokenExpiring", "AccessTokenExpired", "SilentRenewError", "RestoreError", "UserSignedOut"])
	manager.events["add" + name]((e) => told.push(name + (e?.code ? ":" + e.code + ":" + e.message : "")));
};
const say = (e) => ({ code: e.code ?? String(e), message: e.message, error: e.error, endpoint: e.endpoint, status: e.status });
globalThis.say = say;
try {
	const manager = new UserManager(settings);
	globalThis.um = manager;
	watch(manager);
	const query = new URLSearchParams(location.search);
	const back = query.has("response") || (query.has("state") && (query.has("code") || query.has("error")));
	globalThis.app.what = back ? "signinCallback" : query.has("state") ? "signoutCallback" : "getUser";
	const user = await (back ? manager.signinCallback() : query.has("state") ? manager.signoutCallback().then(() => manager.getUser()) : manager.getUser());
	app.user = user ? user.profile.sub : null;
} catch (e) { app.error = say(e); }
app.phase = "done";
`

func newDesk(t *testing.T, name string) *desk {
	t.Helper()
	a := newApp(t)
	a.expectReports()
	d := &desk{t: t, a: a, cors: true, clients: []string{clientID}}
	for _, p := range oidctest.Profiles() {
		if p.Name == name {
			d.p = &p
		}
	}
	if d.p == nil {
		t.Fatal("no profile " + name)
	}
	d.op = oidctest.New(t)
	d.op.Issuer, d.op.ClientID = serve(t, d), clientID
	d.p.Play(d.op)
	a.set("authority", d.op.Issuer)
	if d.p.MetadataURL != "" {
		a.set("metadataUrl", d.op.Address(d.p.MetadataURL))
	}
	if d.p.Scope != "" {
		a.set("scope", d.p.Scope)
	}
	a.set("automaticSilentRenew", nil)
	d.registered = []string{a.redirectURI()}
	a.respond("/", d.serveApp)
	a.respond("/readme.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = io.WriteString(w, readmeApp)
	})
	d.tab = newTab(t)
	d.tab.expectProblems()
	return d
}

func (d *desk) serveApp(w http.ResponseWriter, r *http.Request) {
	policy := d.page
	if policy == "" {
		policy = "default-src 'none'; script-src 'self'; connect-src 'self'; worker-src 'self'; frame-src 'self' " + originOf(d.op.Issuer) + "; img-src data:"
	}
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, `<!doctype html><link rel="icon" href="data:,"><title>App</title><script type="module" src="/readme.js"></script><p>App<button id="b">b</button>`)
}

func originOf(address string) string {
	u, _ := url.Parse(address)
	return u.Scheme + "://" + u.Host
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	endpoint := ""
	if d.p != nil {
		endpoint = endpointOf(d, r)
	}
	d.mu.Lock()
	if r.Method != http.MethodOptions && r.URL.Path != "/favicon.ico" {
		d.seen = append(d.seen, r.Method+" "+r.URL.Path+mode(r))
	}
	hijack, wrong := d.hijack, d.wrong
	d.mu.Unlock()
	if hijack != nil && r.Method != http.MethodOptions && hijack(endpoint, w, r) {
		return
	}
	q := r.URL.Query()
	switch {
	case r.URL.Path == "/favicon.ico":
		w.WriteHeader(204)
	case endpoint == "" && wrong != nil:
		wrong(w, r)
	case endpoint == "":
		http.NotFound(w, r)
	case endpoint == oidctest.Authorize && !slices.Contains(d.clients, q.Get("client_id")):
		errorPage(w, 400, "Unknown client "+q.Get("client_id"))
	case endpoint == oidctest.Authorize && !slices.Contains(d.registered, q.Get("redirect_uri")):
		errorPage(w, 400, "redirect_uri does not match")
	default:
		d.op.ServeHTTP(w, r)
	}
}

func mode(r *http.Request) string {
	s := ""
	if r.URL.Query().Get("prompt") == "none" {
		s += " prompt=none"
	}
	if m := r.Header.Get("Sec-Fetch-Mode"); m == "no-cors" {
		s += " (no-cors)"
	}
	return s
}

func errorPage(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("X-Frame-Options", "DENY")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `<!doctype html><link rel="icon" href="data:,"><title>Error</title><p>`+text)
}

func endpointOf(d *desk, r *http.Request) string {
	metadata := map[string]any{}
	_ = json.Unmarshal([]byte(d.p.Metadata), &metadata)
	configuration := d.p.MetadataURL
	if configuration == "" {
		configuration = strings.TrimSuffix(d.p.Authority, "/") + "/.well-known/openid-configuration"
	}
	path := func(address string) string { u, _ := url.Parse(address); return u.Path }
	if r.URL.Path == path(configuration) {
		return oidctest.Discovery
	}
	for member, endpoint := range map[string]string{
		"authorization_endpoint": oidctest.Authorize, "token_endpoint": oidctest.Token, "userinfo_endpoint": oidctest.Userinfo,
		"jwks_uri": oidctest.JWKS, "end_session_endpoint": oidctest.EndSession, "revocation_endpoint": oidctest.Revocation,
		"pushed_authorization_request_endpoint": oidctest.PAR, "check_session_iframe": oidctest.CheckSessionFrame,
	} {
		if address, ok := metadata[member].(string); ok && path(address) == r.URL.Path {
			return endpoint
		}
	}
	return ""
}

// A sight is what can be seen of the tab.
type sight struct {
	Href string         `json:"href"`
	Call map[string]any `json:"call"`
	App  map[string]any `json:"app"`
	Told []string       `json:"told"`
	Text string         `json:"text"`
}

func (d *desk) see() (sight, error) {
	ctx, cancel := context.WithTimeout(d.tab.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`JSON.stringify({href: location.href, call: globalThis.call ?? null, app: globalThis.app ?? null, told: globalThis.told ?? [], text: document.body?.innerText?.slice(0, 200) ?? ""})`))
	var s sight
	if err == nil {
		err = json.Unmarshal([]byte(text), &s)
	}
	return s, err
}

// settle waits until the call has settled, or another page has settled, and says what there is.
func (d *desk) settle(what string, wait time.Duration, done func(sight) bool) sight {
	start := time.Now()
	var s sight
	var err error
	stable := 0
	last := ""
	for time.Since(start) < wait {
		s, err = d.see()
		if err == nil && done(s) {
			break
		}
		if err == nil && s.App == nil && s.Call == nil { // an alien page
			if s.Href == last {
				stable++
			} else {
				stable = 0
			}
			last = s.Href
			if stable > 40 {
				break
			}
		}
		<-time.After(50 * time.Millisecond)
	}
	d.mu.Lock()
	seen := d.seen
	d.seen = nil
	d.mu.Unlock()
	state := ""
	if time.Since(start) >= wait {
		state = "  *** STILL PENDING ***"
	}
	call, _ := json.Marshal(s.Call)
	app, _ := json.Marshal(s.App)
	fmt.Printf("  [%s] %.1fs%s\n", what, time.Since(start).Seconds(), state)
	if s.Href != d.a.origin+"/?view=list#row-7" {
		fmt.Printf("     at %s\n", shorten(s.Href))
	}
	if s.Call != nil {
		fmt.Printf("     call %s\n", brief(call))
	} else if s.App != nil {
		fmt.Printf("     app  %s\n", brief(app))
	}
	if len(s.Told) > 0 {
		fmt.Printf("     told %q\n", s.Told)
	}
	if s.App == nil {
		fmt.Printf("     page %q\n", s.Text)
	}
	fmt.Printf("     asked %s\n", seen)
	return s
}

func brief(data []byte) string {
	return strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">", `"phase":"done",`, "", `,"settled":true`, "").Replace(string(data))
}

func shorten(href string) string {
	if len(href) > 300 {
		return href[:300] + "…"
	}
	return href
}

func settled(s sight) bool {
	return (s.Call != nil && s.Call["settled"] == true) || (s.Call == nil && s.App != nil && s.App["phase"] == "done")
}

// visit opens the app.
func (d *desk) visit(address string) sight {
	ctx, cancel := context.WithTimeout(d.tab.ctx, stepTimeout)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank"), chromedp.Navigate(address)); err != nil {
		fmt.Printf("  visit: %v\n", err)
	}
	return d.settle("visit", 20*time.Second, settled)
}

// call makes a call as of a click, and waits for what comes of it.
func (d *desk) call(expression string, wait ...time.Duration) sight {
	limit := 20 * time.Second
	if len(wait) > 0 {
		limit = wait[0]
	}
	ctx, cancel := context.WithTimeout(d.tab.ctx, 5*time.Second)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`(() => { globalThis.told = []; globalThis.call = {settled: false};
		(async () => `+expression+`)().then((v) => Object.assign(call, {value: v === undefined ? "undefined" : v?.profile ? "user " + v.profile.sub : v}), (e) => Object.assign(call, {rejected: say(e)})).finally(() => call.settled = true); return true; })()`))
	if err != nil {
		fmt.Printf("  %s: %v\n", expression, err)
	}
	return d.settle(expression, limit, settled)
}

// life does what an app does in its life.
func (d *desk) life() {
	d.visit(d.a.origin + "/?view=list#row-7")
	d.call("um.signinRedirect()")
	d.call("um.signinSilent()")
	d.visit(d.a.origin + "/?view=list#row-7")
	d.call("um.signoutRedirect()")
	d.visit(d.a.origin + "/?view=list#row-7")
}

func title(format string, args ...any) { fmt.Printf("\n=== "+format+"\n", args...) }

// reading skips what is for a reader's eyes: it prints what there is to be seen.
func reading(t *testing.T) {
	t.Helper()
	if os.Getenv("READER") == "" {
		t.Skip("READER=1 prints what each mistake looks like")
	}
}
