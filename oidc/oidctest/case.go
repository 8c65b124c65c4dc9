package oidctest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
)

// A Level says how a specification puts it.
type Level string

// The levels of a [Case].
const (
	Must   Level = "MUST"   // to be refused
	Should Level = "SHOULD" // better refused
	Legal  Level = "legal"  // to be accepted
)

// A Flow is what the client does while the provider misbehaves. It is signed
// in beforehand for [FlowFrame], [FlowRefresh] and [FlowSignout], and loads
// userinfo after each sign-in and renewal.
type Flow string

// The flows of a [Case].
const (
	FlowRedirect Flow = "redirect" // a sign-in; edited before its first request
	FlowUserinfo Flow = "userinfo" // a sign-in whose userinfo answer is the point
	FlowFrame    Flow = "frame"    // a silent sign-in; edited after the first sign-in
	FlowRefresh  Flow = "refresh"  // a renewal by refresh token; edited after the sign-in
	FlowSignout  Flow = "signout"  // a sign-out and the way back; edited before the sign-in
)

// A Case is one thing that a provider does, and what a client has to make of
// it. See [Cases].
type Case struct {
	// Name is that of the OpenID Foundation's test, where there is one.
	Name  string
	Spec  string // who demands it: "OIDC Core 3.1.3.7 step 2"
	Level Level
	Flow  Flow
	Edit  func(*OP)

	// Want is the code of the error, empty if the answer is to be accepted.
	Want oidc.Code

	// Silent are the endpoints that must not be asked once the edit is made:
	// those that come after what is to be refused.
	Silent []string

	// Requests are how often endpoints may be asked, where it is more often
	// than a client does that refuses at once.
	Requests map[string]int

	Pushed bool // the provider takes pushed requests only (RFC 9126 5)

	// What the client is set up to ask for.
	MaxAge       int64  // max_age in seconds; 0 is none
	Claims       string // the claims parameter, JSON
	ResponseMode string // "jwt" and the like
	DPoP         bool   // tokens bound to a key

	// What the client is set up to accept.
	TrustedAudiences []string
	AllowedTenants   []string

	Tenant string // of everybody at a provider that has several; see [OP.Tenant]
}

// Cases returns the table. Names are unique.
func Cases() []Case {
	return slices.Concat(
		discoveryCases(), keysCases(), callbackCases(), tokenCases(),
		idTokenCases(), claimCases(), signatureCases(),
		userinfoCases(), frameCases(), refreshCases(), signoutCases(),
		legalCases(), legalTokenCases(),
		responseJWTCases(), pushCases(), boundCases(), essentialCases(), textCases(),
		audienceCases(), tenantCases(), ownKeyCases(), uncommonCases(),
	)
}

// Prepare makes what the flow needs of the provider before the first sign-in.
func (c *Case) Prepare(op *OP) {
	op.Edit(func() {
		op.RefreshTokens = c.Flow == FlowRefresh
		op.RequirePAR = c.Pushed
		if op.Tenant = c.Tenant; op.Tenant != "" {
			op.Issuer += "/common"
		}
		if !c.SignedInBefore() || c.Flow == FlowSignout {
			c.Edit(op)
		}
	})
}

// Strike makes the edit, if it comes after the first sign-in, and begins the
// request log anew.
func (c *Case) Strike(op *OP) {
	if c.Flow == FlowFrame || c.Flow == FlowRefresh {
		op.Edit(func() { c.Edit(op) })
	}
	op.ResetRequests()
}

// SignedInBefore tells whether the flow starts with somebody signed in.
func (c *Case) SignedInBefore() bool { return c.Flow != FlowRedirect && c.Flow != FlowUserinfo }

// again is for a response that the tab does not know: its own sign-in begins once more.
var again = map[string]int{Authorize: 2}

// CheckRequests returns what is wrong with the requests since [Case.Strike]:
// silence on the wire is how a client shows that it refused. Nil is well.
func (c *Case) CheckRequests(op *OP) error {
	for _, endpoint := range c.Silent {
		if n := op.Count(endpoint); n != 0 {
			return fmt.Errorf("%d requests to the %s endpoint, want silence; all were %v", n, endpoint, op.Requests())
		}
	}
	if c.Want == "" {
		return nil
	}
	for endpoint, most := range map[string]int{Discovery: 2, JWKS: 2, PAR: 1, Authorize: 1, Token: 1, Userinfo: 1} {
		most = max(most, c.Requests[endpoint])
		if n := op.Count(endpoint); n > most {
			return fmt.Errorf("%d requests to the %s endpoint, want %d at most", n, endpoint, most)
		}
	}
	return nil
}

// A Tally counts the outcomes of a run of the table.
type Tally struct {
	Refused, Accepted, Wrong int
}

// Add counts one row.
func (t *Tally) Add(c Case, ok bool) {
	switch {
	case !ok:
		t.Wrong++
	case c.Want == "":
		t.Accepted++
	default:
		t.Refused++
	}
}

// String is one line.
func (t Tally) String() string {
	return fmt.Sprintf("hostile table: %d refused, %d accepted, %d wrong", t.Refused, t.Accepted, t.Wrong)
}

// What follows makes the edits of the rows. unset as a value deletes; a
// function gives the value when the answer is made.

type unset struct{}

func put(object map[string]any, name string, value any) {
	switch value := value.(type) {
	case unset:
		delete(object, name)
	case func() any:
		object[name] = value()
	default:
		object[name] = value
	}
}

func metadata(name string, value any) func(*OP) {
	return func(op *OP) { op.EditMetadata = func(m map[string]any) { put(m, name, value) } }
}

func claim(name string, value any) func(*OP) {
	return claims(map[string]any{name: value})
}

func claims(values map[string]any) func(*OP) {
	return func(op *OP) {
		op.EditIDToken = func(_, claims map[string]any) {
			for name, value := range values {
				put(claims, name, value)
			}
		}
	}
}

func header(name string, value any) func(*OP) {
	return func(op *OP) { op.EditIDToken = func(header, _ map[string]any) { put(header, name, value) } }
}

func response(name string, value any) func(*OP) {
	return func(op *OP) { op.EditTokenResponse = func(r map[string]any) { put(r, name, value) } }
}

func user(name string, value any) func(*OP) {
	return func(op *OP) { op.EditUserinfo = func(claims map[string]any) { put(claims, name, value) } }
}

// parameter sets a parameter of the callback, or deletes it if there is no value.
func parameter(name string, values ...string) func(*OP) {
	return func(op *OP) {
		op.EditCallback = func(p url.Values) {
			if len(values) == 0 {
				delete(p, name)
				return
			}
			p[name] = values
		}
	}
}

// failed is a callback with an error and no code.
func failed(code string, more ...string) func(*OP) {
	return func(op *OP) {
		op.EditCallback = func(p url.Values) {
			delete(p, "code")
			p.Set("error", code)
			for i := 0; i+1 < len(more); i += 2 {
				p.Set(more[i], more[i+1])
			}
		}
	}
}

// body changes the bytes of the answers of an endpoint.
func body(endpoint string, change func(string) string) func(*OP) {
	return func(op *OP) {
		op.EditBody = func(answering, body string) string {
			if answering != endpoint {
				return body
			}
			return change(body)
		}
	}
}

// raw answers with a body of its own.
func raw(endpoint string, status int, contentType, text string) func(*OP) {
	return func(op *OP) {
		op.Answer(endpoint, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(text))
		})
	}
}

const (
	jsonType = "application/json"
	htmlType = "text/html; charset=utf-8"
	page     = "<!doctype html><title>Welcome</title><p>It works."
)

// asJSON returns value as JSON.
func asJSON(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		panic("oidctest: " + err.Error()) // a row of the table is wrong
	}
	return string(data)
}

// An answerFault is what can be wrong with any answer in JSON.
type answerFault struct {
	name string
	edit func(endpoint string) func(*OP)
	want oidc.Code
}

// repeated is a member that each answer has, with another value; the parser
// that takes the last one does not notice.
var repeated = map[string]struct {
	member string
	want   oidc.Code
}{
	Discovery: {`"issuer":"https://evil.example"`, oidc.ErrMetadataInvalid},
	JWKS:      {`"keys":[]`, oidc.ErrKeysInvalid},
	Token:     {`"access_token":"of-somebody-else"`, oidc.ErrTokenResponseInvalid},
	Userinfo:  {`"sub":"other"`, oidc.ErrNotJSON},
	PAR:       {`"request_uri":"urn:other"`, oidc.ErrPushResponseInvalid},
}

// success is the status of an answer that is none of an error.
func success(endpoint string) int {
	if endpoint == PAR {
		return http.StatusCreated // RFC 9126 2.2
	}
	return http.StatusOK
}

func answerFaults() []answerFault {
	text := func(contentType, text string) func(string) func(*OP) {
		return func(endpoint string) func(*OP) { return raw(endpoint, success(endpoint), contentType, text) }
	}
	change := func(change func(string) string) func(string) func(*OP) {
		return func(endpoint string) func(*OP) { return body(endpoint, change) }
	}
	return []answerFault{
		{"in HTML", text(htmlType, page), oidc.ErrNotJSON},
		{"labelled as HTML", func(endpoint string) func(*OP) {
			return func(op *OP) { op.ContentTypes = map[string]string{endpoint: htmlType} }
		}, oidc.ErrNotJSON},
		{"in HTML labelled as JSON", text(jsonType, page), oidc.ErrNotJSON},
		{"empty", text(jsonType, ""), oidc.ErrNotJSON},
		{"null", text(jsonType, "null"), oidc.ErrNotJSON},
		{"in an array", change(func(body string) string { return "[" + body + "]" }), oidc.ErrNotJSON},
		{"truncated", change(func(body string) string { return body[:len(body)/2] }), oidc.ErrNotJSON},
		{"with text behind it", change(func(body string) string { return body + "x" }), oidc.ErrNotJSON},
		{"nested too deeply", change(func(body string) string {
			return `{"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "," + body[1:]
		}), oidc.ErrNotJSON},
		{"in invalid UTF-8", change(func(body string) string { return "{\"x\":\"\xff\"," + body[1:] }), oidc.ErrNotJSON},
		{"of 10 MB", change(func(body string) string {
			return `{"x":"` + strings.Repeat("x", 10<<20) + `",` + body[1:]
		}), oidc.ErrResponseTooLarge},
		{"cut off", func(endpoint string) func(*OP) { return cutOff(endpoint) }, oidc.ErrNetwork},
		{"behind a redirect", func(endpoint string) func(*OP) { return redirected(endpoint) }, oidc.ErrRedirectRefused},
		{"without CORS", func(endpoint string) func(*OP) {
			return func(op *OP) { op.NoCORS = []string{endpoint} }
		}, oidc.ErrCORSRefused},
	}
}

// cutOff ends the connection in the middle of the answer.
func cutOff(endpoint string) func(*OP) {
	return func(op *OP) {
		op.Answer(endpoint, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", jsonType)
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"issuer":`))
		})
	}
}

func redirected(endpoint string) func(*OP) {
	return func(op *OP) {
		op.Answer(endpoint, func(w http.ResponseWriter, r *http.Request) {
			address := op.Base() + "/elsewhere"
			if endpoint == Discovery { // it may move, but not to another origin
				address = "https://evil.example/elsewhere"
			}
			http.Redirect(w, r, address, http.StatusTemporaryRedirect)
		})
	}
}

// answerCases are the faults of any answer, at one endpoint.
func answerCases(what, spec string, flow Flow, endpoint string, silent ...string) []Case {
	twice := repeated[endpoint]
	cases := []Case{{
		Name: what + " with a member twice", Spec: "RFC 8259 4", Level: Must, Flow: flow,
		Edit: body(endpoint, func(body string) string { return "{" + twice.member + "," + body[1:] }),
		Want: twice.want, Silent: silent,
	}, {
		Name: what + " with a member twice further down", Spec: "RFC 8259 4", Level: Must, Flow: flow,
		Edit: body(endpoint, func(body string) string { return `{"x":[{"y":1,"y":2}],` + body[1:] }),
		Want: twice.want, Silent: silent,
	}}
	for _, f := range answerFaults() {
		cases = append(cases, Case{
			Name: what + " " + f.name, Spec: spec, Level: Must, Flow: flow,
			Edit: f.edit(endpoint), Want: f.want, Silent: silent,
		})
	}
	return cases
}
