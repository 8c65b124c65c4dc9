package oidc

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

func goodLogoutToken() (header, claims map[string]any) {
	header = goodHeader("EdDSA")
	header["typ"] = "logout+jwt"
	return header, map[string]any{
		"iss":    testIssuer,
		"sub":    testSubject,
		"sid":    mark + "-sid",
		"aud":    testClientID,
		"iat":    noon.Unix(),
		"exp":    noon.Unix() + 120,
		"jti":    mark + "-jti",
		"events": map[string]any{LogoutEvent: map[string]any{}},
	}
}

// Each row differs in one thing from a good logout token.
func TestLogoutToken(t *testing.T) {
	type edit = func(header, claims map[string]any, v *LogoutTokenVerifier)
	claim := func(name string, value any) edit {
		return func(_, claims map[string]any, _ *LogoutTokenVerifier) { claims[name] = value }
	}
	without := func(names ...string) edit {
		return func(_, claims map[string]any, _ *LogoutTokenVerifier) {
			for _, name := range names {
				delete(claims, name)
			}
		}
	}
	head := func(name string, value any) edit {
		return func(header, _ map[string]any, _ *LogoutTokenVerifier) { header[name] = value }
	}
	verifier := func(change func(*LogoutTokenVerifier)) edit {
		return func(_, _ map[string]any, v *LogoutTokenVerifier) { change(v) }
	}
	aged := func(iat int64) edit {
		return func(_, claims map[string]any, v *LogoutTokenVerifier) {
			claims["iat"], v.MaxAge = noon.Unix()-iat, 10*time.Minute
		}
	}
	const tenant = "11111111-2222-3333-4444-555555555555"
	tests := []struct {
		name  string
		edit  edit
		want  error
		claim string // of the ClaimError, if it is one
	}{
		{"2.6 valid", func(_, _ map[string]any, _ *LogoutTokenVerifier) {}, nil, ""},
		{"2.4 typ with its prefix", head("typ", "application/logout+jwt"), nil, ""},
		{"2.4 typ of any JWT", head("typ", "JWT"), nil, ""},
		{"2.4 typ missing", func(h, _ map[string]any, _ *LogoutTokenVerifier) { delete(h, "typ") }, nil, ""},
		{"2.4 typ of an access token", head("typ", "at+jwt"), ErrTypeNotAllowed, ""},
		{"2.4 typ of a security event token", head("typ", "secevent+jwt"), ErrTypeNotAllowed, ""},
		{"2.4 typ of any JWT, and the type is demanded", func(h, _ map[string]any, v *LogoutTokenVerifier) {
			h["typ"], v.Typed = "JWT", true
		}, ErrTypeNotAllowed, ""},
		{"2.4 typ there, and demanded", verifier(func(v *LogoutTokenVerifier) { v.Typed = true }), nil, ""},
		{"2.6-2 kid unknown", head("kid", "new"), ErrKeyNotFound, ""},
		{"2.6-2 alg none", head("alg", "none"), ErrAlgNotAllowed, ""},
		{"2.6-2 alg HMAC", head("alg", "HS256"), ErrAlgNotAllowed, ""},
		{"2.6-2 alg not on the list", verifier(func(v *LogoutTokenVerifier) { v.Algorithms = []string{"RS256"} }), ErrAlgNotAllowed, ""},
		{"2.6-2 an extension", head("crit", []string{"x"}), ErrHeaderNotAllowed, ""},
		{"2.6-3 another iss", claim("iss", testIssuer+"/"), ErrIssuerMismatch, "iss"},
		{"2.6-3 iss missing", without("iss"), ErrClaimInvalid, "iss"},
		{"2.6-3 a tenant", func(_, c map[string]any, v *LogoutTokenVerifier) {
			v.Issuer, v.Tenants = "https://op.example/{tenantid}", []string{tenant}
			c["iss"], c["tid"] = "https://op.example/"+tenant, tenant
		}, nil, ""},
		{"2.6-3 a tenant that was not named", func(_, c map[string]any, v *LogoutTokenVerifier) {
			v.Issuer = "https://op.example/{tenantid}"
			c["iss"], c["tid"] = "https://op.example/"+tenant, tenant
		}, ErrIssuerMismatch, "iss"},
		{"2.6-3 aud an array with us", claim("aud", []string{"other", testClientID}), nil, ""},
		{"2.6-3 another aud", claim("aud", "other"), ErrAudienceMismatch, "aud"},
		{"2.6-3 aud missing", without("aud"), ErrClaimInvalid, "aud"},
		{"2.6-3 no client expected", func(_, c map[string]any, v *LogoutTokenVerifier) {
			c["aud"], v.ClientIDs = "", []string{""}
		}, ErrAudienceMismatch, "aud"},
		{"2.6-3 expires within the leeway", claim("exp", noon.Unix()-29), nil, ""},
		{"2.6-3 expires", claim("exp", noon.Unix()-30), ErrTokenExpired, "exp"},
		{"2.6-3 issued in the future, within the leeway", claim("iat", noon.Unix()+30), nil, ""},
		{"2.6-3 exp missing", without("exp"), ErrClaimInvalid, "exp"},
		{"2.6-3 issued in the future", claim("iat", noon.Unix()+31), ErrIssuedInFuture, "iat"},
		{"2.6-3 iat missing", without("iat"), ErrClaimInvalid, "iat"},
		{"issued long ago", aged(600 + 29), nil, ""},
		{"issued too long ago", aged(600 + 30), ErrTokenExpired, "iat"},
		{"2.6-4 sub alone", without("sid"), nil, ""},
		{"2.6-4 sid alone", without("sub"), nil, ""},
		{"2.6-4 neither", without("sub", "sid"), ErrClaimInvalid, "sub"},
		{"2.6-4 sub empty", claim("sub", ""), ErrClaimInvalid, "sub"},
		{"2.6-4 sid empty", claim("sid", ""), ErrClaimInvalid, "sid"},
		{"2.6-4 sid a number", claim("sid", 7), ErrClaimInvalid, "sid"},
		{"2.6-5 the event has members", claim("events", map[string]any{LogoutEvent: map[string]any{"x": 1}, "x": 1}), nil, ""},
		{"2.6-5 events missing", without("events"), ErrTypeNotAllowed, "events"},
		{"2.6-5 events a text", claim("events", LogoutEvent), ErrTypeNotAllowed, "events"},
		{"2.6-5 another event", claim("events", map[string]any{"https://example/other": map[string]any{}}), ErrTypeNotAllowed, "events"},
		{"2.6-5 the event is null", claim("events", map[string]any{LogoutEvent: nil}), ErrTypeNotAllowed, "events"},
		{"2.6-5 the event is an array", claim("events", map[string]any{LogoutEvent: []any{}}), ErrTypeNotAllowed, "events"},
		{"2.6-6 a nonce", claim("nonce", testNonce), ErrTypeNotAllowed, "nonce"},
		{"2.6-6 a nonce that is null", claim("nonce", nil), ErrTypeNotAllowed, "nonce"},
		{"2.6-7 jti missing", without("jti"), ErrClaimInvalid, "jti"},
	}
	keys := testKeySet(t, "ed")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header, claims := goodLogoutToken()
			v := &LogoutTokenVerifier{Issuer: testIssuer, ClientIDs: []string{testClientID}}
			tt.edit(header, claims, v)
			got, err := v.Verify(sign(t, "EdDSA", encode(t, header), encode(t, claims)), keys, noon)
			if (err == nil) != (tt.want == nil) || (got == nil) != (err != nil) {
				t.Fatalf("Verify = %v, %v, want %v", got, err, tt.want)
			}
			checkError(t, err, tt.want)
			var failure *ClaimError
			if errors.As(err, &failure) != (tt.claim != "") || failure != nil && failure.Claim != tt.claim {
				t.Errorf("error = %v, want one about the claim %q", err, tt.claim)
			}
		})
	}
	t.Run("2.6-2 another signature", func(t *testing.T) {
		header, claims := goodLogoutToken()
		token := sign(t, "EdDSA", encode(t, header), encode(t, claims))
		claims["sid"] = "other"
		other := sign(t, "EdDSA", encode(t, header), encode(t, claims))
		forged := token[:len(token)-86] + other[len(other)-86:]
		_, err := (&LogoutTokenVerifier{Issuer: testIssuer, ClientIDs: []string{testClientID}}).Verify(forged, keys, noon)
		checkError(t, err, ErrSignatureInvalid)
	})
}

func TestLogoutClaims(t *testing.T) {
	header, claims := goodLogoutToken()
	v := &LogoutTokenVerifier{Issuer: testIssuer, ClientIDs: []string{testClientID}}
	got, err := v.Verify(sign(t, "EdDSA", encode(t, header), encode(t, claims)), testKeySet(t, "ed"), noon)
	want := &LogoutClaims{
		Issuer: testIssuer, Subject: testSubject, SessionID: mark + "-sid", ID: mark + "-jti",
		IssuedAt: noon.Unix(), Expiry: noon.Unix() + 120,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Verify = %+v, %v, want %+v", got, err, want)
	}
}
