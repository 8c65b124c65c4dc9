//go:build !js

package api

import (
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/oidcspa/oidcspa/jsonrpc"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

func TestOpen(t *testing.T) {
	tests := []struct {
		name string
		edit func(params, settings object)
		want oidc.Code
		text string // part of the message
	}{
		{"valid", func(_, _ object) {}, "", ""},
		{"hint", func(params, _ object) { params["signed_in"] = true }, "", ""},
		{"version of another release", func(params, _ object) { params["version"] = Version + 1 }, ErrVersionMismatch, ""},
		{"version of a release with more parameters", func(params, _ object) {
			params["version"], params["later"] = Version+1, 1
		}, ErrVersionMismatch, ""},
		{"version missing", func(params, _ object) { delete(params, "version") }, ErrVersionMismatch, ""},
		{"version a string", func(params, _ object) { params["version"] = "1" }, ErrVersionMismatch, ""},
		{"unknown parameter", func(params, _ object) { params["signedIn"] = true }, oidc.ErrInvalidArgument, "signedIn"},
		{"settings missing", func(params, _ object) { delete(params, "settings") }, oidc.ErrInvalidConfig, "settings"},
		{"settings null", func(params, _ object) { params["settings"] = nil }, oidc.ErrInvalidConfig, "authority"},
		{"settings an array", func(params, _ object) { params["settings"] = []any{} }, oidc.ErrInvalidConfig, "settings"},
		{"unknown setting", func(_, s object) { s["post_login_uri"] = "x" }, oidc.ErrInvalidConfig, "post_login_uri"},
		{"setting in other case", func(_, s object) { s["Scope"] = "x" }, oidc.ErrInvalidConfig, "Scope"},
		{"setting of the page alone", func(_, s object) { s["host"] = "page" }, oidc.ErrInvalidConfig, "host"},
		{"setting of the wrong type", func(_, s object) { s["client_id"] = true }, oidc.ErrInvalidConfig, "settings: client_id has to be text"},
		{"signoutMethod another", func(_, s object) { s["signoutMethod"] = "put" }, oidc.ErrInvalidConfig, "signoutMethod"},
		{"authority missing", func(_, s object) { delete(s, "authority") }, oidc.ErrInvalidConfig, "authority"},
		{"authority not https", func(_, s object) { s["authority"] = "http://op.example" }, oidc.ErrInsecureURL, "authority"},
		{"client_id missing", func(_, s object) { delete(s, "client_id") }, oidc.ErrInvalidConfig, "client_id"},
		{"redirect_uri missing", func(_, s object) { delete(s, "redirect_uri") }, oidc.ErrInvalidConfig, "redirect_uri"},
		{"response_type code", func(_, s object) { s["response_type"] = "code" }, "", ""},
		{"response_type token", func(_, s object) { s["response_type"] = "token" }, oidc.ErrUnsupported, "response_type"},
		{"resource a number", func(_, s object) { s["resource"] = 1 }, oidc.ErrInvalidConfig, "resource"},
		{"resource null", func(_, s object) { s["resource"] = nil }, "", ""},
		{"extraQueryParams an object", func(_, s object) {
			s["extraQueryParams"] = object{"a": object{}}
		}, oidc.ErrInvalidConfig, "extraQueryParams"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			params := object{"version": Version, "signed_in": false, "settings": w.settings}
			tt.edit(params, w.settings)
			tab := w.connect()
			if tt.want == "" {
				tab.must("open", params, nil)
				tab.must("removeUser", nil, nil)
				return
			}
			_, message := tab.mustFail("open", params, tt.want)
			if !strings.Contains(message, tt.text) {
				t.Errorf("message %q does not name %q", message, tt.text)
			}
			tab.mustFail("getUser", nil, oidc.ErrInvalidArgument) // it is not open
		})
	}
}

func TestCallsBeforeOpen(t *testing.T) {
	tab := newWorld(t).connect()
	for _, method := range served() {
		_, message := tab.mustFail(method, object{}, oidc.ErrInvalidArgument)
		if !strings.Contains(message, "not open") {
			t.Errorf("%s: %q", method, message)
		}
	}
}

func TestOpenTwice(t *testing.T) {
	w := newWorld(t)
	tab := w.open()
	params := object{"version": Version, "signed_in": true, "settings": w.with("client_id", "other")}
	_, message := tab.mustFail("open", params, oidc.ErrInvalidArgument)
	if !strings.Contains(message, "open") {
		t.Errorf("message %q", message)
	}
	if user := tab.signIn(w.op); user.AccessToken == "" {
		t.Error("the first opening does not count any more")
	}
}

func TestUnknownMethod(t *testing.T) {
	w := newWorld(t)
	for name, tab := range map[string]*tab{"before open": w.connect(), "after open": w.open()} {
		for _, method := range []string{"signinByPost", "GetUser", "", "toString"} {
			err := tab.call(method, nil, nil)
			var answer *jsonrpc.Error
			want := jsonrpc.CodeMethodNotFound
			if method == "" {
				want = jsonrpc.CodeInvalidRequest
			}
			if !errors.As(err, &answer) || answer.Code != want {
				t.Errorf("%s: %q = %v, want %d", name, method, err, want)
			}
			if answer != nil && method != "" && strings.Contains(answer.Message, method) {
				t.Errorf("%q is quoted", method)
			}
		}
	}
}

func TestUnknownParameters(t *testing.T) {
	tests := []struct {
		method string
		params object
		name   string // what the message has to name
	}{
		{"getUser", object{"force": true}, "force"},
		{"removeUser", object{"all": true}, "all"},
		{"signinRedirect", object{"login_hnit": "x"}, "login_hnit"},
		{"signinRedirect", object{"extraQueryParams": object{"a": []int{1}}}, "extraQueryParams"},
		{"signinRedirect", object{"extraQueryParams": object{"state": "x"}}, "state"},
		{"signinRedirect", object{"extraTokenParams": object{"code_verifier": "x"}}, "code_verifier"},
		{"signinRedirect", object{"extraTokenParams": object{"a": []any{}}}, "a is no string"},
		{"signinSilent", object{"extraTokenParams": object{"client_id": "x"}}, "client_id"},
		{"signinRedirect", object{"resource": true}, "resource"},
		{"signinRedirect", object{"resource": []any{1}}, "resource"},
		{"signinRedirect", object{"resource": "api"}, "resource"},
		{"signinRedirect", object{"redirect_uri": "callback.html"}, "redirect_uri"},
		{"signinRedirect", object{"max_age": -1}, "max_age"},
		{"signinRedirect", object{"max_age": 1.5}, "max_age has to be a number"},
		{"signinRedirect", object{"max_age": "1.5"}, "max_age has to be a number"},
		{"signinRedirect", object{"max_age": ""}, "max_age has to be a number"},
		{"signinRedirect", object{"max_age": "NaN"}, "max_age has to be a number"},
		{"signinRedirect", object{"scope": []any{"openid", 1}}, "scope has to be text"},
		{"signinRedirect", object{"login_hint": []string{"me"}}, "login_hint has to be text"},
		{"signinRedirect", object{"login_hint": true}, "login_hint has to be text"},
		{"signinRedirect", object{"skipUserInfo": "yes"}, "skipUserInfo has to be true or false"},
		{"signinRedirect", object{"skipUserInfo": 1}, "skipUserInfo has to be true or false"},
		{"signinRedirect", object{"redirect_uri": "https://app.example.test/#/callback"}, "redirect_uri: has to be an address without a fragment (#)"},
		{"signinRedirect", object{"response_mode": "form_post"}, "response_mode"},
		{"signinRedirect", object{"request": "a.b.c", "request_uri": "urn:x"}, "request_uri"},
		{"signinRedirect", object{"forceIframeAuth": true}, "forceIframeAuth"},
		{"signinPopup", object{"silentRequestTimeoutInSeconds": 1}, "silentRequestTimeoutInSeconds"},
		{"signinSilent", object{"return_to": "/"}, "return_to"},
		{"signinSilent", object{"timeout": 1}, "timeout"},
		{"signinCallback", object{"url": "https://app.example.test/", "code": "x"}, "code"},
		{"signoutRedirect", object{"scope": "x"}, "scope"},
		{"signoutRedirect", object{"extraQueryParams": object{"a": object{}}}, "extraQueryParams"},
		{"signoutRedirect", object{"extraQueryParams": object{"id_token_hint": "x"}}, "id_token_hint"},
		{"signoutCallback", object{"keepOpen": true}, "keepOpen"},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.name, func(t *testing.T) {
			tab := newWorld(t).open()
			if _, message := tab.mustFail(tt.method, tt.params, oidc.ErrInvalidArgument); !strings.Contains(message, tt.name) {
				t.Errorf("message %q does not name %q", message, tt.name)
			}
			if tab.visited() != "" {
				t.Error("the tab went somewhere all the same")
			}
		})
	}
}

// Parameters by position are not known to this contract.
func TestParametersInAnArray(t *testing.T) {
	tab := newWorld(t).open()
	for _, method := range served() {
		tab.mustFail(method, []any{}, oidc.ErrInvalidArgument)
	}
}

func TestCloseNotification(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		leaving, staying := w.open(), w.open()
		leaving.signIn(w.op)
		synctest.Wait()
		leaving.names()
		if err := leaving.conn.Notify("close", nil); err != nil {
			t.Fatal(err)
		}
		<-leaving.connection.Done()
		staying.must("removeUser", nil, nil)
		synctest.Wait()
		if names := leaving.names(); len(names) > 0 {
			t.Errorf("a closed tab heard %v", names)
		}
		before := len(leaving.heard)
		leaving.connection.Receive([]byte(`{"jsonrpc":"2.0","id":1,"method":"getUser"}`))
		leaving.connection.Close()
		synctest.Wait()
		if len(leaving.heard) != before {
			t.Error("a closed connection answered")
		}
	})
}

// What a page keeps of a session has an order. An earlier release has none, and
// what is no order is none.
func TestHintOrder(t *testing.T) {
	for kept, want := range map[string]session.Hint{
		`{"signed_in":true}`:                                {Order: session.NoOrder},
		`{"signed_in":true,"order":null}`:                   {Order: session.NoOrder},
		`{"signed_in":true,"order":""}`:                     {},
		`{"signed_in":true,"order":"0"}`:                    {},
		`{"signed_in":true,"order":"7"}`:                    {Order: 7},
		`{"signed_in":true,"order":"7 5"}`:                  {Order: 7, Out: 5},
		`{"signed_in":true,"order":"7 5 6"}`:                {Order: 7, Out: 5, Who: "6"},
		`{"signed_in":true,"order":"7 5 6 4"}`:              {Order: 7, Out: 5, Who: "6 4"},
		`{"signed_in":true,"order":"7 x -6"}`:               {Order: 7, Who: "-6"},
		`{"signed_in":true,"order":"1e300"}`:                {},
		`{"signed_in":true,"order":"-1"}`:                   {},
		`{"signed_in":true,"order":"1.5"}`:                  {},
		`{"signed_in":true,"order":"12345678901234567890"}`: {Order: math.MaxInt64}, // no program takes it
	} {
		want.SignedIn = true
		var j hintJSON
		if err := decode([]byte(kept), &j); err != nil || j.hint() != want {
			t.Errorf("%s is %v, %v; want %v", kept, j.hint(), err, want)
		}
	}
}
