package oidc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	testIssuer      = "https://op.example"
	testClientID    = "app"
	testRedirectURI = "https://app.example/callback"

	// mark is part of every secret and of every claim value about the
	// End-User in these tests, and so of no error.
	mark = "s3cr3t"

	testState       = mark + "-state"
	testNonce       = mark + "-nonce"
	testVerifier    = mark + "-verifier"
	testCode        = mark + "-code"
	testAccessToken = mark + "-access-token"
	testSubject     = mark + "-subject"
)

// noon is when the tests happen.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// checkError fails unless err is want, or nil if want is nil, and if it
// shows a secret in any of the ways that errors end up in logs.
func checkError(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error = %v, want %v", err, want)
	}
	checkNoSecret(t, err)
}

func checkNoSecret(t testing.TB, v any) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(verb, v); strings.Contains(text, mark) {
			t.Errorf("%s shows a secret: %s", verb, text)
		}
	}
}

// checkTransportError fails unless err names the endpoint and the status.
func checkTransportError(t testing.TB, err error, endpoint string, status int) {
	t.Helper()
	var failure *TransportError
	if !errors.As(err, &failure) || failure.Endpoint != endpoint || failure.Status != status {
		t.Errorf("error = %v, want a TransportError of the %s endpoint with status %d", err, endpoint, status)
	}
}

// fakeTransport answers by method and URL. A request that it does not know
// is a bug of the client and ends the test.
type fakeTransport map[string]func(*Request) (*Response, error)

func (f fakeTransport) Do(_ context.Context, req *Request) (*Response, error) {
	answer, known := f[req.Method+" "+req.URL]
	if !known {
		panic("unexpected request: " + req.Method + " " + req.URL)
	}
	return answer(req)
}

// respond always gives the same answer.
func respond(status int, contentType, body string) func(*Request) (*Response, error) {
	return func(*Request) (*Response, error) {
		header := map[string]string{"content-type": contentType}
		return &Response{Status: status, Header: header, Body: []byte(body)}, nil
	}
}

// refuse always fails.
func refuse(err error) func(*Request) (*Response, error) {
	return func(*Request) (*Response, error) { return nil, err }
}

// goodDocument is the metadata of a correct provider.
func goodDocument() map[string]any {
	return map[string]any{
		"issuer":                                         testIssuer,
		"authorization_endpoint":                         testIssuer + "/authorize",
		"token_endpoint":                                 testIssuer + "/token",
		"userinfo_endpoint":                              testIssuer + "/userinfo",
		"jwks_uri":                                       testIssuer + "/jwks",
		"end_session_endpoint":                           testIssuer + "/logout",
		"revocation_endpoint":                            testIssuer + "/revoke",
		"response_types_supported":                       []string{"code", "id_token"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{"RS256", "ES256", "HS256", "none"},
		"code_challenge_methods_supported":               []string{"plain", "S256"},
		"response_modes_supported":                       []string{"query", "fragment", "jwt", "query.jwt", "fragment.jwt"},
		"authorization_response_iss_parameter_supported": true,
		"scopes_supported":                               []string{"openid"},
	}
}

func goodMetadata(t testing.TB) *Metadata {
	t.Helper()
	var m Metadata
	if err := json.Unmarshal([]byte(encode(t, goodDocument())), &m); err != nil {
		t.Fatal(err)
	}
	return &m
}

func goodTransaction() *Transaction {
	return &Transaction{
		Issuer:       testIssuer,
		ClientID:     testClientID,
		RedirectURI:  testRedirectURI,
		Scope:        "openid profile",
		State:        testState,
		Nonce:        testNonce,
		CodeVerifier: testVerifier,
		CreatedAt:    noon.Unix(),
	}
}

// goodCallback is the URL of a correct Authentication Response.
const goodCallback = testRedirectURI + "?code=" + testCode + "&state=" + testState + "&iss=https%3A%2F%2Fop.example"

func encode(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// golden compares got with a file of testdata/oidc, which -update rewrites.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("..", "testdata", "oidc", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; go test -update rewrites it:\n got %s\nwant %s", name, got, want)
	}
}

// accessTokenHash is the at_hash of a token (OIDC Core 3.1.3.6).
func accessTokenHash(alg string, token Secret) string {
	_, sum := digestBy(alg, token.Reveal())
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
