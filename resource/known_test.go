//go:build known

package resource_test

import (
	"strconv"
	"testing"
	"time"

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
