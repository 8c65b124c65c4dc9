//go:build !js

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// TestHostileTable does what [oidctest.Cases] says, through the whole product
// in the browser: one tab for all rows that do not wait, and a provider of its
// own for each. A row passes if the error is the one expected, nothing more is
// asked of the provider until the end of the table, nobody is signed in who
// was not before, no event says otherwise, and neither the error nor the
// consoles of page and worker hold a secret.
func TestHostileTable(t *testing.T) {
	var waiting, others []oidctest.Case
	for _, c := range oidctest.Cases() {
		if c.Want == oidc.ErrTimeout {
			waiting = append(waiting, c)
		} else {
			others = append(others, c)
		}
	}
	table := &table{t: t, providers: newProviders(t)}
	var lanes sync.WaitGroup
	for _, cases := range [][]oidctest.Case{waiting, others} {
		a, tab := newApp(t), newTab(t)
		a.set("loadUserInfo", true)
		tab.expectProblems() // the browser logs what it could not fetch
		lanes.Go(func() { table.run(a, tab, cases) })
	}
	lanes.Wait()
	table.providers.check(t)
	fmt.Println(table.tally)
}

// A table runs rows, in several tabs at once.
type table struct {
	t         *testing.T
	providers *providers

	mu    sync.Mutex
	tally oidctest.Tally // guarded by mu
}

// run does rows one after the other in one tab.
func (table *table) run(a *app, tab *tab, cases []oidctest.Case) {
	console := &console{t: table.t}
	console.listen(tab.devtools())
	var worker context.Context // since the first row
	for _, c := range cases {
		passed := table.t.Run(c.Name, func(t *testing.T) {
			tab.t = t
			row := &row{t: t, c: c, app: a, tab: tab, op: table.providers.add(t, c)}
			row.run()
			if worker == nil {
				worker = console.listenToWorker(a.origin)
			}
		})
		tab.t = table.t
		table.mu.Lock()
		table.tally.Add(c, passed)
		table.mu.Unlock()
	}
	if worker == nil {
		return // no row was asked for
	}
	console.hear(tab.devtools(), "the page is heard")
	console.hear(worker, "the worker is heard")
	console.check(table.providers.secrets())
}

// providers are those of all rows, each with a path of one server.
type providers struct {
	origin string

	mu    sync.Mutex
	ops   []*oidctest.OP
	cases []oidctest.Case
}

func newProviders(t *testing.T) *providers {
	p := &providers{}
	p.origin = serve(t, p)
	return p
}

// add starts the provider of a row.
func (p *providers) add(t *testing.T, c oidctest.Case) *oidctest.OP {
	p.mu.Lock()
	defer p.mu.Unlock()
	op := oidctest.New(t)
	op.Issuer = p.origin + "/" + strconv.Itoa(len(p.ops))
	op.ClientID = clientID
	c.Prepare(op)
	p.ops, p.cases = append(p.ops, op), append(p.cases, c)
	return op
}

// ServeHTTP hands the request to the provider that the path names.
func (p *providers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	number, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	p.mu.Lock()
	defer p.mu.Unlock()
	n, err := strconv.Atoi(number)
	if err != nil || n >= len(p.ops) {
		http.NotFound(w, r) // the browser's own, for an icon
		return
	}
	op := p.ops[n]
	p.mu.Unlock()
	defer p.mu.Lock()
	op.ServeHTTP(w, r)
}

// secrets are all that have passed.
func (p *providers) secrets() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, op := range p.ops {
		all = append(all, op.Secrets()...)
	}
	return all
}

// check looks for requests that came after the end of a row.
func (p *providers) check(t *testing.T) {
	for i, c := range p.cases {
		if err := c.CheckRequests(p.ops[i]); err != nil {
			t.Errorf("%s: at the end of the table: %v", c.Name, err)
		}
	}
}

// A row is one case in the tab.
type row struct {
	t   *testing.T
	c   oidctest.Case
	app *app
	tab *tab
	op  *oidctest.OP
}

// An outcome is what the app sees when the operation has ended.
type outcome struct {
	Code   string `json:"code"`
	Text   string `json:"text"` // all that the error says
	Token  string `json:"token"`
	Sub    string `json:"sub"`
	Loaded bool   `json:"loaded"`
}

// observe is the outcome of a promise.
func observe(promise string) string {
	return `(async () => {
		let code = "", text = "";
		try { await ` + promise + `; } catch (e) {
			code = e.code ?? String(e);
			text = [e, e.message, e.stack, JSON.stringify(e)].join("\n");
		}
		const user = await um.getUser();
		const loaded = heard.includes("UserLoaded");
		heard.length = 0;
		return { code, text, loaded, token: user?.access_token ?? "", sub: user?.profile.sub ?? "" };
	})()`
}

// lost says that the callback page belongs to no sign-in: what the app would
// hear as state_unknown.
const lost = "document.getElementById('lost')?.hidden === false"

func (r *row) run() {
	r.begin()
	var before outcome
	if r.c.SignedInBefore() {
		before = eval[outcome](r.tab, observe("um.signinSilent()"))
		if before.Code != "" || before.Token == "" {
			r.t.Fatalf("the sign-in before: code %q", before.Code)
		}
	}
	r.c.Strike(r.op)
	after := r.act()
	if want := string(r.c.Want); after.Code != want {
		r.t.Errorf("code %q, want %q", after.Code, want)
	}
	r.checkUser(before, after)
	if err := r.c.CheckRequests(r.op); err != nil {
		r.t.Error(err)
	}
	for _, secret := range r.op.Secrets() {
		if strings.Contains(after.Text, secret) {
			r.t.Errorf("the error holds a secret of %d characters", len(secret))
		}
	}
}

// begin makes a manager for the provider of the row, on the page that the row
// before has left.
func (r *row) begin() {
	r.app.set("authority", r.op.Issuer)
	// Providers that share a redirect URI have to say who they are.
	r.app.set("redirect_uri", r.app.redirectURI()+"?op="+url.QueryEscape(r.op.Issuer))
	r.app.set("dpop", r.c.DPoP)
	r.app.set("trusted_audiences", r.c.TrustedAudiences)
	r.app.set("allowed_tenants", r.c.AllowedTenants)
	for name, value := range map[string]any{"max_age": r.c.MaxAge, "claims": r.c.Claims, "response_mode": r.c.ResponseMode} {
		if value == "" || value == int64(0) {
			value = nil
		}
		r.app.set(name, value)
	}
	const running = "globalThis.ready === true && globalThis.oidc !== undefined"
	if !eval[bool](r.tab, running) {
		r.tab.visit(r.app.origin + "/")
		return
	}
	eval[bool](r.tab, `(async () => {
		globalThis.settings = await (await fetch("config.json")).json();
		globalThis.um = new oidc.UserManager(settings);
		globalThis.refused = undefined;
		heard.length = 0;
		um.events.addUserLoaded(() => heard.push("UserLoaded"));
		return true;
	})()`)
}

// act does what the row is about.
func (r *row) act() outcome {
	switch r.c.Flow {
	case oidctest.FlowFrame:
		return eval[outcome](r.tab, observe("um.signinSilent()"))
	case oidctest.FlowRefresh:
		renewals := "um.signinSilent()"
		if r.c.Want == "" { // what the first one brought has to work
			renewals += ".then(() => um.signinSilent())"
		}
		return eval[outcome](r.tab, observe(renewals))
	case oidctest.FlowSignout:
		return r.leave("um.signoutRedirect()")
	default:
		return r.leave("um.signinRedirect()")
	}
}

// leave goes to the provider and waits for what comes back.
func (r *row) leave(promise string) outcome {
	eval[bool](r.tab, "globalThis.ready = false, globalThis.left = "+promise+", left.catch((e) => { globalThis.refused = e; }), true")
	r.tab.waitFor("globalThis.refused !== undefined || globalThis.ready === true && (globalThis.callback === undefined || globalThis.settled === true) || " + lost)
	switch {
	// Who is signed in is led on to the app, which has no response to read.
	case eval[bool](r.tab, lost), r.c.Flow != oidctest.FlowSignout && eval[bool](r.tab, "globalThis.refused === undefined && globalThis.callback === undefined"):
		code := string(oidc.ErrStateUnknown)
		// What has no state belongs to no sign-in, either.
		if r.c.Want == oidc.ErrStateMismatch || r.c.Want == oidc.ErrCallbackMissing {
			code = string(r.c.Want)
		}
		r.tab.visit(r.app.origin + "/")
		after := eval[outcome](r.tab, observe("Promise.resolve()"))
		after.Code = code
		return after
	case eval[bool](r.tab, "globalThis.refused !== undefined"):
		eval[bool](r.tab, "globalThis.ready = true")
		return eval[outcome](r.tab, observe("left"))
	}
	return eval[outcome](r.tab, observe("globalThis.callback"))
}

// checkUser checks who is signed in, and that the event says so.
func (r *row) checkUser(before, after outcome) {
	switch {
	case r.c.Flow == oidctest.FlowSignout:
		if after.Token != "" || after.Loaded {
			r.t.Error("somebody is signed in after the sign-out")
		}
	case r.c.Want != "":
		if after.Token != before.Token || after.Loaded {
			r.t.Error("the user changed, or an event says so")
		}
	case after.Token == "" || after.Token == before.Token || after.Sub != r.op.Subject || !after.Loaded:
		r.t.Error("nobody, or the wrong one, is signed in")
	}
}
