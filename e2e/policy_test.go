//go:build !js

package e2e

import (
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/web"
)

// A policy that the server has changed counts for browsers that were there
// before: the next worker has it.
func TestChangedPolicy(t *testing.T) {
	a := newApp(t)
	a.setHost("dedicated") // a worker for each page
	op := newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if code := codeOf(tab, "um.signinSilent()"); code != "" {
		t.Fatalf("with every connection allowed: code %q", code)
	}
	a.setPolicy(t, web.Policy{}) // the provider is forgotten
	a.expectReports()
	tab.expectProblems()
	asked := op.Count(oidctest.Discovery)
	tab.visit(a.origin + "/")
	if code := codeOf(tab, "um.signinSilent()"); code != "network" {
		t.Errorf("with no connection allowed: code %q", code)
	}
	if n := op.Count(oidctest.Discovery); n != asked {
		t.Errorf("the provider was asked %d times", n-asked)
	}
	a.setPolicy(t, web.Policy{ConnectSrc: op.Issuer})
	tab.visit(a.origin + "/")
	if code := codeOf(tab, "um.signinSilent()"); code != "" {
		t.Errorf("with the provider allowed: code %q", code)
	}
}
