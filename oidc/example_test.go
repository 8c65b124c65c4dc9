package oidc_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// A whole sign-in, step by step. In a browser the transport is fetch, and
// the End-User's visit to the provider lies between two page loads: then the
// transaction is encoded, stored and decoded in between.
func Example() {
	ctx, now := context.Background(), time.Now()
	provider := newProvider("https://op.example")

	metadata, err := oidc.FetchMetadata(ctx, provider, "https://op.example")
	if err != nil {
		fmt.Println(err)
		return
	}
	request := &oidc.AuthenticationRequest{
		ClientID:    "app",
		RedirectURI: "https://app.example/callback",
		Scope:       "openid profile",
	}
	transaction, authorizationURL, err := request.Start(metadata, rand.Reader, now)
	if err != nil {
		fmt.Println(err)
		return
	}

	callbackURL := provider.signIn(authorizationURL, "ada")

	callback, err := transaction.ParseCallback(metadata, callbackURL, now)
	if err != nil {
		fmt.Println(err)
		return
	}
	tokens, err := callback.Exchange(ctx, provider, metadata)
	if err != nil {
		fmt.Println(err)
		return
	}
	keys, err := oidc.FetchKeys(ctx, provider, metadata.JWKSURI, false)
	if err != nil {
		fmt.Println(err)
		return
	}
	expected := &oidc.ExpectedIDToken{
		Issuer:      transaction.Issuer,
		ClientID:    transaction.ClientID,
		Algorithms:  metadata.SigningAlgorithms(),
		Nonce:       transaction.Nonce,
		AccessToken: tokens.AccessToken,
	}
	claims, err := expected.VerifyIDToken(tokens.IDToken, keys, now)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("signed in:", claims.Subject)
	fmt.Println("access token:", tokens.AccessToken)
	// Output:
	// signed in: ada
	// access token: [redacted]
}

// provider is an OpenID Provider in memory, as small as can be. It is a
// [oidc.Transport] that answers its own requests.
type provider struct {
	issuer string
	key    ed25519.PrivateKey
	asked  url.Values // the Authentication Request
	user   string
}

func newProvider(issuer string) *provider {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return &provider{issuer: issuer, key: key}
}

// signIn is the visit of the End-User: it ends at the callback URL.
func (p *provider) signIn(authorizationURL, user string) string {
	u, err := url.Parse(authorizationURL)
	if err != nil {
		panic(err)
	}
	p.asked, p.user = u.Query(), user
	answer := url.Values{"code": {"one-time"}, "state": p.asked["state"], "iss": {p.issuer}}
	return p.asked.Get("redirect_uri") + "?" + answer.Encode()
}

func (p *provider) Do(_ context.Context, req *oidc.Request) (*oidc.Response, error) {
	switch req.URL {
	case p.issuer + "/.well-known/openid-configuration":
		return reply(map[string]any{
			"issuer":                                p.issuer,
			"authorization_endpoint":                p.issuer + "/authorize",
			"token_endpoint":                        p.issuer + "/token",
			"jwks_uri":                              p.issuer + "/jwks",
			"response_types_supported":              []string{"code"},
			"subject_types_supported":               []string{"public"},
			"id_token_signing_alg_values_supported": []string{"EdDSA"},
			"authorization_response_iss_parameter_supported": true,
		})
	case p.issuer + "/jwks":
		public := p.key.Public().(ed25519.PublicKey)
		return reply(map[string]any{"keys": []map[string]string{
			{"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": base64.RawURLEncoding.EncodeToString(public)},
		}})
	case p.issuer + "/token":
		return reply(map[string]any{
			"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": p.idToken(),
		})
	}
	return nil, oidc.ErrNetwork
}

func (p *provider) idToken() string {
	now := time.Now().Unix()
	input := part(map[string]any{"alg": "EdDSA", "kid": "1"}) + "." + part(map[string]any{
		"iss": p.issuer, "sub": p.user, "aud": p.asked.Get("client_id"), "nonce": p.asked.Get("nonce"),
		"iat": now, "exp": now + 300,
	})
	return input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(p.key, []byte(input)))
}

func part(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func reply(v any) (*oidc.Response, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	header := map[string]string{"content-type": "application/json"}
	return &oidc.Response{Status: 200, Header: header, Body: data}, nil
}
