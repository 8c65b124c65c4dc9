package oidc

import (
	"encoding/json"
	"maps"
	"net/url"
	"reflect"
	"testing"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// goodTokens is a correct answer of the token endpoint.
func goodTokens() map[string]any {
	return map[string]any{
		"access_token":  testAccessToken,
		"token_type":    "Bearer",
		"expires_in":    3600,
		"refresh_token": mark + "-refresh-token",
		"id_token":      mark + "-id-token",
		"scope":         "openid email",
	}
}

func goodParsedCallback(t testing.TB, m *Metadata) *Callback {
	t.Helper()
	callback, err := goodTransaction().ParseCallback(m, goodCallback, noon)
	if err != nil {
		t.Fatal(err)
	}
	return callback
}

func goodRefresh() *RefreshRequest {
	return &RefreshRequest{ClientID: testClientID, RefreshToken: mark + "-old-refresh-token", Scope: "openid profile"}
}

// record answers with a token response and keeps the request.
func record(t *testing.T, m *Metadata, answer map[string]any, sent **Request) fakeTransport {
	return fakeTransport{"POST " + m.TokenEndpoint: func(req *Request) (*Response, error) {
		*sent = req
		return respond(200, "application/json", encode(t, answer))(req)
	}}
}

// checkForm fails unless req is a form with exactly these fields.
func checkForm(t *testing.T, req *Request, want url.Values) {
	t.Helper()
	got, err := url.ParseQuery(req.Body)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("form = %v (%v), want %v", got, err, want)
	}
	header := map[string]string{"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
	if req.Method != "POST" || !maps.Equal(req.Header, header) {
		t.Errorf("%s with header %v", req.Method, req.Header)
	}
}

func TestExchangeRequest(t *testing.T) {
	m := goodMetadata(t)
	var sent *Request
	tokens, err := goodParsedCallback(t, m).Exchange(t.Context(), record(t, m, goodTokens(), &sent), m)
	if err != nil {
		t.Fatal(err)
	}
	checkForm(t, sent, url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {testCode},
		"redirect_uri":  {testRedirectURI},
		"client_id":     {testClientID},
		"code_verifier": {testVerifier},
	})
	expiresIn := int64(3600)
	want := &TokenResponse{
		AccessToken:  testAccessToken,
		TokenType:    "Bearer",
		ExpiresIn:    &expiresIn,
		RefreshToken: mark + "-refresh-token",
		IDToken:      mark + "-id-token",
		Scope:        "openid email",
		Extra:        map[string]strictjson.RawMessage{},
	}
	if !reflect.DeepEqual(tokens, want) {
		t.Errorf("tokens = %+v", tokens)
	}
	checkNoSecret(t, tokens)
}

// The code goes to nobody but the provider that it came from.
func TestExchangeAtAnotherProvider(t *testing.T) {
	callback := goodParsedCallback(t, goodMetadata(t))
	other := goodMetadata(t)
	other.Issuer = "https://evil.example"
	tokens, err := callback.Exchange(t.Context(), fakeTransport{}, other)
	checkError(t, err, ErrIssuerMismatch)
	if tokens != nil {
		t.Error("tokens came with an error")
	}
}

// Only ParseCallback makes a Callback that is good for anything.
func TestExchangeOfNothing(t *testing.T) {
	for name, callback := range map[string]*Callback{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			_, err := callback.Exchange(t.Context(), fakeTransport{}, goodMetadata(t))
			checkError(t, err, ErrInvalidArgument)
		})
	}
}

func TestRefreshRequest(t *testing.T) {
	m := goodMetadata(t)
	var sent *Request
	if _, err := goodRefresh().Refresh(t.Context(), record(t, m, goodTokens(), &sent), m); err != nil {
		t.Fatal(err)
	}
	checkForm(t, sent, url.Values{
		"grant_type":    {"refresh_token"},
		"refresh_token": {mark + "-old-refresh-token"},
		"client_id":     {testClientID},
		"scope":         {"openid profile"},
	})
	request := goodRefresh()
	request.Scope = ""
	if _, err := request.Refresh(t.Context(), record(t, m, goodTokens(), &sent), m); err != nil {
		t.Fatal(err)
	}
	checkForm(t, sent, url.Values{
		"grant_type":    {"refresh_token"},
		"refresh_token": {mark + "-old-refresh-token"},
		"client_id":     {testClientID},
	})
}

// Some providers want the redirect URI, which is nothing to RFC 6749 6.
func TestRefreshRedirectURI(t *testing.T) {
	m := goodMetadata(t)
	var sent *Request
	request := goodRefresh()
	request.RedirectURI = testRedirectURI
	if _, err := request.Refresh(t.Context(), record(t, m, goodTokens(), &sent), m); err != nil {
		t.Fatal(err)
	}
	checkForm(t, sent, url.Values{
		"grant_type":    {"refresh_token"},
		"refresh_token": {mark + "-old-refresh-token"},
		"client_id":     {testClientID},
		"scope":         {"openid profile"},
		"redirect_uri":  {testRedirectURI},
	})
}

// What an answer has beside the members of the protocol is kept as it is.
func TestTokenResponseExtra(t *testing.T) {
	for name, tt := range map[string]struct {
		member string
		value  any
		want   string // empty: it is not kept
	}{
		"number":       {"refresh_expires_in", 1800, `1800`},
		"object":       {"tenant", map[string]any{"id": 7}, `{"id":7}`},
		"null":         {"tenant", nil, `null`},
		"another case": {"Scope", "x", `"x"`},
		"a known one":  {"scope", "openid", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := goodMetadata(t)
			answer, sent := goodTokens(), new(Request)
			answer[tt.member] = tt.value
			tokens, err := goodRefresh().Refresh(t.Context(), record(t, m, answer, &sent), m)
			if err != nil {
				t.Fatal(err)
			}
			if kept, ok := tokens.Extra[tt.member]; string(kept) != tt.want || ok != (tt.want != "") || len(tokens.Extra) > 1 {
				t.Errorf("kept %s, want %s", tokens.Extra, tt.want)
			}
		})
	}
}

// Without a refresh token or a client there is nothing to send.
func TestRefreshWithoutToken(t *testing.T) {
	for name, edit := range map[string]func(*RefreshRequest){
		"6 refresh_token missing": func(r *RefreshRequest) { r.RefreshToken = "" },
		"6 client_id missing":     func(r *RefreshRequest) { r.ClientID = "" },
	} {
		t.Run(name, func(t *testing.T) {
			request := goodRefresh()
			edit(request)
			_, err := request.Refresh(t.Context(), fakeTransport{}, goodMetadata(t))
			checkError(t, err, ErrInvalidArgument)
		})
	}
}

func TestTokenResponse(t *testing.T) {
	set := func(name string, value any) func(map[string]any) {
		return func(answer map[string]any) { answer[name] = value }
	}
	without := func(name string) func(map[string]any) {
		return func(answer map[string]any) { delete(answer, name) }
	}
	same := func(*TokenResponse) bool { return true }
	tests := []struct {
		name     string
		edit     func(answer map[string]any)
		exchange error // of the code
		refresh  error
		accepted func(*TokenResponse) bool
	}{
		{"5.1 valid", func(map[string]any) {}, nil, nil, same},
		{"5.1 an unknown member", set("x", 1), nil, nil, same},
		{"5.1 access_token missing", without("access_token"), ErrTokenResponseInvalid, ErrTokenResponseInvalid, nil},
		{"5.1 access_token empty", set("access_token", ""), ErrTokenResponseInvalid, ErrTokenResponseInvalid, nil},
		{"5.1 access_token null", set("access_token", nil), ErrTokenResponseInvalid, ErrTokenResponseInvalid, nil},
		{"5.1 access_token a number", set("access_token", 1), ErrTokenResponseInvalid, ErrTokenResponseInvalid, nil},
		{"7.1 token_type missing", without("token_type"), ErrTokenResponseInvalid, ErrTokenResponseInvalid, nil},
		{"7.1 token_type in lower case", set("token_type", "bearer"), nil, nil, func(r *TokenResponse) bool { return r.TokenType == "bearer" }},
		{"7.1 token_type in upper case", set("token_type", "BEARER"), nil, nil, same},
		{"7.1 token_type unknown", set("token_type", "mac"), ErrTokenResponseInvalid, ErrTokenResponseInvalid, nil},
		{"9449-5 token_type DPoP, unasked", set("token_type", "DPoP"), ErrTokenResponseInvalid, ErrTokenResponseInvalid, nil},
		{"7.1 token_type with a space", set("token_type", "Bearer "), ErrTokenResponseInvalid, ErrTokenResponseInvalid, nil},
		{"7.1 token_type in look-alike letters", set("token_type", "Ｂearer"), ErrTokenResponseInvalid, ErrTokenResponseInvalid, nil},
		{"3.1.3.3 id_token missing", without("id_token"), ErrIDTokenMissing, nil, func(r *TokenResponse) bool { return r.IDToken == "" }},
		{"3.1.3.3 id_token empty", set("id_token", ""), ErrIDTokenMissing, nil, same},
		{"3.1.3.3 id_token an object", set("id_token", map[string]any{}), ErrTokenResponseInvalid, ErrTokenResponseInvalid, nil},
		{"5.1 scope missing: as asked", without("scope"), nil, nil, func(r *TokenResponse) bool { return r.Scope == "openid profile" }},
		{"5.1 scope an array", set("scope", []string{"openid", "email"}), nil, nil, func(r *TokenResponse) bool { return r.Scope == "openid email" }},
		{"5.1 scope a number", set("scope", 1), ErrTokenResponseInvalid, ErrTokenResponseInvalid, nil},
		{"5.1 scope an array of numbers", set("scope", []int{1}), ErrTokenResponseInvalid, ErrTokenResponseInvalid, nil},
	}
	for _, tt := range tests {
		answer := goodTokens()
		tt.edit(answer)
		m := goodMetadata(t)
		transport := fakeTransport{"POST " + m.TokenEndpoint: respond(200, "application/json", encode(t, answer))}
		check := func(t *testing.T, tokens *TokenResponse, err, want error) {
			checkError(t, err, want)
			if (tokens == nil) != (err != nil) {
				t.Fatalf("tokens = %v with error %v", tokens, err)
			}
			if tokens != nil && !tt.accepted(tokens) {
				t.Errorf("tokens = %+v", tokens)
			}
		}
		t.Run(tt.name+", code", func(t *testing.T) {
			tokens, err := goodParsedCallback(t, m).Exchange(t.Context(), transport, m)
			check(t, tokens, err, tt.exchange)
		})
		t.Run(tt.name+", refresh", func(t *testing.T) {
			tokens, err := goodRefresh().Refresh(t.Context(), transport, m)
			check(t, tokens, err, tt.refresh)
		})
	}
}

// RFC 6749 6: a new refresh token replaces the old one, none keeps it.
func TestRefreshTokenRotation(t *testing.T) {
	tests := []struct {
		name   string
		answer any
		want   Secret
	}{
		{"6 a new one", mark + "-2", mark + "-2"},
		{"6 none", nil, mark + "-old-refresh-token"},
		{"6 an empty one", "", mark + "-old-refresh-token"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, answer := goodMetadata(t), goodTokens()
			answer["refresh_token"] = tt.answer
			transport := fakeTransport{"POST " + m.TokenEndpoint: respond(200, "application/json", encode(t, answer))}
			tokens, err := goodRefresh().Refresh(t.Context(), transport, m)
			if err != nil || tokens.RefreshToken != tt.want {
				t.Errorf("refresh token = %q, error = %v", tokens.RefreshToken.Reveal(), err)
			}
		})
	}
}

func TestExpiresIn(t *testing.T) {
	seconds := func(n int64) *int64 { return &n }
	tests := []struct {
		name string
		raw  string // the member as the provider writes it
		want *int64
		err  error
	}{
		{"5.1 a number", `3600`, seconds(3600), nil},
		{"5.1 zero", `0`, seconds(0), nil},
		{"5.1 a string", `"3600"`, seconds(3600), nil},
		{"5.1 a fraction", `3599.9`, seconds(3599), nil},
		{"5.1 an exponent", `3.6e3`, seconds(3600), nil},
		{"5.1 without end", `9223372036854775807`, seconds(1e12), nil},
		{"5.1 beyond int64", `1e300`, seconds(1e12), nil},
		{"5.1 beyond float64", `1e400`, nil, ErrTokenResponseInvalid},
		{"5.1 null", `null`, nil, nil},
		{"5.1 an empty string", `""`, nil, nil},
		{"5.1 negative", `-1`, seconds(0), nil},
		{"5.1 a negative string", `"-1"`, seconds(0), nil},
		{"5.1 a word", `"soon"`, nil, ErrTokenResponseInvalid},
		{"5.1 not a number", `"NaN"`, nil, ErrTokenResponseInvalid},
		{"5.1 infinity", `"Infinity"`, nil, ErrTokenResponseInvalid},
		{"5.1 hexadecimal", `"0x10p0"`, nil, ErrTokenResponseInvalid},
		{"5.1 with an underscore", `"0x_1p4"`, nil, ErrTokenResponseInvalid},
		{"5.1 with a plus", `"+1"`, nil, ErrTokenResponseInvalid},
		{"5.1 a boolean", `true`, nil, ErrTokenResponseInvalid},
		{"5.1 an array", `[3600]`, nil, ErrTokenResponseInvalid},
		{"5.1 an object", `{}`, nil, ErrTokenResponseInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, answer := goodMetadata(t), goodTokens()
			answer["expires_in"] = json.RawMessage(tt.raw)
			transport := fakeTransport{"POST " + m.TokenEndpoint: respond(200, "application/json", encode(t, answer))}
			tokens, err := goodParsedCallback(t, m).Exchange(t.Context(), transport, m)
			checkError(t, err, tt.err)
			if err == nil && !reflect.DeepEqual(tokens.ExpiresIn, tt.want) {
				t.Errorf("expires_in = %v, want %v", tokens.ExpiresIn, tt.want)
			}
		})
	}
	t.Run("5.1 absent", func(t *testing.T) {
		m, answer := goodMetadata(t), goodTokens()
		delete(answer, "expires_in")
		transport := fakeTransport{"POST " + m.TokenEndpoint: respond(200, "application/json", encode(t, answer))}
		tokens, err := goodParsedCallback(t, m).Exchange(t.Context(), transport, m)
		if err != nil || tokens.ExpiresIn != nil {
			t.Errorf("tokens = %+v, error = %v; no lifetime is to be made up", tokens, err)
		}
	})
}
