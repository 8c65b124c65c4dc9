package oidctest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// in is a time as a NumericDate, counted from when the token is made.
func in(d time.Duration) func() any {
	return func() any { return time.Now().Add(d).Unix() }
}

// at sets a claim to a time.
func at(name string, d time.Duration) func(*OP) { return claim(name, in(d)) }

// derived sets a claim to what change makes of the provider.
func derived(name string, change func(op *OP) any) func(*OP) {
	return func(op *OP) { claim(name, change(op))(op) }
}

const day = 24 * time.Hour

// claimCases are about the claims of an ID Token (OIDC Core 3.1.3.7).
func claimCases() []Case {
	const (
		suite = "oidcc-client-test-"
		fapi  = "fapi2-security-profile-final-client-test-"
		core  = "OIDC Core 3.1.3.7 step "
		jwt   = "RFC 7519 4.1"
	)
	issuer := func(change func(string) any) func(*OP) {
		return derived("iss", func(op *OP) any { return change(op.Issuer) })
	}
	client := func(change func(string) any) func(*OP) {
		return derived("aud", func(op *OP) any { return change(op.ClientID) })
	}
	rows := []Case{
		{Name: suite + "invalid-iss", Spec: core + "2", Edit: claim("iss", "https://evil.example"), Want: oidc.ErrIssuerMismatch},
		{Name: fapi + "invalid-iss: a slash more", Spec: core + "2", Edit: issuer(func(s string) any { return s + "/" }), Want: oidc.ErrIssuerMismatch},
		{Name: "iss in upper case", Spec: core + "2", Edit: issuer(func(s string) any { return strings.ToUpper(s) }), Want: oidc.ErrIssuerMismatch},
		{Name: "iss a longer name", Spec: "CVE-2024-53861", Edit: issuer(func(s string) any { return s + ".evil.example" }), Want: oidc.ErrIssuerMismatch},
		{Name: "iss a part of the name", Spec: "CVE-2024-53861", Edit: issuer(func(s string) any { return s[:len(s)-1] }), Want: oidc.ErrIssuerMismatch},
		{Name: fapi + "invalid-missing-iss", Spec: core + "2", Edit: claim("iss", unset{}), Want: oidc.ErrClaimInvalid},
		{Name: "iss under a name in other case", Spec: jwt, Edit: func(op *OP) {
			claims(map[string]any{"iss": unset{}, "Iss": op.Issuer, "ISS": op.Issuer})(op)
		}, Want: oidc.ErrClaimInvalid},
		{Name: "iss empty", Spec: core + "2", Edit: claim("iss", ""), Want: oidc.ErrClaimInvalid},
		{Name: "iss null", Spec: core + "2", Edit: claim("iss", nil), Want: oidc.ErrClaimInvalid},
		{Name: "iss an array", Spec: "CVE-2025-30144", Edit: issuer(func(s string) any { return []string{s} }), Want: oidc.ErrClaimInvalid},
		{Name: suite + "missing-sub", Spec: "OIDC Core 2", Edit: claim("sub", unset{}), Want: oidc.ErrClaimInvalid},
		{Name: "sub empty", Spec: "CVE-2026-23990", Edit: claim("sub", ""), Want: oidc.ErrClaimInvalid},
		{Name: "sub null", Spec: "OIDC Core 2", Edit: claim("sub", nil), Want: oidc.ErrClaimInvalid},
		{Name: "sub a number", Spec: "OIDC Core 2", Edit: claim("sub", 7), Want: oidc.ErrClaimInvalid},
		{Name: "sub of 256 characters", Spec: "OIDC Core 2", Edit: claim("sub", strings.Repeat("s", 256)), Want: oidc.ErrClaimInvalid},
		{Name: "sub beyond ASCII", Spec: "OIDC Core 2", Edit: claim("sub", "sören"), Want: oidc.ErrClaimInvalid},
		{Name: suite + "invalid-aud", Spec: core + "3", Edit: claim("aud", "other"), Want: oidc.ErrAudienceMismatch},
		{Name: fapi + "invalid-aud: an array of somebody else", Spec: "CVE-2020-26160", Edit: claim("aud", []string{"other"}), Want: oidc.ErrAudienceMismatch},
		{Name: fapi + "invalid-secondary-aud", Spec: core + "3", Edit: client(func(id string) any { return []string{id, "other"} }), Want: oidc.ErrAudienceMismatch},
		{Name: "aud a longer name", Spec: "CVE-2024-53861", Edit: client(func(id string) any { return id + "x" }), Want: oidc.ErrAudienceMismatch},
		{Name: "aud in upper case", Spec: core + "3", Edit: client(func(id string) any { return strings.ToUpper(id) }), Want: oidc.ErrAudienceMismatch},
		{Name: "aud empty", Spec: core + "3", Edit: claim("aud", ""), Want: oidc.ErrAudienceMismatch},
		{Name: "aud an empty array", Spec: core + "3", Edit: claim("aud", []string{}), Want: oidc.ErrAudienceMismatch},
		{Name: suite + "missing-aud", Spec: core + "3", Edit: claim("aud", unset{}), Want: oidc.ErrClaimInvalid},
		{Name: "aud null", Spec: core + "3", Edit: claim("aud", nil), Want: oidc.ErrClaimInvalid},
		{Name: "aud a number", Spec: core + "3", Edit: claim("aud", 7), Want: oidc.ErrClaimInvalid},
		{Name: "aud with a number in it", Spec: core + "3", Edit: client(func(id string) any { return []any{id, 7} }), Want: oidc.ErrClaimInvalid},
		{Name: "aud nested", Spec: "CVE-2020-26160", Edit: client(func(id string) any { return [][]string{{id}} }), Want: oidc.ErrClaimInvalid},
		{Name: "azp of somebody else", Spec: core + "5", Edit: claim("azp", "other"), Want: oidc.ErrAZPMismatch},
		{Name: "azp of somebody else who is in aud", Spec: core + "5", Edit: func(op *OP) {
			claims(map[string]any{"aud": []string{op.ClientID, "other"}, "azp": "other"})(op)
		}, Want: oidc.ErrAudienceMismatch},
		{Name: "azp empty", Spec: core + "5", Edit: claim("azp", ""), Want: oidc.ErrAZPMismatch},
		{Name: "azp an array", Spec: core + "5", Edit: claim("azp", []string{"app"}), Want: oidc.ErrClaimInvalid},
		{Name: fapi + "invalid-expired-exp", Spec: core + "9", Edit: at("exp", -6*time.Minute), Want: oidc.ErrTokenExpired},
		{Name: "clock of the client a day ahead", Spec: core + "9", Edit: claims(map[string]any{"exp": in(5*time.Minute - day), "iat": in(-day), "auth_time": in(-day)}), Want: oidc.ErrClockSkew},
		{Name: "clock of the client a day behind", Spec: core + "10", Edit: claims(map[string]any{"exp": in(5*time.Minute + day), "iat": in(day), "auth_time": in(day)}), Want: oidc.ErrClockSkew},
		{Name: "exp negative", Spec: core + "9", Edit: claim("exp", -1), Want: oidc.ErrTokenExpired},
		{Name: fapi + "invalid-missing-exp", Spec: core + "9", Edit: claim("exp", unset{}), Want: oidc.ErrClaimInvalid},
		{Name: "exp null", Spec: core + "9", Edit: claim("exp", nil), Want: oidc.ErrClaimInvalid},
		{Name: "exp a string", Spec: "RFC 7519 2", Edit: claim("exp", "99999999999"), Want: oidc.ErrClaimInvalid},
		{Name: "exp beyond all years", Spec: "CVE-2016-9123", Edit: claim("exp", 1e300), Want: oidc.ErrClaimInvalid},
		{Name: suite + "missing-iat", Spec: core + "10", Edit: claim("iat", unset{}), Want: oidc.ErrClaimInvalid},
		{Name: "iat a string", Spec: "RFC 7519 2", Edit: claim("iat", "0"), Want: oidc.ErrClaimInvalid},
		{Name: "nbf tomorrow", Spec: "RFC 7519 4.1.5", Edit: at("nbf", day), Want: oidc.ErrTokenNotYetValid},
		{Name: "nbf a string", Spec: "RFC 7519 4.1.5", Edit: claim("nbf", "0"), Want: oidc.ErrClaimInvalid},
		{Name: suite + "nonce-invalid", Spec: core + "11", Edit: claim("nonce", "other"), Want: oidc.ErrNonceMismatch},
		{Name: fapi + "invalid-missing-nonce", Spec: core + "11", Edit: claim("nonce", unset{}), Want: oidc.ErrNonceMismatch},
		{Name: "nonce empty", Spec: "CVE-2024-10318", Edit: claim("nonce", ""), Want: oidc.ErrNonceMismatch},
		{Name: "nonce an array", Spec: core + "11", Edit: claim("nonce", []string{"x"}), Want: oidc.ErrClaimInvalid},
		{Name: suite + "invalid-athash", Spec: "OIDC Core 3.1.3.8", Edit: claim("at_hash", "other"), Want: oidc.ErrAtHashMismatch},
		{Name: "at_hash empty", Spec: "OIDC Core 3.1.3.8", Edit: claim("at_hash", ""), Want: oidc.ErrAtHashMismatch},
		{Name: "at_hash of another access token", Spec: "OIDC Core 3.1.3.8", Edit: response("access_token", "access-of-somebody-else"), Want: oidc.ErrAtHashMismatch},
		{Name: "at_hash a number", Spec: "OIDC Core 3.1.3.8", Edit: claim("at_hash", 7), Want: oidc.ErrClaimInvalid},
		{Name: "auth_time missing after max_age", Spec: core + "13", Edit: claim("auth_time", unset{}), Want: oidc.ErrClaimInvalid, MaxAge: 300},
		{Name: "auth_time older than max_age", Spec: core + "13", Edit: at("auth_time", -time.Hour), Want: oidc.ErrAuthTimeTooOld, MaxAge: 300},
		{Name: "auth_time tomorrow after max_age", Spec: core + "13", Edit: at("auth_time", day), Want: oidc.ErrIssuedInFuture, MaxAge: 300},
		{Name: "auth_time a string", Spec: "OIDC Core 2", Edit: claim("auth_time", "0"), Want: oidc.ErrClaimInvalid},
		{Name: "a logout token with a nonce", Spec: "RFC 8725 3.12",
			Edit: claim("events", map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}), Want: oidc.ErrTypeNotAllowed},
	}
	for i := range rows {
		rows[i].Level, rows[i].Flow, rows[i].Silent = Must, FlowRedirect, []string{Userinfo}
	}
	should(rows, "sub of 256 characters", "sub beyond ASCII", "azp of somebody else", "azp empty",
		"auth_time missing after max_age", "auth_time older than max_age", "auth_time tomorrow after max_age",
		"clock of the client a day behind", "a logout token with a nonce", suite+"invalid-athash", "at_hash empty",
		"at_hash of another access token")
	return rows
}

// should marks the rows that a specification recommends to refuse.
func should(rows []Case, names ...string) {
	for _, name := range names {
		found := false
		for i := range rows {
			if rows[i].Name == name {
				rows[i].Level, found = Should, true
			}
		}
		if !found {
			panic("oidctest: there is no row " + name)
		}
	}
}

// tokenHeader replaces the header of a token and leaves the signature.
func tokenHeader(token string, header map[string]any) string {
	_, rest, _ := strings.Cut(token, ".")
	return encode([]byte(asJSON(header))) + "." + rest
}

// flipSignature changes one bit.
func flipSignature(token string) string {
	input, last := cutSignature(token)
	signature, _ := base64.RawURLEncoding.DecodeString(last)
	signature[0] ^= 1
	return input + "." + encode(signature)
}

func cutSignature(token string) (input, signature string) {
	dot := strings.LastIndexByte(token, '.')
	return token[:dot], token[dot+1:]
}

// otherSubject changes the payload behind the signature.
func otherSubject(token string) string {
	parts := strings.Split(token, ".")
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	parts[1] = encode([]byte(strings.Replace(string(payload), "subject-1", "subject-2", 1)))
	return strings.Join(parts, ".")
}

// withHMAC signs with what everybody knows: the public key.
func withHMAC(op *OP) func(token string) string {
	return func(token string) string {
		token = tokenHeader(token, map[string]any{"alg": "HS256", "kid": "key-1"})
		input, _ := cutSignature(token)
		mac := hmac.New(sha256.New, []byte(op.PublicJWK()["n"].(string)))
		_, _ = mac.Write([]byte(input))
		return input + "." + encode(mac.Sum(nil))
	}
}

// A signatureFault is in the header, or in the token once it is signed.
type signatureFault struct {
	name, spec string
	header     map[string]any
	replace    func(op *OP) func(token string) string
	want       oidc.Code
}

// signatureFaults are those of any token that the provider signs.
func signatureFaults() []signatureFault {
	always := func(change func(string) string) func(*OP) func(string) string {
		return func(*OP) func(string) string { return change }
	}
	return []signatureFault{
		{"idtoken-sig-none", "OIDC Core 3.1.3.7 step 7", map[string]any{"alg": "none"}, always(func(token string) string {
			input, _ := cutSignature(token)
			return input + "."
		}), oidc.ErrTokenMalformed},
		{"alg none and a signature", "OIDC Core 3.1.3.7 step 7", map[string]any{"alg": "none"}, nil, oidc.ErrAlgNotAllowed},
		{"alg none in other case", "RFC 8725 3.1", map[string]any{"alg": "nOnE"}, nil, oidc.ErrAlgNotAllowed},
		{"alg missing", "RFC 7515 4.1.1", map[string]any{"alg": unset{}}, nil, oidc.ErrAlgNotAllowed},
		{"alg in other case", "RFC 7515 4.1.1", map[string]any{"alg": "rs256"}, nil, oidc.ErrAlgNotAllowed},
		{"alg that is not announced", "OIDC Core 3.1.3.7 step 7", map[string]any{"alg": "RS512"}, nil, oidc.ErrAlgNotAllowed},
		{"invalid-sig-hs256", "CVE-2015-9235", nil, withHMAC, oidc.ErrAlgNotAllowed},
		{"invalid-sig-rs256", "OIDC Core 3.1.3.7 step 6", nil, always(flipSignature), oidc.ErrSignatureInvalid},
		{"payload changed after signing", "OIDC Core 3.1.3.7 step 6", nil, always(otherSubject), oidc.ErrSignatureInvalid},
		{"signature of one byte", "RFC 7515 5.2", nil, always(func(token string) string {
			input, _ := cutSignature(token)
			return input + ".AA"
		}), oidc.ErrSignatureInvalid},
		{"kid that nobody has", "OIDC Core 10.1.1", map[string]any{"kid": "other"}, nil, oidc.ErrKeyNotFound},
		{"typ at+jwt", "RFC 9068 4", map[string]any{"typ": "at+jwt"}, nil, oidc.ErrTypeNotAllowed},
		{"typ logout+jwt", "RFC 8725 3.11", map[string]any{"typ": "logout+jwt"}, nil, oidc.ErrTypeNotAllowed},
		{"typ dpop+jwt", "RFC 8725 3.11", map[string]any{"typ": "dpop+jwt"}, nil, oidc.ErrTypeNotAllowed},
		{"crit with an unknown name", "CVE-2025-59420", map[string]any{"crit": []string{"x"}, "x": 1}, nil, oidc.ErrHeaderNotAllowed},
		{"crit empty", "RFC 7515 4.1.11", map[string]any{"crit": []string{}}, nil, oidc.ErrHeaderNotAllowed},
		{"b64 false", "RFC 7797 6", map[string]any{"b64": false, "crit": []string{"b64"}}, nil, oidc.ErrHeaderNotAllowed},
	}
}

// signatureCases are the same faults in the ID Token.
func signatureCases() []Case {
	rows := []Case{
		{Name: "fapi2-security-profile-final-client-test-invalid-alternate-alg", Spec: "OIDC Core 3.1.3.7 step 7", Edit: func(op *OP) {
			op.Signer = NewKey("PS256", "key-1")
		}, Want: oidc.ErrAlgNotAllowed},
		{Name: "oidcc-client-test-invalid-sig-es256", Spec: "OIDC Core 3.1.3.7 step 6", Edit: func(op *OP) {
			op.Keys = []*Key{NewKey("ES256", "key-1")}
			op.ReplaceIDToken = flipSignature
		}, Want: oidc.ErrSignatureInvalid},
		{Name: "a signature by a key for encryption", Spec: "RFC 7517 4.2", Edit: func(op *OP) {
			op.EditJWKS = func(jwks map[string]any) {
				encryption := NewKey("RS256", "stranger").JWK()
				encryption["use"] = "enc"
				jwks["keys"] = []any{op.PublicJWK(), encryption}
			}
			op.Signer = NewKey("RS256", "stranger")
		}, Want: oidc.ErrKeyNotFound},
		{Name: "a signature by nobody's key, without kid", Spec: "OIDC Core 3.1.3.7 step 6", Edit: func(op *OP) {
			op.Signer = NewKey("RS256", "stranger")
			header("kid", unset{})(op)
		}, Want: oidc.ErrSignatureInvalid},
	}
	for _, f := range signatureFaults() {
		name := f.name
		if strings.HasPrefix(name, "idtoken-") || strings.HasPrefix(name, "invalid-") {
			name = "oidcc-client-test-" + name
		}
		rows = append(rows, Case{Name: name, Spec: f.spec, Want: f.want, Edit: func(op *OP) {
			op.EditIDToken = func(header, _ map[string]any) {
				for name, value := range f.header {
					put(header, name, value)
				}
			}
			if f.replace != nil {
				op.ReplaceIDToken = f.replace(op)
			}
		}})
	}
	for i := range rows {
		rows[i].Level, rows[i].Flow, rows[i].Silent = Must, FlowRedirect, []string{Userinfo}
	}
	should(rows, "typ logout+jwt", "typ dpop+jwt")
	return rows
}
