package resource_test

import (
	"net/http"
	"testing"

	"github.com/oidcspa/oidcspa/internal/redistest"
	"github.com/oidcspa/oidcspa/resource"
	"github.com/oidcspa/oidcspa/resource/redisreplay"
)

// Two instances of an API share a Redis: what was used at one is refused at
// the other, and without Redis both refuse everything that needs it.
func TestRedisReplay(t *testing.T) {
	server := redistest.Start(t)
	p, c := newProvider(t), newClient(t)
	instance := func() http.Handler {
		return newMiddleware(t, p, func(config *resource.Config) {
			withDPoP(config)
			cache := redisreplay.New(redistest.NewClient(t, server.Socket))
			cache.Now = config.Now
			config.ReplayCache = cache
		}).Handler(reached)
	}
	one, two := instance(), instance()
	token := p.token(claims{"cnf": c.binding()})
	send := func(h http.Handler, proof string, status int, challenge string) {
		t.Helper()
		w := get(h, "Authorization", "DPoP "+token, "DPoP", proof)
		check(t, w, status, challenge)
		if again := w.Header().Get("Retry-After"); (again == "5") != (status == http.StatusServiceUnavailable) {
			t.Errorf("status %d with Retry-After %q", status, again)
		}
	}
	const replayed = `DPoP error="invalid_dpop_proof", error_description="dpop_replayed", ` + algs
	first, second, late := c.proof(token, nil), c.proof(token, nil), c.proof(token, nil)
	send(one, first, 204, "")
	send(one, first, 401, replayed)
	send(two, first, 401, replayed)
	send(two, second, 204, "")
	send(one, second, 401, replayed)

	server.Stop()
	for _, h := range []http.Handler{one, two} {
		send(h, first, http.StatusServiceUnavailable, "") // perhaps a replay
		send(h, late, http.StatusServiceUnavailable, "")  // perhaps not
		check(t, get(h, "Authorization", "Bearer "+p.token(nil)), 204, "")
	}
}
