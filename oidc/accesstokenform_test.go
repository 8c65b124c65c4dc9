package oidc

import (
	"reflect"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

func TestRoles(t *testing.T) {
	const realm = `{"roles": ["user"], "realm_access": {"roles": ["admin", "x y"]}, "resource_access": {"api": {"roles": ["read"]}, "odd": {"roles": "read"}, "other": 1}}`
	tests := []struct {
		name, claims string
		realm        bool
		roles        []string
		byClient     map[string][]string
	}{
		{"9068-2.2.3.1 roles", `{"roles": ["admin", "user"]}`, false, []string{"admin", "user"}, nil},
		{"none", `{}`, false, nil, nil},
		{"one of another type", `{"roles": ["admin", 1]}`, false, nil, nil},
		{"a text", `{"roles": "admin"}`, false, nil, nil},
		{"objects", `{"roles": {"admin": {"1": "x"}}}`, false, nil, nil},
		{"those of a realm that nobody asked for", realm, false, []string{"user"}, nil},
		{"those of a realm", realm, true, []string{"admin", "x y"}, map[string][]string{"api": {"read"}, "odd": {"read"}}},
		{"no realm", `{"roles": ["user"]}`, true, nil, nil},
		{"a realm of another shape", `{"realm_access": ["admin"], "resource_access": "api"}`, true, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var set claimSet
			if err := strictjson.Unmarshal([]byte(tt.claims), &set); err != nil {
				t.Fatal(err)
			}
			roles, byClient := (&AccessTokenForm{RealmRoles: tt.realm}).roles(set)
			if !reflect.DeepEqual(roles, tt.roles) || !reflect.DeepEqual(byClient, tt.byClient) {
				t.Errorf("roles = %q, %q, want %q, %q", roles, byClient, tt.roles, tt.byClient)
			}
		})
	}
}

func TestUnverifiedIssuer(t *testing.T) {
	of := func(claims string) string { return sign(t, "EdDSA", `{"alg":"EdDSA","kid":"ed"}`, claims) }
	tests := []struct {
		name, token, issuer string
		want                error
	}{
		{"one", of(`{"iss":"https://op.example"}`), "https://op.example", nil},
		{"none", of(`{}`), "", nil},
		{"no text", of(`{"iss":["https://op.example"]}`), "", nil},
		{"two", of(`{"iss":"https://op.example","iss":"x"}`), "", ErrTokenMalformed},
		{"no object", of(`null`), "", ErrTokenMalformed},
		{"opaque", mark, "", ErrTokenMalformed},
		{"longer than any", of(`{"iss":"https://op.example","groups":"` + strings.Repeat("x", 48<<10) + `"}`), "", ErrTokenMalformed},
		{"no base64", "e30.!.x", "", ErrTokenMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			issuer, err := UnverifiedIssuer(tt.token)
			checkError(t, err, tt.want)
			if issuer != tt.issuer {
				t.Errorf("issuer = %q, want %q", issuer, tt.issuer)
			}
		})
	}
}
