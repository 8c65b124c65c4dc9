package oidctest_test

import (
	"errors"
	"net/url"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A provider without a network: give a client its Transport, and do with
// Visit what the browser does.
func TestExample(t *testing.T) {
	op := oidctest.New(t)
	metadata, err := oidc.FetchMetadata(t.Context(), op.Transport(), op.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	if metadata.TokenEndpoint != op.Base()+"/token" {
		t.Errorf("token endpoint %s", metadata.TokenEndpoint)
	}
	if n := op.Count(oidctest.Discovery); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// One edit makes it hostile.
func TestExampleHostile(t *testing.T) {
	op := oidctest.New(t)
	op.EditMetadata = func(metadata map[string]any) { metadata["issuer"] = "https://evil.example" }
	_, err := oidc.FetchMetadata(t.Context(), op.Transport(), op.Issuer)
	if !errors.Is(err, oidc.ErrIssuerMismatch) {
		t.Errorf("FetchMetadata = %v, want issuer_mismatch", err)
	}
}

// The rows of the table are edits with a name: take one, or all.
func TestExampleCases(t *testing.T) {
	names := map[string]bool{}
	levels := map[oidctest.Level]int{}
	for _, c := range oidctest.Cases() {
		if names[c.Name] || c.Name == "" || c.Spec == "" || c.Edit == nil {
			t.Errorf("the row %q is incomplete, or comes twice", c.Name)
		}
		if (c.Level == oidctest.Legal) != (c.Want == "") {
			t.Errorf("%s: what is legal is accepted, and nothing else", c.Name)
		}
		names[c.Name] = true
		levels[c.Level]++
	}
	if levels[oidctest.Must] < 150 || levels[oidctest.Should] < 10 || levels[oidctest.Legal] < 90 {
		t.Errorf("rows are missing: %v", levels)
	}
	t.Log(levels)
}

// address is an authorization request at the provider.
func address(op *oidctest.OP, edit func(url.Values)) string {
	const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	q := url.Values{
		"client_id": {op.ClientID}, "redirect_uri": {"https://app.example.test/"}, "response_type": {"code"},
		"scope": {"openid"}, "state": {challenge}, "nonce": {challenge},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}
	edit(q)
	return op.Base() + "/authorize?" + q.Encode()
}
