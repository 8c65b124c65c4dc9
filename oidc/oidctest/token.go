package oidctest

import (
	"crypto"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A grant is what a sign-in gave the client.
type grant struct {
	scope, nonce string
	plain        bool   // OAuth alone: no ID Token
	thumbprint   string // of the key that it is bound to (RFC 9449 5)
	authTime     int64  // seconds since the epoch
	revoked      *bool  // shared by all refresh tokens of the sign-in
	used         bool   // this refresh token
	refreshed    bool   // it came of one
}

// token is the token endpoint (OIDC Core 3.1.3, 12).
func (op *OP) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		op.tb.Errorf("oidctest: token request: %v", err)
	}
	form := r.PostForm
	secret := op.profile != nil && op.profile.Secret
	if secret && !form.Has("client_secret") {
		op.answer(w, Token, http.StatusBadRequest, map[string]any{"error": "invalid_request", "error_description": "client_secret is missing."}, nil)
		return
	}
	if !op.sameQuery(r) || form.Has("client_secret") && !secret || r.Header.Get("Authorization") != "" {
		op.tb.Errorf("oidctest: token request of a public client has a query, a secret or credentials")
	}
	for name, values := range form {
		if len(values) > 1 && name != "resource" { // RFC 8707 2
			op.tb.Errorf("oidctest: parameter %s comes %d times (RFC 6749 3.2)", name, len(values))
		}
	}
	if form.Get("client_id") != op.ClientID {
		op.tb.Errorf("oidctest: token request of the client %q (RFC 6749 3.2.1)", form.Get("client_id"))
	}
	thumbprint, ok := op.prove(w, r, Token, "")
	if !ok {
		return
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		op.exchange(w, form, thumbprint)
	case "refresh_token":
		op.refreshTokens(w, form, thumbprint)
	case "password":
		op.password(w, form, thumbprint)
	default:
		op.tb.Errorf("oidctest: grant_type %q", form.Get("grant_type"))
		op.refuse(w, Token, "unsupported_grant_type")
	}
}

func (op *OP) exchange(w http.ResponseWriter, form url.Values, thumbprint string) {
	op.remember(form.Get("code_verifier"))
	request, ok := op.codes[form.Get("code")]
	delete(op.codes, form.Get("code"))
	if !ok {
		op.tb.Errorf("oidctest: a code that was never issued, or is used a second time")
		op.refuse(w, Token, "invalid_grant")
		return
	}
	if encode(digest(crypto.SHA256, form.Get("code_verifier"))) != request.Get("code_challenge") {
		op.tb.Errorf("oidctest: code_verifier does not match (RFC 7636 4.6)")
		op.refuse(w, Token, "invalid_grant")
		return
	}
	if form.Get("redirect_uri") != request.Get("redirect_uri") {
		op.tb.Errorf("oidctest: redirect_uri differs from the authorization request")
	}
	if bound := request.Get("dpop_jkt"); bound != "" && bound != thumbprint {
		op.tb.Errorf("oidctest: a code that is bound to another key (RFC 9449 10)")
		op.refuse(w, Token, "invalid_grant")
		return
	}
	op.issue(w, &grant{
		scope: request.Get("scope"), thumbprint: thumbprint, nonce: request.Get("nonce"), authTime: op.authTime, revoked: new(bool),
	}, true)
}

func (op *OP) refreshTokens(w http.ResponseWriter, form url.Values, thumbprint string) {
	g := op.refresh[form.Get("refresh_token")]
	if g != nil && g.used {
		op.tb.Errorf("oidctest: a refresh token is used a second time")
		*g.revoked = true
	}
	if g != nil && g.thumbprint != thumbprint {
		op.tb.Errorf("oidctest: a refresh token of another key, or of none (RFC 9449 5)")
	}
	if g == nil || *g.revoked {
		op.deny(w)
		return
	}
	g.used = !op.KeepRefreshTokens
	next := *g
	next.used, next.refreshed = false, true
	if scope := form.Get("scope"); scope != "" {
		next.scope = scope
	}
	if !op.RepeatNonce {
		next.nonce = ""
	}
	op.issue(w, &next, g.used)
}

// password is the grant of RFC 6749 4.3.
func (op *OP) password(w http.ResponseWriter, form url.Values, thumbprint string) {
	op.remember(form.Get("password"))
	if op.Password == "" || form.Get("password") != op.Password || form.Get("username") == "" {
		op.refuse(w, Token, "invalid_grant")
		return
	}
	op.issue(w, &grant{
		scope: form.Get("scope"), plain: !slices.Contains(strings.Fields(form.Get("scope")), "openid"),
		thumbprint: thumbprint, authTime: time.Now().Unix(), revoked: new(bool),
	}, true)
}

// RevokeRefreshTokens makes every refresh token unknown.
func (op *OP) RevokeRefreshTokens() {
	op.Edit(func() { clear(op.refresh) })
}

// issue answers with tokens, with a refresh token if rotate is set.
func (op *OP) issue(w http.ResponseWriter, g *grant, rotate bool) {
	if op.profile != nil {
		op.issueAs(w, g, rotate)
		return
	}
	accessToken := op.accessToken(g)
	tokenType := "Bearer"
	if g.thumbprint != "" {
		tokenType = "DPoP"
		op.bound[accessToken] = g.thumbprint
	}
	response := map[string]any{
		"access_token": accessToken,
		"token_type":   tokenType,
		"expires_in":   int(op.Lifetime / time.Second),
		"scope":        g.scope,
	}
	if !g.plain {
		response["id_token"] = op.idToken(g, accessToken)
	}
	if op.RefreshTokens && rotate {
		token := "refresh-" + random()
		op.refresh[token] = g
		response["refresh_token"] = token
	}
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		token, _ := response[name].(string)
		op.remember(token)
	}
	op.answer(w, Token, http.StatusOK, response, op.EditTokenResponse)
}

// signer returns the key that signs.
func (op *OP) signer() *Key {
	if op.Signer != nil {
		return op.Signer
	}
	return op.Keys[0]
}

func (op *OP) idToken(g *grant, accessToken string) string {
	now := time.Now().Unix()
	key := op.signer()
	header := map[string]any{"alg": key.Alg, "kid": key.ID}
	claims := map[string]any{
		"iss": op.issuer(), "sub": op.Subject, "aud": op.ClientID,
		"exp": now + 300, "iat": now, "auth_time": g.authTime,
		"at_hash": halfHash(key.Alg, accessToken),
		"name":    "Test User",
	}
	if g.nonce != "" {
		claims["nonce"] = g.nonce
	}
	if op.Tenant != "" {
		claims["tid"] = op.Tenant
	}
	if op.SessionID != "" {
		claims["sid"] = op.SessionID
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

// Sign returns a JWS over the claims, by the algorithm of the key whatever
// the header says.
func (op *OP) Sign(header, claims map[string]any) string {
	return op.signPayload(header, op.marshal(claims))
}

func (op *OP) signPayload(header map[string]any, payload []byte) string {
	input := encode(op.marshal(header)) + "." + encode(payload)
	signature, err := op.signer().sign(input)
	if err != nil {
		op.tb.Errorf("oidctest: sign: %v", err)
	}
	return input + "." + encode(signature)
}

func (op *OP) marshal(object map[string]any) []byte {
	data, err := json.Marshal(object)
	if err != nil {
		op.tb.Errorf("oidctest: %v", err)
	}
	return data
}

// userinfo is the userinfo endpoint (OIDC Core 5.3).
func (op *OP) userinfo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") == "" || r.URL.RawQuery != "" {
		op.tb.Errorf("oidctest: userinfo request without a token, or with a query (RFC 6750 2.3)")
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	thumbprint, ok := op.prove(w, r, Userinfo, token)
	if !ok {
		return
	}
	if bound := op.bound[token]; bound != "" && (bound != thumbprint || scheme != "DPoP") {
		op.tb.Errorf("oidctest: a bound access token without a proof of its key (RFC 9449 7.1)")
	}
	claims := map[string]any{"sub": op.Subject, "email": "user@example.test"}
	if op.profile != nil {
		claims = op.userinfoOf()
	}
	if !op.SignUserinfo {
		op.answer(w, Userinfo, http.StatusOK, claims, op.EditUserinfo)
		return
	}
	key := op.signer()
	header := map[string]any{"alg": key.Alg, "kid": key.ID}
	maps.Copy(claims, map[string]any{"iss": op.issuer(), "aud": op.ClientID})
	if op.EditUserinfoJWT != nil {
		op.EditUserinfoJWT(header, claims)
	}
	answer := op.Sign(header, claims)
	if op.ReplaceUserinfo != nil {
		answer = op.ReplaceUserinfo(answer)
	}
	w.Header().Set("Content-Type", "application/jwt")
	_, _ = w.Write([]byte(answer))
}
