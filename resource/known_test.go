//go:build known

package resource_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/resource"
)

// One person who signs in with many keys closes DPoP for somebody else: shares are of keys,
// and tokens for as many keys as one likes are those of one person.
func TestKnownManyKeysOfOnePerson(t *testing.T) {
	p := newProvider(t)
	m := newMiddleware(t, p, func(c *resource.Config) {
		withDPoP(c)
		c.ReplayCache = &resource.MemoryReplayCache{Limit: 1000, Now: c.Now}
	})
	h, n := m.Handler(reached), 0
	send := func(c *client, token string) int {
		n++
		proof := c.proof(token, claims{"jti": strconv.Itoa(n)})
		return get(h, "Authorization", "DPoP "+token, "DPoP", proof).Code
	}
	for range 100 { // each with some proofs, until it gets no more
		c := newClient(t)
		token := p.token(claims{"sub": "attacker", "cnf": c.binding()})
		for send(c, token) == 204 {
		}
	}
	c := newClient(t)
	token := p.token(claims{"sub": "somebody", "cnf": c.binding()})
	for i := range 50 {
		if status := send(c, token); status != 204 {
			t.Fatalf("request %d of somebody else: status %d", i+1, status)
		}
	}
}

// A clock that is set forward and back makes proofs good again.
func TestKnownReplayAfterClockStep(t *testing.T) {
	p, c, now := newProvider(t), newClient(t), noon
	h := newMiddleware(t, p, func(config *resource.Config) {
		withDPoP(config)
		config.Now = func() time.Time { return now }
	}).Handler(reached)
	token := p.token(claims{"cnf": c.binding()})
	proof := c.proof(token, nil)
	other := newClient(t)
	late := p.token(claims{"cnf": other.binding(), "exp": noon.Unix() + 7200})
	check(t, get(h, "Authorization", "DPoP "+token, "DPoP", proof), 204, "")
	now = noon.Add(time.Hour)
	check(t, get(h, "Authorization", "DPoP "+late, "DPoP", other.proof(late, claims{"iat": now.Unix()})), 204, "")
	now = noon.Add(time.Second)
	if w := get(h, "Authorization", "DPoP "+token, "DPoP", proof); w.Code == 204 {
		t.Error("a proof was used twice")
	}
}

// With an introspection endpoint that hangs, each request waits the whole timeout, also right
// after another one has; for keys there is a pause.
func TestKnownHangingIntrospection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const patience = 10 * time.Second
		r, m := introspecting(t, func(c *resource.Config) { c.Now = time.Now })
		h := m.Handler(reached)
		r.says(func(string) (*oidc.Response, error) {
			time.Sleep(patience)
			return nil, oidc.ErrTimeout
		})
		ask(h, "opaque")
		start := time.Now()
		if status := ask(h, "opaque"); status != 503 || time.Since(start) > time.Second {
			t.Errorf("status %d, after %v", status, time.Since(start))
		}
	})
}

// With an introspection endpoint that hangs, tokens that were good before make as many
// requests to it as there are of them.
func TestKnownUnboundedInquiries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := introspecting(t, func(c *resource.Config) {
			c.Now = time.Now
			c.Issuers[0].Introspection.UnknownTokens = 5000
		})
		h := m.Handler(reached)
		r.says(opaque(t, claims{"exp": time.Now().Unix() + 3600, "iat": nil}))
		for i := range 5000 {
			ask(h, strconv.Itoa(i))
		}
		time.Sleep(time.Minute)
		release := make(chan struct{})
		r.says(func(string) (*oidc.Response, error) {
			<-release
			return nil, oidc.ErrTimeout
		})
		before := r.times()
		var wait sync.WaitGroup
		for i := range 5000 {
			wait.Go(func() { ask(h, strconv.Itoa(i)) })
		}
		synctest.Wait()
		if open := r.times() - before; open > 500 {
			t.Errorf("%d requests are open at a provider that hangs", open)
		}
		close(release)
		wait.Wait()
	})
}

// Whoever sends tokens that nobody knows shuts out people whose token is new, as it is after
// each renewal.
func TestKnownFloodShutsOutNewTokens(t *testing.T) {
	now := noon
	r, m := introspecting(t, func(c *resource.Config) {
		c.Now = func() time.Time { return now }
	})
	good, bad := opaque(t, claims{"exp": noon.Unix() + 3600}), opaque(t, claims{"active": false})
	r.says(func(token string) (*oidc.Response, error) {
		if token[0] == 'g' {
			return good(token)
		}
		return bad(token)
	})
	h, passed := m.Handler(reached), 0
	for i := range 10_000 { // ten seconds, a thousand in each
		now = now.Add(time.Millisecond)
		ask(h, "bad"+strconv.Itoa(i))
		if i%100 == 50 && ask(h, "good"+strconv.Itoa(i)) == 204 {
			passed++
		}
	}
	if passed < 90 {
		t.Errorf("%d of 100 tokens that are new and good pass", passed)
	}
}

// After a restart nothing is known of anybody: what comes over the bound is refused with 503.
func TestKnownRestart(t *testing.T) {
	now := noon
	_, m := introspecting(t, func(c *resource.Config) { c.Now = func() time.Time { return now } })
	h, refused := m.Handler(reached), 0
	for i := range 2000 { // people, in one second
		now = now.Add(time.Millisecond / 2)
		if ask(h, "good"+strconv.Itoa(i)) == 503 {
			refused++
		}
	}
	if refused > 100 {
		t.Errorf("%d of 2000 good tokens are refused", refused)
	}
}

// What can never work is told at once, and by name.
func TestKnownConfig(t *testing.T) {
	tests := []struct {
		name string
		edit func(*resource.Config)
	}{
		{"an algorithm that is none", func(c *resource.Config) { c.Issuers[0].Algorithms = []string{"RS265"} }},
		{"an algorithm that is never accepted", func(c *resource.Config) { c.Issuers[0].Algorithms = []string{"HS256"} }},
		{"an algorithm of proofs that is never accepted", func(c *resource.Config) { withDPoP(c); c.DPoP.Algorithms = []string{"HS256"} }},
		{"two scopes in one text", func(c *resource.Config) { c.Scopes = []string{"read write"} }},
		{"a scope without a name", func(c *resource.Config) { c.Scopes = []string{""} }},
		{"a replay cache without room", func(c *resource.Config) { withDPoP(c); c.ReplayCache = &resource.MemoryReplayCache{Limit: -1} }},
		{"a path that servers clean", func(c *resource.Config) { c.Metadata.Resource = audience + "/a/../b" }},
		{"marks of a preset missing", func(c *resource.Config) { c.Issuers[0].Tokens = resource.Preset{HasNonce: true} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := resource.Config{Issuers: []resource.Issuer{{Issuer: issuer, Audiences: []string{audience}}}}
			tt.edit(&config)
			if _, err := resource.New(config); !errors.Is(err, oidc.ErrInvalidConfig) {
				t.Errorf("New: %v", err)
			}
		})
	}
}

// What is edited after New changes what passes: audiences are shared with the caller.
func TestKnownAudiencesAreShared(t *testing.T) {
	p, audiences := newProvider(t), []string{audience}
	h := newMiddleware(t, p, func(c *resource.Config) { c.Issuers[0].Audiences = audiences }).Handler(reached)
	audiences[0] = "https://other.example"
	check(t, get(h, "Authorization", "Bearer "+p.token(claims{"aud": "https://other.example"})), 401,
		`Bearer error="invalid_token", error_description="audience_mismatch"`)
}

// A scope that no token can have is the mistake of the API, not a lack of the client.
func TestKnownScopes(t *testing.T) {
	p := newProvider(t)
	h := newMiddleware(t, p, nil).Handler(reached, "read write")
	check(t, get(h, "Authorization", "Bearer "+p.token(nil)), http.StatusInternalServerError, "")
}

// The header of a token that nobody has signed is read whole.
func TestKnownLargeHeader(t *testing.T) {
	p := newProvider(t)
	var refused error
	h := newMiddleware(t, p, func(c *resource.Config) {
		c.Refused = func(_ *http.Request, err error) { refused = err }
	}).Handler(reached)
	header := []byte(`{"alg":"none"`)
	for i := range 20_000 {
		header = fmt.Appendf(header, `,"%d":0`, i)
	}
	request(h, "/things", "Authorization", "Bearer "+b64(append(header, '}'))+".e30.AAAA")
	if errors.Is(refused, oidc.ErrAlgNotAllowed) {
		t.Errorf("a header of %d bytes is parsed: %v", len(header), refused)
	}
}
