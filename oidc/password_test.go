package oidc

import (
	"errors"
	"net/url"
	"testing"
	"time"
)

func TestPasswordRequest(t *testing.T) {
	m := goodMetadata(t)
	var sent *Request
	transport := fakeTransport{"POST " + m.TokenEndpoint: func(req *Request) (*Response, error) {
		sent = req
		return respond(200, "application/json", `{"access_token":"a","token_type":"Bearer"}`)(req)
	}}
	request := &PasswordRequest{
		ClientID: testClientID, Username: "ada", Password: mark, Scope: "openid",
		Extra: map[string]string{"tenant": "a", "client_id": "other"},
	}
	tokens, err := request.Exchange(t.Context(), transport, m)
	if err != nil || tokens.AccessToken != "a" || tokens.Scope != "openid" {
		t.Fatalf("Exchange = %v, %v", tokens, err)
	}
	checkForm(t, sent, url.Values{
		"grant_type": {"password"}, "username": {"ada"}, "password": {mark}, "scope": {"openid"},
		"tenant": {"a"}, "client_id": {testClientID},
	})
	if _, err := new(PasswordRequest).Exchange(t.Context(), transport, m); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("without a client: %v", err)
	}
}

func TestReadIDToken(t *testing.T) {
	tests := []struct {
		name, token string
		want        error
	}{
		{"claims", "e30." + "eyJpc3MiOiJpIiwic3ViIjoicyIsImF1ZCI6ImEiLCJleHAiOjEsImlhdCI6MX0" + ".c2ln", nil},
		{"no token", "a", ErrTokenMalformed},
		{"no base64", "e30.!.c2ln", ErrTokenMalformed},
	}
	for _, tt := range tests {
		claims, err := ReadIDToken(Secret(tt.token))
		if !errors.Is(err, tt.want) || tt.want == nil && claims.Subject != "s" {
			t.Errorf("%s: ReadIDToken = %+v, %v; want %v", tt.name, claims, err, tt.want)
		}
	}
}

// A token without a nonce is accepted where none was sent, and there alone.
func TestNoNonce(t *testing.T) {
	for _, none := range []bool{true, false} {
		v := &idTokenVerifier{ExpectedIDToken: &ExpectedIDToken{NoNonce: none}, now: time.Now().Unix()}
		if err := v.checkNonce(&IDTokenClaims{}); (err == nil) != none {
			t.Errorf("NoNonce %v: %v", none, err)
		}
	}
}
