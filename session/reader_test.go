package session

import (
	"fmt"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

func reading(t *testing.T) {
	t.Helper()
	if os.Getenv("READER") == "" {
		t.Skip("READER=1 prints how long a session outlives its access token")
	}
}

// TestReaderEnds asks who is signed in, for a day after the access token has ended.
func TestReaderEnds(t *testing.T) {
	reading(t)
	html := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	answers := map[string]http.HandlerFunc{
		"its own words": nil,
		"403 HTML":      html(403, "text/html", "<p>"),
		"404 HTML":      html(404, "text/html", "<p>"),
		"200 HTML":      html(200, "text/html", "<p>"),
		"200 {}":        html(200, "application/json", "{}"),
		"405 JSON":      html(405, "application/json", `{"message":"gone"}`),
		"503":           html(503, "text/html", "<p>"),
	}
	for _, p := range oidctest.Profiles() {
		switch p.Name {
		case "Google", "Spring Authorization Server", "Keycloak 26", "Amazon Cognito", "Entra, common":
		default:
			continue
		}
		for name, answer := range answers {
			synctest.Test(t, func(t *testing.T) {
				profile := p
				profile.SilentDenied = "" // a page of its own in the frame, as without third-party cookies
				w := newTrial(t, &profile, p.Secret, false)
				if _, err := w.signin(); err != nil {
					t.Fatal(err)
				}
				user, _ := w.client.session.current()
				w.op.RevokeRefreshTokens()
				w.op.Edit(func() {
					w.op.SignedIn = false
					if answer != nil {
						w.op.Answer(oidctest.Token, answer)
					}
				})
				expiry := time.Unix(user.ExpiresAt, 0)
				time.Sleep(time.Until(expiry) + time.Second)
				before := w.op.Count(oidctest.Token) + w.op.Count(oidctest.Authorize)
				var last error
				for time.Since(expiry) < 24*time.Hour {
					user, err := w.client.User(t.Context())
					if err == nil && user == nil {
						break
					}
					last = err
					time.Sleep(5 * time.Second)
				}
				fmt.Printf("%-28s %-14s nobody %8s after the end of the token; last error %v; %d requests\n", p.Name, name, time.Since(expiry).Round(time.Second), last,
					w.op.Count(oidctest.Token)+w.op.Count(oidctest.Authorize)-before)
			})
		}
	}
}
