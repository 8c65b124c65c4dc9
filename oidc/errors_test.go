package oidc

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// declaredCodes returns the constants of type Code in errors.go as
// "ErrName code", sorted.
func declaredCodes(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Code" {
			t.Errorf("%s is not declared as a Code", spec.Names[0].Name)
			return false
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, spec.Names[0].Name+" "+value)
		return false
	})
	slices.Sort(codes)
	return codes
}

// TestCodes keeps the codes as they are: they are API. A new one is added to
// the file by -update; a changed or missing one breaks those who match it.
func TestCodes(t *testing.T) {
	codes := declaredCodes(t)
	golden(t, "codes.txt", strings.Join(codes, "\n")+"\n")
	seen := map[string]bool{}
	for _, line := range codes {
		name, code, _ := strings.Cut(line, " ")
		if !strings.HasPrefix(name, "Err") || safeErrorCode(code) != code {
			t.Errorf("%s has the code %q", name, code)
		}
		if seen[code] {
			t.Errorf("two constants have the code %q", code)
		}
		seen[code] = true
	}
}

func TestErrorText(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want string
		code Code
	}{
		{"a code", ErrNonceMismatch, "oidc: nonce_mismatch", ErrNonceMismatch},
		{"a claim", &ClaimError{Claim: "exp", Step: "OIDC Core 3.1.3.7 step 9", Err: ErrTokenExpired},
			"oidc: token_expired (claim exp, OIDC Core 3.1.3.7 step 9)", ErrTokenExpired},
		{"no answer", &TransportError{Endpoint: "jwks", Err: ErrNetwork}, "oidc: network (jwks request)", ErrNetwork},
		{"an answer", &TransportError{Endpoint: "token", Status: 500, Err: ErrHTTPStatus},
			"oidc: http_status (token request, status 500)", ErrHTTPStatus},
		{"a refusal", &ProviderError{Endpoint: "token", Status: 400, ErrorCode: "invalid_grant", Description: mark, URI: mark},
			"oidc: the token endpoint answered invalid_grant", ErrProvider},
		{"a refusal without code", &ProviderError{Endpoint: "token"}, "oidc: the token endpoint answered an error", ErrProvider},
		{"a refusal with a long code", &ProviderError{Endpoint: "token", ErrorCode: strings.Repeat("a", 65)},
			"oidc: the token endpoint answered an error", ErrProvider},
		{"a refusal with the longest code", &ProviderError{Endpoint: "token", ErrorCode: strings.Repeat("a", 64)},
			"oidc: the token endpoint answered " + strings.Repeat("a", 64), ErrProvider},
		{"a refusal without state", &ProviderError{Endpoint: "authorization", ErrorCode: "invalid_scope", NoState: true},
			"oidc: the authorization endpoint answered invalid_scope, without state", ErrProvider},
		{"a refusal in HTML", &ProviderError{Endpoint: "token", ErrorCode: "<b>" + mark}, "oidc: the token endpoint answered an error", ErrProvider},
		{"a refusal with a line break", &ProviderError{Endpoint: "token", ErrorCode: "a\n" + mark}, "oidc: the token endpoint answered an error", ErrProvider},
		{"a refusal in upper case", &ProviderError{Endpoint: "token", ErrorCode: "E"}, "oidc: the token endpoint answered an error", ErrProvider},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.err.Error(); got != tt.want {
				t.Errorf("Error = %q, want %q", got, tt.want)
			}
			wrapped := fmt.Errorf("sign-in: %w", tt.err)
			var code Code
			if !errors.As(wrapped, &code) || code != tt.code {
				t.Errorf("code = %q, want %q", code, tt.code)
			}
			checkNoSecret(t, tt.err)
			checkNoSecret(t, wrapped)
		})
	}
}
