//go:build !js

package api

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// relay is an API without a network.
type relay struct {
	options RelayOptions
	sent    []*oidc.Request
	err     error
	header  map[string]string
	status  int

	delivered, closed chan struct{}
	once              sync.Once
}

func (r *relay) Do(_ context.Context, req *oidc.Request) (*oidc.Response, error) {
	r.sent = append(r.sent, req)
	return &oidc.Response{Status: r.status, Header: r.header}, r.err
}

func (r *relay) Answer() Answer {
	return Answer{StatusText: "Fine", URL: r.sent[0].URL + "/", Redirected: true, HasBody: true}
}

func (r *relay) Deliver() { close(r.delivered) }
func (r *relay) Close()   { r.once.Do(func() { close(r.closed) }) }

// newRelayTab is a tab whose user may call an API through relay, as the
// channel 7.
func newRelayTab(t *testing.T, settings object) (*tab, *relay) {
	t.Helper()
	w := newWorld(t)
	w.settings = w.with("fetch", settings)
	r := &relay{status: 200, delivered: make(chan struct{}), closed: make(chan struct{})}
	tab := w.connect()
	tab.connection.Relay = func(channel int, options RelayOptions) (Relay, error) {
		if channel != 7 {
			return nil, oidc.ErrInvalidArgument
		}
		r.options = options
		return r, nil
	}
	tab.must("open", object{"version": Version, "signed_in": false, "settings": w.settings}, nil)
	tab.signIn(w.op)
	return tab, r
}

// request is what a page sends, with changes.
func request(changes object) object {
	params := object{
		"channel": 7, "url": "https://api.example.test/v1", "method": "POST", "headers": object{"accept": "x"},
		"mode": "cors", "credentials": "same-origin", "redirect": "follow", "cache": "no-store", "integrity": "",
		"streamed": false, "return_to": "https://app.example.test/cart",
	}
	maps.Copy(params, changes)
	return params
}

var allowed = object{"allow": []any{"https://api.example.test/v1"}}

func TestFetch(t *testing.T) {
	tab, r := newRelayTab(t, allowed)
	r.header = map[string]string{"content-type": "text/x"}
	var user userJSON
	tab.must("getUser", nil, &user)
	var result fetchResult
	tab.must("fetch", request(object{"streamed": true, "integrity": "sha256-x"}), &result)
	<-r.delivered
	<-r.closed
	if r.options != (RelayOptions{"cors", "follow", "no-store", "sha256-x", true}) {
		t.Errorf("sent with %+v", r.options)
	}
	req := r.sent[0]
	if req.Method != "POST" || req.URL != "https://api.example.test/v1" ||
		!maps.Equal(req.Header, map[string]string{"accept": "x", "Authorization": "Bearer " + user.AccessToken}) {
		t.Errorf("sent %s %s with %d headers", req.Method, req.URL, len(req.Header))
	}
	want := Answer{"Fine", "https://api.example.test/v1/", true, true}
	if result.Status != 200 || result.Headers["content-type"] != "text/x" || result.Answer != want {
		t.Errorf("the page gets %+v", result)
	}
	if slices.Contains(slices.Collect(maps.Values(result.Headers)), user.AccessToken) {
		t.Error("the page gets the token")
	}
}

func TestFetchRefusals(t *testing.T) {
	tests := []struct {
		name    string
		changes object
		want    oidc.Code
	}{
		{"another address", object{"url": "https://evil.example/"}, session.ErrFetchNotAllowed},
		{"no-cors", object{"mode": "no-cors"}, oidc.ErrInvalidArgument},
		{"cookies", object{"credentials": "include"}, oidc.ErrInvalidArgument},
		{"redirect by hand", object{"redirect": "manual"}, oidc.ErrInvalidArgument},
		{"a token of the app's", object{"headers": object{"authorization": "Bearer x"}}, oidc.ErrInvalidArgument},
		{"a page that shows somebody else", object{"shown": "somebody-else"}, oidc.ErrSubjectChanged},
		{"an unknown channel", object{"channel": 8}, oidc.ErrInvalidArgument},
		{"an unknown member", object{"keepalive": true}, oidc.ErrInvalidArgument},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tab, r := newRelayTab(t, allowed)
			tab.mustFail("fetch", request(tt.changes), tt.want)
			if len(r.sent) != 0 {
				t.Error("the request was sent")
			}
			select {
			case <-r.closed:
			default:
				if tt.changes["channel"] == nil {
					t.Error("its channel, with its body, stays")
				}
			}
		})
	}
}

// A request that fails closes its channel.
func TestFetchFails(t *testing.T) {
	tab, r := newRelayTab(t, allowed)
	r.err = oidc.ErrCORSRefused
	tab.mustFail("fetch", request(nil), oidc.ErrCORSRefused)
	<-r.closed
	select {
	case <-r.delivered:
		t.Error("an answer was delivered")
	default:
	}
}

// What an API asks for arrives as an event, and with the setting as a
// sign-in.
func TestFetchStepUp(t *testing.T) {
	for _, mode := range []string{"", "redirect"} {
		settings := maps.Clone(allowed)
		settings["stepUp"] = mode
		tab, r := newRelayTab(t, settings)
		events := make(chan event, 1)
		tab.offer("event", func(_ context.Context, params []byte) (any, error) {
			var e event
			err := tab.read(params, &e, func() {})
			if e.Name == session.StepUpRequired {
				events <- e
			}
			return nil, err
		})
		r.status = 401
		r.header = map[string]string{"www-authenticate": `Bearer error="insufficient_user_authentication", acr_values="mfa", max_age="5"`}
		if mode == "" {
			tab.must("fetch", request(nil), nil)
		} else {
			tab.mustFail("fetch", request(nil), session.ErrStepUpRequired)
			if got := tab.query().Get("acr_values"); got != "mfa" {
				t.Errorf("the sign-in asks for %q", got)
			}
		}
		last := <-events
		if last.Name != session.StepUpRequired || last.StepUp == nil || last.StepUp.ACRValues != "mfa" ||
			*last.StepUp.MaxAge != 5 || last.StepUp.URL != "https://api.example.test/v1" {
			t.Errorf("the last event is %+v", last)
		}
	}
}

func TestFetchSettings(t *testing.T) {
	tests := []struct {
		name     string
		settings any
		want     oidc.Code
	}{
		{"a URL", object{"allow": []any{"https://a.example"}}, ""},
		{"an object", object{"allow": []any{object{"url": "https://a.example", "resource": "urn:a"}}}, ""},
		{"redirects", object{"allow": []any{object{"url": "https://a.example/v1", "tokenFollowsRedirects": true}}}, ""},
		{"redirects in words", object{"allow": []any{object{"url": "https://a.example/v1", "tokenFollowsRedirects": "true"}}}, oidc.ErrInvalidConfig},
		{"nothing", object{}, ""},
		{"an answer", object{"stepUp": "popup"}, ""},
		{"one URL", object{"allow": "https://a.example"}, oidc.ErrInvalidConfig},
		{"a number", object{"allow": []any{7}}, oidc.ErrInvalidConfig},
		{"no URL", object{"allow": []any{object{"resource": "urn:a"}}}, oidc.ErrInvalidConfig},
		{"not encrypted", object{"allow": []any{"http://a.example"}}, oidc.ErrInsecureURL},
		{"an unknown member", object{"allow": []any{object{"url": "https://a.example", "scope": "a"}}}, oidc.ErrInvalidConfig},
		{"an unknown setting", object{"deny": []any{}}, oidc.ErrInvalidConfig},
		{"an unknown answer", object{"stepUp": "frame"}, oidc.ErrInvalidConfig},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tab := w.connect()
			params := object{"version": Version, "signed_in": false, "settings": w.with("fetch", tt.settings)}
			if tt.want == "" {
				tab.must("open", params, nil)
			} else {
				tab.mustFail("open", params, tt.want)
			}
		})
	}
}

func TestFetchWithoutRelay(t *testing.T) {
	w := newWorld(t)
	w.open().mustFail("fetch", request(nil), oidc.ErrUnsupported)
}

// What the browser has kept of an API may be of the person before: it is not
// used, unless the app says otherwise.
func TestFetchCache(t *testing.T) {
	for given, want := range map[string]string{
		"default": "no-store", "no-cache": "no-cache", "reload": "reload", "force-cache": "force-cache", "only-if-cached": "only-if-cached",
	} {
		tab, r := newRelayTab(t, allowed)
		tab.must("fetch", request(object{"cache": given}), nil)
		<-r.closed
		if r.options.Cache != want {
			t.Errorf("%s is sent as %s, want %s", given, r.options.Cache, want)
		}
	}
}
