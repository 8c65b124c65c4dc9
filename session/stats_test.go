package session

import (
	"maps"
	"slices"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
)

// Every request is counted under its kind.
func TestStats(t *testing.T) {
	w := newWorld(t)
	w.op.RefreshTokens, w.op.RequirePAR = true, true
	w.settings.LoadUserinfo = true
	client, tab := w.open(false)
	w.signIn(client, tab)
	for _, args := range []SigninArgs{{}, {Request: RequestSettings{ACRValues: "mfa"}}} {
		if _, err := client.SigninSilent(t.Context(), args); err != nil {
			t.Fatal(err)
		}
	}
	w.transport.Fail = func(*oidc.Request) error { return oidc.ErrNetwork }
	_, _ = client.SigninSilent(t.Context(), SigninArgs{})
	w.transport.Fail = nil
	if err := client.RevokeTokens(t.Context()); err != nil {
		t.Fatal(err)
	}
	stats := client.Stats()
	for kind, want := range map[string][2]int{ // count, failed
		"discovery": {1, 0}, "jwks": {1, 0}, "authorize": {1, 0}, "token": {2, 0},
		"refresh": {2, 1}, "userinfo": {3, 0}, "revocation": {2, 0}, "par": {2, 0},
	} {
		if got := stats.Requests[kind]; got.Count != want[0] || got.Failed != want[1] {
			t.Errorf("%s: %d requests, %d failed; want %v", kind, got.Count, got.Failed, want)
		}
	}
	if kinds := slices.Sorted(maps.Keys(stats.Requests)); len(kinds) != 8 {
		t.Errorf("kinds = %v", kinds)
	}
	if r := stats.Renewals; r.Count != 3 || r.Failed != 1 || stats.Restores.Count != 0 {
		t.Errorf("renewals %+v, restores %+v", r, stats.Restores)
	}

	w.restart()
	client = w.openIn(newTab(w.op), true)
	if _, err := client.User(t.Context()); err != nil || client.Stats().Restores.Count != 1 {
		t.Errorf("restores %+v, %v; want one", client.Stats().Restores, err)
	}
}
