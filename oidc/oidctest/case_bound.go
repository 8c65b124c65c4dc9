package oidctest

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/oidcspa/oidcspa/oidc"
)

// nonceLoop asks for a nonce, and for another one whenever it comes.
func nonceLoop(op *OP) {
	asked := 0
	op.Answer(Token, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("DPoP-Nonce", "nonce-"+strconv.Itoa(asked))
		w.Header().Set("Content-Type", jsonType)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"use_dpop_nonce"}`))
	})
}

// challenged answers with a header and a body, once or for ever.
func challenged(endpoint string, status int, once bool, text string, headers ...string) func(*OP) {
	return func(op *OP) {
		asked := 0
		op.Respond = func(answering string, w http.ResponseWriter, _ *http.Request) bool {
			if answering != endpoint || once && asked > 0 {
				return false
			}
			asked++
			w.Header().Set("Content-Type", jsonType)
			for i := 0; i+1 < len(headers); i += 2 {
				w.Header().Add(headers[i], headers[i+1])
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(text))
			return true
		}
	}
}

// boundCases are about tokens that are bound to a key (RFC 9449): nothing
// less is accepted once they were asked for.
func boundCases() []Case {
	const spec, asked = "RFC 9449 5", "RFC 9449 8"
	const wanted = `{"error":"use_dpop_nonce"}`
	rows := []Case{
		{Name: "bound: token_type Bearer", Spec: spec, Edit: response("token_type", "Bearer"), Want: oidc.ErrTokenTypeNotAllowed},
		{Name: "bound: token_type bearer", Spec: spec, Edit: response("token_type", "bearer"), Want: oidc.ErrTokenTypeNotAllowed},
		{Name: "bound: token_type missing", Spec: "RFC 6749 5.1", Edit: response("token_type", unset{}), Want: oidc.ErrTokenResponseInvalid},
		{Name: "bound: token_type of both", Spec: "RFC 6749 7.1", Edit: response("token_type", "DPoP Bearer"), Want: oidc.ErrTokenResponseInvalid},
		{Name: "bound: token_type an array", Spec: "RFC 6749 5.1", Edit: response("token_type", []string{"DPoP"}), Want: oidc.ErrTokenResponseInvalid},
		{Name: "bound: invalid_dpop_proof", Spec: spec, Edit: challenged(Token, 400, false, `{"error":"invalid_dpop_proof"}`), Want: oidc.ErrProvider},
		{Name: "bound: a nonce that is never good", Spec: asked, Edit: nonceLoop, Want: oidc.ErrProvider, Requests: map[string]int{Token: 2}},
		{Name: "bound: invalid_grant with a nonce", Spec: asked, Edit: challenged(Token, 400, false, `{"error":"invalid_grant"}`, "DPoP-Nonce", "n"), Want: oidc.ErrProvider},
		{Name: "bound: a nonce with quotes", Spec: "RFC 9449 8.1", Edit: challenged(Token, 400, false, wanted, "DPoP-Nonce", `"n"`), Want: oidc.ErrProvider},
		{Name: "bound: two nonces", Spec: "RFC 9449 8.1", Edit: challenged(Token, 400, false, wanted, "DPoP-Nonce", "n, m"), Want: oidc.ErrProvider},
		{Name: "bound: a nonce that is wanted and missing", Spec: asked, Edit: challenged(Token, 400, false, wanted), Want: oidc.ErrDPoPNonceHidden},
		{Name: "bound: a nonce that CORS hides", Spec: asked, Edit: func(op *OP) { op.RequireNonce, op.HideHeaders = true, true }, Want: oidc.ErrDPoPNonceHidden},
		{Name: "bound: use_dpop_nonce of status 401", Spec: asked, Edit: challenged(Token, 401, false, wanted), Want: oidc.ErrProvider},
		{Name: "bound: metadata with other algorithms", Spec: "RFC 9449 5.1", Edit: metadata("dpop_signing_alg_values_supported", []string{"RS256"}), Want: oidc.ErrUnsupported},
		{Name: "bound: nonce of the ID Token missing", Spec: "OIDC Core 3.1.3.7 step 11", Edit: claim("nonce", unset{}), Want: oidc.ErrNonceMismatch},
	}
	for i := range rows {
		rows[i].Level, rows[i].Flow, rows[i].Silent = Must, FlowRedirect, []string{Userinfo}
	}
	renewal := []Case{
		{Name: "bound: refresh: token_type Bearer", Spec: spec, Edit: response("token_type", "Bearer"), Want: oidc.ErrTokenTypeNotAllowed},
		{Name: "bound: refresh: a nonce that is never good", Spec: asked, Edit: nonceLoop, Want: oidc.ErrProvider, Requests: map[string]int{Token: 2}},
	}
	for i := range renewal {
		renewal[i].Level, renewal[i].Flow, renewal[i].Silent = Must, FlowRefresh, []string{Userinfo, Authorize}
	}
	userinfo := []Case{
		{Name: "bound: userinfo with a nonce that is never good", Spec: "RFC 9449 9", Edit: challenged(Userinfo, 401, false, "{}", "DPoP-Nonce", "n", "WWW-Authenticate", `DPoP error="use_dpop_nonce"`), Want: oidc.ErrProvider, Requests: map[string]int{Userinfo: 2}},
		{Name: "bound: userinfo with a nonce that is missing", Spec: "RFC 9449 9", Edit: challenged(Userinfo, 401, false, "{}", "WWW-Authenticate", `DPoP error="use_dpop_nonce"`), Want: oidc.ErrDPoPNonceHidden},
		{Name: "bound: userinfo that refuses the token", Spec: "RFC 9449 7.1", Edit: challenged(Userinfo, 401, false, "{}", "WWW-Authenticate", `DPoP error="invalid_token"`), Want: oidc.ErrProvider},
		{Name: "bound: userinfo of somebody else", Spec: "OIDC Core 5.3.2", Edit: user("sub", "other"), Want: oidc.ErrSubjectChanged},
	}
	for i := range userinfo {
		userinfo[i].Level, userinfo[i].Flow = Must, FlowUserinfo
	}
	rows = slices.Concat(rows, renewal, userinfo, legalBoundCases())
	for i := range rows {
		rows[i].DPoP = true
	}
	return rows
}

func legalBoundCases() []Case {
	const fapi = "fapi2-security-profile-final-client-test-"
	nonces := func(op *OP) { op.RequireNonce = true }
	scheme := func(challenge string) func(*OP) {
		return challenged(Userinfo, 401, true, "{}", "DPoP-Nonce", "n", "WWW-Authenticate", challenge)
	}
	return slices.Concat(
		legal(FlowRedirect, []Case{
			{Name: fapi + "happy-path", Spec: "RFC 9449 8", Edit: nonces},
			{Name: fapi + "happy-path-no-dpop-nonce", Spec: "RFC 9449 5", Edit: func(*OP) {}},
			{Name: "bound: " + fapi + "token-type-case-insensitivity", Spec: "RFC 6749 5.1", Edit: response("token_type", "dPoP")},
			{Name: "bound: a signed response", Spec: "JARM 2.4", Edit: func(*OP) {}, ResponseMode: "jwt"},
			{Name: "bound: a pushed request", Spec: "RFC 9449 10.1", Edit: func(*OP) {}, Pushed: true},
		}...),
		legal(FlowUserinfo, []Case{
			{Name: "bound: " + fapi + "rs-dpop-auth-scheme-case-insensitivity", Spec: "RFC 9110 11.1", Edit: scheme(`dpOp error="use_dpop_nonce"`)},
			{Name: "bound: userinfo with several challenges", Spec: "RFC 9110 11.6.1", Edit: scheme(`Bearer realm="a, b", DPoP algs="ES256", error="use_dpop_nonce"`)},
			{Name: "bound: signed userinfo", Spec: "OIDC Core 5.3.2", Edit: func(op *OP) { op.SignUserinfo = true }},
		}...),
		legal(FlowFrame, Case{Name: "bound: frame", Spec: "RFC 9449 5", Edit: nonces}),
		legal(FlowRefresh, []Case{
			{Name: "bound: refresh with the same key", Spec: "RFC 9449 5", Edit: func(*OP) {}, Silent: []string{Authorize}},
			{Name: "bound: refresh with nonces", Spec: "RFC 9449 8", Edit: nonces, Silent: []string{Authorize}},
		}...),
	)
}

// essentialCases are about claims that the request calls essential
// (OIDC Core 5.5.1.1).
func essentialCases() []Case {
	const spec = "OIDC Core 3.1.3.7 step 12"
	rows := []Case{
		{Name: "acr essential and missing", Spec: spec, Edit: func(*OP) {}, Want: oidc.ErrACRNotMet},
		{Name: "acr essential and another", Spec: spec, Edit: claim("acr", "pwd"), Want: oidc.ErrACRNotMet},
		{Name: "acr essential and empty", Spec: spec, Edit: claim("acr", ""), Want: oidc.ErrACRNotMet},
		{Name: "acr essential and in another case", Spec: spec, Edit: claim("acr", "MFA"), Want: oidc.ErrACRNotMet},
		{Name: "acr essential and all that is good in one", Spec: spec, Edit: claim("acr", "mfa phr"), Want: oidc.ErrACRNotMet},
		{Name: "acr essential and an array", Spec: "OIDC Core 2", Edit: claim("acr", []string{"mfa"}), Want: oidc.ErrClaimInvalid},
	}
	for i := range rows {
		rows[i].Level, rows[i].Flow, rows[i].Silent = Should, FlowRedirect, []string{Userinfo}
	}
	rows[len(rows)-1].Level = Must
	rows = append(rows, legal(FlowRedirect,
		Case{Name: "acr essential and met", Spec: spec, Edit: claim("acr", "phr")})...)
	for i := range rows {
		rows[i].Claims = `{"id_token":{"acr":{"essential":true,"values":["mfa","phr"]}}}`
	}
	return append(rows, Case{
		Name: "auth_time essential and missing", Spec: "OIDC Core 3.1.3.7 step 13", Level: Should, Flow: FlowRedirect,
		Edit: claim("auth_time", unset{}), Want: oidc.ErrClaimInvalid, Silent: []string{Userinfo},
		Claims: `{"id_token":{"auth_time":{"essential":true}}}`,
	})
}
