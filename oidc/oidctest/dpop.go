package oidctest

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// proofAlgorithms are those that this provider takes in proofs.
var proofAlgorithms = []string{"ES256"}

// prove checks the proof of a request (RFC 9449 4.3), and fails the test on one
// that is wrong. It returns the thumbprint of its key: empty without a proof.
// accessToken is the one that goes with the request, if there is one. It
// reports false if it has answered: the server wants its nonce.
func (op *OP) prove(w http.ResponseWriter, r *http.Request, endpoint, accessToken string) (thumbprint string, ok bool) {
	if len(r.Header["Dpop"]) == 0 {
		return "", true
	}
	var claims struct {
		ID     string `json:"jti"`
		Method string `json:"htm"`
		URI    string `json:"htu"`
		Time   int64  `json:"iat"`
		Hash   string `json:"ath"`
		Nonce  string `json:"nonce"`
	}
	thumbprint, payload := op.openProof(r.Header.Get("DPoP"))
	uri, _, _ := strings.Cut(op.origin()+r.URL.Path, "?")
	switch {
	case len(r.Header["Dpop"]) > 1, thumbprint == "", json.Unmarshal(payload, &claims) != nil:
		op.tb.Errorf("oidctest: %s: a DPoP proof that is none (RFC 9449 4.3)", endpoint)
	case claims.Method != r.Method || claims.URI != uri:
		op.tb.Errorf("oidctest: %s: a DPoP proof for another request: htm %s, htu %s, want %s", endpoint, claims.Method, claims.URI, uri)
	case claims.ID == "" || op.proofs[claims.ID]:
		op.tb.Errorf("oidctest: %s: a DPoP proof without jti, or used before (RFC 9449 11.1)", endpoint)
	case accessToken != "" && claims.Hash != encode(digest(crypto.SHA256, accessToken)):
		op.tb.Errorf("oidctest: %s: a DPoP proof for another access token (RFC 9449 4.3 step 12)", endpoint)
	}
	if age := time.Now().Unix() - claims.Time; age < -60 || age > 60 {
		op.tb.Errorf("oidctest: %s: a DPoP proof of another time", endpoint)
	}
	if op.proofs == nil {
		op.proofs = map[string]bool{}
	}
	op.proofs[claims.ID] = true
	return thumbprint, op.acceptsNonce(w, endpoint, claims.Nonce)
}

// openProof returns the thumbprint of the key in a proof, and its payload.
func (op *OP) openProof(proof string) (thumbprint string, payload []byte) {
	header, _, _ := strings.Cut(proof, ".")
	text, err := base64.RawURLEncoding.DecodeString(header)
	var typed struct {
		Typ string `json:"typ"`
	}
	if err != nil || json.Unmarshal(text, &typed) != nil || typed.Typ != "dpop+jwt" {
		return "", nil
	}
	jws, err := jose.ParseSignedCompact(proof, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return "", nil
	}
	key := jws.Signatures[0].Header.JSONWebKey
	if key == nil || !key.IsPublic() {
		return "", nil
	}
	payload, err = jws.Verify(key)
	sum, sumErr := key.Thumbprint(crypto.SHA256)
	if err != nil || sumErr != nil {
		return "", nil
	}
	return encode(sum), payload
}

// acceptsNonce asks for the nonce, if one is needed (RFC 9449 8 and 9), and
// gives out a new one with every answer.
func (op *OP) acceptsNonce(w http.ResponseWriter, endpoint, nonce string) bool {
	if !op.RequireNonce {
		return true
	}
	good := op.nonce != "" && nonce == op.nonce
	op.nonce = "nonce-" + random()
	w.Header().Set("DPoP-Nonce", op.nonce)
	switch {
	case good:
	case endpoint == Token:
		op.refuse(w, endpoint, "use_dpop_nonce")
	default:
		w.Header().Set("WWW-Authenticate", `DPoP error="use_dpop_nonce", error_description="a nonce is needed"`)
		w.WriteHeader(http.StatusUnauthorized)
	}
	return good
}

// origin returns that of the issuer.
func (op *OP) origin() string { return strings.TrimSuffix(op.Base(), issuerPath(op.Issuer)) }
