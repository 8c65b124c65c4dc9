package oidctest

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
)

const (
	tenant      = "9188040d-6c67-4c5b-b112-36a304b66dad"
	otherTenant = "72f988bf-86f1-41af-91ab-2d7cd011db47"
)

// audienceCases are about audiences beside the client: azp, or the app, has to
// say that they may be there.
func audienceCases() []Case {
	const core = "OIDC Core 3.1.3.7 step "
	among := func(others ...string) func(*OP) any {
		return func(op *OP) any { return append([]string{op.ClientID}, others...) }
	}
	own := func(op *OP) any { return op.ClientID }
	rows := []Case{
		{Name: "trusted audience: the client is missing", Spec: core + "3", Edit: claim("aud", []string{"api"})},
		{Name: "trusted audience: another one beside it", Spec: core + "3", Edit: derived("aud", among("api", "other"))},
		{Name: "trusted audience: a part of its name", Spec: "CVE-2024-53861", Edit: derived("aud", among("ap"))},
		{Name: "trusted audience: in upper case", Spec: core + "3", Edit: derived("aud", among("API"))},
		{Name: "trusted audience: it is azp", Spec: core + "5", Edit: func(op *OP) {
			claims(map[string]any{"aud": among("api")(op), "azp": "api"})(op)
		}, Want: oidc.ErrAZPMismatch},
		{Name: "azp of the client, and aud of others", Spec: core + "3", Edit: func(op *OP) {
			claims(map[string]any{"aud": "other", "azp": op.ClientID})(op)
		}},
		{Name: "azp null, and aud of others, too", Spec: core + "3", Edit: func(op *OP) {
			claims(map[string]any{"aud": among("other")(op), "azp": nil})(op)
		}},
		{Name: "signed response: azp of the client, and aud of others, too", Spec: "JARM 2.4", ResponseMode: "jwt",
			Edit: func(op *OP) {
				op.EditResponse = func(_, c map[string]any) { c["aud"], c["azp"] = among("other")(op), op.ClientID }
			}},
		{Name: "signed response: a trusted audience alone", Spec: "JARM 2.4", ResponseMode: "jwt", Edit: responseClaim("aud", "api")},
		{Name: "signed userinfo: azp of the client, and aud of others, too", Spec: "OIDC Core 5.3.2", Flow: FlowUserinfo,
			Edit: func(op *OP) {
				op.SignUserinfo = true
				op.EditUserinfoJWT = func(_, c map[string]any) { c["aud"], c["azp"] = among("other")(op), op.ClientID }
			}},
	}
	for i := range rows {
		rows[i].Level = Must
		switch {
		case rows[i].Flow == FlowUserinfo:
		case rows[i].ResponseMode != "":
			rows[i].Flow, rows[i].Silent = FlowRedirect, []string{Token, Userinfo}
		default:
			rows[i].Flow, rows[i].Silent = FlowRedirect, []string{Userinfo}
		}
		if rows[i].Want == "" {
			rows[i].Want = oidc.ErrAudienceMismatch
		}
	}
	rows = append(rows, legal(FlowRedirect, []Case{
		{Name: "aud of others, too, and azp of the client", Spec: core + "4", Edit: func(op *OP) {
			claims(map[string]any{"aud": []string{"sibling", op.ClientID, "283645231"}, "azp": op.ClientID})(op)
		}},
		{Name: "trusted audience", Spec: core + "3", Edit: derived("aud", among("api"))},
		{Name: "trusted audience, and azp of the client", Spec: core + "4", Edit: func(op *OP) {
			claims(map[string]any{"aud": among("api")(op), "azp": own(op)})(op)
		}},
		{Name: "signed response: a trusted audience, too", Spec: "JARM 2.4", ResponseMode: "jwt", Edit: derivedResponse("aud", among("api"))},
	}...)...)
	rows = append(rows, legal(FlowUserinfo, Case{Name: "signed userinfo: a trusted audience, too", Spec: "OIDC Core 5.3.2", Edit: func(op *OP) {
		op.SignUserinfo = true
		op.EditUserinfoJWT = func(_, c map[string]any) { c["aud"] = among("api")(op) }
	}})...)
	for i := range rows {
		if strings.Contains(rows[i].Name, "trusted audience") {
			rows[i].TrustedAudiences = []string{"api"}
		}
	}
	return rows
}

// tenantCases are about a provider with several tenants, whose issuer is a
// template: the ID Token says of which it is, and has to be of that.
func tenantCases() []Case {
	const core = "OIDC Core 3.1.3.7 step 2"
	iss := func(tenant string) func(op *OP) any { return func(op *OP) any { return op.issuerOf(tenant) } }
	rows := []Case{
		{Name: "tenant: no tid", Spec: core, Edit: claim("tid", unset{})},
		{Name: "tenant: tid null", Spec: core, Edit: claim("tid", nil)},
		{Name: "tenant: tid of another one", Spec: core, Edit: claim("tid", otherTenant)},
		{Name: "tenant: iss of another one", Spec: core, Edit: derived("iss", iss(otherTenant))},
		{Name: "tenant: one that the response does not name", Spec: "RFC 9207 2.4", Edit: func(op *OP) {
			claims(map[string]any{"iss": op.issuerOf(otherTenant), "tid": otherTenant})(op)
		}},
		{Name: "tenant: no GUID", Spec: core, Edit: func(op *OP) {
			claims(map[string]any{"iss": op.issuerOf("evil"), "tid": "evil"})(op)
			parameter("iss")(op)
			metadata("authorization_response_iss_parameter_supported", unset{})(op)
		}},
		{Name: "tenant: a path for a tenant", Spec: core, Edit: func(op *OP) {
			claims(map[string]any{"iss": op.issuerOf(tenant + "/x"), "tid": tenant + "/x"})(op)
		}},
		{Name: "tenant: iss is the template", Spec: core, Edit: derived("iss", iss("{tenantid}"))},
		{Name: "tenant: iss is the authority", Spec: core, Edit: derived("iss", func(op *OP) any { return op.Issuer })},
		{Name: "tenant: iss at another host", Spec: core, Edit: claim("iss", "https://evil.example/"+tenant)},
		{Name: "tenant: a slash more", Spec: core, Edit: derived("iss", iss(tenant+"/"))},
		{Name: "tenant: none that is allowed", Spec: core, Edit: func(op *OP) {
			parameter("iss")(op)
			metadata("authorization_response_iss_parameter_supported", unset{})(op)
		}, AllowedTenants: []string{otherTenant}},
		{Name: "tenant: an ID Token of another provider", Spec: core, Edit: claims(map[string]any{"iss": "https://evil.example", "tid": tenant})},
	}
	for i := range rows {
		rows[i].Silent = []string{Userinfo}
	}
	named := func(name, spec string, edit func(*OP), mode string, allowed ...string) {
		rows = append(rows, Case{Name: "tenant: " + name, Spec: spec, Edit: edit, ResponseMode: mode, AllowedTenants: allowed, Silent: []string{Token, Userinfo}})
	}
	named("a response of none that is allowed", "RFC 9207 2.4", func(*OP) {}, "", otherTenant)
	named("a response of the template", "RFC 9207 2.4", func(op *OP) { parameter("iss", op.issuerOf("{tenantid}"))(op) }, "")
	named("a response of the authority", "RFC 9207 2.4", func(op *OP) { parameter("iss", op.Issuer)(op) }, "")
	named("a response of somebody else", "RFC 9207 2.4", parameter("iss", "https://evil.example/"+tenant), "")
	named("a signed response of none that is allowed", "JARM 2.4", func(*OP) {}, "jwt", otherTenant)
	named("a signed response of somebody else", "JARM 2.4", responseClaim("iss", "https://evil.example/"+tenant), "jwt")
	for i := range rows {
		rows[i].Flow = FlowRedirect
	}
	signed := func(iss func(op *OP) any) func(*OP) {
		return func(op *OP) {
			op.SignUserinfo = true
			op.EditUserinfoJWT = func(_, c map[string]any) { c["iss"] = iss(op) }
		}
	}
	rows = append(rows,
		Case{Name: "tenant: userinfo of another one", Spec: "OIDC Core 5.3.2", Flow: FlowUserinfo, Edit: signed(iss(otherTenant))},
		Case{Name: "tenant: userinfo of the template", Spec: "OIDC Core 5.3.2", Flow: FlowUserinfo, Edit: signed(iss("{tenantid}"))},
		Case{Name: "refresh: another tenant", Spec: "OIDC Core 12.2", Flow: FlowRefresh, Edit: func(op *OP) { op.Tenant = otherTenant }, Silent: []string{Userinfo, Authorize}},
		Case{Name: "frame: another tenant", Spec: "OIDC Core 12.2", Flow: FlowFrame, Edit: func(op *OP) { op.Tenant = otherTenant }, Want: oidc.ErrSubjectChanged},
	)
	for i := range rows {
		rows[i].Level = Must
		if rows[i].Want == "" {
			rows[i].Want = oidc.ErrIssuerMismatch
		}
	}
	rows = append(rows, legal(FlowRedirect,
		Case{Name: "tenant", Spec: core, Edit: func(*OP) {}},
		Case{Name: "tenant: one that is allowed", Spec: core, Edit: func(*OP) {}, AllowedTenants: []string{otherTenant, tenant}},
		Case{Name: "tenant: a signed response", Spec: "JARM 2.4", Edit: func(*OP) {}, ResponseMode: "jwt"},
		Case{Name: "tenant: a response that names none", Spec: "RFC 9207 2.4", Edit: func(op *OP) {
			parameter("iss")(op)
			metadata("authorization_response_iss_parameter_supported", unset{})(op)
		}},
	)...)
	rows = append(rows, legal(FlowUserinfo, Case{Name: "tenant: signed userinfo", Spec: "OIDC Core 5.3.2", Edit: func(op *OP) { op.SignUserinfo = true }})...)
	rows = append(rows, legal(FlowRefresh, Case{Name: "refresh: the same tenant", Spec: "OIDC Core 12.2", Edit: func(*OP) {}, Silent: []string{Authorize}})...)
	rows = append(rows, legal(FlowFrame, Case{Name: "frame: the same tenant", Spec: "OIDC Core 12.2", Edit: func(*OP) {}})...)
	for i := range rows {
		rows[i].Tenant = tenant
	}
	return rows
}

// ownKeyCases are about keys that a token brings, or points to: nobody uses them,
// whether the signature is theirs or the provider's (RFC 8725 3.10).
func ownKeyCases() []Case {
	const spec = "RFC 8725 3.10"
	stranger := NewKey("RS256", "stranger")
	members := []struct {
		name  string
		value any
	}{
		{"jwk", stranger.JWK()},
		{"jku", "https://evil.example/jwks"},
		{"x5u", "https://evil.example/cert"},
		{"x5c", []string{stranger.Certificate()}},
	}
	foreign := func(op *OP) { op.Signer = &Key{ID: op.Keys[0].ID, Alg: "RS256", private: stranger.private} }
	var rows []Case
	for _, m := range members {
		refused := func(name string, c Case) {
			c.Name, c.Spec, c.Level, c.Want = name+m.name+" in the header, and the signature of its key", spec, Must, oidc.ErrSignatureInvalid
			rows = append(rows, c)
		}
		refused("", Case{Flow: FlowRedirect, Edit: together(header(m.name, m.value), foreign), Silent: []string{Userinfo}})
		refused("signed response: ", Case{Flow: FlowRedirect, ResponseMode: "jwt", Silent: []string{Token, Userinfo}, Edit: together(responseHeader(m.name, m.value), foreign)})
		refused("signed userinfo: ", Case{Flow: FlowUserinfo, Edit: func(op *OP) {
			op.SignUserinfo = true
			op.EditUserinfoJWT = func(header, _ map[string]any) {
				header[m.name] = m.value
				foreign(op)
			}
		}})
		rows = append(rows, legal(FlowRedirect,
			Case{Name: m.name + " in the header", Spec: spec, Edit: header(m.name, m.value)},
			Case{Name: "signed response: " + m.name + " in the header", Spec: spec, ResponseMode: "jwt", Edit: responseHeader(m.name, m.value)},
		)...)
	}
	return append(rows, legal(FlowRedirect,
		Case{Name: "x5c that nobody can read in the header", Spec: spec, Edit: header("x5c", []string{"AAAA"})},
		Case{Name: "jwk that nobody can read in the header", Spec: spec, Edit: header("jwk", 7)},
	)...)
}

// uncommonCases are what some providers do beside the specifications, and harms
// nobody.
func uncommonCases() []Case {
	rows := legal(FlowRedirect, []Case{
		{Name: "optional claims null", Spec: "OIDC Core 2", Edit: claims(map[string]any{
			"azp": nil, "nbf": nil, "auth_time": nil, "at_hash": nil, "acr": nil, "sid": nil, "events": nil,
		})},
		{Name: "acr a number", Spec: "OIDC Core 2", Edit: claim("acr", 0)},
		{Name: "scope an array", Spec: "RFC 6749 5.1", Edit: response("scope", []string{"openid", "email"})},
		{Name: "expires_in negative", Spec: "RFC 6749 5.1", Edit: response("expires_in", -1)},
		{Name: "metadata as text", Spec: "OIDC Discovery 4.2", Edit: typed(Discovery, "text/plain")},
		{Name: "metadata behind a byte order mark", Spec: "RFC 8259 8.1", Edit: body(Discovery, func(body string) string { return "\ufeff" + body })},
		{Name: "metadata behind a redirect to an address with a slash more", Spec: "OIDC Discovery 4", Edit: func(op *OP) {
			op.Respond = func(endpoint string, w http.ResponseWriter, r *http.Request) bool {
				if endpoint != Discovery || strings.HasSuffix(r.URL.Path, "/") {
					return false
				}
				http.Redirect(w, r, op.Base()+"/.well-known/openid-configuration/", http.StatusMovedPermanently)
				return true
			}
		}},
		{Name: "keys as bytes", Spec: "RFC 7517 8.5.2", Edit: typed(JWKS, "application/octet-stream")},
		{Name: "token answer as text/json", Spec: "RFC 6749 5.1", Edit: typed(Token, "text/json")},
		{Name: "metadata with an end_session_endpoint over http", Spec: "RFC 6749 3.1", Edit: metadata("end_session_endpoint", "http://op.example/x")},
		{Name: "metadata with a relative revocation_endpoint", Spec: "RFC 8414 2", Edit: metadata("revocation_endpoint", "/revoke")},
		{Name: "another key under the same kid since", Spec: "OIDC Core 10.1.1", Edit: func(op *OP) {
			asked := 0
			op.EditJWKS = func(jwks map[string]any) {
				if asked++; asked == 1 {
					jwks["keys"] = []any{NewKey("RS256", "of-yesterday").named(op.Keys[0].ID)}
				}
			}
		}},
	}...)
	rows = append(rows, Case{Name: "metadata with a userinfo_endpoint over http", Spec: "RFC 6749 3.2", Level: Must, Flow: FlowRedirect,
		Edit: metadata("userinfo_endpoint", "http://op.example/x"), Want: oidc.ErrUnsupported, Silent: []string{Userinfo}})
	rows = append(rows,
		Case{Name: "DPoP that is not announced", Spec: "RFC 9449 5.1", DPoP: true, Edit: metadata("dpop_signing_alg_values_supported", unset{})},
		Case{Name: "signed response that is not announced", Spec: "JARM 4", ResponseMode: "jwt", Edit: metadata("authorization_signing_alg_values_supported", unset{})},
		Case{Name: "signed response that the modes leave out", Spec: "JARM 4", ResponseMode: "jwt", Edit: metadata("response_modes_supported", []string{"query", "fragment"})},
	)
	for i := range rows[len(rows)-3:] {
		row := &rows[len(rows)-3+i]
		row.Level, row.Flow, row.Want, row.Silent = Should, FlowRedirect, oidc.ErrUnsupported, []string{Authorize, Token, JWKS, Userinfo}
	}
	twice := func(again string) func(op *OP) {
		return func(op *OP) {
			op.ReplaceResponse = func(token string) string {
				parts := strings.Split(token, ".")
				payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
				text := again
				if text == "" {
					text = `"iss":` + asJSON(op.Issuer)
				}
				return op.signPayload(map[string]any{"alg": "RS256", "kid": op.Keys[0].ID}, []byte("{"+text+","+string(payload[1:])))
			}
		}
	}
	rows = append(rows, Case{Name: "signed response: iss twice, with two values", Spec: "RFC 7519 4", Level: Must, Flow: FlowRedirect, ResponseMode: "jwt",
		Edit: twice(`"iss":"https://evil.example"`), Want: oidc.ErrCallbackMissing, Silent: []string{Token, Userinfo}})
	rows = append(rows, legal(FlowRedirect, Case{Name: "signed response: iss twice, with one value", Spec: "RFC 7519 4", ResponseMode: "jwt", Edit: twice("")})...)
	rows = append(rows, legal(FlowRedirect, Case{Name: "signed response that the modes announce alone", Spec: "JARM 4", ResponseMode: "jwt", Edit: func(op *OP) {
		op.EditMetadata = func(m map[string]any) {
			m["response_modes_supported"] = []string{"query", "jwt"}
			delete(m, "authorization_signing_alg_values_supported")
		}
	}})...)
	return append(rows, legal(FlowRefresh,
		Case{Name: "refresh: optional claims null", Spec: "OIDC Core 12.2", Edit: claims(map[string]any{"nonce": nil, "at_hash": nil, "auth_time": nil, "azp": nil}), Silent: []string{Authorize}},
	)...)
}

// named returns the public key under another name.
func (k *Key) named(id string) map[string]any {
	jwk := k.JWK()
	jwk["kid"] = id
	return jwk
}
