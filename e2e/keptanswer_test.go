//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// An uncached response is asked for again by every page.
type uncached struct{ http.ResponseWriter }

func (w uncached) WriteHeader(status int) {
	w.Header().Set("Cache-Control", "no-store")
	w.ResponseWriter.WriteHeader(status)
}

func (w uncached) Write(p []byte) (int, error) {
	w.Header().Set("Cache-Control", "no-store") // before the first one, without a WriteHeader
	return w.ResponseWriter.Write(p)
}

// A gate lets requests pass, or has them wait.
type gate struct {
	mu   sync.Mutex
	open chan struct{}
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = make(chan struct{})
}

func (g *gate) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open != nil {
		close(g.open)
		g.open = nil
	}
}

func (g *gate) wait(r *http.Request) {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	if open != nil {
		select {
		case <-open:
		case <-r.Context().Done():
		}
	}
}

// newHeld is newKept with a gate in front of the program.
func newHeld(t *testing.T, host, restore string) (*app, *oidctest.OP, *tab, *gate) {
	if inChromium(t) {
		t.Skip("its workers cannot talk to service workers; its shared worker outlives a reload")
	}
	a, g := newApp(t), &gate{}
	a.setHost(host)
	a.set("restore", restore)
	assets := a.assets
	a.respond("/"+assetsManifest(t).Files["oidcspa.wasm"].Name, func(w http.ResponseWriter, r *http.Request) {
		g.wait(r)
		assets.ServeHTTP(uncached{w}, r)
	})
	t.Cleanup(g.release)
	op := newHostile(t, a)
	op.RefreshTokens = true
	tab := newTab(t)
	signInKept(t, a, tab)
	tab.visit(a.origin + "/")
	eval[bool](tab, "um.stats({ collect: true }).then(() => true)")
	op.ResetRequests()
	return a, op, tab, g
}

// shutAgain loads the page again with the gate shut. A worker that outlives that has no need to be
// told anything: WebKit's shared workers do, mostly.
func (g *gate) shutAgain(tab *tab) {
	tab.t.Helper()
	const hosts = `navigator.locks.query().then(({ held }) => held.map(({ name }) => name).filter((name) => name.startsWith("oidcspa.host.")).sort().join())`
	before := eval[string](tab, hosts)
	g.shut()
	tab.again()
	if before == eval[string](tab, hosts) {
		tab.t.Skip("the worker outlives the reload")
	}
}

const (
	// toldUser is the first answer to getUser(), and whether the events of the page are none.
	toldUser = `firstUser.then(([user]) => (user ? "somebody" : "nobody") + " " + heard)`

	// laterUser is what the program says.
	laterUser = `um.stats({ collect: true }).then(() => um.getUser()).then((user) => (user ? "somebody" : "nobody") + " " + heard)`

	// signedOutElsewhere is what another page of the client writes.
	signedOutElsewhere = `(() => {
		const of = (kind) => Object.keys(localStorage).find((name) => name.startsWith("oidcspa." + kind + ":"));
		const order = Number(localStorage.getItem(of("order")).split(" ")[0]) + 1;
		localStorage.removeItem(of("session"));
		localStorage.setItem(of("order"), order + " " + order);
		return true;
	})()`
)

// The first getUser() of a page has its answer before there is a program, and what happens
// until that runs is told by it.
func TestKeptAnswer(t *testing.T) {
	for _, tt := range []struct {
		name      string
		meanwhile string // what the page does, while the program does not come
		elsewhere string // what another page does
		want      string // what the program says, and the page has heard
	}{
		{"nothing happens", "true", "true", "somebody "},
		{"it is asked again", "globalThis.again = um.getUser(), true", "true", "somebody "},
		{"the app signs out", "globalThis.out = um.removeUser(), true", "true", "nobody UserUnloaded"},
		{"the app signs out, and asks", "globalThis.out = um.removeUser(), globalThis.again = um.getUser(), true", "true", "nobody UserUnloaded"},
		{"another page signs out", "true", signedOutElsewhere, "nobody UserUnloaded"},
	} {
		for _, host := range keeperHosts {
			t.Run(tt.name+" "+host, func(t *testing.T) {
				a, op, tab, g := newHeld(t, host, "off")
				a.respondPage("blank", "globalThis.ready = true;")
				other := tab.sibling()
				other.visit(a.origin + "/blank.html")
				g.shutAgain(tab)
				if got := eval[string](tab, toldUser); got != "somebody " {
					t.Fatalf("before the program runs: %s", got)
				}
				eval[bool](tab, tt.meanwhile)
				eval[bool](other, tt.elsewhere)
				if tt.elsewhere != "true" {
					tab.waitFor("!Object.keys(localStorage).some((name) => name.startsWith('oidcspa.session:'))")
				}
				g.release()
				tab.until(tt.want, func() bool { return eval[string](tab, laterUser) == tt.want })
				if tt.want == "somebody " && len(op.Requests()) > 0 {
					t.Errorf("requests: %v", op.Requests())
				}
				if again := eval[string](tab, `Promise.resolve(globalThis.again).then((user) => user === undefined ? "" : user ? "somebody" : "nobody")`); again != "" && again+" " != tt.want[:len(again)+1] {
					t.Errorf("asked again before the program runs: %s; want %s", again, tt.want)
				}
			})
		}
	}
}

// earlyPage asks getUser(), notes where the worker is, and what it was asked.
const earlyPage = `
const post = MessagePort.prototype.postMessage;
MessagePort.prototype.postMessage = function (message, ...rest) {
  if (typeof message === "string" && message.includes('"method":"told"')) globalThis.asked ??= JSON.parse(message).params;
  return post.call(this, message, ...rest);
};
for (const name of ["SharedWorker", "Worker"]) {
  globalThis[name] = class extends globalThis[name] {
    constructor(...args) {
      super(...args);
      globalThis.connect = () => {
        if (name === "SharedWorker") return new SharedWorker(...args).port;
        const { port1, port2 } = new MessageChannel();
        this.postMessage(null, [port2]);
        return port1;
      };
    }
  };
}
const { UserManager } = await import("./oidcspa.js");
globalThis.um = new UserManager(await (await fetch("config.json")).json());
globalThis.first = um.getUser();

// Resolves to how often the worker tells, until the program answers a call.
globalThis.tell = (message) => {
  const port = connect(), got = [];
  port.start();
  return new Promise((resolve) => {
    port.onmessage = ({ data }) => {
      const { id, method } = JSON.parse(data);
      if (method === "told" || id === 7) got.push(method ?? "answer " + id);
      if (id === 7) resolve(got.join(" "));
    };
    port.postMessage(JSON.stringify({ jsonrpc: "2.0", ...message }));
    port.postMessage(JSON.stringify({ jsonrpc: "2.0", id: 7, method: "nothing" }));
  });
};
globalThis.ready = true;
`

// What a page has to say to be told before the program runs.
func TestKeptAnswerRefuses(t *testing.T) {
	rows := []struct {
		name, message string // of the right parameters p
		told          bool
	}{
		{"as it is", `{ method: "told", params: p }`, true},
		{"another scope", `{ method: "told", params: { ...p, settings: { ...p.settings, scope: "openid email" } } }`, false},
		{"another client", `{ method: "told", params: { ...p, settings: { ...p.settings, client_id: "other" } } }`, false},
		{"another provider", `{ method: "told", params: { ...p, settings: { ...p.settings, authority: "https://op.example.test" } } }`, false},
		{"the settings in another order", `{ method: "told", params: { ...p, settings: Object.fromEntries(Object.entries(p.settings).reverse()) } }`, false},
		{"no settings", `{ method: "told", params: { ...p, settings: undefined } }`, false},
		{"a newer order", `{ method: "told", params: { ...p, order: p.order.replace(/\d/, (n) => Number(n) + 1) } }`, false},
		{"an older order", `{ method: "told", params: { ...p, order: p.order.replace(/\d/, "0") } }`, false},
		{"no order", `{ method: "told", params: { ...p, order: "" } }`, false},
		{"an order that is a list", `{ method: "told", params: { ...p, order: [p.order] } }`, false},
		{"no hint", `{ method: "told", params: { ...p, signed_in: false } }`, false},
		{"a hint that is none", `{ method: "told", params: { ...p, signed_in: "true" } }`, false},
		{"another call", `{ id: 6, method: "getUser", params: {} }`, false},
		{"no parameters", `{ method: "told" }`, false},
		{"parameters that are null", `{ method: "told", params: null }`, false},
	}
	for _, host := range keeperHosts {
		t.Run(host, func(t *testing.T) {
			a, _, tab, g := newHeld(t, host, "silent")
			a.respondPage("early", earlyPage)
			tab.visit(a.origin + "/early.html")
			eval[bool](tab, "um.stats({ collect: true }).then(() => true)")
			g.shutAgain(tab)
			if got := eval[bool](tab, "first.then((user) => !!user)"); !got {
				t.Fatal("before the program runs there is nobody")
			}
			for i, row := range rows {
				eval[bool](tab, fmt.Sprintf(`(globalThis.rows ??= [])[%d] = tell((({ ...p }) => (%s))(asked)), true`, i, row.message))
			}
			g.release()
			for i, row := range rows {
				want := "answer 7"
				if row.told {
					want = "told answer 7"
				}
				got := eval[string](tab, fmt.Sprintf(`rows[%d]`, i))
				if got != want {
					t.Errorf("%s: the worker sends %q, want %q", row.name, got, want)
				}
			}
		})
	}
}

// Once it is good no more, the program answers.
func TestKeptAnswerExpired(t *testing.T) {
	for _, host := range keeperHosts {
		t.Run(host, func(t *testing.T) {
			a, op, tab, g := newHeld(t, host, "silent")
			op.Edit(func() { op.EditTokenResponse = func(r map[string]any) { r["expires_in"] = 4 } })
			expires := eval[float64](tab, "um.signinSilent().then((user) => user.expires_at * 1000)")
			op.Edit(func() { op.EditTokenResponse = nil })
			a.respondPage("early", earlyPage)
			tab.visit(a.origin + "/early.html")
			eval[bool](tab, "um.stats({ collect: true }).then(() => true)")
			tab.waitFor(fmt.Sprintf("Date.now() >= %f", expires))
			g.shutAgain(tab)
			tab.waitFor("!!globalThis.asked")
			eval[bool](tab, "globalThis.row = tell({ method: 'told', params: asked }), true")
			g.release()
			if got := eval[string](tab, "row"); got != "answer 7" {
				t.Errorf("the worker sends %q", got)
			}
			if !eval[bool](tab, "first.then((user) => !!user && !user.expired)") {
				t.Error("the program has nobody, or an expired token")
			}
		})
	}
}
