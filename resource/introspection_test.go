package resource_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/resource"
)

// A registry is a provider that is asked about tokens, too.
type registry struct {
	*provider
	answer func(token string) (*oidc.Response, error)

	mu    sync.Mutex
	asked []string // the tokens
}

// opaque says of every token that it is active, and good but for what edit sets; nil takes a
// member out.
func opaque(t testing.TB, edit claims) func(string) (*oidc.Response, error) {
	answer := claims{
		"active": true, "iss": issuer, "sub": mark + "-user", "aud": audience, "client_id": "app", "scope": "read write",
		"token_type": "Bearer", "exp": noon.Add(5 * time.Minute).Unix(),
	}
	maps.Copy(answer, edit)
	for member, value := range answer {
		if value == nil {
			delete(answer, member)
		}
	}
	return says("application/json", string(encode(t, answer)))
}

func says(contentType, body string) func(string) (*oidc.Response, error) {
	return func(string) (*oidc.Response, error) {
		return &oidc.Response{Status: 200, Header: map[string]string{"content-type": contentType}, Body: []byte(body)}, nil
	}
}

// Do is part of [oidc.Transport].
func (r *registry) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	if req.URL != issuer+"/introspect" {
		return r.provider.Do(ctx, req)
	}
	form, err := url.ParseQuery(req.Body)
	if err != nil || form.Get("client_secret") != mark+"-secret" || form.Get("client_id") != "api" {
		r.t.Errorf("asked by %v", form)
	}
	r.mu.Lock()
	r.asked = append(r.asked, form.Get("token"))
	answer := r.answer
	r.mu.Unlock()
	resp, err := answer(form.Get("token"))
	if ctx.Err() != nil {
		return nil, oidc.ErrAborted
	}
	return resp, err
}

func (r *registry) says(answer func(string) (*oidc.Response, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func (r *registry) times() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.asked)
}

// introspecting returns the settings for a registry after edit, and what asks it.
func introspecting(t testing.TB, edit func(*resource.Config)) (*registry, *resource.Middleware) {
	t.Helper()
	r := &registry{provider: newProvider(t), answer: opaque(t, nil)}
	return r, newMiddleware(t, r.provider, func(config *resource.Config) {
		config.Transport = r
		config.Issuers[0].Introspection = &resource.Introspection{
			ClientID: "api", Authentication: oidc.ClientAuthentication{Secret: mark + "-secret"}, Endpoint: issuer + "/introspect",
		}
		if edit != nil {
			edit(config)
		}
	})
}

func ask(h http.Handler, token string) int { return get(h, "Authorization", "Bearer "+token).Code }

// An opaque token passes by what the provider says of it, checked as a JWT is; where it says
// nothing, nobody knows.
func TestIntrospection(t *testing.T) {
	invalid := func(code string) string { return `Bearer error="invalid_token", error_description="` + code + `"` }
	answer := func(edit claims) func(string) (*oidc.Response, error) { return opaque(t, edit) }
	fails := func(err error) func(string) (*oidc.Response, error) {
		return func(string) (*oidc.Response, error) { return nil, err }
	}
	tests := []struct {
		name      string
		answer    func(string) (*oidc.Response, error)
		status    int
		challenge string
	}{
		{"2.2 active", answer(nil), 204, ""},
		{"2.2 not active", answer(claims{"active": false}), 401, invalid("token_inactive")},
		{"2.2 another audience", answer(claims{"aud": "https://other.example"}), 401, invalid("audience_mismatch")},
		{"2.2 no audience", answer(claims{"aud": nil}), 401, invalid("claim_invalid")},
		{"2.2 another issuer", answer(claims{"iss": "https://evil.example"}), 401, invalid("issuer_mismatch")},
		{"2.2 nobody's", answer(claims{"sub": nil}), 401, invalid("claim_invalid")},
		{"2.2 active, and expired", answer(claims{"exp": noon.Unix() - 30}), 401, invalid("token_expired")},
		{"2.2 an ID Token", answer(claims{"nonce": mark}), 401, invalid("typ_not_allowed")},
		{"2.2 a refresh token", answer(claims{"token_type": nil}), 401, invalid("typ_not_allowed")},
		{"2.2 a scope missing", answer(claims{"scope": "read"}), 403, `Bearer error="insufficient_scope", scope="write"`},
		{"2.2 bound to a key", answer(claims{"cnf": newClient(t).binding()}), 401, invalid("dpop_required")},
		{"2.2 active a text", answer(claims{"active": "true"}), 503, ""},
		{"2.2 HTML", says("text/html", "<!doctype html>"), 503, ""},
		{"2.2 another type", says("application/token-introspection+jwt", mark), 503, ""},
		{"2.3 the API is refused", func(string) (*oidc.Response, error) {
			return &oidc.Response{Status: 401, Body: []byte(`{"error":"invalid_client","error_description":"` + mark + `"}`)}, nil
		}, 503, ""},
		{"2.3 the provider is away", fails(oidc.ErrNetwork), 503, ""},
		{"2.3 the provider is slow", fails(oidc.ErrTimeout), 503, ""},
		{"2.3 the endpoint redirects", fails(oidc.ErrRedirectRefused), 503, ""},
		{"2.3 the answer has no end", fails(oidc.ErrResponseTooLarge), 503, ""},
		{"2.3 the transport panics", func(string) (*oidc.Response, error) { panic(mark) }, 503, ""},
	}
	for _, tt := range tests {
		t.Run("7662-"+tt.name, func(t *testing.T) {
			r, m := introspecting(t, nil)
			r.says(tt.answer)
			w := get(m.Handler(reached, "write"), "Authorization", "Bearer "+mark+"-opaque")
			check(t, w, tt.status, tt.challenge)
			if again := w.Header().Get("Retry-After"); (again == "5") != (tt.status == 503) || r.times() != 1 {
				t.Errorf("Retry-After %q, asked %d times", again, r.times())
			}
		})
	}
}

// An introspected token that is bound to a key needs a proof of that key.
func TestIntrospectionDPoP(t *testing.T) {
	_, unbound := introspecting(t, withDPoP)
	r, bound := introspecting(t, withDPoP)
	c, h := newClient(t), bound.Handler(reached)
	const token = mark + "-opaque"
	with := func(c *client) []string {
		return []string{"Authorization", "DPoP " + token, "DPoP", c.proof(token, nil)}
	}
	refused := func(code string) string {
		return `DPoP error="invalid_token", error_description="` + code + `", ` + algs
	}
	check(t, get(unbound.Handler(reached), with(c)...), 401, refused("dpop_not_bound")) // cnf is missing
	r.says(opaque(t, claims{"token_type": "DPoP", "cnf": c.binding()}))
	check(t, get(h, with(c)...), 204, "")
	check(t, get(h, with(newClient(t))...), 401, refused("dpop_key_mismatch"))
	check(t, get(h, "Authorization", "Bearer "+token), 401, `Bearer error="invalid_token", error_description="dpop_required", DPoP `+algs)
	if r.times() != 1 {
		t.Errorf("asked %d times", r.times())
	}
}

// An answer is used for its time, and the provider asked once at a time.
func TestIntrospectionIsRemembered(t *testing.T) {
	now := noon
	r, m := introspecting(t, func(c *resource.Config) {
		c.Now = func() time.Time { return now }
		c.Issuers[0].Introspection.AnswerLife = time.Minute
	})
	h := m.Handler(reached)
	inactive := opaque(t, claims{"active": false})
	steps := []struct {
		name   string
		at     time.Duration
		token  string
		answer func(string) (*oidc.Response, error)
		status int
		asked  int // so far
	}{
		{"first sight", 0, "a", opaque(t, nil), 204, 1},
		{"again", 0, "a", inactive, 204, 1},
		{"another token", 0, "b", inactive, 401, 2},
		{"that again", 5*time.Second - 1, "b", opaque(t, nil), 401, 2},
		{"that after a while", 5 * time.Second, "b", opaque(t, nil), 204, 3},
		{"the first for as long as its answer is good", time.Minute - 1, "a", inactive, 204, 3},
		{"then the provider is away", time.Minute, "a", func(string) (*oidc.Response, error) { return nil, oidc.ErrNetwork }, 503, 4},
		{"which is not remembered", time.Minute, "a", opaque(t, nil), 204, 5},
		{"it is revoked", 2 * time.Minute, "a", inactive, 401, 6},
		{"one that expires sooner", 3 * time.Minute, "c", opaque(t, claims{"exp": noon.Add(3*time.Minute + 10*time.Second).Unix()}), 204, 7},
		{"just before that", 3*time.Minute + 10*time.Second - 1, "c", inactive, 204, 7},
		{"after that", 3*time.Minute + 10*time.Second, "c", inactive, 401, 8},
		{"one that is not for this API", 4 * time.Minute, "d", opaque(t, claims{"aud": "x"}), 401, 9},
		{"that again", 4 * time.Minute, "d", opaque(t, nil), 401, 9},
		{"one that names nobody", 4 * time.Minute, "e", opaque(t, claims{"sub": nil}), 401, 10},
		{"that again", 4 * time.Minute, "e", opaque(t, nil), 401, 10},
		{"one that is too long", 4 * time.Minute, strings.Repeat("a", 16<<10+1), opaque(t, nil), 401, 10},
	}
	for _, s := range steps {
		now = noon.Add(s.at)
		r.says(s.answer)
		if status := ask(h, s.token); status != s.status || r.times() != s.asked {
			t.Errorf("%s: status %d, asked %d times, want %d, %d", s.name, status, r.times(), s.status, s.asked)
		}
	}
}

// A setting says which tokens the provider is asked about; none of them goes to another one.
func TestIntrospectedTokens(t *testing.T) {
	tests := []struct {
		name         string
		tokens       resource.Introspected
		opaque, jwt  int // status
		asked        int
		light, other int // status of a JWT without sub and aud, and of one of another issuer
	}{
		{"opaque", resource.OpaqueTokens, 204, 204, 1, 401, 401},
		{"JWTs", resource.JWTs, 401, 204, 2, 204, 401},
		{"all", resource.AllTokens, 204, 204, 3, 204, 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, m := introspecting(t, func(c *resource.Config) {
				c.Issuers[0].Introspection.Tokens = tt.tokens
				c.Issuers = append([]resource.Issuer{{Issuer: "https://second.example", Audiences: []string{audience}, JWKSURI: issuer + "/jwks"}}, c.Issuers...)
			})
			h := m.Handler(reached)
			if status := ask(h, "opaque"); status != tt.opaque {
				t.Errorf("opaque token: status %d, want %d", status, tt.opaque)
			}
			if status := ask(h, r.token(nil)); status != tt.jwt {
				t.Errorf("JWT: status %d, want %d", status, tt.jwt)
			}
			if status := ask(h, r.token(claims{"sub": nil, "aud": nil})); status != tt.light {
				t.Errorf("lightweight JWT: status %d, want %d", status, tt.light)
			}
			if r.times() != tt.asked {
				t.Errorf("asked %d times, want %d", r.times(), tt.asked)
			}
			if status := ask(h, r.token(claims{"iss": "https://second.example", "aud": "x"})); status != tt.other {
				t.Errorf("JWT of another issuer: status %d, want %d", status, tt.other)
			}
			if status := ask(h, r.token(claims{"iss": "https://evil.example"})); status != 401 || r.times() != tt.asked {
				t.Errorf("JWT of nobody: status %d, asked %d times", status, r.times())
			}
			r, m = introspecting(t, func(c *resource.Config) { c.Issuers[0].Introspection.Tokens = tt.tokens })
			if status := ask(m.Handler(reached), r.token(claims{"iss": "https://evil.example"})); status != 401 || r.times() != 0 {
				t.Errorf("JWT of nobody where there is one issuer: status %d, asked %d times", status, r.times())
			}
		})
	}
}

// The endpoint is in the metadata, unless the settings name one.
func TestIntrospectionEndpoint(t *testing.T) {
	tests := []struct {
		name, endpoint string // of the metadata
		status         int
	}{
		{"named", issuer + "/introspect", 204},
		{"not named", "", 503},
		{"over http", "http://op.example/introspect", 503},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, m := introspecting(t, func(c *resource.Config) { c.Issuers[0].Introspection.Endpoint = "" })
			r.introspection = tt.endpoint
			if status := ask(m.Handler(reached), "opaque"); status != tt.status {
				t.Errorf("status %d, want %d", status, tt.status)
			}
		})
	}
}

// What a handler does with the claims of an introspected token is no other's concern.
func TestIntrospectedClaimsAreOfTheRequest(t *testing.T) {
	r, m := introspecting(t, nil)
	h := m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		c := resource.ClaimsFrom(req.Context())
		if c.Subject != mark+"-user" || c.Scopes[0] != "read" || c.ClientID != "app" || string(c.Members["active"]) != "true" {
			t.Errorf("claims = %+v", c)
		}
		c.Subject, c.Scopes[0] = "x", "x"
		delete(c.Members, "active")
	}))
	for range 3 {
		ask(h, "opaque")
	}
	if r.times() != 1 {
		t.Errorf("asked %d times", r.times())
	}
}

func TestIntrospectionConfig(t *testing.T) {
	good := func() *resource.Introspection {
		return &resource.Introspection{ClientID: "api", Authentication: oidc.ClientAuthentication{Secret: "x"}}
	}
	with := func(edit func(*resource.Introspection)) func(*resource.Config) {
		return func(c *resource.Config) { edit(c.Issuers[0].Introspection) }
	}
	tests := []struct {
		name   string
		edit   func(*resource.Config)
		member string
		want   error
	}{
		{"good", func(*resource.Config) {}, "", nil},
		{"client_secret_basic", with(func(i *resource.Introspection) { i.Authentication.Method = "client_secret_basic" }), "", nil},
		{"an unknown method", with(func(i *resource.Introspection) { i.Authentication.Method = "x" }), "[0].Introspection.Authentication", oidc.ErrInvalidConfig},
		{"no credentials", with(func(i *resource.Introspection) { i.Authentication.Secret = "" }), "[0].Introspection.Authentication", oidc.ErrInvalidConfig},
		{"two credentials", with(func(i *resource.Introspection) { i.Bearer = "x" }), "[0].Introspection.Authentication", oidc.ErrInvalidConfig},
		{"a token alone", with(func(i *resource.Introspection) { i.Authentication.Secret, i.ClientID, i.Bearer = "", "", "x" }), "", nil},
		{"a token with a line break", with(func(i *resource.Introspection) { i.Authentication.Secret, i.Bearer = "", "x\n" }), "[0].Introspection.Bearer", oidc.ErrInvalidConfig},
		{"no client", with(func(i *resource.Introspection) { i.ClientID = "" }), "[0].Introspection.ClientID", oidc.ErrInvalidConfig},
		{"an endpoint over http", with(func(i *resource.Introspection) { i.Endpoint = "http://op.example/i" }), "[0].Introspection.Endpoint", oidc.ErrInsecureURL},
		{"an endpoint that is none", with(func(i *resource.Introspection) { i.Endpoint = "/i" }), "[0].Introspection.Endpoint", oidc.ErrInvalidConfig},
		{"other tokens", with(func(i *resource.Introspection) { i.Tokens = 3 }), "[0].Introspection.Tokens", oidc.ErrInvalidConfig},
		{"a life without a unit", with(func(i *resource.Introspection) { i.AnswerLife = 30 }), "[0].Introspection.AnswerLife", oidc.ErrInvalidConfig},
		{"no life", with(func(i *resource.Introspection) { i.AnswerLife = -1 }), "", nil},
		{"a negative bound", with(func(i *resource.Introspection) { i.Inquiries = -1 }), "[0].Introspection.Inquiries", oidc.ErrInvalidConfig},
		{"keys, and no endpoint", func(c *resource.Config) { c.Issuers[0].JWKSURI = issuer + "/jwks" }, "[0].Introspection.Endpoint", oidc.ErrInvalidConfig},
		{"tenants", func(c *resource.Config) { c.Issuers[0].Tenants = []string{"*"} }, "[0].Introspection", oidc.ErrInvalidConfig},
		{"a preset without marks, which answers do without", func(c *resource.Config) {
			c.Issuers[0].Tokens = resource.Preset{HasNonce: true}
		}, "", nil},
		{"two issuers for opaque tokens", func(c *resource.Config) {
			c.Issuers = append(c.Issuers, resource.Issuer{Issuer: "https://second.example", Audiences: []string{"x"}, Introspection: good()})
		}, "[1].Introspection.Tokens", oidc.ErrInvalidConfig},
		{"a second issuer for JWTs", func(c *resource.Config) {
			c.Issuers = append(c.Issuers, resource.Issuer{Issuer: "https://second.example", Audiences: []string{"x"}, Introspection: good()})
			c.Issuers[1].Introspection.Tokens = resource.JWTs
		}, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := resource.Config{Issuers: []resource.Issuer{{Issuer: issuer, Audiences: []string{audience}, Introspection: good()}}}
			tt.edit(&config)
			checkNew(t, config, "Issuers"+tt.member, tt.want)
		})
	}
}

// Beside BenchmarkRequest: an opaque token whose answer is remembered.
func BenchmarkIntrospection(b *testing.B) {
	r, m := introspecting(b, nil)
	h := m.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	req, _ := http.NewRequestWithContext(b.Context(), http.MethodGet, "/things", nil)
	req.Header.Set("Authorization", "Bearer opaque")
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(nil, req)
	}
	b.ReportMetric(float64(r.times()), "introspections")
}

// Nothing that an endpoint does keeps a request, or takes the credentials elsewhere.
func TestIntrospectionOverHTTP(t *testing.T) {
	elsewhere := 0
	mux := http.NewServeMux()
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, _ *http.Request) {
		elsewhere++
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(encode(t, map[string]any{"active": true}))
	})
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for _, err := w.Write([]byte(`{"active": true, "x": "`)); err == nil; {
			_, err = w.Write(make([]byte, 1<<16))
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	tests := []struct {
		name, path string
		want       error
	}{
		{"a redirect", "/redirect", oidc.ErrRedirectRefused},
		{"no end", "/endless", oidc.ErrResponseTooLarge},
		{"nothing there", "/nothing", oidc.ErrHTTPStatus},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var refused error
			_, m := introspecting(t, func(c *resource.Config) {
				c.Transport, c.Issuers[0].Introspection.Endpoint = nil, server.URL+tt.path
				c.Refused = func(_ *http.Request, err error) { refused = err }
			})
			if status := ask(m.Handler(reached), "opaque"); status != 503 || !errors.Is(refused, tt.want) || elsewhere != 0 {
				t.Errorf("status %d, %v, want %v; %d requests elsewhere", status, refused, tt.want, elsewhere)
			}
		})
	}
}
