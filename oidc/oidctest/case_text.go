package oidctest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
)

// echo refuses a posted form with all that was in it.
func echo(endpoint string) func(*OP) {
	return func(op *OP) {
		op.Answer(endpoint, func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			everything := r.PostForm.Encode()
			for name, values := range r.PostForm {
				everything += " " + name + ": " + values[0]
			}
			op.Edit(func() {
				for _, name := range []string{"code", "code_verifier", "refresh_token", "token", "state", "nonce"} {
					op.remember(r.PostForm.Get(name))
				}
			})
			w.Header().Set("Content-Type", jsonType)
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(asJSON(map[string]any{
				"error": "invalid_grant", "error_description": everything, "error_uri": "https://op.example/?" + everything,
			})))
		})
	}
}

// lastIDToken is what a client of one session sends as id_token_hint.
func (op *OP) lastIDToken() string {
	for _, secret := range slices.Backward(op.secrets) {
		if strings.HasPrefix(secret, "eyJ") {
			return secret
		}
	}
	op.tb.Error("oidctest: no ID Token was issued")
	return ""
}

// textCases are about what a provider writes, which apps show and log, and
// tokens that no header can carry.
func textCases() []Case {
	echoed := func(p url.Values) {
		everything := p.Encode() + " " + p.Get("state") + " " + p.Get("code")
		p.Set("error", "access_denied")
		p.Set("error_description", everything)
		p.Set("error_uri", "https://op.example/?"+everything)
	}
	const grammar = "RFC 6749 A.12"
	rows := []Case{
		{Name: "token endpoint that repeats code and verifier", Spec: "RFC 6749 5.2", Flow: FlowRedirect, Edit: echo(Token), Want: oidc.ErrProvider},
		{Name: "refresh: token endpoint that repeats the refresh token", Spec: "RFC 6749 5.2", Flow: FlowRefresh, Edit: echo(Token), Want: oidc.ErrProvider,
			Requests: map[string]int{Token: 3}},
		{Name: "pushed request: an error that repeats state and nonce", Spec: "RFC 9126 2.3", Flow: FlowRedirect, Pushed: true, Edit: echo(PAR), Want: oidc.ErrProvider},
		{Name: "callback with an error that repeats code and state", Spec: "RFC 6749 4.1.2.1", Flow: FlowRedirect,
			Edit: func(op *OP) { op.EditCallback = echoed }, Want: oidc.ErrProvider},
		{Name: "frame: an error that repeats code and state", Spec: "RFC 6749 4.1.2.1", Flow: FlowFrame,
			Edit: func(op *OP) { op.EditCallback = echoed }, Want: oidc.ErrProvider},
		{Name: "frame: an error that repeats the id_token_hint", Spec: "RFC 6749 4.1.2.1", Flow: FlowFrame, Edit: func(op *OP) {
			op.EditCallback = func(p url.Values) {
				p.Set("error", "invalid_request")
				p.Set("error_description", "not valid: "+op.lastIDToken())
			}
		}, Want: oidc.ErrProvider, Requests: unhinted},

		{Name: "access_token with a line break", Spec: grammar, Flow: FlowRedirect, Edit: accessToken("a\r\nX-Header: b"), Want: oidc.ErrTokenResponseInvalid},
		{Name: "access_token beyond ASCII", Spec: grammar, Flow: FlowRedirect, Edit: accessToken("tökén"), Want: oidc.ErrTokenResponseInvalid},
		{Name: "access_token with NUL", Spec: grammar, Flow: FlowRedirect, Edit: accessToken("a\x00b"), Want: oidc.ErrTokenResponseInvalid},
		{Name: "refresh_token with a line break", Spec: "RFC 6749 A.17", Flow: FlowRedirect, Edit: response("refresh_token", "a\nb"), Want: oidc.ErrTokenResponseInvalid},
		{Name: "refresh: access_token with a line break", Spec: grammar, Flow: FlowRefresh, Edit: accessToken("a\nb"), Want: oidc.ErrTokenResponseInvalid},
		{Name: "refresh: refresh_token beyond ASCII", Spec: "RFC 6749 A.17", Flow: FlowRefresh, Edit: response("refresh_token", "é"), Want: oidc.ErrTokenResponseInvalid},
		{Name: "callback with a code with a line break", Spec: "RFC 6749 A.11", Flow: FlowRedirect, Edit: parameter("code", "a\nb"), Want: oidc.ErrCallbackMalformed},
	}
	for _, name := range []string{
		"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "end_session_endpoint", "revocation_endpoint",
		"pushed_authorization_request_endpoint",
	} {
		rows = append(rows, Case{
			Name: "metadata with a parameter of the request in the " + name, Spec: "RFC 6749 3.1", Flow: FlowRedirect,
			Edit: metadata(name, "https://op.example/endpoint?tenant=1&client_id=evil&redirect_uri=https://evil.example"),
			Want: oidc.ErrMetadataInvalid, Silent: []string{JWKS, PAR, Authorize, Token},
		})
	}
	for i := range rows {
		rows[i].Level = Must
	}
	return rows
}
