package session

import (
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
)

func (w *world) steps() *Steps {
	w.t.Helper()
	steps, err := w.registry.OpenSteps(w.settings, newTab(w.op).page())
	if err != nil {
		w.t.Fatal(err)
	}
	return steps
}

// A renewal is known by what the app has kept: the tokens.
func TestStepsRefresh(t *testing.T) {
	tests := []struct {
		name      string
		known     bool // the ID Token is
		comes     bool // another one does
		subject   string
		inProfile string
	}{
		{"12.2 another ID Token", true, true, "subject-1", `"subject-1"`},
		{"12.2 no other ID Token", true, false, "subject-1", `"subject-1"`},
		{"the first ID Token", false, true, "subject-1", `"subject-1"`},
		{"6749 6 OAuth alone", false, false, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			user := w.kept(0)
			previous := &User{RefreshToken: user.RefreshToken, Scope: user.Scope}
			if tt.known {
				previous.IDToken = user.IDToken
			}
			if !tt.comes {
				w.op.Edit(func() { w.op.EditTokenResponse = noIDToken })
			}
			renewed, err := w.steps().Refresh(t.Context(), previous, SigninArgs{})
			if err != nil || renewed.Subject() != tt.subject || string(renewed.Profile["sub"]) != tt.inProfile {
				t.Errorf("Refresh = %v, %v", renewed, err)
			}
		})
	}
	w := newWorld(t)
	w.op.RefreshTokens = true
	user := w.kept(0)
	w.op.Edit(func() { w.op.Subject = "subject-2" })
	_, err := w.steps().Refresh(t.Context(), user, SigninArgs{})
	mustFail(t, "Refresh", err, oidc.ErrSubjectChanged)
}

// What is read is still there for the step that completes the sign-out.
func TestStepsSignout(t *testing.T) {
	w := newWorld(t)
	steps := w.steps()
	address, _, err := steps.Signout(t.Context(), SignoutArgs{State: []byte(`"bye"`), URLState: "en"})
	if err != nil {
		t.Fatal(err)
	}
	back := w.op.Visit(address)
	for i, step := range []struct {
		keep bool
		want string
	}{{true, `"bye"`}, {true, `"bye"`}, {false, `"bye"`}, {true, ""}, {false, ""}} {
		response, err := steps.SignoutResponse(t.Context(), back, step.keep)
		if err != nil || string(response.State) != step.want || response.URLState != "en" {
			t.Errorf("step %d: %v, %v", i, response, err)
		}
	}
}
