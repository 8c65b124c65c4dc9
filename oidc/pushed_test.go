package oidc

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

const testRequestURI = "urn:ietf:params:oauth:request_uri:" + mark

// pushMetadata is that of a provider that takes pushed requests, and no other
// ones if required is set.
func pushMetadata(t testing.TB, required bool) *Metadata {
	m := goodMetadata(t)
	m.PushedAuthorizationRequestEndpoint = testIssuer + "/par"
	m.RequirePushedAuthorizationRequests = required
	return m
}

func startURL(t *testing.T, m *Metadata) string {
	t.Helper()
	_, location, err := fullRequest().Start(m, fixedRandom(), noon)
	if err != nil {
		t.Fatal(err)
	}
	return location
}

// A request that the app pushed itself is not pushed again (RFC 9126 2.1).
func TestPushOfReference(t *testing.T) {
	m := pushMetadata(t, true)
	request := goodRequest()
	request.RequestURI = testRequestURI
	_, location, err := request.Start(m, fixedRandom(), noon)
	if err != nil {
		t.Fatal(err)
	}
	pushed, err := PushRequired.Push(t.Context(), fakeTransport{}, m, location)
	if err != nil || pushed != location {
		t.Errorf("URL = %s, %v; want %s", pushed, err, location)
	}
}

// A long hint is left out of an address, for a request that shows nothing: not of
// one that is pushed, nor of one that the app gives to a login page.
func TestLongHint(t *testing.T) {
	for _, tt := range []struct {
		name   string
		mode   PushMode
		prompt string
		length int
		want   bool // the hint goes along
	}{
		{"silent", PushOff, "none", 6_000, false},
		{"silent, short", PushOff, "none", 5_000, true},
		{"silent, pushed", PushRequired, "none", 6_000, true},
		{"login page", PushOff, "login", 6_000, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := pushMetadata(t, false)
			request := goodRequest()
			request.Prompt, request.IDTokenHint = tt.prompt, Secret(strings.Repeat("h", tt.length))
			_, location, err := request.Start(m, fixedRandom(), noon)
			if err != nil {
				t.Fatal(err)
			}
			sent := location
			transport := fakeTransport{"POST " + testIssuer + "/par": func(req *Request) (*Response, error) {
				sent = "?" + req.Body
				return respond(201, "application/json", `{"request_uri":"`+testRequestURI+`","expires_in":60}`)(req)
			}}
			address, err := tt.mode.Push(t.Context(), transport, m, location)
			if err != nil {
				t.Fatal(err)
			}
			if tt.mode == PushOff {
				sent = address
			}
			want, err := url.Parse(location)
			got, gotErr := url.Parse(sent)
			if err != nil || gotErr != nil {
				t.Fatal(err, gotErr)
			}
			parameters := want.Query()
			if !tt.want {
				parameters.Del("id_token_hint")
			}
			if got.Query().Encode() != parameters.Encode() {
				t.Errorf("%d parameters in %d bytes, want %d", len(got.Query()), len(sent), len(parameters))
			}
		})
	}
}

func TestPush(t *testing.T) {
	for _, endpoint := range []string{"/authorize", "/authorize?tenant=1", "/authorize?tenant=1&", "/authorize?"} {
		t.Run(endpoint, func(t *testing.T) {
			m := pushMetadata(t, true)
			m.AuthorizationEndpoint = testIssuer + endpoint
			var sent *Request
			transport := fakeTransport{"POST " + testIssuer + "/par": func(req *Request) (*Response, error) {
				sent = req
				return respond(201, "application/json", `{"request_uri":"`+testRequestURI+`","expires_in":60}`)(req)
			}}
			location := startURL(t, m)
			pushed, err := PushAuto.Push(t.Context(), transport, m, location)
			if err != nil {
				t.Fatal(err)
			}
			own := &params{}
			own.add("client_id", "app 1&ä")
			own.add("request_uri", testRequestURI)
			if want := own.appendTo(m.AuthorizationEndpoint); pushed != want {
				t.Errorf("URL = %s, want %s", pushed, want)
			}
			u, err := url.Parse(location)
			if err != nil {
				t.Fatal(err)
			}
			want := u.Query()
			want.Del("tenant") // the endpoint's own
			checkForm(t, sent, want)
		})
	}
}

func TestPushModes(t *testing.T) {
	tests := []struct {
		name     string
		mode     PushMode
		required bool
		endpoint bool
		pushed   bool
		want     error
	}{
		{"auto, offered", PushAuto, false, true, false, nil},
		{"auto, required", PushAuto, true, true, true, nil},
		{"auto, not offered", PushAuto, false, false, false, nil},
		{"auto, required without an endpoint", PushAuto, true, false, false, ErrUnsupported},
		{"empty, offered", "", false, true, false, nil},
		{"empty, required", "", true, true, true, nil},
		{"off, offered", PushOff, false, true, false, nil},
		{"off, required", PushOff, true, true, false, ErrUnsupported},
		{"required, offered", PushRequired, false, true, true, nil},
		{"required, not offered", PushRequired, false, false, false, ErrUnsupported},
		{"another", "on", false, true, false, ErrInvalidArgument},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := pushMetadata(t, tt.required)
			if !tt.endpoint {
				m.PushedAuthorizationRequestEndpoint = ""
			}
			pushes := 0
			transport := fakeTransport{"POST " + testIssuer + "/par": func(req *Request) (*Response, error) {
				pushes++
				return respond(201, "application/json", `{"request_uri":"`+testRequestURI+`","expires_in":60}`)(req)
			}}
			location := startURL(t, m)
			got, err := tt.mode.Push(t.Context(), transport, m, location)
			checkError(t, err, tt.want)
			if (pushes == 1) != tt.pushed || err == nil && (got == location) == tt.pushed {
				t.Errorf("%d pushes, URL the same: %t; want pushed %t", pushes, got == location, tt.pushed)
			}
		})
	}
}

func TestPushAnswers(t *testing.T) {
	const good = `{"request_uri":"` + testRequestURI + `","expires_in":60}`
	tests := []struct {
		name   string
		status int
		body   string
		want   error
	}{
		{"2.2 expires_in missing", 201, `{"request_uri":"x"}`, nil},
		{"2.2 expires_in zero", 201, `{"request_uri":"x","expires_in":0}`, ErrPushResponseInvalid},
		{"2.2 expires_in negative", 201, `{"request_uri":"x","expires_in":-1}`, ErrPushResponseInvalid},
		{"2.2 request_uri missing", 201, `{"expires_in":60}`, ErrPushResponseInvalid},
		{"2.2 request_uri empty", 201, `{"request_uri":"","expires_in":60}`, ErrPushResponseInvalid},
		{"2.2 request_uri an array", 201, `{"request_uri":["x"],"expires_in":60}`, ErrPushResponseInvalid},
		{"2.2 truncated", 201, good[:20], ErrNotJSON},
		{"2.2 another success", 200, good, ErrHTTPStatus},
		{"2.3 a refusal", 400, `{"error":"invalid_request"}`, ErrProvider},
		{"2.3 405", 405, ``, ErrHTTPStatus},
		{"2.3 413", 413, ``, ErrHTTPStatus},
		{"2.3 429", 429, ``, ErrHTTPStatus},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := pushMetadata(t, true)
			transport := fakeTransport{"POST " + testIssuer + "/par": respond(tt.status, "application/json", tt.body)}
			location, err := PushAuto.Push(t.Context(), transport, m, startURL(t, m))
			checkError(t, err, tt.want)
			if (location == "") != (err != nil) {
				t.Errorf("URL %q with error %v", location, err)
			}
			var refusal *ProviderError
			if tt.want == ErrProvider && (!errors.As(err, &refusal) || refusal.Endpoint != "pushed_authorization_request") {
				t.Errorf("error = %#v", refusal)
			}
		})
	}
}

// What is pushed is a request to this provider.
func TestPushURL(t *testing.T) {
	m := pushMetadata(t, true)
	for _, location := range []string{
		"", "https://evil.example/authorize?client_id=app", m.AuthorizationEndpoint, m.AuthorizationEndpoint + "?a=%zz",
	} {
		_, err := PushAuto.Push(t.Context(), fakeTransport{}, m, location)
		checkError(t, err, ErrInvalidArgument)
	}
}
