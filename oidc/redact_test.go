package oidc

import (
	"strings"
	"testing"
	"time"
)

// What a provider writes is shown without what was secret in the request.
func TestRedact(t *testing.T) {
	const token = "abc+/=&%secret token"
	tests := []struct{ name, secret, text, want string }{
		{"nothing", token, "no", "no"},
		{"no secret", "", "no", "no"},
		{"as it is", token, "the token " + token + " is unknown", "the token [redacted] is unknown"},
		{"twice", token, token + token, "[redacted][redacted]"},
		{"in a form", token, "token=abc%2B%2F%3D%26%25secret+token&x", "token=[redacted]&x"},
		{"in lower case", token, "token=abc%2b%2f%3d%26%25secret+token", "token=[redacted]"},
		{"in a path", token, "/abc+%2F=&%25secret%20token", "/[redacted]"},
		{"a state with what the app added", "random-state;cart", "state random-state;cart", "state [redacted]"},
		{"a state without what the app added", "random-state;cart", "state random-state", "state [redacted]"},
		{"a short one", "abc", "the password abc is wrong", "[redacted]"},
		{"a password in JSON", `p"ss\w&rd`, `{"password":"p\"ss\\w&rd"}`, "[redacted]"},
		{"a password in HTML", `p"ss\w&rd`, `no such password: p&quot;ss\w&amp;rd`, "[redacted]"},
		{"in JSON, slashes escaped", token, `{"token":"abc+\/=&%secret token"}`, "[redacted]"},
		{"in JSON, with code units", token, `abc+/=\u0026%secret token`, "[redacted]"},
		{"in JSON within JSON", token, `abc+\\\/=\\u0026%secret token`, "[redacted]"},
		{"in a script", token, `abc+/=\x26%secret token`, "[redacted]"},
		{"in HTML", token, "abc+/=&amp;%secret token", "[redacted]"},
		{"in HTML, with numbers", token, "abc&#43;&#x2F;=&#x26;%secret token", "[redacted]"},
		{"in HTML within HTML", token, "abc+/=&amp;amp;%secret token", "[redacted]"},
		{"escaped twice", token, "abc%252B%252F%253D%2526%2525secret%2Btoken", "[redacted]"},
		{"escaped in HTML", token, "token=abc%2B%2F%3D&#37;26%25secret+token", "[redacted]"},
		{"cut off", "0123456789abcdefghij", "code 0123456789abcde... is unknown", "[redacted]"},
		{"cut off, escaped", "0123456/89abcdefghij", "code 0123456%2F89abcd... is unknown", "[redacted]"},
		{"its end", "0123456789abcdefghijklmnopqrstuvwxyz", "code ...efghijklmnopqrstuvwxyz is unknown", "[redacted]"},
		{"a state cut off", "random-state-that-is-long;cart", "state random-state-th", "[redacted]"},
		{"a state's part of the app", "random-state-that-is-long;shopping-cart-7", "no shopping-cart-7", "no shopping-cart-7"},
		{"its first characters", "0123456789abcdefghij", "code 0123... is unknown", "code 0123... is unknown"},
		{"an ID Token that nobody kept", "", "hint eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl: no", "hint [redacted]: no"},
		{"an ID Token, cut off", "", "hint eyJhbGciOiJSUzI1NiJ9.eyJzd... and eyJhbGciOiJSUzI1NiJ9.e", "hint [redacted] and [redacted]"},
		{"an ID Token, escaped", "", "hint %2565yJhbGciOiJSUzI1NiJ9%252EeyJzdWIiOiIxIn0", "[redacted]"},
		{"what is no token", "", "eyJ, heyJude and accounts.op-of-many-people.example", "eyJ, heyJude and accounts.op-of-many-people.example"},
		{"escapes of a provider", token, `100% of &lt;b&gt; \u00e4 AT&T &#228; &#x; &# %zz`, `100% of &lt;b&gt; \u00e4 AT&T &#228; &#x; &# %zz`},
		{"a short one that is not there", "xyz", "the password abc is wrong", "the password abc is wrong"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := redact(tt.text, []Secret{Secret(tt.secret)}); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A secret that is a part of another leaves nothing of that.
func TestRedactNested(t *testing.T) {
	if got := redact("token abcdefgh-rest", []Secret{"abcdefgh", "abcdefgh-rest"}); got != "token [redacted]" {
		t.Errorf("got %q", got)
	}
}

// An address that runs script, or leads into the app, is none to show.
func TestErrorURI(t *testing.T) {
	for uri, want := range map[string]string{
		"https://op.example/errors#1": "https://op.example/errors#1",
		"http://op.example/":          "http://op.example/",
		"javascript:alert(1)":         "",
		"JavaScript:alert(1)":         "",
		"data:text/html,x":            "",
		"/errors":                     "",
		"//op.example/":               "",
		" javascript:alert(1)":        "",
		"":                            "",
	} {
		if got := (ProviderError{URI: uri}).without(); got.URI != want {
			t.Errorf("%q became %q, want %q", uri, got.URI, want)
		}
	}
}

// The credentials that a transport adds are secrets, too.
func TestRedactedCredentials(t *testing.T) {
	for _, method := range []string{"client_secret_post", "client_secret_basic", "client_secret_jwt"} {
		t.Run(method, func(t *testing.T) {
			var sent *Request
			authentication := ClientAuthentication{Method: method, Secret: "cl1ent-s3cret"}
			echoing := fakeTransport{"POST https://op.example/token": func(req *Request) (*Response, error) {
				sent = req
				body := `{"error":"invalid_client","error_description":"` + req.Body + " " + req.Header["Authorization"] + `"}`
				return &Response{Status: 401, Header: map[string]string{"content-type": "application/json"}, Body: []byte(body)}, nil
			}}
			random := strings.NewReader(strings.Repeat("x", 32))
			transport := authentication.Authenticate(echoing, random, func() time.Time { return noon })
			_, err := (&RefreshRequest{ClientID: "app", RefreshToken: "r3fresh-token"}).Refresh(t.Context(), transport, goodMetadata(t))
			checkError(t, err, ErrProvider)
			refusal := err.(*ProviderError)
			secrets := []string{"cl1ent-s3cret", "r3fresh-token"}
			if _, assertion, found := strings.Cut(sent.Body, "client_assertion="); found {
				secrets = append(secrets, assertion)
			}
			if _, basic, found := strings.Cut(sent.Header["Authorization"], "Basic "); found {
				secrets = append(secrets, basic)
			}
			for _, secret := range secrets {
				if strings.Contains(refusal.Description, secret) {
					t.Errorf("the description holds %q", secret)
				}
			}
		})
	}
}
