//go:build !js

package e2e

import (
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// TestProfiles takes the providers that people have through the whole product in the
// browser: sign-in, renewal, sign-out, in one tab. What a profile limits fails with its
// code, and works with its setting; what waits is left out. Package session has the rest.
func TestProfiles(t *testing.T) {
	a, tab := newApp(t), newTab(t)
	tab.expectProblems() // the browser logs what it could not fetch
	for _, p := range oidctest.Profiles() {
		if p.Waits[oidctest.StepSignin] != "" {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			tab.t = t
			r := newProfileRow(t, a, tab, &p)
			if limit := p.Limit(oidctest.StepSignin); limit != nil {
				r.begin()
				r.expect("sign-in without the setting", r.leave("um.signinRedirect()"), limit.Code)
				a.set(limit.Setting, limit.Value)
			}
			r.begin()
			r.expect("sign-in", r.leave("um.signinRedirect()"), "")
			asked := r.op.Count(oidctest.Token)
			r.expect("renewal", eval[outcome](tab, observe("um.signinSilent()")), "")
			if r.op.Count(oidctest.Token) == asked {
				t.Error("renewal: nobody was asked for tokens")
			}
			r.signout()
		})
		tab.t = t
	}
}

// A profileRow is one provider in the tab.
type profileRow struct {
	*row
	p *oidctest.Profile
}

// newProfileRow serves a provider as the profile says, and sets what the app needs.
func newProfileRow(t *testing.T, a *app, tab *tab, p *oidctest.Profile) *profileRow {
	op := oidctest.New(t)
	op.Issuer, op.ClientID = serve(t, op), clientID
	p.Play(op)
	for name, value := range map[string]string{
		"metadataUrl": op.Address(p.MetadataURL), "scope": p.Scope, "client_secret": "",
	} {
		if a.set(name, value); value == "" {
			a.set(name, nil)
		}
	}
	if p.Scope == "" {
		a.set("scope", "openid profile")
	}
	a.set("loadUserInfo", p.Userinfo != "")
	return &profileRow{&row{t: t, app: a, tab: tab, op: op}, p}
}

// expect compares a code, and who is signed in.
func (r *profileRow) expect(what string, after outcome, code oidc.Code) {
	r.t.Helper()
	if after.Code != string(code) {
		r.t.Fatalf("%s: code %q, want %q: %s", what, after.Code, string(code), after.Text)
	}
	if code == "" && (after.Token == "" || after.Sub != r.op.Subject) {
		r.t.Fatalf("%s: %q is signed in, want %q", what, after.Sub, r.op.Subject)
	}
}

// signout signs out, if somebody comes back from there, or nobody leaves.
func (r *profileRow) signout() {
	limit, code, call := r.p.Limit(oidctest.StepSignout), oidc.Code(""), "um.signoutRedirect()"
	switch {
	case r.p.Waits[oidctest.StepSignout] != "":
		return
	case limit != nil && limit.Setting != "":
		call = "um.signoutRedirect({ extraQueryParams: { client_id: settings.client_id, logout_uri: settings.post_logout_redirect_uri } })"
	case limit != nil:
		code = limit.Code
	case r.p.Signout.Returns == "":
		return
	}
	r.c.Flow = oidctest.FlowSignout
	after := r.leave(call)
	if after.Code != string(code) || after.Token != "" {
		r.t.Errorf("sign-out: code %q, want %q; %q is signed in", after.Code, string(code), after.Sub)
	}
}
