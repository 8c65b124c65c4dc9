package oidc

import (
	"errors"
	"maps"
	"testing"
)

func goodUserinfo() *UserinfoRequest {
	return &UserinfoRequest{AccessToken: testAccessToken, Subject: testSubject}
}

func TestUserinfoRequest(t *testing.T) {
	m := goodMetadata(t)
	var sent *Request
	transport := fakeTransport{"GET " + m.UserinfoEndpoint: func(req *Request) (*Response, error) {
		sent = req
		return respond(200, "application/json", `{"sub":"`+testSubject+`","email":"a@app.example"}`)(req)
	}}
	claims, err := goodUserinfo().Fetch(t.Context(), transport, m, noon)
	if err != nil || len(claims) != 2 || string(claims["email"]) != `"a@app.example"` {
		t.Errorf("claims = %s, error = %v", claims, err)
	}
	want := map[string]string{
		"Accept":        "application/json, application/jwt",
		"Authorization": "Bearer " + testAccessToken,
	}
	if !maps.Equal(sent.Header, want) || sent.Body != "" {
		t.Errorf("request = %+v", sent)
	}
}

func TestUserinfoWithoutEndpoint(t *testing.T) {
	m := goodMetadata(t)
	m.UserinfoEndpoint = ""
	_, err := goodUserinfo().Fetch(t.Context(), fakeTransport{}, m, noon)
	checkError(t, err, ErrUnsupported)
}

func TestUserinfoSubject(t *testing.T) {
	tests := []struct {
		name, body string
		expected   string
		want       error
	}{
		{"5.3.2 the same sub", `{"sub":"` + testSubject + `"}`, testSubject, nil},
		{"5.3.2 userinfo-invalid-sub", `{"sub":"` + testSubject + `x"}`, testSubject, ErrSubjectChanged},
		{"5.3.2 sub in another case", `{"sub":"S3CR3T-subject"}`, testSubject, ErrSubjectChanged},
		{"5.3.2 sub missing", `{"name":"Ada"}`, testSubject, ErrClaimInvalid},
		{"5.3.2 sub null", `{"sub":null}`, testSubject, ErrClaimInvalid},
		{"5.3.2 sub a number", `{"sub":1}`, "1", ErrClaimInvalid},
		{"5.3.2 sub an array", `{"sub":["` + testSubject + `"]}`, testSubject, ErrClaimInvalid},
		{"5.3.2 sub empty on both sides", `{"sub":""}`, "", ErrClaimInvalid},
		{"5.3.2 sub missing on both sides", `{}`, "", ErrClaimInvalid},
		{"5.3.2 sub twice", `{"sub":"admin","sub":"` + testSubject + `"}`, testSubject, ErrNotJSON},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, request := goodMetadata(t), goodUserinfo()
			request.Subject = tt.expected
			transport := fakeTransport{"GET " + m.UserinfoEndpoint: respond(200, "application/json", tt.body)}
			claims, err := request.Fetch(t.Context(), transport, m, noon)
			checkError(t, err, tt.want)
			if (claims == nil) != (err != nil) {
				t.Errorf("claims = %v with error %v", claims, err)
			}
			var failed *ClaimError
			if (tt.want == ErrSubjectChanged || tt.want == ErrClaimInvalid) && (!errors.As(err, &failed) || failed.Claim != "sub") {
				t.Errorf("error = %v, want the claim sub", err)
			}
		})
	}
}

func TestUserinfoSigned(t *testing.T) {
	type edit = func(header, claims map[string]any, r *UserinfoRequest)
	claim := func(name string, value any) edit {
		return func(_, claims map[string]any, _ *UserinfoRequest) { claims[name] = value }
	}
	without := func(name string) edit {
		return func(_, claims map[string]any, _ *UserinfoRequest) { delete(claims, name) }
	}
	head := func(name string, value any) edit {
		return func(header, _ map[string]any, _ *UserinfoRequest) { header[name] = value }
	}
	tests := []struct {
		name string
		edit edit
		want error
	}{
		{"5.3.2 userinfo-signed", func(_, _ map[string]any, _ *UserinfoRequest) {}, nil},
		{"5.3.2 iss missing", without("iss"), nil},
		{"5.3.2 another iss", claim("iss", "https://evil.example"), ErrIssuerMismatch},
		{"5.3.2 iss a number", claim("iss", 1), ErrClaimInvalid},
		{"5.3.2 iss, aud and exp null", func(_, c map[string]any, _ *UserinfoRequest) { c["iss"], c["aud"], c["exp"] = nil, nil, nil }, nil},
		{"5.3.2 aud missing", without("aud"), nil},
		{"5.3.2 another aud", claim("aud", "other"), ErrAudienceMismatch},
		{"5.3.2 another aud too", claim("aud", []string{testClientID, "other"}), ErrAudienceMismatch},
		{"5.3.2 aud a number", claim("aud", 1), ErrClaimInvalid},
		{"5.3.2 exp missing", without("exp"), nil},
		{"5.3.2 expired", claim("exp", noon.Unix()-60), ErrTokenExpired},
		{"5.3.2 exp a string", claim("exp", "1795262700"), ErrClaimInvalid},
		{"5.3.2 another sub", claim("sub", "other"), ErrSubjectChanged},
		{"5.3.2 sub missing", without("sub"), ErrClaimInvalid},
		{"8725-3.11 typ of an access token", head("typ", "at+jwt"), ErrTypeNotAllowed},
		{"5.3.2 alg none", head("alg", "none"), ErrAlgNotAllowed},
		{"5.3.2 alg not on the list", func(_, _ map[string]any, r *UserinfoRequest) { r.Algorithms = []string{"RS256"} }, ErrAlgNotAllowed},
		{"5.3.2 no list", func(_, _ map[string]any, r *UserinfoRequest) { r.Algorithms = nil }, ErrAlgNotAllowed},
		{"5.3.2 no keys", func(_, _ map[string]any, r *UserinfoRequest) { r.Keys = nil }, ErrKeyNotFound},
		{"5.3.2 kid unknown", head("kid", "new"), ErrKeyNotFound},
		{"5.3.2 no client", func(_, _ map[string]any, r *UserinfoRequest) { r.ClientID = "" }, ErrAudienceMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header := goodHeader("EdDSA")
			claims := map[string]any{"iss": testIssuer, "aud": testClientID, "sub": testSubject, "exp": noon.Unix() + 60}
			request := goodUserinfo()
			request.Keys, request.Algorithms, request.ClientID = testKeySet(t, "ed"), []string{"EdDSA"}, testClientID
			tt.edit(header, claims, request)
			checkSignedUserinfo(t, request, sign(t, "EdDSA", encode(t, header), encode(t, claims)), tt.want)
		})
	}
	for name, body := range map[string]string{
		"5.3.2 JSON labelled as a JWT": `{"sub":"` + testSubject + `"}`,
		"5.3.2 an empty JWT":           "",
		"5.3.2 a signed string":        sign(t, "EdDSA", encode(t, goodHeader("EdDSA")), `"`+mark+`"`),
	} {
		t.Run(name, func(t *testing.T) {
			request := goodUserinfo()
			request.Keys, request.Algorithms = testKeySet(t, "ed"), []string{"EdDSA"}
			checkSignedUserinfo(t, request, body, ErrTokenMalformed)
		})
	}
}

func checkSignedUserinfo(t *testing.T, request *UserinfoRequest, body string, want error) {
	t.Helper()
	m := goodMetadata(t)
	transport := fakeTransport{"GET " + m.UserinfoEndpoint: respond(200, "application/jwt;charset=utf-8", body)}
	got, err := request.Fetch(t.Context(), transport, m, noon)
	checkError(t, err, want)
	if (got == nil) != (err != nil) {
		t.Errorf("claims = %v with error %v", got, err)
	}
}

// A signature that does not verify counts as much as in an ID Token.
func TestUserinfoSignature(t *testing.T) {
	token := []byte(sign(t, "EdDSA", encode(t, goodHeader("EdDSA")), `{"sub":"`+testSubject+`"}`))
	token[len(token)-2] ^= 1
	request := goodUserinfo()
	request.Keys, request.Algorithms = testKeySet(t, "ed"), []string{"EdDSA"}
	checkSignedUserinfo(t, request, string(token), ErrSignatureInvalid)
}
