package oidctest

import (
	"net/url"
	"slices"

	"github.com/oidcspa/oidcspa/oidc"
)

// pushAnswer sets a member of the answer to a pushed request.
func pushAnswer(name string, value any) func(*OP) {
	return func(op *OP) { op.EditPush = func(response map[string]any) { put(response, name, value) } }
}

// pushCases are about the endpoint for pushed requests. Who is refused there
// goes nowhere.
func pushCases() []Case {
	const ok, refused = "RFC 9126 2.2", "RFC 9126 2.3"
	problem := func(status int, text string) func(*OP) { return raw(PAR, status, jsonType, text) }
	rows := []Case{
		{Name: "pushed request: request_uri missing", Spec: ok, Edit: pushAnswer("request_uri", unset{}), Want: oidc.ErrPushResponseInvalid},
		{Name: "pushed request: request_uri empty", Spec: ok, Edit: pushAnswer("request_uri", ""), Want: oidc.ErrPushResponseInvalid},
		{Name: "pushed request: request_uri null", Spec: ok, Edit: pushAnswer("request_uri", nil), Want: oidc.ErrPushResponseInvalid},
		{Name: "pushed request: request_uri a number", Spec: ok, Edit: pushAnswer("request_uri", 7), Want: oidc.ErrPushResponseInvalid},
		{Name: "pushed request: request_uri an array", Spec: ok, Edit: pushAnswer("request_uri", []string{"urn:a"}), Want: oidc.ErrPushResponseInvalid},
		{Name: "pushed request: expires_in zero", Spec: ok, Edit: pushAnswer("expires_in", 0), Want: oidc.ErrPushResponseInvalid},
		{Name: "pushed request: expires_in negative", Spec: ok, Edit: pushAnswer("expires_in", -1), Want: oidc.ErrPushResponseInvalid},
		{Name: "pushed request: expires_in a word", Spec: ok, Edit: pushAnswer("expires_in", "soon"), Want: oidc.ErrPushResponseInvalid},
		{Name: "pushed request: expires_in an object", Spec: ok, Edit: pushAnswer("expires_in", map[string]any{}), Want: oidc.ErrPushResponseInvalid},
		{Name: "pushed request: status 200", Spec: ok, Edit: problem(200, `{"request_uri":"urn:a","expires_in":60}`), Want: oidc.ErrHTTPStatus},
		{Name: "pushed request: status 202", Spec: ok, Edit: problem(202, `{"request_uri":"urn:a","expires_in":60}`), Want: oidc.ErrHTTPStatus},
		{Name: "pushed request: invalid_request", Spec: refused, Edit: problem(400, `{"error":"invalid_request"}`), Want: oidc.ErrProvider},
		{Name: "pushed request: invalid_client", Spec: refused, Edit: problem(401, `{"error":"invalid_client"}`), Want: oidc.ErrProvider},
		{Name: "pushed request: 403 without an error", Spec: refused, Edit: problem(403, `{}`), Want: oidc.ErrHTTPStatus},
		{Name: "pushed request: 413", Spec: refused, Edit: problem(413, ``), Want: oidc.ErrHTTPStatus},
		{Name: "pushed request: 429", Spec: refused, Edit: problem(429, ``), Want: oidc.ErrHTTPStatus},
		{Name: "pushed request: 400 in HTML", Spec: refused, Edit: raw(PAR, 400, htmlType, page), Want: oidc.ErrHTTPStatus},
		{Name: "pushed request: 503 in HTML", Spec: "RFC 9110 15.6.4", Edit: raw(PAR, 503, htmlType, page), Want: oidc.ErrHTTPStatus},
		{Name: "pushed request: demanded, without an endpoint", Spec: "RFC 9126 5", Edit: metadata("pushed_authorization_request_endpoint", unset{}), Want: oidc.ErrUnsupported},
		{Name: "pushed request: an endpoint without TLS", Spec: "RFC 9126 2", Edit: metadata("pushed_authorization_request_endpoint", "http://op.example/par"), Want: oidc.ErrUnsupported},
		{Name: "pushed request: an endpoint that never answers", Spec: "availability", Edit: silence(PAR), Want: oidc.ErrTimeout},
	}
	silent := []string{JWKS, Authorize, Token, Userinfo}
	for i := range rows {
		rows[i].Level, rows[i].Flow, rows[i].Silent = Must, FlowRedirect, silent
	}
	should(rows, "pushed request: status 202")
	rows = append(rows, answerCases("pushed request: answer", ok, FlowRedirect, PAR, silent...)...)
	frame := rows[0]
	frame.Name, frame.Flow = "frame: pushed request: request_uri missing", FlowFrame
	rows = append(rows, frame)
	rows = slices.Concat(rows, legal(FlowRedirect, []Case{
		{Name: "pushed request", Spec: "RFC 9126 4", Edit: func(*OP) {}},
		{Name: "pushed request: expires_in missing", Spec: ok, Edit: pushAnswer("expires_in", unset{})},
		{Name: "pushed request: expires_in a string", Spec: ok, Edit: pushAnswer("expires_in", "60")},
		{Name: "pushed request: members more", Spec: ok, Edit: pushAnswer("x", []any{nil})},
		{Name: "pushed request: answer with a charset", Spec: "RFC 8259 11", Edit: typed(PAR, "application/json;charset=UTF-8")},
		{Name: "pushed request: a request_uri that needs escapes", Spec: ok, Edit: renameRequest("https://op.example/r?a=b&c=d+e%f#g h")},
		{Name: "pushed request: a signed response", Spec: "JARM 2.4", Edit: func(*OP) {}, ResponseMode: "jwt"},
	}...), legal(FlowFrame, Case{Name: "frame: pushed request", Spec: "RFC 9126 4", Edit: func(*OP) {}}))
	for i := range rows {
		rows[i].Pushed = true
	}
	return rows
}

// renameRequest calls the next pushed request something else.
func renameRequest(name string) func(*OP) {
	return func(op *OP) {
		op.EditPush = func(response map[string]any) {
			old, _ := response["request_uri"].(string)
			op.pushed[name] = op.pushed[old]
			op.pushed[old] = url.Values{}
			response["request_uri"] = name
		}
	}
}
