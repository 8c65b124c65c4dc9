package oidc

import (
	"net/url"
	"testing"
)

func TestCheckSessionMessage(t *testing.T) {
	tests := []struct {
		name, clientID, sessionState, message string
		want                                  error
	}{
		{"3.1 valid", "app", "abc.salt", "app abc.salt", nil},
		{"3.1 client_id with a space", "my app", "abc", "my app abc", nil},
		{"2 session_state with a space", "app", "a b", "", ErrInvalidArgument},
		{"2 session_state empty", "app", "", "", ErrInvalidArgument},
		{"3.1 client_id empty", "", "abc", "", ErrInvalidArgument},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := CheckSessionMessage(tt.clientID, tt.sessionState)
			checkError(t, err, tt.want)
			if got != tt.message {
				t.Errorf("message = %q, want %q", got, tt.message)
			}
		})
	}
}

func TestParseSessionStatus(t *testing.T) {
	for message, want := range map[string]SessionStatus{
		"unchanged": SessionUnchanged, "changed": SessionChanged, "error": SessionError,
		"": "", "Changed": "", "changed ": "", `{"status":"changed"}`: "",
	} {
		if got, ok := ParseSessionStatus(message); got != want || ok != (want != "") {
			t.Errorf("%q is %q, %t", message, got, ok)
		}
	}
}

func TestCheckSessionOrigin(t *testing.T) {
	for iframe, want := range map[string]string{
		"":                                "",
		testIssuer + "/session?a=1":       testIssuer,
		"https://OP.example:443/session":  testIssuer,
		"https://op.example:8443/session": "https://op.example:8443",
		"http://[::1]:80/session":         "http://[::1]",
	} {
		m := goodMetadata(t)
		m.CheckSessionIframe = iframe
		if got := m.CheckSessionOrigin(); got != want {
			t.Errorf("origin of %s = %q, want %q", iframe, got, want)
		}
	}
}

func TestCheckFrontChannelLogout(t *testing.T) {
	const page = "https://app.example/logout"
	issuer := url.QueryEscape(testIssuer)
	tests := []struct {
		name, url, sid string
		want           error
	}{
		{"2 neither", page, "s1", nil},
		{"2 both", page + "?iss=" + issuer + "&sid=s1", "s1", nil},
		{"2 other parameters", page + "?tenant=1&iss=" + issuer + "&sid=s1", "s1", nil},
		{"2 a semicolon", page + "?tenant=1;2&iss=" + issuer + "&sid=a;b", "a;b", nil},
		{"2 iss alone", page + "?iss=" + issuer, "s1", ErrCallbackMalformed},
		{"2 sid alone", page + "?sid=s1", "s1", ErrCallbackMalformed},
		{"2 iss twice", page + "?iss=" + issuer + "&iss=" + issuer + "&sid=s1", "s1", ErrCallbackMalformed},
		{"2 sid twice", page + "?iss=" + issuer + "&sid=s1&sid=s2", "s1", ErrCallbackMalformed},
		{"2 malformed", page + "?iss=%zz&sid=s1", "s1", ErrCallbackMalformed},
		{"2 not a URL", "%", "s1", ErrCallbackMalformed},
		{"2 another issuer", page + "?iss=https%3A%2F%2Fevil.example&sid=s1", "s1", ErrIssuerMismatch},
		{"2 another session", page + "?iss=" + issuer + "&sid=s2", "s1", ErrSessionMismatch},
		{"2 a session without sid", page + "?iss=" + issuer + "&sid=s1", "", ErrSessionMismatch},
		{"2 both empty", page + "?iss=" + issuer + "&sid=", "", ErrSessionMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkError(t, CheckFrontChannelLogout(tt.url, &IDTokenClaims{Issuer: testIssuer, SessionID: tt.sid}), tt.want)
		})
	}
}

func TestParseInitiatedLogin(t *testing.T) {
	const page = "https://app.example/login?iss=https%3A%2F%2Fop.example"
	target := func(uri string) string { return page + "&target_link_uri=" + url.QueryEscape(uri) }
	tests := []struct {
		name, url, target string
		want              error
	}{
		{"4 iss alone", page, "", nil},
		{"4 all", target("https://app.example/a?b=1#c") + "&login_hint=ada", "https://app.example/a?b=1#c", nil},
		{"4 the default port", target("https://app.example:443/"), "https://app.example:443/", nil},
		{"4 the host in upper case", target("https://APP.example/"), "https://APP.example/", nil},
		{"4 iss missing", "https://app.example/login?login_hint=ada", "", ErrCallbackMissing},
		{"4 iss unknown", "https://app.example/login?iss=https%3A%2F%2Fevil.example", "", ErrIssuerMismatch},
		{"4 iss with a slash", page + "%2F", "", ErrIssuerMismatch},
		{"4 iss twice", page + "&iss=https%3A%2F%2Fop.example", "", ErrCallbackMalformed},
		{"4 target twice", target("https://app.example/") + "&target_link_uri=x", "", ErrCallbackMalformed},
		{"4 malformed", page + "&a=%zz", "", ErrCallbackMalformed},
		{"4 another origin", target("https://evil.example/"), "", ErrTargetNotAllowed},
		{"4 another port", target("https://app.example:8443/"), "", ErrTargetNotAllowed},
		{"4 another scheme", target("http://app.example/"), "", ErrTargetNotAllowed},
		{"4 a host of which ours is a prefix", target("https://app.example.evil.example/"), "", ErrTargetNotAllowed},
		{"4 ours as a user", target("https://app.example@evil.example/"), "", ErrTargetNotAllowed},
		{"4 with a user", target("https://ada@app.example/"), "", ErrTargetNotAllowed},
		{"4 a script", target("javascript:alert(1)//app.example"), "", ErrTargetNotAllowed},
		{"4 a path", target("/a"), "", ErrTargetNotAllowed},
		{"4 without a scheme", target("//evil.example/"), "", ErrTargetNotAllowed},
		{"4 a backslash", target(`https://app.example\@evil.example/`), "", ErrTargetNotAllowed},
		{"4 a backslash in the path", target(`https://app.example/\evil`), "", ErrTargetNotAllowed},
		{"4 a tab", target("https://app.exam\tple/"), "", ErrTargetNotAllowed},
		{"4 a space before", target(" https://app.example/"), "", ErrTargetNotAllowed},
		{"4 a fullwidth dot", target("https://app。example/"), "", ErrTargetNotAllowed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			login, err := ParseInitiatedLogin(tt.url, []string{"https://other.example", testIssuer})
			checkError(t, err, tt.want)
			if (login == nil) != (err != nil) {
				t.Fatalf("login = %v with error %v", login, err)
			}
			if login != nil && (login.Issuer != testIssuer || login.TargetLinkURI != tt.target) {
				t.Errorf("login = %+v", login)
			}
		})
	}
	login, err := ParseInitiatedLogin(page+"&login_hint=ada", []string{testIssuer})
	if err != nil || login.LoginHint != "ada" {
		t.Errorf("login = %+v, %v", login, err)
	}
}
