package resource_test

import (
	"testing"

	"github.com/oidcspa/oidcspa/resource"
)

// Which access tokens a logout ends.
func TestEndedTokens(t *testing.T) {
	p := newProvider(t)
	const ended = `Bearer error="invalid_token", error_description="session_ended"`
	sid := func(edit claims) claims {
		if _, ok := edit["sid"]; !ok {
			edit["sid"] = mark + "-sid-1"
		}
		return edit
	}
	later, other := noon.Unix()+1, mark+"-other"
	tests := []struct {
		name          string
		logout, token claims
		ended         bool
	}{
		{"of the session", nil, sid(claims{}), true},
		{"another session", nil, sid(claims{"sid": other}), false},
		{"another session of another subject", nil, sid(claims{"sid": other, "sub": other}), false},
		{"of the session, by sid alone", claims{"sub": nil}, sid(claims{}), true},
		{"issued later", nil, sid(claims{"iat": later}), false},
		{"all sessions", claims{"sid": nil}, sid(claims{}), true},
		{"all sessions, of another one", claims{"sid": nil}, sid(claims{"sid": other}), true},
		{"all sessions of another subject", claims{"sid": nil}, sid(claims{"sub": other}), false},
		{"all sessions, issued later", claims{"sid": nil}, sid(claims{"iat": later}), false},
		{"a token without sid", nil, claims{}, true},
		{"a token without sid, of another subject", nil, claims{"sub": other}, false},
		{"a token without sid, and sid alone", claims{"sub": nil}, claims{}, false},
		{"a token without sid, issued later", nil, claims{"iat": later}, false},
		{"a sid that is no text", nil, claims{"sid": 7}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, h := newBackChannel(t, p, newMemory(), nil)
			api, token := m.Handler(reached), "Bearer "+p.token(tt.token)
			check(t, get(api, "Authorization", token), 204, "")
			checkLogout(t, logOut(h, logoutForm(p.logoutToken(tt.logout))), 200, "")
			if tt.ended {
				check(t, get(api, "Authorization", token), 401, ended)
			} else {
				check(t, get(api, "Authorization", token), 204, "")
			}
		})
	}
}

// Of a token that does not say when it was issued nobody knows whether it is older than a
// logout, unless that was of its own session.
func TestEndedTokensWithoutTime(t *testing.T) {
	sid, other := mark+"-sid-1", mark+"-other"
	tests := []struct {
		name          string
		logout, token claims
		ended         bool
	}{
		{"of the session", nil, claims{"sid": sid}, true},
		{"another session", nil, claims{"sid": other}, false},
		{"all sessions", claims{"sid": nil}, claims{"sid": other}, false},
		{"all sessions, and no sid", claims{"sid": nil}, claims{}, false},
		{"no sid", nil, claims{}, false},
		{"no sid, and nbf before", nil, claims{"nbf": noon.Unix()}, true},
		{"no sid, and nbf after", nil, claims{"nbf": noon.Unix() + 1}, false},
		{"no sid, and iat before", nil, claims{"iat": noon.Unix()}, true},
		{"no sid, and iat after, nbf before", nil, claims{"iat": noon.Unix() + 1, "nbf": noon.Unix()}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, m := introspecting(t, func(c *resource.Config) { c.Endings = newMemory() })
			r.says(opaque(t, tt.token))
			h, err := m.BackChannelLogout(resource.BackChannelLogout{Clients: map[string][]string{issuer: {"app"}}})
			if err != nil {
				t.Fatal(err)
			}
			checkLogout(t, logOut(h, logoutForm(r.logoutToken(tt.logout))), 200, "")
			if status := ask(m.Handler(reached), "opaque"); (status == 401) != tt.ended || status != 204 && status != 401 {
				t.Errorf("status %d", status)
			}
		})
	}
}
