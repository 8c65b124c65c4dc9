//go:build !js

package api

import (
	"context"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
)

// Where the response to a sign-in may arrive.
func TestOrigins(t *testing.T) {
	const app, other = "https://app.example.test/callback.html", "https://www.example.test/callback.html"
	tests := []struct {
		name, page, redirectURI string
		ways                    []bool
		redirect, popup         oidc.Code
	}{
		{"the page's", "https://app.example.test", app, []bool{true, true}, "", ""},
		{"written otherwise", "https://app.example.test", "https://APP.example.test:443/callback.html", []bool{true, true}, "", ""},
		{"another", "https://app.example.test", other, []bool{true, true}, oidc.ErrInvalidConfig, oidc.ErrInvalidConfig},
		{"another port", "https://app.example.test", "https://app.example.test:8443/", []bool{true, true}, oidc.ErrInvalidConfig, oidc.ErrInvalidConfig},
		{"http on the same host", "https://localhost", "http://localhost/", []bool{true, true}, oidc.ErrInvalidConfig, oidc.ErrInvalidConfig},
		{"a navigator for redirects", "https://app.example.test", other, []bool{false, true}, "", oidc.ErrInvalidConfig},
		{"a navigator for windows", "https://app.example.test", other, []bool{true, false}, oidc.ErrInvalidConfig, ""},
		{"the scheme of an installed app", "https://localhost", "com.example.app:/callback", []bool{true, true}, "", ""},
		{"a page of an installed app", "capacitor://localhost", other, []bool{true, true}, "", ""},
		{"a page without an origin", "null", other, []bool{true, true}, "", ""},
		{"not known", "", other, []bool{true, true}, "", ""},
		{"a host that browsers write otherwise", "https://xn--bcher-kva.example", "https://bücher.example/", []bool{true, true}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for method, want := range map[string]oidc.Code{redirect: tt.redirect, popup: tt.popup} {
				w := newWorld(t)
				w.settings = w.with("redirect_uri", tt.redirectURI)
				tab := w.connect()
				tab.connection.Origin = tt.page
				tab.offer("ways", func(context.Context, []byte) (any, error) { return tt.ways, nil })
				tab.must("open", object{"version": Version, "settings": w.settings}, nil)
				if want != "" {
					tab.mustFail(method, nil, want)
				} else if _ = tab.call(method, nil, nil); tab.visited() == "" {
					t.Errorf("%s led nowhere", method)
				}
			}
		})
	}
	w := newWorld(t)
	w.settings = w.with("redirect_uri", other)
	w.open().must(redirect, object{"redirect_uri": app}, nil) // the argument counts
	w.open().must(silent, object{"redirect_uri": app}, nil)
}
