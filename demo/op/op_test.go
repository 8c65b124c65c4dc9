package op_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/demo/op"
)

const (
	clientID    = "app"
	app         = "http://app.localhost:8000"
	redirectURI = app + "/callback.html"
	goodbyeURI  = app + "/"
)

// A browser is a client of one provider, with cookies. It does not follow
// redirects: where they lead is what the tests look at.
type browser struct {
	t      *testing.T
	issuer string
	op     *op.Provider
	client *http.Client
}

// newBrowser starts a provider. edit may be nil.
func newBrowser(t *testing.T, edit func(*op.Config)) *browser {
	t.Helper()
	b := &browser{t: t}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.op.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	config := op.Config{
		Issuer: server.URL,
		Clients: []op.Client{{
			ID:                     clientID,
			RedirectURIs:           []string{redirectURI},
			PostLogoutRedirectURIs: []string{goodbyeURI},
			Origins:                []string{app},
		}},
	}
	if edit != nil {
		edit(&config)
	}
	provider, err := op.New(config)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b.op, b.issuer = provider, config.Issuer
	b.client = &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return b
}

// answer is a response that was read.
type answer struct {
	status   int
	header   http.Header
	body     string
	location *url.URL // nil if it is no redirect
}

func (b *browser) do(r *http.Request) answer {
	b.t.Helper()
	res, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	a := answer{status: res.StatusCode, header: res.Header, body: string(body)}
	if a.location, err = res.Location(); err != nil {
		a.location = nil
	}
	return a
}

func (b *browser) get(address string) answer {
	b.t.Helper()
	r, err := http.NewRequest("GET", address, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

func (b *browser) post(address string, form url.Values) answer {
	b.t.Helper()
	r, err := http.NewRequest("POST", address, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

// An attempt is an authorization request and the secrets that belong to it.
type attempt struct {
	verifier string
	params   url.Values
}

// newAttempt makes a request; set are pairs of a name and a value, where an
// empty value takes the parameter out.
func newAttempt(set ...string) attempt {
	a := attempt{verifier: rand.Text() + rand.Text()}
	challenge := sha256.Sum256([]byte(a.verifier))
	a.params = url.Values{
		"client_id":             {clientID},
		"redirect_uri":          {redirectURI},
		"response_type":         {"code"},
		"scope":                 {"openid profile email offline_access api"},
		"state":                 {"state-1"},
		"nonce":                 {"nonce-1"},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(challenge[:])},
		"code_challenge_method": {"S256"},
	}
	for i := 0; i < len(set); i += 2 {
		a.params.Set(set[i], set[i+1])
		if set[i+1] == "" {
			a.params.Del(set[i])
		}
	}
	return a
}

func (b *browser) authorize(a attempt) answer {
	b.t.Helper()
	return b.get(b.issuer + "/authorize?" + a.params.Encode())
}

var formAction = regexp.MustCompile(`<form method="post" action="([^"]+)"`)

// submit sends the form of a page.
func (b *browser) submit(page answer, fields url.Values) answer {
	b.t.Helper()
	m := formAction.FindStringSubmatch(page.body)
	if m == nil {
		b.t.Fatalf("no form in the answer with status %d: %s", page.status, page.body)
	}
	base, err := url.Parse(b.issuer)
	if err != nil {
		b.t.Fatal(err)
	}
	target, err := base.Parse(html.UnescapeString(m[1]))
	if err != nil {
		b.t.Fatal(err)
	}
	return b.post(target.String(), fields)
}

func signIn(name, password string) url.Values {
	return url.Values{"username": {name}, "password": {password}, "action": {"sign-in"}}
}

// signIn goes through the form and returns the callback's parameters.
func (b *browser) signIn(a attempt) url.Values {
	b.t.Helper()
	return b.callback(b.submit(b.authorize(a), signIn("demo", "demo")))
}

func (b *browser) callback(a answer) url.Values {
	b.t.Helper()
	if a.location == nil || !strings.HasPrefix(a.location.String(), redirectURI+"?") {
		b.t.Fatalf("status %d and location %v, want a redirect to the client; %s", a.status, a.location, a.body)
	}
	return a.location.Query()
}

// token calls the token endpoint and decodes the answer.
func (b *browser) token(form url.Values) (status int, body map[string]any) {
	b.t.Helper()
	form.Set("client_id", clientID)
	a := b.post(b.issuer+"/token", form)
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		b.t.Fatalf("status %d, %v: %s", a.status, err, a.body)
	}
	return a.status, body
}

func (b *browser) exchange(a attempt, callback url.Values) (status int, body map[string]any) {
	b.t.Helper()
	return b.token(url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {callback.Get("code")},
		"redirect_uri":  {redirectURI},
		"code_verifier": {a.verifier},
	})
}

// tokens signs in and returns the token response.
func (b *browser) tokens(set ...string) map[string]any {
	b.t.Helper()
	a := newAttempt(set...)
	status, body := b.exchange(a, b.signIn(a))
	if status != http.StatusOK {
		b.t.Fatalf("token endpoint: %d %v", status, body)
	}
	return body
}

// part decodes one part of a JWT: 0 is the header, 1 are the claims.
func part(t *testing.T, token any, i int) map[string]any {
	t.Helper()
	jwt, _ := token.(string)
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts, want 3", len(parts))
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[i])
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// check compares the members of got that want names.
func check(t *testing.T, what string, got, want map[string]any) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s: %s = %v, want %v", what, name, got[name], value)
		}
	}
}
