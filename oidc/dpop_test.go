package oidc

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// testSigner is a key as an app would have it.
type testSigner struct {
	t   testing.TB
	alg string
	err error
}

func (s testSigner) Algorithm() string { return s.alg }

func (s testSigner) PublicJWK() map[string]string {
	public := map[string]string{}
	for name, value := range publicJWK(s.t, kidOf[s.alg]) {
		public[name] = value.(string)
	}
	return public
}

func (s testSigner) Sign(_ context.Context, input []byte) ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	key := testKeys()[kidOf[s.alg]]
	return key.sign(key.private, s.alg, input)
}

// script answers requests one after the other, and keeps them. One request
// too many ends the test.
type script struct {
	answers []*Response
	sent    []*Request
}

func (s *script) Do(_ context.Context, req *Request) (*Response, error) {
	s.sent = append(s.sent, req)
	if len(s.sent) > len(s.answers) {
		panic("one request too many")
	}
	return s.answers[len(s.sent)-1], nil
}

// reply is an answer with pairs of names and values as its header.
func reply(status int, body string, header ...string) *Response {
	resp := &Response{Status: status, Body: []byte(body), Header: map[string]string{"content-type": "application/json"}}
	for i := 0; i < len(header); i += 2 {
		resp.Header[header[i]] = header[i+1]
	}
	return resp
}

func testDPoP(t testing.TB, alg string, answers ...*Response) (*DPoPTransport, *script) {
	t.Helper()
	beneath := &script{answers: answers}
	d, err := NewDPoPTransport(beneath, testSigner{t: t, alg: alg}, rand.Reader, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return d, beneath
}

// readProof verifies the proof of a request with the key in it.
func readProof(t testing.TB, req *Request) (header, claims map[string]any) {
	t.Helper()
	proof := req.Header["DPoP"]
	parts := strings.Split(proof, ".")
	if len(parts) != 3 {
		t.Fatalf("the proof has %d parts", len(parts))
	}
	for i, target := range []*map[string]any{&header, &claims} {
		if err := json.Unmarshal(unb64(t, parts[i]), target); err != nil {
			t.Fatal(err)
		}
	}
	jws, err := jose.ParseSignedCompact(proof, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(header["alg"].(string))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jws.Verify(jws.Signatures[0].Header.JSONWebKey.Key); err != nil {
		t.Errorf("proof: %v", err)
	}
	return header, claims
}

func TestDPoPProof(t *testing.T) {
	for _, alg := range []string{"ES256", "ES384", "RS256", "PS256", "EdDSA"} {
		t.Run(alg, func(t *testing.T) {
			d, beneath := testDPoP(t, alg, reply(200, "{}"), reply(200, "{}"))
			for range 2 {
				if _, err := d.Do(t.Context(), &Request{Method: "POST", URL: "https://OP.example:443/token?a=1#b"}); err != nil {
					t.Fatal(err)
				}
			}
			header, claims := readProof(t, beneath.sent[0])
			if header["typ"] != "dpop+jwt" || header["alg"] != alg || len(header) != 3 {
				t.Errorf("header = %v", header)
			}
			if jwk := header["jwk"].(map[string]any); jwk["d"] != nil || jwk["kid"] != nil || jwk["kty"] == nil {
				t.Errorf("jwk = %v", jwk)
			}
			if claims["htm"] != "POST" || claims["htu"] != "https://op.example/token" || claims["iat"] != float64(noon.Unix()) || len(claims) != 4 {
				t.Errorf("claims = %v", claims)
			}
			_, second := readProof(t, beneath.sent[1])
			if id, again := claims["jti"].(string), second["jti"].(string); len(id) < 16 || id == again {
				t.Errorf("jti = %q and %q", id, again)
			}
		})
	}
}

func TestDPoPAccessToken(t *testing.T) {
	sum := sha256.Sum256([]byte(testAccessToken))
	for _, scheme := range []string{"Bearer", "bearer", "DPoP"} {
		d, beneath := testDPoP(t, "ES256", reply(200, "{}"))
		req := &Request{Method: "GET", URL: "https://api.example", Header: map[string]string{"Authorization": scheme + " " + testAccessToken}}
		if _, err := d.Do(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		_, claims := readProof(t, beneath.sent[0])
		if claims["ath"] != b64(sum[:]) || claims["htu"] != "https://api.example/" {
			t.Errorf("%s: claims = %v", scheme, claims)
		}
		if got := beneath.sent[0].Header["Authorization"]; got != "DPoP "+testAccessToken {
			t.Errorf("%s: Authorization = %q", scheme, got)
		}
		if req.Header["DPoP"] != "" || req.Header["Authorization"] != scheme+" "+testAccessToken {
			t.Errorf("%s: the caller's request was changed", scheme)
		}
	}
}

// The browser takes the token off at another origin, and not the proof.
func TestDPoPFollowsNoRedirect(t *testing.T) {
	for _, may := range []bool{false, true} {
		d, beneath := testDPoP(t, "ES256", reply(200, "{}"))
		req := &Request{Method: "GET", URL: "https://api.example", MayRedirect: may}
		if _, err := d.Do(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		if beneath.sent[0].MayRedirect || req.MayRedirect != may {
			t.Errorf("a proof may follow a redirect, or the caller's request was changed")
		}
	}
}

func TestDPoPNonce(t *testing.T) {
	wanted := `{"error":"use_dpop_nonce"}`
	tests := []struct {
		name    string
		answers []*Response
		nonces  []any // of the proofs
	}{
		{"8 none", []*Response{reply(200, "{}")}, []any{nil}},
		{"8 asked by the token endpoint", []*Response{reply(400, wanted, "dpop-nonce", "n1"), reply(200, "{}")}, []any{nil, "n1"}},
		{"8 asked twice", []*Response{reply(400, wanted, "dpop-nonce", "n1"), reply(400, wanted, "dpop-nonce", "n2")}, []any{nil, "n1"}},
		{"8 another error with a nonce", []*Response{reply(400, `{"error":"invalid_grant"}`, "dpop-nonce", "n1")}, []any{nil}},
		{"8 in HTML", []*Response{reply(400, wanted, "dpop-nonce", "n1", "content-type", "text/html")}, []any{nil}},
		{"8.1 two headers", []*Response{reply(400, wanted, "dpop-nonce", "n1, n2")}, []any{nil}},
		{"8.1 a quote", []*Response{reply(400, wanted, "dpop-nonce", `n"1`)}, []any{nil}},
		{"8.1 too long", []*Response{reply(400, wanted, "dpop-nonce", strings.Repeat("n", maxNonceLength+1))}, []any{nil}},
		{"9 asked by a resource", []*Response{
			reply(401, "", "dpop-nonce", "n1", "www-authenticate", `Bearer, DPoP error="use_dpop_nonce"`), reply(200, "{}"),
		}, []any{nil, "n1"}},
		{"9 the challenge is not exposed", []*Response{reply(401, "", "dpop-nonce", "n1"), reply(401, "", "dpop-nonce", "n2")}, []any{nil, "n1"}},
		{"9 another challenge", []*Response{
			reply(401, "", "dpop-nonce", "n1", "www-authenticate", `DPoP error="invalid_token"`),
		}, []any{nil}},
		{"9 a malformed challenge", []*Response{
			reply(401, "", "dpop-nonce", "n1", "www-authenticate", `DPoP error="use_dpop_nonce`),
		}, []any{nil}},
		{"9 with another status", []*Response{
			reply(403, wanted, "dpop-nonce", "n1", "www-authenticate", `DPoP error="use_dpop_nonce"`),
		}, []any{nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, beneath := testDPoP(t, "ES256", tt.answers...)
			resp, err := d.Do(t.Context(), &Request{Method: "POST", URL: testIssuer + "/token"})
			if err != nil || resp != tt.answers[len(tt.answers)-1] {
				t.Errorf("answer = %v, error = %v, want the last", resp, err)
			}
			if got := proofNonces(t, beneath); !slices.Equal(got, tt.nonces) {
				t.Errorf("nonces %v, want %v", got, tt.nonces)
			}
			checkNoSecret(t, d)
		})
	}
}

// A server that wants its nonce and hides it is named.
func TestDPoPNonceHidden(t *testing.T) {
	tests := []struct {
		name   string
		answer *Response
		want   error
	}{
		{"8 by the token endpoint", reply(400, `{"error":"use_dpop_nonce"}`), ErrDPoPNonceHidden},
		{"9 by a resource", reply(401, "", "www-authenticate", `DPoP error="use_dpop_nonce"`), ErrDPoPNonceHidden},
		{"8 another error", reply(400, `{"error":"invalid_grant"}`), nil},
		{"9 another challenge", reply(401, "", "www-authenticate", `DPoP error="invalid_token"`), nil},
		{"9 a challenge that is hidden, too", reply(401, ""), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, beneath := testDPoP(t, "ES256", tt.answer)
			_, err := d.Do(t.Context(), &Request{Method: "POST", URL: testIssuer + "/token?a=b"})
			checkError(t, err, tt.want)
			if tt.want != nil && !strings.Contains(err.Error(), testIssuer+" ") {
				t.Errorf("the error does not name the server: %v", err)
			}
			if n := len(beneath.sent); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

func proofNonces(t testing.TB, s *script) []any {
	t.Helper()
	var nonces []any
	for _, req := range s.sent {
		_, claims := readProof(t, req)
		nonces = append(nonces, claims["nonce"])
	}
	return nonces
}

// The newest nonce of a server is used, from whatever answer; another
// server's never is.
func TestDPoPNonceIsKept(t *testing.T) {
	d, beneath := testDPoP(t, "ES256",
		reply(200, "{}", "dpop-nonce", "n1"), reply(500, "", "dpop-nonce", "n2"), reply(200, "{}"), reply(200, "{}"), reply(200, "{}"), reply(200, "{}"))
	for _, url := range []string{
		"https://op.example/token", "https://op.example/token", "https://OP.example:443/userinfo",
		"https://api.example/", "https://op.example:8443/token", "https://op.example/token",
	} {
		if _, err := d.Do(t.Context(), &Request{Method: "POST", URL: url}); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := proofNonces(t, beneath), []any{nil, "n1", "n2", nil, nil, "n2"}; !slices.Equal(got, want) {
		t.Errorf("nonces %v, want %v", got, want)
	}
}

// A proof that others send has the nonce that they were given, which counts from
// then on, or the newest that is known.
func TestDPoPTokenProof(t *testing.T) {
	d, beneath := testDPoP(t, "ES256", reply(200, "{}", "dpop-nonce", "n1"), reply(200, "{}"))
	send := func() {
		t.Helper()
		if _, err := d.Do(t.Context(), &Request{Method: "POST", URL: testIssuer + "/token"}); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		before func()
		given  string
		want   any
	}{
		{nil, "", nil},
		{send, "", "n1"},
		{nil, "n2", "n2"},
		{nil, "", "n2"},
	}
	for i, tt := range tests {
		if tt.before != nil {
			tt.before()
		}
		proof, err := d.TokenProof(t.Context(), testIssuer+"/token?a=b", tt.given)
		if err != nil {
			t.Fatal(err)
		}
		_, claims := readProof(t, &Request{Header: map[string]string{"DPoP": proof}})
		if claims["nonce"] != tt.want || claims["htm"] != "POST" || claims["htu"] != testIssuer+"/token" || claims["ath"] != nil {
			t.Errorf("proof %d: %v, want the nonce %v", i, claims, tt.want)
		}
	}
	send()
	if got, want := proofNonces(t, beneath), []any{nil, "n2"}; !slices.Equal(got, want) {
		t.Errorf("own requests have nonces %v, want %v", got, want)
	}
	_, err := d.TokenProof(t.Context(), testIssuer+"/token", "a b")
	checkError(t, err, ErrInvalidArgument)
	_, err = d.TokenProof(t.Context(), "http://op.example/token", "")
	checkError(t, err, ErrInsecureURL)
}

func TestDPoPTokenType(t *testing.T) {
	tests := []struct {
		tokenType string
		bound     error // of a request through a DPoPTransport
		plain     error
	}{
		{"DPoP", nil, ErrTokenResponseInvalid},
		{"dPoP", nil, ErrTokenResponseInvalid},
		{"Bearer", ErrTokenTypeNotAllowed, nil},
		{"bearer", ErrTokenTypeNotAllowed, nil},
		{"MAC", ErrTokenResponseInvalid, ErrTokenResponseInvalid},
		{"", ErrTokenResponseInvalid, ErrTokenResponseInvalid},
	}
	for _, tt := range tests {
		t.Run("9449-5 "+tt.tokenType, func(t *testing.T) {
			m, answer := goodMetadata(t), goodTokens()
			answer["token_type"] = tt.tokenType
			ok := reply(200, encode(t, answer))
			d, beneath := testDPoP(t, "ES256", ok, ok)
			_, err := goodParsedCallback(t, m).Exchange(t.Context(), d, m)
			checkError(t, err, tt.bound)
			_, err = goodRefresh().Refresh(t.Context(), d, m)
			checkError(t, err, tt.bound)
			if beneath.sent[0].Header["DPoP"] == "" || beneath.sent[1].Header["DPoP"] == "" {
				t.Error("a token request without a proof")
			}
			_, err = goodParsedCallback(t, m).Exchange(t.Context(), &script{answers: []*Response{ok}}, m)
			checkError(t, err, tt.plain)
		})
	}
}

// A userinfo request through the transport is one with a bound token.
func TestDPoPUserinfo(t *testing.T) {
	m := goodMetadata(t)
	d, beneath := testDPoP(t, "ES256", reply(200, `{"sub":"`+testSubject+`"}`))
	if _, err := goodUserinfo().Fetch(t.Context(), d, m, noon); err != nil {
		t.Fatal(err)
	}
	if got := beneath.sent[0].Header["Authorization"]; !strings.HasPrefix(got, "DPoP ") {
		t.Errorf("Authorization = %q", got)
	}
}

// editedSigner has another public key than its own.
type editedSigner struct {
	Signer
	edit func(map[string]string)
}

func (s editedSigner) PublicJWK() map[string]string {
	jwk := s.Signer.PublicJWK()
	s.edit(jwk)
	return jwk
}

func TestDPoPKey(t *testing.T) {
	tests := []struct {
		name, alg string
		edit      func(map[string]string)
		want      error
	}{
		{"4.2 valid", "ES256", func(map[string]string) {}, nil},
		{"4.2 a member beside", "ES256", func(k map[string]string) { k["ext"] = "true" }, nil},
		{"4.2 private", "ES256", func(k map[string]string) { k["d"] = mark }, ErrInvalidConfig},
		{"4.2 a member missing", "ES256", func(k map[string]string) { delete(k, "y") }, ErrInvalidConfig},
		{"4.2 kty missing", "RS256", func(k map[string]string) { delete(k, "kty") }, ErrInvalidConfig},
		{"4.2 of another type", "ES256", func(k map[string]string) { k["kty"] = "RSA" }, ErrInvalidConfig},
		{"4.2 symmetric", "HS256", func(k map[string]string) { k["kty"] = "oct" }, ErrInvalidConfig},
		{"4.2 none", "none", func(map[string]string) {}, ErrInvalidConfig},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			alg := tt.alg
			if kidOf[alg] == "" {
				alg = "ES256"
			}
			key := renamedSigner{editedSigner{testSigner{t: t, alg: alg}, tt.edit}, tt.alg}
			_, err := NewDPoPTransport(fakeTransport{}, key, rand.Reader, time.Now)
			checkError(t, err, tt.want)
		})
	}
}

// renamedSigner has another algorithm than its own.
type renamedSigner struct {
	Signer
	alg string
}

func (s renamedSigner) Algorithm() string { return s.alg }

// The example of RFC 7638 3.1.
func TestDPoPThumbprint(t *testing.T) {
	key := editedSigner{testSigner{t: t, alg: "RS256"}, func(jwk map[string]string) {
		jwk["e"] = "AQAB"
		jwk["n"] = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn6" +
			"4tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbIS" +
			"D08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
	}}
	d, err := NewDPoPTransport(fakeTransport{}, key, rand.Reader, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := d.Thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"; got != want {
		t.Errorf("thumbprint = %s, want %s", got, want)
	}
	request := goodRequest()
	request.DPoPThumbprint = d.Thumbprint()
	if _, sent := start(t, request); sent.Get("dpop_jkt") != d.Thumbprint() {
		t.Errorf("dpop_jkt = %s", sent.Get("dpop_jkt"))
	}
}

// Nothing is sent without a proof.
func TestDPoPFails(t *testing.T) {
	errKey := errors.New("the key is gone")
	tests := []struct {
		name, url string
		err       error
		want      error
	}{
		{"the key fails", testIssuer + "/token", errKey, errKey},
		{"4.2 http", "http://api.example/", nil, ErrInsecureURL},
		{"4.2 relative", "/api", nil, ErrInvalidArgument},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := NewDPoPTransport(&script{}, testSigner{t: t, alg: "ES256", err: tt.err}, rand.Reader, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			_, err = d.Do(t.Context(), &Request{Method: "GET", URL: tt.url})
			checkError(t, err, tt.want)
		})
	}
}

func TestCheckDPoP(t *testing.T) {
	for _, tt := range []struct {
		supported []string
		want      error
	}{
		{nil, ErrUnsupported},
		{[]string{}, ErrUnsupported},
		{[]string{"RS256", "ES256"}, nil},
		{[]string{"RS256"}, ErrUnsupported},
	} {
		m := goodMetadata(t)
		m.DPoPSigningAlgValuesSupported = tt.supported
		checkError(t, m.CheckDPoP("ES256"), tt.want)
	}
}

func TestDPoPIsRedacted(t *testing.T) {
	d, _ := testDPoP(t, "ES256", reply(200, "{}", "dpop-nonce", mark))
	if _, err := d.Do(t.Context(), &Request{Method: "GET", URL: testIssuer}); err != nil {
		t.Fatal(err)
	}
	checkNoSecret(t, d)
	if got := fmt.Sprint(d); got != redacted {
		t.Errorf("String = %q", got)
	}
}

// keyTransport is a transport with the key of a thumbprint.
type keyTransport struct {
	Transport
	thumbprint string
}

func (k keyTransport) Thumbprint() string { return k.thumbprint }

// A code that is bound to a key is sent with a proof of that key alone.
func TestBoundCode(t *testing.T) {
	m := goodMetadata(t)
	request := goodRequest()
	request.DPoPThumbprint = "thumbprint-1"
	tx, sent := start(t, request)
	if sent.Get("dpop_jkt") != "thumbprint-1" || tx.Thumbprint != "thumbprint-1" {
		t.Error("dpop_jkt is not sent, or not kept")
	}
	tests := []struct {
		name      string
		transport func(Transport) Transport
		want      error
	}{
		{"10 the key", func(t Transport) Transport { return keyTransport{t, "thumbprint-1"} }, nil},
		{"10 another key", func(t Transport) Transport { return keyTransport{t, "thumbprint-2"} }, ErrDPoPKeyLost},
		{"10 no key", func(t Transport) Transport { return t }, ErrDPoPKeyLost},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			beneath := &script{answers: []*Response{reply(200, encode(t, goodTokens()))}}
			callback := goodParsedCallback(t, m)
			callback.tx.Thumbprint = tx.Thumbprint
			_, err := callback.Exchange(t.Context(), tt.transport(beneath), m)
			checkError(t, err, tt.want)
			if sent := len(beneath.sent) > 0; sent != (tt.want == nil) {
				t.Errorf("the code was sent: %t", sent)
			}
		})
	}
}
