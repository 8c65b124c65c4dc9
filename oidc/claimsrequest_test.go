package oidc

import (
	"reflect"
	"testing"
)

func TestEssentialClaims(t *testing.T) {
	tests := []struct {
		name, claims string
		want         EssentialClaims
		err          error
	}{
		{"5.5 none", ``, EssentialClaims{}, nil},
		{"5.5 empty", `{}`, EssentialClaims{}, nil},
		{"5.5 null", `{"id_token":{"acr":null,"auth_time":null},"userinfo":{"email":null}}`, EssentialClaims{}, nil},
		{"5.5 unknown members", `{"x":1,"id_token":{"email":{"essential":true,"x":1}}}`, EssentialClaims{}, nil},
		{"5.5.1 auth_time", `{"id_token":{"auth_time":{"essential":true}}}`, EssentialClaims{AuthTime: true}, nil},
		{"5.5.1 auth_time voluntary", `{"id_token":{"auth_time":{"essential":false}}}`, EssentialClaims{}, nil},
		{"5.5.1 auth_time of userinfo", `{"userinfo":{"auth_time":{"essential":true}}}`, EssentialClaims{}, nil},
		{"5.5.1.1 acr", `{"id_token":{"acr":{"essential":true}}}`, EssentialClaims{ACR: true}, nil},
		{"5.5.1.1 acr voluntary", `{"id_token":{"acr":{"values":["gold"]}}}`, EssentialClaims{}, nil},
		{"5.5.1.1 acr value", `{"id_token":{"acr":{"essential":true,"value":"gold"}}}`, EssentialClaims{ACR: true, ACRValues: []string{"gold"}}, nil},
		{"5.5.1.1 acr values", `{"id_token":{"acr":{"essential":true,"values":["gold","silver"]}}}`,
			EssentialClaims{ACR: true, ACRValues: []string{"gold", "silver"}}, nil},
		{"5.5.1.1 acr a number", `{"id_token":{"acr":{"essential":true,"values":["gold",1]}}}`, EssentialClaims{}, ErrInvalidArgument},
		{"5.5.1.1 acr empty", `{"id_token":{"acr":{"essential":true,"value":""}}}`, EssentialClaims{}, ErrInvalidArgument},
		{"5.5 essential a string", `{"id_token":{"acr":{"essential":"true"}}}`, EssentialClaims{}, ErrInvalidArgument},
		{"5.5 an array", `[]`, EssentialClaims{}, ErrInvalidArgument},
		{"5.5 not JSON", `{"id_token":`, EssentialClaims{}, ErrInvalidArgument},
		{"5.5 id_token twice", `{"id_token":{"acr":{"essential":true}},"id_token":{}}`, EssentialClaims{}, ErrInvalidArgument},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// The parameter is read wherever it is set.
			request := goodRequest()
			request.Claims = tt.claims
			extra := goodRequest()
			extra.Extra = map[string]string{"claims": tt.claims}
			for _, r := range []*AuthenticationRequest{request, extra} {
				tx, _, err := r.Start(goodMetadata(t), fixedRandom(), noon)
				checkError(t, err, tt.err)
				if err != nil {
					continue
				}
				if _, sent := start(t, r); sent.Get("claims") != tt.claims {
					t.Errorf("claims = %s", sent.Get("claims"))
				}
				if !reflect.DeepEqual(tx.Essential, tt.want) {
					t.Errorf("essential = %+v, want %+v", tx.Essential, tt.want)
				}
				data, err := tx.Encode()
				if err != nil {
					t.Fatal(err)
				}
				if again, err := DecodeTransaction(data); err != nil || !reflect.DeepEqual(again, tx) {
					t.Errorf("decoded %+v (%v), want %+v", again, err, tx)
				}
			}
		})
	}
}

// What the request asked for is what the ID Token has to bring.
func TestExpect(t *testing.T) {
	hour := int64(3600)
	tests := []struct {
		name   string
		edit   func(tx *Transaction)
		claims func(claims map[string]any)
		want   error
	}{
		{"nothing asked", func(*Transaction) {}, func(map[string]any) {}, nil},
		{"another nonce", func(tx *Transaction) { tx.Nonce += "x" }, func(map[string]any) {}, ErrNonceMismatch},
		{"another client", func(tx *Transaction) { tx.ClientID += "x" }, func(map[string]any) {}, ErrAudienceMismatch},
		{"another issuer", func(tx *Transaction) { tx.Issuer += "x" }, func(map[string]any) {}, ErrIssuerMismatch},
		{"3.1.3.7-13 max_age, too old", func(tx *Transaction) { tx.MaxAge = &hour },
			func(c map[string]any) { c["auth_time"] = noon.Unix() - 3700 }, ErrAuthTimeTooOld},
		{"3.1.3.7-13 essential auth_time missing", func(tx *Transaction) { tx.Essential.AuthTime = true },
			func(c map[string]any) { delete(c, "auth_time") }, ErrClaimInvalid},
		{"3.1.3.7-13 essential auth_time", func(tx *Transaction) { tx.Essential.AuthTime = true },
			func(c map[string]any) { c["auth_time"] = noon.Unix() - 99999 }, nil},
		{"3.1.3.7-12 essential acr missing", func(tx *Transaction) { tx.Essential.ACR = true },
			func(c map[string]any) { delete(c, "acr") }, ErrACRNotMet},
		{"3.1.3.7-12 essential acr empty", func(tx *Transaction) { tx.Essential.ACR = true },
			func(c map[string]any) { c["acr"] = "" }, ErrACRNotMet},
		{"3.1.3.7-12 essential acr", func(tx *Transaction) { tx.Essential.ACR = true },
			func(c map[string]any) { c["acr"] = "any" }, nil},
		{"5.5.1.1 essential acr of another value", func(tx *Transaction) {
			tx.Essential = EssentialClaims{ACR: true, ACRValues: []string{"gold", "silver"}}
		}, func(c map[string]any) { c["acr"] = "bronze" }, ErrACRNotMet},
		{"5.5.1.1 essential acr of a value", func(tx *Transaction) {
			tx.Essential = EssentialClaims{ACR: true, ACRValues: []string{"gold", "silver"}}
		}, func(c map[string]any) { c["acr"] = "silver" }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tx, claims := goodTransaction(), goodClaims()
			tt.edit(tx)
			claims["at_hash"] = accessTokenHash("RS256", testAccessToken)
			tt.claims(claims)
			token := sign(t, "RS256", encode(t, goodHeader("RS256")), encode(t, claims))
			tokens := &TokenResponse{AccessToken: testAccessToken, IDToken: Secret(token)}
			_, err := tx.Expect(goodMetadata(t), tokens).VerifyIDToken(tokens.IDToken, testKeySet(t), noon)
			checkError(t, err, tt.want)
		})
	}
}
