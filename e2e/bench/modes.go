//go:build !js

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The modes that a tab can be opened in.
const (
	// modeClick has nobody signed in before the click, although the provider has
	// a session.
	modeClick = "click"
	// modeRefresh has a refresh token.
	modeRefresh = "refresh"
	// modeAPI calls an API.
	modeAPI = "api"
	// modeShort has tokens that live for a minute, modeShortRefresh a refresh
	// token beside them.
	modeShort        = "short"
	modeShortRefresh = "short-refresh"
)

// shortLife is that of tokens in the short modes, and lead is how long before
// their end they are renewed: what this client does by itself. The default of
// oidc-client-ts is a minute, with which it would renew without a pause.
const (
	shortLife = 60 * time.Second
	lead      = 20
)

// modes returns the settings of a client in each mode.
func (s *site) modes(c *client) map[string]map[string]any {
	const offline = "openid profile offline_access"
	modes := map[string]map[string]any{
		modeRefresh:      {"scope": offline},
		modeShort:        {"authority": s.short},
		modeShortRefresh: {"authority": s.short, "scope": offline},
	}
	switch c.script {
	case "oidcspa.js":
		modes[modeAPI] = map[string]any{"fetch": map[string]any{"allow": []string{c.origin + "/api"}}}
	case "oidc-client-ts.js":
		modes[modeShort]["accessTokenExpiringNotificationTimeInSeconds"] = lead
		modes[modeShortRefresh]["accessTokenExpiringNotificationTimeInSeconds"] = lead
	case "oidc-spa.js": // its own choice would be a frame, which finds the provider's session
		modes[modeClick] = map[string]any{"sessionRestorationMethod": "full page redirect"}
	}
	return modes
}

// more serves what is the same for every client: a page for hidden frames, one
// without any client, an API.
func more(mux *http.ServeMux, folder string) error {
	for _, name := range []string{"silent.html", "blank.html"} {
		page, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		page = []byte(strings.ReplaceAll(string(page), "{{SCRIPT}}", bundleFolder+"page.js"))
		mux.HandleFunc("/"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Cache-Control", "no-cache")
			send(w, name, page)
		})
	}
	mux.HandleFunc("GET /api/thing", func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
			http.Error(w, "no token", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		fmt.Fprintf(w, `{"name":"A thing","what":%q}`, strings.Repeat("it is what it is. ", 10))
	})
	return nil
}
