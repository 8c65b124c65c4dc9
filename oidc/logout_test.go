package oidc

import (
	"errors"
	"strings"
	"testing"
)

func TestEndSessionURL(t *testing.T) {
	good := func() *EndSessionRequest {
		return &EndSessionRequest{
			ClientID:              testClientID,
			IDTokenHint:           "e30.e30.c2ln",
			PostLogoutRedirectURI: "https://app.example/bye?a=1",
			State:                 "st",
		}
	}
	const back = "post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fbye%3Fa%3D1&state=st"
	extra := func(name string) func(*EndSessionRequest, *Metadata) {
		return func(r *EndSessionRequest, _ *Metadata) { r.Extra = map[string]string{name: "x y"} }
	}
	tests := []struct {
		name string
		edit func(*EndSessionRequest, *Metadata)
		want string // behind the endpoint
		err  error
	}{
		{"2 valid", func(*EndSessionRequest, *Metadata) {}, "?id_token_hint=e30.e30.c2ln&" + back, nil},
		{"2 no hint", func(r *EndSessionRequest, _ *Metadata) { r.IDTokenHint = "" }, "?client_id=app&" + back, nil},
		{"2 a hint that fits", func(r *EndSessionRequest, _ *Metadata) {
			r.IDTokenHint, r.PostLogoutRedirectURI = Secret(strings.Repeat("e", 5_800)), ""
		}, "?id_token_hint=" + strings.Repeat("e", 5_800), nil},
		{"2 a hint that is too long", func(r *EndSessionRequest, _ *Metadata) { r.IDTokenHint = Secret(strings.Repeat("e", 5_900)) },
			"?client_id=app&" + back, nil},
		{"2 no state", func(r *EndSessionRequest, _ *Metadata) { r.State = "" },
			"?id_token_hint=e30.e30.c2ln&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fbye%3Fa%3D1", nil},
		{"2 nowhere to come back to", func(r *EndSessionRequest, _ *Metadata) { r.PostLogoutRedirectURI = "" }, "?id_token_hint=e30.e30.c2ln", nil},
		{"2 nothing to say", func(r *EndSessionRequest, _ *Metadata) { *r = EndSessionRequest{} }, "", nil},
		{"2 an endpoint with a query", func(_ *EndSessionRequest, m *Metadata) { m.EndSessionEndpoint += "?t=1" }, "?t=1&id_token_hint=e30.e30.c2ln&" + back, nil},
		{"2 an extra parameter", extra("ui_locales"), "?id_token_hint=e30.e30.c2ln&" + back + "&ui_locales=x+y", nil},
		{"2 Extra names id_token_hint", extra("id_token_hint"), "", ErrInvalidArgument},
		{"2 Extra names client_id", extra("client_id"), "?id_token_hint=e30.e30.c2ln&" + back + "&client_id=x+y", nil},
		{"2 Extra names client_id, no hint", func(r *EndSessionRequest, m *Metadata) { extra("client_id")(r, m); r.IDTokenHint = "" },
			"?client_id=x+y&" + back, nil},
		{"2 Extra names post_logout_redirect_uri", extra("post_logout_redirect_uri"), "", ErrInvalidArgument},
		{"2 Extra names state", extra("state"), "", ErrInvalidArgument},
		{"2 no endpoint", func(_ *EndSessionRequest, m *Metadata) { m.EndSessionEndpoint = "" }, "", ErrUnsupported},
		{"3 come back over http", func(r *EndSessionRequest, _ *Metadata) { r.PostLogoutRedirectURI = "http://app.example/" }, "", ErrInsecureURL},
		{"3 come back to a relative URL", func(r *EndSessionRequest, _ *Metadata) { r.PostLogoutRedirectURI = "/bye" }, "", ErrInvalidArgument},
		{"3 come back to a script", func(r *EndSessionRequest, _ *Metadata) { r.PostLogoutRedirectURI = "javascript:alert(1)" }, "", ErrInvalidArgument},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			request, m := good(), goodMetadata(t)
			tt.edit(request, m)
			got, err := request.Address(m)
			checkError(t, err, tt.err)
			if err == nil && got.URL != testIssuer+"/logout"+tt.want || err != nil && got.URL != "" || got.Action != "" {
				t.Errorf("Address = %q with error %v, want it to end in %q", got, err, tt.want)
			}
		})
	}
}

// The form has what the address would have, however long the hint, and the client.
func TestEndSessionForm(t *testing.T) {
	long := Secret(strings.Repeat("e", 20_000))
	for _, tt := range []struct{ name, query, beyond string }{
		{"2 an endpoint", "", "?id_token_hint=" + long.Reveal() + "&client_id=app&ui_locales=x+y"},
		{"2 an endpoint with a query", "?id_token_hint=a&t=1", "&id_token_hint=" + long.Reveal() + "&client_id=app&ui_locales=x+y"},
		{"2 an endpoint with half a query", "?", "id_token_hint=" + long.Reveal() + "&client_id=app&ui_locales=x+y"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := goodMetadata(t)
			m.EndSessionEndpoint += tt.query
			request := &EndSessionRequest{ClientID: testClientID, IDTokenHint: long, Extra: map[string]string{"ui_locales": "x y"}, Post: true}
			if got, err := request.Address(m); err != nil || got.Action != m.EndSessionEndpoint || got.URL != got.Action+tt.beyond {
				t.Errorf("Address = %q with error %v", got, err)
			}
			m.EndSessionEndpoint = ""
			if got, err := request.Address(m); got != (Address{}) {
				t.Errorf("Address = %q with error %v", got, err)
			}
		})
	}
}

// The address of a sign-out, in all, is one that servers take: with what the app adds, and
// as it is written.
func TestEndSessionAddressLimit(t *testing.T) {
	hint := Secret(strings.Repeat("h", 4_000))
	state := Secret(strings.Repeat("s", 43))
	tests := []struct {
		name    string
		request EndSessionRequest
	}{
		{"nothing beside", EndSessionRequest{}},
		{"a long extra parameter", EndSessionRequest{Extra: map[string]string{"logout_hint": strings.Repeat("x", 5_000)}}},
		{"a state that grows when it is written", EndSessionRequest{State: state + Secret(";"+strings.Repeat(`{"":`, 450))}},
		{"an address to come back to that grows when it is written", EndSessionRequest{PostLogoutRedirectURI: "https://app.example/?" + strings.Repeat("a=&", 600)}},
	}
	for _, tt := range tests {
		r := tt.request
		r.ClientID, r.IDTokenHint = "app", hint
		if r.State == "" {
			r.State = state
		}
		if r.PostLogoutRedirectURI == "" {
			r.PostLogoutRedirectURI = "https://app.example/"
		}
		to, err := r.Address(&Metadata{EndSessionEndpoint: "https://op.example/logout"})
		if err != nil {
			t.Fatal(err)
		}
		if len(to.URL) > addressLimit && strings.Contains(to.URL, "id_token_hint") {
			t.Errorf("%s: the address has %d bytes, and the hint is in it", tt.name, len(to.URL))
		}
	}
}

func TestNewState(t *testing.T) {
	state, err := NewState(fixedRandom(), "")
	if err != nil || len(state) != 43 {
		t.Errorf("state of %d characters, error = %v", len(state), err)
	}
	errBroken := errors.New("the generator is broken")
	state, err = NewState(broken{errBroken}, "")
	checkError(t, err, errBroken)
	if state != "" {
		t.Error("a state came with an error")
	}
}

func TestSignoutState(t *testing.T) {
	const page = "https://app.example/bye"
	tests := []struct {
		name, url string
		state     Secret
		want      error
	}{
		{"3 rp-init-logout", page + "?state=" + testState, testState, nil},
		{"3 rp-init-logout-no-state", page, "", nil},
		{"3 an empty state", page + "?state=", "", nil},
		{"3 beside parameters of the app", page + "?tab=1&tab=2&state=" + testState, testState, nil},
		{"3 an error", page + "?error=" + "server_error&error_description=" + mark + "&state=" + testState, testState, ErrProvider},
		{"3 state twice", page + "?state=a&state=b", "", ErrCallbackMalformed},
		{"3 half an escape", page + "?state=%5", "", ErrCallbackMalformed},
		{"3 not a URL", "https://app.example:port/", "", ErrCallbackMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			state, err := SignoutState(tt.url)
			checkError(t, err, tt.want)
			if state != tt.state {
				t.Errorf("state = %q, want %q", state.Reveal(), tt.state.Reveal())
			}
			var refusal *ProviderError
			if tt.want == ErrProvider && (!errors.As(err, &refusal) || refusal.Endpoint != "end_session" || refusal.ErrorCode != "server_error") {
				t.Errorf("error = %v", err)
			}
		})
	}
}
