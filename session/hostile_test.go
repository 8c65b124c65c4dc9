package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// TestHostileTable does what [oidctest.Cases] says. A row passes if the
// error is the one expected, nothing more is asked of the provider within the
// hour, nobody is signed in who was not before, no event says otherwise, and
// no error and no log line holds a secret.
func TestHostileTable(t *testing.T) {
	var tally oidctest.Tally
	for _, c := range oidctest.Cases() {
		tally.Add(c, t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newVictim(t, c).run() })
		}))
	}
	fmt.Println(tally)
}

// A victim is a client in one row of the table.
type victim struct {
	*world
	c      oidctest.Case
	client *Client
	tab    *tab

	mu  sync.Mutex
	log []string
}

func newVictim(t *testing.T, c oidctest.Case) *victim {
	v := &victim{world: newWorld(t), c: c}
	c.Prepare(v.op)
	v.settings.Issuer = v.op.Issuer
	v.settings.LoadUserinfo = true
	v.settings.ManualRenew = true
	if c.MaxAge != 0 {
		v.settings.Request.MaxAge = &c.MaxAge
	}
	v.settings.Request.Claims = c.Claims
	v.settings.Request.ResponseMode = c.ResponseMode
	v.settings.DPoP = c.DPoP
	v.settings.Provider.TrustedAudiences = strings.Join(c.TrustedAudiences, " ")
	v.settings.Provider.Tenants = strings.Join(c.AllowedTenants, " ")
	v.registry = NewRegistry(Config{Transport: v.transport, NewKey: newES256, Logf: func(format string, args ...any) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.log = append(v.log, fmt.Sprintf(format, args...))
	}})
	v.client, v.tab = v.open(false)
	v.tab.frame = func(_ context.Context, url string) (string, error) {
		if address := v.op.Visit(url); address != "" {
			return address, nil
		}
		return "", ErrFrameNoResponse
	}
	return v
}

func (v *victim) run() {
	t := v.t
	var before *User
	if v.c.SignedInBefore() {
		before = v.signIn(v.client, v.tab)
	}
	v.tab.heard()
	v.c.Strike(v.op)
	err := v.act()
	if !errors.Is(err, v.c.Want) && (err != nil || v.c.Want != "") {
		t.Errorf("error %v, want %q", err, string(v.c.Want))
	}
	v.checkUser(before)
	if v.c.Want != "" {
		time.Sleep(50 * time.Minute) // in the bubble's time: late requests would come now
		synctest.Wait()
		v.checkUser(before)
	}
	if err := v.c.CheckRequests(v.op); err != nil {
		t.Error(err)
	}
	v.checkSecrets(err)
}

// act does what the row is about.
func (v *victim) act() error {
	switch v.c.Flow {
	case oidctest.FlowFrame:
		return v.renew()
	case oidctest.FlowRefresh:
		if err := v.renew(); err != nil || v.c.Want != "" {
			return err
		}
		return v.renew() // what the first one brought has to work
	case oidctest.FlowSignout:
		if err := v.client.SignoutRedirect(v.t.Context(), SignoutArgs{}); err != nil {
			return err
		}
		_, err := v.client.SignoutCallback(v.t.Context(), v.op.Visit(v.tab.address))
		return err
	}
	if err := v.client.SigninRedirect(v.t.Context(), SigninArgs{}); err != nil {
		return err
	}
	_, err := v.client.SigninCallback(v.t.Context(), v.op.Visit(v.tab.address))
	return err
}

func (v *victim) renew() error {
	_, err := v.client.SigninSilent(v.t.Context(), SigninArgs{})
	return err
}

// checkUser checks who is signed in, and that the events say so.
func (v *victim) checkUser(before *User) {
	user, err := v.client.User(v.t.Context())
	if err != nil {
		v.t.Errorf("User: %v", err)
	}
	heard := v.tab.heard()
	loaded := slices.Contains(heard, UserLoaded)
	switch {
	case v.c.Flow == oidctest.FlowSignout:
		if user != nil || loaded {
			v.t.Error("somebody is signed in after the sign-out")
		}
	case v.c.Want != "":
		if user != before || len(heard) != 0 {
			v.t.Errorf("the user changed, or an event says so: %v", heard)
		}
	case user == nil || user == before || user.Subject() != v.op.Subject || !loaded:
		v.t.Errorf("nobody, or the wrong one, is signed in; the events are %v", heard)
	}
}

// checkSecrets looks for secrets where text is made of what happened.
func (v *victim) checkSecrets(err error) {
	texts := v.log
	var refusal *oidc.ProviderError // what the provider wrote is shown, too
	if errors.As(err, &refusal) {
		texts = append(texts, refusal.ErrorCode, refusal.Description, refusal.URI)
	}
	for ; err != nil; err = errors.Unwrap(err) {
		texts = append(texts, fmt.Sprintf("%v %+v %#v", err, err, err))
	}
	secrets := v.op.Secrets()
	if len(secrets) == 0 && v.op.Count(oidctest.Authorize) > 0 {
		v.t.Error("no secret has passed: the search could not fail")
	}
	for _, text := range texts {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				v.t.Errorf("an error or a log line holds a secret of %d characters", len(secret))
			}
		}
	}
}
