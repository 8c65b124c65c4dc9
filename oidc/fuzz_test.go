package oidc

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// seeds returns the files of a folder of testdata/oidc. That there are none
// is a failure, not an empty run.
func seeds(f *testing.F, folder string) [][]byte {
	f.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "testdata", "oidc", folder, "*.json"))
	if err != nil || len(paths) == 0 {
		f.Fatalf("no seeds in %s (%v)", folder, err)
	}
	var contents [][]byte
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		contents = append(contents, data)
	}
	return contents
}

func FuzzCallback(f *testing.F) {
	data, err := os.ReadFile(filepath.Join("..", "testdata", "oidc", "callbacks.txt"))
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		f.Add(strings.TrimSpace(line), true)
		f.Add(strings.TrimSpace(line), false)
	}
	f.Fuzz(func(t *testing.T, callbackURL string, fragment bool) {
		tx, m := goodTransaction(), goodMetadata(t)
		if fragment {
			tx.ResponseMode = "fragment"
		}
		callback, err := tx.ParseCallback(m, callbackURL, noon)
		if (callback == nil) != (err != nil) {
			t.Fatalf("callback = %v with error %v", callback, err)
		}
		checkFuzzError(t, err)
		if callback == nil {
			return
		}
		if callback.code == "" || !strings.Contains(callbackURL, "state") {
			t.Fatal("accepted without a code or a state")
		}
		// What is accepted is found by its state, unless the query holds
		// another response than the fragment.
		if state, err := CallbackState(callbackURL); !fragment && (err != nil || state != testState) {
			t.Fatalf("CallbackState = %q, %v", state.Reveal(), err)
		}
		again := testRedirectURI + "?" + url.Values{
			"code": {callback.code.Reveal()}, "state": {testState}, "iss": {testIssuer},
			"session_state": {callback.SessionState},
		}.Encode()
		second, err := goodTransaction().ParseCallback(m, again, noon)
		if err != nil || second.code != callback.code || second.SessionState != callback.SessionState {
			t.Fatalf("the same response again: %v", err)
		}
		other := goodTransaction()
		other.State += "x"
		if _, err := other.ParseCallback(m, callbackURL, noon); err == nil {
			t.Fatal("accepted for another transaction too")
		}
	})
}

// checkFuzzError fails if an error has no code.
func checkFuzzError(t *testing.T, err error) {
	t.Helper()
	var code Code
	if err != nil && !errors.As(err, &code) {
		t.Fatalf("error without a code: %v", err)
	}
}

func FuzzMetadata(f *testing.F) {
	for _, data := range seeds(f, "metadata") {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		fetch := func(body []byte) (*Metadata, error) {
			transport := fakeTransport{"GET " + ConfigurationURL(testIssuer): respond(200, "application/json", string(body))}
			return FetchMetadata(t.Context(), transport, testIssuer)
		}
		m, err := fetch(body)
		if (m == nil) != (err != nil) {
			t.Fatalf("metadata = %v with error %v", m, err)
		}
		checkFuzzError(t, err)
		if m == nil {
			return
		}
		if m.Issuer != testIssuer || len(m.SigningAlgorithms()) == 0 {
			t.Fatalf("accepted: %+v", m)
		}
		for _, endpoint := range []string{m.AuthorizationEndpoint, m.TokenEndpoint, m.JWKSURI} {
			if u, err := url.Parse(endpoint); err != nil || u.Hostname() == "" || u.Scheme != "https" && !isLoopback(u.Hostname()) {
				t.Fatalf("accepted the endpoint %q", endpoint)
			}
		}
		encoded := []byte(encode(t, m))
		again, err := fetch(encoded)
		if err != nil || !bytes.Equal([]byte(encode(t, again)), encoded) {
			t.Fatalf("%s becomes %v, %v", encoded, again, err)
		}
		if _, location, err := goodRequest().Start(m, fixedRandom(), noon); err != nil || strings.Contains(location, "#") {
			t.Fatalf("Start = %q, %v", location, err)
		}
	})
}

func FuzzJWKS(f *testing.F) {
	for _, data := range seeds(f, "jwks") {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		keys, err := ParseKeys(body)
		if (keys == nil) != (err != nil) {
			t.Fatalf("keys = %v with error %v", keys, err)
		}
		checkFuzzError(t, err)
		if keys == nil {
			return
		}
		var published []map[string]any
		for _, key := range keys.keys {
			if len(key.algorithms) == 0 || !isSubset(key.algorithms, asymmetricAlgorithms) {
				t.Fatalf("accepted a key for %v", key.algorithms)
			}
			jwk := jose.JSONWebKey{Key: key.public, KeyID: key.kid, Algorithm: key.alg}
			if !jwk.IsPublic() || !jwk.Valid() {
				t.Fatalf("accepted a key of type %T", key.public)
			}
			published = append(published, decodeJWK(t, jwk))
		}
		again, err := ParseKeys([]byte(jwks(t, published...)))
		if err != nil || len(again.keys) != len(keys.keys) {
			t.Fatalf("%d keys become %v, %v", len(keys.keys), again, err)
		}
		// None of them is the key that signed this.
		token := sign(t, "EdDSA", `{"alg":"EdDSA"}`, `{}`)
		if _, _, err := verifyJWS(token, keys, asymmetricAlgorithms); err == nil {
			t.Fatal("accepted the signature of another key")
		}
	})
}

func isSubset(some, all []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

func FuzzIDToken(f *testing.F) {
	headers := []string{
		`{"alg":"EdDSA","kid":"ed","typ":"JWT"}`, `{"alg":"EdDSA"}`, `{"alg":"none"}`,
		`{"alg":"EdDSA","crit":["b64"],"b64":false}`, `{"alg":"HS256","kid":"rsa"}`,
	}
	for _, payload := range seeds(f, "idtoken") {
		for i, header := range headers {
			f.Add([]byte(header), payload, uint32(i*97))
		}
	}
	f.Fuzz(func(t *testing.T, header, payload []byte, bit uint32) {
		keys, e := testKeySet(t, "ed"), goodExpectation()
		token := sign(t, "EdDSA", string(header), string(payload))
		claims, err := e.VerifyIDToken(Secret(token), keys, noon)
		if (claims == nil) != (err != nil) {
			t.Fatalf("claims = %v with error %v", claims, err)
		}
		checkFuzzError(t, err)

		flipped := []byte(token)
		at := int(bit) % (len(flipped) * 8)
		flipped[at/8] ^= 1 << (at % 8)
		if _, err := e.VerifyIDToken(Secret(flipped), keys, noon); err == nil {
			t.Fatalf("accepted with bit %d flipped", at)
		}
		if claims == nil {
			return
		}
		if claims.Issuer != testIssuer || !slices.Contains(claims.Audience, testClientID) || claims.Nonce != testNonce ||
			claims.Subject == "" || claims.Expiry <= noon.Unix()-30 || claims.IssuedAt > noon.Unix()+30 {
			t.Fatalf("accepted: %+v", claims)
		}
		again, err := verifyIDToken(t, e, membersOf(t, claims))
		if err != nil || again.Subject != claims.Subject || again.Expiry != claims.Expiry || len(again.Members) != len(claims.Members) {
			t.Fatalf("the same claims again: %v, %v", again, err)
		}
	})
}

// membersOf returns claims that can be signed again.
func membersOf(t *testing.T, claims *IDTokenClaims) map[string]any {
	t.Helper()
	members := map[string]any{}
	for name, raw := range claims.Members {
		members[name] = json.RawMessage(raw)
	}
	return members
}

func FuzzTokenResponse(f *testing.F) {
	for _, data := range seeds(f, "tokens") {
		f.Add(data, 200)
		f.Add(data, 400)
	}
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		m := goodMetadata(t)
		exchange := func(body string, status int) (*TokenResponse, error) {
			transport := fakeTransport{"POST " + m.TokenEndpoint: respond(status, "application/json", body)}
			return goodParsedCallback(t, m).Exchange(t.Context(), transport, m)
		}
		tokens, err := exchange(string(body), status)
		if (tokens == nil) != (err != nil) {
			t.Fatalf("tokens = %v with error %v", tokens, err)
		}
		checkFuzzError(t, err)
		if tokens == nil {
			return
		}
		if status != 200 || tokens.AccessToken == "" || tokens.IDToken == "" || !strings.EqualFold(tokens.TokenType, "Bearer") {
			t.Fatalf("accepted with status %d: %+v", status, tokens)
		}
		answer := map[string]any{
			"access_token": tokens.AccessToken.Reveal(), "token_type": tokens.TokenType, "scope": tokens.Scope,
			"refresh_token": tokens.RefreshToken.Reveal(), "id_token": tokens.IDToken.Reveal(),
		}
		if tokens.ExpiresIn != nil {
			if *tokens.ExpiresIn < 0 || *tokens.ExpiresIn > math.MaxInt64-noon.Unix() {
				t.Fatalf("expires_in = %d", *tokens.ExpiresIn)
			}
			answer["expires_in"] = *tokens.ExpiresIn
		}
		again, err := exchange(encode(t, answer), 200)
		if err != nil || again.AccessToken != tokens.AccessToken || again.Scope != tokens.Scope ||
			(again.ExpiresIn == nil) != (tokens.ExpiresIn == nil) {
			t.Fatalf("the same answer again: %+v, %v", again, err)
		}
	})
}
