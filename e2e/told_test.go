//go:build !js

package e2e

import (
	"fmt"
	"testing"
)

// A client with nobody in it sends away no keeper of another one.
func TestKeeperOfAnotherClient(t *testing.T) {
	a, op, tab := newKept(t, "dedicated")
	a.respondPage("second", `
const { UserManager } = await import("./oidcspa.js");
globalThis.um = new UserManager({ ...await (await fetch("config.json")).json(), client_id: "other" });
globalThis.ready = true;
`)
	other := tab.sibling()
	other.visit(a.origin + "/second.html")
	eval[bool](other, `um.removeUser().then(() => true)`)
	other.close()
	op.ResetRequests()
	eval[bool](tab, "um.signinSilent().then(() => true)") // the keeper gets what is new
	op.ResetRequests()
	tab.visit(a.origin + "/")
	found := eval[bool](tab, `firstUser.then(([user]) => !!user)`)
	if n := len(op.Requests()); n > 0 || !found {
		t.Errorf("a reload of the first: found %t, requests %v", found, op.Requests())
	}
}

// The provider ends the session while the page is away.
func TestKeptSessionEndsBetweenPages(t *testing.T) {
	for _, host := range keeperHosts {
		t.Run(host, func(t *testing.T) {
			a, op, tab := newKept(t, host)
			a.respondPage("blank", "globalThis.ready = true;")
			tab.visit(a.origin + "/blank.html")
			op.Edit(func() { op.SignedIn = false })
			eval[bool](tab, fmt.Sprintf(`new Promise((resolve) => { new BroadcastChannel("oidcspa.frontchannel").postMessage(%q); setTimeout(resolve, 500, true); })`, a.origin+"/frontchannel.html"))
			op.ResetRequests()
			tab.visit(a.origin + "/")
			if eval[bool](tab, `firstUser.then(([user]) => !!user)`) {
				t.Errorf("signed in after the front-channel logout, requests %v", op.Requests())
			}
		})
	}
}

// fakeHost is a worker that tells somebody, and whose program then ends, twice.
const fakeHost = `
localStorage.clear();
globalThis.posts = [];
globalThis.SharedWorker = class extends EventTarget {
  constructor() {
    super();
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    const say = (message) => port2.postMessage(JSON.stringify({ jsonrpc: "2.0", ...message }));
    port2.onmessage = ({ data }) => {
      const { id, method } = JSON.parse(data);
      posts.push(method);
      if (method === "told") {
        if (globalThis.before) before();
        say({ method: "told", params: { access_token: "secret", profile: { sub: "a" }, expires_at: 9e9, token_type: "Bearer" } });
      }
      if (method === "open" && globalThis.mode !== "stops") say({ id, result: null });
      else if (method === "open") setTimeout(() => say({ method: "stopped", params: { code: "runtime_stopped", message: "gone" } }), 200);
    };
    setTimeout(() => say({ method: "hello", params: {} }));
  }
};
const { UserManager } = await import("./oidcspa.js");
const settings = await (await fetch("config.json")).json();
localStorage.setItem("oidcspa.session:" + settings.authority + ":" + settings.client_id, "1");
localStorage.setItem("oidcspa.order:" + settings.authority + ":" + settings.client_id, "5 0");
globalThis.make = () => {
  const um = globalThis.um = new UserManager(settings);
  globalThis.heard = [];
  for (const name of ["UserLoaded", "UserUnloaded", "SilentRenewError"]) um.events["add" + name](() => heard.push(name));
  return um;
};
globalThis.ready = true;
`

// A page that was told somebody goes on asking for a program that ends again and again.
func TestToldAndThenNoProgram(t *testing.T) {
	a := newApp(t)
	newHostile(t, a)
	a.respondPage("fake", fakeHost)
	tab := newTab(t)
	tab.visit(a.origin + "/fake.html")
	got := eval[string](tab, `(globalThis.mode = "stops", make().getUser().then((u) => u ? "somebody" : "nobody", (e) => e.code))`)
	if got != "somebody" {
		t.Fatal(got)
	}
	tab.waitFor("posts.filter((method) => method === 'open').length > 4") // it goes on asking
}

func TestToldAfterDispose(t *testing.T) {
	a := newApp(t)
	newHostile(t, a)
	a.respondPage("fake", fakeHost)
	tab := newTab(t)
	tab.visit(a.origin + "/fake.html")
	got := eval[string](tab, `(globalThis.before = () => um.dispose(), make().getUser().then((u) => u ? "somebody" : "nobody", (e) => e.code))`)
	if got != "disposed" {
		t.Errorf("after dispose(): %s", got)
	}
}
