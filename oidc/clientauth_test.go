package oidc

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"
)

// catch is a Transport that keeps what it is given.
type catch struct{ sent *Request }

func (c *catch) Do(_ context.Context, req *Request) (*Response, error) {
	c.sent = req
	return &Response{Status: 200, Header: map[string]string{"content-type": "application/json"}, Body: []byte(`{}`)}, nil
}

func TestClientAuthentication(t *testing.T) {
	tests := []struct {
		name          string
		with          ClientAuthentication
		method        string // of the request
		authorization string
		body          string
	}{
		{"public", ClientAuthentication{}, "POST", "", "a=b&client_id=c+d"},
		{"post", ClientAuthentication{Secret: "s&c"}, "POST", "", "a=b&client_id=c+d&client_secret=s%26c"},
		{"post by name", ClientAuthentication{Method: "client_secret_post", Secret: "s"}, "POST", "", "a=b&client_id=c+d&client_secret=s"},
		{"basic", ClientAuthentication{Method: "client_secret_basic", Secret: "s&c"}, "POST", "Basic " + base64.StdEncoding.EncodeToString([]byte("c+d:s%26c")), "a=b"},
		{"no form", ClientAuthentication{Secret: "s"}, "GET", "", "a=b&client_id=c+d"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var to catch
			transport := tt.with.Authenticate(&to, rand.Reader, time.Now)
			_, err := transport.Do(t.Context(), &Request{Method: tt.method, URL: "https://op.example.test/token", Body: "a=b&client_id=c+d"})
			if err != nil {
				t.Fatal(err)
			}
			if to.sent.Header["Authorization"] != tt.authorization || to.sent.Body != tt.body {
				t.Errorf("sent %q, Authorization %q; want %q, %q", to.sent.Body, to.sent.Header["Authorization"], tt.body, tt.authorization)
			}
		})
	}
}

func TestClientAssertion(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, alg := range []string{"", "HS256", "HS384", "HS512"} {
		t.Run(alg, func(t *testing.T) {
			var to catch
			with := ClientAuthentication{Method: "client_secret_jwt", Secret: "0123456789abcdef", Algorithm: alg}
			_, err := with.Authenticate(&to, rand.Reader, func() time.Time { return now }).Do(t.Context(),
				&Request{Method: "POST", URL: "https://op.example.test/token", Body: "client_id=c+d"})
			if err != nil {
				t.Fatal(err)
			}
			form, err := url.ParseQuery(to.sent.Body)
			if err != nil || form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
				t.Fatalf("form %q, %v", to.sent.Body, err)
			}
			var claims struct {
				Iss, Sub, Aud, Jti string
				Iat, Exp           int64
			}
			parts := strings.Split(form.Get("client_assertion"), ".")
			payload, err := base64.RawURLEncoding.DecodeString(parts[1])
			if err != nil || json.Unmarshal(payload, &claims) != nil {
				t.Fatalf("payload %q, %v", payload, err)
			}
			if claims.Iss != "c d" || claims.Sub != "c d" || claims.Aud != "https://op.example.test/token" || len(claims.Jti) != 43 ||
				claims.Iat != now.Unix() || claims.Exp != now.Unix()+60 {
				t.Errorf("claims %+v", claims)
			}
			if want := map[string]int{"": 43, "HS256": 43, "HS384": 64, "HS512": 86}[alg]; len(parts[2]) != want {
				t.Errorf("the signature has %d characters, want %d", len(parts[2]), want)
			}
		})
	}
}

func TestClientAuthenticationCheck(t *testing.T) {
	tests := []struct {
		name string
		with ClientAuthentication
		want error
	}{
		{"public", ClientAuthentication{}, nil},
		{"jwt", ClientAuthentication{Method: "client_secret_jwt", Secret: "s", Algorithm: "HS512"}, nil},
		{"unknown method", ClientAuthentication{Method: "private_key_jwt", Secret: "s"}, ErrInvalidConfig},
		{"unknown algorithm", ClientAuthentication{Method: "client_secret_jwt", Secret: "s", Algorithm: "none"}, ErrInvalidConfig},
		{"no secret", ClientAuthentication{Method: "client_secret_basic"}, ErrInvalidConfig},
	}
	for _, tt := range tests {
		if err := tt.with.Check(); !errors.Is(err, tt.want) {
			t.Errorf("%s: Check = %v, want %v", tt.name, err, tt.want)
		}
	}
}
