package session

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/oidcspa/oidcspa/resource"
)

// presets are those of package resource, and none.
var presets = map[string]resource.Preset{
	"none":              {},
	"resource.Keycloak": resource.Keycloak, "resource.Entra": resource.Entra, "resource.AzureB2C": resource.AzureB2C,
	"resource.ADFS": resource.ADFS, "resource.Auth0": resource.Auth0, "resource.Okta": resource.Okta, "resource.Cognito": resource.Cognito,
	"resource.Zitadel": resource.Zitadel, "resource.Authentik": resource.Authentik, "resource.UAA": resource.UAA,
	"resource.PingAM": resource.PingAM, "resource.Spring": resource.Spring, "resource.Hydra": resource.Hydra,
}

// A jwt is a token as its provider wrote it.
type jwt struct{ header, claims map[string]any }

// read takes a token apart; nil for an opaque one.
func read(token string) *jwt {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	var t jwt
	for i, object := range []*map[string]any{&t.header, &t.claims} {
		data, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(data, object) != nil {
			return nil
		}
	}
	return &t
}

// sign returns a token of the provider that differs in these members of its header and
// claims; nil takes one out.
func (w *trial) sign(t *jwt, typ any, edit map[string]any) string {
	header, claims := map[string]any{"alg": w.op.Keys[0].Alg, "kid": w.op.PublicJWK()["kid"]}, maps.Clone(t.claims)
	if typ != nil {
		header["typ"] = typ
	}
	maps.Copy(claims, edit)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return w.op.Sign(header, claims)
}

// An other is what a provider issues that is no access token for the API.
type other struct {
	name      string
	token     string
	audiences []string // that the API has
}

// others are all of them, those with what the client has, and those that are made as this
// provider makes them.
func (w *trial) others() []other {
	user, _ := w.client.session.current()
	ours := []string{w.audience(), w.op.ClientID} // even where the audience is the client
	others := []other{{"ID Token", user.IDToken.Reveal(), ours}, {"refresh token", user.RefreshToken.Reveal(), ours}}
	if id := read(user.IDToken.Reveal()); id != nil {
		logout := map[string]any{
			"nonce": nil, "at_hash": nil, "c_hash": nil, "auth_time": nil, "jti": "1", "sid": "1",
			"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
		}
		for _, typ := range []any{"logout+jwt", "JWT", nil} {
			others = append(others, other{"logout token", w.sign(id, typ, logout), ours})
		}
	}
	accessToken := w.op.Issued().AccessToken
	others = append(others, other{"another audience", accessToken, []string{w.audience() + "/", "https://other.example.test"}})
	if access := read(accessToken); access != nil {
		const stranger = "00000000-2222-3333-4444-555555555555"
		issuer, _ := access.claims["iss"].(string)
		elsewhere := strings.TrimSuffix(issuer, "/") + "-other"
		edits := []map[string]any{{"iss": elsewhere}, {"iss": elsewhere, "tid": stranger}}
		if tenant, ok := access.claims["tid"].(string); ok {
			theirs := strings.ReplaceAll(issuer, tenant, stranger)
			edits = append(edits, map[string]any{"iss": theirs, "tid": stranger}, map[string]any{"iss": theirs})
		}
		for _, edit := range edits {
			others = append(others, other{"another tenant", w.sign(access, access.header["typ"], edit), ours})
		}
		// What is made here is verified as what the provider made.
		if theirs := w.ask(accessToken, w.tokens, ours...); theirs == nil {
			if mine := w.ask(w.sign(access, access.header["typ"], nil), w.tokens, ours...); mine != nil {
				w.t.Errorf("the access token, signed again: %v", mine)
			}
		}
	}
	return slices.DeleteFunc(others, func(o other) bool { return o.token == "" })
}

// checkOtherTokens wants an API to refuse what is no access token for it, whatever it takes
// for one. It prints by how many presets each is let through.
func (w *trial) checkOtherTokens() {
	row, passed, tried := "| "+w.profile.Name, map[string]int{}, map[string]int{}
	var names []string
	for _, o := range w.others() {
		if tried[o.name] == 0 {
			names = append(names, o.name)
		}
		for preset, form := range presets {
			tried[o.name]++
			if w.ask(o.token, form, o.audiences...) == nil {
				passed[o.name]++
				w.t.Errorf("with %s the API lets through: %s", preset, o.name)
			}
		}
	}
	for _, name := range names {
		row += fmt.Sprintf(" | %s: %d of %d", name, passed[name], tried[name])
	}
	w.t.Log(row)
}
