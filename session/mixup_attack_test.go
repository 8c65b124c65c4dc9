package session

import (
	"context"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

const (
	appOrigin   = "https://app.example.test"
	otherOrigin = "https://app.example.test:8443"
)

// An attacked is an app with two providers, one of which attacks.
type attacked struct {
	honest, attacker *oidctest.OP
	client           *Client
	tab              *tab
	steps            func() *Steps // of both; the attacker's are returned
}

// Do is [oidc.Transport]: it asks the provider that the address is of.
func (a *attacked) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	op := a.honest
	if strings.HasPrefix(req.URL, a.attacker.Base()+"/") {
		op = a.attacker
	}
	return op.Transport().Do(ctx, req)
}

// visit does what the browser does: it follows where the attacker leads.
func (a *attacked) visit(address string) string {
	for strings.HasPrefix(address, a.attacker.Base()+"/") {
		address = a.attacker.Visit(address)
	}
	if strings.HasPrefix(address, a.honest.Base()+"/") {
		address = a.honest.Visit(address)
	}
	return address
}

// newAttacked opens the client of the attacker, and of the honest provider what
// the page has.
func newAttacked(t *testing.T, row oidctest.MixUp, who present) *attacked {
	a := &attacked{honest: oidctest.New(t), attacker: oidctest.New(t)}
	a.attacker.Issuer = "https://evil.example.test"
	honestURI, attackerURI := row.Prepare(a.honest, a.attacker, appOrigin, otherOrigin)
	registry := NewRegistry(Config{Transport: a, Logf: t.Logf})
	open := func(op *oidctest.OP, uri string) (*Client, *tab) {
		tab := newTab(op)
		tab.frame = func(_ context.Context, url string) (string, error) { return a.visit(url), nil }
		tab.popup = func(_ context.Context, popup Popup) (string, error) { return a.visit(popup.URL), nil }
		settings := Settings{Issuer: op.Issuer, ClientID: op.ClientID, RedirectURI: uri, Scope: "openid", ManualRenew: true}
		client, err := registry.Open(settings, tab.page(), Hint{})
		if err != nil {
			t.Fatal(err)
		}
		return client, tab
	}
	a.steps = func() (attacker *Steps) {
		for _, settings := range []Settings{
			{Issuer: a.honest.Issuer, ClientID: a.honest.ClientID, RedirectURI: honestURI, Scope: "openid"},
			{Issuer: a.attacker.Issuer, ClientID: a.attacker.ClientID, RedirectURI: attackerURI, Scope: "openid"},
		} {
			var err error
			if attacker, err = registry.OpenSteps(settings, newTab(a.honest).page()); err != nil {
				t.Fatal(err)
			}
		}
		return attacker
	}
	switch who {
	case both:
		open(a.honest, honestURI)
	case bothWithOneSilentURI:
		for _, issuer := range []string{a.honest.Issuer, a.attacker.Issuer} {
			registry.Meet(Peer{issuer, []string{honestURI}})
		}
	case nobody:
		return a
	}
	a.client, a.tab = open(a.attacker, attackerURI)
	return a
}

// Which clients there are.
type present int

const (
	attackerAlone present = iota
	both
	bothWithOneSilentURI // which is the one at which the response arrives
	nobody               // but for the steps
)

// act is the sign-in with the attacker.
func (a *attacked) act(ctx context.Context, flow oidctest.Flow) error {
	var err error
	switch flow {
	case oidctest.FlowFrame:
		_, err = a.client.SigninSilent(ctx, SigninArgs{})
	case oidctest.FlowPopup:
		_, err = a.client.SigninPopup(ctx, SigninArgs{})
	default:
		if err = a.client.SigninRedirect(ctx, SigninArgs{}); err == nil {
			_, err = a.client.SigninCallback(ctx, a.visit(a.tab.address))
		}
	}
	return err
}

// TestMixUps does what [oidctest.MixUps] says. A row passes if the error is
// the one expected, and the code of the honest provider goes nowhere.
func TestMixUps(t *testing.T) {
	for _, row := range oidctest.MixUps() {
		t.Run(row.Name, func(t *testing.T) {
			a := newAttacked(t, row, both)
			err := a.act(t.Context(), row.Flow)
			mustFail(t, string(row.Flow), err, row.Want)
			if a.attacker.Count(oidctest.Token)+a.honest.Count(oidctest.Token) != 0 {
				t.Error("a token request was sent")
			}
			if user, _ := a.client.User(t.Context()); user != nil {
				t.Error("somebody is signed in")
			}
			if came := a.honest.Count(oidctest.Authorize) == 1; came == row.Stays {
				t.Errorf("the browser came to the honest provider: %t", came)
			}
		})
	}
}

// The program need not know the honest provider, if its redirect URI differs
// in more than a rewrite.
func TestMixUpsWithAnUnknownProvider(t *testing.T) {
	for _, row := range oidctest.MixUps() {
		if row.Want != oidc.ErrRedirectURIMismatch || oidc.FitRedirectURI(appOrigin+row.Attacker, appOrigin+row.Honest) > 0 && !row.OtherOrigin {
			continue
		}
		t.Run(row.Name, func(t *testing.T) {
			a := newAttacked(t, row, attackerAlone)
			mustFail(t, string(row.Flow), a.act(t.Context(), row.Flow), oidc.ErrRedirectURIMismatch)
			if a.attacker.Count(oidctest.Token) != 0 {
				t.Error("a token request was sent")
			}
		})
	}
}

// A redirect URI that both providers use, as for silent sign-ins, is the other
// one's, too.
func TestMixUpsAtARedirectURIOfBoth(t *testing.T) {
	for _, row := range oidctest.MixUps() {
		if row.Iss != oidctest.IssNone || row.Stays {
			continue
		}
		t.Run(row.Name, func(t *testing.T) {
			a := newAttacked(t, row, bothWithOneSilentURI)
			mustFail(t, string(row.Flow), a.act(t.Context(), row.Flow), oidc.ErrRedirectURIMismatch)
			if a.attacker.Count(oidctest.Token) != 0 {
				t.Error("a token request was sent")
			}
		})
	}
}

// An app that makes the steps itself has the same defence.
func TestMixUpsOfSteps(t *testing.T) {
	for _, row := range oidctest.MixUps() {
		if row.Flow != oidctest.FlowRedirect {
			continue
		}
		t.Run(row.Name, func(t *testing.T) {
			a := newAttacked(t, row, nobody)
			steps := a.steps()
			request, err := steps.Signin(t.Context(), SigninArgs{})
			if err == nil {
				_, err = steps.SigninResponse(t.Context(), a.visit(request.URL), ResponseArgs{})
			}
			mustFail(t, "the sign-in", err, row.Want)
			if a.attacker.Count(oidctest.Token) != 0 {
				t.Error("a token request was sent")
			}
		})
	}
}
