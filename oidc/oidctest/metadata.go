package oidctest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// issuer returns what tokens and responses name.
func (op *OP) issuer() string {
	if op.Tenant == "" {
		return op.Issuer
	}
	return op.issuerOf(op.Tenant)
}

// issuerOf returns the issuer of a tenant.
func (op *OP) issuerOf(tenant string) string { return strings.TrimSuffix(op.Issuer, "common") + tenant }

// Base returns the issuer without a slash at the end: where the endpoints are.
func (op *OP) Base() string { return strings.TrimSuffix(op.Issuer, "/") }

func (op *OP) metadata(w http.ResponseWriter, _ *http.Request) {
	base := op.Base()
	algorithms := []string{"RS256"} // every provider has it (OIDC Discovery 3)
	for _, key := range op.Keys {
		if !slices.Contains(algorithms, key.Alg) {
			algorithms = append(algorithms, key.Alg)
		}
	}
	metadata := map[string]any{
		"issuer":                                         op.Issuer,
		"authorization_endpoint":                         base + "/authorize",
		"token_endpoint":                                 base + "/token",
		"userinfo_endpoint":                              base + "/userinfo",
		"jwks_uri":                                       base + op.JWKSPath,
		"end_session_endpoint":                           base + "/logout",
		"revocation_endpoint":                            base + "/revoke",
		"pushed_authorization_request_endpoint":          base + "/par",
		"require_pushed_authorization_requests":          op.RequirePAR,
		"response_types_supported":                       []string{"code"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          algorithms,
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
		"authorization_signing_alg_values_supported":     algorithms,
		"dpop_signing_alg_values_supported":              proofAlgorithms,
	}
	if op.Tenant != "" {
		metadata["issuer"] = op.issuerOf("{tenantid}")
	}
	if op.CheckSession {
		metadata["check_session_iframe"] = base + "/check-session"
	}
	if op.profile != nil {
		metadata = op.metadataOf()
	}
	op.answer(w, Discovery, http.StatusOK, metadata, op.EditMetadata)
}

func (op *OP) jwks(w http.ResponseWriter, _ *http.Request) {
	keys := make([]any, len(op.Keys))
	for i, key := range op.Keys {
		keys[i] = key.JWK()
	}
	set := map[string]any{"keys": keys}
	if op.profile != nil {
		set = op.keysOf()
	}
	op.answer(w, JWKS, http.StatusOK, set, op.EditJWKS)
}

// PublicJWK returns the first key as it is published.
func (op *OP) PublicJWK() map[string]any { return op.Keys[0].JWK() }

// answer sends JSON after the edits.
func (op *OP) answer(w http.ResponseWriter, endpoint string, status int, object map[string]any, edit func(map[string]any)) {
	if edit != nil {
		edit(object)
	}
	data, err := json.Marshal(object)
	if err != nil {
		op.tb.Errorf("oidctest: %v", err)
	}
	body := string(data)
	if op.EditBody != nil {
		body = op.EditBody(endpoint, body)
	}
	contentType := op.ContentTypes[endpoint]
	if contentType == "" {
		contentType = "application/json"
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// refuse answers as RFC 6749 5.2 says.
func (op *OP) refuse(w http.ResponseWriter, endpoint, code string) {
	op.answer(w, endpoint, http.StatusBadRequest, map[string]any{"error": code}, nil)
}
