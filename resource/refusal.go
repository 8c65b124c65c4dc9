package resource

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// retryAfter is for failures on this side, in seconds: issuer or replay cache
// do not answer, or there is no room.
const retryAfter = "5"

// A refusal is the answer to a request that may not pass.
type refusal struct {
	status int
	scheme string // that the challenge is about; "" for no challenge
	code   string // error in the challenge; "" for none
	params []param
	nonce  bool // offer one
	cause  error
}

// A param is a parameter of a challenge (RFC 9110 11.2).
type param struct{ name, value string }

// Error is the reason for a log; no part of the answer.
func (e *refusal) Error() string {
	if e.cause == nil {
		return "resource: " + strconv.Itoa(e.status) + " " + e.code
	}
	return e.cause.Error()
}

// Unwrap returns the cause.
func (e *refusal) Unwrap() error { return e.cause }

// ErrNoToken means that a request has no access token in a form that is taken here.
var ErrNoToken = errors.New("resource: no access token")

// ErrInvalidRequest means that a request has more than one access token, or has it in the
// query, or that it is none by its characters (RFC 6750 3.1).
var ErrInvalidRequest = errors.New("resource: invalid request")

// misconfigured is for who demands what cannot be met: no request passes.
func misconfigured(err error) error {
	return &refusal{
		status: http.StatusInternalServerError, code: "server_error",
		cause: fmt.Errorf("resource: Requirement.%w", err),
	}
}

// unauthenticated is for who sent nothing: no error code (RFC 6750 3.1).
func (m *Middleware) unauthenticated(cause error) error {
	return &refusal{status: http.StatusUnauthorized, scheme: m.firstScheme(), cause: cause}
}

// invalidRequest is RFC 6750 3.1 invalid_request.
func (m *Middleware) invalidRequest(description string) error {
	return &refusal{
		status: http.StatusBadRequest, scheme: m.firstScheme(), code: "invalid_request",
		params: []param{{"error_description", description}},
		cause:  within(description+": ", ErrInvalidRequest),
	}
}

// firstScheme is the one that a client without a preference takes.
func (m *Middleware) firstScheme() string {
	if m.config.DPoP.Required {
		return dpop
	}
	return bearer
}

// invalidToken is RFC 6750 3.1 invalid_token.
func invalidToken(scheme string, err error) error {
	return &refusal{
		status: http.StatusUnauthorized, scheme: scheme, code: "invalid_token",
		params: []param{{"error_description", description(err)}},
		cause:  err,
	}
}

// insufficientScope is RFC 6750 3.1 insufficient_scope.
func insufficientScope(scheme string, scopes []string) error {
	return &refusal{
		status: http.StatusForbidden, scheme: scheme, code: "insufficient_scope",
		params: []param{{"scope", strings.Join(scopes, " ")}},
		cause:  oidc.ErrScopeInsufficient,
	}
}

// insufficientAuthentication is RFC 9470 3: what to ask the provider for.
func insufficientAuthentication(scheme string, required *Requirement, err error) error {
	params := []param{{"error_description", description(err)}}
	if len(required.ACRValues) > 0 {
		params = append(params, param{"acr_values", strings.Join(required.ACRValues, " ")})
	}
	if required.MaxAge > 0 {
		params = append(params, param{"max_age", strconv.FormatInt(int64(required.MaxAge/time.Second), 10)})
	}
	return &refusal{
		status: http.StatusUnauthorized, scheme: scheme, code: "insufficient_user_authentication",
		params: params, cause: err,
	}
}

// invalidProof is RFC 9449 7.1 invalid_dpop_proof, or the request for a nonce
// of 9.
func invalidProof(err error) error {
	e := &refusal{
		status: http.StatusUnauthorized, scheme: dpop, code: "invalid_dpop_proof",
		params: []param{{"error_description", description(err)}},
		cause:  err,
	}
	if errors.Is(err, oidc.ErrDPoPNonceInvalid) {
		e.code, e.nonce = "use_dpop_nonce", true
	}
	return e
}

// unavailable is for what is not the client's fault. No request passes that
// could not be checked.
func unavailable(err error) error {
	return &refusal{status: http.StatusServiceUnavailable, code: "temporarily_unavailable", cause: err}
}

// tooManyRequests is for a client that would take more than its share (RFC 6585 4).
func tooManyRequests(err error) error {
	return &refusal{status: http.StatusTooManyRequests, code: "too_many_requests", cause: err}
}

// description returns the code of an error: enough for a developer, and
// nothing out of the token.
func description(err error) string {
	if code, ok := errors.AsType[oidc.Code](err); ok {
		return string(code)
	}
	return "unknown"
}

// refuse answers a request that may not pass.
func (m *Middleware) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if m.config.Refused != nil {
		m.config.Refused(r, err)
	}
	e, ok := errors.AsType[*refusal](err)
	if !ok {
		e = &refusal{status: http.StatusInternalServerError}
	}
	header := w.Header()
	if e.scheme != "" {
		header.Set("WWW-Authenticate", m.challenge(e))
	}
	if e.nonce {
		header.Set("DPoP-Nonce", m.nonces.make(m.config.Now()))
	}
	if e.status == http.StatusServiceUnavailable || e.status == http.StatusTooManyRequests {
		header.Set("Retry-After", retryAfter)
	}
	code := e.code
	if code == "" {
		code = http.StatusText(e.status)
	}
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(e.status)
	_, _ = w.Write([]byte(`{"error":"` + code + `"}` + "\n")) // fails only if the client is gone
}

// challenge returns the value of WWW-Authenticate: the scheme in question
// with its error, and after Bearer that there is DPoP, too (RFC 6750 3,
// RFC 9449 7.1 and 7.2).
func (m *Middleware) challenge(e *refusal) string {
	var params []param
	if e.code != "" {
		params = append([]param{{"error", e.code}}, e.params...)
	}
	if !m.config.DPoP.enabled() {
		return m.challengeOf(e.scheme, params...)
	}
	algs := param{"algs", strings.Join(m.config.DPoP.Algorithms, " ")}
	if e.scheme == dpop {
		return m.challengeOf(dpop, append(params, algs)...)
	}
	return m.challengeOf(e.scheme, params...) + ", " + m.challengeOf(dpop, algs)
}

// challengeOf writes one challenge, which says where the metadata is (RFC 9728 5.1).
func (m *Middleware) challengeOf(scheme string, params ...param) string {
	if m.published.url != "" {
		params = append(params, param{"resource_metadata", m.published.url})
	}
	written := make([]string, len(params))
	for i, p := range params {
		written[i] = p.name + `="` + quoted(p.value) + `"`
	}
	return strings.TrimSpace(scheme + " " + strings.Join(written, ", "))
}

// quoted keeps a value of the configuration inside its quotes (RFC 9110
// 5.6.4).
func quoted(value string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return '?'
		}
		return c
	}, value)
}
