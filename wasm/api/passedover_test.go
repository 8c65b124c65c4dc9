//go:build !js

package api

import "testing"

// The settings are those with which vuex-oidc 4.0.2 and pinia-oidc 1.0.10 call
// UserManager for an app that gives them in camel case.
func TestSettingsOfWrappers(t *testing.T) {
	tests := []struct {
		name, given, want string
	}{
		{"a setting of the wrapper", `{"scope":"openid","automaticSilentSignin":true}`, `{"scope":"openid"}`},
		{"a setting of long ago", `{"scope":"openid","clockSkew":300}`, `{"scope":"openid"}`},
		{"a copy in camel case", `{"redirectUri":"a","redirect_uri":"a"}`, `{"redirect_uri":"a"}`},
		{"a copy of what is null", `{"acrValues":null,"acr_values":null}`, `{"acr_values":null}`},
		{"camel case alone is for the app to correct", `{"redirectUri":"a"}`, `{"redirectUri":"a"}`},
		{"a setting that is in camel case", `{"metadataUrl":"a"}`, `{"metadataUrl":"a"}`},
		{"a setting that nobody knows", `{"post_login_uri":"a"}`, `{"post_login_uri":"a"}`},
		{"no object", `[]`, `[]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(ofApp([]byte(tt.given))); got != tt.want {
				t.Errorf("ofApp(%s) = %s, want %s", tt.given, got, tt.want)
			}
		})
	}
}

func TestOpenForWrapper(t *testing.T) {
	w := newWorld(t)
	w.settings = w.with("automaticSilentSignin", true)
	w.settings = w.with("redirectUri", w.settings["redirect_uri"])
	tab := w.open()
	if err := tab.call(redirect, object{}, nil); err != nil {
		t.Errorf("signinRedirect: %v", err)
	}
}
