//go:build !js

package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/jsonrpc"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/session"
)

func TestDescribe(t *testing.T) {
	tests := []struct {
		name    string
		err     error
		want    errorData
		message string
	}{
		{"code", oidc.ErrNonceMismatch, errorData{Code: "nonce_mismatch"}, "oidc: nonce_mismatch"},
		{"wrapped code", fmt.Errorf("ID Token: %w", oidc.ErrTokenExpired), errorData{Code: "token_expired"}, "ID Token: oidc: token_expired"},
		{"claim", &oidc.ClaimError{Claim: "aud", Step: "3", Err: oidc.ErrAudienceMismatch},
			errorData{Code: "audience_mismatch", Claim: "aud", Step: "3"}, "oidc: audience_mismatch (claim aud, 3)"},
		{"transport", &oidc.TransportError{Endpoint: "token", Status: 500, Err: oidc.ErrHTTPStatus},
			errorData{Code: "http_status", Endpoint: "token", Status: 500}, "oidc: http_status (token request, status 500)"},
		{"transport without an answer", &oidc.TransportError{Endpoint: "jwks", Err: oidc.ErrCORSRefused},
			errorData{Code: "cors_refused", Endpoint: "jwks"}, "oidc: cors_refused (jwks request)"},
		{"provider", fmt.Errorf("token request: %w", &oidc.ProviderError{Endpoint: "token", Status: 400, ErrorCode: "invalid_grant", Description: "no", URI: "https://op.example/e"}),
			errorData{Code: "provider_error", Endpoint: "token", Status: 400, Error: "invalid_grant", ErrorDescription: "no", ErrorURI: "https://op.example/e"},
			"token request: oidc: the token endpoint answered invalid_grant"},
		{"provider whose text names no setting", &oidc.ProviderError{Endpoint: "authorization", ErrorCode: "invalid_request", Description: "Pushed Authorization Request is only allowed."},
			errorData{
				Code: "provider_error", Endpoint: "authorization", Error: "invalid_request", ErrorDescription: "Pushed Authorization Request is only allowed.",
				Message: `Pushed Authorization Request is only allowed: set par: "required", as this client's requests have to be pushed`,
			}, "oidc: the authorization endpoint answered invalid_request"},
		{"first of two", errors.Join(oidc.ErrNetwork, session.ErrPageGone), errorData{Code: "network"}, "oidc: network\noidc: page_gone"},
		{"silent tab", errSilent, errorData{Code: "timeout"}, "the tab does not answer: oidc: timeout (oidc: page_gone)"},
		{"deadline", context.DeadlineExceeded, errorData{Code: "timeout"}, "context deadline exceeded"},
		{"given up", context.Canceled, errorData{Code: "aborted"}, "context canceled"},
		{"cancelled by the page", jsonrpc.ErrCancelled, errorData{Code: "aborted"}, "jsonrpc: cancelled by the peer"},
		{"internal", errors.New("s3cret"), errorData{Code: "internal"}, "oidc: internal"},
		{"internal, wrapped", fmt.Errorf("put: %w", errors.New("s3cret")), errorData{Code: "internal"}, "oidc: internal"},
		{"internal code with a text", fmt.Errorf("s3cret: %w", session.ErrInternal), errorData{Code: "internal"}, "oidc: internal"},
		{"internal in a transport", &oidc.TransportError{Endpoint: "token", Err: errors.New("s3cret")},
			errorData{Code: "internal", Endpoint: "token"}, "oidc: internal"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.message = advised(tt.message, tt.want.Code, tt.want.Status, tt.want.Endpoint, tt.want.Claim)
			data, message := describe(tt.err)
			if !reflect.DeepEqual(data, tt.want) || message != tt.message {
				t.Errorf("describe = %+v, %q; want %+v, %q", data, message, tt.want, tt.message)
			}
			var answer *jsonrpc.Error
			if !errors.As(toRPC(tt.err), &answer) || answer.Code != applicationError || answer.Message != tt.message {
				t.Errorf("toRPC = %v", answer)
			}
		})
	}
	if err := toRPC(nil); err != nil {
		t.Errorf("toRPC(nil) = %v", err)
	}
}

// What a page gives as a reason is one of a few codes, or a bug.
func TestPageErrors(t *testing.T) {
	tests := []struct {
		data string
		want oidc.Code
	}{
		{`{"code":"frame_no_response"}`, session.ErrFrameNoResponse},
		{`{"code":"timeout"}`, oidc.ErrTimeout},
		{`{"code":"aborted"}`, oidc.ErrAborted},
		{`{"code":"insecure_url"}`, oidc.ErrInsecureURL},
		{`{"code":"storage_unavailable"}`, ErrStorageUnavailable},
		{`{"code":"internal"}`, session.ErrInternal},
		{`{"code":"page_gone"}`, session.ErrInternal},
		{`{"code":"nonce_mismatch"}`, session.ErrInternal},
		{`{"code":"s3cret"}`, session.ErrInternal},
		{`{"code":18}`, session.ErrInternal},
		{`{"code":"timeout","code":"timeout"}`, session.ErrInternal},
		{`{}`, session.ErrInternal},
		{`[]`, session.ErrInternal},
		{``, session.ErrInternal},
	}
	for _, tt := range tests {
		t.Run(tt.data, func(t *testing.T) {
			tab := newWorld(t).open()
			tab.refuse("frame", tt.data)
			data, message := tab.mustFail("signinSilent", nil, tt.want)
			if !reflect.DeepEqual(data, errorData{Code: tt.want}) || message != advised(tt.want.Error(), tt.want, 0) {
				t.Errorf("%+v, %q", data, message)
			}
		})
	}
}

// A page that answers with something else than the contract says.
func TestPageAnswers(t *testing.T) {
	tests := []struct {
		service, call string
		result        any
		want          oidc.Code // empty: no harm done
	}{
		{"frame", "signinSilent", nil, oidc.ErrCallbackMissing},
		{"frame", "signinSilent", object{}, oidc.ErrCallbackMissing},
		{"frame", "signinSilent", object{"url": 7}, session.ErrInternal},
		{"frame", "signinSilent", "s3cret", session.ErrInternal},
		{"frame", "signinSilent", object{"url": "https://app.example.test/?code=c&state=s"}, oidc.ErrStateMismatch},
		{"transactions.take", "signinCallback", nil, oidc.ErrStateUnknown},
		{"transactions.take", "signinCallback", object{"record": nil}, oidc.ErrStateUnknown},
		{"transactions.take", "signinCallback", object{"record": ""}, oidc.ErrStateUnknown},
		{"transactions.take", "signinCallback", object{"record": "{}"}, oidc.ErrStateUnknown},
		{"transactions.take", "signinCallback", object{"record": `{"signout":true}`}, oidc.ErrStateUnknown},
		{"transactions.take", "signinCallback", object{"record": object{}}, session.ErrInternal},
		{"transactions.put", "signinRedirect", "s3cret", ""},
		{"navigate", "signinRedirect", "s3cret", ""},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.service, tt.result), func(t *testing.T) {
			tab := newWorld(t).open()
			tab.offer(tt.service, func(context.Context, []byte) (any, error) { return tt.result, nil })
			params := object{}
			if tt.call == "signinCallback" {
				params["url"] = "https://app.example.test/?code=c&state=" + strings.Repeat("s", 43) // which may be one of ours
			}
			if tt.want == "" {
				tab.must(tt.call, params, nil)
				return
			}
			if _, message := tab.mustFail(tt.call, params, tt.want); strings.Contains(message, "s3cret") {
				t.Errorf("message %q", message)
			}
		})
	}
}

// secrets of a run: what the provider and the tab have seen of them.
type secrets map[string]string

// collect adds the parameters of a URL or a form that are secret.
func (s secrets) collect(values url.Values) {
	for _, name := range []string{"code", "state", "nonce", "code_verifier", "refresh_token", "id_token_hint"} {
		if value := values.Get(name); value != "" {
			s[value] = name
		}
	}
}

// report fails if one of the messages holds one of the secrets.
func (s secrets) report(t *testing.T, messages [][]byte) {
	t.Helper()
	if len(s) < 5 || len(messages) == 0 {
		t.Fatalf("%d secrets, %d messages: too few to show anything", len(s), len(messages))
	}
	for _, message := range messages {
		for secret, name := range s {
			if bytes.Contains(message, []byte(secret)) {
				t.Errorf("a message holds a secret (%s): %s", name, message)
			}
		}
	}
}

// providersWords are passed on as they come.
var providersWords = regexp.MustCompile(`"error(_description|_uri)?":"[^"]*"`)

// told returns the messages of the program but those that carry secrets by
// design: what is stored, where the page is sent, and the user.
func (tab *tab) told() [][]byte {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	var told [][]byte
	for _, message := range tab.heard {
		var m struct {
			Method string `json:"method"`
			Result any    `json:"result"`
			Params struct {
				Name session.EventName `json:"name"`
			} `json:"params"`
		}
		if err := json.Unmarshal(message, &m); err != nil {
			tab.t.Errorf("no JSON: %s", message)
		}
		switch m.Method {
		case "navigate", "frame", "transactions.put", "transactions.take":
			continue
		}
		if m.Result == nil && m.Params.Name != session.UserLoaded {
			told = append(told, providersWords.ReplaceAll(message, nil))
		}
	}
	return told
}

// Whatever goes wrong, no error and no event quotes a secret.
func TestNoSecretInFailures(t *testing.T) {
	tests := []struct {
		name string
		edit func(w *world, tab *tab)
	}{
		{"nonce of another sign-in", func(w *world, _ *tab) {
			w.op.EditIDToken = func(_, claims map[string]any) { claims["nonce"] = "other" }
		}},
		{"claim of a wrong type", func(w *world, _ *tab) {
			w.op.EditIDToken = func(_, claims map[string]any) { claims["aud"] = object{"x": claims["nonce"]} }
		}},
		{"signature", func(w *world, _ *tab) {
			w.op.ReplaceIDToken = func(token string) string { return token[:len(token)-8] + "AAAAAAAA" }
		}},
		{"not a token", func(w *world, _ *tab) {
			w.op.ReplaceIDToken = func(token string) string { return strings.ReplaceAll(token, ".", "") }
		}},
		{"token type", func(w *world, _ *tab) {
			w.op.EditTokenResponse = func(r map[string]any) {
				r["token_type"] = r["access_token"]
				w.op.EditTokenResponse = nil
			}
		}},
		{"the provider echoes what it got", func(w *world, _ *tab) {
			echo(w, func(form url.Values) any { return object{"error": form.Get("code") + form.Get("refresh_token")} })
		}},
		{"the provider echoes it in no JSON", func(w *world, _ *tab) {
			echo(w, func(form url.Values) any { return form.Encode() })
		}},
		{"transport", func(w *world, _ *tab) {
			w.transport.Fail = func(req *oidc.Request) error {
				if req.Method == "POST" {
					return errors.New("fetch of " + req.URL + " with " + req.Body)
				}
				return nil
			}
		}},
		{"the page's storage", func(_ *world, tab *tab) {
			tab.offer("transactions.take", func(_ context.Context, params []byte) (any, error) {
				return nil, &jsonrpc.Error{Code: 1, Message: string(params), Data: params}
			})
			tab.offer("frame", func(_ context.Context, params []byte) (any, error) {
				return nil, &jsonrpc.Error{Code: 1, Message: string(params), Data: params}
			})
		}},
		{"the page's answers", func(_ *world, tab *tab) {
			for _, service := range []string{"transactions.take", "frame"} {
				tab.offer(service, func(_ context.Context, params []byte) (any, error) { return []any{string(params)}, nil })
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens = true
				tab := w.open()
				user := tab.signIn(w.op)
				found := secrets{user.AccessToken: "access token", user.RefreshToken: "refresh token", user.IDToken: "ID Token"}
				tab.must("signinRedirect", object{"login_hint": "x"}, nil)
				address := tab.visited()
				callback := w.op.Visit(address)
				for _, visited := range []string{address, callback} {
					u, err := url.Parse(visited)
					if err != nil {
						t.Fatal(err)
					}
					found.collect(u.Query())
				}
				for state, stored := range tab.stored {
					if state == "underway" { // which state that is
						continue
					}
					var record struct {
						Signin map[string]any `json:"signin"`
					}
					if err := json.Unmarshal([]byte(stored.Record), &record); err != nil {
						t.Fatal(err)
					}
					verifier, _ := record.Signin["code_verifier"].(string)
					found[verifier] = "verifier"
				}
				tt.edit(w, tab)
				if err := tab.call("signinCallback", object{"url": callback}, nil); err == nil {
					t.Error("the sign-in did not fail")
				}
				_ = tab.call("signinSilent", nil, nil)
				time.Sleep(2 * time.Hour) // a renewal fails, too
				found.report(t, tab.told())
			})
		})
	}
}

// echo makes the token endpoint refuse with what answer makes of the form.
func echo(w *world, answer func(form url.Values) any) {
	w.op.Respond = func(endpoint string, rw http.ResponseWriter, r *http.Request) bool {
		if endpoint != oidctest.Token {
			return false
		}
		_ = r.ParseForm()
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(rw).Encode(answer(r.PostForm))
		return true
	}
}

// advised returns a message as the page gets it.
func advised(message string, code oidc.Code, status int, places ...string) string {
	if text := adviceOn(code, strings.Join(places, ""), status); text != "" {
		return message + ": " + text
	}
	return message
}

// The mistake is named in words, after the code.
func TestAdvice(t *testing.T) {
	_, message := describe(fmt.Errorf("discovery: %w", oidc.ErrIssuerMismatch))
	const want = "discovery: oidc: issuer_mismatch: authority has to be the issuer"
	if !strings.HasPrefix(message, want) {
		t.Errorf("message = %q, want %q...", message, want)
	}
	w := newWorld(t)
	w.op.NoCORS = []string{"discovery"}
	_, message = w.open().mustFail(redirect, nil, oidc.ErrCORSRefused)
	if want := "https://op.example.test/.well-known/openid-configuration: oidc: cors_refused (discovery request): open that address: "; !strings.HasPrefix(message, want) {
		t.Errorf("message = %q, want %q...", message, want)
	}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&oidc.TransportError{Endpoint: "token", Err: oidc.ErrCORSRefused}, "headers such as DPoP"},
		{&oidc.TransportError{Endpoint: "token", Err: oidc.ErrCORSRefused}, "a proxy answered (502) or the connection broke"},
		{session.ErrFrameNoResponse, "the page's frame-src"},
		{session.ErrFrameNoResponse, "frame-src and Cross-Origin-Embedder-Policy"},
	} {
		if _, message := describe(tt.err); !strings.Contains(message, tt.want) {
			t.Errorf("%q does not say %q", message, tt.want)
		}
	}
	for _, a := range advice {
		if len(a.text) > 180 || strings.HasSuffix(a.text, ".") {
			t.Errorf("the advice for %s is too long for a message, or ends in a period", string(a.code))
		}
	}
}
