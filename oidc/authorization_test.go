package oidc

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// fixedRandom makes the secrets of a transaction the same in every run.
func fixedRandom() io.Reader {
	bits := make([]byte, 96)
	for i := range bits {
		bits[i] = byte(i)
	}
	return bytes.NewReader(bits)
}

func goodRequest() *AuthenticationRequest {
	return &AuthenticationRequest{ClientID: testClientID, RedirectURI: testRedirectURI, Scope: "openid profile"}
}

// fullRequest sets everything that a request can carry.
func fullRequest() *AuthenticationRequest {
	maxAge := int64(0)
	return &AuthenticationRequest{
		ClientID:     "app 1&ä",
		RedirectURI:  testRedirectURI + "?tenant=a",
		Scope:        "profile  email",
		ResponseMode: "fragment",
		Prompt:       "login consent",
		Display:      "page",
		MaxAge:       &maxAge,
		UILocales:    "de en",
		IDTokenHint:  "e30.e30.c2ln",
		LoginHint:    "ada+1@app.example",
		ACRValues:    "gold silver",
		Resource:     []string{"https://api.example/", "urn:example:b"},
		Extra:        map[string]string{"ui_hint": "b", "claims": `{"id_token":{}}`, "display": "popup"},
	}
}

func TestStartGolden(t *testing.T) {
	tests := []struct {
		file     string
		endpoint string
		request  *AuthenticationRequest
	}{
		{"authorization-minimal.golden", testIssuer + "/authorize", goodRequest()},
		{"authorization-full.golden", testIssuer + "/authorize?tenant=1", fullRequest()},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			m := goodMetadata(t)
			m.AuthorizationEndpoint = tt.endpoint
			_, location, err := tt.request.Start(m, fixedRandom(), noon)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, tt.file, strings.ReplaceAll(location, "&", "\n&")+"\n")
		})
	}
}

// start returns the transaction and the parameters of an accepted request.
func start(t *testing.T, r *AuthenticationRequest) (*Transaction, url.Values) {
	t.Helper()
	tx, location, err := r.Start(goodMetadata(t), fixedRandom(), noon)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	return tx, u.Query()
}

func TestStartTransaction(t *testing.T) {
	maxAge := int64(60)
	request := goodRequest()
	request.MaxAge, request.ResponseMode = &maxAge, "query"
	tx, sent := start(t, request)
	for name, want := range map[string]string{
		"client_id":      tx.ClientID,
		"redirect_uri":   tx.RedirectURI,
		"scope":          tx.Scope,
		"state":          tx.State.Reveal(),
		"nonce":          tx.Nonce.Reveal(),
		"response_mode":  tx.ResponseMode,
		"code_challenge": codeChallenge(tx.CodeVerifier),
		"max_age":        "60",
	} {
		if got := sent.Get(name); got != want || want == "" {
			t.Errorf("%s = %q is sent, %q is remembered", name, got, want)
		}
	}
	if tx.Issuer != testIssuer || tx.CreatedAt != noon.Unix() || *tx.MaxAge != 60 {
		t.Errorf("transaction = %+v", tx)
	}
	if sent.Has("code_verifier") {
		t.Error("the code verifier is sent")
	}
	for _, secret := range []Secret{tx.State, tx.Nonce, tx.CodeVerifier} {
		bits, err := base64.RawURLEncoding.DecodeString(secret.Reveal())
		if err != nil || len(bits) != 32 { // RFC 7636 4.1: 43 characters
			t.Errorf("a secret has %d bytes, want 32 (%v)", len(bits), err)
		}
	}
	if tx.State == tx.Nonce || tx.Nonce == tx.CodeVerifier || tx.State == tx.CodeVerifier {
		t.Error("two secrets are the same")
	}
}

// A Request Object goes to the provider as it is, or by reference (RFC 9101 5).
func TestStartRequestObject(t *testing.T) {
	request := goodRequest()
	request.RequestObject = "a.b.c"
	if _, sent := start(t, request); sent.Get("request") != "a.b.c" || sent.Has("request_uri") {
		t.Errorf("sent = %v", sent)
	}
	request.RequestURI = "https://app.example/request"
	if _, _, err := request.Start(goodMetadata(t), fixedRandom(), noon); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("both = %v, want %s", err, string(ErrInvalidArgument))
	}
	request.RequestObject = ""
	if _, sent := start(t, request); sent.Get("request_uri") != "https://app.example/request" || sent.Has("request") {
		t.Errorf("sent = %v", sent)
	}
}

// The example of RFC 7636, appendix B.
func TestCodeChallenge(t *testing.T) {
	const want = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	if got := codeChallenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStartScope(t *testing.T) {
	tests := []struct{ name, scope, want string }{
		{"3.1.2.1 no scope", "", "openid"},
		{"3.1.2.1 openid missing", "profile", "openid profile"},
		{"3.1.2.1 openid there", "profile openid", "profile openid"},
		{"3.1.2.1 openid as a part", "openid2", "openid openid2"},
		{"3.1.2.1 spaces", " openid   email ", "openid email"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			request := goodRequest()
			request.Scope = tt.scope
			tx, sent := start(t, request)
			if got := sent.Get("scope"); got != tt.want || tx.Scope != tt.want {
				t.Errorf("scope = %q, remembered %q, want %q", got, tx.Scope, tt.want)
			}
		})
	}
}

func TestStart(t *testing.T) {
	negative, zero := int64(-1), int64(0)
	extra := func(name, value string) func(*AuthenticationRequest) {
		return func(r *AuthenticationRequest) { r.Extra = map[string]string{name: value} }
	}
	resource := func(value string) func(*AuthenticationRequest) {
		return func(r *AuthenticationRequest) { r.Resource = []string{"https://api.example", value} }
	}
	tests := []struct {
		name string
		edit func(*AuthenticationRequest)
		want error
	}{
		{"3.1.2.1 valid", func(*AuthenticationRequest) {}, nil},
		{"3.1.2.1 client_id missing", func(r *AuthenticationRequest) { r.ClientID = "" }, ErrInvalidConfig},
		{"3.1.2.1 redirect_uri missing", func(r *AuthenticationRequest) { r.RedirectURI = "" }, ErrInvalidArgument},
		{"6749-3.1.2 redirect_uri relative", func(r *AuthenticationRequest) { r.RedirectURI = "/callback" }, ErrInvalidArgument},
		{"6749-3.1.2 redirect_uri with a fragment", func(r *AuthenticationRequest) { r.RedirectURI += "#" }, ErrInvalidArgument},
		{"6749-3.1.2.1 redirect_uri http", func(r *AuthenticationRequest) { r.RedirectURI = "http://app.example/" }, ErrInsecureURL},
		{"8252-7.3 redirect_uri on loopback", func(r *AuthenticationRequest) { r.RedirectURI = "http://127.0.0.1:1/" }, nil},
		{"3.1.2.1 prompt none", func(r *AuthenticationRequest) { r.Prompt = "none" }, nil},
		{"3.1.2.1 prompt none and login", func(r *AuthenticationRequest) { r.Prompt = "none login" }, ErrInvalidArgument},
		{"3.1.2.1 prompt login and none", func(r *AuthenticationRequest) { r.Prompt = "login  none" }, ErrInvalidArgument},
		{"3.1.2.1 prompt none and login by Extra", extra("prompt", "none login"), ErrInvalidArgument},
		{"3.1.2.1 prompt login by Extra", extra("prompt", "login"), nil},
		{"3.1.2.1 max_age negative", func(r *AuthenticationRequest) { r.MaxAge = &negative }, ErrInvalidArgument},
		{"3.1.2.1 max_age 0", func(r *AuthenticationRequest) { r.MaxAge = &zero }, nil},
		{"multiple-2.1 response_mode query", func(r *AuthenticationRequest) { r.ResponseMode = "query" }, nil},
		{"multiple-2.1 response_mode form_post", func(r *AuthenticationRequest) { r.ResponseMode = "form_post" }, ErrInvalidArgument},
		{"8707-2 resource relative", resource("/api"), ErrInvalidArgument},
		{"8707-2 resource with a fragment", resource("https://api.example#a"), ErrInvalidArgument},
		{"8707-2 resource malformed", resource("https://api example"), ErrInvalidArgument},
		{"8707-2 resource a URN", resource("urn:example:api"), nil},
		{"3.1.2.1 an extra parameter", extra("kc_idp_hint", "github"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			request := goodRequest()
			tt.edit(request)
			tx, location, err := request.Start(goodMetadata(t), fixedRandom(), noon)
			checkError(t, err, tt.want)
			if err != nil && (tx != nil || location != "") {
				t.Error("a transaction came with an error")
			}
		})
	}
}

// Extra must not replace what the checks of the response rely on.
func TestStartProtectedParameters(t *testing.T) {
	for _, name := range []string{
		"client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce",
		"code_challenge", "code_challenge_method", "max_age", "acr_values", "dpop_jkt", "request", "request_uri", "id_token_hint", "post_logout_redirect_uri",
	} {
		t.Run("3.1.2.1 Extra names "+name, func(t *testing.T) {
			request := goodRequest()
			request.Extra = map[string]string{name: "1"}
			_, _, err := request.Start(goodMetadata(t), fixedRandom(), noon)
			checkError(t, err, ErrInvalidArgument)
		})
	}
}

// RFC 6749 3.1: parameters come at most once. resource may repeat
// (RFC 8707 2).
func TestStartNoDuplicates(t *testing.T) {
	_, sent := start(t, fullRequest())
	for name, values := range sent {
		if len(values) > 1 && name != "resource" {
			t.Errorf("%s is sent %d times", name, len(values))
		}
	}
	if got := sent["resource"]; !slices.Equal(got, fullRequest().Resource) {
		t.Errorf("resource = %q", got)
	}
	if got := sent["max_age"]; !slices.Equal(got, []string{"0"}) {
		t.Errorf("max_age = %q, want 0 to be kept", got)
	}
}

func TestStartWithoutRandomness(t *testing.T) {
	errBroken := errors.New("the generator is broken")
	tests := []struct {
		name   string
		random io.Reader
		want   error
	}{
		{"6749-10.10 a reader that fails", io.MultiReader(io.LimitReader(fixedRandom(), 64), broken{errBroken}), errBroken},
		{"6749-10.10 a reader that ends early", io.LimitReader(fixedRandom(), 95), io.ErrUnexpectedEOF},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tx, location, err := goodRequest().Start(goodMetadata(t), tt.random, noon)
			checkError(t, err, tt.want)
			if tx != nil || location != "" {
				t.Error("a transaction came with an error")
			}
		})
	}
}

// broken is a reader that fails.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// A response mode that the provider does not announce costs nobody a login.
func TestStartResponseMode(t *testing.T) {
	for _, tt := range []struct {
		mode             string
		modes, responses []string // of the metadata
		want             error
	}{
		{"", []string{"form_post"}, nil, nil},
		{"query", nil, nil, nil},
		{"fragment", nil, nil, nil},
		{"fragment", []string{"query"}, nil, ErrUnsupported},
		{"jwt", nil, nil, ErrUnsupported},
		{"jwt", nil, []string{"RS256"}, nil},
		{"fragment.jwt", nil, []string{"RS256"}, nil},
		{"jwt", []string{"query"}, []string{"RS256"}, ErrUnsupported},
		{"query.jwt", []string{"query", "jwt"}, nil, ErrUnsupported},
		{"query.jwt", []string{"query.jwt"}, nil, nil},
	} {
		m, request := goodMetadata(t), goodRequest()
		m.ResponseModesSupported, m.AuthorizationSigningAlgValuesSupported, request.ResponseMode = tt.modes, tt.responses, tt.mode
		_, _, err := request.Start(m, fixedRandom(), noon)
		checkError(t, err, tt.want)
		if err != nil && !strings.Contains(err.Error(), "response_modes_supported") {
			t.Errorf("error = %v, which names no member", err)
		}
	}
}

// An app that is installed has a scheme of its own (RFC 8252 7.1).
func TestStartRedirectURI(t *testing.T) {
	for uri, want := range map[string]error{
		"com.example.app:/callback": nil, "com.example.app://callback": nil, "capacitor://localhost/callback": nil, "com.example.app:callback?a=b": nil,
		"http://127.0.0.1:8080/callback": nil, "https://app.example/callback?a=b": nil,
		"http://app.example/callback": ErrInsecureURL, "https://app.example/#/callback": ErrInvalidArgument, "com.example.app:/#callback": ErrInvalidArgument,
		"javascript:alert(1)": ErrInvalidArgument, "data:text/html,x": ErrInvalidArgument, "file:///callback.html": ErrInvalidArgument, "file://host/callback.html": ErrInsecureURL,
		"blob:https://app.example/x": ErrInvalidArgument, "JavaScript:alert(1)": ErrInvalidArgument, "/callback": ErrInvalidArgument, "": ErrInvalidArgument,
		"https://u:p@app.example/": ErrInvalidArgument, "com.example.app://u:p@callback": ErrInvalidArgument,
		"localhost:5173/callback.html": ErrInvalidArgument, "app.example.com:443/callback": ErrInvalidArgument, "htps://app.example.com/callback": ErrInsecureURL,
		"c:/app/callback.html": ErrInvalidArgument, "mailto:a@example.com": ErrInvalidArgument, "view-source:https://app.example/": ErrInvalidArgument, "intent://x": ErrInsecureURL,
	} {
		request := goodRequest()
		request.RedirectURI = uri
		tx, _, err := request.Start(goodMetadata(t), fixedRandom(), noon)
		if !errors.Is(err, want) && (want == nil || err == nil) {
			t.Errorf("%q: error = %v, want %v", uri, err, want)
			continue
		}
		if err != nil {
			continue
		}
		mark := "?"
		if strings.Contains(uri, "?") {
			mark = "&"
		}
		if _, err := tx.ParseCallback(goodMetadata(t), uri+mark+"code=c&state="+tx.State.Reveal()+"&iss="+testIssuer, noon); err != nil {
			t.Errorf("%q: the response: %v", uri, err)
		}
		if _, err := tx.ParseCallback(goodMetadata(t), "evil.app://callback?code=c&state="+tx.State.Reveal()+"&iss="+testIssuer, noon); !errors.Is(err, ErrRedirectURIMismatch) {
			t.Errorf("%q: the response at another app: %v", uri, err)
		}
	}
}
