//go:build !js

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// moments are the endpoints that a restoring worker asks; the last one is any
// moment of a renewal.
var moments = []string{oidctest.Discovery, oidctest.JWKS, oidctest.Authorize, oidctest.Token, "renewal"}

// The worker dies at random moments: whatever was asked fails with a code or
// has succeeded, and the next call finds the session again.
func TestFaultWorkerDies(t *testing.T) {
	r := newRig(t)
	random := newRandom(t)
	first := r.signedIn()
	second := r.another(first)
	for range 2 {
		for _, i := range random.Perm(len(moments)) {
			if moments[i] == "renewal" {
				r.diesRenewing(t, random.IntN(10), first, second)
			} else {
				r.diesRestoring(t, moments[i], first, second)
			}
		}
	}
	r.check(first, second)
}

// diesRenewing ends the worker some messages after a renewal began.
func (r *rig) diesRenewing(t *testing.T, messages int, tabs ...*tab) {
	t.Helper()
	begin(tabs, "[um.signinSilent(), um.getUser(), um.signinSilent()]")
	for range messages {
		eval[bool](tabs[0], "um.stats({ collect: true }).then(() => true, () => true)")
	}
	endWorker(t, tabs[0], r.origin)
	r.survives(t, fmt.Sprintf("%d messages after the beginning of a renewal", messages), tabs)
}

// diesRestoring ends the worker when it waits for an answer of the endpoint.
func (r *rig) diesRestoring(t *testing.T, endpoint string, tabs ...*tab) {
	t.Helper()
	s := r.op.fail(endpoint, slow, 1) // before: the pages restore by themselves, too
	for i, tab := range tabs {
		if i == 0 {
			restarted(t, r, tab)
		}
		_ = codeOf(tab, "um.stats({ collect: true })")
		_ = codeOf(tab, "um.stats({ collect: true })")
	}
	begin(tabs, "[um.getUser(), um.stats({ collect: true }), um.getUser()]")
	s.wait(t)
	endWorker(t, tabs[0], r.origin)
	r.survives(t, "restoring, at "+endpoint, tabs)
}

// begin makes calls in all tabs, and keeps what they come to.
func begin(tabs []*tab, calls string) {
	for _, tab := range tabs {
		eval[bool](tab, fmt.Sprintf(
			"globalThis.outcomes = Promise.all(%s.map((call) => call.then(() => '', (e) => e.code ?? String(e)))), true", calls))
	}
}

// survives checks what the calls came to, and that all is well.
func (r *rig) survives(t *testing.T, when string, tabs []*tab) {
	t.Helper()
	for _, tab := range tabs {
		got := eval[string](tab, "outcomes.then((codes) => codes.join(' '))")
		for code := range strings.FieldsSeq(got) {
			if code != "runtime_stopped" {
				t.Errorf("the worker died %s: codes %q", when, got)
			}
		}
	}
	r.op.heal()
	for _, tab := range tabs {
		_ = codeOf(tab, "um.stats({ collect: true })") // a tab whose calls had succeeded before hears of it now
		r.recovers(t, tab, "the worker died "+when)
	}
}

// Two clients of one provider and one of another, on one page: what happens to
// one of them does not concern the others.
func TestFaultClientsOnOnePage(t *testing.T) {
	r := newRig(t)
	r.op.addClient("second")
	elsewhere := newFaulty(t, r.app, "localhost")
	elsewhere.Edit(func() { elsewhere.Subject = "somebody-elsewhere" })
	r.set("authority", r.op.Issuer)
	tab := r.open()
	eval[bool](tab, fmt.Sprintf(`globalThis.managers = [um,
	  tracked(new oidc.UserManager({...settings, client_id: "second"})),
	  tracked(new oidc.UserManager({...settings, authority: %q}))], true`, elsewhere.Issuer))
	const states = `Promise.all(managers.map((m) => m.getUser().then((u) => u?.profile.sub ?? "nobody", (e) => e.code))).then((all) => all.join(" "))`
	want := func(when, want string) {
		t.Helper()
		if got := eval[string](tab, states); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	all := strings.Join([]string{r.op.Subject, "subject-of-second", "somebody-elsewhere"}, " ")
	if code := codeOf(tab, "Promise.all(managers.map((m) => m.signinSilent()))"); code != "" {
		t.Fatalf("signing in all three: code %q", code)
	}
	want("signed in", all)

	s := r.op.fail(oidctest.Token, offline, 1000)
	codes := eval[string](tab, "Promise.all(managers.map((m) => m.signinSilent().then(() => 'renewed', (e) => e.code))).then((all) => all.join(' '))")
	s.wait(t)
	if codes != "network network renewed" {
		t.Errorf("one provider is offline: %s", codes)
	}
	r.op.heal()
	want("after that", all)

	endWorker(t, tab, r.origin)
	eval[bool](tab, "Promise.allSettled(managers.map((m) => m.stats())).then(() => true)")
	want("with a new worker", all)

	eval[bool](tab, "managers[1].removeUser().then(() => true)")
	want("one is signed out", strings.Replace(all, "subject-of-second", "nobody", 1))
	elsewhere.check()
	r.check(tab)
}
