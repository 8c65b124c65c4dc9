package resource_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/resource"
)

// The signature of a token is verified once, and all else at each request.
func TestVerifiedTokens(t *testing.T) {
	p, c := newProvider(t), newClient(t)
	now := noon
	m := newMiddleware(t, p, func(config *resource.Config) {
		withDPoP(config)
		config.Now = func() time.Time { return now }
	})
	anybody, admin := m.Handler(reached), m.Handler(reached, "admin")
	strong, recent := m.Require(reached, resource.Requirement{ACRValues: []string{"mfa"}}), m.Require(reached, resource.Requirement{MaxAge: time.Minute})
	token := p.token(claims{"acr": "pwd", "auth_time": noon.Unix(), "nbf": noon.Unix()})
	bound := p.token(claims{"cnf": c.binding()})
	proof := c.proof(bound, nil)
	tests := []struct {
		name   string
		h      http.Handler
		at     time.Duration
		fields []string
		status int
	}{
		{"first sight", anybody, 0, []string{"Authorization", "Bearer " + token}, 204},
		{"again", anybody, 0, []string{"Authorization", "Bearer " + token}, 204},
		{"where a scope is missing", admin, 0, []string{"Authorization", "Bearer " + token}, 403},
		{"where the sign-in is not strong enough", strong, 0, []string{"Authorization", "Bearer " + token}, 401},
		{"where it is recent enough", recent, 90 * time.Second, []string{"Authorization", "Bearer " + token}, 204},
		{"where it is too long ago", recent, 91 * time.Second, []string{"Authorization", "Bearer " + token}, 401},
		{"by a clock that goes back", anybody, -31 * time.Second, []string{"Authorization", "Bearer " + token}, 401},
		{"with another signature", anybody, 0, []string{"Authorization", "Bearer " + token[:len(token)-2] + "AA"}, 401},
		{"cut", anybody, 0, []string{"Authorization", "Bearer " + token[:len(token)-1]}, 401},
		{"with a sign more", anybody, 0, []string{"Authorization", "Bearer " + token + "A"}, 401},
		{"with padding", anybody, 0, []string{"Authorization", "Bearer " + token + "="}, 401},
		{"as a token that is bound", anybody, 0, []string{"Authorization", "DPoP " + token, "DPoP", c.proof(token, nil)}, 401},
		{"bound, first sight", anybody, 0, []string{"Authorization", "DPoP " + bound, "DPoP", proof}, 204},
		{"bound, without a proof", anybody, 0, []string{"Authorization", "DPoP " + bound}, 401},
		{"bound, with the same proof", anybody, 0, []string{"Authorization", "DPoP " + bound, "DPoP", proof}, 401},
		{"bound, with the proof of somebody else", anybody, 0, []string{"Authorization", "DPoP " + bound, "DPoP", newClient(t).proof(bound, nil)}, 401},
		{"bound, as a bearer token", anybody, 0, []string{"Authorization", "Bearer " + bound}, 401},
		{"bound, with another proof", anybody, 0, []string{"Authorization", "DPoP " + bound, "DPoP", c.proof(bound, nil)}, 204},
		{"just before its end", anybody, 5*time.Minute + 29*time.Second, []string{"Authorization", "Bearer " + token}, 204},
		{"at its end", anybody, 5*time.Minute + 30*time.Second, []string{"Authorization", "Bearer " + token}, 401},
	}
	for _, tt := range tests {
		now = noon.Add(tt.at)
		if w := get(tt.h, tt.fields...); w.Code != tt.status {
			t.Errorf("%s: status %d, want %d: %s", tt.name, w.Code, tt.status, w.Header().Get("WWW-Authenticate"))
		}
	}
}

// A token that was verified by a key that is withdrawn is not good any more, and one
// that another API takes is not good here.
func TestVerifiedByAnotherKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(t)
		now := noon
		h := at(t, p, &now)
		other := newMiddleware(t, p, func(c *resource.Config) { c.Issuers[0].Audiences = []string{"other"} }).Handler(reached)
		token := p.token(claims{"exp": noon.Unix() + 7200})
		for range 2 {
			check(t, get(h, "Authorization", "Bearer "+token), 204, "")
			check(t, get(other, "Authorization", "Bearer "+token), 401, `Bearer error="invalid_token", error_description="audience_mismatch"`)
		}
		p.rotate("key-1") // by its name it is the same
		now = now.Add(time.Hour)
		get(h, "Authorization", "Bearer "+token)
		synctest.Wait()
		check(t, get(h, "Authorization", "Bearer "+token), 401, `Bearer error="invalid_token", error_description="signature_invalid"`)
	})
}

// What a handler does with the claims of its request is no other's concern.
func TestClaimsAreOfTheRequest(t *testing.T) {
	p := newProvider(t)
	h := newMiddleware(t, p, nil).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		c := resource.ClaimsFrom(r.Context())
		if c.Subject != mark+"-user" || c.Scopes[0] != "read" || c.Audience[0] != audience || c.Roles[0] != "user" || c.Members["x"] != nil || c.Members["iss"] == nil {
			t.Errorf("the claims are those that another request has changed: %+v", c)
		}
		c.Subject, c.Scopes[0], c.Audience[0], c.Roles[0], c.Expiry = "x", "admin", "x", "admin", 1<<40
		c.Members["x"] = c.Members["iss"]
		delete(c.Members, "iss")
	}), "read")
	token := p.token(claims{"roles": []string{"user"}})
	for range 3 {
		get(h, "Authorization", "Bearer "+token)
	}
}

// Again, a token costs a fraction of the first time, also in what is allocated, and no more
// where there are two issuers, or one that is asked about other tokens.
func TestVerifiedTokensCostLess(t *testing.T) {
	p := newProvider(t)
	allocations := func(limit int, edit func(*resource.Config)) float64 {
		h := newMiddleware(t, p, func(c *resource.Config) {
			c.VerifiedTokens = limit
			edit(c)
		}).Handler(reached)
		token := p.token(nil)
		return testing.AllocsPerRun(20, func() { get(h, "Authorization", "Bearer "+token) })
	}
	least := allocations(0, moreIssuers["one issuer"])
	for name, edit := range moreIssuers {
		first, again := allocations(-1, edit), allocations(0, edit)
		if again > first/2 || again > least+2 {
			t.Errorf("%s: %.0f allocations again, %.0f at first", name, again, first)
		} else {
			t.Logf("%s: %.0f allocations again, %.0f at first, with those of the test", name, again, first)
		}
	}
}

// moreIssuers are settings in which a token does not say whose it is before it is read.
var moreIssuers = map[string]func(*resource.Config){
	"one issuer": func(*resource.Config) {},
	"two issuers": func(c *resource.Config) {
		second := resource.Issuer{Issuer: "https://second.example", Audiences: []string{audience}}
		c.Issuers = append([]resource.Issuer{second}, c.Issuers...)
	},
	"one that takes opaque tokens": func(c *resource.Config) {
		c.Issuers[0].Introspection = &resource.Introspection{
			ClientID: "api", Authentication: oidc.ClientAuthentication{Secret: "x"}, Endpoint: issuer + "/introspect",
		}
	},
}

// BenchmarkRequest has a handler that looks at the claims.
func BenchmarkRequest(b *testing.B) {
	p := newProvider(b)
	run := func(name string, limit int, edit func(*resource.Config)) {
		b.Run(name, func(b *testing.B) {
			h := newMiddleware(b, p, func(c *resource.Config) {
				c.VerifiedTokens = limit
				edit(c)
			}).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { resource.ClaimsFrom(r.Context()) }))
			r, _ := http.NewRequestWithContext(b.Context(), http.MethodGet, "/things", nil)
			r.Header.Set("Authorization", "Bearer "+p.token(nil))
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(nil, r)
			}
		})
	}
	run("first", -1, moreIssuers["one issuer"])
	for name, edit := range moreIssuers {
		run("again, "+name, 0, edit)
	}
}
