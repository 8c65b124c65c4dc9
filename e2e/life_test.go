//go:build !js

package e2e

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// impatient has a page wait no longer than a moment for the word of a worker whose
// lock is free: for tests in which it is dead.
const impatient = `(() => {
	const { postMessage } = MessagePort.prototype, later = setTimeout;
	let asked = false;
	MessagePort.prototype.postMessage = function (message, ...rest) {
		if (typeof message === "string" && message.includes('"method":"ping"')) asked = true;
		return postMessage.call(this, message, ...rest);
	};
	globalThis.setTimeout = (fn, ms, ...rest) => {
		const awaits = asked && ms === 1_000;
		if (awaits) asked = false;
		return later(fn, awaits ? 10 : ms, ...rest);
	};
	return true;
})()`

// endWorker is killWorkers, and waits until the browser has done it: a worker
// that is about to end may answer a last call. The tab has a connection to it.
func endWorker(t *testing.T, tab *tab, origin string) {
	t.Helper()
	eval[bool](tab, `navigator.locks.query().then(({ held }) => {
		globalThis.hosts = held.map(({ name }) => name).filter((name) => name.startsWith("oidcspa.host."));
		return true;
	})`)
	killWorkers(t, origin)
	eval[bool](tab, `(async () => {
		const held = async () => (await navigator.locks.query()).held.filter(({ name }) => hosts.includes(name)).length;
		while (await held() === hosts.length) // one that stands still in WebKit, and serves nobody, ends at no word
			await new Promise((resolve) => setTimeout(resolve, 10));
		return true;
	})()`)
}

// The browser ends the worker, and somebody else is signed in at the provider by
// then: the request of the page that shows the one does not go out as the other's.
func TestFetchOfWhomThePageShows(t *testing.T) {
	s := newStage(t).begin()
	s.honest.expectProblems()
	eval[bool](s.honest, impatient)
	endWorker(t, s.honest, s.app.origin)
	s.op.Edit(func() { s.op.Subject = "somebody-else" })
	s.api.requests()
	pay := "um.fetch('" + s.api.origin + "/digest', { method: 'POST', body: 'pay' })"
	if code := codeOf(s.honest, pay); code != "subject_changed" {
		t.Errorf("the request of the page that shows another: code %q", code)
	}
	if sent := s.api.requests(); len(sent) > 0 {
		t.Errorf("%d requests", len(sent))
	}
	// The app has heard of the new one, and calls for that one.
	if got := eval[string](s.honest, "um.getUser().then((u) => u.profile.sub)"); got != "somebody-else" {
		t.Errorf("the page shows %s", got)
	}
	if code := codeOf(s.honest, pay); code != "" || len(s.api.requests()) == 0 {
		t.Errorf("the request of the new one: code %q", code)
	}
}

// holdFirst keeps the first request to an endpoint without an answer until
// its sender gives up or the test ends. The channel is closed when it has come.
func holdFirst(t *testing.T, op *oidctest.OP, endpoint string) (asked <-chan struct{}) {
	first, end := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(end) })
	var came atomic.Bool
	op.Edit(func() {
		op.Hold = func(to string, r *http.Request) {
			if to != endpoint || came.Swap(true) {
				return
			}
			close(first)
			select {
			case <-r.Context().Done():
			case <-end:
			}
		}
	})
	return first
}

// A worker whose lock is lost lives on: it is asked, and answers.
func TestWorkerLosesItsLock(t *testing.T) {
	_, op, tab := signedIn(t)
	answer, asked := make(chan struct{}), make(chan struct{})
	var came atomic.Bool
	op.Edit(func() {
		op.Hold = func(to string, r *http.Request) {
			if to == oidctest.Token && !came.Swap(true) {
				close(asked)
				<-answer
			}
		}
	})
	eval[bool](tab, "globalThis.pending = um.signinSilent().then((u) => u.profile.sub, (e) => e.code), true")
	<-asked
	// The page asks the worker, whose word it awaits so long, and goes on to ask
	// after as long a pause when it has heard it.
	eval[bool](tab, `(() => {
		const later = setTimeout;
		globalThis.pauses = 0;
		globalThis.setTimeout = (fn, ms, ...rest) => {
			if (ms === 1_000) pauses++;
			return later(fn, ms, ...rest);
		};
		return true;
	})()`)
	stolen := eval[int](tab, `navigator.locks.query().then(({ held }) => Promise.all(held
	  .filter(({ name }) => name.startsWith("oidcspa.host."))
	  .map(({ name }) => navigator.locks.request(name, { steal: true }, () => 1)))).then((all) => all.length)`)
	if stolen != 1 {
		t.Errorf("%d locks of hosts, want 1", stolen)
	}
	tab.waitFor("pauses >= 2")
	close(answer)
	if got := eval[string](tab, "pending"); got != op.Subject {
		t.Errorf("the call that was under way: %q", got)
	}
}

// A page whose lock is lost is told that it was given up, and comes back.
func TestPageLosesItsLock(t *testing.T) {
	_, op, tab := signedIn(t)
	eval[bool](tab, "um.events.addUserLoaded(() => { globalThis.renewed = true; }), true")
	stolen := eval[int](tab, `navigator.locks.query().then(({ held }) => Promise.all(held
	  .filter(({ name }) => name.startsWith("oidcspa.page."))
	  .map(({ name }) => navigator.locks.request(name, { steal: true }, () => 1)))).then((all) => all.length)`)
	if stolen == 0 {
		t.Error("the page holds no lock")
	}
	tab.until("it has a connection again", func() bool {
		got := eval[string](tab, "um.signinSilent().then((u) => u.profile.sub, (e) => e.code)")
		if got != op.Subject && got != "runtime_stopped" {
			t.Fatalf("signinSilent: %q", got)
		}
		return got == op.Subject
	})
	tab.waitFor("globalThis.renewed")
	tab.expectProblems() // the browser reports a lock that is taken away
}

// A worker that dies takes its calls with it, with a code; the next call
// starts a new worker, which restores the session. getUser does so by itself.
func TestWorkerDies(t *testing.T) {
	a := newApp(t)
	a.keeps = false
	op, tab := newHostile(t, a), newTab(t)
	tab.visit(a.origin + "/")
	if code := signinCode(tab); code != "" {
		t.Fatalf("sign-in: code %q", code)
	}
	eval[bool](tab, impatient)
	asked := holdFirst(t, op, oidctest.Token)
	eval[bool](tab, "globalThis.pending = um.signinSilent().then(() => '', (e) => e.code), true")
	<-asked
	killWorkers(t, a.origin)
	if code := eval[string](tab, "pending"); code != "runtime_stopped" {
		t.Errorf("the pending call: code %q", code)
	}
	if got := eval[string](tab, userState); got != "somebody" {
		t.Errorf("getUser after the end of the worker: %s", got)
	}

	killWorkers(t, a.origin)
	_ = codeOf(tab, "um.stats({ collect: true })") // a new one
	asked = holdFirst(t, op, oidctest.Token)
	eval[bool](tab, "globalThis.pending = um.getUser().then((u) => u?.profile.sub, (e) => e.code), true")
	<-asked
	killWorkers(t, a.origin)
	if got := eval[string](tab, "pending"); got != op.Subject {
		t.Errorf("getUser at the end of the worker: %s", got)
	}
}

// A tab that is closed while the frame of a renewal is in it: the renewal
// moves to the tab that is left.
func TestTabClosesDuringRenewal(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	first := newTab(t)
	first.visit(a.origin + "/")
	if code := signinCode(first); code != "" {
		t.Fatalf("code %q", code)
	}
	second := first.sibling()
	second.visit(a.origin + "/")
	if got := eval[string](second, userState); got != "somebody" {
		t.Fatalf("in the second tab: %s", got)
	}
	asked := holdFirst(t, op, oidctest.Authorize)
	eval[bool](first, "um.signinSilent().catch(() => {}), true")
	<-asked
	eval[bool](second, "globalThis.pending = um.signinSilent().then((u) => u.profile.sub, (e) => e.code), true")
	first.close()
	if got := eval[string](second, "pending"); got != op.Subject {
		t.Errorf("the renewal in the second tab: %q", got)
	}
}
