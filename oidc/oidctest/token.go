package oidctest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// token is the token endpoint (OIDC Core 3.1.3, 12).
func (op *OP) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		op.tb.Errorf("oidctest: token request: %v", err)
	}
	form := r.PostForm
	if len(r.URL.Query()) > 0 || form.Has("client_secret") || r.Header.Get("Authorization") != "" {
		op.tb.Errorf("oidctest: token request of a public client has a query, a secret or credentials")
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		op.exchange(w, form)
	case "refresh_token":
		op.refreshTokens(w, form)
	default:
		op.tb.Errorf("oidctest: grant_type %q", form.Get("grant_type"))
		refuse(w, "unsupported_grant_type")
	}
}

func (op *OP) exchange(w http.ResponseWriter, form url.Values) {
	request, ok := op.codes[form.Get("code")]
	delete(op.codes, form.Get("code"))
	if !ok {
		op.tb.Errorf("oidctest: a code that was never issued, or is used a second time")
		refuse(w, "invalid_grant")
		return
	}
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	if base64.RawURLEncoding.EncodeToString(sum[:]) != request.Get("code_challenge") {
		op.tb.Errorf("oidctest: code_verifier does not match (RFC 7636 4.6)")
		refuse(w, "invalid_grant")
		return
	}
	for _, name := range []string{"redirect_uri", "client_id"} {
		if form.Get(name) != request.Get(name) {
			op.tb.Errorf("oidctest: %s differs from the authorization request", name)
		}
	}
	op.issue(w, request.Get("scope"), request.Get("nonce"))
}

func (op *OP) refreshTokens(w http.ResponseWriter, form url.Values) {
	token := form.Get("refresh_token")
	unused, known := op.refresh[token]
	if !known || !unused {
		if known {
			op.tb.Errorf("oidctest: a refresh token is used a second time")
		}
		refuse(w, "invalid_grant")
		return
	}
	op.refresh[token] = false
	op.issue(w, form.Get("scope"), "")
}

// RevokeRefreshTokens makes every refresh token unknown.
func (op *OP) RevokeRefreshTokens() {
	op.Edit(func() { clear(op.refresh) })
}

func (op *OP) issue(w http.ResponseWriter, scope, nonce string) {
	accessToken := "access-" + random()
	response := map[string]any{
		"access_token": accessToken,
		"token_type":   "Bearer",
		"expires_in":   int(op.Lifetime / time.Second),
		"scope":        scope,
		"id_token":     op.idToken(nonce, accessToken),
	}
	if op.RefreshTokens {
		token := "refresh-" + random()
		op.refresh[token] = true
		response["refresh_token"] = token
	}
	answer(w, http.StatusOK, response, op.EditTokenResponse)
}

func (op *OP) idToken(nonce, accessToken string) string {
	now := time.Now().Unix()
	header := map[string]any{"alg": "RS256", "kid": "key-1"}
	claims := map[string]any{
		"iss": op.Issuer, "sub": op.Subject, "aud": op.ClientID,
		"exp": now + 300, "iat": now, "auth_time": now,
		"at_hash": sha256Half(accessToken),
		"name":    "Test User",
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	if op.EditIDToken != nil {
		op.EditIDToken(header, claims)
	}
	token := op.Sign(header, claims)
	if op.ReplaceIDToken != nil {
		token = op.ReplaceIDToken(token)
	}
	return token
}

// Sign returns a JWS over the claims, by RS256 whatever the header says.
func (op *OP) Sign(header, claims map[string]any) string {
	input := part(op, header) + "." + part(op, claims)
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(rand.Reader, op.key, crypto.SHA256, sum[:])
	if err != nil {
		op.tb.Errorf("oidctest: sign: %v", err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func part(op *OP, object map[string]any) string {
	data, err := json.Marshal(object)
	if err != nil {
		op.tb.Errorf("oidctest: %v", err)
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func (op *OP) userinfo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") == "" {
		op.tb.Errorf("oidctest: userinfo request without a token")
	}
	answer(w, http.StatusOK, map[string]any{"sub": op.Subject, "email": "user@example.test"}, op.EditUserinfo)
}

func refuse(w http.ResponseWriter, code string) {
	answer(w, http.StatusBadRequest, map[string]any{"error": code}, nil)
}
