//go:build !js

package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/demo/op"
	"github.com/oidcspa/oidcspa/demo/recorder"
	"github.com/oidcspa/oidcspa/e2e/compat/peer"
)

// A provider is where the tests sign in.
type provider struct {
	issuer  string
	log     *recorder.Recorder
	secrets *secrets
}

// options are what tests want of a provider.
type options struct {
	refreshTokens bool
	lifetime      time.Duration // of access tokens
}

// newGoOIDC starts the embedded provider for the app.
func newGoOIDC(t testing.TB, a *app, o options) *provider {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	issuer := localhost(t, server.Listener.Addr())
	p, err := op.New(op.Config{
		Issuer:              issuer,
		IssueRefreshTokens:  o.refreshTokens,
		AccessTokenLifetime: o.lifetime,
		Clients: []op.Client{{
			ID:                     clientID,
			RedirectURIs:           []string{a.redirectURI()},
			PostLogoutRedirectURIs: []string{a.origin + "/"},
			Origins:                []string{a.origin},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	log, secrets := recorder.New(p.Paths()), &secrets{}
	server.Config.Handler = log.Wrap(secrets.wrap(p))
	server.Start()
	t.Cleanup(server.Close)
	a.set("authority", issuer)
	return &provider{issuer: issuer, log: log, secrets: secrets}
}

// newPeer starts npm's oidc-provider for the app. Without its packages the
// test is skipped, but not under make compat.
func newPeer(t *testing.T, a *app) *provider {
	t.Helper()
	secrets := &secrets{}
	p := peer.For(t, peer.Config{
		ClientID:               clientID,
		RedirectURIs:           []string{a.redirectURI()},
		PostLogoutRedirectURIs: []string{a.origin + "/"},
		Origins:                []string{a.origin},
		Wrap:                   secrets.wrap,
	})
	a.set("authority", p.Issuer)
	return &provider{issuer: p.Issuer, log: p.Recorder, secrets: secrets}
}

// signIn goes through the provider's login form, as a person does.
func (p *provider) signIn(tab *tab) {
	tab.t.Helper()
	p.toLogin(tab)
	tab.fill("input[name=username]", "demo")
	tab.fill("input[name=password]", "demo")
	tab.clickOn("button[value=sign-in]")
	tab.waitReady()
	eval[bool](tab, "callback.then(() => true)")
}

// toLogin starts a sign-in and waits for the login form.
func (p *provider) toLogin(tab *tab) {
	tab.t.Helper()
	eval[void](tab, "void um.signinRedirect({state: {page: 7}})")
	tab.waitFor("document.querySelector('input[name=password]') !== null")
}

// signOut signs out at the app and, where the provider asks, there.
func (p *provider) signOut(tab *tab) {
	tab.t.Helper()
	eval[void](tab, "globalThis.ready = false, void um.signoutRedirect()")
	tab.waitFor("globalThis.ready === true || document.querySelector('button[value=sign-out], button[value=yes]') !== null")
	if eval[bool](tab, "globalThis.ready !== true") {
		tab.clickOn("button[value=sign-out], button[value=yes]")
	}
	tab.waitReady()
	eval[bool](tab, "Promise.resolve(globalThis.callback).then(() => true)")
}

// counts returns how often each kind of request was made.
func (p *provider) counts() map[recorder.Kind]int {
	counts := map[recorder.Kind]int{}
	for _, entry := range p.log.Entries() {
		if entry.Kind != recorder.Preflight && entry.Kind != recorder.Login && entry.Kind != recorder.Other {
			counts[entry.Kind]++
		}
	}
	return counts
}

// secrets are what passed between client and provider and must be found
// nowhere in the browser.
type secrets struct {
	mu     sync.Mutex
	values []string
}

// secretParameters are those whose values are secrets.
var secretParameters = []string{
	"code", "code_verifier", "nonce", "access_token", "refresh_token", "id_token", "id_token_hint",
}

func (s *secrets) add(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if value != "" && !slices.Contains(s.values, value) {
		s.values = append(s.values, value)
	}
}

func (s *secrets) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.values)
}

// collect adds the secrets among parameters.
func (s *secrets) collect(parameters url.Values) {
	for _, name := range secretParameters {
		for _, value := range parameters[name] {
			s.add(value)
		}
	}
}

// wrap collects the secrets that pass through a provider.
func (s *secrets) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.collect(r.URL.Query())
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if form, err := url.ParseQuery(string(body)); err == nil {
			s.collect(form)
		}
		tee := &tee{ResponseWriter: w}
		next.ServeHTTP(tee, r)
		if location, err := url.Parse(w.Header().Get("Location")); err == nil {
			s.collect(location.Query())
		}
		var tokens map[string]any
		if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") &&
			json.Unmarshal(tee.body.Bytes(), &tokens) == nil {
			for _, name := range secretParameters {
				value, _ := tokens[name].(string)
				s.add(value)
			}
		}
	})
}

// tee keeps a copy of an answer.
type tee struct {
	http.ResponseWriter
	body bytes.Buffer
}

func (w *tee) Write(p []byte) (int, error) {
	w.body.Write(p)
	return w.ResponseWriter.Write(p)
}
