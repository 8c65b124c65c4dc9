package oidc

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

const testIntrospection = "https://op.example/introspect"

// goodAnswer is what a provider says of an access token that is active.
func goodAnswer() map[string]any {
	return map[string]any{
		"active": true, "iss": testIssuer, "sub": testSubject, "aud": testAudience, "client_id": testClientID,
		"exp": noon.Unix() + 300, "iat": noon.Unix(), "scope": "read write", "token_type": "Bearer", "username": mark,
	}
}

// introspect asks a provider that answers as said.
func introspect(t *testing.T, v *AccessTokenVerifier, answer func(*Request) (*Response, error)) (*AccessTokenClaims, error) {
	t.Helper()
	claims, err := v.Introspect(t.Context(), fakeTransport{"POST " + testIntrospection: answer},
		&IntrospectionRequest{Endpoint: testIntrospection, ClientID: "api", Token: mark + "-token"})
	if (claims == nil) != (err != nil) {
		t.Errorf("claims %v beside error %v", claims, err)
	}
	if err != nil {
		checkNoSecret(t, err)
	}
	return claims, err
}

// What the provider says of a token is held against the same expectations as a JWT.
func TestIntrospect(t *testing.T) {
	set := func(name string, value any) func(map[string]any, *AccessTokenVerifier) {
		return func(answer map[string]any, _ *AccessTokenVerifier) { answer[name] = value }
	}
	without := func(names ...string) func(map[string]any, *AccessTokenVerifier) {
		return func(answer map[string]any, _ *AccessTokenVerifier) {
			for _, name := range names {
				delete(answer, name)
			}
		}
	}
	verifier := func(edit func(*AccessTokenVerifier), others ...func(map[string]any, *AccessTokenVerifier)) func(map[string]any, *AccessTokenVerifier) {
		return func(answer map[string]any, v *AccessTokenVerifier) {
			edit(v)
			for _, other := range others {
				other(answer, v)
			}
		}
	}
	marked := func(v *AccessTokenVerifier) {
		v.Form = AccessTokenForm{Marks: map[string][]string{"azp": nil, "kind": {"access"}}, Never: []string{"granted"}}
	}
	thumbprint := map[string]any{"jkt": "thumbprint"}
	tests := []struct {
		name  string
		edit  func(map[string]any, *AccessTokenVerifier)
		want  error
		claim string // of the ClaimError, if it is one
	}{
		{"7662-2.2 active", func(map[string]any, *AccessTokenVerifier) {}, nil, ""},
		{"7662-2.2 not active", set("active", false), ErrTokenInactive, ""},
		{"7662-2.2 not active, and all the rest", set("active", json.RawMessage(" false ")), ErrTokenInactive, ""},
		{"7662-2.2 active a text", set("active", "true"), ErrIntrospectionInvalid, ""},
		{"7662-2.2 active a number", set("active", 1), ErrIntrospectionInvalid, ""},
		{"7662-2.2 active null", set("active", nil), ErrIntrospectionInvalid, ""},
		{"7662-2.2 active missing", without("active"), ErrIntrospectionInvalid, ""},
		{"7662-2.2 active by another name", func(a map[string]any, _ *AccessTokenVerifier) {
			delete(a, "active")
			a["Active"] = true
		}, ErrIntrospectionInvalid, ""},

		{"7662-2.2 iss missing", without("iss"), nil, ""},
		{"7662-2.2 another iss", set("iss", "https://evil.example"), ErrIssuerMismatch, "iss"},
		{"7662-2.2 iss an array", set("iss", []string{testIssuer}), ErrClaimInvalid, "iss"},
		{"7662-2.2 another aud", set("aud", "https://other.example"), ErrAudienceMismatch, "aud"},
		{"7662-2.2 aud an array with us", set("aud", []string{"x", testAudience}), nil, ""},
		{"7662-2.2 aud missing", without("aud"), ErrClaimInvalid, "aud"},
		{"7662-4 aud missing, and nobody else is told", verifier(func(v *AccessTokenVerifier) { v.WithoutAudience = true }, without("aud")), nil, ""},
		{"7662-4 another aud, and nobody else is told", verifier(func(v *AccessTokenVerifier) { v.WithoutAudience = true }, set("aud", "x")), ErrAudienceMismatch, "aud"},
		{"7662-4 aud empty, and nobody else is told", verifier(func(v *AccessTokenVerifier) { v.WithoutAudience = true }, set("aud", []string{})), ErrAudienceMismatch, "aud"},
		{"7662-2.2 sub missing", without("sub"), ErrClaimInvalid, "sub"},
		{"7662-2.2 sub empty", set("sub", ""), ErrClaimInvalid, "sub"},
		{"7662-2.2 sub missing, and nobody minds", verifier(func(v *AccessTokenVerifier) { v.WithoutSubject = true }, without("sub")), nil, ""},
		{"7662-2.2 exp missing", without("exp"), ErrClaimInvalid, "exp"},
		{"7662-2.2 exp a text", set("exp", "1"), ErrClaimInvalid, "exp"},
		{"7662-2.2 active, and expired", set("exp", noon.Unix()-30), ErrTokenExpired, "exp"},
		{"7662-2.2 active, and not yet", set("nbf", noon.Unix()+31), ErrTokenNotYetValid, "nbf"},
		{"7662-2.2 active, and of the future", set("iat", noon.Unix()+31), ErrIssuedInFuture, "iat"},
		{"7662-2.2 scope a number", set("scope", 1), ErrClaimInvalid, "scope"},
		{"7662-2.2 client_id a number", set("client_id", 1), ErrClaimInvalid, "client_id"},

		{"9449-6.2 bound to a key", func(a map[string]any, _ *AccessTokenVerifier) { a["token_type"], a["cnf"] = "DPoP", thumbprint }, nil, ""},
		{"9449-6.2 bound to a key, and none named", set("token_type", "DPoP"), ErrClaimInvalid, "cnf"},
		{"9449-6.2 bound to a key, in lower case, and none named", set("token_type", "dpop"), ErrClaimInvalid, "cnf"},
		{"8705-3.2 bound to a certificate", set("cnf", map[string]any{"x5t#S256": "x"}), ErrClaimInvalid, "cnf"},

		{"7662-2.1 a refresh token by token_type", set("token_type", "refresh_token"), ErrTypeNotAllowed, "token_type"},
		{"7662-2.1 a refresh token by token_use", set("token_use", "refresh_token"), ErrTypeNotAllowed, "token_use"},
		{"7662-2.1 an access token by token_use", set("token_use", "access_token"), nil, ""},
		{"7662-2.1 a refresh token by typ", set("typ", "Refresh"), ErrTypeNotAllowed, "typ"},
		{"8725-3.12 an ID Token by typ", set("typ", "ID"), ErrTypeNotAllowed, "typ"},
		{"8725-3.12 an ID Token by nonce", set("nonce", mark), ErrTypeNotAllowed, "nonce"},
		{"8725-3.12 an ID Token by at_hash", set("at_hash", mark), ErrTypeNotAllowed, "at_hash"},
		{"8725-3.12 a logout token", set("events", map[string]any{}), ErrTypeNotAllowed, "events"},
		{"7662-2.2 token_type a number", set("token_type", 1), ErrTypeNotAllowed, "token_type"},
		{"7662-2.2 no token_type", without("token_type"), ErrTypeNotAllowed, ""},
		{"7662-2.2 no token_type, and a form that is not met", verifier(marked, without("token_type")), ErrTypeNotAllowed, "azp"},
		{"7662-2.2 no token_type, and a form that is met", verifier(marked, without("token_type"), set("azp", "app"), set("kind", "access")), nil, ""},
		{"7662-2.2 token_type, and marks missing", verifier(marked), nil, ""},
		{"7662-2.2 token_type, and a mark of another token", verifier(marked, set("kind", "refresh")), ErrTypeNotAllowed, "kind"},
		{"7662-2.2 token_type, and what no access token has", verifier(marked, set("granted", "x")), ErrTypeNotAllowed, "granted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answer, v := goodAnswer(), goodVerifier()
			tt.edit(answer, v)
			claims, err := introspect(t, v, respond(200, "application/json", encode(t, answer)))
			if err == nil {
				err = v.Check(claims, noon)
			}
			checkError(t, err, tt.want)
			if claim := (*ClaimError)(nil); errors.As(err, &claim) && claim.Claim != tt.claim || claim == nil && tt.claim != "" {
				t.Errorf("error %v, want one of the claim %q", err, tt.claim)
			}
		})
	}
}

// What does not say whether a token is active says nothing of it.
func TestIntrospectionAnswers(t *testing.T) {
	good := encode(t, goodAnswer())
	tests := []struct {
		name   string
		answer func(*Request) (*Response, error)
		want   error
	}{
		{"no type", respond(200, "", good), nil},
		{"HTML", respond(200, "text/html", "<!doctype html>"), ErrNotJSON},
		{"JSON as HTML", respond(200, "text/html", good), ErrNotJSON},
		{"9701-5 a JWT", respond(200, "application/token-introspection+jwt", "e30.e30.e30"), ErrNotJSON},
		{"an array", respond(200, "application/json", "["+good+"]"), ErrNotJSON},
		{"cut off", respond(200, "application/json", good[:len(good)-1]), ErrNotJSON},
		{"active twice", respond(200, "application/json", `{"active": false, `+good[1:]), ErrNotJSON},
		{"another success", respond(201, "application/json", good), ErrHTTPStatus},
		{"7662-2.3 the API is not known", respond(401, "application/json", `{"error":"invalid_client"}`), ErrProvider},
		{"7662-2.3 the API is not known, in HTML", respond(401, "text/html", "<p>"), ErrHTTPStatus},
		{"the provider is busy", respond(503, "text/plain", ""), ErrHTTPStatus},
		{"no network", refuse(ErrNetwork), ErrNetwork},
		{"too slow", refuse(ErrTimeout), ErrTimeout},
		{"endless", refuse(ErrResponseTooLarge), ErrResponseTooLarge},
		{"elsewhere", refuse(ErrRedirectRefused), ErrRedirectRefused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := introspect(t, goodVerifier(), tt.answer)
			checkError(t, err, tt.want)
		})
	}
	_, err := goodVerifier().Introspect(t.Context(), fakeTransport{}, &IntrospectionRequest{Endpoint: testIntrospection})
	checkError(t, err, ErrInvalidArgument)
	_, err = goodVerifier().Introspect(t.Context(), fakeTransport{}, &IntrospectionRequest{Token: "x"})
	checkError(t, err, ErrInvalidArgument)
}

// RFC 7662 2.1: who asks says who it is.
func TestIntrospectionRequest(t *testing.T) {
	form := url.Values{"token": {mark + "-token"}, "token_type_hint": {"access_token"}, "client_id": {"api"}}
	with := func(name string, values ...string) url.Values {
		changed := url.Values{}
		for key, value := range form {
			changed[key] = value
		}
		if changed[name] = values; len(values) == 0 {
			delete(changed, name)
		}
		return changed
	}
	const secret = mark + " &"
	tests := []struct {
		name          string
		with          ClientAuthentication
		bearer        Secret
		authorization string
		form          url.Values
	}{
		{"2.1 client_secret_post", ClientAuthentication{Secret: secret}, "", "", with("client_secret", secret)},
		{"2.1 client_secret_basic", ClientAuthentication{Method: "client_secret_basic", Secret: secret}, "",
			"Basic " + base64.StdEncoding.EncodeToString([]byte("api:"+mark+"+%26")), with("client_id")},
		{"2.1 a token of the API", ClientAuthentication{}, mark + "-bearer", "Bearer " + mark + "-bearer", form},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var sent *Request
			transport := tt.with.Authenticate(fakeTransport{"POST " + testIntrospection: func(req *Request) (*Response, error) {
				sent = req
				echo := strings.ReplaceAll(req.Header["Authorization"]+" "+req.Body, `"`, "")
				return respond(400, "application/json", `{"error":"invalid_request","error_description":"`+echo+`"}`)(req)
			}}, rand.Reader, func() time.Time { return noon })
			_, err := goodVerifier().Introspect(t.Context(), transport,
				&IntrospectionRequest{Endpoint: testIntrospection, ClientID: "api", Token: mark + "-token", Bearer: tt.bearer})
			if form, err := url.ParseQuery(sent.Body); err != nil || !reflect.DeepEqual(form, tt.form) {
				t.Errorf("form = %v, want %v", form, tt.form)
			}
			if sent.Header["Authorization"] != tt.authorization || !sent.NoStore {
				t.Errorf("Authorization = %q, want %q; NoStore %t", sent.Header["Authorization"], tt.authorization, sent.NoStore)
			}
			if refusal := (*ProviderError)(nil); !errors.As(err, &refusal) || strings.Contains(refusal.Description, mark) {
				t.Errorf("error = %v, with the description %q", err, refusal.Description)
			}
		})
	}
}

// Members are those of the answer: nothing is added to them.
func TestIntrospectedMembers(t *testing.T) {
	v, answer := goodVerifier(), goodAnswer()
	v.WithoutAudience = true
	delete(answer, "iss")
	delete(answer, "aud")
	claims, err := introspect(t, v, respond(200, "application/json", encode(t, answer)))
	if err != nil {
		t.Fatal(err)
	}
	if claims.Issuer != testIssuer || len(claims.Audience) != 1 || claims.Audience[0] != testAudience || claims.ClientID != testClientID || len(claims.Scopes) != 2 {
		t.Errorf("claims = %+v", claims)
	}
	if claims.Members["iss"] != nil || claims.Members["aud"] != nil || string(claims.Members["username"]) != `"`+mark+`"` {
		t.Errorf("members = %v", claims.Members)
	}
}
