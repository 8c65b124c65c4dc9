package op_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/demo/op"
	"github.com/oidcspa/oidcspa/demo/visitor"
)

const (
	clientID    = "app"
	app         = "http://app.localhost:8000"
	redirectURI = app + "/callback.html"
	goodbyeURI  = app + "/"
)

// A visit is a visitor and the provider that was started for it.
type visit struct {
	*visitor.Visitor
	op *op.Provider
}

// newVisit starts a provider. edit may be nil.
func newVisit(t *testing.T, edit func(*op.Config)) *visit {
	t.Helper()
	v := &visit{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.op.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	config := op.Config{
		Issuer: server.URL,
		Clients: []op.Client{{
			ID:                     clientID,
			RedirectURIs:           []string{redirectURI},
			PostLogoutRedirectURIs: []string{goodbyeURI},
			Origins:                []string{app},
		}},
	}
	if edit != nil {
		edit(&config)
	}
	provider, err := op.New(config)
	if err != nil {
		t.Fatal(err)
	}
	v.op, v.Visitor = provider, visitor.New(t, config.Issuer, clientID, redirectURI)
	return v
}

func TestNewRefuses(t *testing.T) {
	client := []op.Client{{ID: "app"}}
	tests := []struct {
		name   string
		config op.Config
		want   string
	}{
		{"no issuer", op.Config{Clients: client}, "issuer"},
		{"issuer with a slash", op.Config{Issuer: "http://localhost:1/", Clients: client}, "issuer"},
		{"no client", op.Config{Issuer: "http://localhost:1"}, "no client"},
		{"unknown algorithm", op.Config{Issuer: "http://localhost:1", Clients: client, SigningAlgorithm: "HS256"}, "HS256"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := op.New(tt.config); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New = %v, want an error about %s", err, tt.want)
			}
		})
	}
}
