package oidctest

import (
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// tokenCases are about the token response as a whole: nothing of one that is
// refused is used (RFC 9700 4.5.3.2).
func tokenCases() []Case {
	const ok, refused = "RFC 6749 5.1", "RFC 6749 5.2"
	problem := func(status int, text string) func(*OP) { return raw(Token, status, jsonType, text) }
	rows := []Case{
		{Name: "no id_token", Spec: "OIDC Core 3.1.3.3", Edit: response("id_token", unset{}), Want: oidc.ErrIDTokenMissing},
		{Name: "id_token null", Spec: "OIDC Core 3.1.3.3", Edit: response("id_token", nil), Want: oidc.ErrIDTokenMissing},
		{Name: "id_token empty", Spec: "OIDC Core 3.1.3.3", Edit: response("id_token", ""), Want: oidc.ErrIDTokenMissing},
		{Name: "id_token a number", Spec: ok, Edit: response("id_token", 7), Want: oidc.ErrTokenResponseInvalid},
		{Name: "access_token missing", Spec: ok, Edit: response("access_token", unset{}), Want: oidc.ErrTokenResponseInvalid},
		{Name: "access_token empty", Spec: ok, Edit: response("access_token", ""), Want: oidc.ErrTokenResponseInvalid},
		{Name: "access_token null", Spec: ok, Edit: response("access_token", nil), Want: oidc.ErrTokenResponseInvalid},
		{Name: "access_token a number", Spec: ok, Edit: response("access_token", 7), Want: oidc.ErrTokenResponseInvalid},
		{Name: "token_type missing", Spec: ok, Edit: response("token_type", unset{}), Want: oidc.ErrTokenResponseInvalid},
		{Name: "token_type unknown", Spec: "RFC 6749 7.1", Edit: response("token_type", "mac"), Want: oidc.ErrTokenResponseInvalid},
		{Name: "token_type DPoP that nobody asked for", Spec: "RFC 9449 5", Edit: response("token_type", "DPoP"), Want: oidc.ErrTokenResponseInvalid},
		{Name: "token_type an array", Spec: ok, Edit: response("token_type", []string{"Bearer"}), Want: oidc.ErrTokenResponseInvalid},
		{Name: "refresh_token a number", Spec: ok, Edit: response("refresh_token", 7), Want: oidc.ErrTokenResponseInvalid},
		{Name: "expires_in a word", Spec: ok, Edit: response("expires_in", "soon"), Want: oidc.ErrTokenResponseInvalid},
		{Name: "expires_in true", Spec: ok, Edit: response("expires_in", true), Want: oidc.ErrTokenResponseInvalid},
		{Name: "token answer of status 201", Spec: ok, Edit: problem(201, `{"access_token":"a","token_type":"Bearer"}`), Want: oidc.ErrHTTPStatus},
		{Name: "token answer of status 204", Spec: ok, Edit: problem(204, ""), Want: oidc.ErrHTTPStatus},
		{Name: "an error of status 200", Spec: refused, Edit: problem(200, `{"error":"invalid_grant"}`), Want: oidc.ErrProvider},
		{Name: "invalid_grant", Spec: refused, Edit: problem(400, `{"error":"invalid_grant"}`), Want: oidc.ErrProvider},
		{Name: "invalid_client with 401", Spec: refused, Edit: problem(401, `{"error":"invalid_client","error_description":"x"}`), Want: oidc.ErrProvider},
		{Name: "an error of status 403", Spec: refused, Edit: problem(403, `{"error":"access_denied"}`), Want: oidc.ErrProvider},
		{Name: "server_error of status 500", Spec: refused, Edit: problem(500, `{"error":"server_error"}`), Want: oidc.ErrProvider},
		{Name: "400 without an error", Spec: refused, Edit: problem(400, `{"message":"no"}`), Want: oidc.ErrHTTPStatus},
		{Name: "400 with an error that is an object", Spec: refused, Edit: problem(400, `{"error":{"code":7}}`), Want: oidc.ErrHTTPStatus},
		{Name: "400 in HTML", Spec: refused, Edit: raw(Token, 400, htmlType, page), Want: oidc.ErrHTTPStatus},
		{Name: "429 with Retry-After", Spec: "RFC 6585 4", Edit: busy(429), Want: oidc.ErrHTTPStatus},
		{Name: "503 with Retry-After", Spec: "RFC 9110 15.6.4", Edit: busy(503), Want: oidc.ErrHTTPStatus},
		{Name: "token endpoint that never answers", Spec: "availability", Edit: silence(Token), Want: oidc.ErrTimeout},
		{Name: "token endpoint that answers a byte a second", Spec: "availability", Edit: drip, Want: oidc.ErrTimeout},
	}
	for i := range rows {
		rows[i].Level, rows[i].Flow, rows[i].Silent = Must, FlowRedirect, []string{Userinfo}
	}
	return append(rows, answerCases("token answer", ok, FlowRedirect, Token, Userinfo)...)
}

func busy(status int) func(*OP) {
	return func(op *OP) {
		op.Answer(Token, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(status)
		})
	}
}

// silence lets the client wait until it gives up.
func silence(endpoint string) func(*OP) {
	return func(op *OP) {
		op.Answer(endpoint, func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // or a server does not notice who leaves
			<-r.Context().Done()
		})
	}
}

// drip keeps the client waiting for the rest.
func drip(op *OP) {
	op.Answer(Token, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		w.Header().Set("Content-Type", jsonType)
		for {
			_, _ = w.Write([]byte(" "))
			_ = http.NewResponseController(w).Flush()
			select {
			case <-ticker.C:
			case <-r.Context().Done():
				return
			}
		}
	})
}

// idTokenCases are about the ID Token as a JWS. Whoever refuses it makes no
// userinfo request: that silence is how the suite tells.
func idTokenCases() []Case {
	const form = "RFC 7515 3.1"
	replace := func(change func(header, payload, signature string) string) func(*OP) {
		return func(op *OP) {
			op.ReplaceIDToken = func(token string) string {
				parts := strings.Split(token, ".")
				return change(parts[0], parts[1], parts[2])
			}
		}
	}
	payload := func(text string) func(*OP) {
		return func(op *OP) {
			op.ReplaceIDToken = func(string) string {
				return op.signPayload(map[string]any{"alg": "RS256", "kid": "key-1"}, []byte(text))
			}
		}
	}
	is := func(text string) func(*OP) { return replace(func(_, _, _ string) string { return text }) }
	rows := []Case{
		{Name: "ID Token of no parts", Spec: form, Edit: is("not-a-token-at-all")},
		{Name: "ID Token of two parts", Spec: form, Edit: replace(func(h, p, _ string) string { return h + "." + p })},
		{Name: "ID Token of four parts", Spec: form, Edit: replace(func(h, p, s string) string { return h + "." + p + "." + s + "." + s })},
		{Name: "ID Token encrypted", Spec: "OIDC Core 3.1.3.7 step 1", Edit: replace(func(h, p, s string) string { return h + "." + p + "." + s + "." + p + "." + s })},
		{Name: "ID Token of a million dots", Spec: "CVE-2025-27144", Edit: is(strings.Repeat(".", 1_000_000))},
		{Name: "ID Token of 300 kB", Spec: "CVE-2016-9123", Edit: claim("padding", strings.Repeat("x", 300<<10))},
		{Name: "ID Token in JSON", Spec: "CVE-2016-9122", Edit: replace(func(h, p, s string) string {
			return asJSON(map[string]string{"protected": h, "payload": p, "signature": s})
		})},
		{Name: "ID Token with padding", Spec: "RFC 7515 2", Edit: replace(func(h, p, s string) string { return h + "." + p + "=." + s })},
		{Name: "ID Token with a line break", Spec: "RFC 7515 2", Edit: replace(func(h, p, s string) string { return h + "." + p + "\n." + s })},
		{Name: "ID Token with a space in front", Spec: "RFC 7515 2", Edit: replace(func(h, p, s string) string { return " " + h + "." + p + "." + s })},
		{Name: "ID Token with a header that is no JSON", Spec: "RFC 7515 4", Edit: replace(func(_, p, s string) string { return encode([]byte("x")) + "." + p + "." + s })},
		{Name: "ID Token with a header member twice", Spec: "RFC 7515 4", Edit: replace(func(_, p, s string) string {
			return encode([]byte(`{"alg":"RS256","alg":"RS256","kid":"key-1"}`)) + "." + p + "." + s
		})},
		{Name: "ID Token with a payload that is no JSON", Spec: "RFC 7519 7.2", Edit: payload("x")},
		{Name: "ID Token with an array as payload", Spec: "RFC 7519 7.2", Edit: payload(`[{"iss":"x"}]`)},
		{Name: "ID Token with null as payload", Spec: "RFC 7519 7.2", Edit: payload("null")},
		{Name: "ID Token with a member of a claim twice", Spec: "RFC 7519 4", Edit: payload(`{"realm_access":{"roles":["user"],"roles":["admin"]}}`)},
		{Name: "ID Token with a claim twice", Spec: "RFC 7519 4", Edit: payload(`{"sub":"subject-1","sub":"subject-2"}`)},
		{Name: "ID Token with a kid that is a number", Spec: "RFC 7515 4.1.4", Edit: header("kid", 7)},
		{Name: "ID Token with an alg that is an array", Spec: "RFC 7515 4.1.1", Edit: header("alg", []string{"RS256"})},
	}
	for i := range rows {
		rows[i].Level, rows[i].Flow, rows[i].Want, rows[i].Silent = Must, FlowRedirect, oidc.ErrTokenMalformed, []string{Userinfo}
	}
	return rows
}
