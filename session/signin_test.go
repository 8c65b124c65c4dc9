package session

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

func TestSigninRedirect(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	if user, err := client.User(t.Context()); user != nil || err != nil {
		t.Errorf("User before = %v, %v; want nobody", user, err)
	}
	err := client.SigninRedirect(t.Context(), SigninArgs{
		State:    strictjson.RawMessage(`{"cart":7}`),
		ReturnTo: "https://app.example.test/shop",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, transaction := range tab.transactions {
		if transaction.ReturnTo != "https://app.example.test/shop" {
			t.Errorf("ReturnTo = %q", transaction.ReturnTo)
		}
	}
	user, err := client.SigninCallback(t.Context(), w.op.Visit(tab.address))
	if err != nil {
		t.Fatal(err)
	}
	if user.Subject() != w.op.Subject || user.AccessToken == "" || string(user.State) != `{"cart":7}` {
		t.Errorf("user = %+v", user)
	}
	if _, ok := user.Profile["nonce"]; ok || user.Profile["name"] == nil {
		t.Errorf("profile = %v, want a name and no nonce", user.Profile)
	}
	if again, err := client.User(t.Context()); again != user || err != nil {
		t.Errorf("User after = %v, %v", again, err)
	}
	want := []string{oidctest.Discovery, oidctest.Authorize, oidctest.JWKS, oidctest.Token}
	got := w.op.Requests()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("requests = %v, want %v", got, want)
	}
	if len(tab.transactions) != 0 || !tab.hint {
		t.Errorf("%d transactions are left, hint %t", len(tab.transactions), tab.hint)
	}
	if heard := tab.heard(); !slices.Equal(heard, []EventName{UserLoaded}) {
		t.Errorf("events = %v", heard)
	}
}

func TestSigninCallbackRefusals(t *testing.T) {
	tests := []struct {
		name string
		edit func(w *world, callback *string)
		want oidc.Code
	}{
		{"valid", func(*world, *string) {}, ""},
		{"no response", func(_ *world, callback *string) { *callback = "https://app.example.test/" }, oidc.ErrCallbackMissing},
		{"no state", func(_ *world, callback *string) { *callback = set(*callback, "state", "") }, oidc.ErrStateMismatch},
		{"unknown state", func(_ *world, callback *string) { *callback = set(*callback, "state", "x") }, oidc.ErrStateUnknown},
		{"duplicate code", func(_ *world, callback *string) { *callback += "&code=other" }, oidc.ErrCallbackMalformed},
		{"other iss", func(_ *world, callback *string) { *callback = set(*callback, "iss", "https://evil.example") }, oidc.ErrIssuerMismatch},
		{"no iss", func(_ *world, callback *string) { *callback = set(*callback, "iss", "") }, oidc.ErrIssuerMismatch},
		{"access denied", func(_ *world, callback *string) {
			*callback = set(set(*callback, "code", ""), "error", "access_denied")
		}, oidc.ErrProvider},
		{"token endpoint down", func(w *world, _ *string) {
			w.transport.Fail = func(req *oidc.Request) error {
				if strings.HasSuffix(req.URL, "/token") {
					return oidc.ErrNetwork
				}
				return nil
			}
		}, oidc.ErrNetwork},
		{"nonce of another sign-in", func(w *world, _ *string) {
			w.op.EditIDToken = func(_, claims map[string]any) { claims["nonce"] = "other" }
		}, oidc.ErrNonceMismatch},
		{"keys with errors", func(w *world, _ *string) {
			w.op.EditJWKS = func(jwks map[string]any) { jwks["keys"] = []any{} }
		}, oidc.ErrKeysInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				client, tab := w.open(false)
				callback := w.redirect(client, tab)
				tt.edit(w, &callback)
				user, err := client.SigninCallback(t.Context(), callback)
				if tt.want == "" {
					if err != nil || user == nil {
						t.Errorf("SigninCallback = %v, %v", user, err)
					}
					return
				}
				mustFail(t, "SigninCallback", err, tt.want)
				if user != nil || len(tab.heard()) > 0 || tab.hint {
					t.Errorf("a refused response left a user, an event or a hint")
				}
			})
		})
	}
}

// set replaces a parameter of a callback URL, or removes it.
func set(callback, name, value string) string {
	u, err := url.Parse(callback)
	if err != nil {
		return ""
	}
	q := u.Query()
	q.Set(name, value)
	if value == "" {
		q.Del(name)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

func TestSigninCallbackTwice(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	callback := w.redirect(client, tab)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			user, err := client.SigninCallback(t.Context(), callback)
			if err != nil && !errors.Is(err, oidc.ErrStateUnknown) || err == nil && user == nil {
				t.Errorf("SigninCallback = %v, %v", user, err)
			}
		})
	}
	wg.Wait()
	if user, err := client.SigninCallback(t.Context(), callback); err != nil || user.AccessToken != client.Current().AccessToken {
		t.Errorf("replayed callback = %v, %v", user, err)
	}
	_ = client.RemoveUser(t.Context())
	_, err := client.SigninCallback(t.Context(), callback)
	mustFail(t, "replayed callback of who has signed out", err, oidc.ErrStateUnknown)
	if n := w.op.Count(oidctest.Token); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
}

// A provider that cannot be reached before the code was used costs nothing
// but the time: the same response works later.
func TestSigninCallbackOffline(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	callback := w.redirect(client, tab)
	w.restart()
	client = w.openIn(tab, false)
	w.transport.Fail = func(*oidc.Request) error { return oidc.ErrNetwork }
	_, err := client.SigninCallback(t.Context(), callback)
	mustFail(t, "offline", err, oidc.ErrNetwork)
	w.transport.Fail = nil
	if _, err := client.SigninCallback(t.Context(), callback); err != nil {
		t.Errorf("online again: %v", err)
	}
}

func TestSigninCallbackOfAnotherClient(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	callback := w.redirect(client, tab)
	w.settings.ClientID = "other"
	_, err := w.openIn(tab, false).SigninCallback(t.Context(), callback)
	mustFail(t, "SigninCallback", err, ErrClientMismatch)
	tab.set(func() { // of a release that does not say whose it is
		for state, transaction := range tab.transactions {
			transaction.Client = ""
			tab.transactions[state] = transaction
		}
	})
	_, err = w.openIn(tab, false).SigninCallback(t.Context(), callback)
	mustFail(t, "SigninCallback", err, ErrClientMismatch)
}

func TestUnknownKidFetchesKeysOnce(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	fetches := 0
	w.op.EditJWKS = func(jwks map[string]any) {
		if fetches++; fetches == 1 { // what an HTTP cache still has
			key := w.op.PublicJWK()
			key["kid"] = "before"
			jwks["keys"] = []any{key}
		}
	}
	w.signIn(client, tab)
	if fetches != 2 {
		t.Errorf("the keys were fetched %d times, want 2", fetches)
	}
	w.op.EditIDToken = func(header, _ map[string]any) { header["kid"] = "never" }
	for range 3 {
		_, err := client.SigninSilent(t.Context(), SigninArgs{})
		mustFail(t, "SigninSilent", err, oidc.ErrKeyNotFound)
	}
	if fetches != 2 {
		t.Errorf("the keys were fetched %d times within a minute, want 2", fetches)
	}
}

func TestOpenRefusals(t *testing.T) {
	tests := []struct {
		name string
		edit func(*Settings)
		want oidc.Code
	}{
		{"authority over http", func(s *Settings) { s.Issuer = "http://op.example" }, oidc.ErrInsecureURL},
		{"authority is no URL", func(s *Settings) { s.Issuer = "op.example" }, oidc.ErrInvalidConfig},
		{"authority with a query", func(s *Settings) { s.Issuer += "?a=b" }, oidc.ErrInvalidConfig},
		{"authority missing", func(s *Settings) { s.Issuer = "" }, oidc.ErrInvalidConfig},
		{"client_id missing", func(s *Settings) { s.ClientID = "" }, oidc.ErrInvalidConfig},
		{"redirect_uri missing", func(s *Settings) { s.RedirectURI = "" }, oidc.ErrInvalidConfig},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tt.edit(&w.settings)
			client, err := w.registry.Open(w.settings, newTab(w.op).page(), Hint{})
			mustFail(t, "Open", err, tt.want)
			if client != nil {
				t.Error("a client came with an error")
			}
		})
	}
}

func TestUserinfo(t *testing.T) {
	w := newWorld(t)
	w.settings.LoadUserinfo = true
	client, tab := w.open(false)
	user := w.signIn(client, tab)
	if string(user.Profile["email"]) != `"user@example.test"` {
		t.Errorf("profile = %v", user.Profile)
	}
	w.op.EditUserinfo = func(claims map[string]any) { claims["sub"] = "other" }
	_, err := client.SigninSilent(t.Context(), SigninArgs{})
	mustFail(t, "userinfo about somebody else", err, oidc.ErrSubjectChanged)
}

// No error and no log line holds a secret.
func TestNoSecretInErrors(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	user := w.signIn(client, tab)
	w.op.Respond = func(endpoint string, rw http.ResponseWriter, r *http.Request) bool {
		if endpoint != oidctest.Token {
			return false
		}
		_ = r.ParseForm()
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(http.StatusBadRequest)
		body, _ := strictjson.Marshal(map[string]string{
			"error": r.PostForm.Get("code"), "error_description": r.PostForm.Get("code_verifier"),
		})
		_, _ = rw.Write(body)
		return true
	}
	callback := w.redirect(client, tab)
	_, err := client.SigninCallback(t.Context(), callback)
	mustFail(t, "SigninCallback", err, oidc.ErrProvider)
	u, _ := url.Parse(callback)
	for _, secret := range []string{u.Query().Get("code"), u.Query().Get("state"), user.AccessToken.Reveal()} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error quotes a secret")
		}
	}
}

// putIn adds metadata to what a page keeps.
func putIn(w *world, tab *tab) {
	metadata := document(w.op, "issuer", w.op.Issuer)
	replaceInRecords(tab, `{"signin"`, `{"metadata":`+metadata+`,"signin"`)
}

// A program that does not survive the redirect fetches the metadata once all
// the same; one that serves several pages takes none from a page.
func TestMetadataDuringRedirect(t *testing.T) {
	tests := []struct {
		name    string
		onePage bool
		shared  bool // as the app wants it, or by default
		edit    func(w *world, tab *tab)
		want    int // discovery requests
	}{
		{"one page", true, false, func(*world, *tab) {}, 1},
		{"one page that was to be one of several", true, true, func(*world, *tab) {}, 2},
		{"put in by one that was to be one of several", true, true, putIn, 2},
		{"several pages", false, false, func(*world, *tab) {}, 2},
		{"of another issuer", true, false, func(w *world, tab *tab) {
			replaceInRecords(tab, `"metadata":{"issuer":"`+w.op.Issuer, `"metadata":{"issuer":"https://evil.example`)
		}, 2},
		{"put in by the page", false, false, putIn, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.onePage = tt.onePage
			w.restart()
			tab := newTab(w.op)
			tab.keepsMetadata = !tt.shared
			client := w.openIn(tab, false)
			callback := w.redirect(client, tab)
			tt.edit(w, tab)
			w.restart()
			if _, err := w.openIn(tab, false).SigninCallback(t.Context(), callback); err != nil {
				t.Fatal(err)
			}
			if n := w.op.Count(oidctest.Discovery); n != tt.want {
				t.Errorf("%d discovery requests, want %d", n, tt.want)
			}
		})
	}
}

func replaceInRecords(tab *tab, from, to string) {
	for state, transaction := range tab.transactions {
		transaction.Record = []byte(strings.Replace(string(transaction.Record), from, to, 1))
		tab.transactions[state] = transaction
	}
}
