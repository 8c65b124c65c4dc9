package resource_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/resource"
)

const algs = `algs="ES256 EdDSA Ed25519"`

func TestDPoP(t *testing.T) {
	p, c, other := newProvider(t), newClient(t), newClient(t)
	token := p.token(claims{"cnf": c.binding()})
	with := func(edit claims) []string {
		return []string{"Authorization", "DPoP " + token, "DPoP", c.proof(token, edit)}
	}
	refused := func(reason, code string) string {
		return `DPoP error="` + reason + `", error_description="` + code + `", ` + algs
	}
	proof := func(code string) string { return refused("invalid_dpop_proof", code) }
	tests := []struct {
		name      string
		fields    []string
		status    int
		challenge string
	}{
		{"7.1 good", with(nil), 204, ""},
		{"7.1 scheme in lower case", []string{"Authorization", "dpop " + token, "DPoP", c.proof(token, nil)}, 204, ""},
		{"7.2 a bearer token, too", []string{"Authorization", "Bearer " + p.token(nil)}, 204, ""},
		{"7.2 nothing sent", nil, 401, `Bearer, DPoP ` + algs},
		{"7.2 a bearer token that is none", []string{"Authorization", "Bearer " + p.token(claims{"exp": 1})}, 401,
			`Bearer error="invalid_token", error_description="token_expired", DPoP ` + algs},
		{"7.2 bound, as a bearer token", []string{"Authorization", "Bearer " + token, "DPoP", c.proof(token, nil)}, 401,
			`Bearer error="invalid_token", error_description="dpop_required", DPoP ` + algs},
		{"7.1 not bound", []string{"Authorization", "DPoP " + p.token(nil), "DPoP", c.proof(p.token(nil), nil)}, 401,
			refused("invalid_token", "dpop_not_bound")},
		{"7.1 token expired", []string{"Authorization", "DPoP " + p.token(claims{"exp": 1, "cnf": c.binding()}), "DPoP", "x"}, 401,
			refused("invalid_token", "token_expired")},
		{"4.3-12a proof for another token", []string{"Authorization", "DPoP " + token, "DPoP",
			c.proof(p.token(nil), nil)}, 401, proof("dpop_token_mismatch")},
		{"4.3-1 no proof", []string{"Authorization", "DPoP " + token}, 401, proof("dpop_proof_missing")},
		{"4.3-1 two proofs", append(with(nil), "DPoP", c.proof(token, nil)), 401, proof("dpop_proof_missing")},
		{"4.3-2 no JWT", []string{"Authorization", "DPoP " + token, "DPoP", mark}, 401, proof("token_malformed")},
		{"4.3-3 jti missing", with(claims{"jti": nil}), 401, proof("claim_invalid")},
		{"4.3-4 typ", with(claims{"header typ": "JWT"}), 401, proof("typ_not_allowed")},
		{"4.3-5 alg none", with(claims{"header alg": "none"}), 401, proof("alg_not_allowed")},
		{"4.3-5 alg that was not offered", with(claims{"header alg": "RS256"}), 401, proof("alg_not_allowed")},
		{"4.3-6 signed by another key", with(claims{"header jwk": other.jwk()}), 401, proof("signature_invalid")},
		{"4.3-7 a private key", with(claims{"header jwk": map[string]any{"kty": "EC", "d": mark}}), 401, proof("dpop_key_invalid")},
		{"4.3-8 htm", with(claims{"htm": "POST"}), 401, proof("dpop_method_mismatch")},
		{"4.3-9 htu", with(claims{"htu": audience + "/other"}), 401, proof("dpop_url_mismatch")},
		{"4.3-9 htu of another host", with(claims{"htu": "https://evil.example/things"}), 401, proof("dpop_url_mismatch")},
		{"4.3-9 htu, normalized", with(claims{"htu": "HTTPS://API.example:443/%74hings?x#y"}), 204, ""},
		{"4.3-10 a nonce nobody asked for", with(claims{"nonce": "x"}), 204, ""},
		{"4.3-11 too old", with(claims{"iat": noon.Unix() - 90}), 401, proof("dpop_proof_expired")},
		{"4.3-11 from the future", with(claims{"iat": noon.Unix() + 31}), 401, proof("issued_in_future")},
		{"4.3-12a ath missing", with(claims{"ath": nil}), 401, proof("dpop_token_mismatch")},
		{"4.3-12b another key", []string{"Authorization", "DPoP " + token, "DPoP", other.proof(token, nil)}, 401,
			refused("invalid_token", "dpop_key_mismatch")},
		{"8705-3 bound to a certificate, too", []string{"Authorization", "DPoP " + p.token(claims{"cnf": map[string]any{"jkt": "x", "x5t#S256": "x"}})},
			401, refused("invalid_token", "claim_invalid")},
		{"6750-3.1 two tokens", append(with(nil), "Authorization", "Bearer x"), 400,
			`Bearer error="invalid_request", error_description="there is more than one token", DPoP ` + algs},
	}
	h := newMiddleware(t, p, withDPoP).Handler(reached)
	for _, tt := range tests {
		t.Run("9449-"+tt.name, func(t *testing.T) { check(t, get(h, tt.fields...), tt.status, tt.challenge) })
	}
}

// Rights are looked at when it is proven whose they are.
func TestDPoPRights(t *testing.T) {
	p, c := newProvider(t), newClient(t)
	m := newMiddleware(t, p, withDPoP)
	token := p.token(claims{"cnf": c.binding()})
	check(t, get(m.Handler(reached, "admin"), "Authorization", "DPoP "+token, "DPoP", c.proof(token, nil)), 403,
		`DPoP error="insufficient_scope", scope="admin", `+algs)
	check(t, get(m.Require(reached, resource.Requirement{MaxAge: time.Hour}), "Authorization", "DPoP "+token, "DPoP", c.proof(token, nil)), 401,
		`DPoP error="insufficient_user_authentication", error_description="auth_time_too_old", max_age="3600", `+algs)
}

func TestDPoPRequired(t *testing.T) {
	p, c := newProvider(t), newClient(t)
	token := p.token(claims{"cnf": c.binding()})
	h := newMiddleware(t, p, func(config *resource.Config) {
		config.DPoP = resource.DPoP{BaseURL: audience, Required: true, Algorithms: []string{"ES256"}}
	}).Handler(reached)
	check(t, get(h), 401, `DPoP algs="ES256"`)
	check(t, get(h, "Authorization", "Bearer "+p.token(nil)), 401,
		`DPoP error="invalid_token", error_description="dpop_required", algs="ES256"`)
	check(t, request(h, "/things?access_token=x"), 400,
		`DPoP error="invalid_request", error_description="the token is in the query", algs="ES256"`)
	check(t, get(h, "Authorization", "DPoP "+token, "DPoP", c.proof(token, nil)), 204, "")
}

// RFC 9449 11.1: a proof is good for one request.
func TestDPoPReplay(t *testing.T) {
	p, c, other := newProvider(t), newClient(t), newClient(t)
	h := newMiddleware(t, p, withDPoP).Handler(reached)
	token, others := p.token(claims{"cnf": c.binding()}), p.token(claims{"cnf": other.binding()})
	proof := c.proof(token, claims{"jti": "same"})
	check(t, get(h, "Authorization", "DPoP "+token, "DPoP", proof), 204, "")
	const replayed = `DPoP error="invalid_dpop_proof", error_description="dpop_replayed", ` + algs
	check(t, get(h, "Authorization", "DPoP "+token, "DPoP", proof), 401, replayed)
	check(t, get(h, "Authorization", "DPoP "+token, "DPoP", c.proof(token, claims{"jti": "same"})), 401, replayed)
	// Nobody uses up what belongs to another key.
	check(t, get(h, "Authorization", "DPoP "+others, "DPoP", other.proof(others, claims{"jti": "same"})), 204, "")
}

// failing is a [resource.ReplayCache] that nobody reaches.
type failing struct{ err error }

func (f failing) Use(context.Context, string, time.Time) (bool, error) { return true, f.err }

// Without an answer of the replay cache nothing is accepted.
func TestReplayCacheAway(t *testing.T) {
	p, c := newProvider(t), newClient(t)
	away := errors.New("away")
	var got error
	h := newMiddleware(t, p, func(config *resource.Config) {
		withDPoP(config)
		config.ReplayCache = failing{away}
		config.Refused = func(_ *http.Request, err error) { got = err }
	}).Handler(reached)
	token := p.token(claims{"cnf": c.binding()})
	w := get(h, "Authorization", "DPoP "+token, "DPoP", c.proof(token, nil))
	check(t, w, http.StatusServiceUnavailable, "")
	if w.Header().Get("Retry-After") != "5" || !errors.Is(got, away) {
		t.Errorf("Retry-After %q, error %v", w.Header().Get("Retry-After"), got)
	}
}

// A client that sends whatever it can is told so, and another one passes. What does not come
// with a good token takes no place.
func TestReplayShareOfClient(t *testing.T) {
	p, greedy, other := newProvider(t), newClient(t), newClient(t)
	h := newMiddleware(t, p, func(config *resource.Config) {
		withDPoP(config)
		config.ReplayCache = &resource.MemoryReplayCache{Limit: 8, Now: config.Now}
	}).Handler(reached)
	token, others := p.token(claims{"cnf": greedy.binding()}), p.token(claims{"sub": "other", "cnf": other.binding()})
	expired := p.token(claims{"sub": "other", "cnf": other.binding(), "exp": 1})
	for range 20 {
		get(h, "Authorization", "DPoP "+expired, "DPoP", other.proof(expired, nil))
		get(h, "Authorization", "DPoP "+token, "DPoP", other.proof(token, nil))
		get(h, "Authorization", "DPoP "+token, "DPoP", greedy.proof(token, claims{"htm": "POST"}))
	}
	first := greedy.proof(token, nil)
	check(t, get(h, "Authorization", "DPoP "+token, "DPoP", first), 204, "")
	for range 3 {
		check(t, get(h, "Authorization", "DPoP "+token, "DPoP", greedy.proof(token, nil)), 204, "")
	}
	w := get(h, "Authorization", "DPoP "+token, "DPoP", greedy.proof(token, nil))
	check(t, w, http.StatusTooManyRequests, "")
	if w.Header().Get("Retry-After") != "5" {
		t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
	}
	check(t, get(h, "Authorization", "DPoP "+token, "DPoP", first), 401,
		`DPoP error="invalid_dpop_proof", error_description="dpop_replayed", `+algs)
	for range 2 {
		check(t, get(h, "Authorization", "DPoP "+others, "DPoP", other.proof(others, nil)), 204, "")
	}
}

// A person who signs in with many keys keeps nobody else away.
func TestReplayShareOfPerson(t *testing.T) {
	p := newProvider(t)
	h := newMiddleware(t, p, func(config *resource.Config) {
		withDPoP(config)
		config.ReplayCache = &resource.MemoryReplayCache{Limit: 100, Now: config.Now}
	}).Handler(reached)
	n := 0
	send := func(c *client, token string) int {
		n++
		return get(h, "Authorization", "DPoP "+token, "DPoP", c.proof(token, claims{"jti": strconv.Itoa(n)})).Code
	}
	for range 20 { // one key after another, until it gets no more
		c := newClient(t)
		token := p.token(claims{"sub": "greedy", "cnf": c.binding()})
		for send(c, token) == 204 {
		}
	}
	c := newClient(t)
	token := p.token(claims{"sub": "somebody", "cnf": c.binding()})
	for i := range 25 {
		if status := send(c, token); status != 204 {
			t.Fatalf("request %d of somebody else: status %d", i+1, status)
		}
	}
}

// sharing is a [resource.SharedReplayCache] that keeps whose places it was asked for.
type sharing struct {
	recording
	sharers []string
}

func (s *sharing) UseOf(_ context.Context, sharers []string, _ string, _ time.Time) (bool, error) {
	s.sharers = sharers
	return true, nil
}

// Whose places a proof takes: of its key, and of the person, or client, that has the token.
func TestReplaySharers(t *testing.T) {
	p, c := newProvider(t), newClient(t)
	const other = "https://other.example"
	cache := &sharing{}
	h := newMiddleware(t, p, func(config *resource.Config) {
		withDPoP(config)
		config.ReplayCache = cache
		config.Issuers[0].WithoutSubject = true
		config.Issuers = append(config.Issuers, resource.Issuer{
			Issuer: other, Audiences: []string{audience}, WithoutSubject: true, Keys: string(encode(t, p.jwks())),
		})
	}).Handler(reached)
	sharers := func(c *client, edit claims) []string {
		t.Helper()
		edit["cnf"] = c.binding()
		token := p.token(edit)
		check(t, get(h, "Authorization", "DPoP "+token, "DPoP", c.proof(token, nil)), 204, "")
		for _, sharer := range cache.sharers {
			if len(sharer) != 43 || strings.Contains(sharer, mark) {
				t.Errorf("sharer %q", sharer)
			}
		}
		return cache.sharers
	}
	first := sharers(c, claims{})
	if len(first) != 2 || first[0] != c.binding()["jkt"] {
		t.Fatalf("sharers %q", first)
	}
	tests := []struct {
		name      string
		of        *client
		edit      claims
		key, same bool // as those of the first
	}{
		{"another token", c, claims{"jti": "2", "client_id": "x"}, true, true},
		{"another key", newClient(t), claims{}, false, true},
		{"another sub", c, claims{"sub": "x"}, true, false},
		{"another issuer", c, claims{"iss": other}, true, false},
		{"a client", c, claims{"sub": nil}, true, false},
		{"a client by the name of the person", c, claims{"sub": nil, "client_id": mark + "-user"}, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := sharers(tt.of, tt.edit)
			if len(got) != 2 || (got[0] == first[0]) != tt.key || (got[1] == first[1]) != tt.same {
				t.Errorf("sharers %q, those of the first %q", got, first)
			}
		})
	}
}

// RFC 9449 8 and 9: a nonce is offered, taken by every instance with the key,
// replaced in time, and refused when it is old.
func TestDPoPNonce(t *testing.T) {
	p, c := newProvider(t), newClient(t)
	now := noon
	instance := func(key []byte) http.Handler {
		return newMiddleware(t, p, func(config *resource.Config) {
			config.DPoP = resource.DPoP{BaseURL: audience, RequireNonce: true, NonceKey: key}
			config.Now = func() time.Time { return now }
		}).Handler(reached)
	}
	one, two, stranger := instance(make([]byte, 32)), instance(make([]byte, 32)), instance(nil)
	token := p.token(claims{"cnf": c.binding(), "exp": noon.Add(time.Hour).Unix()})
	const refused = `DPoP error="use_dpop_nonce", error_description="dpop_nonce_invalid", ` + algs
	send := func(h http.Handler, nonce any, status int, challenge string) (next string) {
		t.Helper()
		w := get(h, "Authorization", "DPoP "+token, "DPoP", c.proof(token, claims{"nonce": nonce, "iat": now.Unix()}))
		check(t, w, status, challenge)
		return w.Header().Get("DPoP-Nonce")
	}
	nonce := send(one, nil, 401, refused)
	if nonce == "" {
		t.Fatal("no nonce is offered")
	}
	for _, wrong := range []string{mark, nonce + "A", nonce[1:], nonce[:10] + "AA" + nonce[12:]} {
		send(one, wrong, 401, refused)
	}
	send(stranger, nonce, 401, refused)
	if next := send(one, nonce, 204, ""); next != "" {
		t.Error("a new nonce replaces a new one")
	}
	send(two, nonce, 204, "")

	now = noon.Add(150 * time.Second)
	next := send(one, nonce, 204, "")
	if next == "" || next == nonce {
		t.Errorf("a nonce of half its life has the successor %q", next)
	}
	now = noon.Add(5 * time.Minute)
	send(one, nonce, 401, refused)
	send(one, next, 204, "")
}

// The address is the one that the client sees, not the one after routing.
func TestDPoPBehindProxy(t *testing.T) {
	p, c := newProvider(t), newClient(t)
	token := p.token(claims{"cnf": c.binding()})
	m := newMiddleware(t, p, func(config *resource.Config) { config.DPoP.BaseURL = "https://app.example/api/" })
	h := http.StripPrefix("/v1", m.Handler(reached))
	proof := func() string { return c.proof(token, claims{"htu": "https://app.example/api/v1/a%2Fb"}) }
	check(t, request(h, "/v1/a%2fb?x=1", "Authorization", "DPoP "+token, "DPoP", proof()), 204, "")
	check(t, request(h, "/v1/a/b", "Authorization", "DPoP "+token, "DPoP", proof()), 401,
		`DPoP error="invalid_dpop_proof", error_description="dpop_url_mismatch", `+algs)
	// The Host of the request is the sender's choice.
	check(t, request(h, "https://evil.example/v1/a%2Fb", "Authorization", "DPoP "+token, "DPoP", proof()), 204, "")
	evil := c.proof(token, claims{"htu": "https://evil.example/v1/a%2Fb"})
	check(t, request(h, "https://evil.example/v1/a%2Fb", "Authorization", "DPoP "+token, "DPoP", evil), 401,
		`DPoP error="invalid_dpop_proof", error_description="dpop_url_mismatch", `+algs)
}

// recording is a [resource.ReplayCache] that keeps what it was asked.
type recording struct {
	keys    []string
	expires time.Time
}

func (r *recording) Use(_ context.Context, key string, expires time.Time) (bool, error) {
	r.keys, r.expires = append(r.keys, key), expires
	return true, nil
}

// A cache is asked for good proofs alone, with a key of a fixed length that
// tells nothing, and remembers longer than any clock accepts the proof.
func TestReplayCacheIsAsked(t *testing.T) {
	p, c := newProvider(t), newClient(t)
	cache := &recording{}
	h := newMiddleware(t, p, func(config *resource.Config) {
		config.DPoP = resource.DPoP{BaseURL: audience, MaxAge: 20 * time.Second}
		config.Leeway, config.ReplayCache = 5*time.Second, cache
	}).Handler(reached)
	token := p.token(claims{"cnf": c.binding()})
	get(h, "Authorization", "DPoP "+token, "DPoP", c.proof(token, claims{"htm": "POST"}))
	get(h, "Authorization", "DPoP "+token, "DPoP", newClient(t).proof(token, nil))
	get(h, "Authorization", "DPoP "+token, "DPoP", c.proof(token, claims{"iat": noon.Unix() - 3}))
	if len(cache.keys) != 1 || len(cache.keys[0]) != 43 {
		t.Fatalf("asked for %q", cache.keys)
	}
	if want := noon.Add(-3*time.Second + 20*time.Second + 2*5*time.Second); !cache.expires.Equal(want) {
		t.Errorf("remembered until %v, want %v", cache.expires, want)
	}
}
