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

// newAttacked opens the client of the attacker, and that of the honest
// provider if the page has it.
func newAttacked(t *testing.T, row oidctest.MixUp, both bool) *attacked {
	a := &attacked{honest: oidctest.New(t), attacker: oidctest.New(t)}
	a.attacker.Issuer = "https://evil.example.test"
	honestURI, attackerURI := row.Prepare(a.honest, a.attacker, appOrigin, otherOrigin)
	registry := NewRegistry(Config{Transport: a, Logf: t.Logf})
	open := func(op *oidctest.OP, uri string) (*Client, *tab) {
		tab := newTab(op)
		tab.frame = func(_ context.Context, url string) (string, error) { return a.visit(url), nil }
		tab.popup = func(_ context.Context, popup Popup) (string, error) { return a.visit(popup.URL), nil }
		client, err := registry.Open(Settings{
			Issuer: op.Issuer, ClientID: op.ClientID, RedirectURI: uri, Scope: "openid", ManualRenew: true,
		}, tab.page(), false)
		if err != nil {
			t.Fatal(err)
		}
		return client, tab
	}
	if both {
		open(a.honest, honestURI)
	}
	a.client, a.tab = open(a.attacker, attackerURI)
	return a
}

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
			a := newAttacked(t, row, true)
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
			a := newAttacked(t, row, false)
			mustFail(t, string(row.Flow), a.act(t.Context(), row.Flow), oidc.ErrRedirectURIMismatch)
			if a.attacker.Count(oidctest.Token) != 0 {
				t.Error("a token request was sent")
			}
		})
	}
}
