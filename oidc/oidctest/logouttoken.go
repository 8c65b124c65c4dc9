package oidctest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"
)

// LogoutToken returns a logout token of the session of whoever is signed in, after edit,
// which may be nil (Back-Channel Logout 2.4).
func (op *OP) LogoutToken(edit func(header, claims map[string]any)) string {
	op.mu.Lock()
	defer op.mu.Unlock()
	now, key := time.Now().Unix(), op.signer()
	header := map[string]any{"alg": key.Alg, "kid": key.ID, "typ": "logout+jwt"}
	claims := map[string]any{
		"iss": op.issuer(), "sub": op.Subject, "aud": op.ClientID, "iat": now, "exp": now + 120, "jti": random(),
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}
	if op.SessionID != "" {
		claims["sid"] = op.SessionID
	}
	if edit != nil {
		edit(header, claims)
	}
	token := op.Sign(header, claims)
	op.remember(token)
	return token
}

// BackChannelLogout ends the session, and tells the app's server of it: handler is that
// of its backchannel_logout_uri (Back-Channel Logout 2.5). It fails the test unless the
// answer is as 2.8 says.
func (op *OP) BackChannelLogout(handler http.Handler) {
	op.tb.Helper()
	op.Edit(func() { op.SignedIn = false })
	form := url.Values{"logout_token": {op.LogoutToken(nil)}}
	r := httptest.NewRequest(http.MethodPost, "/backchannel-logout", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
		op.tb.Errorf("oidctest: back-channel logout: status %d, %v", w.Code, w.Header())
	}
}

// accessToken returns one for an API (RFC 9068 2.2), if there is an Audience.
func (op *OP) accessToken(g *grant) string {
	if op.Audience == "" {
		return "access-" + random()
	}
	now, key := time.Now().Unix(), op.signer()
	claims := map[string]any{
		"iss": op.issuer(), "sub": op.Subject, "aud": op.Audience, "client_id": op.ClientID, "scope": g.scope,
		"iat": now, "exp": now + int64(op.Lifetime/time.Second), "jti": random(),
	}
	if op.SessionID != "" {
		claims["sid"] = op.SessionID
	}
	if g.thumbprint != "" {
		claims["cnf"] = map[string]any{"jkt": g.thumbprint}
	}
	return op.Sign(map[string]any{"alg": key.Alg, "kid": key.ID, "typ": "at+jwt"}, claims)
}
