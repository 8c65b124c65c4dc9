package session

import (
	"net/url"
	"slices"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

func TestSigninPassword(t *testing.T) {
	tests := []struct {
		name     string
		edit     func(w *world)
		args     PasswordArgs
		want     oidc.Code
		subject  string
		userinfo int // requests
		extra    string
	}{
		{"plain", func(*world) {}, PasswordArgs{}, "", "subject-1", 1, "setting"},
		{"parameters of its own", func(*world) {}, PasswordArgs{Extra: map[string]string{"x": "argument"}}, "", "subject-1", 1, "argument"},
		{"without userinfo", func(*world) {}, PasswordArgs{SkipUserinfo: true}, "", "subject-1", 0, "setting"},
		{"6749 4.3 OAuth alone", func(w *world) { w.op.EditTokenResponse = noIDToken }, PasswordArgs{}, "", "", 0, "setting"},
		{"refused", func(w *world) { w.op.Password = "another" }, PasswordArgs{}, oidc.ErrProvider, "", 0, "setting"},
		{"3.1.3.7 aud", func(w *world) {
			w.op.EditIDToken = func(_, claims map[string]any) { claims["aud"] = "other" }
		}, PasswordArgs{}, oidc.ErrAudienceMismatch, "", 0, "setting"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.Password = "secret-of-the-user"
			w.settings.LoadUserinfo = true
			w.settings.ExtraToken = map[string]string{"x": "setting"}
			tt.edit(w)
			var form url.Values
			w.transport.Fail = func(req *oidc.Request) error {
				if req.Method == "POST" {
					form, _ = url.ParseQuery(req.Body)
				}
				return nil
			}
			client, tab := w.open(false)
			_, other := w.open(false)
			tt.args.Username, tt.args.Password = "ada", "secret-of-the-user"
			user, err := client.SigninPassword(t.Context(), tt.args)
			if form.Get("x") != tt.extra || form.Get("username") != "ada" {
				t.Errorf("the request is %v", form)
			}
			if tt.want != "" {
				mustFail(t, "SigninPassword", err, tt.want)
				if user != nil || client.Current() != nil {
					t.Error("somebody is signed in")
				}
				return
			}
			if err != nil || user.Subject() != tt.subject || client.Current() != user {
				t.Fatalf("SigninPassword = %v, %v", user, err)
			}
			if n := w.op.Count(oidctest.Userinfo); n != tt.userinfo {
				t.Errorf("%d userinfo requests, want %d", n, tt.userinfo)
			}
			if !slices.Equal(tab.heard(), []EventName{UserLoaded}) || !slices.Equal(other.heard(), []EventName{UserLoaded}) {
				t.Error("the tabs did not hear of it")
			}
		})
	}
}

func noIDToken(response map[string]any) { delete(response, "id_token") }
