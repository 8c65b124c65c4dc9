package oidctest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// responseClaim sets a claim of a response that is a JWT, responseHeader a
// member of its header.
func responseClaim(name string, value any) func(*OP) {
	return func(op *OP) { op.EditResponse = func(_, claims map[string]any) { put(claims, name, value) } }
}

func responseHeader(name string, value any) func(*OP) {
	return func(op *OP) { op.EditResponse = func(header, _ map[string]any) { put(header, name, value) } }
}

// beside adds parameters to those of the callback.
func beside(pairs ...string) func(*OP) {
	return func(op *OP) {
		op.EditCallback = func(p url.Values) {
			for i := 0; i+1 < len(pairs); i += 2 {
				p.Add(pairs[i], pairs[i+1])
			}
		}
	}
}

// responseJWTCases are about a response in a JWT (JARM). What is refused there
// costs no token request.
func responseJWTCases() []Case {
	const fapi, spec = "fapi2-security-profile-final-client-test-ensure-jarm-", "JARM 2.4"
	rows := []Case{
		{Name: fapi + "without-iss-fails", Spec: spec, Edit: responseClaim("iss", unset{}), Want: oidc.ErrClaimInvalid},
		{Name: fapi + "with-invalid-iss-fails", Spec: spec, Edit: responseClaim("iss", "https://evil.example"), Want: oidc.ErrIssuerMismatch},
		{Name: fapi + "without-aud-fails", Spec: spec, Edit: responseClaim("aud", unset{}), Want: oidc.ErrClaimInvalid},
		{Name: fapi + "with-invalid-aud-fails", Spec: spec, Edit: responseClaim("aud", "other"), Want: oidc.ErrAudienceMismatch},
		{Name: fapi + "without-exp-fails", Spec: spec, Edit: responseClaim("exp", unset{}), Want: oidc.ErrClaimInvalid},
		{Name: fapi + "with-expired-exp-fails", Spec: spec, Edit: responseClaim("exp", in(-10*time.Minute)), Want: oidc.ErrTokenExpired},
		{Name: fapi + "with-invalid-sig-fails", Spec: spec, Edit: func(op *OP) { op.ReplaceResponse = flipSignature }, Want: oidc.ErrSignatureInvalid},
		{Name: fapi + "signature-is-not-none", Spec: "JARM 3", Edit: responseHeader("alg", "none"), Want: oidc.ErrAlgNotAllowed},
		{Name: "signed response: no signature", Spec: "JARM 3", Edit: func(op *OP) {
			op.ReplaceResponse = func(token string) string {
				return encode([]byte(`{"alg":"none"}`)) + "." + strings.Split(token, ".")[1] + "."
			}
		}, Want: oidc.ErrCallbackMissing},
		{Name: "signed response: HS256", Spec: "RFC 8725 3.1", Edit: responseHeader("alg", "HS256"), Want: oidc.ErrAlgNotAllowed},
		{Name: "signed response: crit", Spec: "RFC 7515 4.1.11", Edit: responseHeader("crit", []string{"b64"}), Want: oidc.ErrHeaderNotAllowed},
		{Name: "signed response: kid that nobody has", Spec: "OIDC Core 10.1.1", Edit: responseHeader("kid", "other"), Want: oidc.ErrKeyNotFound},
		{Name: "signed response: the key of somebody else", Spec: "JARM 2.4", Edit: func(op *OP) {
			op.Signer = NewKey("RS256", "key-of-somebody-else")
			responseHeader("kid", op.Keys[0].ID)(op)
		}, Want: oidc.ErrSignatureInvalid},
		{Name: "signed response: an access token", Spec: "RFC 8725 3.11", Edit: responseHeader("typ", "at+jwt"), Want: oidc.ErrTypeNotAllowed},
		{Name: "signed response: iss an array", Spec: spec, Edit: derivedResponse("iss", func(op *OP) any { return []string{op.Issuer} }), Want: oidc.ErrClaimInvalid},
		{Name: "signed response: aud of others, too", Spec: spec, Edit: derivedResponse("aud", func(op *OP) any { return []string{op.ClientID, "other"} }), Want: oidc.ErrAudienceMismatch},
		{Name: "signed response: exp a string", Spec: "RFC 7519 2", Edit: responseClaim("exp", "4102444800"), Want: oidc.ErrClaimInvalid},
		{Name: "signed response: state of another request", Spec: "RFC 6749 10.12", Edit: responseClaim("state", "other"), Want: oidc.ErrStateUnknown, Requests: again},
		{Name: "signed response: state missing", Spec: "CVE-2018-7307", Edit: responseClaim("state", unset{}), Want: oidc.ErrStateMismatch},
		{Name: "signed response: neither code nor error", Spec: "JARM 2.1", Edit: responseClaim("code", unset{}), Want: oidc.ErrCallbackMissing},
		{Name: "signed response: code a number", Spec: "JARM 2.1", Edit: responseClaim("code", 7), Want: oidc.ErrClaimInvalid},
		{Name: "signed response: access_denied", Spec: "RFC 6749 4.1.2.1", Edit: func(op *OP) {
			op.EditResponse = func(_, claims map[string]any) {
				delete(claims, "code")
				claims["error"] = "access_denied"
			}
		}, Want: oidc.ErrProvider},
		{Name: "signed response: a plain one instead", Spec: "JARM 2.3", Edit: func(op *OP) { op.PlainResponses = true }, Want: oidc.ErrCallbackMalformed},
		{Name: "signed response: a code beside it", Spec: "JARM 2.1", Edit: beside("code", "other"), Want: oidc.ErrStateMismatch},
		{Name: "signed response: a code and the state beside it", Spec: "JARM 2.1", Edit: func(op *OP) {
			var state any
			op.EditResponse = func(_, claims map[string]any) { state = claims["state"] }
			op.EditCallback = func(p url.Values) {
				p.Set("code", "other")
				p.Set("state", fmt.Sprint(state))
			}
		}, Want: oidc.ErrCallbackMalformed},
		{Name: "signed response: an error beside it", Spec: "JARM 2.1", Edit: func(op *OP) {
			op.EditCallback = func(p url.Values) { p.Set("error", "access_denied") }
		}, Want: oidc.ErrStateMismatch},
		{Name: "signed response: twice", Spec: "RFC 6749 3.1", Edit: func(op *OP) {
			op.EditCallback = func(p url.Values) { p["response"] = append(p["response"], p.Get("response")) }
		}, Want: oidc.ErrCallbackMalformed},
		{Name: "signed response: empty", Spec: "JARM 2.3", Edit: parameter("response", ""), Want: oidc.ErrCallbackMissing},
		{Name: "signed response: no JWT", Spec: "JARM 2.3", Edit: parameter("response", "a.b.c"), Want: oidc.ErrCallbackMissing},
		{Name: "signed response: encrypted", Spec: "JARM 2.2", Edit: func(op *OP) {
			op.ReplaceResponse = func(token string) string {
				return encode([]byte(`{"alg":"RSA-OAEP","enc":"A128GCM"}`)) + ".YQ.Yg.Yw." + strings.Split(token, ".")[2]
			}
		}, Want: oidc.ErrCallbackMissing},
	}
	silent := []string{Token, Userinfo}
	for i := range rows {
		rows[i].Level, rows[i].Flow, rows[i].Silent, rows[i].ResponseMode = Must, FlowRedirect, silent, "jwt"
	}
	fragment, frame := rows[1], rows[6]
	fragment.Name, fragment.ResponseMode = "signed response in the fragment: iss of somebody else", "fragment.jwt"
	frame.Name, frame.Flow = "frame: signed response: signature", FlowFrame
	return slices.Concat(rows, []Case{fragment, frame}, legalResponseJWTCases())
}

// derivedResponse sets a claim to what is made of the provider.
func derivedResponse(name string, value func(*OP) any) func(*OP) {
	return func(op *OP) { responseClaim(name, func() any { return value(op) })(op) }
}

func legalResponseJWTCases() []Case {
	const suite = "fapi2-security-profile-final-client-test-happy-path"
	rows := legal(FlowRedirect, []Case{
		{Name: suite + ": signed response", Spec: "JARM 2.4", Edit: func(*OP) {}, ResponseMode: "jwt"},
		{Name: "signed response in the query", Spec: "JARM 2.3.1", Edit: func(*OP) {}, ResponseMode: "query.jwt"},
		{Name: "signed response in the fragment", Spec: "JARM 2.3.2", Edit: func(*OP) {}, ResponseMode: "fragment.jwt"},
		{Name: "response in the fragment", Spec: "OAuth 2.0 Multiple Response Types 2.1", Edit: func(*OP) {}, ResponseMode: "fragment"},
		{Name: "signed response: aud as an array", Spec: "RFC 7519 4.1.3", Edit: derivedResponse("aud", func(op *OP) any { return []string{op.ClientID} })},
		{Name: "signed response: typ JWT", Spec: "RFC 7519 5.1", Edit: responseHeader("typ", "JWT")},
		{Name: "signed response: no kid", Spec: "OIDC Core 10.1", Edit: responseHeader("kid", unset{})},
		{Name: "signed response: claims more", Spec: "JARM 2.1", Edit: responseClaim("x", map[string]any{"a": 1})},
		{Name: "signed response: parameters more", Spec: "RFC 6749 4.1.2", Edit: beside("unknown", "x")},
		{Name: "signed response: a key that is new", Spec: "OIDC Core 10.1.1", Edit: stale},
		{Name: "signed response by ES256", Spec: "JARM 3", Edit: signedBy("ES256")},
	}...)
	rows = append(rows, legal(FlowFrame, Case{Name: "frame: signed response", Spec: "JARM 2.4", Edit: func(*OP) {}})...)
	for i := range rows {
		if rows[i].ResponseMode == "" {
			rows[i].ResponseMode = "jwt"
		}
	}
	return rows
}
