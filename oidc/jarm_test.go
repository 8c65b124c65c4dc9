package oidc

import (
	"errors"
	"maps"
	"strings"
	"testing"
)

func goodResponse() map[string]any {
	return map[string]any{
		"iss": testIssuer, "aud": testClientID, "exp": noon.Unix() + 60,
		"code": testCode, "state": testState, "session_state": "abc",
	}
}

func signedTransaction(mode string) *Transaction {
	tx := goodTransaction()
	tx.ResponseMode = mode
	return tx
}

func TestSignedCallback(t *testing.T) {
	token := sign(t, "RS256", encode(t, goodHeader("RS256")), encode(t, goodResponse()))
	for mode, separator := range map[string]string{"jwt": "?", "query.jwt": "?", "fragment.jwt": "#"} {
		request := goodRequest()
		request.ResponseMode = mode
		tx, sent := start(t, request)
		if sent.Get("response_mode") != mode || !tx.SignedResponse() {
			t.Errorf("%s: response_mode = %s, signed %t", mode, sent.Get("response_mode"), tx.SignedResponse())
		}
		location := testRedirectURI + separator + "response=" + token
		state, err := CallbackState(location)
		if err != nil || state != testState {
			t.Errorf("%s: state %v", mode, err)
		}
		callback, err := signedTransaction(mode).ParseSignedCallback(goodMetadata(t), testKeySet(t), location, noon)
		if err != nil {
			t.Errorf("%s: %v", mode, err)
			continue
		}
		if callback.code != testCode || callback.SessionState != "abc" {
			t.Errorf("%s: code or session_state differ", mode)
		}
	}
}

// Each row changes one thing of a correct response.
func TestSignedCallbackRefusals(t *testing.T) {
	set := func(name string, value any) func(h, c map[string]any) {
		return func(_, c map[string]any) { c[name] = value }
	}
	without := func(name string) func(h, c map[string]any) {
		return func(_, c map[string]any) { delete(c, name) }
	}
	header := func(name string, value any) func(h, c map[string]any) {
		return func(h, _ map[string]any) { h[name] = value }
	}
	tests := []struct {
		name string
		edit func(header, claims map[string]any)
		want error
	}{
		{"2.4 valid", func(_, _ map[string]any) {}, nil},
		{"2.4 aud an array", set("aud", []string{testClientID}), nil},
		{"2.1 an unknown claim", set("x", mark), nil},
		{"2.4 iss missing", without("iss"), ErrClaimInvalid},
		{"2.4 another iss", set("iss", testIssuer+"/"), ErrIssuerMismatch},
		{"2.4 iss an array", set("iss", []string{testIssuer}), ErrClaimInvalid},
		{"2.4 aud missing", without("aud"), ErrClaimInvalid},
		{"2.4 another aud", set("aud", mark), ErrAudienceMismatch},
		{"2.4 aud for others, too", set("aud", []string{testClientID, mark}), ErrAudienceMismatch},
		{"2.4 exp missing", without("exp"), ErrClaimInvalid},
		{"2.4 exp a string", set("exp", "1"), ErrClaimInvalid},
		{"2.4 expired", set("exp", noon.Unix()-60), ErrTokenExpired},
		{"2.4 state missing", without("state"), ErrStateMismatch},
		{"2.4 another state", set("state", mark), ErrStateMismatch},
		{"2.4 state a number", set("state", 1), ErrClaimInvalid},
		{"2.1 code missing", without("code"), ErrCallbackMissing},
		{"2.1 code a number", set("code", 1), ErrClaimInvalid},
		{"2.1 an error", set("error", "access_denied"), ErrProvider},
		{"2.4 alg none", header("alg", "none"), ErrAlgNotAllowed},
		{"2.4 alg HS256", header("alg", "HS256"), ErrAlgNotAllowed},
		{"2.4 alg of another key", header("alg", "ES256"), ErrKeyNotFound},
		{"2.4 unknown kid", header("kid", "x"), ErrKeyNotFound},
		{"7515-4.1.3 a key that nothing uses", header("jwk", map[string]any{}), nil},
		{"7515-4.1.11 an extension", header("crit", []string{"x"}), ErrHeaderNotAllowed},
		{"8725-3.11 an access token", header("typ", "at+jwt"), ErrTypeNotAllowed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, c := goodHeader("RS256"), goodResponse()
			tt.edit(h, c)
			location := testRedirectURI + "?response=" + sign(t, "RS256", encode(t, h), encode(t, c))
			callback, err := signedTransaction("jwt").ParseSignedCallback(goodMetadata(t), testKeySet(t), location, noon)
			checkError(t, err, tt.want)
			if (callback == nil) != (err != nil) {
				t.Errorf("callback = %v with error %v", callback, err)
			}
		})
	}
}

func TestSignedCallbackForms(t *testing.T) {
	good := sign(t, "RS256", encode(t, goodHeader("RS256")), encode(t, goodResponse()))
	parts := strings.Split(good, ".")
	other := sign(t, "ES256", encode(t, goodHeader("ES256")), encode(t, goodResponse()))
	tests := []struct {
		name, url, mode string
		want            error
	}{
		{"2.3.1 nothing", testRedirectURI, "jwt", ErrCallbackMissing},
		{"2.3.1 an unsigned response", goodCallback, "jwt", ErrCallbackMalformed},
		{"2.3.1 in the fragment", testRedirectURI + "#response=" + good, "jwt", ErrCallbackMalformed},
		{"2.3.2 in the query", testRedirectURI + "?response=" + good, "fragment.jwt", ErrCallbackMalformed},
		{"9700-4.4.2.2 at another path", testRedirectURI + "2?response=" + good, "jwt", ErrRedirectURIMismatch},
		{"2.3.1 twice", testRedirectURI + "?response=" + good + "&response=" + good, "jwt", ErrCallbackMalformed},
		{"2.3.1 not a JWT", testRedirectURI + "?response=" + mark, "jwt", ErrTokenMalformed},
		{"2.4 no signature", testRedirectURI + "?response=" + parts[0] + "." + parts[1] + ".", "jwt", ErrTokenMalformed},
		{"2.4 another signature", testRedirectURI + "?response=" + parts[0] + "." + parts[1] + "." + b64([]byte(mark)), "jwt", ErrSignatureInvalid},
		{"2.1 a code beside it", testRedirectURI + "?code=x&state=x&error=x&response=" + good, "jwt", ErrCallbackMalformed},
		{"4 an algorithm that the provider does not use", testRedirectURI + "?response=" + other, "jwt", ErrAlgNotAllowed},
		{"2.3.1 of a request for an unsigned one", testRedirectURI + "?response=" + good, "query", ErrInvalidArgument},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := goodMetadata(t)
			m.AuthorizationSigningAlgValuesSupported = []string{"RS256", "none"}
			_, err := signedTransaction(tt.mode).ParseSignedCallback(m, testKeySet(t), tt.url, noon)
			checkError(t, err, tt.want)
		})
	}
	t.Run("2.3.1 unsigned parsing of a signed response", func(t *testing.T) {
		_, err := signedTransaction("jwt").ParseCallback(goodMetadata(t), goodCallback, noon)
		checkError(t, err, ErrUnsupported)
	})
}

func TestSignedCallbackError(t *testing.T) {
	claims := goodResponse()
	delete(claims, "code")
	maps.Copy(claims, map[string]any{"error": "login_required", "error_description": mark})
	location := testRedirectURI + "?response=" + sign(t, "RS256", encode(t, goodHeader("RS256")), encode(t, claims))
	_, err := signedTransaction("jwt").ParseSignedCallback(goodMetadata(t), testKeySet(t), location, noon)
	var refusal *ProviderError
	if !errors.As(err, &refusal) || refusal.ErrorCode != "login_required" || refusal.Endpoint != "authorization" {
		t.Errorf("error = %v", err)
	}
	checkNoSecret(t, err)
}

func TestCallbackStateOfJWT(t *testing.T) {
	token := func(claims string) string { return sign(t, "RS256", `{"alg":"none"}`, claims) }
	tests := []struct {
		name, url string
		want      error
	}{
		{"no state", testRedirectURI + "?response=" + token(`{"code":"x"}`), ErrStateMismatch},
		{"state a number", testRedirectURI + "?response=" + token(`{"state":1}`), ErrStateMismatch},
		{"not a JWT", testRedirectURI + "?response=" + mark, ErrCallbackMissing},
		{"a parameter of the app, then the response", testRedirectURI + "?response=" + mark + "#code=x&state=" + testState, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := CallbackState(tt.url)
			checkError(t, err, tt.want)
		})
	}
}

// What else a response says belongs to the app, however it came: Keycloak's
// kc_action_status is in a response that is a JWT as it is in any other.
func TestUnknownParametersOfAnyResponse(t *testing.T) {
	plain, err := goodTransaction().ParseCallback(goodMetadata(t), testRedirectURI+"?code="+testCode+"&state="+testState+"&iss="+testIssuer+"&kc_action_status=success", noon)
	if err != nil || !maps.Equal(plain.Parameters, map[string]string{"kc_action_status": "success"}) {
		t.Errorf("in the query: %v, %v", plain.Parameters, err)
	}
	tests := []struct {
		name, claim string
		value       any
		want        map[string]string
	}{
		{"2.1 a string", "kc_action_status", "success", map[string]string{"kc_action_status": "success"}},
		{"2.1 empty", "kc_action_status", "", map[string]string{"kc_action_status": ""}},
		{"2.1 a number", "kc_action_status", 1, nil},
		{"2.1 an object", "kc_action_status", map[string]any{}, nil},
		{"2.1 null", "kc_action_status", nil, nil},
		{"2.1 a parameter that is known", "session_state", "x", nil},
		{"2.1 a parameter that is known, null", "error", nil, nil},
		{"7519-4.1 of the JWT", "jti", "x", nil},
	}
	for _, tt := range tests {
		signed := goodResponse()
		signed[tt.claim] = tt.value
		token := sign(t, "RS256", encode(t, goodHeader("RS256")), encode(t, signed))
		jwt, err := signedTransaction("jwt").ParseSignedCallback(goodMetadata(t), testKeySet(t), testRedirectURI+"?response="+token, noon)
		if err != nil || !maps.Equal(jwt.Parameters, tt.want) {
			t.Errorf("%s: %v, %v", tt.name, jwt, err)
		}
	}
}
