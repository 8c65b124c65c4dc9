package oidc

import (
	"context"
	"encoding/base64"
	"strings"
	"time"
)

// Rehearse takes a response that nobody gave along the way of the response to
// this transaction, as far as a signature that nobody made lets it come:
// [ErrSignatureInvalid] if it came that far, [ErrUnsupported] for metadata that names
// no algorithm to sign with. It sends nothing, and has keys of its
// own. A browser compiles a function when it is called first: the response itself
// then takes less time.
func (tx *Transaction) Rehearse(ctx context.Context, m *Metadata, now time.Time) error {
	callback, err := tx.ParseCallback(m, tx.specimenURL(), now)
	if err != nil {
		return err
	}
	tokens, err := callback.Exchange(ctx, stage{}, m)
	if err != nil {
		return err
	}
	keys, err := ParseKeys([]byte(`{"keys":[` + specimenRSA + `,` + specimenEC + `]}`))
	if err != nil {
		return err
	}
	algorithms := m.SigningAlgorithms()
	if len(algorithms) == 0 { // of a document that has passed no checks
		return ErrUnsupported
	}
	token := specimen(algorithms[0])
	if _, err := ReadIDToken(token); err != nil {
		return err
	}
	_, err = tx.Expect(m, tokens).VerifyIDToken(token, keys, now)
	return err
}

// specimenURL is the redirect URI with a response.
func (tx *Transaction) specimenURL() string {
	mark := "?"
	switch {
	case tx.ResponseMode == "fragment":
		mark = "#"
	case strings.Contains(tx.RedirectURI, "?"):
		mark = "&"
	}
	response := &params{}
	response.add("code", "none")
	response.add("state", tx.State.Reveal())
	response.add("iss", tx.Issuer)
	return tx.RedirectURI + mark + response.encode()
}

// Keys that nobody signs with: a modulus of ones, and the base point of P-256.
// Other kinds are too rare to be worth their place.
const (
	specimenRSA = `{"kty":"RSA","kid":"none","e":"AQAB","n":"` + specimenModulus + specimenModulus + specimenModulus + specimenModulus + `_w"}`
	specimenEC  = `{"kty":"EC","kid":"none","crv":"P-256","x":"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY","y":"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}`

	specimenModulus = `_____________________________________________________________________________________` // 85 of 342
)

// specimen returns what looks like an ID Token that one of these keys has signed.
func specimen(alg string) Secret {
	length := 256 // RFC 7518 3.3
	if alg == "ES256" {
		length = 64 // RFC 7518 3.4
	}
	signature := make([]byte, length)
	for i := 1; i < length; i += 2 { // begins with a zero: less than the modulus
		signature[i] = 1
	}
	encode := base64.RawURLEncoding.EncodeToString
	return Secret(encode([]byte(`{"alg":"`+alg+`","kid":"none"}`)) + "." +
		encode([]byte(`{"iss":"none","sub":"none","aud":"none","exp":1,"iat":1,"nonce":"none"}`)) + "." + encode(signature))
}

// A stage is a transport that has tokens without asking anybody.
type stage struct{}

// Do is [Transport].
func (stage) Do(context.Context, *Request) (*Response, error) {
	return &Response{
		Status: 200,
		Header: map[string]string{"content-type": "application/json"},
		Body:   []byte(`{"access_token":"none","token_type":"Bearer","expires_in":1,"id_token":"none"}`),
	}, nil
}
