package session

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// document is metadata as an app gives it, with one thing changed.
func document(op *oidctest.OP, name string, value any) string {
	metadata := map[string]any{
		"issuer":                 op.Issuer,
		"authorization_endpoint": op.Base() + "/authorize",
		"token_endpoint":         op.Base() + "/token",
		"jwks_uri":               op.Base() + "/jwks",
		"authorization_response_iss_parameter_supported": true,
	}
	metadata[name] = value
	if value == nil {
		delete(metadata, name)
	}
	return toJSON(metadata)
}

func toJSON(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err) // a test is wrong
	}
	return string(data)
}

// With metadata and keys of the app's, nothing but tokens is fetched.
func TestMetadataOfTheApp(t *testing.T) {
	w := newWorld(t)
	w.settings.Provider = ProviderSettings{
		Metadata:    document(w.op, "x", 1),
		SigningKeys: toJSON(map[string]any{"keys": []any{w.op.PublicJWK()}}),
	}
	client, tab := w.open(false)
	w.signIn(client, tab)
	for _, endpoint := range []string{oidctest.Discovery, oidctest.JWKS} {
		if n := w.op.Count(endpoint); n != 0 {
			t.Errorf("%d %s requests", n, endpoint)
		}
	}
	w.op.Edit(w.op.Rotate)
	_, err := client.SigninSilent(t.Context(), SigninArgs{})
	mustFail(t, "a key that the app does not know", err, oidc.ErrKeyNotFound)
}

// What the app says passes the checks of what a provider says.
func TestMetadataOfTheAppRefusals(t *testing.T) {
	op := oidctest.New(t)
	tests := []struct {
		name     string
		provider ProviderSettings
		want     oidc.Code
	}{
		{"valid", ProviderSettings{Metadata: document(op, "x", 1)}, ""},
		{"another issuer", ProviderSettings{Metadata: document(op, "issuer", op.Issuer+"/")}, oidc.ErrIssuerMismatch},
		{"no issuer", ProviderSettings{Metadata: document(op, "issuer", nil)}, oidc.ErrIssuerMismatch},
		{"token_endpoint over http", ProviderSettings{Metadata: document(op, "token_endpoint", "http://op.example/token")}, oidc.ErrInsecureURL},
		{"no token_endpoint", ProviderSettings{Metadata: document(op, "token_endpoint", nil)}, oidc.ErrMetadataInvalid},
		{"no jwks_uri", ProviderSettings{Metadata: document(op, "jwks_uri", nil)}, oidc.ErrMetadataInvalid},
		{"without the code flow", ProviderSettings{Metadata: document(op, "response_types_supported", []string{"token"})}, oidc.ErrUnsupported},
		{"HMAC alone", ProviderSettings{Metadata: document(op, "id_token_signing_alg_values_supported", []string{"HS256"})}, oidc.ErrUnsupported},
		{"an array", ProviderSettings{Metadata: "[]"}, oidc.ErrMetadataInvalid},
		{"a member twice", ProviderSettings{Metadata: `{"issuer":"a","issuer":"b"}`}, oidc.ErrMetadataInvalid},
		{"seed of the wrong type", ProviderSettings{MetadataSeed: `{"token_endpoint":7}`}, oidc.ErrInvalidConfig},
		{"seed an array", ProviderSettings{MetadataSeed: `[]`}, oidc.ErrInvalidConfig},
		{"URL over http", ProviderSettings{MetadataURL: "http://op.example/metadata"}, oidc.ErrInsecureURL},
		{"URL relative", ProviderSettings{MetadataURL: "/metadata"}, oidc.ErrInvalidArgument},
		{"keys without a good one", ProviderSettings{SigningKeys: `{"keys":[{"kty":"oct","k":"AA"}]}`}, oidc.ErrKeysInvalid},
		{"keys that are none", ProviderSettings{SigningKeys: `{"keys":7}`}, oidc.ErrKeysInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.settings.Provider = tt.provider
			_, err := w.registry.Open(w.settings, newTab(w.op).page(), Hint{})
			if !errors.Is(err, tt.want) && (err != nil || tt.want != "") {
				t.Errorf("Open = %v, want %s", err, string(tt.want))
			}
		})
	}
}

// A seed takes the place of what the provider publishes, and passes the checks
// with it.
func TestMetadataSeed(t *testing.T) {
	w := newWorld(t)
	w.op.EditMetadata = func(metadata map[string]any) {
		metadata["token_endpoint"] = "https://op.example.test/elsewhere"
		delete(metadata, "subject_types_supported")
	}
	w.settings.Provider.MetadataSeed = `{"token_endpoint":"https://op.example.test/token","subject_types_supported":["public"]}`
	client, tab := w.open(false)
	w.signIn(client, tab)
	if n := w.op.Count(oidctest.Discovery); n != 1 {
		t.Errorf("%d discovery requests, want 1", n)
	}
	w = newWorld(t)
	w.settings.Provider.MetadataSeed = `{"issuer":"https://evil.example"}`
	client, _ = w.open(false)
	mustFail(t, "an issuer of the app's", client.SigninRedirect(t.Context(), SigninArgs{}), oidc.ErrIssuerMismatch)
}

func TestMetadataURL(t *testing.T) {
	w := newWorld(t)
	asked := ""
	w.op.Respond = func(endpoint string, _ http.ResponseWriter, r *http.Request) bool {
		if endpoint == oidctest.Discovery {
			asked = r.URL.RawQuery
		}
		return false
	}
	w.settings.Provider.MetadataURL = oidc.ConfigurationURL(w.op.Issuer) + "?appid=1"
	client, _ := w.open(false)
	if err := client.SigninRedirect(t.Context(), SigninArgs{}); err != nil || asked != "appid=1" {
		t.Errorf("the metadata was asked for with %q: %v", asked, err)
	}
}

// Two clients of one issuer with different metadata have nothing in common.
func TestMetadataIsNotMixed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.settings.ManualRenew = true
		client, tab := w.open(false)
		user := w.signIn(client, tab)
		synctest.Wait() // before there is somebody who could hear of it
		w.settings.Provider.Metadata = document(w.op, "authorization_endpoint", w.op.Base()+"/other")
		other, otherTab := w.open(false)
		if user, err := other.User(t.Context()); user != nil || err != nil {
			t.Errorf("the other client has the user of the first, or %v", err)
		}
		if err := other.SigninRedirect(t.Context(), SigninArgs{}); err != nil {
			t.Fatal(err)
		}
		if got := pathOf(otherTab.address); got != "/other" {
			t.Errorf("the second client goes to %s", got)
		}
		if err := client.SigninRedirect(t.Context(), SigninArgs{}); err != nil {
			t.Fatal(err)
		}
		if got := pathOf(tab.address); got != "/authorize" {
			t.Errorf("the first client goes to %s", got)
		}
		if now, err := client.User(t.Context()); now != user || err != nil {
			t.Errorf("the first client has lost its user, or %v", err)
		}
	})
}

// Metadata of the app's is neither kept in the page nor taken from there.
func TestMetadataOfTheAppDuringRedirect(t *testing.T) {
	w := newWorld(t)
	w.onePage = true
	w.restart()
	client, tab := w.open(false)
	address := w.redirect(client, tab) // the record holds the metadata that was fetched
	w.restart()
	w.settings.Provider.Metadata = document(w.op, "token_endpoint", "https://op.example.test/of-the-app")
	w.settings.Provider.SigningKeys = toJSON(map[string]any{"keys": []any{w.op.PublicJWK()}})
	client = w.openIn(tab, false)
	if client.keepsMetadata() {
		t.Error("metadata of the app's would be kept")
	}
	var asked string
	w.transport.Fail = func(req *oidc.Request) error {
		asked = req.URL
		return oidc.ErrNetwork
	}
	_, err := client.SigninCallback(t.Context(), address)
	mustFail(t, "SigninCallback", err, oidc.ErrNetwork)
	if pathOf(asked) != "/of-the-app" {
		t.Errorf("the code was sent to %s", asked)
	}
}
