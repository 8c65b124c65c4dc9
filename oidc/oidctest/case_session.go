package oidctest

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// userinfoCases are about the userinfo answer. What is refused there, ends
// the sign-in (OIDC Core 5.3.2).
func userinfoCases() []Case {
	const spec = "OIDC Core 5.3.2"
	signed := func(name string, value any) func(*OP) {
		return func(op *OP) {
			op.SignUserinfo = true
			op.EditUserinfoJWT = func(_, claims map[string]any) { put(claims, name, value) }
		}
	}
	rows := []Case{
		{Name: "oidcc-client-test-userinfo-invalid-sub", Spec: spec, Edit: user("sub", "other"), Want: oidc.ErrSubjectChanged},
		{Name: "userinfo with the sub in upper case", Spec: spec, Edit: user("sub", "SUBJECT-1"), Want: oidc.ErrSubjectChanged},
		{Name: "userinfo without sub", Spec: spec, Edit: user("sub", unset{}), Want: oidc.ErrClaimInvalid},
		{Name: "userinfo with an empty sub", Spec: spec, Edit: user("sub", ""), Want: oidc.ErrClaimInvalid},
		{Name: "userinfo with an array as sub", Spec: spec, Edit: user("sub", []string{"subject-1"}), Want: oidc.ErrClaimInvalid},
		{Name: "userinfo of status 401", Spec: "OIDC Core 5.3.3", Edit: raw(Userinfo, 401, jsonType, `{"error":"invalid_token"}`), Want: oidc.ErrProvider},
		{Name: "userinfo of status 500", Spec: "OIDC Core 5.3.3", Edit: raw(Userinfo, 500, htmlType, page), Want: oidc.ErrHTTPStatus},
		{Name: "userinfo in JSON labelled as JWT", Spec: spec, Edit: func(op *OP) {
			op.ContentTypes = map[string]string{Userinfo: "application/jwt"}
		}, Want: oidc.ErrTokenMalformed},
		{Name: "signed userinfo of another sub", Spec: spec, Edit: signed("sub", "other"), Want: oidc.ErrSubjectChanged},
		{Name: "signed userinfo of another iss", Spec: spec, Edit: signed("iss", "https://evil.example"), Want: oidc.ErrIssuerMismatch},
		{Name: "signed userinfo for another aud", Spec: spec, Edit: signed("aud", "other"), Want: oidc.ErrAudienceMismatch},
		{Name: "signed userinfo that has expired", Spec: "RFC 7519 4.1.4", Edit: signed("exp", 1), Want: oidc.ErrTokenExpired},
		{Name: "signed userinfo labelled as JSON", Spec: spec, Edit: func(op *OP) {
			op.Answer(Userinfo, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", jsonType)
				_, _ = w.Write([]byte(op.Sign(map[string]any{"alg": "RS256", "kid": "key-1"}, map[string]any{"sub": op.Subject})))
			})
		}, Want: oidc.ErrNotJSON},
	}
	for _, f := range signatureFaults() {
		rows = append(rows, Case{Name: "signed userinfo: " + f.name, Spec: f.spec, Want: f.want, Edit: func(op *OP) {
			op.SignUserinfo = true
			op.EditUserinfoJWT = func(header, _ map[string]any) {
				for name, value := range f.header {
					put(header, name, value)
				}
			}
			if f.replace != nil {
				op.ReplaceUserinfo = f.replace(op)
			}
		}})
	}
	for i := range rows {
		rows[i].Level, rows[i].Flow = Must, FlowUserinfo
	}
	return append(rows, answerCases("userinfo", spec, FlowUserinfo, Userinfo)...)
}

// unhinted are those of a client that asks without the hint, too.
var unhinted = map[string]int{Authorize: 2}

// frameCases are about a silent sign-in: who was signed in, stays.
func frameCases() []Case {
	const core = "OIDC Core 3.1.2.6"
	after := []string{Token, JWKS, Userinfo}
	form := func(op *OP) { op.SignedIn, op.LoginForm = false, true }
	rows := []Case{
		{Name: "frame: state of another request", Spec: "RFC 6749 10.12", Edit: parameter("state", "other"), Want: oidc.ErrStateMismatch, Silent: after},
		{Name: "frame: state missing", Spec: "CVE-2018-7307", Edit: parameter("state"), Want: oidc.ErrStateMismatch, Silent: after},
		{Name: "frame: iss of somebody else", Spec: "RFC 9207 2.4", Edit: parameter("iss", "https://evil.example"), Want: oidc.ErrIssuerMismatch, Silent: after},
		{Name: "frame: the code twice", Spec: "RFC 6749 3.1", Edit: parameter("code", "one", "two"), Want: oidc.ErrCallbackMalformed, Silent: after},
		{Name: "frame: state twice", Spec: "RFC 6749 3.1", Edit: func(op *OP) {
			op.EditCallback = func(p url.Values) { p["state"] = append(p["state"], "other") }
		}, Want: oidc.ErrCallbackMalformed, Silent: after},
		{Name: "frame: neither code nor error", Spec: "RFC 6749 4.1.2", Edit: parameter("code"), Want: oidc.ErrCallbackMissing, Silent: after},
		{Name: "frame: a page that does not come back", Spec: core, Edit: raw(Authorize, 200, htmlType, page), Want: "frame_no_response", Silent: after},
		{Name: "frame: an error page", Spec: core, Edit: raw(Authorize, 500, htmlType, page), Want: "frame_no_response", Silent: after},
		{Name: "frame: no session", Spec: core, Edit: func(op *OP) { form(op) }, Want: oidc.ErrProvider, Silent: after, Requests: unhinted},
		{Name: "frame: another End-User signed in", Spec: "OIDC Core 3.1.2.1", Edit: func(op *OP) { op.Subject = "subject-2" }, Want: oidc.ErrSubjectChanged},
		{Name: "frame: token endpoint in HTML", Spec: "RFC 6749 5.1", Edit: raw(Token, 200, htmlType, page), Want: oidc.ErrNotJSON, Silent: []string{Userinfo}},
		{Name: "frame: token endpoint down", Spec: "RFC 6749 5.2", Edit: busy(503), Want: oidc.ErrHTTPStatus, Silent: []string{Userinfo}},
		{Name: "frame: userinfo of somebody else", Spec: "OIDC Core 5.3.2", Edit: user("sub", "other"), Want: oidc.ErrSubjectChanged},
	}
	for _, code := range []string{"login_required", "interaction_required", "consent_required", "account_selection_required", "temporarily_unavailable"} {
		row := Case{Name: "frame: " + code, Spec: core, Edit: failed(code), Want: oidc.ErrProvider, Silent: after}
		if code == "login_required" {
			row.Requests = unhinted
		}
		rows = append(rows, row)
	}
	for _, c := range slices.Concat(tokensOfARenewal(), []Case{
		{Name: "nonce missing", Spec: "OIDC Core 3.1.3.7 step 11", Edit: claim("nonce", unset{}), Want: oidc.ErrNonceMismatch},
	}) {
		c.Name, c.Silent = "frame: "+c.Name, []string{Userinfo}
		rows = append(rows, c)
	}
	for i := range rows {
		rows[i].Level, rows[i].Flow = Must, FlowFrame
	}
	return rows
}

// tokensOfARenewal are what a renewal has to refuse, however it is done.
func tokensOfARenewal() []Case {
	return []Case{
		{Name: "iss", Spec: "OIDC Core 12.2", Edit: claim("iss", "https://evil.example"), Want: oidc.ErrIssuerMismatch},
		{Name: "aud", Spec: "OIDC Core 12.2", Edit: claim("aud", "other"), Want: oidc.ErrAudienceMismatch},
		{Name: "sub missing", Spec: "OIDC Core 2", Edit: claim("sub", unset{}), Want: oidc.ErrClaimInvalid},
		{Name: "azp of somebody else", Spec: "OIDC Core 12.2", Edit: claim("azp", "other"), Want: oidc.ErrAZPMismatch},
		{Name: "exp", Spec: "OIDC Core 3.1.3.7 step 9", Edit: at("exp", -time.Hour), Want: oidc.ErrTokenExpired},
		{Name: "iat", Spec: "OIDC Core 12.2", Edit: at("iat", day), Want: oidc.ErrClockSkew},
		{Name: "nonce of another request", Spec: "OIDC Core 12.2", Edit: claim("nonce", "other"), Want: oidc.ErrNonceMismatch},
		{Name: "at_hash", Spec: "OIDC Core 3.1.3.8", Edit: claim("at_hash", "other"), Want: oidc.ErrAtHashMismatch},
		{Name: "signature", Spec: "OIDC Core 3.1.3.7 step 6", Edit: func(op *OP) { op.ReplaceIDToken = flipSignature }, Want: oidc.ErrSignatureInvalid},
		{Name: "alg none", Spec: "OIDC Core 3.1.3.7 step 7", Edit: header("alg", "none"), Want: oidc.ErrAlgNotAllowed},
		{Name: "token_type unknown", Spec: "RFC 6749 7.1", Edit: response("token_type", "mac"), Want: oidc.ErrTokenResponseInvalid},
		{Name: "access_token missing", Spec: "RFC 6749 5.1", Edit: response("access_token", unset{}), Want: oidc.ErrTokenResponseInvalid},
	}
}

// refreshCases are about a renewal by refresh token: who was signed in,
// stays, and the frame is not asked behind the provider's back.
func refreshCases() []Case {
	const suite, core = "oidcc-client-test-refresh-token-", "OIDC Core 12.2"
	rows := tokensOfARenewal()
	for i := range rows {
		rows[i].Name = "refresh: " + rows[i].Name
	}
	rows[0].Name = suite + "invalid-issuer"
	rows = append(rows, []Case{
		{Name: suite + "invalid-sub", Spec: core, Edit: claim("sub", "subject-2"), Want: oidc.ErrSubjectChanged},
		{Name: "refresh: azp that was not there", Spec: core, Edit: derived("azp", func(op *OP) any { return op.ClientID }), Want: oidc.ErrAZPMismatch},
		{Name: "refresh: auth_time of another sign-in", Spec: core, Edit: at("auth_time", -time.Hour), Want: oidc.ErrClaimInvalid},
		{Name: "refresh: nonce empty", Spec: core, Edit: claim("nonce", ""), Want: oidc.ErrNonceMismatch},
		{Name: "refresh: an id_token that is a number", Spec: "RFC 6749 5.1", Edit: response("id_token", 7), Want: oidc.ErrTokenResponseInvalid},
		{Name: "refresh: kid that nobody has", Spec: "OIDC Core 10.1.1", Edit: header("kid", "other"), Want: oidc.ErrKeyNotFound},
		{Name: "refresh: 429", Spec: "RFC 6585 4", Edit: busy(429), Want: oidc.ErrHTTPStatus},
		{Name: "refresh: 503", Spec: "RFC 9110 15.6.4", Edit: busy(503), Want: oidc.ErrHTTPStatus},
	}...)
	for i := range rows {
		rows[i].Silent = []string{Userinfo, Authorize}
	}
	rows = append(rows,
		Case{Name: "refresh: invalid_client", Spec: "RFC 6749 5.2", Edit: raw(Token, 401, jsonType, `{"error":"invalid_client"}`), Want: oidc.ErrProvider, Silent: []string{Userinfo}, Requests: map[string]int{Token: 2}},
		Case{Name: "refresh: invalid_scope", Spec: "RFC 6749 5.2", Edit: raw(Token, 400, jsonType, `{"error":"invalid_scope"}`), Want: oidc.ErrProvider, Silent: []string{Userinfo}, Requests: map[string]int{Token: 2}},
		Case{Name: "refresh: 400 in HTML", Spec: "RFC 6749 5.2", Edit: raw(Token, 400, htmlType, page), Want: oidc.ErrHTTPStatus, Silent: []string{Userinfo}, Requests: map[string]int{Token: 2}},
		Case{Name: "refresh: userinfo of somebody else", Spec: "OIDC Core 5.3.2", Edit: user("sub", "other"), Want: oidc.ErrSubjectChanged, Silent: []string{Authorize}},
		Case{Name: "refresh: invalid_grant, and no session", Spec: "RFC 6749 5.2", Edit: func(op *OP) {
			clear(op.refresh)
			op.SignedIn = false
		}, Want: oidc.ErrProvider, Silent: []string{Userinfo}, Requests: unhinted})
	for i := range rows {
		rows[i].Level, rows[i].Flow = Must, FlowRefresh
	}
	should(rows, "refresh: auth_time of another sign-in")
	return append(rows, refreshAnswers()...)
}

func refreshAnswers() []Case {
	rows := answerCases("refresh: answer", "RFC 6749 5.1", FlowRefresh, Token, Userinfo, Authorize)
	for i := range rows {
		rows[i].Level = Must
	}
	return rows
}

// signoutCases are about the way back from a sign-out. Nobody is signed in
// afterwards, whatever happens.
func signoutCases() []Case {
	const suite, spec = "oidcc-client-test-rp-init-logout", "RP-Initiated Logout 3"
	state := func(values ...string) func(*OP) {
		return func(op *OP) {
			op.EditSignout = func(p url.Values) {
				delete(p, "state")
				if len(values) > 0 {
					p["state"] = values
				}
			}
		}
	}
	rows := []Case{
		{Name: suite, Spec: spec, Edit: func(*OP) {}},
		{Name: suite + "-other-state", Spec: spec, Edit: state("other")},
		{Name: suite + "-no-state", Spec: spec, Edit: state()},
		{Name: "sign-out with parameters more", Spec: spec, Edit: func(op *OP) {
			op.EditSignout = func(p url.Values) { p.Set("session", "ended") }
		}},
		{Name: "sign-out without an end_session_endpoint", Spec: "RP-Initiated Logout 2.1", Edit: metadata("end_session_endpoint", unset{}),
			Want: oidc.ErrUnsupported, Silent: []string{EndSession}},
	}
	for i := range rows {
		rows[i].Level, rows[i].Flow = Legal, FlowSignout
	}
	rows[len(rows)-1].Level = Must
	return rows
}
